/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_events.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/dhcp_boot.h"
#include "machine/watch.h"

#include <stdio.h>

enum {
	/* Events of one MAC's leases a minute. A reinstallation has some six; a client gone mad has
	 * thousands. */
	TOLD_OF_MACHINE = 20,
	TOLD_OF_GUEST = 4,
	TOLD_OF_MACHINES = 3000, /* of all: a room that powers on at once */
	TOLD_EVERY_MS = 24 * 3600 * 1000,
};

void dhcp_events_init(struct dhcp_events *e, struct timeline *timeline)
{
	*e = (struct dhcp_events){.timeline = timeline,
		.machines = {.each = TOLD_OF_MACHINE, .most = TOLD_OF_MACHINES},
		.guests = {.each = TOLD_OF_GUEST},
		.odd = {.every = TOLD_EVERY_MS},
		.hardware = {.every = TOLD_EVERY_MS}};
}

static const char *client_text(const struct dhcp_policy *p, char *buf, size_t size)
{
	char what[DHCP_CLIENT_TEXT];
	const char *text = dhcp_boot_client_text(dhcp_firmware_of(p->msg), what);

	snprintf(buf, size, "%s%sxid %08x", text, text[0] ? ", " : "", p->msg->xid);
	return buf;
}

static const char *machine_name(const struct dhcp_decision *d)
{
	return d->machine ? d->machine->name : "";
}

static bool is_news(const struct dhcp_decision *dec)
{
	switch (dec->reason) {
	case DHCP_STRANGER:
	case DHCP_TAKEN:
	case DHCP_MISPLACED:
	case DHCP_NOT_YOURS:
	case DHCP_OFF_LINK:
	case DHCP_BOOTP_STRANGER:
	case DHCP_NO_GUEST:
	case DHCP_SHARE_FULL:
	case DHCP_RELAYED:
		return true;
	default:
		return false;
	}
}

/* ", the next is free in 5 minutes" */
static const char *next_free_text(const struct dhcp_policy *p, char *buf, size_t size)
{
	int64_t s = (lease_next_free(p->leases, p->segment, IP_V4) - p->now + 999) / 1000;

	buf[0] = '\0';
	if (s > 90)
		snprintf(buf, size, ", the next is free in %lld minutes", (long long)(s + 59) / 60);
	else if (s > 0)
		snprintf(buf, size, ", the next is free in %lld s", (long long)s);
	return buf;
}

/* The segment's trouble, not the client's: told once a minute, whoever asks. */
static bool note_full(struct dhcp_events *e, const struct dhcp_policy *p)
{
	const struct segment *s = p->segment;
	static const struct mac anybody;
	char mac[MAC_TEXT], next[64];

	if (!dhcp_notice_due(&e->refusals, s->id, &anybody, clock_mono_ms()))
		return false;
	timeline_add(e->timeline, "", "refused",
		"the pool of %s is full: %u addresses%s; %s got none", s->name,
		s->pool_last - s->pool_first + 1, next_free_text(p, next, sizeof(next)),
		mac_format(&p->msg->mac, mac));
	return true;
}

static bool note_refusal(
	struct dhcp_events *e, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	const struct segment *s = p->segment;
	char mac[MAC_TEXT], client[80];

	if (dec->reason == DHCP_POOL_FULL)
		return note_full(e, p);
	if (!is_news(dec) || !dhcp_notice_due(&e->refusals, s->id, &p->msg->mac, clock_mono_ms()))
		return false;
	mac_format(&p->msg->mac, mac);
	client_text(p, client, sizeof(client));
	timeline_add(e->timeline, machine_name(dec), "refused", "%s on %s: %s (%s, %s)", mac,
		s->name, dhcp_reason_text(dec->reason), dhcp_type_name(p->msg->type), client);
	return true;
}

/* It has another address than its record says. */
static bool note_instead(
	struct dhcp_events *e, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	char mac[MAC_TEXT], ip[IP_TEXT];

	if (!dec->not_own || !dec->machine ||
		!dhcp_notice_due(&e->refusals, p->segment->id, &p->msg->mac, clock_mono_ms()))
		return false;
	timeline_add(e->timeline, dec->machine->name, "refused",
		"%s on %s: %s: usher offers %s instead", mac_format(&p->msg->mac, mac),
		p->segment->name, dhcp_reason_text(dec->not_own), ip_format(&dec->address, ip));
	return true;
}

bool dhcp_events_is_computed(const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	struct ip ip;

	return p->segment->computed && mac_to_ip(&p->msg->mac, &ip) == 0 &&
		ip_eq(&ip, &dec->address);
}

static bool within_reason(
	struct dhcp_events *e, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	return dhcp_notice_due(dec->machine ? &e->machines : &e->guests, p->segment->id,
		&p->msg->mac, clock_mono_ms());
}

/* A stranger's lease is no event: strangers come by the thousands, and the timeline is our
 * machines'. */
static bool note_lease(
	struct dhcp_events *e, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	char mac[MAC_TEXT], ip[IP_TEXT], client[80];
	bool ours = dec->machine || dhcp_events_is_computed(p, dec);
	bool told = dec->news && ours && within_reason(e, p, dec);

	if (!told && !(dec->news && log_wants(LOG_DEBUG)))
		return false;
	ip_format(&dec->address, ip);
	mac_format(&p->msg->mac, mac);
	client_text(p, client, sizeof(client));
	if (told)
		timeline_add(
			e->timeline, machine_name(dec), "leased", "%s to %s (%s)", ip, mac, client);
	else
		log_debug("dhcp %s: leased %s to %s (%s)", p->segment->name, ip, mac, client);
	return told;
}

