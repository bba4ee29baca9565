/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire6 FILE: frames of every kind that the encoders of dhcp6_wire and ndp_wire make, with every option that they know, as a
 * capture for another program to read. On standard output the name of each, one a line.
 */
#include "../unit/dhcp6_make.h"
#include "../unit/ndp_make.h"
#include "dhcpd/dhcp6_wire.h"
#include "dhcpd/ndp_wire.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ETHER_LEN = 14,
	IPV6_LEN = 40,
	UDP_LEN = 8,
	NEXT_UDP = 17,
	UDP_SUM_AT = ETHER_LEN + IPV6_LEN + 6
};

static const struct mac OURS = {{0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4}};
static const struct mac THEIRS = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static const uint8_t SERVER[] = {0, 3, 0, 1, 0x52, 0x54, 0, 0x77, 0x4b, 0xd4};
static FILE *file;
static struct dhcp6_message msg;
static struct dhcp6_reply reply;
static uint8_t datagram[DHCP6_REPLY_MAX];

static void need(bool right, const char *what)
{
	if (right)
		return;
	fprintf(stderr, "wire6: %s\n", what);
	exit(1);
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	need(ip_parse(text, &ip) == 0, text);
	return ip;
}

/* A capture's numbers are in the writer's own byte order. */
static void put(uint32_t v)
{
	need(fwrite(&v, sizeof(v), 1, file) == 1, "cannot write");
}

static void put_file_head(void)
{
	put(0xa1b2c3d4);
	put(4u << 16 | 2);
	put(0);
	put(0);
	put(65535);
	put(1); /* Ethernet */
}

static void put_frame(const char *name, const uint8_t *frame, size_t len)
{
	put(0);
	put(0);
	put((uint32_t)len);
	put((uint32_t)len);
	need(fwrite(frame, len, 1, file) == 1, "cannot write");
	puts(name);
}

