/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/api_routes.h"

#include "core/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* A body's keys */

enum type {
	TEXT,
	BOOL,
	WHOLE,       /* a number from 0 */
	COUNT,       /* a number from 1 */
	TEXTS,       /* an array of texts */
	MAP,         /* an object of texts */
	MAP_OR_NULL, /* an object of texts and nulls */
	TEXT_OR_NULL,
	OBJECT, /* judged elsewhere */
	LIST,   /* an array of objects of `of` */
};

struct key {
	const char *name;
	enum type type;
	const struct key *of;
	const char *kind; /* only of machines of this kind */
};

static const struct key nic_keys[] = {
	{.name = "segment"}, {.name = "address"}, {.name = "mac"}, {0}};
static const struct key disk_keys[] = {
	{.name = "size", .type = COUNT}, {.name = "pool"}, {.name = "volume"}, {0}};

#define GUEST .kind = "guest"
#define BARE .kind = "bare-metal"
#define MACHINE_KEYS                                                                               \
	{.name = "kind"}, {.name = "name"}, {.name = "profile"}, {.name = "template"},             \
		{.name = "segment"}, {.name = "address"}, {.name = "mac"},                         \
		{.name = "nics", .type = LIST, .of = nic_keys}, {.name = "settings", .type = MAP}, \
		{.name = "ssh_keys", .type = TEXTS}, {.name = "first_boot"},                       \
		{.name = "sealed", .type = BOOL}, {.name = "replace", .type = BOOL},               \
		{.name = "lab"}, {.name = "request_id"}, {.name = "from", BARE},                   \
		{.name = "labels", .type = MAP_OR_NULL}, {.name = "note", .type = TEXT_OR_NULL},   \
		{.name = "power", BARE}, {.name = "power_password", BARE},                         \
		{.name = "uefi", .type = BOOL, BARE}, {.name = "arm", .type = BOOL, BARE},         \
		{.name = "memory", .type = COUNT, GUEST}, {.name = "vcpus", .type = COUNT, GUEST}, \
		{.name = "disk", .type = COUNT, GUEST}, {.name = "pool", GUEST},                   \
		{.name = "disks", .type = LIST, .of = disk_keys, GUEST}, {.name = "cpu", GUEST},   \
		{.name = "firmware", GUEST}, {.name = "graphics", GUEST},                          \
		{.name = "os_variant", GUEST}, {.name = "description", GUEST},                     \
		{.name = "connect", GUEST}, {.name = "autostart", .type = BOOL, GUEST},            \
		{.name = "domain", GUEST},                                                         \
	{                                                                                          \
		.name = "linked", .type = BOOL, GUEST                                              \
	}

static const struct key machine_keys[] = {MACHINE_KEYS, {0}};
static const struct key judged_keys[] = {MACHINE_KEYS, {.name = "like", .type = WHOLE}, {0}};
static const struct key network_keys[] = {{.name = "name"}, {.name = "subnet"}, {.name = "ipv6"},
	{.name = "ipv6_only", .type = BOOL}, {.name = "forward"}, {.name = "domain"},
	{.name = "mtu", .type = WHOLE}, {.name = "lab"}, {0}};
static const struct key judge_keys[] = {{.name = "machines", .type = LIST, .of = judged_keys},
	{.name = "common", .type = LIST, .of = judged_keys},
	{.name = "networks", .type = LIST, .of = network_keys}, {.name = "gone", .type = TEXTS},
	{0}};
static const struct key enrolment_keys[] = {{.name = "machines", .type = LIST, .of = judged_keys},
	{.name = "common", .type = LIST, .of = judged_keys}, {.name = "request_id"}, {0}};
static const struct key patch_keys[] = {{.name = "memory", .type = COUNT},
	{.name = "vcpus", .type = COUNT}, {.name = "autostart", .type = BOOL},
	{.name = "description"}, {.name = "restart", .type = BOOL}, {.name = "power"},
	{.name = "power_password"}, {.name = "labels", .type = MAP_OR_NULL},
	{.name = "note", .type = TEXT_OR_NULL}, {0}};
