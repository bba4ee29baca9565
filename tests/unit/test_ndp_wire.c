/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/ndp_wire.h"

#include "ndp_make.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct mac OURS = {{0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4}};

static uint8_t frame[256], out[NDP_FRAME_MAX];
static size_t frame_len;
static struct ndp_message msg;

static struct ip ip_of(const char *text)
{
	struct ip ip;

	ck_assert_int_eq(ip_parse(text, &ip), 0);
	return ip;
}

static const char *text_of(const struct ip *ip)
{
	static char text[IP_TEXT];

	return ip_format(ip, text);
}

static const char *mac_text(const struct mac *mac)
{
	static char text[MAC_TEXT];

	return mac_format(mac, text);
}

/* A copy of exact size, so that the sanitizer sees a read past the end. */
static int decode_bytes(const uint8_t *bytes, size_t len, struct ndp_message *ret)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	rc = ndp_wire_decode(copy, len, ret);
	free(copy);
	return rc;
}

static int decode(void)
{
	return decode_bytes(frame, frame_len, &msg);
}

static void load(const uint8_t *bytes, size_t len)
{
	memcpy(frame, bytes, len);
	frame_len = len;
}

static int decode_with(size_t at, uint8_t value)
{
	frame[at] = value;
	ndp_make_right(frame, frame_len);
	return decode();
}

static void add(const void *bytes, size_t len)
{
	memcpy(frame + frame_len, bytes, len);
	frame_len += len;
	ndp_make_right(frame, frame_len);
}

static bool same_way(const struct ndp_way *a, const struct ndp_way *b)
{
	return mac_eq(&a->from_mac, &b->from_mac) && mac_eq(&a->to_mac, &b->to_mac) &&
		ip_eq(&a->from, &b->from) && ip_eq(&a->to, &b->to);
}

START_TEST(solicited)
{
	load(IPXE_RS, sizeof(IPXE_RS));
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(msg.type, NDP_ROUTER_SOLICIT);
	ck_assert_str_eq(mac_text(&msg.way.from_mac), "52:54:c0:a8:7a:02");
	ck_assert_str_eq(mac_text(&msg.way.to_mac), "33:33:00:00:00:02");
	ck_assert_str_eq(text_of(&msg.way.from), "fe80::5054:c0ff:fea8:7a02");
	ck_assert_str_eq(text_of(&msg.way.to), "ff02::2");
	ck_assert(msg.has_link);
	ck_assert(mac_eq(&msg.link, &msg.way.from_mac));
	load(OVMF_RS, sizeof(OVMF_RS));
	ck_assert_int_eq(decode(), 0);
	ck_assert(ip_is_any6(&msg.way.from) && !msg.has_link);
	/* without an address it does not say its MAC either (RFC 4861 6.1.1) */
	add("\1\1\x52\x54\xc0\xa8\x7a\5", 8);
	ck_assert_int_eq(decode(), -EBADMSG);
}
END_TEST

START_TEST(advertised)
{
	load(DNSMASQ_RA, sizeof(DNSMASQ_RA));
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(msg.type, NDP_ROUTER_ADVERT);
	ck_assert(msg.router.managed && msg.router.other);
	ck_assert_uint_eq(msg.router.hop_limit, 64);
	ck_assert_uint_eq(msg.router.lifetime_s, 1800);
	ck_assert_uint_eq(msg.router.mtu, 1500);
	ck_assert_uint_eq(msg.router.n_prefixes, 1);
	ck_assert_str_eq(text_of(&msg.router.prefixes[0].ip), "2001:db8:7a::");
	ck_assert_uint_eq(msg.router.prefixes[0].len, 64);
	ck_assert(msg.router.prefixes[0].on_link && !msg.router.prefixes[0].autonomous);
	ck_assert_uint_eq(msg.router.prefixes[0].valid_s, 3600);
	ck_assert_uint_eq(msg.router.prefixes[0].preferred_s, 3600);
	ck_assert_str_eq(mac_text(&msg.link), "1a:af:18:ee:c1:74");
	ck_assert_uint_eq(msg.router.n_dns, 0);
	/* from an address that is not the link's (RFC 4861 6.1.2) */
	ck_assert_int_eq(decode_with(NDP_AT_FROM, 0x20), -EBADMSG);
}
END_TEST

