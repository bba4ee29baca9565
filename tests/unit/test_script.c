/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/script.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct script web01(void)
{
	return (struct script){.machine = "web01",
		.profile = "debian-12",
		.server = "192.168.122.1",
		.progress_url = "http://192.168.122.1:8067/m/cafe/progress",
		.cmdline = "auto=true url=http://192.168.122.1:8067/m/cafe/answers ---",
		.files = {{"http://192.168.122.1:8067/boot/d/linux", "d/linux"},
			{"http://192.168.122.1:8067/boot/d/initrd.gz", "d/initrd.gz"}},
		.n_files = 2};
}

static void makes(enum script_kind kind, const struct script *s, const char *want)
{
	char *got = NULL, why[256];

	ck_assert_msg(script_make(kind, s, &got, why, sizeof why) == 0, "%s", why);
	ck_assert_str_eq(got, want);
	free(got);
}

static void refuses_to(enum script_kind kind, const struct script *s, const char *want)
{
	char *got = NULL, why[256] = "";

	ck_assert_int_eq(script_make(kind, s, &got, why, sizeof why), -EINVAL);
	ck_assert_msg(strstr(why, want) != NULL, "%s", why);
	ck_assert_ptr_null(got);
}

static void shows(enum script_kind kind, const char *reason, const char *want)
{
	char *got = NULL, what[256];

	snprintf(what, sizeof what, "web01 is failed%s%s", *reason ? ": " : "", reason);
	ck_assert_int_eq(
		script_refuse(kind, what, "To install it: usher reinstall web01", &got), 0);
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(loads_by_ipxe)
{
	struct script s = web01();

	makes(SCRIPT_IPXE, &s,
		"#!ipxe\n"
		"echo usher: web01 is installed with profile debian-12\n"
		"kernel http://192.168.122.1:8067/boot/d/linux initrd=initrd0.img auto=true"
		" url=http://192.168.122.1:8067/m/cafe/answers --- || goto failed\n"
		"initrd --name initrd0.img http://192.168.122.1:8067/boot/d/initrd.gz"
		" || goto failed\n"
		"boot || goto failed\n\n"
		":failed\n"
		"echo usher: kernel or initrd of web01 did not load, see usher timeline web01\n"
		"imgfetch --name report http://192.168.122.1:8067/m/cafe/progress"
		"?text=kernel+or+initrd+did+not+load ||\n"
		"echo usher: restarting in 10 s\nsleep 10\nreboot\n");
}
END_TEST

START_TEST(loads_by_grub)
{
	struct script s = web01();

	makes(SCRIPT_GRUB, &s,
		"set timeout=0\n"
		"echo 'usher: web01 is installed with profile debian-12'\n"
		"if linux '(tftp,192.168.122.1)/d/linux' 'auto=true'"
		" 'url=http://192.168.122.1:8067/m/cafe/answers' '---'; then\n"
		"if initrd '(tftp,192.168.122.1)/d/initrd.gz'; then\n"
		"boot\nfi\nfi\n"
		"echo 'usher: kernel or initrd did not load, see usher timeline web01'\n"
		"echo 'usher: restarting in 10 s'\nsleep 10\nreboot\n");
	s.n_files = 1;
	s.cmdline = "";
	makes(SCRIPT_GRUB_HTTP, &s,
		"set timeout=0\n"
		"echo 'usher: web01 is installed with profile debian-12'\n"
		"if linux '/boot/d/linux'; then\n"
		"boot\n"
		"elif linux '(http,192.168.122.1:8067)/boot/d/linux'; then\n"
		"boot\n"
		"elif linux '(tftp,192.168.122.1)/d/linux'; then\n"
		"boot\nfi\n"
		"echo 'usher: kernel or initrd did not load, see usher timeline web01'\n"
		"echo 'usher: restarting in 10 s'\nsleep 10\nreboot\n");
}
END_TEST

/* GRUB takes a bare address after "tftp,": brackets only some of its builds do. */
START_TEST(loads_by_ipv6)
{
	struct script s = web01();

	s.server = "2001:db8:7a::1";
	s.files[0].url = "http://[2001:db8:7a::1]:8067/boot/d/linux";
	s.n_files = 1;
	s.cmdline = "url=http://[2001:db8:7a::1]:8067/m/cafe/answers";
	makes(SCRIPT_GRUB_HTTP, &s,
		"set timeout=0\n"
		"echo 'usher: web01 is installed with profile debian-12'\n"
		"if linux '/boot/d/linux' 'url=http://[2001:db8:7a::1]:8067/m/cafe/answers'; then\n"
		"boot\n"
		"elif linux '(http,[2001:db8:7a::1]:8067)/boot/d/linux'"
		" 'url=http://[2001:db8:7a::1]:8067/m/cafe/answers'; then\n"
		"boot\n"
		"elif linux '(tftp,2001:db8:7a::1)/d/linux'"
		" 'url=http://[2001:db8:7a::1]:8067/m/cafe/answers'; then\n"
		"boot\nfi\n"
		"echo 'usher: kernel or initrd did not load, see usher timeline web01'\n"
		"echo 'usher: restarting in 10 s'\nsleep 10\nreboot\n");
}
END_TEST

START_TEST(loads_by_pxelinux)
{
	struct script s = web01();

	s.files[s.n_files++].path = "d/more.img";
	makes(SCRIPT_PXELINUX, &s,
		"SAY usher: web01 is installed with profile debian-12\n"
		"DEFAULT install\nPROMPT 0\nTIMEOUT 100\nONTIMEOUT restart\nIMPLICIT 0\n\n"
		"LABEL install\n"
		"KERNEL ::d/linux\n"
		"INITRD ::d/initrd.gz,::d/more.img\n"
		"APPEND auto=true url=http://192.168.122.1:8067/m/cafe/answers ---\n\n"
		"LABEL restart\nCOM32 reboot.c32\n");
	s.n_files = 1;
	s.cmdline = "$x ;y 'z' \"a b\" \\";
	makes(SCRIPT_PXELINUX, &s,
		"SAY usher: web01 is installed with profile debian-12\n"
		"DEFAULT install\nPROMPT 0\nTIMEOUT 100\nONTIMEOUT restart\nIMPLICIT 0\n\n"
		"LABEL install\n"
		"KERNEL ::d/linux\n"
		"APPEND $x ;y 'z' \"a b\" \\\n\n"
		"LABEL restart\nCOM32 reboot.c32\n");
}
END_TEST

/* What GRUB's shell would act on is quoted, and what GRUB would spoil is refused. */
START_TEST(grub_gets_the_same_words)
{
	struct script s = web01();

	s.n_files = 1;
	s.files[0].path = "d/it's";
	s.cmdline = "a=$x b;c d|e {f} #g \"h i\" j=\"k l\" m=\"n\" o=\"\" *";
	makes(SCRIPT_GRUB, &s,
		"set timeout=0\n"
		"echo 'usher: web01 is installed with profile debian-12'\n"
		"if linux '(tftp,192.168.122.1)/d/it'\\''s' 'a=$x' 'b;c' 'd|e' '{f}' '#g' 'h i'"
		" 'j=k l' 'm=n' 'o=' '*'; then\n"
		"boot\nfi\n"
		"echo 'usher: kernel or initrd did not load, see usher timeline web01'\n"
		"echo 'usher: restarting in 10 s'\nsleep 10\nreboot\n");
	static const char *const spoilt[] = {
		"a='b'", "a=b\\", "a\"b\"", "a=\"b", "a=\"b\"c", "\"", "a=b\"c\"", "x \"a\"b\""};
	for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
		s.cmdline = spoilt[i];
		refuses_to(SCRIPT_GRUB, &s, "GRUB cannot load this: \\, ' or a \"");
	}
}
END_TEST

