/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_who.h"

#include "dhcp6_make.h"

#include <check.h>
#include <stdlib.h>

static const struct mac FRAME = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static const struct mac RELAY = {{0x52, 0x54, 0, 1, 2, 3}};
static struct dhcp6_make make;
static struct dhcp6_message msg;
static struct dhcp6_who who;
static char text[MAC_TEXT];

static const char *ask(const uint8_t *bytes, size_t len, const struct mac *frame)
{
	const char *why;

	ck_assert_int_eq(dhcp6_wire_decode(bytes, len, &msg, &why), 0);
	who = dhcp6_who_is(&msg, frame);
	return mac_format(&who.mac, text);
}

static const char *ask_made(const struct mac *frame)
{
	return ask(make.buf, make.w.len, frame);
}

static void begin(const void *duid, size_t len)
{
	dhcp6_make_begin(&make, DHCP6_SOLICIT, 1);
	dhcp6_make_option(&make, OPT6_CLIENT_ID, duid, len);
}

static void wrap(const char *peer_text, const void *options, size_t len)
{
	struct ip link, peer;

	ck_assert_int_eq(ip_parse("2001:db8::1", &link), 0);
	ck_assert_int_eq(ip_parse(peer_text, &peer), 0);
	dhcp6_make_wrap(&make, DHCP6_RELAY_FORWARD, 0, &link, &peer, options, len);
}

static const uint8_t LL[] = {0, 3, 0, 1, 0x52, 0x54, 0, 0xaa, 0xbb, 0xcc};
static const uint8_t LLT[] = {0, 1, 0, 1, 0x32, 0x9d, 0xf8, 0x1f, 0x52, 0x54, 0, 0xaa, 0xbb, 0xdd};
#define LINK_LAYER "\0\x4f\0\x08\0\1\x52\x54\0\x11\x22\x33"

START_TEST(on_our_link)
{
	for (size_t i = 0; i < N_DHCP6_SAMPLES; i++) {
		const struct dhcp6_sample *s = &DHCP6_SAMPLES[i];

		ask(s->bytes, s->len, &FRAME);
		if (msg.n_relays)
			continue;
		ck_assert_int_eq(who.by, DHCP6_WHO_FRAME);
		ck_assert(mac_eq(&who.mac, &FRAME));
	}
	/* the frame is better than what the client says */
	begin(LL, sizeof(LL));
	ck_assert_str_eq(ask_made(&FRAME), "52:54:c0:a8:7a:03");
	ck_assert_str_eq(ask_made(NULL), "52:54:00:aa:bb:cc");
	ck_assert_int_eq(who.by, DHCP6_WHO_DUID);
	ck_assert_str_eq(ask_made(&(struct mac){{1, 2, 3, 4, 5, 6}}), "52:54:00:aa:bb:cc");
	ck_assert_str_eq(ask_made(&(struct mac){{0}}), "52:54:00:aa:bb:cc");
}
END_TEST

START_TEST(behind_relays)
{
	ck_assert_str_eq(
		ask(DHCRELAY_SOLICIT, sizeof(DHCRELAY_SOLICIT), &RELAY), "52:54:c0:a8:7b:05");
	ck_assert_int_eq(who.by, DHCP6_WHO_PEER);
	/* the relay's word is better; that of one further away is about another relay */
	begin(LL, sizeof(LL));
	wrap("fe80::5054:c0ff:fea8:7b05", LINK_LAYER, 12);
	wrap("fe80::5054:ff:fe99:9999", "\0\x4f\0\x08\0\1\x52\x54\0\x99\x99\x99", 12);
	ck_assert_str_eq(ask_made(&RELAY), "52:54:00:11:22:33");
	ck_assert_int_eq(who.by, DHCP6_WHO_RELAY);
	begin(LL, sizeof(LL));
	wrap("fe80::5054:c0ff:fea8:7b05", NULL, 0);
	wrap("fe80::5054:ff:fe99:9999", LINK_LAYER, 12);
	ck_assert_str_eq(ask_made(&RELAY), "52:54:c0:a8:7b:05");
	/* an address made by chance */
	begin(LL, sizeof(LL));
	wrap("fe80::1234:5678:9abc:def0", NULL, 0);
	ck_assert_str_eq(ask_made(&RELAY), "52:54:00:aa:bb:cc");
	ck_assert_int_eq(who.by, DHCP6_WHO_DUID);
	/* nothing: not the relay's own MAC */
	begin("\0\2\0\0\xab\x11", 6);
	wrap("fe80::1234:5678:9abc:def0", NULL, 0);
	ck_assert_str_eq(ask_made(&RELAY), "00:00:00:00:00:00");
	ck_assert_int_eq(who.by, DHCP6_WHO_NOBODY);
}
END_TEST

static void nobody(const void *duid, size_t len)
{
	begin(duid, len);
	ask_made(NULL);
	ck_assert_int_eq(who.by, DHCP6_WHO_NOBODY);
	ck_assert(mac_is_zero(&who.mac));
	ck_assert(!who.has_uuid);
}

START_TEST(by_duid)
{
	uint8_t other[sizeof(LLT)];

	begin(LLT, sizeof(LLT));
	ck_assert_str_eq(ask_made(NULL), "52:54:00:aa:bb:dd");
	for (size_t len = 1; len < sizeof(LLT); len++)
		nobody(LLT, len);
	for (size_t len = 1; len < sizeof(LL); len++)
		nobody(LL, len);
	memcpy(other, LLT, sizeof(other));
	other[3] = 32; /* InfiniBand */
	nobody(other, sizeof(other));
	other[3] = 1;
	other[8] |= 1; /* a group */
	nobody(other, sizeof(other));
	dhcp6_make_begin(&make, DHCP6_INFORMATION_REQUEST, 1);
	ask_made(NULL);
	ck_assert_int_eq(who.by, DHCP6_WHO_NOBODY);
}
END_TEST

START_TEST(uuids)
{
	static const uint8_t read[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23,
		0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

	/* one guest, two firmwares */
	ask(IPXE_SOLICIT, sizeof(IPXE_SOLICIT), NULL);
	ck_assert(who.has_uuid && who.by == DHCP6_WHO_NOBODY);
	ck_assert_mem_eq(who.uuid, read, 16);
	ask(OVMF_SOLICIT, sizeof(OVMF_SOLICIT), &FRAME);
	ck_assert(who.has_uuid && who.by == DHCP6_WHO_FRAME);
	ck_assert_mem_eq(who.uuid_turned, read, 16);
	ask(DHCLIENT_SOLICIT, sizeof(DHCLIENT_SOLICIT), NULL);
	ck_assert(!who.has_uuid);
	nobody("\0\4\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 17);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(dhcp6_who_by_name(DHCP6_WHO_RELAY), "the relay's word");
	ck_assert_str_eq(dhcp6_who_by_name(DHCP6_WHO_NOBODY), "nothing");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dhcp6_who");
	TCase *t = tcase_create("dhcp6_who");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(t, on_our_link);
	tcase_add_test(t, behind_relays);
	tcase_add_test(t, by_duid);
	tcase_add_test(t, uuids);
	tcase_add_test(t, names);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
