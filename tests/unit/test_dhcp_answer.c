/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_notice.h"

#include "dhcp_make.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static const struct mac MAC = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static struct segment seg;
static struct machine machine;
static struct dhcp_make make;
static struct dhcp_message msg;
static uint8_t out[DHCP_REPLY_MAX];
static size_t out_len;

static void setup(void)
{
	seg = (struct segment){.id = 1,
		.server = ip_from_v4(0xc0a87a01),
		.prefix_len = 24,
		.router = ip_from_v4(0xc0a87a02),
		.n_dns = 2,
		.domain = "lab.example",
		.lease_s = 3600,
		.http_port = 80};
	seg.dns[0] = ip_from_v4(0x01010101);
	seg.dns[1] = ip_from_v4(0x08080808);
	machine = (struct machine){.name = "web01"};
}

static void decode(void)
{
	const char *why;
	size_t len = dhcp_make_end(&make);

	ck_assert_int_eq(dhcp_wire_decode(make.buf, len, &msg, &why), 0);
}

static void ask(uint8_t type, const char *wants)
{
	dhcp_make_begin(&make, &MAC, 1);
	dhcp_make_u8(&make, OPT_TYPE, type);
	if (wants)
		dhcp_make_text(&make, OPT_PARAMETERS, wants);
	decode();
}

static struct dhcp_decision decision(enum dhcp_verdict v)
{
	return (struct dhcp_decision){.verdict = v,
		.machine = &machine,
		.address = ip_from_v4(0xc0a87a03),
		.lease_s = v == DHCP_SEND_INFO || v == DHCP_SEND_BOOTP ? 0 : 3600};
}

static void encode(enum dhcp_verdict v, const struct dhcp_boot *boot)
{
	struct dhcp_policy p = {.msg = &msg, .segment = &seg};
	struct dhcp_decision d = decision(v);
	int len;

	d.reason = v == DHCP_SEND_NAK ? DHCP_NOT_YOURS : DHCP_FINE;
	len = dhcp_answer_encode(&p, &d, boot, out);
	ck_assert_int_gt(len, 0);
	out_len = (size_t)len;
}

static uint32_t u32(uint8_t code)
{
	return dhcp_answer_u32(out, out_len, code);
}

static bool says(uint8_t code, const char *text)
{
	return dhcp_answer_says(out, out_len, code, text);
}

static bool has(uint8_t code)
{
	size_t n;

	return dhcp_answer_option(out, out_len, code, &n, NULL);
}

START_TEST(test_all_when_nothing_is_listed)
{
	size_t n;
	const uint8_t *dns;

	ask(DHCP_DISCOVER, NULL);
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(says(OPT_TYPE, "\2"));
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), 0xc0a87a03);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 20), 0); /* siaddr */
	ck_assert_uint_eq(u32(OPT_NETMASK), 0xffffff00);
	ck_assert_uint_eq(u32(OPT_ROUTER), 0xc0a87a02);
	ck_assert_uint_eq(u32(OPT_BROADCAST), 0xc0a87aff);
	ck_assert_uint_eq(u32(OPT_LEASE_TIME), 3600);
	ck_assert_uint_eq(u32(OPT_RENEWAL), 1800);
	ck_assert_uint_eq(u32(OPT_REBINDING), 3150);
	ck_assert_uint_eq(u32(OPT_SERVER_ID), 0xc0a87a01);
	ck_assert(says(OPT_HOSTNAME, "web01"));
	ck_assert(says(OPT_DOMAIN, "lab.example"));
	dns = dhcp_answer_option(out, out_len, OPT_DNS, &n, NULL);
	ck_assert(dns && n == 8 && dns[0] == 1 && dns[4] == 8);
	for (unsigned code = 60; code < 255; code++)
		ck_assert(!has((uint8_t)code));
}
END_TEST

