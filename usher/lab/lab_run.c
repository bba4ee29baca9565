/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/lab/lab_run.h"

#include "core/clock.h"
#include "usher/client/cli_fail.h"
#include "usher/client/client.h"
#include "usher/client/follow.h"
#include "usher/lab/lab_show.h"
#include "usher/client/request.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SERVICE_BACK_S = 60, /* how long a restarting service is waited for */
	LOOK_S = 15,         /* between looks at a machine of which nothing is heard */
	FETCH_LOOK_S = 1,    /* between two asks while its files are being fetched */
};

/* Shared by the workers and the caller's thread; all under `lock`. */
struct running {
	const struct lab_run_config *config;
	const struct lab_plan *plan;
	struct lab_row *rows;
	pthread_mutex_t lock;
	pthread_cond_t news; /* a row has heard something */
	size_t next, end;    /* steps of this round that nobody has taken yet */
	size_t open;         /* steps of this round that have not ended */
	bool cut;            /* the timeline cannot be followed any more */
	int failures;
	uint64_t after; /* the caller's thread's */
	struct lab_show show;
};

/* A worker's step. */
struct doing {
	struct running *run;
	struct client *client;
	const struct lab_step *step;
	struct lab_row *row;
	char why[CLIENT_WHY];
};

static void note(struct doing *d, const char *text)
{
	pthread_mutex_lock(&d->run->lock);
	snprintf(d->row->text, sizeof d->row->text, "%s", text);
	pthread_mutex_unlock(&d->run->lock);
}

/* Until it is done or refused: again while files are being fetched (202), and as long as a service may be restarting. The same
 * request again is the same creation. `body` stays the caller's. 0 and what was replied (for the caller), or an HTTP status, or -1. */
static int call(struct doing *d, const char *method, const char *path, json_t *body, json_t **ret)
{
	for (int away = 0;;) {
		long status;
		json_t *reply = NULL;
		int rc = client_try(d->client, method, path, json_incref(body), &reply, &status,
			d->why, sizeof d->why);

		if (!rc && status != 202) {
			*ret = reply;
			return 0;
		}
		json_decref(reply);
		if (rc && (status || ++away > SERVICE_BACK_S))
			return status ? (int)status : -1;
		if (!rc)
			note(d, "fetching what it boots");
		sleep(FETCH_LOOK_S);
	}
}

/* What it is like now goes into its row. */
static int machine_call(struct doing *d, const char *method, const char *rest, json_t *body)
{
	char path[300], name[200];
	json_t *reply = NULL;
	int rc;

	snprintf(path, sizeof path, "/machines/%s%s",
		client_escape(d->step->name, name, sizeof name), rest);
	rc = call(d, method, *rest == '!' ? "/machines" : path, body, &reply);
	if (!rc && json_object_get(reply, "state")) {
		pthread_mutex_lock(&d->run->lock);
		lab_row_state(d->row, reply);
		pthread_mutex_unlock(&d->run->lock);
	}
	json_decref(reply);
	return rc;
}

static int network_call(struct doing *d, const char *method, json_t *body)
{
	char path[300], name[200];
	json_t *reply = NULL;
	int rc;

	snprintf(
		path, sizeof path, "/networks/%s", client_escape(d->step->name, name, sizeof name));
	rc = call(d, method, body ? "/networks" : path, body, &reply);
	json_decref(reply);
	return rc == 404 && !body ? 0 : rc;
}

/* A copy of its own: bodies share their parts, and reference counts are no matter for several threads. */
static json_t *copy_of(struct doing *d, const json_t *body)
{
	json_t *copy;

	pthread_mutex_lock(&d->run->lock);
	copy = json_deep_copy(body);
	pthread_mutex_unlock(&d->run->lock);
	return copy;
}

static int create(struct doing *d)
{
	json_t *body = copy_of(d, d->step->body), *keys;
	int rc;

	if (!json_object_get(body, "ssh_keys") && !json_object_get(body, "template")) {
		keys = json_array();
		request_default_keys(keys);
		json_object_set_new(body, "ssh_keys", keys);
	}
	json_object_set_new(body, "request_id", request_id());
	rc = machine_call(d, "POST", "!", body);
	json_decref(body);
	return rc;
}

