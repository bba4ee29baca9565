/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doing what a machine's life asks for: power, of guests by libvirt, of bare metal by its controller or the site's executable. */
#include "service/guests/act.h"
#include "kickstart/profile.h"
#include "service/guests/guest_spec.h"
#include "service/guests/hosts.h"
#include "service/base/operation.h"

#include "core/log.h"
#include "machine/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
	struct operation op; /* first */
	struct act *act;
	const char *what; /* static, for the timeline */
	bool fatal;       /* it starts the attempt: its failure ends that */
	bool by_peer;     /* the machine itself can cause it without end */
	uint64_t attempt; /* the machine's when it began */
};

/* Is the attempt under way in which the job began? */
static bool is_in_time(const struct job *j, const struct machine *m)
{
	return m->attempt.number == j->attempt && !m->attempt.ended_at;
}

static struct job *job_new(struct act *act, struct machine *m, const char *what, bool fatal)
{
	struct job *j = malloc(sizeof *j);

	if (!j)
		return NULL;
	*j = (struct job){.act = act, .what = what, .fatal = fatal, .attempt = m->attempt.number};
	operation_begin(&j->op, &act->jobs, m, true);
	return j;
}

/* NULL is fine. */
static void job_free(struct job *j)
{
	if (!j)
		return;
	operation_end(&j->op);
	free(j);
}

static void say(const struct job *j, const struct machine *m, const char *line)
{
	if (j->by_peer)
		machine_tell(m, "power", line);
	else
		timeline_add(j->act->base->timeline, m->name, "power", "%s", line);
}

/* Bare metal that has fetched its boot script is on, whatever its controller says, or does not say in time. */
static bool boots_all_the_same(const struct machine *m)
{
	return !m->guest && m->state == LIFE_BOOTING;
}

static void job_ended(struct job *j, bool ok, const char *why)
{
	struct machine *m = operation_machine(&j->op);
	char line[512];

	/* Before an event, after which the machine may be gone. Bare metal was switched when what starts it has ended: its
	 * boot order alone starts nothing. */
	if (m && (m->guest ? m->state == LIFE_LIVE : j->fatal && is_in_time(j, m)) &&
		!m->attempt.switched) {
		m->attempt.switched = true;
		(void)machines_save(j->act->base->machines, m); /* or it is switched once more */
	}
	if (m) {
		snprintf(line, sizeof line, "%s%s%s%s", j->what, ok ? "" : " failed",
			*why ? ": " : "", why);
		say(j, m, line);
		if (!ok && j->fatal && is_in_time(j, m) && !boots_all_the_same(m))
			machine_event(m, LIFE_POWER_FAILED, line);
	}
	job_free(j);
}

static void on_guest_job(void *arg, int rc, const char *why)
{
	job_ended(arg, !rc, why);
}

/* Undefined behind our back: what is to be installed, or live, is made anew. */
static void on_netboot_job(void *arg, int rc, const char *why)
{
	struct job *j = arg;
	struct machine *m = operation_machine(&j->op);

	if (rc != -ENOENT || !m || m->deleting) {
		job_ended(j, !rc, why);
		return;
	}
	act_make_again(j->act, m, "made again, as its domain was gone");
	job_free(j);
}

/* Its turn came too late. `m` may be NULL. */
static void left_out(struct job *j, const struct machine *m)
{
	char line[160];

	snprintf(
		line, sizeof line, "%s: left out, as the attempt that it was for is over", j->what);
	if (m)
		say(j, m, line);
	job_free(j);
}

static void on_power_job(void *arg, const struct power_result *r)
{
	struct job *j = arg;
	struct machine *m = operation_machine(&j->op);

	if (r->status == -ESTALE) {
		left_out(j, m);
		return;
	}
	if (m)
		act_power_met(m, r);
	if (m && !r->status && j->fatal)
		machine_saw(m, SAW_START, j->what);
	job_ended(j, !r->status, r->text);
}

/* It did not even begin. `j` may be NULL. */
static void job_refused(struct act *act, struct machine *m, struct job *j, const char *what, int rc)
{
	if (j)
		job_ended(j, false, strerror(-rc));
	else
		timeline_add(act->base->timeline, m->name, "power", "%s failed: %s", what,
			strerror(-rc));
}

