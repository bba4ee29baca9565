/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is who asks the machine itself? What the records, the leases and the kernel say of the address, for place.h to decide,
 * and who has to wait until the kernel knows more.
 *
 * A MAC and an address are claims that every neighbour can make. Not so a bridge's port: libvirt gives each guest's tap
 * device the guest's own MAC, but for the first byte (fe), on the host's side, where no guest can change it.
 */
#include "service/guests/hosts.h"
#include "service/boot/place_look.h"
#include "service/boot/transfers.h"
#include "service/discovery/discovery.h"
#include "service/network/segments.h"

#include "core/bridge.h"
#include "core/plain.h"
#include "core/clock.h"
#include "core/neighbour.h"
#include "machine/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAITS_MAX =
		256, /* requests that wait at a time: a rack that asks at once. Each has a timer */
	WAITS_EACH = 4,                    /* of one machine: nobody takes the others' room */
	STRANGER_TOLD_MS = 10 * 60 * 1000, /* the same of a stranger is on the timeline once */
};

/* ms before each further look, 2 s in all: what is on the wire answers ARP within one of them. */
static const int pauses[] = {50, 100, 200, 400, 400, 400, 450};
enum { LOOKS = sizeof pauses / sizeof *pauses };

struct place_wait {
	struct place_wait *next;
	struct boot *boot;
	struct loop_timer timer;
	struct place_asker asker;
	char machine[MACHINE_NAME];
};

/* What was seen of the wire, and the words for it. */
struct seen {
	struct place_view view;
	/* the card of the machine that it looks like, else that which is to have the address, else its first there */
	const struct nic *nic;
	struct mac own; /* the card's MAC, of that nic or of a stranger */
	struct mac mac; /* that answers for the address */
	char port[NEIGHBOUR_PORT];
};

static enum place_seen look_port(
	const char *ifname, const struct nic *nic, char port[NEIGHBOUR_PORT])
{
	struct mac mac;
	int rc = neighbour_port(ifname, &nic->mac, port, &mac);

	if (rc)
		return place_seen_not(rc);
	return bridge_is_tap_of(&mac, &nic->mac) ? PLACE_SEEN_ITS : PLACE_SEEN_ANOTHERS;
}

static bool has_ipv6(const struct nic *nic)
{
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (nic->addrs[i].family == IP_V6)
			return true;
	return false;
}

/* The card that has it by the record, as place_machine() says it. */
static const struct nic *recorded(
	const struct machine *m, const struct segment *seg, const struct ip *ip)
{
	const struct nic *nic = machine_nic_with(m, seg->id, ip);
	struct ip v4;

	if (nic || !segment_v4_of(seg, ip, &v4))
		return nic;
	nic = machine_nic_with(m, seg->id, &v4);
	return nic && !has_ipv6(nic) ? nic : NULL;
}

struct machine *place_machine(struct boot *boot, const struct segment *seg, const struct ip *ip)
{
	struct machine *m = machines_by_ip(boot->base->machines, seg->id, ip);
	struct ip v4;

	if (!m && segment_v4_of(seg, ip, &v4))
		m = machines_by_ip(boot->base->machines, seg->id, &v4);
	return m && recorded(m, seg, ip) ? m : NULL;
}

/* Which card is to have it: whose lease it is, else whose record. */
static const struct nic *nic_of_address(
	struct boot *boot, const struct machine *m, const struct segment *seg, const struct ip *ip)
{
	const struct lease *l = lease_by_ip(dhcpd_leases(boot->dhcpd), seg->id, ip);
	const struct nic *nic = l ? machine_nic_of(m, seg->id, &l->mac) : NULL;

	return nic ? nic : recorded(m, seg, ip);
}

/* An installer need not renew, and anybody can give back an address in a machine's name: whoever held it last holds it
 * still, until another does. */
