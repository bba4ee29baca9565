/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/watching.h"

#include "core/bridge.h"
#include "core/clock.h"
#include "machine/watch.h"

#include <linux/if_bridge.h>
#include <stdio.h>
#include <stdlib.h>

/* The kernel's bridge ports, asked for once a tick, when a machine needs them. */
struct ports {
	struct bridge_port *all; /* NULL: not asked yet */
	int n;
};

/* A guest that was started, and of which nothing came to the bridge. */
static bool waits_at_port(const struct machine *m)
{
	int64_t since;
	enum boot_step step = m->guest && m->n_nics ? machine_step(m, &since) : STEP_NONE;

	return step == STEP_REQUEST || step == STEP_START;
}

static void look_at_port(struct ports *ports, const struct machine *m)
{
	char text[FACT_TEXT];

	if (!ports->all) {
		ports->all = calloc(BRIDGE_PORTS, sizeof *ports->all);
		ports->n = ports->all ? bridge_ports(ports->all, BRIDGE_PORTS) : 0;
	}
	for (int i = 0; i < ports->n; i++) {
		const struct bridge_port *p = &ports->all[i];

		if (!bridge_is_tap_of(&p->mac, &m->nics[0].mac) ||
			p->state == BR_STATE_FORWARDING || p->state == BR_STATE_DISABLED)
			continue;
		snprintf(text, sizeof text, "port %s is %s", p->name, bridge_state_name(p->state));
		machine_saw(m, SAW_PORT_CLOSED, text);
	}
}

static size_t share(size_t all)
{
	size_t ticks = WATCHING_MS / WATCHING_TICK_MS, n = (all + ticks - 1) / ticks;

	return n < WATCHING_MOST ? n : WATCHING_MOST;
}

static void look(struct watching *w, int64_t now)
{
	const struct machines *ms = w->base->machines;
	struct ports ports = {NULL, 0};

	for (size_t n = share(machines_watched(ms)), changed = 0; n && changed < WATCHING_SAVES;
		n--) {
		struct machine *m;

		if (w->next >= machines_watched(ms))
			w->next = 0;
		if (!(m = machines_watched_at(ms, w->next++)))
			break;
		if (waits_at_port(m))
			look_at_port(&ports, m);
		changed += machine_look(m, now);
	}
	free(ports.all);
}

static void on_tick(struct loop_timer *t)
{
	struct watching *w = t->arg;

	look(w, clock_mono_ms());
	if (!w->base->stopping)
		(void)loop_timer_set(w->base->loop, &w->tick, WATCHING_TICK_MS);
}

void watching_start(struct watching *w)
{
	loop_timer_init(&w->tick, on_tick, w);
	(void)loop_timer_set(w->base->loop, &w->tick, WATCHING_TICK_MS);
}

void watching_stop(struct watching *w)
{
	loop_timer_clear(w->base->loop, &w->tick);
}
