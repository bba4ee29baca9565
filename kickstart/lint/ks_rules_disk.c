/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of disks and what is laid out on them: against each other, and against the machine's. */
#include "kickstart/lint/ks_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DISK = 64 };

/* "vda" of "/dev/vda"; "" for what is not a plain name (by-path/…, a pattern, a label). */
static void plain(const char *s, size_t len, char buf[DISK])
{
	buf[0] = '\0';
	if (len > 5 && strncmp(s, "/dev/", 5) == 0) {
		s += 5;
		len -= 5;
	}
	if (len == 0 || len >= DISK)
		return;
	memcpy(buf, s, len);
	buf[len] = '\0';
	if (strpbrk(buf, "/*?[]{}|=\"' "))
		buf[0] = '\0';
}

/* The disk's number; n_disks: not one of the machine's. */
static size_t disk_of(const struct lint_machine *m, const char *name)
{
	size_t i = 0;

	while (i < m->n_disks && strcmp(m->disks[i], name) != 0)
		i++;
	return i;
}

static void disks_text(const struct lint_machine *m, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < m->n_disks && used < size; i++)
		used += (size_t)snprintf(
			buf + used, size - used, "%s%s", i ? ", " : "", m->disks[i]);
}

/* Is the disk in a list, or is there none? */
static bool listed(const char *list, const char *name)
{
	while (list && *list) {
		size_t n = strcspn(list, ",");
		char disk[DISK];

		plain(list, n, disk);
		if (!disk[0] || strcmp(disk, name) == 0)
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static void named_disk(
	struct ks_lint *l, const struct ks_command *c, const char *option, const char *name)
{
	const struct lint_machine *m = l->in->machine;
	const struct ks_command *ignore = ks_any(l, (const char *const[]){"ignoredisk", NULL});
	const char *only = ignore ? ks_value(ignore, "--only-use") : NULL;
	const char *drives = ignore ? ks_value(ignore, "--drives") : NULL;
	char disks[128];

	if (m && m->n_disks && disk_of(m, name) == m->n_disks) {
		disks_text(m, disks, sizeof(disks));
		ks_error(l, c, ks_column(c, option), "the machine has no disk '%s', but %s", name,
			disks);
	}
	if (c != ignore && ((only && !listed(only, name)) || (drives && listed(drives, name))))
		ks_error(l, c, ks_column(c, option), "disk '%s' is left out by 'ignoredisk'", name);
}

static void named_disks(struct ks_lint *l, const struct ks_command *c, const char *option)
{
	const char *s = ks_value(c, option);
	char name[DISK];

	while (s && *s) {
		size_t n = strcspn(s, ",");

		plain(s, n, name);
		if (name[0])
			named_disk(l, c, option, name);
		s += n + (s[n] == ',');
	}
}

static const struct {
	const char *command, *option;
} disk_options[] = {
	{"ignoredisk", "--only-use"},
	{"ignoredisk", "--drives"},
	{"clearpart", "--drives"},
	{"bootloader", "--boot-drive"},
	{"bootloader", "--driveorder"},
	{"part", "--ondisk"},
};

/* Partitions of one disk, or of the only one, may not come to more than it has. */
static void disk_sum(struct ks_lint *l, size_t disk)
{
	const struct lint_machine *m = l->in->machine;
	uint64_t sum = 0, has = m->disk_sizes[disk] >> 20;
	char name[DISK];

	for (size_t i = 0; i < l->n && has; i++) {
		const struct ks_command *c = &l->commands[i];
		const char *on = ks_value(c, "--ondisk");

		plain(on ? on : "", on ? strlen(on) : 0, name);
		if (!ks_is(c, "part") || ks_value(c, "--onpart") || ks_value(c, "--onbiosdisk") ||
			(on ? strcmp(name, m->disks[disk]) != 0 : m->n_disks > 1))
			continue;
		sum += ks_mib(c, "--size");
		if (sum <= has)
			continue;
		ks_error(l, c, ks_column(c, "--size"),
			"with this the partitions of %s come to %" PRIu64 " MiB, it has %" PRIu64
			" MiB",
			m->disks[disk], sum, has);
		return;
	}
}

static void size(struct ks_lint *l, const struct ks_command *c)
{
	static const char *const sized[] = {"--size", "--recommended", "--hibernation", "--onpart",
		"--useexisting", "--noformat", "--percent", "--resize", "--thinpool", NULL};
	uint64_t max = ks_mib(c, "--maxsize");
	bool has = false;

	for (size_t i = 0; sized[i]; i++)
		has |= ks_value(c, sized[i]) != NULL;
	has |= ks_is(c, "part") && ks_value(c, "--grow");
	if (!has)
		ks_error(l, c, c->line->words[0].column, "'%s' needs a size: '--size=' in MiB",
			c->name);
	if (max && !ks_value(c, "--grow"))
		ks_warning(l, c, ks_column(c, "--maxsize"),
			"'--maxsize' does nothing without '--grow'");
	if (max && max < ks_mib(c, "--size"))
		ks_error(l, c, ks_column(c, "--maxsize"), "'--maxsize' is less than '--size'");
	if (ks_value(c, "--thin") && !ks_value(c, "--poolname"))
		ks_error(l, c, ks_column(c, "--thin"), "'--thin' needs '--poolname='");
}

static bool beginning(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void mount_point(struct ks_lint *l, const struct ks_command *c)
{
	static const char *const words[] = {
		"swap", "biosboot", "prepboot", "appleboot", "none", "None", "macefi"};
	const char *s = c->args[0]->s;
	bool fine = s[0] == '/' || (ks_is(c, "part") && beginning(s, "raid."));

	fine |= !ks_is(c, "logvol") && (beginning(s, "pv.") || beginning(s, "btrfs."));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		fine |= strcmp(s, words[i]) == 0;
	if (fine)
		return;
	if (ks_is(c, "part"))
		ks_error(l, c, c->args[0]->column,
			"'%s' is no mount point, expected /…, swap, pv.NN, raid.NN or biosboot", s);
	else
		ks_error(
			l, c, c->args[0]->column, "'%s' is no mount point, expected /… or swap", s);
}

static bool lays_out(const struct ks_command *c)
{
	return (ks_is(c, "part") || ks_is(c, "logvol") || ks_is(c, "raid") || ks_is(c, "btrfs")) &&
		c->n_args > 0;
}

/* What is mounted there, or made under that name ("pv.01"), of the first n commands. */
static const struct ks_command *mounted(const struct ks_lint *l, size_t n, const char *where)
{
	for (size_t i = 0; i < n; i++)
		if (lays_out(&l->commands[i]) && strcmp(l->commands[i].args[0]->s, where) == 0)
			return &l->commands[i];
	return NULL;
}

static void volumes(struct ks_lint *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ks_command *c = &l->commands[i], *before;
		const char *where = lays_out(c) ? c->args[0]->s : "";

		if (ks_is(c, "part") || ks_is(c, "logvol"))
			size(l, c);
		if (*where && !ks_is(c, "btrfs"))
			mount_point(l, c);
		before = *where ? mounted(l, i, where) : NULL;
		if (before && *where == '/')
			ks_warning(l, c, c->args[0]->column,
				"'%s' again: it is in the layout already", where);
		else if (before && strchr(where, '.'))
			ks_error(l, c, c->args[0]->column,
				"'%s' again: it is in the layout already", where);
	}
}

/* Of a layout by hand. */
static void needed(struct ks_lint *l)
{
	const struct lint_machine *m = l->in->machine;
	static const char *const by_hand[] = {"part", "logvol", "raid", "btrfs", NULL};
	static const char *const by_itself[] = {"autopart", "mount", NULL};
	const struct ks_command *c = ks_any(l, by_hand);

	if (!c || ks_any(l, by_itself) || l->text.partly)
		return;
	if (!mounted(l, l->n, "/"))
		ks_error(l, c, 0,
			"nothing is mounted at '/': add it to the layout that begins here");
	if (!mounted(l, l->n, "swap"))
		ks_warning(l, c, 0, "no swap in the layout that begins here");
	if (m && m->firmware_known && m->firmware_efi && !mounted(l, l->n, "/boot/efi") &&
		!ks_any(l, (const char *const[]){"reqpart", NULL}))
		ks_error(l, c, 0,
			"the machine boots by UEFI: add 'part /boot/efi --fstype=efi --size=600', "
			"or 'reqpart'");
}

static void cleared(struct ks_lint *l)
{
	const struct ks_command *c = ks_any(l, (const char *const[]){"clearpart", NULL});
	bool zerombr = ks_any(l, (const char *const[]){"zerombr", NULL}) != NULL;
	bool empty = l->in->machine && l->in->machine->disks_empty;

	if (!c)
		return;
	if (!ks_value(c, "--all") && !ks_value(c, "--linux") && !ks_value(c, "--list") &&
		ks_value(c, "--drives"))
		ks_warning(l, c, ks_column(c, "--drives"),
			"'clearpart' removes nothing without '--all', '--linux' or '--list='");
	if (zerombr || l->text.partly || ks_value(c, "--none"))
		return;
	if (empty && !ks_value(c, "--initlabel"))
		ks_error(l, c, c->line->words[0].column,
			"the machine's disk is empty: without 'zerombr' the installer asks; add "
			"it");
	else
		ks_warning(l, c, c->line->words[0].column,
			"without 'zerombr' the installer asks before it takes an empty disk; add "
			"it");
}

void ks_rules_disk(struct ks_lint *l)
{
	const struct lint_machine *m = l->in->machine;

	for (size_t i = 0; i < l->n; i++)
		for (size_t j = 0; j < sizeof(disk_options) / sizeof(*disk_options); j++)
			if (ks_is(&l->commands[i], disk_options[j].command))
				named_disks(l, &l->commands[i], disk_options[j].option);
	for (size_t i = 0; m && i < m->n_disks; i++)
		disk_sum(l, i);
	volumes(l);
	needed(l);
	cleared(l);
}
