/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arming again, confirming, disarming, deleting. */
#include "service/operations/change.h"
#include "service/operations/template.h"
#include "service/console/console_record.h"
#include "service/logs/logs.h"
#include "service/files/cache.h"
#include "service/guests/guest_spec.h"
#include "service/guests/hosts.h"
#include "service/network/seats.h"
#include "service/base/operation.h"
#include "service/operations/judge.h"
#include "service/operations/operations.h"
#include "service/files/linted.h"
#include "service/base/reply.h"
#include "service/files/served_profile.h"
#include "service/base/rendered_for.h"

#include "core/json.h"
#include "core/log.h"
#include "kickstart/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A machine that is to be armed again, while its files are looked for. */
struct rearming {
	struct operation op; /* first */
	struct operations *ops;
	struct http_request *request;
	struct profile *profile;
	json_t *snapshot;
	json_t *findings;         /* of its answers; NULL: none */
	enum machine_seal seal;   /* from now on */
	char tool[PROFILE_NAME];  /* to be run; "": `other`, or the machine's own profile */
	char other[PROFILE_NAME]; /* becomes the machine's profile; "": it keeps its own */
	json_t *settings;         /* of the tool or the other profile; NULL: the machine's */
};

static void rearming_free(struct rearming *a)
{
	operation_end(&a->op);
	profile_free(a->profile);
	json_decref(a->snapshot);
	json_decref(a->findings);
	json_decref(a->settings);
	free(a);
}

static int judge_kind(const struct rearming *a, char *why, size_t size)
{
	if (a->profile->tool == !!*a->tool)
		return 0;
	if (a->profile->live)
		snprintf(why, size,
			"%s is booted at every boot, which 'usher run' does not do: 'usher "
			"reinstall %s --profile %s'",
			a->tool, a->op.name, a->tool);
	else if (*a->tool)
		snprintf(why, size,
			"%s installs a system, which 'usher run' does not do: 'usher reinstall'",
			a->tool);
	else if (*a->other)
		snprintf(why, size, "%s installs nothing: 'usher run %s --profile %s' runs it once",
			a->other, a->op.name, a->other);
	else
		snprintf(why, size, "the profile %s installs nothing any more", a->profile->name);
	return -EINVAL;
}

/* With the profile as it is now. */
static int rearming_judge(struct rearming *a, const struct machine *m, char *why, size_t why_size)
{
	struct operations *ops = a->ops;
	uint64_t disk = m->spec.disk;
	struct rendering *rendering = NULL;
	struct rendered_for r;
	int rc;

	rendered_for_first(&r, ops->base, m);
	r.in.settings = a->settings;
	rc = judge_kind(a, why, why_size);
	if (!rc)
		rc = media_named(a->profile, why, why_size);
	if (!rc) /* the profile may have made a secret of what was none */
		rc = profile_seal_secrets(a->profile, a->settings ? a->settings : m->settings);
	if (!rc)
		rc = rendering_validated(a->profile, &r.in, m->spec.memory, disk, &rendering,
			&a->snapshot, why, why_size);
	if (!rc)
		rc = linted(rendering, disk, &a->findings, why, why_size);
	rendering_free(rendering);
	return rc;
}

/* Its creation would not know of the change, nor the change of an undoing. */
static bool refused_while_created(
	struct operations *ops, struct http_request *r, const struct machine *m)
{
	if (!reserved(ops->base->reserved, m->name, 0, NULL))
		return false;
	http_respond_error(r, 409, "%s is being created just now: wait for that to end", m->name);
	return true;
}

static bool refused_while_deleted(struct http_request *r, const struct machine *m)
{
	if (m->deleting)
		http_respond_error(r, 409, "%s is being deleted", m->name);
	return m->deleting;
}

static int arm(struct rearming *a, struct machine *m)
{
	int64_t ms = (int64_t)a->profile->timeout_s * 1000;
	json_t *snapshot = json_incref(a->snapshot);

	if (*a->tool)
		return machine_run(m, a->tool, snapshot, a->profile->boots, ms);
	return (a->profile->live ? machine_go_live : machine_arm)(
		m, snapshot, a->profile->boots, ms);
}

