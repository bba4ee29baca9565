/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/setting_type.h"

#include "core/addr.h"
#include "kickstart/lint/lint_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALNUM LOWER UPPER DIGITS
#define BLANKS " \t\r\n"

enum { HOSTNAME_MAX = 253, LABEL_MAX = 63 }; /* RFC 1035 2.3.4, without the root */

static bool is_number(const struct profile_setting *s, const char *value)
{
	unsigned long long n = strtoull(value, NULL, 10);
	size_t len = strlen(value);

	return len && len < 19 && strspn(value, DIGITS) == len && n >= s->min && n <= s->max;
}

static bool is_boolean(const struct profile_setting *s, const char *value)
{
	(void)s;
	return !strcmp(value, "yes") || !strcmp(value, "no");
}

/* RFC 1123 2.1: labels of letters, digits and inner dashes. */
static bool is_hostname(const struct profile_setting *s, const char *value)
{
	size_t n;

	(void)s;
	if (strlen(value) > HOSTNAME_MAX)
		return false;
	for (;; value += n + 1) {
		n = strspn(value, ALNUM "-");
		if (!n || n > LABEL_MAX || value[0] == '-' || value[n - 1] == '-')
			return false;
		if (!value[n])
			return true;
		if (value[n] != '.')
			return false;
	}
}

static bool is_address(const struct profile_setting *s, const char *value)
{
	struct ip ip;

	(void)s;
	return !ip_parse(value, &ip);
}

/* What installers fetch from: a scheme, a host, nothing that breaks a line or a word. */
static bool is_url(const struct profile_setting *s, const char *value)
{
	static const char *const schemes[] = {"http://", "https://", "ftp://", "nfs://"};

	(void)s;
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"'<>\\", *c))
			return false;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t n = strlen(schemes[i]);

		if (!strncmp(value, schemes[i], n))
			return strspn(value + n, ALNUM "-._~:@%[]!$&()*+,;=") > 0;
	}
	return false;
}

/* In MiB: digits and M, G or T, as "20G" and "20GiB"; without a letter it is MiB. 0: it is none. */
static uint64_t size_mib(const char *value)
{
	size_t n = strspn(value, DIGITS);
	uint64_t mib = n && n < 10 ? strtoull(value, NULL, 10) : 0;
	const char *unit = value + n;

	if (!*unit)
		return mib;
	if (strcmp(unit + 1, "") && strcmp(unit + 1, "iB"))
		return 0;
	return *unit == 'M' ? mib : *unit == 'G' ? mib << 10 : *unit == 'T' ? mib << 20 : 0;
}

static bool is_size(const struct profile_setting *s, const char *value)
{
	(void)s;
	return size_mib(value) > 0;
}

/* Whether the installer knows it is the installer's to say: its list is not ours. */
static bool is_timezone(const struct profile_setting *s, const char *value)
{
	size_t n = strspn(value, ALNUM "/_+-");

	(void)s;
	return !value[n] && strspn(value, LOWER UPPER) && value[n - 1] != '/' &&
		!strstr(value, "//") && (strchr(value, '/') || !strpbrk(value, LOWER));
}

static bool is_user(const struct profile_setting *s, const char *value)
{
	(void)s;
	return !lint_is_placeholder(value) && !lint_wrong_user(value);
}

/* A name below /dev: a folder may be in it, as may a list or a pattern for installers that take one. */
static bool is_disk(const struct profile_setting *s, const char *value)
{
	(void)s;
	return strspn(value, ALNUM "_-./:+=@,*?") == strlen(value) && *value != '/' &&
		*value != '.' && *value != '-' && !strstr(value, "..") && !strstr(value, "//");
}

/* "NAME=VALUE NAME=VALUE" */
static bool is_pairs(const struct profile_setting *s, const char *value)
{
	(void)s;
	for (value += strspn(value, BLANKS); *value; value += strspn(value, BLANKS)) {
		size_t name = strspn(value, ALNUM "._-"), all = strcspn(value, BLANKS);

		if (!name || value[name] != '=' || name + 1 == all)
			return false;
		value += all;
	}
	return true;
}

