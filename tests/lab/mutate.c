/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutate IFNAME SERVER SERVER_MAC SECONDS SEED CORPUS: packets that somebody on the wire might send, each one a seed of a fuzzer's
 * corpus (CORPUS/dhcp_wire, tftp_wire, arp_wire, ndp_wire, http_path) with a few bytes changed: DHCP to 67, 68 and 4011, TFTP to
 * 69 and to ports of transfers, ARP, NDP and what is neither, by a packet socket and with right checksums unless those are
 * what was changed; and HTTP requests, whole and broken off. About a thousand a second, by a pattern that SEED repeats.
 *
 * Says at the end how many of each it sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	SEEDS = 512, /* files of a corpus */
	SEED_MAX = 1400,
	FRAME = 1514,
	HEADERS = 14 + 20 + 8,
	HTTP_PORT = 8067,
	HTTP_OPEN = 64, /* connections that are left half-open at a time */
	NAP_US = 1000,
};

enum kind { DHCP, TFTP, ARP, NDP, HTTP, KINDS };

static const char *const corpora[KINDS] = {
	"dhcp_wire", "tftp_wire", "arp_wire", "ndp_wire", "http_path"};

struct seed {
	uint8_t bytes[SEED_MAX];
	size_t n;
};

static struct seed *seeds[KINDS];
static size_t n_seeds[KINDS];
static unsigned long sent[KINDS];
static uint64_t state;
static int packets;
static struct sockaddr_ll link_to;
static struct in_addr server;
static uint8_t server_mac[6];

/* xorshift64* */
static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 32) % below;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void read_seed(int dir, const char *name, enum kind k)
{
	struct seed *s = &seeds[k][n_seeds[k]];
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, s->bytes, sizeof s->bytes);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	s->n = (size_t)n;
	n_seeds[k]++;
}

static void read_corpus(const char *corpus, enum kind k)
{
	char path[4096];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", corpus, corpora[k]);
	d = opendir(path);
	seeds[k] = calloc(SEEDS, sizeof **seeds);
	if (!d || !seeds[k])
		die(path);
	while ((e = readdir(d)) && n_seeds[k] < SEEDS)
		if (*e->d_name != '.')
			read_seed(dirfd(d), e->d_name, k);
	closedir(d);
	if (!n_seeds[k])
		die("an empty corpus");
}

/* One of: another byte, a bit, a byte less, one more, a piece of another seed. */
static void change_once(struct seed *s, enum kind k)
{
	size_t at = s->n ? draw((uint32_t)s->n) : 0;
	const struct seed *other = &seeds[k][draw((uint32_t)n_seeds[k])];
	size_t n;

	switch (draw(5)) {
	case 0:
		s->bytes[at] = (uint8_t)draw(256);
		break;
	case 1:
		s->bytes[at] ^= (uint8_t)(1 << draw(8));
		break;
	case 2:
		if (s->n > 1)
			s->n -= draw((uint32_t)s->n);
		break;
	case 3:
		if (s->n < SEED_MAX)
			s->bytes[s->n++] = (uint8_t)draw(256);
		break;
	default:
		n = other->n < SEED_MAX - at ? other->n : SEED_MAX - at;
		memcpy(s->bytes + at, other->bytes, n);
		s->n = s->n > at + n ? s->n : at + n;
	}
}

static struct seed mutated(enum kind k)
{
	struct seed s = seeds[k][draw((uint32_t)n_seeds[k])];

	for (uint32_t n = draw(6); n; n--)
		change_once(&s, k);
	return s;
}

static uint32_t add_up(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i & 1 ? 0 : 8);
	return sum;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void put_ethernet(uint8_t *f, uint16_t type)
{
	static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};

	memcpy(f, draw(2) ? all : server_mac, 6);
	/* of some 16 cards, so that what is kept of each is kept of several */
	memcpy(f + 6, (uint8_t[]){2, 0, 0, 0, 9, (uint8_t)draw(16)}, 6);
	put16(f + 12, type);
}

static void send_frame(uint8_t *f, size_t n)
{
	if (!draw(64) && n > 14) /* headers too */
		f[draw((uint32_t)(n < HEADERS ? n : HEADERS))] ^= (uint8_t)(1 << draw(8));
	(void)sendto(packets, f, n < 60 ? 60 : n, 0, (struct sockaddr *)&link_to, sizeof link_to);
}

