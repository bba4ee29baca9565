/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One HTTP request as firmware and installers make it (libcurl): to the address in the URL, by no proxy. Blocking. */
#ifndef USHER_USHER_CLIENT_HTTP_GET_H
#define USHER_USHER_CLIENT_HTTP_GET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HTTP_GET_CONNECT_MS = 6000, /* three SYNs */
	HTTP_GET_IDLE_S = 10,       /* without a byte: it broke off */
	HTTP_GET_REDIRECTS = 5,     /* that iPXE follows; firmware follows none */
};

struct http_get {
	const char *url;
	const char *post;            /* a body; NULL: GET */
	bool redirects;              /* are followed */
	uint64_t most;               /* bytes after which it stops; 0: all of it */
	volatile sig_atomic_t *stop; /* may be NULL: true breaks it off */
	char *head;                  /* where the first bytes go */
	size_t head_size;
};

enum http_end {
	HTTP_GOT,     /* an answer: `status` */
	HTTP_SILENT,  /* none */
	HTTP_REFUSED, /* nobody listens there */
	HTTP_BROKEN,
};

struct http_got {
	enum http_end end;
	long status;
	uint64_t bytes; /* that came, or, where it was stopped at `most`, that were announced */
	bool part;      /* it was stopped at `most` */
	size_t head_len;
	char says[128]; /* of an end that is none of HTTP_GOT */
};

void http_get(const struct http_get *g, struct http_got *ret);
/* `reference` as it stands in what was fetched from `base`, made whole (RFC 3986 5): 0, or -EINVAL. */
int http_get_resolve(const char *base, const char *reference, char *buf, size_t size);

#endif
