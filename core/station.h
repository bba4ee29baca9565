/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A station of this program's own on a link: the process moves into a network namespace of its own, in which there is one
 * Ethernet link with a MAC of its choice. Of a bridge it is a veth whose other end is a port of the bridge; of any other link
 * it is a macvlan, which reaches everybody on the wire but this host. No name is left behind: with the process the kernel takes
 * the namespace, and with it both ends, however it ended.
 *
 * libnl-3. Blocking but short. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN; only where the process has one thread.
 */
#ifndef USHER_CORE_STATION_H
#define USHER_CORE_STATION_H

#include "core/addr.h"

#include <stddef.h>

struct station;

#define STATION_LINK "eth0" /* its name in there */

/* 0, or -errno with one line in `why`: -ENODEV, -EPERM, -ENETDOWN (the link is down). Afterwards the process is in the new
 * namespace, also when it failed half way. */
int station_enter(
	const char *on, const struct mac *mac, struct station **ret, char *why, size_t why_size);
/* Frees what belongs to it; the namespace goes with the process. NULL is fine. */
void station_free(struct station *s);

bool station_is_bridged(const struct station *s);
unsigned station_index(const struct station *s);
/* Its port of the bridge forwards: with a spanning tree a new one listens and learns first. True where there is none. */
bool station_forwards(struct station *s);
/* Its address; and, if `router` is not 0, the way to everywhere else. One at a time: a former one goes. Host order. */
int station_set_address(struct station *s, uint32_t address, unsigned prefix_len, uint32_t router);
void station_clear_address(struct station *s);

/* For a crowd behind one link: one more address, to which nothing else is said to belong; who has an address; and the kernel
 * answers no ARP: the caller does. */
int station_add_address(struct station *s, uint32_t address, unsigned prefix_len);
int station_set_neighbour(struct station *s, uint32_t address, const struct mac *mac);
void station_no_arp(void);

#endif
