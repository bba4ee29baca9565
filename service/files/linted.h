/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linters' word on an install that is asked for, before anything is made. */
#ifndef USHER_SERVICE_FILES_LINTED_H
#define USHER_SERVICE_FILES_LINTED_H

#include "kickstart/render.h"

/*
 * Of the answers, for a disk of `disk` bytes (0: not known). 0; -EINVAL with the line when there are
 * errors, -errno. *ret_findings (new reference; NULL: none) has all of them, warnings too, for the API's "findings".
 */
int linted(const struct rendering *r, uint64_t disk, json_t **ret_findings, char *why, size_t size);
/* {"error": why, "findings": …}; `findings` may be NULL. New reference. */
json_t *linted_error(const char *why, json_t *findings);
/* Adds "findings" to a reply. */
void linted_add(json_t *reply, json_t *findings);

#endif
