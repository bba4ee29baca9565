/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments that are served, and the networks that usher made. */
#ifndef USHER_SERVICE_NETWORK_NETWORK_H
#define USHER_SERVICE_NETWORK_NETWORK_H

#include "core/link.h"
#include "core/table.h"
#include "dhcpd/dhcpd.h"
#include "httpd/httpd.h"
#include "service/guests/hosts.h"
#include "service/network/networks.h"
#include "syslogd/syslogd.h"
#include "tftpd/tftpd.h"

struct look;
struct networking;

enum { SERVED_WHY = 512 };

/* How one segment is followed: links.c. */
struct served {
	struct network *nw;
	struct segment *segment;
	unsigned link;        /* index of its interface when usher opened it; 0: closed */
	unsigned last_link;   /* the last that it had in this run; 0: none yet */
	struct mac mac;       /* the link's, with which DHCP was opened */
	int waits;            /* why it is not served, as last reported: -errno; 0: it is served */
	char why[SERVED_WHY]; /* the same in words */
	char no_ipv6
		[SERVED_WHY];  /* the same of its IPv6, in words; "": it is served, or not wanted */
	uint64_t addresses6;   /* a hash of the link's IPv6 addresses, when it was described last */
	bool unseen;           /* its link could not be looked up */
	bool asking;           /* a query to libvirt about the network is in progress */
	bool again;            /* query again after that */
	bool leaving;          /* its network is being deleted: keep it closed */
	char decided[64];      /* decided.c */
	bool guests_known;     /* claims.c: libvirt's guests with computed MACs were read */
	int64_t guests_looked; /* and when, mono ms */
};

struct network {
	struct base *base;
	struct hosts *hosts;
	struct dhcpd *dhcpd;
	struct tftpd *tftpd;
	struct httpd *httpd;
	struct syslogd *syslogd;
	struct link_monitor *links;
	struct served served[SEGMENT_MAX]; /* by segment id - 1 */
	struct loop_timer again;           /* links.c: to look at those that wait */
	bool silent;                       /* libvirt did not answer at the start */
	struct networks networks;
	struct table claims;         /* claims.c */
	struct look *looks;          /* the same: under way */
	struct networking *net_jobs; /* requests about networks that wait for libvirt */
};

#endif
