/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subnets: text, overlap, one that is free. */
#include "core/subnet.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static struct subnet parsed(const char *text)
{
	struct subnet s = {0};
	char why[256] = "";

	ck_assert_msg(!subnet_parse(text, &s, why, sizeof why), "%s: %s", text, why);
	return s;
}

START_TEST(text)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{"", "'' is no subnet for machines: write ADDRESS/LEN, as 10.77.0.0/24"},
		{"10.77.0.0",
			"'10.77.0.0' is no subnet for machines: write ADDRESS/LEN, as "
			"10.77.0.0/24"},
		{"10.77.0.0/",
			"'10.77.0.0/' is no subnet for machines: write ADDRESS/LEN, as "
			"10.77.0.0/24"},
		{"10.77.0.0/24x",
			"'10.77.0.0/24x' is no subnet for machines: write ADDRESS/LEN, "
			"as 10.77.0.0/24"},
		{"10.77.0.0/-8",
			"'10.77.0.0/-8' is no subnet for machines: write ADDRESS/LEN, as "
			"10.77.0.0/24"},
		{"10.77.0/24",
			"'10.77.0/24' is no subnet for machines: its address is not an IPv4 "
			"one"},
		{"fd00::/24",
			"'fd00::/24' is no subnet for machines: its address is not an IPv4 "
			"one"},
		{"10.77.0.0/31",
			"'10.77.0.0/31' is no subnet for machines: its prefix is not one "
			"from 8 to 30"},
		{"0.0.0.0/0",
			"'0.0.0.0/0' is no subnet for machines: its prefix is not one from 8 "
			"to 30"},
		{"10.77.0.0/99999999999999999999",
			"'10.77.0.0/99999999999999999999' is no subnet for machines: its prefix is "
			"not one from 8 to 30"},
		{"10.77.0.5/24",
			"'10.77.0.5/24' is no subnet for machines: that address lies in "
			"10.77.0.0/24"},
		{"127.0.0.0/24",
			"'127.0.0.0/24' is no subnet for machines: such addresses have "
			"another use"},
		{"169.254.3.0/24",
			"'169.254.3.0/24' is no subnet for machines: such addresses "
			"have another use"},
		{"224.0.0.0/8",
			"'224.0.0.0/8' is no subnet for machines: such addresses have "
			"another use"},
	};
	struct subnet s = parsed("10.77.0.0/24");
	char buf[SUBNET_TEXT], why[256];

	ck_assert_uint_eq(s.net, 0x0a4d0000);
	ck_assert_uint_eq(s.len, 24);
	ck_assert_str_eq(subnet_format(&s, buf), "10.77.0.0/24");
	s = (struct subnet){0};
	ck_assert_str_eq(subnet_format(&s, buf), "");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert_int_eq(subnet_parse(wrong[i].text, &s, why, sizeof why), -EINVAL);
		ck_assert_str_eq(why, wrong[i].why);
	}
}
END_TEST

START_TEST(overlap)
{
	struct subnet a = parsed("10.77.0.0/24"), wide = parsed("10.64.0.0/10"),
		      next = parsed("10.77.1.0/24"), part = parsed("10.77.0.128/25");
	struct subnet some[] = {next, wide};

	ck_assert(subnets_overlap(&a, &a));
	ck_assert(subnets_overlap(&a, &wide));
	ck_assert(subnets_overlap(&wide, &a));
	ck_assert(subnets_overlap(&a, &part));
	ck_assert(!subnets_overlap(&a, &next));
	ck_assert_ptr_eq(subnet_clash(&a, some, 2), &some[1]);
	ck_assert_ptr_null(subnet_clash(&a, some, 1));
	ck_assert(subnet_eq(&a, &a));
	ck_assert(!subnet_eq(&a, &part));
}
END_TEST

START_TEST(pick)
{
	struct subnet range = parsed("10.77.0.0/16"), s;
	struct subnet taken[] = {parsed("10.77.0.0/23"), parsed("10.77.2.64/26"),
		parsed("192.168.0.0/16"), parsed("10.77.128.0/17"), parsed("10.77.0.0/17")};
	char buf[SUBNET_TEXT];

	ck_assert(subnet_pick(&range, taken, 0, &s));
	ck_assert_str_eq(subnet_format(&s, buf), "10.77.0.0/24");
	ck_assert(subnet_pick(&range, taken, 4, &s));
	ck_assert_str_eq(subnet_format(&s, buf), "10.77.3.0/24");
	ck_assert(!subnet_pick(&range, taken, 5, &s));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("subnet");
	TCase *t = tcase_create("subnet");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, text);
	tcase_add_test(t, overlap);
	tcase_add_test(t, pick);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
