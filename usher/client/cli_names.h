/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of names. Pure. */
#ifndef USHER_USHER_CLIENT_CLI_NAMES_H
#define USHER_USHER_CLIENT_CLI_NAMES_H

enum { CLI_NAMES_MAX = 1000 };

/* Expands node{01..50} in one name; calls `each` for every name, stops at its first nonzero return and returns
 * that. -EINVAL: the braces are wrong; -E2BIG: more than CLI_NAMES_MAX names. */
int cli_names(const char *pattern, int (*each)(void *arg, const char *name), void *arg);
/* A list that ends with NULL, its names and itself on the heap. NULL is fine. */
void cli_names_free(char **names);

#endif
