/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/reply.h"

#include "core/json.h"
#include "machine/machine_tag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct committed {
	struct store *store;
	struct http_request *request;
	unsigned status;
	char *text; /* NULL: out of memory */
};

static void committed_send(void *arg, int rc)
{
	struct committed *c = arg;
	char why[512];

	if (rc) {
		if (!store_trouble(c->store, why, sizeof why))
			snprintf(why, sizeof why, "cannot write to the store: %s", strerror(-rc));
		http_respond_error(c->request, 503,
			"%s; the change is kept, and stored once the disk can be written", why);
		free(c->text);
	} else {
		http_respond_text(c->request, c->status, c->text, c->text ? strlen(c->text) : 0);
	}
	free(c);
}

/* The text is made while the disk works. */
void reply_committed(struct store *store, struct http_request *r, unsigned status, json_t *json)
{
	struct committed *c = malloc(sizeof *c);

	if (c) {
		*c = (struct committed){store, r, status, NULL};
		if (!store_commit(store, committed_send, c)) {
			c->text = http_json_text(json);
			json_decref(json);
			return;
		}
	}
	free(c);
	json_decref(json);
	http_respond_error(r, 503, "out of memory");
}

/* A text that leaves when what it depends on is on disk. */
struct parked {
	struct http_request *request;
	unsigned status;
	const char *type; /* static */
	char *text;
};

static void parked_send(void *arg, int rc)
{
	struct parked *p = arg;

	if (rc)
		http_respond_error(
			p->request, 503, "usher cannot write to its disk: %s", strerror(-rc));
	else
		http_respond(p->request, p->status, p->type, p->text, strlen(p->text));
	free(p->text);
	free(p);
}

void reply_text_committed(
	struct store *store, struct http_request *r, unsigned status, const char *type, char *text)
{
	struct parked *p = text ? malloc(sizeof *p) : NULL;

	if (!p) {
		free(text);
		http_respond_error(r, 503, "out of memory");
		return;
	}
	*p = (struct parked){r, status, type, text};
	if (store_is_clean(store))
		parked_send(p, 0);
	else if (store_commit(store, parked_send, p))
		parked_send(p, -ENOMEM);
}

json_t *reply_event(const struct timeline_event *e)
{
	return json_pack("{s:I, s:o, s:s?, s:s, s:o, s:s, s:s?}", "seq", (json_int_t)e->seq, "at",
		machine_time_json(e->at), "machine", json_some(e->machine), "kind", e->kind,
		"percent", e->percent < 0 ? json_null() : json_integer(e->percent), "text", e->text,
		"by", json_some(e->by));
}

json_t *reply_machine(struct timeline *timeline, const struct machine *m, bool full)
{
	const struct timeline_event *last = timeline_last(timeline, m->name, NULL);
	json_t *j = machine_to_json(m, full);

	if (last)
		json_object_set_new(j, "last_event", reply_event(last));
	else
		json_object_set_new(j, "last_event", json_null());
	return j;
}

void reply_tag(struct http_request *r, const struct machine *m)
{
	char tag[MACHINE_TAG];

	if (!machine_tag(m, tag))
		http_add_header(r, "ETag", tag);
}

void reply_fetching(struct http_request *r, json_t *missing)
{
	http_respond_json(r, 202, json_pack("{s:o}", "fetching", missing));
}