/* RFC 8200 8.1 */
static uint16_t udp_sum(const uint8_t *frame, size_t len)
{
	uint32_t sum = NEXT_UDP + (uint32_t)(len - ETHER_LEN - IPV6_LEN);

	for (size_t i = ETHER_LEN + 8; i < len; i++)
		sum += (uint32_t)frame[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return (uint16_t)(sum ? sum : 0xffff);
}

static void put_datagram(const char *name, const struct ip *to, uint16_t port, size_t len)
{
	struct ip from = ip6_from_mac(&IP6_LINK_LOCAL, &OURS);
	uint8_t frame[ETHER_LEN + IPV6_LEN + UDP_LEN + sizeof(datagram)];
	struct writer w;

	writer_init(&w, frame, sizeof(frame));
	writer_bytes(&w, THEIRS.b, 6);
	writer_bytes(&w, OURS.b, 6);
	writer_u16(&w, 0x86dd);
	writer_u32(&w, 6u << 28);
	writer_u16(&w, (uint16_t)(UDP_LEN + len));
	writer_u8(&w, NEXT_UDP);
	writer_u8(&w, 64);
	writer_bytes(&w, from.b, 16);
	writer_bytes(&w, to->b, 16);
	writer_u16(&w, DHCP6_SERVER_PORT);
	writer_u16(&w, port);
	writer_u16(&w, (uint16_t)(UDP_LEN + len));
	writer_u16(&w, 0);
	writer_bytes(&w, datagram, len);
	need(!w.bad, "no room for a datagram");
	writer_patch_u16(&w, UDP_SUM_AT, udp_sum(frame, w.len));
	put_frame(name, frame, w.len);
}

static void answer(const void *bytes, size_t len, enum dhcp6_type type)
{
	const char *why = "";

	need(dhcp6_wire_decode(bytes, len, &msg, &why) == 0, why);
	dhcp6_reply_begin(&reply, datagram, sizeof(datagram), &msg, type, SERVER, sizeof(SERVER));
}

static void finish(const char *name)
{
	bool relayed = msg.n_relays > 0;
	struct ip to = relayed ? ip_of("2001:db8:7a::2") : ip6_from_mac(&IP6_LINK_LOCAL, &THEIRS);
	int len = dhcp6_reply_end(&reply);

	need(len > 0 && !reply.left_out, name);
	put_datagram(name, &to, relayed ? DHCP6_SERVER_PORT : DHCP6_CLIENT_PORT, (size_t)len);
}

static void put_address(void)
{
	struct dhcp6_ia ia = {.code = OPT6_IA_NA,
		.iaid = msg.n_ias ? msg.ias[0].iaid : 1,
		.t1_s = 1800,
		.t2_s = 2880,
		.n_addresses = 1,
		.addresses = {{ip_of("2001:db8:7a::c0a8:7a03"), 3600, 7200}}};

	dhcp6_reply_ia(&reply, &ia, "");
}

static void put_refused(uint16_t code, enum dhcp6_status status, const char *text)
{
	struct dhcp6_ia ia = {
		.code = code, .iaid = 7, .has_status = true, .status = (uint16_t)status};

	dhcp6_reply_ia(&reply, &ia, text);
}

static void put_network(void)
{
	struct ip dns[] = {ip_of("2001:db8::53"), ip_of("2001:db8::54")};

	dhcp6_reply_addresses(&reply, OPT6_DNS, dns, 2);
	dhcp6_reply_names(&reply, OPT6_DOMAIN_SEARCH, "lab.example example.org");
	dhcp6_reply_ntp(&reply, dns, 2);
}

static void advertise(void)
{
	answer(IPXE_SOLICIT, sizeof(IPXE_SOLICIT), DHCP6_ADVERTISE);
	put_address();
	dhcp6_reply_u8(&reply, OPT6_PREFERENCE, 255);
	dhcp6_reply_text(&reply, OPT6_BOOT_URL, "http://[2001:db8:7a::1]:8067/boot");
	dhcp6_reply_boot_parameters(&reply, (const char *const[]){"a", "bcd"}, 2);
	put_network();
	finish("ADVERTISE");
}

static void replies(void)
{
	answer(OVMF_HTTP_SOLICIT, sizeof(OVMF_HTTP_SOLICIT), DHCP6_REPLY);
	put_address();
	dhcp6_reply_flag(&reply, OPT6_RAPID_COMMIT);
	dhcp6_reply_vendor_class(&reply, 0, "HTTPClient");
	dhcp6_reply_text(&reply, OPT6_BOOT_URL, "http://[2001:db8:7a::1]:8067/shimx64.efi");
	dhcp6_reply_u32(&reply, OPT6_SOL_MAX_RT, 86400);
	dhcp6_reply_u32(&reply, OPT6_INF_MAX_RT, 86400);
	finish("REPLY with an address");
	answer(NETWORKD_SOLICIT, sizeof(NETWORKD_SOLICIT), DHCP6_REPLY);
	put_refused(OPT6_IA_NA, DHCP6_NO_ADDRS_AVAIL, "no address is free");
	put_refused(OPT6_IA_TA, DHCP6_NO_ADDRS_AVAIL, "");
	put_refused(OPT6_IA_PD, DHCP6_NO_PREFIX_AVAIL, "no prefixes here");
	dhcp6_reply_fqdn(&reply, DHCP6_FQDN_S | DHCP6_FQDN_O, "web01.lab.example");
	finish("REPLY without an address");
	answer(OVMF_RELEASE, sizeof(OVMF_RELEASE), DHCP6_REPLY);
	dhcp6_reply_status(&reply, DHCP6_SUCCESS, "released");
	dhcp6_reply_fqdn(&reply, DHCP6_FQDN_N, "web01"); /* a partial name */
	finish("REPLY to RELEASE");
	answer("\x0b\1\2\3", 4, DHCP6_REPLY); /* an INFORMATION-REQUEST of nobody */
	put_network();
	dhcp6_reply_u32(&reply, OPT6_REFRESH_TIME, 3600);
	dhcp6_reply_raw(&reply, "\0\x29\0\x0eMET-1METDST,M3", 18); /* a time zone (RFC 4833) */
	finish("REPLY to INFORMATION-REQUEST");
}

static void relayed(void)
{
	static const char options[] = "\0\x12\0\3if0\0\x25\0\5\0\0\0\x09r\0\x2b\0\2\0\x25"
				      "\0\x87\0\2\2\x23";
	struct ip link = ip_of("2001:db8:7b::1"), peer = ip6_from_mac(&IP6_LINK_LOCAL, &THEIRS);
	static struct dhcp6_make make;

	answer(DHCRELAY_REQUEST, sizeof(DHCRELAY_REQUEST), DHCP6_REPLY);
	put_address();
	put_network();
	finish("REPLY by dhcrelay");
	dhcp6_make_bytes(&make, WIDE_SOLICIT, sizeof(WIDE_SOLICIT));
	for (uint8_t i = 0; i < DHCP6_RELAYS; i++)
		dhcp6_make_wrap(
			&make, DHCP6_RELAY_FORWARD, i, &link, &peer, options, sizeof(options) - 1);
	answer(make.buf, make.w.len, DHCP6_ADVERTISE);
	put_address();
	put_network();
	finish("ADVERTISE by nine relays");
}

static void put_ndp(const char *name, const struct ndp_message *m)
{
	uint8_t frame[NDP_FRAME_MAX];
	int len = ndp_wire_encode(m, frame, sizeof(frame));

	need(len > 0, name);
	put_frame(name, frame, (size_t)len);
}

static void routers(void)
{
	struct ip from = ip6_from_mac(&IP6_LINK_LOCAL, &OURS);
	struct ndp_message asked,
		m = {.type = NDP_ROUTER_ADVERT,
			.way = ndp_wire_to_all(&OURS, &from),
			.has_link = true,
			.link = OURS,
			.router = {.hop_limit = 64,
				.managed = true,
				.other = true,
				.lifetime_s = 1800,
				.mtu = 1400,
				.n_prefixes = 2,
				.prefixes = {{.ip = ip_of("2001:db8:7a::"),
						     .len = 64,
						     .on_link = true,
						     .valid_s = 7200,
						     .preferred_s = 3600},
					{.ip = ip_of("fd00:7a::"),
						.len = 64,
						.on_link = true,
						.autonomous = true,
						.valid_s = NDP_FOREVER,
						.preferred_s = NDP_FOREVER}},
				.n_dns = 2,
				.dns = {ip_of("2001:db8::53"), ip_of("2001:db8::54")},
				.dns_s = 3600,
				.search = "lab.example example.org",
				.search_s = 3600}};

	put_ndp("router advertisement to all", &m);
	need(ndp_wire_decode(IPXE_RS, sizeof(IPXE_RS), &asked) == 0, "iPXE's solicitation");
	put_ndp("router solicitation", &asked);
	m.way = ndp_wire_back(&asked, &OURS, &from);
	put_ndp("router advertisement to one", &m);
	m = ndp_wire_no_router(&asked, &OURS);
	put_ndp("no router here", &m);
}

static void neighbours(void)
{
	struct ip target = ip_of("2001:db8:7a::c0a8:7a03"), none = {0};
	struct ip from = ip6_from_mac(&IP6_LINK_LOCAL, &OURS);
	struct ndp_message probe = ndp_wire_ask(&OURS, &none, &target),
			   ask = ndp_wire_ask(&OURS, &from, &target),
			   to_all = ndp_wire_claim(&probe, &THEIRS),
			   to_one = ndp_wire_claim(&ask, &THEIRS);

	put_ndp("probe", &probe);
	put_ndp("neighbour solicitation", &ask);
	put_ndp("neighbour advertisement to all", &to_all);
	put_ndp("neighbour advertisement to one", &to_one);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: wire6 FILE\n", stderr);
		return 2;
	}
	file = fopen(argv[1], "wb");
	need(file, argv[1]);
	put_file_head();
	advertise();
	replies();
	relayed();
	routers();
	neighbours();
	need(fclose(file) == 0, "cannot write");
	return 0;
}
