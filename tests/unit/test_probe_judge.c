/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts in, verdict out: what a probe says of what it saw. */
#include "usher/probe/probe_judge.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct probe_facts f;
static struct probe_verdict v;

/* What is right: a walk of that firmware whose every step gave what it should. */
static void begin(enum probe_as as)
{
	memset(&f, 0, sizeof f);
	f.as = as;
	strcpy(f.on, "br0");
	f.wait_s = 10;
	f.n_offers = 1;
	f.offers[0] = (struct dhcp_told){.type = DHCP_OFFER,
		.from = {{2, 0, 0, 0, 0, 1}},
		.server = 0x0a000001,
		.address = 0x0a000005,
		.next_server = 0x0a000001,
		.file = "loader"};
	f.ack = PROBE_DONE;
	f.program = (struct probe_fetch){.end = PROBE_DONE,
		.tftp = true,
		.url = "tftp://10.0.0.1/loader",
		.bytes = 70000,
		.kind = as == PROBE_BIOS ? BOOT_BYTES_RAW : BOOT_BYTES_EFI_X64};
	if (as == PROBE_HTTP || as == PROBE_IPXE)
		strcpy(f.offers[0].file, "http://10.0.0.1/loader");
	if (as == PROBE_HTTP)
		strcpy(f.offers[0].vendor_class, "HTTPClient");
	if (as == PROBE_IPXE) {
		f.program.kind = BOOT_BYTES_SCRIPT;
		strcpy(f.script.kernel, "http://10.0.0.1/k");
		f.kernel = (struct probe_fetch){.end = PROBE_DONE,
			.url = "http://10.0.0.1/k",
			.bytes = 1,
			.kind = BOOT_BYTES_LINUX};
	}
}

static void ck_verdict(const char *what, const char *text, const char *fix)
{
	probe_judge(&f, &v);
	ck_assert_str_eq(v.what, what);
	ck_assert_msg(strstr(v.text, text), "%s", v.text);
	ck_assert_msg(strstr(v.fix, fix), "%s", v.fix);
	ck_assert_int_eq(v.right, !*v.fix);
	ck_assert_int_eq(v.probably, strstr(v.text, "probably") != NULL);
}

START_TEST(test_right)
{
	for (enum probe_as as = 0; as < PROBE_AS; as++) {
		begin(as);
		ck_verdict("right", "", "");
	}
	begin(PROBE_IPXE);
	f.held = PROBE_HELD_ARMED;
	f.program.end = PROBE_NOT_TRIED;
	strcpy(f.known.machine, "web01");
	strcpy(f.known.state, "armed");
	ck_verdict("right", "web01 is still armed", "");
	begin(PROBE_IPXE);
	f.install = true;
	f.done.end = PROBE_DONE;
	ck_verdict("right", "'done' reported", "");
}
END_TEST

/* As dnsmasq does beside another server: pxe-service= and a range of proxy. */
START_TEST(test_proxy_without_file)
{
	begin(PROBE_BIOS);
	f.offers[0].file[0] = '\0';
	f.offers[f.n_offers++] =
		(struct dhcp_told){.server = 0x0a000002, .vendor_class = "PXEClient"};
	f.program.end = PROBE_NOT_TRIED;
	ck_verdict("proxy-not-asked", "10.0.0.2", "");
	f.known.serves = true;
	f.known.server = 0x0a000001;
	f.known.should = PROBE_BOOTS;
	ck_verdict("no-file", "10.0.0.1", "usher timeline");
	f.known.serves = false;
	f.offers[1].vendor_class[0] = '\0';
	ck_verdict("no-file", "10.0.0.1", "option 67");
}
END_TEST

START_TEST(test_nobody_leases)
{
	begin(PROBE_BIOS);
	f.n_offers = 0;
	f.lease = f.boot = -1;
	ck_verdict("no-server", "no DHCP server answered on br0 within 10 s", "usher serve");
	f.macvlan = true;
	ck_verdict("no-server", "no DHCP server", "no bridge");
	f.known.serves = true;
	ck_verdict("no-server", "no DHCP server",
		"no bridge"); /* a macvlan does not reach its own host */
	f.macvlan = false;
	ck_verdict("no-server", "probably a packet filter drops UDP port 67", "usher check");
	begin(PROBE_BIOS);
	f.offers[0].address = 0;
	f.lease = -1;
	ck_verdict("no-lease", "no server offers an address", "mode='own'");
}
END_TEST

