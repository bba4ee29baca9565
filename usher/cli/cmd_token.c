/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher token: who may ask the API from elsewhere, by TLS. */
#include "usher/cli/cli.h"
#include "usher/cli/machine_text.h"
#include "usher/client/client.h"
#include "usher/client/printed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_ROLE = 1, OPT_EXPIRES };

struct wish {
	const struct command *command;
	struct cli_common common;
	const char *role, *expires;
};

/* "30d", "12h", "45m", "90s". */
static bool seconds_of(const char *text, json_int_t *ret)
{
	static const char units[] = "smhd";
	static const json_int_t each[] = {1, 60, 3600, 24 * 3600};
	const char *unit;
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || *text < '0' || *text > '9' || n < 1 || n > 100 * 1000 * 1000 || !unit ||
		end[1])
		return false;
	*ret = n * each[unit - units];
	return true;
}

/* Takes the body. */
static int call(
	const struct wish *w, const char *method, const char *path, json_t *body, json_t **ret)
{
	return client_once(w->common.socket, method, path, body, ret) ? EXIT_FAILED : EXIT_DONE;
}

/* The token alone on standard output, for scripts. */
static void say_token(const json_t *t)
{
	const char *expires = machine_text(t, "expires"), *sum = machine_text(t, "fingerprint");

	fprintf(stderr, "%s: role %s, %s%s; the token is shown this once\n",
		machine_text(t, "name"), machine_text(t, "role"),
		*expires ? "until " : "does not expire", expires);
	if (*sum)
		fprintf(stderr, "port %lld, certificate SHA-256 %s\n",
			(long long)json_integer_value(json_object_get(t, "port")), sum);
	else
		fprintf(stderr,
			"usher does not listen for it yet: that takes <api/> in usher.xml\n");
	puts(machine_text(t, "token"));
}

static int create(struct wish *w, const char *name)
{
	json_t *body = json_pack("{s:s, s:s}", "name", name, "role", w->role), *reply = NULL;
	json_int_t s;
	int rc;

	if (w->expires && !seconds_of(w->expires, &s)) {
		json_decref(body);
		return cli_usage(w->command,
			"--expires takes a time like 30d, 12h or 45m, not '%s'", w->expires);
	}
	if (w->expires)
		json_object_set_new(body, "expires_s", json_integer(s));
	rc = call(w, "POST", "/tokens", body, &reply);
	if (!rc && w->common.json)
		printed_json(reply);
	else if (!rc)
		say_token(reply);
	json_decref(reply);
	return rc;
}

static const char *or_never(const json_t *t, const char *key)
{
	return *machine_text(t, key) ? machine_text(t, key) : "never";
}

static const char *expires_text(const json_t *t, char *buf, size_t size)
{
	(void)buf, (void)size;
	return or_never(t, "expires");
}

static const char *used_text(const json_t *t, char *buf, size_t size)
{
	(void)buf, (void)size;
	return or_never(t, "last_used");
}

static const struct column columns[] = {{.head = "NAME", .key = "name"},
	{.head = "ROLE", .key = "role"}, {.head = "CREATED", .key = "created"},
	{.head = "EXPIRES", .text = expires_text}, {.head = "LAST USED", .text = used_text},
	{.head = "BY", .key = "by"}, {0}};
static const struct columns table = {.member = "tokens", .columns = columns};

static int list(struct wish *w)
{
	json_t *reply = NULL;
	int rc = call(w, "GET", "/tokens", NULL, &reply);

	rc = rc ? rc : cli_list(&w->common, reply);
	json_decref(reply);
	return rc;
}

static int drop(struct wish *w, const char *name)
{
	char path[300], escaped[256];
	json_t *reply = NULL;
	int rc;

	snprintf(path, sizeof path, "/tokens/%s", client_escape(name, escaped, sizeof escaped));
	rc = call(w, "DELETE", path, NULL, &reply);
	if (!rc && w->common.json)
		printed_json(reply);
	else if (!rc)
		printf("%s: deleted\n", name);
	json_decref(reply);
	return rc;
}

static int run_token(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"role", required_argument, NULL, OPT_ROLE},
		{"expires", required_argument, NULL, OPT_EXPIRES}, CLI_LIST_OPTIONS, {0}};
	struct wish w = {.command = c};
	int opt, n;

	cli_common_init(&w.common);
	w.common.lists = &table;
	while ((opt = cli_getopt(c, &w.common, argc, argv, options)) != -1)
		*(opt == OPT_ROLE ? &w.role : &w.expires) = optarg;
	n = argc - optind;
	argv += optind;
	if (n == 2 && !strcmp(argv[0], "create"))
		return w.role ? create(&w, argv[1])
			      : cli_usage(c, "create takes --role view, operate or admin");
	if (w.role || w.expires)
		return cli_usage(c, "--role and --expires go with create NAME");
	if (n == 2 && !strcmp(argv[0], "delete"))
		return drop(&w, argv[1]);
	if (!n || (n == 1 && !strcmp(argv[0], "list")))
		return list(&w);
	return cli_usage(c, "takes list, create NAME or delete NAME");
}

const struct command cmd_token = {
	.name = "token",
	.arguments = "[list] | create NAME --role R [--expires T] | delete NAME",
	.summary = "list, make or revoke tokens: with one, others ask the API by TLS",
	.help = "  --role R             create: view (look), operate (machines) or admin (all)\n"
		"  --expires T          create: until when: 30d, 12h, 45m (for ever)\n" CLI_LIST_HELP,
	.run = run_token,
};
