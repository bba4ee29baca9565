/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher list: machines, a line each. */
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/cli/machine_text.h"

#include "machine/life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Filters, which the service applies: several words with commas between mean any of them. */
enum { STATE, PROFILE, LAB, SEGMENT, LABEL, FILTERS };

static const char *const filters[FILTERS] = {[STATE] = "state",
	[PROFILE] = "profile",
	[LAB] = "lab",
	[SEGMENT] = "segment",
	[LABEL] = "label"};

struct wish {
	const struct command *command;
	struct cli_common common;
	char **names;                 /* NULL-ended; none: all */
	const char *filters[FILTERS]; /* NULL: not given */
};

static bool is_named(const struct wish *w, const char *name)
{
	for (char **n = w->names; *n; n++)
		if (!strcmp(*n, name))
			return true;
	return !*w->names;
}

static bool is_among(json_t *machines, const char *name)
{
	json_t *m;
	size_t i;

	json_array_foreach(machines, i, m)
	{
		if (!strcmp(machine_text(m, "name"), name))
			return true;
	}
	return false;
}

/* EXIT_FAILED when one that was named is not there: then it does not only not fit the filters. */
static int say_missing(struct client *client, const struct wish *w, json_t *machines)
{
	char path[300], escaped[256];
	int rc = EXIT_DONE;

	for (char **n = w->names; *n; n++) {
		snprintf(path, sizeof path, "/machines/%s",
			client_escape(*n, escaped, sizeof escaped));
		if (!is_among(machines, *n) && client_call(client, "GET", path, NULL, NULL))
			rc = EXIT_FAILED;
	}
	return rc;
}

static void keep_named(const struct wish *w, json_t *machines)
{
	for (size_t i = json_array_size(machines); i-- > 0;)
		if (!is_named(w, machine_text(json_array_get(machines, i), "name")))
			json_array_remove(machines, i);
}

/* "/machines?state=up&label=rack:7" */
static int path_of(const struct wish *w, char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, "/machines");
	char escaped[512];

	for (size_t i = 0; i < FILTERS && n < size; i++)
		if (w->filters[i])
			n += (size_t)snprintf(buf + n, size - n, "%c%s=%s",
				strchr(buf, '?') ? '&' : '?', filters[i],
				client_escape(w->filters[i], escaped, sizeof escaped));
	return n < size ? 0 : -1;
}

static const char *state_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_state_text(m);
}

static const char *address_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_address(m);
}

static const char *reason_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_reason(m);
}

static const char *of_nic(const json_t *m, const char *key)
{
	return machine_text(json_array_get(json_object_get(m, "nics"), 0), key);
}

static const char *mac_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return of_nic(m, "mac");
}

static const char *segment_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return of_nic(m, "segment");
}

static const char *last_text(const json_t *m, char *buf, size_t size)
{
	(void)buf, (void)size;
	return machine_text(json_object_get(m, "last_event"), "text");
}

/* "rack=7,role=db" */
static const char *labels_text(const json_t *m, char *buf, size_t size)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	*buf = '\0';
	json_object_foreach(json_object_get(m, "labels"), key, value) if (n < size) n +=
		(size_t)snprintf(
			buf + n, size - n, "%s%s=%s", n ? "," : "", key, json_string_value(value));
	return buf;
}

static const struct column columns[] = {{.head = "NAME", .key = "name"},
	{.head = "KIND", .key = "kind"}, {.head = "STATE", .text = state_text},
	{.head = "ADDRESS", .text = address_text}, {.head = "PROFILE", .key = "profile"},
	{.head = "MAC", .text = mac_text, .wide = true},
	{.head = "SEGMENT", .text = segment_text, .wide = true},
	{.head = "LAB", .key = "lab", .wide = true},
	{.head = "LABELS", .text = labels_text, .wide = true},
	{.head = "GUEST", .key = "guest_state", .wide = true},
	{.head = "SINCE", .key = "since", .text = machine_age, .by_key = true},
	{.head = "LAST", .text = last_text, .wide = true}, {.head = "REASON", .text = reason_text},
	{0}};
