/*
 * Does a guest of ours sit where its packets come from? A MAC and an address are claims that every neighbour can make.
 * Not so the bridge's port: libvirt gives each guest's tap device the guest's own MAC, but for the first byte
 * (fe), on the host's side, where no guest can change it.
 */
#include "usher/service.h"

#include "core/neighbour.h"

#include <stdio.h>
#include <string.h>

static bool is_tap_of(const struct mac *port, const struct mac *nic)
{
	return port->b[0] != nic->b[0] && !memcmp(port->b + 1, nic->b + 1, sizeof nic->b - 1);
}

/* What the kernel does not know counts for the peer: a bridge may be no bridge of the kernel's (Open vSwitch), the kernel
 * old, an entry have aged in this moment. */
static bool elsewhere(const struct segment *seg, const struct nic *nic, const struct ip *peer,
	char *why, size_t size)
{
	char name[NEIGHBOUR_PORT], text[MAC_TEXT], own[MAC_TEXT];
	struct mac mac;

	mac_format(&nic->mac, own);
	if (!neighbour_mac(seg->ifname, peer, &mac) && !mac_eq(&mac, &nic->mac)) {
		snprintf(
			why, size, "it came from %s, the guest is %s", mac_format(&mac, text), own);
		return true;
	}
	if (!neighbour_port(seg->ifname, &nic->mac, name, &mac) && !is_tap_of(&mac, &nic->mac)) {
		snprintf(why, size, "%s sits at the port %s, which is not the guest's", own, name);
		return true;
	}
	return false;
}

bool guest_is_elsewhere(struct service *s, const struct machine *m, uint32_t segment,
	const struct ip *peer, const char *what)
{
	const struct segment *seg = segments_by_id(&s->segments, segment);
	const struct nic *nic = machine_nic_on(m, segment);
	char why[128], text[256], ip[IP_TEXT];

	/* on another host its port is on a bridge that we cannot see */
	if (!m->guest || !seg || seg->via || !nic || guests_of(s, m) != s->guests ||
		!elsewhere(seg, nic, peer, why, sizeof why))
		return false;
	snprintf(text, sizeof text, "%.64s for %s: %s", what, ip_format(peer, ip), why);
	machine_tell(m, "refused", text);
	return true;
}
