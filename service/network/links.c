/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Following what is served: bridges are made again, networks started and changed, addresses taken and given. */
#include "service/network/links.h"
#include "service/guests/hosts.h"
#include "service/network/seats.h"
#include "service/network/decided.h"
#include "service/network/segments.h"
#include "service/network/segments6.h"
#include "service/network/one_wire.h"
#include "service/network/network.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 10 * 1000 };

static struct served *served_of(struct network *nw, const struct segment *seg)
{
	return &nw->served[seg->id - 1];
}

static void close_sockets(struct served *d)
{
	const struct network *nw = d->nw;

	if (!d->link)
		return;
	dhcpd_close(nw->dhcpd, d->segment);
	tftpd_close(nw->tftpd, d->segment->id);
	httpd_close(nw->httpd, d->segment->id);
	syslogd_close(nw->syslogd, d->segment->id);
	d->link = 0;
}

static void warn_of_one_wire(struct network *nw, const struct segment *seg)
{
	char why[512];

	if (!one_wire_look(seg->ifname, why, sizeof why))
		return;
	log_warn("%s: %s", seg->name, why);
	timeline_add(nw->base->timeline, "", "network", "%s: %s", seg->name, why);
}

void links_open_log(struct network *nw, struct segment *seg, const struct ip *server)
{
	bool *untaken = server->family == IP_V6 ? &seg->no_log6 : &seg->no_log;
	char why[SERVED_WHY];
	int rc = 0;

	if (seg->log_port)
		rc = syslogd_open(
			nw->syslogd, seg->id, seg->ifname, server, seg->log_port, why, sizeof why);
	if (rc)
		log_warn("%s: %s: logs of installers are not taken there", seg->name, why);
	*untaken = rc; /* whoever has it is not to be sent them */
}

static int open4(struct network *nw, struct segment *seg, char *why, size_t size)
{
	int rc = dhcpd_open(nw->dhcpd, seg, why, size);

	if (!rc)
		rc = tftpd_open(nw->tftpd, seg->id, seg->ifname, &seg->server, why, size);
	if (!rc)
		rc = httpd_open_tcp(
			nw->httpd, seg->id, seg->ifname, &seg->server, seg->http_port, why, size);
	if (!rc)
		links_open_log(nw, seg, &seg->server);
	return rc;
}

int links_open(struct network *nw, struct segment *seg, char *why, size_t why_size)
{
	struct served *d = served_of(nw, seg);
	const struct config_segment *c;
	struct link_state link;
	int rc = link_lookup(seg->ifname, &link);

	if (rc) {
		snprintf(why, why_size, "%s: %s", seg->ifname, strerror(-rc));
		return rc;
	}
	d->link = d->last_link = link.index;
	d->mac = link.mac;
	c = config_segment_of(&nw->base->config, seg->name);
	if (c && c->mode != SEGMENT_AUTO)
		decided_keep(nw, seg, false); /* it was said since: auto begins anew */
	if (ip_is_set(&seg->server))
		rc = open4(nw, seg, why, why_size);
	if (!rc && ip_is_set(&seg->six.server))
		segment6_open(nw, seg, 0, "");
	if (!rc && !segment_is_known(seg)) {
		snprintf(why, why_size, "%s", d->no_ipv6);
		rc = -EADDRNOTAVAIL;
	}
	if (rc) {
		close_sockets(d);
		return rc;
	}
	d->waits = 0;
	warn_of_one_wire(nw, seg);
	return 0;
}

/* Who is being installed there would be waited for in vain. */
static void tell_machines(struct served *d, const char *why)
{
	struct machine *m = NULL;

	while ((m = machines_next(d->nw->base->machines, m)))
		if (life_netboots(m->state) && machine_nic_on(m, d->segment->id))
			timeline_add(d->nw->base->timeline, m->name, "network", "%s: %s",
				d->segment->name, why);
}

static void look_again(struct loop_timer *t);

static void set_again(struct network *nw)
{
	if (nw->again.slot)
		return;
	loop_timer_init(&nw->again, look_again, nw);
	(void)loop_timer_set(nw->base->loop, &nw->again, AGAIN_MS);
}

/* Each reason is told once. */
static void wait_for(struct served *d, int rc, const char *why)
{
	bool served = d->link;

	close_sockets(d);
	if (d->waits != rc)
		log_warn("%s: %s; waiting for it", d->segment->name, why);
	d->waits = rc;
	snprintf(d->why, sizeof d->why, "%s", why);
	set_again(d->nw);
	if (!served)
		return;
	timeline_add(d->nw->base->timeline, "", "network", "%s is no longer served: %s",
		d->segment->name, why);
	tell_machines(d, why);
}

