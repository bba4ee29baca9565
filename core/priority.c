/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/priority.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

/* Linux counts niceness by the thread. */
static int nice_of_thread(void)
{
	errno = 0;
	return getpriority(PRIO_PROCESS, (id_t)gettid());
}

int priority_claim(void)
{
	const struct sched_param none = {0};

	if (nice_of_thread() <= PRIORITY_NICE)
		return 0;
	/* first, else each child would be as urgent */
	if (sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none) < 0)
		return -errno;
	return setpriority(PRIO_PROCESS, (id_t)gettid(), PRIORITY_NICE) < 0 ? -errno : 0;
}

void priority_yield(void)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), nice_of_thread() + PRIORITY_STEP);
}