/* With what the machine's record is to say of it, which is undone when it is refused. */
static int arm_as(struct rearming *a, struct machine *m)
{
	enum machine_seal seal = m->seal;
	json_t *settings = m->settings;
	char profile[sizeof m->profile];
	int rc;

	memcpy(profile, m->profile, sizeof profile);
	m->seal = a->seal;
	if (*a->other) {
		snprintf(m->profile, sizeof m->profile, "%s", a->other);
		m->settings = a->settings;
	}
	rc = arm(a, m);
	if (rc == -EBUSY) {
		m->seal = seal;
		m->settings = settings;
		memcpy(m->profile, profile, sizeof profile);
	} else if (*a->other) {
		a->settings = settings; /* for rearming_free() */
	}
	return rc;
}

static const char *refusal(const struct machine *m)
{
	if (life_installs(m->state))
		return "an install is under way; 'usher disarm' ends it";
	if (m->state == LIFE_LIVE)
		return "it boots a live system; 'usher disarm' ends that";
	return "its first boot is to come before anything else is run";
}

/* 0; -EINPROGRESS with what is missing (cache_look()), or -errno with the line. */
static int rearming_arm(
	struct rearming *a, struct machine *m, json_t **ret_missing, char *why, size_t why_size)
{
	struct operations *ops = a->ops;
	char warning[1024] = "";
	struct rendered_for r;
	int rc = 0;

	rendered_for_first(&r, ops->base, m);
	if (!life_installs(m->state)) /* else it is refused below, without a fetch */
		rc = cache_look(ops->content, &r.in, a->snapshot, ret_missing, warning,
			sizeof warning, why, why_size);
	if (rc)
		return rc;
	rc = arm_as(a, m);
	if (rc)
		snprintf(why, why_size, "%s is %s: %s", m->name, life_state_name(m->state),
			rc == -EBUSY ? refusal(m) : strerror(-rc));
	else if (*warning)
		timeline_add(ops->base->timeline, m->name, "fetch", "%s", warning);
	return rc;
}

static json_t *rearming_reply(const struct rearming *a, const struct machine *m)
{
	json_t *reply = reply_machine(a->ops->base->timeline, m, true);

	linted_add(reply, a->findings);
	return reply;
}

static void rearming_end(struct rearming *a, struct machine *m)
{
	json_t *missing;
	char why[1024];
	int rc = rearming_arm(a, m, &missing, why, sizeof why);

	if (rc == -EINPROGRESS)
		reply_fetching(a->request, missing);
	else if (rc)
		http_respond_error(a->request, rc == -EBUSY ? 409 : 422, "%s", why);
	if (rc)
		return;
	reply_tag(a->request, m);
	reply_committed(a->ops->base->store, a->request, 200, rearming_reply(a, m));
}

/* NULL: it cannot be armed any more, which is answered. */
static struct machine *rearming_machine(struct rearming *a)
{
	struct machine *m = operation_machine(&a->op);

	if (!m)
		http_respond_error(a->request, 404, "no machine '%s'", a->op.name);
	else if (refused_while_created(a->ops, a->request, m) ||
		refused_while_deleted(a->request, m))
		m = NULL;
	return m;
}

/* Of its settings no more than what their files are was wanted. */
static void on_profile(void *arg, struct served_profile *sp)
{
	struct rearming *a = arg;
	struct machine *m = NULL;
	char why[1024];
	int rc = sp->rc;

	if (a->settings) {
		json_decref(a->settings);
		a->settings = sp->settings;
	} else {
		json_decref(sp->settings);
	}
	a->profile = sp->profile;
	snprintf(why, sizeof why, "%s", sp->why);
	if (!rc && !(m = rearming_machine(a))) {
		rearming_free(a);
		return;
	}
	if (m)
		rc = rearming_judge(a, m, why, sizeof why);
	if (!rc && (rc = sp->files_rc))
		snprintf(why, sizeof why, "%s", sp->files_why);
	if (rc)
		http_respond_json(
			a->request, rc == -ECANCELED ? 503 : 422, linted_error(why, a->findings));
	else
		rearming_end(a, m);
	rearming_free(a);
}

