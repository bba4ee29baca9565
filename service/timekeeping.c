/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steady time over a restart, and what is said when somebody sets the host's clock. A mark of all clocks is kept in the
 * store: anew when the wall clock was set, and at most MARK_MS after something was written, so that a clock that comes back
 * wrong from a reboot costs no more than that.
 */
#include "service/timekeeping.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static const char KEY[] = "clock";

enum {
	MARK_MS = 10 * 60 * 1000,
	STEP_MS = 1000, /* what is less is a clock that is being put right */
};

static int load_one(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	struct clock_mark *m = arg;
	json_int_t steady, mono, wall;
	const char *boot;
	json_t *j;

	if (key_len != strlen(KEY) || memcmp(key, KEY, key_len))
		return 0;
	j = json_loadb(value, len, 0, NULL);
	if (!j ||
		json_unpack(j, "{s:s, s:I, s:I, s:I}", "boot", &boot, "steady", &steady, "mono",
			&mono, "wall", &wall)) {
		json_decref(j);
		return -EPROTO;
	}
	*m = (struct clock_mark){.steady = steady, .mono = mono, .wall = wall};
	snprintf(m->boot, sizeof m->boot, "%s", boot);
	json_decref(j);
	return 0;
}

static void keep(struct timekeeping *tk)
{
	const struct clock_mark *m = &tk->mark;
	json_t *j = json_pack("{s:s, s:I, s:I, s:I}", "boot", m->boot, "steady",
		(json_int_t)m->steady, "mono", (json_int_t)m->mono, "wall", (json_int_t)m->wall);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	int rc = text
		? store_put(tk->base->store, STORE_SETTING, KEY, strlen(KEY), text, strlen(text))
		: -ENOMEM;

	free(text);
	json_decref(j);
	if (!rc)
		rc = store_commit(tk->base->store, NULL, NULL);
	if (rc)
		log_warn("the time is not kept for the next start: %s", strerror(-rc));
}

int timekeeping_load(struct timekeeping *tk, char *why, size_t why_size)
{
	struct clock_mark mark = {.wall = -1}, now;
	int rc = store_load(tk->base->store, STORE_SETTING, load_one, &mark);

	if (rc) {
		snprintf(why, why_size, "the stored time cannot be read: %s", strerror(-rc));
		return rc;
	}
	clock_look(&now);
	clock_begin(clock_resume(mark.wall < 0 ? NULL : &mark, &now));
	tk->away = mark.wall < 0 ? -1 : clock_steady_ms() - mark.steady;
	return 0;
}

static void mark(struct timekeeping *tk)
{
	clock_look(&tk->mark);
	keep(tk);
	tk->commits = store_stats(tk->base->store).commits;
}

/* "2 h 0 min", "35 s": to the nearest second, as two clocks are not read at once */
static const char *span(int64_t ms, char *buf, size_t size)
{
	long long seconds = ((ms < 0 ? -ms : ms) + 500) / 1000;

	if (seconds >= 86400)
		snprintf(buf, size, "%lld d %lld h", seconds / 86400, seconds / 3600 % 24);
	else if (seconds >= 3600)
		snprintf(buf, size, "%lld h %lld min", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		snprintf(buf, size, "%lld min %lld s", seconds / 60, seconds % 60);
	else
		snprintf(buf, size, "%lld s", seconds);
	return buf;
}

static void tell(struct timekeeping *tk, int64_t slept, int64_t step)
{
	char text[32];

	if (slept >= STEP_MS)
		timeline_add(tk->base->timeline, "", "clock",
			"the host slept for %s: leases and attempts keep the time they had left",
			span(slept, text, sizeof text));
	if (step >= STEP_MS || step <= -STEP_MS)
		timeline_add(tk->base->timeline, "", "clock",
			"the host's clock was set %s by %s: leases and attempts keep the time they "
			"had left",
			step > 0 ? "forward" : "back", span(step, text, sizeof text));
}

/* The wall clock went another way than steady time, in part since the host slept. */
static void compare(struct timekeeping *tk)
{
	const struct clock_mark *was = &tk->mark;
	int64_t slept = clock_slept_ms() - tk->slept;
	struct clock_mark now;
	int64_t step;

	clock_look(&now);
	step = now.wall - now.steady - (was->wall - was->steady) - slept;
	if (slept < STEP_MS && step < STEP_MS && step > -STEP_MS)
		return;
	tk->slept += slept;
	tell(tk, slept, step);
	mark(tk);
}

/* Far ahead: what counts is that the kernel ends the wait when the clock is set. */
static int arm(int fd)
{
	const struct itimerspec never = {.it_value.tv_sec = INT32_MAX};

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0
		? -errno
		: 0;
}

static void clock_was_set(struct loop_fd *w, uint32_t events)
{
	struct timekeeping *tk = w->arg;
	uint64_t times;

	(void)events;
	if (read(w->fd, &times, sizeof times) < 0 && errno == EAGAIN)
		return;
	(void)arm(w->fd);
	compare(tk);
}

static void look_again(struct loop_timer *t)
{
	struct timekeeping *tk = t->arg;

	compare(tk);
	if (store_stats(tk->base->store).commits != tk->commits)
		mark(tk);
	(void)loop_timer_set(tk->base->loop, t, MARK_MS);
}

/* Machines that asked meanwhile got no answer. */
static void tell_away(struct timekeeping *tk)
{
	char text[32];

	if (tk->away >= 0)
		timeline_add(tk->base->timeline, "", "service",
			"usher started again; it was away for %s at most",
			span(tk->away, text, sizeof text));
}

void timekeeping_start(struct timekeeping *tk)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	tell_away(tk);
	tk->slept = clock_slept_ms();
	mark(tk);
	loop_timer_init(&tk->again, look_again, tk);
	if (loop_timer_set(tk->base->loop, &tk->again, MARK_MS) || fd < 0 || arm(fd) ||
		loop_watch(tk->base->loop, &tk->set, fd, EPOLLIN, clock_was_set, tk)) {
		log_warn("changes of the host's clock are noticed up to %d min late",
			MARK_MS / 60000);
		if (fd >= 0)
			close(fd);
		tk->set.fd = 0;
	}
}

void timekeeping_stop(struct timekeeping *tk)
{
	loop_timer_clear(tk->base->loop, &tk->again);
	if (tk->set.fd <= 0)
		return;
	loop_unwatch(tk->base->loop, &tk->set);
	close(tk->set.fd);
}
