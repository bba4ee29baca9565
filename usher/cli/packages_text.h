/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The package cache's answer of the API, for people. */
#ifndef USHER_USHER_CLI_PACKAGES_TEXT_H
#define USHER_USHER_CLI_PACKAGES_TEXT_H

#include <jansson.h>

/* One line: how full, how many hits, what was saved. Gives `buf`. */
const char *packages_text(const json_t *packages, char *buf, size_t size);
/* Why it does not run; static, or of `packages`. */
const char *packages_problem(const json_t *packages);

#endif