static void on_filtered(void *arg, int rc, const char *why)
{
	struct job *j = arg;
	struct machine *m = operation_machine(&j->op);

	if (rc && rc != -ENOSYS) /* no filters here, yet: said when a guest is made */
		log_warn("%s: cannot update its packet filter: %s", j->op.name, why);
	else if (!rc && m && m->spec.filters != GUEST_FILTERS) {
		m->spec.filters = GUEST_FILTERS;
		(void)machines_save(j->act->base->machines, m); /* or it is done once more */
	}
	job_free(j);
}

void act_refilter(struct act *act, struct machine *m)
{
	struct guest_spec spec;
	struct job *j;

	if (!m->guest || !act->base->config.filter)
		return;
	guest_spec_nics(act->base, m, &spec);
	j = job_new(act, m, "filtered", false);
	if (j && guest_filter(guests_of(act->hosts, m), &spec, on_filtered, j))
		job_free(j);
}

typedef int guest_job(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg);

static void guest_do(
	struct act *act, struct machine *m, guest_job *run, const char *what, bool fatal)
{
	struct job *j = job_new(act, m, what, fatal);
	bool netboots = run == guest_start_install || run == guest_start_live;
	guest_done done = netboots ? on_netboot_job : on_guest_job;
	int rc = -ENOMEM;

	if (netboots || run == guest_start_disk)
		act_refilter(act, m);
	if (j)
		rc = run(guests_of(act->hosts, m), m->name, m->uuid, done, j);
	if (rc)
		job_refused(act, m, j, what, rc);
}

/* The first certificate that a controller shows is its own from then on. */
void act_power_met(struct machine *m, const struct power_result *r)
{
	if (*m->power_pin || strlen(r->pin) >= sizeof m->power_pin || !*r->pin)
		return;
	memcpy(m->power_pin, r->pin, strlen(r->pin) + 1);
	if (machines_save(m->home, m))
		log_error("%s: its record could not be stored", m->name);
}

const char *act_power_fault(const struct machine *m, char *buf, size_t size)
{
	if (!m->power_locked)
		return NULL;
	snprintf(buf, size,
		"its controller's password cannot be read (it was encrypted with another key than the "
		"one that is there now): set it again: usher power %s set TARGET",
		m->name);
	return buf;
}

int act_power(struct act *act, const struct machine *m, const struct act_power_call *call)
{
	const struct segment *seg =
		segments_by_id(&act->base->segments, m->n_nics ? m->nics[0].segment_id : 0);
	json_t *json = machine_to_json(m, true);
	char fault[POWER_TEXT];
	struct power_request rq = {.power = m->power,
		.password = m->power_password,
		.fault = act_power_fault(m, fault, sizeof fault),
		.pin = m->power_pin,
		.verb = call->verb,
		.cycled_next = call->cycled_next,
		.wanted = call->wanted,
		.uefi = m->uefi,
		.machine_name = m->name,
		.machine = json,
		.mac = m->n_nics ? m->nics[0].mac : (struct mac){{0}},
		.ifname = seg && !seg->via ? seg->ifname : ""};
	int rc = json ? power_run(act->power, &rq, call->done, call->arg) : -ENOMEM;

	json_decref(json);
	return rc;
}

struct bare_call {
	enum power_verb verb;
	const char *what;    /* as of struct job, … */
	bool fatal, by_peer; /* … as these */
	bool cycled_next;    /* as of struct power_request */
	bool of_attempt; /* done only while the attempt is under way in which it was asked for */
};

/* Disarmed or deleted while it waited for its turn, a machine is left as it is; armed again, it has another job. */
static bool is_wanted(const void *arg)
{
	const struct job *j = arg;
	const struct machine *m = operation_machine(&j->op);

	return m && is_in_time(j, m);
}

static void bare_job(struct act *act, struct machine *m, const struct bare_call *c)
{
	struct job *j = job_new(act, m, c->what, c->fatal);
	int rc;

	if (j)
		j->by_peer = c->by_peer;
	rc = j ? act_power(act, m,
			 &(struct act_power_call){.verb = c->verb,
				 .cycled_next = c->cycled_next,
				 .wanted = c->of_attempt ? is_wanted : NULL,
				 .done = on_power_job,
				 .arg = j})
	       : -ENOMEM;
	if (rc)
		job_refused(act, m, j, c->what, rc);
}

static void bare_do(struct act *act, struct machine *m, const struct bare_call *c)
{
	if (*m->power)
		bare_job(act, m, c);
	else
		timeline_add(act->base->timeline, m->name, "power",
			"%s: usher cannot switch this machine's power (it has no --power): do it by hand",
			c->what);
}

