/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels and initrds by URL: whether all of an install are here, and which have to stay. */
#ifndef USHER_SERVICE_FILES_CACHE_H
#define USHER_SERVICE_FILES_CACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct render_input;
struct content;

/*
 * Are kernel and initrds of this snapshot here, with the sums that its profile wants? Asked when it is to be armed
 * with. 0: yes, or its medium is local (`warning` is "" or a line for the timeline); -EINPROGRESS: they are
 * being fetched, *ret_missing (new reference) says how far: ask again; else -errno with the line.
 */
int cache_look(struct content *content, const struct render_input *in, const json_t *snapshot,
	json_t **ret_missing, char *warning, size_t warning_size, char *why, size_t size);
/* fetches_config's. */
void cache_crowded(void *arg);
void cache_fetched(void *arg, bool ok, const char *line);

#endif
