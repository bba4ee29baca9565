/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /machines and /leases: all of them, once each, while others come and go. */
#include "service/api/lists.h"

#include "http_ask.h"
#include "rooms_make.h"

#include "core/clock.h"
#include "machine/labels.h"

static struct service rooms;
static struct http_ask ask;

static void handle(void *arg, struct http_request *r)
{
	struct api *api = arg;

	if (!strcmp(r->path, "/api/v1/machines"))
		lists_machines(api, r);
	else
		lists_leases(api, r);
}

static void setup(void)
{
	rooms_make(&rooms);
	http_ask_begin(&ask, &rooms.base, handle, &rooms.api);
}

static void teardown(void)
{
	rooms_stop(&rooms);
	http_ask_end(&ask);
	rooms_unmake(&rooms);
}

static json_t *list(const char *what, const char *query)
{
	char target[128];

	snprintf(target, sizeof target, "/api/v1/%s%s", what, query);
	ck_assert_uint_eq(http_ask(&ask, "GET", target, NULL), 200);
	ck_assert(json_is_array(json_object_get(ask.json, what)));
	return json_object_get(ask.json, what);
}

static const char *text(json_t *all, size_t i, const char *key)
{
	const char *s = json_string_value(json_object_get(json_array_get(all, i), key));

	return s ? s : "";
}

static void lease(const char *segment, const char *address, const struct mac *mac, int64_t ms)
{
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	struct ip ip = base_ip(address);
	int64_t now = clock_steady_ms();

	ck_assert_int_eq(lease_bind(ls, base_segment(&rooms.base, segment)->id, &ip, mac, now + ms,
				 "host", 0, now),
		0);
}

START_TEST(machines)
{
	json_t *all;

	ck_assert_uint_eq(json_array_size(list("machines", "")), 0);
	base_machine(&rooms.base, "node10", false, "10.77.1.10");
	base_machine(&rooms.base, "node2", false, "10.77.1.2");
	base_arm(base_machine(&rooms.base, "db", true, "10.77.1.3"), "debian-12");
	all = list("machines", "");
	ck_assert_uint_eq(json_array_size(all), 3);
	ck_assert_str_eq(text(all, 0, "name"), "db");
	ck_assert_str_eq(text(all, 1, "name"), "node2");
	ck_assert_str_eq(text(all, 2, "name"), "node10");
	ck_assert_str_eq(text(all, 0, "state"), "armed");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_object_get(json_array_get(all, 0), "last_event"), "kind")),
		"armed");
	ck_assert(json_is_null(json_object_get(json_array_get(all, 1), "last_event")));
	/* no token is anybody's business */
	ck_assert_ptr_null(strstr(ask.body, "token"));
	ck_assert_ptr_null(json_object_get(json_array_get(all, 0), "settings"));
	all = list("machines", "?full");
	ck_assert_ptr_nonnull(json_object_get(json_array_get(all, 0), "settings"));
	ck_assert_ptr_null(
		strstr(ask.body, machines_by_name(rooms.base.machines, "db")->attempt.next_token));
}
END_TEST

static struct machine *marked(const char *name, bool guest, const char *address, const char *json)
{
	const char *segment = strncmp(address, "192.", 4) ? "lan" : "default";
	struct machine *m = base_add(&rooms.base, base_record(name, guest, segment, address));
	json_t *said = json_loads(json, 0, NULL);
	char why[256] = "";

	ck_assert_msg(!labels_take(m, said, NULL, why, sizeof why), "%s", why);
	json_decref(said);
	return m;
}

/* The names of the machines that `query` asks for, a blank behind each. */
static const char *named(const char *query)
{
	static char names[512];
	json_t *all = list("machines", query);

	*names = '\0';
	for (size_t i = 0; i < json_array_size(all); i++)
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s ",
			text(all, i, "name"));
	return names;
}

static void some(void)
{
	marked("node10", false, "10.77.1.10", "{\"labels\": {\"rack\": \"12\", \"gpu\": \"a:b\"}}");
	marked("node2", false, "10.77.1.2", "{\"labels\": {\"rack\": \"3\"}, \"note\": \"slow\"}");
	snprintf(marked("node3", false, "10.77.1.3", "{}")->lab, 64, "first");
	snprintf(marked("web", true, "192.168.122.9", "{}")->lab, 64, "second");
	base_arm(marked("db", true, "10.77.1.4", "{}"), "debian-12");
}

