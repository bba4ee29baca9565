/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/access/held.h"
#include "service/guests/act.h"
#include "service/guests/hosts.h"
#include "service/console/console_record.h"
#include "service/console/console_text.h"

#include "core/clock.h"
#include "core/log.h"
#include "machine/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *record_state_name(enum record_state state)
{
	static const char *const names[] = {[RECORD_OPENING] = "opening",
		[RECORD_ON] = "on",
		[RECORD_OFF] = "off",
		[RECORD_TAKEN] = "taken",
		[RECORD_PAUSED] = "paused",
		[RECORD_AWAY] = "away",
		[RECORD_NONE] = "none"};

	return names[state];
}

/* A line of ours among the guest's: what happened, and when. */
__attribute__((format(printf, 2, 3))) static void mark(struct recording *r, const char *fmt, ...)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char text[512], line[640], when[32];
	struct tm tm;
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	strftime(when, sizeof when, "%Y-%m-%d %H:%M:%SZ", gmtime_r(&now, &tm));
	n = snprintf(line, sizeof line, "\r\n" CONSOLE_MARK "%s] %s\r\n", when, text);
	kept_add(&r->kept, line, (size_t)n);
	kept_write(&r->kept);
}

static void missing(struct kept *k, uint64_t bytes)
{
	mark((struct recording *)k, "%llu bytes are missing here", (unsigned long long)bytes);
}

static void over(struct kept *k)
{
	free(k);
}

static const struct kept_kind kind = {.folder = "console",
	.what = "a serial console",
	.called = "console",
	.gather_ms = RECORD_GATHER_MS,
	.missing = missing,
	.refuses = held_refuses,
	.over = over};

/* The stream */

static void open_now(struct recording *r);

static void open_again(struct loop_timer *t)
{
	open_now(t->arg);
}

static void let_go(struct recording *r, enum record_state state, const char *why, int64_t again_ms)
{
	guest_console_close(r->stream);
	sol_close(r->sol);
	r->stream = NULL;
	r->sol = NULL;
	loop_timer_clear(r->consoles->base->loop, &r->wanted);
	r->state = state;
	snprintf(r->why, sizeof r->why, "%s", why);
	if (again_ms >= 0)
		loop_timer_set(r->consoles->base->loop, &r->again, again_ms);
}

static void ended(struct recording *r, const struct guest_console_news *news)
{
	enum record_state before = r->state;
	char why[GUEST_WHY];

	snprintf(why, sizeof why, "%s", news->why);
	switch (news->rc) {
	case -ESHUTDOWN:
	case -ENOENT:
		let_go(r, RECORD_OFF, "the guest is off", -1);
		if (r->said_runs)
			mark(r, "%s is off", r->kept.name);
		r->said_runs = r->said_begin = false;
		break;
	case -EBUSY:
		let_go(r, RECORD_TAKEN, why, RECORD_TAKEN_MS);
		if (before != RECORD_TAKEN)
			mark(r,
				"another client has the console of %s open (virsh console?): "
				"nothing is recorded meanwhile",
				r->kept.name);
		r->said_begin = false;
		break;
	case -ENOTCONN:
		let_go(r, RECORD_AWAY, why, RECORD_ODD_MS);
		break;
	case 0:
	case -EPIPE:
		let_go(r, RECORD_OPENING, why, r->run_again ? 0 : RECORD_ENDED_MS);
		r->run_again = false;
		break;
	case -EOPNOTSUPP: /* this hypervisor has none */
		let_go(r, RECORD_NONE, why, -1);
		break;
	default:
		let_go(r, RECORD_NONE, why, RECORD_ODD_MS << r->odd);
		r->odd += r->odd < 6;
		log_debug("%s: its console cannot be opened: %s", r->kept.name, why);
	}
}

/* Has it said more than it may? */
static bool is_storm(struct recording *r, uint64_t n)
{
	int64_t now = clock_mono_ms();

	r->budget += (now - r->budget_at) * RECORD_RATE / 1000;
	if (!r->budget_at || r->budget > RECORD_BURST)
		r->budget = RECORD_BURST;
	r->budget_at = now;
	r->budget -= (int64_t)n;
	return r->budget < 0;
}

static void opened(struct recording *r)
{
	r->state = RECORD_ON;
	r->why[0] = '\0';
	if (!r->said_begin)
		mark(r, "%s is recorded from here on", r->kept.name);
	r->said_begin = r->said_runs = true;
	r->odd = 0;
}

static void take(struct recording *r, const struct guest_console_news *news)
{
	if (news->open && r->state != RECORD_ON)
		opened(r);
	if (news->n) {
		kept_add(&r->kept, news->bytes, news->n);
		console_text_add(&r->lines, news->bytes, news->n);
	}
	free(news->bytes);
	r->kept.lost += news->dropped;
	if (news->over) {
		ended(r, news);
	} else if (is_storm(r, news->n + news->dropped)) {
		let_go(r, RECORD_PAUSED, "it prints without end", RECORD_PAUSE_MS);
		mark(r, "%s prints without end: nothing is recorded for %d s", r->kept.name,
			RECORD_PAUSE_MS / 1000);
		r->said_begin = false;
	}
	kept_write(&r->kept);
}

