/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list as CSV: a header line with the columns' names, then a machine a line. */
#include "usher/lab/list.h"

#include "core/csv.h"
#include "core/plain.h"
#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A column: one of the table's, or a setting. */
struct column {
	const struct lab_attribute *attribute; /* NULL: a setting */
	char setting[64];
};

struct sheet {
	struct listing *g;
	struct csv csv;
	struct column columns[CSV_FIELDS];
	size_t n;
};

/* As it is shown: a line, of what somebody wrote. */
static const char *shown(const char *text, char buf[100])
{
	plain_copy(buf, 100, text, strlen(text), 0);
	return buf;
}

static const struct lab_attribute *attribute_named(const char *name)
{
	for (const struct lab_attribute *a = list_attributes; a->name; a++)
		if (!strcmp(a->name, name))
			return a;
	return NULL;
}

static void unknown_column(struct sheet *t, const char *name)
{
	char all[256], buf[100];
	const char *near =
		text_nearest(name, list_attributes, sizeof *list_attributes, all, sizeof all);

	if (t->csv.n == 1 && strpbrk(name, ";\t"))
		list_fault(t->g, t->csv.line, "the columns are separated by %s: expected commas",
			strchr(name, ';') ? "semicolons" : "tabs");
	else if (near)
		list_fault(t->g, t->csv.line, "no column is called '%s': did you mean '%s'?",
			shown(name, buf), near);
	else
		list_fault(t->g, t->csv.line, "no column is called '%s'; there are %s, and set.KEY",
			shown(name, buf), all);
}

static void take_column(struct sheet *t, const char *name)
{
	struct column *c = &t->columns[t->n++];
	json_t *word;

	if (!strncmp(name, "set.", 4) && (word = lab_take_word(name + 4))) {
		snprintf(c->setting, sizeof c->setting, "%s", name + 4);
		json_decref(word);
		return;
	}
	c->attribute = attribute_named(name);
	if (!c->attribute)
		unknown_column(t, name);
}

static bool is_same(const struct column *a, const struct column *b)
{
	return a->attribute == b->attribute && !strcmp(a->setting, b->setting);
}

static void check_columns(struct sheet *t)
{
	size_t settings = 0;

	for (size_t i = 0; i < t->n; i++) {
		settings += !t->columns[i].attribute;
		for (size_t k = 0; k < i; k++)
			if (is_same(&t->columns[k], &t->columns[i])) {
				list_fault(t->g, t->csv.line, "column '%s' is there twice",
					t->csv.fields[i]);
				break;
			}
	}
	if (settings > LAB_LIST_MAX)
		list_fault(t->g, t->csv.line, "set.KEY: at most %d", LAB_LIST_MAX);
	for (const struct lab_attribute *a = list_attributes; a->name; a++) {
		bool there = !a->required;

		for (size_t i = 0; !there && i < t->n; i++)
			there = t->columns[i].attribute == a;
		if (!there)
			list_fault(t->g, t->csv.line, "the header line lacks column '%s'", a->name);
	}
}

/* False: what follows cannot be read. */
static bool read_header(struct sheet *t)
{
	const char *why;
	int rc = csv_next(&t->csv, &why);

	if (rc < 0)
		list_fault(t->g, t->csv.line, "%s", why);
	else if (!rc)
		list_fault(
			t->g, 1, "the file is empty: expected a header line like name,mac,profile");
	if (rc <= 0)
		return false;
	for (size_t i = 0; i < t->csv.n; i++)
		take_column(t, t->csv.fields[i]);
	if (!t->g->r.faults)
		check_columns(t);
	return !t->g->r.faults;
}

/* An empty one is not said. */
static void take_cell(struct sheet *t, const struct column *c, const char *text, json_t *said)
{
	const struct lab_attribute *a = c->attribute;
	char buf[100];
	json_t *v;

	if (!*text) {
		if (a && a->required)
			list_fault(t->g, t->csv.line, "%s is empty", a->name);
		return;
	}
	if (!a) {
		json_t *settings = json_object_get(said, "settings");

		if (!settings)
			json_object_set_new(said, "settings", settings = json_object());
		json_object_set_new(settings, c->setting, json_string(text));
		return;
	}
	v = a->take(text);
	if (v)
		json_object_set_new(said, a->key, v);
	else
		list_fault(t->g, t->csv.line, "%s '%s': expected %s", a->name, shown(text, buf),
			a->expected);
}

static void read_row(struct sheet *t)
{
	json_t *said = json_object();

	if (t->csv.n != t->n) {
		list_fault(
			t->g, t->csv.line, "%zu columns; the header line has %zu", t->csv.n, t->n);
	} else {
		for (size_t i = 0; i < t->n; i++)
			take_cell(t, &t->columns[i], t->csv.fields[i], said);
		list_add(t->g, t->csv.line, said);
	}
	json_decref(said);
}

void list_read_csv(struct listing *g, const char *text, size_t len)
{
	struct sheet *t = calloc(1, sizeof *t);
	const char *why;
	bool readable;
	int rc;

	if (!t || csv_init(&t->csv, text, len)) {
		g->r.rc = -ENOMEM;
		free(t);
		return;
	}
	t->g = g;
	readable = read_header(t);
	while (readable && (rc = csv_next(&t->csv, &why))) {
		if (rc < 0)
			list_fault(g, t->csv.line, "%s", why);
		else
			read_row(t);
	}
	csv_fini(&t->csv);
	free(t);
}
