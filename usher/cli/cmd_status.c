/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher status: the service on one screen, and what is wrong. */
#include "usher/cli/cli.h"
#include "usher/cli/machine_text.h"
#include "usher/cli/packages_text.h"
#include "usher/cli/problems.h"
#include "usher/client/client.h"
#include "usher/client/follow.h"
#include "usher/client/progress.h"
#include "usher/client/printed.h"

#include "machine/life.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SHOWN = 10 /* machines that are stuck, on the screen */ };

struct answers {
	json_t *status, *packages, *media, *fetches, *problems;
};

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static const struct columns_wish plain;

/* Segments */

static const char *serves_text(const json_t *s, char *buf, size_t size)
{
	const char *mode = machine_text(s, "mode");
	const json_t *other = json_array_get(json_object_get(s, "others"), 0);

	if (json_is_true(json_object_get(s, "relayed")))
		return "usher leases, by a relay";
	if (!strcmp(mode, "auto") && !*machine_text(s, "problem"))
		return "not known yet: usher listens";
	if (!json_is_true(json_object_get(s, "serving")))
		return "none: not served";
	if (!strcmp(mode, "own"))
		return "usher leases";
	snprintf(buf, size, "%s leases, usher boots",
		other ? machine_text(other, "address") : "another");
	return buf;
}

static const char *pool_text(const json_t *s, char *buf, size_t size)
{
	const json_t *pool = json_object_get(s, "pool");

	*buf = '\0';
	if (json_is_object(pool))
		snprintf(buf, size, "%lld used, %lld free", number(pool, "used"),
			number(pool, "size") > number(pool, "used")
				? number(pool, "size") - number(pool, "used")
				: 0);
	return buf;
}

static const char *subnet_text(const json_t *s, char *buf, size_t size)
{
	*buf = '\0';
	if (*machine_text(s, "subnet"))
		snprintf(buf, size, "%s/%lld", machine_text(s, "subnet"), number(s, "prefix"));
	return buf;
}

static const char *ipv6_text(const json_t *s, char *buf, size_t size)
{
	const json_t *six = json_object_get(s, "ipv6");

	*buf = '\0';
	if (*machine_text(six, "server"))
		snprintf(buf, size, "%s/%lld%s", machine_text(six, "server"), number(six, "prefix"),
			json_is_true(json_object_get(six, "leases")) ? "" : ", not leased");
	return *machine_text(six, "problem") ? "not served" : buf;
}

static const struct column columns[] = {{.head = "SEGMENT", .key = "name"},
	{.head = "ON", .key = "interface"}, {.head = "SUBNET", .text = subnet_text},
	{.head = "IPV6", .text = ipv6_text}, {.head = "POOL", .text = pool_text},
	{.head = "WHO", .text = serves_text}, {0}};
static const struct columns segments = {.member = "segments",
	.columns = columns,
	.none = "segments    none: usher network create NAME makes a network to serve"};

/* Machines */

static void print_states(const json_t *status)
{
	const json_t *states = json_object_get(status, "states");
	const char *between = ": ";

	printf("machines    %lld", number(status, "machines"));
	for (size_t i = 0; i < LIFE_STATES; i++) {
		const char *state = life_state_name((enum life_state)i);

		if (number(states, state))
			printf("%s%lld %s", between, number(states, state), state);
		between = number(states, state) ? ", " : between;
	}
	if (number(states, "template"))
		printf("%s%lld %s", between, number(states, "template"),
			number(states, "template") > 1 ? "templates" : "template");
	putchar('\n');
}

static const char *step_text(const json_t *m, char *buf, size_t size)
{
	const char *text = machine_text(json_object_get(m, "progress"), "text");

	(void)buf, (void)size;
	return *text ? text : machine_text(json_object_get(m, "last_event"), "text");
}

static const char *done_text(const json_t *m, char *buf, size_t size)
{
	int percent = follow_percentage(json_object_get(m, "progress"));

	*buf = '\0';
	if (percent >= 0)
		snprintf(buf, size, "%d %%", percent);
	return buf;
}

