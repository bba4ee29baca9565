/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_wire.h"

#include "dhcp6_make.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t DUID[] = {0, 3, 0, 1, 0x52, 0x54, 0xc0, 0xa8, 0x7a, 3};
static const uint8_t SERVER[] = {0, 3, 0, 1, 0x52, 0x54, 0, 0x77, 0x4b, 0xd4};
static struct dhcp6_make make;
static struct dhcp6_message msg, back;
static struct dhcp6_reply reply;
static uint8_t buf[DHCP6_REPLY_MAX];
static const char *why;

static struct ip ip_of(const char *text)
{
	struct ip ip;

	ck_assert_int_eq(ip_parse(text, &ip), 0);
	return ip;
}

static const char *text_of(const struct ip *ip)
{
	static char text[4][IP_TEXT];
	static size_t i;

	return ip_format(ip, text[i++ % 4]);
}

/* A copy of exact size, so that the sanitizer sees a read past the end. */
static int decode_bytes(const void *bytes, size_t len, struct dhcp6_message *ret)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	why = NULL;
	rc = dhcp6_wire_decode(copy, len, ret, &why);
	free(copy);
	ck_assert(rc == 0 || why);
	return rc;
}

static int decode(void)
{
	ck_assert(!make.w.bad);
	return decode_bytes(make.buf, make.w.len, &msg);
}

static void begin(uint8_t type)
{
	dhcp6_make_begin(&make, type, 0x1a2b3c);
	dhcp6_make_option(&make, OPT6_CLIENT_ID, DUID, sizeof(DUID));
}

static const char *odd_text(void)
{
	static char text[DHCP6_ODDITY_TEXT];

	return dhcp6_wire_odd_text(&msg, text);
}

static bool is(const struct dhcp6_message *m, struct dhcp6_span s, const void *bytes, size_t len)
{
	const uint8_t *p = dhcp6_wire_bytes(m, s);

	return p && s.len == len && memcmp(p, bytes, len) == 0;
}

static bool has(const struct dhcp6_message *m, uint16_t code, const void *bytes, size_t len)
{
	size_t n;
	const uint8_t *p = dhcp6_wire_option(m, code, &n);

	return p && n == len && memcmp(p, bytes, n) == 0;
}

/* Real clients */

static void sample(const uint8_t *bytes, size_t len, enum dhcp6_type type, uint32_t xid)
{
	ck_assert_int_eq(decode_bytes(bytes, len, &msg), 0);
	ck_assert_str_eq(odd_text(), "");
	ck_assert_ptr_null(dhcp6_wire_refusal(&msg));
	ck_assert_int_eq(msg.type, type);
	ck_assert_uint_eq(msg.xid, xid);
}

static void one_ia(uint32_t iaid, uint32_t t1_s, size_t n_addresses)
{
	ck_assert_uint_eq(msg.n_ias, 1);
	ck_assert_uint_eq(msg.ias[0].code, OPT6_IA_NA);
	ck_assert_uint_eq(msg.ias[0].iaid, iaid);
	ck_assert_uint_eq(msg.ias[0].t1_s, t1_s);
	ck_assert_uint_eq(msg.ias[0].n_addresses, n_addresses);
}

