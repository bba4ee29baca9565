/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The libvirts that guests live in: which one a machine's is, and who hears of what. */
#include "service/guests/hosts.h"

#include "base_make.h"

#include <errno.h>
#include <libvirt/libvirt.h>

static struct base base;
static struct hosts hosts;
static unsigned up, networks;
static struct guests *of;
static char why[512];

static void connected(void *arg, struct guests *g)
{
	ck_assert_ptr_eq(arg, &hosts);
	of = g;
	up++;
}

static void disconnected(void *arg, struct guests *g)
{
	(void)arg, (void)g;
}

static void event(void *arg, struct guests *g, const struct guest_news *news)
{
	(void)arg, (void)news;
	of = g;
}

static void network(void *arg, const char *name, bool started)
{
	(void)arg, (void)name, (void)started;
	networks++;
}

static void disk_error(void *arg, struct guests *g, const char *domain, const char *uuid,
	const char *path, bool full)
{
	(void)arg, (void)g, (void)domain, (void)uuid, (void)path, (void)full;
}

static void setup(void)
{
	base_make(&base);
	hosts = (struct hosts){.base = &base,
		.calls = {.connected = connected,
			.disconnected = disconnected,
			.event = event,
			.network = network,
			.disk_error = disk_error,
			.arg = &hosts}};
	up = networks = 0;
	ck_assert_int_eq(hosts_start(&hosts), 0);
}

static void teardown(void)
{
	ck_assert(hosts_stop(&hosts));
	base_unmake(&base);
}

/* Another host of the test driver's, with a network of its own. */
static const char *far_uri(void)
{
	static char uri[160];
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/far.xml", base_dir);
	f = fopen(path, "w");
	fputs("<node><network><name>far</name><bridge name='far0'/></network></node>", f);
	fclose(f);
	snprintf(uri, sizeof uri, "test://%s", path);
	return uri;
}

static struct guests *find(const char *uri)
{
	struct guests *g = NULL;

	ck_assert_msg(!hosts_find(&hosts, uri, &g, why, sizeof why), "%s", why);
	return g;
}

START_TEST(found)
{
	const char *uri = far_uri();
	struct guests *far;

	ck_assert_ptr_nonnull(hosts.own);
	ck_assert_ptr_eq(find(NULL), hosts.own);
	ck_assert_ptr_eq(find(""), hosts.own);
	ck_assert_ptr_eq(find("test:///default"), hosts.own);
	ck_assert_uint_eq(hosts.count, 1);
	far = find(uri);
	ck_assert_ptr_ne(far, hosts.own);
	ck_assert_ptr_eq(find(uri), far);
	ck_assert_uint_eq(hosts.count, 2);
	ck_assert_ptr_eq(hosts_at(&hosts, 0), hosts.own);
	ck_assert_ptr_eq(hosts_at(&hosts, 1), far);
	ck_assert_str_eq(hosts_uri(&hosts, far), uri);
	ck_assert_str_eq(hosts_uri(&hosts, hosts.own), "test:///default");
	ck_assert_str_eq(hosts_uri(&hosts, NULL), "");
}
END_TEST

START_TEST(no_more_than_can_be)
{
	struct guests *g;
	char uri[320];

	for (int i = 1; i < HOSTS_MAX; i++) {
		snprintf(uri, sizeof uri, "test:///%d.xml", i);
		find(uri);
	}
	ck_assert_int_eq(hosts_find(&hosts, "test:///more.xml", &g, why, sizeof why), -ENOSPC);
	ck_assert_ptr_null(g);
	ck_assert_str_eq(why,
		"libvirt at test:///more.xml: usher is already connected to 16 libvirts, the "
		"maximum");
	find("test:///3.xml");
	memset(uri, 'a', sizeof uri);
	uri[300] = '\0';
	ck_assert_int_eq(hosts_find(&hosts, uri, &g, why, sizeof why), -ENAMETOOLONG);
	ck_assert_ptr_null(g);
	/* its jobs are refused, as guest.h says of none */
	ck_assert_int_eq(guest_stop(g, "a", NULL, NULL, NULL), -ENOMEM);
}
END_TEST

START_TEST(of_a_machine)
{
	struct machine *here = base_machine(&base, "here", true, "10.77.1.3"),
		       *there = base_machine(&base, "there", true, "10.77.1.4");
	const char *uri = far_uri();

	base_spec_put(there, json_pack("{s:o}", "connect", json_string(uri)));
	ck_assert_ptr_eq(guests_of(&hosts, here), hosts.own);
	ck_assert_ptr_eq(guests_of(&hosts, there), find(uri));
	base_spec_put(there, json_pack("{s:o}", "connect", json_string("test:///default")));
	ck_assert_ptr_eq(guests_of(&hosts, there), hosts.own);
}
END_TEST

/* Those where machines live, and the own one when it is wanted. */
START_TEST(connects)
{
	struct machine *there = base_machine(&base, "there", true, "10.77.1.4");
	json_t *all;

	base_spec_put(there, json_pack("{s:s}", "connect", far_uri()));
	base_machine(&base, "here", true, "10.77.1.5");
	base_machine(&base, "metal", false, "10.77.1.6");
	hosts_connect(&hosts, false);
	base_wait(&base, up == 1);
	ck_assert_ptr_eq(of, guests_of(&hosts, there));
	ck_assert(!guests_connected(hosts.own));
	all = hosts_json(&hosts);
	ck_assert_uint_eq(json_array_size(all), 2);
	ck_assert(json_is_false(json_object_get(json_array_get(all, 0), "connected")));
	ck_assert(json_is_true(json_object_get(json_array_get(all, 1), "connected")));
	json_decref(all);
	hosts_connect(&hosts, true);
	base_wait(&base, up == 2);
	ck_assert_ptr_eq(of, hosts.own);
}
END_TEST

static bool answered;

static void on_status(void *arg, int rc, const struct guest_status *st, const char *text)
{
	(void)arg, (void)st;
	ck_assert_msg(!rc, "%s", text);
	answered = true;
}

static void restart_network(const char *uri, const char *name)
{
	virConnectPtr v = virConnectOpen(uri);
	virNetworkPtr n = virNetworkLookupByName(v, name);

	ck_assert_ptr_nonnull(n);
	virNetworkDestroy(n);
	virNetworkCreate(n);
	virNetworkFree(n);
	virConnectClose(v);
}

/* Networks are the own one's: another host's are not served here. */
START_TEST(networks_of_the_own_one)
{
	hosts_connect(&hosts, true);
	base_wait(&base, up == 1);
	ck_assert_int_eq(guest_status(hosts.own, "test", on_status, NULL), 0);
	base_wait(&base, answered); /* what it tells by itself was asked for before */
	restart_network("test:///default", "default");
	base_wait(&base, networks == 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("hosts");
	TCase *t = tcase_create("hosts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, found);
	tcase_add_test(t, no_more_than_can_be);
	tcase_add_test(t, of_a_machine);
	tcase_add_test(t, connects);
	tcase_add_test(t, networks_of_the_own_one);
	suite_add_tcase(s, t);
	return base_run(s);
}
