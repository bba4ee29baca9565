/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUIDs (RFC 9562): how long they are, and drawing one. */
#ifndef USHER_CORE_UUID_H
#define USHER_CORE_UUID_H

enum {
	UUID_BYTES = 16,
	UUID_TEXT = 37, /* bytes for "0f3cc5e2-9f0a-4c1d-8a57-6a1be3b3b7f1" and its NUL */
};

/* A random one (version 4, RFC 9562 5.4), in lower case. 0 or -errno: `ret` is as it was then. */
int uuid_draw(char ret[UUID_TEXT]);

#endif