/* What makes it be there again. */
static void fix_of(const struct segment *seg, const struct config *config, char *buf, size_t size)
{
	const struct config_segment *c = config_segment_of(config, seg->name);

	buf[0] = '\0';
	if (seg->is_network && !seg->bridged)
		snprintf(buf, size, ": %s %s",
			c && c->remembered ? "usher network create" : "virsh net-start", seg->name);
}

static bool is_there(const struct segment *seg, const struct link_state *link)
{
	if (!ip_is_set(&seg->server))
		return ip_is_set(&seg->six.server) && segment6_is_there(seg, link);
	for (size_t i = 0; i < link->n_addresses; i++)
		if (ip_eq(&link->addresses[i].ip, &seg->server) &&
			link->addresses[i].prefix_len == seg->prefix_len)
			return true;
	return false;
}

/* Nobody puts the card of a guest that ran meanwhile on the new bridge, only its next start does. An installer has
 * nothing to lose and is started again at once; an installed system is its owner's. */
static void mend_cards(struct served *d)
{
	struct network *nw = d->nw;
	struct machine *m = NULL;

	while ((m = machines_next(nw->base->machines, m))) {
		if (!m->guest || m->deleting || guests_of(nw->hosts, m) != nw->hosts->own ||
			!machine_nic_on(m, d->segment->id) ||
			reserved(nw->base->reserved, m->name, 0, NULL))
			continue;
		if (life_installs(m->state)) {
			timeline_add(nw->base->timeline, m->name, "network",
				"%s has a new bridge: restarted to connect to it",
				d->segment->name);
			machine_ask(m, LIFE_DO_NETBOOT);
		} else if (m->state == LIFE_INSTALLED || m->state == LIFE_UP ||
			m->state == LIFE_LIVE) {
			timeline_add(nw->base->timeline, m->name, "network",
				"%s has a new bridge, and the running guest is not connected to "
				"it: run 'virsh shutdown %s', then 'virsh start %s'",
				d->segment->name, m->name, m->name);
		}
	}
}

static void serve_again(struct served *d)
{
	struct segment *seg = d->segment;
	unsigned before = d->last_link;
	char why[512], ip[IP_TEXT];
	int rc = links_open(d->nw, seg, why, sizeof why);

	if (rc) {
		wait_for(d, rc, why);
		return;
	}
	timeline_add(d->nw->base->timeline, "", "network", "%s is served on %s, %s/%u", seg->name,
		seg->ifname, ip_format(segment_asked(seg, IP_NONE), ip),
		ip_is_set(&seg->server) ? seg->prefix_len : seg->six.prefix_len);
	if (seg->is_network && before && before != d->link)
		mend_cards(d);
}

/* Those that may answer guests' DHCP. */
static bool has_same_servers(const struct segment *a, const struct segment *b)
{
	return ip_eq(&a->server, &b->server) && a->mode == b->mode &&
		ip_eq(&a->lessor, &b->lessor) && a->prefix_len == b->prefix_len;
}

static void refilter_guests(struct served *d)
{
	struct machine *m = NULL;

	while ((m = machines_next(d->nw->base->machines, m)))
		if (m->guest && !m->deleting && machine_nic_on(m, d->segment->id))
			machine_ask(m, LIFE_DO_FILTER);
}

/* libvirt says who leases there. */
static bool mode_is_libvirts(const struct segment *seg)
{
	return seg->is_network && !seg->bridged;
}

static bool is_same(const struct segment *a, const struct segment *b)
{
	return !strcmp(a->ifname, b->ifname) && ip_eq(&a->server, &b->server) &&
		a->prefix_len == b->prefix_len && ip_eq(&a->router, &b->router) &&
		!strcmp(a->domain, b->domain) && a->bridged == b->bridged &&
		(!mode_is_libvirts(a) || (a->mode == b->mode && ip_eq(&a->lessor, &b->lessor)));
}

/* What was once decided about an interface stays: its wire is the same. */
static void take_over(struct served *d, const struct config_segment *c, struct segment *next)
{
	struct segment *seg = d->segment;
	const struct segments *all = &d->nw->base->segments;
	bool new_mode, moved, same = segment_is_known(seg) && is_same(seg, next);

	if (!mode_is_libvirts(next) && (!mode_is_libvirts(seg) || !segment_is_known(seg))) {
		next->mode = seg->mode;
		next->lessor = seg->lessor;
	}
	new_mode = next->mode != seg->mode || !segment_is_known(seg);
	next->id = seg->id;
	moved = ip_is_set(&seg->server) && !has_same_servers(seg, next);
	*seg = *next;
	for (size_t i = 0; i < all->count; i++)
		if (all->all[i]->via == seg->id) {
			if (ip_is_set(&all->all[i]->subnet))
				all->all[i]->server = seg->server;
			memcpy(all->all[i]->ifname, seg->ifname, sizeof seg->ifname);
		}
	if (new_mode) {
		segment_say_mode(seg, c);
		seats_look(d->nw, "");
	}
	if (moved)
		refilter_guests(d);
	if (!same)
		segment_say_misfits(d->nw, seg, c);
}

