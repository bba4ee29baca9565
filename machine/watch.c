/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/watch.h"

#include "core/clock.h"
#include "machine/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long each step took at most with a profile, and how long its console was silent. One that took less brings it down a little, so that one slow day is
 * forgotten. */
struct usual {
	char profile[sizeof((struct machine *)NULL)->profile];
	int64_t ms[STEPS], silent[STEPS]; /* the console was, in that step */
};

enum { USUAL_FORGETS = 8, USUAL_TEXT = 2 * 24 * STEPS };

static const char usual_key[] = "usual ";

void machine_saw(const struct machine *m, enum fact what, const char *text)
{
	int64_t now;

	if (!m->facts)
		return;
	now = clock_mono_ms();
	census_saw(&m->home->census, m->facts, what, now);
	facts_saw(m->facts, what, now, text);
}

void machine_identified(const struct machine *m, unsigned client, const uint8_t uuid[UUID_BYTES])
{
	if (m->facts)
		facts_identified(m->facts, clock_mono_ms(), client, uuid);
}

void machine_heard(const struct machine *m, const char *line)
{
	if (m->facts)
		facts_heard(m->facts, clock_mono_ms(), line);
}

/* Durations */

static const char *profile_of(const struct machine *m)
{
	return *m->attempt.tool ? m->attempt.tool : m->profile;
}

static struct usual *usual_of(const struct machines *ms, const char *profile)
{
	for (size_t i = 0; i < ms->n_usual; i++)
		if (!strcmp(ms->usual[i].profile, profile))
			return &ms->usual[i];
	return NULL;
}

static struct usual *usual_make(struct machines *ms, const char *profile)
{
	struct usual *u = usual_of(ms, profile);

	if (u || ms->n_usual == WATCH_PROFILES)
		return u;
	u = reallocarray(ms->usual, ms->n_usual + 1, sizeof *u);
	if (!u)
		return NULL;
	ms->usual = u;
	u += ms->n_usual++;
	*u = (struct usual){.ms = {0}};
	snprintf(u->profile, sizeof u->profile, "%s", profile);
	return u;
}

static void learn(int64_t *usual, int64_t took)
{
	if (took >= *usual)
		*usual = took;
	else if (took)
		*usual -= (*usual - took) / USUAL_FORGETS;
}

/* What it took is known to have been fine only now. */
static void keep_usual(struct machine *m)
{
	const struct usual *u = usual_of(m->home, profile_of(m));
	char key[sizeof usual_key + sizeof u->profile], text[USUAL_TEXT] = "";
	size_t n = 0;

	if (!u || !m->home->store)
		return;
	for (size_t i = 0; i < 2 * STEPS; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld", i ? " " : "",
			(long long)(i < STEPS ? u->ms[i] : u->silent[i - STEPS]));
	snprintf(key, sizeof key, "%s%s", usual_key, u->profile);
	(void)store_put(m->home->store, STORE_SETTING, key, strlen(key), text, n);
}

static int load_usual(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	size_t skip = sizeof usual_key - 1;
	char profile[sizeof((struct usual *)NULL)->profile], text[USUAL_TEXT], *at = text;
	struct usual *u;

	if (key_len <= skip || memcmp(key, usual_key, skip) != 0 ||
		key_len - skip >= sizeof profile || len >= sizeof text)
		return 0;
	snprintf(profile, sizeof profile, "%.*s", (int)(key_len - skip), (const char *)key + skip);
	snprintf(text, sizeof text, "%.*s", (int)len, (const char *)value);
	u = usual_make(arg, profile);
	for (size_t i = 0; u && i < 2 * STEPS; i++) /* older ones have the first half */
		*(i < STEPS ? &u->ms[i] : &u->silent[i - STEPS]) = strtoll(at, &at, 10);
	return u ? 0 : -ENOMEM;
}

int machines_load_usual(struct machines *ms)
{
	return ms->store ? store_load(ms->store, STORE_SETTING, load_usual, ms) : 0;
}

/* Who is watched */

static bool is_watched(const struct machine *m)
{
	return !m->template && (life_netboots(m->state) || m->state == LIFE_INSTALLED);
}