START_TEST(test_ipxe)
{
	static const uint8_t duid[] = {0, 4, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01,
		0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

	sample(IPXE_SOLICIT, sizeof(IPXE_SOLICIT), DHCP6_SOLICIT, 0x1fd12c);
	ck_assert(is(&msg, msg.client_id, duid, sizeof(duid)));
	one_ia(0xff4e774c, 0, 0);
	ck_assert(dhcp6_wire_wants(&msg, 23) && dhcp6_wire_wants(&msg, 24));
	ck_assert(dhcp6_wire_wants(&msg, 59) && dhcp6_wire_wants(&msg, 60));
	ck_assert(!dhcp6_wire_wants(&msg, 16) && !dhcp6_wire_wants(&msg, 0));
	ck_assert(msg.has_vendor_class);
	ck_assert_uint_eq(msg.enterprise, DHCP6_ENTERPRISE_INTEL);
	ck_assert_str_eq(msg.vendor_class, "PXEClient:Arch:00000:UNDI:002001");
	ck_assert_uint_eq(msg.arch, 0);
	ck_assert(msg.has_nii);
	ck_assert_mem_eq(msg.nii, "\1\2\1", 3);
	ck_assert(msg.ipxe);
	ck_assert(is(&msg, msg.user_class, "\0\4iPXE", 6));
	ck_assert(!msg.rapid_commit && !msg.has_fqdn && !msg.reconfigure_accept);
	sample(IPXE_REQUEST, sizeof(IPXE_REQUEST), DHCP6_REQUEST, 0x1fd12c);
	one_ia(0xff4e774c, 0, 1);
	ck_assert_str_eq(text_of(&msg.ias[0].addresses[0].ip), "2001:db8:7a::160");
	ck_assert_uint_eq(msg.server_id.len, 14);
	ck_assert_uint_eq(msg.elapsed_cs, 10);
}
END_TEST

START_TEST(test_ovmf)
{
	sample(OVMF_SOLICIT, sizeof(OVMF_SOLICIT), DHCP6_SOLICIT, 0x12c2e9);
	one_ia(0xedd6d7fa, DHCP6_FOREVER, 0);
	ck_assert_uint_eq(msg.arch, DHCP6_ARCH_NONE);
	ck_assert(!msg.has_vendor_class && !dhcp6_wire_wants(&msg, OPT6_BOOT_URL));
	sample(OVMF_PXE_SOLICIT, sizeof(OVMF_PXE_SOLICIT), DHCP6_SOLICIT, 0x14c2e9);
	one_ia(0xfcf0557e, DHCP6_FOREVER, 0);
	ck_assert_uint_eq(msg.arch, 7);
	ck_assert_str_eq(msg.vendor_class, "PXEClient:Arch:00007:UNDI:003000");
	ck_assert(dhcp6_wire_wants(&msg, OPT6_BOOT_URL));
	ck_assert(dhcp6_wire_wants(&msg, OPT6_VENDOR_CLASS));
	ck_assert(!msg.ipxe);
	sample(OVMF_HTTP_SOLICIT, sizeof(OVMF_HTTP_SOLICIT), DHCP6_SOLICIT, 0x18c2e9);
	ck_assert_uint_eq(msg.arch, 16);
	ck_assert_str_eq(msg.vendor_class, "HTTPClient:Arch:00016:UNDI:003000");
	sample(OVMF_RELEASE, sizeof(OVMF_RELEASE), DHCP6_RELEASE, 0x16c2e9);
	one_ia(0xedd6d7fa, DHCP6_FOREVER, 1);
	ck_assert_str_eq(text_of(&msg.ias[0].addresses[0].ip), "2001:db8:7a::1fe");
	ck_assert_uint_eq(msg.ias[0].addresses[0].preferred_s, 3600);
	ck_assert_uint_eq(msg.ias[0].addresses[0].valid_s, 3600);
}
END_TEST

START_TEST(test_systems)
{
	static const uint8_t en[] = {
		0, 2, 0, 0, 0xab, 0x11, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};

	sample(DHCLIENT_SOLICIT, sizeof(DHCLIENT_SOLICIT), DHCP6_SOLICIT, 0xb9aba0);
	one_ia(0xc0a87a03, 3600, 0);
	ck_assert_uint_eq(msg.ias[0].t2_s, 5400);
	ck_assert(!msg.rapid_commit && msg.n_relays == 0);
	sample(DHCPCD_SOLICIT, sizeof(DHCPCD_SOLICIT), DHCP6_SOLICIT, 0x845378);
	one_ia(0xc0a87a03, 0, 0);
	ck_assert(msg.rapid_commit && dhcp6_wire_wants(&msg, OPT6_SOL_MAX_RT));
	sample(WIDE_SOLICIT, sizeof(WIDE_SOLICIT), DHCP6_SOLICIT, 0x5eb466);
	one_ia(0, 0, 0);
	ck_assert(msg.rapid_commit);
	sample(WIDE_RELEASE, sizeof(WIDE_RELEASE), DHCP6_RELEASE, 0x140528);
	one_ia(0, 1800, 1);
	sample(NETWORKD_SOLICIT, sizeof(NETWORKD_SOLICIT), DHCP6_SOLICIT, 0x32c543);
	ck_assert(is(&msg, msg.client_id, en, sizeof(en)));
	ck_assert_uint_eq(msg.n_ias, 2);
	ck_assert_uint_eq(msg.ias[0].code, OPT6_IA_NA);
	ck_assert_uint_eq(msg.ias[1].code, OPT6_IA_PD);
	ck_assert_uint_eq(msg.ias[1].iaid, 0xa1b2c3d4);
	ck_assert(msg.has_fqdn);
	ck_assert_uint_eq(msg.fqdn_flags, DHCP6_FQDN_S);
	ck_assert_str_eq(msg.hostname, "web01");
	ck_assert(dhcp6_wire_wants(&msg, OPT6_NTP));
}
END_TEST

START_TEST(test_relayed)
{
	sample(DHCRELAY_SOLICIT, sizeof(DHCRELAY_SOLICIT), DHCP6_SOLICIT, 0xe3f8c4);
	ck_assert_uint_eq(msg.n_relays, 1);
	ck_assert(!msg.relay_reply);
	ck_assert_uint_eq(msg.relays[0].hops, 0);
	ck_assert_str_eq(text_of(&msg.relays[0].link), "2001:db8:7b::1");
	ck_assert_str_eq(text_of(&msg.relays[0].peer), "fe80::5054:c0ff:fea8:7b05");
	ck_assert(!msg.relays[0].interface_id.at && !msg.relays[0].has_mac);
	ck_assert(!msg.relays[0].own_port);
	one_ia(0xc0a87b05, 3600, 0);
	sample(DHCRELAY_REQUEST, sizeof(DHCRELAY_REQUEST), DHCP6_REQUEST, 0xa9d2e0);
}
END_TEST

/* What is read in spite of it */

static void says(const char *text)
{
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(odd_text(), text);
	ck_assert(msg.client_id.at);
}

START_TEST(test_cut_option)
{
	begin(DHCP6_SOLICIT);
	dhcp6_make_option(&make, OPT6_RAPID_COMMIT, NULL, 0);
	writer_u16(&make.w, OPT6_VENDOR_CLASS);
	writer_u16(&make.w, 5);
	writer_u32(&make.w, 343);
	says("option 16 runs past the end: left out");
	ck_assert(msg.rapid_commit && !msg.has_vendor_class);
	begin(DHCP6_SOLICIT);
	writer_u16(&make.w, OPT6_ELAPSED);
	writer_u8(&make.w, 0);
	says("option 8 runs past the end: left out");
	begin(DHCP6_SOLICIT);
	writer_u8(&make.w, 0);
	says("option 0 runs past the end: left out");
}
END_TEST

static const struct {
	uint16_t code;
	const char *bytes;
	size_t len;
	const char *odd;
} spoilt[] = {
	{OPT6_IA_NA, "\0\0\0\1\0\0\0\0\0\0\0", 11, "option 3 has a wrong length: left out"},
	{OPT6_IA_TA, "\0\0\0", 3, "option 4 has a wrong length: left out"},
	{OPT6_IA_PD, "", 0, "option 25 has a wrong length: left out"},
	{OPT6_REQUESTED, "\0\x3b\0", 3, "option 6 has an odd length: its last byte is left out"},
	{OPT6_PREFERENCE, "", 0, "option 7 has a wrong length: left out"},
	{OPT6_PREFERENCE, "\1\2", 2, "option 7 has a wrong length: left out"},
	{OPT6_ELAPSED, "\1", 1, "option 8 has a wrong length: left out"},
	{OPT6_ELAPSED, "\1\2\3", 3, "option 8 has a wrong length: left out"},
	{OPT6_STATUS, "\1", 1, "option 13 has a wrong length: left out"},
	{OPT6_RAPID_COMMIT, "\1", 1, "option 14 is not empty: it counts"},
	{OPT6_RECONFIGURE_ACCEPT, "\1", 1, "option 20 is not empty: it counts"},
	{OPT6_USER_CLASS, "\0\5iPXE", 6, "option 15 has a text that runs past its end: left out"},
	{OPT6_VENDOR_CLASS, "\0\0\1", 3, "option 16 has a wrong length: left out"},
	{OPT6_VENDOR_CLASS, "\0\0\1\x57\0\3ab", 8, "option 16 has a wrong length: left out"},
	{OPT6_FQDN, "", 0, "option 39 has a wrong length: left out"},
	{OPT6_FQDN, "\1\3vm", 4, "option 39 has a wrong length: left out"},
	{OPT6_ARCH, "\0", 1, "option 61 has a wrong length: left out"},
	{OPT6_ARCH, "\0\7\0", 3, "option 61 has an odd length: its last byte is left out"},
	{OPT6_NETWORK_INTERFACE, "\1\3", 2, "option 62 has a wrong length: left out"},
	{OPT6_CLIENT_ID, "\0\1", 2, "option 1 comes twice: the first counts"},
	{OPT6_SERVER_ID, "", 0, "option 2 is empty: left out"},
};

START_TEST(test_spoilt_option)
{
	begin(DHCP6_SOLICIT);
	dhcp6_make_option(&make, spoilt[_i].code, spoilt[_i].bytes, spoilt[_i].len);
	dhcp6_make_option(&make, OPT6_IA_TA, "\0\0\0\7", 4);
	says(spoilt[_i].odd);
	ck_assert_uint_eq(msg.ias[msg.n_ias - 1].iaid, 7);
	ck_assert(is(&msg, msg.client_id, DUID, sizeof(DUID)));
	ck_assert(!msg.has_nii && !msg.has_fqdn && !msg.has_vendor_class && !msg.ipxe);
	ck_assert(!msg.server_id.at && !msg.preference && !msg.elapsed_cs && !msg.has_status);
	ck_assert(spoilt[_i].code != OPT6_RAPID_COMMIT || msg.rapid_commit);
	ck_assert(spoilt[_i].code != OPT6_REQUESTED || dhcp6_wire_wants(&msg, OPT6_BOOT_URL));
	ck_assert(!dhcp6_wire_wants(&msg, 0));
}
END_TEST

START_TEST(test_long_duid)
{
	uint8_t duid[DHCP6_DUID_MAX + 1] = {0, 2};

	dhcp6_make_begin(&make, DHCP6_SOLICIT, 1);
	dhcp6_make_option(&make, OPT6_CLIENT_ID, duid, sizeof(duid));
	ck_assert_int_eq(decode(), 0);
	ck_assert(!msg.client_id.at);
	ck_assert_str_eq(dhcp6_wire_refusal(&msg), "no client identifier");
	dhcp6_make_begin(&make, DHCP6_SOLICIT, 1);
	dhcp6_make_option(&make, OPT6_CLIENT_ID, duid, sizeof(duid) - 1);
	says("");
	ck_assert_ptr_null(dhcp6_wire_refusal(&msg));
}
END_TEST

/* An IA with `n` addresses, the last of them cut by `less`. */
static void put_ia(uint32_t iaid, size_t n, size_t less)
{
	writer_u16(&make.w, OPT6_IA_NA);
	writer_u16(&make.w, (uint16_t)(12 + n * 28 - less));
	writer_u32(&make.w, iaid);
	writer_u32(&make.w, 10);
	writer_u32(&make.w, 20);
	for (size_t i = 0; i < n; i++) {
		struct ip ip = ip_of("2001:db8::");

		ip.b[15] = (uint8_t)i;
		writer_u16(&make.w, OPT6_IA_ADDRESS);
		writer_u16(&make.w, 24);
		writer_bytes(&make.w, ip.b, 16);
		writer_u32(&make.w, 30);
		writer_u32(&make.w, (uint32_t)(40 + i));
	}
	make.w.len -= less;
}

START_TEST(test_ias)
{
	begin(DHCP6_RENEW);
	put_ia(1, 2, 0);
	put_ia(2, 0, 0);
	says("");
	ck_assert_uint_eq(msg.n_ias, 2);
	ck_assert_uint_eq(msg.ias[0].t1_s, 10);
	ck_assert_uint_eq(msg.ias[0].t2_s, 20);
	ck_assert_uint_eq(msg.ias[0].n_addresses, 2);
	ck_assert_str_eq(text_of(&msg.ias[0].addresses[1].ip), "2001:db8::1");
	ck_assert_uint_eq(msg.ias[0].addresses[1].preferred_s, 30);
	ck_assert_uint_eq(msg.ias[0].addresses[1].valid_s, 41);
	begin(DHCP6_RENEW);
	put_ia(1, 2, 1);
	put_ia(2, 1, 0);
	says("option 5 runs past the end: left out");
	ck_assert_uint_eq(msg.ias[0].n_addresses, 1);
	ck_assert_uint_eq(msg.ias[1].n_addresses, 1);
	begin(DHCP6_RENEW);
	put_ia(1, 9, 0);
	for (uint32_t i = 2; i <= 9; i++)
		put_ia(i, 0, 0);
	says("option 5 comes too often: the rest is left out; "
	     "option 3 comes too often: the rest is left out");
	ck_assert_uint_eq(msg.n_ias, DHCP6_IAS);
	ck_assert_uint_eq(msg.ias[7].iaid, 8);
	ck_assert_uint_eq(msg.ias[0].n_addresses, DHCP6_ADDRESSES);
	ck_assert_uint_eq(msg.ias[0].addresses[7].valid_s, 47);
}
END_TEST

START_TEST(test_classes)
{
	begin(DHCP6_SOLICIT);
	dhcp6_make_option(&make, OPT6_USER_CLASS, "\0\1a\0\4iPXE", 9);
	dhcp6_make_option(&make, OPT6_VENDOR_CLASS, "\0\0\1\x57\0\x15HTTPClient:Arch:00019", 27);
	dhcp6_make_option(&make, OPT6_VENDOR_CLASS, "\0\0\0\1\0\1x", 7);
	dhcp6_make_option(&make, OPT6_FQDN, "\4\5Web01\3lab\0", 12);
	dhcp6_make_option(&make, OPT6_RECONFIGURE_ACCEPT, NULL, 0);
	says("");
	ck_assert(msg.ipxe && msg.reconfigure_accept);
	ck_assert_uint_eq(msg.enterprise, 343);
	ck_assert_uint_eq(msg.arch, 19); /* from the vendor class */
	ck_assert_str_eq(msg.hostname, "web01");
	ck_assert_uint_eq(msg.fqdn_flags, DHCP6_FQDN_N);
	begin(DHCP6_SOLICIT);
	dhcp6_make_option(&make, OPT6_USER_CLASS, "iPXE", 4);
	dhcp6_make_option(&make, OPT6_FQDN, "\1\3a b", 5);
	dhcp6_make_option(&make, OPT6_VENDOR_CLASS, "\0\0\0\0\0\4a\x01z\xff", 10);
	says("");
	ck_assert(msg.ipxe && msg.has_fqdn && msg.has_vendor_class);
	ck_assert_str_eq(msg.hostname, "");
	ck_assert_str_eq(msg.vendor_class, "a?z?");
	ck_assert_uint_eq(msg.arch, DHCP6_ARCH_NONE);
}
END_TEST

static const char *hostname_of(const char *fqdn, size_t len)
{
	begin(DHCP6_SOLICIT);
	dhcp6_make_option(&make, OPT6_FQDN, fqdn, len);
	says("");
	ck_assert(msg.has_fqdn);
	return msg.hostname;
}

START_TEST(test_hostnames)
{
	uint8_t longest[65] = {0, 63};

	ck_assert_str_eq(hostname_of("\0\5A-b_c", 7), "");
	ck_assert_str_eq(hostname_of("\0\3A-b", 5), "a-b");
	ck_assert_str_eq(hostname_of("\0\3-ab", 5), "");
	ck_assert_str_eq(hostname_of("\0\3ab-", 5), "");
	ck_assert_str_eq(hostname_of("\0\1a", 3), "a");
	ck_assert_str_eq(hostname_of("\0\0", 2), "");
	ck_assert_str_eq(hostname_of("\0", 1), "");
	memset(longest + 2, 'a', 63);
	ck_assert_uint_eq(strlen(hostname_of((const char *)longest, sizeof(longest))), 63);
}
END_TEST

/* No messages */

START_TEST(test_no_message)
{
	static uint8_t big[DHCP6_PACKET_MAX + 1] = {1};

	ck_assert_int_eq(decode_bytes("", 0, &msg), -EBADMSG);
	ck_assert_int_eq(decode_bytes("\1\2\3", 3, &msg), -EBADMSG);
	ck_assert_str_eq(why, "too short");
	ck_assert_int_eq(decode_bytes("\1\2\3\4", 4, &msg), 0);
	ck_assert_int_eq(decode_bytes("\0\2\3\4", 4, &msg), -ENOMSG);
	ck_assert_int_eq(decode_bytes("\16\2\3\4", 4, &msg), -ENOMSG); /* LEASEQUERY */
	ck_assert_int_eq(decode_bytes(big, sizeof(big), &msg), -EBADMSG);
	ck_assert_str_eq(why, "too long");
	ck_assert_int_eq(decode_bytes(big, sizeof(big) - 1, &msg), 0);
}
END_TEST

static const struct {
	uint8_t type;
	bool client, server;
	const char *why;
} refusals[] = {
	{DHCP6_SOLICIT, true, false, NULL},
	{DHCP6_SOLICIT, false, false, "no client identifier"},
	{DHCP6_SOLICIT, true, true, "a server identifier, which its type must not have"},
	{DHCP6_REQUEST, true, true, NULL},
	{DHCP6_REQUEST, true, false, "no server identifier, which its type needs"},
	{DHCP6_REQUEST, false, true, "no client identifier"},
	{DHCP6_CONFIRM, true, false, NULL},
	{DHCP6_CONFIRM, true, true, "a server identifier, which its type must not have"},
	{DHCP6_RENEW, true, true, NULL},
	{DHCP6_RENEW, true, false, "no server identifier, which its type needs"},
	{DHCP6_REBIND, true, false, NULL},
	{DHCP6_REBIND, true, true, "a server identifier, which its type must not have"},
	{DHCP6_RELEASE, true, true, NULL},
	{DHCP6_RELEASE, true, false, "no server identifier, which its type needs"},
	{DHCP6_DECLINE, true, true, NULL},
	{DHCP6_DECLINE, true, false, "no server identifier, which its type needs"},
	{DHCP6_INFORMATION_REQUEST, true, false, NULL},
	{DHCP6_INFORMATION_REQUEST, false, false, NULL},
	{DHCP6_INFORMATION_REQUEST, true, true, NULL},
	{DHCP6_ADVERTISE, true, true, "a server's message"},
	{DHCP6_REPLY, true, true, "a server's message"},
	{DHCP6_RECONFIGURE, true, true, "a server's message"},
};

static void put_ids(size_t i)
{
	dhcp6_make_begin(&make, refusals[i].type, 1);
	if (refusals[i].client)
		dhcp6_make_option(&make, OPT6_CLIENT_ID, DUID, sizeof(DUID));
	if (refusals[i].server)
		dhcp6_make_option(&make, OPT6_SERVER_ID, SERVER, sizeof(SERVER));
}

START_TEST(test_refusal)
{
	struct ip any = ip_of("::");

	put_ids((size_t)_i);
	ck_assert_int_eq(decode(), 0);
	ck_assert_pstr_eq(dhcp6_wire_refusal(&msg), refusals[_i].why);
	put_ids((size_t)_i);
	dhcp6_make_wrap(&make, DHCP6_RELAY_REPLY, 0, &any, &any, NULL, 0);
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(dhcp6_wire_refusal(&msg), "a server's message");
	put_ids((size_t)_i);
	put_ia(1, 0, 0);
	ck_assert_int_eq(decode(), 0);
	ck_assert_pstr_eq(dhcp6_wire_refusal(&msg),
		refusals[_i].type == DHCP6_INFORMATION_REQUEST
			? "an INFORMATION-REQUEST that asks for addresses"
			: refusals[_i].why);
}
END_TEST

/* Wrappings */

static void wrap(uint8_t type, uint8_t hops, const void *options, size_t len)
{
	struct ip link = ip_of("2001:db8:7b::1"), peer = ip_of("fe80::1");

	link.b[15] = peer.b[15] = hops;
	dhcp6_make_wrap(&make, type, hops, &link, &peer, options, len);
}

START_TEST(test_wrappings)
{
	char id[] = "\0\x12\0\3if0";

	begin(DHCP6_SOLICIT);
	put_ia(5, 1, 0);
	for (uint8_t i = 0; i < DHCP6_RELAYS; i++) {
		id[6] = (char)('0' + i);
		wrap(DHCP6_RELAY_FORWARD, i, id, 7);
		says("");
		ck_assert_uint_eq(msg.n_relays, i + 1u);
		ck_assert_int_eq(msg.type, DHCP6_SOLICIT);
		ck_assert_uint_eq(msg.xid, 0x1a2b3c);
		one_ia(5, 10, 1);
		for (uint8_t k = 0; k <= i; k++) { /* outermost first */
			const struct dhcp6_relay *relay = &msg.relays[i - k];

			ck_assert_uint_eq(relay->hops, k);
			ck_assert_uint_eq(relay->link.b[15], k);
			ck_assert_uint_eq(relay->peer.b[15], k);
			id[6] = (char)('0' + k);
			ck_assert(is(&msg, relay->interface_id, id + 4, 3));
		}
	}
	wrap(DHCP6_RELAY_FORWARD, 9, NULL, 0);
	ck_assert_int_eq(decode(), -EBADMSG);
	ck_assert_str_eq(why, "more relays than there may be");
}
END_TEST

START_TEST(test_relay_options)
{
	static const char options[] = "\0\x4f\0\x08\0\1\x52\x54\xc0\xa8\x7a\3"
				      "\0\x25\0\5\0\0\0\x09r"
				      "\0\x26\0\1s"
				      "\0\x2b\0\4\0\x25\0\x26"
				      "\0\x87\0\2\0\0";
	static const struct mac mac = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 3}};

	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, options, sizeof(options) - 1);
	says("");
	ck_assert(msg.relays[0].has_mac && mac_eq(&msg.relays[0].mac, &mac));
	ck_assert(is(&msg, msg.relays[0].remote_id, "\0\0\0\x09r", 5));
	ck_assert(is(&msg, msg.relays[0].subscriber_id, "s", 1));
	ck_assert(is(&msg, msg.relays[0].echo, "\0\x25\0\x26", 4));
	ck_assert(msg.relays[0].own_port);
	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, "\0\x4f\0\x0a\0\x20\1\2\3\4\5\6\7\x08", 14);
	says(""); /* InfiniBand */
	ck_assert(!msg.relays[0].has_mac);
	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, "\0\x4f\0\x07\0\1\1\2\3\4\5", 11);
	says("option 79 has a wrong length: left out");
	ck_assert(!msg.relays[0].has_mac);
	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, "\0\x4f\0\x08\0\1\1\2\3\4\5\6", 12);
	says("option 79 is no station's: left out");
	ck_assert(!msg.relays[0].has_mac);
	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, "\0\x12\0\1a\0\x12\0\1b", 10);
	says("option 18 comes twice: the first counts");
	ck_assert(is(&msg, msg.relays[0].interface_id, "a", 1));
}
END_TEST