static bool is_anything(const struct profile_setting *s, const char *value)
{
	(void)s;
	(void)value;
	return true;
}

static const struct {
	const char *name;
	bool (*is)(const struct profile_setting *s, const char *value);
	const char *expected;
} types[SETTING_TYPES] = {
	[SETTING_TEXT] = {"text", is_anything, ""},
	[SETTING_PASSWORD] = {"password", is_anything, ""},
	[SETTING_NUMBER] = {"number", is_number, "a number"},
	[SETTING_BOOLEAN] = {"boolean", is_boolean, "yes or no"},
	[SETTING_LIST] = {"list", is_anything, ""},
	[SETTING_HOSTNAME] = {"hostname", is_hostname, "a host's name like mirror.example.org"},
	[SETTING_ADDRESS] = {"address", is_address, "an IP address"},
	[SETTING_URL] = {"url", is_url, "a URL like http://HOST/PATH"},
	[SETTING_SIZE] = {"size", is_size, "a size like 512M or 20G"},
	[SETTING_TIMEZONE] = {"timezone", is_timezone, "a time zone like Europe/Berlin"},
	[SETTING_USER] = {"user", is_user, "a user's name like web-admin"},
	[SETTING_DISK] = {"disk", is_disk,
		"a disk's name like vda or disk/by-id/NAME, without /dev/ before it"},
	[SETTING_PAIRS] = {"pairs", is_pairs, "NAME=VALUE, and more of them after blanks"},
};

const char *setting_type_name(enum profile_setting_type type)
{
	return types[type].name;
}

int setting_type_parse(
	const char *name, enum profile_setting_type *ret, char *known, size_t known_size)
{
	size_t len = 0;

	*known = '\0';
	for (int i = 0; i < SETTING_TYPES; i++) {
		if (!strcmp(name, types[i].name)) {
			*ret = (enum profile_setting_type)i;
			return 0;
		}
		if (len < known_size)
			len += (size_t)snprintf(known + len, known_size - len, "%s%s",
				!i                              ? ""
					: i < SETTING_TYPES - 1 ? ", "
								: " or ",
				types[i].name);
	}
	return -EINVAL;
}

const char *setting_type_expected(
	const struct profile_setting *s, const char *value, char *buf, size_t size)
{
	bool bounded = s->type == SETTING_NUMBER && (s->min || s->max < SETTING_NUMBER_MAX);
	bool needed = *s->def && (s->type == SETTING_NUMBER || s->type == SETTING_BOOLEAN);

	if (*value ? types[s->type].is(s, value) : !needed)
		return NULL;
	if (bounded)
		snprintf(buf, size, "a number from %llu to %llu", (unsigned long long)s->min,
			(unsigned long long)s->max);
	else
		snprintf(buf, size, "%s", types[s->type].expected);
	return buf;
}

static json_t *words(const char *s)
{
	json_t *all = json_array();

	for (s += strspn(s, BLANKS); *s; s += strspn(s, BLANKS)) {
		size_t n = strcspn(s, BLANKS);

		if (json_array_append_new(all, json_stringn(s, n)) < 0) {
			json_decref(all);
			return NULL;
		}
		s += n;
	}
	return all;
}

/* {"name", "value"} of each word. */
static json_t *pairs(const char *s)
{
	json_t *all = words(s), *word;
	size_t i;

	json_array_foreach(all, i, word)
	{
		const char *text = json_string_value(word), *equals = strchr(text, '=');
		size_t len = equals ? (size_t)(equals - text) : strlen(text);

		json_array_set_new(all, i,
			json_pack("{s:o, s:s}", "name", json_stringn(text, len), "value",
				equals ? equals + 1 : ""));
	}
	return all;
}

json_t *setting_type_value(const struct profile_setting *s, const char *value)
{
	switch (s->type) {
	case SETTING_BOOLEAN:
		return json_boolean(!strcmp(value, "yes"));
	case SETTING_LIST:
		return words(value);
	case SETTING_PAIRS:
		return pairs(value);
	case SETTING_SIZE:
		return *value ? json_sprintf("%llu", (unsigned long long)size_mib(value))
			      : json_string("");
	default:
		return json_string(value);
	}
}
