/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's packet filters (nwfilter) for our guests. Blocking; guest/ only.
 *
 * Some filters are usher's own, made on each new connection, each with a UUID of usher's. What a site changes in
 * them is put back; a filter of one of these names that has another UUID is the site's, and is used as it is.
 */
#ifndef USHER_GUEST_NETFILTER_H
#define USHER_GUEST_NETFILTER_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>

#define NETFILTER_CLEAN "clean-traffic" /* libvirt's own: a guest's MAC and address are its own */
#define NETFILTER_DHCP \
	"usher-dhcp" /* only DHCP and PXE: from the servers alone, and no server itself */
#define NETFILTER_GUEST "usher-guest" /* both */
/* Where IPv6 is served: both families, or IPv6 alone; for all of the guest's life. */
#define NETFILTER_IPV6 "usher-ipv6" /* IPv6's part of both */
#define NETFILTER_GUEST6 "usher-guest-ipv6"
#define NETFILTER_ONLY6 "usher-guest-ipv6-only"
#define NETFILTER_INSTALL \
	"usher-guest-install"                 /* the same, for an installing run: see netfilter.c */
#define NETFILTER_INSTALL_OLD "usher-install" /* what older ushers' installing runs have */

/* What these filters want of a NIC, beside clean-traffic's IP. */
#define NETFILTER_USHER "USHER"        /* usher's address there */
#define NETFILTER_SERVER "DHCPSERVER"  /* who leases there: an address, or a subnet's */
#define NETFILTER_LEN "DHCPSERVER_LEN" /* and its length: 32 for an address */
#define NETFILTER_IP6 "IPV6"           /* the guest's address; libvirt's IP is for IPv4 */
#define NETFILTER_IP6_LEN "IPV6_LEN"   /* 128, or 64 where guests make themselves addresses */

bool netfilter_exists(virConnectPtr conn, const char *name);
/* 0: they are there as they should be. -ENOENT: this libvirt has no clean-traffic, so no filters at all. Or -errno with
 * a line in `why`. */
int netfilter_need(virConnectPtr conn, char *why, size_t why_size);

#endif
