/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of sections: their options by version, and what is in %packages and %anaconda. */
#include "kickstart/lint/ks_rules.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void heading(struct ks_lint *l, const struct ks_section *s, const struct ks_command *c)
{
	const char *interpreter = ks_value(c, "--interpreter");

	if (interpreter && interpreter[0] != '/')
		ks_warning(l, c, ks_column(c, "--interpreter"),
			"'--interpreter' of '%s' is a path, e.g. /bin/bash, not '%s'", c->name,
			interpreter);
	if (ks_is(c, "%addon") && c->n_args == 0)
		ks_error(l, c, c->line->words[0].column, "'%%addon' needs the add-on's name");
	if (!ks_is(c, "%addon") && c->n_args > 0)
		ks_error(l, c, c->args[0]->column, "'%s' takes no argument: '%s'", c->name,
			c->args[0]->s);
	if (!s->filled && s->kind == KS_BODY_RAW && !ks_is(c, "%addon"))
		ks_warning(l, c, c->line->words[0].column, "'%s' is empty", c->name);
	if (ks_value(c, "--default") && ks_value(c, "--nocore"))
		ks_error(l, c, ks_column(c, "--nocore"),
			"'--nocore' contradicts '--default': leave one out");
}

/* The installer gives the script to '--interpreter', or to sh: its first line is a comment then. */
static void first_line(struct ks_lint *l, const struct ks_section *s, const struct ks_command *c)
{
	const char *interpreter = s->first + 2, *name;
	char word[64] = "", behind[64] = "";

	if (strncmp(s->first, "#!", 2) != 0 || ks_value(c, "--interpreter") ||
		sscanf(interpreter, "%63s %63s", word, behind) < 1)
		return;
	name = strrchr(word, '/') ? strrchr(word, '/') + 1 : word;
	if (strcmp(name, "env") == 0)
		name = behind;
	if (strcmp(name, "sh") == 0 || strcmp(name, "bash") == 0 || !*name)
		return;
	ks_error(l, c, c->line->words[0].column,
		"'%s' is run by sh, not by what its first line says: add "
		"'--interpreter=/usr/bin/%s'",
		c->name, name);
}

/* "vim emacs" is looked for as one package; a group's name may have blanks. */
static void package(struct ks_lint *l, const struct ks_line *line)
{
	const struct ks_command at = {.line = line};
	const char *s = line->words[0].s, *name = s + (s[0] == '-');
	unsigned column = line->words[0].column;

	if (strncmp(s, "--", 2) == 0)
		ks_error(l, &at, column, "options stand behind '%%packages' itself: '%s'", s);
	else if (isspace((unsigned char)*name) || !*name)
		ks_error(l, &at, column,
			"'-' is followed by the package to leave out, without a blank");
	else if (name[0] == '@' && (!name[1] || isspace((unsigned char)name[1])))
		ks_error(l, &at, column, "'@' is followed by the group's name, without a blank");
	else if (name[0] != '@' && strpbrk(name, "'\""))
		ks_error(l, &at, column, "quotes would be a part of the package's name: '%s'", s);
	else if (name[0] != '@' && strpbrk(name, " \t"))
		ks_error(l, &at, column, "one package a line: '%s'", s);
}

static void policies(struct ks_lint *l, const struct ks_section *s)
{
	for (size_t i = 0; i < s->n_body; i++) {
		const struct ks_line *line = s->body[i];
		struct ks_command c;

		if (strcmp(line->words[0].s, "pwpolicy") != 0) {
			c = (struct ks_command){.line = line};
			ks_error(l, &c, line->words[0].column,
				"unknown command '%s' of '%%anaconda', expected 'pwpolicy'",
				line->words[0].s);
			continue;
		}
		if (ks_command_init(l, line, &c) < 0)
			return;
		ks_rules_args(l, &c);
		ks_command_fini(&c);
	}
}

static void section(struct ks_lint *l, const struct ks_section *s)
{
	struct ks_command c;

	if (ks_command_init(l, s->head, &c) < 0)
		return;
	heading(l, s, &c);
	if (s->kind == KS_BODY_RAW)
		first_line(l, s, &c);
	if (s->kind == KS_BODY_PACKAGES)
		for (size_t i = 0; i < s->n_body; i++)
			package(l, s->body[i]);
	if (s->kind == KS_BODY_COMMANDS && ks_command_status(c.name, l->versions) == KS_OK)
		policies(l, s);
	ks_command_fini(&c);
}

void ks_rules_sections(struct ks_lint *l)
{
	for (size_t i = 0; i < l->text.n_sections; i++)
		section(l, &l->text.sections[i]);
}
