/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/listing.h"

#include "core/clock.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROOM_FIRST = 4096,
	LOOK_EACH = 8, /* items, listed or left out, between two looks at the clock */
};

static int put(const char *bytes, size_t n, void *listing)
{
	struct listing *l = listing;
	size_t room = l->room ? l->room : ROOM_FIRST;
	char *text;

	while (room < l->len + n + 1)
		room *= 2;
	if (room != l->room) {
		text = realloc(l->text, room);
		if (!text)
			return -1;
		l->text = text;
		l->room = room;
	}
	memcpy(l->text + l->len, bytes, n);
	l->len += n;
	l->text[l->len] = '\0';
	return 0;
}

static int put_text(struct listing *l, const char *text)
{
	return put(text, strlen(text), l);
}

/* Steals `json`. */
static int put_json(struct listing *l, json_t *json)
{
	int rc = json_dump_callback(
		json, put, l, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);

	json_decref(json);
	return rc;
}

static int put_item(struct listing *l, json_t *item)
{
	if (l->n++ && put_text(l, ",")) {
		json_decref(item);
		return -1;
	}
	return put_json(l, item);
}

static int put_end(struct listing *l)
{
	int rc = put_text(l, "]");

	if (!rc && l->next_page)
		rc = put_text(l, ",\"next\":") || put_json(l, l->next_page(l)) ? -1 : 0;
	return rc ? rc : put_text(l, "}");
}

static void unlink_it(struct listing *l)
{
	struct listings *ls = l->home;
	struct listing **at = &ls->first, *before = NULL;

	while (*at != l) {
		before = *at;
		at = &(*at)->after;
	}
	*at = l->after;
	ls->count--;
	if (ls->last == l)
		ls->last = before;
}

static void link_it(struct listings *ls, struct listing *l)
{
	l->after = NULL;
	*(ls->last ? &ls->last->after : &ls->first) = l;
	ls->last = l;
	ls->count++;
}

static void end(struct listing *l, int rc)
{
	char *text = l->text;

	unlink_it(l);
	l->text = NULL;
	if (rc) {
		free(text);
		text = NULL;
	}
	l->over(l, text, text ? l->len : 0);
}

/* As long as the clock shows the same millisecond. 1: there is more. 0, or -1 when memory ran out: it is over. */
static int slice(struct listing *l)
{
	int64_t now = clock_mono_ms();
	json_t *item;

	for (size_t i = 1; l->next(l, &item); i++) {
		if (item && put_item(l, item))
			return -1;
		if (i % LOOK_EACH == 0 && clock_mono_ms() != now)
			return 1;
	}
	return put_end(l);
}

static void turn(struct listings *ls)
{
	struct listing *l = ls->first;
	int rc = slice(l);

	if (rc == 1) {
		unlink_it(l);
		link_it(ls, l);
	} else {
		end(l, rc);
	}
}

static void turn_over(struct loop_timer *t)
{
	struct listings *ls = t->arg;

	turn(ls);
	if (ls->first)
		/* there is room: this timer has just left it */
		(void)loop_timer_set(ls->loop, &ls->turn, 0);
}

void listings_init(struct listings *ls, struct loop *loop)
{
	*ls = (struct listings){.loop = loop};
	loop_timer_init(&ls->turn, turn_over, ls);
}

static int begin(struct listing *l)
{
	return put_text(l, "{\"") || put_text(l, l->member) || put_text(l, "\":[") ? -1 : 0;
}

bool listings_full(const struct listings *ls)
{
	return ls->count >= LISTINGS_MAX;
}

void listing_start(struct listings *ls, struct listing *l)
{
	bool alone = !ls->first;

	l->home = ls;
	l->text = NULL;
	l->len = l->room = l->n = 0;
	link_it(ls, l);
	if (begin(l)) {
		end(l, -1);
		return;
	}
	if (alone)
		turn(ls);
	if (alone && ls->first && loop_timer_set(ls->loop, &ls->turn, 0))
		listings_drop_all(ls);
}

void listing_drop(struct listing *l)
{
	end(l, -1);
}

void listings_drop_all(struct listings *ls)
{
	while (ls->first)
		end(ls->first, -1);
	loop_timer_clear(ls->loop, &ls->turn);
}
