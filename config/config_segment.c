/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <segment>: what is served, and what its clients are told. */
#include "core/cursor.h"
#include "config/config_xml.h"
#include "config/paths.h"

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
			link->name, link->name);
	else if (!first)
		snprintf(why, size,
			"interface '%s' has %s/%u, but its pool, %s to %s, is in another subnet: "
			"run 'ip address add ADDRESS/LEN dev %s', or change <pool>",
			link->name, ip_format(&link->addresses[0].ip, at),
			link->addresses[0].prefix_len, ip_format(&c->pool_first, pool[0]),
			ip_format(&c->pool_last, pool[1]), link->name);
	return first;
}

const char *config_discover(const struct config *c)
{
	bool discovers = false;

	for (size_t i = 0; i < c->n_segments; i++)
		discovers |= c->segments[i].discover;
	for (size_t i = 0; discovers && i < c->n_media; i++)
		if (!strcmp(c->media[i].name, CONFIG_DISCOVER) && *c->media[i].path)
			return c->media[i].path;
	return discovers ? PATH_DISCOVER : NULL;
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
	static const struct markup_element children[] = {{"pool", read_pool, MARKUP_ONCE},
		{"router", read_router, MARKUP_ONCE}, {"dns", read_dns, MARKUP_MANY},
		{"ntp", read_ntp, MARKUP_MANY}, {"search", read_search, MARKUP_MANY},
		{"route", read_route, MARKUP_MANY}, {"option", config_read_option, MARKUP_MANY},
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
		{"discover", A_BOOL, &s.discover, 0, false},
		{"identity", A_IDENTITY, &s.by_client_id, 0, false},
		{"mtu", A_MTU, &s.extra.mtu, 0, false}, {0}};

	config_attributes(r, e, as);
	name_segment(r, e, &n, &s);
	markup_children(r, e, children, &s);
	if (!r->faults && *s.via && !ip_is_set(&s.subnet) && !s.six.on)
		markup_fault(
			r, e, "<segment via='%s'> lacks subnet='…', or <ipv6 subnet='…'/>", s.via);
	if (s.discover && s.by_client_id) /* firmware and system would be given an address each */
		markup_fault(r, e, "<segment>: discover='yes' needs identity='mac'");
	check_relayed_pool(r, e, &s);
	if (c->n_segments == SEGMENT_MAX)
		markup_fault(r, e, "<segment>: at most %d", SEGMENT_MAX);
	else
		c->segments[c->n_segments++] = s;
}
