/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Printing events as they come. */
#include "usher/client/follow.h"
#include "usher/client/json_time.h"
#include "usher/client/printed.h"
#include "usher/client/progress.h"

#include "core/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SERVICE_BACK_S = 60, /* how long a restarting service is waited for */
	QUICK_MS = 900,      /* an answer that is so soon did not wait */
};

int follow_percentage(const json_t *event)
{
	const json_t *v = json_object_get(event, "percent");

	return json_is_integer(v) ? (int)json_integer_value(v) : -1;
}

static void print_bar(struct follow *f, const char *machine, const char *text, int percent)
{
	char bar[PROGRESS_BAR_TEXT];

	printed_order(stdout, "\r\033[K");
	printf("%s%s%s %s", f->name_column ? machine : "", f->name_column ? " " : "",
		progress_bar(bar, PROGRESS_BAR, (uint64_t)percent, 100), text);
	fflush(stdout);
	f->on_progress = true;
}

void follow_end(struct follow *f)
{
	if (f->on_progress)
		putchar('\n');
	f->on_progress = false;
	fflush(stdout);
}

bool follow_names(char **names, const char *machine)
{
	if (!names || !*names)
		return true;
	for (; *names; names++)
		if (!strcmp(machine, *names))
			return true;
	return false;
}

static void print_event(struct follow *f, json_t *e)
{
	const char *machine = json_string_value(json_object_get(e, "machine"));
	const char *kind = json_string_value(json_object_get(e, "kind"));
	const char *text = json_string_value(json_object_get(e, "text"));
	const char *by = json_string_value(json_object_get(e, "by"));
	time_t at = (time_t)(json_time_ms(json_object_get(e, "at")) / 1000);
	char when[32];
	struct tm tm;

	machine = machine ? machine : ""; /* null: of no machine */
	if (!kind || !text || !follow_names(f->names, machine))
		return;
	if (f->json) {
		json_dumpf(e, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	if (follow_percentage(e) >= 0 && isatty(STDOUT_FILENO)) {
		print_bar(f, machine, text, follow_percentage(e));
		return;
	}
	follow_end(f);
	strftime(when, sizeof when, "%H:%M:%S", localtime_r(&at, &tm));
	printf("%s  ", when);
	if (f->name_column)
		printf("%-12s ", *machine ? machine : "-");
	printf("%-10s  %s%s%s\n", kind, text, by ? ", by " : "", by ? by : "");
}

/* 429: too many of this user's wait. Then we do, here. */
static int ask(const struct follow *f, int wait_s, json_t **ret, long *ret_status, char *why,
	size_t why_size)
{
	char path[256], name[200];
	int rc;

	snprintf(path, sizeof path, "/events?after=%" PRIu64 "&wait=%d%s%s", f->after, wait_s,
		f->machine ? "&machine=" : "",
		f->machine ? client_escape(f->machine, name, sizeof name) : "");
	rc = client_try(f->client, "GET", path, NULL, ret, ret_status, why, why_size);
	return rc && *ret_status == 429 && wait_s ? ask(f, 0, ret, ret_status, why, why_size) : rc;
}

int follow_ask(const struct follow *f, int wait_s, json_t **ret, long *ret_status, char *why,
	size_t why_size)
{
	int64_t began = clock_mono_ms();
	int rc = ask(f, wait_s, ret, ret_status, why, why_size);

	if (!rc && wait_s && !json_array_size(json_object_get(*ret, "events")) &&
		clock_mono_ms() - began < QUICK_MS)
		sleep(1);
	return rc;
}

/* A service that is being restarted is no reason to stop following. */
static int ask_patiently(struct follow *f, int wait_s, json_t **ret)
{
	char why[1024];
	long status;

	for (int s = 0;; s++) {
		if (!follow_ask(f, wait_s, ret, &status, why, sizeof why))
			return 0;
		if (status || !f->after || s >= SERVICE_BACK_S)
			break;
		sleep(1);
	}
	follow_end(f);
	fprintf(stderr, "usher: %s\n", why);
	return -1;
}

int follow_step(struct follow *f, int wait_s)
{
	json_t *reply = NULL, *e;
	size_t i;

	if (ask_patiently(f, wait_s, &reply))
		return -1;
	json_array_foreach(json_object_get(reply, "events"), i, e)
	{
		if (!f->quiet)
			print_event(f, e);
		f->after = (uint64_t)json_integer_value(json_object_get(e, "seq"));
	}
	json_decref(reply);
	fflush(stdout);
	return 0;
}

int follow_newest(struct client *c, uint64_t *ret)
{
	json_t *reply = NULL;

	if (client_call(c, "GET", "/events?after=-1", NULL, &reply))
		return -1;
	*ret = (uint64_t)json_integer_value(json_object_get(reply, "newest"));
	json_decref(reply);
	return 0;
}
