/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request for a machine: what of it is refused, with which line, and what its record is. */
#include "service/operations/judge.h"

#include "profile_make.h"

#include "core/json.h"
#include "service/base/operation.h"
#include "service/files/served_profile.h"

#include <errno.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

static struct service rooms;
static struct creation *c;
static char why[1024];

static void begin(bool guest)
{
	if (c)
		creation_free(c);
	c = calloc(1, sizeof *c);
	ck_assert_ptr_nonnull(c);
	*c = (struct creation){.ops = &rooms.operations, .machine = machine_new()};
	c->machine->guest = guest;
}

static void setup(void)
{
	rooms_make(&rooms);
	profile_make(&rooms);
	c = NULL;
	begin(true);
}

static void teardown(void)
{
	creation_free(c);
	rooms_unmake(&rooms);
}

/* {"name": "web01", "profile": "small"} and what `more` has, or has otherwise. */
static json_t *request(json_t *more)
{
	json_t *body =
		json_pack("{s:s, s:s, s:s}", "name", "web01", "profile", "small", "segment", "lan");

	ck_assert_ptr_nonnull(more);
	json_object_update_new(body, more);
	return body;
}

static int judge(json_t *more)
{
	json_t *body = request(more);
	bool guest = c->machine->guest;
	int rc;

	begin(guest);
	/* the worker's, before it is judged */
	c->profile_rc = served_profile_read(
		&rooms.content, json_text(body, "profile"), &c->profile, c->why, sizeof c->why);
	why[0] = '\0';
	rc = judge_request(c, body, why, sizeof why);
	json_decref(body);
	return rc;
}

static void fine(json_t *more)
{
	ck_assert_msg(!judge(more), "%s", why);
}

static void bad(json_t *more, int rc, const char *line)
{
	ck_assert_int_eq(judge(more), rc);
	ck_assert_msg(!strncmp(why, line, strlen(line)), "\"%s\", not \"%s\"", why, line);
}

/* A text of `n` bytes that begins so. */
static const char *text_of(size_t n, const char *begins)
{
	static char text[(64 << 10) + 2];

	memset(text, 'a', sizeof text);
	memcpy(text, begins, strlen(begins));
	text[n] = '\0';
	return text;
}

START_TEST(the_record)
{
	fine(json_pack("{s:s, s:s, s:s, s:b, s:{s:s}, s:[s]}", "request_id", "r1", "lab", "lab1",
		"first_boot", "#!/bin/sh\n", "sealed", 1, "settings", "greeting", "good day",
		"ssh_keys", ED " me"));
	ck_assert_str_eq(c->machine->name, "web01");
	ck_assert_str_eq(c->machine->profile, "small");
	ck_assert_str_eq(c->machine->request_id, "r1");
	ck_assert_str_eq(c->machine->lab, "lab1");
	ck_assert_str_eq(c->machine->power, "");
	ck_assert_str_eq(c->machine->first_boot, "#!/bin/sh\n");
	ck_assert_int_eq(c->machine->seal, SEAL_YES);
	ck_assert_str_eq(
		json_string_value(json_object_get(c->machine->settings, "greeting")), "good day");
	ck_assert_str_eq(json_string_value(json_array_get(c->machine->ssh_keys, 0)), ED " me");
	ck_assert_str_eq(c->machine->nics[0].segment, "lan");
	ck_assert_uint_eq(c->machine->spec.memory, 256);
	ck_assert_str_eq(c->profile->name, "small");
	ck_assert_ptr_nonnull(c->snapshot);
	fine(json_object());
	ck_assert_int_eq(c->machine->seal, SEAL_BY_SEGMENT);
	ck_assert_ptr_null(c->machine->first_boot);
	fine(json_pack("{s:b}", "sealed", 0));
	ck_assert_int_eq(c->machine->seal, SEAL_NO);
}
END_TEST

START_TEST(names)
{
	char line[160];

	snprintf(line, sizeof line, "'Web' cannot be a machine's name: %s",
		machine_name_error("Web"));
	bad(json_pack("{s:s}", "name", "Web"), -EINVAL, line);
	bad(json_pack("{s:n}", "name"), -EINVAL, "'' cannot be a machine's name");
}
END_TEST

