/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Overhears what DHCP servers say to clients on a link, by libpcap: another server's words reach no
 * socket of ours. Rim; main thread.
 */
#ifndef USHER_DHCPD_DHCP_WATCH_H
#define USHER_DHCPD_DHCP_WATCH_H

#include "core/loop.h"
#include "dhcpd/dhcp_heard.h"

struct pcap;

struct dhcp_watch {
	struct loop *loop; /* NULL: closed */
	struct pcap *pcap; /* NULL: the link is away just now */
	struct loop_fd fd;
	struct loop_timer again;
	char ifname[16];
	bool of_host; /* servers on this host too: they speak on the link as we do */
	void (*heard)(void *arg, const struct dhcp_heard *h);
	void *arg;
};

/* Fills a closed (zeroed) one, in place: it must not be moved. Needs CAP_NET_RAW, also later: a
 * link that goes away is tried again every second. `heard` must not close it. 0, or -errno with one
 * line in `why`, and it is still closed. */
int dhcp_watch_open(struct dhcp_watch *w, struct loop *l, const char *ifname, bool of_host,
	void (*heard)(void *arg, const struct dhcp_heard *h), void *arg, char *why,
	size_t why_size);
void dhcp_watch_close(struct dhcp_watch *w); /* closed is fine */

#endif
