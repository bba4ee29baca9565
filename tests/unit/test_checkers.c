/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/checkers.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], path[4096];

/* A program of this name, which says this of the file that is its last argument. */
static void install(const char *name, const char *script)
{
	char file[128];
	FILE *f;

	snprintf(file, sizeof(file), "%s/%s", dir, name);
	f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\nfor file; do :; done\n%s\n", script);
	fclose(f);
	chmod(file, 0755);
}

static void begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_checkers-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", dir);
	setenv("PATH", path, 1);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void expect(enum answers format, const char *version, const char *text, const char *want)
{
	struct lint_input in = {.file = "f", .text = text, .version = version};
	struct findings f = {0};
	char got[4096] = "", line[512];

	checkers_ask(format, &in, &f);
	for (size_t i = 0; i < f.n; i++) {
		finding_text(&f, i, line, sizeof(line));
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "\n" : "", line);
	}
	ck_assert_str_eq(got, want);
	findings_fini(&f);
}

START_TEST(words)
{
	install("xmllint", "echo \"$file:3: parser error : no\"; echo '<b>'; echo '  ^'; exit 1");
	expect(ANSWERS_XML, NULL, "x", "f:3: error: parser error : no [xmllint]");
	install("jq", "echo 'jq: error: no at line 2, column 7' >&2; exit 2");
	expect(ANSWERS_JSON, NULL, "x", "f:2:7: error: jq: error: no at line 2, column 7 [jq]");
	install("ksvalidator",
		"[ $1 = -v ] && [ $2 = RHEL9 ] || exit 0\n"
		"printf 'The following problem occurred on line 4 of the kickstart file:\\n\\nNo: "
		"x\\n'; exit 1");
	expect(ANSWERS_KICKSTART, "RHEL9", "x", "f:4: error: No: x [ksvalidator]");
	expect(ANSWERS_KICKSTART, NULL, "x", "");
	install("debconf-set-selections",
		"echo 'warning: hm on line 1'; grep -q secret \"$file\" && echo 'error: line 2'; "
		"exit 1");
	expect(ANSWERS_PRESEED, NULL, "a\nsecret\n",
		"f:1: warning: hm on line 1 [debconf-set-selections]\n"
		"f:2: error: line 2 [debconf-set-selections]");
	install("xmllint", "exit 3");
	expect(ANSWERS_XML, NULL, "x", "f: error: it is refused without a word [xmllint]");
	install("xmllint", "echo all is well");
	expect(ANSWERS_XML, NULL, "x", "");
}
END_TEST

/* debconf's own, which knows this question from its host: that is no matter here. */
START_TEST(debconf)
{
	if (system("command -v debconf-set-selections >/dev/null"))
		return;
	expect(ANSWERS_PRESEED, NULL, "d-i debconf/priority select critical\n", "");
	expect(ANSWERS_PRESEED, NULL, "d-i debconf/priority\n",
		"f:1: error: parse error on line 1: 'd-i debconf/priority' [debconf-set-selections]");
}
END_TEST

/* ignition-validate's, which warns of what it takes, too; and one that is older than the configuration. */
START_TEST(members)
{
	install("jq", "exit 0");
	install("ignition-validate",
		"echo 'error at $.storage.files.0.path, line 3 col 9: path not absolute'\n"
		"echo 'warning at $.x.moed, line 4 col 14: Unused key moed'\n"
		"echo 'error at line 5 col 15: invalid character'; exit 1");
	expect(ANSWERS_IGNITION, NULL, "x",
		"f:3:9: error: storage.files.0.path: path not absolute [ignition-validate]\n"
		"f:4:14: warning: x.moed: Unused key moed [ignition-validate]\n"
		"f:5:15: error: invalid character [ignition-validate]");
	install("ignition-validate", "echo 'warning at $.a, line 1 col 2: Unused key a'");
	expect(ANSWERS_IGNITION, NULL, "x", "f:1:2: warning: a: Unused key a [ignition-validate]");
	install("ignition-validate",
		"echo \"couldn't parse config: unsupported config version\" >&2; exit 1");
	expect(ANSWERS_IGNITION, NULL, "x", "");
	install("ignition-validate", "echo cannot; exit 1");
	expect(ANSWERS_IGNITION, NULL, "x", "f: error: cannot [ignition-validate]");
	install("ignition-validate", "exit 1");
	expect(ANSWERS_IGNITION, NULL, "x",
		"f: error: it is refused without a word [ignition-validate]");
}
END_TEST

