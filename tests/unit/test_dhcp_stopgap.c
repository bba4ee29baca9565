/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware on a link of IPv6 alone is not kept waiting for IPv4. */
#include "dhcpd/dhcp_stopgap.h"

#include <check.h>
#include <string.h>

static const struct segment seg = {
	.id = 3, .six = {.server = {IP_V6, {0xfd, [15] = 1}}, .prefix_len = 64}};
static const struct machine box = {.name = "box"};
static uint8_t buf[DHCP_REPLY_MAX];
static struct {
	unsigned type;
	uint32_t yiaddr, server_id;
} answer;
static struct dhcp_route route;

static struct dhcp_message asks(enum dhcp_type type, const char *class, bool ipxe)
{
	struct dhcp_message m = {.type = type,
		.mac = {{2, 0, 0, 0, 0, 1}},
		.arch = DHCP_ARCH_NONE,
		.ipxe = ipxe,
		.hardware = {.type = 1, .len = 6},
		.server_id = type == DHCP_REQUEST ? DHCP_STOPGAP_SERVER : 0};

	strcpy(m.vendor_class, class);
	return m;
}

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int answered(const struct dhcp_message *m, const struct machine *machine)
{
	int n = dhcp_stopgap_answer(m, &seg, machine, buf, &route);

	if (n <= 0)
		return n;
	answer.yiaddr = read_u32(buf + 16);
	for (int at = DHCP_HEADER; at < n && buf[at] != OPT_END;
		at += buf[at] ? 2 + buf[at + 1] : 1) {
		ck_assert(buf[at] != OPT_ROUTER && buf[at] != OPT_BOOTFILE && buf[at] != OPT_DNS);
		if (buf[at] == OPT_TYPE)
			answer.type = buf[at + 2];
		if (buf[at] == OPT_SERVER_ID)
			answer.server_id = read_u32(buf + at + 2);
	}
	return n;
}

START_TEST(firmware)
{
	static const char *const classes[] = {"PXEClient:Arch:00007:UNDI:003000",
		"HTTPClient:Arch:00016:UNDI:003001", "PXEClient"};

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		struct dhcp_message m = asks(DHCP_DISCOVER, classes[i], i == 2);
		uint32_t first;

		ck_assert_int_gt(answered(&m, &box), 0);
		ck_assert_uint_eq(answer.type, DHCP_OFFER);
		first = answer.yiaddr;
		ck_assert_uint_eq(first >> 16, 0xa9fe);
		ck_assert(first >= 0xa9fe0100 && first <= 0xa9fefeff);
		ck_assert(route.frame && mac_eq(&route.mac, &m.mac));
		m = asks(DHCP_REQUEST, classes[i], i == 2);
		ck_assert_int_gt(answered(&m, &box), 0);
		ck_assert_uint_eq(answer.type, DHCP_ACK);
		ck_assert_uint_eq(answer.yiaddr, first);
		ck_assert_uint_eq(answer.server_id, DHCP_STOPGAP_SERVER);
	}
}
END_TEST

START_TEST(nobody_else)
{
	struct dhcp_message m = asks(DHCP_DISCOVER, "systemd", false);

	ck_assert_int_eq(answered(&m, &box), 0);
	m = asks(DHCP_DISCOVER, "PXEClient", false);
	ck_assert_int_eq(answered(&m, NULL), 0);
	m.giaddr = 0x0a000001;
	ck_assert_int_eq(answered(&m, &box), 0);
	m = asks(DHCP_REQUEST, "PXEClient", true);
	m.server_id = 0x0a000001;
	ck_assert_int_eq(answered(&m, &box), 0);
	m = asks(DHCP_RELEASE, "PXEClient", true);
	ck_assert_int_eq(answered(&m, &box), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_stopgap");
	TCase *t = tcase_create("dhcp_stopgap");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, firmware);
	tcase_add_test(t, nobody_else);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
