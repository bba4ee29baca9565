/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct dhcp_backlog_slot {
	size_t len;
	uint8_t bytes[DHCP_PACKET_MAX];
};

void dhcp_backlog_fini(struct dhcp_backlog *b)
{
	free(b->slots);
	*b = (struct dhcp_backlog){0};
}

int dhcp_backlog_put(struct dhcp_backlog *b, const void *bytes, size_t len)
{
	struct dhcp_backlog_slot *s;
	bool full = b->n == DHCP_BACKLOG;

	if (len > DHCP_PACKET_MAX)
		return -EMSGSIZE;
	if (!b->slots)
		b->slots = calloc(DHCP_BACKLOG, sizeof(*b->slots));
	if (!b->slots)
		return -ENOMEM;
	if (full) {
		b->first = (b->first + 1) % DHCP_BACKLOG;
		b->n--;
	}
	s = &b->slots[(b->first + b->n++) % DHCP_BACKLOG];
	s->len = len;
	memcpy(s->bytes, bytes, len);
	return full;
}

bool dhcp_backlog_take(struct dhcp_backlog *b, const uint8_t **ret_bytes, size_t *ret_len)
{
	const struct dhcp_backlog_slot *s;

	if (!b->n)
		return false;
	s = &b->slots[b->first];
	b->first = (b->first + 1) % DHCP_BACKLOG;
	b->n--;
	*ret_bytes = s->bytes;
	*ret_len = s->len;
	return true;
}
