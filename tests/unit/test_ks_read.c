/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/ks_read.h"

#include "kickstart/lint/ks_words.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words joined by '|', each with its column; then the fault. */
static const char *words(const char *line)
{
	static char out[1024];
	static struct ks_words w;
	char bytes[512];
	size_t used = 0;

	ks_words_split(line, strlen(line), bytes, &w);
	out[0] = '\0';
	for (size_t i = 0; i < w.n; i++)
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%u:%s", i ? "|" : "",
			w.v[i].column, w.v[i].s);
	if (w.fault || w.column)
		snprintf(out + used, sizeof(out) - used, " !%d@%u", w.fault, w.column);
	return out;
}

START_TEST(splits)
{
	ck_assert_str_eq(words(""), "");
	ck_assert_str_eq(words("  # all comment"), "");
	ck_assert_str_eq(words("lang en_US.UTF-8\r"), "1:lang|6:en_US.UTF-8");
	ck_assert_str_eq(words("\tpart  / --size=1"), "2:part|8:/|10:--size=1");
	ck_assert_str_eq(words("a 'b c'\"d e\"f # g"), "1:a|3:b cd ef");
	ck_assert_str_eq(words("a \"q\\\"\\\\\\n\" 'x\\'"), "1:a|3:q\"\\\\n|13:x\\");
	ck_assert_str_eq(words("a\\ b \\#c"), "1:a b|6:#c");
	ck_assert_str_eq(words("a '' \"\""), "1:a|3:|6:");
	ck_assert_str_eq(words("rootpw abc#def x"), "1:rootpw|8:abc !0@11");
	ck_assert_str_eq(words("a 'b"), "1:a|3:b !1@3");
	ck_assert_str_eq(words("a b\\"), "1:a|3:b !2@4");
	ck_assert_str_eq(words("a b \\  "), "1:a|3:b|5: !2@5");
}
END_TEST

static int include(void *arg, const char *name, char **ret)
{
	(void)arg;
	if (strcmp(name, "net.ks") == 0)
		*ret = strdup("network --bootproto=dhcp\n%include lang.ks\n");
	else if (strcmp(name, "lang.ks") == 0)
		*ret = strdup("lang C\n");
	else if (strcmp(name, "loop.ks") == 0)
		*ret = strdup("%include loop.ks\n");
	else if (strcmp(name, "http://own/lang.ks") == 0)
		*ret = strdup("lang C\n");
	else if (strcmp(name, "http://other/x.ks") == 0)
		return -EREMOTE;
	else if (strcmp(name, "list") == 0)
		*ret = strdup("vim\n\n# none\nemacs # and more\n");
	else if (strncmp(name, "deep", 4) == 0 && asprintf(ret, "%%include %sx\n", name) < 0)
		return -ENOMEM;
	else if (strncmp(name, "deep", 4) != 0)
		return -ENOENT;
	return *ret ? 0 : -ENOMEM;
}

static struct findings found;
static struct ks_text text;

static void read_text(const char *s)
{
	struct lint_input in = {.file = "ks.cfg", .text = s, .include = include};

	ck_assert_int_eq(ks_read(&in, &found, &text), 0);
	findings_sort(&found);
}

static void told(const char *expected)
{
	char all[4096] = "";

	for (size_t i = 0; i < found.n; i++) {
		finding_text(&found, i, all + strlen(all), sizeof(all) - strlen(all));
		strcat(all, "\n");
	}
	ck_assert_str_eq(all, expected);
	findings_fini(&found);
	ks_text_fini(&text);
}

START_TEST(sections)
{
	read_text("text\n%packages --nocore\n@core\n vim-minimal  # editor\n%end\n"
		  "%post\n%x is no section\necho 'quote\n%end\nreboot");
	ck_assert_uint_eq(text.n_commands, 2);
	ck_assert_str_eq(text.commands[1]->words[0].s, "reboot");
	ck_assert_uint_eq(text.commands[1]->line, 10);
	ck_assert_uint_eq(text.n_sections, 2);
	ck_assert_uint_eq(text.sections[0].n_body, 2);
	ck_assert_str_eq(text.sections[0].body[1]->words[0].s, "vim-minimal");
	ck_assert_uint_eq(text.sections[0].body[1]->words[0].column, 2);
	ck_assert_str_eq(text.sections[0].head->words[1].s, "--nocore");
	ck_assert(text.sections[1].filled);
	told("");
}
END_TEST

START_TEST(unclosed)
{
	read_text("%post\necho\n%packages\nvim\n%end\n%end\n%pots\nlang 'x\n%end\ntext\n %pre");
	ck_assert_uint_eq(text.n_commands, 1);
	ck_assert_uint_eq(text.n_sections, 3);
	told("ks.cfg:1:1: error: '%post' is not closed: add '%end'\n"
	     "ks.cfg:6:1: error: '%end' without a section\n"
	     "ks.cfg:7:1: error: unknown section '%pots': did you mean '%post'?\n"
	     "ks.cfg:11:2: error: '%pre' is not closed: add '%end'\n");
}
END_TEST