static void look(void *arg)
{
	struct recording *r = arg;
	struct guest_console_news news;

	guest_console_take(r->stream, &news);
	take(r, &news);
}

/* A session that was there and ended is opened again soon, one that could not be had later. */
static void look_at_sol(void *arg)
{
	struct recording *r = arg;
	struct sol_news n;

	sol_take(r->sol, &n);
	take(r,
		&(struct guest_console_news){.open = n.open,
			.bytes = n.bytes,
			.n = n.n,
			.dropped = n.dropped,
			.over = n.over,
			.rc = n.open ? -EPIPE : -EIO,
			.why = n.why});
}

bool record_possible(const struct machine *m)
{
	struct power_target t;
	char why[256];

	return m->guest ||
		(*m->power && !power_target_parse(m->power, &t, why, sizeof why) &&
			t.kind == POWER_IPMI);
}

/* A tool is done when it is loaded, if it reports nothing itself; what it comes to is on the console. */
static bool runs_tool(const struct machine *m)
{
	return *m->attempt.tool && m->attempt.ended_at &&
		clock_wall_ms() - m->attempt.ended_at < RECORD_TOOL_MS;
}

/* Of a live system only that: it may run for years, and a controller has one session. */
static bool boots_live(const struct machine *m)
{
	return m->state == LIFE_LIVE && !m->attempt.live.up_at && m->attempt.deadline;
}

static bool is_wanted(const struct recording *r, const struct machine *m)
{
	return m &&
		(life_installs(m->state) || boots_live(m) || runs_tool(m) ||
			(r->looked_at && clock_mono_ms() - r->looked_at < RECORD_LOOKED_MS));
}

static const char recorded_when[] =
	"it is recorded while it is installed, while it boots a live system, for an hour after a tool was loaded, "
	"and while it is looked at";

static void on_wanted(struct loop_timer *t)
{
	struct recording *r = t->arg;
	struct loop *l = r->consoles->base->loop;

	if (is_wanted(r, machines_by_name(r->consoles->base->machines, r->kept.name)) &&
		!loop_timer_set(l, &r->wanted, RECORD_WANTED_MS))
		return;
	mark(r, "nothing is recorded from here on: %s is not being installed, and its console is not looked at",
		r->kept.name);
	r->said_begin = false;
	let_go(r, RECORD_OFF, recorded_when, -1);
}

static void open_bare(struct recording *r, const struct machine *m)
{
	struct consoles *consoles = r->consoles;
	struct power_target t;
	char why[512];

	if (r->sol)
		return;
	if (!is_wanted(r, m))
		let_go(r, RECORD_OFF, recorded_when, -1);
	else if (!consoles->base->config.consoles)
		let_go(r, RECORD_NONE, "usher.xml has consoles='no'", -1);
	else if (power_target_parse(m->power, &t, why, sizeof why) || t.kind != POWER_IPMI)
		let_go(r, RECORD_NONE, "its power is not switched by IPMI", -1);
	else if (act_power_fault(m, why, sizeof why))
		let_go(r, RECORD_NONE, why, RECORD_ODD_MS << r->odd);
	else if (sol_open(&consoles->sols, &t, m->power_password ? m->power_password : "",
			 look_at_sol, r, &r->sol))
		let_go(r, RECORD_NONE, "ipmitool cannot be run", RECORD_ODD_MS << r->odd);
	else
		loop_timer_set(consoles->base->loop, &r->wanted, RECORD_WANTED_MS);
}

void record_looked(struct recording *r)
{
	const struct machine *m = machines_by_name(r->consoles->base->machines, r->kept.name);

	r->looked_at = clock_mono_ms();
	if (m && !m->guest && !r->again.slot)
		open_now(r);
}

void record_netboots(struct consoles *consoles, const struct machine *m)
{
	struct recording *r = record_possible(m) ? record_of(consoles, m) : NULL;

	if (r && !m->guest)
		open_now(r);
}

static void open_now(struct recording *r)
{
	struct consoles *consoles = r->consoles;
	struct machine *m = machines_by_name(consoles->base->machines, r->kept.name);
	struct guests *g = m && m->guest ? guests_of(consoles->hosts, m) : NULL;

	loop_timer_clear(consoles->base->loop, &r->again);
	if (r->stream || consoles->base->stopping)
		return;
	if (m && !m->guest)
		open_bare(r, m);
	else if (!g || !guests_connected(g))
		let_go(r, RECORD_AWAY, "libvirt does not answer", -1);
	else if (!consoles->base->config.consoles)
		let_go(r, RECORD_NONE, "usher.xml has consoles='no'", -1);
	else if (m->deleting || m->guest_transient)
		let_go(r, RECORD_NONE, "its domain is being removed", -1);
	else if (guest_console_open(g, r->uuid, look, r, &r->stream))
		let_go(r, RECORD_NONE, "out of memory", RECORD_ODD_MS);
}

