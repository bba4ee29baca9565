#include "kickstart/lint_kickstart.h"

#include "kickstart/ks_rules.h"

#include <errno.h>
#include <stdlib.h>

/* All of the file's versions, or the one. */
static unsigned versions(const struct lint_input *in, struct findings *f)
{
	unsigned bit;

	if (!in->version || !*in->version)
		return KS_ALL;
	bit = ks_version_parse(in->version);
	if (!bit)
		findings_add(f, FINDING_WARNING, in->file, 0, 0,
			"version '%s' is not known (expected %s): checked for what is wrong in all",
			in->version, ks_version_all());
	return bit ? bit : KS_ALL;
}

static int commands(struct ks_lint *l)
{
	int rc = 0;

	l->commands = calloc(l->text.n_commands ? l->text.n_commands : 1, sizeof(*l->commands));
	if (!l->commands)
		return -ENOMEM;
	for (size_t i = 0; i < l->text.n_commands && rc == 0 && !l->f->more; i++) {
		rc = ks_command_init(l, l->text.commands[i], &l->commands[i]);
		l->n += rc == 0;
	}
	return rc;
}

static void rules(struct ks_lint *l)
{
	for (size_t i = 0; i < l->n; i++) {
		ks_rules_args(l, &l->commands[i]);
		ks_rules_values(l, &l->commands[i]);
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
		f->more = true;
	for (size_t i = 0; i < l.n; i++)
		ks_command_fini(&l.commands[i]);
	free(l.commands);
	ks_text_fini(&l.text);
}
