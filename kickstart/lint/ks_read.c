/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/ks_read.h"

#include "kickstart/lint/ks_words.h"
#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum ks_body kind;
} names[] = {
	{"%packages", KS_BODY_PACKAGES},
	{"%anaconda", KS_BODY_COMMANDS},
	{"%pre", KS_BODY_RAW},
	{"%pre-install", KS_BODY_RAW},
	{"%post", KS_BODY_RAW},
	{"%onerror", KS_BODY_RAW},
	{"%traceback", KS_BODY_RAW},
	{"%addon", KS_BODY_RAW},
	{"%certificate", KS_BODY_RAW},
};

enum { NAMES = sizeof(names) / sizeof(*names) };

/* A file that is being read, and those that include it. */
struct source {
	const char *file;
	unsigned line;
	const struct source *up;
};

struct reader {
	const struct lint_input *in;
	struct findings *f;
	struct ks_text *t;
	bool open; /* the last of t->sections */
	bool lost; /* in a section that is not known: to its %end */
	bool cr_told;
	unsigned n_late; /* includes of what is made while installing */
	int rc;
	struct ks_words words;
	char *bytes;
	size_t bytes_size;
};

static void read_source(struct reader *r, const char *file, const char *text,
	const struct source *up, unsigned depth);

#define tell(r, level, s, column, ...) \
	findings_add((r)->f, (level), (s)->file, (s)->line, (column), __VA_ARGS__)

void ks_text_fini(struct ks_text *t)
{
	for (size_t i = 0; i < t->n_commands; i++)
		free(t->commands[i]);
	for (size_t i = 0; i < t->n_sections; i++) {
		for (size_t j = 0; j < t->sections[i].n_body; j++)
			free(t->sections[i].body[j]);
		free(t->sections[i].body);
		free(t->sections[i].head);
	}
	for (size_t i = 0; i < t->n_files; i++)
		free(t->files[i]);
	free(t->commands);
	free(t->sections);
	*t = (struct ks_text){0};
}

/* A copy of the words in r->words, in one piece with their bytes. */
static struct ks_line *line_new(struct reader *r, const struct source *s)
{
	const struct ks_words *w = &r->words;
	size_t head = sizeof(struct ks_line) + w->n * sizeof(struct ks_word), bytes = 0;
	struct ks_line *l;
	char *p;

	for (size_t i = 0; i < w->n; i++)
		bytes += strlen(w->v[i].s) + 1;
	l = malloc(head + bytes);
	if (!l)
		return NULL;
	l->file = s->file;
	l->line = s->line;
	l->n = w->n;
	p = (char *)l + head;
	for (size_t i = 0; i < w->n; i++) {
		l->words[i] = (struct ks_word){.s = p, .column = w->v[i].column};
		p = stpcpy(p, w->v[i].s) + 1;
	}
	return l;
}

/* Takes the words into a list of lines, which grows by doubling. */
static void keep(struct reader *r, const struct source *s, struct ks_line ***list, size_t *n)
{
	struct ks_line *l = line_new(r, s), **bigger = *list;

	if (l && (*n & (*n - 1)) == 0)
		bigger = reallocarray(*list, *n ? 2 * *n : 1, sizeof(*bigger));
	if (!l || !bigger) {
		free(l);
		r->rc = -ENOMEM;
		return;
	}
	*list = bigger;
	bigger[(*n)++] = l;
}

static void open_section(struct reader *r, const struct source *s, enum ks_body kind)
{
	struct ks_text *t = r->t;
	struct ks_section *bigger;

	if (t->n_sections == KS_SECTIONS_MAX) {
		tell(r, FINDING_ERROR, s, 0, "more than %d sections: not read on", KS_SECTIONS_MAX);
		r->rc = -E2BIG;
		return;
	}
	bigger = reallocarray(t->sections, t->n_sections + 1, sizeof(*bigger));
	if (bigger) {
		t->sections = bigger;
		bigger[t->n_sections] = (struct ks_section){.kind = kind, .head = line_new(r, s)};
	}
	if (!bigger || !bigger[t->n_sections].head) {
		r->rc = -ENOMEM;
		return;
	}
	t->n_sections++;
	r->open = true;
}

