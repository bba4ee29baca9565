/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The networks that usher made: what a request may say of one, and what is kept over a restart. */
#include "service/network/networks.h"

#include "base_make.h"

#include <errno.h>

static struct base base;
static struct networks networks;
static struct guest_network_spec spec;
static char why[512];

static void load(void)
{
	memset(&networks, 0, sizeof networks);
	ck_assert_msg(!networks_load(&networks, base.store, why, sizeof why), "%s", why);
	base_make_start(&base);
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

/* With ' for ". */
static int read_json(const char *text)
{
	char json[512];
	json_t *j;
	int rc;

	snprintf(json, sizeof json, "%s", text);
	for (char *q = json; (q = strchr(q, '\''));)
		*q = '"';
	j = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(j);
	why[0] = '\0';
	rc = network_from_json(j, &spec, why, sizeof why);
	json_decref(j);
	return rc;
}

static void fine(const char *text)
{
	ck_assert_msg(!read_json(text), "%s: %s", text, why);
}

static void bad(const char *text, const char *line)
{
	ck_assert_int_eq(read_json(text), -EINVAL);
	ck_assert_msg(!strncmp(why, line, strlen(line)), "\"%s\", not \"%s\"", why, line);
}

START_TEST(a_request)
{
	fine("{'name': 'lab.1_x-y', 'subnet': '10.99.0.0/22', 'forward': 'route', 'domain': "
	     "'lab.example', 'mtu': 9000, 'lab': 'one', 'made': 5}");
	ck_assert_str_eq(spec.name, "lab.1_x-y");
	ck_assert_uint_eq(spec.subnet.net, 0x0a630000);
	ck_assert_uint_eq(spec.subnet.len, 22);
	ck_assert_str_eq(spec.forward, "route");
	ck_assert_str_eq(spec.domain, "lab.example");
	ck_assert_uint_eq(spec.mtu, 9000);
	ck_assert_str_eq(spec.lab, "one");
	ck_assert_int_eq(spec.made_at, 5);
	ck_assert(!spec.judged_only);
	fine("{'name': 'a'}");
	ck_assert_uint_eq(spec.subnet.len, 0);
	ck_assert_str_eq(spec.forward, "");
	ck_assert_uint_eq(spec.mtu, 0);
}
END_TEST

START_TEST(what_is_wrong)
{
	char text[256], name[80];

	bad("{}", "expected a network's name, and optionally its other fields");
	bad("{'name': 5}", "expected a network's name");
	bad("{'name': 'a', 'bridge': 'x'}", "expected a network's name");
	bad("{'name': ''}", "network '': expected at most 63 letters");
	bad("{'name': '-a'}", "network '-a': expected at most 63 letters");
	bad("{'name': '.a'}", "network '.a': expected at most 63 letters");
	bad("{'name': 'a b'}", "network 'a b': expected at most 63 letters");
	bad("{'name': 'a/b'}", "network 'a/b': expected at most 63 letters");
	bad("{'name': 'a', 'forward': 'open'}", "forward 'open': expected none, nat or route");
	bad("{'name': 'a', 'domain': 'a b'}", "domain 'a b': expected a DNS domain");
	bad("{'name': 'a', 'subnet': '10.0.0.0'}", "");
	bad("{'name': 'a', 'ipv6_only': true}", "a network of IPv6 alone takes a prefix");
	bad("{'name': 'a', 'ipv6_only': true, 'ipv6': 'fd00:78::/64', 'subnet': '10.77.0.0/24'}",
		"a network of IPv6 alone takes a prefix");
	bad("{'name': 'a', 'ipv6': 'fd00:78::'}", "ipv6 'fd00:78::': expected a prefix of 64 bits");
	bad("{'name': 'a', 'ipv6': 'fd00:78::/48'}", "ipv6 'fd00:78::/48': expected a prefix");
	bad("{'name': 'a', 'ipv6': 'fe80::/64'}", "ipv6 'fe80::/64': expected a prefix");
	bad("{'name': 'a', 'ipv6': '10.0.0.0/64'}", "ipv6 '10.0.0.0/64': expected a prefix");
	bad("{'name': 'a', 'ipv6': 'fd00:78::1/64'}",
		"ipv6 'fd00:78::1/64': expected a prefix of 64 bits");
	bad("{'name': 'a', 'mtu': 575}", "mtu '575': expected bytes from 576 to 65535");
	bad("{'name': 'a', 'mtu': 65536}", "mtu '65536': expected bytes");
	bad("{'name': 'a', 'mtu': -1}", "mtu '-1': expected bytes");
	fine("{'name': 'a', 'mtu': 576}");
	fine("{'name': 'a', 'mtu': 65535}");
	memset(name, 'a', sizeof name);
	name[63] = '\0';
	snprintf(text, sizeof text, "{'name': '%s', 'lab': '%s'}", name, name);
	fine(text);
	ck_assert_str_eq(spec.name, name);
	snprintf(text, sizeof text, "{'name': '%sa'}", name);
	bad(text, "network 'aaa");
	snprintf(text, sizeof text, "{'name': 'a', 'lab': '%sa'}", name);
	bad(text, "lab 'aaa");
}
END_TEST

/* What the API shows, read again, is the same. */
START_TEST(there_and_back)
{
	struct guest_network_spec was;
	json_t *j;

	fine("{'name': 'lab', 'subnet': '10.99.0.0/24', 'forward': 'nat', 'domain': 'lab.example', "
	     "'mtu': 1400, 'lab': 'one', 'ipv6': 'fd00:78::/64'}");
	ck_assert(ip_is_set(&spec.prefix6) && !spec.ipv6_only);
	was = spec;
	j = network_to_json(&was);
	ck_assert_int_eq(network_from_json(j, &spec, why, sizeof why), 0);
	json_decref(j);
	ck_assert(!memcmp(&was, &spec, sizeof spec));
}
END_TEST

static void put(const char *name, int64_t made_at)
{
	struct guest_network_spec n = {
		.subnet = {0x0a630000, 24}, .forward = "nat", .made_at = made_at};

	snprintf(n.name, sizeof n.name, "%s", name);
	ck_assert_int_eq(networks_put(&networks, &n), 0);
}

/* The first that was made is the first that is served, as it was before. */
START_TEST(kept)
{
	put("b", 20);
	put("c", 10);
	put("a", 20);
	put("old", 0); /* an older usher's */
	restart();
	ck_assert_uint_eq(networks.count, 4);
	ck_assert_str_eq(networks.all[0].name, "old");
	ck_assert_str_eq(networks.all[1].name, "c");
	ck_assert_str_eq(networks.all[2].name, "a");
	ck_assert_str_eq(networks.all[3].name, "b");
	ck_assert_int_eq(networks.all[1].made_at, 10);
	ck_assert_uint_eq(networks.all[1].subnet.net, 0x0a630000);
	ck_assert_int_eq(networks_remove(&networks, "c"), 0);
	ck_assert_int_eq(networks_remove(&networks, "c"), 0);
	ck_assert_ptr_null(networks_find(&networks, "c"));
	ck_assert_ptr_eq(networks_find(&networks, "a"), &networks.all[1]);
	restart();
	ck_assert_uint_eq(networks.count, 3);
	ck_assert_ptr_null(networks_find(&networks, "c"));
}
END_TEST

START_TEST(put_again)
{
	struct guest_network_spec n;

	put("a", 10);
	ck_assert_int_eq(store_commit(base.store, NULL, NULL), 0);
	base_wait(&base, store_is_clean(base.store));
	n = networks.all[0];
	n.made_at = 99; /* it is there as it is */
	ck_assert_int_eq(networks_put(&networks, &n), 0);
	ck_assert_int_eq(networks.all[0].made_at, 10);
	ck_assert(store_is_clean(base.store));
	n.mtu = 1400;
	ck_assert_int_eq(networks_put(&networks, &n), 0);
	ck_assert(!store_is_clean(base.store));
	ck_assert_uint_eq(networks.count, 1);
	restart();
	ck_assert_uint_eq(networks.all[0].mtu, 1400);
}
END_TEST

START_TEST(no_more_than_can_be_served)
{
	char name[16];

	for (int i = 0; i < SEGMENT_MAX; i++) {
		snprintf(name, sizeof name, "n%d", i);
		put(name, i + 1);
	}
	fine("{'name': 'more'}");
	ck_assert_int_eq(networks_put(&networks, &spec), -ENOSPC);
	ck_assert_uint_eq(networks.count, SEGMENT_MAX);
	put("n0", 1);
	restart();
	ck_assert_uint_eq(networks.count, SEGMENT_MAX);
}
END_TEST

/* One that cannot be read hides no other. */
START_TEST(a_broken_record)
{
	put("a", 10);
	ck_assert_int_eq(store_put(base.store, STORE_NETWORK, "b", 1, "{", 1), 0);
	ck_assert_int_eq(store_put(base.store, STORE_NETWORK, "c", 1, "{\"name\":\"-\"}", 12), 0);
	restart();
	ck_assert_uint_eq(networks.count, 1);
	ck_assert_str_eq(networks.all[0].name, "a");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_request, what_is_wrong, there_and_back, kept, put_again,
		no_more_than_can_be_served, a_broken_record};
	Suite *s = suite_create("networks");
	TCase *t = tcase_create("networks");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
