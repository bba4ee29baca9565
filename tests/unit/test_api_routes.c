/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API's calls: what there is, by which method, with which arguments and keys. */
#include "service/api/api_routes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char why[512];

/* A body that is taken is given back. */
static unsigned judge(enum http_method method, const char *path, const char *body)
{
	json_t *taken = json_true();
	unsigned status;

	why[0] = '\0';
	status = api_routes_judge(method, path, path, body ? body : "", body ? strlen(body) : 0,
		&taken, why, sizeof why);
	ck_assert(!taken || (status == 0 && json_is_object(taken)));
	json_decref(taken);
	return status;
}

static void fine(enum http_method method, const char *path, const char *body)
{
	ck_assert_msg(judge(method, path, body) == 0, "%s %s: %s", path, body ? body : "", why);
}

static void bad(enum http_method method, const char *path, const char *body, unsigned status,
	const char *text)
{
	unsigned is = judge(method, path, body);

	ck_assert_msg(is == status, "%s %s: %u", path, body ? body : "", is);
	ck_assert_msg(strstr(why, text), "%s %s: %s", path, body ? body : "", why);
}

START_TEST(paths)
{
	fine(HTTP_GET, "/machines", NULL);
	fine(HTTP_HEAD, "/machines", NULL);
	fine(HTTP_GET, "/machines/web01", NULL);
	fine(HTTP_GET, "/machines/web01/render/nocloud/meta-data", NULL);
	fine(HTTP_POST, "/machines/web01/start", NULL);
	fine(HTTP_PUT, "/copies/0123", "\x01not JSON");
	bad(HTTP_GET, "", NULL, 404, "no such call");
	bad(HTTP_GET, "/", NULL, 404, "no such call");
	bad(HTTP_GET, "/machine", NULL, 404, "GET /machine: there is no such call");
	bad(HTTP_GET, "/machinesx", NULL, 404, "no such call");
	bad(HTTP_GET, "/machines/", NULL, 404, "no such call");
	bad(HTTP_GET, "/machines/web01/", NULL, 404, "no such call");
	bad(HTTP_GET, "/machines/web01/render/", NULL, 404, "no such call");
	bad(HTTP_POST, "/machines/web01/start/now", NULL, 404, "no such call");
	bad(HTTP_GET, "/mediax", NULL, 404, "no such call");
	bad(HTTP_GET, "/networks/a/b", NULL, 404, "no such call");
}
END_TEST

START_TEST(methods)
{
	bad(HTTP_PUT, "/machines", NULL, 405, "PUT /machines: allowed methods: GET, POST");
	bad(HTTP_DELETE, "/machines", NULL, 405, "allowed methods: GET, POST");
	bad(HTTP_POST, "/machines/web01", "{}", 405, "allowed methods: GET, PATCH, DELETE");
	bad(HTTP_GET, "/machines/web01/start", NULL, 405, "allowed methods: POST");
	bad(HTTP_DELETE, "/status", NULL, 405, "allowed methods: GET");
	bad(HTTP_PATCH, "/networks/lan", "{}", 405, "allowed methods: DELETE");
	bad(HTTP_HEAD, "/judge", NULL, 405, "allowed methods: POST");
}
END_TEST

static void arguments(const char *target, unsigned status, const char *text)
{
	json_t *body = json_true();
	unsigned is;

	why[0] = '\0';
	is = api_routes_judge(HTTP_DELETE, "/machines/a", target, "", 0, &body, why, sizeof why);
	ck_assert_ptr_null(body);
	ck_assert_msg(is == status, "%s: %u", target, is);
	ck_assert_msg(strstr(why, text), "%s: %s", target, why);
}

/* One that is misspelt would have deleted the disks. */
START_TEST(queries)
{
	arguments("/machines/a", 0, "");
	arguments("/machines/a?", 0, "");
	arguments("/machines/a?keep_disks", 0, "");
	arguments("/machines/a?keep_disks=1&keep_disks=0", 0, "");
	arguments("/machines/a?keep_disk=1", 400,
		"unknown argument 'keep_disk'; known arguments: keep_disks record_only");
	arguments("/machines/a?keep_disks=1&x", 400, "unknown argument 'x'");
	arguments("/machines/a?keep", 400, "unknown argument 'keep'");
}
END_TEST

