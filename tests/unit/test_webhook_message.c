/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/webhook_message.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct webhook_secrets secrets;
static char why[512];

static int parse(const char *text)
{
	*why = '\0';
	return webhook_secrets_parse(text, &secrets, why, sizeof why);
}

/* 24 bytes; the example of the specification's libraries. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"

START_TEST(test_signature)
{
	static const char body[] = "{\"test\": 2432232314}";
	static const char right[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
	char signature[WEBHOOK_SIGNATURE];

	ck_assert_int_eq(parse(SECRET "\n"), 0);
	ck_assert_int_eq(webhook_sign(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
				 strlen(body), signature),
		0);
	ck_assert_str_eq(signature, right);
	ck_assert_int_eq(parse(OTHER "\n" SECRET), 0);
	ck_assert_int_eq(webhook_sign(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
				 strlen(body), signature),
		0);
	ck_assert_ptr_nonnull(strchr(signature, ' '));
	ck_assert_str_eq(strchr(signature, ' ') + 1, right);
	ck_assert_int_eq(webhook_sign(&secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265331, body,
				 strlen(body), signature),
		0);
	ck_assert_ptr_null(strstr(signature, right));
}
END_TEST

START_TEST(test_secrets)
{
	char many[8 * sizeof SECRET] = "", big[256];

	ck_assert_int_eq(parse(SECRET), 0);
	ck_assert_uint_eq(secrets.n, 1);
	ck_assert_uint_eq(secrets.all[0].n, 24);
	ck_assert_int_eq(parse("\n" SECRET " \r\n\n" OTHER "\n"), 0);
	ck_assert_uint_eq(secrets.n, 2);
	for (int i = 0; i < WEBHOOK_SECRETS; i++)
		strcat(many, SECRET "\n");
	ck_assert_int_eq(parse(many), 0);
	ck_assert_uint_eq(secrets.n, WEBHOOK_SECRETS);
	strcat(many, SECRET);
	ck_assert_int_eq(parse(many), -EINVAL);
	ck_assert_uint_eq(secrets.n, 0);
	ck_assert_int_eq(parse(SECRET "\nwhsec_AAAA\n"), -EINVAL); /* three bytes */
	ck_assert_ptr_nonnull(strstr(why, "line 2 is no secret"));
	ck_assert_int_eq(parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "line 1 is no secret"));
	ck_assert_ptr_null(strstr(why, "MfKQ"));
	ck_assert_int_eq(parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"), -EINVAL);
	ck_assert_int_eq(parse(""), -EINVAL);
	ck_assert_int_eq(parse("\n\n"), -EINVAL);
	memset(big, 'A', sizeof big);
	memcpy(big, "whsec_", 6);
	big[sizeof big - 1] = '\0';
	ck_assert_int_eq(parse(big), -EINVAL);
}
END_TEST

START_TEST(test_urls)
{
	static const char *const fine[] = {"https://hooks.example/a/b?c=d", "https://[::1]:8443/",
		"https://h", "https://h?a@b"};
	static const char *const wrong[] = {"", "http://h/", "https://", "https:///x",
		"https://:1/", "https://u:p@h/", "https://u@h", "https://h/a b",
		"https://h/\xc3\xa4", "https://h/#x", "ftp://h/"};
	char host[WEBHOOK_HOST];

	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		ck_assert_msg(!webhook_url_error(fine[i]), "%s", fine[i]);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_msg(webhook_url_error(wrong[i]) != NULL, "%s", wrong[i]);
	ck_assert_str_eq(webhook_host("https://hooks.example:8443/a", host, sizeof host),
		"hooks.example:8443");
	ck_assert_str_eq(webhook_host("https://[::1]?x", host, sizeof host), "[::1]");
}
END_TEST

static struct timeline_event event(const char *machine)
{
	return (struct timeline_event){.seq = 4711,
		.at = 1796006299042,
		.machine = (char *)machine,
		.kind = (char *)"failed",
		.text = (char *)"it said \"no\""};
}

static json_t *message(const struct timeline_event *e, const json_t *machine)
{
	char *text = webhook_body(e, machine);
	json_t *j = text ? json_loads(text, 0, NULL) : NULL;

	ck_assert_ptr_nonnull(j);
	free(text);
	return j;
}