static const char *armed_text(const json_t *m, char *buf, size_t size)
{
	return machine_age_of(json_object_get(m, "attempt"), "armed_at", buf, size);
}

static const struct column install_columns[] = {{.head = "INSTALLING", .key = "name"},
	{.head = "STATE", .key = "state"}, {.head = "ARMED", .text = armed_text},
	{.head = "DONE", .text = done_text, .right = true}, {.head = "STEP", .text = step_text},
	{0}};
static const struct columns installs = {.member = "machines", .columns = install_columns};

static void print_more(long long all, size_t shown, const char *what)
{
	if (all > (long long)shown)
		printf("  and %lld more: %s\n", all - (long long)shown, what);
}

static void print_installs(const json_t *status)
{
	json_t *some = json_object_get(status, "installing");
	size_t n = json_array_size(json_object_get(some, "machines"));

	if (n)
		columns_print(&installs, some, &plain);
	print_more(number(some, "count"), n, "usher list --state booting,installing");
}

/* The rest */

static void print_service(const struct cli_common *o, const json_t *status)
{
	char age[32];

	printf("usher %s since %.19sZ (%s), pid %lld, %s\n", machine_text(status, "version"),
		machine_text(status, "started"), machine_age_of(status, "started", age, sizeof age),
		number(status, "pid"), o->socket);
}

/* By which the page is asked for: this host's name where all addresses are listened on. */
static const char *reached_at(const char *address, char host[256])
{
	if ((strcmp(address, "0.0.0.0") != 0 && strcmp(address, "::") != 0) ||
		gethostname(host, 255))
		return address;
	host[255] = '\0';
	return host;
}

static void print_listener(const json_t *status)
{
	const json_t *api = json_object_get(status, "api");
	char host[256];
	const char *address = reached_at(machine_text(api, "address"), host);
	bool six = strchr(address, ':');

	if (*machine_text(api, "problem"))
		puts("api         does not answer by TLS");
	else if (json_is_object(api))
		printf("api         https://%s%s%s:%lld, certificate SHA-256 %s\n", six ? "[" : "",
			address, six ? "]" : "", number(api, "port"),
			machine_text(api, "fingerprint"));
}

static void print_libvirt(const json_t *status)
{
	json_t *l;
	size_t i;

	json_array_foreach(json_object_get(status, "libvirts"), i, l) printf("%-11s %s, %s\n",
		i ? "" : "libvirt", machine_text(l, "uri"),
		json_is_true(json_object_get(l, "connected")) ? "connected" : "not connected");
}

static void print_packages(const json_t *packages)
{
	char text[256];

	if (json_is_true(json_object_get(packages, "running")))
		printf("packages    %s\n", packages_text(packages, text, sizeof text));
	else if (json_is_true(json_object_get(packages, "configured")))
		printf("packages    the cache does not run\n");
}

static void print_media(const struct answers *a)
{
	size_t n = json_array_size(json_object_get(a->media, "media")), i;
	json_t *f;

	printf("media       %zu\n", n);
	json_array_foreach(json_object_get(a->fetches, "fetching"), i, f)
		printf("%-11s %s, %u %% of %.1f MB\n", i ? "" : "fetching", machine_text(f, "url"),
			progress_percent((uint64_t)number(f, "have"), (uint64_t)number(f, "size")),
			(double)number(f, "size") / 1e6);
}

static void print_problem(const json_t *p)
{
	printf("  %s %s: %s\n", machine_text(p, "what"), machine_text(p, "name"),
		machine_text(p, "text"));
	printf("    fix: %s\n", machine_text(p, "fix"));
}

/* Machines come last, and only as many as there is room for. */
static void print_problems(const struct answers *a)
{
	long long troubled = number(json_object_get(a->status, "troubled"), "count");
	size_t i, machines = 0;
	json_t *p;

	if (json_array_size(a->problems))
		puts("wrong");
	json_array_foreach(a->problems, i, p)
	{
		machines += !strcmp(machine_text(p, "what"), "machine");
		if (machines > SHOWN)
			break;
		print_problem(p);
	}
	print_more(troubled, machines > SHOWN ? SHOWN : machines, "usher list --sort -since");
}