/* What a request to install again may say; what it does not say stays as it is. NULL: it is fine. */
static const char *body_error(const json_t *body)
{
	const json_t *sealed = json_object_get(body, "sealed"),
		     *profile = json_object_get(body, "profile"),
		     *settings = json_object_get(body, "settings");

	if (!json_is_object(body) ||
		json_object_size(body) !=
			(size_t) !!sealed + (size_t) !!profile + (size_t) !!settings)
		return "the request is empty, or has sealed, profile and settings";
	if (sealed && !json_is_boolean(sealed))
		return "sealed is true or false";
	if (profile &&
		(!json_string_length(profile) || json_string_length(profile) >= PROFILE_NAME))
		return "profile is the name of one: 'usher profiles' lists them";
	if (settings && !profile)
		return "settings go with a profile";
	return settings ? judge_settings_error(settings) : NULL;
}

/* NULL: it cannot be armed now, which is answered. */
static struct rearming *rearming_new(
	struct operations *ops, struct http_request *r, struct machine *m, const char *what)
{
	struct rearming *a;

	if (refused_while_created(ops, r, m) || refused_while_deleted(r, m) ||
		template_refuses(ops, r, m, what))
		return NULL;
	if (!m->nics[0].segment_id) {
		http_respond_error(r, 409, "segment '%s' of %s is not served now",
			m->nics[0].segment, m->name);
		return NULL;
	}
	a = calloc(1, sizeof *a);
	if (!a) {
		http_respond_error(r, 500, "out of memory");
		return NULL;
	}
	*a = (struct rearming){.ops = ops, .request = r};
	operation_begin(&a->op, &ops->rearmings, m, false);
	http_hold(r, HTTP_HOLD_MS);
	return a;
}

static void take_body(struct rearming *a, const struct machine *m, json_t *body)
{
	const json_t *sealed = json_object_get(body, "sealed");
	json_t *settings = json_object_get(body, "settings");

	a->seal = !sealed ? m->seal : json_is_true(sealed) ? SEAL_YES : SEAL_NO;
	snprintf(a->other, sizeof a->other, "%s", json_text(body, "profile"));
	if (*a->other)
		a->settings = settings ? json_incref(settings) : json_object();
}

void change_reinstall(struct operations *ops, struct http_request *r, struct machine *m)
{
	json_t *body = r->body_len ? json_loadb(r->body, r->body_len, 0, NULL) : json_object();
	const char *error = body_error(body);
	struct rearming *a = NULL;
	int rc;

	if (error)
		http_respond_error(r, 400, "%s", error);
	else
		a = rearming_new(ops, r, m, "installed again");
	if (a)
		take_body(a, m, body);
	json_decref(body);
	if (!a)
		return;
	rc = *a->other ? served_profile_ask(ops->content, a->other, a->settings, m->spec.firmware,
				 SERVED_PROFILE_INSTALL, on_profile, a)
		       : served_profile_ask(ops->content, m->profile, m->settings, m->spec.firmware,
				 SERVED_PROFILE_JUDGE, on_profile, a);
	if (rc) {
		http_respond_error(r, 503, "%s", served_profile_refused(rc));
		rearming_free(a);
	}
}

void change_run(struct operations *ops, struct http_request *r, struct machine *m)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	json_t *settings = json_object_get(body, "settings");
	const char *tool = json_text(body, "profile");
	struct rearming *a = NULL;
	int rc;

	if (m->guest)
		http_respond_error(r, 409, "%s is a guest: tools run on bare metal", m->name);
	else if (!*tool || strlen(tool) >= PROFILE_NAME)
		http_respond_error(r, 422, "which profile? 'usher profiles' lists them");
	else
		a = rearming_new(ops, r, m, "run");
	if (a) {
		a->seal = m->seal;
		snprintf(a->tool, sizeof a->tool, "%s", tool);
		a->settings = settings ? json_incref(settings) : json_object();
		rc = served_profile_ask(ops->content, tool, a->settings, NULL,
			SERVED_PROFILE_INSTALL, on_profile, a);
		if (rc) {
			http_respond_error(r, 503, "%s", served_profile_refused(rc));
			rearming_free(a);
		}
	}
	json_decref(body);
}

