/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ignition's configuration, specification 3: what its reader refuses. `ignition-validate` says the same where it is installed
 * (usher/cli/checkers.c), and lab_lint holds the two against each other.
 */
#include "kickstart/lint/lint_formats.h"
#include "kickstart/lint/lint_shape.h"
#include "kickstart/lint/lint_values.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *wrong_version(const char *s)
{
	size_t minor = strspn(s + (strncmp(s, "3.", 2) == 0 ? 2 : 0), "0123456789");

	return strncmp(s, "3.", 2) == 0 && minor && strncmp(s + 2 + minor, ".0", 2) == 0 &&
			(s[4 + minor] == '\0' || s[4 + minor] == '-')
		? NULL
		: "expected a version like 3.4.0";
}

static const char *old_version(const char *s)
{
	(void)s;
	return "which is of before 2020: Flatcar alone still reads it, expected 3.0.0 to 3.5.0";
}

static const char *wrong_path(const char *s)
{
	return *s == '/' ? NULL : "expected an absolute path";
}

static const char *wrong_mode(const char *s)
{
	static const char *const octal[] = {"400", "440", "444", "500", "550", "555", "600", "640",
		"644", "660", "664", "700", "750", "755", "770", "775", "777", NULL};

	if (strtol(s, NULL, 10) > 07777 || *s == '-')
		return "expected at most 4095, in decimal (0644 is 420)";
	for (size_t i = 0; octal[i]; i++)
		if (strcmp(s, octal[i]) == 0)
			return "which is decimal: 0644 is 420, 0755 is 493, 0600 is 384";
	return NULL;
}

static const char *wrong_unit(const char *s)
{
	static const char *const types[] = {".service", ".socket", ".device", ".mount",
		".automount", ".swap", ".target", ".path", ".timer", ".snapshot", ".slice",
		".scope", NULL};
	const char *dot = strrchr(s, '.');

	for (size_t i = 0; dot && types[i]; i++)
		if (strcmp(dot, types[i]) == 0)
			return NULL;
	return "expected a unit's name like web.service";
}

static const char *wrong_drop_in(const char *s)
{
	size_t n = strlen(s);

	return n > 5 && strcmp(s + n - 5, ".conf") == 0 ? NULL
							: "expected a name that ends in .conf";
}

/* RFC 2397, as Ignition reads it: [type/subtype][;name=value…][;base64],DATA, and what is no letter, digit or one of
 * these marks is percent-encoded. */
static const char data_marks[] = "-_.!~*'();/?:@&=+$,\"";

static const char *wrong_data(const char *s)
{
	size_t n = strcspn(s, ",");
	bool base64 = n >= 7 && strncmp(s + n - 7, ";base64", 7) == 0;
	const char *slash = memchr(s, '/', n);

	if (s[n] == '\0' || (*s != ';' && n && !slash))
		return "expected data:,TEXT or data:;base64,TEXT";
	s += n + 1;
	n = 0;
	for (; *s; s++, n++) {
		bool hex =
			*s == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2]);

		if (base64 ? !isalnum((unsigned char)*s) && !strchr("+/=", *s)
			   : !hex && !isalnum((unsigned char)*s) && !strchr(data_marks, *s))
			return base64
				? "expected base64 after the comma"
				: "expected %XX in place of blanks, #, %, braces and line ends";
	}
	return base64 && n % 4 ? "expected base64 after the comma, with = at its end" : NULL;
}

static const char *wrong_source(const char *s)
{
	static const char *const schemes[] = {"http://", "https://", "tftp://", "s3://", "gs://",
		"arn:", "oem://", NULL}; /* the last: Flatcar's own */

	if (strncmp(s, "data:", 5) == 0)
		return wrong_data(s + 5);
	for (size_t i = 0; schemes[i]; i++)
		if (strncmp(s, schemes[i], strlen(schemes[i])) == 0)
			return NULL;
	return *s && !lint_is_placeholder(s)
		? "expected a URL: data:,TEXT for the text itself, or http://…"
		: NULL;
}

static bool is_one_of(const char *s, const char *const *words)
{
	while (*words && strcmp(s, *words) != 0)
		words++;
	return *words;
}

static const char *wrong_compression(const char *s)
{
	return !*s || strcmp(s, "gzip") == 0 ? NULL : "expected gzip";
}

static const char *wrong_format(const char *s)
{
	static const char *const formats[] = {
		"", "ext4", "btrfs", "xfs", "vfat", "swap", "none", NULL};

	return is_one_of(s, formats) ? NULL : "expected ext4, btrfs, xfs, vfat, swap or none";
}

