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
					     .base_url = ret->url,
					     .mirrors = base->mirrors,
					     .cache_url = ret->cache_url}};
	if (!seg)
		return;
	segment_url(seg, segment_asked(seg, family), ret->url, sizeof ret->url);
	segment_url_of(segment_asked(seg, family), base->config.packages_port, ret->cache_url,
		sizeof ret->cache_url);
}

void rendered_for_first(struct rendered_for *ret, const struct base *base, const struct machine *m)
{
	rendered_for(ret, base, m, segments_by_name(&base->segments, m->nics[0].segment), IP_NONE);
}
