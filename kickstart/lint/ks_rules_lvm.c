/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of LVM, RAID and btrfs: their members are there, their names agree, their sizes fit. */
#include "kickstart/lint/ks_rules.h"

#include "core/text.h"

#include <inttypes.h>
#include <string.h>

/* What is made of partitions. */
static const struct {
	const char *command, *prefix, *example;
} groups[] = {
	{"volgroup", "pv.", "part pv.01 --size=1 --grow"},
	{"raid", "raid.", "part raid.01 --size=…"},
	{"btrfs", "btrfs.", "part btrfs.01 --size=…"},
};

enum { GROUPS = sizeof(groups) / sizeof(*groups) };

static bool prefixed(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The partition (or RAID) of this name; a RAID has its device's too. */
static const struct ks_command *member(const struct ks_lint *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ks_command *c = &l->commands[i];

		if (c->n_args > 0 && same(c->args[0]->s, name) &&
			(ks_is(c, "part") || ks_is(c, "raid")))
			return c;
		if (c->n_args > 0 && ks_is(c, "raid") && same(ks_value(c, "--device"), name))
			return c;
	}
	return NULL;
}

static const char *near_member(const struct ks_lint *l, const char *name, const char *prefix)
{
	const char *best = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (ks_is(&l->commands[i], "part") && l->commands[i].n_args > 0 &&
			prefixed(l->commands[i].args[0]->s, prefix))
			text_nearer(name, l->commands[i].args[0]->s, &best);
	return best;
}

/* A volume that was labelled: "pool", "LABEL=pool". Other ways to say it (UUID=…, /dev/…) are of what is there already. */
static void parent(struct ks_lint *l, const struct ks_command *c)
{
	const char *s = c->n_args > 1 ? c->args[1]->s : "",
		   *label = strncmp(s, "LABEL=", 6) == 0 ? s + 6 : s, *near = NULL;

	if (!*s || (label == s && strpbrk(s, "=/")))
		return;
	for (size_t i = 0; i < l->n; i++) {
		const char *has = ks_is(&l->commands[i], "btrfs")
			? ks_value(&l->commands[i], "--label")
			: NULL;

		if (same(has, label))
			return;
		near = has ? has : near;
	}
	if (near)
		ks_error(l, c, c->args[1]->column,
			"no btrfs volume has the label '%s': one has '%s'", label, near);
	else
		ks_error(l, c, c->args[1]->column,
			"no btrfs volume has the label '%s': add e.g. 'btrfs none --label=%s "
			"btrfs.01'",
			label, label);
}

static void members(struct ks_lint *l, const struct ks_command *c, size_t g)
{
	if (ks_value(c, "--subvol")) {
		parent(l, c);
		return;
	}
	for (size_t i = 1; i < c->n_args; i++) {
		const char *name = c->args[i]->s, *near;

		if (member(l, name))
			continue;
		near = near_member(l, name, groups[g].prefix);
		if (near)
			ks_error(l, c, c->args[i]->column,
				"'%s' is not defined: did you mean '%s'?", name, near);
		else
			ks_error(l, c, c->args[i]->column, "'%s' is not defined: add e.g. '%s'",
				name, groups[g].example);
	}
	if (ks_is(c, "volgroup") && c->n_args == 1 && !ks_value(c, "--useexisting") &&
		!ks_value(c, "--noformat"))
		ks_error(l, c, c->args[0]->column, "volume group '%s' has no pv.NN partitions",
			c->args[0]->s);
}

static unsigned uses(const struct ks_lint *l, const char *name, const char *device, size_t g)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->n; i++)
		for (size_t j = 1; j < l->commands[i].n_args; j++)
			n += (same(l->commands[i].args[j]->s, name) ||
				     same(l->commands[i].args[j]->s, device)) &&
				ks_is(&l->commands[i], groups[g].command);
	return n;
}

