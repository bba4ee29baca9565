/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What templates are rendered with: a machine, and the segment that it boots from. */
#ifndef USHER_SERVICE_BASE_RENDERED_FOR_H
#define USHER_SERVICE_BASE_RENDERED_FOR_H

#include "kickstart/render.h"
#include "service/base/base.h"

/* Do not move it: `in` points into it. */
struct rendered_for {
	struct render_input in; /* borrows the machine, the segment and the base */
	char url[128];          /* "" without a segment */
	char cache_url[128];    /* of the package cache; the same */
};

/* `seg` may be NULL: it is not served now. URLs are of our address of the family that the machine asks by; IP_NONE, or none of
 * that family there: of IPv4, else of IPv6. The caller sets the other members of `in`. */
void rendered_for(struct rendered_for *ret, const struct base *base, const struct machine *m,
	const struct segment *seg, enum ip_family family);
/* Of the machine's first card's segment. */
void rendered_for_first(struct rendered_for *ret, const struct base *base, const struct machine *m);

#endif