START_TEST(test_bad_wrappings)
{
	struct ip any = ip_of("::");

	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, NULL, 0);
	wrap(DHCP6_RELAY_REPLY, 1, NULL, 0);
	ck_assert_int_eq(decode(), -EBADMSG);
	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, NULL, 0);
	make.w.len--;
	ck_assert_int_eq(decode(), -EBADMSG);
	ck_assert_str_eq(why, "the message in a relay's message runs past the end");
	make.w.len = 34;
	ck_assert_int_eq(decode(), -EBADMSG);
	ck_assert_str_eq(why, "a relay's message without a message in it");
	make.w.len = 33;
	ck_assert_int_eq(decode(), -EBADMSG);
	ck_assert_str_eq(why, "a relay's message is too short");
	make.w.len = 0;
	dhcp6_make_wrap(&make, DHCP6_RELAY_FORWARD, 0, &any, &any, NULL, 0);
	ck_assert_int_eq(decode(), -EBADMSG);
	ck_assert_str_eq(why, "too short");
	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, NULL, 0);
	dhcp6_make_option(&make, OPT6_RELAY_MESSAGE, "\3\0\0\0", 4);
	says("option 9 comes twice: the first counts");
	ck_assert_int_eq(msg.type, DHCP6_SOLICIT);
}
END_TEST

