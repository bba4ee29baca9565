/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_wire.h"

#include "dhcp_make.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static const struct mac MAC = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static struct dhcp_make make;
static struct dhcp_message msg;
static const char *why;

static void begin(uint8_t type)
{
	dhcp_make_begin(&make, &MAC, 0x1a2b3c4d);
	dhcp_make_u8(&make, OPT_TYPE, type);
}

/* A copy of exact size, so that the sanitizer sees a read past the end. */
static int decode_bytes(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	why = NULL;
	rc = dhcp_wire_decode(copy, len, &msg, &why);
	free(copy);
	ck_assert(rc == 0 || why);
	return rc;
}

static int decode(void)
{
	size_t len = dhcp_make_end(&make);

	return decode_bytes(make.buf, len);
}

static const char *odd_text(void)
{
	static char text[DHCP_ODDITY_TEXT];

	return dhcp_wire_odd_text(&msg, text);
}

static bool has(uint8_t code, const void *bytes, size_t len)
{
	size_t n;
	const uint8_t *p = dhcp_wire_option(&msg, code, &n);

	return p && n == len && memcmp(p, bytes, n) == 0;
}

START_TEST(test_discover)
{
	begin(DHCP_DISCOVER);
	writer_patch_u16(&make.w, MAKE_FLAGS, 0x8000);
	dhcp_make_option(&make, OPT_PARAMETERS, (uint8_t[]){1, 3, 6, 67, 255}, 5);
	dhcp_make_u16(&make, OPT_MAX_SIZE, 1260);
	dhcp_make_text(&make, OPT_HOSTNAME, "Web01.example.org");
	dhcp_make_option(&make, OPT_CLIENT_ID, "\1\2\3", 3);
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(msg.type, DHCP_DISCOVER);
	ck_assert_uint_eq(msg.xid, 0x1a2b3c4d);
	ck_assert(mac_eq(&msg.mac, &MAC));
	ck_assert_uint_eq(msg.flags, DHCP_FLAG_BROADCAST);
	ck_assert_uint_eq(msg.max_size, 1260);
	ck_assert_str_eq(msg.hostname, "web01");
	ck_assert(dhcp_wire_wants(&msg, 67) && dhcp_wire_wants(&msg, 255));
	ck_assert(!dhcp_wire_wants(&msg, 12));
	ck_assert(msg.lists_wants);
	ck_assert(has(OPT_CLIENT_ID, "\1\2\3", 3));
	ck_assert_uint_eq(msg.arch, DHCP_ARCH_NONE);
	ck_assert(!msg.ipxe && !msg.has_uuid);
}
END_TEST

START_TEST(test_request)
{
	begin(DHCP_REQUEST);
	dhcp_make_u32_at(&make, MAKE_CIADDR, 0x0a000001);
	dhcp_make_u32_at(&make, MAKE_GIADDR, 0x0a0000fe);
	dhcp_make_u32(&make, OPT_REQUESTED, 0xc0a87a03);
	dhcp_make_u32(&make, OPT_SERVER_ID, 0xc0a87a01);
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.requested, 0xc0a87a03);
	ck_assert_uint_eq(msg.server_id, 0xc0a87a01);
	ck_assert_uint_eq(msg.ciaddr, 0x0a000001);
	ck_assert_uint_eq(msg.giaddr, 0x0a0000fe);
	ck_assert(!msg.lists_wants);
	ck_assert_uint_eq(msg.max_size, DHCP_DATAGRAM_MIN);
}
END_TEST

START_TEST(test_firmware)
{
	uint8_t uuid[17] = {0, 1, 2, 3};

	begin(DHCP_DISCOVER);
	dhcp_make_text(&make, OPT_VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003016");
	dhcp_make_option(&make, OPT_ARCH, (uint8_t[]){0, 9, 0, 7}, 4);
	dhcp_make_option(&make, OPT_UUID, uuid, sizeof(uuid));
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.arch, 9);
	ck_assert(msg.has_uuid && msg.uuid[0] == 1 && msg.uuid[2] == 3);
	ck_assert_str_eq(msg.vendor_class, "PXEClient:Arch:00007:UNDI:003016");
	/* the class alone */
	begin(DHCP_DISCOVER);
	dhcp_make_text(&make, OPT_VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003016");
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.arch, 7);
	/* text of a peer: controls hidden, cut; a UUID of another type is none */
	begin(DHCP_DISCOVER);
	dhcp_make_text(&make, OPT_VENDOR_CLASS,
		"a\nb\33cXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX");
	uuid[0] = 1;
	dhcp_make_option(&make, OPT_UUID, uuid, sizeof(uuid));
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(strncmp(msg.vendor_class, "a?b?cX", 6), 0);
	ck_assert_uint_eq(strlen(msg.vendor_class), sizeof(msg.vendor_class) - 1);
	ck_assert(!msg.has_uuid);
}
END_TEST

