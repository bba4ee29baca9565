/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `usher up` and `down` would do: a lab file against what is there. */
#include "usher/lab/lab_plan.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

static struct lab *lab;
static struct lab_plan *plan;
static char why[LAB_WHY];

#define LAB(inside) "<lab name='w'>\n" inside "</lab>"

/* A machine as GET /machines?full=1 has it; `more` are further members. */
#define HAVE(name, lab, state, more)                                                             \
	"{\"name\":\"" name "\",\"lab\":\"" lab "\",\"state\":\"" state                          \
	"\",\"profile\":\"tiny\",\"nics\":[{\"segment\":\"lab0\",\"mac\":\"52:54:0a:4d:00:02\"," \
	"\"addresses\":[\"10.77.0.2\"]}],\"settings\":{\"k\":\"v\",\"p\":\"(secret)\"},"         \
	"\"ssh_keys\":[\"" ED                                                                    \
	" b\"],\"guest\":{\"memory\":536870912,\"vcpus\":1,\"disk\":1073741824,"                 \
	"\"pool\":\"default\"},\"last_event\":{\"seq\":7}" more "}"
#define MACHINE(attributes)                                                          \
	"<machine name='a' profile='tiny' " attributes "><set name='k'>v</set><set " \
	"name='p'>x</set>"
#define ON ",\"guest_state\":\"running\""

struct named {
	const char *names[3], *replace[3];
	bool restart, down;
};

static int run(const char *xml, const char *machines, const char *networks, struct named *n)
{
	struct lab_wish wish = {.path = "lab.xml"};
	char text[4096];
	json_t *ms, *ns;
	int rc;

	ck_assert_msg(!lab_read(xml, strlen(xml), "lab.xml", &lab, why, sizeof why), "%s", why);
	wish.lab = lab;
	wish.names = n && n->names[0] ? (char **)n->names : NULL;
	wish.replace = n && n->replace[0] ? (char **)n->replace : NULL;
	wish.restart = n && n->restart;
	snprintf(text, sizeof text, "[%s]", machines);
	ms = json_loads(text, 0, NULL);
	snprintf(text, sizeof text, "[%s]", networks);
	ns = json_loads(text, 0, NULL);
	ck_assert(ms && ns);
	plan = NULL;
	rc = (n && n->down ? lab_plan_down : lab_plan_up)(&wish, ms, ns, &plan, why, sizeof why);
	json_decref(ms);
	json_decref(ns);
	return rc;
}

static void end(void)
{
	lab_plan_free(plan);
	lab_free(lab);
	plan = NULL;
	lab = NULL;
}

/* "+a text", a line each, then "kept N". */
static void ck_plan(const char *want)
{
	char text[4096] = "";

	for (size_t i = 0; i < plan->n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%c%s %s\n",
			lab_step_sign(&plan->steps[i]), plan->steps[i].name, plan->steps[i].text);
	snprintf(text + strlen(text), sizeof text - strlen(text), "kept %zu", plan->kept);
	ck_assert_str_eq(text, want);
}

static void ck_json(const json_t *j, const char *want)
{
	char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);

	ck_assert_str_eq(text ? text : "NULL", want);
	free(text);
}

static void up(const char *xml, const char *machines, const char *want)
{
	ck_assert_msg(!run(xml, machines, "", NULL), "%s", why);
	ck_plan(want);
}

START_TEST(makes_what_is_missing)
{
	ck_assert_int_eq(
		run(LAB("<network name='lab0' subnet='10.77.0.0/24'/>"
			"<machine name='n{1..2}' profile='tiny' ip='10.77.0.11'/><machine name='c' "
			"template='gold'/>"),
			HAVE("other", "", "up", ON), "", NULL),
		0);
	ck_plan("+lab0 network 10.77.0.0/24 made\n+n1 profile tiny\n+n2 profile tiny\n"
		"+c template gold\nkept 0");
	ck_assert_int_eq(plan->steps[0].kind, LAB_NETWORK);
	ck_json(plan->steps[0].body,
		"{\"lab\":\"w\",\"name\":\"lab0\",\"subnet\":\"10.77.0.0/24\"}");
	ck_json(plan->steps[2].body,
		"{\"address\":\"10.77.0.12\",\"kind\":\"guest\",\"lab\":\"w\",\"name\":\"n2\","
		"\"profile\":\"tiny\",\"segment\":\"lab0\"}");
	end();
}
END_TEST