static void refuse_confirm(struct http_request *r, const struct machine *m, int rc)
{
	if (rc == -ENOENT && !m->attempt.sealed)
		http_respond_error(
			r, 409, "%s is not sealed: there is nothing to confirm", m->name);
	else if (rc == -ENOENT)
		http_respond_error(r, 409,
			"no boot of %s waits to be confirmed: the machine is %s, and shows a code "
			"after it boots from the network",
			m->name, life_state_name(m->state));
	else if (rc == -EACCES && machine_waits(m))
		http_respond_error(r, 403,
			"wrong code for the latest boot of %s: read the code on the machine's own "
			"screen (%u tries are left)",
			m->name, MACHINE_WRONG_CODES - m->attempt.asking.wrong);
	else if (rc == -EACCES)
		http_respond_error(r, 403,
			"wrong code for %s, and this boot can no longer be confirmed: the machine "
			"restarts and shows a new code",
			m->name);
	else if (rc == -EPERM)
		http_respond_error(r, 409, "%s is %s: %s", m->name, life_state_name(m->state),
			m->attempt.reason);
	else
		http_respond_error(r, 503, "%s: %s", m->name, strerror(-rc));
}

void change_confirm(struct operations *ops, struct http_request *r, struct machine *m)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	const char *code = json_string_value(json_object_get(body, "code"));
	int rc;

	if (!code) {
		http_respond_error(r, 400, "the request is {\"code\": \"the machine's code\"}");
		json_decref(body);
		return;
	}
	rc = machine_confirm(m, code);
	if (rc)
		refuse_confirm(r, m, rc);
	else
		reply_committed(
			ops->base->store, r, 200, reply_machine(ops->base->timeline, m, true));
	json_decref(body);
}

void change_disarm(struct operations *ops, struct http_request *r, struct machine *m)
{
	if (machine_event(m, LIFE_DISARM, "disarmed by the user"))
		http_respond_error(r, 409, "%s is %s: there is nothing to disarm", m->name,
			life_state_name(m->state));
	else
		reply_committed(
			ops->base->store, r, 200, reply_machine(ops->base->timeline, m, true));
}

struct deletion {
	struct operation op; /* first */
	struct operations *ops;
	struct http_request *request; /* NULL: nobody waits any more */
};

static void deletion_free(struct deletion *d)
{
	operation_end(&d->op);
	free(d);
}

void change_drop_all(struct operations *ops)
{
	struct deletion *d;

	while ((d = (struct deletion *)ops->deletions)) {
		if (d->request)
			http_respond_error(d->request, 503, "the service is stopping");
		deletion_free(d);
	}
}

void change_forget(struct operations *ops, struct machine *m, const char *why)
{
	for (size_t i = 0; i < m->n_nics; i++)
		dhcpd_forget(ops->dhcpd, &m->nics[i].mac);
	(void)seats_publish(ops->network, m, false, NULL, NULL);
	timeline_add(ops->base->timeline, m->name, "deleted", "%s", why);
	record_forget(ops->consoles, m);
	logs_forget(ops->logs, m);
	machines_remove(ops->base->machines, m);
}

/* `kept`: where its disks are; "" they are gone. */
static void forget(
	struct operations *ops, struct http_request *r, struct machine *m, const char *kept)
{
	json_t *said = json_pack("{s:s}", "deleted", m->name);
	char why[600];

	snprintf(why, sizeof why, "by request%s%s", *kept ? "; kept: " : "", kept);
	if (*kept)
		json_object_set_new(said, "kept", json_string(kept));
	change_forget(ops, m, why);
	reply_committed(ops->base->store, r, 200, said);
}

/* What libvirt has of it stays: that libvirt may be gone for good. */
static void forget_record(struct operations *ops, struct http_request *r, struct machine *m)
{
	char kept[400];

	snprintf(kept, sizeof kept, "domain %s and its disks, in libvirt at %s", m->name,
		hosts_uri(ops->hosts, guests_of(ops->hosts, m)));
	forget(ops, r, m, kept);
}

