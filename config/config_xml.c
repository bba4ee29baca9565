/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config_xml.h"

#include "guest/guest.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

bool config_yes_no(const char *text, bool *ret)
{
	bool yes = !strcmp(text, "yes") || !strcmp(text, "on") || !strcmp(text, "true");

	if (!yes && strcmp(text, "no") && strcmp(text, "off") && strcmp(text, "false"))
		return false;
	*ret = yes;
	return true;
}

bool config_number(const char *text, long min, long max, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	return end != text && !*end && !errno && *ret >= min && *ret <= max;
}

static bool log_level(const char *text, int *ret)
{
	static const struct {
		const char *name;
		int priority;
	} levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"info", LOG_INFO},
		{"debug", LOG_DEBUG}};

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (!strcmp(text, levels[i].name)) {
			*ret = levels[i].priority;
			return true;
		}
	return false;
}

/* "ADDRESS/LENGTH", of either family. */
static bool take_prefix(const char *text, long longest, struct config_subnet *ret)
{
	char address[IP_TEXT];
	const char *slash = strchr(text, '/');
	long n;

	if (!slash || (size_t)(slash - text) >= sizeof address ||
		!config_number(slash + 1, 0, longest, &n))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	ret->prefix_len = (uint8_t)n;
	return !ip_parse(address, &ret->address);
}

bool config_subnet(const char *text, struct config_subnet *ret)
{
	return take_prefix(text, 32, ret) && ret->address.family == IP_V4 &&
		!(ip_to_v4(&ret->address) & ~v4_mask(ret->prefix_len));
}

/* With nothing behind the prefix, and of a length that is served. */
bool config_subnet6(const char *text, struct config_subnet *ret)
{
	struct ip net = {.family = IP_V6};

	if (!take_prefix(text, 128, ret) || ret->address.family != IP_V6 ||
		ret->prefix_len < SEGMENT_PREFIX6 || ret->prefix_len > SEGMENT_PREFIX6_MAX)
		return false;
	for (size_t i = 0; i < ret->prefix_len; i++)
		net.b[i / 8] |= (uint8_t)(ret->address.b[i / 8] & 0x80 >> i % 8);
	return ip_eq(&net, &ret->address) && !ip_is_any6(&net) && !ip_is_link_local(&net) &&
		!ip_is_group(&net);
}

/* Labels of 1 to 63 letters, digits, '-' and '_', with a dot between two. */
bool config_is_domain(const char *text)
{
	while (*text) {
		size_t n = 0;

		while (isalnum((unsigned char)text[n]) || text[n] == '-' || text[n] == '_')
			n++;
		if (!n || n > 63 || (text[n] && (text[n] != '.' || !text[n + 1])))
			return false;
		text += n + (text[n] == '.');
	}
	return true;
}

static const struct {
	enum attribute_type type;
	long min, max;
	const char *expected;
} ranges[] = {{A_PORT, 1, 65535, "a port from 1 to 65535"},
	{A_MTU, 68, 65535, "bytes from 68 to 65535"},
	{A_WORKERS, 1, GUEST_WORKERS_MAX, "a number from 1 to 32"},
	{A_CODE, 1, 254, "a DHCP option's number from 1 to 254"},
	{A_CODE6, 1, 65535, "a DHCPv6 option's number from 1 to 65535"},
	{A_SECONDS, 60, 31536000, "seconds from 60 to 31536000 (a year)"},
	{A_RETRY, WEBHOOK_RETRY_MIN_S, WEBHOOK_RETRY_MAX_S, "seconds from 1 to 86400 (a day)"},
	{A_MIB, 1, 1 << 30, "MiB from 1 to 1073741824"},
	{A_PROBE, 0, 5000, "milliseconds up to 5000, or 0 (off)"}};

static const char *take_number(const struct attribute *a, const char *text)
{
	size_t i = 0;
	long n;

	while (ranges[i].type != a->type)
		i++;
	if (!config_number(text, ranges[i].min, ranges[i].max, &n))
		return ranges[i].expected;
	if (a->type == A_SECONDS || a->type == A_MIB || a->type == A_RETRY)
		*(uint32_t *)a->to = (uint32_t)n;
	else
		*(uint16_t *)a->to = (uint16_t)n;
	return NULL;
}

