/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks whether a profile's medium has what the profile needs. The worker checks, since a cold disk takes time.
 */
#ifndef USHER_SERVICE_FILES_READY_H
#define USHER_SERVICE_FILES_READY_H

#include "service/files/content.h"

/* Main thread. 0: `why` is "". -ECANCELED: the service is stopping. */
typedef void (*ready_done)(void *arg, int rc, const char *why);
/*
 * `p` is left alone until `done`; `settings` is copied, may be NULL. 0, or -errno: then `done` is not called.
 */
int ready_ask(struct content *content, const struct profile *p, const json_t *settings,
	ready_done done, void *arg);
/* Reads the imported and the configured images in the background, so that no request has to wait for it. */
void ready_warm(struct content *content);

#endif
