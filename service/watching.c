/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/watching.h"

#include "core/bridge.h"
#include "core/clock.h"
#include "core/neighbour.h"
#include "machine/watch.h"

#include <errno.h>
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

	return step == STEP_REQUEST;
}

static void note_port(const struct machine *m, const struct bridge_port *p)
{
	char text[FACT_TEXT];
	long frames;

	if (p->state != BR_STATE_FORWARDING) {
		snprintf(text, sizeof text, "port %s is %s", p->name, bridge_state_name(p->state));
		machine_saw(m, SAW_PORT_CLOSED, text);
		return;
	}
	frames = bridge_port_frames(p);
	if (frames < 0)
		return;
	snprintf(text, sizeof text, "port %s: %ld frames", p->name, frames);
	machine_saw(m, frames ? SAW_FRAMES : SAW_NO_FRAMES, text);
}

static void look_at_port(struct ports *ports, const struct machine *m)
{
	if (!ports->all) {
		ports->all = calloc(BRIDGE_PORTS, sizeof *ports->all);
		ports->n = ports->all ? bridge_ports(ports->all, BRIDGE_PORTS) : 0;
	}
	for (int i = 0; i < ports->n; i++) {
		const struct bridge_port *p = &ports->all[i];

		if (bridge_is_tap_of(&p->mac, &m->nics[0].mac) && p->state != BR_STATE_DISABLED)
			note_port(m, p);
	}
}

/* It was told what to fetch, and fetches nothing. */
static bool fetches_nothing(const struct machine *m, int64_t now)
{
	const struct facts *f = m->facts;
	bool told = facts_have(f, TOLD_TFTP, f->step_at) || facts_have(f, TOLD_HTTP, f->step_at);

	return ((f->step == SAW_LEASE && told) || f->step == SAW_SCRIPT) &&
		now - f->step_at > WATCHING_ASK_MS && !facts_have(f, SAW_TRANSFER, f->step_at);
}

static const struct segment *link_of(const struct segments *all, const struct machine *m)
{
	const struct segment *s = m->n_nics ? segments_by_id(all, m->nics[0].segment_id) : NULL;

	return s && !s->via ? s : NULL;
}

/* Who answers ARP for its address? The kernel asks meanwhile, and knows when it is looked at next, or, where it remembers who had
 * the address before, some seconds later. */
static void look_at_address(struct watching *w, const struct machine *m, int64_t now)
{
	const struct segment *s = link_of(&w->base->segments, m);
	const char *lease = facts_line(m->facts, SAW_LEASE);
	char text[FACT_TEXT], mac[MAC_TEXT];
	bool asked = m->facts->asked_at >= m->facts->step_at, was;
	struct mac by;
	struct ip ip;
	int rc;

	if (!s || ip_parse(lease, &ip))
		return;
	rc = neighbour_mac(s->ifname, &ip, &by);
	was = !rc && !neighbour_is_there(s->ifname, &ip);
	m->facts->asked_at = now;
	(void)neighbour_provoke(s->ifname, segment_server(s, ip.family), &ip);
	if ((rc && rc != -ENOENT) || was)
		return;
	if (!rc)
		snprintf(text, sizeof text, "%s has %s", mac_format(&by, mac), lease);
	else
		snprintf(text, sizeof text, "no answer for %s", lease);
	if (!rc && !machine_nic_of(m, s->id, &by))
		machine_saw(m, SAW_IN_USE, text);
	else if (!rc || asked)
		machine_saw(m, rc ? SAW_SILENT : SAW_ANSWERING, text);
}

/* What is not on disk is not answered: whoever waits for usher waits for that. */
static void note_trouble(const struct machine *m, const char *why)
{
	if (*why)
		machine_saw(m, SAW_UNSTORED, why);
	else if (m->facts->seen[SAW_UNSTORED].at > m->facts->seen[SAW_STORED].at)
		machine_saw(m, SAW_STORED, NULL);
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
	char trouble[FACT_TEXT];
	unsigned asks = 0;

	if (!store_trouble(w->base->store, trouble, sizeof trouble))
		*trouble = '\0';
	for (size_t n = share(machines_watched(ms)), changed = 0; n && changed < WATCHING_SAVES;
		n--) {
		struct machine *m;

		if (w->next >= machines_watched(ms))
			w->next = 0;
		if (!(m = machines_watched_at(ms, w->next++)))
			break;
		if (waits_at_port(m))
			look_at_port(&ports, m);
		if (asks < WATCHING_ASKS && fetches_nothing(m, now)) {
			look_at_address(w, m, now);
			asks++;
		}
		note_trouble(m, trouble);
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
