/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is served: from the configuration, libvirt's word on its networks and the kernel's on its links. */
#include "service/network/segments.h"
#include "service/network/claims.h"
#include "service/network/decided.h"
#include "service/network/links.h"
#include "service/network/name_servers.h"
#include "service/network/network.h"
#include "service/network/segments6.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* At the start for all networks together: one that libvirt is slower to tell of is served when it has. */
enum { START_WAIT_MS = 5000 };

static void add_dns(struct segment *seg, const struct ip *ip)
{
	if (seg->n_dns < SEGMENT_DNS_MAX && ip->family == IP_V4)
		seg->dns[seg->n_dns++] = *ip;
}

/* Installers stop and ask when they are told of no name server, so there is always one, if only ourselves. */
static void fill_dns(struct segment *seg, const struct config_segment *c, bool network_answers)
{
	for (size_t i = 0; i < c->n_dns; i++)
		add_dns(seg, &c->dns[i]);
	if (!seg->n_dns && network_answers)
		add_dns(seg, &seg->server);
	if (!seg->n_dns)
		seg->n_dns = name_servers("", IP_V4, seg->dns);
	seg->no_dns = !seg->n_dns;
	if (seg->no_dns)
		add_dns(seg, &seg->server);
}

static void say_mode(const struct segment *seg, const char *because)
{
	log_info("%s: %s: %s", seg->name, because,
		seg->mode == SEGMENT_OWN ? "usher leases there (mode own)"
			: seg->mode == SEGMENT_PROXY
			? "usher adds the boot information (mode proxy)"
			: "usher listens before it decides (mode auto)");
}

void segment_say_mode(const struct segment *seg, const struct config_segment *c)
{
	say_mode(seg,
		c->mode != SEGMENT_AUTO             ? "as configured"
			: seg->mode == SEGMENT_AUTO ? "another server may lease there"
			: !c->is_network || seg->bridged
			? "relays send their clients' requests to usher"
			: seg->mode == SEGMENT_OWN
			? "libvirt's network has no <dhcp>"
			: "libvirt's dnsmasq leases there (<dhcp> in the "
			  "network)");
}

static int network_mode(const struct config_segment *c, const struct guest_network *net,
	struct segment *seg, char *why, size_t size)
{
	if (net->dhcp && c->mode == SEGMENT_OWN) {
		snprintf(why, size,
			"network '%s' has its own <dhcp>, so two servers would lease: remove that "
			"element (virsh net-edit %s; virsh net-destroy %s; virsh net-start %s), or "
			"remove mode='own'",
			c->name, c->name, c->name, c->name);
		return -EADDRINUSE;
	}
	if (c->mode == SEGMENT_AUTO)
		seg->mode = net->dhcp ? SEGMENT_PROXY : SEGMENT_OWN;
	if (net->dhcp)
		seg->lessor = net->address;
	return 0;
}

/* Of the link: 0 with its first address that is served, or without one where IPv6 may be. */
static int link_segment(const struct config_segment *c, const struct link_state *link,
	struct segment *seg, char *why, size_t size)
{
	const struct link_address *on;

	if (!link->n_addresses && segment6_wanted(c, NULL))
		return 0;
	on = config_segment_address(c, link, why, size);
	if (!on)
		return link->n_addresses ? -EINVAL : -EADDRNOTAVAIL;
	seg->server = on->ip;
	seg->prefix_len = on->prefix_len;
	fill_dns(seg, c, false);
	return 0;
}

/* The host's own bridge: its address is the kernel's to tell, and so is who leases there. */
static int bridged_segment(const struct config_segment *c, const struct guest_network *net,
	struct segment *seg, char *why, size_t size)
{
	struct link_state link;
	int rc;

	seg->bridged = true;
	if (!*net->bridge) {
		snprintf(why, size,
			"network '%s' has no bridge, but cards of its own: usher serves a network of "
			"mode bridge with <bridge name='br0'/>",
			c->name);
		return -EADDRNOTAVAIL;
	}
	rc = link_lookup(net->bridge, &link);
	if (rc) {
		snprintf(why, size, "bridge '%s' of network '%s': %s", net->bridge, c->name,
			rc == -ENODEV ? "no such interface" : strerror(-rc));
		return rc;
	}
	return link_segment(c, &link, seg, why, size);
}

