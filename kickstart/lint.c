#include "kickstart/lint.h"

#include <string.h>

typedef void lint_function(const struct lint_input *in, struct findings *f);

static lint_function *const linters[ANSWERS_KINDS] = {
	[ANSWERS_NONE] = NULL, /* nothing is known of it */
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
