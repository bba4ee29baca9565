/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/access/held.h"

#include "core/clock.h"

#include <stdlib.h>

struct held {
	struct held *next;
	struct access *access;
	struct asker_mark by;
};

static size_t count(const struct access *a, const struct asker *who)
{
	size_t n = 0;

	for (const struct held *h = a->held; h; h = h->next)
		n += asker_mark_is(&h->by, who);
	return n;
}

static void answered(void *arg, unsigned status, const char *text, size_t len)
{
	struct held *h = arg, **at = &h->access->held;

	(void)status, (void)text, (void)len;
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	free(h);
}

/* What `wait` is said to be, its reader judges. */
static bool waits(const struct http_request *r)
{
	const char *wait = http_arg(r, "wait");

	return (r->method == HTTP_GET || r->method == HTTP_HEAD) && wait && atol(wait) > 0;
}

static void refuse(struct http_request *r)
{
	http_add_header(r, "Retry-After", "1");
	http_respond_error(r, 429,
		"%d requests of yours wait already: end one of them first, or ask without 'wait'",
		HELD_EACH);
}

bool held_begin(struct access *a, struct http_request *r, struct asker *who)
{
	struct held *h;

	if (!waits(r))
		return true;
	if (count(a, who) >= HELD_EACH) {
		refuse(r);
		return false;
	}
	h = malloc(sizeof *h);
	if (!h) {
		http_respond_error(r, 503, "out of memory");
		return false;
	}
	*h = (struct held){.next = a->held, .access = a, .by = asker_mark(who)};
	a->held = h;
	who->held = h;
	http_on_answer(r, answered, h);
	return true;
}

bool held_refuses(const struct held *h, struct http_request *r)
{
	if (!h || !asker_mark_void(h->access, &h->by, clock_steady_ms()))
		return false;
	access_say_invalid(r);
	http_respond_error(r, 401, "the token was revoked, or has expired");
	return true;
}