static int network_segment(const struct config_segment *c, const struct guest_network *net,
	struct segment *seg, char *why, size_t size)
{
	snprintf(seg->ifname, sizeof seg->ifname, "%s", net->bridge);
	if (!*seg->domain)
		snprintf(seg->domain, sizeof seg->domain, "%s", net->domain);
	if (!net->active) {
		snprintf(why, size, "network '%s' is not active: virsh net-start %s", c->name,
			c->name);
		return -ENETDOWN;
	}
	if (net->bridged)
		return bridged_segment(c, net, seg, why, size);
	if (!*net->bridge || (!ip_is_set(&net->address) && !segment6_wanted(c, net))) {
		snprintf(why, size, "network '%s' has no bridge with an IPv4 address of this host",
			c->name);
		return -EADDRNOTAVAIL;
	}
	if (!seg->extra.mtu)
		seg->extra.mtu = net->mtu;
	if (!ip_is_set(&net->address))
		return 0;
	seg->server = net->address;
	seg->prefix_len = net->prefix_len;
	if (net->forward)
		seg->router = net->address;
	fill_dns(seg, c, net->dns);
	return network_mode(c, net, seg, why, size);
}

/* eth0.100 is, by custom, what has tag 100 on eth0 (802.1Q): says how it is made. */
static void no_interface(const char *name, char *why, size_t size)
{
	char on[IF_NAMESIZE], more;
	struct link_state parent;
	unsigned id;

	if (sscanf(name, "%15[^.].%4u%c", on, &id, &more) == 2 && id && id < 4095 &&
		!link_lookup(on, &parent))
		snprintf(why, size,
			"interface '%s': no such interface; for tag %u of %s: "
			"ip link add link %s name %s type vlan id %u",
			name, id, on, on, name, id);
	else
		snprintf(why, size, "interface '%s': no such interface", name);
}

static int interface_segment(
	const struct config_segment *c, struct segment *seg, char *why, size_t size)
{
	struct link_state link;
	int rc = link_lookup(c->name, &link);

	snprintf(seg->ifname, sizeof seg->ifname, "%.15s", c->name);
	if (rc == -ENODEV) {
		no_interface(c->name, why, size);
		return rc;
	}
	if (rc) {
		snprintf(why, size, "interface '%s': %s", c->name, strerror(-rc));
		return rc;
	}
	return link_segment(c, &link, seg, why, size);
}

/* Behind a relay: the link and our address are those of the segment where the relay's packets come in. */
static int relayed_segment(struct network *nw, const struct config_segment *c, struct segment *seg,
	char *why, size_t size)
{
	const struct segment *link = segments_by_name(&nw->base->segments, c->via);

	if (!link || link->via) {
		snprintf(why, size,
			"segment '%s': via='%s' is not a served network or interface: add <segment "
			"interface='%s'/>, or change via=",
			c->name, c->via, c->via);
		return -ENOENT;
	}
	if (config_segment_of(&nw->base->config, c->via)->mode == SEGMENT_PROXY) {
		snprintf(why, size,
			"segment '%s': another server leases on '%s' (mode proxy), and usher "
			"answers relays only where it leases itself: set mode='own' there, or "
			"change via=",
			c->name, c->via);
		return -EINVAL;
	}
	/* relays are pointed at us by hand: we are meant */
	if (link->mode != SEGMENT_PROXY)
		nw->base->segments.by_id[link->id - 1]->mode = SEGMENT_OWN;
	seg->mode = SEGMENT_OWN;
	seg->via = link->id;
	seg->subnet = c->subnet;
	seg->prefix_len = c->prefix_len;
	if (ip_is_set(&c->subnet))
		seg->server = link->server;
	snprintf(seg->ifname, sizeof seg->ifname, "%s", link->ifname);
	fill_dns(seg, c, false);
	return 0;
}

