/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/labels.h"

#include "core/plain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_key(const char *key)
{
	size_t n = strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789._/-");

	return n && n <= LABEL_KEY_MAX && !key[n];
}

/* Characters of a text that shows all that it has; `breaks`: line breaks and tabs may be among them. -1: it hides something. */
static int shown_length(const json_t *v, bool breaks)
{
	const char *text = json_string_value(v);
	size_t len = json_string_length(v), used;
	uint32_t rune;
	int n = 0;

	for (; len; text += used, len -= used, n++) {
		used = plain_rune(text, len, &rune, NULL);
		if (!used || (plain_is_hidden(rune) && !(breaks && (rune == '\n' || rune == '\t'))))
			return -1;
	}
	return n;
}

static bool goes(const json_t *v)
{
	return json_is_null(v) || (json_is_string(v) && !json_string_length(v));
}

static int judge_label(const char *key, const json_t *v, char *why, size_t size)
{
	char shown[128];
	int n;

	if (!is_key(key)) {
		plain_copy(shown, sizeof shown, key, strlen(key), 0);
		snprintf(why, size,
			"label '%s': a key has 1 to %d characters of a-z, 0-9, '.', '_', '/' and '-'",
			shown, LABEL_KEY_MAX);
		return -EINVAL;
	}
	if (goes(v))
		return 0;
	/* filters separate values by commas */
	n = json_is_string(v) && !strchr(json_string_value(v), ',') ? shown_length(v, false) : -1;
	if (n >= 0 && n <= LABEL_VALUE_MAX)
		return 0;
	snprintf(why, size,
		"label '%s': a value is a text of at most %d printable characters, without a comma",
		key, LABEL_VALUE_MAX);
	return -EINVAL;
}

static int judge_note(const json_t *note, char *why, size_t size)
{
	if (!note || goes(note))
		return 0;
	if (json_is_string(note) && json_string_length(note) <= NOTE_MAX &&
		shown_length(note, true) >= 0)
		return 0;
	snprintf(why, size, "note is a text of at most %d bytes that has no control characters",
		NOTE_MAX);
	return -EINVAL;
}

static int judge_labels(const json_t *request, char *why, size_t size)
{
	json_t *labels = json_object_get(request, "labels"), *v;
	const char *key;
	int rc = 0;

	if (labels && !json_is_object(labels)) {
		snprintf(why, size, "labels are an object of texts");
		return -EINVAL;
	}
	json_object_foreach(labels, key, v)
	{
		rc = judge_label(key, v, why, size);
		if (rc)
			return rc;
	}
	return 0;
}

/* Those of before with what is said now. New reference; NULL: out of memory. */
static json_t *merged(const struct machine *m, const json_t *said)
{
	json_t *all = m->labels ? json_copy(m->labels) : json_object(), *v;
	const char *key;
	bool ok = all;

	json_object_foreach((json_t *)(uintptr_t)said, key, v)
	{
		if (goes(v))
			json_object_del(all, key);
		else if (json_object_set(all, key, v))
			ok = false;
	}
	if (ok)
		return all;
	json_decref(all);
	return NULL;
}

/* Steals `labels`. */
static bool set_labels(struct machine *m, json_t *labels)
{
	bool some = json_object_size(labels);
	bool changed = m->labels ? !json_equal(m->labels, labels) : some;

	json_decref(m->labels);
	m->labels = some ? labels : NULL;
	if (!some)
		json_decref(labels);
	return changed;
}

/* Takes `note`: heap, or NULL for none. */
static bool set_note(struct machine *m, char *note)
{
	bool changed = strcmp(m->note ? m->note : "", note ? note : "") != 0;

	free(m->note);
	m->note = note;
	return changed;
}

int labels_judge(const struct machine *m, const json_t *request, char *why, size_t size)
{
	int rc = judge_labels(request, why, size);
	json_t *labels;

	if (!rc)
		rc = judge_note(json_object_get(request, "note"), why, size);
	if (rc)
		return rc;
	labels = merged(m, json_object_get(request, "labels"));
	if (json_object_size(labels) > LABELS_MAX) {
		snprintf(why, size, "a machine has at most %d labels", LABELS_MAX);
		rc = -EINVAL;
	}
	json_decref(labels);
	return rc;
}

const char *labels_at_fault(const json_t *request)
{
	char why[256];

	return judge_note(json_object_get(request, "note"), why, sizeof why) ? "note" : "labels";
}

int labels_take(struct machine *m, const json_t *request, bool *ret_changed, char *why, size_t size)
{
	const json_t *said = json_object_get(request, "note");
	bool some = said && !goes(said), changed;
	int rc = labels_judge(m, request, why, size);
	json_t *labels;
	char *note;

	if (rc)
		return rc;
	labels = merged(m, json_object_get(request, "labels"));
	note = some ? strdup(json_string_value(said)) : NULL;
	if (!labels || (some && !note)) {
		json_decref(labels);
		free(note);
		return -ENOMEM;
	}
	changed = set_labels(m, labels);
	if (said)
		changed |= set_note(m, note);
	if (ret_changed)
		*ret_changed = changed;
	return 0;
}

bool labels_alone(const json_t *request)
{
	size_t n = (json_object_get(request, "labels") != NULL) +
		(size_t)(json_object_get(request, "note") != NULL);

	return n && n == json_object_size(request);
}

const char *labels_said(const json_t *request, char *buf, size_t size)
{
	json_t *labels = json_object_get(request, "labels"), *v;
	const char *key, *before = "labels ";
	size_t used = 0;
	int n;

	*buf = '\0';
	json_object_foreach(labels, key, v)
	{
		n = snprintf(buf + used, size - used, "%s%s=%s", before, key,
			json_is_string(v) ? json_string_value(v) : "");
		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
		before = ", ";
	}
	buf[used] = '\0';
	if (json_object_get(request, "note"))
		snprintf(buf + used, size - used, "%snote", used ? "; " : "");
	return buf;
}

bool labels_match(const struct machine *m, const char *word, size_t n)
{
	const char *colon = memchr(word, ':', n);
	size_t key_len = colon ? (size_t)(colon - word) : n;
	char key[LABEL_KEY_MAX + 1];
	const json_t *v;

	if (!m->labels || key_len > LABEL_KEY_MAX)
		return false;
	memcpy(key, word, key_len);
	key[key_len] = '\0';
	v = json_object_get(m->labels, key);
	if (!v || !colon)
		return v;
	n -= key_len + 1;
	return json_string_length(v) == n && !memcmp(json_string_value(v), colon + 1, n);
}
