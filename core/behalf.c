/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/behalf.h"

#include <stdio.h>
#include <string.h>

/* The main thread's: others never name anybody. */
static char names[BEHALF_MAX][BEHALF_NAME];
static unsigned newest; /* numbers go on: one that is too old is nobody's */

static _Thread_local unsigned now;

unsigned behalf_of(const char *name)
{
	unsigned oldest = newest > BEHALF_MAX ? newest - BEHALF_MAX : 0;

	if (!*name)
		return 0;
	for (unsigned n = newest; n > oldest; n--)
		if (!strncmp(names[n % BEHALF_MAX], name, BEHALF_NAME - 1))
			return n;
	newest++;
	snprintf(names[newest % BEHALF_MAX], BEHALF_NAME, "%s", name);
	return newest;
}

const char *behalf_name(unsigned who)
{
	return who && newest - who < BEHALF_MAX ? names[who % BEHALF_MAX] : "";
}

unsigned behalf_now(void)
{
	return now;
}

unsigned behalf_set(unsigned who)
{
	unsigned before = now;

	now = who;
	return before;
}
