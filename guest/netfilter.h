/* libvirt's packet filters (nwfilter) for our guests. Blocking; guest/ only. */
#ifndef USHER_GUEST_NETFILTER_H
#define USHER_GUEST_NETFILTER_H

#include <libvirt/libvirt.h>
#include <stdbool.h>

#define NETFILTER_GUEST "clean-traffic"   /* libvirt's own */
#define NETFILTER_INSTALL "usher-install" /* the same, for an installing run: see netfilter.c */

bool netfilter_exists(virConnectPtr conn, const char *name);
/* NETFILTER_INSTALL is there, or was made. False: it cannot be, the guest's filter has to do. */
bool netfilter_need_install(virConnectPtr conn);

#endif
