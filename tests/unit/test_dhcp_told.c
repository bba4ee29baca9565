/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client's side of DHCP: what it says is what our server reads, and what our server says is what it reads. */
#include "dhcpd/dhcp_told.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct mac SERVER_MAC = {{0x52, 0x54, 0, 0, 0, 1}},
			CLIENT_MAC = {{2, 0x75, 0, 0, 0, 3}};
static const uint32_t SERVER = 0xc0a87a01, GIVEN = 0xc0a87a03;

static uint8_t frame[DHCP_FRAME_HEADER + DHCP_REPLY_MAX];
static size_t frame_len;
static struct dhcp_message scratch, asked;
static struct dhcp_told told;

static void wrap(size_t n, uint16_t to_port)
{
	const struct dhcp_frame f = {.from = SERVER_MAC,
		.to = CLIENT_MAC,
		.from_ip = SERVER,
		.to_ip = GIVEN,
		.from_port = 67,
		.to_port = to_port};
	int len = dhcp_frame_wrap(&f, frame, n);

	ck_assert_int_gt(len, 0);
	frame_len = (size_t)len;
}

static void offer(enum dhcp_type type, const char *file)
{
	struct dhcp_message to = {
		.type = DHCP_DISCOVER, .mac = CLIENT_MAC, .xid = 0x01020304, .max_size = 576};
	const struct dhcp_reply_head h = {.type = type,
		.yiaddr = GIVEN,
		.siaddr = SERVER + 1,
		.server_id = SERVER,
		.file = file};
	struct dhcp_reply r;
	int n;

	dhcp_reply_begin(&r, frame + DHCP_FRAME_HEADER, &to, &h);
	dhcp_reply_u32(&r, OPT_LEASE_TIME, 3600);
	dhcp_reply_u32(&r, OPT_NETMASK, 0xffffff00);
	dhcp_reply_u32(&r, OPT_ROUTER, SERVER);
	dhcp_reply_text(&r, OPT_VENDOR_CLASS, "HTTPClient");
	dhcp_reply_bytes(&r, OPT_VENDOR, (const uint8_t[]){6, 1, 8, 255}, 4);
	dhcp_reply_text(&r, OPT_MESSAGE, type == DHCP_NAK ? "no\nway" : "");
	n = dhcp_reply_end(&r);
	ck_assert_int_gt(n, 0);
	wrap((size_t)n, 68);
}

static int decode(void)
{
	memset(&told, 0, sizeof told);
	return dhcp_told_decode(frame, frame_len, &scratch, &told);
}

START_TEST(test_offer)
{
	offer(DHCP_OFFER, "undionly.kpxe");
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(told.type, DHCP_OFFER);
	ck_assert(mac_eq(&told.from, &SERVER_MAC));
	ck_assert(mac_eq(&told.client, &CLIENT_MAC));
	ck_assert_uint_eq(told.xid, 0x01020304);
	ck_assert_uint_eq(told.address, GIVEN);
	ck_assert_uint_eq(told.server, SERVER);
	ck_assert_uint_eq(told.next_server, SERVER + 1);
	ck_assert_uint_eq(told.router, SERVER);
	ck_assert_uint_eq(told.netmask, 0xffffff00);
	ck_assert_uint_eq(told.lease_s, 3600);
	ck_assert_str_eq(told.file, "undionly.kpxe");
	ck_assert_str_eq(told.vendor_class, "HTTPClient");
	ck_assert(told.takes_file);
}
END_TEST

START_TEST(test_nak)
{
	offer(DHCP_NAK, NULL);
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(told.type, DHCP_NAK);
	ck_assert_str_eq(told.message, "no?way");
	ck_assert_str_eq(told.file, "");
}
END_TEST

