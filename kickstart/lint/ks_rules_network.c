/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of `network`: addresses that are addresses, that agree with each other and with the machine's. */
#include "kickstart/lint/ks_rules.h"

#include "core/addr.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of an IPv4 address in an option; 0: not given, or told to be wrong. */
static uint32_t address(struct ks_lint *l, const struct ks_command *c, const char *option)
{
	const char *s = ks_value(c, option);
	struct ip ip;

	if (!s || !*s)
		return 0;
	if (ip_parse(s, &ip) < 0 || !ip_to_v4(&ip)) {
		ks_error(l, c, ks_column(c, option), "'%s' is no IPv4 address: '%s'", option, s);
		return 0;
	}
	return ip_to_v4(&ip);
}

static unsigned bits(uint32_t mask)
{
	return (unsigned)__builtin_popcount(mask);
}

static uint32_t netmask(struct ks_lint *l, const struct ks_command *c)
{
	uint32_t mask = address(l, c, "--netmask");

	if (mask && v4_mask(bits(mask)) != mask) {
		ks_error(l, c, ks_column(c, "--netmask"), "'--netmask=%s' is no netmask",
			ks_value(c, "--netmask"));
		return 0;
	}
	return mask;
}

static void nameservers(struct ks_lint *l, const struct ks_command *c)
{
	const char *s = ks_value(c, "--nameserver");
	char one[IP_TEXT];
	struct ip ip;

	while (s && *s) {
		size_t n = strcspn(s, ",");

		snprintf(one, sizeof(one), "%.*s", (int)n, s);
		if (n >= sizeof(one) || ip_parse(one, &ip) < 0)
			ks_error(l, c, ks_column(c, "--nameserver"),
				"'--nameserver' has '%.*s', which is no address", (int)n, s);
		s += n + (s[n] == ',');
	}
}

static void hostname(struct ks_lint *l, const struct ks_command *c)
{
	const struct lint_machine *m = l->in->machine;
	const char *s = ks_value(c, "--hostname");
	size_t n;

	if (!s || !*s)
		return;
	if (strlen(s) > 253 || s[0] == '-' || s[0] == '.' ||
		strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") !=
			strlen(s)) {
		ks_error(l, c, ks_column(c, "--hostname"), "'%s' is no host name", s);
		return;
	}
	n = m && m->hostname ? strcspn(m->hostname, ".") : 0;
	if (n && (strncmp(s, m->hostname, n) != 0 || (s[n] && s[n] != '.')))
		ks_warning(l, c, ks_column(c, "--hostname"),
			"host name '%s' is not the machine's, '%s'", s, m->hostname);
}

static void differs(struct ks_lint *l, const struct ks_command *c, const char *option,
	const char *what, const char *has)
{
	const char *s = ks_value(c, option);

	if (s && *s && has && *has && strcmp(s, has) != 0)
		ks_error(
			l, c, ks_column(c, option), "%s %s is not the machine's, %s", what, s, has);
}

static void machine(struct ks_lint *l, const struct ks_command *c, uint32_t mask)
{
	const struct lint_machine *m = l->in->machine;

	differs(l, c, "--ip", "address", m->address);
	differs(l, c, "--gateway", "gateway", m->gateway);
	if (m->prefix && mask && bits(mask) != m->prefix)
		ks_error(l, c, ks_column(c, "--netmask"),
			"netmask %s (/%u) is not the machine's, /%u", ks_value(c, "--netmask"),
			bits(mask), m->prefix);
	else if (!m->prefix)
		differs(l, c, "--netmask", "netmask", m->netmask);
}

static bool is_static(const struct ks_command *c)
{
	const char *proto = ks_value(c, "--bootproto");

	return ks_is(c, "network") && proto && strcmp(proto, "static") == 0;
}

/* A template gives nothing where the machine's address is not known. */
static bool lacks(const struct ks_command *c, const char *option)
{
	const char *s = ks_value(c, option);

	return !s || !*s;
}

static void fixed(struct ks_lint *l, const struct ks_command *c, uint32_t ip, uint32_t mask)
{
	uint32_t gateway = address(l, c, "--gateway");

	if (ks_value(c, "--noipv4") || (ks_value(c, "--ipv6") && lacks(c, "--ip")))
		return;
	if (lacks(c, "--ip"))
		ks_error(l, c, ks_column(c, "--bootproto"), "a static address needs '--ip='");
	if (lacks(c, "--netmask"))
		ks_error(l, c, ks_column(c, "--bootproto"), "a static address needs '--netmask='");
	if (ip && mask && mask != UINT32_MAX && gateway && (ip & mask) != (gateway & mask))
		ks_error(l, c, ks_column(c, "--gateway"),
			"gateway %s is not in the network of %s/%u", ks_value(c, "--gateway"),
			ks_value(c, "--ip"), bits(mask));
	if (ip && mask && bits(mask) < 31 && ((ip & ~mask) == 0 || (ip & ~mask) == ~mask))
		ks_error(l, c, ks_column(c, "--ip"), "%s is no host's address in its network (/%u)",
			ks_value(c, "--ip"), bits(mask));
}

