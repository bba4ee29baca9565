/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a record is secret, on its way into the store and back: the password of its controller, the secret settings, and
 * what these come to in the profile that it was armed with. In the store each is {"encrypted": TEXT}, for its own place in
 * its own record: it is bound to the UUID, so it may be renamed.
 *
 * Tokens are not encrypted. Each is good for one boot of one attempt, and only from the machine's own card or address; what
 * a copy of the store has of them is worthless when that boot is over.
 *
 * What the key does not open stays as it was read, and is written back so: with the right key it can be read again.
 */
#include "machine/registry.h"

#include "core/draw.h"
#include "core/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PLACE = 256 };

static void place_of(char ret[PLACE], const char *uuid, const char *what, const char *name)
{
	snprintf(ret, PLACE, "machine %s %s %s", uuid, what, name);
}

static const char *encrypted_text(const json_t *v)
{
	return json_string_value(json_object_get(v, "encrypted"));
}

/* New reference. NULL: out of memory, or there is no key. */
static json_t *locked(
	const struct secrets *s, const char *what, const char *name, const char *clear)
{
	uint8_t nonce[ENCRYPT_NONCE];
	char place[PLACE], *text;
	json_t *v;

	if (!s->key)
		return NULL;
	draw_bytes(nonce, sizeof nonce);
	place_of(place, s->uuid, what, name);
	text = encrypt_text(s->key, nonce, place, clear);
	v = text ? json_pack("{s:s}", "encrypted", text) : NULL;
	free(text);
	return v;
}

/* 0; -EBADMSG the key does not open it; -ENOKEY there is none; -ENOMEM. *ret is for wipe_free(). */
static int unlocked(
	const struct secrets *s, const char *what, const char *name, const json_t *v, char **ret)
{
	char place[PLACE];

	if (!s->key)
		return -ENOKEY;
	place_of(place, s->uuid, what, name);
	return decrypt_text(s->key, place, encrypted_text(v), ret);
}

/* The first fault stays; what cannot be opened is none. */
static void remember(struct secrets *s, int rc)
{
	if (rc && rc != -EBADMSG && !s->rc)
		s->rc = rc;
}

/* In the place of a member of an object that is ours. */
static void put(struct secrets *s, json_t *all, const char *name, json_t *v)
{
	if (json_object_set_new(all, name, v) < 0)
		remember(s, s->key ? -ENOMEM : -ENOKEY);
}

/* The controller's password */

json_t *secrets_password_store(struct secrets *s, const struct machine *m)
{
	s->any = true;
	return m->power_password ? locked(s, "power_password", "", m->power_password)
				 : json_pack("{s:s}", "encrypted", m->power_locked);
}

void secrets_password_parse(struct secrets *s, const json_t *v, struct machine *m)
{
	int rc = 0;

	if (json_is_string(v)) { /* of an usher that did not encrypt */
		m->in_clear = true;
		m->power_password = strdup(json_string_value(v));
		rc = m->power_password ? 0 : -ENOMEM;
	} else if (encrypted_text(v)) {
		rc = unlocked(s, "power_password", "", v, &m->power_password);
		if (rc == -EBADMSG && !(m->power_locked = strdup(encrypted_text(v))))
			rc = -ENOMEM;
	}
	remember(s, rc);
}

/* Settings: {"secret": TEXT} */

json_t *secrets_settings_store(struct secrets *s, const json_t *settings)
{
	json_t *all = json_copy((json_t *)(uintptr_t)settings), *v;
	const char *name, *clear;

	json_object_foreach((json_t *)(uintptr_t)settings, name, v)
	{
		clear = json_string_value(json_object_get(v, "secret"));
		s->any |= json_is_object(v);
		if (clear)
			put(s, all, name, locked(s, "setting", name, clear));
	}
	return all;
}

static void parse_setting(struct secrets *s, json_t *all, const char *name, const json_t *v)
{
	char *clear = NULL;
	int rc = unlocked(s, "setting", name, v, &clear);

	if (!rc)
		put(s, all, name, json_pack("{s:s}", "secret", clear));
	remember(s, rc);
	wipe_free(clear);
}

