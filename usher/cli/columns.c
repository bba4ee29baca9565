/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/columns.h"

#include "core/plain.h"
#include "usher/client/printed.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Widths */

/* wcwidth() of what this host calls UTF-8, whatever the user's locale is. */
static size_t rune_width(uint32_t rune)
{
	static locale_t utf8;
	locale_t before;
	int n;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	n = wcwidth((wchar_t)rune);
	uselocale(before);
	return n < 0 ? 1 : (size_t)n;
}

size_t columns_width(const char *text)
{
	size_t left = strlen(text), width = 0, n;
	uint32_t rune;

	for (; left; text += n, left -= n) {
		n = plain_rune(text, left, &rune, NULL);
		width += n > 1 ? rune_width(rune) : 1;
		n += !n;
	}
	return width;
}

/* Cells */

static const char *value_text(const json_t *v, char *buf, size_t size)
{
	if (json_is_string(v))
		return json_string_value(v);
	*buf = '\0';
	if (json_is_integer(v))
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		snprintf(buf, size, "%s", json_is_true(v) ? "yes" : "no");
	return buf;
}

static const char *raw_text(const struct column *c, const json_t *row, char *buf, size_t size)
{
	return c->text ? c->text(row, buf, size)
		       : value_text(json_object_get(row, c->key), buf, size);
}

/* As it is printed, so that its width is known: one line. */
static const char *cell_text(
	const struct column *c, const json_t *row, char buf[COLUMNS_CELL], bool last)
{
	char made[COLUMNS_CELL];
	const char *text = raw_text(c, row, made, sizeof made);

	if (!*text && !last)
		text = "-";
	plain_copy(buf, COLUMNS_CELL, text, strlen(text), 0);
	return buf;
}

struct shown {
	const struct column *columns[COLUMNS_MAX];
	size_t widths[COLUMNS_MAX], n;
};

static void choose(struct shown *s, const struct columns *t, bool wide)
{
	s->n = 0;
	for (const struct column *c = t->columns; c->head && s->n < COLUMNS_MAX; c++)
		if (wide || !c->wide) {
			s->columns[s->n] = c;
			s->widths[s->n++] = strlen(c->head);
		}
}

static void measure(struct shown *s, const json_t *row)
{
	char buf[COLUMNS_CELL];

	for (size_t i = 0; i + 1 < s->n; i++) { /* the last one needs none */
		size_t width = columns_width(cell_text(s->columns[i], row, buf, false));

		if (width > s->widths[i])
			s->widths[i] = width;
	}
}

static void print_cell(const struct shown *s, size_t i, const char *text)
{
	size_t width = columns_width(text);
	int pad = width < s->widths[i] ? (int)(s->widths[i] - width) : 0;

	if (s->columns[i]->right)
		printf("%*s%s", pad, "", text);
	else
		printf("%s%*s", text, i + 1 < s->n ? pad : 0, "");
	fputs(i + 1 < s->n ? "  " : "\n", stdout); /* two: a cell may have blanks of its own */
}

/* Nothing after the last text of a line. */
static void print_row(const struct shown *s, const json_t *row)
{
	char cells[COLUMNS_MAX][COLUMNS_CELL];
	struct shown to = *s;

	for (size_t i = 0; i < s->n; i++)
		cell_text(s->columns[i], row, cells[i], i + 1 == s->n);
	if (to.n > 1 && !*cells[to.n - 1])
		to.n--;
	for (size_t i = 0; i < to.n; i++)
		print_cell(&to, i, cells[i]);
}

static void print_table(const struct columns *t, const json_t *rows, bool wide)
{
	struct shown s;
	json_t *row;
	size_t i;

	choose(&s, t, wide);
	json_array_foreach(rows, i, row) measure(&s, row);
	for (i = 0; i < s.n; i++)
		print_cell(&s, i, s.columns[i]->head);
	json_array_foreach(rows, i, row)
	{
		print_row(&s, row);
		if (t->notes)
			t->notes(row);
	}
}

/* Sorting */

/* "LEASES BY" is said "leases-by". */
static char spoken(char c)
{
	return (char)(c == ' ' ? '-' : tolower((unsigned char)c));
}

static bool is_called(const char *head, const char *name)
{
	for (; *head && *name; head++, name++)
		if (*name != spoken(*head))
			return false;
	return !*head && !*name;
}

const struct column *columns_find(const struct columns *t, const char *sort)
{
	for (const struct column *c = t->columns; c->head; c++)
		if (is_called(c->head, sort + (*sort == '-')))
			return c;
	return NULL;
}

const char *columns_names(const struct columns *t, char *buf, size_t size)
{
	size_t n = 0;

	for (const struct column *c = t->columns; c->head; c++) {
		if (n && n + 1 < size)
			buf[n++] = ' ';
		for (const char *s = c->head; *s && n + 1 < size; s++)
			buf[n++] = spoken(*s);
	}
	buf[n] = '\0';
	return buf;
}

struct sorted {
	json_t *row;
	char *text;
	size_t at;
	bool down;
};

static int compare(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int rc = strverscmp(x->text, y->text);

	if (rc)
		return x->down ? -rc : rc;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int fill(struct sorted *s, const struct column *c, const json_t *rows, bool down)
{
	char buf[COLUMNS_CELL];
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *text = c->by_key
			? value_text(json_object_get(row, c->key), buf, sizeof buf)
			: raw_text(c, row, buf, sizeof buf);

		s[i] = (struct sorted){json_incref(row), strdup(text), i, down};
		if (!s[i].text)
			return -ENOMEM;
	}
	return 0;
}

int columns_sort(const struct columns *t, json_t *rows, const char *sort)
{
	const struct column *c = columns_find(t, sort);
	size_t n = json_array_size(rows);
	struct sorted *s = calloc(n + 1, sizeof *s);
	int rc = !s ? -ENOMEM : c ? fill(s, c, rows, *sort == '-') : -ENOENT;

	if (!rc) {
		qsort(s, n, sizeof *s, compare);
		for (size_t i = 0; i < n; i++)
			json_array_set(rows, i, s[i].row);
	}
	for (size_t i = 0; s && i < n; i++) {
		json_decref(s[i].row);
		free(s[i].text);
	}
	free(s);
	return rc;
}

static void print_names(const struct columns *t, const json_t *rows)
{
	char buf[COLUMNS_CELL];
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) puts(cell_text(t->columns, row, buf, true));
}

int columns_print(const struct columns *t, json_t *reply, const struct columns_wish *wish)
{
	json_t *rows = json_object_get(reply, t->member);
	int rc = wish->sort ? columns_sort(t, rows, wish->sort) : 0;

	if (rc)
		return rc;
	if (wish->json) {
		printed_json(reply);
	} else if (wish->name) {
		print_names(t, rows);
	} else if (!json_array_size(rows) && t->none) {
		puts(t->none);
	} else {
		print_table(t, rows, wish->wide);
	}
	return 0;
}