/* Each message that was heard, and one in many wrappings, cut at each byte: nothing is read past the end, and what stands
 * before the cut is still known. */
START_TEST(test_every_cut)
{
	for (size_t i = 0; i < N_DHCP6_SAMPLES; i++)
		for (size_t len = 0; len < DHCP6_SAMPLES[i].len; len++)
			decode_bytes(DHCP6_SAMPLES[i].bytes, len, &msg);
	dhcp6_make_bytes(&make, NETWORKD_SOLICIT, sizeof(NETWORKD_SOLICIT));
	for (uint8_t i = 0; i < DHCP6_RELAYS; i++)
		wrap(DHCP6_RELAY_FORWARD, i, "\0\x12\0\1a", 5);
	for (size_t len = 0; len < make.w.len; len++)
		ck_assert_int_eq(decode_bytes(make.buf, len, &msg), -EBADMSG);
	ck_assert_int_eq(decode(), 0);
	for (size_t len = 4; len < sizeof(IPXE_SOLICIT); len++) {
		ck_assert_int_eq(decode_bytes(IPXE_SOLICIT, len, &msg), 0);
		ck_assert_uint_eq(msg.xid, 0x1fd12c);
		ck_assert(!msg.client_id.at == (len < 26));
		ck_assert(msg.n_ias == (len >= 42));
	}
}
END_TEST