START_TEST(test_only_what_is_listed)
{
	ask(DHCP_REQUEST, "\3\17"); /* router and domain */
	encode(DHCP_SEND_ACK, NULL);
	ck_assert(says(OPT_TYPE, "\5"));
	ck_assert(has(OPT_ROUTER) && has(OPT_DOMAIN) && has(OPT_LEASE_TIME) && has(OPT_NETMASK));
	ck_assert(!has(OPT_DNS) && !has(OPT_HOSTNAME) && !has(OPT_BROADCAST));
	ck_assert(!has(OPT_RENEWAL) && !has(OPT_REBINDING));
	seg.router = (struct ip){0};
	seg.domain[0] = '\0';
	encode(DHCP_SEND_ACK, NULL);
	ck_assert(!has(OPT_ROUTER) && !has(OPT_DOMAIN));
}
END_TEST

/* ROMs of 2000 to 2012 read on to the next NUL, whatever the option's length says. */
static bool is_c_string(uint8_t code, const char *text)
{
	size_t n;
	const uint8_t *p = dhcp_answer_option(out, out_len, code, &n, NULL);

	return p && n == strlen(text) + 1 && !strcmp((const char *)p, text);
}

START_TEST(test_boot)
{
	struct dhcp_boot b = {.boots = true,
		.next_server = 0xc0a87a01,
		.file = "undionly.kpxe",
		.vendor_class = "PXEClient",
		.vendor = (const uint8_t *)"\6\1\10\377",
		.vendor_len = 4,
		.tftp = true};

	ask(DHCP_DISCOVER, "\1\3");
	encode(DHCP_SEND_OFFER, &b);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 20), 0xc0a87a01);
	ck_assert_str_eq((char *)out + MAKE_FILE, "undionly.kpxe");
	ck_assert(says(OPT_VENDOR_CLASS, "PXEClient"));
	ck_assert(says(OPT_VENDOR, "\6\1\10\377"));
	ck_assert(!has(OPT_BOOTFILE) && !has(OPT_TFTP_SERVER) && !has(OPT_IPXE));
	ask(DHCP_DISCOVER, "\102\103"); /* 66, 67 */
	encode(DHCP_SEND_OFFER, &b);
	ck_assert(is_c_string(OPT_BOOTFILE, "undionly.kpxe"));
	ck_assert(is_c_string(OPT_TFTP_SERVER, "192.168.122.1"));
	b.boots = false;
	encode(DHCP_SEND_OFFER, &b);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 20), 0);
	ck_assert_uint_eq(out[MAKE_FILE], 0);
	ck_assert(!has(OPT_VENDOR_CLASS) && !has(OPT_VENDOR) && !has(OPT_BOOTFILE));
}
END_TEST

START_TEST(test_ipxe)
{
	struct dhcp_boot b = {.boots = true,
		.next_server = 0xc0a87a01,
		.vendor_class = "",
		.file = "http://192.168.122.1/m/x/boot.ipxe",
		.no_proxy = true};

	ask(DHCP_DISCOVER, "\1\3\103\102");
	encode(DHCP_SEND_OFFER, &b);
	ck_assert(says(OPT_IPXE, "\260\1\1"));
	ck_assert(says(OPT_BOOTFILE, b.file)); /* a URL is not for old ROMs */
	ck_assert_str_eq((char *)out + MAKE_FILE, b.file);
	ck_assert(!has(OPT_TFTP_SERVER) && !has(OPT_VENDOR_CLASS) && !has(OPT_VENDOR));
}
END_TEST

/* RFC 3396: two would be read as one name of twice the length. */
START_TEST(test_long_name_once)
{
	struct dhcp_boot b = {
		.boots = true, .next_server = 0xc0a87a01, .vendor_class = "", .tftp = true};
	size_t n, at;

	memset(b.file, 'n', DHCP_FILE_FIELD);
	for (int wants = 0; wants < 2; wants++) {
		ask(DHCP_DISCOVER, wants ? "\1\103" : "\1");
		encode(DHCP_SEND_OFFER, &b);
		ck_assert_uint_eq(out[MAKE_FILE], 0);
		ck_assert_ptr_nonnull(dhcp_answer_option(out, out_len, OPT_BOOTFILE, &n, &at));
		ck_assert_uint_eq(n, DHCP_FILE_FIELD + 1); /* and its NUL */
		out[at] = 224;                             /* the next one is found then */
		ck_assert(!has(OPT_BOOTFILE));
	}
	/* RFC 3396 splits what is longer than one option, which ROMs do not join */
	memset(b.file, 'n', DHCP_FILE_MAX);
	ask(DHCP_DISCOVER, "\1\103");
	encode(DHCP_SEND_OFFER, &b);
	ck_assert_ptr_nonnull(dhcp_answer_option(out, out_len, OPT_BOOTFILE, &n, &at));
	ck_assert_uint_eq(n, DHCP_FILE_MAX);
	ck_assert_uint_ne(out[at + 2 + n], OPT_BOOTFILE);
	b.file[DHCP_FILE_FIELD - 1] = '\0';
	ask(DHCP_DISCOVER, "\1");
	encode(DHCP_SEND_OFFER, &b);
	ck_assert_str_eq((char *)out + MAKE_FILE, b.file);
	ck_assert(!has(OPT_BOOTFILE));
}
END_TEST

