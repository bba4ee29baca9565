/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to guest/: one libvirt as its parts see it. guest.c: what the main thread asks for; jobs.c: how it is done;
 * notices.c: what libvirt says by itself. */
#ifndef USHER_GUEST_GUESTS_H
#define USHER_GUEST_GUESTS_H

#include "core/queue.h"
#include "guest/accel.h"
#include "guest/conn.h"
#include "guest/console.h"
#include "guest/guest.h"
#include "guest/mac_cache.h"
#include "guest/runs.h"

#include <pthread.h>
#include <stdatomic.h>

enum { GUEST_RENEW_MS = 60000 /* between new connections in place of ones that are well */ };

struct guests {
	atomic_uint refs; /* ours, and one for each message on its way */
	bool closed;      /* main thread's: messages are only freed */
	bool connected;
	struct guests_config config;
	char *uri, *state_dir, *kernel;
	char accel[8];
	struct conn *conn;
	struct queue *queue;
	struct mac_cache *macs;
	struct consoles *consoles;
	struct runs runs;

	pthread_mutex_t accel_lock; /* held while KVM is tested: once */
	enum accel accel_verdict;
	char accel_why[ACCEL_WHY];
	int64_t accel_until; /* mono ms: then it is to be found again */
	atomic_uint
		filters; /* number of the connection on which our filters were seen to; 0: none */
	_Atomic int64_t renewed; /* mono ms of the last of GUEST_RENEW_MS; 0: none */
};

/* Any thread: `deliver` is called on the main thread, and puts the reference that comes with the message. */
void guests_post(struct guests *g, struct message *m, void (*deliver)(struct message *));
void guests_put(struct guests *g);

/* notices.c: the callbacks of its connection. */
void notices_hook(struct guests *g, struct conn_config *c);
/* An event of a domain, that nothing holds (runs.h). Main thread. */
void notices_tell(struct guests *g, const char *domain, const struct run_event *e);

#endif
