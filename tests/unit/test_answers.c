/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kind of answer file a text is: its name first, then what is in it. */
#include "kickstart/answers.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *name, *text;
	enum answers kind;
} table[] = {
	/* a script, a preseed or YAML that a kickstart file writes does not make it one */
	{"web.ks", "lang C\n%post\ncat >x <<E\n#!/bin/sh\nE\n%end\n", ANSWERS_KICKSTART},
	{"web.ks", "%post\nd-i x/y string z\nautoinstall:\n%end\n", ANSWERS_KICKSTART},
	{"web.cfg", "lang C\n%post\ncat >x <<E\n#!/bin/sh\n#cloud-config\nE\n%end\n",
		ANSWERS_KICKSTART},
	{"a/preseed.cfg", "", ANSWERS_PRESEED},
	{"web.cfg", "d-i x/y string z\n", ANSWERS_PRESEED},
	{"99.cfg", "#cloud-config\nx: y\n", ANSWERS_CLOUD_CONFIG},
	{"web.seed", "#!/bin/sh\n", ANSWERS_PRESEED},
	{"x.ign", "", ANSWERS_IGNITION},
	{"x.json", "{\"ignition\": {}}", ANSWERS_IGNITION},
	{"x.json", "{}", ANSWERS_JSON},
	{"x.xml", "<profile xmlns=\"http://www.suse.com/1.0/yast2ns\">", ANSWERS_AUTOYAST},
	{"x.xml", "<x/>", ANSWERS_XML},
	{"x.yaml", "#cloud-config\nautoinstall:\n", ANSWERS_AUTOINSTALL},
	{"x.yml", "#cloud-config\n", ANSWERS_CLOUD_CONFIG},
	{"x.yaml", "x: \"ignition\"\n", ANSWERS_YAML},
	{"x.sh", "%packages\n", ANSWERS_SCRIPT},
	{"ks", "lang C\n%packages\n%end\n", ANSWERS_KICKSTART},
	{"ks", "rootpw x\n", ANSWERS_KICKSTART},
	{"run", "#!/bin/sh\nautoinstall:\n", ANSWERS_SCRIPT},
	{"user-data", "#cloud-config\nautoinstall:\n", ANSWERS_AUTOINSTALL},
	{"user-data", "#cloud-config\n", ANSWERS_CLOUD_CONFIG},
	{"user-data", "x: y\n", ANSWERS_YAML},
	{"seed", "d-i\tx/y string z\n", ANSWERS_PRESEED},
	{"auto", "<?xml version='1.0'?>\n<x/>", ANSWERS_XML},
	{"x", "nothing known", ANSWERS_NONE},
	{".ks", "", ANSWERS_KICKSTART},
	{"", "", ANSWERS_NONE},
};

START_TEST(guesses)
{
	ck_assert_str_eq(answers_name(answers_guess(table[_i].name, table[_i].text)),
		answers_name(table[_i].kind));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("answers");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_loop_test(c, guesses, 0, sizeof(table) / sizeof(*table));
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