/* Nobody answered for it. */
static bool note_decline(
	struct dhcp_events *e, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	const char *found = dec->doubtful ? "no other host answers ARP for it"
					  : "usher cannot check whether it is in use";
	char mac[MAC_TEXT], ip[IP_TEXT];

	if (!within_reason(e, p, dec))
		return false;
	ip_format(&dec->address, ip);
	mac_format(&p->msg->mac, mac);
	if (dec->verdict == DHCP_NOTE_DECLINE)
		timeline_add(e->timeline, machine_name(dec), "declined",
			"%s declined by %s on %s: %s; the client keeps the address", ip, mac,
			p->segment->name, found);
	else
		timeline_add(e->timeline, machine_name(dec), "declined",
			"%s declined by %s on %s: %s; not leased again for %d s", ip, mac,
			p->segment->name, found, LEASE_REST_MS / 1000);
	return true;
}

bool dhcp_events_note(
	struct dhcp_events *e, const struct dhcp_policy *p, const struct dhcp_decision *dec)
{
	switch (dec->verdict) {
	case DHCP_SEND_OFFER:
		return note_instead(e, p, dec);
	case DHCP_SEND_ACK:
		return note_lease(e, p, dec);
	case DHCP_TAKE_DECLINE:
	case DHCP_NOTE_DECLINE:
		return note_decline(e, p, dec);
	case DHCP_IGNORE:
	case DHCP_SEND_NAK:
		return note_refusal(e, p, dec);
	default:
		return false;
	}
}

void dhcp_events_note_message(
	struct dhcp_events *e, const struct segment *s, const struct dhcp_message *m)
{
	char text[DHCP_ODDITY_TEXT], mac[MAC_TEXT];

	if (m->n_odd && dhcp_notice_due(&e->odd, s->id, &m->mac, clock_mono_ms()))
		log_info("dhcp %s: %s of %s is read in part: %s", s->name, dhcp_type_name(m->type),
			mac_format(&m->mac, mac), dhcp_wire_odd_text(m, text));
}

void dhcp_events_note_hardware(struct dhcp_events *e, const struct segment *s,
	const struct dhcp_message *m, const char *why)
{
	const struct dhcp_hardware *h = &m->hardware;
	struct mac kind = {{h->type, h->len, why != NULL}};
	char text[DHCP_HARDWARE_TEXT], mac[MAC_TEXT];

	if (!dhcp_notice_due(&e->hardware, s->id, why ? &kind : &m->mac, clock_mono_ms()))
		return;
	dhcp_hardware_text(h, text);
	if (why)
		log_warn("dhcp %s: %s is not served: %s (RFC 4390)", s->name, text, why);
	else
		log_info("dhcp %s: %s: known by its client identifier, as %s", s->name, text,
			mac_format(&m->mac, mac));
}

void dhcp_events_note_unserved(
	const struct segment *s, const struct machine *machine, const struct dhcp_message *m)
{
	char client[DHCP_CLIENT_TEXT], mac[MAC_TEXT], text[320];

	snprintf(text, sizeof(text),
		"%s on %s asks what to boot, but there is no boot program for its firmware (%s): "
		"usher serves BIOS, UEFI x86-64 and UEFI arm64",
		mac_format(&m->mac, mac), s->name,
		dhcp_boot_client_text(dhcp_firmware_of(m), client));
	machine_tell(machine, "refused", text);
}

bool dhcp_events_note_in_use(struct dhcp_events *e, const struct dhcp_in_use *u)
{
	const struct segment *s = u->segment;
	char mac[MAC_TEXT], ip[IP_TEXT], client[MAC_TEXT];

	mac_format(&u->by, mac);
	ip_format(&u->ip, ip);
	if (u->owner)
		machine_saw(u->owner, SAW_IN_USE, mac);
	if (!dhcp_notice_due(
		    u->owner ? &e->machines : &e->guests, s->id, &u->by, clock_mono_ms())) {
		log_debug("dhcp %s: %s is in use by %s", s->name, ip, mac);
		return false;
	}
	if (!mac_is_zero(&u->declined_by))
		timeline_add(e->timeline, u->owner ? u->owner->name : "", "declined",
			"%s declined by %s on %s: in use by %s; set aside for %d minutes", ip,
			mac_format(&u->declined_by, client), s->name, mac,
			LEASE_DECLINE_MS / 60000);
	else
		timeline_add(e->timeline, u->owner ? u->owner->name : "", "in-use",
			"%s on %s is in use by %s without a lease; set aside for %d minutes", ip,
			s->name, mac, LEASE_DECLINE_MS / 60000);
	return true;
}

static void note_server(struct dhcp_events *e, const struct segment *s, const struct dhcp_heard *h,
	const char *what)
{
	struct ip ip = ip_from_v4(h->server);
	char by[IP_TEXT], mac[MAC_TEXT];

	ip_format(&ip, by);
	mac_format(&h->from, mac);
	timeline_add(e->timeline, "", "foreign", "%s: %s (MAC %s) %s", s->name, by, mac, what);
	log_warn("%s: %s (MAC %s) %s", s->name, by, mac, what);
}

void dhcp_events_note_question(struct dhcp_events *e, const struct segment *s,
	const struct dhcp_heard *forger, const struct dhcp_question *q)
{
	if (forger && dhcp_question_server(q))
		note_server(e, s, forger,
			"answers as the DHCP server there, but with another MAC: one of the two is "
			"forged");
	else if (forger)
		note_server(e, s, forger,
			"offered an address, but did not answer a second request: usher does not "
			"treat it as a DHCP server, and it may be forged");
	if (q->strays && !dhcp_question_server(q))
		note_server(e, s, &q->stray,
			"acts as a DHCP server, but did not answer usher's requests: it may be "
			"forged, or lease only to clients it knows; if it is a server, set "
			"mode='proxy'");
}
