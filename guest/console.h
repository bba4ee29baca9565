/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serial consoles, as libvirt streams: bytes out of a running guest, and into it.
 *
 * libvirt queues what a daemon sends without limit as long as nobody takes it: so it is always taken, at once, on
 * libvirt's event thread, and what the main thread does not fetch in time is dropped and counted. Who has too much of a
 * guest closes its console: QEMU then throws the output away by itself, at no cost.
 *
 * struct guests owns one of these; the face to the main thread is guest.h's guest_console_…().
 */
#ifndef USHER_GUEST_CONSOLE_H
#define USHER_GUEST_CONSOLE_H

#include "guest/conn.h"
#include "guest/guest.h"

enum {
	CONSOLE_WAITING = 64 * 1024, /* bytes of one guest that wait for the main thread */
	CONSOLE_WORKERS =
		2, /* threads for the calls that wait for libvirtd: not the jobs' own, which may take seconds */
	CONSOLE_CONNECT_WAIT_MS =
		5000,              /* a connection that was just made still registers its events */
	CONSOLE_CALLS_MAX = 20000, /* as GUEST_JOBS_MAX */
	CONSOLE_LET_GO_S = 5,
};

struct consoles;

/* `conn` and `home` outlive it. */
int consoles_new(struct conn *conn, struct mailbox *home, struct consoles **ret);
/* Every console was closed before. NULL is fine. */
void consoles_free(struct consoles *all);

/*
 * Closes this domain's console, if one is open, and waits until that is done: blocking, for a worker. To be called before
 * a domain is stopped and undefined: libvirtd (9.0) locks up for good when it frees a domain while its main thread closes
 * the stream that the end of QEMU hung up (virChrdevFree() and the stream's close take two locks in opposite orders).
 */
void consoles_let_go(struct consoles *all, const char *uuid);

/* guest.c: those of these guests. */
struct consoles *guests_consoles(struct guests *g);

#endif
