/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/rate.h"

unsigned rate_look(struct rate *r, int64_t window_ms, int64_t now)
{
	unsigned over = r->over;

	if (r->since && now >= r->since && now - r->since < window_ms)
		return 0;
	*r = (struct rate){.since = now};
	return over;
}

bool rate_take(struct rate *r, unsigned most)
{
	if (!rate_has(r, most)) {
		r->over++;
		return false;
	}
	r->taken++;
	return true;
}
