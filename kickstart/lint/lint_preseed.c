/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A preseed, as bin/debconf-set-selections of the Debian installer reads it, which is another reader than that of
 * debconf-set-selections(1): comments and empty lines are dropped first; then a backslash at the end of a line joins the next one
 * to it by one blank; then come owner, question, type and value, with any number of blanks between them.
 */
#include "kickstart/lint/lint_formats.h"
#include "kickstart/lint/lint_values.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUESTION_MAX = 128, /* bytes of one: names are shorter */
	GUESSES_MAX =
		200, /* unknown questions that a near one is looked for: that takes its time */
};

/* One line, joined. The words are of `text`. */
struct selection {
	struct text text;
	const char *owner, *question, *type, *value; /* "" when there is none */
	const char *at, *end;                        /* of the file, all that was joined */
	unsigned line;
};

struct seen {
	char *question, *value;
	unsigned line;
};

struct reading {
	const struct lint_input *in;
	struct findings *f;
	struct seen *seen;
	size_t n_seen, cap;
	unsigned guesses;
};

#define add(r, level, line, ...) findings_add((r)->f, level, (r)->in->file, line, 0, __VA_ARGS__)

#define BLANKS " \t\r\v\f"

static bool is_blank(char c)
{
	return c && strchr(BLANKS, c);
}

static const char *line_end(const char *s)
{
	return s + strcspn(s, "\n");
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, BLANKS);
}

/* What is dropped before lines are joined. */
static bool is_dropped(const char *line)
{
	return *line == '#' || strchr("\n", *skip_blanks(line));
}

/* What runs in a shell. */
static bool is_command(const char *question)
{
	const char *name = strrchr(question, '/');

	return name && (strcmp(name, "/early_command") == 0 || strcmp(name, "/late_command") == 0);
}

/* Reading. */

/* A blank after the backslash is easily made and never seen. */
static void check_line_end(const struct reading *r, const char *from, const char *to, unsigned line)
{
	const char *s = to;

	while (s > from && is_blank(s[-1]))
		s--;
	if (s < to && s > from && s[-1] == '\\')
		findings_add(r->f, FINDING_ERROR, r->in->file, line, (unsigned)(s - from) + 1,
			"a blank follows the backslash, which then joins nothing: remove the "
			"blank");
}

/* Adds one line, without the backslash that joins the next one to it: is there one? */
static bool add_line(const struct reading *r, struct selection *s, const char *at, unsigned line)
{
	const char *from = skip_blanks(at), *to = line_end(at);
	bool joins;

	while (to > from && to[-1] == '\r')
		to--;
	joins = to > from && to[-1] == '\\';
	check_line_end(r, at, to, line);
	for (to -= joins; joins && to > from && is_blank(to[-1]); to--)
		;
	if (s->text.len)
		text_puts(&s->text, " ");
	for (; from < to; from++)
		if (*from != '\r')
			text_add(&s->text, from, 1);
	return joins;
}

static void check_open_end(const struct reading *r, const struct selection *s)
{
	add(r, FINDING_ERROR, s->line,
		"the last line ends in a backslash: the installer drops all of this, from here on");
}

/* From the line at s->at on; s->end is the end of the last one. *line is the last one's number. */
static void read_lines(const struct reading *r, struct selection *s, unsigned *line)
{
	const char *at = s->at;

	while (add_line(r, s, at, *line)) {
		do {
			at = line_end(at);
			if (*at) {
				at++;
				(*line)++;
			}
		} while (*at && is_dropped(at));
		if (!*at) {
			check_open_end(r, s);
			break;
		}
	}
	s->end = line_end(at);
}

/* Cuts off the next word. */
static const char *take_word(char **rest)
{
	char *word = *rest, *s = word;

	while (*s && !is_blank(*s))
		s++;
	*rest = s + strspn(s, BLANKS);
	*s = '\0';
	return word;
}

