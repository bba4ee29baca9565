/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/logs/logs.h"
#include "service/access/held.h"
#include "httpd/httpd.h"
#include "service/base/kept_read.h"

#include "core/clock.h"
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct machine_log {
	struct kept kept; /* first */
	struct logs *logs;
	struct rate rate;
	struct loop_timer counted; /* when it says how many lines were left out */
	uint64_t attempt;          /* of its newest line in this run */
};

/* Keeping */

static void keep(struct machine_log *l, const struct logs_line *line)
{
	char stored[LOGS_STORED];

	kept_add(&l->kept, stored, logs_line_store(line, stored));
	kept_write(&l->kept);
}

/* A word of ours among its lines. */
__attribute__((format(printf, 2, 3))) static void mark(struct machine_log *l, const char *fmt, ...)
{
	struct logs_line line = {.at = clock_wall_ms(),
		.attempt = l->attempt,
		.facility = LOGS_OURS,
		.severity = "warning"};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line.text, sizeof line.text, fmt, ap);
	va_end(ap);
	keep(l, &line);
}

static void missing(struct kept *k, uint64_t bytes)
{
	mark((struct machine_log *)k, "%llu bytes are missing here", (unsigned long long)bytes);
}

static void over(struct kept *k)
{
	free(k);
}

static const struct kept_kind kind = {.folder = "log",
	.what = "an installer's log",
	.called = "log",
	.gather_ms = LOGS_GATHER_MS,
	.missing = missing,
	.refuses = held_refuses,
	.over = over};

static void say_left_out(struct machine_log *l, unsigned n)
{
	if (n)
		mark(l, "%u lines are left out here: it logs more than %d in %d s", n, LOGS_LINES,
			LOGS_WINDOW_MS / 1000);
}

static void on_counted(struct loop_timer *t)
{
	struct machine_log *l = t->arg;

	say_left_out(l, rate_look(&l->rate, LOGS_WINDOW_MS, clock_mono_ms()));
}

static bool has_room(struct machine_log *l)
{
	int64_t now = clock_mono_ms();

	say_left_out(l, rate_look(&l->rate, LOGS_WINDOW_MS, now));
	if (rate_take(&l->rate, LOGS_LINES))
		return true;
	l->logs->left_out++;
	if (!l->counted.slot)
		loop_timer_set(
			l->logs->base->loop, &l->counted, l->rate.since + LOGS_WINDOW_MS - now);
	return false;
}

static struct machine_log *log_of(struct logs *logs, const char *machine)
{
	struct machine_log *l = (struct machine_log *)kept_find(&logs->machines, machine);

	if (l)
		return l;
	l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->logs = logs;
	loop_timer_init(&l->counted, on_counted, l);
	if (kept_init(&logs->machines, &l->kept, machine)) {
		free(l);
		return NULL;
	}
	return l;
}

/* Whose it is */

/* Its first boot too, and for a moment after it failed. */
static bool installs(const struct machine *m)
{
	int64_t since = clock_wall_ms() - m->attempt.ended_at;

	if (m->deleting)
		return false;
	return life_netboots(m->state) || m->state == LIFE_INSTALLED ||
		(m->state == LIFE_FAILED && since >= 0 && since < LOGS_LATE_MS);
}

/* Says what is not kept, and from whom: of those who go on, an event now and then. */
static void refuse(struct logs *logs, uint32_t segment, const struct ip *from, const char *machine)
{
	const struct segment *seg = segments_by_id(&logs->base->segments, segment);
	struct rate *told = &logs->strangers[segment - 1];
	unsigned more = rate_look(told, LOGS_TOLD_MS, clock_mono_ms());
	char ip[IP_TEXT], before[64] = "";

	logs->refused++;
	if (!rate_take(told, 1) || !seg)
		return;
	if (more)
		snprintf(before, sizeof before, "; so were %u more before", more);
	timeline_add(logs->base->timeline, "", "refused",
		"syslog on %s: what %s sends is not kept: %s%s%s", seg->name, ip_format(from, ip),
		*machine ? machine : "no machine has that address",
		*machine ? " is not being installed" : "", before);
}

static struct logs_heard *heard_of(struct logs *logs, uint32_t segment, const struct ip *from)
{
	uint64_t hash = hash_bytes(from->b, sizeof from->b, segment);

	return &logs->heard[hash % LOGS_HEARD];
}

