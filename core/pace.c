/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pace.h"

bool pace_due(struct pace *p, int64_t ms, uint64_t done, uint64_t size)
{
	uint64_t quarters;

	if (ms < PACE_APART_MS || ms < p->next_ms || done >= size)
		return false;
	quarters = done / (size / 4 + 1);
	if (p->next_ms && quarters <= p->quarters)
		return false;
	p->next_ms = ms + PACE_APART_MS;
	p->quarters = quarters;
	return true;
}
