/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what was recorded of a guest's console, through the API. Blocking. */
#ifndef USHER_USHER_CLIENT_CONSOLE_CLIENT_H
#define USHER_USHER_CLIENT_CONSOLE_CLIENT_H

#include "usher/client/client.h"

#include <stdint.h>

struct console_piece {
	uint64_t from,
		newest; /* numbers of its first byte, and of the one after all that there is */
	uint8_t *bytes; /* for free() */
	size_t n;
	json_t *reply;           /* for json_decref() */
	const char *state, *why; /* the reply's */
};

/* `query`: "after=N&wait=S" or "last=N". 0, or -1 with the line in `why`. A service that is being restarted is waited
 * for, `patience_s` seconds at most. */
int console_fetch(struct client *c, const char *name, const char *query, int patience_s,
	struct console_piece *ret, char *why, size_t why_size);
void console_piece_fini(struct console_piece *p);
/* 0, or -1 with the line in `why`. */
int console_type(struct client *c, const char *name, const void *bytes, size_t n, char *why,
	size_t why_size);

#endif