START_TEST(keys)
{
	static const struct {
		const char *body, *text;
	} wrong[] = {{"", "not a JSON object"}, {"[]", "not a JSON object"},
		{"{\"name\": }", "look at line 1, column"},
		{"{\"name\": \"a\",\n\"name\": \"b\"}", "duplicate key on line 2"},
		{"{\"memry\": 5}", "unknown key 'memry': did you mean 'memory'?"},
		{"{\"guest\": {\"memory\": 5}}", "unknown key 'guest'"},
		{"{\"name\": 5}", "'name' is a text, not another number"},
		{"{\"name\": null}", "'name' is a text, not null"},
		{"{\"kind\": \"guest\", \"memory\": \"2G\"}",
			"'memory' is a whole number from 1, not a text"},
		{"{\"kind\": \"guest\", \"memory\": 0}",
			"'memory' is a whole number from 1, not another number"},
		{"{\"kind\": \"guest\", \"memory\": -1}", "'memory' is a whole number from 1"},
		{"{\"template\": \"t\", \"vcpus\": 1.5}", "'vcpus' is a whole number"},
		{"{\"replace\": \"yes\"}", "'replace' is true or false, not a text"},
		{"{\"ssh_keys\": \"ssh-rsa A\"}", "'ssh_keys' is an array of texts, not a text"},
		{"{\"ssh_keys\": [5]}", "'ssh_keys' is an array of texts, not of anything else"},
		{"{\"settings\": {\"a\": 5}}", "'settings' is an object of texts"},
		{"{\"settings\": {\"a\": null}}", "'settings' is an object of texts"},
		{"{\"labels\": {\"a\": 5}}",
			"'labels' is an object of texts and nulls, not of anything else"},
		{"{\"note\": 5}", "'note' is a text or null, not another number"},
		{"{\"settings\": [\"a\"]}", "'settings' is an object of texts, not an array"},
		{"{\"nics\": [{\"segment\": \"a\"}, {\"adress\": \"b\"}]}",
			"unknown key 'nics[1].adress': did you mean 'address'?"},
		{"{\"nics\": [5]}", "'nics[0]' is not an object"},
		{"{\"kind\": \"guest\", \"disks\": [{\"size\": \"5G\"}]}",
			"'disks[0].size' is a whole number"},
		{"{\"kind\": \"bare-metal\", \"memory\": 5}",
			"'memory' is only for a guest, but kind is 'bare-metal'"},
		{"{\"memory\": 5}", "'memory' is only for a guest, but kind is 'bare-metal'"},
		{"{\"kind\": \"guset\"}", "'kind' is guest or bare-metal, not 'guset'"},
		{"{\"kind\": \"guest\", \"power\": \"/x\"}",
			"'power' is only for a bare-metal machine, but kind is 'guest'"}};

	fine(HTTP_POST, "/machines", "{}");
	fine(HTTP_POST, "/machines",
		"{\"kind\": \"guest\", \"name\": \"a\", \"memory\": 512, \"settings\": {\"a\": "
		"\"b\"}, \"ssh_keys\": [], \"nics\": [{\"segment\": \"s\", \"mac\": \"m\"}], \"replace\": "
		"true}");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		bad(HTTP_POST, "/machines", wrong[i].body, 400, wrong[i].text);
	bad(HTTP_POST, "/machines/a/start", "{\"force\": true}", 400, "unknown key 'force'");
	bad(HTTP_PATCH, "/machines/a", "{\"disk\": 5}", 400, "unknown key 'disk'");
	bad(HTTP_POST, "/judge", "{\"machines\": [{\"memry\": 5}]}", 400, "'machines[0].memry'");
	bad(HTTP_POST, "/networks", "{\"name\": \"lan\", \"bridge\": \"b\"}", 400,
		"unknown key 'bridge'");
	fine(HTTP_POST, "/machines/a/stop", "{\"force\": true}");
	fine(HTTP_POST, "/machines/a/stop", "");
}
END_TEST