/* A member belongs to one group, and to one at all. */
static void used(struct ks_lint *l, const struct ks_command *c)
{
	const char *name = c->n_args ? c->args[0]->s : "",
		   *device = ks_is(c, "raid") ? ks_value(c, "--device") : NULL;

	for (size_t g = 0; g < GROUPS; g++) {
		unsigned n = prefixed(name, groups[g].prefix) ? uses(l, name, device, g) : 1;

		if (n == 0)
			ks_warning(l, c, c->args[0]->column, "'%s' is used by no '%s'", name,
				groups[g].command);
		else if (n > 1)
			ks_error(l, c, c->args[0]->column, "'%s' is used %u times by '%s'", name, n,
				groups[g].command);
	}
}

static const struct ks_command *group(const struct ks_lint *l, const char *name, const char **near)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ks_command *c = &l->commands[i];

		if (!ks_is(c, "volgroup") || c->n_args == 0)
			continue;
		if (strcmp(c->args[0]->s, name) == 0)
			return c;
		*near = *near ? *near : c->args[0]->s;
	}
	return NULL;
}

static void volume(struct ks_lint *l, size_t i)
{
	const struct ks_command *c = &l->commands[i];
	const char *vg = ks_value(c, "--vgname"), *name = ks_value(c, "--name"), *near = NULL;

	if (!vg)
		return;
	if (!group(l, vg, &near) && !ks_value(c, "--useexisting") && !ks_value(c, "--noformat")) {
		if (near)
			ks_error(l, c, ks_column(c, "--vgname"),
				"no volume group '%s': 'volgroup' has '%s'", vg, near);
		else
			ks_error(l, c, ks_column(c, "--vgname"),
				"no volume group '%s': add 'volgroup %s pv.01'", vg, vg);
	}
	for (size_t j = 0; j < i; j++)
		if (ks_is(&l->commands[j], "logvol") &&
			same(ks_value(&l->commands[j], "--vgname"), vg) &&
			same(ks_value(&l->commands[j], "--name"), name)) {
			ks_error(l, c, ks_column(c, "--name"),
				"logical volume '%s' again: it is in the volume group already",
				name);
			return;
		}
}

/* The most that the group's partitions may come to; 0: not to be said. */
static uint64_t room(const struct ks_lint *l, const struct ks_command *vg)
{
	const struct lint_machine *m = l->in->machine;
	uint64_t sum = 0, disks = 0;

	for (size_t i = 0; m && i < m->n_disks; i++) {
		if (!m->disk_sizes[i])
			return 0;
		disks += m->disk_sizes[i] >> 20;
	}
	for (size_t i = 1; i < vg->n_args; i++) {
		const struct ks_command *pv = member(l, vg->args[i]->s);

		if (!pv || !ks_is(pv, "part") || !ks_mib(pv, "--size"))
			return 0;
		if (ks_value(pv, "--grow") && !ks_mib(pv, "--maxsize"))
			return disks;
		sum += ks_value(pv, "--grow") ? ks_mib(pv, "--maxsize") : ks_mib(pv, "--size");
	}
	return sum;
}

static void fits(struct ks_lint *l, const struct ks_command *vg)
{
	uint64_t has = vg->n_args > 1 ? room(l, vg) : 0, sum = 0;

	for (size_t i = 0; has && i < l->n; i++) {
		const struct ks_command *c = &l->commands[i];

		if (!ks_is(c, "logvol") || !same(ks_value(c, "--vgname"), vg->args[0]->s) ||
			ks_value(c, "--thin"))
			continue;
		sum += ks_mib(c, "--size");
		if (sum <= has)
			continue;
		ks_error(l, c, ks_column(c, "--size"),
			"with this the volumes of '%s' come to %" PRIu64 " MiB, it has %" PRIu64
			" MiB at most",
			vg->args[0]->s, sum, has);
		return;
	}
}

void ks_rules_lvm(struct ks_lint *l)
{
	for (size_t i = 0; i < l->n && !l->text.partly; i++) {
		const struct ks_command *c = &l->commands[i];

		for (size_t g = 0; g < GROUPS; g++)
			if (ks_is(c, groups[g].command))
				members(l, c, g);
		if (ks_is(c, "part") || ks_is(c, "raid"))
			used(l, c);
		if (ks_is(c, "logvol"))
			volume(l, i);
		if (ks_is(c, "volgroup"))
			fits(l, c);
	}
}
