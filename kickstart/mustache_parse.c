/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/mustache_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELIM_MAX = 16 };

struct parser {
	const char *at, *stop;
	const char *line_start;
	unsigned line;
	char open[DELIM_MAX], close[DELIM_MAX];
	size_t sections[MUSTACHE_DEPTH_MAX]; /* indices of the open ones */
	size_t depth;
	struct parts *parts;
	const struct mustache_options *o;
	char *why;
	size_t why_size;
};

/* One tag as it stands in the text. */
struct tag {
	const char *from, *to; /* with delimiters */
	char sigil;            /* one of "#^/>!=&{", or 0 */
	const char *name;      /* trimmed */
	size_t len;
	bool alone; /* nothing else on its line, which then vanishes */
	const char *line_start;
	unsigned line, col;
};

int mustache_fault(char *why, size_t why_size, int rc, const struct mustache_options *o,
	unsigned line, unsigned col, const char *fmt, ...)
{
	const char *file = o->file ? o->file : "template";
	va_list ap;
	char text[512];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line += o->line ? o->line - 1 : 0;
	if (o->line_only)
		snprintf(why, why_size, "%s:%u: %s", file, line, text);
	else
		snprintf(why, why_size, "%s:%u:%u: %s", file, line, col, text);
	return rc;
}

#define tag_fault(p, t, ...) \
	mustache_fault((p)->why, (p)->why_size, -EINVAL, (p)->o, (t)->line, (t)->col, __VA_ARGS__)

void parts_fini(struct parts *ps)
{
	free(ps->all);
	*ps = (struct parts){0};
}

