/*
 * What happened in one turn of the loop is committed at its end. Actions (machine_act) are noted while state changes, and
 * carried out once that state is on disk: whatever dies in between, the next start finds a state that explains what was
 * done. The timer of the attempt that ends next is set then, too.
 */
#include "service/settle.h"
#include "service/api/events_api.h"
#include "service/guests/act.h"
#include "service/service.h"

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
	char name[MACHINE_NAME], uuid[37];
	unsigned actions;
};

struct settled {
	struct service *service;
	struct pending *pending;
};

/* The machine that was meant: its name may be another's by now, or it may have another one. */
static struct machine *same_machine(struct service *s, const char *name, const char *uuid)
{
	struct machine *m = machines_by_name(s->machines, name);

	return m && !strcmp(m->uuid, uuid) ? m : machines_by_uuid(s->machines, uuid);
}

static void settle_soon(struct service *s, int64_t ms)
{
	if (!s->settle.slot && !s->stopping)
		loop_timer_set(s->loop, &s->settle, ms);
}

/* In the order noted; a later wish for the same machine is a later entry. */
void settle_on_action(void *service, struct machine *m, unsigned actions)
{
	struct service *s = service;
	struct pending *p, **at = &s->pending;

	if (!(actions & (LIFE_DO_NETBOOT | LIFE_DO_DISK | LIFE_DO_OFF | LIFE_DO_FILTER)))
		return;
	p = calloc(1, sizeof *p);
	if (!p) {
		log_error("%s: out of memory, its power is not switched", m->name);
		return;
	}
	snprintf(p->name, sizeof p->name, "%s", m->name);
	snprintf(p->uuid, sizeof p->uuid, "%s", m->uuid);
	p->actions = actions;
	while (*at)
		at = &(*at)->next;
	*at = p;
	settle_soon(s, 0);
}

void settle_on_timeline(void *service, const struct timeline_event *e)
{
	log_info("%s%s%s: %s", e->machine, *e->machine ? " " : "", e->kind, e->text);
	settle_soon(service, 0);
}

static void on_settled(void *arg, int rc)
{
	struct settled *d = arg;
	struct service *s = d->service;
	struct pending *p;

	if (rc &&
		!s->stopping) { /* not on disk: nothing is done that it does not explain; put back in front */
		struct pending **end = &d->pending;

		while (*end)
			end = &(*end)->next;
		*end = s->pending;
		s->pending = d->pending;
		settle_soon(s, SETTLE_RETRY_MS);
		free(d);
		return;
	}
	while ((p = d->pending)) {
		struct machine *m = same_machine(s, p->name, p->uuid);

		d->pending = p->next;
		if (m && !m->deleting && !s->stopping)
			act_carry_out(s, m, p->actions);
		free(p);
	}
	free(d);
	events_answer_all(s);
}

void settle_now(struct loop_timer *t)
{
	struct service *s = t->arg;
	struct settled *d = malloc(sizeof *d);

	if (!d) {
		settle_soon(s, SETTLE_RETRY_MS);
		return;
	}
	*d = (struct settled){s, s->pending};
	s->pending = NULL;
	if (store_commit(s->store, on_settled, d)) {
		s->pending = d->pending;
		free(d);
		settle_soon(s, SETTLE_RETRY_MS);
	}
}

void settle_drop_all(struct service *s)
{
	struct pending *p;

	while ((p = s->pending)) {
		s->pending = p->next;
		free(p);
	}
}

/* Time */

void settle_set_deadline(struct service *s)
{
	const struct machine *m = machines_next_deadline(s->machines);
	int64_t left;

	loop_timer_clear(s->loop, &s->deadline);
	if (!m || s->stopping)
		return;
	left = m->attempt.deadline - clock_steady_ms();
	loop_timer_set(s->loop, &s->deadline, left > 0 ? left : 0);
}

void settle_deadline(struct loop_timer *t)
{
	struct service *s = t->arg;
	struct machine *m = machines_next_deadline(s->machines);

	if (m && m->attempt.deadline <= clock_steady_ms())
		machine_event(m, LIFE_DEADLINE,
			m->state == LIFE_ARMED && machine_waits(m)
				? "time over: no boot was confirmed"
				: NULL);
	settle_set_deadline(s);
}
