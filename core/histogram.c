/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/histogram.h"

void histogram_add(struct histogram *h, int64_t value, uint64_t times)
{
	const struct histogram_bounds *b = h->bounds;
	size_t i = 0;

	if (value < 0)
		value = 0;
	while (i < b->n && value > b->at[i])
		i++;
	h->in[i] += times;
	h->sum += (uint64_t)value * times;
}