static bool read_words(struct selection *s)
{
	static char none[] = "";
	char *rest = s->text.s ? s->text.s : none, *end = rest + strlen(rest);

	while (end > rest && is_blank(end[-1]))
		*--end = '\0';
	s->owner = take_word(&rest);
	s->question = take_word(&rest);
	s->type = take_word(&rest);
	s->value = rest;
	return *s->type;
}

/* Checks. */

static const char *const types[] = {"string", "boolean", "select", "multiselect", "note", "text",
	"password", "title", "error", "seen", NULL};

static bool is_type(const char *word)
{
	size_t i = 0;

	while (types[i] && strcmp(types[i], word) != 0)
		i++;
	return types[i];
}

static void check_type(const struct reading *r, const struct selection *s)
{
	const char *best = NULL;

	if (is_type(s->type))
		return;
	for (size_t i = 0; types[i]; i++)
		text_nearer(s->type, types[i], &best);
	if (best)
		add(r, FINDING_ERROR, s->line, "'%.64s': unknown type '%.32s' (did you mean '%s'?)",
			s->question, s->type, best);
	else
		add(r, FINDING_ERROR, s->line,
			"'%.64s': unknown type '%.32s', expected string, boolean, select, "
			"multiselect, password, note or text",
			s->question, s->type);
}

static void check_boolean(const struct reading *r, const struct selection *s)
{
	if (!*s->value)
		add(r, FINDING_ERROR, s->line, "'%.64s' has no value, expected true or false",
			s->question);
	else if (strcmp(s->value, "true") != 0 && strcmp(s->value, "false") != 0 &&
		!lint_is_placeholder(s->value))
		add(r, FINDING_ERROR, s->line, "'%.64s' is '%.32s', expected true or false",
			s->question, s->value);
}

/* The digit of "apt-setup/local3/key", of which the table has the first alone; NULL: it is another question. */
static char *local_digit(char *question)
{
	char *digit = strncmp(question, "apt-setup/local", 15) == 0 ? question + 15 : NULL;

	return digit && *digit >= '0' && *digit <= '9' && digit[1] == '/' ? digit : NULL;
}

static bool is_known(const char *question)
{
	size_t i = 0;

	while (preseed_questions[i] && strcmp(preseed_questions[i], question) != 0)
		i++;
	return preseed_questions[i] || strncmp(question, "tzsetup/country/", 16) == 0;
}

static void check_question(struct reading *r, const struct selection *s)
{
	char question[QUESTION_MAX], near[QUESTION_MAX], *digit, number = '0';
	const char *best = NULL;

	if (strcmp(s->owner, "d-i") != 0 || r->guesses == GUESSES_MAX ||
		strlen(s->question) >= sizeof(question))
		return;
	strcpy(question, s->question);
	digit = local_digit(question);
	if (digit) {
		number = *digit;
		*digit = '0';
	}
	if (is_known(question))
		return;
	r->guesses++;
	for (size_t i = 0; preseed_questions[i]; i++)
		text_nearer(question, preseed_questions[i], &best);
	if (!best)
		return;
	snprintf(near, sizeof(near), "%s", best);
	digit = local_digit(near);
	if (digit)
		*digit = number;
	add(r, FINDING_ERROR, s->line, "unknown question '%.64s' (did you mean '%.64s'?)",
		s->question, near);
}

/* The installer does not look at the owner, but others that read the file may. */
static void check_owner(const struct reading *r, const struct selection *s)
{
	if (strcmp(s->owner, "d-i") == 0)
		return;
	if (is_known(s->question) && text_distance(s->owner, "d-i") <= 2)
		add(r, FINDING_WARNING, s->line, "'%.64s' has the owner '%.32s', expected d-i",
			s->question, s->owner);
	else if (!strchr(s->question, '/'))
		add(r, FINDING_ERROR, s->line,
			"'%.64s' is no question like passwd/root-login: expected owner, question, "
			"type, value",
			s->question);
}

