/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/filter.h"

#include "machine/labels.h"

#include <stdio.h>
#include <string.h>

/* The word that begins at *at, and *at behind it. False: there are no more. */
static bool next_word(const char **at, const char **ret, size_t *ret_n)
{
	if (!*at)
		return false;
	*ret = *at;
	*ret_n = strcspn(*at, ",");
	*at = (*at)[*ret_n] ? *at + *ret_n + 1 : NULL;
	return true;
}

static bool is(const char *word, size_t n, const char *text)
{
	return strlen(text) == n && !memcmp(word, text, n);
}

static bool names(const char *words, const char *text)
{
	const char *word;
	size_t n;

	while (next_word(&words, &word, &n))
		if (is(word, n, text))
			return true;
	return false;
}

static bool names_segment(const char *words, const struct machine *m)
{
	for (size_t i = 0; i < m->n_nics; i++)
		if (names(words, m->nics[i].segment))
			return true;
	return false;
}

static bool names_label(const char *words, const struct machine *m)
{
	const char *word;
	size_t n;

	while (next_word(&words, &word, &n))
		if (labels_match(m, word, n))
			return true;
	return false;
}

static const char *state_of(const struct machine *m)
{
	return m->template ? "template" : life_state_name(m->state);
}

static bool is_state(const char *word, size_t n)
{
	bool found = is(word, n, "template");

	for (int s = 0; s < LIFE_STATES && !found; s++)
		found = is(word, n, life_state_name((enum life_state)s));
	return found;
}

static void list_states(char *buf, size_t size)
{
	size_t used = 0;

	for (int s = 0; s < LIFE_STATES && used < size; s++)
		used += (size_t)snprintf(
			buf + used, size - used, "%s ", life_state_name((enum life_state)s));
	if (used < size)
		snprintf(buf + used, size - used, "template");
}

const char *filter_error(const struct filter *f, char *why, size_t size)
{
	const char *at = f->state, *word;
	char states[128];
	size_t n;

	while (next_word(&at, &word, &n)) {
		if (is_state(word, n))
			continue;
		list_states(states, sizeof states);
		snprintf(why, size,
			"state '%.*s': expected one of %s, or several with commas between",
			n < 40 ? (int)n : 40, word, states);
		return why;
	}
	return NULL;
}

bool filter_takes(const struct filter *f, const struct machine *m)
{
	return (!f->state || names(f->state, state_of(m))) &&
		(!f->profile || names(f->profile, m->profile)) &&
		(!f->lab || names(f->lab, m->lab)) &&
		(!f->segment || names_segment(f->segment, m)) &&
		(!f->label || names_label(f->label, m));
}
