/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has a name and a reservation in libvirt's networks, and where it is looked for guests of others. */
#include "service/network/seats.h"

#include "rooms_make.h"

#include <errno.h>

static struct service rooms;
static struct network *nw = &rooms.network;
static unsigned answers;

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	answers = 0;
}

static void teardown(void)
{
	rooms_unmake(&rooms);
}

static void on_done(void *arg, int rc, const char *why)
{
	(void)rc, (void)why;
	ck_assert_ptr_eq(arg, &answers);
	answers++;
}

static int publish(const struct machine *m)
{
	return seats_publish(nw, m, true, on_done, &answers);
}

START_TEST(whose_they_are)
{
	struct segment seg = {.is_network = true, .mode = SEGMENT_PROXY};

	ck_assert(seats_are_theirs(&seg));
	ck_assert(!seats_are_theirs(NULL));
	seg.bridged = true; /* libvirt's dnsmasq is not there */
	ck_assert(!seats_are_theirs(&seg));
	seg = (struct segment){.is_network = true, .mode = SEGMENT_OWN};
	ck_assert(!seats_are_theirs(&seg));
	seg.mode = SEGMENT_AUTO;
	ck_assert(!seats_are_theirs(&seg));
	seg = (struct segment){.mode = SEGMENT_PROXY};
	ck_assert(!seats_are_theirs(&seg));
}
END_TEST

/* Guests always, bare metal on a libvirt network; who has no address has no seat. */
START_TEST(who_is_published)
{
	struct segment wire = {.name = "eth9", .mode = SEGMENT_OWN};
	struct machine *guest = base_machine(&rooms.base, "guest", true, "10.77.1.3"),
		       *bare = base_machine(&rooms.base, "bare", false, "10.77.1.4"), *out, *away;

	ck_assert_int_eq(segments_add(&rooms.base.segments, &wire, NULL), 0);
	out = base_add(&rooms.base, base_record("out", false, "eth9", "10.77.1.5"));
	away = base_add(&rooms.base, base_record("away", true, "nowhere", "10.77.1.6"));
	ck_assert_int_eq(publish(guest), 0);
	ck_assert_int_eq(publish(bare), 0);
	ck_assert_int_eq(publish(away), 0); /* libvirt knows the network, perhaps */
	ck_assert_int_eq(publish(out), -ENOENT);
	guest->nics[0].n_addrs = 0;
	ck_assert_int_eq(publish(guest), -ENOENT);
	base_wait(&rooms.base, answers == 3);
}
END_TEST

START_TEST(nobody_waits)
{
	struct machine *m = base_machine(&rooms.base, "guest", true, "10.77.1.3");

	ck_assert_int_eq(seats_publish(nw, m, true, NULL, NULL), 0);
	ck_assert_int_eq(seats_publish(nw, m, false, NULL, NULL), 0);
	ck_assert_int_eq(publish(m), 0); /* after the others, which harm nobody */
	base_wait(&rooms.base, answers);
	ck_assert_uint_eq(answers, 1);
}
END_TEST

/* Where libvirt leases, its own network is seen to; where we do, the claims are. */
START_TEST(where_it_is_looked)
{
	seats_look(nw, "vm");
	ck_assert_ptr_nonnull(nw->looks);
	base_wait(&rooms.base, !nw->looks);
	base_segment(&rooms.base, "lan")->mode = SEGMENT_PROXY;
	seats_look(nw, "vm");
	ck_assert_ptr_null(nw->looks);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("seats");
	TCase *t = tcase_create("seats");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whose_they_are);
	tcase_add_test(t, who_is_published);
	tcase_add_test(t, nobody_waits);
	tcase_add_test(t, where_it_is_looked);
	suite_add_tcase(s, t);
	return base_run(s);
}