static const struct key adopt_keys[] = {{.name = "mac"}, {.name = "instead_of"}, {0}};
static const struct key power_keys[] = {{.name = "do"}, {0}};
static const struct key stop_keys[] = {{.name = "force", .type = BOOL}, {0}};
static const struct key reinstall_keys[] = {{.name = "sealed", .type = BOOL}, {.name = "profile"},
	{.name = "settings", .type = MAP}, {0}};
static const struct key run_keys[] = {{.name = "profile"}, {.name = "settings", .type = MAP}, {0}};
static const struct key template_keys[] = {{.name = "shutdown", .type = BOOL}, {0}};
static const struct key confirm_keys[] = {{.name = "code"}, {0}};
static const struct key console_keys[] = {{.name = "data"}, {0}};
static const struct key fetch_keys[] = {
	{.name = "profile"}, {.name = "settings", .type = MAP}, {0}};
static const struct key media_keys[] = {{.name = "path"}, {.name = "copy"}, {.name = "name"},
	{.name = "replace", .type = BOOL}, {.name = "force", .type = BOOL}, {0}};
static const struct key copy_keys[] = {{.name = "name"}, {.name = "size", .type = COUNT}, {0}};
static const struct key token_keys[] = {
	{.name = "name"}, {.name = "role"}, {.name = "expires_s", .type = COUNT}, {0}};
static const struct key bulk_keys[] = {{.name = "do"}, {.name = "machines", .type = TEXTS},
	{.name = "with", .type = OBJECT}, {.name = "request_id"}, {0}};
static const struct key no_keys[] = {{0}};

/* Calls */

struct route {
	enum http_method method; /* GET is HEAD too */
	const char *path;        /* "*": one name; "**" at the end: one or more */
	const char *args;        /* of the query, a blank between two */
	const struct key *keys;  /* NULL: the body is bytes, or nobody looks at it */
	bool optional;           /* the body may be left out */
	enum role role;          /* who may; left out: ADMIN */
};

