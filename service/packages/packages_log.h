/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the package cache did, counted from nginx's log lines, as packages_conf.c has them written. Pure. */
#ifndef USHER_SERVICE_PACKAGES_PACKAGES_LOG_H
#define USHER_SERVICE_PACKAGES_PACKAGES_LOG_H

#include <stddef.h>
#include <stdint.h>

enum { PACKAGES_LINE = 256 };

struct packages_counts {
	uint64_t requests;
	uint64_t hits;        /* sent from the cache, the mirror asked whether it changed or not */
	uint64_t misses;      /* fetched from the mirror */
	uint64_t stale;       /* of the hits: the mirror could not be asked */
	uint64_t refused;     /* 403, 405 */
	uint64_t failures;    /* of the mirror: 5xx */
	uint64_t from_origin; /* bytes, with headers */
	uint64_t to_machines; /* the same */
};

struct packages_log {
	struct packages_counts counts;
	char line[PACKAGES_LINE]; /* what came of a line that has not ended */
	size_t len;
};

/* Bytes as they come. A line that is longer than PACKAGES_LINE, or is none of ours, is not counted. */
void packages_log_hear(struct packages_log *l, const char *bytes, size_t n);

#endif
