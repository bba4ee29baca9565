/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands print: standard output and standard error pass through one filter, so that a name, a report or a
 * line of a log, whoever chose it, drives no terminal (core/plain.h). Line breaks and tabs stay, and so does JSON's meaning.
 */
#ifndef USHER_USHER_CLI_PRINTED_H
#define USHER_USHER_CLI_PRINTED_H

#include <jansson.h>
#include <stdio.h>

/* From here on; before anything is printed. Without memory they stay as they are. */
void printed_begin(void);
/* Standard output is a file's own bytes from here on: where it is no terminal, they leave as they are. */
void printed_exact(void);
/* One value as JSON, in lines, for programs and people. */
void printed_json(const json_t *j);
/* An order to the terminal, of ours: after what was printed so far. */
void printed_order(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