/* Who is woken by a packet boots as its firmware has it. */
static bool takes_boot_order(const struct machine *m)
{
	struct power_target t;
	char why[256];

	return *m->power &&
		(power_target_parse(m->power, &t, why, sizeof why) || t.kind != POWER_WOL);
}

static const char told_to_netboot[] = "told to boot from the network";

void act_netboot_next(struct act *act, struct machine *m, bool cycled_next)
{
	if (takes_boot_order(m))
		bare_job(act, m,
			&(struct bare_call){.verb = POWER_NETBOOT,
				.what = told_to_netboot,
				.cycled_next = cycled_next});
}

static void netboot_after_this(struct act *act, struct machine *m)
{
	if (takes_boot_order(m))
		bare_job(act, m,
			&(struct bare_call){.verb = POWER_NETBOOT,
				.what = "told to boot from the network the next time too",
				.by_peer = true,
				.of_attempt = true});
}

static void bare_netboot(struct act *act, struct machine *m)
{
	if (*m->power) /* once, the network first: not every site can, and not every machine needs it */
		bare_job(act, m,
			&(struct bare_call){.verb = POWER_NETBOOT,
				.what = told_to_netboot,
				.cycled_next = true,
				.of_attempt = true});
	bare_do(act, m,
		&(struct bare_call){.verb = POWER_CYCLE,
			.what = "power cycle",
			.fatal = true,
			.of_attempt = true});
}

/* A live one stays with the network; any other comes back to its disk. */
static void guest_netboot(struct act *act, struct machine *m)
{
	guest_do(act, m, m->state == LIFE_LIVE ? guest_start_live : guest_start_install,
		"started from the network", true);
}

/* Its attempt has ended. */
static void guest_off(struct act *act, struct machine *m)
{
	if (m->attempt.live.on)
		guest_do(act, m, guest_leave_live, "stopped; it boots from its disk again", false);
	else
		guest_do(act, m, guest_stop, "stopped", false);
}

void act_carry_out(struct act *act, struct machine *m, unsigned actions)
{
	if (actions & LIFE_DO_FILTER)
		act_refilter(act, m);
	if (m->guest) {
		if (actions & LIFE_DO_NETBOOT && !act->goes_on(act->arg, m))
			guest_netboot(act, m);
		if (actions & LIFE_DO_DISK && !act->goes_on(act->arg, m))
			guest_do(act, m, guest_start_disk, "started from its disk", false);
		if (actions & LIFE_DO_OFF)
			guest_off(act, m);
		return;
	}
	if (actions & LIFE_DO_NETBOOT)
		bare_netboot(act, m);
	if (actions & LIFE_DO_NETBOOT_NEXT)
		netboot_after_this(act, m);
	if (actions & LIFE_DO_OFF)
		bare_do(act, m, &(struct bare_call){.verb = POWER_OFF, .what = "power off"});
}

/* We were killed between the record and the domain: go on where it ended. */
static void on_made_again(void *arg, int rc, const char *why)
{
	struct job *j = arg;
	struct machine *m = operation_machine(&j->op);
	bool stays = !rc && m && !m->deleting; /* else the job behind this one deletes it again */

	if (stays && life_netboots(m->state))
		guest_netboot(j->act, m);
	else if (stays && guest_unmade_clone(m))
		guest_do(j->act, m, guest_start_disk, "started from its disk", false);
	job_ended(j, !rc, why);
}

void act_make_again(struct act *act, struct machine *m, const char *what)
{
	struct guest_spec spec, former;
	struct profile *p = NULL;
	char why[512];
	struct job *j;
	int rc;

	if (guest_spec_make(act->base, m, &spec, &p, why, sizeof why)) {
		machine_event(m, LIFE_POWER_FAILED, why);
		return;
	}
	spec.replace = true; /* a volume without its domain may be left of the first try */
	guest_spec_disks(m, &former);
	spec.former = &former;
	j = job_new(act, m, what, true);
	rc = j ? guest_create(guests_of(act->hosts, m), &spec, on_made_again, j) : -ENOMEM;
	if (rc)
		job_refused(act, m, j, what, rc);
	profile_free(p);
}

void act_drop_all(struct act *act)
{
	while (act->jobs)
		job_free((struct job *)act->jobs);
}

void act_netboot(struct act *act, struct machine *m)
{
	guest_netboot(act, m);
}

void act_stop(struct act *act, struct machine *m)
{
	guest_off(act, m);
}
