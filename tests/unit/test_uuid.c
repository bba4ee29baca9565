/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/uuid.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 1000 }; /* a digit lacks one of 16 values in none of so many, but once in 10^27 */

static const char digits[] = "0123456789abcdef";

/* Digits in lower case, and dashes where RFC 9562 4 has them. */
START_TEST(format)
{
	char uuid[UUID_TEXT];

	memset(uuid, 'x', sizeof uuid);
	ck_assert_int_eq(uuid_draw(uuid), 0);
	ck_assert_uint_eq(strlen(uuid), UUID_TEXT - 1);
	for (size_t i = 0; i < UUID_TEXT - 1; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23)
			ck_assert_msg(uuid[i] == '-', "%s", uuid);
		else
			ck_assert_msg(strchr(digits, uuid[i]), "%s", uuid);
}
END_TEST

START_TEST(version_and_variant)
{
	char uuid[UUID_TEXT];

	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(uuid_draw(uuid), 0);
		ck_assert_msg(uuid[14] == '4', "%s", uuid);
		ck_assert_msg(strchr("89ab", uuid[19]), "%s", uuid);
	}
}
END_TEST

/* All other bits are drawn: a digit has each of its values now and then. */
START_TEST(random_bits)
{
	unsigned seen[UUID_TEXT - 1] = {0}; /* by digit: its values, as a bit set */
	char uuid[UUID_TEXT];

	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(uuid_draw(uuid), 0);
		for (size_t k = 0; k < UUID_TEXT - 1; k++)
			if (uuid[k] != '-')
				seen[k] |= 1u << (strchr(digits, uuid[k]) - digits);
	}
	for (size_t k = 0; k < UUID_TEXT - 1; k++)
		if (uuid[k] != '-' && k != 14 && k != 19)
			ck_assert_msg(seen[k] == 0xffff, "digit %zu: %04x", k, seen[k]);
	ck_assert_uint_eq(seen[19], 0x0f00);
}
END_TEST

START_TEST(two_differ)
{
	char a[UUID_TEXT], b[UUID_TEXT];

	ck_assert_int_eq(uuid_draw(a), 0);
	ck_assert_int_eq(uuid_draw(b), 0);
	ck_assert_str_ne(a, b);
}
END_TEST

/* As SMBIOS stores it: the first three fields the other way round. */
START_TEST(turned_round)
{
	static const uint8_t bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	char uuid[UUID_TEXT], turned[UUID_TEXT], back[UUID_TEXT];

	uuid_format(bytes, uuid);
	ck_assert_str_eq(uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f");
	uuid_turn(uuid, turned);
	ck_assert_str_eq(turned, "03020100-0504-0706-0809-0a0b0c0d0e0f");
	uuid_turn(turned, back);
	ck_assert_str_eq(back, uuid);
	ck_assert(uuid_alike(uuid, uuid));
	ck_assert(uuid_alike(uuid, turned));
	ck_assert(uuid_alike(turned, uuid));
	turned[35] = 'e';
	ck_assert(!uuid_alike(uuid, turned));
	ck_assert(!uuid_alike("", ""));
	ck_assert(!uuid_alike(uuid, ""));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("uuid");
	TCase *t = tcase_create("uuid");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, format);
	tcase_add_test(t, version_and_variant);
	tcase_add_test(t, random_bits);
	tcase_add_test(t, two_differ);
	tcase_add_test(t, turned_round);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
