/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs (RFC 9562): how long they are, drawing one, and what firmware makes of them. */
#ifndef USHER_CORE_UUID_H
#define USHER_CORE_UUID_H

#include <stdbool.h>
#include <stdint.h>

enum {
	UUID_BYTES = 16,
	UUID_TEXT = 37, /* bytes for "0f3cc5e2-9f0a-4c1d-8a57-6a1be3b3b7f1" and its NUL */
};

/* A random one (version 4, RFC 9562 5.4), in lower case. 0 or -errno: `ret` is as it was then. */
int uuid_draw(char ret[UUID_TEXT]);

/* As text, in lower case. */
void uuid_format(const uint8_t bytes[UUID_BYTES], char ret[UUID_TEXT]);
/* The same with the bytes of its first three fields turned round: SMBIOS stores them so, and firmware sends now the one, now the
 * other (RFC 4578 2.3, RFC 6355). `text` is of uuid_format()'s form. */
void uuid_turn(const char *text, char ret[UUID_TEXT]);
/* One machine's, in whichever order? Both of uuid_format()'s form, or "", which is like nothing. */
bool uuid_alike(const char *a, const char *b);

#endif
