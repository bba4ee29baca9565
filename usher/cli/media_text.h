/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A medium of the API, for people: shared by the commands. */
#ifndef USHER_USHER_CLI_MEDIA_TEXT_H
#define USHER_USHER_CLI_MEDIA_TEXT_H

#include <jansson.h>

void media_text(json_t *medium); /* some lines on standard output */

#endif
