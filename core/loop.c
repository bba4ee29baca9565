/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/loop.h"

#include "core/clock.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
	/* Events and timers served before the loop looks again: no busy peer keeps the others
	 * waiting. */
	BATCH = 64,
	FIRST_TIMERS = 64,
};

struct loop {
	int epoll;
	int64_t now;
	bool stopping;
	int status;
	struct epoll_event batch[BATCH];
	int batch_at, batch_len;  /* what is still to be dispatched of this wake-up */
	struct loop_timer **heap; /* 1-based: slot 0 is not used */
	size_t n_timers, cap_timers;
};

int loop_new(struct loop **ret)
{
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		return -ENOMEM;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		free(l);
		return -errno;
	}
	l->now = clock_mono_ms();
	*ret = l;
	return 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	close(l->epoll);
	free(l->heap);
	free(l);
}

/* Descriptors */

int loop_watch(struct loop *l, struct loop_fd *w, int fd, uint32_t events,
	void (*ready)(struct loop_fd *, uint32_t), void *arg)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	if (w->watched)
		return -EEXIST;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		return -errno;
	*w = (struct loop_fd){.fd = fd, .ready = ready, .arg = arg, .watched = true};
	return 0;
}

int loop_rewatch(struct loop *l, struct loop_fd *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	if (!w->watched)
		return -ENOENT;
	return epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &e) < 0 ? -errno : 0;
}

void loop_unwatch(struct loop *l, struct loop_fd *w)
{
	if (!w->watched)
		return;
	w->watched = false;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	/* This wake-up may still hold an event of it. */
	for (int i = l->batch_at; i < l->batch_len; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
}

/* Timers: a binary heap, the next to fire at slot 1 */

static void timer_place(struct loop *l, size_t slot, struct loop_timer *t)
{
	l->heap[slot] = t;
	t->slot = slot;
}

static void timer_rise(struct loop *l, struct loop_timer *t)
{
	size_t slot = t->slot;

	for (; slot > 1 && l->heap[slot / 2]->at > t->at; slot /= 2)
		timer_place(l, slot, l->heap[slot / 2]);
	timer_place(l, slot, t);
}

static void timer_sink(struct loop *l, struct loop_timer *t)
{
	size_t slot = t->slot, child;

	for (; (child = slot * 2) <= l->n_timers; slot = child) {
		if (child < l->n_timers && l->heap[child + 1]->at < l->heap[child]->at)
			child++;
		if (l->heap[child]->at >= t->at)
			break;
		timer_place(l, slot, l->heap[child]);
	}
	timer_place(l, slot, t);
}

static int timer_room(struct loop *l)
{
	size_t cap = l->cap_timers ? l->cap_timers * 2 : FIRST_TIMERS;
	struct loop_timer **heap;

	if (l->n_timers + 1 < l->cap_timers)
		return 0;
	heap = realloc(l->heap, cap * sizeof(struct loop_timer *));
	if (!heap)
		return -ENOMEM;
	l->heap = heap;
	l->cap_timers = cap;
	return 0;
}

void loop_timer_init(struct loop_timer *t, void (*fire)(struct loop_timer *), void *arg)
{
	*t = (struct loop_timer){.fire = fire, .arg = arg};
}

int loop_timer_set(struct loop *l, struct loop_timer *t, int64_t ms)
{
	if (!t->slot) {
		int rc = timer_room(l);

		if (rc < 0)
			return rc;
		timer_place(l, ++l->n_timers, t);
	}
	t->at = clock_mono_ms() + (ms > 0 ? ms : 0);
	timer_rise(l, t);
	timer_sink(l, t);
	return 0;
}

void loop_timer_clear(struct loop *l, struct loop_timer *t)
{
	size_t slot = t->slot;
	struct loop_timer *last;

	if (!slot)
		return;
	t->slot = 0;
	last = l->heap[l->n_timers--];
	if (last == t)
		return;
	timer_place(l, slot, last);
	timer_rise(l, last);
	timer_sink(l, last);
}

static void fire_timers(struct loop *l)
{
	for (int i = 0; i < BATCH && l->n_timers && l->heap[1]->at <= l->now; i++) {
		struct loop_timer *t = l->heap[1];

		loop_timer_clear(l, t);
		t->fire(t);
	}
}

/* The loop */

int64_t loop_now(const struct loop *l)
{
	return l->now;
}

static int wait_ms(const struct loop *l, int most)
{
	int64_t ms;

	if (!l->n_timers)
		return most;
	ms = l->heap[1]->at - clock_mono_ms();
	if (ms < 0)
		ms = 0;
	if (most >= 0 && ms > most)
		return most;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

void loop_once(struct loop *l, int timeout_ms)
{
	int n = epoll_wait(l->epoll, l->batch, BATCH, wait_ms(l, timeout_ms));

	l->batch_at = 0;
	l->batch_len = n > 0 ? n : 0;
	l->now = clock_mono_ms();
	fire_timers(l);
	while (l->batch_at < l->batch_len) {
		const struct epoll_event *e = &l->batch[l->batch_at++];
		struct loop_fd *w = e->data.ptr;

		if (w)
			w->ready(w, e->events);
	}
}

int loop_run(struct loop *l)
{
	/* A stop asked for before the loop runs holds. */
	while (!l->stopping)
		loop_once(l, -1);
	l->stopping = false;
	return l->status;
}

void loop_stop(struct loop *l, int status)
{
	l->stopping = true;
	l->status = status;
}
