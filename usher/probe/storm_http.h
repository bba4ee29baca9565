/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The head of an HTTP answer, and a URL with an IPv4 address in it, as far as a storm needs them. Pure. */
#ifndef USHER_USHER_PROBE_STORM_HTTP_H
#define USHER_USHER_PROBE_STORM_HTTP_H

#include <stddef.h>
#include <stdint.h>

struct storm_url {
	uint32_t address; /* host order */
	uint16_t port;
	const char *path; /* in the URL's text */
	char host[24];    /* as it stands there, with its port */
};
/* http://10.0.0.1:8067/x. 0, or -EINVAL. */
int storm_url_parse(const char *url, struct storm_url *ret);

struct storm_head {
	unsigned status;
	size_t len;      /* of the head, with its empty line */
	uint64_t length; /* of the body; UINT64_MAX: until the end */
};
/* 1: `ret` is filled; 0: more is to come; -EBADMSG: no head of HTTP/1. */
int storm_head_parse(const char *bytes, size_t len, struct storm_head *ret);

#endif
