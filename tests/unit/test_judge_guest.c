/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a request says of a guest: into its record, or refused with the line that its user reads. */
#include "service/operations/judge.h"

#include "spec_make.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct base base;
static struct operations ops = {.base = &base};
static struct creation c;
static struct profile profile;
static char why[512];

static void begin(void)
{
	machine_free(c.machine);
	c = (struct creation){.ops = &ops, .machine = machine_new(), .profile = &profile};
	c.machine->guest = true;
}

static void setup(void)
{
	config_init(&base.config);
	strcpy(base.config.pool, "usual");
	memset(&profile, 0, sizeof profile);
	begin();
}

static void teardown(void)
{
	machine_free(c.machine);
}

static json_t *parsed(const char *text)
{
	static char json[1024];
	json_t *body;

	snprintf(json, sizeof json, "%s", text);
	for (char *q = json; (q = strchr(q, '\''));)
		*q = '"';
	body = json_loads(json, 0, NULL);
	ck_assert_msg(body, "%s", json);
	return body;
}

static int judge_body(json_t *body)
{
	int rc;

	begin();
	why[0] = '\0';
	rc = judge_guest(&c, body, why, sizeof why);
	json_decref(body);
	return rc;
}

static const json_t *spec_of(const char *text)
{
	ck_assert_msg(!judge_body(parsed(text)), "%s: %s", text, why);
	return base_spec_of(c.machine);
}

static void bad_body(json_t *body, const char *line)
{
	ck_assert_int_eq(judge_body(body), -EINVAL);
	ck_assert_msg(strstr(why, line) == why, "\"%s\", not \"%s\"", why, line);
}

static void bad(const char *text, const char *line)
{
	bad_body(parsed(text), line);
}

static json_int_t number(const char *key)
{
	return json_integer_value(json_object_get(base_spec_of(c.machine), key));
}

static const char *text_of(const char *key)
{
	const char *s = json_string_value(json_object_get(base_spec_of(c.machine), key));

	return s ? s : "";
}

/* A text of `n` bytes. */
static json_t *long_body(const char *key, size_t n)
{
	char *text = calloc(1, n + 1);
	json_t *body;

	memset(text, 'a', n);
	body = json_pack("{s:s}", key, text);
	free(text);
	return body;
}

START_TEST(nothing_said)
{
	spec_of("{}");
	ck_assert_int_eq(number("memory"), 1024);
	ck_assert_int_eq(number("disk"), 10ll << 30);
	ck_assert_int_eq(number("vcpus"), 1);
	ck_assert_int_eq(number("filters"), GUEST_FILTERS);
	ck_assert_str_eq(text_of("pool"), "usual");
	ck_assert_uint_eq(json_object_size(base_spec_of(c.machine)), 5);
	base.config.filter = false;
	ck_assert_ptr_null(json_object_get(spec_of("{}"), "filters"));
}
END_TEST

/* What it says of guests goes before what it needs at least. */
START_TEST(as_the_profile_says)
{
	profile.requires_memory_mib = 3072;
	profile.requires_disk = 7ll << 30;
	spec_of("{}");
	ck_assert_int_eq(number("memory"), 3072);
	ck_assert_int_eq(number("disk"), 7ll << 30);
	profile.memory_mib = 4096;
	profile.disk = 20ll << 30;
	profile.vcpus = 2;
	spec_of("{}");
	ck_assert_int_eq(number("memory"), 4096);
	ck_assert_int_eq(number("disk"), 20ll << 30);
	ck_assert_int_eq(number("vcpus"), 2);
	spec_of("{'memory': 536870912, 'disk': 1000, 'vcpus': 8}");
	ck_assert_int_eq(number("memory"), 512);
	ck_assert_int_eq(number("disk"), 1000);
	ck_assert_int_eq(number("vcpus"), 8);
}
END_TEST

START_TEST(memory_is_in_bytes)
{
	bad("{'memory': 2048}", "memory 2048: expected bytes, from 1 MiB (1048576) to 1024 TiB");
	bad("{'memory': 1048575}", "memory 1048575: expected bytes");
	spec_of("{'memory': 1048576}");
	ck_assert_int_eq(number("memory"), 1);
	spec_of("{'memory': 1125899906842624}");
	ck_assert_int_eq(number("memory"), JUDGE_MEMORY_MAX_MIB);
	bad("{'memory': 1125899907891200}", "memory 1125899907891200: expected bytes");
	spec_of("{'vcpus': 1024}");
	bad("{'vcpus': 1025}", "1025 vcpus: more than any host has");
}
END_TEST