int record_send(struct recording *r, const void *bytes, size_t n)
{
	if (r->sol)
		return sol_send(r->sol, bytes, n);
	return r->stream ? guest_console_send(r->stream, bytes, n) : -EPIPE;
}

/* Which there are */

static void hear(void *arg, const char *line)
{
	const struct recording *r = arg;
	const struct machine *m = machines_by_name(r->consoles->base->machines, r->kept.name);

	if (m && !strcmp(m->uuid, r->uuid))
		machine_heard(m, line);
}

static struct recording *find(struct consoles *consoles, const char *name)
{
	return (struct recording *)kept_find(&consoles->recordings, name);
}

static struct recording *make(struct consoles *consoles, const char *name, const char *uuid)
{
	struct recording *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->consoles = consoles;
	snprintf(r->uuid, sizeof r->uuid, "%s", uuid);
	r->lines.line = hear;
	r->lines.arg = r;
	loop_timer_init(&r->again, open_again, r);
	loop_timer_init(&r->wanted, on_wanted, r);
	if (kept_init(&consoles->recordings, &r->kept, name)) {
		free(r);
		return NULL;
	}
	return r;
}

static void close_all(struct recording *r)
{
	loop_timer_clear(r->consoles->base->loop, &r->again);
	guest_console_close(r->stream);
	sol_close(r->sol);
	r->stream = NULL;
	r->sol = NULL;
	loop_timer_clear(r->consoles->base->loop, &r->wanted);
}

static void drop(struct recording *r)
{
	close_all(r);
	kept_forget(&r->kept);
}

/* One of another UUID is of a machine that had the name before: typed into, it would be that one. */
static struct recording *find_or_make(struct consoles *consoles, const char *name, const char *uuid)
{
	struct recording *r = find(consoles, name);

	if (r && !strcmp(r->uuid, uuid))
		return r;
	if (r)
		drop(r);
	return make(consoles, name, uuid);
}

struct recording *record_of(struct consoles *consoles, const struct machine *m)
{
	return find_or_make(consoles, m->name, m->uuid);
}

void record_started(struct consoles *consoles, const struct machine *m)
{
	struct recording *r = m->guest ? record_of(consoles, m) : NULL;

	if (!r)
		return;
	r->run_again = r->stream;
	r->said_begin = r->said_runs = true;
	r->odd = 0;
	mark(r, "%s starts", r->kept.name);
	open_now(r);
}

void record_connected(struct consoles *consoles, const struct guests *to)
{
	struct machine *m = NULL;
	struct recording *r;

	while ((m = machines_next(consoles->base->machines, m)))
		if (m->guest && !m->deleting && guests_of(consoles->hosts, m) == to &&
			(r = record_of(consoles, m)))
			open_now(r);
}

static struct recording *walk(struct consoles *consoles, size_t *slot, struct recording *r)
{
	return (struct recording *)kept_next(&consoles->recordings, slot, r ? &r->kept : NULL);
}

static void lose(struct recording *r)
{
	loop_timer_clear(r->consoles->base->loop, &r->again);
	if (r->state == RECORD_ON)
		mark(r, "libvirt does not answer: nothing of %s is recorded meanwhile",
			r->kept.name);
	r->said_begin = false;
	let_go(r, RECORD_AWAY, "libvirt does not answer", -1);
}

void record_disconnected(struct consoles *consoles, const struct guests *from)
{
	struct recording *r = NULL;
	size_t slot = 0;

	while ((r = walk(consoles, &slot, r))) {
		struct machine *m = machines_by_name(consoles->base->machines, r->kept.name);

		if (m && guests_of(consoles->hosts, m) == from)
			lose(r);
	}
}

void record_leave(struct consoles *consoles, const struct machine *m)
{
	struct recording *r = find(consoles, m->name);

	if (r)
		let_go(r, RECORD_NONE, "its domain is being removed", -1);
}

void record_renamed(struct consoles *consoles, const struct machine *m, const char *old)
{
	struct recording *r = find_or_make(consoles, old, m->uuid);

	if (!r || !kept_rename(&r->kept, m->name))
		return;
	close_all(r);
	kept_end(&r->kept);
}

/* Forgetting */

/* Its files may be there without a recording since the start, and of bare metal from when its power was IPMI's. */
void record_forget(struct consoles *consoles, const struct machine *m)
{
	struct recording *r = record_of(consoles, m);

	if (r)
		drop(r);
}

int record_begin(struct consoles *consoles)
{
	sols_init(&consoles->sols, consoles->base->loop);
	return keeping_begin(&consoles->recordings, consoles->base, &kind);
}

void record_drop_all(struct consoles *consoles)
{
	struct recording *r;
	size_t slot = 0;

	while ((r = walk(consoles, &slot, NULL))) {
		close_all(r);
		kept_end_written(&r->kept);
		slot = 0;
	}
	keeping_fini(&consoles->recordings);
	sols_fini(&consoles->sols);
}
