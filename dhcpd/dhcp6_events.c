/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_events.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/dhcp_boot.h"

#include <stdio.h>

static const char *client_text(const struct dhcp6_policy *p, char *buf, size_t size)
{
	char what[DHCP_CLIENT_TEXT];
	const char *text = dhcp_boot_client_text(dhcp6_firmware_of(p->msg), what);

	/* without one it would be taken for a BIOS */
	if (dhcp_boot_client(dhcp6_firmware_of(p->msg)) == DHCP_CLIENT_SYSTEM)
		text = p->msg->vendor_class;
	snprintf(buf, size, "%s%sDHCPv6, xid %06x", text, *text ? ", " : "", p->msg->xid);
	return buf;
}

static const char *machine_name(const struct dhcp6_decision *d)
{
	return d->machine ? d->machine->name : "";
}

bool dhcp6_events_is_computed(const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	struct ip ip;

	return segment_computed(p->segment, IP_V6, &p->mac, &ip) && ip_eq(&ip, &d->choice.address);
}

static bool is_due(struct dhcp_notices *n, const struct dhcp6_policy *p)
{
	return dhcp_notice_due(n, p->segment->id, &p->mac, clock_mono_ms());
}

static bool within_reason(
	struct dhcp_events *e, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	return is_due(d->machine ? &e->machines : &e->guests, p);
}

static bool note_refusal(
	struct dhcp_events *e, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	char mac[MAC_TEXT], client[128];

	switch (d->reason) {
	case DHCP_FINE:
	case DHCP_OTHER_SERVER:
	case DHCP_NOT_HELD:
	case DHCP_NO_ADDRESS:
		return false;
	default:
		break;
	}
	if (!is_due(&e->refusals, p))
		return false;
	timeline_add(e->timeline, machine_name(d), "refused", "%s on %s: %s (%s, %s)",
		mac_format(&p->mac, mac), p->segment->name, dhcp_reason_text(d->reason),
		dhcp6_type_name(p->msg->type), client_text(p, client, sizeof(client)));
	return true;
}

/* It has another address than its record says. */
static bool note_instead(
	struct dhcp_events *e, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	char mac[MAC_TEXT], ip[IP_TEXT];

	if (!d->choice.not_own || !d->machine || !is_due(&e->refusals, p))
		return false;
	timeline_add(e->timeline, d->machine->name, "refused",
		"%s on %s: %s: usher offers %s instead", mac_format(&p->mac, mac), p->segment->name,
		dhcp_reason_text(d->choice.not_own), ip_format(&d->choice.address, ip));
	return true;
}

static bool note_lease(
	struct dhcp_events *e, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	char mac[MAC_TEXT], ip[IP_TEXT], client[128];
	bool ours = d->machine || dhcp6_events_is_computed(p, d);
	bool told = d->news && ours && within_reason(e, p, d);

	if (!told && !(d->news && log_wants(LOG_DEBUG)))
		return false;
	ip_format(&d->choice.address, ip);
	mac_format(&p->mac, mac);
	client_text(p, client, sizeof(client));
	if (told)
		timeline_add(
			e->timeline, machine_name(d), "leased", "%s to %s (%s)", ip, mac, client);
	else
		log_debug("dhcp %s: leased %s to %s (%s)", p->segment->name, ip, mac, client);
	return told;
}

static bool note_given_up(
	struct dhcp_events *e, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	bool released = d->verdict == DHCP6_TAKE_RELEASE || d->verdict == DHCP6_NOTE_RELEASE;
	bool kept = d->verdict == DHCP6_NOTE_RELEASE || d->verdict == DHCP6_NOTE_DECLINE;
	char mac[MAC_TEXT], ip[IP_TEXT];

	if ((released && !d->machine) || !within_reason(e, p, d))
		return false;
	timeline_add(e->timeline, machine_name(d), released ? "released" : "declined",
		"%s %s by %s on %s%s", ip_format(&d->choice.address, ip),
		released ? "released" : "declined", mac_format(&p->mac, mac), p->segment->name,
		kept ? ": the client keeps the address" : "");
	return true;
}

bool dhcp6_events_note(
	struct dhcp_events *e, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	switch (d->verdict) {
	case DHCP6_SEND_ADVERTISE:
		return note_instead(e, p, d);
	case DHCP6_SEND_LEASE:
		return note_lease(e, p, d);
	case DHCP6_TAKE_RELEASE:
	case DHCP6_NOTE_RELEASE:
	case DHCP6_TAKE_DECLINE:
	case DHCP6_NOTE_DECLINE:
		return note_given_up(e, p, d);
	case DHCP6_IGNORE:
	case DHCP6_SEND_STATUS:
		return note_refusal(e, p, d);
	default:
		return false;
	}
}

void dhcp6_events_note_unserved(const struct dhcp6_policy *p, const struct machine *machine)
{
	char client[DHCP_CLIENT_TEXT], mac[MAC_TEXT], text[320];

	snprintf(text, sizeof(text),
		"%s on %s asks what to boot, but there is no boot program for its firmware (%s): "
		"usher serves BIOS, UEFI x86-64 and UEFI arm64",
		mac_format(&p->mac, mac), p->segment->name,
		dhcp_boot_client_text(dhcp6_firmware_of(p->msg), client));
	machine_tell(machine, "refused", text);
}
