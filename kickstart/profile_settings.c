/* A profile's settings: what was given, checked, completed with defaults, without clear
 * passwords. */
#include "kickstart/profile_xml.h"
#include "kickstart/text.h"

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

bool profile_setting_error(
	const struct profile_setting *s, const char *value, char *why, size_t why_size)
{
	if (strlen(value) > PROFILE_VALUE_MAX) {
		snprintf(why, why_size, "setting '%s' has %zu bytes, expected at most %d", s->name,
			strlen(value), PROFILE_VALUE_MAX);
		return true;
	}
	if (!*value && !*s->def)
		return false;
	if (s->values && !one_of(s->values, value)) {
		snprintf(why, why_size, "setting '%s' is '%.64s', expected one of %s", s->name,
			value, s->values);
		return true;
	}
	if (s->type == SETTING_NUMBER && (!*value || value[strspn(value, "0123456789")])) {
		snprintf(why, why_size, "setting '%s' is '%.64s', expected a number", s->name,
			value);
		return true;
	}
	return false;
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

static int check_given(const struct profile *p, const json_t *given, char *why, size_t why_size)
{
	const struct profile_setting *s;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)given, name, v)
	{
		s = profile_setting(p, name);
		if (!s)
			return undeclared(p, name, why, why_size);
		if (!json_is_string(v)) {
			snprintf(why, why_size, "setting '%s' is no string", name);
			return -EINVAL;
		}
		if (profile_setting_error(s, json_string_value(v), why, why_size))
			return -EINVAL;
	}
	return 0;
}

/* crypt(5) hashes, and the marks of a locked account. */
static bool is_hash(const char *s)
{
	if (strcmp(s, "!") == 0 || strcmp(s, "*") == 0)
		return true;
	return *s == '$' && crypt_checksalt(s) == CRYPT_SALT_OK && strlen(s) > 20;
}

/* New reference; NULL when there is no memory or no randomness. */
static json_t *hashed(const char *password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *hash = NULL;
	json_t *v = NULL;

	/* The library's best (yescrypt): every distribution that we ship a profile for takes it. */
	if (data && crypt_gensalt_rn(NULL, 0, NULL, 0, salt, sizeof(salt)))
		hash = crypt_r(password, salt, data);
	if (hash && *hash != '*')
		v = json_string(hash);
	if (data)
		explicit_bzero(data, sizeof(*data));
	free(data);
	return v;
}

static json_t *value_of(const struct profile_setting *s, const json_t *given)
{
	const json_t *v = json_object_get(given, s->name);
	const char *text = v ? json_string_value(v) : s->def;

	if (s->type == SETTING_PASSWORD && text && *text && !is_hash(text))
		return hashed(text);
	return json_string(text);
}

int profile_settings(
	const struct profile *p, const json_t *given, json_t **ret, char *why, size_t why_size)
{
	json_t *all;
	size_t i;
	int rc = check_given(p, given, why, why_size);

	if (rc < 0)
		return rc;
	all = json_object();
	for (i = 0; all && i < p->n_settings && rc == 0; i++) {
		const struct profile_setting *s = &p->settings[i];
		json_t *v = value_of(s, given);

		if (s->required && v && !json_string_length(v)) {
			snprintf(why, why_size,
				"profile '%s' requires the setting '%s' (%s): --set %s=…", p->name,
				s->name, s->help, s->name);
			json_decref(v);
			rc = -EINVAL;
		} else if (json_object_set_new(all, s->name, v) < 0) {
			rc = -ENOMEM;
		}
	}
	if (rc == -ENOMEM || !all)
		snprintf(why, why_size, "out of memory");
	if (rc == 0 && all)
		*ret = all;
	else
		json_decref(all);
	return all ? rc : -ENOMEM;
}

int profile_hash_secrets(const struct profile *p, json_t *given)
{
	size_t i;

	for (i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		const char *v = json_string_value(json_object_get(given, s->name));

		if (s->type != SETTING_PASSWORD || !v || !*v || is_hash(v))
			continue;
		if (json_object_set_new(given, s->name, hashed(v)) < 0)
			return -ENOMEM;
	}
	return 0;
}

json_t *profile_mask_secrets(const struct profile *p, const json_t *given)
{
	json_t *copy = given ? json_copy((json_t *)given) : json_object();
	size_t i;

	for (i = 0; copy && i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];

		if (!s->secret || !json_string_length(json_object_get(copy, s->name)))
			continue;
		if (json_object_set_new(copy, s->name, json_string("(secret)")) < 0) {
			json_decref(copy);
			return NULL;
		}
	}
	return copy;
}
