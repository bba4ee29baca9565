/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/csv.h"

#include "core/plain.h"
#include "core/wipe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int csv_init(struct csv *c, const char *text, size_t len)
{
	*c = (struct csv){.at = text, .end = text + len, .next_line = 1};
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		c->at += 3;
	/* a record is never longer than its text, but for the NUL of each field, which takes the place of what ends it */
	c->buf = malloc(len + 1);
	return c->buf ? 0 : -ENOMEM;
}

void csv_fini(struct csv *c)
{
	wipe_free(c->buf);
	*c = (struct csv){0};
}

static bool is_end_of_line(const struct csv *c)
{
	return *c->at == '\n' || (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n');
}

static void skip_end_of_line(struct csv *c)
{
	if (c->at == c->end)
		return;
	c->at += 1 + (*c->at == '\r');
	c->next_line++;
}

static void skip_line(struct csv *c)
{
	while (c->at < c->end && *c->at != '\n')
		c->at++;
	skip_end_of_line(c);
}

/* A character into the field. NULL, or what is wrong with it. */
static const char *take_rune(struct csv *c, char **to)
{
	uint32_t rune;
	size_t n = plain_rune(c->at, (size_t)(c->end - c->at), &rune, NULL);

	if (!n)
		return "it is not UTF-8 text: save the file as CSV in UTF-8";
	if (!rune)
		return "it has a NUL byte: save the file as CSV in UTF-8";
	memcpy(*to, c->at, n);
	*to += n;
	c->at += n;
	return NULL;
}

/* Behind the first quote, up to behind the last. */
static const char *take_quoted(struct csv *c, char **to)
{
	const char *wrong = NULL;

	while (!wrong && c->at < c->end) {
		if (*c->at == '"' && (c->at + 1 == c->end || c->at[1] != '"')) {
			c->at++;
			if (c->at == c->end || *c->at == ',' || is_end_of_line(c))
				return NULL;
			return "text follows the quotes around a field; a quote in a field is written twice";
		}
		c->at += *c->at == '"';
		c->next_line += *c->at == '\n';
		wrong = take_rune(c, to);
	}
	return wrong ? wrong : "a field begins with a quote that is never closed";
}

static const char *take_plain(struct csv *c, char **to)
{
	const char *wrong = NULL;

	while (!wrong && c->at < c->end && *c->at != ',' && !is_end_of_line(c)) {
		if (*c->at == '"')
			return "a quote stands in a field without quotes around it";
		if (*c->at == '\r')
			return "a carriage return stands alone";
		wrong = take_rune(c, to);
	}
	return wrong;
}

static const char *take_field(struct csv *c, char **to)
{
	char *from = *to;
	const char *wrong;

	if (c->n == CSV_FIELDS)
		return "it has more than 128 fields";
	if (c->at < c->end && *c->at == '"') {
		c->at++;
		wrong = take_quoted(c, to);
	} else {
		wrong = take_plain(c, to);
	}
	if (!wrong && *to - from > CSV_FIELD_MAX)
		wrong = "a field is longer than 64 KiB";
	if (wrong)
		return wrong;
	*(*to)++ = '\0';
	c->fields[c->n++] = from;
	return NULL;
}

int csv_next(struct csv *c, const char **ret_why)
{
	char *to = c->buf;
	const char *wrong;

	c->n = 0;
	while (c->at < c->end && is_end_of_line(c))
		skip_end_of_line(c);
	c->line = c->next_line;
	if (c->at == c->end)
		return 0;
	for (;;) {
		wrong = take_field(c, &to);
		if (wrong)
			break;
		if (c->at == c->end || *c->at != ',') {
			skip_end_of_line(c);
			return 1;
		}
		c->at++;
	}
	c->n = 0;
	*ret_why = wrong;
	skip_line(c);
	return -EINVAL;
}