START_TEST(test_two_servers)
{
	begin(PROBE_BIOS);
	f.n_offers = 2;
	f.offers[1] = f.offers[0];
	f.offers[1].server = 0x0a000002;
	f.offers[1].from.b[5] = 2;
	ck_verdict("two-servers",
		"10.0.0.1 (MAC 02:00:00:00:00:01) and 10.0.0.2 (MAC 02:00:00:00:00:02)",
		"stop one");
	f.offers[1].server = 0x0a000001;
	ck_verdict("forged", "02:00:00:00:00:02", "stop it");
	f.offers[1].address = 0; /* a proxy gets along */
	ck_verdict("right", "", "");
}
END_TEST

START_TEST(test_lease)
{
	begin(PROBE_BIOS);
	f.program.end = PROBE_NOT_TRIED;
	f.ack = PROBE_DENIED;
	strcpy(f.nak.message, "wrong address");
	ck_verdict("refused", "NAK: wrong address", "log");
	f.ack = PROBE_SILENT;
	ck_verdict("not-acknowledged", "does not answer the REQUEST", "log");
	f.ack = PROBE_DONE;
	f.address_fails = true;
	strcpy(f.address_says, "Invalid argument");
	ck_verdict("bad-address", "Invalid argument", "netmask");
}
END_TEST

START_TEST(test_nothing_to_boot)
{
	begin(PROBE_UEFI);
	f.offers[0].file[0] = '\0';
	ck_verdict("no-file", "names no boot file", "client-arch,7");
	f.libvirt = true;
	ck_verdict("no-file", "names no boot file", "usher serve --network");
	f.known =
		(struct probe_known){.serves = true, .server = 0x0a000001, .should = PROBE_NOTHING};
	ck_verdict("nothing-to-boot", "no record has this MAC", "");
	strcpy(f.known.machine, "web01");
	strcpy(f.known.state, "installed");
	ck_verdict("nothing-to-boot", "web01 is installed", "");
	f.known.should = PROBE_BOOTS;
	strcpy(f.known.state, "armed");
	ck_verdict("no-file", "names no boot file", "usher timeline web01");
	begin(PROBE_UEFI);
	f.known =
		(struct probe_known){.serves = true, .server = 0x0a000009, .should = PROBE_NOTHING};
	ck_verdict(
		"boots-elsewhere", "10.0.0.1 (MAC 02:00:00:00:00:01) names a boot file", "stop it");
	f.known.server = 0x0a000001; /* it is discovered */
	ck_verdict("right", "", "");
}
END_TEST

START_TEST(test_what_is_named)
{
	begin(PROBE_BIOS);
	f.offers[0].next_server = 0;
	ck_verdict("no-next-server", "next-server is 0.0.0.0", "siaddr");
	strcpy(f.offers[0].tftp_name, "10.0.0.1");
	ck_verdict("right", "", "");
	strcpy(f.offers[0].file, "http://10.0.0.1/x");
	ck_verdict("url-for-pxe", "names the URL http://10.0.0.1/x to PXE", "iPXE alone");
	begin(PROBE_HTTP);
	f.offers[0].vendor_class[0] = '\0';
	ck_verdict("no-option-60", "option 60", "60,HTTPClient");
	strcpy(f.offers[0].vendor_class, "PXEClient");
	ck_verdict("no-option-60", "it says 'PXEClient'", "60,HTTPClient");
	strcpy(f.offers[0].vendor_class, "HTTPClient");
	strcpy(f.offers[0].file, "snponly.efi");
	ck_verdict("no-url", "which wants a URL", "http://");
}
END_TEST

START_TEST(test_tftp)
{
	begin(PROBE_BIOS);
	f.program.end = PROBE_SILENT;
	ck_verdict("tftp-silent", "10.0.0.1 does not answer by TFTP: probably a packet filter",
		"udp dport 69");
	f.known.serves = true;
	ck_verdict("tftp-silent", "probably", "usher check");
	f.program.end = PROBE_REFUSED;
	ck_verdict("tftp-refused", "refuses TFTP", "enable-tftp");
	f.program.end = PROBE_MISSING;
	ck_verdict(
		"tftp-missing", "tftp://10.0.0.1/loader: TFTP: file not found", "correct its name");
	f.program.end = PROBE_DENIED;
	f.program.status = 2;
	ck_verdict("denied", "TFTP error 2", "chmod");
	f.program.end = PROBE_DONE;
	f.program.bytes = 0;
	ck_verdict("empty", "is empty", "again");
}
END_TEST

