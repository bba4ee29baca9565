/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop: epoll, timers, one thread. All callbacks run on the thread that calls loop_run().
 * A callback must not block and must do a bounded amount of work per call.
 */
#ifndef USHER_CORE_LOOP_H
#define USHER_CORE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* A watched descriptor. The caller's storage, zeroed before loop_watch(); not owned: the caller
 * closes fd. */
struct loop_fd {
	int fd;
	void (*ready)(struct loop_fd *w, uint32_t epoll_events);
	void *arg;
	bool watched;
};

/* A one-shot timer. The caller's storage, set up by loop_timer_init(). */
struct loop_timer {
	void (*fire)(struct loop_timer *t);
	void *arg;
	int64_t at;  /* clock_mono_ms */
	size_t slot; /* place in the loop's heap, 1-based; 0 when not set */
};

int loop_new(struct loop **ret);
void loop_free(struct loop *l); /* NULL is fine; watches and timers are forgotten */

/* 0 or -errno. `events`: EPOLLIN, EPOLLOUT. */
int loop_watch(struct loop *l, struct loop_fd *w, int fd, uint32_t events,
	void (*ready)(struct loop_fd *, uint32_t), void *arg);
int loop_rewatch(struct loop *l, struct loop_fd *w, uint32_t events);
/* Safe inside any callback, also for another watch of the same wake-up; before close(fd). */
void loop_unwatch(struct loop *l, struct loop_fd *w);

void loop_timer_init(struct loop_timer *t, void (*fire)(struct loop_timer *), void *arg);
/* (Re)sets to fire `ms` from now. 0 or -ENOMEM. */
int loop_timer_set(struct loop *l, struct loop_timer *t, int64_t ms);
void loop_timer_clear(struct loop *l, struct loop_timer *t);

int64_t loop_now(const struct loop *l); /* clock_mono_ms at the start of this wake-up */
/* Runs until loop_stop(). Returns what loop_stop() was given. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int status);
/* One wake-up with at most `timeout_ms` of waiting (-1: none set); for tests. */
void loop_once(struct loop *l, int timeout_ms);

#endif
