/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /host-keys: whose keys, and under which names. */
#include "service/api/host_keys_api.h"

#include "http_ask.h"
#include "rooms_make.h"

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

static struct service rooms;
static struct http_ask ask;
static struct machine *web01;

static void handle(void *arg, struct http_request *r)
{
	host_keys_handle(arg, r);
}

static void setup(void)
{
	struct machine *db;

	rooms_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.api);
	base_machine(&rooms.base, "none", true, "10.77.1.2");
	db = base_add(&rooms.base, base_record("db", true, "default", "192.168.122.4"));
	db->host_keys = json_pack("[s]", ED);
	web01 = base_machine(&rooms.base, "web01", true, "10.77.1.3");
	web01->host_keys = json_pack("[s]", ED);
	web01->nics[1] = web01->nics[0];
	web01->nics[1].addrs[0] = base_ip("10.9.9.9");
	web01->nics[1].addrs[1] = base_ip("2001:db8::9");
	web01->nics[1].n_addrs = 2;
	web01->n_nics = 2;
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

/* The machines of the answer: "db web01". */
static const char *of(const char *query)
{
	static char all[128];
	char target[128];
	json_t *m;
	size_t i;

	snprintf(target, sizeof target, "/api/v1/host-keys%s", query);
	ck_assert_uint_eq(http_ask(&ask, "GET", target, NULL), 200);
	all[0] = '\0';
	json_array_foreach(json_object_get(ask.json, "machines"), i, m)
	{
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "",
			json_string_value(json_object_get(m, "machine")));
	}
	return all;
}

START_TEST(who_is_meant)
{
	ck_assert_str_eq(of(""), "db web01");
	ck_assert_str_eq(of("?of=web01"), "web01");
	ck_assert_str_eq(of("?of=web01.lan.example"), "web01");
	ck_assert_str_eq(of("?of=10.77.1.3"), "web01");
	ck_assert_str_eq(of("?of=10.9.9.9"), "web01");
	ck_assert_str_eq(of("?of=2001:db8::9"), "web01");
	ck_assert_str_eq(of("?of=2001:db8:0::9"), "web01"); /* however it is written */
	ck_assert_str_eq(of("?of=none"), "");
	ck_assert_str_eq(of("?of=web"), "");
	ck_assert_str_eq(of("?of=web01.other.example"), "");
	ck_assert_str_eq(of("?of=10.77.1.30"), "");
	ck_assert_str_eq(of("?of="), "");
}
END_TEST

static void names_are(size_t i, const char *all)
{
	json_t *names =
		json_object_get(json_array_get(json_object_get(ask.json, "machines"), i), "names");
	char *text = json_dumps(names, JSON_COMPACT);

	ck_assert_str_eq(text, all);
	free(text);
}

START_TEST(names)
{
	json_t *m;

	of("");
	names_are(0, "[\"db\",\"192.168.122.4\"]");
	names_are(
		1, "[\"web01\",\"web01.lan.example\",\"10.77.1.3\",\"10.9.9.9\",\"2001:db8::9\"]");
	m = json_array_get(json_object_get(ask.json, "machines"), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(m, "host_keys")), 1);
	ck_assert_ptr_nonnull(
		strstr(ask.body, "AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13"));
	/* a segment that is not served has no domain */
	web01->nics[0].segment_id = 0;
	of("?of=web01");
	names_are(0, "[\"web01\",\"10.77.1.3\",\"10.9.9.9\",\"2001:db8::9\"]");
	ck_assert_str_eq(of("?of=web01.lan.example"), "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("host_keys_api");
	TCase *t = tcase_create("host_keys_api");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, who_is_meant);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	return base_run(s);
}
