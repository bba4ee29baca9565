/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON as such, and Ignition's configuration, specification 3. */
#include "kickstart/lint/lint_formats.h"
#include "kickstart/lint/lint_shape.h"
#include "kickstart/lint/lint_values.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* jansson says what is no JSON; the rest is looked at as the YAML that all JSON is. */
static struct shape_file *json_file(const struct lint_input *in, struct findings *f)
{
	json_error_t e;
	json_t *j = json_loads(in->text, JSON_DECODE_ANY, &e);

	if (j) {
		json_decref(j);
		return shape_file_new(in, f);
	}
	findings_add(f, FINDING_ERROR, in->file, e.line > 0 ? (unsigned)e.line : 0,
		e.column > 0 ? (unsigned)e.column : 0, "no JSON: %s", e.text);
	return NULL;
}

void lint_json(const struct lint_input *in, struct findings *f)
{
	shape_file_free(json_file(in, f));
}

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

static const char *wrong_source(const char *s)
{
	static const char *const schemes[] = {"data:", "http://", "https://", "tftp://", "s3://",
		"gs://", "arn:", "oem://", NULL}; /* the last: Flatcar's own */

	for (size_t i = 0; schemes[i]; i++)
		if (strncmp(s, schemes[i], strlen(schemes[i])) == 0)
			return NULL;
	return *s && !lint_is_placeholder(s)
		? "expected a URL: data:,TEXT for the text itself, or http://…"
		: NULL;
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
static const struct shape verification[] = {KEY("hash", TEXT | NOTHING, .wrong = wrong_sum), {0}};
static const struct shape resource[] = {KEY("source", TEXT | NOTHING, .wrong = wrong_source),
	KEY("compression", TEXT | NOTHING), KEY("httpHeaders", LIST),
	KEY("verification", MAP, .inside = verification), {0}};
static const struct shape owner[] = {KEY("id", NUMBER), KEY("name", TEXT), {0}};

#define NODE                                                                              \
	KEY("path", TEXT, .required = true, .wrong = wrong_path), KEY("overwrite", BOOL), \
		KEY("user", MAP, .inside = owner),                                        \
	{                                                                                 \
		"group", MAP, .inside = owner                                             \
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
static const struct shape partitions[] = {KEY("label", TEXT), KEY("number", NUMBER),
	KEY("sizeMiB", NUMBER), KEY("startMiB", NUMBER), KEY("typeGuid", TEXT), KEY("guid", TEXT),
	KEY("wipePartitionEntry", BOOL), KEY("shouldExist", BOOL), KEY("resize", BOOL), {0}};
static const struct shape disks[] = {KEY("device", TEXT, .required = true, .wrong = wrong_path),
	KEY("wipeTable", BOOL), KEY("partitions", LIST, .inside = partitions), {0}};
static const struct shape raid[] = {KEY("name", TEXT, .required = true), KEY("level", TEXT),
	KEY("devices", LIST, .item = &text, .required = true), KEY("spares", NUMBER),
	KEY("options", LIST), {0}};
static const struct shape filesystems[] = {
	KEY("device", TEXT, .required = true, .wrong = wrong_path), KEY("format", TEXT | NOTHING),
	KEY("path", TEXT | NOTHING, .wrong = wrong_path), KEY("wipeFilesystem", BOOL),
	KEY("label", TEXT), KEY("uuid", TEXT), KEY("options", LIST), KEY("mountOptions", LIST),
	{0}};
static const struct shape luks[] = {KEY("name", TEXT, .required = true), KEY("device", TEXT),
	KEY("keyFile", MAP, .inside = resource), KEY("label", TEXT), KEY("uuid", TEXT),
	KEY("options", LIST), KEY("discard", BOOL), KEY("openOptions", LIST),
	KEY("wipeVolume", BOOL), KEY("clevis", MAP), KEY("cex", MAP), {0}};
static const struct shape storage[] = {KEY("disks", LIST, .inside = disks),
	KEY("raid", LIST, .inside = raid), KEY("filesystems", LIST, .inside = filesystems),
	KEY("files", LIST, .inside = files), KEY("directories", LIST, .inside = directories),
	KEY("links", LIST, .inside = links), KEY("luks", LIST, .inside = luks), {0}};
static const struct shape drop_ins[] = {
	KEY("name", TEXT, .required = true, .wrong = wrong_drop_in), KEY("contents", TEXT), {0}};
static const struct shape units[] = {KEY("name", TEXT, .required = true, .wrong = wrong_unit),
	KEY("enabled", BOOL), KEY("mask", BOOL), KEY("contents", TEXT),
	KEY("dropins", LIST, .inside = drop_ins), {0}};
static const struct shape systemd[] = {KEY("units", LIST, .inside = units), {0}};
static const struct shape users[] = {KEY("name", TEXT, .required = true, .wrong = lint_wrong_user),
	KEY("passwordHash", TEXT, .wrong = wrong_hash, .secret = true),
	KEY("sshAuthorizedKeys", LIST, .item = &text), KEY("uid", NUMBER), KEY("gecos", TEXT),
	KEY("homeDir", TEXT), KEY("noCreateHome", BOOL), KEY("primaryGroup", TEXT),
	KEY("groups", LIST, .item = &text), KEY("noUserGroup", BOOL), KEY("noLogInit", BOOL),
	KEY("shell", TEXT), KEY("shouldExist", BOOL), KEY("system", BOOL), {0}};
static const struct shape groups[] = {KEY("name", TEXT, .required = true, .wrong = lint_wrong_user),
	KEY("gid", NUMBER), KEY("passwordHash", TEXT), KEY("shouldExist", BOOL),
	KEY("system", BOOL), {0}};
static const struct shape passwd[] = {
	KEY("users", LIST, .inside = users), KEY("groups", LIST, .inside = groups), {0}};
static const struct shape arguments[] = {
	KEY("shouldExist", LIST, .item = &text), KEY("shouldNotExist", LIST, .item = &text), {0}};
static const struct shape config[] = {
	KEY("merge", LIST, .inside = resource), KEY("replace", MAP, .inside = resource), {0}};
static const struct shape header[] = {
	KEY("version", TEXT, .required = true, .wrong = wrong_version),
	KEY("config", MAP, .inside = config), KEY("timeouts", MAP), KEY("security", MAP),
	KEY("proxy", MAP), {0}};
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

void lint_ignition(const struct lint_input *in, struct findings *f)
{
	struct shape_file *file = json_file(in, f);

	if (file)
		shape_file_check(file, is_old(file) ? &old_ignition : &ignition);
	shape_file_free(file);
}