/* A bridge takes another MAC when its ports change, and replies leave from that. The link's own IPv6 address comes later than
 * the served one, and is another then. */
static void look_at_dhcp(struct served *d, const struct link_state *link, bool changed)
{
	const struct segment *seg = d->segment;
	char why[512];
	int rc;

	changed |= !mac_eq(&d->mac, &link->mac) || ip_is_set(&seg->six.server);
	if (!changed || !segment_is_known(seg))
		return;
	d->mac = link->mac;
	rc = dhcpd_open(d->nw->dhcpd, seg, why, sizeof why);
	if (rc)
		wait_for(d, rc, why);
}

/* Of the same link and IPv4: only the other family comes, goes or is another. */
static void follow6(struct served *d, struct segment *next, const struct link_state *link, int rc,
	const char *why)
{
	struct network *nw = d->nw;
	struct segment *seg = d->segment;
	char ip[IP_TEXT];
	bool was = ip_is_set(&seg->six.server);

	if (!rc && segment6_is_same(&seg->six, &next->six)) {
		look_at_dhcp(d, link, false);
		return;
	}
	if (was)
		segment6_close(nw, seg);
	seg->six = next->six;
	segment6_open(nw, seg, rc, why);
	if (was || ip_is_set(&seg->six.server))
		refilter_guests(d);
	if (ip_is_set(&seg->six.server))
		timeline_add(nw->base->timeline, "", "network", "%s is served by IPv6 on %s, %s/%u",
			seg->name, seg->ifname, ip_format(&seg->six.server, ip),
			seg->six.prefix_len);
	look_at_dhcp(d, link, was);
}

/* libvirt's word of it is not enough, unlike that of IPv4: a duplicate is found out when the first guest has come. */
static int look6(const struct config_segment *c, const struct guest_network *net,
	struct segment *next, const struct link_state *link, char *why, size_t size)
{
	int rc = segment6_describe(c, net, next, why, size);
	char ip[IP_TEXT];

	if (rc || segment6_is_there(next, link))
		return rc;
	snprintf(why, size,
		"%s does not have %s, or another host has it too: ip -6 address show %s",
		next->ifname, ip_format(&next->six.server, ip), next->ifname);
	next->six = (struct segment6){0};
	return -EADDRNOTAVAIL;
}

static uint64_t hash6(const struct link_state *link)
{
	return hash_bytes(link->addresses6, link->n_addresses6 * sizeof *link->addresses6, 0);
}

/* `net` NULL: of an interface. */
static void refresh(struct served *d, const struct guest_network *net)
{
	const struct config_segment *c = config_segment_of(&d->nw->base->config, d->segment->name);
	struct segment *seg = d->segment, next;
	struct link_state link;
	char why[512];
	int rc = segment_describe(d->nw, c, net, &next, why, sizeof why), rc6;

	if (*next.ifname)
		memcpy(seg->ifname, next.ifname, sizeof seg->ifname);
	if (rc) {
		wait_for(d, rc, why);
		return;
	}
	/* libvirt knows already, the kernel not yet: another change tells when it does */
	if (link_lookup(next.ifname, &link) || !is_there(&next, &link))
		return;
	d->addresses6 = hash6(&link);
	rc6 = look6(c, net, &next, &link, why, sizeof why);
	if (link.index == d->link && is_same(seg, &next)) {
		follow6(d, &next, &link, rc6, why);
		return;
	}
	close_sockets(d);
	take_over(d, c, &next);
	serve_again(d);
	if (rc6)
		segment6_open(d->nw, seg, rc6, why);
}

static void ask(struct served *d);

/* Without libvirt a network that looks as it did is served. */
static void refresh_as_was(struct served *d)
{
	struct link_state link;

	if (!link_lookup(d->segment->ifname, &link) && link.index != d->link &&
		is_there(d->segment, &link)) {
		close_sockets(d);
		serve_again(d);
	}
}

/* libvirt has none of that name. */
static void wait_for_network(struct served *d, const char *why)
{
	char line[256], fix[128];

	fix_of(d->segment, &d->nw->base->config, fix, sizeof fix);
	snprintf(line, sizeof line, "libvirt has no such network%s", fix);
	wait_for(d, -ENOENT, networks_find(&d->nw->networks, d->segment->name) ? line : why);
}