/* As a lab file may have it, and nothing that somebody's template or terminal takes for more than a name. */
START_TEST(lab_names)
{
	static const char *const others[] = {
		"{{lookup('pipe','id')}}", "a b", "a\n", "\033[2J", "a/b", "caf\xc3\xa9", " "};

	fine(json_pack("{s:s}", "lab", "Shop_2.test-A"));
	ck_assert_str_eq(c->machine->lab, "Shop_2.test-A");
	fine(json_pack("{s:s}", "lab", ""));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		bad(json_pack("{s:s}", "lab", others[i]), -EINVAL, "lab: a lab's name takes ");
		ck_assert_str_eq(c->field, "lab");
	}
}
END_TEST

/* What is kept as it came is not cut. */
START_TEST(how_long)
{
	fine(json_pack("{s:s}", "request_id", text_of(63, "")));
	bad(json_pack("{s:s}", "request_id", text_of(64, "")), -EINVAL,
		"request_id takes at most 63 bytes");
	fine(json_pack("{s:s}", "lab", text_of(63, "")));
	bad(json_pack("{s:s}", "lab", text_of(64, "")), -EINVAL,
		"lab: a lab's name takes at most 63 letters, digits, '-', '_' and '.'");
	fine(json_pack("{s:s}", "first_boot", text_of(64 << 10, "")));
	bad(json_pack("{s:s}", "first_boot", text_of((64 << 10) + 1, "")), -EINVAL,
		"first_boot is a script of at most 65536 bytes");
	bad(json_pack("{s:i}", "first_boot", 5), -EINVAL, "first_boot is a script");
	bad(json_pack("{s:i}", "sealed", 1), -EINVAL, "sealed is true or false");
}
END_TEST

START_TEST(power)
{
	char path[128], line[256];

	begin(false);
	bad(json_pack("{s:s}", "power", "ipmi"), -EINVAL, "--power: 'ipmi' is neither ipmi://");
	bad(json_pack("{s:s}", "power", text_of(512, "/")), -EINVAL,
		"power takes at most 511 bytes");
	bad(json_pack("{s:s}", "power", "/bin/true"), -EINVAL, "the power executable /bin/true: ");
	profile_make_folder("power");
	profile_make_file("power/ipmi", "#!/bin/sh\n");
	snprintf(path, sizeof path, "%s/power/ipmi", base_dir);
	snprintf(line, sizeof line, "the power executable %s: ", path);
	bad(json_pack("{s:s}", "power", path), -EINVAL, line); /* it cannot be executed */
	ck_assert_int_eq(chmod(path, 0755), 0);
	fine(json_pack("{s:s}", "power", path));
	ck_assert_str_eq(c->machine->power, path);
}
END_TEST

START_TEST(controllers)
{
	begin(false);
	bad(json_pack("{s:s}", "power", "ipmi://admin@h"), -EINVAL,
		"the password of user admin of its controller is missing");
	bad(json_pack("{s:s, s:s}", "power", "ipmi://admin@h", "power_password",
		    "twenty-one-characters"),
		-EINVAL, "the controller's password takes one line of at most 20 bytes");
	bad(json_pack("{s:s, s:s}", "power", "redfish://admin@h", "power_password", "two\nlines"),
		-EINVAL, "the controller's password takes one line of at most 128 bytes");
	bad(json_pack("{s:s, s:s}", "power", "wol:", "power_password", "secret"), -EINVAL,
		"power_password is for ipmi: and redfish: only");
	bad(json_pack("{s:s}", "power_password", "secret"), -EINVAL,
		"power_password is for a machine with power");
	fine(json_pack("{s:s, s:s}", "power", "redfish://admin@h", "power_password", "secret"));
	c->machine->power_locked = strdup("AAAA");
	ck_assert_int_eq(judge_power_take(c->machine, "redfish://admin@h", "secret"), 0);
	ck_assert_ptr_null(c->machine->power_locked);
	ck_assert_str_eq(c->machine->power, "redfish://admin@h");
	ck_assert_str_eq(c->machine->power_password, "secret");
	fine(json_pack("{s:s}", "power", "wol:"));
	ck_assert_ptr_null(c->machine->power_password);
}
END_TEST

START_TEST(profiles)
{
	bad(json_pack("{s:s}", "profile", "smal"), -ENOENT,
		"no profile 'smal' (did you mean 'small'?)");
	bad(json_pack("{s:n}", "profile"), -ENOENT, "no profile ''");
}
END_TEST

