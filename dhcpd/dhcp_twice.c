/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_twice.h"

#include "core/table.h"

/* What tells messages apart: transaction id, seconds, addresses and MAC (RFC 2131 2), and their length. */
enum { HEAD = 44 };

static uint32_t count(struct dhcp_twice *t, uint32_t segment, uint32_t other, int64_t now)
{
	if (t->seen[segment - 1].with != other) {
		t->seen[segment - 1].with = other;
		t->seen[segment - 1].times = 0;
	}
	if (++t->seen[segment - 1].times < DHCP_TWICE_ENOUGH ||
		(t->seen[segment - 1].told && now - t->seen[segment - 1].told < DHCP_TWICE_MS))
		return 0;
	t->seen[segment - 1].told = t->seen[other - 1].told = now;
	return other;
}

uint32_t dhcp_twice_heard(
	struct dhcp_twice *t, uint32_t segment, const void *bytes, size_t len, int64_t now)
{
	uint64_t hash = hash_bytes(bytes, len < HEAD ? len : HEAD, len);
	size_t i = hash % DHCP_TWICE_SLOTS;
	uint32_t other = t->last[i].hash == hash && now - t->last[i].at <= DHCP_TWICE_APART_MS
		? t->last[i].segment
		: 0;

	t->last[i].hash = hash;
	t->last[i].segment = segment;
	t->last[i].at = now;
	return other && other != segment ? count(t, segment, other, now) : 0;
}
