/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `usher probe`: a pretend machine walks from DISCOVER as far as it may, prints what each step gave and took, and what is to
 * be said of it (probe_judge.h). Blocking; one thread.
 */
#ifndef USHER_USHER_PROBE_PROBE_H
#define USHER_USHER_PROBE_PROBE_H

#include "core/station.h"
#include "usher/probe/probe_judge.h"
#include "usher/probe/probe_wire.h"

#include <jansson.h>

struct probe {
	char on[16];
	struct mac mac;
	uint8_t uuid[UUID_BYTES];
	bool record;  /* the MAC is a record's, or was given: its boot script is not fetched */
	bool install; /* it was told to go to the end */
	struct probe_known known;
	struct station *station; /* NULL: none could be made, and nobody is asked by DHCP */
	struct probe_wire wire;
	volatile sig_atomic_t *stop;
	json_t *walks;  /* NULL: text is printed, as it comes */
	json_t *walk;   /* that is under way */
	unsigned wrong; /* walks */
	/* of the walks so far */
	size_t servers;          /* that offer, proxies too; 0: not known */
	struct dhcp_asking held; /* the lease to be given back; address 0: none */
	struct mac held_from;
};

/* One firmware's walk. */
void probe_walk(struct probe *p, enum probe_as as);
/* Gives back what was leased. */
void probe_release(struct probe *p);
/* Without a station: is there a TFTP and an HTTP server at that address, seen from this host itself? `url`: of HTTP, or "". */
void probe_from_here(struct probe *p, uint32_t server, const char *url);

/* probe_say.c: a step of the walk, and the verdict of it. `us` < 0: it took no time that is worth telling. */
void probe_say(struct probe *p, enum probe_as as, const char *step, int64_t us, const char *fmt,
	...) __attribute__((format(printf, 5, 6)));
void probe_say_verdict(struct probe *p, enum probe_as as, const struct probe_verdict *v);
int64_t probe_now_us(void);

#endif