/* Replies */

static void reply_to(const struct dhcp6_message *to, enum dhcp6_type type, size_t size)
{
	memset(buf, 0xa5, sizeof(buf));
	dhcp6_reply_begin(&reply, buf, size, to, type, SERVER, sizeof(SERVER));
}

static const char *const PARAMETERS[] = {"a", "", "bcd"};

/* One of everything. */
static void put_all(void)
{
	struct ip dns[] = {ip_of("2001:db8::53"), ip_of("10.0.0.1"), ip_of("2001:db8::54")};
	struct dhcp6_ia na = {.code = OPT6_IA_NA,
		.iaid = 0x01020304,
		.t1_s = 1800,
		.t2_s = 2880,
		.n_addresses = 2,
		.addresses = {{ip_of("2001:db8:7a::c0a8:7a03"), 3600, 7200},
			{ip_of("2001:db8:7a::1"), 0, DHCP6_FOREVER}}};
	struct dhcp6_ia ta = {
		.code = OPT6_IA_TA, .iaid = 5, .has_status = true, .status = DHCP6_NO_ADDRS_AVAIL};
	struct dhcp6_ia pd = {.code = OPT6_IA_PD,
		.iaid = 6,
		.n_addresses = 1,
		.has_status = true,
		.status = DHCP6_NO_PREFIX_AVAIL};

	dhcp6_reply_ia(&reply, &na, "");
	dhcp6_reply_ia(&reply, &ta, "no temporary addresses here");
	dhcp6_reply_ia(&reply, &pd, "no prefixes here");
	dhcp6_reply_status(&reply, DHCP6_SUCCESS, "fine");
	dhcp6_reply_u8(&reply, OPT6_PREFERENCE, 255);
	dhcp6_reply_flag(&reply, OPT6_RAPID_COMMIT);
	dhcp6_reply_addresses(&reply, OPT6_DNS, dns, 3);
	dhcp6_reply_names(&reply, OPT6_DOMAIN_SEARCH, "lab.example example");
	dhcp6_reply_text(&reply, OPT6_BOOT_URL, "http://[2001:db8::1]/boot.efi");
	dhcp6_reply_boot_parameters(&reply, PARAMETERS, 3);
	dhcp6_reply_vendor_class(&reply, 0, "HTTPClient");
	dhcp6_reply_fqdn(&reply, DHCP6_FQDN_S | DHCP6_FQDN_O, "web01.lab.example");
	dhcp6_reply_ntp(&reply, dns, 3);
	dhcp6_reply_u32(&reply, OPT6_REFRESH_TIME, 3600);
	dhcp6_reply_u32(&reply, OPT6_SOL_MAX_RT, 86400);
	dhcp6_reply_raw(&reply, "\0\xc8\0\2ab\1\0\0\0", 10);
}