static bool ipxe_with(uint8_t code, const char *bytes, size_t len)
{
	begin(DHCP_DISCOVER);
	dhcp_make_option(&make, code, bytes, len);
	ck_assert_int_eq(decode(), 0);
	return msg.ipxe;
}

START_TEST(test_ipxe)
{
	ck_assert(ipxe_with(OPT_USER_CLASS, "iPXE", 4));
	ck_assert(ipxe_with(OPT_USER_CLASS, "\4iPXE", 5));
	ck_assert(ipxe_with(OPT_USER_CLASS, "\3foo\4iPXE", 9));
	ck_assert(!ipxe_with(OPT_USER_CLASS, "\3foo\4iPX", 8));
	ck_assert(!ipxe_with(OPT_USER_CLASS, "iPXE!", 5));
	ck_assert(!ipxe_with(OPT_USER_CLASS, "\xff", 1));
	ck_assert(!ipxe_with(OPT_USER_CLASS, "", 0));
	ck_assert(ipxe_with(OPT_IPXE, "\xb1\5\1\x1a\xf4\x10\0", 7));
	ck_assert(ipxe_with(OPT_IPXE, "", 0));
	/* features: bzImage and TFTP, then with HTTP, then cut short, then behind the end */
	ck_assert(!ipxe_with(OPT_IPXE, "\x18\1\1\x15\1\1", 6));
	ck_assert(ipxe_with(OPT_IPXE, "\x18\1\1\0\x13\1\1\x15\1\1", 10));
	ck_assert(!ipxe_with(OPT_IPXE, "\x18\1\1\x13\1", 5));
	ck_assert(!ipxe_with(OPT_IPXE, "\x18\1\1\xff\x13\1\1", 7));
}
END_TEST

static const char *hostname_of(const char *name)
{
	begin(DHCP_DISCOVER);
	dhcp_make_text(&make, OPT_HOSTNAME, name);
	ck_assert_int_eq(decode(), 0);
	return msg.hostname;
}

START_TEST(test_hostname)
{
	char longest[65];

	ck_assert_str_eq(hostname_of("Node-07"), "node-07");
	ck_assert_str_eq(hostname_of("-x"), "");
	ck_assert_str_eq(hostname_of("x-"), "");
	ck_assert_str_eq(hostname_of("a b"), "");
	ck_assert_str_eq(hostname_of("x\xc3\xa4"), "");
	ck_assert_str_eq(hostname_of(""), "");
	memset(longest, 'a', 64);
	longest[64] = '\0';
	ck_assert_str_eq(hostname_of(longest), "");
	longest[63] = '\0';
	ck_assert_str_eq(hostname_of(longest), longest);
}
END_TEST

START_TEST(test_long_options_are_joined)
{
	uint8_t first[255], second[40], whole[295];

	for (size_t i = 0; i < sizeof(whole); i++)
		whole[i] = (uint8_t)i;
	memcpy(first, whole, 255);
	memcpy(second, whole + 255, 40);
	begin(DHCP_DISCOVER);
	dhcp_make_option(&make, OPT_RELAY_AGENT, first, sizeof(first));
	dhcp_make_text(&make, OPT_HOSTNAME, "between");
	dhcp_make_option(&make, OPT_RELAY_AGENT, second, sizeof(second));
	ck_assert_int_eq(decode(), 0);
	ck_assert(has(OPT_RELAY_AGENT, whole, sizeof(whole)));
	ck_assert_str_eq(msg.hostname, "between");
}
END_TEST

