/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the process that uses a port of this host, from /proc. */
#ifndef USHER_CORE_PORTS_H
#define USHER_CORE_PORTS_H

#include "core/addr.h"

struct port_socket {
	uint32_t address; /* host order; 0: all */
	uint16_t port;
	unsigned state; /* the kernel's; 10: TCP that listens */
	unsigned long inode;
};

/* Parses a line of /proc/net/udp, udp6, tcp or tcp6. False: not such a line, or an address that IPv4 packets cannot
 * reach. Pure. */
bool port_line(const char *line, struct port_socket *ret);

/* The process that uses this port at this address, as "dnsmasq (process 123)", or "another process" when it cannot be
 * seen. False: the port is free. */
bool port_holder(bool tcp, const struct ip *address, uint16_t port, char *buf, size_t size);

/* Tries to open a socket like the service's own. 0: possible; -EADDRINUSE; -EACCES: no permission to try; or -errno.
 * `shared`: other sockets may share the port, each on its own link. */
int port_try(bool tcp, const char *ifname, const struct ip *address, uint16_t port, bool shared);

#endif
