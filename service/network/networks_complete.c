/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/network/networks_complete.h"
#include "service/network/networks.h"
#include "service/network/network.h"

#include "guest/network_make.h"

#include <errno.h>
#include <stdio.h>

/* What was made before, and is left out now, stays as it was. */
int networks_complete(
	const struct network *nw, struct guest_network_spec *spec, char *why, size_t size)
{
	const struct guest_network_spec *old = networks_find(&nw->networks, spec->name);
	const struct segment *seg = segments_by_name(&nw->base->segments, spec->name);
	int rc;

	if (seg && !seg->is_network) {
		snprintf(why, size, "'%s' is an interface that is served: take another name",
			spec->name);
		return -EEXIST;
	}
	if (!old && nw->base->config.n_segments == SEGMENT_MAX &&
		!config_segment_of(&nw->base->config, spec->name)) {
		snprintf(why, size, "%d networks and interfaces are already served, the maximum",
			SEGMENT_MAX);
		return -ENOSPC;
	}
	if (!old)
		return 0;
	rc = network_make_compare(spec, old, why, size);
	if (!rc)
		*spec = *old;
	return rc;
}
