/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/host_keys.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

#define ED_PRINT "SHA256:R3ODHHobFGjSXG6oQ1NflKJ0Ddkf5d1n7sEfXDm9PKY"

/* As ssh-keygen -l has it. */
START_TEST(host_keys_read)
{
	json_t *keys, *shown;
	char why[256], print[HOST_KEY_PRINT];

	ck_assert_int_eq(host_keys_parse(ED " root@x\r\n\n" ED "\n", &keys, why, sizeof why), 0);
	ck_assert_uint_eq(json_array_size(keys), 1);
	ck_assert_str_eq(json_string_value(json_array_get(keys, 0)), ED);
	ck_assert_int_eq(host_key_fingerprint(ED, print), 0);
	ck_assert_str_eq(print, ED_PRINT);
	shown = host_keys_json(keys);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(shown, 0), "type")),
		"ssh-ed25519");
	json_decref(shown);
	json_decref(keys);
}
END_TEST

START_TEST(host_keys_wrong)
{
	static const char *const wrong[] = {"", "\n", "ssh-ed25519", "ssh-ed25519 ",
		"ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnB",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", /* nothing behind the type */
		"ssh-dss " ED, "ssh-ed25519 @@@@", ED "\n-----BEGIN OPENSSH PRIVATE KEY-----",
		"*,@cert-authority " ED, "ssh-ed25519\v" ED};
	char why[256], many[16 * 1024] = "", *long_key;
	json_t *keys;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		*why = '\0';
		ck_assert_msg(host_keys_parse(wrong[i], &keys, why, sizeof why) == -EINVAL, "'%s'",
			wrong[i]);
		ck_assert_str_ne(why, "");
	}
	for (size_t i = 0; i <= HOST_KEYS_MAX; i++)
		sprintf(many + strlen(many),
			"ssh-ed25519 "
			"AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNI"
			"kGYV%c\n",
			(char)('A' + 4 * i));
	ck_assert_int_eq(host_keys_parse(many, &keys, why, sizeof why), -EINVAL);
	long_key = malloc(2 * HOST_KEY_TEXT);
	memset(long_key, 'A', 2 * HOST_KEY_TEXT - 1);
	memcpy(long_key, "ssh-rsa ", 8);
	long_key[2 * HOST_KEY_TEXT - 1] = '\0';
	ck_assert_int_eq(host_keys_parse(long_key, &keys, why, sizeof why), -EINVAL);
	free(long_key);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host_keys");
	TCase *t = tcase_create("host_keys");
	SRunner *r;
	int failed;

	tcase_add_test(t, host_keys_read);
	tcase_add_test(t, host_keys_wrong);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
