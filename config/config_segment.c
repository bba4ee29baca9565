/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <segment>: what is served, and what its clients are told. */
#include "core/cursor.h"
#include "config/config_xml.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_pool(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config_segment *s = to;
	const struct attribute as[] = {{"start", A_IP, &s->pool_first, 0, true},
		{"end", A_IP, &s->pool_last, 0, true}, {0}};

	config_attributes(r, e, as);
	if (ip_to_v4(&s->pool_first) > ip_to_v4(&s->pool_last))
		markup_fault(r, e, "<pool>: start lies behind end");
}

static void read_router(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config_segment *s = to;
	const struct attribute as[] = {{"address", A_IP, &s->router, 0, true}, {0}};

	config_attributes(r, e, as);
}

static void read_dns(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config_segment *s = to;
	struct ip ip = {0};
	const struct attribute as[] = {{"address", A_IP, &ip, 0, true}, {0}};

	config_attributes(r, e, as);
	if (s->n_dns == SEGMENT_DNS_MAX)
		markup_fault(r, e, "<dns>: at most %d", SEGMENT_DNS_MAX);
	else
		s->dns[s->n_dns++] = ip;
}

static void read_ntp(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	struct ip ip = {0};
	const struct attribute as[] = {{"address", A_IP, &ip, 0, true}, {0}};

	config_attributes(r, e, as);
	if (x->n_ntp == SEGMENT_NTP_MAX)
		markup_fault(r, e, "<ntp>: at most %d", SEGMENT_NTP_MAX);
	else
		x->ntp[x->n_ntp++] = ip;
}

static void read_search(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	char domain[254] = "";
	const struct attribute as[] = {{"domain", A_DOMAIN, domain, sizeof domain, true}, {0}};
	size_t there = strlen(x->search);

	config_attributes(r, e, as);
	if (there + 1 + strlen(domain) >= sizeof x->search)
		markup_fault(r, e, "<search>: all domains together take at most %d bytes",
			SEGMENT_SEARCH - 2);
	else
		snprintf(x->search + there, sizeof x->search - there, "%s%s", there ? " " : "",
			domain);
}

static void read_route(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	struct config_subnet subnet = {0};
	struct ip gateway = {0};
	const struct attribute as[] = {
		{"to", A_SUBNET, &subnet, 0, true}, {"gateway", A_IP, &gateway, 0, true}, {0}};

	config_attributes(r, e, as);
	if (!r->faults && !subnet.prefix_len)
		markup_fault(r, e, "<route>: the default route is the <router>'s");
	if (x->n_routes == SEGMENT_ROUTES_MAX)
		markup_fault(r, e, "<route>: at most %d", SEGMENT_ROUTES_MAX);
	else
		x->routes[x->n_routes++] = (struct segment_route){
			ip_to_v4(&subnet.address), ip_to_v4(&gateway), subnet.prefix_len};
}

/* What usher says of itself, from what it knows; "" for what the protocol itself is made of. */
static const char *said_elsewhere(uint8_t code)
{
	static const char answers[] = ": it answers a client's option that usher does not support";
	static const struct {
		uint8_t code;
		const char *where;
	} own[] = {{1, ": set by the subnet"}, {3, ": set by <router>"}, {6, ": set by <dns>"},
		{12, ": set by the machine's name"}, {15, ": set by domain="},
		{26, ": set by mtu="}, {28, ": set by the subnet"}, {42, ": set by <ntp>"},
		{43, ""}, {50, ""}, {51, ": set by lease="}, {52, ""}, {53, ""}, {54, ""}, {55, ""},
		{56, ""}, {57, ""}, {58, ": set by lease="}, {59, ": set by lease="}, {60, ""},
		{61, ""}, {66, ""}, {67, ""}, {77, ""}, {82, ""}, {93, ""}, {94, ""}, {80, answers},
		{81, answers}, {90, answers}, {97, ""}, {116, answers}, {118, answers},
		{145, answers}, {119, ": set by <search>"}, {121, ": set by <route>"}, {150, ""},
		{175, ""}, {249, ": set by <route>"}};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (own[i].code == code)
			return own[i].where;
	return NULL;
}

static bool write_hex(struct writer *w, const char *text)
{
	unsigned byte;
	int n;

	for (; *text; text += n) {
		if (*text == ':' || *text == ' ')
			text++;
		if (!isxdigit((unsigned char)text[0]) || sscanf(text, "%2x%n", &byte, &n) != 1 ||
			n != 2)
			return false;
		writer_u8(w, (uint8_t)byte);
	}
	return true;
}

