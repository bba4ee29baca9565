/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/rendered_for.h"

void rendered_for(struct rendered_for *ret, const struct base *base, const struct machine *m,
	const struct segment *seg, enum ip_family family)
{
	*ret = (struct rendered_for){.in = {.machine = m,
					     .segment = seg,
					     .family = family,
					     .find_segment = render_find_segment,
					     .arg = &base->segments,
					     .base_url = ret->url}};
	if (seg)
		segment_url(seg, segment_asked(seg, family), ret->url, sizeof ret->url);
}

void rendered_for_first(struct rendered_for *ret, const struct base *base, const struct machine *m)
{
	rendered_for(ret, base, m, segments_by_name(&base->segments, m->nics[0].segment), IP_NONE);
}
