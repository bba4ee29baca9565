/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forger LINK CHADDR SERVER [WORD…]: a DISCOVER of iPXE's in the name of CHADDR, from the card of LINK, and all that DHCP
 * servers say on LINK in the second after it, one line each: "to MAC ADDRESS gives ADDRESS file". Words:
 *
 *     broadcast        the client wants a broadcast answer
 *     pieces           in two IP fragments, the first of which ends before the client's MAC
 *     piece            the first of these alone
 *     badsum           with a UDP checksum that is wrong
 *     xid=NUMBER       of the message
 *     inform=ADDRESS   an INFORM of who has this address
 *     giaddr=ADDRESS   as a relay, from port 67 of the link's own address to SERVER
 *     link=ADDRESS     with a link selection (RFC 3527)
 *     routed           straight to SERVER, from port 68
 *     ciaddr=ADDRESS   which the client says it has
 *     request=ADDRESS  a REQUEST of what SERVER offered
 */
#include "dhcpd/dhcp_frame.h"
#include "tests/unit/dhcp_make.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IP_HEADER = 20, UDP_HEADER = 8, FIRST_PIECE = 24, LISTEN_MS = 1000 };

struct wish {
	bool broadcast, piece, pieces, badsum, routed;
	uint32_t xid, inform, giaddr, link, ciaddr, request, server;
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static uint32_t address(const char *text)
{
	struct ip ip;

	if (ip_parse(text, &ip))
		give_up(text);
	return ip_to_v4(&ip);
}

static struct wish wishes(int n, char **words)
{
	struct wish w = {.xid = (uint32_t)(getpid() << 8 ^ time(NULL))};

	for (int i = 0; i < n; i++) {
		w.broadcast |= !strcmp(words[i], "broadcast");
		w.piece |= !strcmp(words[i], "piece");
		w.pieces |= !strcmp(words[i], "pieces");
		w.badsum |= !strcmp(words[i], "badsum");
		w.routed |= !strcmp(words[i], "routed");
		if (!strncmp(words[i], "xid=", 4))
			w.xid = (uint32_t)strtoul(words[i] + 4, NULL, 10);
		if (!strncmp(words[i], "inform=", 7))
			w.inform = address(words[i] + 7);
		if (!strncmp(words[i], "giaddr=", 7))
			w.giaddr = address(words[i] + 7);
		if (!strncmp(words[i], "ciaddr=", 7))
			w.ciaddr = address(words[i] + 7);
		if (!strncmp(words[i], "request=", 8))
			w.request = address(words[i] + 8);
		if (!strncmp(words[i], "link=", 5))
			w.link = address(words[i] + 5);
	}
	return w;
}

static size_t make(struct dhcp_make *m, const struct mac *client, const struct wish *w)
{
	uint8_t relay[6] = {5, 4};
	uint32_t link = htonl(w->link);
	size_t len;

	memcpy(relay + 2, &link, sizeof link);
	dhcp_make_begin(m, client, w->xid);
	dhcp_make_u8(m, OPT_TYPE,
		w->inform            ? DHCP_INFORM
			: w->request ? DHCP_REQUEST
				     : DHCP_DISCOVER);
	if (w->request) {
		dhcp_make_u32(m, OPT_REQUESTED, w->request);
		dhcp_make_u32(m, OPT_SERVER_ID, w->server);
	}
	dhcp_make_text(m, OPT_USER_CLASS, "iPXE");
	if (w->link)
		dhcp_make_option(m, OPT_RELAY_AGENT, relay, sizeof relay);
	if (w->broadcast)
		writer_patch_u16(&m->w, MAKE_FLAGS, DHCP_FLAG_BROADCAST);
	dhcp_make_u32_at(m, MAKE_CIADDR, w->inform ? w->inform : w->ciaddr);
	dhcp_make_u32_at(m, MAKE_GIADDR, w->giaddr);
	len = dhcp_make_end(m);
	return len < DHCP_REPLY_MIN ? DHCP_REPLY_MIN : len;
}

static void send_routed(const struct dhcp_make *m, size_t len, const struct wish *w)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(w->giaddr ? 67 : 68)},
			   to = {.sin_family = AF_INET,
				   .sin_port = htons(67),
				   .sin_addr.s_addr = htonl(w->server)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) ||
		sendto(fd, m->buf, len, 0, (struct sockaddr *)&to, sizeof to) < 0)
		give_up("a datagram");
	/* open until the end: what comes for it is not refused */
}

