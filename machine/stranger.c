/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/stranger.h"

#include "core/draw.h"
#include "core/json.h"
#include "core/log.h"
#include "machine/inventory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct strangers {
	struct store *store;
	struct stranger all[STRANGERS_MAX]; /* in no order */
	size_t count;
};

enum { KEY_MAX = SEGMENT_NAME + 1 + MAC_TEXT };

int strangers_new(struct store *store, struct strangers **ret)
{
	struct strangers *ss = calloc(1, sizeof *ss);

	if (!ss)
		return -ENOMEM;
	ss->store = store;
	*ret = ss;
	return 0;
}

void strangers_free(struct strangers *ss)
{
	free(ss);
}

/* The store */

static size_t key_of(const struct stranger *s, char key[KEY_MAX])
{
	char mac[MAC_TEXT];

	return (size_t)snprintf(key, KEY_MAX, "%s/%s", s->segment, mac_format(&s->mac, mac));
}

/* Nothing depends on it but a boot that would have to begin again. */
static void save(struct strangers *ss, const struct stranger *s)
{
	char key[KEY_MAX], mac[MAC_TEXT], *text;
	json_t *j;

	if (!ss->store)
		return;
	j = json_pack("{s:s, s:s, s:i, s:s, s:s, s:I, s:s, s:s}", "segment", s->segment, "mac",
		mac_format(&s->mac, mac), "state", (int)s->state, "token", s->token, "next",
		s->next, "changed", (json_int_t)s->changed, "id", s->id, "uuid", s->uuid);
	text = json_dumps(j, JSON_COMPACT);
	if (text)
		(void)store_put(ss->store, STORE_STRANGER, key, key_of(s, key), text, strlen(text));
	free(text);
	json_decref(j);
}

static void drop(struct strangers *ss, size_t i)
{
	char key[KEY_MAX];

	if (ss->store)
		(void)store_delete(ss->store, STORE_STRANGER, key, key_of(&ss->all[i], key));
	ss->all[i] = ss->all[--ss->count];
}

static bool from_json(const json_t *j, struct stranger *s)
{
	int state = (int)json_integer_value(json_object_get(j, "state"));

	*s = (struct stranger){.state = (enum stranger_state)state,
		.changed = json_integer_value(json_object_get(j, "changed"))};
	snprintf(s->segment, sizeof s->segment, "%s", json_text(j, "segment"));
	snprintf(s->token, sizeof s->token, "%s", json_text(j, "token"));
	snprintf(s->next, sizeof s->next, "%s", json_text(j, "next"));
	snprintf(s->id, sizeof s->id, "%s", json_text(j, "id"));
	snprintf(s->uuid, sizeof s->uuid, "%s", json_text(j, "uuid"));
	return state >= STRANGER_TOLD && state <= STRANGER_KNOWN &&
		!mac_parse(json_text(j, "mac"), &s->mac);
}

static int load_one(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	struct strangers *ss = arg;
	json_t *j = json_loadb(value, len, 0, NULL);

	if (ss->count < STRANGERS_MAX && from_json(j, &ss->all[ss->count]))
		ss->count++;
	else
		log_warn("the stranger '%.*s' cannot be read from the store: it has to boot again",
			(int)key_len, (const char *)key);
	json_decref(j);
	return 0;
}

static void expire(struct strangers *ss, int64_t now)
{
	for (size_t i = ss->count; i-- > 0;)
		if (now - ss->all[i].changed >= STRANGER_MS)
			drop(ss, i);
}

int strangers_load(struct strangers *ss, int64_t now)
{
	int rc = store_load(ss->store, STORE_STRANGER, load_one, ss);

	if (!rc)
		expire(ss, now);
	return rc;
}

/* Room */

static struct stranger *find(struct strangers *ss, const char *segment, const struct mac *mac)
{
	for (size_t i = 0; i < ss->count; i++)
		if (mac_eq(&ss->all[i].mac, mac) && !strcmp(ss->all[i].segment, segment))
			return &ss->all[i];
	return NULL;
}

size_t strangers_count(const struct strangers *ss, const char *segment)
{
	size_t n = 0;

	for (size_t i = 0; i < ss->count; i++)
		n += !segment || !strcmp(ss->all[i].segment, segment);
	return n;
}

/* Who has to go first: -1: nobody. */
static int rank(const struct stranger *s)
{
	return s->state == STRANGER_TOLD ? 2 : s->state == STRANGER_KNOWN ? 1 : -1;
}

