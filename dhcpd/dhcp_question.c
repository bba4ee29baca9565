/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_question.h"

#include <string.h>

enum { ALL_ROUNDS = (1 << DHCP_QUESTION_ROUNDS) - 1 };

void dhcp_question_init(struct dhcp_question *q, const uint8_t random[14])
{
	*q = (struct dhcp_question){0};
	memcpy(q->client.b, random, sizeof(q->client.b));
	q->client.b[0] = 0x02;
	memcpy(q->xid, random + sizeof(q->client.b), sizeof(q->xid));
	if (q->xid[0] == q->xid[1])
		q->xid[1]++;
}

/* One host's. */
static bool is_unicast(uint32_t ip)
{
	uint8_t first = (uint8_t)(ip >> 24);

	return first > 0 && first < 224 && first != 127;
}

/* Of which round: a bit, or 0. One that takes its time may answer the first question during the second. */
static unsigned answers(const struct dhcp_question *q, const struct dhcp_heard *h)
{
	if (h->type != DHCP_OFFER || !mac_eq(&h->client, &q->client))
		return 0;
	for (unsigned r = 0; r <= q->round; r++)
		if (h->xid == q->xid[r])
			return 1u << r;
	return 0;
}

/* A relay may speak for it: then the packet's source is another than the server. */
static bool is_servers(const struct dhcp_heard *h)
{
	return !mac_is_zero(&h->from) && !mac_is_group(&h->from) && is_unicast(h->server) &&
		is_unicast(h->from_ip);
}

static bool is_same(const struct dhcp_heard *a, const struct dhcp_heard *b)
{
	return a->server == b->server && a->from_ip == b->from_ip && mac_eq(&a->from, &b->from);
}

static void stray(struct dhcp_question *q, const struct dhcp_heard *h)
{
	q->strays++;
	q->stray = *h;
}

bool dhcp_question_hear(struct dhcp_question *q, const struct dhcp_heard *h)
{
	unsigned bit = answers(q, h);
	size_t i = 0;

	/* boot information alone is not a lease: two proxies get along */
	if (!h->address && h->type != DHCP_NAK)
		return false;
	if (!bit || !is_servers(h)) {
		stray(q, h);
		return false;
	}
	while (i < q->n && !is_same(&q->servers[i].says, h))
		i++;
	if (i == DHCP_QUESTION_SERVERS) {
		stray(q, h);
		return false;
	}
	q->n += i == q->n;
	if (q->servers[i].rounds & bit)
		return false;
	q->servers[i].says = *h;
	q->servers[i].rounds |= bit;
	return true;
}

const struct dhcp_heard *dhcp_question_server(const struct dhcp_question *q)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->servers[i].rounds == ALL_ROUNDS)
			return &q->servers[i].says;
	return NULL;
}

const struct dhcp_heard *dhcp_question_forger(const struct dhcp_question *q)
{
	const struct dhcp_heard *server = dhcp_question_server(q);

	for (size_t i = 0; i < q->n; i++) {
		const struct dhcp_heard *h = &q->servers[i].says;

		if ((!server && q->servers[i].rounds == 1) ||
			(server && h != server && h->server == server->server))
			return h;
	}
	return NULL;
}
