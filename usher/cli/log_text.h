/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of installers' logs, for people. */
#ifndef USHER_USHER_CLI_LOG_TEXT_H
#define USHER_USHER_CLI_LOG_TEXT_H

#include <jansson.h>

/* "anaconda[12]: it failed", at most `width` bytes of it (-1: all), and a line break. */
void log_text_print(const json_t *line, int width);

#endif
