/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `usher probe --storm`: a crowd of machines that boot at once behind one port of a bridge. Each asks DHCP as firmware and as
 * iPXE; where it is told to install, it fetches its script, kernel, initrds and answers, and reports that it is done. One thread,
 * one epoll; every machine has a MAC and an address of its own, for which ARP is answered here.
 */
#ifndef USHER_USHER_PROBE_STORM_H
#define USHER_USHER_PROBE_STORM_H

#include "core/addr.h"
#include "core/station.h"

#include <signal.h>

enum {
	STORM_MOST = 20000,         /* machines: a descriptor each at most, and 16 bits of an xid */
	STORM_DHCP_TRIES = 8,       /* of one message: 1, 2, 4 and then each 4 s */
	STORM_STEP_MS = 120 * 1000, /* for one file: it failed */
};

enum storm_step {
	STORM_OFFER, /* firmware */
	STORM_ACK,
	STORM_OFFER_IPXE,
	STORM_ACK_IPXE,
	STORM_SCRIPT,
	STORM_FILES, /* kernel, initrds */
	STORM_ANSWERS,
	STORM_DONE,
	STORM_STEPS,
};
const char *storm_step_name(enum storm_step s);

struct storm {
	struct station *station;
	const struct mac *macs; /* `n` of them */
	size_t n;
	int64_t over_ms; /* in which they are switched on, one after another */
	bool install;    /* else they stop before their boot script */
	volatile sig_atomic_t *stop;
};

struct storm_result {
	size_t through, failed[STORM_STEPS];
	char why[STORM_STEPS][96]; /* of the last that failed there */
	double seconds;
	uint64_t bytes;
	int64_t offer_p50_us, offer_p99_us; /* of those that came to a first DISCOVER; 0: none */
};

/* 0, or -errno with one line in `why`. */
int storm_run(const struct storm *s, struct storm_result *ret, char *why, size_t why_size);

#endif
