/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks: by the socket, and with what token. */
#include "service/access/access.h"

#include "http_ask.h"
#include "stepped_clock.h"

#include "core/clock.h"

#include <pwd.h>
#include <sched.h>

static struct base base;
static struct access access_room;
static struct http_ask ask;
static struct asker who;
static char name[64];

static void handle(void *arg, struct http_request *r)
{
	char why[512];
	unsigned wrong;

	(void)arg;
	who = (struct asker){0};
	wrong = access_judge(&access_room, r, &who, why, sizeof why);
	snprintf(name, sizeof name, "%s", who.name ? who.name : "");
	http_respond_error(r, wrong ? wrong : 200, "%s", wrong ? why : "");
}

static void setup(void)
{
	base_make(&base);
	access_room = (struct access){.base = &base};
	http_ask_begin(&ask, &base, handle, NULL);
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(system("ip link set lo up"), 0);
	http_ask_open(&ask, 1);
}

static void teardown(void)
{
	memset(&stepped, 0, sizeof stepped);
	http_ask_end(&ask);
	base_unmake(&base);
}

static void make(const char *token, enum role role, int64_t expires, char text[API_TOKEN_TEXT])
{
	struct api_token t = {.role = role, .created = 1, .expires = expires};

	snprintf(t.name, sizeof t.name, "%s", token);
	ck_assert_int_eq(api_tokens_add(&access_room.tokens, &t, text), 0);
}

static unsigned from(const char *address, const char *token)
{
	if (token)
		snprintf(http_ask_header, sizeof http_ask_header, "Authorization: Bearer %s\r\n",
			token);
	http_ask_send(&ask, address, "GET", "/m/x", NULL);
	return http_ask_wait(&ask);
}

START_TEST(by_the_socket)
{
	const struct passwd *p = getpwuid(getuid());

	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/x", NULL), 200);
	ck_assert_int_eq(who.role, ROLE_ADMIN);
	ck_assert_ptr_null(who.token);
	ck_assert_str_eq(name, p ? p->pw_name : "");
}
END_TEST

START_TEST(by_a_token)
{
	char text[API_TOKEN_TEXT];

	make("ci", ROLE_OPERATE, 0, text);
	ck_assert_uint_eq(from("127.0.0.1", text), 200);
	ck_assert_int_eq(who.role, ROLE_OPERATE);
	ck_assert_str_eq(name, "ci");
	ck_assert_int_ne(access_room.tokens.all[0].used, 0);
	ck_assert_uint_eq(from("127.0.0.1", NULL), 401);
	ck_assert_ptr_nonnull(strstr(ask.text, "WWW-Authenticate: Bearer realm=\"usher\"\r\n"));
	ck_assert_int_eq(who.role, ROLE_NONE);
	text[10] = text[10] == 'a' ? 'b' : 'a';
	ck_assert_uint_eq(from("127.0.0.1", text), 401);
	ck_assert_int_eq(who.role, ROLE_NONE);
}
END_TEST

START_TEST(one_that_expires)
{
	char text[API_TOKEN_TEXT];

	make("ci", ROLE_ADMIN, clock_steady_ms() + 60 * 1000, text);
	ck_assert_uint_eq(from("127.0.0.1", text), 200);
	stepped.mono += 61 * 1000;
	ck_assert_uint_eq(from("127.0.0.1", text), 401);
	ck_assert_ptr_nonnull(strstr(ask.text, "'ci' has expired"));
}
END_TEST

START_TEST(too_many_wrong_ones)
{
	char text[API_TOKEN_TEXT];

	make("ci", ROLE_VIEW, 0, text);
	for (int i = 0; i < ACCESS_WRONG_MAX; i++)
		ck_assert_uint_eq(from("127.0.0.1", "usher_1"), 401);
	ck_assert_uint_eq(from("127.0.0.1", "usher_1"), 429);
	ck_assert_ptr_nonnull(strstr(ask.text, "Retry-After: 60\r\n"));
	ck_assert_uint_eq(from("127.0.0.1", text), 200); /* a right one is answered */
	ck_assert_uint_eq(from("127.0.0.2", "usher_1"), 401);
	ck_assert_uint_eq(from("127.0.0.1", NULL), 401); /* none is no wrong one */
	stepped.mono += ACCESS_WRONG_MS;
	ck_assert_uint_eq(from("127.0.0.1", "usher_1"), 401);
}
END_TEST

/* --- the listener ---------------------------------------------------------------------------------------------------------------- */

/* 0: nobody has the port. */
static int begin_api(void)
{
	struct config *c = &base.config;

	c->api = true;
	c->api_address = base_ip("127.0.0.1");
	c->api_port = 8443;
	access_read_certificate(&access_room);
	access_listen(&access_room, ask.h);
	return *access_room.problem;
}

START_TEST(listens)
{
	ck_assert(!begin_api());
	ck_assert_uint_eq(strlen(access_room.certificate.fingerprint), 64);
	access_fini(&access_room);
}
END_TEST

/* All others are served. */
START_TEST(a_certificate_that_is_not_there)
{
	snprintf(base.config.api_certificate, sizeof base.config.api_certificate, "%s/none.pem",
		base_dir);
	snprintf(base.config.api_key, sizeof base.config.api_key, "%s/none.key", base_dir);
	ck_assert(begin_api());
	ck_assert_ptr_nonnull(strstr(access_room.problem,
		"/none.pem: the certificate of <api> "
		"cannot be read: No such file"));
	ck_assert_ptr_null(access_room.certificate.certificate);
}
END_TEST

START_TEST(a_port_that_another_has)
{
	char why[512];

	ck_assert(!httpd_open_tcp(
		ask.h, 2, "", (struct ip[]){base_ip("127.0.0.1")}, 8443, why, sizeof why));
	ck_assert(begin_api());
	ck_assert_ptr_nonnull(strstr(access_room.problem, "8443"));
	ck_assert_str_eq(access_room.certificate.fingerprint, "");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {by_the_socket, by_a_token, one_that_expires,
		too_many_wrong_ones, listens, a_certificate_that_is_not_there,
		a_port_that_another_has};
	Suite *s = suite_create("access");
	TCase *t = tcase_create("access");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
