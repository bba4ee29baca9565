/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher console: a guest's serial console, live or what was recorded of it. */
#include "usher/cli/cli.h"
#include "usher/client/console_client.h"
#include "service/console/console_text.h"
#include "usher/cli/terminal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPT_LOG = 1,
	OPT_FOLLOW,
	OPT_RAW,
	WAIT_S = 20,        /* a long poll */
	PATIENCE_S = 60,    /* how long a restarting service is waited for */
	SCREEN = 16 << 10,  /* bytes in which a screenful of lines is looked for */
	LEAVE = ']' & 0x1f, /* ^], as telnet and virsh have it */
};

struct console {
	const char *name;
	struct client *reader, *typist; /* one for each thread */
	uint64_t after;
	bool raw, json;
	struct console_text text;
	pthread_mutex_t lock; /* for the terminal */
};

static void write_all(const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t k = write(STDOUT_FILENO, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			exit(EXIT_FAILED); /* nobody reads any more */
		p += k;
		n -= (size_t)k;
	}
}

/* What was recorded */

static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

static void print_piece(struct console *c, const struct console_piece *p)
{
	if (c->json) {
		json_dumpf(p->reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (c->raw) {
		write_all(p->bytes, p->n);
	} else {
		console_text_add(&c->text, p->bytes, p->n);
	}
	fflush(stdout);
}

static int show_log(struct console *c, bool follow)
{
	char query[64], why[CLIENT_WHY];
	struct console_piece p;
	bool more = true;

	c->text.line = print_line;
	while (more) {
		snprintf(query, sizeof query, "after=%" PRIu64 "&wait=%d", c->after,
			follow ? WAIT_S : 0);
		if (console_fetch(c->reader, c->name, query, c->after ? PATIENCE_S : 0, &p, why,
			    sizeof why))
			return cli_fail("%s", why);
		if (p.n)
			print_piece(c, &p);
		c->after = p.from + p.n;
		more = follow || c->after < p.newest;
		console_piece_fini(&p);
	}
	console_text_end(&c->text);
	return EXIT_DONE;
}

/* Live */

/* A word of ours, on the terminal that is the guest's meanwhile. */
static void say(struct console *c, const char *text)
{
	pthread_mutex_lock(&c->lock);
	fprintf(stderr, "\r\nusher: %s\r\n", text);
	pthread_mutex_unlock(&c->lock);
}

static void *run_reader(void *arg)
{
	struct console *c = arg;
	char query[64], why[CLIENT_WHY];
	struct console_piece p;

	for (;;) {
		snprintf(query, sizeof query, "after=%" PRIu64 "&wait=%d", c->after, WAIT_S);
		if (console_fetch(c->reader, c->name, query, PATIENCE_S, &p, why, sizeof why)) {
			say(c, why);
			exit(EXIT_FAILED);
		}
		pthread_mutex_lock(&c->lock);
		write_all(p.bytes, p.n);
		pthread_mutex_unlock(&c->lock);
		c->after = p.from + p.n;
		console_piece_fini(&p);
	}
	return NULL;
}

/* The screenful before, without what would have the terminal answer the guest now to questions of then. */
static void show_before(const struct console_piece *p)
{
	char *lines = console_text_last(
		p->bytes, p->n, (size_t)terminal_rows(STDOUT_FILENO) - 1, CONSOLE_LINE - 1, false);
	size_t n = lines ? strlen(lines) : 0;

	if (n && p->bytes[p->n - 1] != '\n') /* the cursor stands behind a prompt */
		n--;
	for (size_t i = 0; i < n; i++) {
		if (lines[i] == '\n')
			putchar('\r');
		putchar(lines[i]);
	}
	fflush(stdout);
	free(lines);
}

static void say_state(struct console *c, const struct console_piece *p)
{
	char text[1024];

	if (!strcmp(p->state, "on") || !strcmp(p->state, "opening"))
		return;
	if (!strcmp(p->state, "off"))
		snprintf(text, sizeof text, "%s is off; this goes on when it starts", c->name);
	else
		snprintf(text, sizeof text, "the console of %s is not open now: %s", c->name,
			p->why);
	say(c, text);
}

/* Until ^], when `terminal`, or the end of what is typed. */
static int type_on(struct console *c, bool terminal)
{
	char why[CLIENT_WHY], said[sizeof why] = "", bytes[1024];
	ssize_t n;

	while ((n = read(STDIN_FILENO, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)) {
		const char *leave = terminal && n > 0 ? memchr(bytes, LEAVE, (size_t)n) : NULL;

		if (leave)
			n = leave - bytes;
		if (n > 0 && console_type(c->typist, c->name, bytes, (size_t)n, why, sizeof why) &&
			strcmp(why, said)) {
			say(c, why);
			snprintf(said, sizeof said, "%s", why); /* not for each key */
		}
		if (leave)
			break;
	}
	return *said && !terminal ? EXIT_FAILED : EXIT_DONE;
}

static int attach(struct console *c)
{
	bool terminal = isatty(STDIN_FILENO);
	char query[64], why[CLIENT_WHY];
	struct console_piece p;
	pthread_t reader;
	int rc;

	snprintf(query, sizeof query, "last=%d", SCREEN);
	if (console_fetch(c->reader, c->name, query, 0, &p, why, sizeof why))
		return cli_fail("%s", why);
	if (terminal) {
		rc = terminal_raw(STDIN_FILENO);
		if (rc)
			return cli_fail("the terminal: %s", strerror(-rc));
		fprintf(stderr, "usher: the console of %s; ^] leaves\r\n", c->name);
	}
	show_before(&p);
	say_state(c, &p);
	c->after = p.from + p.n;
	console_piece_fini(&p);
	if (pthread_create(&reader, NULL, run_reader, c))
		return cli_fail("out of memory");
	rc = type_on(c, terminal);
	pthread_mutex_lock(&c->lock); /* for good: nothing more is printed */
	terminal_restore();
	if (terminal)
		fputs("\r\n", stderr);
	exit(rc);
}

static int run_console(const struct command *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"log", no_argument, NULL, OPT_LOG},
		{"follow", no_argument, NULL, OPT_FOLLOW}, {"raw", no_argument, NULL, OPT_RAW},
		CLI_COMMON_OPTIONS, {0}};
	struct console c = {.lock = PTHREAD_MUTEX_INITIALIZER};
	bool log = false, follow = false;
	struct cli_common o;
	int opt, rc;

	cli_common_init(&o);
	while ((opt = cli_getopt(cmd, &o, argc, argv, options)) != -1) {
		log |= opt == OPT_LOG;
		follow |= opt == OPT_FOLLOW;
		c.raw |= opt == OPT_RAW;
	}
	if (argc - optind != 1)
		return cli_usage(cmd, "takes one name");
	if (!log && (follow || c.raw || o.json))
		return cli_usage(cmd, "--follow, --raw and --json go with --log");
	c.name = argv[optind];
	c.json = o.json;
	c.reader = client_new(o.socket);
	c.typist = client_new(o.socket);
	if (!c.reader || !c.typist)
		return cli_fail("out of memory");
	rc = log ? show_log(&c, follow) : attach(&c);
	client_free(c.reader);
	client_free(c.typist);
	return rc;
}

const struct command cmd_console = {
	.name = "console",
	.arguments = "NAME [--log [--follow] [--raw]]",
	.summary = "attach to a guest's serial console, or print its record",
	.help = "  --log                print the record (without: attach; ^] leaves)\n"
		"  --follow             continue to print\n"
		"  --raw                unchanged, with sequences that move the cursor and "
		"set colours\n" CLI_COMMON_HELP,
	.run = run_console,
};
