/* usher import: registers a medium where it lies, or a copy of it that we make. */
#include "usher/cli/cli.h"
#include "usher/cli/client.h"
#include "usher/media_text.h"
#include "usher/cli/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_NAME = 1, OPT_REPLACE, OPT_COPY, OPT_FORCE };
enum { COPY_PIECE = 64 << 20 }; /* bytes at a time */

struct copy {
	int from, to;
	char part[PATH_MAX + 8], path[PATH_MAX];
	uint64_t size;
};

static int fail_errno(const char *path)
{
	return cli_fail("%s: %s", path, strerror(errno));
}

/* A clone where the file system can, else piece by piece inside the kernel. */
static int copy_bytes(struct copy *c)
{
	struct progress p;
	uint64_t done = 0;
	ssize_t n = 1;

	if (!ioctl(c->to, FICLONE, c->from))
		return 0;
	progress_start(&p, "copying");
	while (n > 0 && done < c->size) {
		n = copy_file_range(c->from, NULL, c->to, NULL, COPY_PIECE, 0);
		if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS)) {
			static char buf[1 << 20];

			n = read(c->from, buf, sizeof buf);
			if (n > 0 && write(c->to, buf, (size_t)n) != n)
				n = -1;
		}
		done += n > 0 ? (uint64_t)n : 0;
		progress_show(&p, done, c->size);
	}
	progress_end(&p);
	return n < 0 ? -1 : 0;
}

/* The service's, as its state folder is. */
static int hand_over(const struct copy *c, const struct stat *owner)
{
	if (fchmod(c->to, 0640) || fsync(c->to))
		return -1;
	return geteuid() ? 0 : fchown(c->to, owner->st_uid, owner->st_gid);
}

static int copy_open(struct copy *c, const char *state, const char *path, struct stat *owner)
{
	char folder[PATH_MAX], name[PATH_MAX];
	struct stat st;

	snprintf(name, sizeof name, "%s", path);
	if (snprintf(folder, sizeof folder, "%s/media", state) >= (int)sizeof folder ||
		snprintf(c->path, sizeof c->path, "%s/%s", folder, basename(name)) >=
			(int)sizeof c->path)
		return cli_fail("%s: its name is too long", path);
	snprintf(c->part, sizeof c->part, "%s.part", c->path);
	if (stat(state, owner))
		return fail_errno(state);
	if (!mkdir(folder, 0750) && !geteuid() && chown(folder, owner->st_uid, owner->st_gid))
		return fail_errno(folder);
	c->from = open(path, O_RDONLY | O_CLOEXEC);
	if (c->from < 0 || fstat(c->from, &st))
		return fail_errno(path);
	if (!S_ISREG(st.st_mode))
		return cli_fail("%s is no file: --copy takes an image; copy a folder with cp -a, "
				"and import the copy",
			path);
	if (!access(c->path, F_OK))
		return cli_fail(
			"%s is there already: import that, or 'usher media remove' it", c->path);
	c->size = (uint64_t)st.st_size;
	c->to = open(c->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return c->to < 0 ? fail_errno(c->part) : EXIT_DONE;
}

static int copy_image(struct copy *c, const char *state, const char *path)
{
	struct stat owner;
	int rc = copy_open(c, state, path, &owner);

	if (!rc && (copy_bytes(c) || hand_over(c, &owner) || rename(c->part, c->path))) {
		rc = fail_errno(c->part);
		unlink(c->part);
	}
	if (c->from >= 0)
		close(c->from);
	if (c->to >= 0)
		close(c->to);
	return rc;
}

/* Into the service's state folder, whose place it tells. */
static int copy_for(struct client *client, const char *path, struct copy *c)
{
	json_t *status = NULL;
	int rc = EXIT_FAILED;

	*c = (struct copy){.from = -1, .to = -1};
	if (!client_call(client, "GET", "/status", NULL, &status))
		rc = copy_image(c, json_string_value(json_object_get(status, "state")), path);
	json_decref(status);
	return rc;
}

static int import(struct client *client, const struct cli_common *o, const char *path, json_t *body,
	bool copied)
{
	struct copy c;
	json_t *reply = NULL;
	int rc = copied ? copy_for(client, path, &c) : EXIT_DONE;

	if (rc) {
		json_decref(body);
		return rc;
	}
	json_object_set_new(body, "path", json_string(copied ? c.path : path));
	json_object_set_new(body, "copied", json_boolean(copied));
	if (client_call(client, "POST", "/media", body, &reply)) {
		if (copied)
			unlink(c.path);
		return EXIT_FAILED;
	}
	if (o->json)
		json_dumpf(reply, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	else
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
	char path[PATH_MAX];
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
	.arguments = "ISO|FOLDER [--name NAME] [--replace] [--copy]",
	.summary = "an installation medium, served from where it lies",
	.help = "  --name NAME          its name; else what it is recognised as, or its file's\n"
		"  --replace            in the place of the medium of that name\n"
		"  --force              even while a machine is being installed from that one\n"
		"  --copy               copy the image for the service, which may not read it "
		"there\n" CLI_COMMON_HELP,
	.run = run_import,
};