START_TEST(leaves_alone_what_is_right)
{
	up(LAB(MACHINE("ip='10.77.0.2' memory='512' vcpus='1' network='lab0' "
		       "autostart='no'") "<disk size='1G' pool='default'/><ssh-key>" ED
					 " b</ssh-key></machine>"),
		HAVE("a", "w", "up", ON), "kept 1");
	end();
	/* what the file does not say */
	up(LAB(MACHINE("") "</machine>"), HAVE("a", "w", "up", ""), "kept 1");
	end();
	up(LAB(MACHINE("") "</machine>"), HAVE("a", "w", "known", ",\"template\":true"), "kept 1");
	end();
	up(LAB(MACHINE("sealed='yes'") "</machine>"), HAVE("a", "w", "up", ",\"sealed\":true"),
		"kept 1");
	end();
	ck_assert_int_eq(
		run(LAB("<network name='n' subnet='10.0.0.0/8' forward='nat'/>"), "",
			"{\"name\":\"n\",\"subnet\":\"10.0.0.0/8\",\"forward\":\"nat\",\"active\":"
			"true}",
			NULL),
		0);
	ck_plan("kept 0");
	end();
}
END_TEST

START_TEST(leaves_alone_what_is_live)
{
	up(LAB(MACHINE("") "</machine>"),
		HAVE("a", "w", "live", ON ",\"attempt\":{\"live\":{\"up_at\":\"2026\"}}"),
		"kept 1");
	end();
}
END_TEST

START_TEST(goes_on_and_repairs)
{
	static const struct {
		const char *state, *more, *want;
	} cases[] = {{"armed", ON, ">a armed already\nkept 0"},
		{"installing", ON, ">a installing already\nkept 0"},
		{"installed", ON, ">a installed already\nkept 0"},
		{"installed", ",\"guest_state\":\"off\"", ">a started, it was off\nkept 0"},
		{"up", ",\"guest_state\":\"off\"", ">a started, it was off\nkept 0"},
		{"up", ",\"guest_state\":\"crashed\"", ">a started, it was off\nkept 0"},
		{"up", ",\"guest_state\":\"paused\"", ">a resumed, it was paused\nkept 0"},
		{"installing", ",\"guest_state\":\"paused\"", ">a resumed, it was paused\nkept 0"},
		{"up", ",\"guest_state\":\"gone\"",
			"+a made again, its guest is gone: profile tiny\nkept 0"},
		{"failed", ",\"attempt\":{\"reason\":\"no disk\"}",
			">a installed again, it failed: no disk\nkept 0"},
		{"live", ON, ">a live already\nkept 0"},
		{"live", ON ",\"attempt\":{\"live\":{\"up_at\":null}}", ">a live already\nkept 0"},
		{"live", ",\"guest_state\":\"off\"", ">a started, it was off\nkept 0"},
		{"known", "", ">a installed\nkept 0"}};
	char have[1024];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(have, sizeof have, HAVE("a", "w", "%s", "%s"), cases[i].state,
			cases[i].more);
		up(LAB(MACHINE("") "</machine>"), have, cases[i].want);
		ck_assert_uint_eq(plan->steps[0].seq, 7);
		if (plan->steps[0].kind == LAB_CREATE) { /* on its own seat */
			ck_assert_str_eq(
				json_string_value(json_object_get(plan->steps[0].body, "address")),
				"10.77.0.2");
			ck_assert(json_is_true(json_object_get(plan->steps[0].body, "replace")));
		}
		end();
	}
	up(LAB("<machine name='a' template='g'/>"),
		"{\"name\":\"a\",\"lab\":\"w\",\"state\":\"failed\",\"profile\":\"tiny\",\"nics\":["
		"{}],\"guest\":{\"template\":\"g\"}}",
		"+a made again, it failed: template g\nkept 0");
	end();
	ck_assert_int_eq(
		run(LAB("<network name='n' subnet='10.0.0.0/8'/>"), "",
			"{\"name\":\"n\",\"subnet\":\"10.0.0.0/8\",\"active\":false}", NULL),
		0);
	ck_plan("+n network, which is not active: started\nkept 0");
	end();
	/* whose card is nowhere now */
	ck_assert_int_eq(
		run(LAB("<network name='lab0' subnet='10.77.0.0/24'/>" MACHINE("") "</machine>"),
			HAVE("a", "w", "up", ON),
			"{\"name\":\"lab0\",\"subnet\":\"10.77.0.0/24\",\"active\":false}", NULL),
		0);
	ck_plan("+lab0 network, which is not active: started\n"
		"~a restarted, its network was gone\nkept 0");
	ck_json(plan->steps[1].change, "{\"restart\":true}");
	end();
}
END_TEST