/* The quote that is open at the end, or 0. A substitution within quotes is not followed. */
static char open_quote(const char *s)
{
	char quote = 0;

	for (; *s; s++) {
		if (*s == '\\' && quote != '\'' && s[1])
			s++;
		else if (quote == '"' && (*s == '`' || (*s == '$' && s[1] == '(')))
			return 0;
		else if (quote && *s == quote)
			quote = 0;
		else if (!quote && (*s == '\'' || *s == '"'))
			quote = *s;
	}
	return quote;
}

/* "OWNER QUESTION TYPE", as a line begins. */
static bool is_selection(const char *line)
{
	char owner[32], question[64], type[16], begin[128];

	snprintf(begin, sizeof(begin), "%.*s", (int)strcspn(line, "\r\n"), line);
	return sscanf(begin, "%31s %63s %15s", owner, question, type) == 3 && is_type(type) &&
		strchr(question, '/') && (strcmp(owner, "d-i") == 0 || is_known(question));
}

/* The next selection has become a part of this one, or a comment has. */
static void check_joined(const struct reading *r, const struct selection *s)
{
	const char *at = line_end(s->at);
	unsigned line = s->line;

	for (; at < s->end; at = line_end(at)) {
		at++;
		line++;
		if (is_dropped(at))
			continue;
		if (is_selection(skip_blanks(at)))
			add(r, FINDING_ERROR, line,
				"the backslash above makes this line a part of '%.64s'",
				s->question);
		else if (*skip_blanks(at) == '#' && is_command(s->question))
			add(r, FINDING_ERROR, line,
				"a comment here swallows the rest of '%.64s', which is one line: "
				"only one that begins in the first column is dropped",
				s->question);
		else if (*skip_blanks(at) == '#')
			add(r, FINDING_ERROR, line,
				"this is a part of '%.64s': only a comment that begins in the "
				"first column is dropped",
				s->question);
	}
}

static void check_command(const struct reading *r, const struct selection *s)
{
	char quote = open_quote(s->value);

	if (quote)
		add(r, FINDING_ERROR, s->line, "'%.64s': a quote (%c) is opened and not closed",
			s->question, quote);
}

/* Debian's accounts of base-passwd, which every system has. */
static const char *const taken[] = {"root", "daemon", "bin", "sys", "sync", "games", "man", "lp",
	"mail", "news", "uucp", "proxy", "www-data", "backup", "list", "irc", "nobody"};

/* user-setup takes no other name, and asks for one. */
static const char *wrong_username(const char *s)
{
	if (lint_is_placeholder(s))
		return NULL;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (strcmp(taken[i], s) == 0)
			return "which is an account of the system: expected another name";
	return *s < 'a' || *s > 'z' || s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-")] ||
			strlen(s) > 32
		? "expected a small letter, then small letters, digits, '-' and '_', at most 32"
		: NULL;
}

static void check_name(const struct reading *r, const struct selection *s)
{
	static const struct {
		const char *question;
		const char *(*wrong)(const char *value);
	} names[] = {{"passwd/username", wrong_username},
		{"netcfg/get_hostname", lint_wrong_hostname},
		{"netcfg/hostname", lint_wrong_hostname}};
	const char *wrong;

	for (size_t i = 0; *s->value && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].question, s->question) == 0 &&
			(wrong = names[i].wrong(s->value)))
			add(r, FINDING_ERROR, s->line, "'%s' is '%.64s', %s", s->question, s->value,
				wrong);
}

static void check(struct reading *r, const struct selection *s)
{
	check_joined(r, s);
	check_owner(r, s);
	check_question(r, s);
	check_type(r, s);
	check_name(r, s);
	if (strcmp(s->type, "boolean") == 0 || strcmp(s->type, "seen") == 0)
		check_boolean(r, s);
	if (is_command(s->question))
		check_command(r, s);
}

/* Twice the same question, whoever its owner is: the last one counts. */