/* By HTTP a name is a path in a URL, by TFTP it is what it is. */
START_TEST(awkward_names)
{
	struct script s = web01();

	s.n_files = 1;
	s.files[0].path = "d/a b%41{$x}";
	s.cmdline = "";
	makes(SCRIPT_GRUB_HTTP, &s,
		"set timeout=0\n"
		"echo 'usher: web01 is installed with profile debian-12'\n"
		"if linux '/boot/d/a%20b%2541%7B%24x%7D'; then\n"
		"boot\n"
		"elif linux '(http,192.168.122.1:8067)/boot/d/a%20b%2541%7B%24x%7D'; then\n"
		"boot\n"
		"elif linux '(tftp,192.168.122.1)/d/a b%41{$x}'; then\n"
		"boot\nfi\n"
		"echo 'usher: kernel or initrd did not load, see usher timeline web01'\n"
		"echo 'usher: restarting in 10 s'\nsleep 10\nreboot\n");
	makes(SCRIPT_GRUB, &s,
		"set timeout=0\n"
		"echo 'usher: web01 is installed with profile debian-12'\n"
		"if linux '(tftp,192.168.122.1)/d/a b%41{$x}'; then\n"
		"boot\nfi\n"
		"echo 'usher: kernel or initrd did not load, see usher timeline web01'\n"
		"echo 'usher: restarting in 10 s'\nsleep 10\nreboot\n");
}
END_TEST

