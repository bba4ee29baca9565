/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of files that are served, and paths in URLs (RFC 3986 3.3). Pure. */
#ifndef USHER_CORE_URI_H
#define USHER_CORE_URI_H

#include <stddef.h>

/* Why a file of this name cannot be served by HTTP or TFTP (static text); NULL: it can. */
const char *uri_path_fault(const char *path);
/* Percent-encodes each byte that is reserved in a path, or that a boot loader's script would interpret; '/' stays.
 * Returns the length that it takes, as snprintf() does; when that is not less than `size`, `buf` is "". */
size_t uri_encode_path(const char *path, char *buf, size_t size);
/* NULL: no memory. */
char *uri_encoded_path(const char *path);

#endif
