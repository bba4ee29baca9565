/* Arming again, disarming, deleting. */
#include "usher/service.h"

#include "core/log.h"
#include "kickstart/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int change_arm(
	struct service *s, struct machine *m, json_t **ret_missing, char *why, size_t why_size)
{
	const struct segment *seg = segments_by_name(&s->segments, m->nics[0].segment);
	char url[128] = "", warning[1024] = "";
	struct render_input in = {.machine = m, .segment = seg, .base_url = url};
	struct profile *p = NULL;
	json_t *snapshot = NULL;
	int rc = api_profile(s, m->profile, &p, why, why_size);

	if (seg)
		segment_base_url(seg, url, sizeof url);
	if (!rc)
		rc = render_validate(p, &in,
			(uint64_t)json_integer_value(json_object_get(m->guest_spec, "memory")),
			(uint64_t)json_integer_value(json_object_get(m->guest_spec, "disk")),
			&snapshot, why, why_size);
	if (!rc)
		rc = files_check(&s->files, p, m->settings, why, why_size);
	if (!rc && !life_netboots(m->state)) /* else it is refused below, without a fetch */
		rc = cache_look(
			s, &in, snapshot, ret_missing, warning, sizeof warning, why, why_size);
	if (!rc) {
		rc = machine_arm(m, json_incref(snapshot), p->boots, (int64_t)p->timeout_s * 1000);
		if (rc)
			snprintf(why, why_size, "%s is %s: %s", m->name, life_state_name(m->state),
				rc == -EBUSY ? "an install is under way; 'usher disarm' ends it"
					     : strerror(-rc));
	}
	if (!rc && *warning)
		timeline_add(s->timeline, m->name, "fetch", "%s", warning);
	json_decref(snapshot);
	profile_free(p);
	act_set_deadline(s);
	return rc;
}

/* Its creation would not know of the change, nor the change of an undoing. */
static bool refused_while_created(
	struct service *s, struct http_request *r, const struct machine *m)
{
	if (!create_reserves(s, m->name, 0, NULL))
		return false;
	http_respond_error(r, 409, "%s is being created just now: wait for that to end", m->name);
	return true;
}

void change_reinstall(struct service *s, struct http_request *r, struct machine *m)
{
	json_t *missing;
	char why[1024];
	int rc;

	if (refused_while_created(s, r, m))
		return;
	if (!m->nics[0].segment_id) {
		http_respond_error(r, 409, "segment '%s' of %s is not served now",
			m->nics[0].segment, m->name);
		return;
	}
	rc = change_arm(s, m, &missing, why, sizeof why);
	if (rc == -EINPROGRESS)
		fetch_api_respond(r, missing);
	else if (rc)
		http_respond_error(r, rc == -EBUSY ? 409 : 422, "%s", why);
	else
		api_respond_committed(s, r, 200, api_machine(s, m, true));
}

void change_disarm(struct service *s, struct http_request *r, struct machine *m)
{
	if (machine_event(m, LIFE_DISARM, "disarmed by the user"))
		http_respond_error(r, 409, "%s is %s: there is nothing to disarm", m->name,
			life_state_name(m->state));
	else
		api_respond_committed(s, r, 200, api_machine(s, m, true));
	act_set_deadline(s);
}

struct deletion {
	struct deletion *next;
	struct service *service;
	struct http_request *request; /* NULL: nobody waits any more */
	char name[MACHINE_NAME], uuid[37];
};

static void deletion_free(struct deletion *d)
{
	struct deletion **at = &d->service->deletions;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	free(d);
}

void change_drop_all(struct service *s)
{
	while (s->deletions) {
		if (s->deletions->request)
			http_respond_error(s->deletions->request, 503, "the service is stopping");
		deletion_free(s->deletions);
	}
}

void change_forget(struct service *s, struct machine *m, const char *why)
{
	for (size_t i = 0; i < m->n_nics; i++)
		dhcpd_forget(s->dhcpd, &m->nics[i].mac);
	(void)seats_publish(s, m, false, NULL, NULL);
	timeline_add(s->timeline, m->name, "deleted", "%s", why);
	machines_remove(s->machines, m);
	act_set_deadline(s);
}

static void forget(struct service *s, struct http_request *r, struct machine *m)
{
	json_t *said = json_pack("{s:s}", "deleted", m->name);

	change_forget(s, m, "by request");
	api_respond_committed(s, r, 200, said);
}

/* It stays, and may be used again. */
static void deletion_failed(struct deletion *d, struct machine *m, const char *why)
{
	m->busy = false;
	m->deleting = false;
	if (machines_save(m->home, m))
		log_error("%s: its record could not be stored", m->name);
	timeline_add(d->service->timeline, m->name, "delete", "it is still there: %s", why);
	store_commit(d->service->store, NULL, NULL);
	if (d->request)
		http_respond_error(d->request, 500, "%s is still there: %s", d->name, why);
}

static void on_guest_deleted(void *arg, int rc, const char *why)
{
	struct deletion *d = arg;
	struct service *s = d->service;
	struct machine *m = machines_by_name(s->machines, d->name);

	if (m && strcmp(m->uuid, d->uuid)) /* made anew meanwhile */
		m = NULL;
	if (m && rc &&
		rc != -EPERM) { /* EPERM: the name is another's by now, only the record is ours */
		deletion_failed(d, m, why);
	} else if (m && d->request) {
		forget(s, d->request, m);
	} else if (m) {
		change_forget(s, m, "by request, before the service was started again");
		store_commit(s->store, NULL, NULL);
	} else if (d->request) {
		http_respond_error(d->request, 404, "no machine '%s'", d->name);
	}
	deletion_free(d);
}

static int begin_deletion(struct service *s, struct http_request *r, struct machine *m)
{
	struct deletion *d = malloc(sizeof *d);
	int rc;

	if (!d)
		return -ENOMEM;
	*d = (struct deletion){.next = s->deletions, .service = s, .request = r};
	s->deletions = d;
	snprintf(d->name, sizeof d->name, "%s", m->name);
	snprintf(d->uuid, sizeof d->uuid, "%s", m->uuid);
	rc = guest_delete(s->guests, m->name, m->uuid,
		json_string_value(json_object_get(m->guest_spec, "pool")),
		json_string_value(json_object_get(m->guest_spec, "volume")), on_guest_deleted, d);
	if (rc)
		deletion_free(d);
	else
		m->busy = true;
	return rc;
}

void change_go_on_deleting(struct service *s, struct machine *m)
{
	log_info("%s: deleting goes on", m->name);
	if (begin_deletion(s, NULL, m))
		log_error("%s: out of memory", m->name);
}

/* Said to the store first: killed half-way, the next start goes on deleting, and does not make the
 * guest of an unfinished install anew. */
void change_delete(struct service *s, struct http_request *r, struct machine *m)
{
	int rc;

	if (refused_while_created(s, r, m))
		return;
	if (!m->guest) {
		forget(s, r, m);
		return;
	}
	m->deleting = true;
	rc = machines_save(s->machines, m);
	if (!rc)
		rc = store_commit(s->store, NULL, NULL);
	if (!rc)
		rc = begin_deletion(s, r, m);
	if (!rc) {
		http_hold(r, HTTP_HOLD_MS);
		return;
	}
	m->deleting = false;
	(void)machines_save(s->machines, m);
	http_respond_error(r, 500, "%s: %s", m->name, strerror(-rc));
}
