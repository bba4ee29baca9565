/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to httpd/: the listening sockets. */
#ifndef USHER_HTTPD_HTTP_LISTEN_H
#define USHER_HTTPD_HTTP_LISTEN_H

#include "core/addr.h"

#include <stddef.h>
#include <sys/types.h>

/* Listening descriptors, not blocking; or -errno and one line in `why`, where `setting` says how to choose another port.
 * *ret_bound (may be NULL) tells whether the socket is bound to `ifname`: without the privilege it is not, and works all
 * the same. */
int http_listen_tcp(const char *ifname, const struct ip *ip, uint16_t port, const char *setting,
	bool *ret_bound, char *why, size_t why_size);
/* A stale socket file is removed; -EADDRINUSE when somebody listens on it, -EEXIST when it is no
 * socket. */
int http_listen_unix(const char *path, mode_t mode, gid_t gid, char *why, size_t why_size);

#endif
