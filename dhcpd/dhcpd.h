/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DHCP server, segment by segment: ours to lease on, another's, or not known yet. Main thread
 * only.
 *
 *   dhcp_own     we lease                      dhcp_proxy   somebody else does: boot information only
 *   dhcp_listen  who leases here?              dhcp_foreign another server where we lease
 *   dhcp_wire    messages, bytes to struct     dhcp_policy  who gets which address
 *   dhcp_boot    what a firmware should load   dhcp_answer  a decision's bytes
 *   dhcp_route   where an answer goes
 *   dhcp_proxy_answer  its offers              dhcp_heard   other servers' words; dhcp_watch: pcap
 *   dhcp_secret  a token in an answer          dhcp_origin  messages sent in another's name
 *   dhcp_socket  system calls; dhcp_frame      dhcp_outbox  answers on their way out, ACKs parked
 *   dhcp_backlog what a crowd has to wait for  dhcp_events  what the timeline is told; dhcp_notice
 *   dhcp_question  who answered, and counts    dhcp_claim   what a computed MAC buys a stranger
 *   lease        the table; lease_heap, _record  prober     who has this address? arp, arp_wire
 *   ndp          iPXE's IPv6 router; ndp_wire  dns_name     domain names in options
 *   dhcp_choose  an address, of either family  dhcp_pace    when a socket is read
 *   dhcp6_own    we lease IPv6 addresses, with dhcp6_wire, _policy, _answer, _frame, _socket, _events
 *   dhcp6_who    which machine one is from     ra           router advertisements
 */
#ifndef USHER_DHCPD_DHCPD_H
#define USHER_DHCPD_DHCPD_H

#include "core/histogram.h"
#include "core/loop.h"
#include "core/store.h"
#include "dhcpd/dhcp_boot.h"
#include "dhcpd/lease.h"
#include "machine/machine.h"
#include "machine/segment.h"
#include "machine/timeline.h"

struct dhcpd;

/* What a crowd's ACKs wait at most, beside the disk, so that they share a commit: its cost is
 * mostly the same for one lease and for a hundred. */
enum { DHCPD_GATHER_MS = 20 };

/* Another DHCP server that was heard. */
struct dhcpd_server {
	struct ip address;
	struct mac mac;
	struct ip gives; /* what it offered or leased; not set: it refused */
	bool forged;     /* it speaks in our name */
};

/* All borrowed for as long as the server lives. */
struct dhcpd_config {
	struct loop *loop;
	struct store *store; /* NULL (tests): ACKs leave at once */
	struct machines *machines;
	struct timeline *timeline;
	const struct segments *segments;
	/* Boot programs that a machine's profile has of its own; NULL: no profile has any. */
	dhcp_programs programs;
	/* Whose guest a computed MAC is; NULL: nobody knows. With `arg`. */
	dhcp_guests guests;
	/* The token that a card without a record is told, where machines are discovered: borrowed until the next call. NULL:
	 * none, it boots nothing. `uuid`, as it came: what its firmware says is the machine's; NULL: it does not say. */
	const char *(*stranger)(
		void *arg, const struct segment *s, const struct mac *mac, const uint8_t *uuid);
	/* Who leases on a segment of mode SEGMENT_AUTO is known, some seconds after it was opened:
	 * `server` (NULL: nobody), borrowed; it answered, twice. The callee sets the mode and opens the segment
	 * again. */
	void (*decided)(void *arg, const struct segment *s, const struct dhcpd_server *server);
	/*
	 * Would an answer to this card of `m` reach it? `from` NULL: by a frame to its MAC; else by
	 * this address of its, as an ordinary datagram. False, with a line in `why`: somebody else
	 * would have it, or nobody knows who. NULL: yes.
	 */
	bool (*hears)(void *arg, const struct machine *m, const struct segment *s,
		const struct mac *mac, const struct ip *from, char *why, size_t size);
	/* Bare metal boots by another kind of firmware than its record says; NULL: nobody wants to know. */
	void (*firmware)(void *arg, const struct machine *m, bool uefi);
	void *arg;
	unsigned gather_ms; /* at most one commit in this time; 0: only one after the other */
};

enum { DHCPD_TYPES6 = 14 }; /* 1 to 13; 0: none of them */

struct dhcpd_stats {
	uint64_t in, out;   /* packets */
	uint64_t malformed; /* did not decode */
	uint64_t ignored;   /* decoded, and no answer is due */
	uint64_t dropped; /* an answer was due and did not leave: no room, commit or send failed */
	uint64_t in_type[9];             /* by DHCP message type 1..8; 0: BOOTP */
	uint64_t offers, acks, naks;     /* of both families, as the next four */
	uint64_t in6_type[DHCPD_TYPES6]; /* by DHCPv6 message type */
	uint64_t advertises6, leases6;   /* DHCPv6's of `offers` and of `acks` */
	uint64_t replies6;               /* its other answers */
	uint64_t
		refused; /* of `ignored`: asked for an address and was not to have one: nobody's machine */
	struct histogram direct, stored; /* dhcp_outbox.h */
	size_t parked;                   /* ACKs waiting for the store now */
};

int dhcpd_new(const struct dhcpd_config *c, struct dhcpd **ret);
/* Reads the leases; before store_start(). On failure one line in `why`. */
int dhcpd_load(struct dhcpd *d, char *why, size_t why_size);
/* Opens (again) the segment's sockets, as its mode wants (one behind a relay has none of its own):
 * needs CAP_NET_BIND_SERVICE and CAP_NET_RAW. The link must
 * exist, it need not be up. Fine to call whenever a link changed: sockets that are still on the
 * right one stay. -errno with one line in `why`; then the segment is closed. */
int dhcpd_open(struct dhcpd *d, const struct segment *s, char *why, size_t why_size);
void dhcpd_close(struct dhcpd *d, const struct segment *s);
/* It goes for good: closed, its leases forgotten in the store's open transaction. Then
 * segments_remove(). */
void dhcpd_drop(struct dhcpd *d, const struct segment *s);
/* Other servers that were heard beside the one that leases, since an hour at most: fills `ret`, gives how many. */
enum { DHCPD_OTHERS_MAX = 8 };
size_t dhcpd_others(
	const struct dhcpd *d, const struct segment *s, struct dhcpd_server ret[DHCPD_OTHERS_MAX]);
bool dhcpd_is_open(const struct dhcpd *d, const struct segment *s);
/* Does usher lease IPv6 addresses there now? */
bool dhcpd_leases6(const struct dhcpd *d, const struct segment *s);
/* NULL is fine. Parked ACKs are dropped; may be called before or after store_close(). */
void dhcpd_free(struct dhcpd *d);

/* For `usher leases`, `create` and whoever knows a client by its address: lease_holder(),
 * leases_list(). */
const struct leases *dhcpd_leases(const struct dhcpd *d);
/* A machine was deleted: its leases go, in the store's open transaction. */
void dhcpd_forget(struct dhcpd *d, const struct mac *mac);
struct dhcpd_stats dhcpd_stats(const struct dhcpd *d);

#endif
