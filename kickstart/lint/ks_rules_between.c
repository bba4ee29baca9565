/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of each command by itself: options that want or exclude others, and values that the parser looks into. A rule holds in all
 * versions that have its options, if nothing else is said. */
#include "kickstart/lint/ks_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OTHERS = 4 };

/* With this option, one of the others must be there. */
static const struct {
	const char *command, *option, *others[OTHERS];
} wanting[] = {
	{"btrfs", "--subvol", {"--name"}},
	{"logvol", "--resize", {"--size"}},
	{"logvol", "--resize", {"--useexisting", "--noformat"}},
	{"mount", "--mkfsoptions", {"--reformat"}},
	{"network", "--bridgeopts", {"--bridgeslaves"}},
	{"network", "--ipv4-dns-search", {"--device"}},
	{"network", "--ipv6-dns-search", {"--device"}},
	{"network", "--ipv4-ignore-auto-dns", {"--device"}},
	{"network", "--ipv6-ignore-auto-dns", {"--device"}},
	{"part", "--resize", {"--onpart"}},
	{"part", "--resize", {"--size"}},
	{"zfcp", "--wwpn", {"--fcplun"}},
	{"zfcp", "--fcplun", {"--wwpn"}},
};

/* With this option, none of the others. */
static const struct {
	const char *command, *option, *others[OTHERS];
} excluding[] = {
	{"autopart", "--pbkdf-time", {"--pbkdf-iterations"}},
	{"autopart", "--noswap", {"--hibernation"}},
	{"bootloader", "--sdboot", {"--extlinux"}},
	{"logvol", "--cachesize", {"--useexisting", "--noformat"}},
	{"logvol", "--cachepvs", {"--useexisting", "--noformat"}},
	{"logvol", "--mkfsoptions", {"--fsprofile", "--noformat"}},
	{"logvol", "--pbkdf-time", {"--pbkdf-iterations"}},
	{"nvdimm", "--namespace", {"--blockdevs"}},
	{"part", "--mkfsoptions", {"--fsprofile", "--noformat"}},
	{"part", "--pbkdf-time", {"--pbkdf-iterations"}},
	{"raid", "--mkfsoptions", {"--fsprofile", "--noformat"}},
	{"raid", "--pbkdf-time", {"--pbkdf-iterations"}},
	{"rescue", "--nomount", {"--romount"}},
	{"timezone", "--nontp", {"--ntpservers"}},
};

/* Without an argument, one of these must be there. */
static const struct {
	const char *command, *options[OTHERS], *what;
} needing[] = {
	{"driverdisk", {"--source", "--biospart"}, "a partition, '--source=' or '--biospart='"},
	{"eula", {"--agreed"}, "'--agreed'"},
	{"services", {"--enabled", "--disabled"}, "'--enabled=' or '--disabled='"},
};

static bool holds(const struct ks_lint *l, unsigned versions)
{
	return !(l->versions & ~versions);
}

static void wants(struct ks_lint *l, const struct ks_command *c, size_t i)
{
	const char *option = wanting[i].option, *const *others = wanting[i].others;

	for (size_t j = 0; j < OTHERS && others[j]; j++)
		if (ks_value(c, others[j]))
			return;
	if (others[1])
		ks_error(l, c, ks_column(c, option), "'%s' of '%s' needs '%s' or '%s'", option,
			c->name, others[0], others[1]);
	else
		ks_error(l, c, ks_column(c, option), "'%s' of '%s' needs '%s'", option, c->name,
			others[0]);
}

static void excludes(struct ks_lint *l, const struct ks_command *c, size_t i)
{
	const char *option = excluding[i].option, *const *others = excluding[i].others;

	for (size_t j = 0; j < OTHERS && others[j]; j++)
		if (ks_value(c, others[j]))
			ks_error(l, c, ks_column(c, others[j]),
				"'%s' and '%s' of '%s' exclude each other", option, others[j],
				c->name);
}

static void needs(struct ks_lint *l, const struct ks_command *c, size_t i)
{
	size_t given = c->n_args > 0;

	for (size_t j = 0; j < OTHERS && needing[i].options[j]; j++)
		given += ks_value(c, needing[i].options[j]) != NULL;
	if (!given)
		ks_error(l, c, c->line->words[0].column, "'%s' needs %s", c->name, needing[i].what);
	else if (given > 1 && ks_is(c, "driverdisk"))
		ks_error(l, c, c->line->words[0].column, "'%s' takes one of these alone: %s",
			c->name, needing[i].what);
}

/* Each command's own */

