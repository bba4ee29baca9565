/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/lint_kickstart.h"

#include "kickstart/lint/ks_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version in a line "#version=RHEL9", as Anaconda writes and reads it; 0: none, or none of ours. */
static unsigned noted_version(const char *text)
{
	char word[16], line[64]; /* sscanf() would look for the end of the text each time */
	unsigned bit = 0;

	for (const char *p = text; p && !bit; p = strchr(p, '\n')) {
		p += *p == '\n';
		snprintf(line, sizeof(line), "%.*s", (int)sizeof(line) - 1, p);
		if (sscanf(line, "# version = %15[A-Za-z0-9.]", word) == 1)
			bit = ks_version_parse(word);
	}
	return bit;
}

/* One, or all when it is not known. */
static unsigned versions(const struct lint_input *in, struct findings *f)
{
	unsigned bit;

	if (!in->version || !*in->version) {
		bit = noted_version(in->text);
		return bit ? bit : KS_ALL;
	}
	bit = ks_version_parse(in->version);
	if (!bit)
		findings_add(f, FINDING_WARNING, in->file, 0, 0,
			"version '%s' is not known (expected %s): checked for what is wrong in all",
			in->version, ks_version_all());
	return bit ? bit : KS_ALL;
}

/* Of a file that is full the rest is not looked at: what is in it is not known then, as of an include that is not there. */
static int command(struct ks_lint *l, const struct ks_line *line)
{
	struct ks_command *c = &l->commands[l->n];
	int rc = 0;

	if (!findings_full(l->f, line->file))
		rc = ks_command_init(l, line, c);
	if (rc < 0)
		return rc;
	if (findings_full(l->f, line->file)) {
		ks_command_fini(c);
		if (!l->text.partly)
			findings_add(l->f, FINDING_ERROR, line->file, line->line, 0,
				"the rest was not looked at: mend what is told first");
		l->text.partly = true;
	} else {
		l->n++;
	}
	return 0;
}

static int commands(struct ks_lint *l)
{
	int rc = 0;

	l->commands = calloc(l->text.n_commands ? l->text.n_commands : 1, sizeof(*l->commands));
	if (!l->commands)
		return -ENOMEM;
	for (size_t i = 0; i < l->text.n_commands && rc == 0; i++)
		rc = command(l, l->text.commands[i]);
	return rc;
}

static void rules(struct ks_lint *l)
{
	for (size_t i = 0; i < l->n; i++) {
		ks_rules_args(l, &l->commands[i]);
		ks_rules_values(l, &l->commands[i]);
		ks_rules_between(l, &l->commands[i]);
	}
	ks_rules_sections(l);
	ks_rules_disk(l);
	ks_rules_login(l);
	ks_rules_lvm(l);
	ks_rules_network(l);
	ks_rules_whole(l);
}

void lint_kickstart(const struct lint_input *in, struct findings *f)
{
	struct ks_lint l = {.in = in, .f = f, .versions = versions(in, f)};
	int rc = ks_read(in, f, &l.text);

	if (rc == 0)
		rc = commands(&l);
	if (rc == 0)
		rules(&l);
	if (rc == -ENOMEM)
		findings_add(f, FINDING_ERROR, in->file, 0, 0, "there is no memory to look at it");
	for (size_t i = 0; i < l.n; i++)
		ks_command_fini(&l.commands[i]);
	free(l.commands);
	ks_text_fini(&l.text);
}