START_TEST(test_overload)
{
	static const uint8_t in_file[] = {
		OPT_HOSTNAME, 3, 'f', 'o', 'o', OPT_USER_CLASS, 2, 'i', 'P', OPT_END, 99, 99};
	static const uint8_t in_sname[] = {OPT_PAD, OPT_USER_CLASS, 2, 'X', 'E', OPT_END};

	begin(DHCP_DISCOVER);
	memcpy(make.buf + MAKE_FILE, in_file, sizeof(in_file));
	memcpy(make.buf + MAKE_SNAME, in_sname, sizeof(in_sname));
	dhcp_make_u8(&make, OPT_OVERLOAD, 3);
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(msg.hostname, "foo");
	ck_assert(msg.ipxe);
	/* the same bytes are no options when option 52 does not say so */
	begin(DHCP_DISCOVER);
	memcpy(make.buf + MAKE_FILE, in_file, sizeof(in_file));
	memcpy(make.buf + MAKE_SNAME, in_sname, sizeof(in_sname));
	dhcp_make_u8(&make, OPT_OVERLOAD, 1);
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(msg.hostname, "foo");
	ck_assert(!msg.ipxe);
	begin(DHCP_DISCOVER);
	memcpy(make.buf + MAKE_FILE, in_file, sizeof(in_file));
	dhcp_make_u8(&make, OPT_OVERLOAD, 4);
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(msg.hostname, "");
	ck_assert_str_eq(odd_text(), "option 52 has an unknown value: left out");
	/* an option that runs out of the file field, not into the cookie */
	begin(DHCP_DISCOVER);
	memset(make.buf + MAKE_FILE, 0, 127);
	make.buf[MAKE_FILE + 126] = OPT_HOSTNAME;
	make.buf[MAKE_FILE + 127] = 1;
	dhcp_make_u8(&make, OPT_OVERLOAD, 1);
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(msg.hostname, "");
	ck_assert_str_eq(odd_text(), "option 12 runs past the end: left out");
}
END_TEST

/* Takes what can be read: a REQUEST of 192.168.122.3 from 192.168.122.1, with one option more at its front or end. */
START_TEST(test_lenient)
{
	static const struct {
		bool front, cut;
		uint8_t code, len;
		const char *value;
		const char *odd;
		uint32_t requested;
	} table[] = {
		{false, false, OPT_REQUESTED, 4, "\300\250\172\4",
			"option 50 comes twice: the first counts", 3},
		{true, false, OPT_REQUESTED, 4, "\300\250\172\4",
			"option 50 comes twice: the first counts", 4},
		/* the first that can be read */
		{true, false, OPT_REQUESTED, 3, "abc", "option 50 has a wrong length: left out", 3},
		{true, false, OPT_REQUESTED, 0, "", "option 50 is empty: left out", 3},
		{true, false, OPT_REQUESTED, 8, "\300\250\172\4\300\250\172\4",
			"option 50 has a wrong length: left out", 3},
		{false, false, OPT_MAX_SIZE, 2, "\5\334", "option 57 comes twice: the first counts",
			3},
		{true, false, OPT_MAX_SIZE, 1, "\5", "option 57 has a wrong length: left out", 3},
		{false, false, OPT_OVERLOAD, 1, "\0", "option 52 has an unknown value: left out",
			3},
		{false, false, OPT_OVERLOAD, 2, "\1\1", "option 52 has a wrong length: left out",
			3},
		{false, false, OPT_HOSTNAME, 1, "x", "option 12 comes twice: the first counts", 3},
		{true, false, OPT_HOSTNAME, 0, "", "option 12 is empty: left out", 3},
		{false, true, OPT_DOMAIN, 9, "abcdefghi", "option 15 runs past the end: left out",
			3},
		{false, true, OPT_PARAMETERS, 2, "\1\3", "option 55 runs past the end: left out",
			3},
		{false, false, OPT_LEASE_TIME, 1, "\1", "option 51 has a wrong length: left out",
			3},
		{false, false, OPT_TYPE, 1, "\1", "option 53 comes twice: the first counts", 3},
		{false, false, OPT_SERVER_ID, 4, "abcd", "option 54 comes twice: the first counts",
			3},
		{true, false, OPT_SERVER_ID, 0, "", "option 54 is empty: left out", 3},
		/* several pieces of what may be long are no repetition */
		{false, false, OPT_PARAMETERS, 1, "\3", "", 3},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		dhcp_make_begin(&make, &MAC, 1);
		dhcp_make_u8(&make, OPT_TYPE, DHCP_REQUEST);
		if (table[i].front)
			dhcp_make_option(&make, table[i].code, table[i].value, table[i].len);
		dhcp_make_u32(&make, OPT_REQUESTED, 0xc0a87a03);
		dhcp_make_u32(&make, OPT_SERVER_ID, 0xc0a87a01);
		dhcp_make_u16(&make, OPT_MAX_SIZE, 1400);
		dhcp_make_text(&make, OPT_HOSTNAME, "h");
		dhcp_make_text(&make, OPT_PARAMETERS, "\1");
		if (!table[i].front)
			dhcp_make_option(&make, table[i].code, table[i].value, table[i].len);
		if (table[i].cut)
			ck_assert_int_eq(decode_bytes(make.buf, make.w.len - 1), 0);
		else
			ck_assert_int_eq(decode(), 0);
		ck_assert_str_eq(odd_text(), table[i].odd);
		ck_assert_int_eq(msg.type, DHCP_REQUEST);
		ck_assert_uint_eq(msg.requested, 0xc0a87a00 | table[i].requested);
		ck_assert_uint_eq(msg.server_id, 0xc0a87a01);
		ck_assert_uint_eq(msg.max_size, 1400);
		ck_assert_str_eq(msg.hostname, "h");
		ck_assert(dhcp_wire_wants(&msg, 1));
	}
	/* four are told at most, each option once */
	begin(DHCP_DISCOVER);
	for (int i = 0; i < 2; i++)
		for (uint8_t code = OPT_REQUESTED; code <= OPT_MAX_SIZE; code++)
			dhcp_make_option(&make, code, "", 0);
	ck_assert_int_eq(decode(), 0);
	ck_assert_str_eq(odd_text(),
		"option 50 is empty: left out; option 51 is empty: left out; option 52 is empty: "
		"left out; option 53 comes twice: the first counts");
}
END_TEST

