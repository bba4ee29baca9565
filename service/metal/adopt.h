/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /machines/NAME/adopt: a card takes the place of one that is gone, in the record of a bare machine. */
#ifndef USHER_SERVICE_METAL_ADOPT_H
#define USHER_SERVICE_METAL_ADOPT_H

#include <jansson.h>

struct http_request;
struct machine;
struct metal;

void adopt_handle(
	struct metal *metal, struct http_request *r, struct machine *m, const json_t *body);

#endif