static void remember(struct reading *r, const struct selection *s)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct seen *all = r->seen, *one;

	if (strcmp(s->type, "seen") == 0)
		return;
	if (r->n_seen == r->cap)
		all = reallocarray(all, cap, sizeof(*all));
	if (!all)
		return;
	r->cap = r->n_seen == r->cap ? cap : r->cap;
	r->seen = all;
	one = &all[r->n_seen];
	*one = (struct seen){
		.question = strdup(s->question), .value = strdup(s->value), .line = s->line};
	if (one->question && one->value) {
		r->n_seen++;
		return;
	}
	free(one->question);
	free(one->value);
}

static int by_question(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int rc = strcmp(x->question, y->question);

	return rc ? rc : (x->line > y->line) - (x->line < y->line);
}

static void check_pair(const struct reading *r, const struct seen *before, const struct seen *one)
{
	if (strcmp(before->question, one->question) != 0 || strcmp(before->value, one->value) == 0)
		return;
	if (is_command(one->question))
		add(r, FINDING_ERROR, one->line,
			"'%.64s' is there already in line %u, which then never runs: make them one",
			one->question, before->line);
	else
		add(r, FINDING_WARNING, one->line,
			"'%.64s' is there already in line %u, which is lost", one->question,
			before->line);
}

/* The last line that answers it, or 0. */
static unsigned answered(const struct reading *r, const char *question)
{
	unsigned line = 0;

	for (size_t i = 0; i < r->n_seen; i++)
		if (strcmp(r->seen[i].question, question) == 0)
			line = r->seen[i].line;
	return line;
}

/* partman asks one of them with priority critical, before it writes: which, hangs on what is on the disk. */
static void check_asked(const struct reading *r)
{
	static const char *const asked[] = {"partman/confirm", "partman/confirm_nooverwrite"},
				 *const more[] = {"preseed/include", "preseed/include_command",
					 "preseed/run"};

	unsigned line = answered(r, "partman-auto/method");

	if (!line)
		return;
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
		if (answered(r, more[i]))
			return;
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		if (!answered(r, asked[i]))
			add(r, FINDING_WARNING, line,
				"no '%s': the installer may ask before it writes, and wait: add "
				"'d-i %s boolean true'",
				asked[i], asked[i]);
}

static void check_twice(struct reading *r)
{
	if (r->n_seen)
		qsort(r->seen, r->n_seen, sizeof(*r->seen), by_question);
	for (size_t i = 1; i < r->n_seen; i++)
		check_pair(r, &r->seen[i - 1], &r->seen[i]);
	for (size_t i = 0; i < r->n_seen; i++) {
		free(r->seen[i].question);
		free(r->seen[i].value);
	}
	free(r->seen);
}

/* A line of less than three words is a syntax error, at which the installer ends its reading. */
static void check_line(struct reading *r, struct selection *s)
{
	bool whole = read_words(s);

	if (*s->owner == '#' && whole)
		add(r, FINDING_WARNING, s->line,
			"a comment begins in the first column: the installer takes this for an "
			"answer");
	else if (*s->owner == '#')
		add(r, FINDING_ERROR, s->line,
			"a comment begins in the first column: the installer stops reading at this "
			"one");
	else if (!whole)
		add(r, FINDING_ERROR, s->line,
			"'%.64s' is no selection, and the installer stops reading here: expected "
			"owner, question, type, value",
			s->owner);
	else {
		check(r, s);
		remember(r, s);
	}
}

void lint_preseed(const struct lint_input *in, struct findings *f)
{
	struct reading r = {.in = in, .f = f};
	unsigned line = 1;
	struct selection s;

	for (const char *at = in->text; *at; at = s.end + (*s.end != '\0'), line++) {
		s = (struct selection){.at = at, .end = line_end(at), .line = line};
		if (is_dropped(at))
			continue;
		text_init(&s.text, LINT_TEXT_MAX);
		read_lines(&r, &s, &line);
		if (!s.text.rc)
			check_line(&r, &s);
		text_fini(&s.text);
	}
	check_asked(&r);
	check_twice(&r);
}