START_TEST(does_the_difference)
{
	struct named restart = {.restart = true};

	up(LAB(MACHINE("memory='1G' vcpus='2' autostart='yes' description='d'") "</machine>"),
		HAVE("a", "w", "up", ON) "," HAVE("b", "w", "up", ON),
		"-b deleted, with its disk: no longer in the lab\n"
		"~a memory 512 -> 1024 MiB, vcpus 1 -> 2, autostart not set -> yes, description "
		"not set -> 'd'\nkept 0");
	ck_json(plan->steps[1].change,
		"{\"autostart\":true,\"description\":\"d\",\"memory\":1073741824,\"vcpus\":2}");
	end();
	ck_assert_int_eq(run(LAB(MACHINE("memory='1G'") "</machine>"), HAVE("a", "w", "up", ON), "",
				 &restart),
		0);
	ck_plan("~a memory 512 -> 1024 MiB, restarted\nkept 0");
	ck_json(plan->steps[0].change, "{\"memory\":1073741824,\"restart\":true}");
	end();
	/* before it is installed again */
	up(LAB(MACHINE("memory='1G'") "</machine>"), HAVE("a", "w", "failed", ""),
		">a installed again, it failed: \nkept 0");
	ck_json(plan->steps[0].change, "{\"memory\":1073741824}");
	end();
}
END_TEST

static const struct refusal {
	const char *xml, *have, *networks, *want;
} refusals[] = {
	{LAB("<machine name='a' profile='other'><set name='k'>v</set><set "
	     "name='p'>x</set></machine>"),
		HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its profile is 'tiny', not 'other': only making it anew "
		"changes that (--replace a)"},
	{LAB(MACHINE("ip='10.77.0.3'") "</machine>"), HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its address is '10.77.0.2', not '10.77.0.3': only making "
		"it anew changes that (--replace a)"},
	{LAB(MACHINE("network='lab1'") "</machine>"), HAVE("a", "w", "failed", ""), "",
		"lab.xml:2: machine 'a': its network is 'lab0', not 'lab1': only making it anew "
		"changes that (--replace a)"},
	{LAB(MACHINE("") "<disk size='2G'/></machine>"), HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its disk in bytes is 1073741824, not 2147483648: only "
		"making it anew changes that (--replace a)"},
	{LAB(MACHINE("") "<disk size='1G'/><disk size='1G'/></machine>"), HAVE("a", "w", "up", ON),
		"",
		"lab.xml:2: machine 'a': its disk 2 in bytes is not set, not 1073741824: only "
		"making it anew changes that (--replace a)"},
	{LAB(MACHINE("network='lab0'") "<nic network='x'/></machine>"), HAVE("a", "w", "up", ON),
		"",
		"lab.xml:2: machine 'a': its network of card 2 is not set, not 'x': only making it "
		"anew changes that (--replace a)"},
	{LAB(MACHINE("sealed='yes'") "</machine>"), HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its seal is not set, not yes: only making it anew "
		"changes that (--replace a)"},
	{LAB(MACHINE("cpu='maximum'") "</machine>"), HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its CPU is not set, not 'maximum': only making it anew "
		"changes that (--replace a)"},
	{LAB("<machine name='a' profile='tiny'><set name='k'>w</set></machine>"),
		HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its setting 'k' is another: only making it anew changes "
		"that (--replace a)"},
	{LAB("<machine name='a' profile='tiny'><set name='k'>v</set></machine>"),
		HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its setting 'p' is set: only making it anew changes that "
		"(--replace a)"},
	{LAB(MACHINE("") "<ssh-key>" ED " d</ssh-key></machine>"), HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': its SSH keys are others: only making it anew changes that "
		"(--replace a)"},
	{LAB(MACHINE("") "<first-boot file='f'/></machine>"), HAVE("a", "w", "up", ON), "",
		"lab.xml:2: machine 'a': it has no first-boot script: only making it anew changes "
		"that (--replace a)"},
	{LAB(MACHINE("") "</machine>"), HAVE("a", "v", "up", ON), "",
		"lab.xml:2: machine 'a' is there, and not of this lab (lab 'v' made it): name it "
		"otherwise, or 'usher delete a'"},
	{LAB(MACHINE("") "</machine>"), HAVE("a", "", "failed", ""), "",
		"lab.xml:2: machine 'a' is there, and not of this lab (no lab's): name it "
		"otherwise, or 'usher delete a'"},
	{LAB(MACHINE("") "</machine>"), HAVE("a", "w", "up", ",\"deleting\":true"), "",
		"lab.xml:2: machine 'a' is being deleted: wait for that to end"},
	{LAB("<network name='n' subnet='10.0.0.0/8' forward='nat'/>"), "",
		"{\"name\":\"n\",\"subnet\":\"10.0.0.0/8\",\"forward\":\"none\"}",
		"lab.xml:2: network 'n' is there, and its forward is 'none', not 'nat': name it "
		"otherwise, or 'usher network delete n'"},
	{LAB("<machine name='a' profile='x'/><machine name='b' profile='x'/>"),
		HAVE("a", "", "up", "") "," HAVE("b", "v", "up", ""), "",
		"lab.xml:2: machine 'a' is there, and not of this lab (no lab's): name it "
		"otherwise, or 'usher delete a'\n"
		"lab.xml:2: machine 'b' is there, and not of this lab (lab 'v' made it): name it "
		"otherwise, or 'usher delete b'"},
};

