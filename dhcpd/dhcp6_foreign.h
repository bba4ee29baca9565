/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another DHCPv6 server on a segment where we lease. Servers answer a client alone, so nothing of them is heard unless they
 * are asked: we SOLICIT as a client when we begin, every ten minutes, and when a client's REQUEST names another server.
 * Nothing is taken of what they offer. An event names each, once an hour. Main thread only.
 */
#ifndef USHER_DHCPD_DHCP6_FOREIGN_H
#define USHER_DHCPD_DHCP6_FOREIGN_H

#include "dhcpd/dhcp6_socket.h"
#include "dhcpd/dhcp_own.h"

enum {
	DHCP6_FOREIGN_FIRST = 2, /* questions at the beginning: one may be lost */
	DHCP6_FOREIGN_FIRST_MS = 3000,
	DHCP6_FOREIGN_MS = 600 * 1000,
	DHCP6_FOREIGN_AGAIN_MS = 10 * 1000, /* at the earliest after the last one */
	DHCP6_FOREIGN_TOLD_MS = 3600 * 1000,
	DHCP6_FOREIGN_SOLICIT = 4 + 4 + 10 + 4 + 12 + 4 + 2, /* bytes */
};

struct dhcp6_foreign {
	struct dhcp_lessor *lessor; /* NULL: not begun */
	const struct segment *segment;
	const struct dhcp6_socket *socket;
	struct loop_timer again;
	uint32_t xid; /* of the last question */
	unsigned asked;
	int64_t asked_at;         /* mono ms */
	struct dhcp_notices told; /* by the server's MAC */
};

/* A SOLICIT of the client with this MAC (RFC 8415 18.2.1). Pure. */
void dhcp6_foreign_solicit(const struct mac *mac, uint32_t xid, uint8_t ret[DHCP6_FOREIGN_SOLICIT]);
/* Of an open socket; both are borrowed until the end. */
void dhcp6_foreign_begin(struct dhcp6_foreign *f, struct dhcp_lessor *l, const struct segment *s,
	const struct dhcp6_socket *socket);
void dhcp6_foreign_end(struct dhcp6_foreign *f); /* not begun is fine */
/* A client chose another server. */
void dhcp6_foreign_ask(struct dhcp6_foreign *f);
/* What came to our card's client port. */
void dhcp6_foreign_heard(
	struct dhcp6_foreign *f, const struct dhcp6_frame *from, const struct dhcp6_message *m);

#endif
