/* usher.xml: what is read, and what is said about what cannot be. */
#include "usher/config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static char why[1024];

static int read_text(const char *text)
{
	char path[] = "/tmp/usher-config-XXXXXX";
	int fd = mkstemp(path), rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	config_init(&config);
	*why = '\0';
	rc = config_read(&config, path, why, sizeof why);
	unlink(path);
	return rc;
}

/* The part of the message behind the file's name. */
static const char *told(void)
{
	const char *colon = strchr(why, ':');

	return colon ? colon + 1 : why;
}

START_TEST(whole)
{
	ck_assert_int_eq(
		read_text(
			"<usher>\n"
			" <state dir='/s'/> <user name='nobody'/> <http port='80'/> <log "
			"level='debug'/>\n"
			" <profiles dir='/a'/> <profiles dir='/b'/>\n"
			" <media name='tiny' path='/m'/> <media name='r' url='http://x/'/>\n"
			" <guest pool='p' accel='qemu' filter='no'/>\n"
			" <segment network='default' domain='d' lease='600' computed='no'>\n"
			"  <pool start='10.0.0.10' end='10.0.0.20'/> <router address='10.0.0.1'/>\n"
			"  <dns address='10.0.0.2'/> <dns address='10.0.0.3'/>\n"
			" </segment> <segment interface='eth1'/>\n</usher>\n"),
		0);
	ck_assert_str_eq(config.state, "/s");
	ck_assert_str_eq(config.user, "nobody");
	ck_assert_uint_eq(config.http_port, 80);
	ck_assert_str_eq(config.profiles[0], "/b");
	ck_assert_str_eq(config.profiles[1], "/a");
	ck_assert_uint_eq(config.n_media, 2);
	ck_assert_str_eq(config.media[1].url, "http://x/");
	ck_assert_str_eq(config.accel, "qemu");
	ck_assert(!config.filter);
	ck_assert_uint_eq(config.n_segments, 2);
	ck_assert_str_eq(config.segments[0].name, "default");
	ck_assert(config.segments[0].is_network && !config.segments[0].computed);
	ck_assert_uint_eq(config.segments[0].lease_s, 600);
	ck_assert_uint_eq(ip_to_v4(&config.segments[0].pool_last), 0x0a000014);
	ck_assert_uint_eq(config.segments[0].n_dns, 2);
	ck_assert(!config.segments[1].is_network && config.segments[1].computed);
}
END_TEST

static const struct {
	const char *xml, *message;
} wrong[] = {
	{"<usher>\n<stat dir='/s'/></usher>",
		"2: <usher> has no element <stat>; usher.xml(5) lists them"},
	{"<usher><state dri='/s'/></usher>",
		"1: <state> has no attribute 'dri', expected one like dir"},
	{"<usher><state/></usher>", "1: <state> lacks dir='…'"},
	{"<usher><state dir='s'/></usher>", "1: <state dir='s'>: expected an absolute path"},
	{"<usher>\n\n<http port='70000'/></usher>",
		"3: <http port='70000'>: expected a port from 1 to 65535"},
	{"<usher><guest accel='fast'/></usher>",
		"1: <guest accel='fast'>: expected auto, kvm or qemu"},
	{"<usher><guest filter='maybe'/></usher>", "1: <guest filter='maybe'>: expected yes or no"},
	{"<usher><segment/></usher>",
		"1: <segment> takes either network= (of libvirt) or interface="},
	{"<usher><segment network='n'><pool start='10.0.0.9' end='10.0.0.2'/></segment></usher>",
		"1: <pool>: start lies behind end"},
	{"<usher><segment network='n' lease='5'/></usher>",
		"1: <segment lease='5'>: expected seconds from 60 to 31536000 (a year)"},
	{"<usher><media name='m'/></usher>", "1: <media name='m'> takes either path= or url="},
	{"<usher>hello</usher>", "1: <usher>: text is not expected here"},
	{"<usher><segment interface='e'>\n<router address='fe80::1'/></segment></usher>",
		"2: <router address='fe80::1'>: expected an IPv4 address"},
	{"<ushr/>", "1: expected <usher>, found <ushr>"},
};

START_TEST(faults)
{
	ck_assert_int_eq(read_text(wrong[_i].xml), -EINVAL);
	ck_assert_str_eq(told(), wrong[_i].message);
}
END_TEST

START_TEST(broken)
{
	ck_assert_int_eq(read_text("<usher>\n<state"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, ":2:"));
	ck_assert_int_eq(config_read(&config, "/nowhere/usher.xml", why, sizeof why), -ENOENT);
	ck_assert_str_eq(why, "/nowhere/usher.xml: No such file or directory");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, whole);
	tcase_add_loop_test(t, faults, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(t, broken);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