/* What would be another message without the option that cannot be read. */
START_TEST(test_malformed)
{
	static const struct {
		uint8_t type, code, len;
		int rc;
	} table[] = {
		{DHCP_DISCOVER, OPT_SERVER_ID, 0, 0},
		{DHCP_INFORM, OPT_SERVER_ID, 3, 0},
		{DHCP_REQUEST, OPT_SERVER_ID, 0, -EBADMSG},
		{DHCP_REQUEST, OPT_SERVER_ID, 5, -EBADMSG},
		{DHCP_DECLINE, OPT_SERVER_ID, 8, -EBADMSG},
		{DHCP_RELEASE, OPT_SERVER_ID, 3, -EBADMSG},
	};
	size_t len;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin(table[i].type);
		dhcp_make_option(&make, table[i].code, "\1\1\1\1\1\1\1\1", table[i].len);
		ck_assert_int_eq(decode(), table[i].rc);
	}
	for (uint8_t n = 0; n < 3; n++) { /* no BOOTP client */
		dhcp_make_begin(&make, &MAC, 1);
		dhcp_make_option(&make, OPT_TYPE, "\1\1", n);
		ck_assert_int_eq(decode(), n == 1 ? 0 : -EBADMSG);
	}
	/* the relay's words say where the client is */
	for (uint32_t giaddr = 0; giaddr < 2; giaddr++) {
		begin(DHCP_DISCOVER);
		dhcp_make_u32_at(&make, MAKE_GIADDR, giaddr);
		dhcp_make_option(&make, OPT_RELAY_AGENT, "\1\1a", 3);
		dhcp_make_option(&make, OPT_RELAY_AGENT, "\5\4\300", 3);
		ck_assert_int_eq(decode_bytes(make.buf, make.w.len - 1), giaddr ? -EBADMSG : 0);
	}
	begin(DHCP_DISCOVER);
	dhcp_make_text(&make, OPT_HOSTNAME, "name");
	len = make.w.len;
	ck_assert_int_eq(decode_bytes(make.buf, len), 0); /* no end option: forgiven */
	ck_assert_str_eq(odd_text(), "");
	for (size_t n = DHCP_HEADER + 3; n < len; n++) {
		ck_assert_int_eq(decode_bytes(make.buf, n), 0);
		ck_assert_str_eq(odd_text(),
			n == DHCP_HEADER + 3 ? "" : "option 12 runs past the end: left out");
	}
	for (size_t n = 0; n < DHCP_HEADER + 3; n++)
		if (n != DHCP_HEADER) /* BOOTP */
			ck_assert_int_eq(decode_bytes(make.buf, n), -EBADMSG);
	ck_assert_int_eq(decode_bytes(make.buf, DHCP_HEADER), 0);
	ck_assert_int_eq(decode_bytes(make.buf, DHCP_PACKET_MAX + 1), -EBADMSG);
}
END_TEST

static int decode_with_byte(size_t at, uint8_t v)
{
	begin(DHCP_DISCOVER);
	make.buf[at] = v;
	return decode();
}