json_t *secrets_settings_parse(struct secrets *s, json_t *settings, struct machine *m)
{
	json_t *all = json_copy(settings), *v;
	const char *name;

	json_object_foreach(settings, name, v)
	{
		m->in_clear |= json_object_get(v, "secret") != NULL;
		if (encrypted_text(v))
			parse_setting(s, all, name, v);
	}
	return all;
}

/* The profile that it was armed with: which settings are secret is in profile.settings (kickstart/profile_snapshot.c), what
 * they are, a text or a list of texts, in settings. */

static const char *secret_name(const json_t *declared)
{
	return json_is_true(json_object_get(declared, "secret"))
		? json_string_value(json_object_get(declared, "name"))
		: NULL;
}

static const json_t *declared_of(const json_t *snapshot)
{
	return json_object_get(json_object_get(snapshot, "profile"), "settings");
}

static bool holds_something(const json_t *v)
{
	return json_string_length(v) || json_array_size(v);
}

static void store_value(struct secrets *s, json_t *all, const char *name, const json_t *v)
{
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	put(s, all, name, text ? locked(s, "armed", name, text) : NULL);
	wipe_free(text);
}

static void parse_value(struct secrets *s, json_t *all, const char *name, const json_t *v)
{
	char *text = NULL;
	int rc = unlocked(s, "armed", name, v, &text);

	if (!rc)
		put(s, all, name, json_loads(text, JSON_DECODE_ANY, NULL));
	remember(s, rc);
	wipe_free(text);
}

/* A copy as far as it changes: a snapshot is shared, and has all templates of its profile. */
static json_t *with_settings(const json_t *snapshot, json_t **ret_settings)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)snapshot);

	*ret_settings = json_copy(json_object_get(snapshot, "settings"));
	if (copy && json_object_set_new(copy, "settings", *ret_settings) == 0)
		return copy;
	json_decref(copy);
	return NULL;
}

json_t *secrets_snapshot_store(struct secrets *s, const json_t *snapshot)
{
	const json_t *settings = json_object_get(snapshot, "settings"), *declared, *v;
	json_t *all = NULL, *copy = NULL;
	size_t i;

	json_array_foreach(declared_of(snapshot), i, declared)
	{
		const char *name = secret_name(declared);

		v = name ? json_object_get(settings, name) : NULL;
		s->any |= json_is_object(v);
		if (!holds_something(v))
			continue;
		s->any = true;
		if (!copy && !(copy = with_settings(snapshot, &all)))
			return NULL;
		store_value(s, all, name, v);
	}
	return copy ? copy : json_incref((json_t *)(uintptr_t)snapshot);
}

json_t *secrets_snapshot_parse(struct secrets *s, json_t *snapshot, struct machine *m)
{
	const json_t *settings = json_object_get(snapshot, "settings"), *declared, *v;
	json_t *all = NULL, *copy = NULL;
	size_t i;

	json_array_foreach(declared_of(snapshot), i, declared)
	{
		const char *name = secret_name(declared);

		v = name ? json_object_get(settings, name) : NULL;
		m->in_clear |= holds_something(v);
		if (!encrypted_text(v))
			continue;
		if (!copy && !(copy = with_settings(snapshot, &all))) {
			remember(s, -ENOMEM);
			break;
		}
		parse_value(s, all, name, v);
	}
	return copy ? copy : json_incref(snapshot);
}

/* What could not be read */

static void list_locked(json_t *ret, const json_t *settings)
{
	char text[PLACE];
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)settings, name, v)
	{
		snprintf(text, sizeof text, "settings/%s", name);
		if (encrypted_text(v))
			json_object_set_new(ret, text, json_true());
	}
}

json_t *machine_unreadable(const struct machine *m)
{
	json_t *all = json_object(), *names = json_array(), *v;
	const char *name;

	if (m->power_locked)
		json_object_set_new(all, "power_password", json_true());
	list_locked(all, m->settings);
	list_locked(all, json_object_get(m->attempt.snapshot, "settings"));
	json_object_foreach(all, name, v) json_array_append_new(names, json_string(name));
	json_decref(all);
	return names;
}
