/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Who leases here?", asked when a segment of mode auto is opened, and what to make of the answers. A server counts when it
 * answers what we asked, to the client that we made up, and does so once more when it is asked anew: a packet that somebody
 * throws in unasked decides nothing. Who hears our broadcast and answers as a server does is one, as far as anybody on the
 * wire can tell: so what is decided names it. Pure.
 */
#ifndef USHER_DHCPD_DHCP_QUESTION_H
#define USHER_DHCPD_DHCP_QUESTION_H

#include "dhcpd/dhcp_heard.h"

#include <stddef.h>

enum {
	DHCP_QUESTION_ROUNDS = 2,
	DHCP_QUESTION_SERVERS = 4, /* that answered; more decide nothing */
};

struct dhcp_question {
	struct mac client; /* made up */
	uint32_t xid[DHCP_QUESTION_ROUNDS];
	unsigned round; /* 0: the first */
	struct {
		struct dhcp_heard says; /* the last time */
		unsigned rounds;        /* a bit for each in which it answered */
	} servers[DHCP_QUESTION_SERVERS];
	size_t n;
	unsigned strays;         /* leases that others were told of, or that nobody asked for */
	struct dhcp_heard stray; /* the last of them */
};

/* From random bytes; the client is locally administered and no group. */
void dhcp_question_init(struct dhcp_question *q, const uint8_t random[14]);
/* True: this is an answer, the first of its server to that question. */
bool dhcp_question_hear(struct dhcp_question *q, const struct dhcp_heard *h);
/* The server that leases there, or NULL; after the last round. */
const struct dhcp_heard *dhcp_question_server(const struct dhcp_question *q);
/* One that answered once and was silent when asked again, or that answers as another does with another MAC: somebody
 * forges. NULL: none. */
const struct dhcp_heard *dhcp_question_forger(const struct dhcp_question *q);

#endif
