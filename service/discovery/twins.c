/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who says that it is another machine, and what follows from it. */
#include "service/discovery/discovery.h"

#include "core/clock.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>

enum { TOLD_AGAIN_MS = 10 * 60 * 1000 }; /* the same line on the timeline */

/* Records */

static struct machine *record_on(const struct discovery *dy, const struct segment *seg,
	const struct discovered *d, struct mac *ret)
{
	struct machine *m = NULL;

	for (size_t i = 0; seg && !m && i < d->n_macs; i++) {
		m = machines_by_mac(dy->base->machines, seg->id, &d->macs[i], NULL);
		if (m && ret)
			*ret = d->macs[i];
	}
	return m;
}

/* Elsewhere a guest may have such a MAC, which is another card. */
struct machine *discovery_record(
	const struct discovery *dy, const struct discovered *d, struct mac *ret_mac)
{
	const struct segments *all = &dy->base->segments;
	struct machine *m = record_on(dy, segments_by_name(all, d->segment), d, ret_mac);

	for (size_t i = 0; !m && i < all->count; i++) {
		m = record_on(dy, all->all[i], d, ret_mac);
		m = m && m->guest ? NULL : m;
	}
	return m;
}

const struct discovered *discovery_of(const struct discovery *dy, const struct machine *m)
{
	const struct discovered *found = NULL, *d;

	for (size_t i = 0; !m->guest && i < m->n_nics; i++) {
		d = discovereds_by_mac(dy->discovered, &m->nics[i].mac);
		if (d && (!found || d->last_seen > found->last_seen))
			found = d;
	}
	return found;
}

/* Twins */

static const struct stranger *stranger_like(const struct discovery *dy, const struct discovered *d)
{
	return *d->identity.uuid ? strangers_by_uuid(dy->strangers, d->identity.uuid, d->macs,
					   d->n_macs, clock_steady_ms())
				 : NULL;
}

static bool is_named(const json_t *twins, const char *id)
{
	for (size_t i = 0; i < json_array_size(twins); i++)
		if (!strcmp(json_text(json_array_get(twins, i), "id"), id))
			return true;
	return false;
}

json_t *discovery_twins(const struct discovery *dy, const struct discovered *d)
{
	json_t *twins = discovereds_duplicates(dy->discovered, d);
	const struct stranger *s = stranger_like(dy, d);
	char mac[MAC_TEXT];

	if (s && (!*s->id || !is_named(twins, s->id)))
		json_array_append_new(twins,
			json_pack("{s:n, s:s, s:s}", "id", "mac", mac_format(&s->mac, mac),
				"shares", "UUID"));
	return twins;
}

bool discovery_has_twin(
	const struct discovery *dy, const struct discovered *d, char *who, size_t size)
{
	json_t *twins = discovery_twins(dy, d);
	const json_t *first = json_array_get(twins, 0);
	const char *id = json_text(first, "id"), *mac = json_text(first, "mac");

	if (first && *id)
		snprintf(who, size, "%s (%s) has the same %s", id, mac, json_text(first, "shares"));
	else if (first)
		snprintf(who, size, "%s, which boots there too, has the same %s", mac,
			json_text(first, "shares"));
	json_decref(twins);
	return first;
}

struct machine *discovery_resembles(const struct discovery *dy, const struct discovered *d)
{
	json_t *twins =
		discovery_record(dy, d, NULL) ? NULL : discovereds_duplicates(dy->discovered, d);
	struct machine *m = NULL;

	for (size_t i = 0; !m && i < json_array_size(twins); i++) {
		const struct discovered *twin = discovereds_by_id(
			dy->discovered, json_text(json_array_get(twins, i), "id"));

		m = twin ? discovery_record(dy, twin, NULL) : NULL;
	}
	json_decref(twins);
	return m;
}

struct twin {
	const struct mac *mac;
	const char *who;    /* "d2 (02:…)" */
	const char *shares; /* "UUID" */
};

