/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file by TFTP, as firmware fetches it: RFC 1350 with blksize and tsize, one block at a time. Blocking. */
#ifndef USHER_USHER_PROBE_PROBE_TFTP_H
#define USHER_USHER_PROBE_PROBE_TFTP_H

#include "usher/probe/probe_judge.h"

#include <signal.h>

enum {
	PROBE_TFTP_TRIES = 5,      /* of one packet: PXE's ROMs give up about then */
	PROBE_TFTP_WAIT_MS = 1000, /* for each answer */
	PROBE_TFTP_BLOCK = 1468,   /* one Ethernet frame */
};

struct probe_tftp {
	uint32_t server; /* host order */
	const char *name;
	uint64_t most; /* bytes after which it says that it has enough; 0: all of it */
	volatile sig_atomic_t *stop;
	char *head; /* where the first bytes go */
	size_t head_size;
};

/* Fills what came of it, but for `url` and `kind`. Returns the bytes in `head`. */
size_t probe_tftp_get(const struct probe_tftp *t, struct probe_fetch *ret);

#endif
