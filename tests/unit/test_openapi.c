/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The document says of each call what the table of calls does, and of no other. */
#include "service/api/api_routes.c"

#include <check.h>
#include <stdlib.h>

static json_t *document;
static const char *where;

#define so(what) ck_assert_msg(what, "%s: not so: %s", where, #what)

static json_t *at(json_t *j, const char *key)
{
	json_t *v = json_object_get(j, key);

	ck_assert_msg(v, "%s: there is no \"%s\"", where, key);
	return v;
}

/* Follows a reference within the document. */
static json_t *resolved(json_t *j)
{
	const char *ref = json_string_value(json_object_get(j, "$ref"));
	char word[128];
	size_t n;

	if (!ref)
		return j;
	j = document;
	for (ref = strchr(ref, '/'); *ref; ref += n) {
		n = strcspn(++ref, "/");
		snprintf(word, sizeof word, "%.*s", (int)n, ref);
		j = at(j, word);
	}
	return j;
}

static bool is_type(json_t *schema, const char *type)
{
	json_t *t = json_object_get(schema, "type");

	if (json_is_string(t))
		return !strcmp(json_string_value(t), type);
	return json_array_size(t) == 2 && !strcmp(json_string_value(json_array_get(t, 0)), type) &&
		!strcmp(json_string_value(json_array_get(t, 1)), "null");
}

static bool takes_null(json_t *schema)
{
	return json_is_array(json_object_get(schema, "type"));
}

static void check_object(json_t *schema, const struct key *keys);

static void check_type(json_t *schema, const struct key *k)
{
	json_t *inside = json_object_get(schema, "additionalProperties");

	switch (k->type) {
	case TEXT:
	case TEXT_OR_NULL:
		so(is_type(schema, "string"));
		so(takes_null(schema) == (k->type == TEXT_OR_NULL));
		break;
	case BOOL:
		so(is_type(schema, "boolean"));
		break;
	case WHOLE:
	case COUNT:
		so(is_type(schema, "integer"));
		so(json_integer_value(at(schema, "minimum")) == (k->type == COUNT));
		break;
	case TEXTS:
		so(is_type(schema, "array") && is_type(at(schema, "items"), "string"));
		break;
	case MAP:
	case MAP_OR_NULL:
		so(is_type(schema, "object") && is_type(inside, "string"));
		so(takes_null(inside) == (k->type == MAP_OR_NULL));
		break;
	case OBJECT:
		so(is_type(schema, "object"));
		break;
	case LIST:
		so(is_type(schema, "array"));
		check_object(resolved(at(schema, "items")), k->of);
	}
}

static void check_object(json_t *schema, const struct key *keys)
{
	json_t *all = at(schema, "properties");
	const char *before = where;
	size_t n = 0;

	so(is_type(schema, "object"));
	so(json_is_false(json_object_get(schema, "additionalProperties")));
	for (const struct key *k = keys; k->name; k++, n++) {
		where = k->name;
		check_type(at(all, k->name), k);
	}
	where = before;
	ck_assert_msg(json_object_size(all) == n, "%s: it has %zu keys, not %zu", where,
		json_object_size(all), n);
}

static void check_body(json_t *op, const struct route *route)
{
	json_t *body = json_object_get(op, "requestBody"), *content;

	if (!route->keys) {
		so(!body || route->method == HTTP_PUT);
		return;
	}
	so(body);
	so(json_is_true(json_object_get(body, "required")) == !route->optional);
	content = at(at(body, "content"), "application/json");
	check_object(resolved(at(content, "schema")), route->keys);
}