static void place(struct machines *ms, size_t at, struct machine *m)
{
	ms->watched[at - 1] = m;
	m->watched = at;
}

/* The longest of each step of this attempt, unless it was stuck: that is not usual. */
static void note_duration(struct machine *m, int64_t took)
{
	int64_t *longest = &m->facts->took[m->facts->waits];

	if (!m->attempt.cause && !m->cause_before && !machine_waits(m) && took > *longest)
		*longest = took;
}

/* It came through: what its steps took was fine. */
static void learn_all(struct machine *m)
{
	struct usual *u = usual_make(m->home, profile_of(m));
	struct facts *f = m->facts;
	int64_t now = clock_mono_ms();

	if (f->waits_since) {
		note_duration(m, now - f->waits_since);
		facts_silence(f, now);
	}
	f->waits_since = 0;
	for (int i = STEP_START + 1; u && i < STEP_NONE; i++) {
		learn(&u->ms[i], f->took[i]);
		if (!m->attempt.cause && !m->cause_before)
			learn(&u->silent[i], f->silent[i]);
	}
	memset(f->took, 0, sizeof f->took);
	memset(f->silent, 0, sizeof f->silent);
	keep_usual(m);
}

/* Why it was stuck is worth knowing of an attempt that failed, and of no other. */
static void forget_cause(struct machine *m)
{
	json_decref(m->attempt.cause);
	json_decref(m->cause_before);
	m->attempt.cause = m->cause_before = NULL;
}

void machine_watch_drop(struct machines *ms, struct machine *m)
{
	if (!m->watched)
		return;
	if (m->state == LIFE_UP)
		learn_all(m);
	if (m->state != LIFE_FAILED && !*m->attempt.reason)
		forget_cause(m);
	place(ms, m->watched, ms->watched[ms->n_watched - 1]);
	ms->n_watched--;
	m->watched = 0;
	facts_fini(m->facts);
	free(m->facts);
	m->facts = NULL;
}

void machine_watch_update(struct machines *ms, struct machine *m)
{
	if (!is_watched(m)) {
		machine_watch_drop(ms, m);
		return;
	}
	if (m->watched)
		return;
	m->facts = malloc(sizeof *m->facts);
	if (!m->facts)
		return;
	facts_init(m->facts, clock_mono_ms());
	place(ms, ++ms->n_watched, m);
}

void machine_watch_anew(struct machine *m)
{
	forget_cause(m);
	if (!m->facts)
		return;
	facts_fini(m->facts);
	facts_init(m->facts, clock_mono_ms());
}

size_t machines_watched(const struct machines *ms)
{
	return ms->n_watched;
}

struct machine *machines_watched_at(const struct machines *ms, size_t at)
{
	return at < ms->n_watched ? ms->watched[at] : NULL;
}

void machines_restarted(struct machines *ms, int64_t now)
{
	ms->restarted = now;
}

/* What follows */

static struct situation situation_of(const struct machine *m, int64_t now)
{
	const struct usual *u = usual_of(m->home, profile_of(m));

	return (struct situation){
		.name = m->name,
		.profile = profile_of(m),
		.reason = "",
		.facts = m->facts,
		.state = m->state,
		.guest = m->guest,
		.runs = m->guest_state && !strcmp(m->guest_state, "running"),
		.switched = m->guest || m->attempt.switched,
		.seals = machine_waits(m),
		.busy = m->holds,
		.tool = *m->attempt.tool,
		.up = m->attempt.live.on && m->attempt.live.up_at,
		.now = now,
		.restarted = m->facts->begun <= m->home->restarted ? m->home->restarted : 0,
		.usual = u ? u->ms : NULL,
		.silent = u ? u->silent : NULL,
	};
}

enum boot_step machine_step(const struct machine *m, int64_t *ret_since)
{
	struct situation s;

	*ret_since = 0;
	if (!m->facts)
		return STEP_NONE;
	s = situation_of(m, clock_mono_ms());
	return causes_step(&s, ret_since);
}

static bool same_cause(const json_t *had, const struct cause *c, bool found)
{
	if (!had || !found)
		return !had && !found;
	return !strcmp(json_string_value(json_object_get(had, "kind")), c->kind) &&
		!strcmp(json_string_value(json_object_get(had, "text")), c->text);
}

