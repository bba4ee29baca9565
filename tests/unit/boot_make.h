/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of service/boot: rooms, and a machine "metal" that asks from 127.5.0.9, over a real HTTP server. It sits behind a
 * relay, where its address is all that can be seen of it.
 */
#ifndef USHER_TESTS_BOOT_MAKE_H
#define USHER_TESTS_BOOT_MAKE_H

#include "http_ask.h"
#include "profile_make.h"

#include "service/boot/boot_name.h"
#include "service/network/segments.h"

#include <sched.h>

#define METAL "127.5.0.9"

static struct service rooms;
static struct http_ask ask;
static struct machine *metal;
static uint32_t wire, far; /* segments: where it is listened, and what lies behind the relay */

/* As servers.c has it. */
static inline void boot_make_handle(void *arg, struct http_request *r)
{
	(void)arg;
	r->segment = segment_of_peer(&rooms.network, r->segment, &r->peer);
	if (!strncmp(r->path, "/m/", 3))
		boot_handle(&rooms.boot, r);
	else
		boot_http_asked(&rooms.boot, r);
}

static inline void boot_make_segments(void)
{
	struct segment w = {.name = "wire",
			       .ifname = "lo",
			       .server = base_ip("127.0.0.1"),
			       .prefix_len = 24,
			       .mode = SEGMENT_OWN,
			       .http_port = HTTP_ASK_PORT},
		       f = w;
	const struct segment *added;

	ck_assert_int_eq(segments_add(&rooms.base.segments, &w, &added), 0);
	wire = added->id;
	strcpy(f.name, "far");
	f.via = wire;
	f.subnet = base_ip("127.5.0.0");
	ck_assert_int_eq(segments_add(&rooms.base.segments, &f, &added), 0);
	far = added->id;
}

static inline json_t *boot_make_snapshot(void)
{
	char dir[128], why[512] = "";
	struct profile *p = NULL;

	snprintf(dir, sizeof dir, "%s/profiles/small", base_dir);
	ck_assert_msg(!profile_read(dir, &p, why, sizeof why), "%s", why);
	return base_snapshot_of(p);
}

static inline void boot_make(void)
{
	ck_assert_msg(!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET),
		"no network namespace: %s", strerror(errno));
	ck_assert_int_eq(system("ip link set lo up"), 0);
	rooms_make(&rooms);
	profile_make(&rooms);
	boot_make_segments();
	metal = base_add(&rooms.base, base_record("metal", false, "far", METAL));
	http_ask_asks = boot_http_asks;
	http_ask_begin(&ask, &rooms.base, boot_make_handle, NULL);
	http_ask_open(&ask, wire);
}

static inline void boot_unmake(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

static inline void boot_arm(void)
{
	ck_assert_int_eq(machine_arm(metal, boot_make_snapshot(), 3, 3600 * 1000), 0);
}

static inline unsigned boot_ask(
	const char *from, const char *method, const char *target, const char *body)
{
	http_ask_send(&ask, from, method, target, body);
	return http_ask_wait(&ask);
}

#define ck_has(text, part) \
	ck_assert_msg(strstr((text), (part)), "\"%s\" is not in \"%s\"", (part), (text))

#endif