static void check_args(json_t *op, const struct route *route)
{
	json_t *all = json_object_get(op, "parameters"), *one;
	size_t i, n = 0, want = 0;

	for (const char *a = route->args; *a; a += strspn(a, " ")) {
		a += strcspn(a, " ");
		want++;
	}
	json_array_foreach(all, i, one)
	{
		const char *name;

		one = resolved(one);
		if (strcmp(json_string_value(at(one, "in")), "query"))
			continue;
		name = json_string_value(at(one, "name"));
		ck_assert_msg(is_word_of(route->args, name, strlen(name)),
			"%s: the call takes no argument '%s'", where, name);
		n++;
	}
	ck_assert_msg(n == want, "%s: %zu arguments, not %zu", where, n, want);
}

static bool answers(json_t *op, const char *status)
{
	return json_object_get(at(op, "responses"), status);
}

static bool takes_header(json_t *op, const char *name)
{
	json_t *all = json_object_get(op, "parameters"), *one;
	size_t i;

	json_array_foreach(all, i, one)
	{
		one = resolved(one);
		if (!strcmp(json_string_value(at(one, "in")), "header") &&
			!strcmp(json_string_value(at(one, "name")), name))
			return true;
	}
	return false;
}

/* What is answered before a call does anything: by who asks, its arguments, its headers and its body. */
static void check_statuses(json_t *op, const struct route *route)
{
	static const char *const always[] = {"400", "401", "412", "429", "500", "503"};
	bool once = route->method == HTTP_POST && strcmp(route->path, "/tokens") != 0;

	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		ck_assert_msg(answers(op, always[i]), "%s: it lacks %s", where, always[i]);
	so(answers(op, "403") == (least_role(route) > VIEW));
	so(answers(op, "413") == (route->keys || route->method == HTTP_PUT));
	so(!strchr(route->path, '*') || answers(op, "404"));
	so(!once || answers(op, "422"));
	so(takes_header(op, "Idempotency-Key") == once);
	so(takes_header(op, "If-Match") == !strncmp(route->path, "/machines/", 10));
}

static enum http_method method_named(const char *name)
{
	for (int m = HTTP_GET; m <= HTTP_DELETE; m++)
		if (!strcasecmp(name, http_method_name((enum http_method)m)))
			return (enum http_method)m;
	ck_abort_msg("%s: method %s", where, name);
}

/* "/machines/{name}" as somebody would ask for it. */
static const char *asked(const char *path, char *buf)
{
	char *to = buf;

	for (; *path; path++) {
		*to++ = *path == '{' ? 'x' : *path;
		if (*path == '{')
			path = strchr(path, '}');
	}
	*to = '\0';
	return buf;
}

static const struct route *check_call(const char *path, const char *method, json_t *op)
{
	char buf[256], label[300];
	const struct route *route;

	snprintf(label, sizeof label, "%s %s", method, path);
	where = label;
	route = find(method_named(method), asked(path, buf));
	ck_assert_msg(route, "%s: there is no such call", where);
	ck_assert_str_eq(
		json_string_value(at(op, "x-role")), role_name(route->role ? route->role : ADMIN));
	so(json_is_string(json_object_get(op, "operationId")));
	check_args(op, route);
	check_body(op, route);
	check_statuses(op, route);
	return route;
}

START_TEST(says_what_is_taken)
{
	bool said[N_ROUTES] = {false};
	const char *path, *method;
	json_t *calls, *op;

	json_object_foreach(at(document, "paths"), path, calls)
		json_object_foreach(calls, method, op)
	{
		if (strcmp(method, "parameters"))
			said[check_call(path, method, op) - routes] = true;
	}
	for (size_t i = 0; i < N_ROUTES; i++)
		ck_assert_msg(said[i], "the document lacks %s %s",
			http_method_name(routes[i].method), routes[i].path);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("openapi");
	TCase *t = tcase_create("openapi");
	const char *top = getenv("USHER_TOP");
	json_error_t error;
	char path[512];
	SRunner *r;
	int failed;

	where = "openapi.json";
	snprintf(path, sizeof path, "%s/service/api/openapi.json", top ? top : ".");
	document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!document) {
		fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
		return EXIT_FAILURE;
	}
	tcase_add_test(t, says_what_is_taken);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	json_decref(document);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