static int parts_add(struct parts *ps, const struct part *p)
{
	if (ps->count == ps->cap) {
		size_t cap = ps->cap ? 2 * ps->cap : 32;
		struct part *all = reallocarray(ps->all, cap, sizeof(*all));

		if (!all)
			return -ENOMEM;
		ps->all = all;
		ps->cap = cap;
	}
	ps->all[ps->count++] = *p;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

/* Moves `at` to `to`, counting lines. */
static void parser_move(struct parser *p, const char *to)
{
	for (; p->at < to; p->at++) {
		if (*p->at == '\n') {
			p->line++;
			p->line_start = p->at + 1;
		}
	}
}

/* Text up to `to`, one part a line. */
static int parse_text(struct parser *p, const char *to)
{
	while (p->at < to) {
		const char *nl = memchr(p->at, '\n', (size_t)(to - p->at));
		struct part part = {.kind = PART_TEXT,
			.s = p->at,
			.at_start = p->at == p->line_start,
			.line = p->line};
		int rc;

		part.len = (size_t)((nl ? nl + 1 : to) - p->at);
		rc = parts_add(p->parts, &part);
		if (rc < 0)
			return rc;
		parser_move(p, part.s + part.len);
	}
	return 0;
}

static void trim(const char **s, size_t *len)
{
	while (*len && is_space(**s)) {
		(*s)++;
		(*len)--;
	}
	while (*len && is_space((*s)[*len - 1]))
		(*len)--;
}

/* Is the tag the only thing on its line? Sets where the line ends. */
static bool stands_alone(const struct parser *p, const struct tag *t, const char **ret_line_end)
{
	const char *s;

	if (!t->sigil || !strchr("#^/>!=", t->sigil))
		return false;
	for (s = t->line_start; s < t->from; s++)
		if (!is_blank(*s))
			return false;
	for (s = t->to; s < p->stop && is_blank(*s); s++)
		;
	if (s < p->stop && *s == '\r' && s + 1 < p->stop && s[1] == '\n')
		s++;
	if (s < p->stop && *s != '\n')
		return false;
	*ret_line_end = s < p->stop ? s + 1 : s;
	return true;
}

/* Takes the tag at `from` apart. */
static int scan_tag(struct parser *p, const char *from, struct tag *t)
{
	char end[DELIM_MAX + 2] = "";
	const char *s = from + strlen(p->open), *e;

	*t = (struct tag){.from = from,
		.line = p->line,
		.line_start = p->line_start,
		.col = (unsigned)(from - p->line_start) + 1};
	if (s < p->stop && strchr("#^/>!=&{", *s))
		t->sigil = *s++;
	if (t->sigil == '{' || t->sigil == '=')
		*end = t->sigil == '{' ? '}' : '=';
	strcat(end, p->close);
	e = strstr(s, end);
	if (!e)
		return tag_fault(p, t, "this tag is not closed, expected '%s'", end);
	t->name = s;
	t->len = (size_t)(e - s);
	t->to = e + strlen(end);
	trim(&t->name, &t->len);
	return 0;
}

static int set_delimiters(struct parser *p, const struct tag *t)
{
	const char *s = t->name, *stop = t->name + t->len, *mid = s, *second;

	while (mid < stop && !is_space(*mid))
		mid++;
	for (second = mid; second < stop && is_space(*second); second++)
		;
	if (mid == s || second == stop || memchr(s, '=', t->len))
		return tag_fault(p, t, "expected two delimiters, as in {{=<%% %%>=}}");
	if (mid - s >= DELIM_MAX || stop - second >= DELIM_MAX)
		return tag_fault(p, t, "delimiters have at most %d characters", DELIM_MAX - 1);
	for (s = second; s < stop; s++)
		if (is_space(*s))
			return tag_fault(p, t, "expected two delimiters, as in {{=<%% %%>=}}");
	snprintf(p->open, DELIM_MAX, "%.*s", (int)(mid - t->name), t->name);
	snprintf(p->close, DELIM_MAX, "%.*s", (int)(stop - second), second);
	return 0;
}

static int close_section(struct parser *p, const struct tag *t)
{
	struct part *open;

	if (!p->depth)
		return tag_fault(p, t, "'/%.*s' closes nothing", (int)t->len, t->name);
	open = &p->parts->all[p->sections[p->depth - 1]];
	if (open->len != t->len || memcmp(open->s, t->name, t->len) != 0)
		return tag_fault(p, t, "expected '/%.*s' for the section of line %u, not '/%.*s'",
			(int)open->len, open->s, open->line + (p->o->line ? p->o->line - 1 : 0),
			(int)t->len, t->name);
	p->depth--;
	open->end = p->parts->count;
	return 0;
}

static int check_name(struct parser *p, const struct tag *t)
{
	size_t i;

	if (!t->len)
		return tag_fault(p, t, "a tag without a name");
	if (t->len >= MUSTACHE_NAME_MAX)
		return tag_fault(p, t, "a name of more than %d bytes", MUSTACHE_NAME_MAX - 1);
	for (i = 0; i < t->len && !p->o->lenient; i++)
		if (is_space(t->name[i]) || (unsigned char)t->name[i] < ' ')
			return tag_fault(p, t, "a blank in the name '%.*s'", (int)t->len, t->name);
	return 0;
}

/* The blank text before a line's first tag keeps the indentation of a partial: tags print none of
 * it. */
static int mark_line_start(struct parser *p, const struct tag *t)
{
	struct part part = {.kind = PART_TEXT, .s = t->from, .at_start = true, .line = t->line};

	if (t->alone || t->from != t->line_start)
		return 0;
	return parts_add(p->parts, &part);
}

static enum part_kind part_kind_of(char sigil)
{
	switch (sigil) {
	case '#':
		return PART_SECTION;
	case '^':
		return PART_INVERTED;
	case '/':
		return PART_END;
	case '>':
		return PART_PARTIAL;
	case '&':
	case '{':
		return PART_RAW;
	default:
		return PART_VALUE;
	}
}

static int add_part(struct parser *p, const struct tag *t)
{
	struct part part = {.kind = part_kind_of(t->sigil),
		.s = t->name,
		.len = t->len,
		.line = t->line,
		.col = t->col};
	int rc = check_name(p, t);

	if (rc < 0)
		return rc;
	if (part.kind == PART_PARTIAL && t->alone) {
		part.indent = t->line_start;
		part.indent_len = (size_t)(t->from - t->line_start);
	}
	if (part.kind == PART_SECTION || part.kind == PART_INVERTED) {
		if (p->depth == MUSTACHE_DEPTH_MAX)
			return mustache_fault(p->why, p->why_size, -EFBIG, p->o, t->line, t->col,
				"more than %d sections inside each other", MUSTACHE_DEPTH_MAX);
		p->sections[p->depth++] = p->parts->count;
	}
	if (part.kind == PART_END && (rc = close_section(p, t)) < 0)
		return rc;
	return parts_add(p->parts, &part);
}

static int parse_tag(struct parser *p, const char *from)
{
	const char *line_start = from, *line_end = NULL;
	struct tag t;
	int rc;

	/* The text of the tag's own line waits: it vanishes when the tag stands alone. */
	while (line_start > p->at && line_start[-1] != '\n')
		line_start--;
	if ((rc = parse_text(p, line_start)) < 0 || (rc = scan_tag(p, from, &t)) < 0)
		return rc;
	t.alone = stands_alone(p, &t, &line_end);
	if (!t.alone && (rc = parse_text(p, from)) < 0)
		return rc;
	if (t.sigil != '/' && (rc = mark_line_start(p, &t)) < 0)
		return rc;
	if (t.sigil == '=')
		rc = set_delimiters(p, &t);
	else if (t.sigil != '!')
		rc = add_part(p, &t);
	if (rc == 0 && t.sigil == '/')
		rc = mark_line_start(p, &t);
	parser_move(p, t.alone ? line_end : t.to);
	return rc;
}

int parts_parse(const char *text, const struct mustache_options *o, struct parts *ret, char *why,
	size_t why_size)
{
	struct parts parts = {0};
	struct parser p = {.at = text,
		.line_start = text,
		.stop = text + strlen(text),
		.line = 1,
		.open = "{{",
		.close = "}}",
		.parts = &parts,
		.o = o,
		.why = why,
		.why_size = why_size};
	const char *from;
	int rc = 0;

	if (p.stop - text > MUSTACHE_TEXT_MAX)
		return mustache_fault(
			why, why_size, -EFBIG, o, 1, 1, "more than %d bytes", MUSTACHE_TEXT_MAX);
	while (rc == 0 && (from = strstr(p.at, p.open)))
		rc = parse_tag(&p, from);
	if (rc == 0)
		rc = parse_text(&p, p.stop);
	if (rc == 0 && p.depth) {
		const struct part *open = &parts.all[p.sections[p.depth - 1]];

		rc = mustache_fault(why, why_size, -EINVAL, o, open->line, open->col,
			"this section is not closed, expected '{{/%.*s}}'", (int)open->len,
			open->s);
	}
	if (rc < 0)
		parts_fini(&parts);
	else
		*ret = parts;
	return rc;
}