static void print_screen(const struct cli_common *o, const struct answers *a)
{
	print_service(o, a->status);
	print_listener(a->status);
	columns_print(&segments, a->status, &plain);
	print_libvirt(a->status);
	print_packages(a->packages);
	print_media(a);
	print_states(a->status);
	print_installs(a->status);
	print_problems(a);
	if (!json_array_size(a->problems))
		puts("all is well");
}

/* The calls */

static void print_json(const struct answers *a)
{
	json_t *all = json_pack("{s:b, s:O, s:O, s:O, s:O, s:O}", "running", 1, "problems",
		a->problems, "status", a->status, "packages", a->packages, "media",
		json_object_get(a->media, "media"), "fetching",
		json_object_get(a->fetches, "fetching"));

	printed_json(all);
	json_decref(all);
}

/* systemd runs it here, or would. */
static const char *how_to_start(void)
{
	static const char *const units[] = {"/etc/systemd/system/usher.service",
		"/lib/systemd/system/usher.service", "/usr/lib/systemd/system/usher.service"};

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (!access("/run/systemd/system", F_OK) && !access(units[i], F_OK))
			return "systemctl start usher; journalctl -u usher says why it ended";
	return "usher serve";
}

static int say_away(const struct cli_common *o, const char *why)
{
	json_t *all;

	if (!o->json)
		return cli_fail("%s", why);
	all = json_pack("{s:b, s:[{s:s, s:s, s:s, s:s}]}", "running", 0, "problems", "what",
		"service", "name", o->socket, "text", why, "fix", how_to_start());
	printed_json(all);
	json_decref(all);
	return EXIT_FAILED;
}

/* Is nobody there? Whoever may not ask is told so. */
static int no_service(const struct cli_common *o, const char *why)
{
	char text[CLIENT_WHY];

	if (!access(o->socket, F_OK) && access(o->socket, W_OK))
		return say_away(o, why);
	snprintf(text, sizeof text, "the service is not running (no answer on %s): %s", o->socket,
		how_to_start());
	return say_away(o, text);
}

static int tell(const struct cli_common *o, struct answers *a)
{
	a->problems = problems_find(a->status, a->packages, a->media, (int64_t)time(NULL) * 1000);
	if (o->json)
		print_json(a);
	else
		print_screen(o, a);
	return json_array_size(a->problems) ? EXIT_WRONG : EXIT_DONE;
}

static int ask(const struct cli_common *o, struct client *client, struct answers *a)
{
	char why[CLIENT_WHY];
	long status;

	if (client_try(client, "GET", "/status", NULL, &a->status, &status, why, sizeof why))
		return status ? cli_fail("%s", why) : no_service(o, why);
	if (client_call(client, "GET", "/packages", NULL, &a->packages) ||
		client_call(client, "GET", "/media", NULL, &a->media) ||
		client_call(client, "GET", "/fetches", NULL, &a->fetches))
		return EXIT_FAILED;
	return tell(o, a);
}

static int run_status(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct answers a = {.status = NULL};
	struct cli_common o;
	struct client *client;
	int rc;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || optind != argc)
		return cli_usage(c, "takes no argument; 'usher show NAME' tells of one machine");
	client = client_new(o.socket);
	rc = client ? ask(&o, client, &a) : cli_fail("out of memory");
	client_free(client);
	json_decref(a.status);
	json_decref(a.packages);
	json_decref(a.media);
	json_decref(a.fetches);
	json_decref(a.problems);
	return rc;
}

const struct command cmd_status = {
	.name = "status",
	.arguments = "",
	.summary = "show the service on one screen, and what is wrong",
	.help = "  Exit status: 0 all is well; 1 the service does not run, or does not answer;\n"
		"  2 wrong usage; 3 something is wrong: it says what, and the fix\n" CLI_COMMON_HELP,
	.run = run_status,
};
