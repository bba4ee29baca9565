/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of the service's answers needs somebody, and what to do. Pure. */
#ifndef USHER_USHER_CLI_PROBLEMS_H
#define USHER_USHER_CLI_PROBLEMS_H

#include <jansson.h>
#include <stdint.h>

/* An array of objects: what (one word: segment, dhcp, libvirt, api, store, packages, medium, machine), name, text, fix. Of GET
 * /status, GET /packages and GET /media; a NULL is not looked at. `now_ms`: since the epoch. New reference; NULL: out of memory. */
json_t *problems_find(
	const json_t *status, const json_t *packages, const json_t *media, int64_t now_ms);

#endif
