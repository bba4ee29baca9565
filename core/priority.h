/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling when the processors are busy: the thread that answers DHCP runs before those that move bytes.
 */
#ifndef USHER_CORE_PRIORITY_H
#define USHER_CORE_PRIORITY_H

enum {
	PRIORITY_STEP = 5,   /* of niceness (sched(7)) that threads which move bytes add */
	PRIORITY_NICE = -10, /* of the main thread, where permitted */
};

/* Raises the priority of the calling thread, but not of the threads and processes that it starts. Call it as root,
 * before dropping privileges. 0 or -errno; -EPERM or -EACCES: no privilege. Changes nothing if the thread has that
 * priority already, as under the systemd unit. */
int priority_claim(void);
/* Lowers the priority of the calling thread. Needs no privilege. */
void priority_yield(void);

#endif
