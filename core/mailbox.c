/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mailbox.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	DELIVER_MOST = 256, /* messages a wake-up of a loop, which has others to serve */
};

int mailbox_init(struct mailbox *mb)
{
	*mb = (struct mailbox){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	if (mb->fd < 0)
		return -errno;
	pthread_mutex_init(&mb->lock, NULL);
	mb->tail = &mb->head;
	return 0;
}

static void kick(struct mailbox *mb)
{
	uint64_t one = 1;

	/* Fails only when the counter is full, and then the fd is readable anyway. */
	(void)!write(mb->fd, &one, sizeof one);
}

void mailbox_post(struct mailbox *mb, struct message *m)
{
	bool first;

	m->next = NULL;
	pthread_mutex_lock(&mb->lock);
	first = !mb->head;
	*mb->tail = m;
	mb->tail = &m->next;
	/* Under the lock: once it is released the receiver may take the message for a word to end
	 * the mailbox. */
	if (first)
		kick(mb);
	pthread_mutex_unlock(&mb->lock);
}

/* Takes the oldest messages, at most `most`; what stays keeps the fd readable. */
static struct message *take(struct mailbox *mb, size_t most)
{
	struct message *list, **end;
	uint64_t count;

	pthread_mutex_lock(&mb->lock);
	(void)!read(mb->fd, &count, sizeof count);
	list = mb->head;
	for (end = &list; *end && most; most--)
		end = &(*end)->next;
	mb->head = *end;
	if (mb->head)
		kick(mb);
	else
		mb->tail = &mb->head;
	*end = NULL;
	pthread_mutex_unlock(&mb->lock);
	return list;
}

static void deliver_all(struct message *list)
{
	struct message *next;

	for (; list; list = next) {
		next = list->next;
		list->deliver(list);
	}
}

void mailbox_fini(struct mailbox *mb)
{
	struct message *list;

	while ((list = take(mb, SIZE_MAX)))
		deliver_all(list);
	if (mb->loop)
		loop_unwatch(mb->loop, &mb->watch);
	close(mb->fd);
	pthread_mutex_destroy(&mb->lock);
}

void mailbox_wait(struct mailbox *mb, int timeout_ms)
{
	struct pollfd p = {.fd = mb->fd, .events = POLLIN};

	poll(&p, 1, timeout_ms);
	deliver_all(take(mb, SIZE_MAX));
}

static void on_ready(struct loop_fd *w, uint32_t events)
{
	(void)events;
	deliver_all(take(w->arg, DELIVER_MOST));
}

int mailbox_attach(struct mailbox *mb, struct loop *l)
{
	int rc = loop_watch(l, &mb->watch, mb->fd, EPOLLIN, on_ready, mb);

	if (!rc)
		mb->loop = l;
	return rc;
}
