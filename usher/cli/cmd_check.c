/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher check: what this host lacks, with the fix on each line. Looks by itself, and asks a service if one runs. */
#include "usher/cli/check.h"
#include "core/json.h"
#include "usher/cli/cli.h"
#include "usher/cli/packages_text.h"
#include "usher/client/client.h"
#include "config/config_look.h"
#include "config/paths.h"
#include "service/packages/packages.h"

#include "kickstart/profiles.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_NETWORK = 1, OPT_INTERFACE };

void check_say(struct check *k, enum verdict v, const char *what, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "note", "LACKS"};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	k->bad += v == CHECK_BAD;
	if (k->json)
		json_array_append_new(k->lines,
			json_pack("{s:s, s:s, s:s}", "what", what, "verdict", words[v], "text",
				text));
	else
		printf("%-6s %-12s %s\n", words[v], what, text);
	fflush(stdout);
}

static int check_profile(void *arg, const char *name, const struct profile *p, const char *why)
{
	struct check *k = arg;
	char line[512];

	if (!p)
		check_say(k, CHECK_BAD, "profile", "%s", why);
	else if (media_check(p, NULL, line, sizeof line) ||
		media_check_loaders(k->programs, p, line, sizeof line))
		check_say(k, CHECK_WARN, "profile", "%s: %s", name, line);
	else
		check_say(k, CHECK_OK, "profile", "%s", name);
	if (p && p->media.path && !*k->kernel) {
		snprintf(k->kernel, sizeof k->kernel, "%s/%s", p->media.path, p->kernel.text);
		if (access(k->kernel, R_OK))
			*k->kernel = '\0';
	}
	return 0;
}

static void check_profiles(struct check *k)
{
	struct profiles ps;

	profiles_init(&ps);
	for (size_t i = 0; i < k->config.n_profiles; i++)
		profiles_add_path(&ps, k->config.profiles[i]);
	profiles_list(&ps, check_profile, k);
	profiles_fini(&ps);
}

/* A NULL reply: `why` says it. */
static json_t *ask(const char *socket, const char *path, char *why, size_t size)
{
	struct client *c = client_new(socket);
	json_t *reply = NULL;
	long status;

	if (!c)
		snprintf(why, size, "out of memory");
	else
		client_try(c, "GET", path, NULL, &reply, &status, why, size);
	client_free(c);
	return reply;
}

static bool is_made(const struct check *k, const char *name)
{
	json_t *n;
	size_t i;

	json_array_foreach(json_object_get(k->networks, "networks"), i, n)
	{
		if (!strcmp(json_text(n, "name"), name))
			return json_is_true(json_object_get(n, "made_by_usher"));
	}
	return false;
}

/* What the service was told on its command line, and this one was not. What usher made is found anyhow. */
static void add_served(struct check *k)
{
	json_t *seg;
	size_t i;

	json_array_foreach(json_object_get(k->status, "segments"), i, seg)
	{
		const char *name = json_text(seg, "name");
		const char *mode = json_text(seg, "mode");
		bool network = json_is_true(json_object_get(seg, "network"));

		if (json_is_true(json_object_get(seg, "relayed")) || is_made(k, name) ||
			config_segment_of(&k->config, name) ||
			config_add_segment(&k->config, name, network))
			continue;
		k->config.segments[k->config.n_segments - 1].mode = !strcmp(mode, "own")
			? SEGMENT_OWN
			: !strcmp(mode, "proxy") ? SEGMENT_PROXY
						 : SEGMENT_AUTO;
	}
}

/* It need not run; but whoever asks here should be one whom it answers. */
static void check_service(struct check *k)
{
	char why[512], line[512];
	bool barred;

	k->status = ask(k->socket, "/status", why, sizeof why);
	barred = !k->status && !access(k->socket, F_OK) && access(k->socket, R_OK | W_OK) &&
		errno == EACCES;
	if (k->status)
		check_say(k, CHECK_OK, "service", "version %s answers on %s",
			json_text(k->status, "version"), k->socket);
	else
		check_say(k, barred ? CHECK_BAD : CHECK_WARN, "service", "%s", why);
	if (k->status)
		k->networks = ask(k->socket, "/networks", line, sizeof line);
	add_served(k);
}