#define VIEW ROLE_VIEW
#define OPERATE ROLE_OPERATE
#define ADMIN ROLE_ADMIN
static const struct route routes[] = {
	{HTTP_GET, "/machines", "full state profile lab segment label limit from", NULL, false,
		VIEW},
	{HTTP_POST, "/machines", "", machine_keys, false, OPERATE},
	{HTTP_POST, "/judge", "", judge_keys, false, OPERATE},
	{HTTP_POST, "/enrolments", "", enrolment_keys, false, OPERATE},
	{HTTP_GET, "/machines/*", "", NULL, false, VIEW},
	{HTTP_PATCH, "/machines/*", "", patch_keys, false, OPERATE},
	{HTTP_DELETE, "/machines/*", "keep_disks record_only", NULL, false, OPERATE},
	{HTTP_POST, "/machines/*/start", "", no_keys, true, OPERATE},
	{HTTP_POST, "/machines/*/stop", "", stop_keys, true, OPERATE},
	{HTTP_POST, "/machines/*/power", "", power_keys, false, OPERATE},
	{HTTP_POST, "/machines/*/adopt", "", adopt_keys, false, OPERATE},
	{HTTP_POST, "/machines/*/reinstall", "", reinstall_keys, true, OPERATE},
	{HTTP_POST, "/machines/*/run", "", run_keys, false, OPERATE},
	{HTTP_POST, "/machines/*/template", "", template_keys, true, OPERATE},
	{HTTP_POST, "/machines/*/disarm", "", no_keys, true, OPERATE},
	{HTTP_POST, "/machines/*/confirm", "", confirm_keys, false, OPERATE},
	{HTTP_POST, "/bulk", "", bulk_keys, false, OPERATE},
	{HTTP_GET, "/machines/*/console", "after last wait", NULL, false, VIEW},
	{HTTP_POST, "/machines/*/console", "", console_keys, false, OPERATE},
	{HTTP_GET, "/machines/*/log", "after last wait", NULL, false, VIEW},
	{HTTP_GET, "/machines/*/render/**", "for now", NULL, false, VIEW},
	{HTTP_GET, "/events", "after machine wait", NULL, false, VIEW},
	{HTTP_GET, "/fetches", "", NULL, false, VIEW},
	{HTTP_POST, "/fetches", "", fetch_keys, false, OPERATE},
	{HTTP_GET, "/packages", "", NULL, false, VIEW},
	{HTTP_GET, "/profiles", "", NULL, false, VIEW},
	{HTTP_GET, "/profiles/*", "", NULL, false, VIEW},
	{HTTP_GET, "/networks", "", NULL, false, VIEW},
	{HTTP_POST, "/networks", "", network_keys, false, ADMIN},
	{HTTP_DELETE, "/networks/*", "", NULL, false, ADMIN},
	{HTTP_GET, "/media", "", NULL, false, VIEW},
	{HTTP_POST, "/media", "", media_keys, false, ADMIN},
	{HTTP_GET, "/media/*", "", NULL, false, VIEW},
	{HTTP_DELETE, "/media/*", "force", NULL, false, ADMIN},
	{HTTP_POST, "/media/*/verify", "", no_keys, true, ADMIN},
	{HTTP_POST, "/copies", "", copy_keys, false, ADMIN},
	{HTTP_PUT, "/copies/*", "at", NULL, false, ADMIN},
	{HTTP_DELETE, "/copies/*", "", NULL, false, ADMIN},
	{HTTP_GET, "/host-keys", "of", NULL, false, VIEW},
	{HTTP_GET, "/discovered", "full", NULL, false, VIEW},
	{HTTP_GET, "/discovered/**", "", NULL, false, VIEW},
	{HTTP_DELETE, "/discovered/**", "", NULL, false, OPERATE},
	{HTTP_POST, "/discovered/**", "", no_keys, true, OPERATE}, /* …/rules */
	{HTTP_GET, "/leases", "", NULL, false, VIEW},
	{HTTP_GET, "/status", "", NULL, false, VIEW},
	{HTTP_GET, "/tokens", "", NULL, false, ADMIN},
	{HTTP_POST, "/tokens", "", token_keys, false, ADMIN},
	{HTTP_DELETE, "/tokens/*", "", NULL, false, ADMIN},
	{HTTP_GET, "/whoami", "", NULL, false, VIEW},
	{HTTP_GET, "/openapi.json", "", NULL, false, VIEW},
};
enum { N_ROUTES = sizeof routes / sizeof *routes };

static bool path_matches(const char *pattern, const char *path)
{
	for (; *pattern && *path; pattern++) {
		if (*pattern != '*') {
			if (*pattern != *path++)
				return false;
			continue;
		}
		if (pattern[1] == '*')
			return true;
		if (*path == '/')
			return false;
		path += strcspn(path, "/");
	}
	return !*pattern && !*path;
}

static const struct route *find(enum http_method method, const char *path)
{
	for (size_t i = 0; i < N_ROUTES; i++)
		if (routes[i].method == (method == HTTP_HEAD ? HTTP_GET : method) &&
			path_matches(routes[i].path, path))
			return &routes[i];
	return NULL;
}

/* With HEAD, which every GET takes, or without. */
static void list_methods(const char *path, bool head, char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < N_ROUTES && used < size; i++)
		if (path_matches(routes[i].path, path))
			used += (size_t)snprintf(buf + used, size - used, "%s%s%s",
				used ? ", " : "", http_method_name(routes[i].method),
				head && routes[i].method == HTTP_GET ? ", HEAD" : "");
}

void api_routes_methods(const char *path, char *buf, size_t size)
{
	list_methods(path, true, buf, size);
}

static unsigned no_route(enum http_method method, const char *path, char *why, size_t size)
{
	char methods[64];

	list_methods(path, false, methods, sizeof methods);
	if (!*methods) {
		snprintf(why, size, "%s %.200s: there is no such call", http_method_name(method),
			path);
		return 404;
	}
	snprintf(why, size, "%s %.200s: allowed methods: %s", http_method_name(method), path,
		methods);
	return 405;
}

/* One word of `words`, of `n` bytes. */
static bool is_word_of(const char *words, const char *word, size_t n)
{
	for (; *words; words += strspn(words, " ")) {
		size_t len = strcspn(words, " ");

		if (len == n && !strncmp(words, word, n))
			return true;
		words += len;
	}
	return false;
}

