/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to say something again: a stranger asks every few seconds, and people want to read it once.
 * Pure.
 */
#ifndef USHER_DHCPD_DHCP_NOTICE_H
#define USHER_DHCPD_DHCP_NOTICE_H

#include "core/addr.h"
#include "core/rate.h"

enum {
	DHCP_NOTICE_MS = 60 * 1000, /* a MAC is told of `each` times in this at most */
	DHCP_NOTICE_SLOTS = 256, /* MACs remembered; one that is pushed out may be told of again */
	DHCP_NOTICE_MOST = 120,  /* of all MACs together: made-up ones must not fill the timeline */
};

struct dhcp_notices {
	unsigned each, most; /* 0: 1, and DHCP_NOTICE_MOST */
	int64_t every;       /* 0: DHCP_NOTICE_MS. `most` is in DHCP_NOTICE_MS always */
	struct {
		uint32_t segment;
		struct mac mac;
		int64_t at;
		unsigned said; /* since then */
	} slots[DHCP_NOTICE_SLOTS];
	struct rate all;
};

/* Zeroed is new. `now`: any clock that only goes forward, from DHCP_NOTICE_MS up. A zero MAC stands
 * for the segment. */
bool dhcp_notice_due(struct dhcp_notices *n, uint32_t segment, const struct mac *mac, int64_t now);

/* The same for lines of one kind: at most one in ten seconds, with how many there were. Zeroed is new. */
struct dhcp_meter {
	int64_t at;
	unsigned count;
};
/* 0: not now; else the number since the last line, this one included. */
unsigned dhcp_meter_due(struct dhcp_meter *m, int64_t now);

#endif
