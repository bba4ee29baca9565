/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of the file as a whole: what is missing, what is there twice, what excludes each other. */
#include "kickstart/lint/ks_rules.h"

#include <string.h>

#define missing(l, level, ...) findings_add((l)->f, (level), (l)->in->file, 0, 0, __VA_ARGS__)

static const char *const layouts[] = {
	"autopart", "part", "logvol", "raid", "volgroup", "btrfs", "mount", NULL};
static const char *const images[] = {"liveimg", "ostreesetup", "ostreecontainer", "bootc", NULL};
static const char *const sources[] = {"url", "cdrom", "nfs", "harddrive", "hmc", "rhsm", "liveimg",
	"ostreesetup", "ostreecontainer", "bootc", NULL};
static const char *const logins[] = {"rootpw", "user", "sshkey", NULL};
static const char *const endings[] = {"reboot", "poweroff", "shutdown", "halt", NULL};
static const char *const displays[] = {"text", "graphical", "cmdline", NULL};

static bool has(const struct ks_lint *l, const char *name)
{
	return ks_any(l, (const char *const[]){name, NULL}) != NULL;
}

static bool has_section(const struct ks_lint *l, const char *name)
{
	for (size_t i = 0; i < l->text.n_sections; i++)
		if (strcmp(l->text.sections[i].head->words[0].s, name) == 0)
			return true;
	return false;
}

/* Without these the installer stops and asks. */
static void required(struct ks_lint *l)
{
	if (!ks_any(l, layouts))
		missing(l, FINDING_ERROR,
			"no disk layout: the installer asks; add 'autopart' or 'part' commands");
	if (!ks_any(l, logins))
		missing(l, FINDING_ERROR,
			"nobody can log in: the installer asks; add 'rootpw', 'user' or 'sshkey'");
	if (!has(l, "lang") && (has(l, "text") || has(l, "cmdline")))
		missing(l, FINDING_WARNING,
			"no 'lang': it will be en_US.UTF-8; add e.g. 'lang en_US.UTF-8'");
	else if (!has(l, "lang"))
		missing(l, FINDING_ERROR,
			"no 'lang': the installer asks; add e.g. 'lang en_US.UTF-8'");
	if (!has(l, "timezone"))
		missing(l, FINDING_ERROR,
			"no 'timezone': the installer asks; add e.g. 'timezone UTC'");
	if (!has_section(l, "%packages") && !ks_any(l, images))
		missing(l, FINDING_ERROR,
			"no '%%packages': the installer asks; add the section, if only with "
			"'@core'");
}

/* Without these it goes on, with something that it picks itself. */
static void expected(struct ks_lint *l)
{
	if (!has(l, "keyboard"))
		missing(l, FINDING_WARNING, "no 'keyboard': it will be us; add e.g. 'keyboard us'");
	if (!has(l, "bootloader"))
		missing(l, FINDING_WARNING,
			"no 'bootloader': the installer picks its disk; add 'bootloader "
			"--location=mbr'");
	if (!ks_any(l, sources))
		missing(l, FINDING_WARNING,
			"no source of packages ('url', 'cdrom', 'nfs' …): it must be on the "
			"kernel's command line (inst.repo=)");
	if (!ks_any(l, endings))
		missing(l, FINDING_WARNING,
			"no 'reboot' or 'poweroff': the installer waits for a key when it is done");
}

/* Of each of these groups only the last command counts. */
static const char *const *const groups[] = {
	displays,
	endings,
	(const char *const[]){"url", "cdrom", "nfs", "harddrive", "hmc", "liveimg", NULL},
};

static bool in(const char *const names[], const char *name)
{
	for (size_t i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool same_group(const char *a, const char *b)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (in(groups[i], a) && in(groups[i], b))
			return true;
	return false;
}

/* Each takes the place of the one before. */
static const char *const single[] = {"auth", "authconfig", "authselect", "autopart", "autostep",
	"bootloader", "clearpart", "eula", "firewall", "firstboot", "ignoredisk", "iscsiname",
	"keyboard", "lang", "logging", "mediacheck", "rdp", "reqpart", "rescue", "rhsm", "rootpw",
	"selinux", "services", "skipx", "syspurpose", "timezone", "updates", "vnc", "xconfig",
	"zerombr", "zipl", NULL};

static void repeated(struct ks_lint *l, size_t i)
{
	const struct ks_command *c = &l->commands[i];
	bool alone = in(single, c->name) || same_group(c->name, c->name);

	for (size_t j = i; alone && j > 0; j--) {
		const struct ks_command *before = &l->commands[j - 1];
		unsigned column = c->line->words[0].column;

		if (ks_is(before, c->name))
			ks_warning(l, c, column, "'%s' again: only the last one counts", c->name);
		else if (same_group(before->name, c->name))
			ks_warning(l, c, column, "'%s' takes the place of '%s'", c->name,
				before->name);
		else
			continue;
		return;
	}
}

static void excluded(struct ks_lint *l)
{
	const struct ks_command *a = ks_any(l, (const char *const[]){"autopart", NULL});
	const struct ks_command *m = ks_any(l, (const char *const[]){"mount", NULL});
	const struct ks_command *p = ks_any(
		l, (const char *const[]){"part", "logvol", "raid", "volgroup", "btrfs", NULL});

	m = m ? m : a && p ? a : NULL;
	p = m && !ks_is(m, "autopart") && !p ? a : p;
	if (m && p)
		ks_error(l, p, p->line->words[0].column, "'%s' and '%s' exclude each other",
			p->name, m->name);
	p = ks_any(l, (const char *const[]){"reqpart", NULL});
	if (p && a)
		ks_error(l, p, p->line->words[0].column,
			"'reqpart' and 'autopart' exclude each other: 'autopart' makes what is "
			"required");
}

void ks_rules_whole(struct ks_lint *l)
{
	bool rescue = has(l, "rescue");

	for (size_t i = 0; i < l->n; i++) {
		repeated(l, i);
		if (ks_is(&l->commands[i], "pwpolicy"))
			ks_error(l, &l->commands[i], l->commands[i].line->words[0].column,
				"'pwpolicy' belongs into a section '%%anaconda'");
	}
	excluded(l);
	if (l->text.partly || rescue)
		return;
	required(l);
	expected(l);
}