/* A look at the wire takes questions to the kernel: not for each message. */
static const struct logs_heard *hear(struct logs *logs, uint32_t segment, const struct ip *from)
{
	struct logs_heard *h = heard_of(logs, segment, from);
	int64_t now = clock_mono_ms();
	char why[160] = "", text[256], ip[IP_TEXT];
	struct machine *m;

	if (now < h->until && h->segment == segment && ip_eq(&h->from, from))
		return h;
	m = logs->speaker(logs->speaker_arg, segment, from, why, sizeof why);
	*h = (struct logs_heard){.segment = segment,
		.from = *from,
		.until = now + LOGS_HEARD_MS,
		.another = m && *why};
	if (m)
		memcpy(h->machine, m->name, sizeof h->machine);
	if (h->another) {
		snprintf(text, sizeof text, "syslog for %s: %s", ip_format(from, ip), why);
		machine_tell(m, "refused", text);
	}
	return h;
}

/* The machine that sends this, while that is kept; or NULL, which is counted. */
static struct machine *wanted(struct logs *logs, uint32_t segment, const struct ip *from)
{
	const struct logs_heard *h = hear(logs, segment, from);
	struct machine *m = *h->machine ? machines_by_name(logs->base->machines, h->machine) : NULL;

	if (m && h->another) { /* which its timeline says */
		logs->refused++;
		return NULL;
	}
	if (m && installs(m))
		return m;
	refuse(logs, segment, from, m ? m->name : "");
	return NULL;
}

bool logs_admits(void *arg, uint32_t segment, const struct ip *from)
{
	return wanted(arg, segment, from);
}

bool logs_took(void *arg, uint32_t segment, const struct ip *from, const char *bytes, size_t n)
{
	struct logs *logs = arg;
	struct machine *m = wanted(logs, segment, from);
	struct machine_log *l = m ? log_of(logs, m->name) : NULL;
	struct logs_line line;

	if (!l)
		return false;
	l->attempt = m->attempt.number;
	if (!has_room(l) || !logs_line_of(&line, bytes, n, clock_wall_ms(), l->attempt))
		return true;
	logs->kept++;
	keep(l, &line);
	if (logs->line)
		logs->line(logs->line_arg, m, &line);
	return true;
}

void logs_unread(void *arg, uint32_t segment, uint32_t datagrams)
{
	struct logs *logs = arg;
	const struct segment *seg = segments_by_id(&logs->base->segments, segment);
	struct rate *told = &logs->drops[segment - 1];

	logs->unread += datagrams;
	(void)rate_look(told, LOGS_TOLD_MS, clock_mono_ms());
	if (rate_take(told, 1) && seg)
		log_warn(
			"syslog on %s: more datagrams come than are read, and some are lost: GET /status "
			"counts them",
			seg->name);
}

/* The API */

static json_t *piece(struct kept *k, const struct kept_piece *p)
{
	size_t whole;
	json_t *lines = logs_lines_json((const char *)p->bytes, p->n, &whole);

	(void)k;
	return json_pack("{s:I, s:I, s:I, s:o}", "offset", (json_int_t)p->from, "next",
		(json_int_t)(p->from + whole), "newest", (json_int_t)p->newest, "lines", lines);
}

void logs_handle(
	struct logs *logs, struct http_request *q, const struct machine *m, const struct asker *who)
{
	struct machine_log *l = log_of(logs, m->name);

	if (l)
		kept_read(&l->kept, q, who->held, piece);
	else
		http_respond_error(q, 503, "out of memory");
}

json_t *logs_counts(const struct logs *logs)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "kept", (json_int_t)logs->kept, "left_out",
		(json_int_t)logs->left_out, "refused", (json_int_t)logs->refused, "unread",
		(json_int_t)logs->unread);
}

/* Beginning and end */

void logs_renamed(struct logs *logs, const struct machine *m, const char *old)
{
	struct machine_log *l = log_of(logs, old);

	memset(logs->heard, 0, sizeof logs->heard); /* who speaks is known by name there */
	if (!l || !kept_rename(&l->kept, m->name))
		return;
	loop_timer_clear(logs->base->loop, &l->counted);
	kept_end(&l->kept);
}

void logs_forget(struct logs *logs, const struct machine *m)
{
	struct machine_log *l = log_of(logs, m->name);

	if (!l)
		return;
	loop_timer_clear(logs->base->loop, &l->counted);
	kept_forget(&l->kept);
}

int logs_begin(struct logs *logs)
{
	return keeping_begin(&logs->machines, logs->base, &kind);
}

void logs_drop_all(struct logs *logs)
{
	struct kept *k;
	size_t slot = 0;

	while ((k = kept_next(&logs->machines, &slot, NULL))) {
		loop_timer_clear(logs->base->loop, &((struct machine_log *)k)->counted);
		kept_end_written(k);
		slot = 0;
	}
	keeping_fini(&logs->machines);
}
