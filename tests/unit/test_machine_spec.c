/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/machine_spec.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct machine_spec spec;
static const char *key;

static json_t *object(const char *text)
{
	json_t *j = json_loads(text, 0, NULL);

	ck_assert_ptr_nonnull(j);
	return j;
}

static void check_json(json_t *got, const char *want)
{
	json_t *j = object(want);
	char *text = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_msg(json_equal(got, j), "%s", text);
	free(text);
	json_decref(got);
	json_decref(j);
}

static int parse(const char *text)
{
	json_t *j = object(text);
	int rc;

	machine_spec_fini(&spec);
	rc = machine_spec_parse(j, &spec, &key);
	json_decref(j);
	return rc;
}

/* Everything that a record may say. */
static const char ALL[] =
	"{\"memory\":512,\"disk\":4294967296,\"vcpus\":2,\"filters\":3,\"pool\":\"default\","
	"\"volume\":\"web.qcow2\",\"made_as\":\"old\",\"cpu\":\"host-model\",\"firmware\":\"efi\",\"graphics\":\"vnc\","
	"\"os_variant\":\"debian12\",\"description\":\"a\\nb\",\"connect\":\"qemu+ssh://h/system\","
	"\"domain\":\"<domain/>\",\"template\":\"t\",\"linked\":true,\"autostart\":true,"
	"\"replace\":true,\"keep_disks\":true,\"disks\":[{\"size\":1},"
	"{\"size\":2,\"pool\":\"fast\",\"volume\":\"v\"}]}";

START_TEST(nothing_is_lost)
{
	ck_assert_int_eq(parse(ALL), 0);
	ck_assert_uint_eq(spec.memory, 512);
	ck_assert_uint_eq(spec.disk, 4294967296);
	ck_assert_uint_eq(spec.vcpus, 2);
	ck_assert_uint_eq(spec.filters, 3);
	ck_assert_str_eq(spec.connect, "qemu+ssh://h/system");
	ck_assert_uint_eq(spec.n_disks, 2);
	ck_assert_ptr_null(spec.disks[0].pool);
	ck_assert_str_eq(spec.disks[1].volume, "v");
	check_json(machine_spec_store(&spec), ALL);
}
END_TEST

START_TEST(nothing_is_said)
{
	ck_assert_int_eq(parse("{}"), 0);
	check_json(machine_spec_store(&spec), "{}");
	check_json(machine_spec_json(&spec), "{}");
	ck_assert_int_eq(parse("{\"accel\":\"kvm\"}"), 0); /* an older usher's */
	check_json(machine_spec_store(&spec), "{}");
}
END_TEST

/* A clone that is a copy says so. */
START_TEST(told)
{
	ck_assert_int_eq(
		parse("{\"memory\":512,\"filters\":3,\"replace\":true,\"template\":\"t\"}"), 0);
	check_json(machine_spec_json(&spec),
		"{\"memory\":536870912,\"template\":\"t\",\"linked\":false}");
}
END_TEST

START_TEST(wrong)
{
	static const char *const texts[][2] = {
		{"{\"memory\":\"512\"}", "memory"},
		{"{\"disk\":-1}", "disk"},
		{"{\"pool\":5}", "pool"},
		{"{\"linked\":1}", "linked"},
		{"{\"disks\":{}}", "disks"},
		{"{\"disks\":[{\"pool\":\"p\"}]}", "disks"},
		{"{\"disks\":[{\"size\":-1}]}", "disks"},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_int_eq(parse(texts[i][0]), -EPROTO);
		ck_assert_str_eq(key, texts[i][1]);
	}
}
END_TEST

static int change(const char *member, json_t *value)
{
	int rc = machine_spec_change(&spec, member, value);

	json_decref(value);
	return rc;
}

START_TEST(changed)
{
	ck_assert_int_eq(change("memory", json_integer(512)), 0);
	ck_assert_int_eq(change("memory", json_integer(512)), 1);
	ck_assert_int_eq(change("memory", json_string("512")), -EINVAL);
	ck_assert_uint_eq(spec.memory, 512);
	ck_assert_int_eq(change("description", json_string("x")), 0);
	ck_assert_int_eq(change("description", json_string("x")), 1);
	ck_assert_int_eq(change("description", json_string("")), 0);
	ck_assert_int_eq(change("description", json_string("")), 1);
	ck_assert_ptr_null(spec.description);
	ck_assert_int_eq(change("autostart", json_false()), 1);
	ck_assert_int_eq(change("autostart", json_true()), 0);
	ck_assert(spec.autostart);
	ck_assert_int_eq(change("memry", json_integer(1)), -ENOENT);
}
END_TEST

static void empty(void)
{
	machine_spec_fini(&spec);
}

int main(void)
{
	Suite *suite = suite_create("machine_spec");
	TCase *t = tcase_create("machine_spec");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, empty, empty);
	tcase_add_test(t, nothing_is_lost);
	tcase_add_test(t, nothing_is_said);
	tcase_add_test(t, told);
	tcase_add_test(t, wrong);
	tcase_add_test(t, changed);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