START_TEST(test_nak_says_nothing_else)
{
	struct dhcp_boot b = {
		.boots = true, .next_server = 1, .file = "x", .vendor_class = "PXEClient"};

	ask(DHCP_REQUEST, NULL);
	encode(DHCP_SEND_NAK, &b);
	ck_assert(says(OPT_TYPE, "\6"));
	ck_assert(has(OPT_MESSAGE) && has(OPT_SERVER_ID));
	ck_assert(!has(OPT_LEASE_TIME) && !has(OPT_NETMASK) && !has(OPT_VENDOR_CLASS));
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), 0);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 20), 0);
}
END_TEST

/* RFC 2131 4.3.5: no lease time, and no address. */
START_TEST(test_info)
{
	dhcp_make_begin(&make, &MAC, 1);
	dhcp_make_u32_at(&make, MAKE_CIADDR, 0xc0a87a09);
	dhcp_make_u8(&make, OPT_TYPE, DHCP_INFORM);
	decode();
	encode(DHCP_SEND_INFO, NULL);
	ck_assert(says(OPT_TYPE, "\5"));
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 12), 0xc0a87a09);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), 0);
	ck_assert(!has(OPT_LEASE_TIME) && !has(OPT_RENEWAL) && has(OPT_ROUTER));
}
END_TEST

/* The verdict, and where the client's segment is, come through. */
START_TEST(test_route)
{
	struct dhcp_message m = {.type = DHCP_REQUEST, .mac = MAC, .ciaddr = 0xc0a87a03};
	struct dhcp_policy p = {.msg = &m, .segment = &seg};
	struct dhcp_decision d = decision(DHCP_SEND_ACK);

	ck_assert(!dhcp_answer_route(&p, &d).frame);
	d = decision(DHCP_SEND_NAK);
	ck_assert(dhcp_answer_route(&p, &d).frame);
	seg.via = 2;
	ck_assert(!dhcp_answer_route(&p, &d).frame);
	m.type = DHCP_DISCOVER;
	d = decision(DHCP_SEND_OFFER);
	ck_assert(dhcp_answer_route(&p, &d).frame);
}
END_TEST

static bool is_bytes(uint8_t code, const void *expected, size_t len)
{
	size_t n;
	const uint8_t *p = dhcp_answer_option(out, out_len, code, &n, NULL);

	return p && n == len && memcmp(p, expected, n) == 0;
}

static void add_route(uint32_t to, uint8_t prefix_len, uint32_t gateway)
{
	seg.extra.routes[seg.extra.n_routes++] = (struct segment_route){to, gateway, prefix_len};
}