static const char *take_text(const struct attribute *a, const char *text)
{
	if (a->type == A_PATH && *text != '/')
		return "an absolute path";
	if (!*text || strlen(text) >= a->size)
		return "a shorter text that is not empty";
	if (a->type == A_DOMAIN && !config_is_domain(text))
		return "a domain like lab.example";
	memcpy(a->to, text, strlen(text) + 1);
	return NULL;
}

static const char *take_ip(struct ip *to, const char *text)
{
	struct ip ip;

	if (ip_parse(text, &ip) || ip.family != IP_V4)
		return "an IPv4 address";
	*to = ip;
	return NULL;
}

/* One that can be a host's, as others on the wire reach it: not fe80::/10, ::1, or an IPv4 address in IPv6's clothes. */
static const char *take_ip6(struct ip *to, const char *text)
{
	static const uint8_t low[10];
	struct ip ip;

	if (ip_parse(text, &ip) || ip.family != IP_V6 || ip_is_group(&ip) ||
		ip_is_link_local(&ip) || !memcmp(ip.b, low, sizeof low))
		return "an IPv6 address like 2001:db8:7a::1, global or unique local";
	*to = ip;
	return NULL;
}

static const char *take_router(enum config_router *to, const char *text)
{
	bool yes;

	if (!config_yes_no(text, &yes))
		return "yes or no";
	*to = yes ? CONFIG_ROUTER_YES : CONFIG_ROUTER_NO;
	return NULL;
}

static bool segment_mode(const char *text, enum segment_mode *ret)
{
	for (enum segment_mode m = SEGMENT_OWN; m <= SEGMENT_AUTO; m++)
		if (!strcmp(text, segment_mode_name(m))) {
			*ret = m;
			return true;
		}
	return false;
}

/* NULL when the value was taken, else what was expected. */
static const char *take(const struct attribute *a, const char *text)
{
	switch (a->type) {
	case A_PATH:
	case A_DOMAIN:
	case A_TEXT:
		return take_text(a, text);
	case A_IP:
		return take_ip(a->to, text);
	case A_IP6:
		return take_ip6(a->to, text);
	case A_LISTEN:
		return ip_parse(text, a->to) ? "an address of this host, 0.0.0.0 or ::" : NULL;
	case A_SUBNET:
		return config_subnet(text, a->to) ? NULL : "a network like 10.2.0.0/24";
	case A_SUBNET6:
		return config_subnet6(text, a->to)
			? NULL
			: "a network like 2001:db8:2::/64, of 64 to 96 bits";
	case A_PORT:
	case A_MTU:
	case A_WORKERS:
	case A_CODE:
	case A_CODE6:
	case A_SECONDS:
	case A_RETRY:
	case A_PROBE:
	case A_MIB:
		return take_number(a, text);
	case A_IDENTITY:
		if (strcmp(text, "mac") && strcmp(text, "client-id"))
			return "mac or client-id";
		*(bool *)a->to = *text == 'c';
		return NULL;
	case A_BOOL:
		return config_yes_no(text, a->to) ? NULL : "yes or no";
	case A_ROUTER:
		return take_router(a->to, text);
	case A_ACCEL:
		if (strcmp(text, "auto") && strcmp(text, "kvm") && strcmp(text, "qemu"))
			return "auto, kvm or qemu";
		memcpy(a->to, text, strlen(text) + 1);
		return NULL;
	case A_MODE:
		return segment_mode(text, a->to) ? NULL : "auto, own or proxy";
	case A_LEVEL:
		return log_level(text, a->to) ? NULL : "error, warning, info or debug";
	}
	return "nothing";
}

void config_attributes(struct markup_reader *r, const xmlNode *e, const struct attribute *as)
{
	markup_known(r, e, as, sizeof *as);
	for (; as->name; as++) {
		char *text = markup_attribute(r, e, as->name, as->required);
		const char *expected = text ? take(as, text) : NULL;

		if (expected)
			markup_fault(r, e, "<%s %s='%s'>: expected %s", e->name, as->name, text,
				expected);
		free(text);
	}
}
