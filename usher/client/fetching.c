/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/fetching.h"

#include "usher/client/printed.h"
#include "usher/client/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_LOOK_MS = 50, /* a mirror next door is done by then */
	LOOK_MS = 1000,
	SERVICE_BACK_S = 60, /* how long a restarting service is waited for */
	NAME = 36,           /* columns of a file's name */
};

/* The files of one request. */
struct shown {
	json_t *files; /* by key: the last that the service said of it, and "gone" when it says no more */
	json_t *quarters; /* by key: those that lines told of */
	bool bars;
	size_t drawn; /* lines of bars on the screen */
};

static const char *text_of(json_t *of, const char *key)
{
	const char *s = json_string_value(json_object_get(of, key));

	return s ? s : "";
}

static uint64_t number_of(json_t *of, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(of, key));
}

static const char *file_of(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash && slash[1] ? slash + 1 : url;
}

static void draw_bar(json_t *file)
{
	uint64_t have = number_of(file, "have"), size = number_of(file, "size");
	bool gone = json_object_get(file, "gone");
	char bar[PROGRESS_BAR_TEXT];

	printed_order(stderr, "\033[K");
	fprintf(stderr, "%-*.*s %s", NAME, NAME, file_of(text_of(file, "url")),
		progress_bar(bar, PROGRESS_BAR, size ? have : gone, size ? size : 1));
	if (size)
		fprintf(stderr, " %3u %% of %.1f MB\n", progress_percent(have, size),
			(double)size / 1e6);
	else if (gone) /* too quickly to be seen */
		fprintf(stderr, " done\n");
	else
		fprintf(stderr, " %.1f MB\n", (double)have / 1e6);
}

static void draw_bars(struct shown *s)
{
	const char *key;
	json_t *file;

	if (s->drawn)
		printed_order(stderr, "\033[%zuA", s->drawn);
	json_object_foreach(s->files, key, file) draw_bar(file);
	s->drawn = json_object_size(s->files);
	fflush(stderr);
}

static void say_quarter(struct shown *s, const char *key, json_t *file)
{
	unsigned quarter = (unsigned)number_of(s->quarters, key), percent;
	uint64_t size = number_of(file, "size");

	percent = progress_quarter(&quarter, number_of(file, "have"), size);
	if (!percent)
		return;
	json_object_set_new(s->quarters, key, json_integer(quarter));
	fprintf(stderr, "fetching %s: %u %% of %.1f MB\n", text_of(file, "url"), percent,
		(double)size / 1e6);
}

static void say_lines(struct shown *s)
{
	const char *key;
	json_t *file;

	json_object_foreach(s->files, key, file) if (!json_object_get(file, "gone"))
		say_quarter(s, key, file);
}

static void show(struct shown *s)
{
	if (s->bars)
		draw_bars(s);
	else
		say_lines(s);
}

/* A 202's list. A file may come again: it changed on its mirror, or this took so long that it is looked at again. */
static void take_missing(struct shown *s, json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *key = text_of(one, "key");

		if (!s->bars && !json_object_get(s->files, key))
			fprintf(stderr, "fetching %s\n", text_of(one, "url"));
		json_object_set(s->files, key, one);
	}
}

/* The list of all that is under way. True: some of ours is. */
static bool take_progress(struct shown *s, json_t *list)
{
	bool any = false;
	const char *key;
	json_t *file, *one;
	size_t i;

	json_object_foreach(s->files, key, file) json_object_set_new(file, "gone", json_true());
	json_array_foreach(list, i, one)
	{
		if (!json_object_get(s->files, text_of(one, "key")))
			continue;
		json_object_set(s->files, text_of(one, "key"), one);
		any = true;
	}
	json_object_foreach(s->files, key,
		file) if (json_object_get(file, "gone") && json_object_get(file, "size"))
		json_object_set(file, "have", json_object_get(file, "size"));
	return any;
}

static void sleep_ms(int ms)
{
	nanosleep(&(struct timespec){ms / 1000, (ms % 1000) * 1000000L}, NULL);
}

/* Until none of ours is under way. A service that is restarted meanwhile goes on when it is asked again. */
static void follow(struct client *c, struct shown *s)
{
	json_t *reply;
	bool going = true;
	char why[1024];
	long status;

	for (int ms = FIRST_LOOK_MS; going; ms = ms < LOOK_MS / 2 ? 2 * ms : LOOK_MS) {
		sleep_ms(ms);
		reply = NULL;
		if (client_try(c, "GET", "/fetches", NULL, &reply, &status, why, sizeof why))
			return;
		going = take_progress(s, json_object_get(reply, "fetching"));
		json_decref(reply);
		show(s);
	}
}

static void say_end(struct shown *s)
{
	const char *key;
	json_t *file;

	json_object_foreach(s->files, key, file) if (!s->bars)
		fprintf(stderr, "fetched %s\n", text_of(file, "url"));
}

/* One try, patient with a service that is restarted while it fetches. *ret_status: HTTP's. */
static int try_patiently(struct client *c, const char *method, const char *path, json_t *body,
	bool patient, json_t **ret, long *ret_status, char *why, size_t size)
{
	for (int s = 0;; s++) {
		if (!client_try(c, method, path, json_incref(body), ret, ret_status, why, size))
			return 0;
		if (*ret_status || !patient || s >= SERVICE_BACK_S)
			return -1;
		sleep(1);
	}
}

int fetching_call(
	struct client *c, const char *method, const char *path, json_t *body, json_t **ret)
{
	struct shown s = {
		.files = json_object(), .quarters = json_object(), .bars = isatty(STDERR_FILENO)};
	char why[CLIENT_WHY];
	long status;
	int rc;

	while (!(rc = try_patiently(c, method, path, body, json_object_size(s.files) > 0, ret,
			 &status, why, sizeof why)) &&
		status == 202) {
		take_missing(&s, json_object_get(*ret, "fetching"));
		json_decref(*ret);
		*ret = NULL;
		follow(c, &s);
	}
	if (rc)
		fprintf(stderr, "usher: %s\n", why);
	else
		say_end(&s);
	json_decref(s.files);
	json_decref(s.quarters);
	json_decref(body);
	return rc;
}
