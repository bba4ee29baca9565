/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of service/: a base (base_make.h) and all rooms over it, connected as serve.c connects them, with libvirt's test
 * driver for guests, leases, and no server that listens. Nothing is connected to libvirt until something asks for it.
 */
#ifndef USHER_TESTS_ROOMS_MAKE_H
#define USHER_TESTS_ROOMS_MAKE_H

#include "base_make.h"

#include "service/api/api.h"
#include "service/api/events_api.h"
#include "service/boot/boot.h"
#include "service/boot/place_look.h"
#include "service/console/console_record.h"
#include "service/files/cache.h"
#include "service/follow/follow.h"
#include "service/follow/libvirt_events.h"
#include "service/follow/reconcile.h"
#include "service/media/copying.h"
#include "service/media/verifying.h"
#include "service/network/claims.h"
#include "service/network/networks_api.h"
#include "service/operations/change.h"
#include "service/operations/create.h"
#include "service/operations/patch.h"
#include "service/operations/template.h"
#include "service/operations/trial.h"

struct rooms {
	struct base base;
	struct hosts hosts;
	struct act act;
	struct content content;
	struct consoles consoles;
	struct network network;
	struct imports imports;
	struct boot boot;
	struct operations operations;
	struct follow follow;
	struct api api;
	struct dhcpd *dhcpd;
	unsigned acted; /* all actions (LIFE_DO_…) that were asked for */
	char log[512];  /* the same one by one: "web01 netboot, db off" */
};

static inline void rooms_note(struct rooms *r, const char *name, const char *what)
{
	size_t n = strlen(r->log);

	snprintf(r->log + n, sizeof r->log - n, "%s%s %s", n ? ", " : "", name, what);
}

static inline void rooms_on_action(void *arg, struct machine *m, unsigned actions)
{
	struct rooms *r = arg;

	r->acted |= actions;
	if (actions & LIFE_DO_NETBOOT)
		rooms_note(r, m->name, "netboot");
	if (actions & LIFE_DO_DISK)
		rooms_note(r, m->name, "disk");
	if (actions & LIFE_DO_OFF)
		rooms_note(r, m->name, "off");
}

static inline void rooms_connect(struct rooms *r)
{
	struct base *b = &r->base;

	r->hosts = (struct hosts){.base = b};
	libvirt_events_init(&r->hosts.calls, &r->follow);
	r->act = (struct act){
		.base = b, .hosts = &r->hosts, .goes_on = create_continue, .arg = &r->operations};
	r->content = (struct content){.base = b};
	r->consoles = (struct consoles){.base = b, .hosts = &r->hosts};
	r->network = (struct network){.base = b, .hosts = &r->hosts, .dhcpd = r->dhcpd};
	r->imports = (struct imports){.base = b, .content = &r->content};
	r->boot = (struct boot){
		.base = b, .hosts = &r->hosts, .network = &r->network, .dhcpd = r->dhcpd};
	r->operations = (struct operations){.base = b,
		.hosts = &r->hosts,
		.network = &r->network,
		.content = &r->content,
		.consoles = &r->consoles,
		.act = &r->act,
		.dhcpd = r->dhcpd};
	r->follow = (struct follow){.base = b,
		.hosts = &r->hosts,
		.network = &r->network,
		.consoles = &r->consoles,
		.act = &r->act,
		.operations = &r->operations};
	r->api = (struct api){.base = b,
		.hosts = &r->hosts,
		.network = &r->network,
		.content = &r->content,
		.imports = &r->imports,
		.consoles = &r->consoles,
		.operations = &r->operations,
		.dhcpd = r->dhcpd};
}

static inline void rooms_make_dhcpd(struct rooms *r)
{
	struct dhcpd_config c = {.loop = r->base.loop,
		.store = r->base.store,
		.machines = r->base.machines,
		.timeline = r->base.timeline,
		.segments = &r->base.segments};
	char why[512] = "";

	ck_assert_int_eq(dhcpd_new(&c, &r->dhcpd), 0);
	ck_assert_msg(!dhcpd_load(r->dhcpd, why, sizeof why), "%s", why);
}

static inline void rooms_make_content(struct rooms *r)
{
	struct fetches_config c = {.home = &r->base.home,
		.state = r->base.config.state,
		.cache_max = 1 << 20,
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
static inline void rooms_deafen(struct rooms *r)
{
	r->hosts.calls.connected = r->hosts.calls.disconnected = rooms_hear_none;
	r->hosts.calls.event = rooms_hear_no_news;
}

static inline void rooms_make(struct rooms *r)
{
	char why[512] = "";

	memset(r, 0, sizeof *r);
	base_make_folder();
	base_make_open(&r->base);
	machines_on_action(r->base.machines, rooms_on_action, r);
	rooms_make_dhcpd(r);
	rooms_connect(r);
	rooms_make_content(r);
	ck_assert_int_eq(networks_load(&r->network.networks, r->base.store, why, sizeof why), 0);
	for (size_t i = 0; i < r->base.segments.count; i++)
		r->network.served[i] =
			(struct served){.nw = &r->network, .segment = r->base.segments.all[i]};
	listings_init(&r->api.listings, r->base.loop);
	base_make_start(&r->base);
	base_make_worker(&r->base);
	ck_assert_int_eq(record_begin(&r->consoles), 0);
	ck_assert_int_eq(hosts_start(&r->hosts), 0);
}

/* As serve.c does: those that wait are answered before what they rest on goes. Once is enough. */
static inline void rooms_stop(struct rooms *r)
{
	struct worker *w = r->base.worker;

	if (r->base.stopping)
		return;
	r->base.stopping = true;
	r->base.worker = NULL;
	worker_free(w);
	mailbox_wait(&r->base.home, 0);
	verifying_forget(&r->imports);
	copying_drop_all(&r->imports);
	create_drop_all(&r->operations);
	trial_drop_all(&r->operations);
	template_drop_all(&r->operations);
	change_drop_all(&r->operations);
	patch_drop_all(&r->operations);
	networks_drop_all(&r->network);
	fetches_free(r->content.fetches);
	r->content.fetches = NULL;
	events_drop_all(&r->api);
	listings_drop_all(&r->api.listings);
	place_drop_all(&r->boot);
	record_drop_all(&r->consoles);
	ck_assert(hosts_stop(&r->hosts));
}

static inline void rooms_unmake(struct rooms *r)
{
	rooms_stop(r);
	mailbox_wait(&r->base.home, 0);
	act_drop_all(&r->act);
	reconcile_drop_all(&r->follow);
	dhcpd_free(r->dhcpd);
	claims_fini(&r->network);
	files_fini(&r->content.files);
	profiles_fini(&r->content.profiles);
	imported_fini(&r->content.imported);
	base_make_close(&r->base);
	base_make_remove();
}

#endif