static unsigned judge_args(const struct route *route, const char *target, char *why, size_t size)
{
	const char *arg = strchr(target, '?');

	for (arg = arg ? arg + 1 : ""; *arg; arg += *arg == '&') {
		size_t n = strcspn(arg, "=&");

		if (n && !is_word_of(route->args, arg, n)) {
			snprintf(why, size, "unknown argument '%.*s'%s%s", n < 80 ? (int)n : 80,
				arg, *route->args ? "; known arguments: " : "", route->args);
			return 400;
		}
		arg += strcspn(arg, "&");
	}
	return 0;
}

static const char *type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "another number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		break;
	}
	return "null";
}

static bool all_texts(json_t *v, bool or_null)
{
	const char *key;
	json_t *one;
	size_t i;

	json_array_foreach(v, i, one)
	{
		if (!json_is_string(one))
			return false;
	}
	json_object_foreach(v, key, one)
	{
		if (!json_is_string(one) && !(or_null && json_is_null(one)))
			return false;
	}
	return true;
}

static bool is_of(enum type type, json_t *v)
{
	switch (type) {
	case TEXT:
		return json_is_string(v);
	case BOOL:
		return json_is_boolean(v);
	case WHOLE:
		return json_is_integer(v) && json_integer_value(v) >= 0;
	case COUNT:
		return json_is_integer(v) && json_integer_value(v) > 0;
	case TEXTS:
		return json_is_array(v) && all_texts(v, false);
	case MAP:
	case MAP_OR_NULL:
		return json_is_object(v) && all_texts(v, type == MAP_OR_NULL);
	case TEXT_OR_NULL:
		return json_is_string(v) || json_is_null(v);
	case OBJECT:
		return json_is_object(v);
	case LIST:
		break;
	}
	return json_is_array(v);
}

static unsigned judge_object(
	json_t *body, const struct key *keys, const char *where, char *why, size_t size);

static unsigned judge_list(
	json_t *list, const struct key *k, const char *where, char *why, size_t size)
{
	char place[128];
	unsigned status = 0;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		snprintf(place, sizeof place, "%s%s[%zu].", where, k->name, i);
		status = judge_object(one, k->of, place, why, size);
		if (status)
			break;
	}
	return status;
}

static unsigned judge_value(
	json_t *v, const struct key *k, const char *where, char *why, size_t size)
{
	static const char *const names[] = {[TEXT] = "a text",
		[BOOL] = "true or false",
		[WHOLE] = "a whole number from 0",
		[COUNT] = "a whole number from 1",
		[TEXTS] = "an array of texts",
		[MAP] = "an object of texts",
		[MAP_OR_NULL] = "an object of texts and nulls",
		[TEXT_OR_NULL] = "a text or null",
		[OBJECT] = "an object",
		[LIST] = "an array of objects"};
	bool inside = (k->type == TEXTS && json_is_array(v)) ||
		((k->type == MAP || k->type == MAP_OR_NULL) && json_is_object(v));

	if (!is_of(k->type, v)) {
		snprintf(why, size, "'%s%s' is %s, not %s", where, k->name, names[k->type],
			inside ? "of anything else" : type_name(v));
		return 400;
	}
	return k->type == LIST ? judge_list(v, k, where, why, size) : 0;
}

static unsigned unknown_key(
	const char *name, const struct key *keys, const char *where, char *why, size_t size)
{
	const char *best = NULL;

	for (const struct key *k = keys; k->name; k++)
		text_nearer(name, k->name, &best);
	snprintf(why, size, "unknown key '%s%.80s'%s%s%s", where, name,
		best ? ": did you mean '" : "", best ? best : "", best ? "'?" : "");
	return 400;
}

/* Of a machine; NULL: it is not said, or there is none. */
static const char *kind_of(json_t *body, const struct key *keys)
{
	const char *kind = json_string_value(json_object_get(body, "kind"));

	if (kind || keys != machine_keys)
		return kind;
	return json_object_get(body, "template") ? "guest" : "bare-metal";
}

