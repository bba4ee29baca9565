/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking before what cannot be taken back: on a terminal only. */
#ifndef USHER_USHER_CLI_ASKING_H
#define USHER_USHER_CLI_ASKING_H

#include <stdbool.h>

/* Are there a user and a terminal: standard input and standard error? */
bool asking_can(void);
/* "TEXT [y/N] " on standard error, and a line read: true for y and yes. Where nobody can be asked: true. */
bool asking(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The answer that a line is. Pure. */
bool asking_is_yes(const char *line);

#endif