START_TEST(refuses)
{
	const struct refusal *r = &refusals[_i];

	ck_assert_int_lt(run(r->xml, r->have, r->networks, NULL), 0);
	ck_assert_str_eq(why, r->want);
	ck_assert_ptr_null(plan);
	end();
}
END_TEST

START_TEST(replaces_what_was_named)
{
	struct named n = {.replace = {"a"}}, foreign = {.replace = {"a"}};

	ck_assert_int_eq(
		run(LAB("<machine name='a' profile='other'/>"), HAVE("a", "w", "up", ON), "", &n),
		0);
	ck_plan("+a made anew: profile other\nkept 0");
	ck_assert(json_is_true(json_object_get(plan->steps[0].body, "replace")));
	end();
	ck_assert_int_lt(run(LAB("<machine name='a' profile='tiny'/>"), HAVE("a", "", "up", ON), "",
				 &foreign),
		0);
	end();
}
END_TEST

START_TEST(does_only_what_was_named)
{
	struct named n = {.names = {"b"}}, none = {.names = {"c"}},
		     down = {.names = {"b"}, .down = true};

	ck_assert_int_eq(run(LAB("<machine name='a' profile='tiny'/><machine name='b' "
				 "profile='tiny'/>"),
				 HAVE("gone", "w", "up", ON), "", &n),
		0);
	ck_plan("+b profile tiny\nkept 0");
	end();
	ck_assert_int_lt(run(LAB("<machine name='a' profile='tiny'/>"), "", "", &none), 0);
	ck_assert_str_eq(why, "lab.xml: no machine 'c' in this lab");
	end();
	ck_assert_int_eq(run(LAB("<network name='n' subnet='10.0.0.0/8'/>"),
				 HAVE("a", "w", "up", ON) "," HAVE("b", "w", "up", ON),
				 "{\"name\":\"n\",\"lab\":\"w\"}", &down),
		0);
	ck_plan("-b deleted, with its disk\nkept 0");
	end();
}
END_TEST

START_TEST(takes_down_what_it_made)
{
	struct named down = {.down = true};
	const char *there = HAVE("a", "w", "up", ON) "," HAVE("old", "w", "failed", "") "," HAVE(
		"hers", "v", "up", ON);

	ck_assert_int_eq(
		run(LAB("<network name='n' subnet='10.0.0.0/8'/><network name='lab0' "
			"subnet='10.77.0.0/24'/><network name='o' subnet='10.9.0.0/24'/><machine "
			"name='a' profile='x'/>"),
			there,
			"{\"name\":\"n\",\"lab\":\"w\"},{\"name\":\"lab0\",\"lab\":\"w\"},"
			"{\"name\":\"o\"},{\"name\":\"default\"}",
			&down),
		0);
	/* lab0 has a machine of another's, o was there before */
	ck_plan("-a deleted, with its disk\n-old deleted, with its disk\n-n network removed\nkept "
		"0");
	end();
	ck_assert_int_eq(run(LAB(""), "", "", &down), 0);
	ck_plan("kept 0");
	end();
	/* up: one that the file has no more */
	ck_assert_int_eq(
		run(LAB(""), "", "{\"name\":\"n\",\"lab\":\"w\"},{\"name\":\"default\"}", NULL), 0);
	ck_plan("-n network removed\nkept 0");
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lab_plan");
	TCase *tc = tcase_create("lab_plan");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, tc);
	tcase_add_test(tc, makes_what_is_missing);
	tcase_add_test(tc, leaves_alone_what_is_right);
	tcase_add_test(tc, leaves_alone_what_is_live);
	tcase_add_test(tc, goes_on_and_repairs);
	tcase_add_test(tc, does_the_difference);
	tcase_add_loop_test(tc, refuses, 0, sizeof refusals / sizeof *refusals);
	tcase_add_test(tc, replaces_what_was_named);
	tcase_add_test(tc, does_only_what_was_named);
	tcase_add_test(tc, takes_down_what_it_made);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
