/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers the Router Solicitations of firmware that boots from the network (ndp_wire.h says why),
 * of nobody else, and to nobody else. One packet socket per segment; main thread.
 */
#ifndef USHER_DHCPD_NDP_H
#define USHER_DHCPD_NDP_H

#include "core/addr.h"
#include "dhcpd/frames.h"

struct ndp {
	struct frames frames;
	struct mac mac;
	bool (*wants)(void *arg, const struct mac *mac);
	void *arg;
};

#define NDP_CLOSED ((struct ndp){.frames = FRAMES_CLOSED})

/* Fills a closed one, which stays where it is. `wants` says whether this machine is to be answered. Needs CAP_NET_RAW.
 * -errno, and it is still closed. */
int ndp_open(struct ndp *n, struct loop *l, unsigned ifindex, const struct mac *mac,
	bool (*wants)(void *arg, const struct mac *mac), void *arg);
void ndp_close(struct ndp *n); /* closed is fine */

#endif