static void check_ias(void)
{
	ck_assert_uint_eq(back.n_ias, 3);
	ck_assert_uint_eq(back.ias[0].iaid, 0x01020304);
	ck_assert_uint_eq(back.ias[0].t1_s, 1800);
	ck_assert_uint_eq(back.ias[0].t2_s, 2880);
	ck_assert(!back.ias[0].has_status);
	ck_assert_uint_eq(back.ias[0].n_addresses, 2);
	ck_assert_str_eq(text_of(&back.ias[0].addresses[0].ip), "2001:db8:7a::c0a8:7a03");
	ck_assert_uint_eq(back.ias[0].addresses[0].preferred_s, 3600);
	ck_assert_uint_eq(back.ias[0].addresses[0].valid_s, 7200);
	ck_assert_uint_eq(back.ias[0].addresses[1].valid_s, DHCP6_FOREVER);
	ck_assert_uint_eq(back.ias[1].code, OPT6_IA_TA);
	ck_assert(back.ias[1].has_status && back.ias[2].has_status);
	ck_assert_uint_eq(back.ias[1].status, DHCP6_NO_ADDRS_AVAIL);
	ck_assert_uint_eq(back.ias[2].code, OPT6_IA_PD);
	ck_assert_uint_eq(back.ias[2].iaid, 6);
	ck_assert_uint_eq(back.ias[2].status, DHCP6_NO_PREFIX_AVAIL);
	ck_assert_uint_eq(back.ias[2].n_addresses, 0);
}

