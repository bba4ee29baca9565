/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/watching.h"

#include "core/bridge.h"
#include "core/clock.h"
#include "machine/watch.h"

#include <linux/if_bridge.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAP_FIRST = 0xfe }; /* of a tap's MAC: the rest is the guest's */

/* A guest that was started, and of which nothing came to the bridge. */
static bool waits_at_port(const struct machine *m)
{
	int64_t since;
	enum boot_step step = machine_step(m, &since);

	return m->guest && m->n_nics && (step == STEP_REQUEST || step == STEP_START);
}

static bool is_tap_of(const struct bridge_port *p, const struct nic *nic)
{
	return p->mac.b[0] == TAP_FIRST &&
		!memcmp(p->mac.b + 1, nic->mac.b + 1, sizeof nic->mac.b - 1);
}

static void look_at_port(const struct machine *m, const struct bridge_port *ports, size_t n)
{
	char text[FACT_TEXT];

	for (size_t i = 0; i < n; i++) {
		if (!is_tap_of(&ports[i], &m->nics[0]) || ports[i].state == BR_STATE_FORWARDING ||
			ports[i].state == BR_STATE_DISABLED)
			continue;
		snprintf(text, sizeof text, "port %s is %s", ports[i].name,
			bridge_state_name(ports[i].state));
		machine_saw(m, SAW_PORT_CLOSED, text);
	}
}

/* One question to the kernel for all of them. */
static void look_at_ports(struct watching *w)
{
	const struct machines *ms = w->base->machines;
	struct bridge_port *ports = NULL;
	int n = 0;

	for (size_t i = 0; i < machines_watched(ms); i++) {
		const struct machine *m = machines_watched_at(ms, i);

		if (!waits_at_port(m))
			continue;
		if (!ports) {
			ports = calloc(BRIDGE_PORTS, sizeof *ports);
			n = ports ? bridge_ports(ports, BRIDGE_PORTS) : 0;
		}
		if (n > 0)
			look_at_port(m, ports, (size_t)n);
		if (n <= 0)
			break;
	}
	free(ports);
}

static size_t share(size_t all)
{
	size_t ticks = WATCHING_MS / WATCHING_TICK_MS, n = (all + ticks - 1) / ticks;

	return n < WATCHING_MOST ? n : WATCHING_MOST;
}

static void look(struct watching *w, int64_t now)
{
	const struct machines *ms = w->base->machines;

	for (size_t n = share(machines_watched(ms)), changed = 0; n && changed < WATCHING_SAVES;
		n--) {
		if (w->next >= machines_watched(ms))
			w->next = 0;
		if (!machines_watched(ms))
			return;
		changed += machine_look(machines_watched_at(ms, w->next++), now);
	}
}

static void on_tick(struct loop_timer *t)
{
	struct watching *w = t->arg;
	int64_t now = clock_mono_ms();

	if (now - w->ports_at >= WATCHING_MS) {
		w->ports_at = now;
		look_at_ports(w);
	}
	look(w, now);
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