/* The program is looked for here; how it does is asked of the service. */
static void check_packages(struct check *k)
{
	char why[512];
	json_t *reply;

	if (!k->config.packages)
		return;
	if (!packages_program(&k->config, why, sizeof why)) {
		check_say(k, CHECK_BAD, "packages", "%s", why);
		return;
	}
	reply = k->status ? ask(k->socket, "/packages", why, sizeof why) : NULL;
	if (!reply)
		check_say(k, CHECK_OK, "packages", "nginx for the package cache is there");
	else if (json_is_true(json_object_get(reply, "running")))
		check_say(k, CHECK_OK, "packages", "%s", packages_text(reply, why, sizeof why));
	else
		check_say(k, CHECK_BAD, "packages", "the package cache does not run: %s",
			packages_problem(reply));
	json_decref(reply);
}

/* Only the service knows what was imported, and whether it may read it. */
static void check_media(struct check *k)
{
	char why[512];
	json_t *reply = k->status ? ask(k->socket, "/media", why, sizeof why) : NULL, *m;
	size_t i;

	json_array_foreach(json_object_get(reply, "media"), i, m)
	{
		const char *problem = json_string_value(json_object_get(m, "problem"));
		const char *name = json_text(m, "name");
		bool imported = !strcmp(json_text(m, "source"), "imported");

		if (problem) /* of others' media only who installs from them needs to know */
			check_say(k, imported ? CHECK_BAD : CHECK_WARN, "media", "%s: %s", name,
				problem);
		else
			check_say(k, CHECK_OK, "media", "%s, %s", name, json_text(m, "path"));
	}
	json_decref(reply);
}

/* A service knows of media itself. */
static void say_missing(void *arg, const char *what, const char *line)
{
	struct check *k = arg;

	if (!k->status || strcmp(what, "media") != 0)
		check_say(k, CHECK_WARN, what, "%s", line);
}

static int check_all(struct check *k)
{
	if (media_new(&k->programs))
		return cli_fail("out of memory");
	media_add_programs(k->programs, k->config.boot);
	media_add_usual_programs(k->programs);
	check_service(k);
	check_user(k);
	check_networks(k, check_libvirt(k));
	check_wires(k);
	check_programs(k);
	check_profiles(k);
	check_accel(k);
	check_media(k);
	check_packages(k);
	config_look(&k->config, say_missing, k);
	if (k->json) {
		json_dumpf(k->lines, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	return k->bad ? EXIT_FAILED : EXIT_DONE;
}

static int run_check(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"network", required_argument, NULL, OPT_NETWORK},
		{"interface", required_argument, NULL, OPT_INTERFACE},
		{"config", required_argument, NULL, 'c'}, CLI_COMMON_OPTIONS, {0}};
	const char *path = access(PATH_CONFIG, F_OK) ? NULL : PATH_CONFIG;
	struct check *k = calloc(1, sizeof *k);
	struct cli_common o;
	char why[1024];
	int opt, rc = 0;

	if (!k)
		return cli_fail("out of memory");
	config_init(&k->config);
	k->lines = json_array();
	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1) {
		if (opt == 'c')
			path = optarg;
		else if (config_add_segment(&k->config, optarg, opt == OPT_NETWORK))
			rc = cli_usage(c, "'%s': too long, or one too many", optarg);
	}
	k->json = o.json;
	k->socket = o.socket;
	if (!rc && path)
		rc = config_read(&k->config, path, why, sizeof why) ? cli_fail("%s", why) : 0;
	if (!rc)
		rc = check_all(k);
	json_decref(k->lines);
	json_decref(k->ruleset);
	json_decref(k->status);
	json_decref(k->networks);
	media_unref(k->programs);
	free(k);
	return rc;
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "[-c FILE] [--network NAME]... [--interface IF]...",
	.summary = "list what this host lacks, with the fix for each line",
	.help = "  -c, --config FILE    configuration (" PATH_CONFIG ", if it is there)\n"
		"  --network NAME       look at this libvirt network too\n"
		"  --interface IF       look at this interface too\n" CLI_COMMON_HELP,
	.run = run_check,
};