START_TEST(test_header)
{
	const struct mac zero = {{0}};

	ck_assert_int_eq(decode_with_byte(0, 2), -ENOMSG); /* a reply */
	ck_assert_int_eq(decode_with_byte(0, 3), -EBADMSG);
	ck_assert_int_eq(decode_with_byte(1, 32), -EAFNOSUPPORT); /* InfiniBand */
	ck_assert_int_eq(decode_with_byte(1, 0), -EBADMSG);
	ck_assert_int_eq(decode_with_byte(2, 16), -EAFNOSUPPORT); /* hlen */
	ck_assert_int_eq(decode_with_byte(2, 17), -EBADMSG);
	ck_assert_int_eq(decode_with_byte(2, 255), -EBADMSG);
	ck_assert_int_eq(decode_with_byte(28, 0x53), -EBADMSG); /* multicast */
	ck_assert_int_eq(decode_with_byte(236, 0), 0);          /* no cookie: BOOTP */
	ck_assert_int_eq(msg.type, DHCP_BOOTP);
	dhcp_make_begin(&make, &zero, 1);
	dhcp_make_u8(&make, OPT_TYPE, DHCP_DISCOVER);
	ck_assert_int_eq(decode(), -EBADMSG);
	for (uint8_t type = 0; type < 20; type++) {
		bool ours = type == 1 || type == 3 || type == 4 || type == 7 || type == 8;

		begin(type);
		ck_assert_int_eq(decode(), ours ? 0 : -ENOMSG);
	}
}
END_TEST

/* RFC 4390: known by its client identifier, reached by broadcast or a relay; echoed as it came. */
START_TEST(test_hardware)
{
	static const struct {
		uint8_t htype, hlen;
		uint16_t flags;
		uint32_t giaddr;
		const char *id;
		int rc;
		bool by_id;
		const char *text;
	} table[] = {
		{1, 6, 0, 0, NULL, 0, false, NULL},
		{6, 6, 0, 0, NULL, 0, false, NULL}, /* IEEE 802: the same kind of address */
		{32, 0, DHCP_FLAG_BROADCAST, 0, "\40abc", 0, true,
			"InfiniBand (hardware type 32, length 0)"},
		{32, 0, 0, 0x0a000001, "\40abc", 0, true,
			"InfiniBand (hardware type 32, length 0)"},
		{32, 0, 0, 0, "\40abc", -EAFNOSUPPORT, true,
			"InfiniBand (hardware type 32, length 0)"},
		{32, 0, DHCP_FLAG_BROADCAST, 0, NULL, -EAFNOSUPPORT, true,
			"InfiniBand (hardware type 32, length 0)"},
		{32, 0, DHCP_FLAG_BROADCAST, 0, "a", -EAFNOSUPPORT, true,
			"InfiniBand (hardware type 32, length 0)"},
		{32, 6, DHCP_FLAG_BROADCAST, 0, "\40abc", 0, true,
			"InfiniBand (hardware type 32, length 6)"},
		{24, 8, DHCP_FLAG_BROADCAST, 0, "\40abc", 0, true,
			"FireWire (hardware type 24, length 8)"},
		{1, 0, DHCP_FLAG_BROADCAST, 0, "\40abc", 0, true,
			"Ethernet without a MAC (hardware type 1, length 0)"},
		{6, 8, 0, 0, "\40abc", -EAFNOSUPPORT, true, "a card (hardware type 6, length 8)"},
	};
	const struct dhcp_reply_head head = {.type = DHCP_OFFER, .server_id = 1};
	uint8_t out[DHCP_REPLY_MAX];
	struct dhcp_reply r;
	char text[DHCP_HARDWARE_TEXT];
	struct mac first = {{0}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin(DHCP_DISCOVER);
		make.buf[1] = table[i].htype;
		make.buf[2] = table[i].hlen;
		dhcp_make_u32_at(&make, MAKE_FLAGS - 2, table[i].flags);
		dhcp_make_u32_at(&make, MAKE_GIADDR, table[i].giaddr);
		if (table[i].id)
			dhcp_make_text(&make, OPT_CLIENT_ID, table[i].id);
		ck_assert_int_eq(decode(), table[i].rc);
		ck_assert_uint_eq(msg.by_id, table[i].by_id);
		if (table[i].text)
			ck_assert_str_eq(dhcp_hardware_text(&msg.hardware, text), table[i].text);
		if (table[i].rc)
			continue;
		/* no station's: it is nobody's by a record, nor a computed one */
		ck_assert_int_eq(msg.mac.b[0] & 1, table[i].by_id);
		ck_assert(mac_eq(&msg.mac, &MAC) != table[i].by_id);
		if (table[i].by_id && mac_is_zero(&first))
			first = msg.mac;
		ck_assert(!table[i].by_id || mac_eq(&msg.mac, &first));
		dhcp_reply_begin(&r, out, &msg, &head);
		ck_assert_int_gt(dhcp_reply_end(&r), 0);
		ck_assert_uint_eq(out[1], table[i].htype);
		ck_assert_uint_eq(out[2], table[i].hlen);
		ck_assert_mem_eq(out + 28, make.buf + 28, 16);
	}
	/* who says who it is by a MAC in its identifier is not taken for that station */
	begin(DHCP_DISCOVER);
	make.buf[1] = 32;
	make.buf[2] = 0;
	dhcp_make_u32_at(&make, MAKE_FLAGS - 2, DHCP_FLAG_BROADCAST);
	dhcp_make_option(&make, OPT_CLIENT_ID, "\1\122\124\300\250\172\3", 7);
	ck_assert_int_eq(decode(), 0);
	ck_assert(!mac_eq(&msg.mac, &MAC) && !mac_eq(&msg.mac, &first));
	/* one that renews has an address to answer to */
	begin(DHCP_REQUEST);
	make.buf[1] = 32;
	make.buf[2] = 0;
	dhcp_make_u32_at(&make, MAKE_CIADDR, 0x0a000001);
	dhcp_make_text(&make, OPT_CLIENT_ID, "\40abc");
	ck_assert_int_eq(decode(), 0);
	ck_assert(mac_eq(&msg.mac, &first));
}
END_TEST