static const struct ks_line *open_head(const struct reader *r)
{
	return r->t->sections[r->t->n_sections - 1].head;
}

/* Told where it was opened: what comes behind it is swallowed. */
static void not_closed(struct reader *r)
{
	const struct ks_line *head = open_head(r);

	findings_add(r->f, FINDING_ERROR, head->file, head->line, head->words[0].column,
		"'%s' is not closed: add '%%end'", head->words[0].s);
	r->open = false;
}

static bool section_kind(const char *word, enum ks_body *ret)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(word, names[i].name) == 0) {
			*ret = names[i].kind;
			return true;
		}
	return false;
}

static void unknown_section(struct reader *r, const struct source *s)
{
	const char *word = r->words.v[0].s, *near = NULL;

	for (size_t i = 0; i < NAMES; i++)
		text_nearer(word, names[i].name, &near);
	text_nearer(word, "%include", &near);
	text_nearer(word, "%ksappend", &near);
	text_nearer(word, "%end", &near);
	if (near)
		tell(r, FINDING_ERROR, s, r->words.v[0].column,
			"unknown section '%s': did you mean '%s'?", word, near);
	else
		tell(r, FINDING_ERROR, s, r->words.v[0].column, "unknown section '%s'", word);
	r->lost = !near ||
		(strcmp(near, "%include") != 0 && strcmp(near, "%ksappend") != 0 &&
			strcmp(near, "%end") != 0);
}

