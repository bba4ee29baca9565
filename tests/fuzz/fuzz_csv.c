/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSV: what was read, written again with quotes around each field, is read the same. */
#include "core/csv.h"
#include "core/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_record(struct text *t, const struct csv *c)
{
	for (size_t i = 0; i < c->n; i++) {
		text_puts(t, i ? ",\"" : "\"");
		for (const char *s = c->fields[i]; *s; s++) {
			text_add(t, s, 1);
			if (*s == '"')
				text_add(t, s, 1);
		}
		text_puts(t, "\"");
	}
	text_puts(t, "\r\n");
}

/* `t`: where the good records are written again. NULL: they are compared to `like`. */
static size_t read_all(const char *text, size_t len, struct text *t, struct csv *like)
{
	const char *why = NULL, *like_why;
	size_t records = 0;
	long line = 0;
	struct csv c;
	int rc;

	if (csv_init(&c, text, len))
		abort();
	while ((rc = csv_next(&c, &why))) {
		if (c.line <= line || (rc < 0 && (!why || c.n || !t)))
			abort();
		line = c.line;
		if (rc < 0)
			continue;
		records++;
		if (t) {
			write_record(t, &c);
			continue;
		}
		while (csv_next(like, &like_why) < 0)
			;
		if (like->n != c.n)
			abort();
		for (size_t i = 0; i < c.n; i++)
			if (strcmp(c.fields[i], like->fields[i]))
				abort();
	}
	csv_fini(&c);
	return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct csv like;
	struct text t;
	size_t n;

	if (size > 16384)
		return 0;
	text_init(&t, 1 << 20);
	text_puts(&t, "");
	n = read_all(text, size, &t, NULL);
	if (t.rc || csv_init(&like, text, size))
		abort();
	if (read_all(t.s ? t.s : "", t.len, NULL, &like) != n)
		abort();
	csv_fini(&like);
	text_fini(&t);
	return 0;
}
