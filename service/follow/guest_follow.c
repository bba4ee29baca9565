/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libvirt says of machines' guests, whoever did it: their records follow, with a line on the timeline ("guest") where
 * it was not our doing. Renamed, a guest keeps its record by its UUID, and its volumes; gone, too: reinstalling makes it again; on another
 * of the libvirts that we know, the record says so.
 */
#include "service/follow/guest_follow.h"
#include "service/operations/patch.h"
#include "service/operations/template.h"
#include "service/console/console_record.h"
#include "service/guests/hosts.h"
#include "service/logs/logs.h"
#include "service/network/seats.h"
#include "service/follow/follow.h"

#include "core/clock.h"
#include "core/log.h"
#include "machine/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAME_MS = 10 * 1000, /* the same words within this time say the same */
	PAUSED_AGAIN_MS = 10 * 1000,
};

static const char *const words[] = {[GUEST_RUNNING] = "running",
	[GUEST_OFF] = "off",
	[GUEST_HELD] = "paused",
	[GUEST_CRASHED] = "crashed",
	[GUEST_GONE] = "gone"};

static bool is_in(const struct machine *m, enum guest_state state)
{
	return m->guest_state && !strcmp(m->guest_state, words[state]);
}

static void set_state(struct machine *m, enum guest_state state)
{
	m->guest_state = words[state];
	m->guest_state_at = clock_mono_ms();
	if (state == GUEST_GONE || !m->guest_gone)
		return;
	m->guest_gone = false;
	(void)machines_save(m->home, m);
}

/* Over a restart of the service too it is told once. */
static void keep_gone(struct machine *m)
{
	m->guest_gone = true;
	(void)machines_save(m->home, m);
}

static void say(struct follow *follow, const struct machine *m, const char *text)
{
	(void)timeline_add_peers(
		follow->base->timeline, m->name, "guest", clock_wall_ms() - SAME_MS, -1, text);
}

/* Another libvirt has it: it was migrated, or defined there by hand. */
struct search {
	struct search *next;
	struct follow *follow;
	struct guests *where;
	char name[MACHINE_NAME], uuid[UUID_TEXT];
};

static void search_free(struct search *h)
{
	struct search **at = &h->follow->searches;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	free(h);
}

void guest_follow_drop_all(struct follow *follow)
{
	while (follow->searches)
		search_free(follow->searches);
}

static void move_to(struct follow *follow, struct machine *m, struct guests *where)
{
	const char *uri = hosts_uri(follow->hosts, where);
	char text[400];

	if (machine_spec_set(&m->spec.connect, where == follow->hosts->own ? NULL : uri) ||
		machines_save(follow->base->machines, m))
		log_error("%s: its record could not be stored", m->name);
	snprintf(text, sizeof text, "moved to %s; the record was updated", uri);
	say(follow, m, text);
}

