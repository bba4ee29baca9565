/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment where we lease: a message in, decided, probed, its answer into the outbox. One UDP
 * socket and one packet socket, and what else an authority on a link has to hear: who answers for an
 * address (prober.h), who else leases (dhcp_foreign.h), who asks for an IPv6 router (ndp.h).
 * Main thread only.
 */
#ifndef USHER_DHCPD_DHCP_OWN_H
#define USHER_DHCPD_DHCP_OWN_H

#include "dhcpd/dhcp_backlog.h"
#include "dhcpd/dhcp_events.h"
#include "dhcpd/dhcp_foreign.h"
#include "dhcpd/dhcp_origin.h"
#include "dhcpd/dhcp_outbox.h"
#include "dhcpd/dhcp_pace.h"
#include "dhcpd/dhcp_twice.h"
#include "dhcpd/dhcpd.h"
#include "dhcpd/ndp.h"
#include "dhcpd/prober.h"

enum {
	ASKING_SLOTS = 4096, /* iPXEs remembered, 96 kB: racks that boot at once; one lost waits */
};

/* An iPXE that had an answer of ours, and asks for an IPv6 router beside it. */
struct asking {
	uint32_t segment;
	struct mac mac;
	int64_t until; /* mono ms */
};

/* What all segments share on which we lease; dhcpd.c's. */
/* Tells whoever wants to know that bare metal `m` (NULL: no record) boots by another kind of firmware than its record says. */
void dhcp_own_firmware(
	const struct dhcpd_config *c, const struct machine *m, struct dhcp_firmware w);

struct dhcp_lessor {
	const struct dhcpd_config *c;
	struct leases *leases;
	struct dhcp_outbox *outbox;
	struct dhcp_events events;
	struct dhcp_meter receive_errors, losses;
	struct dhcpd_stats stats;
	struct dhcp_message msg; /* the one that is being worked on */
	struct dhcp_inbox inbox;
	struct dhcp_twice twice;
	struct asking asking[ASKING_SLOTS]; /* by hash; a newer one takes an older one's place */
};

/* Initialised once, opened and closed in place, and not freed before the outbox: what is parked
 * there names its socket. */
struct dhcp_own {
	struct dhcp_lessor *lessor;
	const struct segment *segment;
	struct dhcp_socket socket;
	struct loop_fd watch;
	struct dhcp_pace pace;
	struct dhcp_backlog backlog;
	struct ndp ndp;
	struct dhcp_foreign foreign;
	struct dhcp_origin origin;
	struct prober prober;
	struct dhcp_meter malformed;
};

void dhcp_own_init(struct dhcp_own *own, struct dhcp_lessor *l, const struct segment *s);
/* Still on the segment's link? Then what hangs on its MAC is opened anew. */
bool dhcp_own_fits(struct dhcp_own *own);
/* Of a closed one. -errno with one line in `why`. */
int dhcp_own_open(struct dhcp_own *own, char *why, size_t why_size);
void dhcp_own_close(struct dhcp_own *own); /* closed is fine */

#endif