/* What rules armed, before it has begun, is taken back. What was begun, or armed by a user, goes on: nobody takes power from a
 * machine by a claim. */
static void take_back(struct discovery *dy, struct machine *m, const struct twin *t)
{
	bool waits = (m->state == LIFE_ARMED || (m->state == LIFE_LIVE && !m->attempt.boots)) &&
		m->attempt.by_rules;
	char text[TIMELINE_TEXT], mac[MAC_TEXT], again[MACHINE_NAME + 80] = "";

	if (waits)
		snprintf(again, sizeof again,
			"; nobody knows which of them was meant. If this one: usher reinstall %s",
			m->name);
	snprintf(text, sizeof text,
		"%s has the same %s, and is refused%s. If it is %s with another card: usher adopt "
		"%s --mac %s",
		t->who, t->shares, again, m->name, m->name, mac_format(t->mac, mac));
	if (waits)
		(void)machine_event(m, LIFE_DISARM, text);
	else
		timeline_add_peers(dy->base->timeline, m->name, "duplicate",
			clock_wall_ms() - TOLD_AGAIN_MS, -1, text);
}

void twins_came(struct discovery *dy, const struct discovered *d)
{
	const struct machine *own = discovery_record(dy, d, NULL);
	json_t *twins = discovereds_duplicates(dy->discovered, d);
	char who[DISCOVERED_ID + MAC_TEXT + 4], mac[MAC_TEXT];
	struct twin t = {.mac = &d->booted, .who = who};

	snprintf(who, sizeof who, "%s (%s)", d->id, mac_format(&d->booted, mac));
	for (size_t i = 0; i < json_array_size(twins); i++) {
		const json_t *twin = json_array_get(twins, i);
		const struct discovered *other =
			discovereds_by_id(dy->discovered, json_text(twin, "id"));
		struct machine *m = other ? discovery_record(dy, other, NULL) : NULL;

		t.shares = json_text(twin, "shares");
		if (m && m != own)
			take_back(dy, m, &t);
	}
	json_decref(twins);
}

/* One that was discovered, says this UUID, and has no such card; after `number`. */
static const struct discovered *next_of_uuid(
	const struct discovery *dy, const char *uuid, const struct mac *mac, uint64_t number)
{
	const struct discovered *d = discovereds_after(dy->discovered, number);

	while (d && (!uuid_alike(d->identity.uuid, uuid) || discovered_has_card(d, mac)))
		d = discovereds_after(dy->discovered, d->number);
	return d;
}

struct machine *twins_known_by(const struct discovery *dy, const char *uuid, const struct mac *mac)
{
	const struct discovered *d = *uuid ? next_of_uuid(dy, uuid, mac, 0) : NULL;
	struct machine *m = NULL;

	for (; d && !m; d = next_of_uuid(dy, uuid, mac, d->number))
		m = discovery_record(dy, d, NULL);
	return m;
}

void twins_seen(struct discovery *dy, const char *segment, const struct mac *mac, const char *uuid)
{
	char who[MAC_TEXT + SEGMENT_NAME + 8], of[MAC_TEXT], text[TIMELINE_TEXT];
	const struct discovered *d = next_of_uuid(dy, uuid, mac, 0);
	const struct twin t = {.mac = mac, .who = who, .shares = "UUID"};

	snprintf(who, sizeof who, "%s on %s", mac_format(mac, of), segment);
	for (; d; d = next_of_uuid(dy, uuid, mac, d->number)) {
		struct machine *m = discovery_record(dy, d, NULL);

		if (!m)
			continue;
		snprintf(text, sizeof text,
			"%s boots with the UUID of %s, which has no such card. If a card of %s was "
			"replaced: usher adopt %s --mac %s",
			who, m->name, m->name, m->name, of);
		timeline_add_peers(dy->base->timeline, "", "duplicate",
			clock_wall_ms() - TOLD_AGAIN_MS, -1, text);
		take_back(dy, m, &t);
	}
}
