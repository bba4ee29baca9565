/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher check: the networks and interfaces that are served, and those that usher made. */
#include "usher/cli/check.h"
#include "config/config_xml.h"
#include "guest/guest.h"
#include "service/network/name_servers.h"
#include "service/network/segments6.h"

#include "core/link.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_link(struct check *k, const struct check_link *l)
{
	if (k->n_links < SEGMENT_MAX)
		k->links[k->n_links++] = *l;
}

static enum segment_mode network_mode(
	const struct config_segment *c, const struct guest_network *net)
{
	if (c && c->mode != SEGMENT_AUTO)
		return c->mode;
	return net->dhcp ? SEGMENT_PROXY : SEGMENT_OWN;
}

/* Who may do as a server there, and who may forge a server of guests. */
static void check_filters(struct check *k, const struct guest_network *net, enum segment_mode mode)
{
	struct guest_unfiltered open;
	char why[512];

	if (guest_unfiltered_info(k->config.libvirt_uri, net, &open, why, sizeof why))
		return;
	if (open.n)
		check_say(k, CHECK_WARN, "filter",
			"'%s': %zu running guest%s there without a packet filter (%s%s): what it "
			"answers in usher's name is told on the timeline, and not kept from machines without "
			"one",
			net->name, open.n, open.n == 1 ? "" : "s", open.name,
			open.n == 1 ? "" : ", …");
	if (mode == SEGMENT_PROXY && !net->dhcp)
		check_say(k, CHECK_WARN, "filter",
			"'%s': its DHCP server is not known, so guests accept any DHCP server of its "
			"subnet",
			net->name);
}

/* As the service judges it. `net` NULL: an interface. */
static void check_ipv6(struct check *k, const struct config_segment *c,
	const struct guest_network *net, const char *ifname)
{
	struct config_segment of = c ? *c : config_segment_default();
	const char *kind = net ? "network" : "interface";
	struct segment seg = {0};
	char ip[IP_TEXT], why[512];

	snprintf(seg.ifname, sizeof seg.ifname, "%s", ifname);
	if (net)
		snprintf(of.name, sizeof of.name, "%s", net->name);
	if (segment6_describe(&of, net, &seg, why, sizeof why))
		check_say(k, CHECK_BAD, kind, "IPv6 of '%s' is not served: %s", of.name, why);
	else if (ip_is_set(&seg.six.server))
		check_say(k, CHECK_OK, kind, "IPv6 of '%s' is served on %s/%u%s", of.name,
			ip_format(&seg.six.server, ip), seg.six.prefix_len,
			seg.six.router_s ? ", as its default router" : "");
	if (segment6_wanted(&of, net))
		check_ipv6_host(k, of.name, ifname, &seg.six, net);
}

static void check_active(
	struct check *k, const struct config_segment *c, const struct guest_network *net)
{
	enum segment_mode mode = network_mode(c, net);
	struct check_link l = {.mode = mode, .is_network = true, .leased = net->dhcp};
	char ip[IP_TEXT];

	if (net->dhcp && mode == SEGMENT_OWN)
		check_say(k, CHECK_BAD, "network",
			"'%s' has <dhcp> of its own: leave out mode='own', or take it out with "
			"virsh net-edit %s",
			net->name, net->name);
	else if (!ip_is_set(&net->address) && ip_is_set(&net->address6))
		check_say(k, CHECK_OK, "network", "'%s' on %s has no IPv4 address: IPv6 only",
			net->name, net->bridge);
	else
		check_say(k, CHECK_OK, "network", "'%s' on %s, %s/%u, mode %s: %s", net->name,
			net->bridge, ip_format(&net->address, ip), net->prefix_len,
			segment_mode_name(mode),
			mode == SEGMENT_OWN ? "usher leases"
				: net->dhcp ? "libvirt's dnsmasq leases"
					    : "another server leases");
	check_ipv6(k, c, net, net->bridge);
	snprintf(l.name, sizeof l.name, "%s", net->name);
	memcpy(l.ifname, net->bridge, sizeof l.ifname);
	l.address = net->address;
	check_filters(k, net, mode);
	if (*net->bridge && !if_nametoindex(net->bridge))
		check_say(k, CHECK_BAD, "network",
			"'%s' is active and its bridge %s is gone: virsh net-destroy %s; virsh "
			"net-start %s",
			net->name, net->bridge, net->name, net->name);
	else if (*net->bridge)
		add_link(k, &l);
}

/* As the service judges it at its start. */
static void check_pool_range(
	struct check *k, const struct config_segment *c, const struct guest_network *net)
{
	const struct link_address on = {.ip = net->address, .prefix_len = net->prefix_len};
	char why[512];

	if (!config_pool_fits(c, &on, why, sizeof why))
		check_say(k, CHECK_BAD, "network", "%s", why);
}

static void check_interface(struct check *k, const struct config_segment *c, const char *ifname);

/* `c` NULL: usher made it. */
static void check_network(
	struct check *k, const struct config_segment *c, const struct guest_network *net)
{
	if (!net->active)
		check_say(k, CHECK_BAD, "network", "'%s' is not active: virsh net-start %s",
			net->name, net->name);
	else if (net->bridged && !*net->bridge)
		check_say(k, CHECK_BAD, "network",
			"'%s' has no bridge, but cards of its own: usher serves a network of mode "
			"bridge with <bridge name='br0'/>",
			net->name);
	else if (net->bridged && c)
		check_interface(k, c, net->bridge);
	else
		check_active(k, c, net);
	if (c && net->active && !net->bridged)
		check_pool_range(k, c, net);
	if (!net->persistent)
		check_say(k, CHECK_WARN, "network",
			"'%s' is not defined, and ends with its stop: virsh net-dumpxml %s >FILE; "
			"virsh net-define FILE",
			net->name, net->name);
	else if (!net->autostart)
		check_say(k, CHECK_WARN, "network",
			"'%s' is not started with the host: virsh net-autostart %s", net->name,
			net->name);
}