START_TEST(filters)
{
	some();
	ck_assert_str_eq(named(""), "db node2 node3 node10 web ");
	ck_assert_str_eq(named("?state=armed"), "db ");
	ck_assert_str_eq(named("?state=known"), "node2 node3 node10 web ");
	ck_assert_str_eq(named("?state=known,armed"), "db node2 node3 node10 web ");
	ck_assert_str_eq(named("?state=template"), "");
	machines_by_name(rooms.base.machines, "web")->template = true;
	ck_assert_str_eq(named("?state=template"), "web ");
	ck_assert_str_eq(named("?state=known"), "node2 node3 node10 ");
	ck_assert_str_eq(named("?lab=first,second"), "node3 web ");
	ck_assert_str_eq(named("?lab=first&segment=default"), "");
	ck_assert_str_eq(named("?lab="), "db node2 node10 ");
	ck_assert_str_eq(named("?segment=default,nowhere"), "web ");
	ck_assert_str_eq(named("?profile=debian"), "");
	ck_assert_str_eq(named("?label=rack"), "node2 node10 ");
	ck_assert_str_eq(named("?label=rack:3"), "node2 ");
	ck_assert_str_eq(named("?label=rack:3,gpu:a:b"), "node2 node10 ");
	ck_assert_str_eq(named("?label=rac,rack:1,:,"), "");
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/machines?state=armd", NULL), 400);
	ck_assert_ptr_nonnull(strstr(ask.body, "state 'armd': expected one of known armed"));
	ck_assert_uint_eq(http_ask(&ask, "GET", "/api/v1/machines?state=", NULL), 400);
}
END_TEST

static void page(const char *query, const char *names, const char *next)
{
	const json_t *is;

	ck_assert_str_eq(named(query), names);
	is = json_object_get(ask.json, "next");
	ck_assert(next ? json_is_string(is) && !strcmp(json_string_value(is), next)
		       : json_is_null(is));
}

START_TEST(pages)
{
	static const char *const wrong[] = {"limit=0", "limit=", "limit=x", "limit=-1", "limit=1x",
		"limit=9999999999",
		"from=0123456789012345678901234567890123456789012345678901234567890123"};
	char target[128];

	some();
	page("?limit=2", "db node2 ", "node3");
	page("?limit=2&from=node3", "node3 node10 ", "web");
	page("?limit=2&from=web", "web ", NULL);
	page("?limit=5", "db node2 node3 node10 web ", NULL);
	page("?limit=1&label=rack", "node2 ", "node10"); /* one that is wanted */
	page("?limit=1&label=rack&from=node10", "node10 ", NULL);
	page("?limit=1&from=node4", "node10 ", "web"); /* it went meanwhile */
	page("?limit=1&from=zzz", "", NULL);
	page("?from=node10", "node10 web ", NULL);
	list("machines", "");
	ck_assert_ptr_null(json_object_get(ask.json, "next"));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(target, sizeof target, "/api/v1/machines?%s", wrong[i]);
		ck_assert_uint_eq(http_ask(&ask, "GET", target, NULL), 400);
	}
}
END_TEST

