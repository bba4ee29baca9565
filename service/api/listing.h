/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long lists as JSON text, built in slices: each turn of the loop builds one slice, which takes at most a millisecond,
 * so a list of ten thousand machines delays nothing else. Several lists take turns.
 *
 * An entry that is added or removed meanwhile may or may not be listed; one that exists all the time is listed once.
 */
#ifndef USHER_SERVICE_API_LISTING_H
#define USHER_SERVICE_API_LISTING_H

#include "core/loop.h"

#include <jansson.h>

struct listing;

enum { LISTINGS_MAX = 16 }; /* under way at a time */

struct listings {
	struct loop *loop;
	struct loop_timer turn;
	struct listing *first, *last;
	size_t count;
};

/* The caller's storage; the caller sets the members above the line before listing_start(). */
struct listing {
	const char *member; /* the text is {"member":[…]}; of a page, {"member":[…],"next":…} */
	/* A new reference in *ret; or NULL, for one that is left out. False: there are no more. */
	bool (*next)(struct listing *l, json_t **ret);
	/* Of a page: what follows "next" in the text when there are no more, a new reference. NULL: it is no page. */
	json_t *(*next_page)(struct listing *l);
	/* `text` is taken, `len` bytes and a NUL; NULL: out of memory, or listing_drop(). The last call: `l` may be freed. */
	void (*over)(struct listing *l, char *text, size_t len);
	/* --- */
	struct listings *home;
	struct listing *after;
	char *text;
	size_t len, room, n;
};

void listings_init(struct listings *ls, struct loop *loop);
/* Is one more too many? */
bool listings_full(const struct listings *ls);
/* If no other list is in progress, a list that fits one slice is complete before this returns. */
void listing_start(struct listings *ls, struct listing *l);
void listing_drop(struct listing *l);
void listings_drop_all(struct listings *ls);

#endif
