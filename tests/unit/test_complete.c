/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command line may go on with, where no service has to be asked. */
#include "usher/cli/complete.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command ssh = {.name = "ssh",
				    .summary = "log in",
				    .arguments = "",
				    .help = "  NAME...              only these\n"
					    "  --user U, -l U       as whom\n"
					    "  -i FILE              the private key\n"
					    "  -c, --config FILE    which\n"
					    "  --power-password-file FILE\n"
					    "                       the controller's\n"
					    "  --json, -o json      for programs\n"
					    "  --help               this text\n"},
			    list = {.name = "list",
				    .summary = "list machines",
				    .arguments = "",
				    .help = "  -o name|wide|json    how\n"
					    "  --state S            only those\n"},
			    render = {.name = "render",
				    .summary = "",
				    .arguments = "",
				    .help = "  --for LOADER         x\n"};
static const struct command *const commands[] = {&ssh, &list, &render};

/* All that is printed for these words, with blanks between them; what it is left out. */
static void completes(const char *typed, const char *want)
{
	char words[128], *argv[16], *text = NULL, *save = NULL, got[512] = "";
	char end[] = "--", nothing[] = "";
	FILE *was = stdout;
	size_t size = 0, n = 0;

	setenv("USHER_SOCKET", "/nowhere", 1);
	snprintf(words, sizeof words, "%s", typed);
	argv[n++] = end;
	for (char *s = strtok_r(words, " ", &save); s; s = strtok_r(NULL, " ", &save))
		argv[n++] = s;
	if (!*typed || typed[strlen(typed) - 1] == ' ')
		argv[n++] = nothing;
	argv[n] = NULL;
	stdout = open_memstream(&text, &size);
	ck_assert_int_eq(complete_run(commands, 3, argv), 0);
	fclose(stdout);
	stdout = was;
	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", *got ? " " : "",
			(int)strcspn(s, "\t"), s);
	ck_assert_msg(!strcmp(got, want), "'%s': '%s'", typed, got);
	free(text);
}

START_TEST(words)
{
	completes("", "ssh list render help --help --version");
	completes("l", "list");
	completes("help re", "render");
	completes("nothing ", "");
	completes("list --state u", "up");
	completes("list --state=u", "--state=up");
	completes("list --state = u", "--state=up"); /* as bash has it */
	completes("list -o ", "name wide json");
	completes("ssh -o ", "json");
	completes("render web ", "script answers cmdline");
	completes("render --for grub web s", "script");
	completes("render web script ", "");
	completes("ssh -i ", ":files");
	completes("ssh web", ""); /* no service says so */
}
END_TEST

START_TEST(options)
{
	completes("ssh --p", "--power-password-file");
	completes("ssh -", "--user -l -i --config -c --power-password-file --json -o --help");
	completes("ssh --config ", ":files");
	completes("ssh -c ", ":files");
}
END_TEST

static void is(const struct complete_option *o, const char *name, const char *shorter, bool value,
	const char *help)
{
	ck_assert_str_eq(o->name, name);
	ck_assert_str_eq(o->shorter, shorter);
	ck_assert_int_eq(o->value, value);
	ck_assert_msg(!strncmp(o->help, help, strlen(help)), "%s", o->help);
}

START_TEST(help)
{
	const char *line = ssh.help;
	struct complete_option o;

	ck_assert(complete_option(&line, &o));
	is(&o, "--user", "-l", true, "as whom\n");
	ck_assert(complete_option(&line, &o));
	is(&o, "", "-i", true, "the private key\n");
	ck_assert(complete_option(&line, &o));
	is(&o, "--config", "-c", true, "which\n");
	ck_assert(complete_option(&line, &o));
	is(&o, "--power-password-file", "", true, "the controller's\n");
	ck_assert(complete_option(&line, &o));
	is(&o, "--json", "-o", true, "for programs\n");
	ck_assert(complete_option(&line, &o));
	is(&o, "--help", "", false, "this text\n");
	ck_assert(!complete_option(&line, &o));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("complete");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, words);
	tcase_add_test(t, options);
	tcase_add_test(t, help);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
