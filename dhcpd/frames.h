/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet socket on one link that hears frames of one kind. Main thread only. Rim: system calls,
 * no decisions.
 */
#ifndef USHER_DHCPD_FRAMES_H
#define USHER_DHCPD_FRAMES_H

#include "core/loop.h"

#include <linux/if_packet.h>
#include <stdbool.h>

enum { FRAMES_MAX = 1514 }; /* bytes of a frame that are read */

struct frames {
	struct loop *loop;
	struct loop_fd watch;
	int fd; /* -1: closed */
	unsigned ifindex;
	void (*heard)(void *arg, const uint8_t *frame, size_t len);
	void *arg;
};

#define FRAMES_CLOSED ((struct frames){.fd = -1})

/* Whether the kernel took this frame for the link's own host. A cable may carry other VLANs: a frame of one that has a link here is
 * shown with that link's index, any other as for another host. */
bool frame_is_for(const struct sockaddr_ll *from, unsigned ifindex);

/* Fills a closed one, whose `loop`, `ifindex`, `heard` and `arg` are set. `heard` is told of each
 * frame that others send to this link, with its Ethernet header, and must not close this. `prepare` (may be
 * NULL: 0 or -errno) sets filters, before anything is heard. Needs CAP_NET_RAW. -errno, and it is
 * still closed. */
int frames_open(struct frames *f, uint16_t ethertype, int (*prepare)(int fd, unsigned ifindex));
void frames_close(struct frames *f); /* closed is fine */

#endif