static uint16_t sum(const uint8_t *p)
{
	uint32_t n = 0;

	for (int i = 0; i < IP_HEADER; i += 2)
		n += (uint32_t)p[i] << 8 | p[i + 1];
	n = (n & 0xffff) + (n >> 16);
	return (uint16_t) ~(n + (n >> 16));
}

/* `len` bytes of the IP payload at `from`, as a fragment. */
static void send_piece(int fd, const uint8_t *frame, size_t from, size_t len, bool more)
{
	uint8_t piece[1514];
	uint8_t *ip = piece + ETH_HLEN;
	uint16_t total = (uint16_t)(IP_HEADER + len), check;

	memcpy(piece, frame, ETH_HLEN + IP_HEADER);
	memcpy(ip + IP_HEADER, frame + ETH_HLEN + IP_HEADER + from, len);
	ip[2] = (uint8_t)(total >> 8);
	ip[3] = (uint8_t)total;
	ip[4] = ip[5] = 0x42;
	ip[6] = more ? 0x20 : 0;
	ip[7] = (uint8_t)(from / 8);
	ip[10] = ip[11] = 0;
	check = sum(ip);
	ip[10] = (uint8_t)(check >> 8);
	ip[11] = (uint8_t)check;
	if (send(fd, piece, ETH_HLEN + total, 0) < 0)
		give_up("a piece");
}

static void send_frame(
	int fd, const struct mac *own, const struct dhcp_make *m, size_t len, const struct wish *w)
{
	uint8_t frame[DHCP_FRAME_HEADER + sizeof m->buf];
	struct dhcp_frame f = {.from = *own,
		.to = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		.from_ip = w->inform,
		.to_ip = INADDR_BROADCAST,
		.from_port = 68,
		.to_port = 67};
	int size;

	memcpy(frame + DHCP_FRAME_HEADER, m->buf, len);
	size = dhcp_frame_wrap(&f, frame, len);
	frame[ETH_HLEN + IP_HEADER + 6] ^= w->badsum;
	if (w->piece || w->pieces)
		send_piece(fd, frame, 0, FIRST_PIECE, true);
	if (w->pieces) {
		send_piece(fd, frame, FIRST_PIECE, UDP_HEADER + len - FIRST_PIECE, false);
	} else if (!w->piece && send(fd, frame, (size_t)size, 0) < 0) {
		give_up("a frame");
	}
}

static void tell(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETH_HLEN, *udp = ip + IP_HEADER, *bootp = udp + UDP_HEADER;
	struct mac to;
	struct ip at, given;
	char mac[MAC_TEXT], text[IP_TEXT], gives[IP_TEXT];

	if (len < DHCP_FRAME_HEADER + DHCP_HEADER || ip[0] != 0x45 || ip[9] != IPPROTO_UDP ||
		udp[0] || udp[1] != 67 || bootp[0] != 2)
		return;
	memcpy(to.b, frame, sizeof to.b);
	at = ip_from_v4(dhcp_answer_u32_at(ip + 16));
	given = ip_from_v4(dhcp_answer_u32_at(bootp + 16));
	printf("to %s %s gives %s %.128s\n", mac_format(&to, mac), ip_format(&at, text),
		ip_format(&given, gives), (const char *)bootp + 108);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void listen_all(int fd)
{
	int64_t end = now_ms() + LISTEN_MS, left;
	struct pollfd p = {fd, POLLIN, 0};
	uint8_t frame[2048];

	while ((left = end - now_ms()) > 0 && poll(&p, 1, (int)left) >= 0) {
		ssize_t len = recv(fd, frame, sizeof frame, MSG_DONTWAIT);

		if (len > 0)
			tell(frame, (size_t)len);
	}
}

static int open_link(const char *name, struct mac *ret_own)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &r) || bind(fd, (struct sockaddr *)&at, sizeof at))
		give_up(name);
	memcpy(ret_own->b, r.ifr_hwaddr.sa_data, sizeof ret_own->b);
	return fd;
}

int main(int argc, char **argv)
{
	struct dhcp_make m = {0};
	struct mac own, client;
	struct wish w;
	size_t len;
	int fd;

	if (argc < 4 || mac_parse(argv[2], &client)) {
		fprintf(stderr, "usage: forger LINK CHADDR SERVER [WORD...]\n");
		return 2;
	}
	w = wishes(argc - 4, argv + 4);
	w.server = address(argv[3]);
	fd = open_link(argv[1], &own);
	len = make(&m, &client, &w);
	if (w.giaddr || w.routed)
		send_routed(&m, len, &w);
	else
		send_frame(fd, &own, &m, len, &w);
	listen_all(fd);
	return 0;
}