static const char *wrong_level(const char *s)
{
	static const char *const levels[] = {"linear", "raid0", "0", "stripe", "raid1", "1",
		"mirror", "raid4", "4", "raid5", "5", "raid6", "6", "raid10", "10", NULL};

	return is_one_of(s, levels) ? NULL : "expected linear, or raid0, 1, 4, 5, 6 or 10";
}

static const char *wrong_label(const char *s)
{
	if (strchr(s, ':'))
		return "expected a label without a colon: sgdisk would end it there";
	return strlen(s) > 36 ? "expected at most 36 characters" : NULL;
}

static const char *wrong_guid(const char *s)
{
	static const char form[] = "01234567-89AB-CDEF-EDCB-A98765432101";
	size_t i = 0;

	while (form[i] && (form[i] == '-' ? s[i] == '-' : isxdigit((unsigned char)s[i])))
		i++;
	return !*s || (!form[i] && !s[i])
		? NULL
		: "expected one like 01234567-89AB-CDEF-EDCB-A98765432101";
}

static const char *wrong_device_name(const char *s)
{
	return strchr(s, '/') ? "expected a name without a slash" : NULL;
}

static const char *wrong_proxy(const char *s)
{
	return strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0
		? NULL
		: "expected http://… or https://…";
}

static const char *wrong_header(const char *s)
{
	return *s ? NULL : "expected a header's name";
}

/* Of systemd.syntax(7): a section's name stands alone on its line, and a line in a section that is no comment is an assignment. */
static const char *wrong_unit_line(const char *line, size_t n, bool inside)
{
	const char *end = memchr(line, ']', n);

	if (*line == '[' && !end)
		return "has the head of a section without its ]";
	if (*line == '[')
		return strspn(end + 1, " \t\r") + (size_t)(end + 1 - line) < n
			? "has more than a section's name in its line"
			: NULL;
	return inside && !memchr(line, '=', n) ? "has a line without =" : NULL;
}

static const char *wrong_unit_text(const char *s)
{
	const char *wrong = NULL;
	bool goes_on = false, inside = false;

	for (size_t n; *s && !wrong; s += n + (s[n] == '\n')) {
		size_t blank = strspn(s, " \t\r");

		n = strcspn(s, "\n");
		if (blank >= n || s[blank] == '#' || s[blank] == ';')
			continue;
		if (!goes_on)
			wrong = wrong_unit_line(s + blank, n - blank, inside);
		inside |= s[blank] == '[';
		goes_on = s[n - 1] == '\\';
	}
	return wrong;
}

/* What maps need, or cannot have, together. */

static const char *wrong_file(const struct shape_map *m)
{
	const char *overwrite = shape_map_text(m, "overwrite"),
		   *source = shape_map_text(m, "contents source");

	return overwrite && strcmp(overwrite, "true") == 0 && !source
		? "'overwrite' is true, and contents has no 'source' to do it with"
		: NULL;
}

static const char *wrong_owner(const struct shape_map *m)
{
	return shape_map_has(m, "id") && shape_map_has(m, "name")
		? "it has 'id' and 'name': keep one of them"
		: NULL;
}

static const char *wrong_partition(const struct shape_map *m)
{
	const char *number = shape_map_text(m, "number");

	return (!number || strcmp(number, "0") == 0) && !shape_map_has(m, "label")
		? "the partition has neither 'number' nor 'label': it needs one of them"
		: NULL;
}

static const char *wrong_raid(const struct shape_map *m)
{
	static const char *const plain[] = {"linear", "raid0", "0", "stripe", NULL};
	const char *level = shape_map_text(m, "level"), *spares = shape_map_text(m, "spares");

	if (!shape_map_has(m, "devices"))
		return "'devices' is empty, expected those that it is made of";
	return level && is_one_of(level, plain) && spares && strcmp(spares, "0") != 0
		? "'spares' are of no use to this 'level'"
		: NULL;
}

static const char *wrong_filesystem(const struct shape_map *m)
{
	static const char *const need[] = {
		"path", "label", "uuid", "options", "mountOptions", NULL};
	static const struct {
		const char *format;
		size_t label;
	} limits[] = {{"ext4", 16}, {"btrfs", 256}, {"xfs", 12}, {"swap", 15}, {"vfat", 11}};
	const char *format = shape_map_text(m, "format"), *label = shape_map_text(m, "label"),
		   *wipe = shape_map_text(m, "wipeFilesystem");
	bool needs = wipe && strcmp(wipe, "true") == 0;

	for (size_t i = 0; need[i]; i++)
		needs |= shape_map_has(m, need[i]);
	if (!shape_map_has(m, "format"))
		return needs ? "the filesystem has no 'format', which all but 'device' needs"
			     : NULL;
	for (size_t i = 0; label && i < sizeof(limits) / sizeof(*limits); i++)
		if (strcmp(format, limits[i].format) == 0 && strlen(label) > limits[i].label)
			return "'label' is longer than this 'format' can have it";
	return NULL;
}

