/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels and initrds by URL: whether an install has all of its files in the cache, and which files the cache must
 * keep. */
#ifndef USHER_SERVICE_FILES_CACHE_H
#define USHER_SERVICE_FILES_CACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct render_input;
struct content;

/*
 * Does the cache have the kernel and initrds of this snapshot, with the checksums that its profile requires? Called
 * before arming with it. 0: yes, or its medium is local (`warning` is "" or a line for the timeline). -EINPROGRESS: the
 * files are being fetched, *ret_missing (new reference) has the progress; call again. Else -errno with the line.
 */
int cache_look(struct content *content, const struct render_input *in, const json_t *snapshot,
	json_t **ret_missing, char *warning, size_t warning_size, char *why, size_t size);
/* fetches_config's. */
void cache_crowded(void *arg);
void cache_fetched(void *arg, bool ok, const char *line);

#endif