static void look_records(struct boot *boot, const struct machine *m, const struct segment *seg,
	const struct ip *ip, struct place_view *v)
{
	const struct lease *l = lease_by_ip(dhcpd_leases(boot->dhcpd), seg->id, ip);
	const struct machine *of = place_machine(boot, seg, ip);
	bool its = l && machine_nic_of(m, seg->id, &l->mac);

	v->recorded = recorded(m, seg, ip) != NULL;
	v->leased = its && (l->state == LEASE_BOUND || l->state == LEASE_RELEASED);
	v->anothers = (of && of != m) || (l && !its && lease_is_live(l, clock_steady_ms()));
	v->others_lease = seg->mode != SEGMENT_OWN;
	v->self_made = segment_self_made(seg, ip);
}

static void look_wire(struct boot *boot, const struct machine *m, const struct segment *seg,
	const struct ip *ip, struct seen *seen)
{
	struct place_view *v = &seen->view;
	int rc = neighbour_mac(seg->ifname, ip, &seen->mac);
	const struct nic *nic = rc ? NULL : machine_nic_of(m, seg->id, &seen->mac);

	v->mac = rc ? place_seen_not(rc) : nic ? PLACE_SEEN_ITS : PLACE_SEEN_ANOTHERS;
	seen->nic = nic ? nic : seen->nic;
	seen->own = seen->nic->mac;
	/* on another host its port is on a bridge that we cannot see */
	v->guest = m->guest && guests_of(boot->hosts, m) == boot->hosts->own;
	if (v->guest)
		v->port = look_port(seg->ifname, seen->nic, seen->port);
}

/* A card that has no record holds its address by a lease alone; it may have got a record since it booted. */
static void look_stranger(
	struct boot *boot, const struct stranger *s, const struct place_asker *a, struct seen *seen)
{
	const struct segment *seg = segments_by_id(&boot->base->segments, a->segment);
	const struct lease *l = lease_by_ip(dhcpd_leases(boot->dhcpd), a->segment, a->peer);
	bool its = l && mac_eq(&l->mac, &s->mac);
	const struct machine *of;
	int rc;

	*seen = (struct seen){.own = s->mac};
	seen->view.card = seg && !strcmp(seg->name, s->segment);
	if (!seen->view.card)
		return;
	seen->view.relayed = seg->via;
	seen->view.leased = its && (l->state == LEASE_BOUND || l->state == LEASE_RELEASED);
	seen->view.others_lease = seg->mode != SEGMENT_OWN;
	of = place_machine(boot, seg, a->peer);
	seen->view.anothers = (of && !machine_nic_of(of, seg->id, &s->mac)) ||
		(l && !its && lease_is_live(l, clock_steady_ms()));
	if (seg->via)
		return;
	rc = neighbour_mac(seg->ifname, a->peer, &seen->mac);
	seen->view.mac = rc                   ? place_seen_not(rc)
		: mac_eq(&seen->mac, &s->mac) ? PLACE_SEEN_ITS
					      : PLACE_SEEN_ANOTHERS;
}

static void look(struct boot *boot, const struct machine *m, uint32_t segment, const struct ip *ip,
	struct seen *seen)
{
	const struct segment *seg = segments_by_id(&boot->base->segments, segment);

	*seen = (struct seen){.nic = seg ? nic_of_address(boot, m, seg, ip) : NULL};
	if (seg && !seen->nic)
		seen->nic = machine_nic_on(m, segment);
	seen->view.card = seen->nic;
	if (!seen->view.card)
		return;
	seen->own = seen->nic->mac;
	seen->view.relayed = seg->via;
	look_records(boot, m, seg, ip, &seen->view);
	if (!seg->via)
		look_wire(boot, m, seg, ip, seen);
}

