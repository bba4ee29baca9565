/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile's settings: what was given, checked, completed with defaults, without clear
 * passwords. */
#include "core/plain.h"
#include "kickstart/profile_xml.h"
#include "kickstart/setting_type.h"
#include "core/text.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is `value` one of "a|b|c"? */
static bool one_of(const char *values, const char *value)
{
	size_t len = strlen(value), n;

	for (;; values += n + 1) {
		n = strcspn(values, "|");
		if (n == len && memcmp(values, value, n) == 0)
			return true;
		if (!values[n])
			return false;
	}
}

#define SHA512 "$6$"

/* crypt(5) hashes, and the marks of a locked account. */
bool profile_is_hash(const char *s)
{
	static const char letters[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$=,-+_";

	if (strcmp(s, "!") == 0 || strcmp(s, "*") == 0)
		return true;
	return *s == '$' && crypt_checksalt(s) == CRYPT_SALT_OK && strlen(s) > 20 &&
		strspn(s, letters) == strlen(s);
}

/* What a message may show of a value. */
static const char *shown(const struct profile_setting *s, const char *value, char buf[72])
{
	char text[65];

	if (s->secret)
		return "(secret)";
	plain_copy(text, sizeof text, value, strlen(value), 0);
	snprintf(buf, 72, "'%s'", text);
	return buf;
}

bool profile_setting_error(
	const struct profile_setting *s, const char *value, char *why, size_t why_size)
{
	char expected[256], text[72];

	if (strlen(value) > PROFILE_VALUE_MAX) {
		snprintf(why, why_size, "setting '%s' has %zu bytes, expected at most %d", s->name,
			strlen(value), PROFILE_VALUE_MAX);
		return true;
	}
	if (s->values && (*value || *s->def) && !one_of(s->values, value)) {
		snprintf(why, why_size, "setting '%s' is %s, expected one of %s", s->name,
			shown(s, value, text), s->values);
		return true;
	}
	if (s->type == SETTING_PASSWORD && s->sha512 && *value == '$' && profile_is_hash(value) &&
		strncmp(value, SHA512, strlen(SHA512))) {
		snprintf(why, why_size,
			"setting '%s' is a hash that this system does not know, expected the "
			"password, or its SHA-512 hash ($6$…)",
			s->name);
		return true;
	}
	if (!setting_type_expected(s, value, expected, sizeof expected))
		return false;
	snprintf(why, why_size, "setting '%s' is %s, expected %s", s->name, shown(s, value, text),
		expected);
	return true;
}

static int undeclared(const struct profile *p, const char *name, char *why, size_t why_size)
{
	const char *best = NULL;
	struct text t;
	size_t i;

	text_init(&t, why_size);
	text_printf(&t, "profile '%s' has no setting '%s'", p->name, name);
	for (i = 0; i < p->n_settings; i++)
		text_nearer(name, p->settings[i].name, &best);
	text_puts(&t, best ? " (did you mean '" : " (known: ");
	text_puts(&t, best ? best : p->n_settings ? "" : "none");
	for (i = 0; !best && i < p->n_settings; i++)
		text_printf(&t, "%s%s", i ? ", " : "", p->settings[i].name);
	text_puts(&t, best ? "'?)" : ")");
	snprintf(why, why_size, "%s", t.s ? t.s : "out of memory");
	text_fini(&t);
	return -EINVAL;
}

/* As it was given, or sealed; NULL: neither. */
static const char *text_of(const json_t *v)
{
	return json_string_value(json_is_object(v) ? json_object_get(v, "secret") : v);
}

static int check_one(
	const struct profile *p, const char *name, const json_t *v, char *why, size_t why_size)
{
	const struct profile_setting *s = profile_setting(p, name);

	if (!s)
		return undeclared(p, name, why, why_size);
	if (json_object_get(v, "encrypted")) {
		snprintf(why, why_size,
			"the secret setting '%s' cannot be read: it was encrypted with another "
			"key than the one that is there now (see 'usher show')",
			name);
		return -EINVAL;
	}
	if (!text_of(v)) {
		snprintf(why, why_size, "setting '%s' is no string", name);
		return -EINVAL;
	}
	return profile_setting_error(s, text_of(v), why, why_size) ? -EINVAL : 0;
}

static int check_given(const struct profile *p, const json_t *given, char *why, size_t why_size)
{
	const char *name;
	json_t *v;
	int rc;

	json_object_foreach((json_t *)given, name, v)
	{
		rc = check_one(p, name, v, why, why_size);
		if (rc)
			return rc;
	}
	return 0;
}

/* Is it required, and neither given nor by default there? */
static bool is_missing(const struct profile_setting *s, const json_t *given)
{
	const json_t *v = json_object_get(given, s->name);
	const char *text = v ? text_of(v) : s->def;

	return s->required && (!text || !*text);
}

const char *profile_setting_at_fault(const struct profile *p, const json_t *given)
{
	const char *name;
	char why[256];
	json_t *v;

	json_object_foreach((json_t *)given, name, v)
	{
		if (check_one(p, name, v, why, sizeof why))
			return name;
	}
	for (size_t i = 0; i < p->n_settings; i++)
		if (is_missing(&p->settings[i], given))
			return p->settings[i].name;
	return NULL;
}

/* New reference; NULL when there is no memory or no randomness. */
static json_t *hashed(const struct profile_setting *s, const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash = NULL;
	json_t *v = NULL;

	/* NULL: the library's best, which is yescrypt. */
	if (data && crypt_gensalt_rn(s->sha512 ? SHA512 : NULL, 0, NULL, 0, salt, sizeof(salt)))
		hash = crypt_r(password, salt, data);
	if (hash && *hash != '*')
		v = json_string(hash);
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return v;
}

static int value_of(const struct profile *p, const struct profile_setting *s, const json_t *given,
	json_t **ret, char *why, size_t why_size)
{
	const json_t *v = json_object_get(given, s->name);
	const char *text = v ? text_of(v) : s->def;

	if (is_missing(s, given)) {
		snprintf(why, why_size, "profile '%s' requires the setting '%s' (%s): --set %s=…",
			p->name, s->name, s->help, s->name);
		return -EINVAL;
	}
	if (s->type == SETTING_PASSWORD && *text && !profile_is_hash(text))
		*ret = hashed(s, text);
	else
		*ret = setting_type_value(s, text);
	return 0;
}

int profile_settings(
	const struct profile *p, const json_t *given, json_t **ret, char *why, size_t why_size)
{
	json_t *all, *v = NULL;
	int rc = check_given(p, given, why, why_size);

	if (rc < 0)
		return rc;
	all = json_object();
	for (size_t i = 0; i < p->n_settings && rc == 0; i++) {
		rc = value_of(p, &p->settings[i], given, &v, why, why_size);
		if (rc == 0 && json_object_set_new(all, p->settings[i].name, v) < 0)
			rc = -ENOMEM;
	}
	if (rc == -ENOMEM || !all)
		snprintf(why, why_size, "out of memory");
	if (rc == 0 && all)
		*ret = all;
	else
		json_decref(all);
	return all ? rc : -ENOMEM;
}

int profile_hash_passwords(const struct profile *p, json_t *given, const char *instead)
{
	char why[256];

	for (size_t i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		const char *text = text_of(json_object_get(given, s->name));
		json_t *v;

		if (s->type != SETTING_PASSWORD || !text || !*text || profile_is_hash(text) ||
			profile_setting_error(s, text, why, sizeof why))
			continue;
		v = instead ? json_string(instead) : hashed(s, text);
		if (json_object_set_new(given, s->name, v) < 0)
			return -ENOMEM;
	}
	return 0;
}

int profile_seal_secrets(const struct profile *p, json_t *given)
{
	for (size_t i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		json_t *v = json_object_get(given, s->name);
		const char *text = json_string_value(v);

		if (!s->secret || !text || !*text)
			continue;
		v = s->type == SETTING_PASSWORD && !profile_is_hash(text) ? hashed(s, text)
									  : json_incref(v);
		if (json_object_set_new(given, s->name, json_pack("{s:o}", "secret", v)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* NULL: it holds nothing that is worth hiding. */
static json_t *mask_of(const json_t *v)
{
	if (json_string_length(v))
		return json_string("(secret)");
	return json_array_size(v) ? json_pack("[s]", "(secret)") : NULL;
}

json_t *profile_mask_secrets(const struct profile *p, const json_t *settings)
{
	json_t *copy = json_copy((json_t *)settings);

	for (size_t i = 0; copy && i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		json_t *mask = s->secret ? mask_of(json_object_get(copy, s->name)) : NULL;

		if (mask && json_object_set_new(copy, s->name, mask) < 0) {
			json_decref(copy);
			return NULL;
		}
	}
	return copy;
}
