/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher check: on each link that is served: the bridge, the packet filter, ports, and other DHCP servers. */
#include "usher/cli/check.h"

#include "core/link.h"
#include "core/loop.h"
#include "core/ports.h"
#include "core/sys_number.h"
#include "dhcpd/dhcp_listen.h"
#include "usher/cli/firewall.h"
#include "usher/cli/wall.h"
#include "service/network/one_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DHCP_PORT = 67, TFTP_PORT = 69, PXE_PORT = 4011 };

/* Bridges */

static long bridge_number(const char *ifname, const char *file)
{
	return sys_number(-1, "/sys/class/net/%.15s/bridge/%s", ifname, file);
}

/* A new port listens and learns, for the delay each, before it forwards. */
static void check_bridge(struct check *k, const struct check_link *l)
{
	long delay = bridge_number(l->ifname, "forward_delay"); /* 1/100 s */

	if (bridge_number(l->ifname, "stp_state") <= 0 || delay <= 0)
		return;
	if (l->is_network)
		check_say(k, CHECK_WARN, "bridge",
			"%s has STP on: for %ld s a new port forwards nothing, a guest's first "
			"DISCOVERs are lost: <bridge stp='off' delay='0'/> with virsh net-edit %s, "
			"and for now ip link set %s type bridge stp_state 0",
			l->ifname, 2 * delay / 100, l->name, l->ifname);
	else
		check_say(k, CHECK_WARN, "bridge",
			"%s has STP on: for %ld s a new port forwards nothing, a machine's first "
			"DISCOVERs are lost: ip link set %s type bridge stp_state 0",
			l->ifname, 2 * delay / 100, l->ifname);
}

static void check_one_wire(struct check *k, const struct check_link *l)
{
	char why[512];

	if (one_wire_look(l->ifname, why, sizeof why))
		check_say(k, CHECK_WARN, "wire", "%s", why);
}

/* The packet filter */

static void check_admits(struct check *k, const struct check_link *l, enum verdict verdict,
	const char *protocol, unsigned port, const char *what)
{
	const struct firewall_packet p = {l->ifname, protocol, port};
	char fix[256];

	if (!firewall_admits(k->ruleset, &p, fix, sizeof fix))
		check_say(k, verdict, "firewall", "%s (port %u/%s) is not let in from %s: %s", what,
			port, protocol, l->ifname, fix);
}

/* What machines there send us, in this mode. */
static void check_firewall(struct check *k, const struct check_link *l)
{
	if (!k->ruleset)
		return;
	check_admits(k, l, CHECK_BAD, "udp", DHCP_PORT, "DHCP");
	check_admits(k, l, CHECK_BAD, "udp", TFTP_PORT, "TFTP");
	check_admits(k, l, CHECK_BAD, "tcp", k->config.http_port, "HTTP");
	if (k->config.packages)
		check_admits(k, l, CHECK_BAD, "tcp", k->config.packages_port, "the package cache");
	if (l->mode != SEGMENT_OWN)
		check_admits(k, l, CHECK_BAD, "udp", PXE_PORT, "PXE beside another DHCP server");
	if (!config_log_port(&k->config))
		return;
	check_admits(k, l, CHECK_WARN, "udp", k->config.log_port, "installers' logs by syslog");
	check_admits(k, l, CHECK_WARN, "tcp", k->config.log_port, "installers' logs by syslog");
}

static void read_ruleset(struct check *k)
{
	k->ruleset = wall_rules();
	if (!k->ruleset)
		check_say(k, CHECK_WARN, "firewall",
			"not looked at: that needs root and nft (apt-get install nftables)");
}

/* Ports: as long as no service of ours has them */

static void check_port(struct check *k, const struct check_link *l, bool tcp, uint16_t port,
	const struct ip *address, const char *what, const char *fix)
{
	int rc = port_try(tcp, l->ifname, address, port, !ip_is_set(address));
	char who[96] = "another process", at[IP_TEXT];

	if (rc != -EADDRINUSE)
		return;
	port_holder(tcp, address, port, who, sizeof who);
	check_say(k, CHECK_BAD, "port", "%s: %u/%s on %s%s%s is held by %s: %s", what, port,
		tcp ? "tcp" : "udp", l->ifname, ip_is_set(address) ? ", " : "",
		ip_format(address, at), who, fix);
}

static void check_ports(struct check *k, const struct check_link *l)
{
	static const char stop[] = "stop it, or keep it off this link";
	const struct ip all = {0};

	check_port(k, l, false, l->mode == SEGMENT_PROXY ? PXE_PORT : DHCP_PORT, &all,
		l->mode == SEGMENT_PROXY ? "PXE" : "DHCP", stop);
	if (!ip_is_set(&l->address))
		return;
	check_port(k, l, false, TFTP_PORT, &l->address, "TFTP", stop);
	check_port(k, l, true, k->config.http_port, &l->address, "HTTP",
		"stop it, or give usher another (<http port=''/> in usher.xml)");
	if (k->config.packages)
		check_port(k, l, true, k->config.packages_port, &l->address, "package cache",
			"stop it, or give usher another (<package-cache port=''/> in usher.xml)");
}

/* Who else leases */