/* It stays, and may be used again. */
static void deletion_failed(struct deletion *d, struct machine *m, int rc, const char *why)
{
	m->deleting = false;
	m->spec.keep_disks = false;
	if (machines_save(m->home, m))
		log_error("%s: its record could not be stored", m->name);
	timeline_add(d->ops->base->timeline, m->name, "delete", "not deleted: %s", why);
	store_commit(d->ops->base->store, NULL, NULL);
	if (d->request && rc == -ENOTCONN)
		http_respond_error(d->request, 503,
			"%s was not deleted: %s; if that libvirt is gone for good, 'usher delete %s "
			"--record-only' deletes its record alone",
			d->op.name, why, d->op.name);
	else if (d->request)
		http_respond_error(d->request, rc == -EBUSY ? 409 : 500, "%s was not deleted: %s",
			d->op.name, why);
}

static void on_guest_deleted(void *arg, int rc, const char *why)
{
	struct deletion *d = arg;
	struct operations *ops = d->ops;
	struct machine *m = operation_machine(&d->op);

	if (m && rc &&
		rc != -EPERM) { /* EPERM: the name is another's by now, only the record is ours */
		deletion_failed(d, m, rc, why);
	} else if (m && d->request) {
		forget(ops, d->request, m, rc ? "" : why);
	} else if (m) {
		change_forget(ops, m, "as requested before the service restarted");
		store_commit(ops->base->store, NULL, NULL);
	} else if (d->request) {
		http_respond_error(d->request, 404, "no machine '%s'", d->op.name);
	}
	deletion_free(d);
}

static int begin_deletion(struct operations *ops, struct http_request *r, struct machine *m)
{
	struct deletion *d = malloc(sizeof *d);
	struct guest_spec spec;
	int rc;

	if (!d)
		return -ENOMEM;
	*d = (struct deletion){.ops = ops, .request = r};
	operation_begin(&d->op, &ops->deletions, m, true);
	guest_spec_disks(m, &spec);
	rc = guest_delete(guests_of(ops->hosts, m), &spec, m->spec.keep_disks, on_guest_deleted, d);
	if (rc)
		deletion_free(d);
	return rc;
}

void change_go_on_deleting(struct operations *ops, struct machine *m)
{
	log_info("%s: resuming its deletion", m->name);
	if (begin_deletion(ops, NULL, m))
		log_error("%s: out of memory", m->name);
}

/* Said to the store first: killed half-way, the next start goes on deleting, and does not make the
 * guest of an unfinished install anew. */
void change_delete(struct operations *ops, struct http_request *r, struct machine *m)
{
	const char *keep = http_arg(r, "keep_disks"), *record = http_arg(r, "record_only");
	int rc;

	if (refused_while_created(ops, r, m) || template_is_needed(ops, r, m))
		return;
	if (template_under_way(ops, m->name)) {
		http_respond_error(r, 409, "%s is being made a template just now", m->name);
		return;
	}
	if ((keep && strcmp(keep, "1")) || (record && strcmp(record, "1")) || (keep && record)) {
		http_respond_error(r, 400,
			"keep_disks or record_only is 1, or both are left out: of a record alone all "
			"disks are kept");
		return;
	}
	if (!m->guest) {
		forget(ops, r, m, "");
		return;
	}
	if (record) {
		forget_record(ops, r, m);
		return;
	}
	m->deleting = true;
	m->spec.keep_disks = keep;
	rc = machines_save(ops->base->machines, m);
	if (!rc)
		rc = store_commit(ops->base->store, NULL, NULL);
	if (!rc)
		rc = begin_deletion(ops, r, m);
	if (!rc) {
		http_hold(r, HTTP_HOLD_MS);
		return;
	}
	m->deleting = false;
	m->spec.keep_disks = false;
	(void)machines_save(ops->base->machines, m);
	http_respond_error(r, 500, "%s: %s", m->name, strerror(-rc));
}
