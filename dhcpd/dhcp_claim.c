/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_claim.h"

size_t dhcp_share_limit(const struct segment *s)
{
	size_t hosts = s->prefix_len < 31 ? ((size_t)1 << (32 - s->prefix_len)) - 2 : 0;
	size_t part = hosts / DHCP_SHARE_PART;

	return part > DHCP_SHARE_MOST ? DHCP_SHARE_MOST : part ? part : 1;
}

bool dhcp_share_has_room(struct dhcp_share *sh, const struct segment *s, int64_t now,
	size_t (*count)(void *arg), void *arg)
{
	rate_look(&sh->begun, DHCP_SHARE_MS, now);
	if (!rate_has(&sh->begun, DHCP_SHARE_A_MINUTE))
		return false;
	if (!sh->counted ||
		(sh->held >= dhcp_share_limit(s) &&
			/* a clock that was set back must not hold up anybody */
			(now < sh->counted || now - sh->counted >= DHCP_SHARE_RECOUNT_MS))) {
		sh->held = count(arg);
		sh->counted = now;
	}
	return sh->held < dhcp_share_limit(s);
}

void dhcp_share_take(struct dhcp_share *sh, int64_t now)
{
	rate_look(&sh->begun, DHCP_SHARE_MS, now);
	rate_take(&sh->begun, DHCP_SHARE_A_MINUTE);
	sh->held++;
}
