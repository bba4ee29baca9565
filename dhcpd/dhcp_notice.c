/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_notice.h"

#include "core/table.h"

enum { METER_MS = 10 * 1000 };

bool dhcp_notice_due(struct dhcp_notices *n, uint32_t segment, const struct mac *mac, int64_t now)
{
	int64_t every = n->every ? n->every : DHCP_NOTICE_MS;
	size_t i = hash_bytes(mac->b, sizeof(mac->b), segment) % DHCP_NOTICE_SLOTS;

	bool known = n->slots[i].at && n->slots[i].segment == segment &&
		mac_eq(&n->slots[i].mac, mac) && now - n->slots[i].at < every;

	if (known && n->slots[i].said >= (n->each ? n->each : 1))
		return false;
	rate_look(&n->all, DHCP_NOTICE_MS, now);
	if (!rate_take(&n->all, n->most ? n->most : DHCP_NOTICE_MOST))
		return false;
	if (!known) {
		n->slots[i].segment = segment;
		n->slots[i].mac = *mac;
		n->slots[i].at = now;
		n->slots[i].said = 0;
	}
	n->slots[i].said++;
	return true;
}

unsigned dhcp_meter_due(struct dhcp_meter *m, int64_t now)
{
	unsigned count = ++m->count;

	if (m->at && now - m->at < METER_MS)
		return 0;
	m->at = now;
	m->count = 0;
	return count;
}
