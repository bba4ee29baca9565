/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher show, leases, profiles, render: reading. */
#include "usher/cli/cli.h"
#include "usher/cli/discovered_text.h"
#include "usher/client/client.h"
#include "usher/client/console_client.h"
#include "usher/cli/log_text.h"
#include "usher/cli/machine_text.h"
#include "usher/cli/wall.h"
#include "service/console/console_text.h"
#include "usher/client/printed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
static const struct option list_options[] = {CLI_LIST_OPTIONS, {0}};

static int print_json(json_t *reply)
{
	printed_json(reply);
	json_decref(reply);
	return EXIT_DONE;
}

/* One call and its reply. NULL: said why, *ret_exit is set. */
static json_t *ask(const struct cli_common *o, const char *path, int *ret_exit)
{
	json_t *reply = NULL;

	*ret_exit = EXIT_FAILED;
	(void)client_once(o->socket, "GET", path, NULL, &reply);
	return reply;
}

static void show_nics(json_t *m)
{
	json_t *nic, *a;
	size_t i, j;

	json_array_foreach(json_object_get(m, "nics"), i, nic)
	{
		printf("  nic        %s on %s:", machine_text(nic, "mac"),
			machine_text(nic, "segment"));
		json_array_foreach(json_object_get(nic, "addresses"), j, a)
			printf(" %s", json_string_value(a));
		putchar('\n');
	}
}

/* A boot of a sealed machine. */
static void show_waiting(json_t *m)
{
	json_t *a = json_object_get(m, "attempt"), *w = json_object_get(a, "waiting");

	if (json_is_true(json_object_get(a, "sealed")) && !json_is_object(w))
		printf("  sealed     yes, %lld boots asked to be confirmed\n",
			(long long)json_integer_value(json_object_get(a, "asks")));
	if (!json_is_object(w))
		return;
	printf("  sealed     yes, waits for confirmation: usher confirm %s CODE\n"
	       "             CODE is on the machine's own screen\n"
	       "             asked for by %s, %s, number %lld since it was armed\n",
		machine_text(m, "name"), machine_text(w, "client"), machine_text(w, "since"),
		(long long)json_integer_value(json_object_get(a, "asks")));
}

static void show_live(const json_t *a, const json_t *live)
{
	bool loops = json_is_true(json_object_get(live, "looping"));

	printf("  live       since %s, %lld boots\n", machine_text(a, "armed_at"),
		(long long)json_integer_value(json_object_get(a, "boots")));
	if (*machine_text(live, "booted_at"))
		printf("  booted     %s\n", machine_text(live, "booted_at"));
	if (*machine_text(live, "up_at"))
		printf("  up         %s\n", machine_text(live, "up_at"));
	else if (*machine_text(a, "deadline"))
		printf("  up         not yet, expected by %s\n", machine_text(a, "deadline"));
	if (loops)
		printf("  looping    it boots again and again: more than %lld boots in 10 minutes\n",
			(long long)json_integer_value(json_object_get(a, "max_boots")));
	if (*machine_text(a, "reason"))
		printf("  reason     %s\n", machine_text(a, "reason"));
}

static void show_attempt(json_t *a)
{
	const json_t *live = json_object_get(a, "live");

	if (!json_integer_value(json_object_get(a, "number")))
		return;
	if (json_is_object(live)) {
		show_live(a, live);
		return;
	}
	printf("  attempt    %lld, armed %s, %lld of %lld boots\n",
		(long long)json_integer_value(json_object_get(a, "number")),
		machine_text(a, "armed_at"),
		(long long)json_integer_value(json_object_get(a, "boots")),
		(long long)json_integer_value(json_object_get(a, "max_boots")));
	if (*machine_text(a, "ended_at"))
		printf("  ended      %s\n", machine_text(a, "ended_at"));
	else
		printf("  deadline   %s\n", machine_text(a, "deadline"));
	if (*machine_text(a, "reason"))
		printf("  reason     %s\n", machine_text(a, "reason"));
}

/* What it waits for, and why that does not come. */
static void show_cause(const json_t *a)
{
	const json_t *c = json_object_get(a, "cause");
	char age[32];

	if (*machine_text(a, "waits_for"))
		printf("  waits for  %s, for %s\n", machine_text(a, "waits_for"),
			machine_age_of(a, "waits_since", age, sizeof age));
	if (!json_is_object(c))
		return;
	printf("  cause      %s%s\n",
		json_is_true(json_object_get(c, "certain")) ? "" : "probably ",
		machine_text(c, "text"));
	if (*machine_text(c, "seen"))
		printf("  seen       %s\n", machine_text(c, "seen"));
	printf("  fix        %s\n", machine_text(c, "fix"));
}

enum { CONSOLE_LINES = 4, CONSOLE_WIDTH = 120, CONSOLE_LOOK = 8 << 10 };

