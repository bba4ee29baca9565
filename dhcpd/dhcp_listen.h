/*
 * Is there a DHCP server on this link, on this host or another? Listens, and asks twice with a
 * DISCOVER of a made-up MAC, as a server may be silent until asked: dnsmasq pings for 3 s before its
 * first offer. Main thread only.
 */
#ifndef USHER_DHCPD_DHCP_LISTEN_H
#define USHER_DHCPD_DHCP_LISTEN_H

#include "dhcpd/dhcp_watch.h"

enum { DHCP_LISTEN_MS = 5000, DHCP_LISTEN_PROBES = 2 };

struct dhcp_listen {
	struct loop *loop;
	char ifname[16];
	struct dhcp_watch watch;
	struct loop_timer timer;
	struct mac client; /* made up */
	uint32_t xid;
	unsigned probes;
	bool found;
	struct dhcp_heard server;
	/* `server` NULL: nobody spoke in DHCP_LISTEN_MS with the link up. May close it. */
	void (*decided)(void *arg, const struct dhcp_heard *server);
	void *arg;
};

/* Fills a closed (zeroed) one, in place; `decided` is called once, later. Needs CAP_NET_RAW. 0, or
 * -errno with one line in `why`. */
int dhcp_listen_open(struct dhcp_listen *n, struct loop *l, const char *ifname,
	void (*decided)(void *arg, const struct dhcp_heard *server), void *arg, char *why,
	size_t why_size);
void dhcp_listen_close(struct dhcp_listen *n); /* closed is fine */

#endif
