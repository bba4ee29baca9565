/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher up LAB.xml, usher down LAB.xml: a lab made as its file says, and taken away. */
#include "usher/cli/asking.h"
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/client/follow.h"
#include "usher/client/judging.h"
#include "usher/lab/lab_run.h"
#include "core/privilege.h"

#include "core/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_DRY_RUN = 1,
	OPT_PARALLEL,
	OPT_REPLACE,
	OPT_RESTART,
	OPT_NO_WAIT,
	OPT_KEEP_DISKS,
	OPT_YES
};

struct up {
	const struct command *command;
	struct cli_common common;
	struct client *client;
	struct lab *lab;
	struct lab_wish wish;
	struct lab_run_config run;
	char *replace[100]; /* as they came */
	size_t n_replace;
	bool dry, yes;
	int64_t began; /* mono ms */
};

static int take_option(struct up *u, int opt)
{
	long n;

	switch (opt) {
	case OPT_DRY_RUN:
		u->dry = true;
		return 0;
	case OPT_PARALLEL:
		if (!cli_number(optarg, 1, LAB_PARALLEL_MAX, &n))
			return cli_usage(u->command,
				"--parallel takes a number from 1 to %d, not '%s'",
				LAB_PARALLEL_MAX, optarg);
		u->run.parallel = (unsigned)n;
		return 0;
	case OPT_REPLACE:
		if (u->n_replace == sizeof u->replace / sizeof *u->replace)
			return cli_usage(u->command, "--replace: a range is written node{01..50}");
		u->replace[u->n_replace++] = optarg;
		return 0;
	case OPT_KEEP_DISKS:
		u->run.keep_disks = true;
		return 0;
	case OPT_YES:
		u->yes = true;
		return 0;
	case OPT_RESTART:
		u->wish.restart = true;
		return 0;
	}
	u->run.wait = false; /* OPT_NO_WAIT */
	return 0;
}

/* A list of names, or NULL for none. False: it has said what is wrong. */
static bool take_names(struct up *u, char **patterns, size_t count, char ***ret)
{
	size_t n;

	*ret = count ? cli_names_all(u->command, patterns, count, &n) : NULL;
	return !count || *ret;
}

/* Records and networks as they are. An older service knows of no networks. */
static int look(struct up *u, json_t **machines, json_t **networks)
{
	char why[CLIENT_WHY];
	long status;

	*networks = NULL;
	if (follow_newest(u->client, &u->run.after) ||
		client_call(u->client, "GET", "/machines?full=1", NULL, machines))
		return -1;
	(void)client_try(u->client, "GET", "/networks", NULL, networks, &status, why, sizeof why);
	return 0;
}

static int make_plan(struct up *u, bool down, struct lab_plan **ret)
{
	json_t *machines = NULL, *networks = NULL;
	char why[LAB_WHY];
	int rc;

	if (look(u, &machines, &networks))
		return -1;
	rc = (down ? lab_plan_down : lab_plan_up)(&u->wish, json_object_get(machines, "machines"),
		json_object_get(networks, "networks"), ret, why, sizeof why);
	json_decref(machines);
	json_decref(networks);
	if (rc)
		fprintf(stderr, "%s\n", why);
	return rc;
}

static long line_of(const struct lab *lab, bool network, const char *name)
{
	for (size_t i = 0; !network && i < lab->n_machines; i++)
		if (!strcmp(lab->machines[i].name, name))
			return lab->machines[i].line;
	for (size_t i = 0; network && i < lab->n_networks; i++)
		if (!strcmp(lab->networks[i].name, name))
			return lab->networks[i].line;
	return 0;
}

/* "FILE:LINE", where a fault's machine or network stands. */
static const char *place_of(void *arg, const json_t *fault)
{
	static char place[PATH_MAX + 32];
	const struct up *u = arg;
	const char *name = json_string_value(json_object_get(fault, "name"));
	const char *what = json_string_value(json_object_get(fault, "what"));
	long line = name && what ? line_of(u->lab, !strcmp(what, "network"), name) : 0;

	snprintf(place, sizeof place, line ? "%s:%ld" : "%s", u->wish.path, line);
	return place;
}

/* Before anything is made, in a dry run too: as the service would judge it then. */
static int judge(struct up *u, const struct lab_plan *plan)
{
	json_t *faults = NULL;
	struct judging j;
	bool any = false;
	int rc = judging_init(&j);

	for (size_t i = 0; !rc && i < plan->n; i++) {
		const struct lab_step *step = &plan->steps[i];

		any |= step->kind == LAB_CREATE || step->kind == LAB_NETWORK;
		if (step->kind == LAB_CREATE)
			judging_add_machine(&j, step->body);
		else if (step->kind == LAB_NETWORK)
			judging_add_network(&j, step->body);
		else if (step->kind == LAB_REMOVE)
			judging_add_gone(&j, step->name);
	}
	if (!rc && any)
		rc = judging_ask(&j, u->client, &faults);
	if (!rc && judging_say(faults, place_of, u))
		rc = -1;
	json_decref(faults);
	judging_fini(&j);
	return rc;
}

