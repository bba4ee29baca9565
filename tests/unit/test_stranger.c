/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/stranger.h"

#include "core/log.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UUID "4c4c4544-0035-4410-8057-b7c04f4e4432"

static struct strangers *ss;

static void setup(void)
{
	log_init(-1);
	ck_assert_int_eq(strangers_new(NULL, &ss), 0);
}

static void teardown(void)
{
	strangers_free(ss);
}

static struct mac mac_of(unsigned n)
{
	return (struct mac){{2, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* Its token, or "". */
static const char *tell(char ret[TOKEN_TEXT], const char *segment, unsigned n, int64_t now)
{
	struct mac mac = mac_of(n);
	const char *token = strangers_tell(ss, segment, &mac, now);

	snprintf(ret, TOKEN_TEXT, "%s", token ? token : "");
	return ret;
}

static enum token_kind kind_of(const char *token, int64_t now)
{
	enum token_kind kind;

	strangers_by_token(ss, token, now, &kind);
	return kind;
}

static struct stranger *by(const char *token)
{
	enum token_kind kind;

	return strangers_by_token(ss, token, 0, &kind);
}

START_TEST(told)
{
	char a[TOKEN_TEXT], b[TOKEN_TEXT];

	tell(a, "p1", 1, 0);
	ck_assert_uint_eq(strlen(a), TOKEN_TEXT - 1);
	ck_assert_str_eq(tell(b, "p1", 1, 5), a); /* DISCOVER, then REQUEST */
	ck_assert_str_ne(tell(b, "p2", 1, 5), a);
	ck_assert_str_ne(tell(b, "p1", 2, 5), a);
	ck_assert_int_eq(kind_of(a, 5), TOKEN_NEXT);
	ck_assert_int_eq(kind_of("", 5), TOKEN_NONE);
	ck_assert_int_eq(kind_of("00000000000000000000000000000000", 5), TOKEN_NONE);
	ck_assert_int_eq(kind_of(a, STRANGER_MS), TOKEN_NONE);
	ck_assert_uint_eq(strangers_count(ss, NULL), 3);
	ck_assert_uint_eq(strangers_count(ss, "p1"), 2);
}
END_TEST

START_TEST(boots)
{
	char a[TOKEN_TEXT], b[TOKEN_TEXT];

	strangers_boot(ss, by(tell(a, "p1", 1, 0)), 1);
	ck_assert_int_eq(kind_of(a, 1), TOKEN_BOOT);
	/* who asks DHCP in its name changes nothing for it */
	ck_assert_str_ne(tell(b, "p1", 1, 2), a);
	ck_assert_int_eq(kind_of(a, 2), TOKEN_BOOT);
	ck_assert_int_eq(kind_of(b, 2), TOKEN_NEXT);
	strangers_know(ss, by(a), "d7", 3);
	ck_assert_str_eq(by(a)->id, "d7");
	/* it boots anew */
	strangers_boot(ss, by(b), 4);
	ck_assert_int_eq(kind_of(a, 4), TOKEN_NONE);
	ck_assert_int_eq(kind_of(b, 4), TOKEN_BOOT);
	ck_assert_int_eq(by(b)->state, STRANGER_BOOTS);
	ck_assert_str_eq(by(b)->id, "");
	ck_assert_uint_eq(strangers_count(ss, NULL), 1);
}
END_TEST

/* What firmware says of the machine: of use in either order of its bytes, and only where it is one machine's own. */
START_TEST(uuids)
{
	static const char *const uuid = UUID,
				 *const turned = "44454c4c-3500-1044-8057-b7c04f4e4432",
				 *const other = "4c4c4544-0035-4410-8057-b7c04f4e4433";
	struct mac a = mac_of(1), b = mac_of(2), both[] = {a, b};
	char token[TOKEN_TEXT];

	ck_assert(!strangers_say_uuid(ss, "p1", &a, uuid)); /* nobody */
	tell(token, "p1", 1, 0);
	tell(token, "p1", 2, 0);
	ck_assert(strangers_say_uuid(ss, "p1", &a, uuid));
	ck_assert(!strangers_say_uuid(ss, "p1", &a, turned)); /* the same */
	ck_assert(!strangers_say_uuid(ss, "p1", &b, "00000000-0000-0000-0000-000000000000"));
	ck_assert(!strangers_say_uuid(ss, "p1", &b, "00020003-0004-0005-0006-000700080009"));
	ck_assert_ptr_null(strangers_by_uuid(ss, uuid, &a, 1, 0));
	ck_assert(mac_eq(&strangers_by_uuid(ss, turned, &b, 1, 0)->mac, &a));
	ck_assert_ptr_null(strangers_by_uuid(ss, other, &b, 1, 0));
	ck_assert_ptr_null(strangers_by_uuid(ss, "", &b, 1, 0));
	ck_assert(strangers_say_uuid(ss, "p1", &b, turned));
	ck_assert(mac_eq(&strangers_by_uuid(ss, uuid, &a, 1, 0)->mac, &b));
	ck_assert_ptr_null(strangers_by_uuid(ss, uuid, both, 2, 0));
	ck_assert_ptr_null(strangers_by_uuid(ss, uuid, &a, 1, STRANGER_MS));
	ck_assert(strangers_say_uuid(ss, "p1", &b, other));
	ck_assert_ptr_null(strangers_by_uuid(ss, uuid, &a, 1, 0));
}
END_TEST

START_TEST(crowd)
{
	char busy[TOKEN_TEXT], first[TOKEN_TEXT], last[TOKEN_TEXT], other[TOKEN_TEXT],
		known[TOKEN_TEXT];

	strangers_boot(ss, by(tell(busy, "p1", 1, 0)), 0);
	tell(other, "p2", 1, 0);
	strangers_boot(ss, by(tell(known, "p1", 3, 0)), 0);
	strangers_know(ss, by(known), "d1", 0);
	tell(first, "p1", 2, 1);
	for (unsigned i = 0; i < 10 * STRANGERS_EACH; i++)
		tell(last, "p1", 100 + i, 2 + i);
	ck_assert_uint_eq(strangers_count(ss, "p1"), STRANGERS_EACH);
	ck_assert_int_eq(kind_of(busy, 0), TOKEN_BOOT);
	ck_assert_int_eq(kind_of(known, 0), TOKEN_BOOT); /* though it is older than all of them */
	ck_assert_int_eq(kind_of(other, 0), TOKEN_NEXT);
	ck_assert_int_eq(kind_of(first, 0), TOKEN_NONE);
	ck_assert_int_eq(kind_of(last, 0), TOKEN_NEXT);
}
END_TEST

START_TEST(crowd_that_boots)
{
	char tokens[STRANGERS_EACH][TOKEN_TEXT], more[TOKEN_TEXT];

	for (unsigned i = 0; i < STRANGERS_EACH; i++)
		strangers_boot(ss, by(tell(tokens[i], "p1", i + 1, i)), i);
	ck_assert_str_eq(tell(more, "p1", 1000, 500), "");
	ck_assert_str_ne(tell(more, "p2", 1000, 500), "");
	strangers_know(ss, by(tokens[7]), "d1", 501);
	ck_assert_str_ne(tell(more, "p1", 1000, 502), "");
	ck_assert_int_eq(kind_of(tokens[7], 502), TOKEN_NONE);
	ck_assert_str_ne(
		tell(more, "p1", 2000, STRANGER_MS + 50), ""); /* those of 0 to 50 are over */
}
END_TEST

START_TEST(everywhere)
{
	char segment[16], token[TOKEN_TEXT];

	for (unsigned s = 0; s < 20; s++)
		for (unsigned i = 0; i < STRANGERS_EACH; i++) {
			snprintf(segment, sizeof segment, "p%u", s);
			ck_assert_str_ne(tell(token, segment, i + 1, s), "");
		}
	ck_assert_uint_eq(strangers_count(ss, NULL), STRANGERS_MAX);
}
END_TEST

START_TEST(forgotten)
{
	char a[TOKEN_TEXT];
	struct mac mac = mac_of(1);

	tell(a, "p1", 1, 0);
	(void)strangers_forget(ss, "p2", &mac);
	ck_assert_int_eq(kind_of(a, 0), TOKEN_NEXT);
	(void)strangers_forget(ss, "p1", &mac);
	ck_assert_int_eq(kind_of(a, 0), TOKEN_NONE);
}
END_TEST

START_TEST(stored)
{
	char dir[] = "/tmp/test_stranger.XXXXXX", path[64], command[64], why[256];
	char a[TOKEN_TEXT], b[TOKEN_TEXT], c[TOKEN_TEXT];
	struct mailbox home;
	struct mac mac = mac_of(3);
	struct store *s;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/db", dir);
	strangers_free(ss);
	ck_assert_int_eq(mailbox_init(&home), 0);
	ck_assert_int_eq(store_open(path, &s, why, sizeof why), 0);
	ck_assert_int_eq(strangers_new(s, &ss), 0);
	ck_assert_int_eq(store_start(s, &home), 0);
	strangers_boot(ss, by(tell(a, "p1", 1, 10)), 10);
	strangers_know(ss, by(a), "d5", 11);
	ck_assert(strangers_say_uuid(ss, "p1", &by(a)->mac, UUID));
	tell(b, "p1", 2, 0);
	tell(c, "p1", 3, 10);
	ck_assert(strangers_forget(ss, NULL, &mac));
	ck_assert(!strangers_forget(ss, NULL, &mac));
	ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
	store_close(s);
	strangers_free(ss);

	ck_assert_int_eq(store_open(path, &s, why, sizeof why), 0);
	ck_assert_int_eq(strangers_new(s, &ss), 0);
	ck_assert_int_eq(strangers_load(ss, STRANGER_MS + 5), 0);
	ck_assert_int_eq(kind_of(a, 11), TOKEN_BOOT);
	ck_assert_str_eq(by(a)->id, "d5");
	ck_assert_str_eq(by(a)->uuid, UUID);
	ck_assert_int_eq(by(a)->state, STRANGER_KNOWN);
	ck_assert_int_eq(kind_of(b, 11), TOKEN_NONE); /* over */
	ck_assert_int_eq(kind_of(c, 11), TOKEN_NONE); /* forgotten */
	store_close(s);
	mailbox_fini(&home);
	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stranger");
	TCase *t = tcase_create("stranger");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, told);
	tcase_add_test(t, boots);
	tcase_add_test(t, crowd);
	tcase_add_test(t, uuids);
	tcase_add_test(t, crowd_that_boots);
	tcase_add_test(t, everywhere);
	tcase_add_test(t, forgotten);
	tcase_add_test(t, stored);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
