/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/lab/lab_values.h"

#include "usher/client/cli_names.h"
#include "config/config_xml.h"
#include "guest/guest.h"
#include "machine/labels.h"
#include "usher/client/request.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

json_t *lab_take_word(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || (text[n] && strchr("-_.", text[n])))
		n++;
	return n && n < 64 && !text[n] ? json_string(text) : NULL;
}

json_t *lab_take_text(const char *text)
{
	return *text && strlen(text) < 256 ? json_string(text) : NULL;
}

static bool add_label(json_t *labels, const char *word, size_t n)
{
	const char *equals = memchr(word, '=', n);
	char key[LABEL_KEY_MAX + 1];
	size_t len = equals ? (size_t)(equals - word) : 0;

	if (!len || len >= sizeof key || len + 1 == n)
		return false;
	memcpy(key, word, len);
	key[len] = '\0';
	return !json_object_get(labels, key) &&
		!json_object_set_new(labels, key, json_stringn(equals + 1, n - len - 1));
}

json_t *lab_take_labels(const char *text)
{
	json_t *labels = json_object(), *said = json_pack("{s:O}", "labels", labels);
	const struct machine none = {0};
	char why[128];
	bool ok = labels;
	size_t n;

	for (bool more = true; ok && more; text += n + more) {
		n = strcspn(text, " ");
		more = text[n];
		ok = add_label(labels, text, n);
	}
	ok = ok && !labels_judge(&none, said, why, sizeof why);
	json_decref(said);
	if (ok)
		return labels;
	json_decref(labels);
	return NULL;
}

json_t *lab_take_memory(const char *text)
{
	json_int_t bytes = request_size(text, 1 << 20);

	return bytes >= 1 << 20 ? json_integer(bytes >> 20 << 20) : NULL;
}

json_t *lab_take_disk(const char *text)
{
	json_int_t bytes = request_size(text, 1 << 30);

	return bytes > 0 ? json_integer(bytes) : NULL;
}

json_t *lab_take_vcpus(const char *text)
{
	long n;

	return strspn(text, "0123456789") == strlen(text) && config_number(text, 1, 1024, &n)
		? json_integer(n)
		: NULL;
}

json_t *lab_take_yes_no(const char *text)
{
	bool yes;

	return config_yes_no(text, &yes) ? json_boolean(yes) : NULL;
}

static json_t *one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return json_string(text);
	return NULL;
}

json_t *lab_take_firmware(const char *text)
{
	static const char *const words[] = {"bios", "efi", "efi-secure", NULL};

	return one_of(text, words);
}

json_t *lab_take_graphics(const char *text)
{
	static const char *const words[] = {"none", "vnc", "spice", NULL};

	return one_of(text, words);
}

json_t *lab_take_forward(const char *text)
{
	static const char *const words[] = {"none", "nat", "route", NULL};

	return one_of(text, words);
}

json_t *lab_take_domain(const char *text)
{
	return *text && strlen(text) < 254 && config_is_domain(text) ? json_string(text) : NULL;
}

json_t *lab_take_subnet(const char *text)
{
	struct config_subnet s;

	return config_subnet(text, &s) ? json_string(text) : NULL;
}

json_t *lab_take_prefix6(const char *text)
{
	struct config_subnet s;

	return config_subnet6(text, &s) && s.prefix_len == GUEST_NETWORK_PREFIX6 ? json_string(text)
										 : NULL;
}

/* Series */

struct series {
	json_t *all;
	size_t most;
	bool (*is_one)(const char *text);
	bool bad;
};

static bool is_ip(const char *text)
{
	struct ip ip;

	return !ip_parse(text, &ip);
}

static bool is_mac(const char *text)
{
	struct mac mac;

	return !mac_parse(text, &mac);
}

static int add_value(void *arg, const char *text)
{
	struct series *s = arg;

	if (!s->is_one(text))
		s->bad = true;
	else if (json_array_size(s->all) < s->most)
		return json_array_append_new(s->all, json_string(text)) ? -ENOMEM : 0;
	return s->bad ? -EINVAL : -E2BIG;
}

/* The values of a range. NULL: a value is none; `*ret_rc` -E2BIG: there are more than `most`. */
static json_t *series(
	const char *pattern, size_t most, bool (*is_one)(const char *text), int *ret_rc)
{
	struct series s = {json_array(), most, is_one, false};

	*ret_rc = s.all ? cli_names(pattern, add_value, &s) : -ENOMEM;
	if (!*ret_rc)
		return s.all;
	json_decref(s.all);
	return NULL;
}

static json_t *take_series(const char *text, bool (*is_one)(const char *text))
{
	int rc;
	json_t *all = series(text, 1000, is_one, &rc);

	json_decref(all);
	return all ? json_string(text) : NULL;
}

json_t *lab_take_ips(const char *text)
{
	return take_series(text, is_ip);
}

json_t *lab_take_macs(const char *text)
{
	return take_series(text, is_mac);
}

/* Of an IPv6 address the last 32 bits count up. */
static void nth_ip(const char *first, size_t i, char *buf, size_t size)
{
	char text[IP_TEXT];
	struct ip ip, n;
	uint8_t *low;
	uint32_t number;

	ip_parse(first, &ip);
	low = ip.b + (ip.family == IP_V6 ? 12 : 0);
	number = (uint32_t)low[0] << 24 | (uint32_t)low[1] << 16 | (uint32_t)low[2] << 8 | low[3];
	*buf = '\0';
	if (number > UINT32_MAX - i)
		return;
	n = ip_from_v4(number + (uint32_t)i);
	memcpy(low, n.b, 4);
	snprintf(buf, size, "%s", ip_format(&ip, text));
}

static void nth_mac(const char *first, size_t i, char *buf, size_t size)
{
	char text[MAC_TEXT];
	struct mac mac;
	uint64_t n = 0;

	mac_parse(first, &mac);
	for (int b = 0; b < 6; b++)
		n = n << 8 | mac.b[b];
	n += i;
	*buf = '\0';
	if (n >> 48)
		return;
	for (int b = 5; b >= 0; b--, n >>= 8)
		mac.b[b] = (uint8_t)n;
	snprintf(buf, size, "%s", mac_format(&mac, text));
}

typedef void nth(const char *first, size_t i, char *buf, size_t size);

static json_t *count_up(const char *first, size_t n, nth *one, const char **ret_why)
{
	json_t *all = json_array();
	char text[64];

	for (size_t i = 0; i < n; i++) {
		one(first, i, text, sizeof text);
		if (!*text || json_array_append_new(all, json_string(text))) {
			*ret_why =
				"counting up from there, it ends before the last machine has one";
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *values(const char *pattern, size_t n, bool (*is_one)(const char *text), nth *one,
	const char **ret_why)
{
	json_t *all;
	int rc;

	if (!strchr(pattern, '{'))
		return count_up(pattern, n, one, ret_why);
	all = series(pattern, n, is_one, &rc);
	if (all && json_array_size(all) == n)
		return all;
	*ret_why = all || rc == -E2BIG ? "expected as many as there are names" : "no such range";
	json_decref(all);
	return NULL;
}

json_t *lab_ips(const char *pattern, size_t n, const char **ret_why)
{
	return values(pattern, n, is_ip, nth_ip, ret_why);
}

json_t *lab_macs(const char *pattern, size_t n, const char **ret_why)
{
	return values(pattern, n, is_mac, nth_mac, ret_why);
}
