/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Redfish calls on threads of their own: redfish.h blocks. */
#include "core/wipe.h"
#include "hooks/power/driver.h"
#include "hooks/power/redfish.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The worker's until it comes home, so it has a copy of all that it reads. */
struct errand {
	struct task task;     /* first */
	struct power_call *c; /* main thread: NULL, nobody waits for it any more */
	atomic_bool dropped;
	struct power_target target;
	char *password;
	char pin[POWER_PIN];
	struct redfish_call call;
	struct redfish_result result;
};

static bool stopping(const void *arg)
{
	const struct errand *e = arg;

	return atomic_load(&e->dropped) || worker_stopping(e->task.worker);
}

static void errand_free(struct errand *e)
{
	wipe_free(e->password);
	free(e);
}

static int run(struct task *t)
{
	struct errand *e = (struct errand *)t;

	redfish_do(&e->call, &e->result);
	return 0;
}

static void done(struct task *t)
{
	struct errand *e = (struct errand *)t;
	struct power_call *c = e->c;

	if (c) {
		c->state = NULL;
		power_call_end(c,
			&(struct power_result){.status = t->rc ? t->rc : e->result.status,
				.on = e->result.on,
				.text = c->verb == POWER_STATUS && !e->result.status
					? e->result.on ? "on" : "off"
					: e->result.text,
				/* one that was refused is not kept */
				.pin = e->result.status == -EKEYREJECTED ? "" : e->result.pin});
	}
	errand_free(e);
}

static enum power_boot boot_of(const struct power_call *c)
{
	if (c->target.boot != POWER_BOOT_AUTO)
		return c->target.boot;
	return c->uefi ? POWER_BOOT_UEFI : POWER_BOOT_BIOS;
}

static struct errand *errand_new(struct power_call *c)
{
	struct errand *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->task.run = run;
	e->task.done = done;
	e->c = c;
	e->target = c->target;
	e->password = strdup(c->password);
	memcpy(e->pin, *c->target.pin ? c->target.pin : c->pin, sizeof e->pin);
	e->call = (struct redfish_call){.target = &e->target,
		.password = e->password,
		.pin = e->pin,
		.verb = c->verb,
		.boot = boot_of(c),
		.cycled_next = c->cycled_next,
		.limit_ms = POWER_LIMIT_MS,
		.stopping = stopping,
		.arg = e};
	return e;
}

static int send(struct power_call *c, struct errand *e)
{
	struct power *p = c->power;
	int rc = p->worker ? 0 : worker_new(POWER_AT_ONCE, p->home, &p->worker);

	return rc ? rc : worker_do(p->worker, &e->task, "");
}

static void start(struct power_call *c)
{
	struct errand *e = errand_new(c);
	int rc = e && e->password ? send(c, e) : -ENOMEM;

	if (!rc) {
		c->state = e;
		return;
	}
	if (e)
		errand_free(e);
	power_call_fail(c, rc, "cannot ask its controller: %s", strerror(-rc));
}

static void end(struct power_call *c)
{
	struct errand *e = c->state;

	if (!e)
		return;
	e->c = NULL;
	atomic_store(&e->dropped, true);
}

const struct power_driver power_redfish = {start, end};
