/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kind of power switch has to do: power.c runs the queue, a driver does one call. Main thread. */
#ifndef USHER_HOOKS_POWER_DRIVER_H
#define USHER_HOOKS_POWER_DRIVER_H

#include "core/worker.h"
#include "hooks/job.h"
#include "hooks/power/power.h"
#include "hooks/run.h"

struct power_call;

struct power_driver {
	/* Ends, now or later, in one power_call_end(). */
	void (*start)(struct power_call *c);
	/* Frees what the driver has in `state`, and stops what runs. Called in every case, last. */
	void (*end)(struct power_call *c);
};

extern const struct power_driver power_file;    /* power_file.c */
extern const struct power_driver power_ipmi;    /* power_ipmi.c */
extern const struct power_driver power_redfish; /* power_redfish.c */
extern const struct power_driver power_wol;     /* power_wol.c */

struct power_call {
	struct job job; /* first; its key is the machine's name */
	struct power *power;
	const struct power_driver *driver;
	struct power_target target;
	enum power_verb verb;
	bool uefi, cycled_next;
	char *text, *input,
		*password; /* the target as given; the machine as JSON; wiped at the end */
	char *fault;       /* why it cannot be tried, or NULL */
	char pin[POWER_PIN];
	struct mac mac;
	char ifname[16];
	struct run *run; /* a child process, or NULL: cancelled at the end */
	void *state;     /* the driver's */
	bool (*wanted)(const void *arg);
	void (*done)(void *arg, const struct power_result *r);
	void *arg;
	unsigned behalf; /* core/behalf.h */
};

struct power {
	struct loop *loop;
	struct mailbox *home;
	struct worker *worker; /* for what blocks: made when the first needs it */
	char *dir;
	struct job_queue queue;
	int64_t limit_ms; /* POWER_LIMIT_MS; tests set less */
	int64_t spoke
		[256]; /* when a controller was last spoken to, mono ms, by a hash of its host */
};

/* The call is freed. */
void power_call_end(struct power_call *c, const struct power_result *r);
/* The same with a status and a line for people. */
__attribute__((format(printf, 3, 4))) void power_call_fail(
	struct power_call *c, int status, const char *format, ...);

#endif
