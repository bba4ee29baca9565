/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The served segments: found at the start, described again when they change. */
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

/* Finds them from libvirt and the links. 0, or -errno with one line in `why`. usher waits for a segment that is missing
 * or does not fit, unless the command line names it. */
int segments_find(struct network *nw, char *why, size_t why_size);
/* A network's or an interface's segment as configuration, libvirt (`net`, of a network) and kernel
 * have it now. 0, or -errno with the line, and `*ret` is what is known all the same. */
int segment_describe(const struct network *nw, const struct config_segment *c,
	const struct guest_network *net, struct segment *ret, char *why, size_t why_size);
/* Begins to serve a network that usher created, unless it is served already; links_refresh() opens it. 0, or -errno
 * with the line. */
int segment_come(struct network *nw, const char *network, char *why, size_t why_size);
/* Stops serving a network that was deleted, and deletes its leases. */
void segment_go(struct network *nw, const char *network);
/* Logs who leases there, and why usher thinks so. */
void segment_say_mode(const struct segment *seg, const struct config_segment *c);
/* Logs, once the segment's address is known: a pool outside its subnet (a libvirt network is served all the same), and
 * subnets behind relays that overlap it. */
void segment_say_misfits(
	const struct network *nw, const struct segment *seg, const struct config_segment *c);
/* The segment of a peer that reached usher on this link: the link's own, or one behind a relay. */
uint32_t segment_of_peer(const struct network *nw, uint32_t link, const struct ip *peer);
void segments_say(const struct network *nw); /* who leases where, and why */
/* dhcpd_config's `decided`: it is now known who leases on a segment of mode auto. */
void segments_decided(
	struct network *nw, const struct segment *seg, const struct dhcpd_server *server);

#endif
