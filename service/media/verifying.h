/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verifies imported images: one run at a time for each image, a few images at once. Keeps the reason of a failed run.
 * Main thread only.
 */
#ifndef USHER_SERVICE_MEDIA_VERIFYING_H
#define USHER_SERVICE_MEDIA_VERIFYING_H

#include "kickstart/media/medium.h"

#include <jansson.h>

enum { VERIFY_MOST = 2 }; /* at once: other tasks want the worker's threads too */

struct imports;

/* Begins to compute the checksum, unless that is in progress, and stores it in the record. A disk's image keeps the sum that it was
 * imported with, and fails if it has another. 0; -EMEDIUMTYPE: a
 * directory; -EBUSY: VERIFY_MOST are under way; -EAGAIN: the worker has too much to do; -ENOMEM. */
int verifying_start(struct imports *imports, const struct medium *m);
/* The medium was removed or replaced. */
void verifying_drop(struct imports *imports, const char *name);
/* {"done": bytes, "total": bytes}, with "failed": why after a failure, until it is verified again; NULL: neither. New
 * reference. */
json_t *verifying_json(const struct imports *imports, const char *name);
/* Drops the failed runs; the worker has ended. */
void verifying_forget(struct imports *imports);

#endif
