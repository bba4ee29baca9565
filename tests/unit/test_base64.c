/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/base64.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* RFC 4648 section 10. */
START_TEST(test_there_and_back)
{
	static const struct {
		const char *bytes, *text;
	} cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = base64_encode(cases[i].bytes, strlen(cases[i].bytes));
		uint8_t *bytes;
		size_t n;

		ck_assert_str_eq(text, cases[i].text);
		ck_assert_int_eq(base64_decode(text, &bytes, &n), 0);
		ck_assert_uint_eq(n, strlen(cases[i].bytes));
		ck_assert_str_eq((char *)bytes, cases[i].bytes);
		free(text);
		free(bytes);
	}
}
END_TEST

START_TEST(test_any_byte)
{
	unsigned char all[256];
	uint8_t *bytes;
	char *text;
	size_t n;

	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	text = base64_encode(all, sizeof all);
	ck_assert_int_eq(base64_decode(text, &bytes, &n), 0);
	ck_assert_uint_eq(n, sizeof all);
	ck_assert_mem_eq(bytes, all, sizeof all);
	free(text);
	free(bytes);
}
END_TEST

START_TEST(test_wrong)
{
	static const char *const wrong[] = {
		"Z", "Zg", "Zg=", "Zm9v!", "Zg==Zg==", "====", "Zm\xc3\xa9v"};
	uint8_t *bytes;
	size_t n;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		ck_assert_int_eq(base64_decode(wrong[i], &bytes, &n), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("base64");
	TCase *t = tcase_create("base64");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_there_and_back);
	tcase_add_test(t, test_any_byte);
	tcase_add_test(t, test_wrong);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