static void autopart(struct ks_lint *l, const struct ks_command *c)
{
	const char *fstype = ks_value(c, "--fstype"), *type = ks_value(c, "--type");

	if (!fstype || !holds(l, KS_FEDORA))
		return;
	if (strcmp(fstype, "btrfs") == 0)
		ks_error(l, c, ks_column(c, "--fstype"),
			"'--fstype' of 'autopart' cannot be 'btrfs': use '--type=btrfs'");
	else if (type && strcmp(type, "btrfs") == 0)
		ks_error(l, c, ks_column(c, "--fstype"),
			"'--fstype' and '--type=btrfs' of 'autopart' exclude each other");
}

static void bootloader(struct ks_lint *l, const struct ks_command *c)
{
	const char *drive = ks_value(c, "--boot-drive");

	if (drive && strchr(drive, ','))
		ks_error(l, c, ks_column(c, "--boot-drive"),
			"'--boot-drive' of 'bootloader' names one drive, not '%s'", drive);
}

static void btrfs(struct ks_lint *l, const struct ks_command *c)
{
	if (c->n_args != 1 || ks_value(c, "--parent") || ks_value(c, "--useexisting") ||
		ks_value(c, "--noformat"))
		return;
	if (ks_value(c, "--subvol"))
		ks_error(l, c, c->args[0]->column,
			"a subvolume needs its parent volume behind '%s', e.g. LABEL=…",
			c->args[0]->s);
	else
		ks_error(l, c, c->args[0]->column, "'btrfs %s' has no btrfs.NN partitions",
			c->args[0]->s);
}

static void cmdline(struct ks_lint *l, const struct ks_command *c)
{
	if (ks_value(c, "--non-interactive"))
		ks_error(l, c, ks_column(c, "--non-interactive"),
			"'cmdline' asks nothing anyway and takes no '--non-interactive', 'text' "
			"does");
}

static void mount(struct ks_lint *l, const struct ks_command *c)
{
	const char *where = c->n_args > 1 ? c->args[1]->s : "/";

	if (*where != '/' && strcasecmp(where, "none") != 0)
		ks_error(l, c, c->args[1]->column, "'%s' is no mount point, expected /… or none",
			where);
}

static void bridge_options(struct ks_lint *l, const struct ks_command *c)
{
	const char *s = ks_value(c, "--bridgeopts");

	for (size_t n; s && *s; s += n + (s[n] == ',')) {
		const char *equals = strchr(s, '=');

		n = strcspn(s, ",");
		if (equals && equals > s && equals < s + n - 1)
			continue;
		ks_error(l, c, ks_column(c, "--bridgeopts"),
			"'--bridgeopts' is key=value, separated by commas, not '%.*s'", (int)n, s);
		return;
	}
}

/* RHEL 7: "vlan5", "eth0.5". */
static void interface_name(struct ks_lint *l, const struct ks_command *c)
{
	const char *name = ks_value(c, "--interfacename"), *number, *dot;

	if (!name || !holds(l, KS_RHEL7))
		return;
	dot = strrchr(name, '.');
	number = dot ? dot + 1 : strncmp(name, "vlan", 4) == 0 ? name + 4 : NULL;
	if (number &&
		(!*number || strspn(number, "0123456789") != strlen(number) || strlen(number) > 4 ||
			atoi(number) > 4095))
		ks_error(l, c, ks_column(c, "--interfacename"),
			"'--interfacename=%s': after '%s' comes the number of a VLAN, 0 to 4095",
			name, dot ? "." : "vlan");
}

/* Of a bond, a team or a bridge it is the members that are bound. */
static void network(struct ks_lint *l, const struct ks_command *c)
{
	bool members = ks_value(c, "--bondslaves") || ks_value(c, "--teamslaves") ||
		ks_value(c, "--bridgeslaves");

	bridge_options(l, c);
	interface_name(l, c);
	if (ks_value(c, "--bindto") && ks_value(c, "--vlanid") && !members)
		ks_error(l, c, ks_column(c, "--bindto"),
			"'--bindto=mac' is for a card, not for a VLAN on it");
}

static void nvdimm(struct ks_lint *l, const struct ks_command *c)
{
	const char *action = c->n_args ? c->args[0]->s : "", *mode = ks_value(c, "--mode");
	bool reconfigure = strcmp(action, "reconfigure") == 0;

	if (!*action)
		return;
	if (!reconfigure && strcmp(action, "use") != 0)
		ks_error(l, c, c->args[0]->column,
			"'nvdimm' has the actions reconfigure and use, not '%s'", action);
	else if (!reconfigure && !ks_value(c, "--namespace") && !ks_value(c, "--blockdevs"))
		ks_error(l, c, c->args[0]->column,
			"'nvdimm use' needs '--namespace=' or '--blockdevs='");
	if (reconfigure && !ks_value(c, "--namespace"))
		ks_error(l, c, c->args[0]->column, "'nvdimm reconfigure' needs '--namespace='");
	if (reconfigure && (!mode || strcmp(mode, "sector") == 0) && !ks_value(c, "--sectorsize"))
		ks_error(l, c, c->args[0]->column,
			"'nvdimm reconfigure' in mode sector needs '--sectorsize='");
}

