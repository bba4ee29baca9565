/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules of lint_kickstart(), a file for each matter; they add findings and change nothing. */
#ifndef USHER_KICKSTART_LINT_KS_RULES_H
#define USHER_KICKSTART_LINT_KS_RULES_H

#include "kickstart/lint/ks_commands.h"
#include "kickstart/lint/ks_read.h"

enum {
	KS_OPTION_NAME = 32, /* the longest of the tables has 28 */
	KS_HISTORY = 160,    /* of ks_history() */
};

struct ks_option {
	char name[KS_OPTION_NAME]; /* the first of its names in the table */
	const char *value;         /* NULL: it takes none */
	unsigned column;
};

struct ks_command {
	const struct ks_line *line;
	const char *name; /* "part" for "partition" too */
	struct ks_option *options;
	const struct ks_word **args; /* what is no option */
	size_t n_options, n_args;
};

struct ks_lint {
	const struct lint_input *in;
	struct findings *f;
	unsigned versions; /* KS_ALL: not known */
	struct ks_text text;
	struct ks_command *commands;
	size_t n;
};

/* ks_options.c: the line's words, told of where they are wrong. 0 or -ENOMEM. */
int ks_command_init(struct ks_lint *l, const struct ks_line *line, struct ks_command *ret);
void ks_command_fini(struct ks_command *c);
/* NULL: not given (the last one given counts); "" for one without a value. */
const char *ks_value(const struct ks_command *c, const char *option);
uint64_t ks_mib(const struct ks_command *c, const char *option); /* 0: not given, or no number */
unsigned ks_column(const struct ks_command *c, const char *option);
/* Is there a password in it, of which nothing may be in a finding? */
bool ks_secret(const struct ks_command *c);
bool ks_is(const struct ks_command *c, const char *name);
/* Has any, up to a NULL? */
const struct ks_command *ks_any(const struct ks_lint *l, const char *const names[]);

/* Each command by itself, */
void ks_rules_args(struct ks_lint *l, const struct ks_command *c);
void ks_rules_between(struct ks_lint *l, const struct ks_command *c);
void ks_rules_values(struct ks_lint *l, const struct ks_command *c);
/* and what they say together. */
void ks_rules_disk(struct ks_lint *l);
void ks_rules_login(struct ks_lint *l);
void ks_rules_lvm(struct ks_lint *l);
void ks_rules_network(struct ks_lint *l);
void ks_rules_sections(struct ks_lint *l);
void ks_rules_whole(struct ks_lint *l);

#define ks_error(l, c, column, ...) \
	findings_add((l)->f, FINDING_ERROR, (c)->line->file, (c)->line->line, (column), __VA_ARGS__)
#define ks_warning(l, c, column, ...) \
	findings_add(                 \
		(l)->f, FINDING_WARNING, (c)->line->file, (c)->line->line, (column), __VA_ARGS__)

#endif