static const char *wrong_sum(const char *s)
{
	static const struct {
		const char *name;
		size_t digits;
	} functions[] = {{"sha512-", 128}, {"sha256-", 64}};

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		const char *sum = s + strlen(functions[i].name);

		if (strncmp(s, functions[i].name, strlen(functions[i].name)) != 0)
			continue;
		return strspn(sum, "0123456789abcdefABCDEF") == functions[i].digits &&
				strlen(sum) == functions[i].digits
			? NULL
			: "expected 128 hexadecimal digits after sha512-, 64 after sha256-";
	}
	return "expected sha512- or sha256-, and the sum in hexadecimal digits";
}

/* Without one nobody can log in with a password, which is meant. */
static const char *wrong_hash(const char *s)
{
	return *s ? lint_wrong_crypt(s) : NULL;
}

static const struct shape text = KEY("text", TEXT);
static const struct shape headers[] = {KEY("name", TEXT, .required = true, .wrong = wrong_header),
	KEY("value", TEXT | NOTHING), {0}};
static const struct shape verification[] = {KEY("hash", TEXT | NOTHING, .wrong = wrong_sum), {0}};
#define FETCHED                                                                  \
	KEY("compression", TEXT | NOTHING, .wrong = wrong_compression),          \
		KEY("httpHeaders", LIST, .inside = headers, .distinct = "name"), \
	{                                                                        \
		"verification", MAP, .inside = verification                      \
	}
static const struct shape resource[] = {
	KEY("source", TEXT | NOTHING, .wrong = wrong_source), FETCHED, {0}};
static const struct shape merged[] = {
	KEY("source", TEXT, .required = true, .wrong = wrong_source), FETCHED, {0}};
static const struct shape owner[] = {KEY("id", NUMBER), KEY("name", TEXT), {0}};

#define NODE                                                                              \
	KEY("path", TEXT, .required = true, .wrong = wrong_path), KEY("overwrite", BOOL), \
		KEY("user", MAP, .inside = owner, .wrong_map = wrong_owner),              \
	{                                                                                 \
		"group", MAP, .inside = owner, .wrong_map = wrong_owner                   \
	}
#define MODE                                        \
	{                                           \
		"mode", NUMBER, .wrong = wrong_mode \
	}

static const struct shape files[] = {NODE, MODE, KEY("contents", MAP, .inside = resource),
	KEY("append", LIST, .inside = resource), {0}};
static const struct shape directories[] = {NODE, MODE, {0}};
static const struct shape links[] = {
	NODE, KEY("target", TEXT, .required = true), KEY("hard", BOOL), {0}};
static const struct shape partitions[] = {KEY("label", TEXT, .wrong = wrong_label),
	KEY("number", NUMBER), KEY("sizeMiB", NUMBER), KEY("startMiB", NUMBER),
	KEY("typeGuid", TEXT, .wrong = wrong_guid), KEY("guid", TEXT, .wrong = wrong_guid),
	KEY("wipePartitionEntry", BOOL), KEY("shouldExist", BOOL), KEY("resize", BOOL), {0}};
static const struct shape disks[] = {KEY("device", TEXT, .required = true, .wrong = wrong_path),
	KEY("wipeTable", BOOL),
	KEY("partitions", LIST, .inside = partitions, .distinct = "number label",
		.wrong_map = wrong_partition),
	{0}};
static const struct shape raid[] = {KEY("name", TEXT, .required = true),
	KEY("level", TEXT, .wrong = wrong_level),
	KEY("devices", LIST, .item = &text, .required = true), KEY("spares", NUMBER),
	KEY("options", LIST), {0}};
static const struct shape filesystems[] = {
	KEY("device", TEXT, .required = true, .wrong = wrong_path),
	KEY("format", TEXT | NOTHING, .wrong = wrong_format),
	KEY("path", TEXT | NOTHING, .wrong = wrong_path), KEY("wipeFilesystem", BOOL),
	KEY("label", TEXT), KEY("uuid", TEXT), KEY("options", LIST), KEY("mountOptions", LIST),
	{0}};
static const struct shape luks[] = {KEY("name", TEXT, .required = true, .wrong = wrong_device_name),
	KEY("device", TEXT, .required = true), KEY("keyFile", MAP, .inside = resource),
	KEY("label", TEXT), KEY("uuid", TEXT), KEY("options", LIST), KEY("discard", BOOL),
	KEY("openOptions", LIST), KEY("wipeVolume", BOOL), KEY("clevis", MAP), KEY("cex", MAP),
	{0}};
