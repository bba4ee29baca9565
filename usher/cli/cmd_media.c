/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher media: what can be served, whether it is still what it was, and its checksum. */
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/cli/media_text.h"
#include "usher/client/progress.h"
#include "usher/client/printed.h"
#include "usher/cli/signed_sums.h"

#include "core/sha256.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_SUMS = 1, OPT_KEYRING, OPT_FORCE };

struct request {
	const struct command *command;
	struct cli_common common;
	struct client *client;
	const char *sums;    /* --sums FILE */
	const char *keyring; /* --keyring FILE */
	char who[SIGNED_SUMS_WHO];
	bool force;
	char path[400]; /* of the medium in the API */
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static uint64_t number_of(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

static const char *join(json_t *names, char *buf, size_t size)
{
	size_t n = 0, i;
	json_t *name;

	*buf = '\0';
	json_array_foreach(names, i, name) if (n < size) n +=
		(size_t)snprintf(buf + n, size - n, "%s%s", i ? " " : "", json_string_value(name));
	return buf;
}

static const char *size_of(const json_t *m, char *buf, size_t size)
{
	uint64_t bytes = number_of(m, "size");

	if (!strcmp(text_of(m, "kind"), "folder") || !bytes)
		snprintf(buf, size, "-");
	else if (bytes < 1000 * 1000 * 1000)
		snprintf(buf, size, "%.1f MB", (double)bytes / 1e6);
	else
		snprintf(buf, size, "%.1f GB", (double)bytes / 1e9);
	return buf;
}

void media_text(json_t *m)
{
	json_t *files = json_object_get(m, "files");
	bool known = *text_of(m, "recognised_by"), disk = !strcmp(text_of(m, "kind"), "disk");
	char size[32], names[512];
	const char *key;
	json_t *value;

	printf("%s: %s\n", text_of(m, "name"),
		known ? text_of(m, "title") : "not recognised; it is served all the same");
	printf("  %-10s %s, %s\n", disk ? "image" : text_of(m, "kind"), text_of(m, "path"),
		size_of(m, size, sizeof size));
	printf("  %-10s %s\n", "state",
		*text_of(m, "problem") ? text_of(m, "problem") : text_of(m, "state"));
	if (disk)
		printf("  %-10s of %.1f GB\n", "a disk", (double)number_of(m, "disk_size") / 1e9);
	else if (known)
		printf("  %-10s %s, by %s\n", "for", text_of(m, "arch"),
			text_of(m, "recognised_by"));
	json_object_foreach(files, key, value)
		printf("  %-10s %s\n", key, json_string_value(value));
	if (known && !disk && !json_object_get(files, "kernel"))
		printf("  %-10s %s\n", "kernel", "not found where such media have it");
	if (*text_of(m, "sha256"))
		printf("  %-10s %s\n", "sha256", text_of(m, "sha256"));
	else if (!strcmp(text_of(m, "kind"), "image"))
		printf("  %-10s not checked: usher media verify %s --sums FILE\n", "sha256",
			text_of(m, "name"));
	if (*join(json_object_get(m, "served_to"), names, sizeof names))
		printf("  %-10s everybody on the segments %s, by HTTP and TFTP\n", "served to",
			names);
	if (*join(json_object_get(m, "profiles"), names, sizeof names))
		printf("  %-10s %s\n", "profiles", names);
	if (*join(json_object_get(m, "machines"), names, sizeof names))
		printf("  %-10s %s\n", "installing", names);
}

static const char *profiles_text(const json_t *m, char *buf, size_t size)
{
	return join(json_object_get(m, "profiles"), buf, size);
}

static const struct column columns[] = {{.head = "NAME", .key = "name"},
	{.head = "WHAT", .key = "title"},
	{.head = "SIZE", .key = "size", .text = size_of, .by_key = true},
	{.head = "STATE", .key = "state"}, {.head = "FROM", .key = "source"},
	{.head = "ARCH", .key = "arch", .wide = true},
	{.head = "SHA256", .key = "sha256", .wide = true},
	{.head = "PROBLEM", .key = "problem", .wide = true}, {.head = "PATH", .key = "path"},
	{.head = "PROFILES", .text = profiles_text}, {0}};
static const struct columns table = {.member = "media", .columns = columns};

static int print_json(json_t *reply)
{
	printed_json(reply);
	return EXIT_DONE;
}

static int list(struct request *q)
{
	json_t *reply = NULL;
	int rc;

	if (client_call(q->client, "GET", "/media", NULL, &reply))
		return EXIT_FAILED;
	rc = cli_list(&q->common, reply);
	json_decref(reply);
	return rc;
}

static int show(struct request *q)
{
	json_t *reply = NULL;

	if (client_call(q->client, "GET", q->path, NULL, &reply))
		return EXIT_FAILED;
	if (q->common.json)
		print_json(reply);
	else
		media_text(reply);
	json_decref(reply);
	return EXIT_DONE;
}

static int remove_one(struct request *q, const char *name)
{
	json_t *reply = NULL;

	if (q->force)
		strcat(q->path, "?force");
	if (client_call(q->client, "DELETE", q->path, NULL, &reply))
		return EXIT_FAILED;
	if (q->common.json)
		print_json(reply);
	else
		printf("%s: removed\n", name);
	json_decref(reply);
	return EXIT_DONE;
}

/* "SUM  NAME", "SUM *NAME" or "SHA256 (NAME) = SUM": the files that distributions put beside their images. */
static bool sum_of_line(char *text, const char *name, char ret[SHA256_HEX])
{
	char *open = strstr(text, "SHA256 ("), *close = strstr(text, ") = "), *at;

	text[strcspn(text, "\r\n")] = '\0';
	if (open && close && close > open) {
		*close = '\0';
		return !strcmp(open + strlen("SHA256 ("), name) && sha256_parse(close + 4, ret);
	}
	at = text + strcspn(text, " \t");
	if (!*at)
		return false;
	*at++ = '\0';
	at += strspn(at, " \t*");
	at += strncmp(at, "./", 2) ? 0 : 2;
	return !strcmp(at, name) && sha256_parse(text, ret);
}

static bool sum_of_text(char *text, const char *name, char ret[SHA256_HEX])
{
	char *save = NULL, *l = strtok_r(text, "\n", &save);

	while (l && !sum_of_line(l, name, ret))
		l = strtok_r(NULL, "\n", &save);
	return l;
}

/* The keyring that was given, or the distribution's own where this host has it. */
static const char *keyring_of(const struct request *q, json_t *m)
{
	const char *own = signed_sums_keyring(text_of(m, "distribution"));

	return q->keyring ? q->keyring : own && !access(own, R_OK) ? own : NULL;
}

/* The image's sum out of --sums FILE, whose signature is checked where that is possible. Only one that was asked for by
 * --keyring must be there. */
static int sum_of_file(struct request *q, json_t *m, char ret[SHA256_HEX])
{
	char copy[PATH_MAX], why[PATH_MAX + 256], *name;
	struct signed_sums sums;
	int rc = signed_sums_read(q->sums, keyring_of(q, m), &sums, why, sizeof why);
	bool found;

	if (rc == -ENOENT && !q->keyring)
		rc = signed_sums_read(q->sums, NULL, &sums, why, sizeof why);
	if (rc)
		return cli_fail("%s", why);
	snprintf(copy, sizeof copy, "%s", text_of(m, "path"));
	name = basename(copy);
	found = sum_of_text(sums.text, name, ret);
	memcpy(q->who, sums.who, sizeof q->who);
	signed_sums_fini(&sums);
	return found ? EXIT_DONE : cli_fail("%s has no SHA-256 of %s", q->sums, name);
}

/* Waits for the sum that was begun; its last state is `*m`. */
static int wait_for_sum(struct request *q, json_t **m)
{
	struct progress p;
	json_t *v;
	int rc = 0;

	progress_start(&p, "summing up");
	while (!rc && (v = json_object_get(*m, "verifying")) && json_is_object(v) &&
		!json_object_get(v, "failed")) {
		progress_show(&p, number_of(v, "done"), number_of(v, "total"));
		usleep(200 * 1000);
		json_decref(*m);
		*m = NULL;
		rc = client_call(q->client, "GET", q->path, NULL, m);
	}
	progress_end(&p);
	return rc ? EXIT_FAILED : EXIT_DONE;
}

static int judge_sum(const struct request *q, json_t *m, const char *expected)
{
	const char *sum = text_of(m, "sha256");
	json_t *v = json_object_get(m, "verifying");

	if (q->common.json)
		print_json(m);
	if (*text_of(m, "problem"))
		return cli_fail("%s", text_of(m, "problem"));
	if (!*sum || json_is_object(v))
		return cli_fail("%s could not be verified: %s", text_of(m, "path"),
			json_is_object(v) ? text_of(v, "failed") : "it is another medium by now");
	if (*expected && strcmp(sum, expected))
		return cli_fail("%s: its SHA-256 is %s, expected %s: fetch it again",
			text_of(m, "path"), sum, expected);
	if (!q->common.json)
		printf("%s: SHA-256 %s%s%s%s\n", text_of(m, "name"), sum,
			*expected ? ", as expected" : "", *q->who ? ", signed by " : "", q->who);
	if (q->sums && !*q->who)
		fprintf(stderr, "usher: %s: whose sums they are was not checked: --keyring FILE\n",
			q->sums);
	return EXIT_DONE;
}

static int verify(struct request *q, const char *given)
{
	char expected[SHA256_HEX] = "", path[420];
	json_t *m = NULL;
	int rc = EXIT_DONE;

	if (given && !sha256_parse(given, expected))
		return cli_usage(
			q->command, "'%s' is no SHA-256: it has 64 digits from 0 to f", given);
	if (client_call(q->client, "GET", q->path, NULL, &m))
		return EXIT_FAILED;
	if (q->sums)
		rc = sum_of_file(q, m, expected);
	json_decref(m);
	m = NULL;
	snprintf(path, sizeof path, "%s/verify", q->path);
	if (!rc && client_call(q->client, "POST", path, NULL, &m))
		rc = EXIT_FAILED;
	if (!rc)
		rc = wait_for_sum(q, &m);
	if (!rc)
		rc = judge_sum(q, m, expected);
	json_decref(m);
	return rc;
}

static int on_one(struct request *q, int argc, char **argv)
{
	char name[256];
	bool verifies = !strcmp(argv[0], "verify") && argc > 1;
	bool removes = !strcmp(argv[0], "remove") && argc == 2;

	if (argc > (verifies ? 3 : removes ? 2 : 1))
		return cli_usage(q->command, "takes NAME, verify NAME [SHA256] or remove NAME");
	snprintf(q->path, sizeof q->path - 10, "/media/%s",
		client_escape(argv[verifies || removes], name, sizeof name));
	return verifies   ? verify(q, argc == 3 ? argv[2] : NULL)
		: removes ? remove_one(q, argv[1])
			  : show(q);
}

static int run_media(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"sums", required_argument, NULL, OPT_SUMS},
		{"keyring", required_argument, NULL, OPT_KEYRING},
		{"force", no_argument, NULL, OPT_FORCE}, CLI_LIST_OPTIONS, {0}};
	struct request q = {.command = c};
	int opt, rc;

	cli_common_init(&q.common);
	q.common.lists = &table;
	while ((opt = cli_getopt(c, &q.common, argc, argv, options)) != -1) {
		if (opt == OPT_SUMS)
			q.sums = optarg;
		else if (opt == OPT_KEYRING)
			q.keyring = optarg;
		else
			q.force = true;
	}
	q.client = client_new(q.common.socket);
	if (!q.client)
		return cli_fail("out of memory");
	rc = optind == argc ? list(&q) : on_one(&q, argc - optind, argv + optind);
	client_free(q.client);
	return rc;
}

const struct command cmd_media = {
	.name = "media",
	.arguments = "[NAME | verify NAME [SHA256] | remove NAME]",
	.summary = "list, verify or remove installation media",
	.help = "  --sums FILE          verify: a file that has the sum beside the image's name\n"
		"  --keyring FILE       verify: the sums must be signed by one of these keys\n"
		"  --force              remove: even while a machine is being installed from "
		"it\n" CLI_LIST_HELP,
	.run = run_media,
};
