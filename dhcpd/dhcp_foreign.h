/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another server on a segment, by what comes in from the wire: one that leases beside us, or beside the one that does;
 * and one that speaks in our name. What we and other servers on this host say goes out, and is not heard.
 * One that is heard all the same is another card of this host, on the same wire, and no other server. Main thread only.
 *
 * An event that names it, once an hour each; and on the timeline of the machine that it spoke to, once a minute, when it
 * did so in our name or the machine is about to install.
 */
#ifndef USHER_DHCPD_DHCP_FOREIGN_H
#define USHER_DHCPD_DHCP_FOREIGN_H

#include "dhcpd/dhcp_notice.h"
#include "dhcpd/dhcp_watch.h"
#include "machine/machine.h"
#include "machine/segment.h"
#include "machine/timeline.h"

enum {
	DHCP_FOREIGN_MAX = 8, /* servers remembered; one more takes the oldest one's place */
	DHCP_FOREIGN_MS = 3600 * 1000,
	DHCP_FOREIGN_NEW = 4, /* new ones told to a machine a minute, beside the one that goes on */
	DHCP_FOREIGN_TOLD = 20,    /* events a minute: made-up servers must not fill the timeline */
	DHCP_FOREIGN_RELAYED = 64, /* answers remembered that a relay is to deliver, */
	DHCP_FOREIGN_RELAYED_MS = 10 * 1000,
};

struct dhcp_foreign {
	const struct segment *segment;
	const struct segments *all;
	const struct machines *machines;
	struct timeline *timeline;
	struct loop *loop;
	struct dhcp_watch watch;
	struct dhcp_notices told,
		fresh; /* by the client's MAC, or the server's; of new servers besides */
	struct {
		struct mac mac;
		uint32_t server;
		int64_t told; /* mono ms; 0: free */
		bool forged;
		bool ours; /* another card of this host */
	} seen[DHCP_FOREIGN_MAX];
	struct {
		uint64_t hash; /* of all its bytes */
		int64_t at;    /* mono ms; 0: none */
	} relayed[DHCP_FOREIGN_RELAYED];
	unsigned next_relayed;
};

/* Is it in our name? As what comes in from the wire is nothing of ours, what it claims says so: our server identifier,
 * or our address as the packet's source. Pure. */
bool dhcp_foreign_is_forged(const struct segment *s, const struct dhcp_heard *h);

/* Fills a closed (zeroed) one, in place; `all` are the segments that this host serves. All borrowed. 0, or -errno with one line in `why`. What it
 * knows outlives a close. */
int dhcp_foreign_open(struct dhcp_foreign *f, struct loop *l, struct timeline *t,
	const struct machines *machines, const struct segments *all, const struct segment *s,
	char *why, size_t why_size);
/* This answer goes to a relay that may be on the segment's own wire, and broadcasts it there then: the very bytes, in our name. */
void dhcp_foreign_relays(struct dhcp_foreign *f, const void *message, size_t len);
void dhcp_foreign_close(struct dhcp_foreign *f);  /* closed is fine */
void dhcp_foreign_forget(struct dhcp_foreign *f); /* what it knows */

#endif
