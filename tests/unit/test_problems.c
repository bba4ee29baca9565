/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `usher status` takes for wrong, and what not. */
#include "usher/cli/problems.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW_DAY = 20000 }; /* since the epoch: October 2024 */

static json_t *load(const char *text)
{
	json_error_t e;
	json_t *j = json_loads(text, 0, &e);

	ck_assert_msg(j != NULL, "%s: %s", e.text, text);
	return j;
}

/* "what name: text; …" of all problems; the fixes are there. */
static void finds(const char *status, const char *packages, const char *media, const char *want)
{
	json_t *s = load(status), *p = load(packages), *m = load(media);
	json_t *all = problems_find(s, p, m, (int64_t)NOW_DAY * 24 * 3600 * 1000), *one;
	char got[1024] = "";
	size_t i;

	json_array_foreach(all, i, one)
	{
		size_t n = strlen(got);

		ck_assert(*json_string_value(json_object_get(one, "fix")));
		snprintf(got + n, sizeof got - n, "%s%s %s: %s", n ? "; " : "",
			json_string_value(json_object_get(one, "what")),
			json_string_value(json_object_get(one, "name")),
			json_string_value(json_object_get(one, "text")));
	}
	ck_assert_str_eq(got, want);
	json_decref(all);
	json_decref(s);
	json_decref(p);
	json_decref(m);
}

static void of_segment(const char *segment, const char *want)
{
	char status[1024];

	snprintf(status, sizeof status, "{\"segments\": [%s]}", segment);
	finds(status, "{}", "{}", want);
}

START_TEST(segments)
{
	of_segment(
		"{\"name\": \"lan\", \"mode\": \"own\", \"serving\": true, \"pool\": {\"size\": 10, "
		"\"used\": 9}, \"others\": []}",
		"");
	of_segment(
		"{\"name\": \"lan\", \"mode\": \"own\", \"serving\": true, \"pool\": {\"size\": 10, "
		"\"used\": 10}}",
		"segment lan: its pool of 10 IPv4 addresses is used up");
	of_segment(
		"{\"name\": \"lan\", \"mode\": \"own\", \"serving\": true, \"pool\": null, \"ipv6\": "
		"{\"pool\": {\"size\": 2, \"used\": 3}}}",
		"segment lan: its pool of 2 IPv6 addresses is used up");
	/* where another leases, nobody has usher's pool */
	of_segment(
		"{\"name\": \"lan\", \"mode\": \"proxy\", \"serving\": true, \"pool\": {\"size\": "
		"1, \"used\": 1}}",
		"");
	of_segment("{\"name\": \"lan\", \"mode\": \"own\", \"serving\": false}",
		"segment lan: it is not served");
	of_segment("{\"name\": \"lan\", \"mode\": \"auto\", \"serving\": false}", "");
	of_segment(
		"{\"name\": \"lan\", \"mode\": \"auto\", \"serving\": false, \"problem\": \"port 69 "
		"is taken\"}",
		"segment lan: it is not served: port 69 is taken");
	of_segment("{\"name\": \"far\", \"mode\": \"own\", \"serving\": false, \"relayed\": true}",
		"");
	of_segment(
		"{\"name\": \"lan\", \"mode\": \"own\", \"serving\": true, \"ipv6\": {\"problem\": "
		"\"no address\"}}",
		"segment lan: no address");
}
END_TEST

START_TEST(others)
{
	static const char other[] = "\"others\": [{\"address\": \"10.0.0.9\", \"mac\": "
				    "\"02:00:00:00:00:09\", \"forged\": %s}]";
	char list[128], segment[512];

	snprintf(list, sizeof list, other, "false");
	snprintf(segment, sizeof segment,
		"{\"name\": \"lan\", \"mode\": \"own\", \"serving\": true, %s}", list);
	of_segment(segment, "dhcp lan: another DHCP server answers: 10.0.0.9 (02:00:00:00:00:09)");
	snprintf(segment, sizeof segment,
		"{\"name\": \"lan\", \"mode\": \"proxy\", \"serving\": true, %s}", list);
	of_segment(segment, "");
	snprintf(list, sizeof list, other, "true");
	snprintf(segment, sizeof segment,
		"{\"name\": \"lan\", \"mode\": \"proxy\", \"serving\": true, %s}", list);
	of_segment(segment,
		"dhcp lan: a DHCP server speaks in usher's name: 10.0.0.9 (02:00:00:00:00:09)");
}
END_TEST