static void on_network(void *arg, int rc, const struct guest_network *net, const char *why)
{
	struct network *nw = arg;
	const struct segment *seg = segments_by_name(&nw->base->segments, net->name);
	struct served *d = seg ? served_of(nw, seg) : NULL;

	if (!d)
		return; /* deleted meanwhile */
	d->asking = false;
	if (nw->base->stopping || d->leaving)
		return;
	if (d->again)
		ask(d);
	else if (!rc)
		refresh(d, net);
	else if (rc == -ENOENT)
		wait_for_network(d, why);
	else
		refresh_as_was(d);
}

static void ask(struct served *d)
{
	if (d->leaving)
		return;
	d->again = d->asking;
	if (!d->asking && guests_connected(d->nw->hosts->own))
		d->asking = !guest_network(d->nw->hosts->own, d->segment->name, on_network, d->nw);
	if (!d->asking)
		refresh_as_was(d);
}

static void follow(struct served *d)
{
	const struct segment *seg = d->segment;
	struct link_state link;
	char why[256], fix[128];
	int rc;

	if (d->leaving)
		return;
	fix_of(seg, &d->nw->base->config, fix, sizeof fix);
	rc = link_lookup(seg->ifname, &link);
	d->unseen = rc && rc != -ENODEV;
	if (d->unseen) {
		set_again(d->nw);
	} else if (rc) {
		snprintf(why, sizeof why, "%s is gone%s", seg->ifname, fix);
		if (d->link)
			wait_for(d, -ENODEV, why);
	} else if (!seg->is_network) {
		refresh(d, NULL);
	} else if (link.index != d->link || !is_there(seg, &link) ||
		d->addresses6 != hash6(&link)) {
		ask(d);
	} else if (d->link) {
		look_at_dhcp(d, &link, false);
	}
}

/* Of a port that somebody had, and has no more, nobody tells. */
static void look_again(struct loop_timer *t)
{
	struct network *nw = t->arg;
	bool waits = false;

	for (size_t i = 0; i < nw->base->segments.count && !nw->base->stopping; i++) {
		struct served *d = served_of(nw, nw->base->segments.all[i]);

		if (d->waits || d->unseen)
			follow(d);
		waits |= d->waits || d->unseen;
	}
	if (waits)
		set_again(nw);
}

void links_wait(struct network *nw, const struct segment *seg, int rc, const char *why)
{
	wait_for(served_of(nw, seg), rc, why);
}

void links_changed(void *arg, const char *ifname)
{
	struct network *nw = arg;

	for (size_t i = 0; i < nw->base->segments.count; i++)
		if (!nw->base->segments.all[i]->via &&
			(!ifname || !strcmp(nw->base->segments.all[i]->ifname, ifname)))
			follow(served_of(nw, nw->base->segments.all[i]));
}

void links_network_changed(struct network *nw, const char *network, bool started)
{
	for (size_t i = 0; i < nw->base->segments.count; i++)
		if (started && nw->base->segments.all[i]->is_network &&
			!strcmp(nw->base->segments.all[i]->name, network))
			ask(served_of(nw, nw->base->segments.all[i]));
}

int links_begin(struct network *nw, char *why, size_t why_size)
{
	for (size_t i = 0; i < nw->base->segments.count; i++) {
		struct segment *seg = nw->base->segments.all[i];
		int rc =
			!seg->via && segment_is_known(seg) ? links_open(nw, seg, why, why_size) : 0;

		if (rc && config_segment_of(&nw->base->config, seg->name)->named)
			return rc;
		if (rc)
			links_wait(nw, seg, rc, why);
	}
	return 0;
}

void links_look(struct network *nw)
{
	for (size_t i = 0; i < nw->base->segments.count; i++)
		if (nw->base->segments.all[i]->via)
			continue;
		else if (nw->base->segments.all[i]->is_network)
			ask(served_of(nw, nw->base->segments.all[i]));
		else
			refresh(served_of(nw, nw->base->segments.all[i]), NULL);
}

void links_refresh(struct network *nw, const struct guest_network *net)
{
	const struct segment *seg = segments_by_name(&nw->base->segments, net->name);

	if (seg && !served_of(nw, seg)->leaving)
		refresh(served_of(nw, seg), net);
}

void links_leave(struct network *nw, const struct segment *seg)
{
	struct served *d = served_of(nw, seg);

	close_sockets(d);
	d->leaving = true;
	d->segment->server = (struct ip){0};
	d->segment->six = (struct segment6){0};
	segment6_relayed(nw, d->segment);
}

void links_stay(struct network *nw, const struct segment *seg)
{
	struct served *d = served_of(nw, seg);

	d->leaving = false;
	ask(d);
}
