/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On whose behalf the main thread does what it does just now: the token or the user that asked the API. What comes back later for
 * the same request has it again: tasks of the worker (core/worker.h), commits (core/store.h), libvirt's jobs, power. The timeline
 * says it. Other threads act for nobody.
 */
#ifndef USHER_CORE_BEHALF_H
#define USHER_CORE_BEHALF_H

enum {
	BEHALF_NAME = 64,
	BEHALF_MAX = 512, /* names that are remembered: then the oldest are forgotten */
};

/* The number of a name; 0: of "", nobody. */
unsigned behalf_of(const char *name);
const char *behalf_name(unsigned who); /* "" for 0 */

unsigned behalf_now(void);
/* Returns who it was, to be set again afterwards. */
unsigned behalf_set(unsigned who);

#endif
