#include "dhcpd/dhcp_boot.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct dhcp_boot_for ARMED = {.armed = true,
	.token = "00112233445566778899aabbccddeeff",
	.server = 0xc0a87a01,
	.http_port = 8080,
	.loaders = &DHCP_LOADERS};

static struct dhcp_message client(unsigned arch, const char *vendor_class, bool ipxe)
{
	struct dhcp_message m = {.arch = (uint16_t)arch, .ipxe = ipxe};

	strcpy(m.vendor_class, vendor_class);
	return m;
}

START_TEST(test_table)
{
	static const struct {
		unsigned arch;
		const char *vendor_class;
		bool ipxe;
		const char *file, *answers_class;
		bool tftp;
	} table[] = {
		{0, "PXEClient:Arch:00000:UNDI:002001", false, "undionly.kpxe", "PXEClient", true},
		{DHCP_ARCH_NONE, "PXEClient", false, "undionly.kpxe", "PXEClient", true},
		{7, "PXEClient:Arch:00007", false, "snponly.efi", "PXEClient", true},
		{9, "PXEClient:Arch:00009", false, "snponly.efi", "PXEClient", true},
		{11, "PXEClient:Arch:00011", false, "snponly-arm64.efi", "PXEClient", true},
		{16, "HTTPClient:Arch:00016:UNDI:003001", false,
			"http://192.168.122.1:8080/boot/snponly.efi", "HTTPClient", false},
		{16, "", false, "http://192.168.122.1:8080/boot/snponly.efi", "HTTPClient", false},
		{19, "HTTPClient:Arch:00019", false,
			"http://192.168.122.1:8080/boot/snponly-arm64.efi", "HTTPClient", false},
		{0, "PXEClient:Arch:00000:UNDI:002001", true,
			"http://192.168.122.1:8080/m/00112233445566778899aabbccddeeff/boot.ipxe",
			"", false},
		{7, "PXEClient:Arch:00007", true,
			"http://192.168.122.1:8080/m/00112233445566778899aabbccddeeff/boot.ipxe",
			"", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct dhcp_message m = client(table[i].arch, table[i].vendor_class, table[i].ipxe);
		struct dhcp_boot b = dhcp_boot_decide(&m, &ARMED);

		ck_assert(b.boots);
		ck_assert_str_eq(b.file, table[i].file);
		ck_assert_str_eq(b.vendor_class, table[i].answers_class);
		ck_assert_uint_eq(b.next_server, 0xc0a87a01);
		ck_assert_uint_eq(b.tftp, table[i].tftp);
		ck_assert_uint_eq(b.vendor_len, table[i].tftp ? 4 : 0);
		ck_assert_uint_eq(b.no_proxy, table[i].ipxe);
	}
}
END_TEST

static void is_nothing(const struct dhcp_boot *b)
{
	ck_assert(!b->boots);
	ck_assert_uint_eq(b->next_server, 0);
	ck_assert_str_eq(b->file, "");
	ck_assert_str_eq(b->vendor_class, "");
	ck_assert(!b->vendor_len && !b->no_proxy && !b->tftp);
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
			b = dhcp_boot_decide(&m, &f);
			is_nothing(&b);
		}
	}
}
END_TEST

START_TEST(test_nothing_fits)
{
	static const unsigned unknown[] = {1, 6, 10, 15, 18, 27};
	struct dhcp_message m = client(DHCP_ARCH_NONE, "udhcp 1.35.0", false);
	struct dhcp_boot b = dhcp_boot_decide(&m, &ARMED);
	struct dhcp_boot_for f = ARMED;

	is_nothing(&b);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		m = client(unknown[i], "PXEClient", false);
		b = dhcp_boot_decide(&m, &ARMED);
		is_nothing(&b);
	}
	m = client(0, "HTTPClient", false); /* BIOS speaks no HTTP */
	b = dhcp_boot_decide(&m, &ARMED);
	is_nothing(&b);
	m = client(0, "PXEClient", true);
	f.token = "";
	b = dhcp_boot_decide(&m, &f);
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
	b = dhcp_boot_decide(&m, &f);
	ck_assert_str_eq(b.file, "http://192.168.122.1/m/abc/boot.ipxe");
}
END_TEST

START_TEST(test_loader_too_long)
{
	char name[300];
	struct dhcp_loaders l = {.bios = name, .efi_x64 = name};
	struct dhcp_message m = client(0, "PXEClient", false);
	struct dhcp_boot_for f = ARMED;
	struct dhcp_boot b;

	memset(name, 'x', 256);
	name[256] = '\0';
	f.loaders = &l;
	b = dhcp_boot_decide(&m, &f);
	is_nothing(&b);
	m = client(16, "HTTPClient", false);
	b = dhcp_boot_decide(&m, &f);
	is_nothing(&b);
}
END_TEST

static const char *text(unsigned arch, const char *vendor_class, bool ipxe)
{
	static char buf[DHCP_CLIENT_TEXT];
	struct dhcp_message m = client(arch, vendor_class, ipxe);

	return dhcp_boot_client_text(&m, buf);
}

START_TEST(test_text)
{
	ck_assert_str_eq(text(0, "PXEClient", true), "iPXE");
	ck_assert_str_eq(text(0, "PXEClient", false), "PXE, BIOS");
	ck_assert_str_eq(text(7, "PXEClient", false), "PXE, UEFI x86-64");
	ck_assert_str_eq(text(27, "PXEClient", false), "PXE, arch 27");
	ck_assert_str_eq(text(16, "HTTPClient", false), "HTTP boot, arch 16");
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

	tcase_add_test(t, test_table);
	tcase_add_test(t, test_not_armed);
	tcase_add_test(t, test_nothing_fits);
	tcase_add_test(t, test_port_80);
	tcase_add_test(t, test_loader_too_long);
	tcase_add_test(t, test_text);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
