/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POST /enrolments: judged as POST /judge does it (trial.c). When nothing is wrong with any, all records are put into one
 * transaction: after a crash there are all of them, or none. Nothing is armed here.
 */
#include "service/operations/enrolment.h"
#include "service/operations/create.h"
#include "service/network/seats.h"
#include "service/base/reply.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool enrolment_answered(struct operations *ops, struct http_request *r, const json_t *body)
{
	const char *id = json_text(body, "request_id");
	json_t *list = json_object_get(body, "machines"), *one, *made = json_array();
	size_t i;

	if (!*id) {
		json_decref(made);
		return false;
	}
	json_array_foreach(list, i, one)
	{
		const struct machine *m =
			machines_by_name(ops->base->machines, json_text(one, "name"));

		if (!m || strcmp(m->request_id, id))
			break;
		json_array_append_new(made, reply_machine(ops->base->timeline, m, false));
	}
	if (!i || i < json_array_size(list)) {
		json_decref(made);
		return false;
	}
	reply_committed(
		ops->base->store, r, 201, json_pack("{s:[], s:o}", "faults", "machines", made));
	return true;
}

const char *enrolment_prepare(const struct trial *t, json_t *machine)
{
	if (strcmp(json_text(machine, "kind"), "bare-metal"))
		return "only a machine of kind bare-metal is enrolled";
	if (json_object_get(machine, "arm"))
		return "it is enrolled first, and armed then: POST /machines/NAME/reinstall";
	json_object_set(machine, "request_id", json_object_get(t->body, "request_id"));
	return NULL;
}

/* Judged first is last in the list. */
static void turn_around(struct trial *t)
{
	struct creation *turned = NULL;

	while (t->judged) {
		struct creation *c = t->judged;

		t->judged = c->next;
		c->next = turned;
		turned = c;
	}
	t->judged = turned;
}

/* Others were judged and made meanwhile. NULL: nobody took what one of these needs. */
static const struct creation *find_taken(const struct trial *t)
{
	const struct creation *c = t->judged;

	while (c && !create_taken(c))
		c = c->next;
	return c;
}

/* What was put is taken out of the same transaction. */
static void take_back(struct trial *t, const struct creation *end, const char *why)
{
	for (struct creation *c = t->judged; c != end; c = c->next) {
		timeline_add(t->ops->base->timeline, c->machine->name, "deleted", "not created: %s",
			why);
		machines_remove(t->ops->base->machines, c->machine);
		c->machine = NULL;
	}
}

static void refuse(struct trial *t, const char *name, unsigned status, const char *why)
{
	json_t *said = json_pack(
		"{s:o}", "error", json_sprintf("no machine was enrolled: %s: %s", name, why));

	reply_committed(t->ops->base->store, t->request, status, said);
}

static json_t *reply_of(const struct trial *t)
{
	json_t *made = json_array();

	for (const struct creation *c = t->judged; c; c = c->next)
		json_array_append_new(
			made, reply_machine(t->ops->base->timeline, c->machine, false));
	return json_pack(
		"{s:[], s:s?, s:o}", "faults", "warning", json_some(t->warning), "machines", made);
}

void enrolment_record(struct trial *t)
{
	const struct creation *taken;
	char name[MACHINE_NAME] = "";
	struct creation *c;
	int rc = 0;

	turn_around(t);
	taken = find_taken(t);
	if (taken) {
		refuse(t, taken->machine->name, 409,
			"another machine took its name, MAC or address meanwhile");
		return;
	}
	for (c = t->judged; c; c = c->next) {
		snprintf(name, sizeof name, "%s", c->machine->name);
		rc = create_record_bare(c);
		if (rc)
			break;
	}
	if (rc) {
		take_back(t, c, strerror(-rc));
		refuse(t, name, 500, strerror(-rc));
		return;
	}
	for (c = t->judged; c; c = c->next)
		(void)seats_publish(t->ops->network, c->machine, true, NULL, NULL);
	reply_committed(t->ops->base->store, t->request, 201, reply_of(t));
}
