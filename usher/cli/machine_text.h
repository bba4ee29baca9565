/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a machine's JSON, for people. */
#ifndef USHER_USHER_CLI_MACHINE_TEXT_H
#define USHER_USHER_CLI_MACHINE_TEXT_H

#include <jansson.h>
#include <stddef.h>

const char *machine_text(const json_t *object, const char *key); /* "" when it is not there */
/* Its first; "-": none. */
const char *machine_address(const json_t *machine);
/* "up"; a template says more than the state that it stays in. */
const char *machine_state_text(const json_t *machine);
/* Why it is not what one would think: what ended its attempt, or how its guest is. "": nothing. */
const char *machine_reason(const json_t *machine);
/* How long it is in its state: "3m12s". */
const char *machine_age(const json_t *machine, char *buf, size_t size);
/* The same since the time that this member says. */
const char *machine_age_of(const json_t *object, const char *key, char *buf, size_t size);

#endif
