/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/event_loop.h"

#include "guest/virt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the next two */
static unsigned holders;
static pthread_t thread;
static atomic_bool ending;

static void *run(void *arg)
{
	(void)arg;
	while (!atomic_load(&ending))
		if (virEventRunDefaultImpl() < 0)
			nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	return NULL;
}

/* Makes virEventRunDefaultImpl() return. */
static void on_wake(int timer, void *arg)
{
	(void)arg;
	virEventRemoveTimeout(timer);
}

static int start(void)
{
	sigset_t all, before;
	int rc;

	virt_init();
	atomic_store(&ending, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

int event_loop_hold(void)
{
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (!holders)
		rc = start();
	if (!rc)
		holders++;
	pthread_mutex_unlock(&lock);
	return rc;
}

void event_loop_drop(void)
{
	pthread_mutex_lock(&lock);
	if (!--holders) {
		atomic_store(&ending, true);
		virEventAddTimeout(0, on_wake, NULL, NULL);
		pthread_join(thread, NULL);
	}
	pthread_mutex_unlock(&lock);
}
