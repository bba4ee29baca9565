/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows the links of served segments. */
#ifndef USHER_SERVICE_NETWORK_LINKS_H
#define USHER_SERVICE_NETWORK_LINKS_H

#include <stdbool.h>
#include <stddef.h>

struct guest_network;
struct ip;
struct segment;
struct network;

/* Opens the sockets of a segment that is there. 0, or -errno with the line. */
int links_open(struct network *nw, struct segment *seg, char *why, size_t why_size);
/* Has syslog messages taken on one of its addresses. Where that is not possible, the segment is served without: says why. */
void links_open_log(struct network *nw, struct segment *seg, const struct ip *server);
/* At the start: opens those that are known. One that cannot be is waited for, unless the command line names it: then -errno
 * with the line. Those behind a relay use the link of another. */
int links_begin(struct network *nw, char *why, size_t why_size);
/* It cannot be served: its sockets are closed, and it is looked at again from time to time. */
void links_wait(struct network *nw, const struct segment *seg, int rc, const char *why);
/* A link or its address changed; NULL: any of them may have. */
void links_changed(void *arg, const char *ifname);
/* A libvirt network was started or stopped. */
void links_network_changed(struct network *nw, const char *network, bool started);
/* Checks all segments: at the start, and when libvirt connects again. */
void links_look(struct network *nw);
/* Updates a segment with the network's current description. */
void links_refresh(struct network *nw, const struct guest_network *net);
/* The network is about to be deleted, and takes no new machines; or the deletion failed and it stays. */
void links_leave(struct network *nw, const struct segment *seg);
void links_stay(struct network *nw, const struct segment *seg);

#endif