/* RFC 951, 1534: its vendor area may be empty, of options, or of another kind. */
START_TEST(test_bootp)
{
	begin(DHCP_BOOTP);
	make.w.len = DHCP_HEADER;
	dhcp_make_text(&make, OPT_HOSTNAME, "old");
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(msg.type, DHCP_BOOTP);
	ck_assert_str_eq(msg.hostname, "old");
	ck_assert_uint_eq(msg.max_size, 300 + 28);
	writer_zero(&make.w, 400 - make.w.len);
	ck_assert_int_eq(decode_bytes(make.buf, 400), 0);
	ck_assert_uint_eq(msg.max_size, 428);
	make.buf[236] = 1;
	ck_assert_int_eq(decode_bytes(make.buf, 300), 0);
	ck_assert_str_eq(msg.hostname, "");
}
END_TEST

START_TEST(test_relay_words)
{
	static const uint8_t words[] = {1, 3, 'e', 't', 'h', 5, 4, 10, 2, 0, 0, 11, 4, 10, 2, 0, 1};
	static const uint8_t odd[] = {5, 3, 10, 2, 0, 11, 9, 1};

	begin(DHCP_DISCOVER);
	dhcp_make_u32_at(&make, MAKE_GIADDR, 0x0a020001);
	dhcp_make_option(&make, OPT_RELAY_AGENT, words, sizeof(words));
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.link, 0x0a020000);
	ck_assert_uint_eq(msg.server_override, 0x0a020001);
	ck_assert_uint_eq(dhcp_wire_relayed(&msg), 0x0a020000);
	dhcp_make_u32_at(&make, MAKE_GIADDR, 0); /* a client cannot say that of itself */
	ck_assert_int_eq(decode(), 0);
	ck_assert(!msg.link && !msg.server_override && !dhcp_wire_relayed(&msg));
	begin(DHCP_DISCOVER);
	dhcp_make_u32_at(&make, MAKE_GIADDR, 0x0a020001);
	dhcp_make_option(&make, OPT_RELAY_AGENT, odd, sizeof(odd));
	ck_assert_int_eq(decode(), 0);
	ck_assert(!msg.link && !msg.server_override);
	ck_assert_uint_eq(dhcp_wire_relayed(&msg), 0x0a020001);
}
END_TEST

START_TEST(test_lease_wish)
{
	begin(DHCP_DISCOVER);
	dhcp_make_u32(&make, OPT_LEASE_TIME, 0xffffffff);
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.lease_s, 0xffffffff);
	begin(DHCP_DISCOVER);
	dhcp_make_u16(&make, OPT_LEASE_TIME, 9); /* odd, and no reason not to serve it */
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.lease_s, 0);
}
END_TEST

static uint8_t out[DHCP_REPLY_MAX];

static struct dhcp_reply reply_to(struct dhcp_reply_head head)
{
	struct dhcp_reply r;

