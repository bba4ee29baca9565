/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv6 of a served segment: described beside IPv4, which is served whether it fits or not. */
#ifndef USHER_SERVICE_NETWORK_SEGMENTS6_H
#define USHER_SERVICE_NETWORK_SEGMENTS6_H

#include <stdbool.h>
#include <stddef.h>

struct config_segment;
struct guest_network;
struct link_state;
struct network;
struct segment;
struct segment6;

/* Whether IPv6 is to be served there: the configuration says so, or a network that usher made has an address of it. `net`
 * NULL: of an interface. */
bool segment6_wanted(const struct config_segment *c, const struct guest_network *net);
/* Into `seg->six`, of what segment_describe() has described. 0, also where it is not wanted; -errno with the line, and `six`
 * is empty. */
int segment6_describe(const struct config_segment *c, const struct guest_network *net,
	struct segment *seg, char *why, size_t why_size);
/* The subnets behind relays whose packets come in on `link`: their IPv6 is served as long as that of the link is. */
void segment6_relayed(struct network *nw, const struct segment *link);
/* The link has the address. */
bool segment6_is_there(const struct segment *seg, const struct link_state *link);
bool segment6_is_same(const struct segment6 *a, const struct segment6 *b);
/* Opens its sockets, or reports in log and timeline, each reason once, why IPv6 is not served there: `rc` and `why` of
 * segment6_describe(). IPv4's are not touched. */
void segment6_open(struct network *nw, struct segment *seg, int rc, const char *why);
/* Closes them. */
void segment6_close(struct network *nw, const struct segment *seg);

#endif