/* RFC 3442 */
START_TEST(test_classless_routes)
{
	static const uint8_t routes[] = {8, 10, 192, 168, 122, 9, 0, 192, 168, 122, 2};
	static const uint8_t longer[] = {
		23, 10, 1, 2, 192, 168, 122, 9, 32, 10, 9, 8, 7, 0, 0, 0, 0};

	ask(DHCP_DISCOVER, "\3\171\371");
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(has(OPT_ROUTER) && !has(OPT_CLASSLESS_ROUTES) && !has(OPT_MS_ROUTES));
	add_route(0x0a000000, 8, 0xc0a87a09);
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(is_bytes(OPT_CLASSLESS_ROUTES, routes, sizeof(routes)));
	ck_assert(is_bytes(OPT_MS_ROUTES, routes, sizeof(routes)));
	ck_assert(!has(OPT_ROUTER)); /* it is among them */
	ask(DHCP_DISCOVER, "\3");
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(has(OPT_ROUTER) && !has(OPT_CLASSLESS_ROUTES) && !has(OPT_MS_ROUTES));
	ask(DHCP_DISCOVER, NULL);
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(has(OPT_ROUTER) && !has(OPT_CLASSLESS_ROUTES));
	seg.extra.n_routes = 0;
	seg.router = (struct ip){0};
	add_route(0x0a010200, 23, 0xc0a87a09);
	add_route(0x0a090807, 32, 0); /* on the link */
	ask(DHCP_DISCOVER, "\3\171");
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(is_bytes(OPT_CLASSLESS_ROUTES, longer, sizeof(longer)));
}
END_TEST

START_TEST(test_extra)
{
	strcpy(seg.extra.search, "lab.example b");
	seg.extra.mtu = 1450;
	seg.extra.ntp[seg.extra.n_ntp++] = ip_from_v4(0x0a000001);
	memcpy(seg.extra.options.bytes, "\144\3UTC\374\1x", 8);
	seg.extra.options.len = 8;
	ask(DHCP_DISCOVER, "\1");
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(!has(OPT_MTU) && !has(OPT_NTP) && !has(OPT_DOMAIN_SEARCH) && !has(100));
	ask(DHCP_DISCOVER, "\32\52\167\144");
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert(is_bytes(OPT_MTU, "\5\252", 2));
	ck_assert_uint_eq(u32(OPT_NTP), 0x0a000001);
	ck_assert(is_bytes(OPT_DOMAIN_SEARCH, "\3lab\7example\0\1b", 16));
	ck_assert(says(100, "UTC") && !has(252));
	ask(DHCP_DISCOVER, NULL);
	encode(DHCP_SEND_ACK, NULL);
	ck_assert(has(OPT_MTU) && has(OPT_NTP) && has(OPT_DOMAIN_SEARCH));
	ck_assert(says(100, "UTC") && says(252, "x"));
	encode(DHCP_SEND_NAK, NULL);
	ck_assert(!has(OPT_MTU) && !has(OPT_NTP) && !has(OPT_DOMAIN_SEARCH) && !has(100));
}
END_TEST

/* RFC 8925 3.3, RFC 3442: to who lists them, and to nobody else. */
START_TEST(test_only_to_who_asks)
{
	memcpy(seg.extra.options.bytes, "\154\4\0\0\7\10\237\4\0\0\0\0", 12);
	seg.extra.options.len = 12;
	seg.extra.routes[seg.extra.n_routes++] = (struct segment_route){0x0a000000, 0xc0a87a09, 8};
	for (int bootp = 0; bootp < 2; bootp++) {
		ask(DHCP_DISCOVER, NULL);
		encode(bootp ? DHCP_SEND_BOOTP : DHCP_SEND_OFFER, NULL);
		ck_assert(!has(108) && !has(159) && !has(121) && !has(249));
	}
	ask(DHCP_DISCOVER, "\1\3");
	encode(DHCP_SEND_ACK, NULL);
	ck_assert(!has(108) && !has(159) && !has(121) && !has(249));
	ask(DHCP_DISCOVER, "\1\154");
	encode(DHCP_SEND_ACK, NULL);
	ck_assert(is_bytes(108, "\0\0\7\10", 4) && !has(159));
	ask(DHCP_DISCOVER, "\237\171\371");
	encode(DHCP_SEND_ACK, NULL);
	ck_assert(!has(108) && has(159) && has(121) && has(249));
	ask(DHCP_INFORM, NULL);
	encode(DHCP_SEND_INFO, NULL);
	ck_assert(!has(108));
}
END_TEST

