/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks whether a request comes from the machine itself, and keeps requests that wait until that is known. Main thread
 * only; queries the kernel once or twice, and never blocks.
 */
#ifndef USHER_SERVICE_BOOT_PLACE_LOOK_H
#define USHER_SERVICE_BOOT_PLACE_LOOK_H

#include "service/boot/place.h"
#include "service/boot/boot.h"

struct stranger;

/* Borrowed until the answer; `request` and `peer` live until `again` was called. */
struct place_asker {
	uint32_t segment;
	const struct ip *peer;
	const char *what; /* "boot script", for the timeline */
	void *request;
	unsigned looks; /* unsuccessful checks so far: 0, then what `again` was given */
	/* Handles the whole request again: the address may belong to another machine by now. */
	void (*again)(struct boot *boot, void *request, unsigned looks);
};

enum place_verdict {
	PLACE_ADMITTED,
	PLACE_WAITS,   /* do not reply now: `again` is called within half a second */
	PLACE_REFUSED, /* and reported on the machine's timeline */
};

/* The machine whose address it is by its record: that itself, or of IPv6 the one that is computed from the IPv4 address of a
 * card that has no other. NULL: nobody's. */
struct machine *place_machine(struct boot *boot, const struct segment *seg, const struct ip *ip);

enum place_verdict place_admit(
	struct boot *boot, const struct machine *m, const struct place_asker *a);
/* The same of a card without a record: by its MAC and the lease that it holds. A refusal is on the timeline of no machine. */
enum place_verdict place_admit_stranger(
	struct boot *boot, const struct stranger *s, const struct place_asker *a);
/* The machine's card that holds `ip` there: by the lease, else by its record, else by the MAC that answers for it. */
struct boot_client place_client(
	struct boot *boot, const struct machine *m, uint32_t segment, const struct ip *ip);
/* Who says what came in on that link from `from`, for what is only listened to: the machine that has the address by its record
 * or lease, or where another server leases by its MAC. `why` is "", or the line why the wire shows that it is somebody else;
 * what it does not show yet is no reason to doubt. NULL: nobody has that address. */
struct machine *place_speaker(
	struct boot *boot, uint32_t link, const struct ip *from, char *why, size_t size);
/* Checks all waiting requests now, for the last time: s->stopping is set. */
void place_drop_all(struct boot *boot);
/* dhcpd_config's `hears`. */
bool place_hears(struct boot *boot, const struct machine *m, const struct segment *seg,
	const struct mac *mac, const struct ip *from, char *why, size_t size);

#endif
