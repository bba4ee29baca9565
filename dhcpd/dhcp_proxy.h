/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment where another server leases: boot offers beside its own (dhcp_proxy_answer.h), and its leases
 * to our machines on the timeline. Owns its sockets; main thread only.
 *
 * Port 67 is bound to the broadcast address: the other server may be on this host, and what is sent
 * to its own address is its own.
 */
#ifndef USHER_DHCPD_DHCP_PROXY_H
#define USHER_DHCPD_DHCP_PROXY_H

#include "core/loop.h"
#include "dhcpd/dhcp_boot.h"
#include "dhcpd/dhcpd.h"
#include "machine/machine.h"
#include "machine/segment.h"
#include "machine/timeline.h"

struct dhcp_events;
struct dhcp_foreign;
struct dhcp_inbox;
struct dhcp_proxy;

/* All borrowed for as long as it is open. */
struct dhcp_proxy_config {
	struct loop *loop;
	const struct machines *machines;
	const struct segments *segments;
	struct timeline *timeline;
	struct dhcp_events *events; /* for what is told of the messages themselves */
	dhcp_programs programs;
	/* dhcpd_config's */
	bool (*hears)(void *arg, const struct machine *m, const struct segment *s,
		const struct mac *mac, const struct ip *from, char *why, size_t size);
	const char *(*stranger)(
		void *arg, const struct segment *s, const struct mac *mac, const uint8_t *uuid);
	void *arg;
	struct dhcp_inbox *inbox;          /* shared: used within one wake-up */
	const struct dhcpd_server *server; /* who was found to lease there; zero: mode says so */
};

/* Needs CAP_NET_BIND_SERVICE and CAP_NET_RAW. -errno with one line in `why`. */
int dhcp_proxy_open(const struct dhcp_proxy_config *c, const struct segment *s,
	struct dhcp_proxy **ret, char *why, size_t why_size);
/* Still on the segment's link, which still has its MAC? */
bool dhcp_proxy_fits(struct dhcp_proxy *d);
/* Third servers that were heard. */
const struct dhcp_foreign *dhcp_proxy_foreign(const struct dhcp_proxy *d);
void dhcp_proxy_free(struct dhcp_proxy *d); /* NULL is fine */

#endif
