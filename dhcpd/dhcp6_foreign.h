/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another DHCPv6 server on a segment where we lease. Servers answer a client alone, so nothing of them is heard unless they
 * are asked: we SOLICIT as a client when we begin, every ten minutes, and when a client's REQUEST names another server.
 * Nothing is taken of what they offer. An event names each, once an hour.
 *
 * A segment that yields (segment.h) is another's where two of the first three questions are answered with an address, unless we
 * have leased there already: a newcomer takes nothing from us. It is ours again when two in a row are not answered. Main
 * thread only.
 */
#ifndef USHER_DHCPD_DHCP6_FOREIGN_H
#define USHER_DHCPD_DHCP6_FOREIGN_H

#include "dhcpd/dhcp6_socket.h"
#include "dhcpd/dhcp_own.h"

enum {
	DHCP6_FOREIGN_FIRST = 2, /* questions at the beginning: one may be lost */
	DHCP6_FOREIGN_SURE = 2,  /* answers, or as many without */
	DHCP6_FOREIGN_FIRST_MS = 3000,
	DHCP6_FOREIGN_MS = 600 * 1000,
	DHCP6_FOREIGN_AGAIN_MS = 10 * 1000, /* at the earliest after the last one */
	DHCP6_FOREIGN_TOLD_MS = 3600 * 1000,
	DHCP6_FOREIGN_SOLICIT = 4 + 4 + 10 + 4 + 12 + 4 + 2, /* bytes */
};

enum dhcp6_place {
	DHCP6_PLACE_ASKED, /* not known yet */
	DHCP6_PLACE_OURS,
	DHCP6_PLACE_ANOTHERS,
};

/* Who leases on a segment that yields: pure. */
struct dhcp6_yield {
	enum dhcp6_place place;
	unsigned answered, silent; /* questions: of the first, and in a row */
};

/* A question is over. True: it is known now, or another than before. */
bool dhcp6_yield_note(struct dhcp6_yield *y, bool answered);

struct dhcp6_foreign {
	struct dhcp_lessor *lessor; /* NULL: not begun */
	const struct segment *segment;
	const struct dhcp6_socket *socket;
	struct loop_timer again;
	uint32_t xid; /* of the last question */
	unsigned asked;
	int64_t asked_at;         /* mono ms */
	struct dhcp_notices told; /* by the server's MAC */
	struct dhcp6_yield yield; /* the last question's answer is not in it yet */
	bool answered;            /* the last question was, with an address */
	char other[160];          /* by whom */
	/* Who leases is known now, or has changed. */
	void (*decided)(void *arg);
	void *arg;
};

/* A SOLICIT of the client with this MAC (RFC 8415 18.2.1). Pure. */
void dhcp6_foreign_solicit(const struct mac *mac, uint32_t xid, uint8_t ret[DHCP6_FOREIGN_SOLICIT]);
/* Of an open socket; both are borrowed until the end. `decided` and `arg` are set. */
void dhcp6_foreign_begin(struct dhcp6_foreign *f, struct dhcp_lessor *l, const struct segment *s,
	const struct dhcp6_socket *socket);
/* Do we lease here? */
static inline bool dhcp6_foreign_is_ours(const struct dhcp6_foreign *f)
{
	return f->yield.place == DHCP6_PLACE_OURS;
}
void dhcp6_foreign_end(struct dhcp6_foreign *f); /* not begun is fine */
/* A client chose another server. */
void dhcp6_foreign_ask(struct dhcp6_foreign *f);
/* What came to our card's client port. */
void dhcp6_foreign_heard(
	struct dhcp6_foreign *f, const struct dhcp6_frame *from, const struct dhcp6_message *m);

#endif
