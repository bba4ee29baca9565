/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request that names a template: what it leaves out is as the template's, and what it may not say. */
#include "service/operations/judge.h"

#include "rooms_make.h"

#include <errno.h>

static struct service rooms;
static struct machine *golden;
static json_t *body;
static struct creation c;
static char why[512];

static void setup(void)
{
	rooms_make(&rooms);
	golden = base_record("golden", true, "lan", "10.77.1.9");
	golden->template = true;
	base_spec_put(golden,
		json_pack("{s:i, s:i, s:I, s:s, s:s, s:s, s:s}", "memory", 2048, "vcpus", 2, "disk",
			(json_int_t)10 << 30, "pool", "fast", "volume", "golden.base", "firmware",
			"efi", "description", "of all"));
	json_object_set_new(golden->settings, "hello", json_string("world"));
	json_array_append_new(golden->ssh_keys, json_string("ssh-rsa A"));
	golden->attempt.snapshot = base_snapshot("debian-12");
	base_add(&rooms.base, golden);
	c = (struct creation){.ops = &rooms.operations, .machine = machine_new(), .clone = true};
	strcpy(c.machine->name, "copy");
	c.machine->guest = true;
	body = json_pack("{s:s}", "template", "golden");
}

static void teardown(void)
{
	json_decref(body);
	machine_free(c.machine);
	json_decref(c.snapshot);
	profile_free(c.profile);
	rooms_unmake(&rooms);
}

static void say(const char *key, json_t *value)
{
	json_object_set_new(body, key, value);
}

static json_int_t number(const char *key)
{
	return json_integer_value(json_object_get(body, key));
}

static const char *text(const char *key)
{
	const char *s = json_string_value(json_object_get(body, key));

	return s ? s : "";
}

START_TEST(is_one)
{
	json_t *none = json_pack("{s:s}", "profile", "debian-12");

	ck_assert(clone_is(body));
	ck_assert(!clone_is(none));
	json_decref(none);
}
END_TEST

START_TEST(as_the_template)
{
	clone_fill(&rooms.operations, body);
	ck_assert_str_eq(text("kind"), "guest");
	ck_assert_int_eq(number("memory"), 2048ll << 20); /* a request's is in bytes */
	ck_assert_int_eq(number("vcpus"), 2);
	ck_assert_int_eq(number("disk"), 10ll << 30);
	ck_assert_str_eq(text("pool"), "fast");
	ck_assert_str_eq(text("firmware"), "efi");
	ck_assert_str_eq(text("segment"), "lan");
	ck_assert_ptr_null(json_object_get(body, "description"));
	ck_assert_ptr_null(json_object_get(body, "volume"));
	ck_assert_ptr_null(json_object_get(body, "cpu"));
	/* the record has MiB still */
	ck_assert_uint_eq(golden->spec.memory, 2048);
}
END_TEST

/* What is said stays, but for the disk: it is where and as large as the template's. */
START_TEST(what_is_said)
{
	say("memory", json_integer(512ll << 20));
	say("vcpus", json_integer(1));
	say("firmware", json_string("bios"));
	say("segment", json_string("default"));
	say("pool", json_string("slow"));
	say("disk", json_integer(1));
	clone_fill(&rooms.operations, body);
	ck_assert_int_eq(number("memory"), 512ll << 20);
	ck_assert_int_eq(number("vcpus"), 1);
	ck_assert_str_eq(text("firmware"), "bios");
	ck_assert_str_eq(text("segment"), "default");
	ck_assert_str_eq(text("pool"), "fast");
	ck_assert_int_eq(number("disk"), 10ll << 30);
}
END_TEST

START_TEST(of_nobody)
{
	say("template", json_string("nobody"));
	clone_fill(&rooms.operations, body);
	ck_assert_str_eq(text("kind"), "guest");
	ck_assert_uint_eq(json_object_size(body), 2);
	say("template", json_integer(5));
	clone_fill(&rooms.operations, body);
	ck_assert_uint_eq(json_object_size(body), 2);
}
END_TEST

