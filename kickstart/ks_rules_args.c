/* Of each command by itself: how many arguments it takes, and which values are numbers. */
#include "kickstart/ks_rules.h"

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
	{"vnc", 0, 0, NULL},
	{"btrfs", 1, MANY, "a mount point and its btrfs.NN partitions"},
	{"auth", 0, MANY, NULL},
	{"authconfig", 0, MANY, NULL},
	{"authselect", 1, MANY, "an action, e.g. select sssd"},
	{"realm", 1, MANY, "join and a domain"},
	{"device", 0, MANY, NULL},
	{"deviceprobe", 0, MANY, NULL},
	{"multipath", 0, MANY, NULL},
	{"zerombr", 0, MANY, NULL},
};

/* Options whose value is a whole number, of whatever command. */
static const struct {
	const char *command, *option;
	unsigned long min, max;
	const char *unit;
} numbers[] = {
	{"bootloader", "--timeout", 0, 86400, "seconds"},
	{"group", "--gid", 0, 4294967294, "a number"},
	{"iscsi", "--port", 1, 65535, "a port"},
	{"logging", "--port", 1, 65535, "a port"},
	{"logvol", "--cachesize", 1, 1UL << 40, "MiB"},
	{"logvol", "--chunksize", 1, 1UL << 40, "KiB"},
	{"logvol", "--maxsize", 1, 1UL << 40, "MiB"},
	{"logvol", "--metadatasize", 1, 1UL << 40, "MiB"},
	{"logvol", "--percent", 1, 100, "percent"},
	{"logvol", "--size", 1, 1UL << 40, "MiB"},
	{"network", "--mtu", 68, 65535, "bytes"},
	{"network", "--vlanid", 0, 4095, "a VLAN"},
	{"part", "--maxsize", 1, 1UL << 40, "MiB"},
	{"part", "--size", 1, 1UL << 40, "MiB"},
	{"raid", "--spares", 0, 1000, "a number"},
	{"repo", "--cost", 0, 1UL << 31, "a number"},
	{"user", "--gid", 0, 4294967294, "a number"},
	{"user", "--uid", 0, 4294967294, "a number"},
	{"vnc", "--port", 1, 65535, "a port"},
	{"volgroup", "--pesize", 1, 1UL << 40, "KiB"},
	{"volgroup", "--reserved-percent", 0, 99, "percent"},
	{"volgroup", "--reserved-space", 0, 1UL << 40, "MiB"},
};

static void number(struct ks_lint *l, const struct ks_command *c, size_t i)
{
	const char *s = ks_value(c, numbers[i].option);
	unsigned column = ks_column(c, numbers[i].option);
	unsigned long n;

	if (!s)
		return;
	if (strspn(s, "0123456789") != strlen(s) || !*s || strlen(s) > 15) {
		ks_error(l, c, column, "'%s' of '%s' is a whole number (%s), not '%s'",
			numbers[i].option, c->name, numbers[i].unit, s);
		return;
	}
	n = strtoul(s, NULL, 10);
	if (n < numbers[i].min || n > numbers[i].max)
		ks_error(l, c, column, "'%s' of '%s' is %lu to %lu (%s), not %s", numbers[i].option,
			c->name, numbers[i].min, numbers[i].max, numbers[i].unit, s);
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
	if (c->n_args < min)
		ks_error(l, c, c->line->words[0].column, "'%s' needs %s", c->name, what);
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
	if (ks_is(c, "zerombr") && c->n_args > 0)
		ks_warning(l, c, c->args[0]->column, "'zerombr' takes no argument: '%s'",
			c->args[0]->s);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (ks_is(c, numbers[i].command))
			number(l, c, i);
}