/* Which of the two a client is on must be clear from its relay's address. */
static bool overlap(const struct segment *a, const struct segment *b)
{
	return segment_contains(a, segment_net(b)) || segment_contains(b, segment_net(a));
}

static bool overlap6(const struct config_segment6 *a, const struct config_segment6 *b)
{
	uint8_t shorter = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len;

	return ip_is_set(&a->subnet) && ip_is_set(&b->subnet) &&
		ip_in_prefix6(&a->subnet, &b->subnet, shorter);
}

static int check_overlap(struct network *nw, const struct config_segment *c,
	const struct segment *seg, char *why, size_t size)
{
	for (size_t i = 0; i < nw->base->segments.count; i++) {
		const struct segment *other = nw->base->segments.all[i];
		const struct config_segment *oc = config_segment_of(&nw->base->config, other->name);
		bool both = ip_is_set(&c->subnet) && ip_is_set(&other->subnet);

		if (other->via != seg->via ||
			!((both && overlap(seg, other)) || (oc && overlap6(&c->six, &oc->six))))
			continue;
		snprintf(why, size, "segments '%s' and '%s' overlap", seg->name, other->name);
		return -EINVAL;
	}
	return 0;
}

void segment_say_misfits(
	const struct network *nw, const struct segment *seg, const struct config_segment *c)
{
	const struct link_address on = {
		.ip = seg->via ? seg->subnet : seg->server, .prefix_len = seg->prefix_len};
	char why[512];

	if (!ip_is_set(&seg->server))
		return;
	if (seg->no_dns)
		log_warn("%s: this host has no name server that clients reach, so they are told "
			 "usher's own address: give the segment a <dns address='…'/> if none "
			 "answers there",
			seg->name);
	if (!config_pool_fits(c, &on, why, sizeof why))
		log_warn("%s: no address of the pool is leased", why);
	for (size_t i = 0; i < nw->base->segments.count; i++) {
		const struct segment *behind = nw->base->segments.all[i];

		if (behind->via != seg->id)
			continue;
		if (ip_is_set(&behind->subnet) && overlap(seg, behind))
			log_warn(
				"segments '%s' and '%s' overlap: relayed requests from there count "
				"as '%s'",
				behind->name, seg->name, seg->name);
		if (seg->mode == SEGMENT_PROXY)
			log_warn("segment '%s': another server leases on '%s', and usher answers "
				 "relays only where it leases itself",
				behind->name, seg->name);
	}
}

static void describe_config(
	const struct network *nw, const struct config_segment *c, struct segment *ret)
{
	*ret = (struct segment){.is_network = c->is_network,
		.pool_first = ip_to_v4(&c->pool_first),
		.pool_last = ip_to_v4(&c->pool_last),
		.lease_s = c->lease_s,
		.probe_ms = c->probe_ms,
		.mode = c->mode,
		.computed = c->computed,
		.sealed = c->sealed,
		.discover = c->discover,
		.by_client_id = c->by_client_id,
		.extra = c->extra,
		.http_port = nw->base->config.http_port,
		.log_port = config_log_port(&nw->base->config)};
	snprintf(ret->name, sizeof ret->name, "%s", c->name);
	snprintf(ret->domain, sizeof ret->domain, "%s", c->domain);
}

/* No IPv4 there: IPv6 has to fit, and there is nobody to ask who leases. */
static int only_ipv6(const struct config_segment *c, const struct guest_network *net,
	struct segment *seg, char *why, size_t size)
{
	seg->mode = SEGMENT_OWN;
	return segment6_describe(c, c->is_network ? net : NULL, seg, why, size);
}

int segment_describe(const struct network *nw, const struct config_segment *c,
	const struct guest_network *net, struct segment *ret, char *why, size_t why_size)
{
	int rc;

	describe_config(nw, c, ret);
	rc = c->is_network ? network_segment(c, net, ret, why, why_size)
			   : interface_segment(c, ret, why, why_size);
	if (ip_is_set(&c->router))
		ret->router = c->router;
	return rc || ip_is_set(&ret->server) ? rc : only_ipv6(c, net, ret, why, why_size);
}

