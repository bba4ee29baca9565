/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long lists as JSON text, made in slices: one of at most a millisecond for each turn of the loop, whoever asks, so that
 * nothing else waits for a list of ten thousand machines. Several lists take turns.
 *
 * What comes or goes meanwhile may be missed or not; what is there all the time is listed once.
 */
#ifndef USHER_SERVICE_API_LISTING_H
#define USHER_SERVICE_API_LISTING_H

#include "core/loop.h"

#include <jansson.h>

struct listing;

struct listings {
	struct loop *loop;
	struct loop_timer turn;
	struct listing *first, *last;
};

/* The caller's storage; what is above the line is set before listing_start(). */
struct listing {
	const char *member;                 /* the text is {"member":[…]} */
	json_t *(*next)(struct listing *l); /* a new reference; NULL: there are no more */
	/* `text` is taken, `len` bytes and a NUL; NULL: out of memory, or listing_drop(). The last call: `l` may be freed. */
	void (*over)(struct listing *l, char *text, size_t len);
	/* --- */
	struct listings *home;
	struct listing *after;
	char *text;
	size_t len, room, n;
};

void listings_init(struct listings *ls, struct loop *loop);
/* A list that fits one slice is over before this returns, if no other is under way. */
void listing_start(struct listings *ls, struct listing *l);
void listing_drop(struct listing *l);
void listings_drop_all(struct listings *ls);

#endif
