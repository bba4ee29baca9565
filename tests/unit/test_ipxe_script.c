/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What scripts of iPXE load, and where answers are among a kernel's words. */
#include "usher/probe/ipxe_script.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct ipxe_script s;

static void read_text(const char *text)
{
	const struct ipxe_known known = {
		.next_server = "10.0.0.1", .ip = "10.0.0.5", .mac = "52:54:00:00:00:01"};

	ipxe_script_read(text, strlen(text), &known, &s);
}

START_TEST(test_ours)
{
	read_text(
		"#!ipxe\necho usher: web01\nkernel http://h/k initrd=initrd0.img answers=http://h/m/a quiet || goto "
		"failed\ninitrd --name initrd0.img http://h/i || goto failed\nboot || goto failed\n\n:failed\n"
		"imgfetch --name report http://h/progress ||\nreboot\n");
	ck_assert(s.is_script);
	ck_assert_str_eq(s.kernel, "http://h/k");
	ck_assert_str_eq(s.words, "initrd=initrd0.img answers=http://h/m/a quiet");
	ck_assert_uint_eq(s.n_initrds, 1);
	ck_assert_str_eq(s.initrd[0], "http://h/i");
	ck_assert(!s.branches);
	ck_assert_uint_eq(s.line, 0);
}
END_TEST

START_TEST(test_settings)
{
	read_text("#!ipxe\r\nset base http://${next-server}/x\r\nkernel ${base}/k ip=${net0/ip} "
		  "mac=${mac} ${nothing}\r\ninitrd ${base}/i\r\nboot\r\n");
	ck_assert_str_eq(s.kernel, "http://10.0.0.1/x/k");
	ck_assert_str_eq(s.words, "ip=10.0.0.5 mac=52:54:00:00:00:01");
	ck_assert_str_eq(s.initrd[0], "http://10.0.0.1/x/i");
}
END_TEST

START_TEST(test_choices)
{
	read_text("#!ipxe\niseq ${platform} efi && goto efi ||\nkernel k\n");
	ck_assert(s.branches);
	ck_assert_str_eq(s.kernel, "k");
	read_text("#!ipxe\nchain --replace http://h/other.ipxe\nkernel k\n");
	ck_assert_str_eq(s.chain, "http://h/other.ipxe");
	ck_assert_str_eq(s.kernel, "");
}
END_TEST

START_TEST(test_no_script)
{
	read_text("kernel k\n");
	ck_assert(!s.is_script);
	ck_assert_str_eq(s.kernel, "");
	read_text("");
	ck_assert(!s.is_script);
}
END_TEST

START_TEST(test_faults)
{
	static char text[IPXE_URL * 4];

	read_text("#!ipxe\nkernel\n");
	ck_assert_uint_eq(s.line, 2);
	read_text("#!ipxe\n\nkernel ${open\n");
	ck_assert_uint_eq(s.line, 3);
	strcpy(text, "#!ipxe\nkernel ");
	memset(text + strlen(text), 'x', IPXE_URL);
	read_text(text);
	ck_assert_uint_eq(s.line, 2);
	ck_assert_str_eq(s.kernel, "");
	strcpy(text, "#!ipxe\nkernel k\n");
	for (int i = 0; i < IPXE_INITRDS + 1; i++)
		strcat(text, "initrd i\n");
	read_text(text);
	ck_assert_uint_eq(s.n_initrds, IPXE_INITRDS);
	ck_assert_uint_eq(s.line, 3 + IPXE_INITRDS);
}
END_TEST

START_TEST(test_answers)
{
	char url[IPXE_URL];

	ck_assert(ipxe_script_answers("quiet inst.ks=http://h/ks.cfg", NULL, url));
	ck_assert_str_eq(url, "http://h/ks.cfg");
	ck_assert(ipxe_script_answers("auto=true url=http://h/p.cfg x", NULL, url));
	ck_assert_str_eq(url, "http://h/p.cfg");
	ck_assert(ipxe_script_answers("autoinstall ds=nocloud-net;s=http://h/s/", NULL, url));
	ck_assert_str_eq(url, "http://h/s/user-data");
	ck_assert(!ipxe_script_answers("console=ttyS0 inst.ks=hd:sda1", NULL, url));
	ck_assert_str_eq(url, "");
	ck_assert(!ipxe_script_answers("tiny=http://h/m/t/answers", NULL, url));
	ck_assert(ipxe_script_answers("tiny=http://h/m/t/answers", "http://h/m/t/", url));
	ck_assert_str_eq(url, "http://h/m/t/answers");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ipxe_script");
	TCase *t = tcase_create("ipxe_script");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_ours);
	tcase_add_test(t, test_settings);
	tcase_add_test(t, test_choices);
	tcase_add_test(t, test_no_script);
	tcase_add_test(t, test_faults);
	tcase_add_test(t, test_answers);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