START_TEST(test_not_for_us)
{
	offer(DHCP_OFFER, NULL);
	wrap(frame_len - DHCP_FRAME_HEADER, 67);
	ck_assert_int_eq(decode(), -ENOMSG);
	offer(DHCP_OFFER, NULL);
	frame[DHCP_FRAME_HEADER] = 1; /* a client's */
	ck_assert_int_eq(decode(), -ENOMSG);
	offer(DHCP_OFFER, NULL);
	frame[DHCP_FRAME_HEADER + DHCP_HEADER + 2] = DHCP_DISCOVER;
	ck_assert_int_eq(decode(), -ENOMSG);
	for (size_t n = 0; n < frame_len; n++)
		ck_assert_int_lt(dhcp_told_decode(frame, n, &scratch, &told), 0);
}
END_TEST

/* Option 52: the field `file` holds options, and is no name. */
START_TEST(test_overload)
{
	uint8_t *m = frame + DHCP_FRAME_HEADER, *o = m + DHCP_HEADER;

	offer(DHCP_OFFER, NULL);
	memset(m + 44, 0, 192);
	memcpy(m + 108, "\x0c\x03xyz\xff", 6);
	memcpy(o, "\x35\x01\x02\x34\x01\x01\xff", 7);
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(told.file, "");
	m[108] = OPT_BOOTFILE;
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(told.file, "xyz");
}
END_TEST

static void ask(struct dhcp_asking a)
{
	const char *why = NULL;
	int n;

	a.mac = CLIENT_MAC;
	a.xid = 7;
	n = dhcp_asking_frame(&a, &SERVER_MAC, frame);
	ck_assert_int_gt(n, DHCP_FRAME_HEADER + DHCP_REPLY_MIN - 1);
	ck_assert_msg(!dhcp_wire_decode(frame + DHCP_FRAME_HEADER, (size_t)n - DHCP_FRAME_HEADER,
			      &asked, &why),
		"%s", why);
	ck_assert(mac_eq(&asked.mac, &CLIENT_MAC));
	ck_assert_uint_eq(asked.xid, 7);
	ck_assert_uint_eq(asked.type, a.type);
	ck_assert_uint_eq(asked.n_odd, 0);
}

START_TEST(test_firmware_asks)
{
	ask((struct dhcp_asking){.type = DHCP_DISCOVER,
		.arch = 7,
		.vendor_class = "PXEClient:Arch:00007",
		.broadcast = true});
	ck_assert_uint_eq(asked.arch, 7);
	ck_assert(!asked.ipxe);
	ck_assert(asked.has_uuid);
	ck_assert_uint_eq(asked.flags, DHCP_FLAG_BROADCAST);
	ask((struct dhcp_asking){
		.type = DHCP_DISCOVER, .arch = 0, .vendor_class = "PXEClient", .ipxe = true});
	ck_assert(asked.ipxe);
	ck_assert_uint_eq(asked.flags, 0);
	ck_assert(dhcp_wire_wants(&asked, OPT_BOOTFILE));
}
END_TEST

START_TEST(test_request_and_release)
{
	ask((struct dhcp_asking){
		.type = DHCP_REQUEST, .arch = DHCP_ARCH_NONE, .address = GIVEN, .server = SERVER});
	ck_assert_uint_eq(asked.requested, GIVEN);
	ck_assert_uint_eq(asked.server_id, SERVER);
	ck_assert_uint_eq(asked.ciaddr, 0);
	ck_assert_uint_eq(asked.arch, DHCP_ARCH_NONE);
	ck_assert_uint_eq(frame[0], 0xff);
	ask((struct dhcp_asking){
		.type = DHCP_RELEASE, .arch = DHCP_ARCH_NONE, .address = GIVEN, .server = SERVER});
	ck_assert_uint_eq(asked.ciaddr, GIVEN);
	ck_assert_uint_eq(asked.requested, 0);
	ck_assert(!memcmp(frame, SERVER_MAC.b, 6));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dhcp_told");
	TCase *t = tcase_create("dhcp_told");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_offer);
	tcase_add_test(t, test_nak);
	tcase_add_test(t, test_not_for_us);
	tcase_add_test(t, test_overload);
	tcase_add_test(t, test_firmware_asks);
	tcase_add_test(t, test_request_and_release);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