static bool begins(const char *name, const char *const words[])
{
	for (size_t i = 0; words[i]; i++)
		if (strncmp(name, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* Made by the installer: not there to be read now. */
static bool made_later(const char *name)
{
	return begins(name, (const char *const[]){"/tmp/", "/run/", "/mnt/", "/var/tmp/", NULL});
}

/* Fetched by it. */
static bool is_url(const char *name)
{
	return begins(name,
		(const char *const[]){"http://", "https://", "ftp://", "file://", "nfs:", NULL});
}

static bool included_already(const struct source *s, const char *name)
{
	for (; s; s = s->up)
		if (strcmp(s->file, name) == 0)
			return true;
	return false;
}

/* Keeps the name: findings and lines go on naming it. NULL out of memory. */
static const char *file_name(struct reader *r, const char *name)
{
	struct ks_text *t = r->t;

	t->files[t->n_files] = strdup(name);
	if (!t->files[t->n_files]) {
		r->rc = -ENOMEM;
		return NULL;
	}
	return t->files[t->n_files++];
}

/* Is it named in another line than those that include it? A script of this file makes it then. */
static bool made_here(const struct reader *r, const char *path)
{
	const char *at = r->in->text, *line;

	while ((at = strstr(at, path))) {
		for (line = at; line > r->in->text && line[-1] != '\n'; line--)
			;
		line += strspn(line, " \t");
		if (*line != '%' && *line != '#')
			return true;
		at += strcspn(at, "\n");
	}
	return false;
}

/* A file of the installer's own, that cannot be read here. */
static void later(struct reader *r, const struct source *s)
{
	const struct ks_word *name = &r->words.v[1];

	if (!is_url(name->s) && r->n_late++ < KS_FILES_MAX && !made_here(r, name->s))
		tell(r, FINDING_WARNING, s, name->column,
			"'%s' is not made by a script here: it must be there while installing",
			name->s);
	r->t->partly = true;
}

static void follow(struct reader *r, const struct source *s, unsigned depth)
{
	const char *name = r->words.v[1].s;
	unsigned at = r->words.v[1].column;
	char *text = NULL;
	int rc = is_url(name) ? -EREMOTE : -ENOENT;

	if (included_already(s, name)) {
		tell(r, FINDING_ERROR, s, at, "'%s' includes itself", name);
		return;
	}
	if (depth == LINT_INCLUDE_DEPTH || r->t->n_files == KS_FILES_MAX) {
		tell(r, FINDING_ERROR, s, at,
			"'%s' is included too deep or too often: at most %d "
			"inside each other, %d in all",
			name, LINT_INCLUDE_DEPTH, KS_FILES_MAX);
		r->t->partly = true;
		return;
	}
	rc = r->in->include ? r->in->include(r->in->arg, name, &text) : rc;
	name = rc == 0 ? file_name(r, name) : name;
	if (rc == 0 && name)
		read_source(r, name, text, s, depth + 1);
	else if (rc == -EREMOTE || (rc < 0 && name[0] == '/'))
		later(r, s);
	else if (rc < 0)
		tell(r, FINDING_ERROR, s, at, "cannot read '%s': %s", name, strerror(-rc));
	r->t->partly |= rc < 0;
	free(text);
}

static void include(struct reader *r, const struct source *s, unsigned depth)
{
	const struct ks_words *w = &r->words;

	if (w->n < 2)
		tell(r, FINDING_ERROR, s, w->v[0].column, "'%s' needs the name of a file",
			w->v[0].s);
	else if (made_later(w->v[1].s))
		later(r, s);
	else
		follow(r, s, depth);
}

/* Room for that many bytes of a line's words. */
static bool room(struct reader *r, size_t size)
{
	char *bigger;

	if (size <= r->bytes_size)
		return true;
	bigger = realloc(r->bytes, 2 * size);
	if (!bigger) {
		r->rc = -ENOMEM;
		return false;
	}
	r->bytes = bigger;
	r->bytes_size = 2 * size;
	return true;
}

/* Splits the line; false when there is nothing in it to go on with. */
static bool split(struct reader *r, const struct source *s, const char *line, size_t len)
{
	struct ks_words *w = &r->words;

	if (!room(r, len + 2))
		return false;
	ks_words_split(line, len, r->bytes, w);
	if (w->fault == KS_WORDS_QUOTE)
		tell(r, FINDING_ERROR, s, w->column, "this quote is not closed");
	else if (w->fault == KS_WORDS_BACKSLASH)
		tell(r, FINDING_ERROR, s, w->column,
			"a command does not go on in the next line: write it in one");
	else if (w->fault == KS_WORDS_MANY)
		tell(r, FINDING_ERROR, s, w->column, "more than %d words", KS_WORDS_MAX);
	else if (w->column)
		tell(r, FINDING_WARNING, s, w->column,
			"'#' begins a comment even inside a word: quote the word, or put a blank "
			"before");
	return w->fault == KS_WORDS_FINE && w->n > 0;
}

/* A line outside sections. */
static void command_line(struct reader *r, const struct source *s, unsigned depth)
{
	const char *word = r->words.v[0].s;
	enum ks_body kind;

	if (word[0] != '%' && r->t->n_commands == KS_COMMANDS_MAX) {
		tell(r, FINDING_ERROR, s, 0, "more than %d commands: not read on", KS_COMMANDS_MAX);
		r->rc = -E2BIG;
	} else if (word[0] != '%')
		keep(r, s, &r->t->commands, &r->t->n_commands);
	else if (section_kind(word, &kind))
		open_section(r, s, kind);
	else if (strcmp(word, "%include") == 0 || strcmp(word, "%ksappend") == 0)
		include(r, s, depth);
	else if (strcmp(word, "%end") == 0)
		tell(r, FINDING_ERROR, s, r->words.v[0].column, "'%%end' without a section");
	else
		unknown_section(r, s);
}

/* A line of %packages is one word, whatever blanks it has, up to a comment. */
static void package_line(struct reader *r, const struct source *s, const char *line, size_t len)
{
	struct ks_section *section = &r->t->sections[r->t->n_sections - 1];
	const char *end = memchr(line, '#', len), *p = line;

	end = end ? end : line + len;
	while (p < end && strchr(" \t\r", *p))
		p++;
	while (end > p && strchr(" \t\r", end[-1]))
		end--;
	if (p == end || !room(r, (size_t)(end - p) + 1))
		return;
	memcpy(r->bytes, p, (size_t)(end - p));
	r->bytes[end - p] = '\0';
	r->words.v[0] = (struct ks_word){.s = r->bytes, .column = (unsigned)(p - line) + 1};
	r->words.n = 1;
	section->filled = true;
	keep(r, s, &section->body, &section->n_body);
}

static void raw_line(struct reader *r, const char *line, size_t len)
{
	struct ks_section *section = &r->t->sections[r->t->n_sections - 1];
	int shown = (int)(len < sizeof(section->first) ? len : sizeof(section->first) - 1);

	section->filled |= strspn(line, " \t\r") < len;
	if (section->n_raw++ == 0)
		snprintf(section->first, sizeof(section->first), "%.*s", shown, line);
}

/* A line of the section that is open, when it is none that the reader takes itself. */
static void body_line(struct reader *r, const struct source *s, const char *line, size_t len)
{
	struct ks_section *section = &r->t->sections[r->t->n_sections - 1];

	if (section->kind == KS_BODY_RAW)
		raw_line(r, line, len);
	else if (section->kind == KS_BODY_PACKAGES)
		package_line(r, s, line, len);
	else if (split(r, s, line, len))
		keep(r, s, &section->body, &section->n_body);
}

/* The first word of a line that begins with a %; "" for others and longer ones. */
static void directive(const char *line, size_t len, char *buf, size_t size)
{
	size_t blanks = strspn(line, " \t"), n;

	*buf = '\0';
	if (blanks >= len || line[blanks] != '%')
		return;
	n = strcspn(line + blanks, " \t\r\n");
	if (n >= size)
		return;
	memcpy(buf, line + blanks, n);
	buf[n] = '\0';
}

/* Scripts have lines of their own that begin with a %: only what is surely meant for the installer is taken. */
static void section_line(
	struct reader *r, const struct source *s, const char *line, size_t len, unsigned depth)
{
	char word[16];
	enum ks_body kind;

	directive(line, len, word, sizeof(word));
	if (strcmp(word, "%end") == 0) {
		r->open = r->lost = false;
	} else if (section_kind(word, &kind)) {
		if (r->open)
			not_closed(r);
		r->lost = false;
		if (split(r, s, line, len))
			open_section(r, s, kind);
	} else if (!r->lost && (!strcmp(word, "%include") || !strcmp(word, "%ksappend"))) {
		r->t->sections[r->t->n_sections - 1].filled = true;
		if (split(r, s, line, len))
			include(r, s, depth);
	} else if (r->open) {
		body_line(r, s, line, len);
	}
}

static void one_line(
	struct reader *r, const struct source *s, const char *line, size_t len, unsigned depth)
{
	if (len > 0 && line[len - 1] == '\r' && !r->cr_told) {
		r->cr_told = true;
		tell(r, FINDING_WARNING, s, 0,
			"lines end in CR LF: no script in it will run; write it with LF alone");
	}
	if (r->open || r->lost)
		section_line(r, s, line, len, depth);
	else if (split(r, s, line, len))
		command_line(r, s, depth);
}

static void read_source(struct reader *r, const char *file, const char *text,
	const struct source *up, unsigned depth)
{
	struct source s = {.file = file, .up = up};

	r->t->n_bytes += strlen(text);
	if (r->t->n_bytes > LINT_TEXT_MAX) {
		tell(r, FINDING_ERROR, &s, 0, "more than %d bytes in all: not read on",
			LINT_TEXT_MAX);
		r->rc = -E2BIG;
	}
	while (*text && r->rc == 0) {
		size_t len = strcspn(text, "\n");

		s.line++;
		if (++r->t->n_lines > KS_LINES_MAX) {
			tell(r, FINDING_ERROR, &s, 0, "more than %d lines in all: not read on",
				KS_LINES_MAX);
			r->rc = -E2BIG;
			return;
		}
		one_line(r, &s, text, len, depth);
		text += len + (text[len] != '\0');
	}
}

int ks_read(const struct lint_input *in, struct findings *f, struct ks_text *ret)
{
	struct reader *r = calloc(1, sizeof(*r));
	int rc;

	*ret = (struct ks_text){0};
	if (!r)
		return -ENOMEM;
	*r = (struct reader){.in = in, .f = f, .t = ret};
	read_source(r, in->file, in->text, NULL, 0);
	if (r->open && r->rc == 0)
		not_closed(r);
	rc = r->rc;
	ret->partly |= rc < 0;
	free(r->bytes);
	free(r);
	return rc;
}
