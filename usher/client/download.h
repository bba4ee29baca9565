/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file by URL, with the rights of whoever runs the command (libcurl). Blocking, with its progress on standard error. */
#ifndef USHER_USHER_CLIENT_DOWNLOAD_H
#define USHER_USHER_CLIENT_DOWNLOAD_H

#include "core/sha256.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	DOWNLOAD_CONNECT_S = 30,
	DOWNLOAD_IDLE_S = 60, /* without a byte: it broke off */
	DOWNLOAD_REDIRECTS = 8,
};

bool download_is_url(const char *text);
/* To which protocols a server may send on, as libcurl has them: who asked for https gets http only where the sum is checked. */
const char *download_redirects(const char *url, bool checked);
/*
 * Appends to the file `fd` (borrowed). Only http and https; TLS is verified; proxies are libcurl's. `checked`: who calls compares
 * `ret_sum`, of what came. 0, or -EIO with one line in `why`.
 */
int download(const char *url, int fd, bool checked, char ret_sum[SHA256_HEX], char *why,
	size_t why_size);

#endif
