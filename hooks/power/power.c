/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/power.h"

#include "core/behalf.h"
#include "core/plain.h"
#include "core/wipe.h"
#include "hooks/power/driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verbs[] = {[POWER_ON] = "on",
	[POWER_OFF] = "off",
	[POWER_CYCLE] = "cycle",
	[POWER_STATUS] = "status",
	[POWER_NETBOOT] = "netboot"};

enum { VERBS = sizeof verbs / sizeof *verbs };

static const struct power_driver *const drivers[] = {[POWER_FILE] = &power_file,
	[POWER_IPMI] = &power_ipmi,
	[POWER_REDFISH] = &power_redfish,
	[POWER_WOL] = &power_wol};

const char *power_verb_name(enum power_verb verb)
{
	return (size_t)verb < VERBS ? verbs[verb] : NULL;
}

bool power_verb_parse(const char *name, enum power_verb *ret)
{
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(name, verbs[i])) {
			*ret = (enum power_verb)i;
			return true;
		}
	return false;
}

int power_new(struct loop *l, struct mailbox *home, const char *dir, struct power **ret)
{
	struct power *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	p->loop = l;
	p->home = home;
	p->limit_ms = POWER_LIMIT_MS;
	p->dir = strdup(dir);
	if (!p->dir) {
		free(p);
		return -ENOMEM;
	}
	job_queue_init(&p->queue, l, POWER_AT_ONCE, POWER_QUEUE_MAX);
	*ret = p;
	return 0;
}

void power_free(struct power *p)
{
	if (!p)
		return;
	job_queue_fini(&p->queue);
	worker_free(p->worker);
	free(p->dir);
	free(p);
}

static void call_free(struct power_call *c)
{
	if (!c)
		return;
	run_cancel(c->run);
	if (c->driver->end)
		c->driver->end(c);
	free(c->text);
	free(c->fault);
	free(c->input);
	wipe_free(c->password);
	free(c);
}

static void call_drop(struct job *j)
{
	call_free((struct power_call *)j);
}

static void call_start(struct job *j)
{
	struct power_call *c = (struct power_call *)j;

	if (c->wanted && !c->wanted(c->arg))
		power_call_fail(c, -ESTALE, "it is not wanted any more");
	else if (c->fault)
		power_call_fail(c, -EACCES, "%s", c->fault);
	else
		c->driver->start(c);
}

/* The caller may ask for more from inside its `done`. */
void power_call_end(struct power_call *c, const struct power_result *r)
{
	char clean[POWER_TEXT];
	struct power_result plain = *r;
	unsigned before;

	plain.text = plain_line(r->text ? r->text : "", clean, sizeof clean);
	plain.pin = r->pin ? r->pin : "";
	job_done(&c->power->queue, &c->job);
	before = behalf_set(c->behalf);
	c->done(c->arg, &plain);
	behalf_set(before);
	call_free(c);
}

void power_call_fail(struct power_call *c, int status, const char *format, ...)
{
	char line[POWER_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	power_call_end(c, &(struct power_result){.status = status, .text = line});
}

static char *copy_of(const char *s)
{
	return strdup(s ? s : "");
}

static struct power_call *call_new(struct power *p, const struct power_request *rq)
{
	struct power_call *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->power = p;
	c->verb = rq->verb;
	c->uefi = rq->uefi;
	c->cycled_next = rq->cycled_next;
	c->wanted = rq->wanted;
	c->mac = rq->mac;
	c->text = copy_of(rq->power);
	c->password = copy_of(rq->password);
	c->fault = rq->fault ? strdup(rq->fault) : NULL;
	c->input = rq->machine ? json_dumps(rq->machine, JSON_COMPACT) : strdup("null");
	snprintf(c->pin, sizeof c->pin, "%s", rq->pin ? rq->pin : "");
	snprintf(c->ifname, sizeof c->ifname, "%s", rq->ifname ? rq->ifname : "");
	snprintf(c->job.key, sizeof c->job.key, "%s", rq->machine_name);
	c->job.start = call_start;
	c->job.drop = call_drop;
	return c;
}

int power_run(struct power *p, const struct power_request *rq,
	void (*done)(void *arg, const struct power_result *r), void *arg)
{
	struct power_target target;
	struct power_call *c;
	char why[POWER_TEXT];
	int rc;

	if (!p || (size_t)rq->verb >= VERBS ||
		power_target_parse(rq->power, &target, why, sizeof why))
		return -EINVAL;
	c = call_new(p, rq);
	if (!c)
		return -ENOMEM;
	c->target = target;
	c->driver = drivers[target.kind];
	c->done = done;
	c->arg = arg;
	c->behalf = behalf_now();
	rc = c->text && c->password && c->input && !c->fault == !rq->fault
		? job_add(&p->queue, &c->job)
		: -ENOMEM;
	if (rc < 0)
		call_free(c);
	return rc;
}
