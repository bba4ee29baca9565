/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a DHCP socket is read: at once for a client alone; while a crowd asks, once in DHCP_PACE_MS, since a wake-up costs
 * more than a message's work. Main thread only.
 */
#ifndef USHER_DHCPD_DHCP_PACE_H
#define USHER_DHCPD_DHCP_PACE_H

#include "core/loop.h"

enum { DHCP_PACE_MS = 2 };

/* The caller's storage, which stays in place while its timer is set. */
struct dhcp_pace {
	struct loop *loop;
	struct loop_fd *watch; /* of the socket */
	/* One system call's worth: how many messages, or -errno. */
	int (*receive)(void *arg);
	/* Whether others, which came earlier, still wait for their turn; NULL: none ever does. */
	bool (*waits)(void *arg);
	void *arg;
	struct loop_timer timer; /* set: it reads, and not the watch */
	int64_t read_at;         /* loop_now() of the last reading by the watch */
};

void dhcp_pace_init(struct dhcp_pace *p, struct loop *loop, struct loop_fd *watch,
	int (*receive)(void *arg), bool (*waits)(void *arg), void *arg);
/* The watch says that something came. */
void dhcp_pace_readable(struct dhcp_pace *p);
/* Before the watch goes; may be called at any time. */
void dhcp_pace_clear(struct dhcp_pace *p);

#endif
