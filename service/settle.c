/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened in one turn of the loop is committed at its end. Actions (machine_act) are noted while state changes, and
 * carried out once that state is on disk: whatever dies in between, the next start finds a state that explains what was
 * done. Several commits may be under way, and one that failed comes to disk with a later one: so actions are numbered, and a
 * commit that is on disk is the word for all up to the one that was noted last before it. The timer of the attempt that ends
 * next is set then, too.
 */
#include "service/settle.h"
#include "service/console/console_record.h"
#include "service/guests/act.h"

#include "core/behalf.h"
#include "core/clock.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SETTLE_RETRY_MS = 1000,
};

struct pending {
	struct pending *next;
	uint64_t number;
	char name[MACHINE_NAME], uuid[UUID_TEXT];
	unsigned actions;
	unsigned behalf; /* core/behalf.h */
};

struct settled {
	struct settle *settle;
	uint64_t upto; /* the last that it explains */
};

static void settle_soon(struct settle *settle, int64_t ms)
{
	if (!settle->turn.slot && !settle->base->stopping)
		loop_timer_set(settle->base->loop, &settle->turn, ms);
}

/* In the order noted; a later wish for the same machine is a later entry. */
void settle_on_action(void *arg, struct machine *m, unsigned actions)
{
	struct settle *settle = arg;
	struct pending *p, **at = &settle->pending;

	if (!(actions & ~(unsigned)LIFE_DO_END)) /* which is the record's own matter */
		return;
	p = calloc(1, sizeof *p);
	if (!p) {
		log_error("%s: power not switched: out of memory", m->name);
		return;
	}
	snprintf(p->name, sizeof p->name, "%s", m->name);
	snprintf(p->uuid, sizeof p->uuid, "%s", m->uuid);
	p->actions = actions;
	p->behalf = behalf_now();
	p->number = ++settle->noted;
	while (*at)
		at = &(*at)->next;
	*at = p;
	settle_soon(settle, 0);
}

void settle_on_timeline(void *arg, const struct timeline_event *e)
{
	log_info("%s%s%s: %s%s%s", e->machine, *e->machine ? " " : "", e->kind, e->text,
		*e->by ? ", by " : "", e->by);
	settle_soon(arg, 0);
}

static void carry_out(struct settle *settle, struct machine *m, unsigned actions)
{
	if (actions & (LIFE_DO_NETBOOT | LIFE_DO_NETBOOT_NEXT))
		packages_want(settle->packages, m);
	if (actions & (LIFE_DO_NETBOOT | LIFE_DO_NETBOOT_NEXT) && !m->guest)
		record_netboots(settle->consoles, m);
	act_carry_out(settle->act, m, actions);
}

static void on_settled(void *arg, int rc)
{
	struct settled *d = arg;
	struct settle *settle = d->settle;
	struct pending *p;

	/* not on disk: nothing is done that it does not explain */
	if (rc && !settle->base->stopping) {
		settle_soon(settle, SETTLE_RETRY_MS);
		free(d);
		return;
	}
	while ((p = settle->pending) && p->number <= d->upto) {
		struct machine *m = machines_same(settle->base->machines, p->name, p->uuid);

		settle->pending = p->next;
		behalf_set(p->behalf);
		if (m && !m->deleting && !settle->base->stopping)
			carry_out(settle, m, p->actions);
		behalf_set(0);
		free(p);
	}
	free(d);
	settle->settled(settle->arg);
}

void settle_now(struct loop_timer *t)
{
	struct settle *settle = t->arg;
	struct settled *d = malloc(sizeof *d);

	settle_set_deadline(settle); /* what happened may have changed it */
	if (!d) {
		settle_soon(settle, SETTLE_RETRY_MS);
		return;
	}
	*d = (struct settled){settle, settle->noted};
	if (store_commit(settle->base->store, on_settled, d)) {
		free(d);
		settle_soon(settle, SETTLE_RETRY_MS);
	}
}

void settle_drop_all(struct settle *settle)
{
	struct pending *p;

	while ((p = settle->pending)) {
		settle->pending = p->next;
		free(p);
	}
}

/* Time */

void settle_set_deadline(struct settle *settle)
{
	const struct machine *m = machines_next_deadline(settle->base->machines);
	int64_t left;

	loop_timer_clear(settle->base->loop, &settle->deadline);
	if (!m || settle->base->stopping)
		return;
	left = m->attempt.deadline - clock_steady_ms();
	loop_timer_set(settle->base->loop, &settle->deadline, left > 0 ? left : 0);
}

/* Where life's own words are not exact. */
static const char *what_is_late(const struct machine *m)
{
	bool first = m->state == LIFE_ARMED || (m->state == LIFE_LIVE && !m->attempt.boots);

	if (first && machine_waits(m))
		return "timed out: no boot was confirmed";
	return first && m->state == LIFE_LIVE ? "timed out: no boot script was fetched" : NULL;
}

void settle_deadline(struct loop_timer *t)
{
	struct settle *settle = t->arg;
	struct machine *m = machines_next_deadline(settle->base->machines);

	if (m && m->attempt.deadline <= clock_steady_ms())
		machine_event(m, LIFE_DEADLINE, what_is_late(m));
	settle_set_deadline(settle);
}