const struct guest_seen *guest_seen_as(const struct guest_seen *all, size_t n, const char *uuid)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(all[mid].uuid, uuid);

		if (!c)
			return &all[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void on_searched(void *arg, int rc, const struct guest_seen *all, size_t n, const char *why)
{
	struct search *h = arg;
	struct follow *follow = h->follow;
	struct machine *m = machines_by_name(follow->base->machines, h->name);
	const struct guest_seen *seen = rc ? NULL : guest_seen_as(all, n, h->uuid);

	(void)why;
	if (seen && m && !strcmp(m->uuid, h->uuid) && !m->holds && !m->deleting &&
		is_in(m, GUEST_GONE) && guests_of(follow->hosts, m) != h->where) {
		move_to(follow, m, h->where);
		guest_follow_seen(follow, m, seen, clock_mono_ms());
	}
	search_free(h);
}

static void search_elsewhere(struct follow *follow, const struct machine *m)
{
	for (size_t i = 0; i < follow->hosts->count; i++) {
		struct guests *where = hosts_at(follow->hosts, i);
		struct search *h;

		if (where == guests_of(follow->hosts, m) || !guests_connected(where) ||
			!(h = malloc(sizeof *h)))
			continue;
		*h = (struct search){.next = follow->searches, .follow = follow, .where = where};
		follow->searches = h;
		snprintf(h->name, sizeof h->name, "%s", m->name);
		snprintf(h->uuid, sizeof h->uuid, "%s", m->uuid);
		if (guest_list(where, on_searched, h))
			search_free(h);
	}
}

static void gone(struct follow *follow, struct machine *m, const char *how)
{
	char text[300];

	set_state(m, GUEST_GONE);
	keep_gone(m);
	snprintf(text, sizeof text,
		"%s: run 'usher reinstall %s' to create the guest again, or 'usher delete %s' to "
		"delete its record",
		how, m->name, m->name);
	say(follow, m, text);
	search_elsewhere(follow, m);
}

static const char *rename_error(struct follow *follow, const struct machine *m, const char *name)
{
	const char *error = *name ? machine_name_error(name) : "too long";

	if (error)
		return error;
	if (machines_by_name(follow->base->machines, name) ||
		reserved(follow->base->reserved, name, 0, NULL))
		return "another machine has that name";
	return m->holds || m->deleting ? "not now, while it is being changed" : NULL;
}

/* The record before its name: libvirt renames the domain, and no volume. */
static int rename_record(struct machines *ms, struct machine *m, const char *name)
{
	int rc = m->spec.made_as ? 0 : machine_spec_set(&m->spec.made_as, m->name);

	return rc ? rc : machines_rename(ms, m, name);
}

/* They know their template by its name: its disk stays while theirs are linked to it. */
static void clones_follow(struct follow *follow, const struct machine *of, const char *old)
{
	struct machine *m = NULL;

	while ((m = machines_next(follow->base->machines, m)))
		if (m->spec.template && !strcmp(m->spec.template, old) &&
			(machine_spec_set(&m->spec.template, of->name) ||
				machines_save(follow->base->machines, m)))
			log_error("%s: its record could not be stored", m->name);
}

/* What is known by its name. */
static void tell_rooms(struct follow *follow, const struct machine *m, const char *old)
{
	record_renamed(follow->consoles, m, old);
	logs_renamed(follow->logs, m, old);
	if (m->template)
		clones_follow(follow, m, old);
}

static void renamed(struct follow *follow, struct machine *m, const char *name)
{
	const char *error = rename_error(follow, m, name);
	char old[MACHINE_NAME], text[300];

	snprintf(old, sizeof old, "%s", m->name);
	if (!error) {
		(void)seats_publish(follow->network, m, false, NULL, NULL);
		if (rename_record(follow->base->machines, m, name))
			error = "it could not be stored";
		(void)seats_publish(follow->network, m, true, NULL, NULL);
	}
	if (error) {
		snprintf(text, sizeof text,
			"renamed to '%.100s' in libvirt, but its record cannot be renamed (%s): "
			"rename the domain back with 'virsh domrename'",
			name, error);
		set_state(m, GUEST_GONE);
		say(follow, m, text);
		return;
	}
	tell_rooms(follow, m, old);
	timeline_add(follow->base->timeline, old, "guest", "renamed to %s, with its record", name);
	timeline_add(follow->base->timeline, name, "guest", "renamed from outside: it was %s", old);
}

/* Does it say what the record does not know yet? */
static bool is_news(const struct machine *m, const struct guest_news *news)
{
	switch (news->what) {
	case GUEST_PANICKED:
		return true;
	case GUEST_RESUMED: /* QEMU's part of each start, too */
		return is_in(m, GUEST_HELD);
	case GUEST_DEFINED:
	case GUEST_RENAMED:
		return false;
	default:
		return !is_in(m, news->state);
	}
}

static void follow_state(struct follow *follow, struct machine *m, const struct guest_news *news)
{
	bool new = is_news(m, news), runs = is_in(m, GUEST_RUNNING) || is_in(m, GUEST_HELD);
	bool told = new && !news->ours && !reserved(follow->base->reserved, m->name, 0, NULL);

	if (news->what == GUEST_DEFINED && is_in(m, GUEST_GONE)) {
		set_state(m, GUEST_OFF);
		say(follow, m, "defined again from outside");
	} else if (news->what == GUEST_UNDEFINED && runs && told) {
		m->guest_transient = true;
		record_leave(follow->consoles, m);
		say(follow, m, "undefined from outside: the guest is lost when it stops");
	} else if (told &&
		(news->state == GUEST_GONE ||
			(runs && m->guest_transient && news->state != GUEST_RUNNING &&
				news->state != GUEST_HELD))) {
		gone(follow, m, news->how);
	} else if (new) {
		if (news->state && news->what != GUEST_PANICKED)
			set_state(m, news->state);
		if (told && news->how)
			say(follow, m, news->how);
	}
	if (news->what == GUEST_DEFINED || is_in(m, GUEST_GONE))
		m->guest_transient = false;
}

/* Its life goes on, or ends, by what is not our doing. True: the timeline says so. */
static bool live_on(struct machine *m, const struct guest_news *news)
{
	enum life_state before = m->state;

	if (news->what == GUEST_STOPPED_SELF)
		machine_event(m, LIFE_STOPPED, NULL);
	else if (news->what == GUEST_KILLED)
		machine_event(m, LIFE_KILLED, news->how);
	return m->state != before || (news->what == GUEST_STOPPED_SELF && life_installs(m->state));
}

static void note_fact(const struct machine *m, const struct guest_news *news)
{
	if (news->what == GUEST_STARTED)
		machine_saw(m, SAW_START, NULL);
	else if (news->what == GUEST_RESUMED)
		machine_saw(m, SAW_RESUMED, NULL);
	else if (news->state == GUEST_HELD && news->how)
		machine_saw(m, SAW_PAUSED, news->how);
	else if (news->what == GUEST_PANICKED)
		machine_saw(m, SAW_PANIC, NULL);
}

void guest_follow(struct follow *follow, struct guests *from, const struct guest_news *news)
{
	struct machine *m = news->what == GUEST_RENAMED
		? machines_by_uuid(follow->base->machines, news->uuid)
		: machines_by_name(follow->base->machines, news->domain);
	bool being_made = reserved(follow->base->reserved, news->domain, 0, NULL);

	if (!m && !being_made && from == follow->hosts->own)
		seats_look(follow->network, news->domain);
	if (!m || !m->guest || strcmp(m->uuid, news->uuid) || guests_of(follow->hosts, m) != from)
		return;
	note_fact(m, news);
	if (news->what == GUEST_STARTED)
		record_started(follow->consoles, m);
	if (news->what == GUEST_RENAMED && strcmp(m->name, news->domain)) {
		renamed(follow, m, news->domain);
	} else if (!being_made && (!news->ours || news->what == GUEST_STARTED) &&
		template_event(follow->operations, m, (int)news->what)) {
		if (news->state)
			set_state(m, news->state);
	} else if (!news->ours && !being_made && !m->deleting && live_on(m, news)) {
		if (news->state)
			set_state(m, news->state);
	} else {
		follow_state(follow, m, news);
	}
	if (!news->ours && !being_made &&
		(news->what == GUEST_STOPPED_SELF || news->what == GUEST_KILLED))
		patch_guest_stopped(follow->operations, m);
}

void guest_follow_name(struct follow *follow, struct guests *from, const struct guest_seen *seen)
{
	struct machine *m = machines_by_name(follow->base->machines, seen->name);

	if (m && !strcmp(m->uuid, seen->uuid))
		return;
	m = machines_by_uuid(follow->base->machines, seen->uuid);
	if (m && m->guest && guests_of(follow->hosts, m) == from && !is_in(m, GUEST_GONE))
		renamed(follow, m, seen->name);
}

static enum guest_state state_of(const struct guest_seen *seen, const struct machine *m)
{
	if (seen->running)
		return seen->paused ? GUEST_HELD : GUEST_RUNNING;
	return is_in(m, GUEST_CRASHED) ? GUEST_CRASHED : GUEST_OFF;
}

/* It was paused, or goes on, while nobody told. Its record may know better why it is paused. */
static void note_seen(const struct machine *m, const struct guest_seen *seen, enum guest_state now)
{
	static const enum fact why[] = {[GUEST_PAUSE_OUTSIDE] = SAW_PAUSED,
		[GUEST_PAUSE_STORAGE] = SAW_DISK_ERROR,
		[GUEST_PAUSE_NO_SPACE] = SAW_DISK_FULL};
	const char *kind = json_string_value(json_object_get(m->attempt.cause, "kind"));

	if (now == GUEST_HELD && (!kind || strcmp(kind, "paused") != 0))
		machine_saw(m, why[seen->paused], NULL);
	else if (now != GUEST_HELD && is_in(m, GUEST_HELD))
		machine_saw(m, SAW_RESUMED, NULL);
}

void guest_follow_seen(
	struct follow *follow, struct machine *m, const struct guest_seen *seen, int64_t at)
{
	static const char *const meanwhile[] = {
		[GUEST_RUNNING] = "was started while libvirt was away",
		[GUEST_OFF] = "stopped while libvirt was away",
		[GUEST_HELD] = "was paused while libvirt was away"};
	enum guest_state now =
		seen && !strcmp(seen->name, m->name) ? state_of(seen, m) : GUEST_GONE;

	if (m->guest_state_at > at || is_in(m, now))
		return; /* an event since then knows better */
	if (now == GUEST_GONE && !life_installs(m->state) &&
		(m->state != LIFE_LIVE || m->attempt.switched)) { /* else it is made again */
		if (m->guest_gone)
			set_state(m, GUEST_GONE);
		else
			gone(follow, m, "undefined from outside while usher was not connected");
		return;
	}
	if (m->guest_state && now != GUEST_GONE && now != GUEST_CRASHED)
		say(follow, m, meanwhile[now]);
	note_seen(m, seen, now);
	set_state(m, now);
}

/* Storage */

/* Not for each write that was under way, nor each time that somebody lets it try again. */
static bool was_said(struct follow *follow, const struct machine *m)
{
	const struct timeline_event *e = timeline_last(follow->base->timeline, m->name, "paused");

	return e && timeline_age(e) < PAUSED_AGAIN_MS;
}

void guest_follow_disk_error(struct follow *follow, struct guests *from, const char *domain,
	const char *uuid, const char *path, bool full)
{
	struct machine *m = machines_by_name(follow->base->machines, domain);

	if (!m || !m->guest || strcmp(m->uuid, uuid) || guests_of(follow->hosts, m) != from)
		return;
	machine_saw(m, full ? SAW_DISK_FULL : SAW_DISK_ERROR, path);
	if (was_said(follow, m))
		return;
	if (full)
		timeline_add(follow->base->timeline, m->name, "paused",
			"the storage pool is full, so the guest cannot write to %s: free space, "
			"then run 'virsh resume %s'",
			path, m->name);
	else
		timeline_add(follow->base->timeline, m->name, "paused",
			"the guest cannot write to %s: repair its storage, then run 'virsh resume "
			"%s'",
			path, m->name);
}
