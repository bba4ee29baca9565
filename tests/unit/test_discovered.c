/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/discovered.h"

#include "core/json.h"
#include "core/log.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct discovereds *ds;
static char why[256];

static void setup(void)
{
	log_init(-1);
	ck_assert_int_eq(discovereds_new(NULL, &ds), 0);
}

static void teardown(void)
{
	discovereds_free(ds);
}

static struct mac mac_of(unsigned n)
{
	return (struct mac){{2, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

/* A machine with cards `a` and `b` (0: none). */
static json_t *inventory(const char *uuid, const char *serial, unsigned a, unsigned b)
{
	json_t *j = json_pack("{s:i, s:{s:s, s:s, s:s, s:s}, s:[]}", "schema", 1, "system", "uuid",
		       uuid, "serial", serial, "vendor", "ACME", "product", "R1", "interfaces"),
	       *ret = NULL, *all = json_object_get(j, "interfaces");
	unsigned macs[] = {a, b};
	char text[MAC_TEXT], *dump;
	struct mac mac;

	for (size_t i = 0; i < 2; i++) {
		mac = mac_of(macs[i]);
		if (macs[i])
			json_array_append_new(
				all, json_pack("{s:s}", "mac", mac_format(&mac, text)));
	}
	dump = json_dumps(j, 0);
	ck_assert_msg(!inventory_parse(dump, strlen(dump), &ret, why, sizeof why), "%s", why);
	free(dump);
	json_decref(j);
	return ret;
}

static struct discovered *take_on(const char *segment, json_t *j, unsigned by, int64_t now)
{
	struct discovered_from from = {
		.segment = segment, .mac = mac_of(by), .ip = ip_from_v4(0x0a000001), .now = now};
	struct discovered *d = NULL;

	ck_assert_int_eq(discovereds_take(ds, j, &from, &d, NULL), 0);
	json_decref(j);
	return d;
}

static struct discovered *take(
	const char *uuid, const char *serial, unsigned a, unsigned b, unsigned by)
{
	return take_on("p1", inventory(uuid, serial, a, b), by, 1000);
}

static const char *twins(const struct discovered *d)
{
	static char text[256];
	json_t *all = discovereds_duplicates(ds, d);

	*text = '\0';
	for (size_t i = 0; i < json_array_size(all); i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s %s", i ? ", " : "",
			json_text(json_array_get(all, i), "id"),
			json_text(json_array_get(all, i), "shares"));
	json_decref(all);
	return text;
}

#define U1 "4c4c4544-0000-4410-8057-b7c04f4e4431"
#define U2 "4c4c4544-0000-4410-8057-b7c04f4e4432"
#define ZERO "00000000-0000-0000-0000-000000000000"

START_TEST(one)
{
	struct discovered *d = take(U1, "S1", 1, 2, 1), *again;
	json_t *j;

	ck_assert_str_eq(d->id, "d1");
	ck_assert_str_eq(json_text(d->summary, "product"), "R1");
	ck_assert_int_eq(json_integer_value(json_object_get(d->summary, "disks")), 0);
	ck_assert(json_is_null(json_object_get(d->summary, "switch")));
	ck_assert_str_eq(d->identity.serial, "S1");
	ck_assert_uint_eq(d->n_macs, 2);
	ck_assert_str_eq(twins(d), "");
	j = discovered_inventory(d);
	ck_assert_str_eq(json_text(json_object_get(j, "system"), "uuid"), U1);
	json_decref(j);
	/* whichever card it boots by */
	again = take_on("p2", inventory(U1, "S1", 1, 2), 2, 2000);
	ck_assert_ptr_eq(again, d);
	ck_assert_str_eq(d->segment, "p2");
	ck_assert_int_eq(d->first_seen, 1000);
	ck_assert_int_eq(d->last_seen, 2000);
	/* a new card beside the old one */
	ck_assert_ptr_eq(take(U1, "S1", 9, 2, 9), d);
	ck_assert_uint_eq(discovereds_count(ds), 1);
	/* without any UUID */
	ck_assert_ptr_eq(take(ZERO, "S1", 9, 2, 9), d);
	ck_assert_str_eq(d->identity.uuid, "");
}
END_TEST

START_TEST(not_its_own)
{
	json_t *j = inventory(U1, "S1", 1, 2);
	struct discovered_from from = {.segment = "p1", .mac = mac_of(3)};
	struct discovered *d = NULL;

	ck_assert_int_eq(discovereds_take(ds, j, &from, &d, NULL), -EBADMSG);
	ck_assert_uint_eq(discovereds_count(ds), 0);
	json_decref(j);
}
END_TEST

START_TEST(duplicates)
{
	struct discovered *a = take(U1, "S1", 1, 2, 1), *b = take(U1, "S2", 3, 0, 3),
			  *c = take(U2, "S1", 4, 0, 4);

	ck_assert_ptr_ne(a, b);
	ck_assert_str_eq(twins(a), "d2 UUID, d3 serial");
	ck_assert_str_eq(twins(b), "d1 UUID");
	ck_assert_str_eq(twins(c), "d1 serial");
	discovereds_forget(ds, a);
	ck_assert_str_eq(twins(b), "");
	ck_assert_str_eq(twins(c), "");
}
END_TEST

/* What no machine has of its own makes none a duplicate. */
START_TEST(worthless)
{
	struct discovered *a = take(ZERO, "Default string", 1, 0, 1),
			  *b = take(ZERO, "Default string", 2, 0, 2);

	ck_assert_ptr_ne(a, b);
	ck_assert_str_eq(twins(a), "");
	ck_assert(strstr(a->identity.refused, "UUID is all zero"));
}
END_TEST

/* It was taken out of one and put into the other. */
START_TEST(moved_card)
{
	struct discovered *a = take(U1, "S1", 1, 2, 1), *b = take(U2, "S2", 3, 2, 2);

	ck_assert_ptr_ne(a, b);
	ck_assert_str_eq(twins(a), "d2 MAC");
	ck_assert_str_eq(twins(b), "d1 MAC");
	ck_assert_ptr_eq(take(U1, "S1", 1, 0, 1), a);
	ck_assert_str_eq(twins(b), "");
}
END_TEST

static const char *found(const char *name)
{
	static char ids[64];
	struct discovered *d = NULL;
	int rc = discovereds_find(ds, name, &d, ids, sizeof ids);

	return rc == -ENOENT ? "none" : rc ? ids : d->id;
}

START_TEST(find)
{
	take(U1, "S1", 1, 2, 1);
	take(U2, "S1", 3, 0, 3);
	ck_assert_str_eq(found("d1"), "d1");
	ck_assert_str_eq(found("4C4C4544-0000-4410-8057-b7c04f4e4432"), "d2");
	ck_assert_str_eq(found("s1"), "d1, d2");
	ck_assert_str_eq(found("02-00-00-00-00-02"), "d1");
	ck_assert_str_eq(found("d3"), "none");
	ck_assert_str_eq(found(""), "none");
	/* a serial that looks like another's id takes nothing from it */
	take("", "d1", 7, 0, 7);
	ck_assert_str_eq(found("d1"), "d1");
}
END_TEST

START_TEST(crowd)
{
	struct discovered *mine = take_on("quiet", inventory(U1, "S1", 1, 2), 1, 1);

	for (unsigned i = 0; i < DISCOVERED_MAX + 300; i++) {
		char serial[16];

		snprintf(serial, sizeof serial, "C%u", i);
		take_on("loud", inventory("", serial, 100 + i, 0), 100 + i, 10 + i);
	}
	ck_assert_uint_eq(discovereds_count(ds), DISCOVERED_MAX);
	ck_assert_ptr_eq(discovereds_after(ds, 0), mine); /* older than all of them */
	ck_assert_str_eq(found("C0"), "none");
	ck_assert_str_eq(found("C301"), "d303");
	ck_assert_str_eq(found("C1299"), "d1301");
	ck_assert_str_eq(discovereds_after(ds, 1)->id, "d303");
	ck_assert_str_eq(discovereds_after(ds, 303)->id, "d304");
	ck_assert_ptr_null(discovereds_after(ds, 1301));
}
END_TEST

/* All of them say that they are one and the same. */
START_TEST(crowd_of_one)
{
	struct discovered *d = NULL;
	json_t *all;

	for (unsigned i = 0; i < 100; i++)
		d = take(U1, "S1", 100 + i, 0, 100 + i);
	all = discovereds_duplicates(ds, d);
	ck_assert_uint_eq(json_array_size(all), DISCOVERED_TWINS);
	json_decref(all);
}
END_TEST

static json_t *large(unsigned mac)
{
	json_t *j = inventory("", "", mac, 0), *disks = json_object_get(j, "disks");
	char text[1000];

	memset(text, 'x', sizeof text);
	for (unsigned i = 0; i < 120; i++)
		json_array_append_new(disks, json_pack("{s:s#}", "holds", text, (int)sizeof text));
	return j;
}

START_TEST(bytes)
{
	for (unsigned i = 1; i <= 200; i++)
		take_on("p1", large(i), i, i);
	ck_assert_uint_lt(discovereds_count(ds), DISCOVERED_BYTES / 120000 + 1);
	ck_assert_uint_gt(discovereds_count(ds), DISCOVERED_BYTES / 123000 - 1);
}
END_TEST

static struct store *store_at(const char *path, struct mailbox *home)
{
	struct store *s;

	ck_assert_int_eq(mailbox_init(home), 0);
	ck_assert_msg(!store_open(path, &s, why, sizeof why), "%s", why);
	return s;
}

START_TEST(stored)
{
	char dir[] = "/tmp/test_discovered.XXXXXX", path[64], command[64];
	struct mailbox home;
	struct store *s;
	struct discovered *d;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/db", dir);
	discovereds_free(ds);
	s = store_at(path, &home);
	ck_assert_int_eq(discovereds_new(s, &ds), 0);
	ck_assert_int_eq(discovereds_load(ds), 0);
	ck_assert_int_eq(store_start(s, &home), 0);
	take(U1, "S1", 1, 2, 1);
	take(U2, "S2", 3, 0, 3);
	take(U2, "S3", 4, 0, 4);
	discovereds_forget(ds, discovereds_by_id(ds, "d3"));
	discovereds_forget(ds, discovereds_by_id(ds, "d1"));
	ck_assert_int_eq(store_commit(s, NULL, NULL), 0);
	store_close(s);
	mailbox_fini(&home);
	discovereds_free(ds);

	s = store_at(path, &home);
	ck_assert_int_eq(discovereds_new(s, &ds), 0);
	ck_assert_int_eq(discovereds_load(ds), 0);
	ck_assert_uint_eq(discovereds_count(ds), 1);
	d = discovereds_after(ds, 0);
	ck_assert_str_eq(d->id, "d2");
	ck_assert_str_eq(d->identity.serial, "S2");
	ck_assert_str_eq(d->segment, "p1");
	ck_assert_int_eq(d->last_seen, 1000);
	ck_assert_int_eq(store_start(s, &home), 0);
	ck_assert_str_eq(take(U1, "S1", 1, 2, 1)->id, "d4"); /* d3 was another */
	ck_assert_ptr_eq(take(U2, "S2", 3, 0, 3), d);
	store_close(s);
	mailbox_fini(&home);
	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("discovered");
	TCase *t = tcase_create("discovered");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one);
	tcase_add_test(t, not_its_own);
	tcase_add_test(t, duplicates);
	tcase_add_test(t, worthless);
	tcase_add_test(t, moved_card);
	tcase_add_test(t, find);
	tcase_add_test(t, crowd);
	tcase_add_test(t, crowd_of_one);
	tcase_add_test(t, bytes);
	tcase_add_test(t, stored);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
