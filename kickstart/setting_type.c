/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/setting_type.h"

#include "core/addr.h"
#include "kickstart/disk_choice.h"
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

/* A name below /dev (a folder may be in it, as may a list or a pattern for installers that take one), or what it is like. */
static bool is_disk(const struct profile_setting *s, const char *value)
{
	(void)s;
	if (disk_choice_is(value))
		return disk_choice_valid(value);
	return strspn(value, ALNUM "_-./:+=@,*?") == strlen(value) && *value != '/' &&
		*value != '.' && *value != '-' && !strstr(value, "..") && !strstr(value, "//");
}

/* "all", or disks with blanks between them, each one alone: no list and no pattern, and of a serial number the blanks are '_'. */
static bool is_disks(const struct profile_setting *s, const char *value)
{
	char word[SETTING_DISK_MAX + 1];
	size_t n;

	if (!strcmp(value, "all"))
		return true;
	for (value += strspn(value, BLANKS); *value; value += n + strspn(value + n, BLANKS)) {
		n = strcspn(value, BLANKS);
		snprintf(word, sizeof word, "%.*s", (int)n, value);
		if (n >= sizeof word || !strcmp(word, "all") || !is_disk(s, word) ||
			(!disk_choice_is(word) && strpbrk(word, ",*?")))
			return false;
	}
	return true;
}

#define BETWEEN_CARDS BLANKS ","

/* The MAC in `value`, and *value on behind it. -ENOENT: there is none more. */
static int next_card(const char **value, struct mac *ret)
{
	const char *s = *value + strspn(*value, BETWEEN_CARDS);
	size_t n = strcspn(s, BETWEEN_CARDS);
	char text[MAC_TEXT];

	*value = s + n;
	if (!n)
		return -ENOENT;
	if (n >= sizeof text)
		return -EINVAL;
	memcpy(text, s, n);
	text[n] = '\0';
	return mac_parse(text, ret) < 0 || mac_is_group(ret) || mac_is_zero(ret) ? -EINVAL : 0;
}

/* "all", or two at least, each once. */
static bool is_cards(const struct profile_setting *s, const char *value)
{
	struct mac macs[SETTING_CARDS_MAX];
	size_t n = 0;
	int rc;

	(void)s;
	if (!strcmp(value, "all"))
		return true;
	while (n < SETTING_CARDS_MAX && !(rc = next_card(&value, &macs[n]))) {
		for (size_t i = 0; i < n; i++)
			if (mac_eq(&macs[i], &macs[n]))
				return false;
		n++;
	}
	return n > 1 && !value[strspn(value, BETWEEN_CARDS)];
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
		"a disk's name like vda or disk/by-id/NAME, without /dev/ before it, or serial=TEXT, "
		"wwn=0x5000c500a1b2c3d4, size=480G, or smallest or largest, alone or with -ssd, "
		"-hdd or -nvme"},
	[SETTING_DISKS] = {"disks", is_disks,
		"all, or disks with blanks between them, as vda serial=TEXT smallest-ssd, where a "
		"blank within a serial number is written as _"},
	[SETTING_CARDS] = {"cards", is_cards,
		"all, or the MAC addresses of 2 to 8 network cards, as 52:54:00:00:00:01, with commas "
		"or blanks between them"},
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

	for (int i = 0; i < SETTING_TYPES; i++)
		if (!strcmp(name, types[i].name)) {
			*ret = (enum profile_setting_type)i;
			return 0;
		}
	for (int i = 0; i < SETTING_TYPES && len < known_size; i++)
		len += (size_t)snprintf(known + len, known_size - len, "%s%s",
			!i                              ? ""
				: i < SETTING_TYPES - 1 ? ", "
							: " or ",
			types[i].name);
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

/* As other text has MACs; "all" is one too. */
static json_t *cards(const char *s)
{
	json_t *all = json_array();
	char text[MAC_TEXT];
	struct mac mac;

	if (!strcmp(s, "all"))
		json_array_append_new(all, json_string(s));
	while (strcmp(s, "all") && !next_card(&s, &mac))
		json_array_append_new(all, json_string(mac_format(&mac, text)));
	return all;
}

json_t *setting_type_value(const struct profile_setting *s, const char *value)
{
	switch (s->type) {
	case SETTING_BOOLEAN:
		return json_boolean(!strcmp(value, "yes"));
	case SETTING_LIST:
	case SETTING_DISKS:
		return words(value);
	case SETTING_CARDS:
		return cards(value);
	case SETTING_PAIRS:
		return pairs(value);
	case SETTING_SIZE:
		return *value ? json_sprintf("%llu", (unsigned long long)size_mib(value))
			      : json_string("");
	default:
		return json_string(value);
	}
}
