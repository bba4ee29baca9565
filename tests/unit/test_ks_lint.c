/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/lint.h"
#include "kickstart/lint/lint_kickstart.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *slurp(const char *path)
{
	char *text = calloc(1, 1 << 16);
	FILE *f = fopen(path, "r");

	ck_assert_msg(f != NULL, "%s: run in the repository's top directory", path);
	ck_assert_uint_gt(fread(text, 1, (1 << 16) - 1, f), 0);
	fclose(f);
	return text;
}

/* What is found in it, a line each. */
static const char *lint(const struct lint_input *in)
{
	static char out[32768];
	struct findings f = {0};
	size_t used = 0;

	lint_kickstart(in, &f);
	findings_sort(&f);
	out[0] = '\0';
	for (size_t i = 0; i < f.n && used < sizeof(out); i++) {
		finding_text(&f, i, out + used, sizeof(out) - used);
		strcat(out, "\n");
		used = strlen(out);
	}
	findings_fini(&f);
	return out;
}

static const char *lint_template(const char *version)
{
	static char out[32768];
	char *text = slurp("tests/kickstart/template-vm-centos-7.cfg");
	struct lint_input in = {.file = "t.cfg", .text = text, .version = version};

	snprintf(out, sizeof(out), "%s", lint(&in));
	free(text);
	return out;
}

START_TEST(template_vm)
{
	ck_assert_str_eq(lint_template("RHEL7"), "");
	ck_assert_str_eq(lint_template(NULL), "");
	ck_assert_str_eq(lint_template("RHEL9"),
		"t.cfg:2:1: error: 'install' was removed in RHEL9: leave it out: 'url', 'nfs', "
		"'cdrom' … stand alone\n"
		"t.cfg:9:26: warning: '--ntpservers' of 'timezone' is deprecated since RHEL9: use "
		"'timesource --ntp-server='\n"
		"t.cfg:14:1: warning: 'auth' is deprecated since RHEL8: use 'authselect'\n"
		"t.cfg:44:1: warning: '%anaconda' is deprecated since RHEL9: leave the section "
		"out\n");
	ck_assert_str_eq(lint_template("RHEL10"),
		"t.cfg:2:1: error: 'install' was removed in RHEL9: leave it out: 'url', 'nfs', "
		"'cdrom' … stand alone\n"
		"t.cfg:9:18: error: '--isUtc' of 'timezone' was removed in RHEL10: use '--utc'\n"
		"t.cfg:9:26: error: '--ntpservers' of 'timezone' was removed in RHEL10: use "
		"'timesource --ntp-server='\n"
		"t.cfg:14:1: error: 'auth' was removed in RHEL10: use 'authselect'\n"
		"t.cfg:44:1: error: '%anaconda' was removed in RHEL10: leave the section out\n");
}
END_TEST

/* One that is full: nothing is made up of what was not looked at, and that is said. */
START_TEST(full_file)
{
	char text[16384] = "";
	struct findings f = {0};
	struct lint_input in = {.file = "a.ks", .text = text, .version = "RHEL9"};

	for (int i = 0; i < FINDINGS_MAX; i++)
		strcat(text, "lang --nope\n");
	strcat(text, "lang C\ntimezone UTC\nrootpw x\nautopart\n%packages\n@core\n%end\n");
	lint_text(ANSWERS_KICKSTART, &in, &f);
	ck_assert_uint_eq(f.n, FINDINGS_MAX);
	for (size_t i = 0; i < f.n; i++)
		ck_assert_uint_gt(f.v[i].line, 0); /* "no 'timezone'" has none */
	ck_assert_uint_gt(f.files[0].left_errors, 0);
	findings_fini(&f);
	for (char *p = text; (p = strstr(p, "lang --nope")); p++)
		memcpy(p, "reboot     ", 11); /* a warning each, but for the first */
	strcat(text, "nosuchcommand\nreboot\nreboot\n");
	lint_text(ANSWERS_KICKSTART, &in, &f);
	ck_assert_uint_eq(f.n_errors, 1);
	findings_fini(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ks_lint");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(c, template_vm);
	tcase_add_test(c, full_file);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
