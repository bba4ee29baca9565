/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/enroll_list.h"

#include "core/json.h"
#include "hooks/power/power_target.h"
#include "usher/cli/power_password.h"
#include "usher/client/client.h"
#include "usher/client/fetching.h"
#include "usher/client/follow.h"
#include "usher/client/judging.h"
#include "usher/client/request.h"
#include "usher/client/wait.h"
#include "usher/lab/list.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct enrolling {
	const struct enroll_list *what;
	struct client *client;
	struct lab *lab;
	char *arm[LIST_MACHINES_MAX + 1]; /* names in `lab` of those that are armed */
	size_t n_arm;
	json_t *password; /* of the controllers: {"power_password"}; NULL: not read yet */
	unsigned faults;
};

static void fault(struct enrolling *e, const struct lab_machine *m, const char *text)
{
	fprintf(stderr, "%s:%ld: %s\n", e->what->path, m->line, text);
	e->faults++;
}

/* What the list says goes before what the command line does. */
static void put_defaults(struct enrolling *e, struct lab_machine *m)
{
	json_t *all = json_object_get(e->what->defaults, "settings"), *both;

	both = json_copy(all);
	json_object_update(both, json_object_get(m->body, "settings"));
	json_object_set_new(m->body, "settings", both ? both : json_object());
	json_object_update_missing(m->body, (json_t *)e->what->defaults);
	if (!json_object_get(m->body, "profile"))
		fault(e, m, "it has no profile, and there is no --profile for those without");
}

static bool needs_password(const json_t *body)
{
	struct power_target t;
	char why[300];
	const char *power = json_text(body, "power");

	return *power && !power_target_parse(power, &t, why, sizeof why) &&
		power_target_needs_password(&t) && *t.user;
}

/* One for all controllers of the list. */
static int put_password(struct enrolling *e, struct lab_machine *m)
{
	if (!needs_password(m->body))
		return 0;
	if (!e->what->password_file) {
		fault(e, m, "its controller needs a password: --power-password-file FILE");
		return 0;
	}
	if (!e->password) {
		e->password = json_object();
		if (power_password_add(
			    e->password, json_text(m->body, "power"), e->what->password_file))
			return -1;
	}
	json_object_update(m->body, e->password);
	return 0;
}

/* Armed is who was enrolled. */
static void note_arm(struct enrolling *e, struct lab_machine *m)
{
	if (json_is_true(json_object_get(m->body, "arm")))
		e->arm[e->n_arm++] = m->name;
	json_object_del(m->body, "arm");
}

static int prepare(struct enrolling *e)
{
	for (size_t i = 0; i < e->lab->n_machines; i++) {
		struct lab_machine *m = &e->lab->machines[i];

		put_defaults(e, m);
		if (put_password(e, m))
			return -1;
		note_arm(e, m);
	}
	if (e->what->wait && !e->n_arm)
		return cli_fail("--wait goes with --arm, or arm=yes in the list");
	return e->faults ? -1 : 0;
}

/* "FILE:LINE" of a fault's machine. */
static const char *place_of(void *arg, const json_t *f)
{
	static char place[PATH_MAX + 32];
	const struct enrolling *e = arg;
	size_t i = (size_t)json_integer_value(json_object_get(f, "index"));
	long line = i < e->lab->n_machines ? e->lab->machines[i].line : 1;

	snprintf(place, sizeof place, "%s:%ld", e->what->path, line);
	return place;
}

static void print_machine(const struct enrolling *e, const json_t *m)
{
	const json_t *nic = json_array_get(json_object_get(m, "nics"), 0);
	const char *address =
		json_string_value(json_array_get(json_object_get(nic, "addresses"), 0));

	if (e->what->common->json) {
		json_dumpf(m, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		printf("%s: %s, %s, %s\n", json_text(m, "name"), json_text(m, "state"),
			address ? address : "no address", json_text(nic, "mac"));
	}
}

static bool is_to_be_armed(const struct enrolling *e, const char *name)
{
	for (size_t i = 0; i < e->n_arm; i++)
		if (!strcmp(e->arm[i], name))
			return true;
	return false;
}

/* All of them in one request, which makes all or none. */
static int make(struct enrolling *e)
{
	json_t *reply = NULL, *made, *m;
	struct judging j;
	size_t i;
	int rc = judging_init(&j);

	if (rc)
		return cli_fail("out of memory");
	for (i = 0; i < e->lab->n_machines; i++)
		judging_add_machine(&j, e->lab->machines[i].body);
	rc = judging_enroll(&j, e->client, &reply);
	if (!rc && judging_say(json_object_get(reply, "faults"), place_of, e)) {
		fprintf(stderr, "usher: no machine was enrolled\n");
		rc = -1;
	}
	made = json_object_get(reply, "machines");
	json_array_foreach(made, i, m)
	{
		if (!is_to_be_armed(e, json_text(m, "name")))
			print_machine(e, m);
	}
	fflush(stdout);
	json_decref(reply);
	judging_fini(&j);
	return rc;
}

/* One after another: each may fetch what it boots, and switches its power. */
static int arm(struct enrolling *e)
{
	char path[300], name[200];
	size_t failed = 0;

	for (size_t i = 0; i < e->n_arm; i++) {
		json_t *reply = NULL;

		snprintf(path, sizeof path, "/machines/%s/reinstall",
			client_escape(e->arm[i], name, sizeof name));
		if (!fetching_call(e->client, "POST", path, NULL, &reply)) {
			client_say_findings(reply);
			print_machine(e, reply);
			fflush(stdout);
			json_decref(reply);
			continue;
		}
		failed++;
		cli_fail("%s is enrolled, but not armed: 'usher reinstall %s' does it", e->arm[i],
			e->arm[i]);
	}
	return failed ? EXIT_FAILED : EXIT_DONE;
}

static int enroll(struct enrolling *e)
{
	struct wait_for w = {.socket = e->what->common->socket,
		.state = "up",
		.timeout_s = -1,
		.json = e->what->common->json,
		.quiet = e->n_arm > 1};
	int rc;

	if (prepare(e) || follow_newest(e->client, &w.after) || make(e))
		return EXIT_FAILED;
	w.quiet = e->n_arm > 1;
	rc = arm(e);
	if (rc || !e->what->wait)
		return rc;
	return wait_for_machines(&w, e->arm, e->n_arm);
}

int enroll_list(const struct enroll_list *what)
{
	struct enrolling *e = calloc(1, sizeof *e);
	char why[LAB_WHY];
	int rc = EXIT_FAILED;

	if (e)
		e->client = client_new(what->common->socket);
	if (!e || !e->client) {
		free(e);
		return cli_fail("out of memory");
	}
	e->what = what;
	if (list_load(what->path, &e->lab, why, sizeof why))
		fprintf(stderr, "%s\n", why);
	else
		rc = enroll(e);
	lab_free(e->lab);
	json_decref(e->password);
	client_free(e->client);
	free(e);
	return rc;
}
