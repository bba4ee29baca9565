/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Computed MACs of libvirt's guests, on segments where usher leases. */
#ifndef USHER_SERVICE_NETWORK_CLAIMS_H
#define USHER_SERVICE_NETWORK_CLAIMS_H

#include "dhcpd/dhcp_claim.h"

struct mac;
struct segment;
struct network;

/* A domain (all: "") may have come, changed or gone. */
void claims_look(struct network *nw, const struct segment *seg, const char *domain);
enum dhcp_guest claims_guest(struct network *nw, const struct segment *seg, const struct mac *mac);
void claims_leave(struct network *nw, const struct segment *seg); /* the segment is removed */
void claims_fini(struct network *nw);

#endif
