/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to libvirt, kept: opened when first wanted, opened again when lost, with events
 * registered each time. Two threads: libvirt's event loop (one for all connections of the process), and one that
 * opens and closes. The callbacks run on either of them.
 */
#ifndef USHER_GUEST_CONN_H
#define USHER_GUEST_CONN_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CONN_RETRY_MIN_MS = 1000,
	CONN_RETRY_MAX_MS = 10000,
	CONN_KEEPALIVE_S = 10, /* a libvirtd that is silent for six of these is taken for dead */
};

struct conn_config {
	const char *uri;
	void *arg;
	void (*up)(void *arg, unsigned number); /* 1.. of the connection; before its first event */
	void (*down)(void *arg, const char *why);
	/* `event` and `detail` are libvirt's (virDomainEventType ...). */
	void (*domain)(void *arg, const char *name, const char *uuid, int event, int detail);
	void (*network)(void *arg, const char *name, bool started);
	/* A write failed, and QEMU paused the domain; `reason` "enospc" or "". */
	void (*paused)(void *arg, const char *name, const char *uuid, const char *path,
		const char *reason);
};

struct conn;

int conn_new(const struct conn_config *config, struct conn **ret);
void conn_free(struct conn *c);
void conn_want(struct conn *c);

/* Waits up to `wait_ms`. A reference, for virConnectClose(); NULL with a reason. Any thread. */
virConnectPtr conn_get(
	struct conn *c, int wait_ms, unsigned *ret_number, char *why, size_t why_size);
/* A call on `v` failed for the connection's sake: it is closed and opened anew. */
void conn_broken(struct conn *c, virConnectPtr v);
/* Nobody waits in conn_get() any more, and nobody will. */
void conn_stop_waiting(struct conn *c);

#endif
