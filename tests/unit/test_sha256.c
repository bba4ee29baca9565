/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/sha256.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* FIPS 180-4's own examples. */
START_TEST(test_sums)
{
	static const struct {
		const char *text, *sum;
	} cases[] = {{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
	struct sha256 s;
	char sum[SHA256_HEX];

	sha256_start(&s); /* each begins anew after the one before */
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].text);

		sha256_add(&s, cases[i].text, n / 2);
		sha256_add(&s, cases[i].text + n / 2, n - n / 2);
		sha256_hex(&s, sum);
		ck_assert_str_eq(sum, cases[i].sum);
	}
}
END_TEST

START_TEST(test_parse)
{
	char in[80] = "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
	char sum[SHA256_HEX] = "untouched";

	ck_assert(!sha256_parse("", sum));
	ck_assert(!sha256_parse("ba78", sum));
	in[10] = 'g';
	ck_assert(!sha256_parse(in, sum));
	in[10] = 'F';
	strcat(in, "0");
	ck_assert(!sha256_parse(in, sum));
	ck_assert_str_eq(sum, "untouched");
	in[64] = '\0';
	ck_assert(sha256_parse(in, sum));
	ck_assert_str_eq(sum, "ba7816bf8ff1cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sha256");
	TCase *t = tcase_create("sha256");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_sums);
	tcase_add_test(t, test_parse);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
