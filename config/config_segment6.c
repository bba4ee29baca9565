/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <ipv6> of a segment, and which of a link's IPv6 addresses serves it. */
#include "config/config_xml.h"

#include <stdio.h>
#include <string.h>

/* The prefix is the link's; here its longest is assumed, and its shortest. */
static void check_pool(struct markup_reader *r, const xmlNode *e, const struct config_segment6 *s)
{
	char ip[IP_TEXT];

	if (!ip_in_prefix6(&s->pool_last, &s->pool_first, SEGMENT_PREFIX6_MAX))
		markup_fault(r, e,
			"<ipv6>: <pool>: start and end differ before their last 32 bits: end it in "
			"the same prefix");
	else if (memcmp(s->pool_first.b, s->pool_last.b, sizeof s->pool_first.b) > 0)
		markup_fault(r, e, "<ipv6>: <pool>: start lies behind end");
	else if (ip_is_set(&s->address) &&
		!ip_in_prefix6(&s->pool_first, &s->address, SEGMENT_PREFIX6))
		markup_fault(r, e, "<ipv6>: <pool> is not in the prefix of address='%s'",
			ip_format(&s->address, ip));
}

static void read_pool(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config_segment6 *s = to;
	const struct attribute as[] = {{"start", A_IP6, &s->pool_first, 0, true},
		{"end", A_IP6, &s->pool_last, 0, true}, {0}};

	config_attributes(r, e, as);
	if (ip_is_set(&s->pool_first) && ip_is_set(&s->pool_last))
		check_pool(r, e, s);
}

static void read_dns(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config_segment6 *s = to;
	struct ip ip = {0};
	const struct attribute as[] = {{"address", A_IP6, &ip, 0, true}, {0}};

	config_attributes(r, e, as);
	if (s->n_dns == SEGMENT_DNS_MAX)
		markup_fault(r, e, "<ipv6>: <dns>: at most %d", SEGMENT_DNS_MAX);
	else
		s->dns[s->n_dns++] = ip;
}

/* Of the others the host says what their prefix is. */
static void check_relayed_pool(
	struct markup_reader *r, const xmlNode *e, const struct config_segment *c)
{
	const struct link_address on = {.ip = c->six.subnet, .prefix_len = c->six.prefix_len};
	char why[512];

	if (!r->faults && ip_is_set(&c->six.subnet) && !config_pool_fits6(c, &on, why, sizeof why))
		markup_fault(r, e, "%s", why);
}

void config_read_ipv6(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element children[] = {{"pool", read_pool, MARKUP_ONCE},
		{"dns", read_dns, MARKUP_MANY}, {"option", config_read_option6, MARKUP_MANY}, {0}};
	struct config_segment *c = to;
	struct config_segment6 *s = &c->six;
	struct config_subnet subnet = {0};
	const struct attribute own[] = {{"address", A_IP6, &s->address, 0, false},
		{"autonomous", A_BOOL, &s->autonomous, 0, false},
		{"router", A_ROUTER, &s->router, 0, false}, {0}};
	const struct attribute relayed[] = {{"subnet", A_SUBNET6, &subnet, 0, true}, {0}};

	s->on = true;
	config_attributes(r, e, *c->via ? relayed : own);
	s->subnet = subnet.address;
	s->prefix_len = subnet.prefix_len;
	markup_children(r, e, children, s);
	check_relayed_pool(r, e, c);
}

bool config_pool_fits6(
	const struct config_segment *c, const struct link_address *on, char *why, size_t size)
{
	const struct segment seg = {.six = {.server = on->ip, .prefix_len = on->prefix_len}};
	const struct config_segment6 *s = &c->six;
	char first[IP_TEXT], last[IP_TEXT], at[IP_TEXT];
	uint32_t number;
	bool starts, ends;

	if (!ip_is_set(&s->pool_first) || c->mode == SEGMENT_PROXY)
		return true;
	starts = segment_accepts(&seg, &s->pool_first) &&
		segment_number(&seg, &s->pool_first, &number);
	ends = segment_accepts(&seg, &s->pool_last) && segment_number(&seg, &s->pool_last, &number);
	if (starts && ends)
		return true;
	snprintf(why, size,
		"segment '%s': IPv6 pool %s to %s: %s not usable by clients of %s/%u: take addresses of "
		"that prefix whose bits between it and the last 32 are zero",
		c->name, ip_format(&s->pool_first, first), ip_format(&s->pool_last, last),
		starts         ? "the end is"
			: ends ? "the start is"
			       : "both ends are",
		ip_format(&on->ip, at), on->prefix_len);
	return false;
}

static bool is_served(const struct config_segment *c, const struct link_address *a)
{
	char why[512];

	return a->prefix_len >= SEGMENT_PREFIX6 && a->prefix_len <= SEGMENT_PREFIX6_MAX &&
		(!ip_is_set(&c->six.address) || ip_eq(&c->six.address, &a->ip)) &&
		config_pool_fits6(c, a, why, sizeof why);
}

static const struct link_address *find(const struct ip *ip, const struct link_address *of, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ip_eq(&of[i].ip, ip))
			return &of[i];
	return NULL;
}

/* None is served: why. */
static void say_misfit(const struct config_segment *c, const struct link_address *of, size_t n,
	char *why, size_t size)
{
	const struct ip *ip = &c->six.address;
	const struct link_address *a = ip_is_set(ip) ? find(ip, of, n) : n ? of : NULL;
	char text[IP_TEXT];

	if (!a && ip_is_set(ip))
		snprintf(why, size, "'%s' does not have the IPv6 address %s", c->name,
			ip_format(ip, text));
	else if (!a)
		snprintf(why, size, "'%s' has no IPv6 address, global or unique local", c->name);
	else if (a->prefix_len < SEGMENT_PREFIX6 || a->prefix_len > SEGMENT_PREFIX6_MAX)
		snprintf(why, size, "'%s' has %s/%u: expected a prefix length from %d to %d",
			c->name, ip_format(&a->ip, text), a->prefix_len, SEGMENT_PREFIX6,
			SEGMENT_PREFIX6_MAX);
	else
		config_pool_fits6(c, a, why, size);
}

const struct link_address *config_segment_address6(const struct config_segment *c,
	const struct link_address *of, size_t n, char *why, size_t size)
{
	for (size_t i = 0; i < n; i++)
		if (is_served(c, &of[i]))
			return &of[i];
	say_misfit(c, of, n, why, size);
	return NULL;
}