START_TEST(router_options)
{
	static const char prefix[] = "\3\4\x81\xc0\0\0\0\1\0\0\0\2\0\0\0\0________________";
	static const char dns[] = "\x19\3\0\0\0\0\0\x0b\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1";
	uint8_t many[8 + 16 * 9] = {25, 19, [7] = 12};

	load(DNSMASQ_RA, sizeof(DNSMASQ_RA));
	add(prefix, 32); /* of 129 bits */
	add("\5\2\0\0\0\0\1\1________", 16);
	add("\x19\2\0\0\0\0\0\1________", 16); /* half an address */
	add("\x19\1\0\0\0\0\0\1", 8);
	add("\x1f\2\0\0\0\0\0\7\x08lab", 12);
	add("\0\0\0\0", 4); /* a label past the end */
	add("\x77\1______", 8);
	add(dns, 24);
	add("\x1f\2\0\0\0\0\0\x0d\3lab\0\0\0\0", 16);
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.router.n_prefixes, 1);
	ck_assert_uint_eq(msg.router.mtu, 1500);
	ck_assert_uint_eq(msg.router.n_dns, 1);
	ck_assert_str_eq(text_of(&msg.router.dns[0]), "2001:db8::1");
	ck_assert_uint_eq(msg.router.dns_s, 11);
	ck_assert_str_eq(msg.router.search, "lab");
	ck_assert_uint_eq(msg.router.search_s, 13);
	load(DNSMASQ_RA, 70); /* without its options */
	add(many, sizeof(many));
	ck_assert_int_eq(decode(), 0);
	ck_assert_uint_eq(msg.router.n_dns, NDP_DNS);
	ck_assert_uint_eq(msg.router.dns_s, 12);
	load(DNSMASQ_RA, 70);
	ck_assert_int_eq(decode_with(NDP_AT_BODY + 1, 0x08), 0);
	ck_assert_uint_eq(msg.router.preference, NDP_HIGH);
	ck_assert(!msg.router.managed && !msg.router.other);
	ck_assert_int_eq(decode_with(NDP_AT_BODY + 1, 0x80), 0);
	ck_assert(msg.router.managed && !msg.router.other);
}
END_TEST

START_TEST(neighbours)
{
	load(LINUX_NS, sizeof(LINUX_NS));
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(msg.type, NDP_NEIGHBOUR_SOLICIT);
	ck_assert_str_eq(text_of(&msg.neighbour.target), "fe80::87d:59ff:feff:5167");
	ck_assert(msg.has_link);
	load(OVMF_DAD, sizeof(OVMF_DAD));
	ck_assert_int_eq(decode(), 0);
	ck_assert(ip_is_any6(&msg.way.from) && !msg.has_link);
	ck_assert_str_eq(text_of(&msg.neighbour.target), "fe80::5054:c0ff:fea8:7a05");
	ck_assert_str_eq(text_of(&msg.way.to), "ff02::1:ffa8:7a05");
	/* a probe goes to the solicited node's group, and does not say who asks (RFC 4861 7.1.1) */
	ck_assert_int_eq(decode_with(NDP_AT_TO + 12, 0xfe), -EBADMSG);
	load(OVMF_DAD, sizeof(OVMF_DAD));
	add("\1\1\x52\x54\xc0\xa8\x7a\5", 8);
	ck_assert_int_eq(decode(), -EBADMSG);
	load(OVMF_DAD, sizeof(OVMF_DAD));
	ck_assert_int_eq(decode_with(NDP_AT_BODY + 4, 0xff), -EBADMSG); /* for a group */
	load(LINUX_NA, sizeof(LINUX_NA));
	ck_assert_int_eq(decode(), 0);
	ck_assert_int_eq(msg.type, NDP_NEIGHBOUR_ADVERT);
	ck_assert(msg.neighbour.solicited && !msg.neighbour.is_router);
	ck_assert_str_eq(text_of(&msg.neighbour.target), "fe80::5054:c0ff:fea8:7a03");
	ck_assert(msg.has_link);                                  /* the target's */
	ck_assert_int_eq(decode_with(NDP_AT_TO, 0xff), -EBADMSG); /* solicited by a group (7.1.2) */
	load(LINUX_NA, sizeof(LINUX_NA));
	ck_assert_int_eq(decode_with(NDP_AT_BODY + 4, 0xff), -EBADMSG);
	load(LINUX_NA, sizeof(LINUX_NA));
	ck_assert_int_eq(decode_with(NDP_AT_BODY + 20, 1), 0); /* the source's: not in an answer */
	ck_assert(!msg.has_link);
	load(LINUX_NA, sizeof(LINUX_NA));
	ck_assert_int_eq(decode_with(NDP_AT_BODY, 0xa0), 0);
	ck_assert(msg.neighbour.is_router && !msg.neighbour.solicited && msg.neighbour.overrides);
}
END_TEST

