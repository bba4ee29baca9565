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
/*
 * Appends to the file `fd` (borrowed). Only http and https; TLS is verified; proxies are libcurl's. `ret_sum`: of what came. 0, or -EIO
 * with one line in `why`.
 */
int download(const char *url, int fd, char ret_sum[SHA256_HEX], char *why, size_t why_size);

#endif