static const char *kind_name(enum lab_step_kind kind)
{
	static const char *const names[] = {[LAB_NETWORK] = "network",
		[LAB_REMOVE] = "remove",
		[LAB_REMOVE_NETWORK] = "remove-network",
		[LAB_CHANGE] = "change",
		[LAB_AWAIT] = "await",
		[LAB_START] = "start",
		[LAB_REINSTALL] = "reinstall",
		[LAB_CREATE] = "create"};

	return names[kind];
}

static void print_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(j);
}

static void print_plan(const struct up *u, const struct lab_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct lab_step *s = &plan->steps[i];

		if (u->common.json)
			print_json(json_pack("{s:s, s:s, s:s}", "step", kind_name(s->kind), "name",
				s->name, "text", s->text));
		else
			printf("%c %-16s %s\n", lab_step_sign(s), s->name, s->text);
	}
	if (!plan->n && !u->common.json)
		printf("nothing to do: lab %s is as it should be (%zu machines)\n", u->lab->name,
			plan->kept);
	fflush(stdout);
}

/* Stages of those that booted: who was only changed or deleted has none. */
static bool has_stages(const struct lab_row *r)
{
	for (int i = LAB_CREATED; i < LAB_STAGES; i++)
		if (r->at[i])
			return true;
	return false;
}

static json_t *row_json(const struct lab_row *r)
{
	json_t *stages = json_object();

	for (int i = LAB_CREATED; i <= LAB_STAGES; i++) {
		double s = lab_row_seconds(r, i);

		if (s >= 0)
			json_object_set_new(stages, lab_stage_name(i), json_real(s));
	}
	return json_pack("{s:s, s:s?, s:b, s:s?, s:o}", "name", r->name, "state",
		*r->state ? r->state : NULL, "failed", r->status == LAB_FAILED, "text",
		r->status == LAB_FAILED ? r->text : NULL, "seconds", stages);
}

static void print_summary_json(
	const struct up *u, const struct lab_plan *plan, const struct lab_row *rows)
{
	json_t *all = json_array();

	for (size_t i = 0; i < plan->n; i++)
		json_array_append_new(all, row_json(&rows[i]));
	print_json(json_pack("{s:s, s:o, s:I, s:f}", "lab", u->lab->name, "steps", all, "kept",
		(json_int_t)plan->kept, "seconds", (double)(clock_mono_ms() - u->began) / 1000));
}

static void print_times(const struct lab_plan *plan, const struct lab_row *rows)
{
	char line[256];
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		if (!has_stages(&rows[i]) || plan->steps[i].kind == LAB_REMOVE)
			continue;
		if (!n++) {
			lab_row_head(line, sizeof line);
			puts(line);
		}
		lab_row_times(&rows[i], line, sizeof line);
		puts(line);
	}
	if (n > 1) {
		lab_row_medians(rows, plan->n, line, sizeof line);
		puts(line);
	}
}

static void print_summary(
	const struct up *u, const struct lab_plan *plan, const struct lab_row *rows)
{
	size_t counts[LAB_FAILED + 1] = {0};

	if (u->common.json) {
		print_summary_json(u, plan, rows);
		return;
	}
	print_times(plan, rows);
	for (size_t i = 0; i < plan->n; i++)
		counts[rows[i].status]++;
	printf("lab %s: %zu done, %zu failed, %zu not begun, %zu left alone, in %.1f s\n",
		u->lab->name, counts[LAB_DONE], counts[LAB_FAILED], counts[LAB_WAITS], plan->kept,
		(double)(clock_mono_ms() - u->began) / 1000);
	for (size_t i = 0; i < plan->n; i++) /* once more, where it is looked for */
		if (rows[i].status == LAB_FAILED)
			printf("failed: %s: %s\n", rows[i].name, rows[i].text);
	fflush(stdout);
}

static int carry_out(struct up *u, const struct lab_plan *plan)
{
	struct lab_row *rows = calloc(plan->n + 1, sizeof *rows);
	int rc;

	if (!rows)
		return cli_fail("out of memory");
	rc = lab_run(&u->run, plan, rows);
	print_summary(u, plan, rows);
	free(rows);
	return rc ? EXIT_FAILED : EXIT_DONE;
}

