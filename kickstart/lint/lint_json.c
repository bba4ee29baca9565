/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON as such. */
#include "kickstart/lint/lint_formats.h"
#include "kickstart/lint/lint_shape.h"

#include <jansson.h>

/* jansson says what is no JSON; the rest is looked at as the YAML that all JSON is. */
struct shape_file *lint_json_file(const struct lint_input *in, struct findings *f)
{
	json_error_t e;
	json_t *j = json_loads(in->text, JSON_DECODE_ANY, &e);

	if (j) {
		json_decref(j);
		return shape_file_new(in, f);
	}
	findings_add(f, FINDING_ERROR, in->file, e.line > 0 ? (unsigned)e.line : 0,
		e.column > 0 ? (unsigned)e.column : 0, "no JSON: %s", e.text);
	return NULL;
}

void lint_json(const struct lint_input *in, struct findings *f)
{
	shape_file_free(lint_json_file(in, f));
}
