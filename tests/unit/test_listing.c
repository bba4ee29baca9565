/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Long lists made in slices: the text is right, others get their turn, and nothing is left over when one is dropped. */
#include "service/api/listing.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct count {
	struct listing listing; /* first */
	int to, at, pause_us;
	int every; /* others are left out */
	char *text;
	size_t len;
	int over;
};

static struct loop *loop;
static struct listings listings;

static void set_up(void)
{
	ck_assert_int_eq(loop_new(&loop), 0);
	listings_init(&listings, loop);
}

static void tear_down(void)
{
	listings_drop_all(&listings);
	loop_free(loop);
}

static bool next(struct listing *l, json_t **ret)
{
	struct count *c = (struct count *)l;

	*ret = NULL;
	if (c->at == c->to)
		return false;
	if (c->pause_us)
		usleep((useconds_t)c->pause_us);
	*ret = c->at % c->every ? NULL : json_integer(c->at);
	c->at++;
	return true;
}

static void over(struct listing *l, char *text, size_t len)
{
	struct count *c = (struct count *)l;

	c->text = text;
	c->len = len;
	c->over++;
}

static struct count count_to(int n, int pause_us)
{
	return (struct count){.listing = {.member = "n", .next = next, .over = over},
		.to = n,
		.every = 1,
		.pause_us = pause_us};
}

static void check_text(struct count *c)
{
	json_t *j, *n;

	ck_assert_int_eq(c->over, 1);
	ck_assert_ptr_nonnull(c->text);
	ck_assert_uint_eq(strlen(c->text), c->len);
	j = json_loads(c->text, 0, NULL);
	ck_assert_ptr_nonnull(j);
	n = json_object_get(j, "n");
	ck_assert_uint_eq(json_array_size(n), (size_t)c->to);
	for (int i = 0; i < c->to; i++)
		ck_assert_int_eq(json_integer_value(json_array_get(n, (size_t)i)), i);
	json_decref(j);
	free(c->text);
}

START_TEST(test_short_is_over_at_once)
{
	struct count none = count_to(0, 0), three = count_to(3, 0);

	listing_start(&listings, &none.listing);
	ck_assert_str_eq(none.text, "{\"n\":[]}");
	check_text(&none);
	listing_start(&listings, &three.listing);
	ck_assert_str_eq(three.text, "{\"n\":[0,1,2]}");
	check_text(&three);
}
END_TEST

static json_t *next_page(struct listing *l)
{
	return json_integer(((struct count *)l)->at);
}

START_TEST(test_pages_and_what_is_left_out)
{
	struct count c = count_to(7, 0);

	c.every = 3;
	c.listing.next_page = next_page;
	listing_start(&listings, &c.listing);
	ck_assert_str_eq(c.text, "{\"n\":[0,3,6],\"next\":7}");
	free(c.text);
	c = count_to(1, 0);
	c.at = 1;
	c.listing.next_page = next_page;
	listing_start(&listings, &c.listing);
	ck_assert_str_eq(c.text, "{\"n\":[],\"next\":1}");
	free(c.text);
}
END_TEST

/* Nothing fits, and it takes its time all the same. */
START_TEST(test_what_is_left_out_takes_turns)
{
	struct count c = count_to(100, 300);

	c.every = 1000;
	listing_start(&listings, &c.listing);
	ck_assert_int_eq(c.over, 0);
	ck_assert_int_eq(c.at, 8);
	while (!c.over)
		loop_once(loop, 1000);
	ck_assert_str_eq(c.text, "{\"n\":[0]}");
	free(c.text);
}
END_TEST

static int fired;

static void fire(struct loop_timer *t)
{
	(void)t;
	fired++;
}

START_TEST(test_others_get_their_turn)
{
	struct count a = count_to(200, 300), b = count_to(20000, 0);
	struct loop_timer other;
	int turns = 0;

	loop_timer_init(&other, fire, NULL);
	fired = 0;
	listing_start(&listings, &a.listing);
	listing_start(&listings, &b.listing);
	ck_assert_int_eq(a.over, 0);
	for (; !a.over || !b.over; turns++) {
		ck_assert_int_eq(loop_timer_set(loop, &other, 0), 0);
		loop_once(loop, 1000);
	}
	/* a slice of the slow one is eight items, those of the other are in between */
	ck_assert_int_ge(turns, 200 / 8);
	ck_assert_int_ge(fired, turns - 1);
	check_text(&a);
	check_text(&b);
	ck_assert_ptr_null(listings.first);
	ck_assert_ptr_null(listings.last);
	loop_timer_clear(loop, &other);
}
END_TEST

START_TEST(test_dropped)
{
	struct count a = count_to(200, 300), b = count_to(200, 300), c = count_to(200, 300);

	listing_start(&listings, &a.listing);
	listing_start(&listings, &b.listing);
	listing_start(&listings, &c.listing);
	loop_once(loop, 1000);
	listing_drop(&c.listing);
	ck_assert_int_eq(c.over, 1);
	ck_assert_ptr_null(c.text);
	listing_drop(&a.listing);
	ck_assert_int_eq(a.over, 1);
	ck_assert_ptr_null(a.text);
	while (!b.over)
		loop_once(loop, 1000);
	check_text(&b);
	a = count_to(200, 300);
	listing_start(&listings, &a.listing);
	listings_drop_all(&listings);
	ck_assert_int_eq(a.over, 1);
	ck_assert_ptr_null(a.text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("listing");
	TCase *t = tcase_create("listing");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, test_short_is_over_at_once);
	tcase_add_test(t, test_pages_and_what_is_left_out);
	tcase_add_test(t, test_what_is_left_out_takes_turns);
	tcase_add_test(t, test_others_get_their_turn);
	tcase_add_test(t, test_dropped);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
