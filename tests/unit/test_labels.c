/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels and notes: what is taken, what is refused, what is found by them, and that the store keeps them. */
#include "machine/labels.h"

#include "machine/registry.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct machine *m;
static char why[256];
static bool changed;

static void set_up(void)
{
	m = machine_new();
	snprintf(m->name, sizeof m->name, "a");
}

static void tear_down(void)
{
	machine_free(m);
}

static int take(const char *request)
{
	json_t *j = json_loads(request, 0, NULL);
	int rc;

	ck_assert_msg(j, "%s", request);
	why[0] = '\0';
	changed = false;
	rc = labels_take(m, j, &changed, why, sizeof why);
	json_decref(j);
	return rc;
}

static void is(const char *labels, const char *note)
{
	char *text = m->labels ? json_dumps(m->labels, JSON_COMPACT) : strdup("");

	ck_assert_str_eq(text, labels);
	free(text);
	ck_assert_str_eq(m->note ? m->note : "", note);
}

START_TEST(taken)
{
	ck_assert_int_eq(take("{}"), 0);
	ck_assert(!changed);
	ck_assert_int_eq(take("{\"labels\": {}, \"note\": null}"), 0);
	ck_assert(!changed);
	ck_assert_int_eq(
		take("{\"labels\": {\"rack\": \"12\", \"a.b/c_d-e\": \"\u00e4 b\"}, \"note\": \"one\\n\\ttwo\"}"),
		0);
	ck_assert(changed);
	is("{\"rack\":\"12\",\"a.b/c_d-e\":\"\u00e4 b\"}", "one\n\ttwo");
	ck_assert_int_eq(take("{\"labels\": {\"rack\": \"12\"}, \"note\": \"one\\n\\ttwo\"}"), 0);
	ck_assert(!changed);
	ck_assert_int_eq(
		take("{\"labels\": {\"rack\": null, \"x\": null, \"a.b/c_d-e\": \"\"}}"), 0);
	ck_assert(changed);
	is("", "one\n\ttwo");
	ck_assert_int_eq(take("{\"note\": \"\"}"), 0);
	ck_assert(changed);
	is("", "");
}
END_TEST

START_TEST(refused)
{
	static const struct {
		const char *request, *line;
	} wrong[] = {{"{\"labels\": []}", "labels are an object of texts"},
		{"{\"labels\": {\"\": \"x\"}}", "label '': a key has 1 to 63 characters"},
		{"{\"labels\": {\"Rack\": \"x\"}}", "label 'Rack': a key has"},
		{"{\"labels\": {\"a:b\": null}}", "label 'a:b': a key has"},
		{"{\"labels\": {\"a\": 5}}", "label 'a': a value is a text"},
		{"{\"labels\": {\"a\": \"\\u001b[31m\"}}", "label 'a': a value is a text"},
		{"{\"labels\": {\"a\": \"x\\ny\"}}", "label 'a': a value is a text"},
		{"{\"labels\": {\"a\": \"\\u202e\"}}", "label 'a': a value is a text"},
		{"{\"note\": 5}", "note is a text of at most 1024 bytes"},
		{"{\"note\": \"\\u0000\"}", "note is a text"},
		{"{\"labels\": {\"ok\": \"1\"}, \"note\": \"\\u0007\"}", "note is a text"}};
	char request[2048];

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		json_t *j = json_loads(wrong[i].request, JSON_ALLOW_NUL, NULL);

		ck_assert_int_eq(labels_take(m, j, NULL, why, sizeof why), -EINVAL);
		ck_assert_msg(strstr(why, wrong[i].line), "%s: %s", wrong[i].request, why);
		is("", "");
		json_decref(j);
	}
	snprintf(request, sizeof request, "{\"labels\": {\"a\": \"%064d\"}}", 0);
	ck_assert_int_eq(take(request), -EINVAL);
	snprintf(request, sizeof request, "{\"labels\": {\"%064d\": \"a\"}}", 0);
	ck_assert_int_eq(take(request), -EINVAL);
	snprintf(request, sizeof request, "{\"note\": \"%01025d\"}", 0);
	ck_assert_int_eq(take(request), -EINVAL);
	snprintf(request, sizeof request,
		"{\"labels\": {\"%063d\": \"%063d\"}, \"note\": \"%01024d\"}", 0, 0, 0);
	ck_assert_int_eq(take(request), 0);
}
END_TEST

START_TEST(how_many)
{
	char request[64];

	for (int i = 0; i < LABELS_MAX; i++) {
		snprintf(request, sizeof request, "{\"labels\": {\"k%d\": \"v\"}}", i);
		ck_assert_int_eq(take(request), 0);
	}
	ck_assert_int_eq(take("{\"labels\": {\"one-more\": \"v\"}}"), -EINVAL);
	ck_assert_str_eq(why, "a machine has at most 16 labels");
	ck_assert_int_eq(take("{\"labels\": {\"one-more\": \"v\", \"k3\": null}}"), 0);
	ck_assert_uint_eq(json_object_size(m->labels), LABELS_MAX);
}
END_TEST

static void said(const char *request, const char *text, bool alone)
{
	json_t *j = json_loads(request, 0, NULL);
	char buf[40];

	ck_assert_str_eq(labels_said(j, buf, sizeof buf), text);
	ck_assert_int_eq(labels_alone(j), alone);
	json_decref(j);
}

START_TEST(told)
{
	said("{}", "", false);
	said("{\"note\": null}", "note", true);
	said("{\"labels\": {\"a\": \"1\", \"b\": null}, \"note\": \"x\"}", "labels a=1, b=; note",
		true);
	said("{\"labels\": {}, \"memory\": 5}", "", false);
	said("{\"labels\": {\"a\": \"1\", \"b\": \"012345678901234567890123456789\"}}",
		"labels a=1", true);
}
END_TEST

static bool match(const char *word)
{
	return labels_match(m, word, strlen(word));
}

START_TEST(found)
{
	ck_assert(!match("rack"));
	ck_assert_int_eq(take("{\"labels\": {\"rack\": \"1:2\", \"gpu\": \"x\"}}"), 0);
	ck_assert(match("rack"));
	ck_assert(match("rack:1:2"));
	ck_assert(!match("rack:1"));
	ck_assert(!match("rack:"));
	ck_assert(!match("rac"));
	ck_assert(!match(""));
	ck_assert(!match(":"));
	ck_assert(labels_match(m, "gpu:x,rack", 5));
	ck_assert(!labels_match(m, "gpu:x", 4));
}
END_TEST

START_TEST(kept)
{
	struct machine *again;
	json_t *j;

	snprintf(m->uuid, sizeof m->uuid, "11111111-1111-4111-8111-111111111111");
	ck_assert_int_eq(take("{\"labels\": {\"rack\": \"12\"}, \"note\": \"n\"}"), 0);
	j = machine_store(m, NULL);
	ck_assert_int_eq(machine_parse(j, NULL, &again, why, sizeof why), 0);
	json_decref(j);
	ck_assert(json_equal(again->labels, m->labels));
	ck_assert_str_eq(again->note, "n");
	j = machine_to_json(again, false);
	ck_assert(json_equal(json_object_get(j, "labels"), m->labels));
	ck_assert_str_eq(json_string_value(json_object_get(j, "note")), "n");
	json_decref(j);
	machine_free(again);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("labels");
	TCase *t = tcase_create("labels");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, taken);
	tcase_add_test(t, refused);
	tcase_add_test(t, how_many);
	tcase_add_test(t, told);
	tcase_add_test(t, found);
	tcase_add_test(t, kept);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
