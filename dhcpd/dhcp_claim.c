/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_claim.h"

size_t dhcp_share_limit(const struct segment *s)
{
	size_t hosts = s->prefix_len < 31 ? ((size_t)1 << (32 - s->prefix_len)) - 2 : 0;
	size_t part = hosts / DHCP_SHARE_PART;

	return part > DHCP_SHARE_MOST ? DHCP_SHARE_MOST : part ? part : 1;
}

/* A clock that was set back must not hold up anybody. */
static bool is_over(int64_t since, int64_t for_ms, int64_t now)
{
	return now - since >= for_ms || now < since;
}

bool dhcp_share_has_room(struct dhcp_share *sh, const struct segment *s, int64_t now,
	size_t (*count)(void *arg), void *arg)
{
	if (!is_over(sh->since, DHCP_SHARE_MS, now) && sh->begun >= DHCP_SHARE_A_MINUTE)
		return false;
	if (!sh->counted ||
		(sh->held >= dhcp_share_limit(s) &&
			is_over(sh->counted, DHCP_SHARE_RECOUNT_MS, now))) {
		sh->held = count(arg);
		sh->counted = now;
	}
	return sh->held < dhcp_share_limit(s);
}

void dhcp_share_take(struct dhcp_share *sh, int64_t now)
{
	if (is_over(sh->since, DHCP_SHARE_MS, now)) {
		sh->since = now;
		sh->begun = 0;
	}
	sh->begun++;
	sh->held++;
}
