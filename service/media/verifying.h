/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sums of imported images: one at a time for each, a few at once, and what became of those that
 * failed. Main thread only.
 */
#ifndef USHER_SERVICE_MEDIA_VERIFYING_H
#define USHER_SERVICE_MEDIA_VERIFYING_H

#include "kickstart/media/medium.h"

#include <jansson.h>

enum { VERIFY_MOST = 2 }; /* at once: other tasks want the worker's threads too */

struct imports;

/* Begins to sum it up, unless that is under way; the sum is put into its record. 0; -EMEDIUMTYPE: a directory;
 * -EBUSY: VERIFY_MOST are under way; -EAGAIN: the worker has too much to do; -ENOMEM. */
int verifying_start(struct imports *imports, struct medium *m);
/* It is removed, or another by now. */
void verifying_drop(struct imports *imports, const char *name);
/* {"done": bytes, "total": bytes}, and once it has failed "failed": why, until it is begun again; NULL: neither.
 * New reference. */
json_t *verifying_json(const struct imports *imports, const char *name);
/* What failed is forgotten; the worker has ended. */
void verifying_forget(struct imports *imports);

#endif