/* Its networks; what the request says of "the" card is of the first. */
START_TEST(several_cards)
{
	json_t *nics;

	golden->nics[1] = golden->nics[0];
	strcpy(golden->nics[1].segment, "default");
	golden->n_nics = 2;
	say("address", json_string("10.77.1.5"));
	say("mac", json_string("02:00:00:00:00:01"));
	clone_fill(&rooms.operations, body);
	nics = json_object_get(body, "nics");
	ck_assert_uint_eq(json_array_size(nics), 2);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(nics, 0), "segment")), "lan");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(nics, 0), "address")),
		"10.77.1.5");
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(nics, 0), "mac")),
		"02:00:00:00:00:01");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(nics, 1), "segment")), "default");
	ck_assert_uint_eq(json_object_size(json_array_get(nics, 1)), 1);
	ck_assert_ptr_null(json_object_get(body, "address"));
	ck_assert_ptr_null(json_object_get(body, "mac"));
	ck_assert_ptr_null(json_object_get(body, "segment"));
	/* said whole, they are as said */
	say("nics", json_pack("[{s:s}]", "segment", "lan"));
	clone_fill(&rooms.operations, body);
	ck_assert_uint_eq(json_array_size(json_object_get(body, "nics")), 1);
}
END_TEST

static int judge(void)
{
	why[0] = '\0';
	json_decref(c.snapshot);
	profile_free(c.profile);
	c.snapshot = NULL;
	c.profile = NULL;
	return clone_judge(&c, body, why, sizeof why);
}

static void bad(int rc, const char *line)
{
	ck_assert_int_eq(judge(), rc);
	ck_assert_str_eq(why, line);
}

START_TEST(judged)
{
	ck_assert_msg(!judge(), "%s", why);
	ck_assert_str_eq(c.machine->profile, "debian-12");
	ck_assert_str_eq(c.profile->name, "debian-12");
	ck_assert(json_equal(c.snapshot, golden->attempt.snapshot));
	ck_assert(json_equal(c.machine->settings, golden->settings));
	ck_assert(json_equal(c.machine->ssh_keys, golden->ssh_keys));
	ck_assert_ptr_ne(c.machine->settings, golden->settings);
	ck_assert_str_eq(
		json_string_value(json_object_get(base_spec_of(c.machine), "template")), "golden");
	ck_assert(json_is_true(json_object_get(base_spec_of(c.machine), "linked")));
	say("linked", json_false());
	ck_assert_int_eq(judge(), 0);
	ck_assert(json_is_false(json_object_get(base_spec_of(c.machine), "linked")));
}
END_TEST

START_TEST(refused)
{
	say("linked", json_string("yes"));
	bad(-EINVAL, "linked is true or false");
	say("profile", json_string("debian-12"));
	bad(-EINVAL, "profile: a clone takes this from its template: leave it out");
	json_object_del(body, "profile");
	say("disks", json_array());
	bad(-EINVAL, "disks: a clone takes this from its template: leave it out");
	json_object_del(body, "disks");
	say("linked", json_true());
	json_object_set_new(golden->settings, "key", json_pack("{s:s}", "encrypted", "x"));
	bad(-EBUSY,
		"secret settings of the template golden cannot be read ('usher show golden' says "
		"which)");
	json_object_del(golden->settings, "key");
	golden->template = false;
	bad(-EBUSY, "golden is not a template: run 'usher template golden' to make it one");
	golden->template = golden->deleting = true;
	bad(-EBUSY, "golden is not a template: run 'usher template golden' to make it one");
	say("template", json_string("nobody"));
	bad(-ENOENT, "no template 'nobody'; 'usher list' shows the machines there are");
}
END_TEST

START_TEST(begun)
{
	struct machine *m = c.machine;

	ck_assert_int_eq(judge(), 0);
	m->n_nics = 1;
	m->nics[0] = golden->nics[0];
	m->nics[0].addrs[0] = base_ip("10.77.1.8");
	mac_from_ip(&m->nics[0].addrs[0], &m->nics[0].mac);
	strcpy(m->uuid, "6f4d4c6e-8d0c-4b53-9d0e-000000000999");
	base_add(&rooms.base, m);
	rooms_log[0] = '\0';
	ck_assert_int_eq(clone_begin(&c), 0);
	ck_assert_int_eq(m->state, LIFE_INSTALLED);
	ck_assert_str_eq(rooms_log, "copy disk");
	ck_assert_ptr_null(c.snapshot); /* its attempt's now */
	ck_assert(json_equal(m->attempt.snapshot, golden->attempt.snapshot));
	ck_assert_str_ne(m->attempt.up_token, "");
	ck_assert_ptr_nonnull(
		strstr(base_told(&rooms.base, "copy", NULL), "a clone of golden, linked"));
	c.machine = NULL;
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {is_one, as_the_template, what_is_said, of_nobody,
		several_cards, judged, refused, begun};
	Suite *s = suite_create("clone");
	TCase *t = tcase_create("clone");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
