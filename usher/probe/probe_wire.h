/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP as a client on a station's link: frames, since it has no address yet. Blocking, with time limits. */
#ifndef USHER_USHER_PROBE_PROBE_WIRE_H
#define USHER_USHER_PROBE_PROBE_WIRE_H

#include "usher/probe/probe_judge.h"

#include <signal.h>

enum {
	PROBE_WIRE_ARP_MS = 500,      /* who runs answers within a fraction of that */
	PROBE_WIRE_AGAIN_MS = 2000,   /* a question is asked again */
	PROBE_WIRE_SILENT_MS = 10000, /* nobody answered */
	PROBE_WIRE_OTHERS_MS =
		4000, /* from the first question on others may answer: dnsmasq pings for 3 s first */
};

struct probe_wire {
	int fd;        /* -1: closed */
	int client_fd; /* on port 68, so that the kernel answers nobody there */
	volatile sig_atomic_t *stop;
	struct dhcp_message scratch;
};

/* A packet socket there, non-blocking, for frames that others send: ETH_P_ARP, or, of ETH_P_IP, what is for a DHCP client. The
 * descriptor, or -errno. */
int probe_wire_frames(unsigned ifindex, uint16_t ethertype);
/* 0 or -errno. Needs CAP_NET_RAW there. */
int probe_wire_open(struct probe_wire *w, unsigned ifindex, volatile sig_atomic_t *stop);
void probe_wire_close(struct probe_wire *w);

/* Asks until one leases or the time is over, and listens then until offers of `others` servers came, proxies among them, or
 * PROBE_WIRE_OTHERS_MS are over. Returns how many offers are in `ret`; *ret_us: until the first lease. */
size_t probe_wire_discover(struct probe_wire *w, const struct dhcp_asking *a, size_t others,
	struct dhcp_told ret[PROBE_OFFERS], int64_t *ret_us);
/* A REQUEST of what was offered. PROBE_DONE and the ACK; PROBE_DENIED and the NAK; PROBE_SILENT. */
enum probe_end probe_wire_request(
	struct probe_wire *w, const struct dhcp_asking *a, struct dhcp_told *ret);
void probe_wire_release(
	struct probe_wire *w, const struct dhcp_asking *a, const struct mac *server);

/* Does somebody on this link answer ARP for the address? Asks from the link's own MAC, before there is a station. */
bool probe_wire_answers(unsigned ifindex, const struct mac *own, uint32_t address);

#endif