START_TEST(test_http)
{
	begin(PROBE_HTTP);
	f.program.tftp = false;
	strcpy(f.program.url, "http://10.0.0.1/loader");
	f.program.end = PROBE_SILENT;
	ck_verdict("http-silent", "10.0.0.1 does not answer by HTTP: probably", "nft list ruleset");
	f.program.end = PROBE_REFUSED;
	ck_verdict("http-refused", "refuses the connection", "web server");
	f.program.end = PROBE_MISSING;
	f.program.status = 404;
	ck_verdict("http-missing", "HTTP 404", "correct its name");
	f.program.end = PROBE_STATUS;
	f.program.status = 502;
	ck_verdict("status", "HTTP 502", "log");
}
END_TEST

START_TEST(test_architecture)
{
	static const struct {
		enum probe_as as;
		enum boot_bytes kind;
		const char *what;
	} all[] = {{PROBE_BIOS, BOOT_BYTES_EFI_X64, "wrong-architecture"},
		{PROBE_BIOS, BOOT_BYTES_HTML, "not-a-program"},
		{PROBE_UEFI, BOOT_BYTES_RAW, "wrong-architecture"},
		{PROBE_UEFI, BOOT_BYTES_EFI_ARM64, "wrong-architecture"},
		{PROBE_UEFI, BOOT_BYTES_EFI_IA32, "wrong-architecture"},
		{PROBE_HTTP, BOOT_BYTES_RAW, "wrong-architecture"},
		{PROBE_HTTP, BOOT_BYTES_TEXT, "not-a-program"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		begin(all[i].as);
		f.program.kind = all[i].kind;
		ck_verdict(all[i].what, "cannot start it", "");
	}
	begin(PROBE_UEFI);
	f.program.kind = BOOT_BYTES_LINUX; /* its EFI stub */
	ck_verdict("right", "a Linux kernel", "");
}
END_TEST

START_TEST(test_script)
{
	begin(PROBE_IPXE);
	f.program.kind = BOOT_BYTES_HTML;
	ck_verdict("no-script", "is no script of iPXE", "#!ipxe");
	f.program.kind = BOOT_BYTES_RAW;
	ck_verdict("loop", "probably itself again", "user class iPXE");
	begin(PROBE_IPXE);
	f.script.kernel[0] = '\0';
	ck_verdict("no-kernel", "loads no kernel", "kernel URL");
	f.script.branches = true;
	ck_verdict("right", "by choices", "");
}
END_TEST

START_TEST(test_files)
{
	begin(PROBE_IPXE);
	f.kernel.end = PROBE_MISSING;
	ck_verdict("http-missing", "the kernel is missing: http://10.0.0.1/k: HTTP 404", "");
	f.kernel.end = PROBE_DONE;
	f.kernel.bytes = 0;
	ck_verdict("empty", "the kernel is empty", "");
	f.kernel.bytes = 9;
	f.kernel.kind = BOOT_BYTES_HTML;
	ck_verdict("not-a-program", "the kernel is a page of HTML", "");
	begin(PROBE_IPXE);
	f.initrd = (struct probe_fetch){.end = PROBE_MISSING, .url = "http://10.0.0.1/i"};
	ck_verdict("http-missing", "the initrd is missing", "");
	begin(PROBE_IPXE);
	f.answers = (struct probe_fetch){
		.end = PROBE_DENIED, .status = 403, .url = "http://10.0.0.1/a"};
	ck_verdict("denied", "the installer's answers: refused: http://10.0.0.1/a: HTTP 403", "");
	f.answers.end = PROBE_DONE;
	f.answers.bytes = 3;
	f.done = (struct probe_fetch){
		.end = PROBE_STATUS, .status = 409, .url = "http://10.0.0.1/done"};
	ck_verdict("status", "HTTP 409", "");
}
END_TEST

START_TEST(test_from_here)
{
	begin(PROBE_BIOS);
	f.program.end = PROBE_MISSING;
	probe_judge_from_here(&f, &v);
	ck_assert(v.right);
	f.program.end = PROBE_REFUSED;
	probe_judge_from_here(&f, &v);
	ck_assert(!v.right);
	ck_assert_str_eq(v.what, "tftp-refused");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe_judge");
	TCase *t = tcase_create("probe_judge");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_right);
	tcase_add_test(t, test_proxy_without_file);
	tcase_add_test(t, test_nobody_leases);
	tcase_add_test(t, test_two_servers);
	tcase_add_test(t, test_lease);
	tcase_add_test(t, test_nothing_to_boot);
	tcase_add_test(t, test_what_is_named);
	tcase_add_test(t, test_tftp);
	tcase_add_test(t, test_http);
	tcase_add_test(t, test_architecture);
	tcase_add_test(t, test_script);
	tcase_add_test(t, test_files);
	tcase_add_test(t, test_from_here);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
