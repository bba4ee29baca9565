/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/encrypt.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct encrypt_key key = {{7, 7, 7}};
static const uint8_t nonce[ENCRYPT_NONCE] = {1, 2, 3};

/* RFC 8439 section 2.8.2. */
START_TEST(the_cipher_of_the_rfc)
{
	static const uint8_t rfc_nonce[] = {
		7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47};
	static const char place[] = "\x50\x51\x52\x53\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7";
	static const char clear[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
		"future, sunscreen would be it.";
	static const uint8_t encrypted[] = {0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb, 0x7b,
		0x86, 0xaf, 0xbc, 0x53, 0xef, 0x7e, 0xc2, 0xa4, 0xad, 0xed, 0x51, 0x29, 0x6e, 0x08,
		0xfe, 0xa9, 0xe2, 0xb5, 0xa7, 0x36, 0xee, 0x62, 0xd6, 0x3d, 0xbe, 0xa4, 0x5e, 0x8c,
		0xa9, 0x67, 0x12, 0x82, 0xfa, 0xfb, 0x69, 0xda, 0x92, 0x72, 0x8b, 0x1a, 0x71, 0xde,
		0x0a, 0x9e, 0x06, 0x0b, 0x29, 0x05, 0xd6, 0xa5, 0xb6, 0x7e, 0xcd, 0x3b, 0x36, 0x92,
		0xdd, 0xbd, 0x7f, 0x2d, 0x77, 0x8b, 0x8c, 0x98, 0x03, 0xae, 0xe3, 0x28, 0x09, 0x1b,
		0x58, 0xfa, 0xb3, 0x24, 0xe4, 0xfa, 0xd6, 0x75, 0x94, 0x55, 0x85, 0x80, 0x8b, 0x48,
		0x31, 0xd7, 0xbc, 0x3f, 0xf4, 0xde, 0xf0, 0x8e, 0x4b, 0x7a, 0x9d, 0xe5, 0x76, 0xd2,
		0x65, 0x86, 0xce, 0xc6, 0x4b, 0x61, 0x16};
	static const uint8_t tag[] = {0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a, 0x7e, 0x90,
		0x2e, 0xcb, 0xd0, 0x60, 0x06, 0x91};
	uint8_t out[sizeof encrypted + ENCRYPT_EXTRA], back[sizeof encrypted];
	struct encrypt_key k;

	for (int i = 0; i < ENCRYPT_KEY; i++)
		k.bytes[i] = (uint8_t)(0x80 + i);
	ck_assert_uint_eq(strlen(clear), sizeof encrypted);
	encrypt_bytes(&k, rfc_nonce, place, clear, strlen(clear), out);
	ck_assert_mem_eq(out, rfc_nonce, ENCRYPT_NONCE);
	ck_assert_mem_eq(out + ENCRYPT_NONCE, encrypted, sizeof encrypted);
	ck_assert_mem_eq(out + ENCRYPT_NONCE + sizeof encrypted, tag, ENCRYPT_TAG);
	ck_assert_int_eq(decrypt_bytes(&k, place, out, sizeof out, back), 0);
	ck_assert_mem_eq(back, clear, sizeof back);
}
END_TEST

START_TEST(there_and_back)
{
	static const char *const texts[] = {"", "x", "calvin", "with \xc3\xa9 and\nlines"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = encrypt_text(&key, nonce, "place", texts[i]), *back = NULL;

		ck_assert(!texts[i][0] || !strstr(text, texts[i]) || !texts[i][1]);
		ck_assert_int_eq(decrypt_text(&key, "place", text, &back), 0);
		ck_assert_str_eq(back, texts[i]);
		free(text);
		free(back);
	}
}
END_TEST

START_TEST(only_with_its_key_and_in_its_place)
{
	struct encrypt_key other = key;
	char *text = encrypt_text(&key, nonce, "machine a password", "calvin"), *back = NULL;

	other.bytes[ENCRYPT_KEY - 1] ^= 1;
	ck_assert_int_eq(decrypt_text(&other, "machine a password", text, &back), -EBADMSG);
	ck_assert_int_eq(decrypt_text(&key, "machine b password", text, &back), -EBADMSG);
	ck_assert_int_eq(decrypt_text(&key, "machine a password ", text, &back), -EBADMSG);
	ck_assert_int_eq(decrypt_text(&key, "", text, &back), -EBADMSG);
	ck_assert_ptr_null(back);
	ck_assert_int_eq(decrypt_text(&key, "machine a password", text, &back), 0);
	free(text);
	free(back);
}
END_TEST

START_TEST(each_changed_bit_is_seen)
{
	uint8_t all[6 + ENCRYPT_EXTRA], back[6], nothing[6] = {0};

	encrypt_bytes(&key, nonce, "place", "calvin", 6, all);
	for (size_t i = 0; i < sizeof all * 8; i++) {
		all[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(decrypt_bytes(&key, "place", all, sizeof all, back), -EBADMSG);
		ck_assert_mem_eq(back, nothing, sizeof back);
		all[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < sizeof all; n++)
		ck_assert_int_eq(decrypt_bytes(&key, "place", all, n, back), -EBADMSG);
	ck_assert_int_eq(decrypt_bytes(&key, "place", all, sizeof all, back), 0);
}
END_TEST

START_TEST(what_is_no_text_of_ours)
{
	static const char *const texts[] = {"", "calvin", "!", "AAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	char *back = NULL;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_int_eq(decrypt_text(&key, "place", texts[i], &back), -EBADMSG);
	ck_assert_ptr_null(back);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("encrypt");
	TCase *t = tcase_create("encrypt");
	SRunner *r;
	int failed;

	tcase_add_test(t, the_cipher_of_the_rfc);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, only_with_its_key_and_in_its_place);
	tcase_add_test(t, each_changed_bit_is_seen);
	tcase_add_test(t, what_is_no_text_of_ours);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