START_TEST(lists)
{
	json_t *many = json_object(), *keys = json_array();
	char key[16];

	bad(json_pack("{s:{s:i}}", "settings", "greeting", 5), -EINVAL,
		"settings are at most 64 texts; look at 'greeting'");
	for (int i = 0; i < 65; i++) {
		snprintf(key, sizeof key, "k%d", i);
		json_object_set_new(many, key, json_string("v"));
		json_array_append_new(keys, json_string(ED));
	}
	bad(json_pack("{s:o}", "settings", many), -EINVAL, "settings are at most 64 texts");
	bad(json_pack("{s:o}", "ssh_keys", keys), -EINVAL,
		"ssh_keys are at most 64 lines of authorized_keys");
	bad(json_pack("{s:[s, s]}", "ssh_keys", ED, "ssh-ed25519 AAAA"), -EINVAL, "SSH key 2: ");
	bad(json_pack("{s:[i]}", "ssh_keys", 5), -EINVAL, "SSH key 1: it is no text");
	bad(json_pack("{s:{s:s}}", "settings", "greting", "x"), -EINVAL, "");
	ck_assert_ptr_nonnull(strstr(why, "greting"));
}
END_TEST

/* No clear password is kept, and whoever shows the record knows what not to show. */
START_TEST(passwords)
{
	json_t *kept;
	char *all;

	fine(json_pack("{s:{s:s}}", "settings", "password", "sesame, open"));
	kept = json_object_get(json_object_get(c->machine->settings, "password"), "secret");
	ck_assert_ptr_nonnull(kept);
	ck_assert_int_eq(json_string_value(kept)[0], '$');
	all = json_dumps(c->machine->settings, 0);
	ck_assert_ptr_null(strstr(all, "sesame"));
	free(all);
	all = json_dumps(c->snapshot, 0);
	ck_assert_ptr_null(strstr(all, "sesame"));
	free(all);
}
END_TEST

/* Before anything is made. */
START_TEST(what_it_needs)
{
	bad(json_pack("{s:I}", "memory", (json_int_t)128 << 20), -EINVAL, "");
	ck_assert_msg(strstr(why, "256"), "%s", why);
	ck_assert_str_eq(c->field, "memory");
	fine(json_pack("{s:I}", "memory", (json_int_t)256 << 20));
	begin(false); /* nobody knows what metal has */
	fine(json_object());
	ck_assert_uint_eq(json_object_size(base_spec_of(c->machine)), 0);
}
END_TEST

/* --- has nobody the name? ------------------------------------------------------------------------------------------------- */

static void name_free(void)
{
	ck_assert_msg(!judge_name_free(c, why, sizeof why), "%s", why);
}

static void name_taken(const char *line)
{
	ck_assert_int_eq(judge_name_free(c, why, sizeof why), -EEXIST);
	ck_assert_str_eq(why, line);
}

START_TEST(taken_by_a_machine)
{
	struct machine *m;
	struct operation sealing;

	fine(json_object());
	name_free();
	m = base_machine(&rooms.base, "web01", true, "10.77.1.9");
	name_taken("machine 'web01' exists already: 'usher delete web01' first, or --replace");
	c->replace = true;
	name_free();
	m->template = true;
	name_taken("'web01' is a template: 'usher delete web01' first");
	m->template = false;
	operation_begin(&sealing, &rooms.operations.sealings, m, true);
	name_taken("'web01' is a template: 'usher delete web01' first");
	operation_end(&sealing);
	m->guest = false;
	name_taken("machine 'web01' exists already: 'usher delete web01' first");
	m->guest = true;
	c->machine->guest = false;
	name_taken("machine 'web01' exists already: 'usher delete web01' first, or --replace");
}
END_TEST

/* The first that asked has it. */
START_TEST(taken_by_a_creation)
{
	struct machine same = {.name = "web01"};
	struct creation first = {.ops = &rooms.operations, .machine = &same};

	fine(json_object());
	c->next = &first;
	rooms.operations.creations = c;
	name_taken("machine 'web01' is being created just now");
	strcpy(same.name, "web02");
	name_free();
	c->next = NULL;
	rooms.operations.creations = NULL;
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {the_record, names, lab_names, how_long, power, controllers,
		profiles, lists, passwords, what_it_needs, taken_by_a_machine, taken_by_a_creation};
	Suite *s = suite_create("judge");
	TCase *t = tcase_create("judge");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
