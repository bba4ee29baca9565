/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/boot/place.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

/* What a machine looks like that is where it should be: bare metal on our wire. */
#define METAL                                                                                 \
	{                                                                                     \
		.card = true, .recorded = true, .mac = PLACE_SEEN_ITS, .port = PLACE_SEEN_NOT \
	}

static struct place_view metal(void)
{
	return (struct place_view)METAL;
}

static struct place_view guest(void)
{
	struct place_view v = METAL;

	v.guest = true;
	v.port = PLACE_SEEN_ITS;
	return v;
}

/* Whose the address is. */
START_TEST(address)
{
	static const struct {
		bool card, recorded, leased, anothers, others_lease, self_made;
		enum place_fault fault;
	} table[] = {
		{true, true, false, false, false, false, PLACE_FINE},
		{true, false, true, false, false, false, PLACE_FINE},
		{true, true, true, false, false, false, PLACE_FINE},
		{true, false, false, false, false, false, PLACE_NOT_HELD},
		/* another's record, or its lease in force on an address that became this one's */
		{true, false, false, true, false, false, PLACE_ANOTHERS},
		{true, true, false, true, false, false, PLACE_ANOTHERS},
		/* another server leases: the MAC says whose it is */
		{true, false, false, false, true, false, PLACE_FINE},
		{true, false, false, true, true, false, PLACE_ANOTHERS},
		/* made by whoever has it: the same, unless it is somebody's by record or lease */
		{true, false, false, false, false, true, PLACE_FINE},
		{true, false, false, true, false, true, PLACE_ANOTHERS},
		{false, false, false, false, false, true, PLACE_NO_CARD},
		/* another segment, with the same addresses perhaps */
		{false, true, false, false, false, false, PLACE_NO_CARD},
		{false, false, false, false, true, false, PLACE_NO_CARD},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct place_view v = metal();

		v.card = table[i].card;
		v.recorded = table[i].recorded;
		v.leased = table[i].leased;
		v.anothers = table[i].anothers;
		v.others_lease = table[i].others_lease;
		v.self_made = table[i].self_made;
		ck_assert_msg(place_judge(&v) == table[i].fault, "row %zu", i);
	}
}
END_TEST

/* Who answers for it, and at which port. */
START_TEST(wire)
{
	static const struct {
		bool guest;
		enum place_seen mac, port;
		enum place_fault fault;
	} table[] = {
		{false, PLACE_SEEN_ITS, PLACE_SEEN_ANOTHERS, PLACE_FINE},
		{false, PLACE_SEEN_ANOTHERS, PLACE_SEEN_ITS, PLACE_WRONG_MAC},
		{false, PLACE_SEEN_NOT, PLACE_SEEN_ITS, PLACE_NO_MAC},
		{false, PLACE_SEEN_CANNOT, PLACE_SEEN_NOT, PLACE_FINE},
		{true, PLACE_SEEN_ITS, PLACE_SEEN_ITS, PLACE_FINE},
		{true, PLACE_SEEN_ITS, PLACE_SEEN_ANOTHERS, PLACE_WRONG_PORT},
		{true, PLACE_SEEN_ITS, PLACE_SEEN_NOT, PLACE_NO_PORT},
		{true, PLACE_SEEN_ITS, PLACE_SEEN_CANNOT, PLACE_FINE},
		{true, PLACE_SEEN_CANNOT, PLACE_SEEN_ANOTHERS, PLACE_WRONG_PORT},
		/* what is wrong is refused at once, whatever is not known yet */
		{true, PLACE_SEEN_NOT, PLACE_SEEN_ANOTHERS, PLACE_WRONG_PORT},
		{true, PLACE_SEEN_ANOTHERS, PLACE_SEEN_NOT, PLACE_WRONG_MAC},
		{true, PLACE_SEEN_NOT, PLACE_SEEN_NOT, PLACE_NO_MAC},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct place_view v = metal();

		v.guest = table[i].guest;
		v.mac = table[i].mac;
		v.port = table[i].port;
		ck_assert_msg(place_judge(&v) == table[i].fault, "row %zu", i);
	}
}
END_TEST

/* The neighbour behind a relay is its router. */
START_TEST(relayed)
{
	struct place_view v = metal();

	v.relayed = true;
	v.mac = PLACE_SEEN_ANOTHERS;
	ck_assert_int_eq(place_judge(&v), PLACE_FINE);
	v.recorded = false;
	ck_assert_int_eq(place_judge(&v), PLACE_NOT_HELD);
	v.others_lease = true;
	ck_assert_int_eq(place_judge(&v), PLACE_NOT_HELD);
	v.leased = true;
	ck_assert_int_eq(place_judge(&v), PLACE_FINE);
	v.anothers = true;
	ck_assert_int_eq(place_judge(&v), PLACE_ANOTHERS);
}
END_TEST

/* A kernel that tells no MAC: where another server leases, the record alone is left. */
START_TEST(no_mac_ever)
{
	struct place_view v = guest();

	v.mac = PLACE_SEEN_CANNOT;
	v.others_lease = true;
	ck_assert_int_eq(place_judge(&v), PLACE_FINE);
	v.recorded = false;
	ck_assert_int_eq(place_judge(&v), PLACE_NOT_HELD);
}
END_TEST

/* Only a kernel that never tells lets the records decide alone. An error that may pass does not. */
START_TEST(not_told)
{
	static const int passing[] = {-ENOENT, -ENODEV, -EIO, -ENOMEM, -EMFILE, -ENOBUFS, -EINTR};
	struct place_view v = guest();

	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
		v.mac = place_seen_not(passing[i]);
		ck_assert_int_eq(place_judge(&v), PLACE_NO_MAC);
		v.mac = PLACE_SEEN_ITS;
		v.port = place_seen_not(passing[i]);
		ck_assert_int_eq(place_judge(&v), PLACE_NO_PORT);
		v.port = PLACE_SEEN_ITS;
	}
	v.mac = v.port = place_seen_not(-EOPNOTSUPP);
	ck_assert_int_eq(place_judge(&v), PLACE_FINE);
}
END_TEST

START_TEST(looked_at_again)
{
	for (int f = PLACE_FINE; f <= PLACE_NO_PORT; f++)
		ck_assert_int_eq(place_is_open((enum place_fault)f),
			f == PLACE_NO_MAC || f == PLACE_NO_PORT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("place");
	TCase *t = tcase_create("place");
	SRunner *r;
	int failed;

	tcase_add_test(t, address);
	tcase_add_test(t, wire);
	tcase_add_test(t, relayed);
	tcase_add_test(t, no_mac_ever);
	tcase_add_test(t, not_told);
	tcase_add_test(t, looked_at_again);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