static unsigned judge_object(
	json_t *body, const struct key *keys, const char *where, char *why, size_t size)
{
	const char *kind = kind_of(body, keys), *name;
	unsigned status = 0;
	json_t *v;

	if (!json_is_object(body)) {
		snprintf(why, size, "'%.*s' is not an object", (int)strcspn(where, "]") + 1, where);
		return 400;
	}
	if (kind && strcmp(kind, "guest") && strcmp(kind, "bare-metal")) {
		snprintf(why, size, "'%skind' is guest or bare-metal, not '%.40s'", where, kind);
		return 400;
	}
	json_object_foreach(body, name, v)
	{
		const struct key *k = keys;

		while (k->name && strcmp(k->name, name))
			k++;
		if (!k->name) {
			status = unknown_key(name, keys, where, why, size);
		} else if (k->kind && kind && strcmp(k->kind, kind)) {
			snprintf(why, size, "'%s%s' is only for a %s, but kind is '%.20s'", where,
				name, *k->kind == 'g' ? "guest" : "bare-metal machine", kind);
			status = 400;
		} else {
			status = judge_value(v, k, where, why, size);
		}
		if (status)
			break;
	}
	return status;
}

static unsigned judge_body(const struct route *route, const char *body, size_t len,
	json_t **ret_body, char *why, size_t size)
{
	json_error_t err;
	json_t *j;
	unsigned status = 0;

	if (!route->keys || (!len && route->optional))
		return 0;
	j = json_loadb(body, len, JSON_REJECT_DUPLICATES, &err);
	if (json_is_object(j)) {
		status = judge_object(j, route->keys, "", why, size);
	} else {
		status = 400;
		if (j || !len)
			snprintf(why, size, "the request is not a JSON object");
		else if (json_error_code(&err) == json_error_duplicate_key)
			snprintf(why, size, "duplicate key on line %d of the request", err.line);
		else
			snprintf(why, size,
				"the request is not a JSON object: look at line %d, column %d",
				err.line, err.column);
	}
	if (status)
		json_decref(j);
	else
		*ret_body = j;
	return status;
}

static enum role least_role(const struct route *route)
{
	return route->role ? route->role : ADMIN;
}

bool api_routes_at(
	size_t i, enum http_method *ret_method, const char **ret_path, enum role *ret_role)
{
	if (i >= N_ROUTES)
		return false;
	*ret_method = routes[i].method;
	*ret_path = routes[i].path;
	*ret_role = least_role(&routes[i]);
	return true;
}

unsigned api_routes_allow(
	enum http_method method, const char *path, enum role role, char *why, size_t size)
{
	const struct route *route = find(method, path);

	if (!route || role >= least_role(route))
		return 0;
	snprintf(why, size, "%s %.200s takes the role %s, and yours is %s",
		http_method_name(method), path, role_name(least_role(route)), role_name(role));
	return 403;
}

static unsigned allow_object(const json_t *object, enum role role, char *why, size_t size)
{
	static const char *const keys[] = {"domain", "connect"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (json_object_get(object, keys[i]) && role < ADMIN) {
			snprintf(why, size, "'%s' takes the role %s, and yours is %s", keys[i],
				role_name(ADMIN), role_name(role));
			return 403;
		}
	return 0;
}

unsigned api_routes_allow_body(const json_t *body, enum role role, char *why, size_t size)
{
	unsigned wrong = allow_object(body, role, why, size);
	const char *key;
	json_t *list, *one;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)body, key, list) json_array_foreach(list, i, one)
	{
		if (!wrong && strcmp(key, "networks")) /* whose domain is of DNS */
			wrong = allow_object(one, role, why, size);
	}
	return wrong;
}

unsigned api_routes_judge(enum http_method method, const char *path, const char *target,
	const char *body, size_t len, json_t **ret_body, char *why, size_t size)
{
	const struct route *route = find(method, path);
	unsigned status;

	*ret_body = NULL;
	if (!route)
		return no_route(method, path, why, size);
	status = judge_args(route, target, why, size);
	return status ? status : judge_body(route, body, len, ret_body, why, size);
}