static bool write_addresses(struct writer *w, const char *text)
{
	char address[IP_TEXT];
	struct ip ip;

	while (*text) {
		size_t n = strcspn(text, ", ");

		if (n >= sizeof address)
			return false;
		memcpy(address, text, n);
		address[n] = '\0';
		if (ip_parse(address, &ip) || ip.family != IP_V4)
			return false;
		writer_u32(w, ip_to_v4(&ip));
		text += n;
		text += strspn(text, ", ");
	}
	return true;
}

static bool write_number(struct writer *w, const char *text, unsigned bytes)
{
	long n;

	if (!config_number(text, 0, (1L << 8 * bytes) - 1, &n))
		return false;
	while (bytes-- > 0)
		writer_u8(w, (uint8_t)(n >> 8 * bytes));
	return true;
}

/* NULL, or what was expected. */
static const char *write_value(struct writer *w, const char *type, const char *value)
{
	if (!strcmp(type, "text"))
		writer_bytes(w, value, strlen(value));
	else if (!strcmp(type, "hex"))
		return write_hex(w, value) ? NULL : "hexadecimal bytes like 0a:4d:00";
	else if (!strcmp(type, "address"))
		return write_addresses(w, value) ? NULL : "IPv4 addresses";
	else if (!strcmp(type, "u8"))
		return write_number(w, value, 1) ? NULL : "a number from 0 to 255";
	else if (!strcmp(type, "u16"))
		return write_number(w, value, 2) ? NULL : "a number from 0 to 65535";
	else if (!strcmp(type, "u32"))
		return write_number(w, value, 4) ? NULL : "a number from 0 to 4294967295";
	else
		return "type= text, hex, address, u8, u16 or u32";
	return NULL;
}

static bool has_option(const struct segment_extra *x, uint8_t code)
{
	for (size_t at = 0; at < x->options_len; at += 2u + x->options[at + 1])
		if (x->options[at] == code)
			return true;
	return false;
}

static void read_option(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	char type[8] = "text", value[800] = "";
	uint8_t code = 0, bytes[255];
	const struct attribute as[] = {{"code", A_CODE, &code, 0, true},
		{"value", A_TEXT, value, sizeof value, true},
		{"type", A_TEXT, type, sizeof type, false}, {0}};
	const char *expected, *elsewhere;
	struct writer w;

	config_attributes(r, e, as);
	writer_init(&w, bytes, sizeof bytes);
	elsewhere = said_elsewhere(code);
	expected = write_value(&w, type, value);
	if (elsewhere)
		markup_fault(r, e, "<option code='%u'> is sent by usher itself%s", code, elsewhere);
	else if (has_option(x, code))
		markup_fault(r, e, "<option code='%u'> is already set", code);
	else if (expected)
		markup_fault(r, e, "<option value='%.80s'>: expected %s", value, expected);
	else if (w.bad || x->options_len + 2 + w.len > sizeof x->options)
		markup_fault(r, e, "<option>: one takes at most 255 bytes, all of a segment %d",
			SEGMENT_OPTIONS);
	if (r->faults)
		return;
	x->options[x->options_len++] = code;
	x->options[x->options_len++] = (uint8_t)w.len;
	memcpy(x->options + x->options_len, bytes, w.len);
	x->options_len += w.len;
}

struct segment_names {
	char network[SEGMENT_NAME], interface[16], name[SEGMENT_NAME];
	struct config_subnet subnet;
};

/* Whose segment it is: libvirt's, a link's, or one behind a relay. */
static void name_segment(struct markup_reader *r, const xmlNode *e, const struct segment_names *n,
	struct config_segment *s)
{
	bool relayed = *s->via, subnet = ip_is_set(&n->subnet.address);

	if (!!*n->network + !!*n->interface + relayed != 1)
		markup_fault(r, e,
			"<segment> takes one of network= (of libvirt), interface=, and via= (a "
			"relay's packets come in there)");
	else if (relayed != (*n->name != '\0') || (subnet && !relayed))
		markup_fault(
			r, e, "<segment>: via=, name= and subnet= go together: one behind a relay");
	else if (relayed && s->mode != SEGMENT_AUTO)
		markup_fault(r, e, "<segment via='%s'>: set mode= in the segment '%s' instead",
			s->via, s->via);
	s->is_network = *n->network;
	s->subnet = n->subnet.address;
	s->prefix_len = n->subnet.prefix_len;
	snprintf(s->name, sizeof s->name, "%s",
		relayed               ? n->name
			: *n->network ? n->network
				      : n->interface);
}

static bool is_on(const struct link_address *on, const struct ip *ip)
{
	uint32_t mask = v4_mask(on->prefix_len);

	return (ip_to_v4(ip) & mask) == (ip_to_v4(&on->ip) & mask);
}

