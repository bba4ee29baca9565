/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/judging.h"

#include "usher/client/fetching.h"
#include "usher/client/request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINES_MAX = 20 }; /* what is wrong with so many is wrong with all */

int judging_init(struct judging *j)
{
	j->body = json_pack("{s:[], s:[], s:[], s:[]}", "machines", "common", "networks", "gone");
	return j->body ? 0 : -ENOMEM;
}

void judging_fini(struct judging *j)
{
	json_decref(j->body);
	j->body = NULL;
}

static json_t *list_of(struct judging *j, const char *key)
{
	return json_object_get(j->body, key);
}

/* What is small, and often a machine's own. */
static bool may_differ(const char *key)
{
	static const char *const keys[] = {
		"settings", "power", "power_password", "profile", "segment", "sealed"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strcmp(key, keys[i]))
			return true;
	return false;
}

/* May a machine with `rest` say that it is like `common`, but for some small things of its own? */
static bool is_near(json_t *common, json_t *rest)
{
	const char *key;
	json_t *v;

	json_object_foreach(common, key, v)
	{
		if (!json_object_get(rest, key))
			return false;
	}
	json_object_foreach(rest, key, v)
	{
		if (!may_differ(key) && !json_equal(json_object_get(common, key), v))
			return false;
	}
	return true;
}

static void keep_own(const json_t *common, json_t *rest, json_t *machine)
{
	const char *key;
	json_t *v;

	json_object_foreach(rest, key, v)
	{
		if (!json_equal(json_object_get(common, key), v))
			json_object_set(machine, key, v);
	}
}

/* Its place among those in common; it is put there when it is new. Steals `rest`. */
static size_t find_common(struct judging *j, json_t *rest, json_t *machine)
{
	json_t *all = list_of(j, "common"), *one;
	size_t i, near = json_array_size(all);

	json_array_foreach(all, i, one)
	{
		if (json_equal(one, rest))
			break;
		if (near > i && is_near(one, rest))
			near = i;
	}
	if (i == json_array_size(all) && near < i)
		i = near;
	if (i == json_array_size(all))
		json_array_append(all, rest);
	keep_own(json_array_get(all, i), rest, machine);
	json_decref(rest);
	return i;
}

void judging_add_machine(struct judging *j, const json_t *body)
{
	static const char *const own[] = {"name", "address", "mac", "nics"};
	json_t *rest = json_copy((json_t *)body), *machine = json_object();

	json_object_del(rest, "request_id");
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		if (json_object_get(rest, own[i]))
			json_object_set(machine, own[i], json_object_get(rest, own[i]));
		json_object_del(rest, own[i]);
	}
	json_object_set_new(
		machine, "like", json_integer((json_int_t)find_common(j, rest, machine)));
	json_array_append_new(list_of(j, "machines"), machine);
}

void judging_add_network(struct judging *j, const json_t *body)
{
	json_array_append(list_of(j, "networks"), (json_t *)body);
}

void judging_add_gone(struct judging *j, const char *name)
{
	json_array_append_new(list_of(j, "gone"), json_string(name));
}

int judging_ask(struct judging *j, struct client *c, json_t **ret_faults)
{
	char why[CLIENT_WHY];
	const char *warning;
	json_t *reply = NULL;
	long status;

	if (client_try(
		    c, "POST", "/judge", json_incref(j->body), &reply, &status, why, sizeof why)) {
		*ret_faults = json_array();
		if (status == 404 || status == 413)
			return 0;
		json_decref(*ret_faults);
		fprintf(stderr, "usher: %s\n", why);
		return -1;
	}
	warning = json_string_value(json_object_get(reply, "warning"));
	if (warning && *warning)
		fprintf(stderr, "usher: warning: %s\n", warning);
	*ret_faults = json_incref(json_object_get(reply, "faults"));
	json_decref(reply);
	return 0;
}

int judging_enroll(struct judging *j, struct client *c, json_t **ret)
{
	const char *warning;

	json_object_del(j->body, "networks");
	json_object_del(j->body, "gone");
	json_object_set_new(j->body, "request_id", request_id());
	if (fetching_call(c, "POST", "/enrolments", json_incref(j->body), ret))
		return -1;
	warning = json_string_value(json_object_get(*ret, "warning"));
	if (warning && *warning)
		fprintf(stderr, "usher: warning: %s\n", warning);
	return 0;
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static bool is_same(const json_t *a, const json_t *b, const char *place_a, const char *place_b)
{
	return !strcmp(text_of(a, "error"), text_of(b, "error")) && !strcmp(place_a, place_b);
}

/* How many after `first` say the same; -1: one before it did, and counted it. */
static long count_same(const json_t *faults, size_t first, char places[][256], size_t n)
{
	const json_t *f = json_array_get(faults, first);
	long same = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == first || !is_same(f, json_array_get(faults, i), places[first], places[i]))
			continue;
		if (i < first)
			return -1;
		same++;
	}
	return same;
}

/* The error may name it already. */
static void say_one(const json_t *f, const char *place, long same)
{
	const char *name = text_of(f, "name"), *error = text_of(f, "error");
	char quoted[256];

	snprintf(quoted, sizeof quoted, "'%s'", name);
	if (same)
		fprintf(stderr, "%s: %s and %ld other%s: %s\n", place, name, same,
			same == 1 ? "" : "s", error);
	else if (strstr(error, quoted))
		fprintf(stderr, "%s: %s\n", place, error);
	else
		fprintf(stderr, "%s: %s: %s\n", place, name, error);
}

size_t judging_say(
	const json_t *faults, const char *(*place)(void *arg, const json_t *fault), void *arg)
{
	static char places[1000][256];
	size_t all = json_array_size(faults), n = all < 1000 ? all : 1000, lines = 0;

	for (size_t i = 0; i < n; i++)
		snprintf(places[i], sizeof places[i], "%s",
			place ? place(arg, json_array_get(faults, i)) : "usher");
	for (size_t i = 0; i < n && lines < LINES_MAX; i++) {
		const json_t *f = json_array_get(faults, i);
		long same = count_same(faults, i, places, n);

		if (same < 0)
			continue;
		say_one(f, places[i], same);
		client_say_findings(f);
		lines++;
	}
	if (lines == LINES_MAX)
		fprintf(stderr, "usher: %zu faults in all\n", all);
	return all;
}

int judging_names(struct client *c, const json_t *body, char **names, size_t count)
{
	json_t *faults = NULL;
	struct judging j;
	int rc;

	if (count < 2)
		return 0;
	if (judging_init(&j)) {
		fprintf(stderr, "usher: out of memory\n");
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		json_t *named = json_copy((json_t *)body);

		json_object_set_new(named, "name", json_string(names[i]));
		judging_add_machine(&j, named);
		json_decref(named);
	}
	rc = judging_ask(&j, c, &faults);
	if (!rc && judging_say(faults, NULL, NULL))
		rc = -1;
	json_decref(faults);
	judging_fini(&j);
	return rc;
}