/* Of every type: what all of them need. */
START_TEST(dropped)
{
	const struct ndp_sample *s = &NDP_SAMPLES[_i];

	static const struct {
		size_t at;
		uint8_t value;
		int rc;
	} changes[] = {
		{NDP_AT_ETHERTYPE, 0x08, -ENOMSG}, {NDP_AT_VERSION, 0x40, -ENOMSG},
		{NDP_AT_NEXT, 17, -ENOMSG}, {NDP_AT_TYPE, 132, -ENOMSG},
		{NDP_AT_TYPE, 137, -ENOMSG}, {NDP_AT_HOPS, 254, -EBADMSG},
		{NDP_AT_CODE, 1, -EBADMSG}, {NDP_AT_FROM, 0xff, -EBADMSG},
		{6, 0x53, -EBADMSG}, /* a group says nothing */
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		load(s->bytes, s->len);
		ck_assert_uint_eq(ndp_make_sum(frame, frame_len), 0xffff);
		ck_assert_int_eq(decode_with(changes[i].at, changes[i].value), changes[i].rc);
	}
	load(s->bytes, s->len);
	frame[NDP_AT_SUM] ^= 1;
	ck_assert_int_eq(decode(), -EBADMSG);
	load(s->bytes, s->len);
	add("\x77\0______", 8); /* an option without a length */
	ck_assert_int_eq(decode(), -EBADMSG);
	load(s->bytes, s->len);
	add("\x77\2______", 8); /* past the end */
	ck_assert_int_eq(decode(), -EBADMSG);
	load(s->bytes, s->len);
	add("\x77", 1);
	ck_assert_int_eq(decode(), -EBADMSG);
	for (size_t len = 0; len < s->len; len++)
		ck_assert_int_eq(decode_bytes(s->bytes, len, &msg), -ENOMSG);
	for (size_t len = NDP_AT_BODY; len < s->len; len++) { /* shorter, and it says so */
		load(s->bytes, len);
		ndp_make_right(frame, len);
		ck_assert(decode() == -EBADMSG || (len - NDP_AT_TYPE) % 8 == 0);
	}
}
END_TEST

/* What was heard comes out of the encoder as it came, but for flow labels. */
START_TEST(heard_and_said)
{
	const struct ndp_sample *s = &NDP_SAMPLES[_i];
	struct ndp_message back;
	int len;

	ck_assert_int_eq(decode_bytes(s->bytes, s->len, &msg), 0);
	len = ndp_wire_encode(&msg, out, sizeof(out));
	ck_assert_int_eq(len, (int)s->len);
	ck_assert_int_eq(decode_bytes(out, (size_t)len, &back), 0);
	ck_assert(same_way(&msg.way, &back.way));
	if (msg.type == NDP_ROUTER_ADVERT) /* its options are in another order */
		return;
	load(s->bytes, s->len);
	memset(frame + NDP_AT_VERSION + 1, 0, 3);
	ck_assert_mem_eq(out, frame, s->len);
}
END_TEST

static int encode(size_t size)
{
	memset(out, 0xa5, sizeof(out));
	return ndp_wire_encode(&msg, out, size);
}

