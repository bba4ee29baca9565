/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of service/: a struct base of real parts in a folder of its own, with two libvirt networks. On "lan" we lease
 * (10.77.1.0/24, pool .200 to .249); on "default", which libvirt's test driver has, libvirt does.
 */
#ifndef USHER_TESTS_BASE_MAKE_H
#define USHER_TESTS_BASE_MAKE_H

#include "spec_make.h"
#include "core/encrypt.h"
#include "core/log.h"
#include "kickstart/profiles.h"
#include "service/base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base_dir[64];

/* Turns the loop until it is so. */
#define base_wait(b, so)                                    \
	do {                                                \
		bool so_ = (so);                            \
		for (int i_ = 0; i_ < 1000 && !so_; i_++) { \
			loop_once((b)->loop, 10);           \
			so_ = (so);                         \
		}                                           \
		ck_assert_msg(so_, "in vain: %s", #so);     \
	} while (0)

static inline const char *base_top(void)
{
	return getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
}

static inline struct ip base_ip(const char *text)
{
	struct ip ip = {0};

	ck_assert_int_eq(ip_parse(text, &ip), 0);
	return ip;
}

static inline struct segment *base_segment(struct base *b, const char *name)
{
	const struct segment *seg = segments_by_name(&b->segments, name);

	ck_assert_msg(seg, "no segment %s", name);
	return b->segments.by_id[seg->id - 1];
}

static inline void base_make_segments(struct base *b)
{
	struct segment lan = {.name = "lan",
		.is_network = true,
		.ifname = "virbr9",
		.server = base_ip("10.77.1.1"),
		.prefix_len = 24,
		.router = base_ip("10.77.1.1"),
		.domain = "lan.example",
		.pool_first = 0x0a4d01c8,
		.pool_last = 0x0a4d01f9,
		.lease_s = 3600,
		.mode = SEGMENT_OWN,
		.computed = true,
		.http_port = 8067};
	struct segment theirs = {.name = "default",
		.is_network = true,
		.ifname = "virbr0",
		.server = base_ip("192.168.122.1"),
		.prefix_len = 24,
		.lessor = base_ip("192.168.122.1"),
		.mode = SEGMENT_PROXY,
		.computed = true,
		.http_port = 8067};

	ck_assert_int_eq(segments_add(&b->segments, &lan, NULL), 0);
	ck_assert_int_eq(segments_add(&b->segments, &theirs, NULL), 0);
	ck_assert_int_eq(config_add_segment(&b->config, "lan", true), 0);
	ck_assert_int_eq(config_add_segment(&b->config, "default", true), 0);
}

static inline void base_make_config(struct config *c)
{
	config_init(c);
	c->log_priority = LOG_EMERG;
	snprintf(c->state, sizeof c->state, "%s", base_dir);
	snprintf(c->socket, sizeof c->socket, "%s/usher.sock", base_dir);
	snprintf(c->boot, sizeof c->boot, "%s/boot", base_dir);
	snprintf(c->hooks, sizeof c->hooks, "%s/hooks", base_dir);
	snprintf(c->power, sizeof c->power, "%s/power", base_dir);
	snprintf(c->profiles[0], sizeof c->profiles[0], "%s/kickstart/profiles", base_top());
	c->n_profiles = 1;
	snprintf(c->libvirt_uri, sizeof c->libvirt_uri, "test:///default");
	snprintf(c->pool, sizeof c->pool, "default-pool");
	snprintf(c->accel, sizeof c->accel, "test");
	c->workers = 1; /* libvirt's answers come in the order of the questions */
}

static const struct encrypt_key base_key = {{1, 2, 3}};

/* All but the worker; what reads the store is to do so before base_make_start(). */
static inline void base_make_open(struct base *b)
{
	char path[128], why[512] = "";

	memset(b, 0, sizeof *b);
	log_init(LOG_EMERG);
	base_make_config(&b->config);
	base_make_segments(b);
	ck_assert_int_eq(loop_new(&b->loop), 0);
	ck_assert_int_eq(mailbox_init(&b->home), 0);
	ck_assert_int_eq(mailbox_attach(&b->home, b->loop), 0);
	snprintf(path, sizeof path, "%s/usher.db", base_dir);
	ck_assert_msg(!store_open(path, &b->store, why, sizeof why), "%s", why);
	ck_assert_int_eq(timeline_new(b->store, &b->timeline), 0);
	ck_assert_int_eq(machines_new(b->store, b->timeline, &b->segments, &b->machines), 0);
	machines_use_key(b->machines, &base_key);
	ck_assert_msg(!machines_load(b->machines, why, sizeof why), "%s", why);
}

static inline void base_make_folder(void)
{
	snprintf(base_dir, sizeof base_dir, "/tmp/usher-base-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base_dir));
}

static inline void base_make_start(struct base *b)
{
	ck_assert_int_eq(store_start(b->store, &b->home), 0);
}

static inline void base_make_worker(struct base *b)
{
	ck_assert_int_eq(worker_new(2, &b->home, &b->worker), 0);
}

/* The same to begin with: a base that runs. */
static inline void base_make(struct base *b)
{
	base_make_folder();
	base_make_open(b);
	base_make_start(b);
}

/* The folder stays: base_make_open() is a restart. */
static inline void base_make_close(struct base *b)
{
	worker_free(b->worker);
	(void)store_commit(b->store, NULL, NULL);
	store_close(b->store);
	machines_free(b->machines);
	timeline_free(b->timeline);
	segments_fini(&b->segments);
	mailbox_fini(&b->home);
	loop_free(b->loop);
}

static inline void base_make_remove(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", base_dir);
	ck_assert_int_eq(system(command), 0);
}

static inline void base_unmake(struct base *b)
{
	base_make_close(b);
	base_make_remove();
}

/* A record with one card, whose MAC is computed from the address, as it is before machines_add(). Each has a UUID of its
 * own. */
static inline struct machine *base_record(
	const char *name, bool guest, const char *segment, const char *address)
{
	static unsigned n;
	struct machine *m = machine_new();

	ck_assert_ptr_nonnull(m);
	snprintf(m->name, sizeof m->name, "%s", name);
	snprintf(m->profile, sizeof m->profile, "debian-12");
	snprintf(m->uuid, sizeof m->uuid, "6f4d4c6e-8d0c-4b53-9d0e-%012u", ++n);
	m->guest = guest;
	m->created_at = m->state_at = 1;
	m->n_nics = 1;
	snprintf(m->nics[0].segment, sizeof m->nics[0].segment, "%s", segment);
	m->nics[0].addrs[0] = base_ip(address);
	m->nics[0].n_addrs = 1;
	ck_assert_int_eq(mac_from_ip(&m->nics[0].addrs[0], &m->nics[0].mac), 0);
	return m;
}

static inline struct machine *base_add(struct base *b, struct machine *m)
{
	ck_assert_int_eq(machines_add(b->machines, m), 0);
	ck_assert_int_eq(machines_save(b->machines, m), 0);
	return m;
}

/* A guest, or bare metal, on "lan". */
static inline struct machine *base_machine(
	struct base *b, const char *name, bool guest, const char *address)
{
	return base_add(b, base_record(name, guest, "lan", address));
}

static inline struct profile *base_profile(const char *name)
{
	char dir[512], why[512] = "";
	struct profile *p = NULL;

	snprintf(dir, sizeof dir, "%s/kickstart/profiles/%s", base_top(), name);
	ck_assert_msg(!profile_read(dir, &p, why, sizeof why), "%s", why);
	return p;
}

/* What a machine is armed with. Takes the profile; new reference. */
static inline json_t *base_snapshot_of(struct profile *p)
{
	json_t *settings = NULL, *snapshot = NULL;
	char why[512] = "";

	ck_assert_msg(!profile_settings(p, NULL, &settings, why, sizeof why), "%s", why);
	ck_assert_int_eq(profile_snapshot(p, settings, &snapshot), 0);
	json_decref(settings);
	profile_free(p);
	return snapshot;
}

static inline json_t *base_snapshot(const char *profile)
{
	return base_snapshot_of(base_profile(profile));
}

static inline void base_arm(struct machine *m, const char *profile)
{
	ck_assert_int_eq(machine_arm(m, base_snapshot(profile), 3, 3600 * 1000), 0);
}

static inline void base_go_live(struct machine *m, const char *profile)
{
	ck_assert_int_eq(machine_go_live(m, base_snapshot(profile), 3, 3600 * 1000), 0);
}

/* The text of a machine's newest event of this kind ("": of none). */
static inline const char *base_told(const struct base *b, const char *machine, const char *kind)
{
	const struct timeline_event *e = timeline_last(b->timeline, machine, kind);

	return e ? e->text : "";
}

static inline int base_run(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
