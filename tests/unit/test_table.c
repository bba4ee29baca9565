/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/table.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct thing {
	unsigned key;
	bool seen;
	struct table_node node;
};

enum { THINGS = 5000 };

static struct thing things[THINGS];

static uint64_t hash_of(unsigned key)
{
	return hash_bytes(&key, sizeof key, 0);
}

static struct thing *find(const struct table *t, unsigned key)
{
	struct table_node *n;

	for (n = table_first(t, hash_of(key)); n; n = table_next(n))
		if (table_entry(n, struct thing, node)->key == key)
			return table_entry(n, struct thing, node);
	return NULL;
}

static void fill(struct table *t)
{
	table_init(t);
	for (unsigned i = 0; i < THINGS; i++) {
		things[i] = (struct thing){.key = i};
		ck_assert_int_eq(table_put(t, &things[i].node, hash_of(i)), 0);
	}
}

START_TEST(an_empty_table_has_nothing)
{
	struct table t;
	size_t slot = 0;

	table_init(&t);
	ck_assert_ptr_null(table_first(&t, 1));
	ck_assert_ptr_null(table_walk(&t, &slot, NULL));
	table_fini(&t);
}
END_TEST

START_TEST(what_is_put_is_found_until_removed)
{
	struct table t;

	fill(&t);
	ck_assert_uint_eq(t.count, THINGS);
	ck_assert_uint_ge(t.n_slots, THINGS);
	for (unsigned i = 0; i < THINGS; i++)
		ck_assert_ptr_eq(find(&t, i), &things[i]);
	ck_assert_ptr_null(find(&t, THINGS));
	for (unsigned i = 0; i < THINGS; i += 2)
		table_remove(&t, &things[i].node);
	for (unsigned i = 0; i < THINGS; i++)
		ck_assert_ptr_eq(find(&t, i), i % 2 ? &things[i] : NULL);
	ck_assert_uint_eq(t.count, THINGS / 2);
	table_fini(&t);
}
END_TEST

START_TEST(nodes_of_one_hash_live_together)
{
	struct thing a = {.key = 1}, b = {.key = 2}, c = {.key = 3};
	struct table_node *n;
	struct table t;
	unsigned sum = 0;

	table_init(&t);
	table_put(&t, &a.node, 5);
	table_put(&t, &c.node, 5 + 16); /* the same slot, another hash */
	table_put(&t, &b.node, 5);
	for (n = table_first(&t, 5); n; n = table_next(n))
		sum += table_entry(n, struct thing, node)->key;
	ck_assert_uint_eq(sum, 3);
	table_remove(&t, &b.node);
	ck_assert_ptr_eq(table_first(&t, 5), &a.node);
	ck_assert_ptr_null(table_next(&a.node));
	ck_assert_ptr_eq(table_first(&t, 5 + 16), &c.node);
	table_fini(&t);
}
END_TEST

START_TEST(a_walk_sees_each_once)
{
	struct table_node *n = NULL;
	struct table t;
	size_t slot = 0, count = 0;

	fill(&t);
	while ((n = table_walk(&t, &slot, n))) {
		struct thing *thing = table_entry(n, struct thing, node);

		ck_assert(!thing->seen);
		thing->seen = true;
		count++;
	}
	ck_assert_uint_eq(count, THINGS);
	table_fini(&t);
}
END_TEST

START_TEST(a_walk_may_remove_behind_itself)
{
	struct table_node *n, *next;
	struct table t;
	size_t slot = 0;

	fill(&t);
	for (n = table_walk(&t, &slot, NULL); n; n = next) {
		next = table_walk(&t, &slot, n);
		table_remove(&t, n);
	}
	ck_assert_uint_eq(t.count, 0);
	table_fini(&t);
}
END_TEST

START_TEST(hashes_depend_on_every_byte_the_length_and_the_mix)
{
	uint8_t bytes[24] = {0};

	for (size_t len = 1; len < sizeof bytes; len++) {
		uint64_t h = hash_bytes(bytes, len, 0);

		ck_assert(h == hash_bytes(bytes, len, 0));
		ck_assert(h != hash_bytes(bytes, len - 1, 0));
		ck_assert(h != hash_bytes(bytes, len, 1));
		for (size_t i = 0; i < len; i++) {
			bytes[i] = 1;
			ck_assert(h != hash_bytes(bytes, len, 0));
			bytes[i] = 0;
		}
	}
}
END_TEST

START_TEST(small_keys_spread_over_the_slots)
{
	unsigned slots[256] = {0};

	for (unsigned i = 0; i < 256 * 16; i++)
		slots[hash_of(i) % 256]++;
	for (size_t i = 0; i < 256; i++)
		ck_assert_uint_lt(slots[i], 64);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("table");
	TCase *t = tcase_create("table");
	SRunner *sr;
	int failed;

	tcase_add_test(t, an_empty_table_has_nothing);
	tcase_add_test(t, what_is_put_is_found_until_removed);
	tcase_add_test(t, nodes_of_one_hash_live_together);
	tcase_add_test(t, a_walk_sees_each_once);
	tcase_add_test(t, a_walk_may_remove_behind_itself);
	tcase_add_test(t, hashes_depend_on_every_byte_the_length_and_the_mix);
	tcase_add_test(t, small_keys_spread_over_the_slots);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