/* RFC 3396: what is longer than one option goes in several, to be joined. */
START_TEST(test_long_option)
{
	static struct dhcp_message back;
	const char *why;
	size_t n;

	memset(seg.extra.search, 'a', SEGMENT_SEARCH - 1);
	for (size_t i = 1; i < SEGMENT_SEARCH - 1; i += 2)
		seg.extra.search[i] = ' ';
	dhcp_make_begin(&make, &MAC, 1);
	dhcp_make_u8(&make, OPT_TYPE, DHCP_DISCOVER);
	dhcp_make_text(&make, OPT_PARAMETERS, "\167");
	dhcp_make_u16(&make, OPT_MAX_SIZE, 1400);
	decode();
	encode(DHCP_SEND_OFFER, NULL);
	out[0] = 1; /* as if it were a client's, to have it decoded */
	ck_assert_int_eq(dhcp_wire_decode(out, out_len, &back, &why), -ENOMSG);
	ck_assert(dhcp_wire_option(&back, OPT_DOMAIN_SEARCH, &n));
	ck_assert_uint_eq(n, 3 * 127);
}
END_TEST

START_TEST(test_server_override)
{
	static const uint8_t words[] = {11, 4, 10, 2, 0, 1, 1, 1, 'x'};

	dhcp_make_begin(&make, &MAC, 1);
	dhcp_make_u32_at(&make, MAKE_GIADDR, 0xc0a87a02);
	dhcp_make_u8(&make, OPT_TYPE, DHCP_DISCOVER);
	dhcp_make_option(&make, OPT_RELAY_AGENT, words, sizeof(words));
	decode();
	encode(DHCP_SEND_OFFER, NULL);
	ck_assert_uint_eq(u32(OPT_SERVER_ID), 0x0a020001);
	ck_assert(is_bytes(OPT_RELAY_AGENT, words, sizeof(words)));
}
END_TEST

START_TEST(test_bootp)
{
	dhcp_make_begin(&make, &MAC, 1);
	decode();
	encode(DHCP_SEND_BOOTP, NULL);
	ck_assert_uint_eq(out_len, 300);
	ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), 0xc0a87a03);
	ck_assert(has(OPT_NETMASK) && has(OPT_ROUTER) && has(OPT_DNS));
	ck_assert(!has(OPT_TYPE) && !has(OPT_SERVER_ID) && !has(OPT_LEASE_TIME));
	ck_assert(!has(OPT_RENEWAL) && !has(OPT_REBINDING));
}
END_TEST

/* RFC 2131 4.3.1, table 3; the client-id as RFC 6842 3 has it. */
START_TEST(test_table_3)
{
	static const struct {
		enum dhcp_verdict verdict;
		enum dhcp_type asks, type;
		bool ciaddr, yiaddr, boots;
		const char *must, *must_not; /* options' codes */
	} table[] = {
		{DHCP_SEND_OFFER, DHCP_DISCOVER, DHCP_OFFER, false, true, true, "\63\65\66\75\122",
			"\62\67\71"},
		{DHCP_SEND_ACK, DHCP_REQUEST, DHCP_ACK, true, true, true, "\63\65\66\75\122",
			"\62\67\71"},
		{DHCP_SEND_INFO, DHCP_INFORM, DHCP_ACK, true, false, true, "\65\66\75\122",
			"\62\63\67\71\72\73"},
		{DHCP_SEND_NAK, DHCP_REQUEST, DHCP_NAK, false, false, false, "\65\66\70\75\122",
			"\62\63\67\71\72\73\1\3\6\14\17\32\34\52\53\102\103\171\226\257"},
	};
	const struct dhcp_boot boot = {
		.boots = true, .next_server = 0xc0a87a01, .file = "f", .vendor_class = ""};

	seg.extra.mtu = 1400;
	add_route(0x0a000000, 8, 0xc0a87a09);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		dhcp_make_begin(&make, &MAC, 0x01020304);
		make.buf[3] = 3;                                     /* hops */
		dhcp_make_u32_at(&make, MAKE_FLAGS - 2, 0x00098000); /* secs, flags */
		dhcp_make_u32_at(&make, MAKE_CIADDR, 0xc0a87a03);
		dhcp_make_u32_at(&make, MAKE_GIADDR, 0xc0a87a02);
		dhcp_make_u8(&make, OPT_TYPE, (uint8_t)table[i].asks);
		dhcp_make_u32(&make, OPT_REQUESTED, 0xc0a87a03);
		dhcp_make_u16(&make, OPT_MAX_SIZE, 1000);
		dhcp_make_text(&make, OPT_CLIENT_ID, "id");
		dhcp_make_text(&make, OPT_RELAY_AGENT, "relay");
		decode();
		encode(table[i].verdict, &boot);
		ck_assert_uint_eq(dhcp_answer_u32_at(out), 0x02010600); /* op htype hlen hops */
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 4), 0x01020304);
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 8), 0x00008000);
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 12), table[i].ciaddr ? 0xc0a87a03 : 0);
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 16), table[i].yiaddr ? 0xc0a87a03 : 0);
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 20), table[i].boots ? 0xc0a87a01 : 0);
		ck_assert_uint_eq(dhcp_answer_u32_at(out + 24), 0xc0a87a02);
		ck_assert_mem_eq(out + 28, MAC.b, 6);
		ck_assert_uint_eq(out[MAKE_SNAME], 0);
		ck_assert_uint_eq(out[MAKE_FILE], table[i].boots ? 'f' : 0);
		ck_assert_uint_eq(out[DHCP_HEADER + 2], table[i].type);
		for (const char *c = table[i].must; *c; c++)
			ck_assert_msg(has((uint8_t)*c), "%zu: %u", i, (uint8_t)*c);
		for (const char *c = table[i].must_not; *c; c++)
			ck_assert_msg(!has((uint8_t)*c), "%zu: %u", i, (uint8_t)*c);
	}
}
END_TEST