static int add_segment(struct network *nw, const struct segment *seg, char *why, size_t size)
{
	const struct segment *added;
	int rc = segments_add(&nw->base->segments, seg, &added);

	if (rc) {
		snprintf(why, size, "segment '%s': %s", seg->name,
			rc == -EEXIST ? "it is served twice" : strerror(-rc));
		return rc;
	}
	nw->served[added->id - 1] =
		(struct served){.nw = nw, .segment = nw->base->segments.by_id[added->id - 1]};
	return 0;
}

/* It may be gone since, and libvirt with it. */
static int await(struct network *nw, const struct config_segment *c, char *why, size_t size)
{
	struct segment seg;

	describe_config(nw, c, &seg);
	return add_segment(nw, &seg, why, size);
}

/* What the command line names has to be there, however long that takes. `until`: mono ms. */
static int look_up(struct network *nw, const struct config_segment *c, int64_t until,
	struct guest_network *ret, char *why, size_t size)
{
	const char *uri = nw->base->config.libvirt_uri;
	int64_t left = until - clock_mono_ms();
	int rc;

	if (c->named)
		return guest_network_info(uri, c->name, ret, why, size);
	if (left <= 0 || nw->silent)
		return -ETIMEDOUT;
	rc = guest_network_info_within(uri, c->name, (int)left, ret, why, size);
	nw->silent = rc == -ETIMEDOUT;
	if (nw->silent)
		log_warn("%s: its networks are served when it does", why);
	return rc;
}

/* What may come yet is waited for by links.c, and so is what no longer fits: one segment's trouble stops no other. */
static int find_one(
	struct network *nw, const struct config_segment *c, int64_t until, char *why, size_t size)
{
	struct guest_network net;
	struct segment seg;
	int rc = c->is_network ? look_up(nw, c, until, &net, why, size) : 0;

	if (rc)
		return c->named ? rc : await(nw, c, why, size);
	rc = segment_describe(nw, c, &net, &seg, why, size);
	if (rc && c->named)
		return rc;
	if (rc)
		seg.server = (struct ip){0};
	else /* what is wrong with it links.c says */
		(void)segment6_describe(c, c->is_network ? &net : NULL, &seg, why, size);
	return add_segment(nw, &seg, why, size);
}

static int find_relayed(struct network *nw, const struct config_segment *c, char *why, size_t size)
{
	struct segment seg;
	int rc;

	describe_config(nw, c, &seg);
	seg.router = c->router;
	rc = relayed_segment(nw, c, &seg, why, size);
	if (!rc)
		rc = check_overlap(nw, c, &seg, why, size);
	if (!rc)
		rc = add_segment(nw, &seg, why, size);
	if (!rc)
		segment6_relayed(nw, segments_by_id(&nw->base->segments, seg.via));
	return rc;
}

int segments_find(struct network *nw, char *why, size_t why_size)
{
	int64_t until = clock_mono_ms() + START_WAIT_MS;

	if (!nw->base->config.n_segments)
		log_warn("nothing to serve yet: make a network (usher network create NAME), or "
			 "name a libvirt network (--network default) or an interface (--interface "
			 "eth1)");
	/* those behind relays last: they go by way of the others */
	for (int relayed = 0; relayed < 2; relayed++)
		for (size_t i = 0; i < nw->base->config.n_segments; i++) {
			const struct config_segment *c = &nw->base->config.segments[i];
			int rc = !*c->via != !relayed ? 0
				: relayed             ? find_relayed(nw, c, why, why_size)
						      : find_one(nw, c, until, why, why_size);

			if (rc)
				return rc;
		}
	return 0;
}

