/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/metrics_api.h"

#include "service/api/api.h"
#include "service/api/survey.h"

#include <string.h>

void metrics_init(struct metrics *m)
{
	tally_init(&m->events, METRICS_KINDS);
}

void metrics_fini(struct metrics *m)
{
	tally_fini(&m->events);
}

void metrics_on_event(void *arg, const struct timeline_event *e)
{
	struct metrics *m = arg;

	tally_add(&m->events, tally_row(&m->events, e->kind), 0, 1);
}

static void answer(struct survey *found)
{
	struct exposition x;

	exposition_init(&x, METRICS_MAX);
	metrics_write(found, &x);
	if (x.text.rc)
		http_respond_error(found->request, 500, "the metrics could not be written: %s",
			strerror(-x.text.rc));
	else
		http_respond(found->request, 200, EXPOSITION_TYPE, x.text.s, x.text.len);
	exposition_fini(&x);
}

void metrics_handle(struct api *api, struct http_request *r)
{
	survey_start(api, r, answer);
}