static void check_options(void)
{
	struct ip dns[] = {ip_of("2001:db8::53"), ip_of("2001:db8::54")};
	uint8_t two[32];
	char ntp[] = "\0\1\0\x10________________";

	memcpy(two, dns[0].b, 16);
	memcpy(two + 16, dns[1].b, 16);
	memcpy(ntp + 4, dns[0].b, 16);
	ck_assert(has(&back, OPT6_DNS, two, 32));
	ck_assert(has(&back, OPT6_DOMAIN_SEARCH, "\3lab\7example\0\7example\0", 22));
	ck_assert(has(&back, OPT6_BOOT_URL, "http://[2001:db8::1]/boot.efi", 29));
	ck_assert(has(&back, OPT6_BOOT_PARAMETERS, "\0\1a\0\0\0\3bcd", 10));
	ck_assert(has(&back, OPT6_VENDOR_CLASS, "\0\0\0\0\0\x0aHTTPClient", 16));
	ck_assert(has(&back, OPT6_FQDN, "\3\5web01\3lab\7example\0", 20));
	ck_assert(has(&back, OPT6_NTP, ntp, 20));
	ck_assert(has(&back, OPT6_REFRESH_TIME, "\0\0\x0e\x10", 4));
	ck_assert(has(&back, OPT6_SOL_MAX_RT, "\0\1\x51\x80", 4));
	ck_assert(has(&back, 200, "ab", 2));
	ck_assert(has(&back, 256, "", 0));
}

static void read_back(int len)
{
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(decode_bytes(buf, (size_t)len, &back), 0);
	ck_assert_uint_eq(back.n_odd, 0);
}

START_TEST(test_reply)
{
	ck_assert_int_eq(decode_bytes(IPXE_REQUEST, sizeof(IPXE_REQUEST), &msg), 0);
	reply_to(&msg, DHCP6_REPLY, sizeof(buf));
	put_all();
	ck_assert_uint_eq(reply.left_out, 0);
	read_back(dhcp6_reply_end(&reply));
	ck_assert_int_eq(back.type, DHCP6_REPLY);
	ck_assert_uint_eq(back.xid, msg.xid);
	ck_assert(is(
		&back, back.client_id, dhcp6_wire_bytes(&msg, msg.client_id), msg.client_id.len));
	ck_assert(is(&back, back.server_id, SERVER, sizeof(SERVER)));
	ck_assert(back.has_status && back.status == DHCP6_SUCCESS);
	ck_assert(is(&back, back.status_text, "fine", 4));
	ck_assert_uint_eq(back.preference, 255);
	ck_assert(back.rapid_commit);
	ck_assert_str_eq(back.hostname, "web01");
	ck_assert_str_eq(back.vendor_class, "HTTPClient");
	check_ias();
	check_options();
}
END_TEST

START_TEST(test_small_reply)
{
	static const uint8_t known[] = {7, 0x1a, 0x2b, 0x3c, 0, 2, 0, 10, 0, 3, 0, 1, 0x52, 0x54, 0,
		0x77, 0x4b, 0xd4, 0, 59, 0, 3, 'u', 'r', 'l'};
	struct ip v4 = ip_of("10.0.0.1");

	dhcp6_make_begin(&make, DHCP6_INFORMATION_REQUEST, 0x1a2b3c);
	ck_assert_int_eq(decode(), 0);
	reply_to(&msg, DHCP6_REPLY, sizeof(buf));
	/* nothing to say: no option */
	ck_assert_int_eq(dhcp6_reply_addresses(&reply, OPT6_DNS, &v4, 1), 0);
	ck_assert_int_eq(dhcp6_reply_names(&reply, OPT6_DOMAIN_SEARCH, " "), 0);
	ck_assert_int_eq(dhcp6_reply_text(&reply, OPT6_BOOT_URL, ""), 0);
	ck_assert_int_eq(dhcp6_reply_ntp(&reply, &v4, 1), 0);
	ck_assert_int_eq(dhcp6_reply_raw(&reply, NULL, 0), 0);
	ck_assert_int_eq(dhcp6_reply_text(&reply, OPT6_BOOT_URL, "url"), 0);
	/* wrong: nothing is written */
	ck_assert_int_eq(dhcp6_reply_names(&reply, OPT6_DOMAIN_SEARCH, "a..b"), -EINVAL);
	ck_assert_int_eq(dhcp6_reply_fqdn(&reply, 0, "a b"), -EINVAL);
	ck_assert_int_eq(dhcp6_reply_fqdn(&reply, 0, ""), -EINVAL);
	ck_assert_int_eq(dhcp6_reply_raw(&reply, "\0\xc8\0\1a\0\xc9\0\2b", 10), -EINVAL);
	ck_assert_int_eq(dhcp6_reply_end(&reply), sizeof(known));
	ck_assert_mem_eq(buf, known, sizeof(known));
	reply_to(&msg, DHCP6_REPLY, sizeof(buf));
	ck_assert_int_eq(dhcp6_reply_fqdn(&reply, DHCP6_FQDN_N, "web01"), 0);
	read_back(dhcp6_reply_end(&reply));
	ck_assert(has(&back, OPT6_FQDN, "\4\5web01", 7)); /* partial: no root */
}
END_TEST