START_TEST(none)
{
	setenv("PATH", dir, 1); /* where nothing is */
	expect(ANSWERS_XML, NULL, "x", "");
	expect(ANSWERS_SCRIPT, NULL, "if", "");
	setenv("PATH", path, 1);
}
END_TEST

START_TEST(shell)
{
	expect(ANSWERS_SCRIPT, NULL, "#!/usr/bin/perl\nif x:\n", "");
	expect(ANSWERS_SCRIPT, NULL, "#!/bin/sh\ntrue\n", "");
	install("python3", "echo \"$file: 3: invalid syntax\" >&2; exit 1");
	expect(ANSWERS_SCRIPT, NULL, "#!/usr/bin/python3\nif x:\n",
		"f:3: error: invalid syntax [python3]");
	/* inside a file: its own line */
	install("bash", "echo \"$file: line 2: no\" >&2; exit 2");
	expect(ANSWERS_KICKSTART, NULL,
		"lang C\n%post\ntrue\nif\n%end\n%post --interpreter=/usr/bin/perl\nif\n%end\n",
		"f:4: error: no [bash]");
	install("sh", "echo \"$file: 2: Syntax error\" >&2; exit 2");
	expect(ANSWERS_SCRIPT, NULL, "if\n", "f:2: error: Syntax error [sh]");
}
END_TEST

#define POST(script) "lang C\n%post\n" script "%end\n"

/* With the host's bash: lines are the file's, and nothing is run. */
START_TEST(bash)
{
	char text[160];

	expect(ANSWERS_KICKSTART, NULL, POST("a=(1 2)\nshopt -s extglob\nrm -f !(x|y)\n"), "");
	expect(ANSWERS_KICKSTART, NULL, POST("if true; then\n  echo x\nfi fi\n"),
		"f:5: error: syntax error near unexpected token `fi' [bash]");
	expect(ANSWERS_KICKSTART, NULL, POST("cat <<E\nx\n"),
		"f:4: warning: here-document at line 3 delimited by end-of-file (wanted `E') "
		"[bash]");
	snprintf(text, sizeof(text), "lang C\n%%post\ntouch %s/was-run\n%%end\n", dir);
	expect(ANSWERS_KICKSTART, NULL, text, "");
	snprintf(text, sizeof(text), "%s/env", dir);
	install("env", "touch \"${0%/*}/was-run\"");
	setenv("BASH_ENV", text, 1);
	expect(ANSWERS_KICKSTART, NULL, POST("true\n"), "");
	unsetenv("BASH_ENV");
	snprintf(text, sizeof(text), "%s/was-run", dir);
	ck_assert_int_eq(access(text, F_OK), -1);
	install("python3", "[ $1 = -I ] || exit 0; echo \"$file: 2: bad if on line 1\"; exit 1");
	expect(ANSWERS_KICKSTART, NULL, "%post --interpreter=/usr/bin/python3\na\nb\n%end\n",
		"f:3: error: bad if on line 2 [python3]");
	install("python3", "echo Traceback; exit 1"); /* it failed, not the script */
	expect(ANSWERS_KICKSTART, NULL, "%post --interpreter=/usr/bin/python3\na\nb\n%end\n", "");
}
END_TEST

static int include(void *arg, const char *name, char **ret)
{
	(void)arg;
	if (strcmp(name, "more.ks") != 0)
		return -ENOENT;
	*ret = strdup("%include more.ks\n%pre\nfi\n%end\n");
	return *ret ? 0 : -ENOMEM;
}

