/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records serial consoles: one libvirt stream for each running guest, a session with its controller for bare metal while it
 * installs and while somebody looks; the worker appends its output to the log. Main thread only.
 */
#ifndef USHER_SERVICE_CONSOLE_CONSOLE_RECORD_H
#define USHER_SERVICE_CONSOLE_CONSOLE_RECORD_H

#include "service/base/kept.h"
#include "service/console/console_text.h"
#include "service/console/consoles.h"

enum {
	/* Limits for a guest that prints without end: bytes at once, and bytes a second. An installer prints a
	 * hundredth of that. */
	RECORD_BURST = 512 << 10,
	RECORD_RATE = 16 << 10, /* bytes a second */
	RECORD_PAUSE_MS = 5000, /* beyond it, nothing is recorded for this long */
	RECORD_GATHER_MS =
		20, /* from one write to the next: QEMU sends a byte or a few at a time */
	RECORD_TAKEN_MS = 10000, /* retry after this time when another client has the console */
	RECORD_ENDED_MS = 1000,  /* delay before checking whether the guest ended with its stream */
	/* Retry after this time when the console cannot be opened for another reason, such as QEMU exiting. Doubled up
	 * to six times. */
	RECORD_ODD_MS = 5000,
	/* A controller has one session: of bare metal it is open while it is installed, and this long after somebody looked. */
	RECORD_LOOKED_MS = 120 * 1000,
	RECORD_TOOL_MS = 3600 * 1000, /* and this long after a tool was loaded, or ended */
	RECORD_WANTED_MS = 10 * 1000, /* between two looks whether it still has to be open */
};

enum record_state {
	RECORD_OPENING,
	RECORD_ON,
	RECORD_OFF,    /* the guest does not run */
	RECORD_TAKEN,  /* another client has its console */
	RECORD_PAUSED, /* it printed too much */
	RECORD_AWAY,   /* libvirt does not answer */
	RECORD_NONE,   /* it has none, or it cannot be opened: `why` */
};
const char *record_state_name(enum record_state state);

struct recording {
	struct kept kept; /* first: what it said */
	struct consoles *consoles;
	char uuid[UUID_TEXT];
	struct guest_console *stream; /* NULL: none is open, or being opened */
	struct sol *sol;              /* of bare metal: the same */
	int64_t looked_at;            /* mono ms; 0: nobody did */
	enum record_state state;
	char why[GUEST_WHY];
	bool said_begin; /* the log already says where the record of this run begins */
	bool said_runs;  /* the log says that the guest runs: when it stops, log that too */
	bool run_again;  /* it was started while the stream of the run before was not over yet */
	struct loop_timer again;
	struct loop_timer wanted;  /* bare metal's, while its session is open */
	unsigned odd;              /* times that it could not be opened, one after another */
	int64_t budget, budget_at; /* bytes; mono ms */
	struct console_text lines; /* what it says, for whoever looks for signs of trouble */
};

/* The machine's; made when there is none yet. NULL: out of memory. */
struct recording *record_of(struct consoles *consoles, const struct machine *m);
/* Types into the guest: as guest_console_send(). */
int record_send(struct recording *r, const void *bytes, size_t n);
struct guests;
struct machine;
struct consoles;
/* Can this machine's console be had: is it a guest, or has it an IPMI controller? */
bool record_possible(const struct machine *m);
/* Bare metal is about to boot into its installer, or was when we ended. */
void record_netboots(struct consoles *consoles, const struct machine *m);
/* Somebody looks at it, or types. */
void record_looked(struct recording *r);
/* Before libvirt is connected. 0 or -errno. */
int record_begin(struct consoles *consoles);
void record_started(struct consoles *consoles, const struct machine *m);
/* This libvirt connected (again), or disconnected. */
void record_connected(struct consoles *consoles, const struct guests *to);
void record_disconnected(struct consoles *consoles, const struct guests *from);
/* The machine was called `old`: its record goes with it. */
void record_renamed(struct consoles *consoles, const struct machine *m, const char *old);
/* The machine is deleted: deletes its record too. */
void record_forget(struct consoles *consoles, const struct machine *m);
/* Its domain disappears when it stops: no stream may be open then (guest/console.h). */
void record_leave(struct consoles *consoles, const struct machine *m);
/* After the worker's end. */
void record_drop_all(struct consoles *consoles);

#endif