static void is(json_t *j, const char *text)
{
	char *dumped = json_dumps(j, JSON_COMPACT);

	ck_assert_str_eq(dumped, text);
	free(dumped);
	json_decref(j);
}

START_TEST(test_body)
{
	struct timeline_event e = event("web01"), none = event("");
	json_t *record = json_pack("{s:s}", "name", "web01");
	char id[WEBHOOK_ID], again[WEBHOOK_ID];

	e.by = (char *)"root";
	is(message(&e, record),
		"{\"type\":\"failed\",\"timestamp\":\"2026-11-30T02:38:19.042Z\",\"data\":{"
		"\"seq\":4711,\"machine\":\"web01\",\"text\":\"it said \\\"no\\\"\",\"by\":\"root\","
		"\"record\":{\"name\":\"web01\"}}}");
	is(message(&none, NULL),
		"{\"type\":\"failed\",\"timestamp\":\"2026-11-30T02:38:19.042Z\",\"data\":{"
		"\"seq\":4711,\"machine\":null,\"text\":\"it said \\\"no\\\"\",\"by\":null,\"record\":null}}");
	webhook_id(&e, id);
	webhook_id(&none, again);
	ck_assert_str_eq(id, again);
	e.seq++;
	webhook_id(&e, again);
	ck_assert_str_ne(id, again);
	json_decref(record);
}
END_TEST

/* It is told all the same that it happened. */
START_TEST(test_long_record)
{
	struct timeline_event e = event("web01");
	char *script = malloc(WEBHOOK_BODY_MAX + 1);
	json_t *record, *j;

	memset(script, 'x', WEBHOOK_BODY_MAX);
	script[WEBHOOK_BODY_MAX] = '\0';
	record = json_pack("{s:s}", "first_boot", script);
	j = message(&e, record);
	ck_assert(json_is_null(json_object_get(json_object_get(j, "data"), "record")));
	json_decref(j);
	json_decref(record);
	free(script);
}
END_TEST

START_TEST(test_verdicts)
{
	static const struct {
		long status;
		enum webhook_verdict verdict;
	} cases[] = {{200, WEBHOOK_DELIVERED}, {204, WEBHOOK_DELIVERED}, {299, WEBHOOK_DELIVERED},
		{301, WEBHOOK_NEVER}, {307, WEBHOOK_NEVER}, {400, WEBHOOK_NEVER},
		{401, WEBHOOK_AGAIN}, {404, WEBHOOK_AGAIN}, {408, WEBHOOK_AGAIN},
		{410, WEBHOOK_NEVER}, {422, WEBHOOK_NEVER}, {429, WEBHOOK_AGAIN},
		{500, WEBHOOK_AGAIN}, {503, WEBHOOK_AGAIN}, {0, WEBHOOK_AGAIN},
		{199, WEBHOOK_AGAIN}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(webhook_verdict(cases[i].status) == cases[i].verdict, "%ld",
			cases[i].status);
}
END_TEST

START_TEST(test_pauses)
{
	ck_assert_int_eq(webhook_pause(1, 0), 1000);
	ck_assert_int_eq(webhook_pause(2, 0), 2000);
	ck_assert_int_eq(webhook_pause(6, 0), 32000);
	ck_assert_int_eq(webhook_pause(7, 0), 60000);
	ck_assert_int_eq(webhook_pause(4000000000u, 0), 60000);
	ck_assert_int_eq(webhook_pause(1, 30), 30000);
	ck_assert_int_eq(webhook_pause(7, 30), 60000);
	ck_assert_int_eq(webhook_pause(1, 4000000000u), WEBHOOK_AFTER_MOST_S * 1000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("webhook_message");
	TCase *t = tcase_create("webhook_message");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_signature);
	tcase_add_test(t, test_secrets);
	tcase_add_test(t, test_urls);
	tcase_add_test(t, test_body);
	tcase_add_test(t, test_long_record);
	tcase_add_test(t, test_verdicts);
	tcase_add_test(t, test_pauses);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