/* It failed; or a boot of its live system did, or they follow each other too fast. */
static bool went_wrong(const json_t *m)
{
	const json_t *a = json_object_get(m, "attempt"), *live = json_object_get(a, "live");

	return !strcmp(machine_text(m, "state"), "failed") ||
		(json_is_object(live) &&
			(*machine_text(a, "reason") ||
				json_is_true(json_object_get(live, "looping"))));
}

/* Why is it stuck? What its console said last often says more than a deadline that passed. */
static void show_console(const struct cli_common *o, const char *name)
{
	struct client *client = client_new(o->socket);
	struct console_piece p = {0};
	char query[32], why[CLIENT_WHY];
	char *lines = NULL;

	snprintf(query, sizeof query, "last=%d", CONSOLE_LOOK);
	if (client && !console_fetch(client, name, query, 0, &p, why, sizeof why))
		lines = console_text_last(p.bytes, p.n, CONSOLE_LINES, CONSOLE_WIDTH, true);
	for (char *save, *l = lines ? strtok_r(lines, "\n", &save) : NULL; l;
		l = strtok_r(NULL, "\n", &save))
		printf("  console    %s\n", l);
	free(lines);
	console_piece_fini(&p);
	client_free(client);
}

enum { LOG_LINES = 4, LOG_WIDTH = 120, LOG_LOOK = 16 << 10 };

/* What its installer logged last, in this attempt. */
static void show_log(const struct cli_common *o, const json_t *m)
{
	json_int_t attempt =
		json_integer_value(json_object_get(json_object_get(m, "attempt"), "number"));
	struct client *client = client_new(o->socket);
	char path[300], name[256], why[CLIENT_WHY];
	json_t *reply = NULL, *last = json_array(), *line;
	size_t i;

	snprintf(path, sizeof path, "/machines/%s/log?last=%d",
		client_escape(machine_text(m, "name"), name, sizeof name), LOG_LOOK);
	if (client)
		(void)client_get(client, path, 0, &reply, why, sizeof why);
	json_array_foreach(json_object_get(reply, "lines"), i, line)
	{
		if (json_integer_value(json_object_get(line, "attempt")) != attempt ||
			!strcmp(machine_text(line, "facility"), "usher"))
			continue;
		json_array_append(last, line);
		if (json_array_size(last) > LOG_LINES)
			json_array_remove(last, 0);
	}
	json_array_foreach(last, i, line)
	{
		printf("  log        ");
		log_text_print(line, LOG_WIDTH);
	}
	json_decref(last);
	json_decref(reply);
	client_free(client);
}

/* A secret that was encrypted with another key than the service has. */
static void show_unreadable(const json_t *m, const char *what)
{
	if (!strcmp(what, "power_password"))
		printf("  unreadable its controller's password: set it again: usher power %s set %s\n",
			machine_text(m, "name"), machine_text(m, "power"));
	else
		printf("  unreadable %s: put the old key back (usher.xml(5)), or make the machine anew\n",
			what);
}

/* It may have several lines. */
static void show_note(const char *note)
{
	const char *head = "note";

	for (size_t n; *note; note += n + (note[n] == '\n'), head = "") {
		n = strcspn(note, "\n");
		printf("  %-10s %.*s\n", head, (int)n, note);
	}
}

/* Is it a rule of this host? Quiet where that cannot be found out. */
static void show_wall(const struct cli_common *o, const json_t *m)
{
	json_t *rules, *status = NULL;

	if (!wall_matters(json_object_get(m, "attempt")))
		return;
	rules = wall_rules();
	if (rules && !client_once(o->socket, "GET", "/status", NULL, &status))
		wall_show(m, status, rules);
	json_decref(status);
	json_decref(rules);
}

static void show_machine(const struct cli_common *o, json_t *m)
{
	json_t *last = json_object_get(m, "last_event");
	const char *key;
	json_t *value;
	char age[32];
	size_t i;

	printf("%s: %s for %s\n", machine_text(m, "name"), machine_state_text(m),
		machine_age(m, age, sizeof age));
	printf("  kind       %s\n  profile    %s\n  uuid       %s\n", machine_text(m, "kind"),
		machine_text(m, "profile"), machine_text(m, "uuid"));
	if (*machine_text(m, "guest_state"))
		printf("  guest      %s\n", machine_text(m, "guest_state"));
	show_nics(m);
	json_object_foreach(json_object_get(m, "labels"), key, value)
		printf("  label      %s=%s\n", key, json_string_value(value));
	if (*machine_text(m, "note"))
		show_note(machine_text(m, "note"));
	json_object_foreach(json_object_get(m, "settings"), key, value)
		printf("  set        %s=%s\n", key,
			json_is_string(value) ? json_string_value(value) : "…");
	if (*machine_text(m, "power"))
		printf("  power      %s\n", machine_text(m, "power"));
	json_array_foreach(json_object_get(m, "unreadable"), i, value)
		show_unreadable(m, json_string_value(value));
	show_attempt(json_object_get(m, "attempt"));
	show_cause(json_object_get(m, "attempt"));
	show_wall(o, m);
	show_waiting(m);
	json_array_foreach(json_object_get(m, "host_keys"), i, value) printf("  host key   %s %s\n",
		machine_text(value, "fingerprint"), machine_text(value, "type"));
	if (json_is_object(last))
		printf("  last       %s: %s%s%s\n", machine_text(last, "kind"),
			machine_text(last, "text"), *machine_text(last, "by") ? ", by " : "",
			machine_text(last, "by"));
}

