/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/files/linted.h"

#include "kickstart/render_lint.h"

#include <errno.h>
#include <stdio.h>

static int judge(const struct findings *f, char *why, size_t size)
{
	if (f->n_errors == 0)
		return 0;
	snprintf(why, size, "the answers of this profile have %zu error%s: nothing was made",
		f->n_errors, f->n_errors == 1 ? "" : "s");
	return -EINVAL;
}

/* What was not kept is said as one more. */
static json_t *findings_all(const struct findings *f)
{
	json_t *all = findings_json(f);
	char text[64];

	for (size_t i = 0; i < f->n_files; i++) {
		const struct finding_file *one = &f->files[i];

		snprintf(text, sizeof(text), "%zu more are left out", one->left_out);
		if (one->left_out)
			json_array_append_new(all,
				json_pack("{s:s, s:s, s:s}", "file", one->name, "level",
					one->left_errors ? "error" : "warning", "text", text));
	}
	return all;
}

int linted(const struct rendering *r, uint64_t disk, json_t **ret_findings, char *why, size_t size)
{
	struct findings f = {0};
	int rc = render_lint(r, disk, &f, why, size);

	if (rc == 0)
		rc = judge(&f, why, size);
	*ret_findings = f.n ? findings_all(&f) : NULL;
	findings_fini(&f);
	return rc;
}

json_t *linted_error(const char *why, json_t *findings)
{
	return json_pack("{s:s, s:O*}", "error", why, "findings", findings);
}

void linted_add(json_t *reply, json_t *findings)
{
	if (findings)
		json_object_set(reply, "findings", findings);
}