static void tell_stuck(struct machine *m, const struct cause *c)
{
	char text[sizeof c->text + sizeof c->seen + sizeof c->fix + 32];

	snprintf(text, sizeof text, "%s%s%s%s%s: %s", c->certain ? "" : "probably ", c->text,
		*c->seen ? " (" : "", c->seen, *c->seen ? ")" : "", c->fix);
	machine_tell(m, "stuck", text);
}

static void set_cause(struct machine *m, const struct cause *c)
{
	if (m->attempt.cause) {
		json_decref(m->cause_before);
		m->cause_before = m->attempt.cause;
	}
	m->attempt.cause = c ? cause_json(c) : NULL;
}

/* It went on to the next step, or a further file or report came. */
static void note_step(struct machine *m, enum boot_step step, int64_t since)
{
	struct facts *f = m->facts;

	if (f->waits_since && since > f->waits_since && step >= f->waits)
		note_duration(m, since - f->waits_since);
	if (since > f->waits_since)
		facts_silence(f, since);
	f->waits = step;
	f->waits_since = since;
}

/* After a restart of the service it is stuck as before until something is seen: what is only probable since no step came
 * says less than what was known. */
static bool stays(const struct machine *m, const struct situation *s, const struct cause *found)
{
	if (!found)
		return !m->facts->any;
	return m->attempt.cause && s->restarted && m->facts->step == FACTS && !found->certain;
}

bool machine_look(struct machine *m, int64_t now)
{
	enum boot_step step;
	struct situation s;
	struct cause c;
	int64_t since;
	bool found;

	if (!m->facts)
		return false;
	s = situation_of(m, now);
	step = causes_step(&s, &since);
	if (s.up && m->facts->waits_since)
		learn_all(m);
	else if (!s.up)
		note_step(m, step, since);
	found = causes_find(&s, &c);
	if (same_cause(m->attempt.cause, &c, found) || stays(m, &s, found ? &c : NULL))
		return false;
	set_cause(m, found ? &c : NULL);
	(void)machines_save(m->home, m);
	if (found)
		tell_stuck(m, &c);
	return true;
}

/* The installer's own words, of which no sign is known. */
static void say_reason(const struct machine *m, const struct situation *s, struct cause *c)
{
	*c = (struct cause){.kind = "installer", .certain = true};
	snprintf(c->text, sizeof c->text, "it reported that it failed");
	snprintf(c->seen, sizeof c->seen, "%s", s->reason);
	snprintf(c->fix, sizeof c->fix, "read what it said before: usher log %s; usher console %s",
		m->name, m->name);
}

static void not_known(const struct machine *m, const struct situation *s, struct cause *c)
{
	int64_t since;
	enum boot_step step = causes_step(s, &since);

	*c = (struct cause){.kind = "unknown"};
	if (m->attempt.max_boots && m->attempt.boots >= m->attempt.max_boots)
		snprintf(c->text, sizeof c->text,
			"it booted %u times and came no further, and nothing that was seen says why",
			m->attempt.boots);
	else
		snprintf(c->text, sizeof c->text,
			"it waited %lld s for %s, and nothing that was seen says why",
			(long long)(s->now - since) / 1000, causes_step_text(step));
	snprintf(c->fix, sizeof c->fix,
		"read its console and timeline: usher console %s; usher timeline %s", m->name,
		m->name);
}

void machine_explain(struct machine *m, const char *reason)
{
	struct situation s;
	struct cause c;

	if (!m->facts)
		return;
	s = situation_of(m, clock_mono_ms());
	s.failing = true;
	s.reason = reason;
	if (causes_find(&s, &c)) {
		set_cause(m, &c);
	} else if (*reason) {
		say_reason(m, &s, &c);
		set_cause(m, &c);
	} else if (!m->attempt.cause &&
		m->cause_before) { /* too many boots, each for that reason */
		m->attempt.cause = json_incref(m->cause_before);
	} else if (!m->attempt.cause) {
		not_known(m, &s, &c);
		set_cause(m, &c);
	}
}
