/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who leased on an interface the last time, over a restart. */
#include "service/network/decided.h"

#include "base_make.h"

#include "service/network/network.h"

static struct base base;
static struct network nw;
static struct segment *lan, *other;

static void load(void)
{
	char why[512] = "";

	nw = (struct network){.base = &base};
	ck_assert_msg(!decided_load(&nw, why, sizeof why), "%s", why);
	base_make_start(&base);
	lan = base_segment(&base, "lan");
	other = base_segment(&base, "default");
}

static void setup(void)
{
	base_make_folder();
	base_make_open(&base);
	load();
}

static void restart(void)
{
	base_make_close(&base);
	base_make_open(&base);
	load();
}

static void teardown(void)
{
	base_unmake(&base);
}

START_TEST(kept_over_a_restart)
{
	ck_assert(!decided_was_own(&nw, lan));
	decided_keep(&nw, lan, true);
	ck_assert(decided_was_own(&nw, lan));
	restart();
	ck_assert(decided_was_own(&nw, lan));
	ck_assert(!decided_was_own(&nw, other));
	decided_keep(&nw, lan, false);
	ck_assert(!decided_was_own(&nw, lan));
	restart();
	ck_assert(!decided_was_own(&nw, lan));
}
END_TEST

/* Another address is another wire. */
START_TEST(elsewhere)
{
	decided_keep(&nw, lan, true);
	restart();
	lan->server = base_ip("10.77.1.2");
	ck_assert(!decided_was_own(&nw, lan));
	lan->server = base_ip("10.77.1.1");
	lan->prefix_len = 25;
	ck_assert(!decided_was_own(&nw, lan));
	decided_keep(&nw, lan, true);
	ck_assert(decided_was_own(&nw, lan));
	restart();
	ck_assert(!decided_was_own(&nw, lan)); /* it is /24 again */
}
END_TEST

START_TEST(written_once)
{
	decided_keep(&nw, lan, false);
	ck_assert_uint_eq(store_stats(base.store).commits, 0);
	decided_keep(&nw, lan, true);
	decided_keep(&nw, lan, true);
	ck_assert_uint_eq(store_stats(base.store).commits, 1);
}
END_TEST

/* Other settings, segments that are not served, and what no version of ours wrote. */
START_TEST(what_else_is_stored)
{
	static char value[200];

	memset(value, 'x', sizeof value);
	store_put(base.store, STORE_SETTING, "leases:", 7, "own 10.77.1.1/24", 16);
	store_put(base.store, STORE_SETTING, "leases:gone", 11, "own 10.77.1.1/24", 16);
	store_put(base.store, STORE_SETTING, "clock", 5, "own 10.77.1.1/24", 16);
	store_put(base.store, STORE_SETTING, "leases:lan", 10, value, sizeof value);
	restart();
	ck_assert(!decided_was_own(&nw, lan));
	ck_assert(!decided_was_own(&nw, other));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("decided");
	TCase *t = tcase_create("decided");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, kept_over_a_restart);
	tcase_add_test(t, elsewhere);
	tcase_add_test(t, written_once);
	tcase_add_test(t, what_else_is_stored);
	suite_add_tcase(s, t);
	return base_run(s);
}
