/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_boot.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct dhcp_boot_for ARMED = {.armed = true,
	.token = "00112233445566778899aabbccddeeff",
	.server = {IP_V4, {192, 168, 122, 1}},
	.http_port = 8080,
	.loaders = &DHCP_LOADERS};

static struct dhcp_message client(unsigned arch, const char *vendor_class, bool ipxe)
{
	struct dhcp_message m = {.arch = (uint16_t)arch, .ipxe = ipxe};

	strcpy(m.vendor_class, vendor_class);
	return m;
}

static void is_nothing(const struct dhcp_boot *b)
{
	ck_assert(!b->boots);
	ck_assert_uint_eq(b->next_server, 0);
	ck_assert_str_eq(b->file, "");
	ck_assert_str_eq(b->vendor_class, "");
	ck_assert(!b->vendor_len && !b->no_proxy && !b->tftp && !b->secret);
}

/* An installer that starts by accident is the worst that we could do. */
START_TEST(test_not_armed)
{
	for (unsigned arch = 0; arch < 40; arch++) {
		for (int ipxe = 0; ipxe < 2; ipxe++) {
			struct dhcp_message m = client(arch, "PXEClient", ipxe);
			struct dhcp_boot_for f = ARMED;
			struct dhcp_boot b;

			f.armed = false;
			b = dhcp_boot_decide(dhcp_firmware_of(&m), &f);
			is_nothing(&b);
			ck_assert(!b.unserved);
		}
	}
}
END_TEST

START_TEST(test_nothing_fits)
{
	static const unsigned unknown[] = {1, 6, 10, 15, 18, 20, 22, 27, 28, 39, 41, 99};
	struct dhcp_message m = client(DHCP_ARCH_NONE, "udhcp 1.35.0", false);
	struct dhcp_boot b = dhcp_boot_decide(dhcp_firmware_of(&m), &ARMED);
	struct dhcp_boot_for f = ARMED;

	is_nothing(&b);
	ck_assert(!b.unserved); /* a system */
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		m = client(unknown[i], "PXEClient", false);
		b = dhcp_boot_decide(dhcp_firmware_of(&m), &ARMED);
		is_nothing(&b);
		ck_assert(b.unserved);
	}
	m = client(0, "HTTPClient", false); /* BIOS speaks no HTTP */
	b = dhcp_boot_decide(dhcp_firmware_of(&m), &ARMED);
	is_nothing(&b);
	ck_assert(b.unserved);
	m = client(0, "PXEClient", true);
	f.token = "";
	b = dhcp_boot_decide(dhcp_firmware_of(&m), &f);
	is_nothing(&b);
	ck_assert(!b.unserved);
}
END_TEST

/* Firmware is told the usual program, iPXE its script: without a token nothing. */
START_TEST(test_stranger)
{
	const struct segment s = {.server = {IP_V4, {192, 168, 122, 1}}, .http_port = 8067};
	struct dhcp_message m = client(0, "PXEClient", false);
	struct dhcp_boot b = dhcp_boot_stranger(dhcp_firmware_of(&m), IP_V4, &s, NULL);

	ck_assert(b.boots && !b.secret);
	ck_assert_str_eq(b.file, "undionly.kpxe");
	m = client(0, "PXEClient", true);
	b = dhcp_boot_stranger(dhcp_firmware_of(&m), IP_V4, &s, NULL);
	is_nothing(&b);
	b = dhcp_boot_stranger(dhcp_firmware_of(&m), IP_V4, &s, ARMED.token);
	ck_assert(b.boots && b.secret);
	ck_assert_str_eq(
		b.file, "http://192.168.122.1:8067/m/00112233445566778899aabbccddeeff/boot.ipxe");
	m = client(DHCP_ARCH_NONE, "udhcp 1.35.0", false);
	b = dhcp_boot_stranger(dhcp_firmware_of(&m), IP_V4, &s, ARMED.token);
	is_nothing(&b);
}
END_TEST

START_TEST(test_port_80)
{
	struct dhcp_message m = client(0, "", true);
	struct dhcp_boot_for f = ARMED;
	struct dhcp_boot b;

	f.http_port = 80;
	f.token = "abc";
	b = dhcp_boot_decide(dhcp_firmware_of(&m), &f);
	ck_assert_str_eq(b.file, "http://192.168.122.1/m/abc/boot.ipxe");
}
END_TEST

START_TEST(test_loader_too_long)
{
	char name[300];
	struct dhcp_loaders l = {.bios = name, .http_x64 = name};
	struct dhcp_message m = client(0, "PXEClient", false);
	struct dhcp_boot_for f = ARMED;
	struct dhcp_boot b;

	memset(name, 'x', 256);
	name[256] = '\0';
	f.loaders = &l;
	b = dhcp_boot_decide(dhcp_firmware_of(&m), &f);
	is_nothing(&b);
	m = client(16, "HTTPClient", false);
	b = dhcp_boot_decide(dhcp_firmware_of(&m), &f);
	is_nothing(&b);
}
END_TEST

static const char *text(unsigned arch, const char *vendor_class, bool ipxe)
{
	static char buf[DHCP_CLIENT_TEXT];
	struct dhcp_message m = client(arch, vendor_class, ipxe);

	return dhcp_boot_client_text(dhcp_firmware_of(&m), buf);
}

START_TEST(test_text)
{
	ck_assert_str_eq(text(0, "PXEClient", true), "iPXE");
	ck_assert_str_eq(text(0, "PXEClient", false), "PXE, BIOS");
	ck_assert_str_eq(text(7, "PXEClient", false), "PXE, UEFI x86-64");
	ck_assert_str_eq(text(9, "PXEClient", false), "PXE, UEFI x86-64");
	ck_assert_str_eq(text(11, "PXEClient", false), "PXE, UEFI arm64");
	ck_assert_str_eq(text(DHCP_ARCH_NONE, "PXEClient", false), "PXE, BIOS");
	ck_assert_str_eq(text(6, "PXEClient", false), "PXE, arch 6 (UEFI x86, 32 bits)");
	ck_assert_str_eq(text(22, "PXEClient", false), "PXE, arch 22 (U-Boot arm64)");
	ck_assert_str_eq(text(27, "PXEClient", false), "PXE, arch 27 (UEFI RISC-V, 64 bits)");
	ck_assert_str_eq(text(36, "PXEClient", false), "PXE, arch 36");
	ck_assert_str_eq(text(999, "PXEClient", false), "PXE, arch 999");
	ck_assert_str_eq(text(16, "HTTPClient", false), "HTTP boot, arch 16 (UEFI x86-64)");
	ck_assert_str_eq(text(28, "", false), "HTTP boot, arch 28 (UEFI RISC-V, 64 bits)");
	ck_assert_str_eq(text(0, "HTTPClient", false), "HTTP boot, arch 0 (BIOS)");
	ck_assert_str_eq(text(DHCP_ARCH_NONE, "udhcp 1.35.0", false), "udhcp 1.35.0");
	ck_assert_str_eq(text(DHCP_ARCH_NONE, "", false), "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_boot");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_not_armed);
	tcase_add_test(t, test_nothing_fits);
	tcase_add_test(t, test_stranger);
	tcase_add_test(t, test_port_80);
	tcase_add_test(t, test_loader_too_long);
	tcase_add_test(t, test_text);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
