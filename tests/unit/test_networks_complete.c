/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request to make a network, beside what was made before and what is served. */
#include "service/network/networks_complete.h"

#include "base_make.h"

#include "service/network/network.h"

#include <errno.h>

static struct base base;
static struct network nw;
static char why[512];

static void setup(void)
{
	base_make(&base);
	nw = (struct network){.base = &base};
	nw.networks.store = base.store;
	ck_assert_int_eq(networks_put(&nw.networks,
				 &(struct guest_network_spec){.name = "lab",
					 .subnet = {0x0a630000, 24},
					 .forward = "route",
					 .domain = "lab.example",
					 .mtu = 1400,
					 .lab = "one",
					 .made_at = 5}),
		0);
}

static void teardown(void)
{
	base_unmake(&base);
}

static int complete(struct guest_network_spec *spec)
{
	why[0] = '\0';
	return networks_complete(&nw, spec, why, sizeof why);
}

START_TEST(a_new_one)
{
	struct guest_network_spec spec = {.name = "new", .mtu = 9000}, was = spec;

	ck_assert_int_eq(complete(&spec), 0);
	ck_assert(!memcmp(&spec, &was, sizeof spec)); /* libvirt's part finds the rest */
}
END_TEST

START_TEST(as_it_was_made)
{
	struct guest_network_spec spec = {.name = "lab"};

	ck_assert_int_eq(complete(&spec), 0);
	ck_assert(!memcmp(&spec, networks_find(&nw.networks, "lab"), sizeof spec));
	spec = (struct guest_network_spec){.name = "lab", .mtu = 1400, .forward = "route"};
	ck_assert_int_eq(complete(&spec), 0);
	ck_assert_uint_eq(spec.subnet.net, 0x0a630000);
	spec = (struct guest_network_spec){.name = "lab", .mtu = 1500};
	ck_assert_int_eq(complete(&spec), -EEXIST);
	ck_assert_str_ne(why, "");
	ck_assert_uint_eq(spec.subnet.len, 0); /* nothing is filled in */
	spec = (struct guest_network_spec){.name = "lab", .subnet = {0x0a640000, 24}};
	ck_assert_int_eq(complete(&spec), -EEXIST);
}
END_TEST

START_TEST(an_interface_has_the_name)
{
	struct guest_network_spec spec = {.name = "eth1"}, lan = {.name = "lan"};
	struct segment wire = {.name = "eth1"};

	ck_assert_int_eq(segments_add(&base.segments, &wire, NULL), 0);
	ck_assert_int_eq(complete(&spec), -EEXIST);
	ck_assert_str_eq(why, "'eth1' is an interface that is served: take another name");
	ck_assert_int_eq(complete(&lan), 0); /* a network that is served, and not of our making */
}
END_TEST

START_TEST(too_many)
{
	struct guest_network_spec spec = {.name = "new"}, old = {.name = "lab"},
				  lan = {.name = "lan"};
	char name[16];

	for (int i = 0; base.config.n_segments < SEGMENT_MAX; i++) {
		ck_assert_int_eq(complete(&spec), 0);
		snprintf(name, sizeof name, "n%d", i);
		ck_assert_int_eq(config_add_segment(&base.config, name, true), 0);
	}
	ck_assert_int_eq(complete(&spec), -ENOSPC);
	ck_assert_str_eq(why, "64 networks and interfaces are already served, the maximum");
	ck_assert_int_eq(complete(&old), 0);
	ck_assert_int_eq(complete(&lan), 0); /* it is one of them */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("networks_complete");
	TCase *t = tcase_create("networks_complete");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_new_one);
	tcase_add_test(t, as_it_was_made);
	tcase_add_test(t, an_interface_has_the_name);
	tcase_add_test(t, too_many);
	suite_add_tcase(s, t);
	return base_run(s);
}
