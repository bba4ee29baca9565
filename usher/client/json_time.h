/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times in the API's JSON. */
#ifndef USHER_USHER_CLI_JSON_TIME_H
#define USHER_USHER_CLI_JSON_TIME_H

#include <jansson.h>
#include <stdint.h>

/* "2026-11-21T03:38:19.042Z" as ms since the epoch; 0 for null and all else. Pure. */
int64_t json_time_ms(const json_t *v);

#endif
