/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The password of a management controller, from a file or the terminal: never an argument, which everyone sees. */
#ifndef USHER_USHER_CLI_POWER_PASSWORD_H
#define USHER_USHER_CLI_POWER_PASSWORD_H

#include <jansson.h>

/* Adds "power_password" to a request where `target` takes one: the first line of `file` ("-": standard input), or, with NULL,
 * what the user types. 0, or it says why and gives EXIT_FAILED. */
int power_password_add(json_t *body, const char *target, const char *file);

#endif
