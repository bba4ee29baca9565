/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a frame of neighbour discovery: decoded without a stray read; encoded again, it says the same, in any room
 * within that room; and what is answered goes to the asker alone. The checksum is put right, or the fuzzer would not get past
 * it, unless the frame's last byte is odd. */
#include "dhcpd/ndp_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { LENGTH_AT = 18, FROM_AT = 22, ICMP_AT = 54, SUM_AT = 56 };
static const struct mac OURS = {{0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4}};
static uint8_t out[NDP_FRAME_MAX];

static void check(bool right)
{
	if (!right)
		abort();
}

static void put_right(uint8_t *frame, size_t len)
{
	size_t icmp_len;
	uint32_t sum;

	if (len < SUM_AT + 2 || frame[len - 1] & 1)
		return;
	icmp_len = (size_t)frame[LENGTH_AT] << 8 | frame[LENGTH_AT + 1];
	if (icmp_len > len - ICMP_AT || icmp_len < 4)
		return;
	frame[SUM_AT] = frame[SUM_AT + 1] = 0;
	sum = 58 + (uint32_t)icmp_len;
	for (size_t i = FROM_AT; i < ICMP_AT + icmp_len; i++)
		sum += (uint32_t)frame[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame[SUM_AT] = (uint8_t)(~sum >> 8);
	frame[SUM_AT + 1] = (uint8_t)~sum;
}

static void check_router(const struct ndp_router *a, const struct ndp_router *b)
{
	check(a->hop_limit == b->hop_limit && a->managed == b->managed && a->other == b->other);
	check(a->preference == b->preference && a->lifetime_s == b->lifetime_s);
	check(a->reachable_ms == b->reachable_ms && a->retransmit_ms == b->retransmit_ms);
	check(a->mtu == b->mtu && a->n_prefixes == b->n_prefixes && a->n_dns == b->n_dns);
	check(a->n_prefixes <= NDP_PREFIXES && a->n_dns <= NDP_DNS);
	check(!a->n_dns || a->dns_s == b->dns_s);
	for (size_t i = 0; i < a->n_prefixes; i++) {
		const struct ndp_prefix *p = &a->prefixes[i], *q = &b->prefixes[i];

		check(ip_eq(&p->ip, &q->ip) && p->len == q->len && p->len <= 128);
		check(p->on_link == q->on_link && p->autonomous == q->autonomous);
		check(p->valid_s == q->valid_s && p->preferred_s == q->preferred_s);
	}
	for (size_t i = 0; i < a->n_dns; i++)
		check(ip_eq(&a->dns[i], &b->dns[i]));
	check(strcmp(a->search, b->search) == 0 && a->search_s == b->search_s);
}

static void check_same(const struct ndp_message *a, const struct ndp_message *b)
{
	check(a->type == b->type && a->has_link == b->has_link);
	check(!a->has_link || mac_eq(&a->link, &b->link));
	check(mac_eq(&a->way.from_mac, &b->way.from_mac) && mac_eq(&a->way.to_mac, &b->way.to_mac));
	check(ip_eq(&a->way.from, &b->way.from) && ip_eq(&a->way.to, &b->way.to));
	check(ip_eq(&a->neighbour.target, &b->neighbour.target));
	check(a->neighbour.is_router == b->neighbour.is_router);
	check(a->neighbour.solicited == b->neighbour.solicited);
	check(a->neighbour.overrides == b->neighbour.overrides);
	check_router(&a->router, &b->router);
}

static void round_trip(const struct ndp_message *m, size_t room)
{
	struct ndp_message back;
	uint8_t *small = malloc(room ? room : 1);
	int len = ndp_wire_encode(m, out, sizeof(out)), n;

	check(len > 0);
	check(ndp_wire_decode(out, (size_t)len, &back) == 0);
	check_same(m, &back);
	if (!small)
		return;
	n = ndp_wire_encode(m, small, room);
	check(n == (room < (size_t)len ? -ENOSPC : len));
	free(small);
}

static void answer(const struct ndp_message *asked, const uint8_t *frame)
{
	struct ndp_message m = ndp_wire_no_router(asked, &OURS), back;
	int len = ndp_wire_encode(&m, out, sizeof(out));

	check(len == 78 && memcmp(out, frame + 6, 6) == 0 && !(out[0] & 1));
	check(ndp_wire_decode(out, (size_t)len, &back) == 0);
	check_same(&m, &back);
}

static void claim(const struct ndp_message *asked)
{
	struct ndp_message m = ndp_wire_claim(asked, &OURS), back;
	int len = ndp_wire_encode(&m, out, sizeof(out));

	check(len == 86 && ndp_wire_decode(out, (size_t)len, &back) == 0);
	check_same(&m, &back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *frame = malloc(len ? len : 1);
	struct ndp_message m;

	if (!frame)
		return 0;
	if (len > 0)
		memcpy(frame, data, len);
	put_right(frame, len);
	if (ndp_wire_decode(frame, len, &m) == 0) {
		round_trip(&m, len);
		round_trip(&m, frame[0]);
		if (m.type == NDP_ROUTER_SOLICIT)
			answer(&m, frame);
		if (m.type == NDP_NEIGHBOUR_SOLICIT)
			claim(&m);
	}
	free(frame);
	return 0;
}
