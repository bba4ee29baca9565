/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mirrors that are fetched through the package cache: which URLs can be, and what they become there. Pure.
 *
 * https://ftp.debian.org/debian is http://SERVER:PORT/https/ftp.debian.org/debian. Only plain URLs go through it: http or https, a
 * host's name or IPv4 address, and a path of letters, digits and "-._~+". They end up in another program's configuration, so what
 * has any other byte is left to the installer itself.
 */
#ifndef USHER_KICKSTART_MIRROR_H
#define USHER_KICKSTART_MIRROR_H

#include "core/addr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MIRROR_HOST = 254,
	MIRROR_PATH = 256,
	MIRROR_URL = MIRROR_HOST + MIRROR_PATH + 32, /* "https://HOST:65535/PATH/" and its NUL */
	MIRROR_ADDRESSES = 8,
	MIRRORS_MAX = 64,   /* at a time, of all machines that install */
	MIRRORS_MACHINE = 4 /* of one machine */
};

struct mirror {
	bool https;
	bool ready;             /* the cache fetches from it */
	char host[MIRROR_HOST]; /* in lower case */
	uint16_t port;
	bool usual_port;
	char path[MIRROR_PATH]; /* begins and ends with a slash */
	struct ip addresses[MIRROR_ADDRESSES];
	size_t n_addresses;  /* 0: its name is not known, or not yet */
	int64_t resolved_at; /* mono ms; 0: never */
	int64_t wanted_at;
};

struct mirrors {
	struct mirror all[MIRRORS_MAX];
	size_t n;
};

/* 0, or -EINVAL: the cache does not take it. Sets host, port and path only. */
int mirror_parse(const char *url, struct mirror *ret);
bool mirror_same(const struct mirror *a, const struct mirror *b);
/* "https://ftp.debian.org/debian/", for people and as part of keys. */
const char *mirror_url(const struct mirror *m, char buf[MIRROR_URL]);
/* "https/ftp.debian.org/debian/": the same as a path. */
const char *mirror_path(const struct mirror *m, char buf[MIRROR_URL]);
/* What `url` is through the cache at `cache` ("http://192.168.122.1:8068"). False: no mirror that is ready has it. */
bool mirrors_through(
	const struct mirrors *ms, const char *cache, const char *url, char *buf, size_t size);

/* The mirrors that a snapshot's machine is to fetch through the cache, by its settings; none when it takes a proxy, or
 * its setting `package_cache` is no. Returns how many. */
size_t mirrors_of(const json_t *snapshot, struct mirror ret[MIRRORS_MACHINE]);
/* Of settings (a result of profile_settings()): may their machine use the cache? */
bool mirrors_wanted(const json_t *settings);

#endif