static void ostree(struct ks_lint *l, const struct ks_command *c)
{
	const char *url = ks_value(c, "--url");

	if (url && strncmp(url, "file:", 5) != 0 && strncmp(url, "http:", 5) != 0 &&
		strncmp(url, "https:", 6) != 0)
		ks_error(l, c, ks_column(c, "--url"),
			"'--url' of 'ostreesetup' is file:, http: or https:, not '%s'", url);
}

static void raid(struct ks_lint *l, const struct ks_command *c)
{
	if (!ks_value(c, "--level") && !ks_value(c, "--useexisting") && !ks_value(c, "--noformat"))
		ks_error(l, c, c->line->words[0].column, "'raid' needs '--level='");
}

/* Its words are realmd's: options, then one realm. */
static void realm(struct ks_lint *l, const struct ks_command *c)
{
	static const char *const known[] = {"--user", "--one-time-password", "--client-software",
		"--server-software", "--membership-software", "--computer-ou"};
	size_t i = 1;

	if (!c->n_args)
		return;
	if (strcmp(c->args[0]->s, "join") != 0) {
		ks_error(
			l, c, c->args[0]->column, "'realm' can only join, not '%s'", c->args[0]->s);
		return;
	}
	for (; i < c->n_args && strncmp(c->args[i]->s, "--", 2) == 0; i++) {
		const char *s = c->args[i]->s;
		size_t n = strcspn(s, "="), k = 0;

		while (k < sizeof(known) / sizeof(*known) &&
			(strlen(known[k]) != n || strncmp(s, known[k], n) != 0))
			k++;
		if (strcmp(s, "--no-password") == 0)
			continue;
		if (k == sizeof(known) / sizeof(*known))
			ks_error(l, c, c->args[i]->column,
				"'realm join' has no option '%.*s', or it takes no value", (int)n,
				s);
		else if (!s[n])
			i++;
	}
	if (i + 1 != c->n_args)
		ks_error(l, c, c->args[i + 1 < c->n_args ? i + 1 : 0]->column,
			"'realm join' takes its options, and then one realm");
}

static void rhsm(struct ks_lint *l, const struct ks_command *c)
{
	const char *key = ks_value(c, "--activation-key");

	if (key && (!*key || *key == ',' || key[strlen(key) - 1] == ',' || strstr(key, ",,")))
		ks_error(l, c, ks_column(c, "--activation-key"),
			"'--activation-key' of 'rhsm' is empty");
}

static void snapshot(struct ks_lint *l, const struct ks_command *c)
{
	const char *origin = c->n_args ? c->args[0]->s : "/", *slash = strchr(origin, '/');

	if (c->n_args && (!slash || slash == origin || !slash[1] || strchr(slash + 1, '/')))
		ks_error(l, c, c->args[0]->column, "'%s' is not VG/LV, both of them by name",
			origin);
}

static void updates(struct ks_lint *l, const struct ks_command *c)
{
	if (!c->n_args && holds(l, KS_RHEL7))
		ks_error(l, c, c->line->words[0].column,
			"'updates' needs a URL: without one they are looked for on a floppy disk");
}

static const struct {
	const char *command;
	void (*rule)(struct ks_lint *l, const struct ks_command *c);
} own[] = {
	{"autopart", autopart},
	{"bootloader", bootloader},
	{"btrfs", btrfs},
	{"cmdline", cmdline},
	{"mount", mount},
	{"network", network},
	{"nvdimm", nvdimm},
	{"ostreesetup", ostree},
	{"raid", raid},
	{"realm", realm},
	{"rhsm", rhsm},
	{"snapshot", snapshot},
	{"updates", updates},
};

void ks_rules_between(struct ks_lint *l, const struct ks_command *c)
{
	enum ks_status status = ks_command_status(c->name, l->versions);

	/* What is deprecated is passed over by the installer, but for btrfs. */
	if (status < (ks_is(c, "btrfs") ? KS_DEPRECATED : KS_OK))
		return;
	for (size_t i = 0; i < sizeof(wanting) / sizeof(*wanting); i++)
		if (ks_is(c, wanting[i].command) && ks_value(c, wanting[i].option))
			wants(l, c, i);
	for (size_t i = 0; i < sizeof(excluding) / sizeof(*excluding); i++)
		if (ks_is(c, excluding[i].command) && ks_value(c, excluding[i].option))
			excludes(l, c, i);
	for (size_t i = 0; i < sizeof(needing) / sizeof(*needing); i++)
		if (ks_is(c, needing[i].command))
			needs(l, c, i);
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (ks_is(c, own[i].command))
			own[i].rule(l, c);
}