static const struct shape storage[] = {KEY("disks", LIST, .inside = disks, .distinct = "device"),
	KEY("raid", LIST, .inside = raid, .distinct = "name", .wrong_map = wrong_raid),
	KEY("filesystems", LIST, .inside = filesystems, .distinct = "device path",
		.wrong_map = wrong_filesystem),
	KEY("files", LIST, .inside = files, .wrong_map = wrong_file),
	KEY("directories", LIST, .inside = directories), KEY("links", LIST, .inside = links),
	KEY("luks", LIST, .inside = luks, .distinct = "name device"), {0}};
static const struct shape drop_ins[] = {KEY("name", TEXT, .required = true, .wrong = wrong_drop_in),
	KEY("contents", TEXT, .wrong = wrong_unit_text, .secret = true), {0}};
static const struct shape units[] = {KEY("name", TEXT, .required = true, .wrong = wrong_unit),
	KEY("enabled", BOOL), KEY("mask", BOOL),
	KEY("contents", TEXT, .wrong = wrong_unit_text, .secret = true),
	KEY("dropins", LIST, .inside = drop_ins, .distinct = "name"), {0}};
static const struct shape systemd[] = {
	KEY("units", LIST, .inside = units, .distinct = "name"), {0}};
static const struct shape users[] = {KEY("name", TEXT, .required = true, .wrong = lint_wrong_user),
	KEY("passwordHash", TEXT, .wrong = wrong_hash, .secret = true),
	KEY("sshAuthorizedKeys", LIST, .item = &text), KEY("uid", NUMBER), KEY("gecos", TEXT),
	KEY("homeDir", TEXT), KEY("noCreateHome", BOOL), KEY("primaryGroup", TEXT),
	KEY("groups", LIST, .item = &text), KEY("noUserGroup", BOOL), KEY("noLogInit", BOOL),
	KEY("shell", TEXT), KEY("shouldExist", BOOL), KEY("system", BOOL), {0}};
static const struct shape groups[] = {KEY("name", TEXT, .required = true, .wrong = lint_wrong_user),
	KEY("gid", NUMBER), KEY("passwordHash", TEXT), KEY("shouldExist", BOOL),
	KEY("system", BOOL), {0}};
static const struct shape passwd[] = {KEY("users", LIST, .inside = users, .distinct = "name"),
	KEY("groups", LIST, .inside = groups, .distinct = "name"), {0}};
static const struct shape arguments[] = {
	KEY("shouldExist", LIST, .item = &text), KEY("shouldNotExist", LIST, .item = &text), {0}};
static const struct shape config[] = {
	KEY("merge", LIST, .inside = merged), KEY("replace", MAP, .inside = resource), {0}};
static const struct shape proxy[] = {KEY("httpProxy", TEXT | NOTHING, .wrong = wrong_proxy),
	KEY("httpsProxy", TEXT | NOTHING, .wrong = wrong_proxy),
	KEY("noProxy", LIST, .item = &text), {0}};
static const struct shape header[] = {
	KEY("version", TEXT, .required = true, .wrong = wrong_version),
	KEY("config", MAP, .inside = config), KEY("timeouts", MAP), KEY("security", MAP),
	KEY("proxy", MAP, .inside = proxy), {0}};
static const struct shape keys[] = {KEY("ignition", MAP, .inside = header, .required = true),
	KEY("storage", MAP, .inside = storage), KEY("systemd", MAP, .inside = systemd),
	KEY("passwd", MAP, .inside = passwd), KEY("kernelArguments", MAP, .inside = arguments),
	{0}};
static const struct shape ignition = KEY("the configuration", MAP, .inside = keys, .nulls = true);

/* Specification 2 has other keys: its version alone is looked at. */
static const struct shape old_header[] = {
	KEY("version", TEXT, .wrong = old_version, .mild = true), {0}};
static const struct shape old_keys[] = {
	KEY("ignition", MAP, .inside = old_header, .open = true), {0}};
static const struct shape old_ignition =
	KEY("the configuration", MAP, .inside = old_keys, .open = true, .nulls = true);

static bool is_old(const struct shape_file *file)
{
	const char *version = shape_file_text(file, "ignition version");

	return version && strncmp(version, "2.", 2) == 0;
}

/* Over several lists. */
static void check_whole(struct shape_file *file)
{
	static const char *const nodes[] = {
		"storage files", "storage directories", "storage links", NULL};
	static const char *const kernel[] = {
		"kernelArguments shouldNotExist", "kernelArguments shouldExist", NULL};

	shape_file_distinct(file, nodes, "path");
	shape_file_distinct(file, kernel, NULL);
}

void lint_ignition(const struct lint_input *in, struct findings *f)
{
	struct shape_file *file = lint_json_file(in, f);

	if (!file)
		return;
	if (is_old(file)) {
		shape_file_check(file, &old_ignition);
	} else {
		shape_file_check(file, &ignition);
		check_whole(file);
	}
	shape_file_free(file);
}