/* Drops one of the segment (NULL: of any). False: all of them boot. */
static bool make_room(struct strangers *ss, const char *segment)
{
	const struct stranger *best = NULL;

	for (size_t i = 0; i < ss->count; i++) {
		const struct stranger *s = &ss->all[i];

		if ((segment && strcmp(s->segment, segment)) || rank(s) < 0)
			continue;
		if (!best || rank(s) > rank(best) ||
			(rank(s) == rank(best) && s->changed < best->changed))
			best = s;
	}
	if (best)
		drop(ss, (size_t)(best - ss->all));
	return best;
}

static struct stranger *add(
	struct strangers *ss, const char *segment, const struct mac *mac, int64_t now)
{
	struct stranger *s;

	expire(ss, now);
	if (strangers_count(ss, segment) >= STRANGERS_EACH && !make_room(ss, segment))
		return NULL;
	if (ss->count == STRANGERS_MAX && !make_room(ss, NULL))
		return NULL;
	s = &ss->all[ss->count++];
	*s = (struct stranger){.state = STRANGER_TOLD, .mac = *mac, .changed = now};
	snprintf(s->segment, sizeof s->segment, "%s", segment);
	return s;
}

/* What others call */

const char *strangers_tell(
	struct strangers *ss, const char *segment, const struct mac *mac, int64_t now)
{
	struct stranger *s = find(ss, segment, mac);

	if (s && now - s->changed >= STRANGER_MS) {
		drop(ss, (size_t)(s - ss->all));
		s = NULL;
	}
	if (!s)
		s = add(ss, segment, mac, now);
	if (!s)
		return NULL;
	if (!*s->next) {
		draw_hex(s->next, sizeof s->next);
		save(ss, s);
	}
	return s->next;
}

bool strangers_say_uuid(
	struct strangers *ss, const char *segment, const struct mac *mac, const char *uuid)
{
	struct stranger *s = find(ss, segment, mac);
	char turned[UUID_TEXT];

	if (!s || uuid_alike(s->uuid, uuid) || inventory_worthless_uuid(uuid))
		return false;
	uuid_turn(uuid, turned);
	if (inventory_worthless_uuid(turned))
		return false;
	snprintf(s->uuid, sizeof s->uuid, "%s", uuid);
	save(ss, s);
	return true;
}

static bool is_among(const struct mac *macs, size_t n, const struct mac *mac)
{
	while (n && !mac_eq(&macs[n - 1], mac))
		n--;
	return n;
}

const struct stranger *strangers_by_uuid(const struct strangers *ss, const char *uuid,
	const struct mac *macs, size_t n_macs, int64_t now)
{
	for (size_t i = 0; i < ss->count; i++) {
		const struct stranger *s = &ss->all[i];

		if (now - s->changed < STRANGER_MS && uuid_alike(s->uuid, uuid) &&
			!is_among(macs, n_macs, &s->mac))
			return s;
	}
	return NULL;
}

static bool same_token(const char *a, const char *b)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < TOKEN_TEXT - 1; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return !differs;
}

struct stranger *strangers_by_token(
	struct strangers *ss, const char *token, int64_t now, enum token_kind *ret_kind)
{
	struct stranger *found = NULL;

	*ret_kind = TOKEN_NONE;
	if (strlen(token) != TOKEN_TEXT - 1)
		return NULL;
	for (size_t i = 0; i < ss->count; i++) {
		struct stranger *s = &ss->all[i];
		bool boot = *s->token && same_token(s->token, token);
		bool next = *s->next && same_token(s->next, token);

		if ((boot || next) && now - s->changed < STRANGER_MS) {
			found = s;
			*ret_kind = boot ? TOKEN_BOOT : TOKEN_NEXT;
		}
	}
	return found;
}

void strangers_boot(struct strangers *ss, struct stranger *s, int64_t now)
{
	memcpy(s->token, s->next, sizeof s->token);
	*s->next = *s->id = '\0';
	s->state = STRANGER_BOOTS;
	s->changed = now;
	save(ss, s);
}

void strangers_know(struct strangers *ss, struct stranger *s, const char *id, int64_t now)
{
	snprintf(s->id, sizeof s->id, "%s", id);
	s->state = STRANGER_KNOWN;
	s->changed = now;
	save(ss, s);
}

bool strangers_forget(struct strangers *ss, const char *segment, const struct mac *mac)
{
	size_t before = ss->count;

	for (size_t i = ss->count; i-- > 0;)
		if (mac_eq(&ss->all[i].mac, mac) &&
			(!segment || !strcmp(ss->all[i].segment, segment)))
			drop(ss, i);
	return ss->count < before;
}
