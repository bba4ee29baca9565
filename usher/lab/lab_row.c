/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/lab/lab_row.h"

#include "usher/client/follow.h"
#include "usher/client/json_time.h"
#include "usher/client/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR = 20, NAME_WIDTH = 16, CELL = 11 };

static const struct {
	const char *name; /* of the stage; also of the event that begins it */
	int full;         /* per cent of the bar when it begins */
} stages[] = {[LAB_BEGUN] = {"begun", 0},
	[LAB_CREATED] = {"created", 5},
	[LAB_LEASED] = {"leased", 10},
	[LAB_BOOTING] = {"booting", 15},
	[LAB_INSTALLING] = {"installing", 20},
	[LAB_INSTALLED] = {"installed", 85},
	[LAB_UP] = {"up", 100}};

const char *lab_stage_name(int stage)
{
	return stage >= 0 && stage < LAB_STAGES ? stages[stage].name : "total";
}

void lab_row_init(struct lab_row *r, const char *name, uint64_t seq)
{
	*r = (struct lab_row){.begun_seq = seq, .state_seq = seq, .percent = -1};
	snprintf(r->name, sizeof r->name, "%s", name);
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* "disarmed" and the like are no stage, but end up in a state all the same. */
static const char *state_of(const char *kind)
{
	if (!strcmp(kind, "deleted"))
		return kind;
	return life_state_parse(kind) >= 0 ? kind : NULL;
}

static void take_state(struct lab_row *r, const char *state, uint64_t seq, const char *text)
{
	if (seq <= r->state_seq)
		return;
	r->state_seq = seq;
	if (!state)
		return;
	snprintf(r->state, sizeof r->state, "%s", state);
	if (!strcmp(state, "failed") || !strcmp(state, "deleted"))
		snprintf(r->text, sizeof r->text, "%s", text);
}

void lab_row_event(struct lab_row *r, const json_t *event)
{
	uint64_t seq = (uint64_t)json_integer_value(json_object_get(event, "seq"));
	const char *kind = text_of(event, "kind"), *text = text_of(event, "text");
	int percent = follow_percentage(event);

	if (seq <= r->begun_seq || strcmp(text_of(event, "machine"), r->name))
		return;
	for (int i = LAB_CREATED; i < LAB_STAGES; i++)
		if (!strcmp(kind, stages[i].name) && !r->at[i])
			r->at[i] = json_time_ms(json_object_get(event, "at"));
	if (!strcmp(kind, "progress")) {
		r->percent = percent;
		snprintf(r->text, sizeof r->text, "%s", text);
	}
	take_state(r, state_of(kind), seq, text);
}

void lab_row_state(struct lab_row *r, const json_t *machine)
{
	uint64_t seq = (uint64_t)json_integer_value(
		json_object_get(json_object_get(machine, "last_event"), "seq"));

	/* as new as what was heard, or newer */
	if (seq < r->state_seq)
		return;
	r->state_seq = seq;
	snprintf(r->state, sizeof r->state, "%s", text_of(machine, "state"));
	if (!strcmp(r->state, "failed"))
		snprintf(r->text, sizeof r->text, "%s",
			text_of(json_object_get(machine, "attempt"), "reason"));
}

bool lab_row_ended(const struct lab_row *r)
{
	return !strcmp(r->state, "up") || !strcmp(r->state, "failed") ||
		!strcmp(r->state, "deleted");
}

static int last_stage(const struct lab_row *r)
{
	int i = LAB_UP;

	while (i > LAB_BEGUN && !r->at[i])
		i--;
	return i;
}

static int fullness(const struct lab_row *r)
{
	int stage = last_stage(r), full = stages[stage].full;

	if (stage == LAB_INSTALLING && r->percent > 0)
		full += (stages[LAB_INSTALLED].full - full) *
			(r->percent > 100 ? 100 : r->percent) / 100;
	return full;
}

void lab_row_line(const struct lab_row *r, int64_t now, unsigned columns, char *buf, size_t size)
{
	char bar[PROGRESS_BAR_TEXT];
	int64_t s = r->at[LAB_BEGUN] ? (now - r->at[LAB_BEGUN]) / 1000 : 0;
	bool installing = last_stage(r) == LAB_INSTALLING;
	int len;

	if (s < 0)
		s = 0;
	len = snprintf(buf, size, "%-*s %s %2lld:%02lld %-10s %s", NAME_WIDTH, r->name,
		progress_bar(bar, BAR, (uint64_t)fullness(r), 100), (long long)s / 60,
		(long long)s % 60, *r->state ? r->state : "begun", installing ? r->text : "");
	if (len >= 0 && columns < size && (unsigned)len > columns) {
		while (columns && ((unsigned char)buf[columns] & 0xc0) == 0x80)
			columns--; /* no half a character */
		buf[columns] = '\0';
	}
}

double lab_row_seconds(const struct lab_row *r, int stage)
{
	int before = LAB_BEGUN, now = stage == LAB_STAGES ? LAB_UP : stage;

	for (int i = LAB_BEGUN; stage < LAB_STAGES && i < stage; i++)
		if (r->at[i])
			before = i;
	return r->at[now] && r->at[before] ? (double)(r->at[now] - r->at[before]) / 1000 : -1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double lab_row_median(const struct lab_row *rows, size_t n, int stage)
{
	double *all = calloc(n + 1, sizeof *all), median = -1;
	size_t have = 0;

	for (size_t i = 0; all && i < n; i++) {
		double s = lab_row_seconds(&rows[i], stage);

		if (s >= 0)
			all[have++] = s;
	}
	if (have) {
		qsort(all, have, sizeof *all, compare);
		median = have % 2 ? all[have / 2] : (all[have / 2 - 1] + all[have / 2]) / 2;
	}
	free(all);
	return median;
}

void lab_row_head(char *buf, size_t size)
{
	int n = snprintf(buf, size, "%-*s", NAME_WIDTH, "seconds");

	for (int i = LAB_CREATED; i <= LAB_STAGES && n > 0 && (size_t)n < size; i++)
		n += snprintf(buf + n, size - (size_t)n, "%*s", CELL, lab_stage_name(i));
}

static void cells(const char *name, const double *seconds, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%-*s", NAME_WIDTH, name);

	for (int i = LAB_CREATED; i <= LAB_STAGES && n > 0 && (size_t)n < size; i++)
		n += seconds[i] < 0
			? snprintf(buf + n, size - (size_t)n, "%*s", CELL, "-")
			: snprintf(buf + n, size - (size_t)n, "%*.1f", CELL, seconds[i]);
}

void lab_row_times(const struct lab_row *r, char *buf, size_t size)
{
	double seconds[LAB_STAGES + 1];

	for (int i = LAB_BEGUN; i <= LAB_STAGES; i++)
		seconds[i] = lab_row_seconds(r, i);
	cells(r->name, seconds, buf, size);
}

void lab_row_medians(const struct lab_row *rows, size_t n, char *buf, size_t size)
{
	double seconds[LAB_STAGES + 1];

	for (int i = LAB_BEGUN; i <= LAB_STAGES; i++)
		seconds[i] = lab_row_median(rows, n, i);
	cells("median", seconds, buf, size);
}