static int run_show(const struct command *c, int argc, char **argv)
{
	struct cli_common o;
	char path[300], name[256];
	json_t *reply;
	int rc;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || argc - optind != 1)
		return cli_usage(c, "takes one name");
	snprintf(path, sizeof path, "/machines/%s", client_escape(argv[optind], name, sizeof name));
	reply = ask(&o, path, &rc);
	if (!reply)
		return rc;
	if (o.json)
		return print_json(reply);
	show_machine(&o, reply);
	if (json_is_object(json_object_get(reply, "inventory")))
		discovered_print_hardware(json_object_get(reply, "inventory"));
	if (went_wrong(reply) && !strcmp(machine_text(reply, "kind"), "guest"))
		show_console(&o, machine_text(reply, "name"));
	if (went_wrong(reply))
		show_log(&o, reply);
	json_decref(reply);
	return EXIT_DONE;
}

const struct command cmd_show = {
	.name = "show",
	.arguments = "NAME",
	.summary = "show one machine: where it is, and why it is stuck",
	.help = CLI_COMMON_HELP,
	.run = run_show,
};

static const char *expires_text(const json_t *l, char *buf, size_t size)
{
	snprintf(buf, size, "%.19sZ", machine_text(l, "expires"));
	return buf;
}

static const char *holder_text(const json_t *l, char *buf, size_t size)
{
	(void)buf, (void)size;
	return *machine_text(l, "machine") ? machine_text(l, "machine")
					   : machine_text(l, "hostname");
}

static const struct column lease_columns[] = {{.head = "ADDRESS", .key = "address"},
	{.head = "MAC", .key = "mac"}, {.head = "SEGMENT", .key = "segment"},
	{.head = "STATE", .key = "state"},
	{.head = "EXPIRES", .key = "expires", .text = expires_text, .by_key = true},
	{.head = "HOSTNAME", .key = "hostname", .wide = true},
	{.head = "MACHINE", .text = holder_text}, {0}};
static const struct columns leases = {.member = "leases", .columns = lease_columns};

/* A call whose reply is a list. */
static int print_call(const struct cli_common *o, const char *path)
{
	int rc;
	json_t *reply = ask(o, path, &rc);

	if (!reply)
		return rc;
	rc = cli_list(o, reply);
	json_decref(reply);
	return rc;
}

static int run_leases(const struct command *c, int argc, char **argv)
{
	struct cli_common o;

	cli_common_init(&o);
	o.lists = &leases;
	if (cli_getopt(c, &o, argc, argv, list_options) != -1 || optind != argc)
		return cli_usage(c, "takes no argument");
	return print_call(&o, "/leases");
}

const struct command cmd_leases = {
	.name = "leases",
	.arguments = "",
	.summary = "list who holds which address, and until when; addresses set aside",
	.help = CLI_LIST_HELP,
	.run = run_leases,
};

/* " (number from 1 to 9; required; secret)" */
static void show_type(json_t *s)
{
	const char *type = machine_text(s, "type"), *values = machine_text(s, "values");
	bool number = !strcmp(type, "number");

	printf(" (%s", *values ? values : type);
	if (number)
		printf(" from %lld to %lld",
			(long long)json_integer_value(json_object_get(s, "min")),
			(long long)json_integer_value(json_object_get(s, "max")));
	printf("%s%s)\n", json_is_true(json_object_get(s, "required")) ? "; required" : "",
		json_is_true(json_object_get(s, "secret")) ? "; secret" : "");
}

static void show_setting(json_t *s)
{
	const char *def = machine_text(s, "default");
	size_t used = strlen(machine_text(s, "name")) + strlen(def);

	printf("  --set %s=%s%*s  %s", machine_text(s, "name"), def,
		used < 30 ? (int)(30 - used) : 0, "", machine_text(s, "help"));
	show_type(s);
}