	memset(out, 0xee, sizeof(out));
	ck_assert_int_eq(decode(), 0);
	head.server_id = 0xc0a87a01;
	dhcp_reply_begin(&r, out, &msg, &head);
	return r;
}

START_TEST(test_reply)
{
	struct dhcp_reply r;
	int len;

	begin(DHCP_DISCOVER);
	writer_patch_u16(&make.w, MAKE_FLAGS, 0x8000);
	dhcp_make_option(&make, OPT_CLIENT_ID, "\377id", 3);
	r = reply_to((struct dhcp_reply_head){.type = DHCP_OFFER,
		.yiaddr = 0xc0a87a03,
		.siaddr = 0xc0a87a01,
		.file = "undionly.kpxe"});
	dhcp_reply_u32(&r, OPT_LEASE_TIME, 3600);
	dhcp_reply_text(&r, OPT_DOMAIN, "");
	len = dhcp_reply_end(&r);
	ck_assert_int_eq(len, DHCP_REPLY_MIN);
	ck_assert_uint_eq(out[0], 2);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 4), 0x1a2b3c4d);
	ck_assert_uint_eq(out[10], 0x80);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), 0xc0a87a03);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 20), 0xc0a87a01);
	ck_assert_mem_eq(out + 28, MAC.b, 6);
	ck_assert_str_eq((char *)out + MAKE_FILE, "undionly.kpxe");
	ck_assert_uint_eq(dhcp_answer_u32(out, (size_t)len, OPT_SERVER_ID), 0xc0a87a01);
	ck_assert_uint_eq(dhcp_answer_u32(out, (size_t)len, OPT_LEASE_TIME), 3600);
	ck_assert(dhcp_answer_says(out, (size_t)len, OPT_TYPE, "\2"));
	ck_assert(dhcp_answer_says(out, (size_t)len, OPT_CLIENT_ID, "\377id"));
	ck_assert(!dhcp_answer_says(out, (size_t)len, OPT_DOMAIN, ""));
}
END_TEST

/* What does not fit is left out; what we must echo always fits. */
START_TEST(test_reply_size)
{
	uint8_t relay[255], id[200];
	char text[256];
	struct dhcp_reply r;
	size_t n, at;
	int len;

	memset(relay, 'r', sizeof(relay));
	memset(id, 'i', sizeof(id));
	memset(text, 't', 255);
	text[255] = '\0';
	for (unsigned max = 0; max < 2000; max += 13) {
		begin(DHCP_DISCOVER);
		dhcp_make_u16(&make, OPT_MAX_SIZE, (uint16_t)max);
		dhcp_make_option(&make, OPT_RELAY_AGENT, relay, sizeof(relay));
		dhcp_make_option(&make, OPT_CLIENT_ID, id, sizeof(id));
		r = reply_to((struct dhcp_reply_head){.type = DHCP_OFFER});
		dhcp_reply_u32(&r, OPT_LEASE_TIME, 3600);
		dhcp_reply_u32(&r, OPT_ROUTER, 1);
		dhcp_reply_text(&r, OPT_DOMAIN, text);
		len = dhcp_reply_end(&r);
		ck_assert_int_gt(len, 0);
		ck_assert_uint_le((size_t)len, msg.max_size - 28u);
		ck_assert_uint_le((size_t)len, DHCP_REPLY_MAX);
		ck_assert_uint_eq(dhcp_answer_u32(out, (size_t)len, OPT_LEASE_TIME), 3600);
		ck_assert_uint_eq(dhcp_answer_u32(out, (size_t)len, OPT_ROUTER), 1);
		ck_assert_ptr_nonnull(
			dhcp_answer_option(out, (size_t)len, OPT_RELAY_AGENT, &n, &at));
		ck_assert_uint_eq(n, sizeof(relay));
		ck_assert_uint_eq(out[at + 2 + n], OPT_END); /* RFC 3046 2.2: the last */
		/* 249 fixed, 6 + 6 + 257 asked for, 257 + 202 echoed, the end, 28 of IP and UDP */
		ck_assert_uint_eq(r.left_out, max < 1006);
	}
	ck_assert(dhcp_answer_says(out, (size_t)len, OPT_DOMAIN, text));
	ck_assert_ptr_nonnull(dhcp_answer_option(out, (size_t)len, OPT_CLIENT_ID, &n, NULL));
}
END_TEST

