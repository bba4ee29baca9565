/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of commands and options from version to version, said in words. */
#include "kickstart/lint/ks_commands.h"

#include <stdio.h>
#include <string.h>

/* What takes the place of what is gone or going. */
static const struct {
	const char *command, *option, *instead;
} advice[] = {
	{"%anaconda", NULL, "leave the section out"},
	{"%packages", "--excludeWeakdeps", "use '--exclude-weakdeps'"},
	{"%packages", "--instLangs", "use '--inst-langs='"},
	{"%packages", "--nobase", "leave it out"},
	{"auth", NULL, "use 'authselect'"},
	{"authconfig", NULL, "use 'authselect'"},
	{"autostep", NULL, "leave it out"},
	{"bootloader", "--upgrade", "leave it out"},
	{"btrfs", NULL, "use LVM or plain partitions"},
	{"device", NULL, "leave it out: drivers are found without it"},
	{"deviceprobe", NULL, "leave it out: drivers are found without it"},
	{"dmraid", NULL, "leave it out"},
	{"harddrive", "--biospart", "use '--partition='"},
	{"ignoredisk", "--interactive", "name the disks: '--only-use='"},
	{"install", NULL, "leave it out: 'url', 'nfs', 'cdrom' … stand alone"},
	{"logging", "--level", "leave it out: everything is logged"},
	{"multipath", NULL, "leave it out: it is found without"},
	{"network", "--teamconfig", "use '--bondopts='"},
	{"network", "--teamslaves", "use '--bondslaves='"},
	{"nvdimm", NULL, "leave it out: set the namespaces up before"},
	{"part", "--active", "leave it out"},
	{"pwpolicy", NULL, "leave it out"},
	{"repo", "--ignoregroups", "leave it out"},
	{"timezone", "--isUtc", "use '--utc'"},
	{"timezone", "--nontp", "use 'timesource --ntp-disable'"},
	{"timezone", "--ntpservers", "use 'timesource --ntp-server='"},
	{"upgrade", NULL, "a kickstart file can only install"},
	{"vnc", NULL, "use 'rdp'"},
};

static const char *instead(const char *command, const char *option)
{
	for (size_t i = 0; i < sizeof(advice) / sizeof(*advice); i++)
		if (strcmp(advice[i].command, command) == 0 && (!option) == (!advice[i].option) &&
			(!option || strcmp(advice[i].option, option) == 0))
			return advice[i].instead;
	return NULL;
}

static void statuses(const char *command, const char *option, enum ks_status ret[KS_VERSIONS])
{
	struct ks_spec spec;

	for (unsigned v = 0; v < KS_VERSIONS; v++)
		ret[v] = option ? ks_option_status(command, option, 1u << v, &spec)
				: ks_command_status(command, 1u << v);
}

static const char *name(unsigned v)
{
	return ks_version_name(1u << v);
}

/* The first of the versions from `from` on, and the last one: "RHEL8" or "RHEL8 to RHEL10". */
static void range(
	const enum ks_status st[KS_VERSIONS], unsigned from, unsigned end, char *buf, size_t size)
{
	unsigned first = from, last;

	while (first < end && st[first] < KS_DEPRECATED)
		first++;
	last = first;
	while (last + 1 < end && st[last + 1] >= KS_DEPRECATED)
		last++;
	if (first >= end)
		snprintf(buf, size, "none");
	else if (first == last)
		snprintf(buf, size, "%s", name(first));
	else
		snprintf(buf, size, "%s to %s", name(first), name(last));
}

/* `v` is not good; its family is from `from` to before `end`. */
static void gone(const enum ks_status st[KS_VERSIONS], unsigned v, unsigned from, unsigned end,
	char *buf, size_t size)
{
	unsigned since = v, later = v;
	char where[32];

	while (since > from && st[since - 1] < KS_DEPRECATED)
		since--;
	while (later < end && st[later] < KS_DEPRECATED)
		later++;
	range(st, from ? 0 : end, from ? from : KS_VERSIONS, where, sizeof(where));
	if (since > from)
		snprintf(buf, size, "was removed in %s", name(since));
	else if (st[v] == KS_REMOVED)
		snprintf(buf, size, "was removed in %s or before", name(from));
	else if (later < end)
		snprintf(buf, size, "is not in %s, only from %s on", name(v), name(later));
	else
		snprintf(buf, size, "is not in %s, only in %s", name(v), where);
}

static void going(
	const enum ks_status st[KS_VERSIONS], unsigned v, unsigned from, char *buf, size_t size)
{
	unsigned since = v;

	while (since > from && st[since - 1] == KS_DEPRECATED)
		since--;
	if (since > from)
		snprintf(buf, size, "is deprecated since %s", name(since));
	else
		snprintf(buf, size, "is deprecated");
}

void ks_history(const char *command, const char *option, unsigned versions, char *buf, size_t size)
{
	enum ks_status st[KS_VERSIONS];
	const char *then = instead(command, option);
	unsigned v = 0, from, end;
	size_t n;

	statuses(command, option, st);
	while (v + 1 < KS_VERSIONS && !(versions & 1u << v))
		v++;
	from = 1u << v & KS_RHEL ? 0 : 4;
	end = 1u << v & KS_RHEL ? 4 : KS_VERSIONS;
	if (st[v] == KS_DEPRECATED)
		going(st, v, from, buf, size);
	else
		gone(st, v, from, end, buf, size);
	n = strlen(buf);
	if (then && (st[v] == KS_DEPRECATED || strncmp(buf, "was removed", 11) == 0))
		snprintf(buf + n, size - n, ": %s", then);
}