START_TEST(service)
{
	static const char libvirts[] =
		"\"libvirts\": [{\"uri\": \"qemu:///system\", \"connected\": "
		"false}]";
	char status[512];

	snprintf(status, sizeof status, "{\"guests\": 0, %s}", libvirts);
	finds(status, "{}", "{}", ""); /* bare metal needs none */
	snprintf(status, sizeof status, "{\"guests\": 1, %s}", libvirts);
	finds(status, "{}", "{}", "libvirt qemu:///system: usher is not connected to it");
	finds("{\"state\": \"/var/lib/usher\", \"store\": {\"trouble\": \"disk full\"}}", "{}",
		"{}", "store /var/lib/usher: disk full");
	finds("{}",
		"{\"configured\": true, \"running\": false, \"dir\": \"/p\", \"problem\": \"no nginx\"}",
		"{}", "packages /p: no nginx");
	finds("{}", "{\"configured\": false, \"running\": false, \"dir\": \"/p\"}", "{}", "");
	finds("{}", "{}",
		"{\"media\": [{\"name\": \"a\", \"source\": \"imported\", \"problem\": \"gone\"},"
		"{\"name\": \"b\", \"source\": \"profile\", \"problem\": \"gone\"},"
		"{\"name\": \"c\", \"source\": \"imported\", \"problem\": null}]}",
		"medium a: gone");
	finds("{\"api\": {\"address\": \"0.0.0.0\", \"problem\": \"no key\"}}", "{}", "{}",
		"api 0.0.0.0: no key");
	finds("{\"api\": {\"address\": \"0.0.0.0\", \"certificate_until\": \"2034-10-01T00:00:00.000Z\"}}",
		"{}", "{}", "");
	finds("{\"api\": {\"address\": \"0.0.0.0\", \"certificate_until\": \"2024-10-10T00:00:00.000Z\"}}",
		"{}", "{}", "api 0.0.0.0: its certificate ends 2024-10-10");
	finds("{\"api\": {\"address\": \"0.0.0.0\", \"certificate_until\": \"2024-10-01T00:00:00.000Z\"}}",
		"{}", "{}", "api 0.0.0.0: its certificate ended 2024-10-01");
}
END_TEST

/* What it says of one machine, and the fix. */
static void of_machine(const char *machine, const char *want, const char *fix)
{
	char status[1024];
	json_t *s, *all, *p;

	snprintf(status, sizeof status,
		"{\"troubled\": {\"count\": 1, \"machines\": [{\"name\": \"web01\", %s}]}}",
		machine);
	s = load(status);
	all = problems_find(s, NULL, NULL, 0);
	p = json_array_get(all, 0);
	ck_assert_uint_eq(json_array_size(all), 1);
	ck_assert_msg(strstr(json_string_value(json_object_get(p, "text")), want) != NULL, "%s",
		json_string_value(json_object_get(p, "text")));
	ck_assert_str_eq(json_string_value(json_object_get(p, "fix")), fix);
	json_decref(all);
	json_decref(s);
}

START_TEST(machines)
{
	of_machine("\"state\": \"failed\", \"attempt\": {\"reason\": \"timeout\"}", ": timeout",
		"usher show web01 says more; usher reinstall web01 installs it again");
	of_machine("\"state\": \"installing\", \"attempt\": {\"cause\": {\"text\": \"no disk\", "
		   "\"certain\": false, \"fix\": \"give it one\"}}",
		"installing for ", "give it one");
	of_machine("\"state\": \"installing\", \"attempt\": {\"cause\": {\"text\": \"no disk\", "
		   "\"certain\": false, \"fix\": \"give it one\"}}",
		": probably no disk", "give it one");
	of_machine("\"state\": \"armed\", \"attempt\": {\"waiting\": {}}",
		"waits for: usher confirm", "usher confirm web01 CODE: the code is on its screen");
	of_machine("\"state\": \"up\", \"guest_state\": \"paused\"", "its guest is paused",
		"if its disk's pool is full, make room there; then usher start web01");
	of_machine("\"state\": \"up\", \"guest_state\": \"gone\"", "its guest is gone",
		"usher create web01 --replace makes it anew, usher delete web01 forgets it");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("problems");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, segments);
	tcase_add_test(t, others);
	tcase_add_test(t, service);
	tcase_add_test(t, machines);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