/* Without a MAC it would not know its answer. */
START_TEST(test_reply_keeps_the_identifier)
{
	uint8_t relay[200], id[200];
	struct dhcp_reply r;
	size_t n;
	int len;

	memset(relay, 'r', sizeof(relay));
	memset(id, 'i', sizeof(id));
	for (size_t i = 0; i < 3; i++) {
		begin(DHCP_DISCOVER);
		make.buf[1] = i ? 32 : 1;
		make.buf[2] = i ? 0 : 6;
		dhcp_make_u32_at(&make, MAKE_GIADDR, 0x0a000001);
		dhcp_make_option(&make, OPT_RELAY_AGENT, relay, i < 2 ? sizeof(relay) : 20);
		dhcp_make_option(&make, OPT_CLIENT_ID, id, sizeof(id));
		r = reply_to((struct dhcp_reply_head){.type = DHCP_OFFER});
		dhcp_reply_u32(&r, OPT_LEASE_TIME, 3600);
		len = dhcp_reply_end(&r);
		ck_assert_int_eq(len > 0, i != 1);
		ck_assert(len < 0 ||
			(i == 2) ==
				!!dhcp_answer_option(out, (size_t)len, OPT_CLIENT_ID, &n, NULL));
	}
}
END_TEST

START_TEST(test_reply_long)
{
	uint8_t bytes[600];
	char name[200];
	struct dhcp_reply r;
	size_t n, at;
	int len;

	memset(bytes, 7, sizeof(bytes));
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	begin(DHCP_DISCOVER);
	dhcp_make_u16(&make, OPT_MAX_SIZE, 1500);
	r = reply_to((struct dhcp_reply_head){.type = DHCP_ACK, .file = name});
	dhcp_reply_text(&r, OPT_BOOTFILE, name);
	dhcp_reply_bytes(&r, OPT_VENDOR, bytes, sizeof(bytes));
	len = dhcp_reply_end(&r);
	ck_assert_int_gt(len, 600);
	ck_assert_uint_eq(out[MAKE_FILE], 0);
	ck_assert(dhcp_answer_says(out, (size_t)len, OPT_BOOTFILE, name));
	/* RFC 3396: 255 + 255 + 90 */
	ck_assert_ptr_nonnull(dhcp_answer_option(out, (size_t)len, OPT_VENDOR, &n, &at));
	ck_assert_uint_eq(n, 255);
	ck_assert_uint_eq(out[at + 257], OPT_VENDOR);
	ck_assert_uint_eq(out[at + 258], 255);
	ck_assert_uint_eq(out[at + 514], OPT_VENDOR);
	ck_assert_uint_eq(out[at + 515], 90);
	/* an echo that does not fit leaves no answer */
	begin(DHCP_DISCOVER);
	for (int i = 0; i < 3; i++)
		dhcp_make_option(&make, OPT_RELAY_AGENT, bytes, 200);
	r = reply_to((struct dhcp_reply_head){.type = DHCP_ACK});
	ck_assert_int_eq(dhcp_reply_end(&r), -EMSGSIZE);
}
END_TEST

START_TEST(test_nak_through_relay)
{
	struct dhcp_reply r;

	begin(DHCP_REQUEST);
	r = reply_to((struct dhcp_reply_head){.type = DHCP_NAK});
	ck_assert_int_gt(dhcp_reply_end(&r), 0);
	ck_assert_uint_eq(out[10], 0);
	begin(DHCP_REQUEST);
	dhcp_make_u32_at(&make, MAKE_GIADDR, 0xc0a87afe);
	r = reply_to((struct dhcp_reply_head){.type = DHCP_NAK});
	ck_assert_int_gt(dhcp_reply_end(&r), 0);
	ck_assert_uint_eq(out[10], 0x80);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 24), 0xc0a87afe);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_wire");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, test_discover);
	tcase_add_test(t, test_request);
	tcase_add_test(t, test_firmware);
	tcase_add_test(t, test_ipxe);
	tcase_add_test(t, test_hostname);
	tcase_add_test(t, test_long_options_are_joined);
	tcase_add_test(t, test_overload);
	tcase_add_test(t, test_lenient);
	tcase_add_test(t, test_malformed);
	tcase_add_test(t, test_header);
	tcase_add_test(t, test_hardware);
	tcase_add_test(t, test_bootp);
	tcase_add_test(t, test_relay_words);
	tcase_add_test(t, test_lease_wish);
	tcase_add_test(t, test_reply);
	tcase_add_test(t, test_reply_size);
	tcase_add_test(t, test_reply_keeps_the_identifier);
	tcase_add_test(t, test_reply_long);
	tcase_add_test(t, test_nak_through_relay);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