static void make_router(void)
{
	struct ip from = ip_of("fe80::1");

	msg = (struct ndp_message){.type = NDP_ROUTER_ADVERT,
		.way = ndp_wire_to_all(&OURS, &from),
		.has_link = true,
		.link = OURS,
		.router = {.hop_limit = 64,
			.managed = true,
			.preference = NDP_LOW,
			.lifetime_s = 1800,
			.reachable_ms = 30000,
			.retransmit_ms = 1000,
			.mtu = 1400,
			.n_prefixes = 2,
			.prefixes = {{.ip = ip_of("2001:db8:7a::"),
					     .len = 64,
					     .on_link = true,
					     .valid_s = NDP_FOREVER,
					     .preferred_s = 14400},
				{.ip = ip_of("fd00::"), .len = 48, .autonomous = true}},
			.n_dns = 2,
			.dns = {ip_of("2001:db8::53"), ip_of("2001:db8::54")},
			.dns_s = 3600,
			.search = "lab.example example",
			.search_s = 7200}};
}

START_TEST(router_round_trip)
{
	struct ndp_message back;
	const struct ndp_router *a = &msg.router, *b = &back.router;
	int len;

	make_router();
	len = encode(sizeof(out));
	/* head, RA, link, MTU, prefixes, DNS, search with 22 bytes of names filled up to 24 */
	ck_assert_int_eq(len, 14 + 40 + 16 + 8 + 8 + 2 * 32 + 40 + 8 + 24);
	ck_assert_uint_eq(ndp_make_sum(out, (size_t)len), 0xffff);
	ck_assert_int_eq(decode_bytes(out, (size_t)len, &back), 0);
	ck_assert(same_way(&msg.way, &back.way));
	ck_assert_str_eq(mac_text(&back.way.to_mac), "33:33:00:00:00:01");
	ck_assert_str_eq(text_of(&back.way.to), "ff02::1");
	ck_assert(back.has_link && mac_eq(&back.link, &OURS));
	ck_assert(b->hop_limit == 64 && b->managed && !b->other && b->preference == NDP_LOW);
	ck_assert(b->lifetime_s == 1800 && b->reachable_ms == 30000 && b->retransmit_ms == 1000);
	ck_assert_uint_eq(b->mtu, 1400);
	ck_assert_uint_eq(b->n_prefixes, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(ip_eq(&a->prefixes[i].ip, &b->prefixes[i].ip));
		ck_assert_uint_eq(a->prefixes[i].len, b->prefixes[i].len);
		ck_assert(a->prefixes[i].on_link == b->prefixes[i].on_link);
		ck_assert(a->prefixes[i].autonomous == b->prefixes[i].autonomous);
		ck_assert_uint_eq(a->prefixes[i].valid_s, b->prefixes[i].valid_s);
		ck_assert_uint_eq(a->prefixes[i].preferred_s, b->prefixes[i].preferred_s);
	}
	ck_assert_uint_eq(b->n_dns, 2);
	ck_assert(ip_eq(&a->dns[1], &b->dns[1]));
	ck_assert_uint_eq(b->dns_s, 3600);
	ck_assert_str_eq(b->search, a->search);
	ck_assert_uint_eq(b->search_s, 7200);
}
END_TEST

START_TEST(no_room)
{
	size_t whole;

	make_router();
	whole = (size_t)encode(sizeof(out));
	for (size_t size = 0; size < whole; size++) {
		ck_assert_int_eq(encode(size), -ENOSPC);
		for (size_t i = size; i < whole; i++)
			ck_assert_uint_eq(out[i], 0xa5);
	}
	ck_assert_int_eq(encode(whole), (int)whole);
	strcpy(msg.router.search, "a..b");
	ck_assert_int_eq(encode(sizeof(out)), -EINVAL);
}
END_TEST