/* Scripts of files that are included, each told once. */
START_TEST(included)
{
	struct lint_input in = {.file = "f",
		.text = POST("true\n") "%include more.ks\n%include x\n",
		.include = include};
	struct findings f = {0};
	char line[512];

	checkers_ask(ANSWERS_KICKSTART, &in, &f);
	ck_assert_uint_eq(f.n, 1);
	finding_text(&f, 0, line, sizeof(line));
	ck_assert_str_eq(line, "more.ks:3: error: syntax error near unexpected token `fi' [bash]");
	findings_fini(&f);
}
END_TEST

/* One that goes on when it has said all, and one that says more than anybody reads. */
START_TEST(bounded)
{
	install("xmllint", "exec >&- 2>&-; sleep 60");
	expect(ANSWERS_XML, NULL, "x", "");
	install("jq", "yes 'much' | head -c 1000000; exit 1");
	expect(ANSWERS_NONE, NULL, "x", "");
	expect(ANSWERS_JSON, NULL, "x", "");
}
END_TEST

/* A folder for what the checkers are given. */
static void begin_tmp(char tmp[128])
{
	snprintf(tmp, 128, "%s/tmp", dir);
	ck_assert_int_eq(mkdir(tmp, 0777), 0);
	setenv("TMPDIR", tmp, 1);
}

static size_t names_in(const char *folder)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d)); n++)
		;
	closedir(d);
	return n - 2; /* "." and ".." */
}

/* Whatever a checker reads is where nobody else can make a file first, and is gone afterwards. */
START_TEST(alone)
{
	static const char look[] =
		"d=${file%/*}; [ \"$(stat -c %a \"$d\")\" = 700 ] && [ \"${d%/*}\" = \"$TMPDIR\" ] && "
		"[ \"$(stat -c %a \"$file\")\" = 600 ] && [ \"${DEBCONF_SYSTEMRC%/*}\" = \"$d\" ] && "
		"touch \"$d/templates-old\" || { echo not alone; exit 1; }";
	char tmp[128];

	begin_tmp(tmp);
	install("debconf-set-selections", look);
	expect(ANSWERS_PRESEED, NULL, "x", "");
	install("sh", look);
	install("jq", look);
	expect(ANSWERS_SCRIPT, NULL, "#!/bin/sh\ntrue\n", "");
	expect(ANSWERS_JSON, NULL, "x", "");
	ck_assert_uint_eq(names_in(tmp), 0);
	unsetenv("TMPDIR");
}
END_TEST

START_TEST(no_room)
{
	setenv("TMPDIR", "/nowhere", 1);
	install("jq", "exit 0");
	expect(ANSWERS_JSON, NULL, "x",
		"f: error: it was not checked by this host's programs: they need a file in "
		"/nowhere: No such file or directory (--own goes without them)");
	unsetenv("TMPDIR");
}
END_TEST

/* ^C and the like end what runs, and leave nothing behind. */
START_TEST(interrupted)
{
	struct lint_input in = {.file = "f", .text = "x"};
	struct findings f = {0};
	char tmp[128];
	int status;
	pid_t pid;

	begin_tmp(tmp);
	install("jq", "kill $PPID; exec sleep 60");
	pid = fork();
	if (!pid) {
		signal(SIGTERM, SIG_DFL); /* libcheck has a handler */
		checkers_ask(ANSWERS_JSON, &in, &f);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	ck_assert_uint_eq(names_in(tmp), 0);
	unsetenv("TMPDIR");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("checkers");
	TCase *t = tcase_create("checkers");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, words);
	tcase_add_test(t, members);
	tcase_add_test(t, none);
	tcase_add_test(t, debconf);
	tcase_add_test(t, shell);
	tcase_add_test(t, bash);
	tcase_add_test(t, included);
	tcase_add_test(t, bounded);
	tcase_add_test(t, alone);
	tcase_add_test(t, no_room);
	tcase_add_test(t, interrupted);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
