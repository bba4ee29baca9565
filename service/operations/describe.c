/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/operations/describe.h"

#include "machine/labels.h"
#include "service/base/base.h"

int describe_change(
	struct base *base, struct machine *m, const json_t *request, char *why, size_t size)
{
	bool changed = false;
	char said[256];
	int rc = labels_take(m, request, &changed, why, size);

	if (!rc)
		rc = machines_save(base->machines, m);
	if (!rc && changed)
		timeline_add(base->timeline, m->name, "changed", "%s",
			labels_said(request, said, sizeof said));
	return rc;
}
