/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who goes first when the processors are busy: the thread that answers DHCP, before those that move
 * bytes.
 */
#ifndef USHER_CORE_PRIORITY_H
#define USHER_CORE_PRIORITY_H

enum {
	PRIORITY_STEP = 5,   /* of niceness (sched(7)): those who move bytes give way by so much */
	PRIORITY_NICE = -10, /* of the main thread, where we may */
};

/* As root, before it drops that: the calling thread goes before the others; threads and processes
 * that it starts do not. 0 or -errno; -EPERM or -EACCES: no privilege. What is as urgent already, as the unit
 * starts us, stays as it is. */
int priority_claim(void);
/* The calling thread gives way to those that do not. Takes no privilege. */
void priority_yield(void);

#endif
