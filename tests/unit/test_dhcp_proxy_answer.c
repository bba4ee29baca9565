/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot information beside another server: who is answered, on which port, with what. */
#include "dhcpd/dhcp_proxy_answer.h"

#include "dhcp_make.h"

#include <check.h>
#include <stdlib.h>

static const struct mac MAC = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static const uint32_t SERVER = 0xc0a87a01, CLIENT = 0xc0a87a03;
static const char URL[] = "http://192.168.122.1:8067/m/00112233445566778899aabbccddeeff/boot.ipxe";

static struct segment seg;
static struct machine machine;
static struct dhcp_make make;
static struct dhcp_message msg;
static struct dhcp_boot boot;
static uint8_t out[DHCP_REPLY_MAX];
static size_t out_len;

static void setup(void)
{
	seg = (struct segment){.id = 1,
		.server = ip_from_v4(SERVER),
		.prefix_len = 24,
		.http_port = 8067,
		.mode = SEGMENT_PROXY};
	machine = (struct machine){.name = "web01", .state = LIFE_ARMED};
	strcpy(machine.attempt.next_token, "00112233445566778899aabbccddeeff");
}

/* A firmware of this architecture; iPXE by option 175. */
static void firmware(uint8_t type, uint16_t arch, const char *class, bool ipxe)
{
	dhcp_make_begin(&make, &MAC, 7);
	dhcp_make_u8(&make, OPT_TYPE, type);
	dhcp_make_text(&make, OPT_VENDOR_CLASS, class);
	dhcp_make_u16(&make, OPT_ARCH, arch);
	if (ipxe)
		dhcp_make_option(&make, OPT_IPXE, (uint8_t[]){177, 1, 0}, 3);
}

static bool asked(uint16_t port, const struct machine *m)
{
	const char *why;
	size_t len = dhcp_make_end(&make);
	int n;

	ck_assert_int_eq(dhcp_wire_decode(make.buf, len, &msg, &why), 0);
	n = dhcp_proxy_answer(&msg, &seg, m, NULL, port, out, &boot);
	ck_assert_int_ge(n, 0);
	out_len = (size_t)n;
	return n > 0;
}

static bool has_43(void)
{
	static const uint8_t ask_nobody[] = {6, 1, 8, 255};
	size_t n;
	const uint8_t *p = dhcp_answer_option(out, out_len, OPT_VENDOR, &n, NULL);

	return p && n == sizeof(ask_nobody) && memcmp(p, ask_nobody, n) == 0;
}

static uint8_t type(void)
{
	size_t n;
	const uint8_t *p = dhcp_answer_option(out, out_len, OPT_TYPE, &n, NULL);

	return p && n == 1 ? *p : 0;
}

static bool has(uint8_t code)
{
	size_t n;

	return dhcp_answer_option(out, out_len, code, &n, NULL);
}

START_TEST(test_offers)
{
	static const struct {
		uint16_t arch;
		const char *class;
		bool ipxe;
		const char *file, *answers_class;
		bool pxe;
	} table[] = {
		{0, "PXEClient:Arch:00000", false, "undionly.kpxe", "PXEClient", true},
		{7, "PXEClient:Arch:00007", false, "snponly.efi", "PXEClient", true},
		{9, "PXEClient:Arch:00009", false, "snponly.efi", "PXEClient", true},
		{0, "PXEClient:Arch:00000", true, URL, "PXEClient", true},
		{7, "PXEClient:Arch:00007", true, URL, "PXEClient", true},
		{16, "HTTPClient:Arch:00016", false, "http://192.168.122.1:8067/boot/snponly.efi",
			"HTTPClient", false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		firmware(DHCP_DISCOVER, table[i].arch, table[i].class, table[i].ipxe);
		ck_assert(asked(67, &machine));
		ck_assert_uint_eq(type(), DHCP_OFFER);
		ck_assert_str_eq((char *)out + MAKE_FILE, table[i].file);
		ck_assert_uint_eq(boot.secret, table[i].ipxe);
		ck_assert(!boot.unserved);
		ck_assert(dhcp_answer_says(out, out_len, OPT_VENDOR_CLASS, table[i].answers_class));
		ck_assert_uint_eq(has_43(), table[i].pxe);
		ck_assert_uint_eq(dhcp_answer_u32(out, out_len, OPT_SERVER_ID), SERVER);
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), 0);      /* yiaddr */
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 20), SERVER); /* siaddr */
		ck_assert(!has(OPT_LEASE_TIME) && !has(OPT_NETMASK) && !has(OPT_ROUTER));
		ck_assert(!has(OPT_IPXE)); /* no-pxedhcp: it is us that it waits for */
	}
}
END_TEST

