/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue of messages to one thread, from any thread, with an eventfd that signals new messages.
 *
 * Messages are intrusive: the sender allocates a struct that begins with (or holds) a struct
 * message and gives it away; `deliver` runs on the receiving thread and owns the message from then
 * on.
 */
#ifndef USHER_CORE_MAILBOX_H
#define USHER_CORE_MAILBOX_H

#include "core/loop.h"

#include <pthread.h>

struct message {
	struct message *next;
	void (*deliver)(struct message *m);
};

struct mailbox {
	pthread_mutex_t lock;
	struct message *head, **tail;
	int fd;            /* eventfd */
	struct loop *loop; /* attached to, or NULL */
	struct loop_fd watch;
};

int mailbox_init(struct mailbox *mb);
/* Undelivered messages are delivered first, on the calling thread. Before its loop is
 * freed. */
void mailbox_fini(struct mailbox *mb);
/* Any thread; never fails, never blocks for long. */
void mailbox_post(struct mailbox *mb, struct message *m);
/* For a thread without a loop: waits up to `timeout_ms` (-1: for ever), delivers what is there. */
void mailbox_wait(struct mailbox *mb, int timeout_ms);
/* For a thread with a loop: deliver whenever there is something. */
int mailbox_attach(struct mailbox *mb, struct loop *l);

#endif