START_TEST(test_reply_in_wrappings)
{
	/* interface, remote and subscriber; of these it wants the second back */
	static const char options[] = "\0\x12\0\3if0\0\x25\0\5\0\0\0\x09r\0\x26\0\1s"
				      "\0\x2b\0\6\0\x25\0\x09\0\x2b"
				      "\0\x87\0\2\2\x23";
	size_t n;

	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, options, sizeof(options) - 1);
	for (uint8_t i = 1; i < DHCP6_RELAYS; i++)
		wrap(DHCP6_RELAY_FORWARD, i, options, 7);
	says("");
	reply_to(&msg, DHCP6_ADVERTISE, sizeof(buf));
	put_all();
	ck_assert_uint_eq(reply.left_out, 0);
	read_back(dhcp6_reply_end(&reply));
	ck_assert(back.relay_reply);
	ck_assert_int_eq(back.type, DHCP6_ADVERTISE);
	ck_assert_uint_eq(back.n_relays, DHCP6_RELAYS);
	for (size_t i = 0; i < DHCP6_RELAYS; i++) {
		ck_assert_uint_eq(back.relays[i].hops, msg.relays[i].hops);
		ck_assert(ip_eq(&back.relays[i].link, &msg.relays[i].link));
		ck_assert(ip_eq(&back.relays[i].peer, &msg.relays[i].peer));
		ck_assert(is(&back, back.relays[i].interface_id, "if0", 3));
	}
	n = DHCP6_RELAYS - 1;
	ck_assert(is(&back, back.relays[n].remote_id, "\0\0\0\x09r", 5));
	ck_assert(!back.relays[n].subscriber_id.at && !back.relays[n].echo.at);
	ck_assert(back.relays[n].own_port && !back.relays[0].own_port);
	check_ias();
	check_options();
}
END_TEST

START_TEST(test_reply_echoes_once)
{
	begin(DHCP6_SOLICIT);
	wrap(DHCP6_RELAY_FORWARD, 0, "\0\x12\0\1a\0\x12\0\1b", 10);
	says("option 18 comes twice: the first counts");
	reply_to(&msg, DHCP6_REPLY, sizeof(buf));
	read_back(dhcp6_reply_end(&reply));
	ck_assert(is(&back, back.relays[0].interface_id, "a", 1));
	ck_assert_uint_eq(back.n_odd, 0);
}
END_TEST

/* With any room: whole options, or none; nothing past the end. */
static void reply_within(size_t size)
{
	int len;

	reply_to(&msg, DHCP6_REPLY, size);
	put_all();
	len = dhcp6_reply_end(&reply);
	for (size_t i = size; i < sizeof(buf); i++)
		ck_assert_uint_eq(buf[i], 0xa5);
	if (len < 0) {
		ck_assert_int_eq(len, -ENOSPC);
		return;
	}
	ck_assert_int_le(len, (int)size);
	read_back(len);
	check_ias();
	ck_assert(back.server_id.at && back.client_id.at && back.has_status);
}

START_TEST(test_no_room)
{
	size_t whole, needed = 0;

	ck_assert_int_eq(decode_bytes(DHCRELAY_REQUEST, sizeof(DHCRELAY_REQUEST), &msg), 0);
	reply_to(&msg, DHCP6_REPLY, sizeof(buf));
	put_all();
	whole = (size_t)dhcp6_reply_end(&reply);
	for (size_t size = 0; size <= whole; size++) {
		reply_within(size);
		ck_assert(!reply.left_out == (size == whole));
		if (dhcp6_reply_end(&reply) < 0)
			needed = size + 1;
	}
	ck_assert_uint_gt(needed, 0);
	ck_assert_uint_lt(needed, whole);
	/* what is left out is said at once, and what is smaller may still fit */
	reply_to(&msg, DHCP6_REPLY, 100);
	ck_assert_int_eq(dhcp6_reply_bytes(&reply, 300, buf, 50), -ENOSPC);
	ck_assert_int_eq(dhcp6_reply_bytes(&reply, 301, "a", 1), 0);
	ck_assert_int_eq(dhcp6_reply_fqdn(&reply, 0, "a-name-that-is-too-long-for-it"), -ENOSPC);
	ck_assert_int_eq(dhcp6_reply_names(&reply, 24, "a-name-that-is-too-long-for-it"), -ENOSPC);
	ck_assert_int_eq(
		dhcp6_reply_boot_parameters(&reply, (const char *[]){"0123456789abcdefghij"}, 1),
		-ENOSPC);
	ck_assert_int_eq(
		dhcp6_reply_raw(&reply, "\0\1\0\0\0\2\0\x18________________________", 32), -ENOSPC);
	read_back(dhcp6_reply_end(&reply));
	ck_assert(has(&back, 301, "a", 1));
	ck_assert_uint_eq(back.options.len, 14 + 14 + 5);
}
END_TEST

START_TEST(test_names)
{
	ck_assert_str_eq(dhcp6_type_name(DHCP6_SOLICIT), "SOLICIT");
	ck_assert_str_eq(dhcp6_type_name(DHCP6_RELAY_REPLY), "RELAY-REPL");
	ck_assert_str_eq(dhcp6_type_name(0), "?");
	ck_assert_str_eq(dhcp6_type_name(14), "?");
	ck_assert_str_eq(dhcp6_status_name(DHCP6_NO_PREFIX_AVAIL), "NoPrefixAvail");
	ck_assert_str_eq(dhcp6_status_name(7), "?");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dhcp6_wire");
	TCase *t = tcase_create("dhcp6_wire");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(t, test_ipxe);
	tcase_add_test(t, test_ovmf);
	tcase_add_test(t, test_systems);
	tcase_add_test(t, test_relayed);
	tcase_add_test(t, test_cut_option);
	tcase_add_loop_test(t, test_spoilt_option, 0, sizeof(spoilt) / sizeof(*spoilt));
	tcase_add_test(t, test_long_duid);
	tcase_add_test(t, test_ias);
	tcase_add_test(t, test_classes);
	tcase_add_test(t, test_hostnames);
	tcase_add_test(t, test_no_message);
	tcase_add_loop_test(t, test_refusal, 0, sizeof(refusals) / sizeof(*refusals));
	tcase_add_test(t, test_wrappings);
	tcase_add_test(t, test_relay_options);
	tcase_add_test(t, test_bad_wrappings);
	tcase_add_test(t, test_every_cut);
	tcase_add_test(t, test_reply);
	tcase_add_test(t, test_small_reply);
	tcase_add_test(t, test_reply_in_wrappings);
	tcase_add_test(t, test_reply_echoes_once);
	tcase_add_test(t, test_no_room);
	tcase_add_test(t, test_names);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
