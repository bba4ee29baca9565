/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/lint.h"

#include "kickstart/lint/lint_formats.h"
#include "kickstart/lint/lint_kickstart.h"

#include <string.h>

typedef void lint_function(const struct lint_input *in, struct findings *f);

static lint_function *const linters[ANSWERS_KINDS] = {
	[ANSWERS_KICKSTART] = lint_kickstart,
	[ANSWERS_PRESEED] = lint_preseed,
	[ANSWERS_AUTOINSTALL] = lint_autoinstall,
	[ANSWERS_CLOUD_CONFIG] = lint_cloud_config,
	[ANSWERS_AUTOYAST] = lint_autoyast,
	[ANSWERS_IGNITION] = lint_ignition,
	[ANSWERS_YAML] = lint_yaml,
	[ANSWERS_XML] = lint_xml,
	[ANSWERS_JSON] = lint_json,
	/* Of the others nothing is known here: none, and scripts, which `sh -n` reads. */
};

void lint_text(enum answers format, const struct lint_input *in, struct findings *f)
{
	size_t len = strlen(in->text);

	if (len > LINT_TEXT_MAX)
		findings_add(f, FINDING_ERROR, in->file, 0, 0, "has %zu bytes, expected at most %d",
			len, LINT_TEXT_MAX);
	else if (linters[format])
		linters[format](in, f);
	findings_sort(f);
}
