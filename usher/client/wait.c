/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting: the state is asked for, then the timeline says when asking again is worth it. */
#include "usher/client/wait.h"
#include "usher/client/cli_fail.h"
#include "usher/client/follow.h"

#include "core/clock.h"
#include "machine/life.h"

#include <stdio.h>
#include <string.h>

enum { POLL_S = 5 };

enum verdict { WAIT_ON, WAIT_REACHED, WAIT_HOPELESS };

const char *wait_state_error(const char *state)
{
	if (!strcmp(state, "deleted") || life_state_parse(state) >= 0)
		return NULL;
	return "one of known armed booting installing installed up live failed deleted is expected";
}

/* A live system is up when this boot of it reported that, and never installed. What is wrong with a boot is over with the
 * next, but nobody is to wait for that unseen. */
static enum verdict judge_live(const json_t *m, int want, const char *name, const char *reason)
{
	const json_t *live = json_object_get(json_object_get(m, "attempt"), "live");

	if (want != LIFE_UP)
		return want == LIFE_LIVE ? WAIT_REACHED : WAIT_ON;
	if (json_is_string(json_object_get(live, "up_at")))
		return WAIT_REACHED;
	if (!reason || !*reason)
		return WAIT_ON;
	cli_fail("%s: %s", name, reason);
	return WAIT_HOPELESS;
}

static enum verdict judge(const struct wait_for *w, const char *name, json_t *m)
{
	const char *state = json_string_value(json_object_get(m, "state"));
	const char *reason =
		json_string_value(json_object_get(json_object_get(m, "attempt"), "reason"));
	int have = life_state_parse(state ? state : ""), want = life_state_parse(w->state);

	if (want == LIFE_FAILED || want == LIFE_KNOWN)
		return have == want ? WAIT_REACHED : WAIT_ON;
	if (have == LIFE_FAILED) {
		cli_fail("%s failed: %s", name, reason && *reason ? reason : "no reason was given");
		return WAIT_HOPELESS;
	}
	if (have == LIFE_LIVE)
		return judge_live(m, want, name, reason);
	return want >= 0 && have >= want ? WAIT_REACHED : WAIT_ON;
}

static void print_machine(const json_t *m)
{
	json_dumpf(m, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
}

static enum verdict look(const struct wait_for *w, struct client *c, const char *name)
{
	char path[300], escaped[256], why[1024];
	bool deleted = !strcmp(w->state, "deleted");
	enum verdict v;
	json_t *m = NULL;
	long status;

	snprintf(path, sizeof path, "/machines/%s", client_escape(name, escaped, sizeof escaped));
	if (!client_try(c, "GET", path, NULL, &m, &status, why, sizeof why)) {
		v = deleted ? WAIT_ON : judge(w, name, m);
		if (w->json && w->quiet && v != WAIT_ON)
			print_machine(m);
		json_decref(m);
		return v;
	}
	if (status == 404 && deleted) {
		if (w->json && w->quiet) {
			m = json_pack("{s:s}", "deleted", name);
			print_machine(m);
			json_decref(m);
		}
		return WAIT_REACHED;
	}
	if (status == 0)
		return WAIT_ON; /* follow_step() decides how long a restart may take */
	cli_fail("%s", why);
	return WAIT_HOPELESS;
}

static int wait_for_one(
	const struct wait_for *w, struct client *c, const char *name, int64_t deadline)
{
	struct follow f = {.client = c,
		.machine = name,
		.after = w->after,
		.json = w->json,
		.quiet = w->quiet};
	enum verdict v;

	if (w->quiet && follow_newest(c, &f.after))
		return EXIT_FAILED;
	while ((v = look(w, c, name)) == WAIT_ON) {
		int64_t left = deadline < 0 ? POLL_S * 1000 : deadline - clock_mono_ms();
		int s = left > POLL_S * 1000 ? POLL_S : (int)(left / 1000) + 1;

		if (left <= 0)
			return cli_fail(
				"%s is not %s after %ld s: 'usher show %s' says where it is", name,
				w->state, w->timeout_s, name);
		if (follow_step(&f, s))
			return EXIT_FAILED;
	}
	if (follow_step(&f, 0))
		return EXIT_FAILED;
	follow_end(&f);
	return v == WAIT_REACHED ? EXIT_DONE : EXIT_FAILED;
}

int wait_for_machines(const struct wait_for *w, char **names, size_t count)
{
	int64_t deadline = w->timeout_s < 0 ? -1 : clock_mono_ms() + w->timeout_s * 1000;
	struct client *c = client_new(w->socket);
	int status = EXIT_DONE;

	if (!c)
		return cli_fail("out of memory");
	for (size_t i = 0; i < count; i++)
		if (wait_for_one(w, c, names[i], deadline) != EXIT_DONE)
			status = EXIT_FAILED;
	client_free(c);
	return status;
}
