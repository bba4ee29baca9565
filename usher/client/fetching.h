/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that need kernels and initrds by URL: asked again until those are fetched, with their progress on standard error:
 * bars on a terminal, else a line for each quarter of a file. */
#ifndef USHER_USHER_CLIENT_FETCHING_H
#define USHER_USHER_CLIENT_FETCHING_H

#include "usher/client/client.h"

/* As client_call(). The fetch goes on in the service when this ends early, and the next request finds it. */
int fetching_call(
	struct client *c, const char *method, const char *path, json_t *body, json_t **ret);

#endif
