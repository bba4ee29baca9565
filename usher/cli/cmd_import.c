/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher import: registers a medium where it lies, or a copy of it that we make. */
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/cli/media_text.h"
#include "usher/client/progress.h"

#include "kickstart/media/recognise.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_NAME = 1, OPT_REPLACE, OPT_COPY, OPT_FORCE };

struct copy {
	struct client *client;
	int from;
	uint64_t size;
	char id[64];
	size_t piece; /* bytes that the service takes at a time */
};

static int fail_errno(const char *path)
{
	return cli_fail("%s: %s", path, strerror(errno));
}

/* With the rights of whoever runs this: the service may not read it where it lies. */
static int copy_open(struct copy *c, const char *path)
{
	struct stat st;

	c->from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (c->from < 0 || fstat(c->from, &st))
		return fail_errno(path);
	if (!S_ISREG(st.st_mode))
		return cli_fail("%s is no file: --copy takes an image; copy a folder with cp -a, "
				"and import the copy",
			path);
	c->size = (uint64_t)st.st_size;
	return EXIT_DONE;
}

static int copy_begin(struct copy *c, const char *path)
{
	char name[PATH_MAX];
	json_t *reply = NULL;
	const char *id;

	snprintf(name, sizeof name, "%s", path);
	if (client_call(c->client, "POST", "/copies",
		    json_pack("{s:s, s:I}", "name", basename(name), "size", (json_int_t)c->size),
		    &reply))
		return EXIT_FAILED;
	id = json_string_value(json_object_get(reply, "id"));
	snprintf(c->id, sizeof c->id, "%s", id ? id : "");
	c->piece = (size_t)json_integer_value(json_object_get(reply, "piece"));
	json_decref(reply);
	return c->piece ? EXIT_DONE : cli_fail("the service takes no copies");
}

static int send_piece(struct copy *c, char *buf, uint64_t at)
{
	size_t len = c->size - at < c->piece ? (size_t)(c->size - at) : c->piece, have = 0;
	char path[128];

	while (have < len) {
		ssize_t n = pread(c->from, buf + have, len - have, (off_t)(at + have));

		if (n <= 0)
			return n ? fail_errno("reading the image")
				 : cli_fail("the image became shorter while it was copied");
		have += (size_t)n;
	}
	snprintf(path, sizeof path, "/copies/%s?at=%llu", c->id, (unsigned long long)at);
	return client_put(c->client, path, buf, len) ? EXIT_FAILED : EXIT_DONE;
}

static int copy_bytes(struct copy *c)
{
	char *buf = malloc(c->piece);
	struct progress p;
	int rc = buf ? EXIT_DONE : cli_fail("out of memory");

	progress_start(&p, "copying");
	for (uint64_t at = 0; !rc && at < c->size; at += c->piece) {
		rc = send_piece(c, buf, at);
		progress_show(&p, at + c->piece, c->size);
	}
	progress_end(&p);
	free(buf);
	return rc;
}

/* The service writes it into its own folder, with its own rights. */
static int copy_image(struct copy *c, const char *path)
{
	int rc = copy_open(c, path);
	char call[128];

	if (!rc)
		rc = copy_begin(c, path);
	if (!rc && (rc = copy_bytes(c))) {
		long status;
		char why[CLIENT_WHY];

		snprintf(call, sizeof call, "/copies/%s", c->id);
		client_try(c->client, "DELETE", call, NULL, NULL, &status, why, sizeof why);
	}
	if (c->from >= 0)
		close(c->from);
	return rc;
}

static int import(struct client *client, const struct cli_common *o, const char *path, json_t *body,
	bool copied)
{
	struct copy c = {.client = client, .from = -1};
	json_t *reply = NULL;
	int rc = copied ? copy_image(&c, path) : EXIT_DONE;

	if (rc) {
		json_decref(body);
		return rc;
	}
	json_object_set_new(body, copied ? "copy" : "path", json_string(copied ? c.id : path));
	if (client_call(client, "POST", "/media", body, &reply))
		return EXIT_FAILED;
	if (o->json) {
		json_dumpf(reply, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else
		media_text(reply);
	json_decref(reply);
	return EXIT_DONE;
}

static int run_import(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"name", required_argument, NULL, OPT_NAME},
		{"replace", no_argument, NULL, OPT_REPLACE}, {"copy", no_argument, NULL, OPT_COPY},
		{"force", no_argument, NULL, OPT_FORCE}, CLI_COMMON_OPTIONS, {0}};
	json_t *body = json_object();
	struct client *client;
	struct cli_common o;
	char path[PATH_MAX], proper[RECOGNISE_NAME];
	const char *name;
	bool copied = false;
	int opt, rc;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1) {
		if (opt == OPT_NAME)
			json_object_set_new(body, "name", json_string(optarg));
		else if (opt == OPT_REPLACE)
			json_object_set_new(body, "replace", json_true());
		else if (opt == OPT_FORCE)
			json_object_set_new(body, "force", json_true());
		else
			copied = true;
	}
	name = json_string_value(json_object_get(body, "name"));
	if (name && (recognise_name(name, proper), strcmp(name, proper))) {
		rc = cli_usage(c,
			"--name '%.80s': small letters, digits, '.', '_' and '-', at most %d", name,
			RECOGNISE_NAME - 1);
		json_decref(body);
		return rc;
	}
	if (argc - optind != 1 || !realpath(argv[optind], path)) {
		json_decref(body);
		return argc - optind == 1 ? fail_errno(argv[optind])
					  : cli_usage(c, "takes one image or folder");
	}
	client = client_new(o.socket);
	rc = client ? import(client, &o, path, body, copied) : cli_fail("out of memory");
	client_free(client);
	return rc;
}

const struct command cmd_import = {
	.name = "import",
	.arguments = "ISO|FOLDER [--name NAME] [--replace] [--force] [--copy]",
	.summary = "serve installation media (an image or a folder) in place",
	.help = "  --name NAME          its name (the name that it is recognised as, or its file's)\n"
		"  --replace            replace the media of that name\n"
		"  --force              even if nothing in it is recognised, and even while a machine "
		"is being installed from the media that it replaces\n"
		"  --copy               copy the image, if the service may not read it "
		"there\n" CLI_COMMON_HELP,
	.run = run_import,
};