static void say(const struct seen *seen, enum place_fault fault, enum ip_family family, char *why,
	size_t size)
{
	char mac[MAC_TEXT], own[MAC_TEXT];

	mac_format(&seen->own, own);
	switch (fault) {
	case PLACE_FINE:
		snprintf(why, size, "the request came from the machine");
		break;
	case PLACE_NO_CARD:
		snprintf(why, size, "the machine has no card on that network");
		break;
	case PLACE_NOT_HELD:
		snprintf(why, size, "the machine does not hold that address");
		break;
	case PLACE_ANOTHERS:
		snprintf(why, size, "that address belongs to another client");
		break;
	case PLACE_WRONG_MAC:
		snprintf(why, size, "the request came from MAC %s, the machine's MAC is %s",
			mac_format(&seen->mac, mac), own);
		break;
	case PLACE_WRONG_PORT:
		snprintf(why, size, "%s is at bridge port %s, which is not the guest's", own,
			seen->port);
		break;
	case PLACE_NO_MAC:
		snprintf(why, size, "no host answers %s for that address, so its MAC is unknown",
			family == IP_V6 ? "neighbour discovery" : "ARP");
		break;
	case PLACE_NO_PORT:
		snprintf(why, size, "the bridge does not know the port of %s", own);
		break;
	}
}

/* Waiting */

static size_t waits(const struct boot *boot, const char *machine)
{
	size_t n = 0;

	for (const struct place_wait *w = boot->place_waits; w; w = w->next)
		n += !machine || !strcmp(w->machine, machine);
	return n;
}

static void wait_over(struct place_wait *w)
{
	struct boot *boot = w->boot;
	struct place_wait **at = &boot->place_waits;
	struct place_asker asker = w->asker;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	loop_timer_clear(boot->base->loop, &w->timer);
	free(w);
	asker.again(boot, asker.request, asker.looks + 1);
}

static void timer_over(struct loop_timer *t)
{
	wait_over(t->arg);
}

/* Asks the kernel to ask the wire. */
static void provoke(const struct boot *boot, const struct place_asker *a)
{
	const struct segment *seg = segments_by_id(&boot->base->segments, a->segment);

	if (seg)
		(void)neighbour_provoke(seg->ifname, segment_server(seg, a->peer->family), a->peer);
}

/* `name`: of the machine, or a stranger's MAC. */
static bool put_off(struct boot *boot, const char *name, const struct place_asker *a)
{
	struct place_wait *w;

	if (a->looks >= LOOKS || boot->base->stopping || waits(boot, NULL) >= WAITS_MAX ||
		waits(boot, name) >= WAITS_EACH)
		return false;
	w = calloc(1, sizeof *w);
	if (!w)
		return false;
	*w = (struct place_wait){.next = boot->place_waits, .boot = boot, .asker = *a};
	snprintf(w->machine, sizeof w->machine, "%s", name);
	loop_timer_init(&w->timer, timer_over, w);
	if (loop_timer_set(boot->base->loop, &w->timer, pauses[a->looks])) {
		free(w);
		return false;
	}
	boot->place_waits = w;
	provoke(boot, a);
	return true;
}

void place_drop_all(struct boot *boot)
{
	while (boot->place_waits)
		wait_over(boot->place_waits);
}

/* What the others call */

/* Who asks is a machine itself, with its own card and address: it was sent to the wrong place. */
static void note_astray(struct boot *boot, const struct machine *asked_for,
	const struct place_asker *a, const struct seen *seen)
{
	const struct segment *seg = segments_by_id(&boot->base->segments, a->segment);
	const struct machine *by = seg ? place_machine(boot, seg, a->peer) : NULL;
	char text[96];

	if (!by || by == asked_for || !machine_nic_of(by, seg->id, &seen->mac))
		return;
	snprintf(text, sizeof text, "that of %s", asked_for->name);
	machine_saw(by, SAW_ASTRAY, text);
}

enum place_verdict place_admit(
	struct boot *boot, const struct machine *m, const struct place_asker *a)
{
	char why[160], text[320], ip[IP_TEXT], said[65];
	enum place_fault fault;
	struct seen seen;

	look(boot, m, a->segment, a->peer, &seen);
	fault = place_judge(&seen.view);
	if (fault == PLACE_FINE)
		return PLACE_ADMITTED;
	if (place_is_open(fault) && put_off(boot, m->name, a))
		return PLACE_WAITS;
	say(&seen, fault, a->peer->family, why, sizeof why);
	snprintf(text, sizeof text, "%s for %s: %s", plain_line(a->what, said, sizeof said),
		ip_format(a->peer, ip), why);
	machine_tell(m, "refused", text);
	machine_saw(m, SAW_WITHHELD, text);
	note_astray(boot, m, a, &seen);
	return PLACE_REFUSED;
}

