/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where libvirt's dnsmasq leases: reservations in its network for machines, and for guests that others made with
 * computed MACs; where we lease, claims.c looks at the same. */
#include "service/network/seats.h"
#include "service/network/claims.h"
#include "service/network/network.h"

#include "core/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool seats_are_theirs(const struct segment *seg)
{
	return seg && seg->is_network && !seg->bridged && seg->mode == SEGMENT_PROXY;
}

static void on_seated(void *arg, int rc, const char *why)
{
	(void)arg;
	if (rc)
		log_warn("cannot reserve an address for a guest with a computed MAC: %s", why);
}

void seats_look(struct network *nw, const char *domain)
{
	for (size_t i = 0; i < nw->base->segments.count; i++) {
		const struct segment *seg = nw->base->segments.all[i];

		if (seats_are_theirs(seg) && seg->computed)
			(void)guest_seat_guests(nw->hosts->own, seg->name, domain, on_seated, NULL);
		claims_look(nw, seg, domain);
	}
}

static void on_reserved(void *arg, int rc, const char *why)
{
	(void)arg;
	if (rc)
		log_warn("cannot reserve a machine's address in libvirt's network: %s", why);
	else if (*why)
		log_warn("%s", why);
}

/* A network that is not there, or not libvirt's, has no names. */
static void on_named(void *arg, int rc, const char *why)
{
	(void)arg;
	if (!rc && *why)
		log_warn("%s", why);
}

int seats_publish(struct network *nw, const struct machine *m, bool add, guest_done done, void *arg)
{
	const struct segment *seg = segments_by_name(&nw->base->segments, m->nics[0].segment);
	bool theirs = seats_are_theirs(seg);

	if (!m->nics[0].n_addrs || !(m->guest || (seg && seg->is_network)) || (seg && seg->bridged))
		return -ENOENT;
	if (!done)
		done = theirs ? on_reserved : on_named;
	/* what is taken out may have been put there when another mode was configured */
	return guest_publish(nw->hosts->own, m->nics[0].segment, m->name, &m->nics[0].addrs[0],
		theirs || !add ? &m->nics[0].mac : NULL, add, done, arg);
}