struct wire {
	struct check *check;
	const struct check_link *link;
	struct dhcp_listen listen;
	struct listening *of;
};

struct listening {
	struct loop *loop;
	struct wire wires[SEGMENT_MAX];
	size_t n, open;
};

static void say_alone(struct check *k, const struct check_link *l)
{
	if (l->mode == SEGMENT_PROXY)
		check_say(k, CHECK_WARN, "leases",
			"no DHCP server answered on %s, and mode='proxy' gives no address: leave "
			"it out",
			l->ifname);
	else
		check_say(k, CHECK_OK, "leases", "no other DHCP server answered on %s", l->ifname);
}

static void say_other(struct check *k, const struct check_link *l, const char *ip, const char *mac)
{
	check_say(k, l->mode == SEGMENT_OWN ? CHECK_BAD : CHECK_OK, "leases",
		l->mode == SEGMENT_OWN
			? "another DHCP server leases on %s: %s, MAC %s: stop it, or let it lease "
			  "(mode='proxy')"
			: "another DHCP server leases on %s: %s, MAC %s",
		l->ifname, ip, mac);
}

static void decided(void *arg, const struct dhcp_question *q)
{
	const struct dhcp_heard *server = dhcp_question_server(q);
	struct wire *w = arg;
	char ip[IP_TEXT], mac[MAC_TEXT];
	struct ip address;

	if (server) {
		address = ip_from_v4(server->server);
		say_other(
			w->check, w->link, ip_format(&address, ip), mac_format(&server->from, mac));
	} else {
		say_alone(w->check, w->link);
	}
	dhcp_listen_close(&w->listen);
	if (!--w->of->open)
		loop_stop(w->of->loop, 0);
}

/* A link that loses its carrier meanwhile is never decided. */
static void time_over(struct loop_timer *t)
{
	struct listening *n = t->arg;

	loop_stop(n->loop, 0);
}

static void open_wire(struct listening *n, struct check *k, const struct check_link *l)
{
	struct wire *w = &n->wires[n->n++];
	struct link_state link;
	char why[256];

	*w = (struct wire){.check = k, .link = l, .of = n};
	if (link_lookup(l->ifname, &link) || !link.up)
		check_say(k, CHECK_OK, "leases", "nothing is connected to %s yet", l->ifname);
	else if (dhcp_listen_open(&w->listen, n->loop, l->ifname, decided, w, why, sizeof why))
		check_say(k, CHECK_WARN, "leases", "not looked at on %s: %s", l->ifname, why);
	else
		n->open++;
}

/* All at once: it takes as long for one as for many. Where libvirt's dnsmasq leases is known. */
static void ask_wires(struct check *k)
{
	struct listening *n = calloc(1, sizeof *n);
	struct loop_timer limit;

	if (!n || loop_new(&n->loop)) {
		free(n);
		return;
	}
	loop_timer_init(&limit, time_over, n);
	for (size_t i = 0; i < k->n_links; i++)
		if (!k->links[i].leased)
			open_wire(n, k, &k->links[i]);
	if (n->open &&
		!loop_timer_set(n->loop, &limit, DHCP_QUESTION_ROUNDS * DHCP_LISTEN_MS + 1000))
		loop_run(n->loop);
	for (size_t i = 0; i < n->n; i++) {
		if (n->wires[i].listen.loop)
			check_say(k, CHECK_WARN, "leases",
				"%s has no carrier: other DHCP servers could not be looked for there",
				n->wires[i].link->ifname);
		dhcp_listen_close(&n->wires[i].listen);
	}
	loop_timer_clear(n->loop, &limit);
	loop_free(n->loop);
	free(n);
}

/* The service listens all the time. */
static void tell_heard(struct check *k, json_t *segment)
{
	const char *name = json_string_value(json_object_get(segment, "name"));
	json_t *other;
	size_t i;

	json_array_foreach(json_object_get(segment, "others"), i, other)
	{
		const char *mac = json_string_value(json_object_get(other, "mac"));

		if (json_is_true(json_object_get(other, "forged")))
			check_say(k, CHECK_BAD, "leases",
				"another host answers DHCP in usher's name on '%s': MAC %s: find that "
				"machine, and stop it ('usher timeline' says more)",
				name ? name : "?", mac);
		else
			check_say(k, CHECK_BAD, "leases",
				"another DHCP server was heard on '%s': %s, MAC %s: stop it, or "
				"let it lease (mode='proxy')",
				name ? name : "?",
				json_string_value(json_object_get(other, "address")), mac);
	}
}

static void check_leases(struct check *k)
{
	json_t *segment;
	size_t i;

	json_array_foreach(json_object_get(k->status, "segments"), i, segment)
		tell_heard(k, segment);
	if (k->status || !k->n_links)
		return;
	if (geteuid())
		check_say(k, CHECK_WARN, "leases",
			"other DHCP servers were not looked for: that needs root");
	else
		ask_wires(k);
}

void check_wires(struct check *k)
{
	read_ruleset(k);
	for (size_t i = 0; i < k->n_links; i++) {
		check_bridge(k, &k->links[i]);
		check_one_wire(k, &k->links[i]);
		check_firewall(k, &k->links[i]);
		if (!k->status)
			check_ports(k, &k->links[i]);
	}
	check_leases(k);
}