START_TEST(allowed)
{
	char allow[64];

	api_routes_methods("/machines", allow, sizeof allow);
	ck_assert_str_eq(allow, "GET, HEAD, POST");
	api_routes_methods("/machines/web01", allow, sizeof allow);
	ck_assert_str_eq(allow, "GET, HEAD, PATCH, DELETE");
	api_routes_methods("/judge", allow, sizeof allow);
	ck_assert_str_eq(allow, "POST");
	api_routes_methods("/nothing", allow, sizeof allow);
	ck_assert_str_eq(allow, "");
}
END_TEST

static bool may(enum role role, enum http_method method, const char *path)
{
	unsigned status = api_routes_allow(method, path, role, why, sizeof why);

	ck_assert(status == 0 || status == 403);
	return !status;
}

START_TEST(roles)
{
	ck_assert(may(ROLE_VIEW, HTTP_GET, "/machines"));
	ck_assert(may(ROLE_VIEW, HTTP_HEAD, "/machines/web01"));
	ck_assert(!may(ROLE_NONE, HTTP_GET, "/machines"));
	ck_assert(!may(ROLE_VIEW, HTTP_POST, "/machines/web01/disarm"));
	ck_assert_str_eq(
		why, "POST /machines/web01/disarm takes the role operate, and yours is view");
	ck_assert(may(ROLE_OPERATE, HTTP_POST, "/machines/web01/disarm"));
	ck_assert(may(ROLE_ADMIN, HTTP_POST, "/machines/web01/disarm"));
	ck_assert(!may(ROLE_OPERATE, HTTP_POST, "/networks"));
	ck_assert(!may(ROLE_OPERATE, HTTP_GET, "/tokens"));
	ck_assert(!may(ROLE_OPERATE, HTTP_DELETE, "/tokens/x"));
	ck_assert(may(ROLE_ADMIN, HTTP_POST, "/tokens"));
	ck_assert(may(ROLE_NONE, HTTP_GET, "/nothing")); /* which is 404 */
}
END_TEST

/* All that changes something takes more than to look; but for tokens, all that is read takes only that. */
START_TEST(the_table)
{
	enum http_method method;
	const char *path;
	enum role role;
	size_t i = 0;

	for (; api_routes_at(i, &method, &path, &role); i++) {
		bool looks = method == HTTP_GET && strncmp(path, "/tokens", strlen("/tokens"));

		ck_assert_msg(
			(role == ROLE_VIEW) == looks, "%s %s", http_method_name(method), path);
	}
	ck_assert_uint_gt(i, 40);
}
END_TEST

static unsigned may_send(enum role role, const char *body)
{
	json_t *j = json_loads(body, 0, NULL);
	unsigned status = api_routes_allow_body(j, role, why, sizeof why);

	json_decref(j);
	return status;
}

START_TEST(bodies)
{
	ck_assert_uint_eq(may_send(ROLE_OPERATE, "{\"name\": \"x\"}"), 0);
	ck_assert_uint_eq(may_send(ROLE_OPERATE, "{\"domain\": \"<domain/>\"}"), 403);
	ck_assert_uint_eq(may_send(ROLE_OPERATE, "{\"connect\": \"x\"}"), 403);
	ck_assert_uint_eq(may_send(ROLE_ADMIN, "{\"domain\": \"<domain/>\"}"), 0);
	ck_assert_uint_eq(
		may_send(ROLE_OPERATE, "{\"machines\": [{}, {\"connect\": \"x\"}]}"), 403);
	ck_assert_uint_eq(may_send(ROLE_OPERATE, "{\"common\": [{\"domain\": \"x\"}]}"), 403);
	ck_assert_uint_eq(may_send(ROLE_OPERATE, "{\"networks\": [{\"domain\": \"lab\"}]}"), 0);
	ck_assert_uint_eq(api_routes_allow_body(NULL, ROLE_VIEW, why, sizeof why), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("api_routes");
	TCase *t = tcase_create("api_routes");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, paths);
	tcase_add_test(t, allowed);
	tcase_add_test(t, methods);
	tcase_add_test(t, queries);
	tcase_add_test(t, keys);
	tcase_add_test(t, roles);
	tcase_add_test(t, the_table);
	tcase_add_test(t, bodies);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
