/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher import: registers a medium where it lies, or a copy of it that we make. */
#include "usher/cli/cli.h"
#include "core/json.h"
#include "usher/cli/disk_image.h"
#include "kickstart/media/fetch_name.h"
#include "usher/client/client.h"
#include "usher/client/download.h"
#include "usher/cli/media_text.h"
#include "usher/client/progress.h"
#include "usher/client/printed.h"

#include "kickstart/media/image_file.h"
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

enum { OPT_NAME = 1, OPT_REPLACE, OPT_COPY, OPT_FORCE, OPT_SHA256 };

struct request {
	const struct command *command;
	struct cli_common common;
	const char *called;   /* the file, the folder or the URL as it was given */
	char shown[PATH_MAX]; /* a URL without password and query, which may be long, too */
	char path[PATH_MAX];  /* absolute; of a URL "" */
	const char *sha256;   /* --sha256; NULL */
	bool copied;          /* --copy */
	json_t *body;
	json_t *there; /* the medium that it would be, where it is there already; else NULL */
};

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
	int rc = c->from < 0 ? copy_open(c, path) : EXIT_DONE;
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

/* As it was asked for; of what comes from far away it is said when nobody asked. */
static int judge_sum(const struct request *q, const char *sum)
{
	char wanted[SHA256_HEX];

	if (!q->sha256) {
		fprintf(stderr,
			"usher: %s: its SHA-256 is %s; compare it, or give it with --sha256\n",
			q->shown, sum);
		return EXIT_DONE;
	}
	sha256_parse(q->sha256, wanted);
	return strcmp(sum, wanted)
		? cli_fail("%s: its SHA-256 is %s, expected %s: nothing was imported", q->shown,
			  sum, wanted)
		: EXIT_DONE;
}

static int fetch(const struct request *q, int *ret)
{
	char sum[SHA256_HEX], why[512];
	int fd = disk_image_scratch(), rc;

	if (fd < 0)
		return EXIT_FAILED;
	rc = download(q->called, fd, q->sha256, sum, why, sizeof why)
		? cli_fail("%s: %s", q->shown, why)
		: judge_sum(q, sum);
	if (rc)
		close(fd);
	else
		*ret = fd;
	return rc;
}