START_TEST(test_notices)
{
	static struct dhcp_notices n;
	struct mac m = MAC;
	int64_t now = 1000000;
	unsigned said = 0;

	ck_assert(dhcp_notice_due(&n, 1, &m, now));
	ck_assert(!dhcp_notice_due(&n, 1, &m, now + DHCP_NOTICE_MS - 1));
	ck_assert(dhcp_notice_due(&n, 2, &m, now));
	ck_assert(dhcp_notice_due(&n, 1, &m, now + DHCP_NOTICE_MS));
	/* a flood of made-up MACs */
	now += 10 * DHCP_NOTICE_MS;
	for (unsigned i = 0; i < 10000; i++) {
		m.b[4] = (uint8_t)(i >> 8);
		m.b[5] = (uint8_t)i;
		said += dhcp_notice_due(&n, 1, &m, now);
	}
	ck_assert_uint_eq(said, DHCP_NOTICE_MOST);
}
END_TEST

START_TEST(test_notices_several)
{
	static struct dhcp_notices n = {.each = 3, .most = 5};
	struct mac m = MAC;
	int64_t now = 1000000;

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(dhcp_notice_due(&n, 1, &m, now + i), i < 3);
	m.b[5]++;
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(dhcp_notice_due(&n, 1, &m, now + i), i < 2);
	ck_assert(dhcp_notice_due(&n, 1, &m, now + DHCP_NOTICE_MS));
}
END_TEST

START_TEST(test_meter)
{
	struct dhcp_meter m = {0};

	ck_assert_uint_eq(dhcp_meter_due(&m, 5000), 1);
	ck_assert_uint_eq(dhcp_meter_due(&m, 5001), 0);
	ck_assert_uint_eq(dhcp_meter_due(&m, 14999), 0);
	ck_assert_uint_eq(dhcp_meter_due(&m, 15000), 3);
	ck_assert_uint_eq(dhcp_meter_due(&m, 40000), 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_answer");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, test_all_when_nothing_is_listed);
	tcase_add_test(t, test_only_what_is_listed);
	tcase_add_test(t, test_boot);
	tcase_add_test(t, test_ipxe);
	tcase_add_test(t, test_long_name_once);
	tcase_add_test(t, test_nak_says_nothing_else);
	tcase_add_test(t, test_info);
	tcase_add_test(t, test_route);
	tcase_add_test(t, test_classless_routes);
	tcase_add_test(t, test_extra);
	tcase_add_test(t, test_only_to_who_asks);
	tcase_add_test(t, test_long_option);
	tcase_add_test(t, test_server_override);
	tcase_add_test(t, test_bootp);
	tcase_add_test(t, test_table_3);
	tcase_add_test(t, test_notices);
	tcase_add_test(t, test_notices_several);
	tcase_add_test(t, test_meter);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