enum place_verdict place_admit_stranger(
	struct boot *boot, const struct stranger *s, const struct place_asker *a)
{
	char why[160], text[320], ip[IP_TEXT], mac[MAC_TEXT], said[65];
	enum place_fault fault;
	struct seen seen;

	mac_format(&s->mac, mac);
	look_stranger(boot, s, a, &seen);
	fault = place_judge(&seen.view);
	if (fault == PLACE_FINE)
		return PLACE_ADMITTED;
	if (place_is_open(fault) && put_off(boot, mac, a))
		return PLACE_WAITS;
	say(&seen, fault, a->peer->family, why, sizeof why);
	snprintf(text, sizeof text, "%s of %s, which is not known here, for %s: %s",
		plain_line(a->what, said, sizeof said), mac, ip_format(a->peer, ip), why);
	timeline_add_peers(
		boot->base->timeline, "", "refused", clock_wall_ms() - STRANGER_TOLD_MS, -1, text);
	return PLACE_REFUSED;
}

struct boot_client place_client(
	struct boot *boot, const struct machine *m, uint32_t segment, const struct ip *ip)
{
	const struct segment *seg = segments_by_id(&boot->base->segments, segment);
	const struct nic *nic = seg ? nic_of_address(boot, m, seg, ip) : NULL;
	struct boot_client c = {.ip = *ip};
	struct mac mac;

	if (!nic && seg && !seg->via && !neighbour_mac(seg->ifname, ip, &mac))
		nic = machine_nic_of(m, segment, &mac);
	if (nic) {
		c.mac = nic->mac;
		snprintf(c.segment, sizeof c.segment, "%s", nic->segment);
	}
	return c;
}

/* Where usher does not know who was given an address. */
static struct machine *by_mac(struct boot *boot, const struct segment *seg, const struct ip *ip)
{
	struct mac mac;

	return seg && !seg->via && seg->mode != SEGMENT_OWN && !neighbour_mac(seg->ifname, ip, &mac)
		? machines_by_mac(boot->base->machines, seg->id, &mac, NULL)
		: NULL;
}

struct machine *place_speaker(
	struct boot *boot, uint32_t link, const struct ip *from, char *why, size_t size)
{
	uint32_t segment = segment_of_peer(boot->network, link, from);
	struct machine *m = machine_at(boot, link, from);
	enum place_fault fault;
	struct seen seen;

	if (!m)
		m = by_mac(boot, segments_by_id(&boot->base->segments, segment), from);
	if (!m)
		return NULL;
	look(boot, m, segment, from, &seen);
	fault = place_judge(&seen.view);
	*why = '\0';
	if (fault != PLACE_FINE && !place_is_open(fault))
		say(&seen, fault, from->family, why, size);
	return m;
}

bool place_hears(struct boot *boot, const struct machine *m, const struct segment *seg,
	const struct mac *mac, const struct ip *from, char *why, size_t size)
{
	struct seen seen = {.nic = machine_nic_of(m, seg->id, mac)};
	int rc;

	if (seg->via || !seen.nic)
		return true;
	seen.own = seen.nic->mac;
	if (from) {
		rc = neighbour_mac(seg->ifname, from, &seen.mac);
		seen.view.mac = rc               ? place_seen_not(rc)
			: mac_eq(&seen.mac, mac) ? PLACE_SEEN_ITS
						 : PLACE_SEEN_ANOTHERS;
	} else {
		seen.view.mac = PLACE_SEEN_CANNOT; /* the client has no address yet */
	}
	seen.view.card = seen.view.recorded = true;
	seen.view.guest = m->guest && guests_of(boot->hosts, m) == boot->hosts->own;
	if (seen.view.guest)
		seen.view.port = look_port(seg->ifname, seen.nic, seen.port);
	say(&seen, place_judge(&seen.view), from ? from->family : IP_NONE, why, size);
	return place_judge(&seen.view) == PLACE_FINE;
}