START_TEST(a_url_is_for_ipxe_only)
{
	struct script s = web01();

	s.files[1].path = NULL;
	refuses_to(SCRIPT_GRUB, &s,
		"GRUB cannot load this: its medium is a URL: "
		"http://192.168.122.1:8067/boot/d/initrd.gz");
	refuses_to(SCRIPT_PXELINUX, &s, "pxelinux cannot load this: its medium is a URL");
	s.files[1].path = "d/a b";
	refuses_to(SCRIPT_PXELINUX, &s, "a blank or a comma in a file's name: d/a b");
}
END_TEST

/* The reason may be an installer's words. */
START_TEST(shows_a_reason)
{
	const char *reason = "it's; ${x} | `y` \"z\"\n\\ \xc3\xa4";

	shows(SCRIPT_IPXE, reason,
		"#!ipxe\necho\necho usher: web01 is failed: it s    x    `y`  z      \n"
		"echo To install it: usher reinstall web01\nsleep 5\nexit\n");
	shows(SCRIPT_GRUB, reason,
		"set timeout=0\necho 'usher: web01 is failed: it s; ${x} | `y` \"z\" \\   '\n"
		"echo 'To install it: usher reinstall web01'\nsleep 5\nexit 1\n");
	shows(SCRIPT_PXELINUX, reason,
		"SAY usher: web01 is failed: it's; ${x} | `y` \"z\" \\   \n"
		"SAY To install it: usher reinstall web01\n"
		"DEFAULT disk\nPROMPT 1\nTIMEOUT 50\nIMPLICIT 0\n\nLABEL disk\nLOCALBOOT 0\n");
	shows(SCRIPT_GRUB_HTTP, "",
		"set timeout=0\necho 'usher: web01 is failed'\n"
		"echo 'To install it: usher reinstall web01'\nsleep 5\nexit 1\n");
}
END_TEST

static void waits(enum script_kind kind, const char *want)
{
	static const struct script_wait w = {
		"web01", "012345", "cafe", "http://192.168.122.1:8067", "192.168.122.1"};
	char *got = NULL;

	ck_assert_int_eq(script_wait(kind, &w, &got), 0);
	ck_assert_str_eq(got, want);
	free(got);
}

#define CHAIN "chain --autofree --replace http://192.168.122.1:8067/m/cafe/boot.ipxe || sleep 10\n"
#define GRUB_WAITS(script)                                                         \
	"set timeout=0\n"                                                          \
	"if [ \"$usher_code\" != '012345' ]; then\n"                               \
	"echo 'usher: web01 waits to be confirmed. On the host of usher, type:'\n" \
	"echo 'usher: usher confirm web01 012345'\n"                               \
	"fi\n"                                                                     \
	"set usher_script='" script "'\n"                                          \
	"if [ -z \"$usher_code\" ]; then\n"                                        \
	"set usher_code='012345'\n"                                                \
	"for usher_a in 0 1 2 3 4 5 6 7 8 9; do\n"                                 \
	"for usher_b in 0 1 2 3 4 5 6 7 8 9; do\n"                                 \
	"for usher_c in 0 1 2 3 4 5 6 7 8 9; do\n"                                 \
	"sleep 5\nsource \"$usher_script\"\ndone\ndone\ndone\nreboot\nfi\n"        \
	"set usher_code='012345'\n"

