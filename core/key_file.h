/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the key that the store's secrets are encrypted with: 32 random bytes that nobody else may read. Blocking; at
 * start only. */
#ifndef USHER_CORE_KEY_FILE_H
#define USHER_CORE_KEY_FILE_H

#include "core/encrypt.h"

#include <stddef.h>

/* 0; -ENOENT (there is none, `why` is not written); else -errno with a line for the user: -EACCES others may read or change
 * it, -EINVAL it is no key. */
int key_file_read(const char *path, struct encrypt_key *ret, char *why, size_t why_size);
/* Draws a key, which is on disk when this returns, whole or not at all. There is no file of that name. 0 or -errno with a
 * line for the user. */
int key_file_make(const char *path, struct encrypt_key *ret, char *why, size_t why_size);

#endif
