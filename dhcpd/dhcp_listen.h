/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a DHCP server on this link, on this host or another? Asks (dhcp_question.h), and whoever
 * answers once more: each time it sends two DISCOVERs and waits, as dnsmasq pings for 3 s before its
 * first offer. Main thread only.
 */
#ifndef USHER_DHCPD_DHCP_LISTEN_H
#define USHER_DHCPD_DHCP_LISTEN_H

#include "dhcpd/dhcp_question.h"
#include "dhcpd/dhcp_watch.h"

enum { DHCP_LISTEN_MS = 5000, DHCP_LISTEN_PROBES = 2 };

struct dhcp_listen {
	struct loop *loop;
	char ifname[16];
	struct dhcp_watch watch;
	struct loop_timer timer;
	struct dhcp_question question;
	unsigned probes; /* of this round */
	bool answered;   /* this round is over */
	/* With the link up, each round took DHCP_LISTEN_MS at most. May close it. */
	void (*decided)(void *arg, const struct dhcp_question *q);
	void *arg;
};

/* Fills a closed (zeroed) one, in place; `decided` is called once, later. Needs CAP_NET_RAW. 0, or
 * -errno with one line in `why`. */
int dhcp_listen_open(struct dhcp_listen *n, struct loop *l, const char *ifname,
	void (*decided)(void *arg, const struct dhcp_question *q), void *arg, char *why,
	size_t why_size);
void dhcp_listen_close(struct dhcp_listen *n); /* closed is fine */

#endif