static const struct guest_network *find(const struct guest_network *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	return NULL;
}

/* What the service remembers to have made. */
static void check_missing(struct check *k, const struct guest_network *all, size_t n)
{
	json_t *net;
	size_t i;

	json_array_foreach(json_object_get(k->networks, "networks"), i, net)
	{
		const char *name = json_string_value(json_object_get(net, "name"));

		if (name && json_is_true(json_object_get(net, "made_by_usher")) &&
			!find(all, n, name))
			check_say(k, CHECK_BAD, "network",
				"'%s' was made by usher, and libvirt has it no more: usher network "
				"create %s",
				name, name);
	}
}

static void check_libvirts(struct check *k)
{
	struct guest_network *all = NULL;
	char why[512];
	size_t n = 0;

	if (guest_networks_info(k->config.libvirt_uri, &all, &n, why, sizeof why)) {
		check_say(k, CHECK_BAD, "network", "%s", why);
		return;
	}
	for (size_t i = 0; i < k->config.n_segments; i++) {
		const struct config_segment *c = &k->config.segments[i];
		const struct guest_network *net = c->is_network ? find(all, n, c->name) : NULL;

		if (net)
			check_network(k, c, net);
		else if (c->is_network)
			check_say(k, CHECK_BAD, "network",
				"there is no libvirt network '%s': virsh net-list --all shows "
				"those there are",
				c->name);
	}
	for (size_t i = 0; i < n; i++)
		if (all[i].ours && !config_segment_of(&k->config, all[i].name))
			check_network(k, NULL, &all[i]);
	check_missing(k, all, n);
	free(all);
}

/* In /sys/class/net/IF; -1: it cannot be read, as a carrier of what is down. */
static long link_number(const char *ifname, const char *file, int base)
{
	char path[96], text[32] = "";
	long v = -1;
	FILE *f;

	snprintf(path, sizeof path, "/sys/class/net/%.15s/%s", ifname, file);
	f = fopen(path, "re");
	if (f && fgets(text, sizeof text, f))
		v = strtol(text, NULL, base);
	if (f)
		fclose(f);
	return v;
}

static void check_carrier(struct check *k, const char *name)
{
	long flags = link_number(name, "flags", 16);

	if (flags >= 0 && !(flags & IFF_UP))
		check_say(k, CHECK_BAD, "interface", "'%s' is down: ip link set %s up", name, name);
	else if (!link_number(name, "carrier", 10))
		check_say(k, CHECK_WARN, "interface",
			link_number(name, "bridge/stp_state", 10) >= 0
				? "'%s' has no carrier: none of the bridge's ports has one"
				: "'%s' has no carrier: is its cable in, and the switch's port on?",
			name);
}

/* `ifname`: its own name, or the host's bridge that a libvirt network only names. */
static void check_interface(struct check *k, const struct config_segment *c, const char *ifname)
{
	static const char *const who[] = {[SEGMENT_OWN] = "usher leases",
		[SEGMENT_PROXY] = "another server leases",
		[SEGMENT_AUTO] = "the service listens first for another server"};
	struct check_link l = {.mode = c->mode};
	const struct link_address *on;
	struct link_state link;
	struct ip dns[SEGMENT_DNS_MAX];
	char ip[IP_TEXT], why[256];

	if (link_lookup(ifname, &link)) {
		check_say(k, CHECK_BAD, "interface", "there is no '%s'", ifname);
		return;
	}
	on = config_segment_address(c, &link, why, sizeof why);
	if (!on && !link.n_addresses && c->six.on)
		check_say(k, CHECK_OK, "interface", "'%s' has no IPv4 address: IPv6 only", c->name);
	else if (!on)
		check_say(k, CHECK_BAD, "interface", "%s", why);
	else
		check_say(k, CHECK_OK, "interface", "'%s' has %s/%u, mode %s: %s", c->name,
			ip_format(&on->ip, ip), on->prefix_len, segment_mode_name(c->mode),
			who[c->mode]);
	if (on && !c->n_dns && !name_servers("", IP_V4, dns))
		check_say(k, CHECK_WARN, "interface",
			"'%s': this host has no name server that clients reach, so they are told "
			"%s: give the segment a <dns address='…'/> if none answers there",
			c->name, ip_format(&on->ip, ip));
	check_ipv6(k, c, NULL, ifname);
	if (!c->is_network)
		check_say(k, CHECK_OK, "filter",
			"'%s': usher filters nothing there: another host that answers DHCP in its name "
			"is reported on the timeline, and not stopped",
			c->name);
	check_carrier(k, ifname);
	snprintf(l.name, sizeof l.name, "%s", c->name);
	memcpy(l.ifname, link.name, sizeof l.ifname);
	if (on)
		l.address = on->ip;
	add_link(k, &l);
}

void check_networks(struct check *k, bool libvirt)
{
	if (libvirt)
		check_libvirts(k);
	for (size_t i = 0; i < k->config.n_segments; i++)
		if (!k->config.segments[i].is_network && !*k->config.segments[i].via)
			check_interface(k, &k->config.segments[i], k->config.segments[i].name);
}
