/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/findings.h"

#include "core/plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void findings_fini(struct findings *f)
{
	for (size_t i = 0; i < f->n_files; i++)
		free(f->files[i].name);
	free(f->files);
	free(f->v);
	*f = (struct findings){0};
}

/* n_files: it is not among them. */
static size_t file_find(const struct findings *f, const char *name)
{
	size_t i = 0;

	while (i < f->n_files && strcmp(f->files[i].name, name) != 0)
		i++;
	return i;
}

/* The number of a file; n_files when there is no memory for a new one. */
static size_t file_number(struct findings *f, const char *name)
{
	size_t i = file_find(f, name);
	struct finding_file *files;

	if (i < f->n_files)
		return i;
	files = reallocarray(f->files, f->n_files + 1, sizeof(*files));
	if (!files)
		return i;
	f->files = files;
	files[i] = (struct finding_file){.name = strdup(name)};
	f->n_files += files[i].name != NULL;
	return i;
}

bool findings_full(const struct findings *f, const char *file)
{
	size_t i = file_find(f, file);

	return i < f->n_files && f->files[i].n >= FINDINGS_MAX;
}

static int order(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int rc = order(x->file, y->file);

	rc = rc ? rc : order(x->line, y->line);
	rc = rc ? rc : order(x->column, y->column);
	rc = rc ? rc : order(y->level, x->level); /* errors first */
	return rc ? rc : strcmp(x->text, y->text);
}

static bool is_there(const struct findings *f, const struct finding *one)
{
	for (size_t i = 0; i < f->n; i++)
		if (compare(&f->v[i], one) == 0)
			return true;
	return false;
}

static void leave(struct findings *f, size_t file, size_t errors, size_t warnings)
{
	f->left_out += errors + warnings;
	f->n_errors += errors;
	f->n_warnings += warnings;
	if (file == f->n_files)
		return;
	f->files[file].left_out += errors + warnings;
	f->files[file].left_errors += errors;
}

void findings_leave(struct findings *f, const char *file, const struct finding_file *from)
{
	if (from->left_out)
		leave(f, file_number(f, file), from->left_errors,
			from->left_out - from->left_errors);
}

static void add(struct findings *f, const struct finding *one)
{
	bool error = one->level == FINDING_ERROR;
	struct finding *v = NULL;

	if (one->file < f->n_files && is_there(f, one))
		return;
	if (one->file < f->n_files && f->files[one->file].n < FINDINGS_MAX)
		v = reallocarray(f->v, f->n + 1, sizeof(*v));
	if (!v) {
		leave(f, one->file, error, !error);
		return;
	}
	f->v = v;
	v[f->n++] = *one;
	f->files[one->file].n++;
	*(error ? &f->n_errors : &f->n_warnings) += 1;
}

void findings_add(struct findings *f, enum finding_level level, const char *file, unsigned line,
	unsigned column, const char *format, ...)
{
	struct finding one = {.level = level,
		.file = (unsigned)file_number(f, file),
		.line = line,
		.column = column};
	char raw[FINDING_TEXT + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	plain_copy(one.text, sizeof(one.text), raw, strlen(raw), 0);
	add(f, &one);
}

void findings_sort(struct findings *f)
{
	if (f->n > 0)
		qsort(f->v, f->n, sizeof(*f->v), compare);
}

int finding_text(const struct findings *f, size_t i, char *buf, size_t size)
{
	const struct finding *one = &f->v[i];
	char place[32] = "";

	if (one->line && one->column)
		snprintf(place, sizeof(place), ":%u:%u", one->line, one->column);
	else if (one->line)
		snprintf(place, sizeof(place), ":%u", one->line);
	return snprintf(buf, size, "%s%s: %s: %s", f->files[one->file].name, place,
		one->level == FINDING_ERROR ? "error" : "warning", one->text);
}
