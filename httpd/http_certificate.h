/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates for httpd_open_tls(), by GnuTLS: one that usher makes for itself, and a look at those that a site has. */
#ifndef USHER_HTTPD_HTTP_CERTIFICATE_H
#define USHER_HTTPD_HTTP_CERTIFICATE_H

#include "core/addr.h"
#include "core/sha256.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HTTP_CERTIFICATE_YEARS = 10,       /* nobody renews it: clients know its sum */
	HTTP_CERTIFICATE_MAX = 256 * 1024, /* bytes of a file: a chain of some */
};

struct http_certificate {
	char *certificate, *key;      /* PEM, heap; the certificate's chain behind it */
	char fingerprint[SHA256_HEX]; /* SHA-256 of the certificate (DER) */
	int64_t until;                /* seconds since the epoch */
};

/* Signed by itself, for a host's name, localhost and these addresses; an EC key. 0 or -errno. */
int http_certificate_make(const char *host, const struct ip *addresses, size_t n, int64_t now_s,
	struct http_certificate *ret);
/* Do its two texts belong together? Sets what the others say. 0 or -EINVAL with one line in `why`. */
int http_certificate_look(struct http_certificate *c, char *why, size_t size);
/* Is it for this address, too? What cannot be read is for none. */
bool http_certificate_names(const struct http_certificate *c, const struct ip *address);
/* Wipes the key. Zeroed is fine. */
void http_certificate_fini(struct http_certificate *c);

#endif