/* "2001:db8::3/64", or without a length. */
static bool take_ipv6(const char *s, struct ip *ret, unsigned *ret_prefix)
{
	size_t n = strcspn(s, "/");
	char text[IP_TEXT], *end = NULL;

	*ret_prefix = s[n] ? (unsigned)strtoul(s + n + 1, &end, 10) : 0;
	if (n >= sizeof(text) || (s[n] && (!isdigit((unsigned char)s[n + 1]) || *end)) ||
		*ret_prefix > 128)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	return ip_parse(text, ret) == 0 && ret->family == IP_V6;
}

static void gateway6(
	struct ks_lint *l, const struct ks_command *c, const struct ip *ip, unsigned prefix)
{
	const char *s = ks_value(c, "--ipv6gateway");
	struct ip gateway = {0};

	if (!s || !*s)
		return;
	if (ip_parse(s, &gateway) < 0 || gateway.family != IP_V6)
		ks_error(l, c, ks_column(c, "--ipv6gateway"), "bad IPv6 address '%s'", s);
	else if (prefix && !ip_is_link_local(&gateway) && !ip_in_prefix6(ip, &gateway, prefix))
		ks_error(l, c, ks_column(c, "--ipv6gateway"),
			"gateway %s is not in the network of %s", s, ks_value(c, "--ipv6"));
}

static void ipv6(struct ks_lint *l, const struct ks_command *c)
{
	static const char *const words[] = {"auto", "dhcp", "ignore"};
	const struct lint_machine *m = l->in->machine;
	const char *s = ks_value(c, "--ipv6");
	struct ip ip = {0}, machine = {0};
	unsigned prefix = 0;

	for (size_t i = 0; s && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(s, words[i]) == 0)
			s = NULL;
	if (s && !take_ipv6(s, &ip, &prefix)) {
		ks_error(l, c, ks_column(c, "--ipv6"),
			"bad IPv6 address '%s': expected auto, dhcp, or an address like "
			"2001:db8::3/64",
			s);
		return;
	}
	gateway6(l, c, &ip, prefix);
	if (!s || !m || !m->address6 || ip_parse(m->address6, &machine) < 0)
		return;
	if (!ip_eq(&ip, &machine))
		ks_error(l, c, ks_column(c, "--ipv6"), "IPv6 address %s is not the machine's, %s",
			s, m->address6);
	else if (prefix && m->prefix6 && prefix != m->prefix6)
		ks_error(l, c, ks_column(c, "--ipv6"), "prefix /%u is not the machine's, /%u",
			prefix, m->prefix6);
}

static void one(struct ks_lint *l, const struct ks_command *c)
{
	uint32_t ip = address(l, c, "--ip"), mask = netmask(l, c);

	nameservers(l, c);
	ipv6(l, c);
	hostname(l, c);
	if (is_static(c))
		fixed(l, c, ip, mask);
	else if (ks_value(c, "--ip"))
		ks_warning(l, c, ks_column(c, "--ip"),
			"'--ip' does nothing without '--bootproto=static'");
}

/* Two for one device: the later one counts. */
static void again(struct ks_lint *l, size_t i)
{
	const struct ks_command *c = &l->commands[i];
	const char *device = ks_value(c, "--device");

	for (size_t j = 0; device && j < i; j++) {
		const char *before = ks_value(&l->commands[j], "--device");

		if (!ks_is(&l->commands[j], "network") || !before || strcmp(before, device) != 0 ||
			ks_value(c, "--vlanid"))
			continue;
		ks_warning(l, c, ks_column(c, "--device"),
			"device '%s' again: only the last one counts", device);
		return;
	}
}

static bool is_by_dhcp(const struct ks_command *c)
{
	return ks_is(c, "network") && !is_static(c) &&
		(ks_value(c, "--device") || ks_value(c, "--bootproto"));
}

/* The machine's address is that of one of its static networks; when it is of none, and no card has it by DHCP, the first is
 * told. */
static void against_machine(struct ks_lint *l)
{
	const struct lint_machine *m = l->in->machine;
	const struct ks_command *first = NULL, *own = NULL;
	bool by_dhcp = false;

	for (size_t i = 0; i < l->n; i++) {
		const struct ks_command *c = &l->commands[i];
		const char *ip = ks_value(c, "--ip");

		by_dhcp |= is_by_dhcp(c);
		if (!is_static(c))
			continue;
		first = first ? first : c;
		if (!own && ip && m->address && strcmp(ip, m->address) == 0)
			own = c;
	}
	if (own)
		first = own;
	if (first && (own || !by_dhcp)) {
		const char *s = ks_value(first, "--netmask");
		struct ip mask = {0};

		machine(l, first, s && ip_parse(s, &mask) == 0 ? ip_to_v4(&mask) : 0);
	}
}

void ks_rules_network(struct ks_lint *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (ks_is(&l->commands[i], "network")) {
			one(l, &l->commands[i]);
			again(l, i);
		}
	if (l->in->machine)
		against_machine(l);
}