static void send_udp(const struct seed *s, uint16_t from, uint16_t to)
{
	uint8_t f[FRAME] = {0}, *ip = f + 14, *udp = ip + 20;
	uint32_t source = htonl(draw(3) ? 0x0a420100u + draw(256) : draw(2) ? 0 : draw(UINT32_MAX));
	uint32_t dest = draw(2) ? server.s_addr : INADDR_BROADCAST;

	put_ethernet(f, ETHERTYPE_IP);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(28 + s->n));
	ip[8] = 64;
	ip[9] = IPPROTO_UDP;
	memcpy(ip + 12, &source, 4);
	memcpy(ip + 16, &dest, 4);
	put16(ip + 10, fold(add_up(0, ip, 20)));
	put16(udp, from);
	put16(udp + 2, to);
	put16(udp + 4, (uint32_t)(8 + s->n));
	memcpy(udp + 8, s->bytes, s->n);
	put16(udp + 6, fold(add_up(IPPROTO_UDP + 8 + (uint32_t)s->n, ip + 12, 8 + 8 + s->n)));
	send_frame(f, HEADERS + s->n);
}

static void send_plain(const struct seed *s, uint16_t type)
{
	uint8_t f[FRAME] = {0};

	put_ethernet(f, draw(16) ? type : (uint16_t)draw(65536));
	memcpy(f + 14, s->bytes, s->n);
	send_frame(f, 14 + s->n);
}

/* A request of the path; every third is not finished, and its connection stays for a while. */
static void send_http(const struct seed *s)
{
	static int open[HTTP_OPEN];
	static size_t next;
	static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "BREW"};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(HTTP_PORT)};
	char text[SEED_MAX + 64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), n;

	to.sin_addr = server;
	if (fd < 0)
		return;
	(void)connect(fd, (struct sockaddr *)&to, sizeof to);
	usleep(200);
	n = snprintf(text, sizeof text, "%s ", methods[draw(5)]);
	memcpy(text + n, s->bytes, s->n);
	n += (int)s->n;
	n += snprintf(text + n, sizeof text - (size_t)n, " HTTP/1.%u\r\nHost: x\r\n%s", draw(3),
		draw(3) ? "\r\n" : "");
	(void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
	if (open[next])
		close(open[next]);
	open[next] = fd;
	next = (next + 1) % HTTP_OPEN;
}

static void one(void)
{
	static const uint16_t dhcp_to[] = {67, 67, 67, 68, 4011}, dhcp_from[] = {68, 68, 67, 4011};
	enum kind k = (enum kind)draw(KINDS);
	struct seed s = mutated(k);

	if (k == HTTP && draw(8)) /* they cost more than the others together */
		return;
	sent[k]++;
	if (k == DHCP)
		send_udp(&s, dhcp_from[draw(4)], dhcp_to[draw(5)]);
	else if (k == TFTP)
		send_udp(&s, (uint16_t)(1024 + draw(64)),
			draw(4) ? 69 : (uint16_t)(32768 + draw(28232)));
	else if (k == HTTP)
		send_http(&s);
	else
		send_plain(&s, k == ARP ? ETHERTYPE_ARP : ETHERTYPE_IPV6);
}

static void open_packets(const char *ifname)
{
	link_to = (struct sockaddr_ll){.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(ifname),
		.sll_halen = 6};
	packets = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (packets < 0 || !link_to.sll_ifindex)
		die(ifname);
}

int main(int argc, char **argv)
{
	time_t end;

	if (argc != 7 || inet_pton(AF_INET, argv[2], &server) != 1 ||
		sscanf(argv[3], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &server_mac[0], &server_mac[1],
			&server_mac[2], &server_mac[3], &server_mac[4], &server_mac[5]) != 6) {
		fprintf(stderr, "usage: mutate IFNAME SERVER SERVER_MAC SECONDS SEED CORPUS\n");
		return 2;
	}
	end = time(NULL) + atol(argv[4]);
	state = strtoull(argv[5], NULL, 10) * 2 + 1;
	for (int k = 0; k < KINDS; k++)
		read_corpus(argv[6], (enum kind)k);
	open_packets(argv[1]);
	while (time(NULL) < end) {
		for (int i = 0; i < 2; i++)
			one();
		usleep(NAP_US);
	}
	for (int k = 0; k < KINDS; k++)
		printf("%s%s %lu", k ? ", " : "sent: ", corpora[k], sent[k]);
	putchar('\n');
	return 0;
}
