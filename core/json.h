/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short forms for jansson. */
#ifndef USHER_CORE_JSON_H
#define USHER_CORE_JSON_H

#include <jansson.h>

/* The text of a member; "" when it is not there, or no text. */
const char *json_text(const json_t *object, const char *key);
/* For json_pack()'s "s?": NULL, which is null there, when there is nothing. */
const char *json_some(const char *text);

#endif