START_TEST(includes)
{
	read_text("%include net.ks\n%packages\n%include list\n%end\n%ksappend lang.ks\n");
	ck_assert_uint_eq(text.n_commands, 3);
	ck_assert_str_eq(text.commands[1]->file, "lang.ks");
	ck_assert_uint_eq(text.sections[0].n_body, 2);
	ck_assert_str_eq(text.sections[0].body[1]->words[0].s, "emacs");
	ck_assert(!text.partly);
	told("");
	read_text(
		"%include\n%include /tmp/part.ks\n%include none.ks\n%include loop.ks\n%inclde x\n");
	ck_assert(text.partly);
	told("ks.cfg:1:1: error: '%include' needs the name of a file\n"
	     "ks.cfg:2:10: warning: '/tmp/part.ks' is not made by a script here: it must be there "
	     "while installing\n"
	     "ks.cfg:3:10: error: cannot read 'none.ks': No such file or directory\n"
	     "ks.cfg:5:1: error: unknown section '%inclde': did you mean '%include'?\n"
	     "loop.ks:1:10: error: 'loop.ks' includes itself\n");
	read_text("%include /tmp/made.ks\n#/tmp/other\n%pre\necho x >/tmp/made.ks\n%end\n%include "
		  "/tmp/other\n");
	ck_assert(text.partly);
	told("ks.cfg:6:10: warning: '/tmp/other' is not made by a script here: it must be there "
	     "while installing\n");
	read_text("%include /usr/share/anaconda/site.ks\n");
	ck_assert(text.partly);
	told("ks.cfg:1:10: warning: '/usr/share/anaconda/site.ks' is not made by a script here: it "
	     "must be there while installing\n");
	/* what others serve is not there to be read; our own is */
	read_text("%include http://own/lang.ks\n%ksappend http://own/lang.ks\n");
	ck_assert(!text.partly);
	ck_assert_uint_eq(text.n_commands, 2);
	told("");
	read_text("%include http://other/x.ks\n");
	ck_assert(text.partly);
	told("");
	read_text("%include http://own/none.ks\n");
	told("ks.cfg:1:10: error: cannot read 'http://own/none.ks': No such file or directory\n");
	read_text("%include deep\n");
	told("deepxxxxxxx:1:10: error: 'deepxxxxxxxx' is included too deep or too often: at most 8 "
	     "inside each other, 64 in all\n");
}
END_TEST

START_TEST(limits)
{
	struct lint_input in = {.file = "ks.cfg", .include = include};
	char *lines = malloc(KS_LINES_MAX + 2), many[2 * KS_WORDS_MAX + 3];

	memset(lines, '\n', KS_LINES_MAX + 1);
	lines[KS_LINES_MAX + 1] = '\0';
	in.text = lines;
	ck_assert_int_eq(ks_read(&in, &found, &text), -E2BIG);
	told("ks.cfg:50001: error: more than 50000 lines in all: not read on\n");
	free(lines);
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = i % 2 ? ' ' : 'x';
	many[sizeof(many) - 1] = '\0';
	read_text(many);
	told("ks.cfg:1:201: error: more than 100 words\n");
	lines = calloc(KS_SECTIONS_MAX + 1, 10);
	for (size_t i = 0; i <= KS_SECTIONS_MAX; i++)
		memcpy(lines + 10 * i, "%pre\n%end\n", 10 - (i == KS_SECTIONS_MAX));
	in.text = lines;
	ck_assert_int_eq(ks_read(&in, &found, &text), -E2BIG);
	told("ks.cfg:513: error: more than 256 sections: not read on\n");
	free(lines);
	lines = calloc(KS_COMMANDS_MAX + 1, 5);
	for (size_t i = 0; i <= KS_COMMANDS_MAX; i++)
		memcpy(lines + 5 * i, "text\n", 5 - (i == KS_COMMANDS_MAX));
	in.text = lines;
	ck_assert_int_eq(ks_read(&in, &found, &text), -E2BIG);
	told("ks.cfg:1001: error: more than 1000 commands: not read on\n");
	free(lines);
	lines = malloc(LINT_TEXT_MAX + 2);
	memset(lines, '#', LINT_TEXT_MAX + 1);
	lines[LINT_TEXT_MAX + 1] = '\0';
	in.text = lines;
	ck_assert_int_eq(ks_read(&in, &found, &text), -E2BIG);
	told("ks.cfg: error: more than 1048576 bytes in all: not read on\n");
	free(lines);
	read_text("text\r\nreboot\r\n");
	told("ks.cfg:1: warning: lines end in CR LF: no script in it will run; write it with LF "
	     "alone\n");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ks_read");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(c, splits);
	tcase_add_test(c, sections);
	tcase_add_test(c, unclosed);
	tcase_add_test(c, includes);
	tcase_add_test(c, limits);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