/* Disks that are lost: of machines that go, and of those that are made anew. */
static bool may_go(const struct up *u, const struct lab_plan *plan)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct lab_step *s = &plan->steps[i];

		if (s->kind != LAB_REMOVE &&
			!(s->kind == LAB_CREATE && json_object_get(s->body, "replace")))
			continue;
		first = first ? first : s->name;
		n++;
	}
	if (!n || u->yes || u->run.keep_disks)
		return true;
	if (n == 1)
		return asking("%s goes, and what is on its disk: go on?", first);
	return asking("%s and %zu other%s go, and what is on their disks: go on?", first, n - 1,
		n == 2 ? "" : "s");
}

static int do_lab(struct up *u, bool down)
{
	struct lab_plan *plan = NULL;
	char why[LAB_WHY];
	int rc = EXIT_DONE;

	if (lab_load(u->wish.path, &u->lab, why, sizeof why)) {
		fprintf(stderr, "%s\n", why);
		return EXIT_FAILED;
	}
	u->wish.lab = u->lab;
	u->client = client_new(u->common.socket);
	if (!u->client)
		return cli_fail("out of memory");
	if (make_plan(u, down, &plan))
		return EXIT_FAILED;
	if (judge(u, plan)) {
		rc = EXIT_FAILED;
	} else {
		print_plan(u, plan);
		if (plan->n && !u->dry)
			rc = may_go(u, plan) ? carry_out(u, plan) : EXIT_FAILED;
	}
	lab_plan_free(plan);
	return rc;
}

static int run_up(const struct command *c, int argc, char **argv)
{
	static const struct option up_options[] = {{"dry-run", no_argument, NULL, OPT_DRY_RUN},
		{"parallel", required_argument, NULL, OPT_PARALLEL},
		{"replace", required_argument, NULL, OPT_REPLACE},
		{"restart", no_argument, NULL, OPT_RESTART},
		{"no-wait", no_argument, NULL, OPT_NO_WAIT}, {"yes", no_argument, NULL, OPT_YES},
		CLI_COMMON_OPTIONS, {0}};
	static const struct option down_options[] = {{"dry-run", no_argument, NULL, OPT_DRY_RUN},
		{"keep-disks", no_argument, NULL, OPT_KEEP_DISKS},
		{"yes", no_argument, NULL, OPT_YES},
		{"parallel", required_argument, NULL, OPT_PARALLEL}, CLI_COMMON_OPTIONS, {0}};
	bool down = c == &cmd_down;
	struct up u = {.command = c, .began = clock_mono_ms()};
	int opt, rc = 0;

	u.run = (struct lab_run_config){.parallel = lab_run_parallel(), .wait = true};
	cli_common_init(&u.common);
	privilege_hide_memory();
	while ((opt = cli_getopt(c, &u.common, argc, argv, down ? down_options : up_options)) != -1)
		if ((rc = take_option(&u, opt)))
			return rc;
	if (optind == argc)
		return cli_usage(c, "which lab file?");
	u.wish.path = argv[optind++];
	u.run.socket = u.common.socket;
	u.run.json = u.common.json;
	if (!take_names(&u, argv + optind, (size_t)(argc - optind), &u.wish.names) ||
		!take_names(&u, u.replace, u.n_replace, &u.wish.replace))
		rc = EXIT_USAGE;
	else
		rc = do_lab(&u, down);
	cli_names_free(u.wish.names);
	cli_names_free(u.wish.replace);
	lab_free(u.lab);
	client_free(u.client);
	return rc;
}

const struct command cmd_up = {
	.name = "up",
	.arguments = "LAB.xml [NAME...] [OPTION...]",
	.summary = "make a lab match its file, and change only what differs",
	.help = "  NAME...              only these of its machines\n"
		"  --dry-run            show what would be done\n"
		"  --parallel N         number of machines at a time (half of the cores, 2 at "
		"least)\n"
		"  --replace NAME       make this one anew, with an empty disk; may be repeated\n"
		"  --restart            restart running guests whose values were changed\n"
		"  --no-wait            do not wait until they are up\n"
		"  --yes                do not ask before disks are lost (without a terminal "
		"it never asks)\n" CLI_COMMON_HELP,
	.run = run_up,
};

const struct command cmd_down = {
	.name = "down",
	.arguments = "LAB.xml [NAME...] [OPTION...]",
	.summary = "delete the machines and networks that a lab's 'up' made",
	.help = "  NAME...              only these of its machines, and no network\n"
		"  --dry-run            show what would be done\n"
		"  --keep-disks         keep their disks\n"
		"  --yes                do not ask (without a terminal it never asks)\n"
		"  --parallel N         number of machines at a time\n" CLI_COMMON_HELP,
	.run = run_up,
};
