/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of each command by itself: values out of a set that the table does not have, options that want or exclude each other. */
#include "kickstart/lint/ks_rules.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

enum { SET = 32 };

/* With `strict` nothing else works; without, we only do not know it. */
static const struct {
	const char *command, *option;
	bool strict;
	const char *values[SET];
} sets[] = {
	{"autopart", "--type", true, {"lvm", "btrfs", "plain", "partition", "thinp"}},
	{"clearpart", "--disklabel", true, {"gpt", "msdos", "mbr", "dasd", "mac"}},
	{"logvol", "--cachemode", true, {"writeback", "writethrough"}},
	{"network", "--onboot", true, {"yes", "no", "on", "off", "true", "false", "1", "0"}},
	{"nvdimm", "--mode", true, {"sector"}},
	{"raid", "--level", true,
		{"0", "1", "4", "5", "6", "10", "raid0", "raid1", "raid4", "raid5", "raid6",
			"raid10", "linear", "stripe", "mirror"}},
	{"snapshot", "--when", true, {"post-install", "pre-install"}},
	{"part", "--fstype", false,
		{"ext2", "ext3", "ext4", "xfs", "btrfs", "swap", "vfat", "efi", "biosboot",
			"prepboot", "lvmpv", "mdmember", "f2fs", "appleboot", "macefi", "ntfs",
			"hfs", "hfs+"}},
	{"logvol", "--fstype", false, {"ext2", "ext3", "ext4", "xfs", "btrfs", "swap", "vfat"}},
	{"raid", "--fstype", false,
		{"ext2", "ext3", "ext4", "xfs", "btrfs", "swap", "vfat", "efi", "lvmpv"}},
	{"autopart", "--fstype", false, {"ext2", "ext3", "ext4", "xfs", "btrfs"}},
};

/* Of these options one at most, or, `needed`, just one. */
static const struct {
	const char *command;
	bool needed;
	const char *options[4];
} ones[] = {
	{"autopart", false, {"--type", "--nolvm"}},
	{"harddrive", true, {"--partition", "--biospart"}},
	{"ignoredisk", true, {"--drives", "--only-use", "--interactive"}},
	{"repo", false, {"--baseurl", "--mirrorlist", "--metalink"}},
	{"rootpw", false, {"--iscrypted", "--plaintext"}},
	{"selinux", false, {"--disabled", "--enforcing", "--permissive"}},
	{"timesource", true, {"--ntp-server", "--ntp-pool", "--ntp-disable"}},
	{"url", true, {"--url", "--mirrorlist", "--metalink"}},
	{"user", false, {"--iscrypted", "--plaintext"}},
};

static void set(struct ks_lint *l, const struct ks_command *c, size_t i)
{
	const char *value = ks_value(c, sets[i].option), *near = NULL, *option = sets[i].option;
	unsigned column = ks_column(c, option);

	if (!value)
		return;
	for (size_t j = 0; j < SET && sets[i].values[j]; j++) {
		if (strcasecmp(value, sets[i].values[j]) == 0)
			return;
		text_nearer(value, sets[i].values[j], &near);
	}
	if (near && strlen(value) > 2)
		ks_error(l, c, column, "'%s' of '%s' cannot be '%s': did you mean '%s'?", option,
			c->name, value, near);
	else if (sets[i].strict)
		ks_error(l, c, column, "'%s' of '%s' cannot be '%s', expected e.g. '%s'", option,
			c->name, value, sets[i].values[0]);
	else
		ks_warning(l, c, column, "'%s' of '%s': '%s' is no file system that we know",
			option, c->name, value);
}

static void one(struct ks_lint *l, const struct ks_command *c, size_t i)
{
	const char *given = NULL, *option;
	char list[96] = "";

	for (size_t j = 0; j < 4 && (option = ones[i].options[j]); j++) {
		size_t used = strlen(list);
		struct ks_spec spec;

		if (ks_option_status(c->name, option, l->versions, &spec) != KS_UNKNOWN)
			snprintf(list + used, sizeof(list) - used, "%s'%s'", used ? ", " : "",
				option);
		if (!ks_value(c, option))
			continue;
		if (given)
			ks_error(l, c, ks_column(c, option),
				"'%s' and '%s' of '%s' exclude each other", given, option, c->name);
		given = option;
	}
	if (ones[i].needed && !given)
		ks_error(l, c, c->line->words[0].column, "'%s' needs one of %s", c->name, list);
}

/* Red Hat's installers of 8 and after have no btrfs. */
static void btrfs(struct ks_lint *l, const struct ks_command *c)
{
	static const char *const options[] = {"--fstype", "--type"};

	if (l->versions & ~(KS_RHEL8 | KS_RHEL9 | KS_RHEL10))
		return;
	for (size_t i = 0; i < 2; i++)
		if (ks_value(c, options[i]) && strcmp(ks_value(c, options[i]), "btrfs") == 0)
			ks_error(l, c, ks_column(c, options[i]),
				"no btrfs in %s: use 'xfs' or 'lvm'", ks_version_name(l->versions));
}

/* language[_TERRITORY][.charset][@modifier] */
static void locale(struct ks_lint *l, const struct ks_command *c)
{
	const char *s = c->n_args ? c->args[0]->s : "C";
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");

	if (strcmp(s, "C") == 0 || strncmp(s, "C.", 2) == 0)
		return;
	if (n >= 2 && n <= 3 && s[n] == '_')
		n += 1 + strspn(s + n + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	else if (n > 3)
		n = 0;
	if (n < 2 || (s[n] && s[n] != '.' && s[n] != '@'))
		ks_warning(l, c, c->args[0]->column, "'%s' is no locale, expected e.g. en_US.UTF-8",
			s);
}

static void url(struct ks_lint *l, const struct ks_command *c, const char *option)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://", "file://", "nfs://",
		"nfs:", "hd:", "cdrom:", NULL};
	const char *s = ks_value(c, option);

	for (size_t i = 0; s && schemes[i]; i++)
		if (strncmp(s, schemes[i], strlen(schemes[i])) == 0)
			return;
	if (s && !strstr(s, "://"))
		ks_warning(l, c, ks_column(c, option),
			"'%s' of '%s' is a URL: write http:// or another scheme before '%s'",
			option, c->name, s);
	else if (s)
		ks_error(l, c, ks_column(c, option), "'%s' of '%s' is a URL (http://…), not '%s'",
			option, c->name, s);
}

/* A command that is nothing without an argument or an option of its own. */
static void empty(struct ks_lint *l, const struct ks_command *c, const char *what)
{
	if (c->n_args == 0 && c->n_options == 0)
		ks_error(l, c, c->line->words[0].column, "'%s' needs %s", c->name, what);
}

void ks_rules_values(struct ks_lint *l, const struct ks_command *c)
{
	if (ks_command_status(c->name, l->versions) < KS_OK)
		return;
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (ks_is(c, sets[i].command))
			set(l, c, i);
	for (size_t i = 0; i < sizeof(ones) / sizeof(*ones); i++)
		if (ks_is(c, ones[i].command))
			one(l, c, i);
	btrfs(l, c);
	if (ks_is(c, "lang"))
		locale(l, c);
	if (ks_is(c, "keyboard"))
		empty(l, c, "a layout: '--vckeymap=' or '--xlayouts='");
	if (ks_is(c, "timezone"))
		empty(l, c, "a time zone, e.g. Europe/Berlin");
	if (ks_is(c, "url") || ks_is(c, "liveimg"))
		url(l, c, "--url");
	if (ks_is(c, "repo"))
		url(l, c, "--baseurl");
}