bool config_pool_fits(
	const struct config_segment *c, const struct link_address *on, char *why, size_t size)
{
	struct segment seg = {.server = on->ip, .prefix_len = on->prefix_len};
	char first[IP_TEXT], last[IP_TEXT], net[IP_TEXT];
	struct ip ip = ip_from_v4(ip_to_v4(&on->ip) & v4_mask(on->prefix_len));

	if (!ip_is_set(&c->pool_first) || c->mode == SEGMENT_PROXY ||
		(segment_accepts(&seg, &c->pool_first) && segment_accepts(&seg, &c->pool_last)))
		return true;
	snprintf(why, size,
		"segment '%s': pool %s to %s: %s not usable by clients in its subnet, %s/%u",
		c->name, ip_format(&c->pool_first, first), ip_format(&c->pool_last, last),
		segment_accepts(&seg, &c->pool_first)          ? "the end is"
			: segment_accepts(&seg, &c->pool_last) ? "the start is"
							       : "both ends are",
		ip_format(&ip, net), on->prefix_len);
	return false;
}

const struct link_address *config_segment_address(
	const struct config_segment *c, const struct link_state *link, char *why, size_t size)
{
	char at[IP_TEXT], pool[2][IP_TEXT], other[256];
	const struct link_address *first = NULL;

	for (size_t i = link->n_addresses; i-- > 0;) {
		const struct link_address *a = &link->addresses[i];
		bool routes = first && ip_is_set(&c->router) && is_on(first, &c->router);

		if (config_pool_fits(c, a, other, sizeof other) &&
			(!routes || is_on(a, &c->router)))
			first = a;
	}
	if (!link->n_addresses)
		snprintf(why, size,
			"interface '%s' has no IPv4 address: ip address add ADDRESS/LEN dev %s",
			c->name, c->name);
	else if (!first)
		snprintf(why, size,
			"interface '%s' has %s/%u, but its pool, %s to %s, is in another subnet: "
			"run 'ip address add ADDRESS/LEN dev %s', or change <pool>",
			c->name, ip_format(&link->addresses[0].ip, at),
			link->addresses[0].prefix_len, ip_format(&c->pool_first, pool[0]),
			ip_format(&c->pool_last, pool[1]), c->name);
	return first;
}

struct config_segment config_segment_default(void)
{
	return (struct config_segment){.lease_s = SEGMENT_LEASE_S,
		.probe_ms = CONFIG_PROBE_MS,
		.computed = true,
		.mode = SEGMENT_AUTO};
}

/* Of the others the host says what their subnet is. */
static void check_relayed_pool(
	struct markup_reader *r, const xmlNode *e, const struct config_segment *s)
{
	const struct link_address on = {.ip = s->subnet, .prefix_len = s->prefix_len};
	char why[256];

	if (!r->faults && ip_is_set(&s->subnet) && !config_pool_fits(s, &on, why, sizeof why))
		markup_fault(r, e, "%s", why);
}

void config_read_segment(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element children[] = {{"pool", read_pool, MARKUP_MANY},
		{"router", read_router, MARKUP_MANY}, {"dns", read_dns, MARKUP_MANY},
		{"ntp", read_ntp, MARKUP_MANY}, {"search", read_search, MARKUP_MANY},
		{"route", read_route, MARKUP_MANY}, {"option", read_option, MARKUP_MANY},
		{"ipv6", config_read_ipv6, MARKUP_ONCE}, {0}};
	struct config *c = to;
	struct config_segment s = config_segment_default();
	struct segment_names n = {0};
	const struct attribute as[] = {{"network", A_TEXT, n.network, sizeof n.network, false},
		{"interface", A_TEXT, n.interface, sizeof n.interface, false},
		{"name", A_TEXT, n.name, sizeof n.name, false},
		{"via", A_TEXT, s.via, sizeof s.via, false},
		{"subnet", A_SUBNET, &n.subnet, 0, false},
		{"domain", A_TEXT, s.domain, sizeof s.domain, false},
		{"lease", A_SECONDS, &s.lease_s, 0, false}, {"mode", A_MODE, &s.mode, 0, false},
		{"probe", A_PROBE, &s.probe_ms, 0, false},
		{"computed", A_BOOL, &s.computed, 0, false},
		{"sealed", A_BOOL, &s.sealed, 0, false},
		{"identity", A_IDENTITY, &s.by_client_id, 0, false},
		{"mtu", A_MTU, &s.extra.mtu, 0, false}, {0}};

	config_attributes(r, e, as);
	name_segment(r, e, &n, &s);
	markup_children(r, e, children, &s);
	if (!r->faults && *s.via && !ip_is_set(&s.subnet) && !s.six.on)
		markup_fault(
			r, e, "<segment via='%s'> lacks subnet='…', or <ipv6 subnet='…'/>", s.via);
	check_relayed_pool(r, e, &s);
	if (c->n_segments == SEGMENT_MAX)
		markup_fault(r, e, "<segment>: at most %d", SEGMENT_MAX);
	else
		c->segments[c->n_segments++] = s;
}
