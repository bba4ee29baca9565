/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/census.h"

#include "machine/registry.h"

#include <stdbool.h>

/* A step is timed from the one before it, which is not always the one that was seen last: an installer asks for an address again. */
static const struct stage {
	const char *name;
	enum fact from;
} stages[FACT_STEPS] = {[SAW_LEASE] = {"lease", SAW_REQUEST},
	[SAW_LOADER] = {"loader", SAW_LEASE},
	[SAW_SCRIPT] = {"script", SAW_LEASE},
	[SAW_FILE] = {"kernel", SAW_SCRIPT},
	[SAW_ANSWERS] = {"answers", SAW_FILE},
	[SAW_DONE] = {"installed", SAW_ANSWERS},
	[SAW_UP] = {"up", SAW_DONE}};

static const struct histogram_bounds stage_bounds = {1000, 14,
	{100, 250, 1000, 2500, 5000, 10000, 30000, 60000, 120000, 300000, 600000, 1200000, 1800000,
		3600000}};
static const struct histogram_bounds attempt_bounds = {1000, 12,
	{15000, 30000, 60000, 120000, 300000, 600000, 900000, 1200000, 1800000, 3600000, 7200000,
		14400000}};

void census_init(struct census *c)
{
	*c = (struct census){
		.installed.bounds = &attempt_bounds, .failing.bounds = &attempt_bounds};
	for (int i = 0; i < FACT_STEPS; i++)
		c->stages[i].bounds = &stage_bounds;
	tally_init(&c->profiles, CENSUS_PROFILES);
	tally_init(&c->stuck, CENSUS_CAUSES);
	tally_init(&c->failed, CENSUS_CAUSES);
}

void census_fini(struct census *c)
{
	tally_fini(&c->profiles);
	tally_fini(&c->stuck);
	tally_fini(&c->failed);
}

static void count(struct census *c, const struct counted *at, int n)
{
	if (!at->on)
		return;
	c->states[at->state] += (size_t)n;
	tally_add(&c->profiles, at->profile, at->state, n);
	if (at->stuck)
		tally_add(at->state == LIFE_FAILED ? &c->failed : &c->stuck, at->cause, 0, n);
}

void machine_count(struct machines *ms, struct machine *m)
{
	struct census *c = &ms->census;
	const char *kind = json_string_value(json_object_get(m->attempt.cause, "kind"));
	struct counted now = {.on = !m->template, /* which is in no state */
		.state = m->state,
		.stuck = kind && (m->watched || m->state == LIFE_FAILED),
		.profile = tally_row_again(&c->profiles, m->profile, m->counted.profile)};

	if (now.stuck)
		now.cause = tally_row(m->state == LIFE_FAILED ? &c->failed : &c->stuck, kind);
	count(c, &m->counted, -1);
	count(c, &now, 1);
	m->counted = now;
}

void machine_uncount(struct machines *ms, struct machine *m)
{
	count(&ms->census, &m->counted, -1);
	m->counted.on = false;
}

/* From its last file to its answers, but from its first request to its address: clients ask again and again. */
void census_saw(struct census *c, const struct facts *f, enum fact what, int64_t now)
{
	const struct stage *s = what < FACT_STEPS ? &stages[what] : NULL;
	const struct fact_seen *from = s && s->name ? &f->seen[s->from] : NULL;
	bool again = from && f->seen[what].at && f->seen[what].at >= from->at;

	if (from && from->at && !again)
		histogram_add(&c->stages[what],
			now - (s->from == SAW_REQUEST ? from->first : from->at), 1);
}

void census_ends(struct census *c, const struct machine *m, enum life_state next, int64_t now)
{
	if (next == m->state || !m->attempt.armed_at)
		return;
	if (next == LIFE_UP && m->state == LIFE_INSTALLED)
		histogram_add(&c->installed, now - m->attempt.armed_at, 1);
	else if (next == LIFE_FAILED)
		histogram_add(&c->failing, now - m->attempt.armed_at, 1);
}

const char *census_stage(enum fact what)
{
	return what < FACT_STEPS ? stages[what].name : NULL;
}

const struct census *machines_census(const struct machines *ms)
{
	return &ms->census;
}
