/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The libvirts that guests live in: the service's own, and those that machines name. Main thread only.
 */
#ifndef USHER_SERVICE_GUESTS_HOSTS_H
#define USHER_SERVICE_GUESTS_HOSTS_H

#include "guest/guest.h"
#include "service/base/base.h"

enum { HOSTS_MAX = 16 }; /* each has a connection and six threads */

/* Called with what a libvirt reports. All must be set. */
struct hosts_calls {
	void (*connected)(void *arg, struct guests *to); /* (again) there */
	void (*disconnected)(void *arg, struct guests *from);
	void (*event)(void *arg, struct guests *from, const struct guest_news *news);
	void (*network)(void *arg, const char *network, bool started); /* of the own one */
	/* QEMU paused a guest that could not write: its storage is full, or fails. */
	void (*disk_error)(void *arg, struct guests *from, const char *domain, const char *uuid,
		const char *path, bool full);
	void *arg;
};

struct hosts {
	struct base *base;
	struct hosts_calls calls;
	struct guests *own;          /* the service's own: its networks are ours */
	struct host *all[HOSTS_MAX]; /* [0] is the own */
	size_t count;
};

int hosts_start(struct hosts *hosts); /* 0 or -errno; does not connect */
/* Waits for running libvirt calls, up to a limit. False: some threads still run, and may still post to the mailbox. */
bool hosts_stop(struct hosts *hosts);
/* The libvirt at this URI; NULL and "" are the own one. Creates a new one without waiting for its connection. 0, or
 * -errno (as -ENOSPC) with the line and `*ret` NULL. */
int hosts_find(
	struct hosts *hosts, const char *uri, struct guests **ret, char *why, size_t why_size);
/* Where the machine's guest lives. NULL (the jobs of guest.h refuse it): no more libvirts; logged. */
struct guests *guests_of(struct hosts *hosts, const struct machine *m);
/* Connects to those where machines live; and to the own one, when asked. */
void hosts_connect(struct hosts *hosts, bool own);
json_t *hosts_json(const struct hosts *hosts); /* new reference */
/* Place 0 to n_hosts - 1; the URI of one of them. */
struct guests *hosts_at(const struct hosts *hosts, size_t i);
const char *hosts_uri(const struct hosts *hosts, const struct guests *g);

#endif
