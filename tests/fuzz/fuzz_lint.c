/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One byte of format, then the text. */
#include "kickstart/lint/lint.h"
#include "kickstart/lint/scripts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In order, one line each, of places that are there. */
static void check(const struct findings *f, const char *text)
{
	size_t lines = 1, errors = 0;

	for (const char *s = text; *s; s++)
		lines += strchr("\n\r\x85\xa8\xa9", *s) != NULL; /* in YAML so do NEL, LS and PS */
	for (size_t i = 0; i < f->n; i++) {
		/* a reader that fails at the end may count one more */
		if (f->v[i].line > lines + 1 || strchr(f->v[i].text, '\n') || !*f->v[i].text)
			abort();
		errors += f->v[i].level == FINDING_ERROR;
	}
	if (errors != f->n_errors && !f->left_out)
		abort();
}

static void script(void *arg, const struct lint_script *s)
{
	const char *text = arg;
	size_t lines = 2;

	for (const char *p = text; *p; p++)
		lines += strchr("\n\r\x85\xa8\xa9", *p) != NULL;
	if (!s->line || s->line > lines || strlen(s->text) > strlen(text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lint_machine machine = {.disks = {"vda"},
		.disk_sizes = {10ULL << 30},
		.n_disks = 1,
		.address = "192.0.2.7",
		.netmask = "255.255.255.0",
		.gateway = "192.0.2.1",
		.prefix = 24,
		.hostname = "web01"};
	struct lint_input in = {.file = "fuzz", .version = "RHEL9", .machine = &machine};
	struct findings f = {0};
	char *text;

	if (size < 1 || size > 8192)
		return 0;
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	in.text = text;
	lint_text((enum answers)(data[0] % ANSWERS_KINDS), &in, &f);
	check(&f, text);
	lint_scripts((enum answers)(data[0] % ANSWERS_KINDS), text, script, text);
	findings_fini(&f);
	free(text);
	return 0;
}