START_TEST(test_port_4011)
{
	firmware(DHCP_REQUEST, 7, "PXEClient:Arch:00007", false);
	dhcp_make_u32_at(&make, MAKE_CIADDR, CLIENT);
	ck_assert(asked(DHCP_PROXY_PORT, &machine));
	ck_assert_uint_eq(type(), DHCP_ACK);
	ck_assert_str_eq((char *)out + MAKE_FILE, "snponly.efi");
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 12), CLIENT);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), 0);
	ck_assert(!has(OPT_LEASE_TIME));
	firmware(DHCP_REQUEST, 7, "PXEClient:Arch:00007", false);
	dhcp_make_u32(&make, OPT_SERVER_ID, SERVER + 1);
	ck_assert(!asked(DHCP_PROXY_PORT, &machine));
	firmware(DHCP_DISCOVER, 7, "PXEClient:Arch:00007", false);
	ck_assert(!asked(DHCP_PROXY_PORT, &machine));
}
END_TEST

/* The lessor's affair: an ACK of ours on port 67 could be taken for a lease. */
START_TEST(test_never_a_lease)
{
	static const uint8_t types[] = {DHCP_REQUEST, DHCP_DECLINE, DHCP_RELEASE, DHCP_INFORM};

	for (size_t i = 0; i < sizeof(types); i++) {
		firmware(types[i], 0, "PXEClient:Arch:00000", true);
		ck_assert(!asked(67, &machine));
	}
	firmware(DHCP_DISCOVER, 0, "PXEClient:Arch:00000", false);
	dhcp_make_u32_at(&make, MAKE_GIADDR, SERVER + 5);
	ck_assert(!asked(67, &machine));
}
END_TEST

START_TEST(test_armed_machines_only)
{
	static const struct {
		enum life_state state;
		bool answered;
	} table[] = {{LIFE_KNOWN, false}, {LIFE_ARMED, true}, {LIFE_BOOTING, true},
		{LIFE_INSTALLING, true}, {LIFE_INSTALLED, false}, {LIFE_UP, false},
		{LIFE_FAILED, false}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		machine.state = table[i].state;
		firmware(DHCP_DISCOVER, 0, "PXEClient:Arch:00000", false);
		ck_assert_uint_eq(asked(67, &machine), table[i].answered);
		firmware(DHCP_REQUEST, 0, "PXEClient:Arch:00000", true);
		ck_assert_uint_eq(asked(DHCP_PROXY_PORT, &machine), table[i].answered);
	}
	firmware(DHCP_DISCOVER, 0, "PXEClient:Arch:00000", true);
	ck_assert(!asked(67, NULL));
	firmware(DHCP_DISCOVER, 22, "PXEClient:Arch:00022", false);
	ck_assert(!asked(67, NULL) && !boot.unserved);
	machine.state = LIFE_UP;
	ck_assert(!asked(67, &machine) && !boot.unserved);
	machine.state = LIFE_ARMED;
	ck_assert(!asked(67, &machine) && boot.unserved);
	machine.state = LIFE_ARMED;
	dhcp_make_begin(&make, &MAC, 7); /* its system, not its firmware */
	dhcp_make_u8(&make, OPT_TYPE, DHCP_DISCOVER);
	ck_assert(!asked(67, &machine));
}
END_TEST

static bool asked_by_stranger(uint16_t port, const char *token)
{
	const char *why;
	size_t len = dhcp_make_end(&make);
	int n;

	ck_assert_int_eq(dhcp_wire_decode(make.buf, len, &msg, &why), 0);
	n = dhcp_proxy_answer_stranger(&msg, &seg, token, port, out, &boot);
	ck_assert_int_ge(n, 0);
	out_len = (size_t)n;
	return n > 0;
}

/* A card without a record, where machines are discovered. */
START_TEST(test_stranger)
{
	firmware(DHCP_DISCOVER, 0, "PXEClient", false);
	ck_assert(asked_by_stranger(67, NULL));
	ck_assert_str_eq(boot.file, "undionly.kpxe");
	firmware(DHCP_DISCOVER, 0, "PXEClient", true);
	ck_assert(!asked_by_stranger(67, NULL));
	firmware(DHCP_DISCOVER, 0, "PXEClient", true);
	ck_assert(asked_by_stranger(67, "00112233445566778899aabbccddeeff"));
	ck_assert_str_eq(boot.file, URL);
	ck_assert(boot.secret && has_43() && !boot.no_proxy);
	firmware(DHCP_REQUEST, 0, "PXEClient", true);
	ck_assert(!asked_by_stranger(67, "00112233445566778899aabbccddeeff")); /* the lessor's */
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_proxy_answer");
	TCase *t = tcase_create("dhcp_proxy_answer");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, test_offers);
	tcase_add_test(t, test_stranger);
	tcase_add_test(t, test_port_4011);
	tcase_add_test(t, test_never_a_lease);
	tcase_add_test(t, test_armed_machines_only);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