static void show_profile(json_t *p)
{
	json_t *guest = json_object_get(p, "guest"), *s;
	size_t i;

	printf("%s: %s\n", machine_text(p, "name"), machine_text(p, "title"));
	printf("  file       %s\n", machine_text(p, "file"));
	printf("  requires   %lld MiB of memory, %.1f GiB of disk\n",
		(long long)json_integer_value(json_object_get(guest, "requires_memory")) >> 20,
		json_number_value(json_object_get(guest, "requires_disk")) / (1024. * 1024 * 1024));
	printf("  guest      %lld MiB of memory, %lld vcpus, %.1f GiB of disk, unless said\n",
		(long long)json_integer_value(json_object_get(guest, "memory")) >> 20,
		(long long)json_integer_value(json_object_get(guest, "vcpus")),
		json_number_value(json_object_get(guest, "disk")) / (1024. * 1024 * 1024));
	if (*machine_text(p, "missing"))
		printf("  missing    %s\n", machine_text(p, "missing"));
	json_array_foreach(json_object_get(p, "settings"), i, s) show_setting(s);
}

static const char *lacks_text(const json_t *p, char *buf, size_t size)
{
	(void)buf, (void)size;
	return *machine_text(p, "error") ? machine_text(p, "error") : machine_text(p, "missing");
}

static const struct column profile_columns[] = {{.head = "NAME", .key = "name"},
	{.head = "TITLE", .key = "title"}, {.head = "FILE", .key = "file", .wide = true},
	{.head = "LACKS", .text = lacks_text}, {0}};
static const struct columns profiles = {.member = "profiles", .columns = profile_columns};

static int run_profile(const struct cli_common *o, const char *name)
{
	char path[300], escaped[256];
	json_t *reply;
	int rc;

	snprintf(path, sizeof path, "/profiles/%s", client_escape(name, escaped, sizeof escaped));
	reply = ask(o, path, &rc);
	if (!reply)
		return rc;
	if (o->json)
		return print_json(reply);
	show_profile(reply);
	json_decref(reply);
	return EXIT_DONE;
}

static int run_profiles(const struct command *c, int argc, char **argv)
{
	struct cli_common o;

	cli_common_init(&o);
	o.lists = &profiles;
	if (cli_getopt(c, &o, argc, argv, list_options) != -1 || argc - optind > 1)
		return cli_usage(c, "takes one name or none");
	return optind < argc ? run_profile(&o, argv[optind]) : print_call(&o, "/profiles");
}

const struct command cmd_profiles = {
	.name = "profiles",
	.arguments = "[NAME]",
	.summary = "list what can be installed, or one profile's settings",
	.help = CLI_LIST_HELP,
	.run = run_profiles,
};

static const char *const loaders[] = {"ipxe", "grub", "grub-http", "pxelinux", NULL};

static bool is_one_of(const char *const *words, const char *word)
{
	while (*words && strcmp(*words, word))
		words++;
	return *words;
}

static int run_render(const struct command *c, int argc, char **argv)
{
	static const struct option own[] = {{"for", required_argument, NULL, 'f'},
		{"now", no_argument, NULL, 'n'}, CLI_COMMON_OPTIONS, {0}};
	char path[700], name[256], what[256];
	const char *loader = loaders[0], *now = "";
	struct cli_common o;
	json_t *reply;
	int rc, opt;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, own)) != -1)
		if (opt == 'f')
			loader = optarg;
		else
			now = "&now=1";
	if (argc - optind != 2)
		return cli_usage(c,
			"takes a name and one of script, answers, cmdline or another answer file");
	if (!is_one_of(loaders, loader))
		return cli_usage(
			c, "'%s' is no loader: expected ipxe, grub, grub-http or pxelinux", loader);
	snprintf(path, sizeof path, "/machines/%s/render/%s?for=%s%s",
		client_escape(argv[optind], name, sizeof name),
		client_escape(argv[optind + 1], what, sizeof what), loader, now);
	reply = ask(&o, path, &rc);
	if (!reply)
		return rc;
	if (o.json)
		return print_json(reply);
	if (*machine_text(reply, "note"))
		fprintf(stderr, "usher: %s\n", machine_text(reply, "note"));
	printed_exact();
	fputs(machine_text(reply, "text"), stdout);
	if (!strcmp(argv[optind + 1], "cmdline"))
		putchar('\n'); /* script and answers are given byte by byte */
	json_decref(reply);
	return EXIT_DONE;
}

const struct command cmd_render = {
	.name = "render",
	.arguments = "NAME script|answers|cmdline|FILE [--now] [--for LOADER]",
	.summary = "print what a machine would be served, without its secrets",
	.help = "  FILE                 a file beside the answers, such as nocloud/meta-data\n"
		"  --now                what a reinstall would arm it with, instead of what it was armed "
		"with\n"
		"  --for LOADER         the script for ipxe (as it is), grub, grub-http or "
		"pxelinux\n" CLI_COMMON_HELP,
	.run = run_render,
};