START_TEST(words)
{
	spec_of("{'firmware': 'efi', 'graphics': 'spice', 'cpu': 'EPYC-v3', 'os_variant': "
		"'debian12', 'connect': 'qemu+ssh://root@host:22/system?x=1'}");
	ck_assert_str_eq(text_of("firmware"), "efi");
	ck_assert_str_eq(text_of("graphics"), "spice");
	ck_assert_str_eq(text_of("cpu"), "EPYC-v3");
	ck_assert_str_eq(text_of("os_variant"), "debian12");
	ck_assert_str_eq(text_of("connect"), "qemu+ssh://root@host:22/system?x=1");
	spec_of("{'firmware': 'efi-secure'}");
	bad("{'firmware': 'ef'}", "firmware 'ef': expected bios, efi or efi-secure");
	bad("{'firmware': 'bios efi'}", "firmware 'bios efi': expected");
	bad("{'firmware': ''}", "firmware '': expected");
	bad("{'firmware': 5}", "firmware '?': expected");
	bad("{'graphics': 'sdl'}", "graphics 'sdl': expected none, vnc or spice");
	bad("{'cpu': ''}", "cpu '': expected host-passthrough");
	bad("{'cpu': 'a b'}", "cpu 'a b': expected host-passthrough");
	bad("{'os_variant': '<x/>'}", "os_variant '<x/>': expected a short id");
	bad("{'connect': 'qemu:///system x'}",
		"connect 'qemu:///system x': expected a libvirt URI");
}
END_TEST

START_TEST(texts)
{
	spec_of("{'description': 'one\\n\\ttwo', 'domain': '<domain/>'}");
	ck_assert_str_eq(text_of("description"), "one\n\ttwo");
	ck_assert_str_eq(text_of("domain"), "<domain/>");
	bad("{'description': 'a\\u001bb'}", "description 'a\x1b");
	ck_assert_int_eq(judge_body(long_body("description", 4096)), 0);
	bad_body(long_body("description", 4097), "description 'aaa");
	ck_assert_int_eq(judge_body(long_body("domain", 64 << 10)), 0);
	bad_body(long_body("domain", (64 << 10) + 1), "domain 'aaa");
	/* as long as libvirt's part takes them */
	ck_assert_int_eq(judge_body(long_body("cpu", 63)), 0);
	bad_body(long_body("cpu", 64), "cpu 'aaa");
}
END_TEST

START_TEST(further_disks)
{
	const json_t *disks =
		json_object_get(spec_of("{'disks': [{'size': 5}, {'size': 6, 'pool': 'slow', "
					"'volume': 'data.img'}]}"),
			"disks");

	ck_assert_uint_eq(json_array_size(disks), 2);
	ck_assert_uint_eq(json_object_size(json_array_get(disks, 0)), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(disks, 0), "size")), 5);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(disks, 1), "pool")), "slow");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(disks, 1), "volume")), "data.img");
	ck_assert_ptr_null(json_object_get(spec_of("{'disks': []}"), "disks"));
	bad("{'disks': {}}", "disks is an array of at most 8: size, pool, volume");
	bad("{'disks': [{'size': 5}, {}]}", "disk 3: its size in bytes is missing");
	bad("{'disks': [{'size': -5}]}", "disk 2: its size in bytes is missing");
	bad("{'disks': [{'size': 5, 'volume': '../x'}]}",
		"disk 2: '../x' is not a valid name of a pool or volume");
}
END_TEST

START_TEST(how_many_disks)
{
	json_t *disks = json_array();

	for (int i = 0; i < GUEST_DISKS; i++)
		json_array_append_new(disks, json_pack("{s:i}", "size", 1));
	ck_assert_int_eq(judge_body(json_pack("{s:O}", "disks", disks)), 0);
	json_array_append_new(disks, json_pack("{s:i}", "size", 1));
	bad_body(json_pack("{s:o}", "disks", disks), "disks is an array of at most 8");
}
END_TEST

START_TEST(where_it_lies)
{
	spec_of("{'pool': 'fast', 'autostart': true}");
	ck_assert_str_eq(text_of("pool"), "fast");
	ck_assert(json_is_true(json_object_get(base_spec_of(c.machine), "autostart")));
	ck_assert_ptr_null(json_object_get(spec_of("{'autostart': false}"), "autostart"));
	bad("{'autostart': 1}", "autostart is true or false");
	ck_assert_int_eq(judge_body(long_body("pool", 127)), 0);
	bad_body(long_body("pool", 128), "no storage pool has a name that long: 'aaa");
}
END_TEST

/* For the next start, when we are killed before it is done. */
START_TEST(replaces)
{
	ck_assert_ptr_null(json_object_get(spec_of("{}"), "replace"));
	begin();
	c.replace = true;
	ck_assert_int_eq(judge_guest(&c, NULL, why, sizeof why), 0);
	ck_assert(json_is_true(json_object_get(base_spec_of(c.machine), "replace")));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {nothing_said, as_the_profile_says, memory_is_in_bytes, words,
		texts, further_disks, how_many_disks, where_it_lies, replaces};
	Suite *s = suite_create("judge_guest");
	TCase *t = tcase_create("judge_guest");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
