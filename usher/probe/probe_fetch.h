/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file by its URL, tftp:// or http://, as the firmware or its loader fetches it. Blocking. */
#ifndef USHER_USHER_PROBE_PROBE_FETCH_H
#define USHER_USHER_PROBE_PROBE_FETCH_H

#include "usher/probe/probe_judge.h"

#include <signal.h>

enum { PROBE_FETCH_LOOK = 64 << 10 }; /* bytes of a file that is only looked at */

struct probe_fetching {
	const char *url;
	const char *post; /* a body; NULL: GET */
	bool look;        /* the beginning is enough */
	bool redirects;
	volatile sig_atomic_t *stop;
};

/* `head` has `size` bytes, at least BOOT_BYTES_HEAD. Returns those that came, at most `size`. */
size_t probe_fetch(
	const struct probe_fetching *f, char *head, size_t size, struct probe_fetch *ret);

/* What DHCP named, as a URL: the name as it was told, which firmware asks TFTP for, so that one from the root has two slashes before
 * it. False: it has no server, or is too long. */
bool probe_fetch_named(const struct dhcp_told *t, char url[IPXE_URL]);

#endif