static int act(struct doing *d)
{
	json_t *body = NULL;
	int rc;

	switch (d->step->kind) {
	case LAB_NETWORK:
		body = copy_of(d, d->step->body);
		rc = network_call(d, "POST", body);
		json_decref(body);
		return rc;
	case LAB_REMOVE_NETWORK:
		return network_call(d, "DELETE", NULL);
	case LAB_REMOVE:
		rc = machine_call(
			d, "DELETE", d->run->config->keep_disks ? "?keep_disks=1" : "", NULL);
		return rc == 404 ? 0 : rc;
	case LAB_AWAIT:
		return machine_call(d, "GET", "", NULL);
	case LAB_START:
		return machine_call(d, "POST", "/start", NULL);
	case LAB_REINSTALL:
		return machine_call(d, "POST", "/reinstall", NULL);
	case LAB_CREATE:
		return create(d);
	case LAB_CHANGE:
		break;
	}
	return 0;
}

static int change(struct doing *d)
{
	json_t *body = copy_of(d, d->step->change);
	int rc = machine_call(d, "PATCH", "", body);

	json_decref(body);
	return rc;
}

/* Something is heard of it, or for some time nothing: then the service is asked. False: the timeline is lost. */
static bool wait_for_news(struct doing *d)
{
	struct running *run = d->run;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LOOK_S;
	pthread_mutex_lock(&run->lock);
	while (!rc && !run->cut && !lab_row_ended(d->row))
		rc = pthread_cond_clockwait(&run->news, &run->lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&run->lock);
	if (rc == ETIMEDOUT && machine_call(d, "GET", "", NULL) == 404) {
		snprintf(d->why, sizeof d->why, "it was deleted meanwhile");
		return false;
	}
	return !run->cut;
}

/* 0: it is up; else -1 with the reason. */
static int wait_up(struct doing *d)
{
	bool ended = false, up;

	snprintf(d->why, sizeof d->why, "the service is gone: where it is cannot be followed");
	while (!ended) {
		if (!wait_for_news(d))
			return -1;
		pthread_mutex_lock(&d->run->lock);
		ended = lab_row_ended(d->row);
		up = !strcmp(d->row->state, "up");
		if (ended && !up)
			snprintf(d->why, sizeof d->why, "%s",
				!strcmp(d->row->state, "deleted") ? "it was deleted meanwhile"
					: *d->row->text           ? d->row->text
								  : "it failed");
		pthread_mutex_unlock(&d->run->lock);
	}
	return up ? 0 : -1;
}

static bool comes_up(enum lab_step_kind kind)
{
	return kind == LAB_AWAIT || kind == LAB_START || kind == LAB_REINSTALL ||
		kind == LAB_CREATE;
}

static int do_step(struct doing *d)
{
	int rc = 0;

	if (d->step->change)
		rc = change(d);
	if (!rc)
		rc = act(d);
	if (!rc && d->run->config->wait && comes_up(d->step->kind))
		rc = wait_up(d);
	return rc;
}

static void end_step(struct doing *d, int rc)
{
	struct running *run = d->run;

	pthread_mutex_lock(&run->lock);
	d->row->ended = clock_wall_ms();
	d->row->status = rc ? LAB_FAILED : LAB_DONE;
	if (rc) {
		run->failures++;
		snprintf(d->row->text, sizeof d->row->text, "%.255s", d->why);
		lab_show_end(&run->show);
		cli_fail("%s: %s", d->row->name, d->why);
	} else if (run->show.terminal) {
		lab_show_line(&run->show, "%c %-16s %s, after %.1f s", lab_step_sign(d->step),
			d->row->name, comes_up(d->step->kind) ? d->row->state : d->step->text,
			(double)(d->row->ended - d->row->at[LAB_BEGUN]) / 1000);
	}
	run->open--;
	pthread_mutex_unlock(&run->lock);
}

static bool take_step(struct doing *d)
{
	struct running *run = d->run;
	bool taken;

	pthread_mutex_lock(&run->lock);
	taken = run->next < run->end;
	if (taken) {
		d->step = &run->plan->steps[run->next];
		d->row = &run->rows[run->next++];
		d->row->status = LAB_RUNS;
		d->row->at[LAB_BEGUN] = clock_wall_ms();
	}
	pthread_mutex_unlock(&run->lock);
	return taken;
}

