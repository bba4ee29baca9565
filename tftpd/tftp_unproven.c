/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_unproven.h"

#include "core/table.h"

#include <string.h>

enum { WINDOW_MS = 1000 };

void tftp_unproven_init(struct tftp_unproven *u, unsigned most)
{
	memset(u, 0, sizeof *u);
	u->most = most;
}

static struct tftp_unproven_slot *slot_of(
	struct tftp_unproven *u, uint32_t segment, const struct ip *ip)
{
	return &u->slots[hash_bytes(ip, sizeof *ip, segment) % TFTP_UNPROVEN_SLOTS];
}

static bool is_at(const struct tftp_unproven_slot *s, uint32_t segment, const struct ip *ip)
{
	return s->segment == segment && ip_eq(&s->ip, ip);
}

bool tftp_unproven_take(struct tftp_unproven *u, uint32_t segment, const struct ip *ip, int64_t now)
{
	struct tftp_unproven_slot *s = slot_of(u, segment, ip);

	if (!is_at(s, segment, ip))
		*s = (struct tftp_unproven_slot){.ip = *ip, .segment = segment};
	rate_look(&s->rate, WINDOW_MS, now);
	return rate_take(&s->rate, u->most);
}

void tftp_unproven_give(struct tftp_unproven *u, uint32_t segment, const struct ip *ip)
{
	struct tftp_unproven_slot *s = slot_of(u, segment, ip);

	if (is_at(s, segment, ip) && s->rate.taken)
		s->rate.taken--;
}
