/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dns_name.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t wire[512];
static struct writer w;

static int put(const char *names)
{
	writer_init(&w, wire, sizeof(wire));
	return dns_name_put(&w, names);
}

static int take(const void *bytes, size_t len, char *buf, size_t size)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct reader r;
	int rc;

	memcpy(copy, bytes, len);
	reader_init(&r, copy, len);
	rc = dns_name_take(r, buf, size);
	free(copy);
	return rc;
}

START_TEST(names_are_put)
{
	ck_assert_int_eq(put("lab.example"), 0);
	ck_assert_uint_eq(w.len, 13);
	ck_assert_mem_eq(wire, "\3lab\7example", 13);
	ck_assert_int_eq(put(" a.b.  c "), 0);
	ck_assert_uint_eq(w.len, 8);
	ck_assert_mem_eq(wire, "\1a\1b\0\1c", 8);
	ck_assert_int_eq(put(""), 0);
	ck_assert_uint_eq(w.len, 0);
}
END_TEST

START_TEST(what_is_no_name_is_not_put)
{
	char label[65], name[300];

	memset(label, 'a', 64);
	label[64] = '\0';
	ck_assert_int_eq(put(label), -EINVAL);
	ck_assert_int_eq(put(label + 1), 0);
	ck_assert_int_eq(put("ok a..b"), -EINVAL);
	ck_assert_uint_eq(w.len, 0);
	ck_assert_int_eq(put("."), -EINVAL);
	ck_assert_int_eq(put(".a"), -EINVAL);
	for (size_t i = 0; i < 256; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[253] = '\0'; /* 127 labels */
	ck_assert_int_eq(put(name), 0);
	ck_assert_uint_eq(w.len, 255);
	name[253] = '.';
	name[255] = '\0';
	ck_assert_int_eq(put(name), -EINVAL);
	writer_init(&w, wire, 5);
	ck_assert_int_eq(dns_name_put(&w, "lab.example"), 0);
	ck_assert(w.bad);
}
END_TEST

START_TEST(names_are_taken)
{
	char buf[64];

	ck_assert_int_eq(take("\3lab\7example\0\1c", 16, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "lab.example c");
	ck_assert_int_eq(take("\2vm", 3, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "vm");
	ck_assert_int_eq(take("\0\0\1a\0\0\0\1b\0", 9, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "a b");
	ck_assert_int_eq(take("\5a.b \n", 6, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "a?b??");
	ck_assert_int_eq(take("", 0, buf, sizeof(buf)), 0);
	ck_assert_str_eq(buf, "");
}
END_TEST

START_TEST(what_cannot_be_taken)
{
	char buf[64], big[512];

	ck_assert_int_eq(take("\1a\0\4lab", 7, buf, sizeof(buf)), -EBADMSG);
	ck_assert_str_eq(buf, "");
	ck_assert_int_eq(take("\1a\xc0\0", 4, buf, sizeof(buf)), -EBADMSG);
	memset(wire, 'a', 65);
	wire[0] = 63;
	ck_assert_int_eq(take(wire, 64, big, sizeof(big)), 0);
	wire[0] = 64;
	ck_assert_int_eq(take(wire, 65, big, sizeof(big)), -EBADMSG);
	memset(wire, 1, 256); /* 128 labels */
	ck_assert_int_eq(take(wire, 254, big, sizeof(big)), 0);
	ck_assert_uint_eq(strlen(big), 253);
	ck_assert_int_eq(take(wire, 256, big, sizeof(big)), -EBADMSG);
	ck_assert_int_eq(take("\3lab", 4, buf, 3), -ENOSPC);
	ck_assert_str_eq(buf, "");
	ck_assert_int_eq(take("\3lab", 4, buf, 4), 0);
	ck_assert_str_eq(buf, "lab");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns_name");
	TCase *t = tcase_create("dns_name");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(t, names_are_put);
	tcase_add_test(t, what_is_no_name_is_not_put);
	tcase_add_test(t, names_are_taken);
	tcase_add_test(t, what_cannot_be_taken);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
