/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of each command by itself: how many arguments it takes, and which values are numbers. */
#include "kickstart/lint/ks_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 10000 };

static const struct {
	const char *command;
	unsigned min, max;
	const char *what; /* that is an argument, for those that take one */
} shapes[] = {
	{"driverdisk", 0, 1, "a partition"},
	{"iscsiname", 1, 1, "the initiator's name"},
	{"keyboard", 0, 1, "a layout"},
	{"lang", 1, 1, "a locale, e.g. en_US.UTF-8"},
	{"logvol", 1, 1, "a mount point"},
	{"mount", 2, 2, "a device and a mount point"},
	{"nvdimm", 1, 1, "an action"},
	{"part", 1, 1, "a mount point"},
	{"pwpolicy", 1, 1, "the name of a policy"},
	{"raid", 2, MANY, "a mount point and its raid.NN partitions"},
	{"rootpw", 0, 1, "a password"},
	{"snapshot", 1, 1, "VG/LV"},
	{"sshkey", 1, 1, "a key, in quotes"},
	{"sshpw", 1, 1, "a password"},
	{"timezone", 0, 1, "a time zone, e.g. Europe/Berlin"},
	{"updates", 0, 1, "a URL"},
	{"volgroup", 1, MANY, "a name and its pv.NN partitions"},
	{"btrfs", 1, MANY, "a mount point and its btrfs.NN partitions"},
	{"auth", 0, MANY, NULL},
	{"authconfig", 0, MANY, NULL},
	{"authselect", 1, MANY, "an action, e.g. select sssd"},
	{"realm", 1, MANY, "join and a domain"},
	{"device", 0, MANY, NULL},
	{"deviceprobe", 0, MANY, NULL},
	{"multipath", 0, MANY, NULL},
};

/* Options whose value is a whole number, of whatever command. */
static const struct {
	const char *command, *option;
	unsigned long min, max;
	const char *unit;
} numbers[] = {
	{"bootloader", "--timeout", 0, 86400, "seconds"},
	{"group", "--gid", 0, 4294967294, NULL},
	{"iscsi", "--port", 1, 65535, NULL},
	{"logging", "--port", 1, 65535, NULL},
	{"logvol", "--cachesize", 1, 1UL << 40, "MiB"},
	{"logvol", "--chunksize", 1, 1UL << 40, "KiB"},
	{"logvol", "--maxsize", 1, 1UL << 40, "MiB"},
	{"logvol", "--metadatasize", 1, 1UL << 40, "MiB"},
	{"logvol", "--percent", 1, 100, "percent"},
	{"logvol", "--size", 1, 1UL << 40, "MiB"},
	{"network", "--mtu", 68, 65535, "bytes"},
	{"network", "--vlanid", 0, 4095, NULL},
	{"part", "--maxsize", 1, 1UL << 40, "MiB"},
	{"part", "--size", 1, 1UL << 40, "MiB"},
	{"raid", "--spares", 0, 1000, NULL},
	{"repo", "--cost", 0, 1UL << 31, NULL},
	{"user", "--gid", 0, 4294967294, NULL},
	{"user", "--uid", 0, 4294967294, NULL},
	{"vnc", "--port", 1, 65535, NULL},
	{"volgroup", "--pesize", 1, 1UL << 40, "KiB"},
	{"volgroup", "--reserved-percent", 0, 99, "percent"},
	{"volgroup", "--reserved-space", 0, 1UL << 40, "MiB"},
};

static void number(struct ks_lint *l, const struct ks_command *c, size_t i)
{
	const char *s = ks_value(c, numbers[i].option), *unit = numbers[i].unit;
	unsigned column = ks_column(c, numbers[i].option);
	unsigned long n;
	char in[24] = "";

	if (!s)
		return;
	if (unit)
		snprintf(in, sizeof(in), ", in %s", unit);
	if (strspn(s, "0123456789") != strlen(s) || !*s || strlen(s) > 15) {
		ks_error(l, c, column, "'%s' of '%s' is a whole number%s, not '%s'",
			numbers[i].option, c->name, in, s);
		return;
	}
	n = strtoul(s, NULL, 10);
	if (n < numbers[i].min || n > numbers[i].max)
		ks_error(l, c, column, "'%s' of '%s' is a number from %lu to %lu%s, not %s",
			numbers[i].option, c->name, numbers[i].min, numbers[i].max, in, s);
}

/* An argument that is the rest of a list: "--enabled=sshd, chronyd". */
static bool torn(const struct ks_command *c, const struct ks_word *word)
{
	const struct ks_line *line = c->line;

	for (size_t i = 1; i < line->n; i++)
		if (&line->words[i] == word) {
			const char *before = line->words[i - 1].s;

			return *before && before[strlen(before) - 1] == ',';
		}
	return false;
}

static void count(struct ks_lint *l, const struct ks_command *c)
{
	unsigned min = 0, max = 0;
	const char *what = NULL;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (ks_is(c, shapes[i].command)) {
			min = shapes[i].min;
			max = shapes[i].max;
			what = shapes[i].what;
		}
	if (ks_is(c, "raid") && ks_value(c, "--device") &&
		(ks_value(c, "--useexisting") || ks_value(c, "--noformat")))
		min = 1; /* its members are known */
	if (ks_is(c, "sshpw") && ks_value(c, "--sshkey"))
		max = MANY; /* the rest of the line is the key */
	if (c->n_args < min)
		ks_error(l, c, c->line->words[0].column, "'%s' needs %s", c->name, what);
	else if (c->n_args > max && max == 0 && ks_secret(c))
		ks_error(l, c, c->args[max]->column,
			"'%s' takes no argument, but has one: quote what has blanks", c->name);
	else if (c->n_args > max && ks_secret(c))
		ks_error(l, c, c->args[max]->column, "'%s' takes %s, and no more: quote it",
			c->name, what);
	else if (c->n_args > max && torn(c, c->args[max]))
		ks_error(l, c, c->args[max]->column, "a list has no blanks: '%s'", c->args[max]->s);
	else if (c->n_args > max && max == 0)
		ks_error(l, c, c->args[max]->column, "'%s' takes no argument: '%s'", c->name,
			c->args[0]->s);
	else if (c->n_args > max)
		ks_error(l, c, c->args[max]->column, "'%s' takes %s, and no more: '%s'", c->name,
			what, c->args[max]->s);
}

void ks_rules_args(struct ks_lint *l, const struct ks_command *c)
{
	if (ks_command_status(c->name, l->versions) != KS_OK)
		return;
	count(l, c);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (ks_is(c, numbers[i].command))
			number(l, c, i);
}