int segment_come(struct network *nw, const char *network, char *why, size_t why_size)
{
	const char *name = NULL;
	int rc = config_remember(&nw->base->config, network);

	if (rc) {
		snprintf(why, why_size,
			"%d networks and interfaces are already served, the maximum", SEGMENT_MAX);
		return rc;
	}
	if (segments_by_name(&nw->base->segments, network))
		return 0;
	rc = await(nw, config_segment_of(&nw->base->config, network), why, why_size);
	if (rc) {
		config_forget(&nw->base->config, network);
		return rc;
	}
	rc = machines_segments_changed(nw->base->machines, &name);
	if (rc)
		log_warn("machine '%s' is not served on '%s': %s", name, network,
			rc == -EEXIST ? "another machine has its MAC or address" : strerror(-rc));
	return 0;
}

void segment_go(struct network *nw, const char *network)
{
	const struct segment *seg = segments_by_name(&nw->base->segments, network);
	const char *name;

	if (seg) {
		links_leave(nw, seg);
		dhcpd_drop(nw->dhcpd, seg);
		claims_leave(nw, seg);
		nw->served[seg->id - 1] = (struct served){0};
		segments_remove(&nw->base->segments, seg->id);
		(void)machines_segments_changed(nw->base->machines, &name);
	}
	config_forget(&nw->base->config, network);
}

uint32_t segment_of_peer(const struct network *nw, uint32_t link, const struct ip *peer)
{
	const struct segment *on = segments_by_id(&nw->base->segments, link);
	const struct segment *seg = on ? segments_by_ip(&nw->base->segments, on, peer) : NULL;

	return seg ? seg->id : link;
}

void segments_say(const struct network *nw)
{
	for (size_t i = 0; i < nw->base->segments.count; i++)
		for (size_t k = 0; k < nw->base->config.n_segments; k++)
			if (!strcmp(nw->base->config.segments[k].name,
				    nw->base->segments.all[i]->name) &&
				ip_is_set(&nw->base->segments.all[i]->server)) {
				segment_say_mode(
					nw->base->segments.all[i], &nw->base->config.segments[k]);
				segment_say_misfits(nw, nw->base->segments.all[i],
					&nw->base->config.segments[k]);
			}
}

/* Where we leased the last time. */
static void say_newcomer(
	struct network *nw, const struct segment *seg, const struct dhcpd_server *server)
{
	char ip[IP_TEXT], mac[MAC_TEXT];

	ip_format(&server->address, ip);
	mac_format(&server->mac, mac);
	timeline_add(nw->base->timeline, "", "foreign",
		"%s: %s (MAC %s) answers as a DHCP server where usher leased until now: usher "
		"continues to lease there",
		seg->name, ip, mac);
	log_warn("%s: %s (MAC %s) answers as a DHCP server where usher leased until now: stop that "
		 "server, or set mode='proxy' to let it lease",
		seg->name, ip, mac);
}

void segments_decided(
	struct network *nw, const struct segment *seg, const struct dhcpd_server *server)
{
	struct segment *own = nw->base->segments.by_id[seg->id - 1];
	bool stays = server && decided_was_own(nw, seg);
	char because[160], why[512], ip[IP_TEXT], mac[MAC_TEXT];
	int rc;

	own->mode = server && !stays ? SEGMENT_PROXY : SEGMENT_OWN;
	if (own->mode == SEGMENT_PROXY)
		own->lessor = server->address;
	decided_keep(nw, seg, own->mode == SEGMENT_OWN);
	if (stays)
		say_newcomer(nw, seg, server);
	if (stays)
		snprintf(because, sizeof because, "as before");
	else if (server)
		snprintf(because, sizeof because,
			"%s (MAC %s) leases there: it answered usher's DHCPDISCOVER twice",
			ip_format(&server->address, ip), mac_format(&server->mac, mac));
	else
		snprintf(because, sizeof because, "no DHCP server answered on %s", seg->ifname);
	say_mode(seg, because);
	if (seg->mode == SEGMENT_PROXY && seg->pool_first)
		log_warn("%s: its <pool> is not used: the other server chooses the addresses",
			seg->name);
	rc = dhcpd_open(nw->dhcpd, seg, why, sizeof why);
	if (rc)
		links_wait(nw, seg, rc, why);
}
