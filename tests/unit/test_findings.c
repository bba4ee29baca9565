/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/findings.h"

#include <check.h>
#include <stdlib.h>

static void expect(const struct findings *f, size_t i, const char *text)
{
	char buf[512];

	ck_assert_uint_lt(i, f->n);
	finding_text(f, i, buf, sizeof(buf));
	ck_assert_str_eq(buf, text);
}

START_TEST(places)
{
	struct findings f = {0};

	findings_add(&f, FINDING_ERROR, "ks.cfg", 3, 7, "no option '%s'", "--x");
	findings_add(&f, FINDING_WARNING, "ks.cfg", 4, 0, "gone soon");
	findings_add(&f, FINDING_ERROR, "ks.cfg", 0, 0, "no rootpw");
	expect(&f, 0, "ks.cfg:3:7: error: no option '--x'");
	expect(&f, 1, "ks.cfg:4: warning: gone soon");
	expect(&f, 2, "ks.cfg: error: no rootpw");
	ck_assert_uint_eq(f.n_errors, 2);
	findings_fini(&f);
}
END_TEST

START_TEST(sorted)
{
	struct findings f = {0};

	findings_add(&f, FINDING_ERROR, "b", 9, 0, "late");
	findings_add(&f, FINDING_ERROR, "a", 1, 0, "of the second file");
	findings_add(&f, FINDING_WARNING, "b", 2, 1, "early");
	findings_add(&f, FINDING_ERROR, "b", 9, 0, "late");
	findings_add(&f, FINDING_ERROR, "b", 2, 1, "early");
	findings_sort(&f);
	ck_assert_uint_eq(f.n, 4);
	ck_assert_uint_eq(f.n_errors, 3);
	expect(&f, 0, "b:2:1: error: early");
	expect(&f, 1, "b:2:1: warning: early");
	expect(&f, 2, "b:9: error: late");
	expect(&f, 3, "a:1: error: of the second file");
	findings_fini(&f);
	findings_sort(&f); /* of nothing */
}
END_TEST

START_TEST(limits)
{
	struct findings f = {0}, other = {0};
	char text[2 * FINDING_TEXT];

	for (unsigned i = 0; i < FINDINGS_MAX; i++)
		findings_add(&f, FINDING_WARNING, "x", i, 0, "w");
	ck_assert(findings_full(&f, "x") && !findings_full(&f, "y") && !f.left_out);
	for (unsigned i = 0; i < FINDINGS_MAX; i++)
		findings_add(&f, FINDING_WARNING, "x", i, 0, "w");
	ck_assert_uint_eq(f.left_out, 0); /* the same again is no more */
	findings_add(&f, FINDING_ERROR, "x", 1, 0, "one too many");
	ck_assert_uint_eq(f.left_out, 1);
	ck_assert_uint_eq(f.n, FINDINGS_MAX);
	ck_assert_uint_eq(f.n_errors, 1); /* what is not kept counts all the same */
	findings_add(&f, FINDING_ERROR, "y", 1, 0, "of the next file");
	ck_assert_uint_eq(f.n, FINDINGS_MAX + 1);
	ck_assert_uint_eq(f.files[0].left_out, 1);
	ck_assert_uint_eq(f.files[1].left_out, 0);
	findings_add(&f, FINDING_ERROR, "y", 1, 0, "of the next file");
	findings_sort(&f);
	ck_assert_uint_eq(f.n_errors, 2);
	ck_assert_uint_eq(f.n_warnings, FINDINGS_MAX);
	ck_assert_uint_eq(f.files[1].n, 1);
	findings_add(&f, FINDING_WARNING, "x", 999, 0, "and one more");
	findings_leave(&other, "t", &f.files[0]);
	findings_leave(&other, "t", &f.files[1]);
	ck_assert_uint_eq(other.n_errors, 1);
	ck_assert_uint_eq(other.n_warnings, 1);
	ck_assert_uint_eq(other.files[0].left_out, 2);
	ck_assert_uint_eq(other.files[0].left_errors, 1);
	findings_fini(&other);
	findings_fini(&f);
	memset(text, 'a', sizeof(text));
	findings_add(&f, FINDING_ERROR, "x", 1, 1, "%.*s", (int)sizeof(text), text);
	ck_assert_uint_eq(strlen(f.v[0].text), FINDING_TEXT - 1);
	/* what the file has in it may go to a terminal, and into JSON */
	findings_add(
		&f, FINDING_ERROR, "x", 1, 1, "'\033[31m\n\377é' %.*s…", FINDING_TEXT - 14, text);
	ck_assert_int_eq(strncmp(f.v[1].text, "'\\u001b[31m \\xffé' a", 20), 0);
	ck_assert_uint_eq(strlen(f.v[1].text), FINDING_TEXT - 1);
	findings_fini(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("findings");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(c, places);
	tcase_add_test(c, sorted);
	tcase_add_test(c, limits);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
