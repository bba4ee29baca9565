/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of an IPMI controller, in which order, and what follows when it does not answer: a script plays ipmitool. */
#include "core/clock.h"
#include "core/loop.h"
#include "hooks/power/driver.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

static struct loop *loop;
static struct power *power;
static char dir[64];
static bool ended;
static int status;
static char text[POWER_TEXT];

static const char *in_dir(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	char *p = path[turn++ % 2];

	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static void setup(void)
{
	ck_assert_int_eq(loop_new(&loop), 0);
	snprintf(dir, sizeof dir, "/tmp/usher-ipmi-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(power_new(loop, NULL, dir, &power), 0);
}

static void teardown(void)
{
	char command[128];

	power_free(power);
	loop_free(loop);
	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

/* `answers` are cases of a shell, by the bytes that are sent: "0x00 0x01) echo 01;; …". What has none is refused. */
static void controller(const char *answers)
{
	FILE *f = fopen(in_dir("ipmitool"), "we");

	fprintf(f,
		"#!/bin/sh\n"
		"while [ \"$1\" != raw ]; do shift; done\nshift\n"
		"echo \"$*\" >>%s\n"
		"refuse() { echo 'Unable to send RAW command (rsp=0xc1): Invalid command' >&2; exit 1; }\n"
		"away() { echo 'Error: Unable to establish IPMI v2 / RMCP+ session' >&2; exit 1; }\n"
		"case \"$*\" in\n%s\n*) refuse;;\nesac\n",
		in_dir("sent"), answers);
	fclose(f);
	ck_assert_int_eq(chmod(in_dir("ipmitool"), 0755), 0);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0); /* the mount goes with this process */
	ck_assert_int_eq(mount(in_dir("ipmitool"), "/usr/bin/ipmitool", NULL, MS_BIND, NULL), 0);
}

/* The commands, a line each. */
static const char *sent(void)
{
	static char all[4096];
	FILE *f = fopen(in_dir("sent"), "re");

	all[f ? fread(all, 1, sizeof all - 1, f) : 0] = '\0';
	if (f)
		fclose(f);
	return all;
}

static void on_end(void *arg, const struct power_result *r)
{
	(void)arg;
	ended = true;
	status = r->status;
	snprintf(text, sizeof text, "%s", r->text);
}

static int ask(enum power_verb verb)
{
	struct power_request rq = {.power = "ipmi://admin@bmc?spacing=0",
		.password = "secret",
		.verb = verb,
		.machine_name = "m"};
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	ended = false;
	ck_assert_int_eq(power_run(power, &rq, on_end, NULL), 0);
	while (!ended && clock_mono_ms() < end)
		loop_once(loop, 50);
	ck_assert(ended);
	return status;
}

START_TEST(the_network_once)
{
	controller("'0x00 0x01') echo 01 00 00;;\n"
		   "'0x00 0x08 0x05 '*) ;;\n"
		   "'0x00 0x09 0x05 '*) echo 01 05 80 04 00 00 00;;");
	ck_assert_int_eq(ask(POWER_NETBOOT), 0);
	ck_assert_str_eq(text, "once, by BIOS");
	ck_assert_str_eq(sent(),
		"0x00 0x01\n0x00 0x08 0x03 0x08\n0x00 0x08 0x05 0x80 0x04 0x00 0x00 0x00\n"
		"0x00 0x09 0x05 0x00 0x00\n");
}
END_TEST

/* A second one may lock its user out. */
START_TEST(a_wrong_password_is_sent_once)
{
	controller("*) echo 'Error: RAKP 2 HMAC is invalid' >&2; away;;");
	ck_assert_int_eq(ask(POWER_NETBOOT), -EPROTO);
	ck_assert_ptr_nonnull(strstr(text, "it refuses the password"));
	ck_assert_str_eq(sent(), "0x00 0x01\n");
}
END_TEST

/* It is away after it was switched, for longer than anybody waits. */
START_TEST(one_that_goes_away)
{
	char answers[512];

	snprintf(answers, sizeof answers,
		"'0x00 0x01') [ -e %s ] && away; echo 01;;\n'0x00 0x02 0x0'[02]) touch %s;;",
		in_dir("away"), in_dir("away"));
	controller(answers);
	power->limit_ms = 2000;
	ck_assert_int_eq(ask(POWER_CYCLE), 0);
	ck_assert_str_eq(text, "its controller took the command, and has not answered since");
	ck_assert_str_eq(sent(), "0x00 0x01\n0x00 0x02 0x02\n0x00 0x01\n");
}
END_TEST

/* It has no cycle, and was not yet told to switch on again. */
START_TEST(half_a_cycle_is_none)
{
	char answers[512];

	snprintf(answers, sizeof answers,
		"'0x00 0x01') [ -e %s ] && away; echo 01;;\n'0x00 0x02 0x00') touch %s;;",
		in_dir("away"), in_dir("away"));
	controller(answers);
	power->limit_ms = 2000;
	ck_assert_int_eq(ask(POWER_CYCLE), -EPROTO);
	ck_assert_ptr_nonnull(strstr(text, "it opens no session"));
	ck_assert_str_eq(sent(), "0x00 0x01\n0x00 0x02 0x02\n0x00 0x02 0x00\n0x00 0x01\n");
}
END_TEST

/* The script stands in for it, for this process alone. */
static bool may_stand_in(void)
{
	return !access("/usr/bin/ipmitool", F_OK) && !unshare(CLONE_NEWNS) &&
		!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

int main(void)
{
	Suite *s = suite_create("power_ipmi");
	TCase *t = tcase_create("power_ipmi");
	SRunner *r;
	int failed;

	if (!may_stand_in()) {
		puts("skipped: it needs root, and the package ipmitool");
		return 0;
	}
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_network_once);
	tcase_add_test(t, a_wrong_password_is_sent_once);
	tcase_add_test(t, one_that_goes_away);
	tcase_add_test(t, half_a_cycle_is_none);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
