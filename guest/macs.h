/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which MACs a host's domains have, as far as their definitions were read: so that a creation reads those that changed, not
 * all. An event forgets a domain; what is told of none (a NIC plugged in by hand) is known after MACS_FRESH_MS. Any thread.
 */
#ifndef USHER_GUEST_MACS_H
#define USHER_GUEST_MACS_H

#include "core/addr.h"

#include <stddef.h>
#include <stdint.h>

enum {
	MACS_FRESH_MS = 60 * 1000,
	MACS_DOMAIN = 16, /* of one domain; who has more is read each time */
};

struct macs;

int macs_new(struct macs **ret); /* 0 or -ENOMEM */
void macs_free(struct macs *ms);

enum macs_answer { MACS_UNKNOWN, MACS_YES, MACS_NO };
/* Does this domain have one of these? `now`: mono ms. */
enum macs_answer macs_ask(
	struct macs *ms, const char *uuid, const struct mac *macs, size_t n, int64_t now);

/* Before its definitions are read, and after; what was forgotten in between is not put. */
void macs_begin(struct macs *ms, const char *uuid);
void macs_put(struct macs *ms, const char *uuid, const struct mac *macs, size_t n, int64_t now);

void macs_forget(struct macs *ms, const char *uuid);
void macs_forget_all(struct macs *ms); /* events may have been missed */

#endif
