/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of service/: a base (base_make.h) and all rooms over it, connected by service_connect(), with libvirt's test
 * driver for guests, leases, and no server that listens. Nothing is connected to libvirt until something asks for it.
 */
#ifndef USHER_TESTS_ROOMS_MAKE_H
#define USHER_TESTS_ROOMS_MAKE_H

#include "base_make.h"

#include "service/console/console_record.h"
#include "service/files/cache.h"
#include "service/follow/reconcile.h"
#include "service/network/claims.h"
#include "service/service.h"

/* Actions (LIFE_DO_…) that were asked for: all of them, and one by one: "web01 netboot, db off". */
static unsigned rooms_acted;
static char rooms_log[512];

static inline void rooms_note(const char *name, const char *what)
{
	size_t n = strlen(rooms_log);

	snprintf(rooms_log + n, sizeof rooms_log - n, "%s%s %s", n ? ", " : "", name, what);
}

static inline void rooms_on_action(void *arg, struct machine *m, unsigned actions)
{
	(void)arg;
	rooms_acted |= actions;
	if (actions & LIFE_DO_NETBOOT)
		rooms_note(m->name, "netboot");
	if (actions & LIFE_DO_DISK)
		rooms_note(m->name, "disk");
	if (actions & LIFE_DO_OFF)
		rooms_note(m->name, "off");
}

static inline void rooms_make_dhcpd(struct service *r)
{
	struct dhcpd_config c = {.loop = r->base.loop,
		.store = r->base.store,
		.machines = r->base.machines,
		.timeline = r->base.timeline,
		.segments = &r->base.segments};
	struct dhcpd *d;
	char why[512] = "";

	ck_assert_int_eq(dhcpd_new(&c, &d), 0);
	service_set_dhcpd(r, d);
	ck_assert_msg(!dhcpd_load(d, why, sizeof why), "%s", why);
}

static inline void rooms_make_content(struct service *r)
{
	struct fetches_config c = {.home = &r->base.home,
		.state = r->base.config.state,
		.cache_max = 1 << 20,
		.local = true,
		.ended = cache_fetched,
		.crowded = cache_crowded,
		.arg = &r->content};
	char why[512] = "";

	profiles_init(&r->content.profiles);
	ck_assert_int_eq(profiles_add_path(&r->content.profiles, r->base.config.profiles[0]), 0);
	ck_assert_int_eq(files_init(&r->content.files), 0);
	ck_assert_int_eq(imported_load(&r->content.imported, r->base.store, why, sizeof why), 0);
	ck_assert_msg(!fetches_new(&c, &r->content.fetches, why, sizeof why), "%s", why);
}

static inline void rooms_hear_none(void *arg, struct guests *g)
{
	(void)arg, (void)g;
}

static inline void rooms_hear_no_news(void *arg, struct guests *g, const struct guest_news *news)
{
	(void)arg, (void)g, (void)news;
}

/* What a test does to libvirt itself leads to nothing. */
static inline void rooms_deafen(struct service *r)
{
	r->hosts.calls.connected = r->hosts.calls.disconnected = rooms_hear_none;
	r->hosts.calls.event = rooms_hear_no_news;
}

static inline void rooms_make(struct service *r)
{
	char why[512] = "";

	memset(r, 0, sizeof *r);
	rooms_acted = 0;
	*rooms_log = '\0';
	base_make_folder();
	base_make_open(&r->base);
	machines_on_action(r->base.machines, rooms_on_action, NULL);
	service_connect(r);
	rooms_make_dhcpd(r);
	rooms_make_content(r);
	ck_assert_msg(!discovery_load(&r->discovery, why, sizeof why), "%s", why);
	ck_assert_int_eq(networks_load(&r->network.networks, r->base.store, why, sizeof why), 0);
	for (size_t i = 0; i < r->base.segments.count; i++)
		r->network.served[i] =
			(struct served){.nw = &r->network, .segment = r->base.segments.all[i]};
	api_init(&r->api);
	base_make_start(&r->base);
	base_make_worker(&r->base);
	ck_assert_int_eq(record_begin(&r->consoles), 0);
	ck_assert_int_eq(logs_begin(&r->logs), 0);
	ck_assert_int_eq(hosts_start(&r->hosts), 0);
}

/* As serve.c does: those that wait are answered before what they rest on goes. Once is enough. */
static inline void rooms_stop(struct service *r)
{
	struct worker *w = r->base.worker;

	if (r->base.stopping)
		return;
	r->base.stopping = true;
	r->base.worker = NULL;
	worker_free(w);
	mailbox_wait(&r->base.home, 0);
	service_drop_waiting(r);
	ck_assert(hosts_stop(&r->hosts));
}

static inline void rooms_unmake(struct service *r)
{
	rooms_stop(r);
	mailbox_wait(&r->base.home, 0);
	act_drop_all(&r->act);
	reconcile_drop_all(&r->follow);
	dhcpd_free(r->dhcpd);
	api_fini(&r->api);
	claims_fini(&r->network);
	discovery_fini(&r->discovery);
	files_fini(&r->content.files);
	profiles_fini(&r->content.profiles);
	imported_fini(&r->content.imported);
	base_make_close(&r->base);
	base_make_remove();
}

#endif
