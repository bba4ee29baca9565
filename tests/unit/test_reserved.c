/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and addresses of machines that are being made. */
#include "service/base/reserved.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct machine a = {.name = "a"}, b = {.name = "b"};
static struct reservation ra = {.machine = &a}, rb = {.machine = &b}, *all;

static struct ip ip(uint32_t host)
{
	return ip_from_v4(0x0a4d0100 + host);
}

static void card(struct machine *m, const char *segment, uint32_t id, uint32_t host)
{
	struct nic *nic = &m->nics[m->n_nics++];

	strcpy(nic->segment, segment);
	nic->segment_id = id;
	nic->n_addrs = host ? 1 : 0;
	nic->addrs[0] = ip(host);
}

static void setup(void)
{
	a.n_nics = b.n_nics = 0;
	card(&a, "lan", 1, 3);
	card(&a, "dmz", 2, 4);
	card(&b, "lan", 1, 0); /* none yet */
	all = NULL;
	reserve(&all, &ra);
	reserve(&all, &rb);
}

START_TEST(names)
{
	ck_assert(reserved(all, "a", 0, NULL));
	ck_assert(reserved(all, "b", 0, NULL));
	ck_assert(!reserved(all, "c", 0, NULL));
	ck_assert(!reserved(all, NULL, 0, NULL));
	ck_assert(!reserved(NULL, "a", 0, NULL));
}
END_TEST

/* Of any of its cards, on that segment. */
START_TEST(addresses)
{
	ck_assert(reserved(all, NULL, 1, &(struct ip){0}) == false);
	ck_assert(reserved(all, NULL, 1, (struct ip[]){ip(3)}));
	ck_assert(reserved(all, NULL, 2, (struct ip[]){ip(4)}));
	ck_assert(!reserved(all, NULL, 2, (struct ip[]){ip(3)}));
	ck_assert(!reserved(all, NULL, 1, (struct ip[]){ip(4)}));
	ck_assert(!reserved(all, NULL, 1, (struct ip[]){ip(0)})); /* what a card without one has */
	ck_assert(reserved(all, "c", 1, (struct ip[]){ip(3)}));
	ck_assert(reserved(all, "b", 1, (struct ip[]){ip(9)}));
}
END_TEST

START_TEST(networks)
{
	ck_assert_ptr_eq(reserved_on(all, "lan"), &b); /* the last that came */
	ck_assert_ptr_eq(reserved_on(all, "dmz"), &a);
	ck_assert_ptr_null(reserved_on(all, "wan"));
	unreserve(&all, &rb);
	ck_assert_ptr_eq(reserved_on(all, "lan"), &a);
}
END_TEST

START_TEST(ends)
{
	unreserve(&all, &ra);
	ck_assert(!reserved(all, "a", 1, (struct ip[]){ip(3)}));
	ck_assert(reserved(all, "b", 0, NULL));
	unreserve(&all, &ra); /* it is not among them */
	ck_assert_ptr_eq(all, &rb);
	unreserve(&all, &rb);
	ck_assert_ptr_null(all);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reserved");
	TCase *t = tcase_create("reserved");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, names);
	tcase_add_test(t, addresses);
	tcase_add_test(t, networks);
	tcase_add_test(t, ends);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
