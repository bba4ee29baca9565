/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher watch: a table that is drawn again each second; in a pipe, events as they come. */
#include "usher/cli/cli.h"
#include "usher/client/follow.h"
#include "usher/cli/machine_text.h"
#include "usher/client/printed.h"
#include "usher/cli/terminal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL_S = 20, REDRAW_MS = 1000, AROUND = 3 /* lines of the screen beside machines */ };

struct watch {
	struct follow follow;
	bool keys; /* there is somebody to press them */
	bool help;
};

static const char help_text[] = "q       leave\n"
				"?       show this, or the machines again\n"
				"\n"
				"STATE   known: recorded, nothing is to happen; armed: its next "
				"boot installs it; booting: its\n"
				"        boot script was fetched; installing: its answers were "
				"fetched; installed: its installer\n"
				"        said done; up: the installed system has booted; live: it "
				"boots a live system at every\n"
				"        boot; failed: 'usher show NAME' says why\n"
				"LAST    its last event: 'usher timeline NAME' has all of them\n";

static void draw_machines(const struct watch *w, const json_t *machines)
{
	size_t rows = (size_t)terminal_rows(STDOUT_FILENO), i, shown = 0, left = 0;
	json_t *m;

	printf("%-20s %-10s %-14s %s\n", "NAME", "STATE", "PROFILE", "LAST");
	json_array_foreach(machines, i, m)
	{
		if (!follow_names(w->follow.names, machine_text(m, "name")))
			continue;
		if (shown + AROUND >= rows) {
			left++;
			continue;
		}
		printf("%-20s %-10s %-14s %.60s\n", machine_text(m, "name"), machine_state_text(m),
			machine_text(m, "profile"),
			machine_text(json_object_get(m, "last_event"), "text"));
		shown++;
	}
	if (left)
		printf("and %zu more; ", left);
	else if (!shown)
		printf("no machines; ");
}

static int draw(const struct watch *w)
{
	json_t *reply = NULL;

	if (client_call(w->follow.client, "GET", "/machines", NULL, &reply))
		return -1;
	printed_order(stdout, "\033[H\033[J");
	if (w->help)
		fputs(help_text, stdout);
	else
		draw_machines(w, json_object_get(reply, "machines"));
	fputs(w->keys ? "q leaves, ? helps\n" : "\n", stdout);
	json_decref(reply);
	fflush(stdout);
	return 0;
}

/* Until it is time to draw again. False: the user leaves. */
static bool take_keys(struct watch *w)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	char key;

	if (!w->keys) {
		sleep(REDRAW_MS / 1000);
		return true;
	}
	if (poll(&p, 1, REDRAW_MS) <= 0)
		return true;
	if (read(STDIN_FILENO, &key, 1) != 1) {
		w->keys = false;
		return true;
	}
	if (key == '?' || key == 'h')
		w->help = !w->help;
	return key != 'q' && key != 'Q';
}

static int watch_screen(struct watch *w)
{
	int rc;

	w->keys = isatty(STDIN_FILENO) && !terminal_keys(STDIN_FILENO);
	do
		rc = draw(w);
	while (!rc && take_keys(w));
	terminal_restore();
	return rc ? EXIT_FAILED : EXIT_DONE;
}

/* Who is named must be there: it may come again later. */
static int check_names(struct client *c, char **names)
{
	json_t *reply = NULL, *m;
	int rc = EXIT_DONE;
	size_t i;

	if (!*names)
		return rc;
	if (client_call(c, "GET", "/machines", NULL, &reply))
		return EXIT_FAILED;
	for (; *names; names++) {
		bool found = false;

		json_array_foreach(json_object_get(reply, "machines"), i, m)
		{
			found |= !strcmp(machine_text(m, "name"), *names);
		}
		if (!found)
			rc = cli_fail(
				"no machine '%s'; 'usher list' shows those there are", *names);
	}
	json_decref(reply);
	return rc;
}

static int watch(struct watch *w)
{
	struct follow *f = &w->follow;
	int rc;

	if (!f->client)
		return cli_fail("out of memory");
	rc = check_names(f->client, f->names);
	if (rc)
		return rc;
	if (isatty(STDOUT_FILENO) && !f->json)
		return watch_screen(w);
	rc = follow_newest(f->client, &f->after);
	while (!rc)
		rc = follow_step(f, POLL_S);
	return EXIT_FAILED;
}

static int run_watch(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct watch w = {.follow = {.name_column = true}};
	struct cli_common o;
	size_t count;
	int rc;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1)
		return cli_usage(c, "takes names only");
	w.follow.names = cli_names_all(c, argv + optind, (size_t)(argc - optind), &count);
	if (!w.follow.names)
		return EXIT_USAGE;
	w.follow.json = o.json;
	w.follow.machine = count == 1 ? w.follow.names[0] : NULL;
	w.follow.client = client_new(o.socket);
	rc = watch(&w);
	client_free(w.follow.client);
	cli_names_free(w.follow.names);
	return rc;
}

const struct command cmd_watch = {
	.name = "watch",
	.arguments = "[NAME...]",
	.summary = "show a live table of machines (in a pipe: events as they happen)",
	.help = CLI_COMMON_HELP,
	.run = run_watch,
};
