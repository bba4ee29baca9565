/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config_xml.h"

#include "guest/guest.h"
#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* What does not fit whole is left out. */
static void add_fault(struct config_reader *r, long line, const char *fmt, va_list ap)
{
	size_t used = r->faults ? strlen(r->why) : 0;
	char *end = r->why + used;
	int place, text;

	if (r->why_size - used < 2)
		return;
	place = snprintf(end, r->why_size - used, "%s%s:%ld: ", used ? "\n" : "", r->path, line);
	if (place < 0 || (size_t)place >= r->why_size - used) {
		*(used ? end : r->why + r->why_size - 1) = '\0';
		return;
	}
	text = vsnprintf(end + place, r->why_size - used - (size_t)place, fmt, ap);
	if (used && (text < 0 || (size_t)(place + text) >= r->why_size - used))
		*end = '\0';
}

void config_fault(struct config_reader *r, const xmlNode *at, const char *fmt, ...)
{
	va_list ap;

	if (!r->faults || r->all) {
		va_start(ap, fmt);
		add_fault(r, at ? xmlGetLineNo(at) : 1L, fmt, ap);
		va_end(ap);
	}
	r->faults++;
}

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
	{A_SECONDS, 60, 31536000, "seconds from 60 to 31536000 (a year)"},
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
	if (a->type == A_CODE)
		*(uint8_t *)a->to = (uint8_t)n;
	else if (a->type == A_SECONDS || a->type == A_MIB)
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
	case A_SECONDS:
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

void config_no_attribute(struct config_reader *r, const xmlNode *e, const char *name,
	const void *known, size_t stride)
{
	const char *near = NULL, *const * k;
	char all[256] = "";
	size_t n = 0;

	for (k = known; *k; k = (const char *const *)((const char *)k + stride)) {
		text_nearer(name, *k, &near);
		if (n < sizeof all)
			n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", n ? ", " : "", *k);
	}
	if (near && !strcmp(near, name))
		config_fault(r, e, "<%s> has no attribute '%s' of a namespace", e->name, name);
	else if (near)
		config_fault(r, e, "<%s> has no attribute '%s': did you mean '%s'?", e->name, name,
			near);
	else
		config_fault(r, e, "<%s> has no attribute '%s'; it has %s", e->name, name,
			n ? all : "none");
}

static const struct attribute *find_attribute(const struct attribute *as, const char *name)
{
	for (; as->name; as++)
		if (!strcmp(as->name, name))
			return as;
	return NULL;
}

void config_attributes(struct config_reader *r, const xmlNode *e, const struct attribute *as)
{
	for (const xmlAttr *x = e->properties; x; x = x->next) {
		const struct attribute *a = find_attribute(as, (const char *)x->name);
		xmlChar *text = xmlNodeListGetString(e->doc, x->children, 1);
		const char *expected;

		if (!a)
			config_no_attribute(r, e, (const char *)x->name, as, sizeof *as);
		else if ((expected = take(a, text ? (const char *)text : "")))
			config_fault(r, e, "<%s %s='%s'>: expected %s", e->name, a->name,
				text ? (char *)text : "", expected);
		xmlFree(text);
	}
	for (; as->name; as++)
		if (as->required && !xmlHasProp(e, (const xmlChar *)as->name))
			config_fault(r, e, "<%s> lacks %s='…'", e->name, as->name);
}

void config_children(
	struct config_reader *r, const xmlNode *parent, const struct element *es, void *to)
{
	for (const xmlNode *e = parent->children; e; e = e->next) {
		const struct element *x = es;
		const char *near = NULL;

		if (e->type != XML_ELEMENT_NODE) {
			if (e->type == XML_TEXT_NODE && !xmlIsBlankNode(e))
				config_fault(
					r, parent, "<%s>: text is not expected here", parent->name);
			continue;
		}
		for (; x->name && (e->ns || strcmp(x->name, (const char *)e->name)); x++)
			text_nearer((const char *)e->name, x->name, &near);
		if (x->name)
			x->read(r, e, to);
		else if (near)
			config_fault(r, e, "<%s> has no element <%s>: did you mean <%s>?",
				parent->name, e->name, near);
		else
			config_fault(r, e, "<%s> has no element <%s>; %s lists them", parent->name,
				e->name, r->page ? r->page : "usher.xml(5)");
	}
}

void config_parse_fault(struct config_reader *r, xmlParserCtxt *parser)
{
	const xmlError *e = xmlCtxtGetLastError(parser);
	size_t n;

	snprintf(r->why, r->why_size, "%s:%d: %s", r->path, e ? e->line : 1,
		e && e->message ? e->message : "not XML");
	n = strlen(r->why);
	while (n && r->why[n - 1] == '\n')
		r->why[--n] = '\0';
}