START_TEST(leases)
{
	struct machine *m = base_machine(&rooms.base, "db", true, "10.77.1.3");
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	struct mac stranger = {{2, 0, 0, 0, 0, 9}};
	int64_t now = clock_steady_ms();
	struct ip ip = base_ip("10.77.1.210");
	json_t *all;

	lease("lan", "10.77.1.210", &stranger, 60 * 1000);
	lease("lan", "10.77.1.3", &m->nics[0].mac, 3600 * 1000);
	lease("default", "192.168.122.9", &stranger, 60 * 1000);
	all = list("leases", "");
	ck_assert_uint_eq(json_array_size(all), 3);
	ck_assert_str_eq(text(all, 0, "address"), "10.77.1.3");
	ck_assert_str_eq(text(all, 0, "machine"), "db");
	ck_assert_str_eq(text(all, 0, "segment"), "lan");
	ck_assert_str_eq(text(all, 0, "state"), "bound");
	ck_assert_str_eq(text(all, 0, "mac"), "52:54:0a:4d:01:03");
	ck_assert_str_eq(text(all, 0, "hostname"), "host");
	ck_assert_str_ne(text(all, 0, "expires"), "");
	ck_assert_str_eq(text(all, 1, "address"), "10.77.1.210");
	ck_assert(json_is_null(json_object_get(json_array_get(all, 1), "machine")));
	ck_assert_str_eq(text(all, 2, "segment"), "default");
	/* a declined one is nobody's */
	ck_assert_int_eq(lease_decline(ls, 1, &ip, &stranger, now), 0);
	all = list("leases", "");
	ck_assert_str_eq(text(all, 1, "state"), "declined");
	ck_assert(json_is_null(json_object_get(json_array_get(all, 1), "mac")));
}
END_TEST

/* In slices: what goes meanwhile may be missed, what stays is listed once. */
START_TEST(while_they_come_and_go)
{
	char name[32], address[32];
	json_t *all;
	size_t n;

	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "m%04d", i);
		snprintf(address, sizeof address, "10.9.%d.%d", i / 200, i % 200 + 2);
		ck_assert_int_eq(
			machines_add(rooms.base.machines, base_record(name, true, "far", address)),
			0);
	}
	http_ask_send(&ask, NULL, "GET", "/api/v1/machines", NULL);
	base_wait(&rooms.base, rooms.api.listings.first);
	for (int i = 1; i < 2000; i += 2) { /* all that it stands at, too */
		snprintf(name, sizeof name, "m%04d", i);
		machines_remove(rooms.base.machines, machines_by_name(rooms.base.machines, name));
	}
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	all = json_object_get(ask.json, "machines");
	n = json_array_size(all);
	ck_assert_uint_ge(n, 1000);
	ck_assert_uint_lt(n, 2000);
	for (size_t i = 1; i < n; i++)
		ck_assert_int_lt(strcmp(text(all, i - 1, "name"), text(all, i, "name")), 0);
	ck_assert_str_eq(text(all, n - 1, "name"), "m1998");
}
END_TEST

START_TEST(leases_that_end_meanwhile)
{
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	char address[32];
	size_t n;

	for (int i = 0; i < 2000; i++) {
		struct mac mac = {{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};

		snprintf(address, sizeof address, "10.77.%d.%d", 1 + i / 200, i % 200 + 2);
		lease("lan", address, &mac, 60 * 1000);
	}
	http_ask_send(&ask, NULL, "GET", "/api/v1/leases", NULL);
	base_wait(&rooms.base, rooms.api.listings.first);
	for (int i = 1000; i < 2000; i++)
		leases_forget(ls, &(struct mac){{2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}});
	ck_assert_uint_eq(http_ask_wait(&ask), 200);
	n = json_array_size(json_object_get(ask.json, "leases"));
	ck_assert_uint_ge(n, 1000);
	ck_assert_uint_lt(n, 2000);
}
END_TEST

START_TEST(dropped)
{
	char name[32], address[32];

	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "m%04d", i);
		snprintf(address, sizeof address, "10.9.%d.%d", i / 200, i % 200 + 2);
		ck_assert_int_eq(
			machines_add(rooms.base.machines, base_record(name, true, "far", address)),
			0);
	}
	http_ask_send(&ask, NULL, "GET", "/api/v1/machines", NULL);
	base_wait(&rooms.base, rooms.api.listings.first);
	rooms_stop(&rooms);
	ck_assert_ptr_null(rooms.api.listings.first);
	ck_assert_uint_eq(http_ask_wait(&ask), 500);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lists");
	TCase *t = tcase_create("lists");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, machines);
	tcase_add_test(t, filters);
	tcase_add_test(t, pages);
	tcase_add_test(t, leases);
	tcase_add_test(t, while_they_come_and_go);
	tcase_add_test(t, leases_that_end_meanwhile);
	tcase_add_test(t, dropped);
	suite_add_tcase(s, t);
	return base_run(s);
}
