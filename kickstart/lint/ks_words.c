/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/ks_words.h"

#include <string.h>

struct splitter {
	const char *line, *p, *end;
	char *out;
	struct ks_words *ret;
};

static unsigned column(const struct splitter *s, const char *at)
{
	return (unsigned)(at - s->line) + 1;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void fault(struct splitter *s, enum ks_words_fault what, const char *at)
{
	s->ret->fault = what;
	s->ret->column = column(s, at);
	s->p = s->end;
}

/* From behind the opening quote to behind the closing one. In double quotes a backslash takes itself and the quote only. */
static void quoted(struct splitter *s)
{
	const char *open = s->p - 1;
	char quote = *open;

	while (s->p < s->end && *s->p != quote) {
		if (quote == '"' && *s->p == '\\' && s->p + 1 < s->end &&
			(s->p[1] == '"' || s->p[1] == '\\'))
			s->p++;
		*s->out++ = *s->p++;
	}
	if (s->p == s->end)
		fault(s, KS_WORDS_QUOTE, open);
	else
		s->p++;
}

static void word(struct splitter *s)
{
	while (s->p < s->end && !blank(*s->p)) {
		char c = *s->p++;

		if (c == '\'' || c == '"') {
			quoted(s);
		} else if (c == '\\' && s->p == s->end) {
			fault(s, KS_WORDS_BACKSLASH, s->p - 1);
		} else if (c == '\\') {
			*s->out++ = *s->p++;
		} else if (c == '#') {
			s->ret->column = column(s, s->p - 1);
			s->p = s->end;
		} else {
			*s->out++ = c;
		}
	}
	*s->out++ = '\0';
}

void ks_words_split(const char *line, size_t len, char *bytes, struct ks_words *ret)
{
	struct splitter s = {.line = line, .p = line, .end = line + len, .out = bytes, .ret = ret};

	ret->fault = KS_WORDS_FINE;
	ret->column = 0;
	ret->n = 0;
	while (len > 0 && blank(s.end[-1]))
		s.end = line + --len;
	for (;;) {
		while (s.p < s.end && blank(*s.p))
			s.p++;
		if (s.p == s.end || *s.p == '#')
			return;
		if (ret->n == KS_WORDS_MAX) {
			fault(&s, KS_WORDS_MANY, s.p);
			return;
		}
		ret->v[ret->n++] = (struct ks_word){.s = s.out, .column = column(&s, s.p)};
		word(&s);
	}
}
