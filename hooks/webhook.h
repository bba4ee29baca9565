/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Webhooks: events posted to URLs (webhook_message.h says in which form), each to those whose kinds it is of. Main thread; posts are
 * made on a thread of each receiver.
 *
 * What is not delivered is posted again after growing pauses, until the webhook's time for an event is over; then it is dropped:
 * that is counted, and on the timeline as kind "webhook". The events of one machine are posted one after the other. A receiver that
 * is reached and does not like one event gets those of other machines meanwhile; while it is not reached, only WEBHOOK_AT_ONCE events
 * are tried, and all at once when it is again. What waits is in memory only.
 */
#ifndef USHER_HOOKS_WEBHOOK_H
#define USHER_HOOKS_WEBHOOK_H

#include "core/loop.h"
#include "core/mailbox.h"
#include "hooks/webhook_message.h"
#include "machine/machine.h"

#include <limits.h>

enum {
	WEBHOOKS_MAX = 8,
	WEBHOOK_URL = 1024,
	WEBHOOK_AT_ONCE = 4,
	WEBHOOK_QUEUE_MAX = 1000,      /* events waiting for one webhook, and their… */
	WEBHOOK_BYTES_MAX = 8 << 20,   /* …bytes; what is over is dropped */
	WEBHOOK_TOLD_MS = 10 * 1000,   /* between two events about what was dropped */
	WEBHOOK_WARNED_MS = 60 * 1000, /* between two warnings in the log that posts fail */
	WEBHOOK_RETRY_S = 3600,        /* usual time for an event */
	WEBHOOK_RETRY_MIN_S = 1,
	WEBHOOK_RETRY_MAX_S = 86400,
};

/* One of usher.xml. */
struct webhook_place {
	char url[WEBHOOK_URL], secret_file[PATH_MAX];
	char ca[PATH_MAX]; /* "": the system's */
	unsigned kinds;    /* bits, by hooks_kind() */
	uint32_t retry_s;
};

struct webhook_stats {
	uint64_t delivered, failed, dropped; /* events; posts that failed; events */
	size_t waiting;                      /* events, with those that are being posted */
};

struct webhooks;

/* All borrowed for as long as they live. `machines` may be NULL: records are then null. */
struct webhooks_config {
	struct loop *loop;
	struct mailbox *home;
	struct timeline *timeline;
	const struct machines *machines;
	const struct webhook_place *places;
	size_t n;
};

/* Listens to the timeline from here on. 0 or -errno. */
int webhooks_new(const struct webhooks_config *c, struct webhooks **ret);
/* What is being posted is broken off; its end comes by the mailbox, and frees it. What waits is forgotten, and logged. Before the
 * timeline and the machines. NULL is fine. */
void webhooks_free(struct webhooks *w);
size_t webhooks_count(const struct webhooks *w); /* of NULL: 0 */
struct webhook_stats webhooks_stats(const struct webhooks *w, size_t i);
const char *webhooks_host(const struct webhooks *w, size_t i);

#endif
