/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that wait: how many of one who asks, and what they are told when its token is revoked meanwhile. */
#include "service/access/held.h"
#include "service/api/events_api.h"

#include "http_ask.h"
#include "rooms_make.h"
#include "stepped_clock.h"

#define LOG "/api/v1/machines/web01/log?after=0&wait=30"

static struct service rooms;
static struct http_ask ask, waiting[HELD_EACH + 3];
static size_t n_waiting;
static struct api_token token;
static struct asker asker;

/* None is newer than the newest. */
static const char *events_new(void)
{
	static char target[64];

	snprintf(target, sizeof target, "/api/v1/events?after=%llu&wait=30",
		(unsigned long long)timeline_newest(rooms.base.timeline));
	return target;
}

static void handle(void *arg, struct http_request *r)
{
	api_call(arg, r, &asker);
}

static void by_token(void)
{
	asker = (struct asker){ROLE_VIEW, "ci", &token, NULL};
}

static void by_user(const char *name)
{
	asker = (struct asker){ROLE_ADMIN, name, NULL, NULL};
}

static void setup(void)
{
	char text[API_TOKEN_TEXT];

	rooms_make(&rooms);
	base_machine(&rooms.base, "web01", false, "10.77.1.3");
	rooms.access.tokens.store = NULL;
	token = (struct api_token){.name = "ci", .role = ROLE_VIEW, .created = 1};
	ck_assert_int_eq(api_tokens_add(&rooms.access.tokens, &token, text), 0);
	n_waiting = 0;
	by_token();
	http_ask_begin(&ask, &rooms.base, handle, &rooms.api);
}

static void reset(void)
{
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
}

static void teardown(void)
{
	reset();
	rooms_stop(&rooms);
	for (size_t i = 0; i < n_waiting; i++) {
		if (waiting[i].fd >= 0)
			close(waiting[i].fd);
		json_decref(waiting[i].json);
		free(waiting[i].text);
	}
	http_ask_end(&ask);
	ck_assert_ptr_null(rooms.access.held);
	rooms_unmake(&rooms);
}

static size_t held(void)
{
	size_t n = 0;

	for (void **h = (void **)rooms.access.held; h; h = *h) /* `next` is first */
		n++;
	return n;
}

static struct http_ask *wait_for(const char *target)
{
	struct http_ask *a = &waiting[n_waiting++];
	size_t before = held();

	*a = (struct http_ask){.base = &rooms.base, .fd = -1};
	http_ask_send(a, NULL, "GET", target, NULL);
	base_wait(&rooms.base, held() == before + 1);
	return a;
}

static bool log_is_read(void)
{
	struct kept *k = kept_find(&rooms.logs.machines, "web01");

	return k && k->readers;
}

static void tell(void)
{
	ck_assert_uint_ne(timeline_add(rooms.base.timeline, "", "test", "a"), 0);
	events_answer_all(&rooms.api);
}

static void take_back(void)
{
	api_tokens_remove(&rooms.access.tokens, api_tokens_by_name(&rooms.access.tokens, "ci"));
}

/* Of the timeline and of what is kept, together; others have theirs. */
START_TEST(how_many)
{
	for (int i = 0; i < HELD_EACH; i++)
		wait_for(i % 3 ? events_new() : LOG);
	ck_assert_uint_eq(http_ask(&ask, "GET", events_new(), NULL), 429);
	ck_assert_ptr_nonnull(strstr(http_ask_error(&ask), "requests of yours wait already"));
	ck_assert_ptr_nonnull(strstr(ask.text, "Retry-After: 1\r\n"));
	ck_assert_uint_eq(http_ask(&ask, "GET", LOG, NULL), 429);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/events?after=999", NULL), 200);
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/events?after=999&wait=0", NULL), 200);
	by_user("ci");
	wait_for(events_new());
	by_user("root");
	wait_for(LOG);
	by_token();
	tell();
	base_wait(&rooms.base, held() == HELD_EACH / 3 + 1); /* those of the log */
	wait_for(LOG);
}
END_TEST

/* A stream is counted as such, with `wait` or without. */
START_TEST(a_stream)
{
	snprintf(http_ask_header, sizeof http_ask_header, "Accept: text/event-stream\r\n");
	http_ask_send(&ask, NULL, "GET", events_new(), NULL);
	base_wait(&rooms.base, rooms.api.streams);
	ck_assert_uint_eq(held(), 0);
}
END_TEST

START_TEST(revoked)
{
	struct http_ask *events = wait_for(events_new()), *log = wait_for(LOG), *user;

	base_wait(&rooms.base, rooms.api.followers && log_is_read());
	by_user("ci");
	user = wait_for(events_new());
	take_back();
	tell();
	ck_assert_uint_eq(http_ask_wait(events), 401);
	ck_assert_str_eq(http_ask_error(events), "the token was revoked, or has expired");
	ck_assert_ptr_nonnull(strstr(events->text, "WWW-Authenticate: Bearer"));
	ck_assert_uint_eq(http_ask_wait(user), 200);
	stepped.mono += 31 * 1000;
	ck_assert_uint_eq(http_ask_wait(log), 401);
	reset();
}
END_TEST

/* It has expired, or another has its name. */
START_TEST(void_otherwise)
{
	struct http_ask *expired = wait_for(events_new()), *another;
	struct api_token *t = api_tokens_by_name(&rooms.access.tokens, "ci");

	t->expires = 2;
	stepped.mono += 31 * 1000;
	ck_assert_uint_eq(http_ask_wait(expired), 401);
	reset();
	t->expires = 0;
	another = wait_for(events_new());
	t->created = 3;
	tell();
	ck_assert_uint_eq(http_ask_wait(another), 401);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("held");
	TCase *t = tcase_create("held");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, how_many);
	tcase_add_test(t, a_stream);
	tcase_add_test(t, revoked);
	tcase_add_test(t, void_otherwise);
	suite_add_tcase(s, t);
	return base_run(s);
}
