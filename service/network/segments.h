/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is served: found out at the start, described when it changes. */
#ifndef USHER_SERVICE_NETWORK_SEGMENTS_H
#define USHER_SERVICE_NETWORK_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

struct config_segment;
struct dhcpd_server;
struct guest_network;
struct ip;
struct segment;
struct network;

/* Looks at libvirt and the links. 0, or -errno with one line in `why`. What is not there, or does not fit, is
 * waited for, unless the command line names it. */
int segments_find(struct network *nw, char *why, size_t why_size);
/* A network's or an interface's segment as configuration, libvirt (`net`, of a network) and kernel
 * have it now. 0, or -errno with the line, and `*ret` is what is known all the same. */
int segment_describe(const struct network *nw, const struct config_segment *c,
	const struct guest_network *net, struct segment *ret, char *why, size_t why_size);
/* A network of ours begins to be served, or is already: as soon as links_refresh() sees it. 0, or -errno with the
 * line. */
int segment_come(struct network *nw, const char *network, char *why, size_t why_size);
/* It is gone for good: closed, and its leases with it. */
void segment_go(struct network *nw, const char *network);
/* Who leases there, and why we think so: one line of the log. */
void segment_say_mode(const struct segment *seg, const struct config_segment *c);
/* To the log, as soon as its address is known: a pool that lies elsewhere (of a libvirt network, which is served all the
 * same), subnets behind relays that it overlaps. */
void segment_say_misfits(
	const struct network *nw, const struct segment *seg, const struct config_segment *c);
/* Whose address it is that reached us on this link: the same segment's, or one's behind a relay. */
uint32_t segment_of_peer(const struct network *nw, uint32_t link, const struct ip *peer);
void segments_say(const struct network *nw); /* who leases where, and why */
/* Who leases on a segment of mode auto was found out: dhcpd_config's `decided`. */
void segments_decided(
	struct network *nw, const struct segment *seg, const struct dhcpd_server *server);

#endif