START_TEST(no_router)
{
	static const uint8_t known[] = {0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x02, 0x52, 0x54, 0x00, 0x77,
		0x4b, 0xd4, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 24, 58, 255, 0xfe, 0x80, 0, 0, 0, 0, 0, 0,
		0x50, 0x54, 0x00, 0, 0, 0x77, 0x4b, 0xd4, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54,
		0xc0, 0xff, 0xfe, 0xa8, 0x7a, 0x02, 134, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 1, 1, 0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4};
	static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
	struct ndp_message asked;

	ck_assert_int_eq(ndp_wire_decode(IPXE_RS, sizeof(IPXE_RS), &asked), 0);
	msg = ndp_wire_no_router(&asked, &OURS);
	ck_assert_int_eq(encode(sizeof(out)), sizeof(known));
	ck_assert_uint_eq(ndp_make_sum(out, sizeof(known)), 0xffff);
	out[NDP_AT_SUM] = out[NDP_AT_SUM + 1] = 0;
	ck_assert_mem_eq(out, known, sizeof(known));
	/* this host may be a router by the address that its kernel made of the same MAC */
	ck_assert(out[NDP_AT_FROM + 11] != 0xff || out[NDP_AT_FROM + 12] != 0xfe);
	asked.way.from = ip_of("::");
	msg = ndp_wire_no_router(&asked, &OURS);
	ck_assert_int_eq(encode(sizeof(out)), sizeof(known));
	ck_assert_mem_eq(out, known, 6); /* still to nobody else */
	ck_assert_mem_eq(out + NDP_AT_TO, all_nodes, 16);
	asked.way.from = ip_of("2001:db8::1");
	msg = ndp_wire_no_router(&asked, &OURS);
	ck_assert_int_eq(encode(sizeof(out)), sizeof(known));
	ck_assert_mem_eq(out + NDP_AT_TO, all_nodes, 16);
}
END_TEST

START_TEST(asked_and_claimed)
{
	struct ip target = ip_of("2001:db8:7a::c0a8:7a03"), none = {0}, from = ip_of("fe80::1");
	struct ndp_message asked, back;
	struct mac mac = {{0x52, 0x54, 0, 1, 2, 3}};

	msg = asked = ndp_wire_ask(&OURS, &none, &target);
	ck_assert_int_eq(decode_bytes(out, (size_t)encode(sizeof(out)), &back), 0);
	ck_assert(ip_is_any6(&back.way.from) && !back.has_link);
	ck_assert_str_eq(text_of(&back.way.to), "ff02::1:ffa8:7a03");
	ck_assert_str_eq(mac_text(&back.way.to_mac), "33:33:ff:a8:7a:03");
	ck_assert(ip_eq(&back.neighbour.target, &target));
	msg = ndp_wire_claim(&back, &mac);
	ck_assert_int_eq(decode_bytes(out, (size_t)encode(sizeof(out)), &back), 0);
	ck_assert_str_eq(text_of(&back.way.to), "ff02::1");
	ck_assert(ip_eq(&back.neighbour.target, &target) && mac_eq(&back.link, &mac));
	ck_assert(!back.neighbour.solicited && back.neighbour.overrides);
	msg = asked = ndp_wire_ask(&OURS, &from, &target);
	ck_assert_int_eq(decode_bytes(out, (size_t)encode(sizeof(out)), &back), 0);
	ck_assert(ip_eq(&back.way.from, &from) && mac_eq(&back.link, &OURS));
	msg = ndp_wire_claim(&back, &mac);
	ck_assert_int_eq(decode_bytes(out, (size_t)encode(sizeof(out)), &back), 0);
	ck_assert(ip_eq(&back.way.to, &from) && mac_eq(&back.way.to_mac, &OURS));
	ck_assert(back.neighbour.solicited);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ndp_wire");
	TCase *t = tcase_create("ndp_wire");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(t, solicited);
	tcase_add_test(t, advertised);
	tcase_add_test(t, router_options);
	tcase_add_test(t, neighbours);
	tcase_add_loop_test(t, dropped, 0, N_NDP_SAMPLES);
	tcase_add_loop_test(t, heard_and_said, 0, N_NDP_SAMPLES);
	tcase_add_test(t, router_round_trip);
	tcase_add_test(t, no_room);
	tcase_add_test(t, no_router);
	tcase_add_test(t, asked_and_claimed);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