/* What cannot be opened here the service may be able to read, or says why not. */
static int open_file(const struct request *q, int *ret)
{
	char sum[SHA256_HEX];
	struct stat st;
	int rc = EXIT_DONE;

	if (!stat(q->path, &st) && S_ISREG(st.st_mode))
		*ret = open(q->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (!q->sha256)
		return EXIT_DONE;
	if (*ret < 0 || image_file_sum(*ret, NULL, NULL, sum))
		rc = cli_fail("%s: only a file that can be read has a SHA-256", q->called);
	else
		rc = judge_sum(q, sum);
	if (rc && *ret >= 0)
		close(*ret);
	return rc;
}

/* A copy of the file `fd`, which is then closed, by this name. */
static int copy_file(struct copy *c, int fd, const char *called)
{
	char name[PATH_MAX];
	struct stat st;

	if (fstat(fd, &st))
		return fail_errno(called);
	snprintf(name, sizeof name, "%s", called);
	c->from = fd;
	c->size = (uint64_t)st.st_size;
	return copy_image(c, basename(name));
}

/* The medium of that name, if it is this image already: what it is called by has its sum. NULL: another, or none. New reference. */
static json_t *find_same(struct client *client, const char *name, const char *file)
{
	char call[300], escaped[200], why[CLIENT_WHY];
	json_t *m = NULL;
	const char *base;
	long status;

	snprintf(call, sizeof call, "/media/%s", client_escape(name, escaped, sizeof escaped));
	if (client_try(client, "GET", call, NULL, &m, &status, why, sizeof why))
		return NULL;
	base = strrchr(json_text(m, "path"), '/');
	if (base && !strcmp(base + 1, file) && !strcmp(json_text(m, "state"), "ready"))
		return m;
	json_decref(m);
	return NULL;
}

/* A disk's image is packed, and what is packed is copied; so is what was fetched. */
static int prepare(struct request *q, struct copy *c)
{
	const char *name = json_string_value(json_object_get(q->body, "name"));
	struct disk_image image = {.fd = -1};
	int from = -1, rc = *q->path ? open_file(q, &from) : fetch(q, &from);

	if (rc)
		return rc;
	if (from >= 0)
		rc = disk_image_pack(from, q->shown, name, &image);
	if (from >= 0 && (*q->path || rc || image.fd >= 0))
		close(from);
	if (rc)
		return rc;
	if (image.fd < 0)
		return !*q->path    ? copy_file(c, from, q->shown)
			: q->copied ? copy_image(c, q->path)
				    : EXIT_DONE;
	if (!name)
		json_object_set_new(q->body, "name", json_string(image.name));
	q->there = find_same(c->client, name ? name : image.name, image.file);
	if (!q->there)
		return copy_file(c, image.fd, image.file);
	close(image.fd);
	return EXIT_DONE;
}

static int import(struct request *q, struct client *client)
{
	struct copy c = {.client = client, .from = -1};
	json_t *reply;
	int rc = prepare(q, &c);

	if (rc)
		return rc;
	reply = q->there;
	json_object_set_new(q->body, *c.id ? "copy" : "path", json_string(*c.id ? c.id : q->path));
	if (!reply && client_call(client, "POST", "/media", json_incref(q->body), &reply))
		return EXIT_FAILED;
	if (q->common.json) {
		printed_json(reply);
	} else
		media_text(reply);
	json_decref(reply);
	return EXIT_DONE;
}

static void take_option(struct request *q, int opt, const char *value)
{
	if (opt == OPT_NAME)
		json_object_set_new(q->body, "name", json_string(value));
	else if (opt == OPT_REPLACE)
		json_object_set_new(q->body, "replace", json_true());
	else if (opt == OPT_FORCE)
		json_object_set_new(q->body, "force", json_true());
	else if (opt == OPT_SHA256)
		q->sha256 = value;
	else
		q->copied = true;
}

static int judge(struct request *q, int argc, char **argv)
{
	const char *name = json_string_value(json_object_get(q->body, "name"));
	char proper[RECOGNISE_NAME], sum[SHA256_HEX];

	if (name && (recognise_name(name, proper), strcmp(name, proper)))
		return cli_usage(q->command,
			"--name '%.80s': small letters, digits, '.', '_' and '-', at most %d", name,
			RECOGNISE_NAME - 1);
	if (q->sha256 && !sha256_parse(q->sha256, sum))
		return cli_usage(
			q->command, "'%s' is no SHA-256: it has 64 digits from 0 to f", q->sha256);
	if (argc != 1)
		return cli_usage(q->command, "takes one image or folder");
	q->called = argv[0];
	if (download_is_url(q->called)) {
		fetch_name_shown(q->called, q->shown, sizeof q->shown);
		q->shown[strcspn(q->shown, "?#")] = '\0';
	} else {
		snprintf(q->shown, sizeof q->shown, "%s", q->called);
	}
	if (!download_is_url(q->called) && !realpath(q->called, q->path))
		return fail_errno(q->called);
	return EXIT_DONE;
}

static int run_import(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"name", required_argument, NULL, OPT_NAME},
		{"replace", no_argument, NULL, OPT_REPLACE}, {"copy", no_argument, NULL, OPT_COPY},
		{"force", no_argument, NULL, OPT_FORCE},
		{"sha256", required_argument, NULL, OPT_SHA256}, CLI_COMMON_OPTIONS, {0}};
	struct request q = {.command = c, .body = json_object()};
	struct client *client;
	int opt, rc;

	cli_common_init(&q.common);
	while ((opt = cli_getopt(c, &q.common, argc, argv, options)) != -1)
		take_option(&q, opt, optarg);
	rc = judge(&q, argc - optind, argv + optind);
	if (!rc) {
		client = client_new(q.common.socket);
		rc = client ? import(&q, client) : cli_fail("out of memory");
		client_free(client);
	}
	json_decref(q.body);
	return rc;
}

const struct command cmd_import = {
	.name = "import",
	.arguments =
		"ISO|IMAGE|FOLDER|URL [--name NAME] [--sha256 SUM] [--replace] [--force] [--copy]",
	.summary =
		"serve installation media (an ISO image or a folder) in place, or a disk's image",
	.help = "  --name NAME          its name (the name that it is recognised as, or its file's)\n"
		"  --sha256 SUM         refuse a file or URL whose sum is another\n"
		"  --replace            replace the media of that name\n"
		"  --force              even if nothing in it is recognised, and even while a machine "
		"is being installed from the media that it replaces\n"
		"  --copy               copy the image, if the service may not read it "
		"there; a disk's image (raw or qcow2) is always compressed and copied\n" CLI_COMMON_HELP,
	.run = run_import,
};