/* The code, and how it is asked again; nothing to load. */
START_TEST(waits_to_be_confirmed)
{
	waits(SCRIPT_IPXE,
		"#!ipxe\necho\n"
		"echo usher: web01 waits to be confirmed. On the host of usher, type:\n"
		"echo usher: usher confirm web01 012345\necho\n"
		"sleep 5\n" CHAIN CHAIN CHAIN CHAIN CHAIN CHAIN
		"echo usher: this boot is not answered any more, restarting\nreboot\n");
	waits(SCRIPT_GRUB, GRUB_WAITS("(tftp,192.168.122.1)/usher/cafe/grub.cfg"));
	waits(SCRIPT_GRUB_HTTP, GRUB_WAITS("/usher/cafe/grub.cfg"));
	waits(SCRIPT_PXELINUX,
		"SAY usher: web01 waits to be confirmed. On the host of usher, type:\n"
		"SAY usher: usher confirm web01 012345\n"
		"DEFAULT again\nPROMPT 1\nTIMEOUT 50\nONTIMEOUT again\nIMPLICIT 0\n\n"
		"LABEL again\nCONFIG ::usher/cafe/pxelinux.cfg/default\n");
}
END_TEST

START_TEST(discovers)
{
	const struct script_discover d = {.base_url = "http://10.0.0.1:8067",
		.token = "00112233445566778899aabbccddeeff",
		.medium = "discover",
		.mac = "02:00:00:00:00:01",
		.wait_min = 15};
	char *script;

	ck_assert_int_eq(script_discover(&d, &script), 0);
	ck_assert_str_eq(script,
		"#!ipxe\necho usher: this machine is not known yet: it will report what it is\n"
		"kernel http://10.0.0.1:8067/boot/discover/vmlinuz initrd=initrd.img "
		"usher.discover=http://10.0.0.1:8067/m/00112233445566778899aabbccddeeff/inventory "
		"usher.mac=02:00:00:00:00:01 usher.wait=15 panic=30 console=tty0 "
		"console=ttyS0,115200 || goto failed\n"
		"initrd --name initrd.img http://10.0.0.1:8067/boot/discover/initrd.img || goto "
		"failed\nboot || goto failed\n\n:failed\n"
		"echo usher: the system for discovery did not load: see contrib/discover/build\n"
		"sleep 5\nexit\n");
	free(script);
}
END_TEST

/* By IPv6 it is told its address; and whose UUID it has, without being that machine. */
START_TEST(discovers_more)
{
	const struct script_discover d = {.base_url = "http://[2001:db8::1]:8067",
		.token = "00112233445566778899aabbccddeeff",
		.medium = "discover",
		.mac = "02:00:00:00:00:01",
		.address6 = "2001:db8::5/64",
		.resembles = "rack7",
		.wait_min = 15};
	char *script;

	ck_assert_int_eq(script_discover(&d, &script), 0);
	ck_assert_ptr_nonnull(
		strstr(script, " usher.wait=15 usher.address6=2001:db8::5/64 panic=30"));
	ck_assert_ptr_nonnull(strstr(script,
		"echo usher: it has the UUID of rack7, which has no card 02:00:00:00:00:01.\n"
		"echo usher: If a card of rack7 was replaced, type on the host of usher:\n"
		"echo usher: usher adopt rack7 --mac 02:00:00:00:00:01\nkernel "));
	free(script);
}
END_TEST

START_TEST(kinds_have_names)
{
	enum script_kind kind;

	ck_assert_int_eq(script_kind_parse("pxelinux", &kind), 0);
	ck_assert_int_eq(kind, SCRIPT_PXELINUX);
	ck_assert_int_eq(script_kind_parse("lilo", &kind), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("script");
	TCase *tc = tcase_create("script");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, loads_by_ipxe);
	tcase_add_test(tc, loads_by_grub);
	tcase_add_test(tc, loads_by_ipv6);
	tcase_add_test(tc, loads_by_pxelinux);
	tcase_add_test(tc, grub_gets_the_same_words);
	tcase_add_test(tc, awkward_names);
	tcase_add_test(tc, a_url_is_for_ipxe_only);
	tcase_add_test(tc, shows_a_reason);
	tcase_add_test(tc, waits_to_be_confirmed);
	tcase_add_test(tc, discovers);
	tcase_add_test(tc, discovers_more);
	tcase_add_test(tc, kinds_have_names);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
