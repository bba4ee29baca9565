/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nginx's configuration: what stands in it, that odd mirrors do not, and that nginx takes it where it is installed. */
#include "service/packages/packages_conf.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mirrors mirrors;
static struct segments segments;
static struct packages_conf conf;

static void set_up(void)
{
	struct segment s = {.name = "br0", .prefix_len = 24};

	mirrors = (struct mirrors){0};
	segments = (struct segments){0};
	conf = (struct packages_conf){
		.port = 8068, .mib = 100, .ipv6 = true, .segments = &segments, .mirrors = &mirrors};
	ck_assert_int_eq(ip_parse("10.66.0.1", &s.server), 0);
	ck_assert_int_eq(ip_parse("2001:db8:66::1", &s.six.server), 0);
	s.six.prefix_len = 64;
	ck_assert_int_eq(segments_add(&segments, &s, NULL), 0);
}

static void tear_down(void)
{
	segments_fini(&segments);
}

static struct mirror *add(const char *url, const char *address)
{
	struct mirror *m = &mirrors.all[mirrors.n];

	ck_assert_msg(!mirror_parse(url, m), "%s", url);
	if (address) {
		ck_assert_int_eq(ip_parse(address, &m->addresses[0]), 0);
		m->n_addresses = 1;
	}
	mirrors.n++;
	return m;
}

static char *text(void)
{
	char *s = NULL;

	ck_assert_int_eq(packages_conf(&conf, &s), 0);
	return s;
}

static bool has(const char *part)
{
	char *s = text();
	bool found = strstr(s, part) != NULL;

	free(s);
	return found;
}

START_TEST(segments_and_mirrors)
{
	add("http://m:8090/debian", "10.77.0.2");
	add("http://nobody/debian", NULL);
	add("https://m/debian", "2001:db8::2");
	ck_assert(has("\t\tallow 10.66.0.0/24;\n"));
	ck_assert(has("\t\tallow 2001:db8:66::/64;\n\t\tdeny all;\n"));
	ck_assert(has("listen [::]:8068 "));
	ck_assert(has("location ^~ /http/m:8090/debian/ {\n"));
	ck_assert(has("\t\tserver 10.77.0.2:8090;\n"));
	ck_assert(has("proxy_set_header Host m:8090;\n"));
	ck_assert(has("proxy_cache_key http://m:8090$uri;\n"));
	ck_assert(has("proxy_redirect http://m:8090/debian/ /http/m:8090/debian/;\n"));
	ck_assert(has("max_size=100m"));
	ck_assert(!has("nobody"));
	ck_assert(!has("location ^~ /https/")); /* nothing to check certificates by */
	conf.authorities = "/etc/ca.crt";
	ck_assert(has("location ^~ /https/m/debian/ {\n"));
	ck_assert(has("\t\tserver [2001:db8::2]:443;\n"));
	ck_assert(has("proxy_ssl_verify on;\n"));
	ck_assert(has("proxy_ssl_name m;\n"));
	conf.ipv6 = false;
	ck_assert(!has("[::]"));
	ck_assert(!has("user root"));
	conf.root = true;
	ck_assert(has("user root;\n"));
}
END_TEST

START_TEST(paths)
{
	ck_assert(packages_conf_path("/etc/ssl/ca-1.crt"));
	ck_assert(!packages_conf_path(""));
	ck_assert(!packages_conf_path("ca.crt"));
	ck_assert(!packages_conf_path("/etc/a;b"));
	ck_assert(!packages_conf_path("/etc/a b"));
	ck_assert(!packages_conf_path("/etc/$a"));
}
END_TEST

/* Blocks, directives and lines of it. */
static void shape(size_t ret[4])
{
	char *s = text();

	memset(ret, 0, 4 * sizeof *ret);
	for (const char *c = s; *c; c++) {
		ret[0] += *c == '{';
		ret[1] += *c == '}';
		ret[2] += *c == ';';
		ret[3] += *c == '\n';
	}
	free(s);
}

/* Whatever is taken of an odd URL adds nothing but itself: for each byte, at each place. */
START_TEST(nothing_else)
{
	static const char usual[] = "http://m.x:81/a/b";
	char url[sizeof usual];
	size_t plain[4], odd[4];

	add(usual, "10.0.0.1");
	shape(plain);
	for (size_t at = 0; at + 1 < sizeof usual; at++)
		for (unsigned byte = 1; byte < 256; byte++) {
			struct mirror m;

			memcpy(url, usual, sizeof usual);
			url[at] = (char)byte;
			if (mirror_parse(url, &m))
				continue;
			mirrors.n = 0;
			add(url, "10.0.0.1");
			shape(odd);
			ck_assert_msg(!memcmp(plain, odd, sizeof plain), "%s", url);
		}
}
END_TEST

START_TEST(nginx_takes_it)
{
	char dir[] = "/tmp/usher-packages-XXXXXX", path[64], command[256];
	char *s;
	FILE *f;

	if (access("/usr/sbin/nginx", X_OK))
		return;
	conf.root = !geteuid();
	conf.ipv6 = false;
	conf.port = 18068;
	conf.authorities = access("/etc/ssl/certs/ca-certificates.crt", R_OK)
		? NULL
		: "/etc/ssl/certs/ca-certificates.crt";
	add("http://m:8090/debian+x/a~b", "10.77.0.2");
	add("https://m/", "10.77.0.3");
	add("http://m/a", "2001:db8::1");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/nginx.conf", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	s = text();
	fputs(s, f);
	fclose(f);
	free(s);
	snprintf(command, sizeof command, "/usr/sbin/nginx -t -q -p %s -e stderr -c %s", dir, path);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("packages_conf");
	TCase *t = tcase_create("packages_conf");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, segments_and_mirrors);
	tcase_add_test(t, paths);
	tcase_add_test(t, nothing_else);
	tcase_add_test(t, nginx_takes_it);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
