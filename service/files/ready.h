/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what a profile needs from its medium there? Looked at by the worker: a cold disk takes its time.
 */
#ifndef USHER_SERVICE_FILES_READY_H
#define USHER_SERVICE_FILES_READY_H

#include "service/files/content.h"

/* Main thread. 0: `why` is "". -ECANCELED: we are stopping. */
typedef void (*ready_done)(void *arg, int rc, const char *why);
/*
 * `p` is left alone until `done`; `settings` is copied, may be NULL. 0, or -errno: then `done` is not called.
 */
int ready_ask(struct content *content, const struct profile *p, const json_t *settings,
	ready_done done, void *arg);
/* Reads the imported and the configured images in the background, that nobody has to wait for that. */
void ready_warm(struct content *content);

#endif
