/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scripts inside answer files: which there are, in what language, and where. */
#include "kickstart/lint/scripts.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char seen[2048];

static void see(void *arg, const struct lint_script *s)
{
	static const char *const names[] = {"shell", "bash", "python", "other"};

	(void)arg;
	snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%u %s <%s>\n", s->line,
		names[s->language], s->text);
}

static const struct {
	enum answers format;
	const char *text, *want;
} table[] = {
	{ANSWERS_KICKSTART, "lang C\n%post\na\nb\n%end\n", "3 bash <a\nb\n>\n"},
	{ANSWERS_KICKSTART, "%pre --interpreter=/usr/libexec/platform-python --log=/x\na\n%end\n",
		"2 python <a\n>\n"},
	{ANSWERS_KICKSTART, "%pre --log=/x --interpreter \"/bin/sh\"\na\n%end", "2 bash <a\n>\n"},
	{ANSWERS_KICKSTART, "%traceback --interpreter=/usr/bin/perl\na\n%end\n%onerror\n%end\n",
		"2 other <a\n>\n5 bash <>\n"},
	{ANSWERS_KICKSTART, "%pre\n#!/bin/bash\n%end\n%post\n#!/usr/bin/python3\n%end\n",
		"2 bash <#!/bin/bash\n>\n5 other <#!/usr/bin/python3\n>\n"},
	/* what is included is not there; what is not closed is told by others; other sections are no scripts */
	{ANSWERS_KICKSTART, "%post\nif\n%include /tmp/x\n%end\n%post\nif\n", ""},
	{ANSWERS_KICKSTART, "%packages\nif\n%end\n%addon x\nif\n%end\n%posts\nif\n%end\n", ""},
	{ANSWERS_PRESEED, "d-i preseed/late_command string a; b\n", "1 shell <a; b>\n"},
	{ANSWERS_PRESEED,
		"# x\n\nd-i\tpreseed/early_command\tstring a \\\n# no part of it\n  b\\\n\n c\nd-i "
		"x/y string z\n",
		"3 shell <a    b  c>\n"},
	{ANSWERS_PRESEED, "d-i partman/early_command string", "1 shell <>\n"},
	{ANSWERS_PRESEED, "d-i x/later_command string a\nlate_command\n\\\n", ""},
	{ANSWERS_AUTOINSTALL,
		"autoinstall:\n  late-commands:\n    - a\n    - |\n      b\n      c\n    - [d, e]\n"
		"  user-data:\n    runcmd: ['f']\n",
		"3 shell <a>\n5 shell <b\nc\n>\n9 shell <f>\n"},
	{ANSWERS_CLOUD_CONFIG, "#cloud-config\nruncmd:\n - a\nbootcmd: [b, [c]]\npackages: [d]\n",
		"3 shell <a>\n4 shell <b>\n"},
	{ANSWERS_CLOUD_CONFIG, "autoinstall: &a {autoinstall: *a, runcmd: [b]}\n",
		"1 shell <b>\n1 shell <b>\n"},
	{ANSWERS_CLOUD_CONFIG, "a: [", ""},
	{ANSWERS_SCRIPT, "#!/usr/bin/env python3\na\n", "1 python <#!/usr/bin/env python3\na\n>\n"},
	{ANSWERS_SCRIPT, "#! /bin/dash -e\na\n", "1 shell <#! /bin/dash -e\na\n>\n"},
	{ANSWERS_SCRIPT, "a\n", "1 shell <a\n>\n"},
	{ANSWERS_AUTOYAST, "<x/>", ""},
};

START_TEST(scripts)
{
	seen[0] = '\0';
	lint_scripts(table[_i].format, table[_i].text, see, NULL);
	ck_assert_str_eq(seen, table[_i].want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scripts");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_loop_test(c, scripts, 0, sizeof(table) / sizeof(*table));
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
