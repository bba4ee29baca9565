/*
 * A preseed, as debconf-set-selections(1) reads it: lines of owner, question, type and value; a backslash at the end of a
 * line joins the next one to it.
 */
#include "kickstart/lint/lint_formats.h"
#include "kickstart/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	GUESSES_MAX =
		200,    /* unknown questions that a near one is looked for: that takes its time */
	WORD_MAX = 256, /* bytes of owner, question and type */
};

/* One line, joined: its words and where its value begins. */
struct selection {
	const char *at, *end; /* of the text; the lines joined, line breaks included */
	char owner[WORD_MAX], question[WORD_MAX], type[WORD_MAX];
	const char *value; /* == end when there is none */
	unsigned line;
};

struct seen {
	char *question; /* with its owner */
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

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *line_end(const char *s)
{
	return s + strcspn(s, "\n");
}

static bool begins(const char *s, const char *word)
{
	return strncmp(s, word, strlen(word)) == 0;
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

	while (s > from && (is_blank(s[-1]) || s[-1] == '\r'))
		s--;
	if (s < to && s > from && s[-1] == '\\' && *from != '#')
		findings_add(r->f, FINDING_ERROR, r->in->file, line, (unsigned)(s - from) + 1,
			"a blank follows the backslash, which then joins nothing: remove the "
			"blank");
}

/* To the end of a line that no backslash joins to the next. */
static const char *joined_end(const struct reading *r, const char *at, unsigned *line)
{
	const char *end = line_end(at);

	check_line_end(r, at, end, *line);
	while (*end && end > at && end[-1] == '\\') {
		at = end + 1;
		end = line_end(at);
		(*line)++;
		check_line_end(r, at, end, *line);
	}
	return end;
}

/* The next word, over joined lines; cut when it is longer than any can be. */
static const char *take_word(const char *s, const char *end, char word[WORD_MAX])
{
	size_t n = 0;

	while (s < end && (is_blank(*s) || (*s == '\\' && s[1] == '\n') || *s == '\n'))
		s++;
	for (; s < end && !is_blank(*s) && *s != '\n' && !(*s == '\\' && s[1] == '\n'); s++)
		if (n < WORD_MAX - 1 && *s != '\r')
			word[n++] = *s;
	word[n] = '\0';
	return s;
}

static bool read_selection(struct selection *s)
{
	const char *at = take_word(s->at, s->end, s->owner);

	at = take_word(at, s->end, s->question);
	at = take_word(at, s->end, s->type);
	s->value = at < s->end ? at + 1 : s->end;
	return *s->type;
}

/* Checks. */

static void check_type(const struct reading *r, const struct selection *s)
{
	static const char *const types[] = {"string", "boolean", "select", "multiselect", "note",
		"text", "password", "title", "error", "seen", NULL};
	const char *best = NULL;
	size_t i = 0;

	while (types[i] && strcmp(types[i], s->type) != 0)
		text_nearer(s->type, types[i++], &best);
	if (types[i])
		return;
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
	char value[WORD_MAX];

	take_word(s->value, s->end, value);
	if (!*value)
		add(r, FINDING_ERROR, s->line, "'%.64s' has no value, expected true or false",
			s->question);
	else if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		add(r, FINDING_ERROR, s->line, "'%.64s' is '%.32s', expected true or false",
			s->question, value);
}

static void check_blank(const struct reading *r, const struct selection *s)
{
	if (s->value < s->end && is_blank(*s->value) && !is_command(s->question) &&
		s->value[strspn(s->value, " \t\r\\\n")])
		add(r, FINDING_WARNING, s->line,
			"'%.64s': the value begins with a blank, as only one is passed over: write "
			"one",
			s->question);
}

static void check_question(struct reading *r, const struct selection *s)
{
	const char *best = NULL;
	size_t i = 0;

	if (strcmp(s->owner, "d-i") != 0 || r->guesses == GUESSES_MAX)
		return;
	while (preseed_questions[i] && strcmp(preseed_questions[i], s->question) != 0)
		i++;
	if (preseed_questions[i])
		return;
	r->guesses++;
	for (i = 0; preseed_questions[i]; i++)
		text_nearer(s->question, preseed_questions[i], &best);
	if (best)
		add(r, FINDING_ERROR, s->line, "unknown question '%.64s' (did you mean '%s'?)",
			s->question, best);
}

/* A question of the installer's under another's name is never asked for. */
static void check_owner(const struct reading *r, const struct selection *s)
{
	size_t i = 0;

	if (strcmp(s->owner, "d-i") == 0)
		return;
	while (preseed_questions[i] && strcmp(preseed_questions[i], s->question) != 0)
		i++;
	if (preseed_questions[i] && text_distance(s->owner, "d-i") <= 2)
		add(r, FINDING_ERROR, s->line, "'%.64s' has the owner '%.32s', expected d-i",
			s->question, s->owner);
	else if (!strchr(s->question, '/'))
		add(r, FINDING_ERROR, s->line,
			"'%.64s' is no question like passwd/root-login: expected owner, question, "
			"type, value",
			s->question);
}

/* The quote that is open at the end, or 0. A substitution within quotes is not followed. */
static char open_quote(const char *s, const char *end)
{
	char quote = 0;

	for (; s < end; s++) {
		if (*s == '\\' && quote != '\'')
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

/* The next selection has become a part of this one, or a comment has swallowed the rest. */
static void check_joined(const struct reading *r, const struct selection *s)
{
	const char *at = line_end(s->at);
	unsigned line = s->line;

	for (; at < s->end; at = line_end(at)) {
		at++;
		line++;
		if (begins(at, "d-i ") || begins(at, "d-i\t"))
			add(r, FINDING_ERROR, line,
				"the backslash above makes this line a part of '%.64s'",
				s->question);
		else if (is_command(s->question) && at[strspn(at, " \t")] == '#')
			add(r, FINDING_ERROR, line,
				"a comment here swallows the rest of '%.64s', which is one line",
				s->question);
	}
}

static void check_command(const struct reading *r, const struct selection *s)
{
	char quote = open_quote(s->value, s->end);

	if (quote)
		add(r, FINDING_ERROR, s->line, "'%.64s': a quote (%c) is opened and not closed",
			s->question, quote);
}

static void check(struct reading *r, const struct selection *s)
{
	check_joined(r, s);
	check_owner(r, s);
	check_question(r, s);
	check_type(r, s);
	check_blank(r, s);
	if (strcmp(s->type, "boolean") == 0 || strcmp(s->type, "seen") == 0)
		check_boolean(r, s);
	if (is_command(s->question))
		check_command(r, s);
}

/* Twice the same question: the last one counts. */

static void remember(struct reading *r, const struct selection *s)
{
	size_t cap = r->cap ? 2 * r->cap : 64;
	struct seen *all = r->seen;

	if (strcmp(s->type, "seen") == 0)
		return;
	if (r->n_seen == r->cap)
		all = reallocarray(all, cap, sizeof(*all));
	if (!all)
		return;
	r->cap = r->n_seen == r->cap ? cap : r->cap;
	r->seen = all;
	if (asprintf(&all[r->n_seen].question, "%s %s", s->owner, s->question) < 0)
		return;
	all[r->n_seen++].line = s->line;
}

static int by_question(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int rc = strcmp(x->question, y->question);

	return rc ? rc : (x->line > y->line) - (x->line < y->line);
}

static void check_twice(struct reading *r)
{
	if (r->n_seen)
		qsort(r->seen, r->n_seen, sizeof(*r->seen), by_question);
	for (size_t i = 1; i < r->n_seen; i++) {
		const char *question = strchr(r->seen[i].question, ' ') + 1;

		if (strcmp(r->seen[i - 1].question, r->seen[i].question) != 0)
			continue;
		if (is_command(question))
			add(r, FINDING_ERROR, r->seen[i].line,
				"'%.64s' is there already in line %u, which then never runs: make "
				"them one",
				question, r->seen[i - 1].line);
		else
			add(r, FINDING_WARNING, r->seen[i].line,
				"'%.64s' is there already in line %u, which is lost", question,
				r->seen[i - 1].line);
	}
	for (size_t i = 0; i < r->n_seen; i++)
		free(r->seen[i].question);
	free(r->seen);
}

void lint_preseed(const struct lint_input *in, struct findings *f)
{
	struct reading r = {.in = in, .f = f};
	unsigned line = 1;
	struct selection s;

	for (const char *at = in->text; *at; at = s.end + (*s.end != '\0'), line++) {
		s = (struct selection){.at = at, .line = line};
		s.end = *at == '#' ? line_end(at) : joined_end(&r, at, &line);
		if (*at == '#' || at[strspn(at, " \t\r")] == '\n' || !at[strspn(at, " \t\r")])
			continue;
		if (read_selection(&s)) {
			check(&r, &s);
			remember(&r, &s);
		} else {
			add(&r, FINDING_ERROR, s.line,
				"'%.64s' is no selection: expected owner, question, type, value",
				s.owner);
		}
	}
	check_twice(&r);
}
