/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who holds a port of this host: from /proc. */
#ifndef USHER_CORE_PORTS_H
#define USHER_CORE_PORTS_H

#include "core/addr.h"

struct port_socket {
	uint32_t address; /* host order; 0: all */
	uint16_t port;
	unsigned state; /* the kernel's; 10: TCP that listens */
	unsigned long inode;
};

/* A line of /proc/net/udp, udp6, tcp or tcp6. False: it is none, or no address that IPv4 can come to. Pure. */
bool port_line(const char *line, struct port_socket *ret);

/* "dnsmasq (process 123)" that has this port at this address, "another process" when it cannot be seen. False: nobody
 * has. */
bool port_holder(bool tcp, const struct ip *address, uint16_t port, char *buf, size_t size);

/* 0: a socket as the service's own can be opened there. -EADDRINUSE; -EACCES: we may not look; or -errno. `shared`:
 * beside others that share it too, each on its own link. */
int port_try(bool tcp, const char *ifname, const struct ip *address, uint16_t port, bool shared);

#endif