static const struct columns table = {.member = "machines", .columns = columns};

static bool is_filtered(const struct wish *w)
{
	for (size_t i = 0; i < FILTERS; i++)
		if (w->filters[i])
			return true;
	return *w->names;
}

static int print(const struct wish *w, json_t *reply)
{
	if (w->common.json || w->common.names ||
		json_array_size(json_object_get(reply, "machines")))
		return cli_list(&w->common, reply);
	puts(is_filtered(w) ? "no such machines"
			    : "no machines; 'usher create NAME --profile P' makes one");
	return EXIT_DONE;
}

static int list(struct client *client, const struct wish *w)
{
	json_t *reply = NULL;
	char path[2048];
	int rc;

	if (path_of(w, path, sizeof path))
		return cli_usage(w->command, "the filters are too long");
	if (client_call(client, "GET", path, NULL, &reply))
		return EXIT_FAILED;
	rc = say_missing(client, w, json_object_get(reply, "machines"));
	keep_named(w, json_object_get(reply, "machines"));
	if (!rc || json_array_size(json_object_get(reply, "machines")))
		rc |= print(w, reply);
	json_decref(reply);
	return rc;
}

static bool is_state(const char *word, size_t n)
{
	char state[32];

	snprintf(state, sizeof state, "%.*s", n < 31 ? (int)n : 31, word);
	return !strcmp(state, "template") || life_state_parse(state) >= 0;
}

static int judge_states(const struct wish *w)
{
	for (const char *s = w->filters[STATE]; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
		if (!is_state(s, strcspn(s, ",")))
			return cli_usage(w->command,
				"--state '%.*s': one of known armed booting installing installed up "
				"live failed template is expected",
				(int)strcspn(s, ","), s);
	return 0;
}

/* Of labels, KEY=VALUE is KEY:VALUE, as the API has it. */
static int take_filter(struct wish *w, size_t which, char *value)
{
	if (w->filters[which])
		return cli_usage(w->command, "--%s twice: %s,%s means any of them", filters[which],
			w->filters[which], value);
	for (char *s = value; which == LABEL && *s; s++)
		if (*s == '=')
			*s = ':';
	w->filters[which] = value;
	return 0;
}

static int run_list(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"state", required_argument, NULL, 1 + STATE},
		{"profile", required_argument, NULL, 1 + PROFILE},
		{"lab", required_argument, NULL, 1 + LAB},
		{"segment", required_argument, NULL, 1 + SEGMENT},
		{"label", required_argument, NULL, 1 + LABEL}, CLI_LIST_OPTIONS, {0}};
	struct wish w = {.command = c};
	struct client *client;
	size_t count;
	int opt, rc = 0;

	cli_common_init(&w.common);
	w.common.lists = &table;
	while (!rc && (opt = cli_getopt(c, &w.common, argc, argv, options)) != -1)
		rc = take_filter(&w, (size_t)opt - 1, optarg);
	rc = rc ? rc : judge_states(&w);
	if (rc)
		return rc;
	w.names = cli_names_all(c, argv + optind, (size_t)(argc - optind), &count);
	if (!w.names)
		return EXIT_USAGE;
	client = client_new(w.common.socket);
	rc = client ? list(client, &w) : cli_fail("out of memory");
	client_free(client);
	cli_names_free(w.names);
	return rc;
}

const struct command cmd_list = {
	.name = "list",
	.arguments =
		"[NAME...] [--state S] [--profile P] [--lab L] [--segment N] [--label KEY[=VALUE]]",
	.summary = "list machines, one line each",
	.help = "  NAME...              only these\n"
		"  --state S            only those in this state: known armed booting installing "
		"installed\n"
		"                       up live failed template; S,S: in one of them, and so below\n"
		"  --profile P          only those of this profile\n"
		"  --lab L              only those of this lab\n"
		"  --segment N          only those with a card there\n"
		"  --label KEY[=VALUE]  only those with this label\n" CLI_LIST_HELP,
	.run = run_list,
};