static void *work(void *arg)
{
	struct doing d = {.run = arg};

	d.client = client_new(d.run->config->socket);
	while (take_step(&d)) {
		snprintf(d.why, sizeof d.why, "out of memory");
		end_step(&d, d.client ? do_step(&d) : -1);
	}
	client_free(d.client);
	return NULL;
}

/* Networks, then what goes, then networks that nobody needs any more, then machines: those of machines are odd. */
static int round_number(enum lab_step_kind kind)
{
	return kind == LAB_NETWORK           ? 0
		: kind == LAB_REMOVE         ? 1
		: kind == LAB_REMOVE_NETWORK ? 2
					     : 3;
}

/* The caller's thread: the timeline, for all. */

static void hear(struct running *run, const json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "machine"));

	run->after = (uint64_t)json_integer_value(json_object_get(event, "seq"));
	for (size_t i = 0; name && i < run->plan->n; i++)
		if (!strcmp(run->rows[i].name, name) &&
			round_number(run->plan->steps[i].kind) % 2) {
			lab_row_event(&run->rows[i], event);
			lab_show_event(&run->show, event);
			return;
		}
}

static void hear_all(struct running *run, const json_t *events)
{
	json_t *e;
	size_t i;

	pthread_mutex_lock(&run->lock);
	json_array_foreach(events, i, e) hear(run, e);
	lab_show_table(&run->show, run->rows, run->plan->n, false);
	pthread_cond_broadcast(&run->news);
	pthread_mutex_unlock(&run->lock);
}

static bool is_open(struct running *run)
{
	bool open;

	pthread_mutex_lock(&run->lock);
	open = run->open;
	pthread_mutex_unlock(&run->lock);
	return open;
}

static void follow(struct running *run, struct client *client)
{
	struct follow f = {.client = client};
	char why[CLIENT_WHY];
	long status;

	for (int away = 0; is_open(run);) {
		json_t *reply = NULL;

		f.after = run->after;
		if (!follow_ask(&f, 1, &reply, &status, why, sizeof why)) {
			away = 0;
			hear_all(run, json_object_get(reply, "events"));
			json_decref(reply);
			continue;
		}
		if (++away > SERVICE_BACK_S)
			run->cut = true;
		hear_all(run, NULL);
		sleep(1);
	}
}

/* The steps from `first` up to `end`, `workers` at a time. */
static int round_of(struct running *run, size_t first, size_t end, unsigned workers)
{
	struct client *client = client_new(run->config->socket);
	pthread_t threads[LAB_PARALLEL_MAX];
	unsigned n = 0;

	run->next = first;
	run->end = end;
	run->open = end - first;
	while (client && n < workers && n < end - first && n < LAB_PARALLEL_MAX &&
		!pthread_create(&threads[n], NULL, work, run))
		n++;
	if (n)
		follow(run, client);
	else
		run->failures++;
	while (n)
		pthread_join(threads[--n], NULL);
	client_free(client);
	return run->failures;
}

int lab_run(const struct lab_run_config *config, const struct lab_plan *plan, struct lab_row *rows)
{
	struct running run = {.config = config, .plan = plan, .rows = rows, .after = config->after};
	size_t first = 0, end;

	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.news, NULL);
	lab_show_init(&run.show, config->json);
	for (size_t i = 0; i < plan->n; i++)
		lab_row_init(&rows[i], plan->steps[i].name, plan->steps[i].seq);
	for (; first < plan->n; first = end) {
		int number = round_number(plan->steps[first].kind);

		for (end = first; end < plan->n && round_number(plan->steps[end].kind) == number;)
			end++;
		/* without its networks, or its names and addresses, no machine can be made */
		if (round_of(&run, first, end, number % 2 ? config->parallel : 1))
			break;
	}
	lab_show_end(&run.show);
	pthread_cond_destroy(&run.news);
	pthread_mutex_destroy(&run.lock);
	return run.failures ? -1 : 0;
}

unsigned lab_run_parallel(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 4 ? 2 : cpus / 2 > LAB_PARALLEL_MAX ? LAB_PARALLEL_MAX : (unsigned)cpus / 2;
}
