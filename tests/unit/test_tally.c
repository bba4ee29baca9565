/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tally.h"

#include <check.h>
#include <stdio.h>

static struct tally t;

static void begin(void)
{
	tally_init(&t, 4);
}

static void end(void)
{
	tally_fini(&t);
}

START_TEST(test_rows)
{
	size_t a = tally_row(&t, "a"), b = tally_row(&t, "b");

	ck_assert_uint_ne(a, TALLY_OTHER);
	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(tally_row(&t, "a"), a);
	ck_assert_uint_eq(tally_row_again(&t, "a", a), a);
	ck_assert_uint_eq(tally_row_again(&t, "b", a), b);
	ck_assert_uint_eq(tally_row_again(&t, "b", 99), b);
	tally_add(&t, a, 1, 3);
	tally_add(&t, a, 1, -1);
	ck_assert_int_eq(t.rows[a].n[1], 2);
	ck_assert_int_eq(t.rows[a].n[0], 0);
	ck_assert_int_eq(t.rows[b].n[1], 0);
}
END_TEST

/* A name of a peer's making must not take memory without end. */
START_TEST(test_full)
{
	char name[16];
	size_t c = 0;

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "n%d", i);
		tally_add(&t, tally_row(&t, name), 0, 1);
		c = i == 2 ? tally_row(&t, name) : c;
	}
	ck_assert_uint_eq(t.count, 4);
	ck_assert_str_eq(t.rows[TALLY_OTHER].name, "other");
	ck_assert_int_eq(t.rows[TALLY_OTHER].n[0], 97);
	ck_assert_str_eq(t.rows[c].name, "n2");
	ck_assert_uint_eq(tally_row(&t, "n1"), 2);
}
END_TEST

START_TEST(test_long_names)
{
	char a[80], b[80];
	size_t row;

	snprintf(a, sizeof a, "%070d", 1);
	snprintf(b, sizeof b, "%063d", 0);
	row = tally_row(&t, a);
	ck_assert_uint_eq(tally_row(&t, a), row);
	ck_assert_uint_eq(tally_row(&t, b), row); /* cut, they are one */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tally");
	TCase *c = tcase_create("tally");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, begin, end);
	tcase_add_test(c, test_rows);
	tcase_add_test(c, test_full);
	tcase_add_test(c, test_long_names);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
