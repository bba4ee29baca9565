/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
/*
 * Many DHCP clients in one process, and who of them got what: the labs compare it with the store.
 *
 *     dhcp_load -i LINK [-6] [-n CLIENTS] [-f FIRST] [-r RATE] [-w WINDOW] [-t SECONDS]
 *               [-o ACKS] [-m reboot|renew|release]
 *
 * Client I, from FIRST on, has the MAC 02:00 and I in four bytes. Each goes from DISCOVER to its
 * ACK (RFC 2131 4.4.1), and asks again when there is no answer. RATE clients begin a second, at
 * most WINDOW are under way, after SECONDS it is over. Each ACK becomes a line of the file ACKS,
 * written before it counts; with -m the clients that have a lease there go on with it.
 *
 *     MAC ADDRESS SECONDS SERVER XID ASKED ACKED
 *
 * SECONDS is 0 when the address was given back; ASKED is the time of the first REQUEST, from which
 * the client counts its lease. Last comes one line of NAME=NUMBER. Exit 0: all have what they want.
 * Answers come by broadcast, those to renewals to the address: it must be local there.
 *
 * -6: the same by DHCPv6, from SOLICIT to its REPLY (RFC 8415 18.2), each client in frames from its own MAC; -m reboot is a
 * REBIND. SERVER is its identifier.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
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
#include <unistd.h>

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE };
enum { WAIT_FIRST_US = 500000, WAIT_MOST_US = 4000000, PACKET = 300, OPTIONS = 240 };

/* DHCPv6: types, options, and where things are in a frame */
enum { SOLICIT6 = 1, ADVERTISE6, REQUEST6, RENEW6 = 5, REBIND6, REPLY6, RELEASE6 };
enum { CLIENT_ID6 = 1, SERVER_ID6, IA_NA6, IA_ADDRESS6 = 5, DUID6 = 10 };
enum { IP6 = 14, UDP6 = IP6 + 40, MESSAGE6 = UDP6 + 8, OPTIONS6 = MESSAGE6 + 4, FRAME6 = 200 };

enum mode { GET, REBOOT, RENEW, GIVE_BACK };

struct client {
	uint8_t mac[6];
	uint8_t says; /* DISCOVER or REQUEST; 0: not yet, or it is done */
	uint32_t address,
		server; /* network order; of DHCPv6 `address` only says whether it has one */
	uint8_t address6[16], server6[DUID6];
	int64_t began, asked; /* first DISCOVER (0: there was a second), first REQUEST */
	int64_t again, wait;  /* when it asks again, and how long it waits then */
};

static struct {
	const char *link, *acks;
	enum mode mode;
	bool six;
	uint32_t n, first, rate, window, seconds;
} opt = {.n = 100, .rate = 1000, .window = 500, .seconds = 30};

static struct client *clients;
static uint32_t *under_way, n_under_way, n_begun, xid_base;
static FILE *acks;
static int sock;
static uint32_t n_offers, n_acks, n_naks, n_again, n_done;
static uint32_t *offer_us, n_offer_us; /* how long each took that came to a first DISCOVER */

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Sending */

static uint8_t *put_option(uint8_t *at, uint8_t code, const void *value, uint8_t len)
{
	*at++ = code;
	*at++ = len;
	memcpy(at, value, len);
	return at + len;
}

static void make_packet(const struct client *c, uint8_t type, uint8_t p[PACKET])
{
	static const uint8_t head[] = {1, 1, 6}, magic[] = {99, 130, 83, 99};
	static const uint8_t asks_for[] = {1, 3, 6, 51, 54};
	bool holds = opt.mode >= RENEW; /* and uses it */
	uint32_t xid = htonl(xid_base + (uint32_t)(c - clients));
	uint8_t *at = p + OPTIONS;

	memset(p, 0, PACKET);
	memcpy(p, head, sizeof head);
	memcpy(p + 4, &xid, 4);
	p[10] = holds ? 0 : 0x80; /* broadcast */
	if (holds)
		memcpy(p + 12, &c->address, 4);
	memcpy(p + 28, c->mac, 6);
	memcpy(p + 236, magic, sizeof magic);
	at = put_option(at, 53, &type, 1);
	if (type == REQUEST && !holds)
		at = put_option(at, 50, &c->address, 4);
	if ((type == REQUEST && opt.mode == GET) || type == RELEASE)
		at = put_option(at, 54, &c->server, 4);
	at = put_option(at, 55, asks_for, sizeof asks_for);
	*at = 255;
}

static uint8_t *put_u16(uint8_t *at, unsigned v)
{
	*at++ = (uint8_t)(v >> 8);
	*at++ = (uint8_t)v;
	return at;
}

static uint8_t *put_option6(uint8_t *at, unsigned code, const void *value, unsigned len)
{
	at = put_u16(put_u16(at, code), len);
	memcpy(at, value, len);
	return at + len;
}

static uint8_t *put_ia6(uint8_t *at, const struct client *c, bool holds)
{
	static const uint8_t times[8] = {0};

	at = put_u16(put_u16(at, IA_NA6), holds ? 40 : 12);
	memcpy(at, c->mac + 2, 4);
	memcpy(at + 4, times, 8);
	at += 12;
	if (!holds)
		return at;
	at = put_u16(put_u16(at, IA_ADDRESS6), 24);
	memcpy(at, c->address6, 16);
	memcpy(at + 16, times, 8);
	return at + 24;
}

static uint8_t type6(uint8_t type)
{
	static const uint8_t of_mode[] = {REQUEST6, REBIND6, RENEW6, RELEASE6};

	return type == DISCOVER ? SOLICIT6 : of_mode[opt.mode];
}

/* RFC 8200 8.1 */
static uint16_t sum6(const uint8_t *frame, size_t udp_len)
{
	uint32_t sum = 17 + (uint32_t)udp_len;

	for (size_t i = IP6 + 8; i < UDP6 + udp_len; i++)
		sum += (uint32_t)frame[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum == 0xffff ? sum : ~sum);
}

static size_t make_frame6(const struct client *c, uint8_t type, uint8_t p[FRAME6])
{
	static const uint8_t to[] = {0x33, 0x33, 0, 1, 0, 2}, duid[] = {0, 3, 0, 1};
	uint32_t xid = xid_base + (uint32_t)(c - clients);
	uint8_t *at = p + OPTIONS6, *ip = p + IP6, id[DUID6];
	size_t udp_len;

	memset(p, 0, FRAME6);
	memcpy(p, to, 6);
	memcpy(p + 6, c->mac, 6);
	put_u16(p + 12, ETHERTYPE_IPV6);
	memcpy(id, duid, 4);
	memcpy(id + 4, c->mac, 6);
	at = put_option6(at, CLIENT_ID6, id, DUID6);
	if (type != SOLICIT6 && type != REBIND6)
		at = put_option6(at, SERVER_ID6, c->server6, DUID6);
	at = put_ia6(at, c, type != SOLICIT6);
	at = put_option6(at, 8, "\0", 2);
	udp_len = (size_t)(at - p) - UDP6;
	ip[0] = 0x60;
	put_u16(ip + 4, (unsigned)udp_len);
	ip[6] = 17;
	ip[7] = 64;
	memcpy(ip + 8, "\xfe\x80", 2); /* fe80:: and its MAC, RFC 4291 A */
	memcpy(ip + 16, c->mac, 3);
	memcpy(ip + 19, "\xff\xfe", 2);
	memcpy(ip + 21, c->mac + 3, 3);
	ip[16] ^= 2;
	memcpy(ip + 24, "\xff\2\0\0\0\0\0\0\0\0\0\0\0\1\0\2", 16);
	put_u16(p + UDP6, 546);
	put_u16(p + UDP6 + 2, 547);
	put_u16(p + UDP6 + 4, (unsigned)udp_len);
	p[MESSAGE6] = type;
	p[MESSAGE6 + 1] = (uint8_t)(xid >> 16);
	put_u16(p + MESSAGE6 + 2, xid & 0xffff);
	put_u16(p + UDP6 + 6, sum6(p, udp_len));
	return (size_t)(at - p);
}

static void say6(const struct client *c, uint8_t type)
{
	uint8_t p[FRAME6];
	size_t len = make_frame6(c, type6(type), p);

	if (send(sock, p, len, 0) < 0 && errno != EAGAIN && errno != ENOBUFS)
		err(1, "%s: send", opt.link);
}

/* What does not leave is asked again later, like what is lost on its way. */
static void say(const struct client *c, uint8_t type)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(67),
		.sin_addr.s_addr = opt.mode >= RENEW ? c->server : INADDR_BROADCAST};
	uint8_t p[PACKET];

	if (opt.six) {
		say6(c, type);
		return;
	}
	make_packet(c, type, p);
	if (sendto(sock, p, sizeof p, 0, (struct sockaddr *)&to, sizeof to) < 0 &&
		errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
		err(1, "%s: send", opt.link);
}

static void write_ack(const struct client *c, uint32_t seconds, int64_t now)
{
	char address[INET6_ADDRSTRLEN], server[64] = "";
	const uint8_t *m = c->mac;

	if (opt.six) {
		inet_ntop(AF_INET6, c->address6, address, sizeof address);
		for (size_t i = 0; i < DUID6; i++)
			snprintf(server + 2 * i, 3, "%02x", c->server6[i]);
	} else {
		inet_ntop(AF_INET, &c->address, address, sizeof address);
		inet_ntop(AF_INET, &c->server, server, sizeof server);
	}
	fprintf(acks, "%02x:%02x:%02x:%02x:%02x:%02x %s %u %s %08x %.6f %.6f\n", m[0], m[1], m[2],
		m[3], m[4], m[5], address, seconds, server, xid_base + (uint32_t)(c - clients),
		(double)c->asked / 1e6, (double)now / 1e6);
	if (fflush(acks))
		err(1, "%s", opt.acks);
}

static void turn_to(struct client *c, uint8_t says, int64_t now)
{
	c->says = says;
	c->wait = WAIT_FIRST_US;
	c->again = now + c->wait;
	*(says == REQUEST ? &c->asked : &c->began) = now;
	say(c, says);
}

static void begin(struct client *c, int64_t now)
{
	if (opt.mode != GIVE_BACK) {
		under_way[n_under_way++] = (uint32_t)(c - clients);
		turn_to(c, opt.mode == GET ? DISCOVER : REQUEST, now);
		return;
	}
	say(c, RELEASE); /* without an answer */
	write_ack(c, 0, now);
	n_done++;
}

static void begin_due(int64_t start, int64_t now)
{
	uint64_t due = (uint64_t)(now - start) * opt.rate / 1000000 + 1;

	while (n_begun < opt.n && n_begun < due && n_under_way < opt.window)
		begin(&clients[n_begun++], now);
}

/* Those that are done leave the list; those that waited long enough ask again. */
static void ask_again(int64_t now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n_under_way; i++) {
		struct client *c = &clients[under_way[i]];

		if (!c->says)
			continue;
		under_way[kept++] = under_way[i];
		if (c->again > now)
			continue;
		c->began = 0;
		c->wait = c->wait * 2 > WAIT_MOST_US ? WAIT_MOST_US : c->wait * 2;
		c->again = now + c->wait;
		n_again++;
		say(c, c->says);
	}
	n_under_way = kept;
}

/* Receiving */

static const uint8_t *option(const uint8_t *p, size_t len, uint8_t code, uint8_t size)
{
	for (size_t at = OPTIONS; at + 1 < len && p[at] != 255; at += p[at] ? p[at + 1] + 2u : 1)
		if (p[at] == code && p[at + 1] == size && at + 2 + size <= len)
			return p + at + 2;
	return NULL;
}

static uint32_t number(const uint8_t *at)
{
	uint32_t n = 0;

	if (at)
		memcpy(&n, at, sizeof n);
	return n;
}

/* The address is in the client. */
static void take_offer(struct client *c, int64_t now)
{
	n_offers++;
	if (c->began)
		offer_us[n_offer_us++] = (uint32_t)(now - c->began);
	turn_to(c, REQUEST, now);
}

static void take_ack(struct client *c, uint32_t seconds, int64_t now)
{
	write_ack(c, seconds, now);
	c->says = 0;
	n_acks++;
	n_done++;
}

/* Who is refused what he had is done, without it; who is refused what he was offered begins anew. */
static void take_nak(struct client *c, int64_t now)
{
	n_naks++;
	c->says = 0;
	if (opt.mode == GET)
		turn_to(c, DISCOVER, now);
	else
		n_done++;
	c->began = 0;
}

static void take(const uint8_t *p, size_t len, int64_t now)
{
	const uint8_t *type = option(p, len, 53, 1);
	uint32_t i = len < OPTIONS ? UINT32_MAX : ntohl(number(p + 4)) - xid_base;
	struct client *c = i < n_begun ? &clients[i] : NULL;

	if (!type || !c || p[0] != 2 || memcmp(c->mac, p + 28, 6))
		return;
	if (c->says == DISCOVER && *type == OFFER) {
		c->address = number(p + 16);
		c->server = number(option(p, len, 54, 4));
		take_offer(c, now);
	} else if (c->says == REQUEST && *type == ACK) {
		c->address = number(p + 16); /* whatever it asked for */
		take_ack(c, ntohl(number(option(p, len, 51, 4))), now);
	} else if (c->says == REQUEST && *type == NAK)
		take_nak(c, now);
}

static unsigned u16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* In the options from `at` to `end`; its length in `ret`. */
static const uint8_t *option6(const uint8_t *at, const uint8_t *end, unsigned code, unsigned *ret)
{
	for (; end - at >= 4 && end - at - 4 >= (long)u16(at + 2); at += 4 + u16(at + 2))
		if (u16(at) == code) {
			*ret = u16(at + 2);
			return at + 4;
		}
	return NULL;
}

/* The first address of the first IA that lives: for how many seconds; 0: there is none. */
static uint32_t address6(const uint8_t *p, size_t len, uint8_t ret[16])
{
	unsigned n, m;
	const uint8_t *ia = option6(p + OPTIONS6, p + len, IA_NA6, &n);
	const uint8_t *a = ia && n >= 12 ? option6(ia + 12, ia + n, IA_ADDRESS6, &m) : NULL;

	if (!a || m < 24 || !number(a + 20))
		return 0;
	memcpy(ret, a, 16);
	return ntohl(number(a + 20));
}

/* A whole frame. */
static void take6(const uint8_t *p, size_t len, int64_t now)
{
	struct client *c;
	uint8_t address[16];
	const uint8_t *server;
	uint32_t i, seconds;
	unsigned n = 0;

	if (len < OPTIONS6 || u16(p + 12) != ETHERTYPE_IPV6 || p[IP6 + 6] != 17 ||
		u16(p + UDP6 + 2) != 546)
		return;
	i = (((uint32_t)p[MESSAGE6 + 1] << 16 | u16(p + MESSAGE6 + 2)) - xid_base) & 0xffffff;
	c = i < n_begun ? &clients[i] : NULL;
	if (!c || memcmp(c->mac, p, 6))
		return;
	server = option6(p + OPTIONS6, p + len, SERVER_ID6, &n);
	seconds = address6(p, len, address);
	if (!server || n != DUID6 || (!seconds && p[MESSAGE6] == ADVERTISE6))
		return;
	if (seconds)
		memcpy(c->address6, address, 16);
	if (c->says == DISCOVER && p[MESSAGE6] == ADVERTISE6) {
		memcpy(c->server6, server, DUID6);
		take_offer(c, now);
	} else if (c->says == REQUEST && p[MESSAGE6] == REPLY6) {
		memcpy(c->server6, server, DUID6);
		if (seconds)
			take_ack(c, seconds, now);
		else
			take_nak(c, now);
	}
}

static void receive(void)
{
	uint8_t p[1600];
	ssize_t len;

	while ((len = recv(sock, p, sizeof p, MSG_DONTWAIT)) >= 0)
		(opt.six ? take6 : take)(p, (size_t)len, now_us());
}

/* Setting up */

static void open_socket(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(68)};
	int one = 1, room = 8 << 20;

	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_BROADCAST, &one, sizeof one) < 0 ||
		setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
		setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0 ||
		setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, opt.link,
			(socklen_t)strlen(opt.link)) < 0 ||
		bind(sock, (struct sockaddr *)&any, sizeof any) < 0)
		err(1, "%s", opt.link);
}

static void open_socket6(void)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)if_nametoindex(opt.link)};
	int one = 1, room = 8 << 20;

	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock < 0 ||
		setsockopt(sock, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0 ||
		setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0 ||
		bind(sock, (struct sockaddr *)&at, sizeof at) < 0)
		err(1, "%s", opt.link);
}

static void set_lease(struct client *c, const char *address, unsigned seconds, const char *server)
{
	if (!opt.six) {
		c->address = seconds ? inet_addr(address) : 0;
		c->server = inet_addr(server);
		return;
	}
	c->address = seconds != 0;
	if (inet_pton(AF_INET6, address, c->address6) != 1)
		errx(1, "%s: not an address: %s", opt.acks, address);
	for (size_t i = 0; i < DUID6; i++)
		sscanf(server + 2 * i, "%2hhx", &c->server6[i]);
}

/* Keeps the clients that have a lease in the file: of each its last line counts. */
static void read_leases(void)
{
	FILE *f = fopen(opt.acks, "re");
	char line[256], address[48], server[48];
	unsigned b[4], seconds;
	uint32_t kept = 0;

	if (!f)
		err(1, "%s", opt.acks);
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "02:00:%x:%x:%x:%x %47s %u %47s", &b[0], &b[1], &b[2], &b[3],
			    address, &seconds, server) != 7)
			errx(1, "%s: not a line of ours: %s", opt.acks, line);
		b[0] = (b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]) - opt.first;
		if (b[0] >= opt.n)
			continue;
		set_lease(&clients[b[0]], address, seconds, server);
	}
	fclose(f);
	for (uint32_t i = 0; i < opt.n; i++)
		if (clients[i].address)
			clients[kept++] = clients[i];
	opt.n = kept;
}

static enum mode mode_named(const char *name)
{
	static const char *const names[] = {"get", "reboot", "renew", "release"};

	for (enum mode m = GET; m <= GIVE_BACK; m++)
		if (!strcmp(name, names[m]))
			return m;
	errx(2, "no mode %s", name);
}

static void read_options(int argc, char **argv)
{
	static const char letters[] = "nfrwt";
	uint32_t *const numbers[] = {&opt.n, &opt.first, &opt.rate, &opt.window, &opt.seconds};
	int o;

	while ((o = getopt(argc, argv, "6i:o:m:n:f:r:w:t:")) != -1) {
		if (o == 'i')
			opt.link = optarg;
		else if (o == 'o')
			opt.acks = optarg;
		else if (o == '6')
			opt.six = true;
		else if (o == 'm')
			opt.mode = mode_named(optarg);
		else if (o != '?')
			*numbers[strchr(letters, o) - letters] =
				(uint32_t)strtoul(optarg, NULL, 10);
	}
	if (!opt.link || !opt.n || !opt.rate || optind < argc || (opt.mode && !opt.acks))
		errx(2, "usage: see the head of its source");
}

static int by_size(const void *a, const void *b)
{
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static void report(int64_t us)
{
	uint32_t last = n_offer_us ? n_offer_us - 1 : 0;

	qsort(offer_us, n_offer_us, sizeof *offer_us, by_size);
	printf("clients=%u begun=%u offers=%u acks=%u naks=%u again=%u seconds=%.2f rate=%.0f",
		opt.n, n_begun, n_offers, n_acks, n_naks, n_again, (double)us / 1e6,
		n_acks / ((double)us / 1e6));
	printf(" at_once=%u offer_ms=%.2f offer_99_ms=%.2f offer_most_ms=%.2f\n", n_offer_us,
		offer_us[last / 2] / 1e3, offer_us[last * 99 / 100] / 1e3, offer_us[last] / 1e3);
}

static void prepare(void)
{
	clients = calloc(opt.n, sizeof *clients);
	under_way = calloc(opt.window, sizeof *under_way);
	offer_us = calloc(opt.n, sizeof *offer_us);
	if (!clients || !under_way || !offer_us)
		err(1, "%u clients", opt.n);
	for (uint32_t i = 0; i < opt.n; i++) {
		uint32_t number = htonl(opt.first + i);

		clients[i].mac[0] = 2;
		memcpy(clients[i].mac + 2, &number, 4);
	}
	if (opt.mode)
		read_leases();
	acks = fopen(opt.acks ? opt.acks : "/dev/null", "ae");
	if (!acks)
		err(1, "%s", opt.acks);
	opt.six ? open_socket6() : open_socket();
}

int main(int argc, char **argv)
{
	int64_t start, now;

	read_options(argc, argv);
	prepare();
	start = now = now_us();
	xid_base = (uint32_t)start << 8;
	while (n_done < opt.n && now < start + opt.seconds * INT64_C(1000000)) {
		struct pollfd wait = {.fd = sock, .events = POLLIN};

		begin_due(start, now);
		ask_again(now);
		poll(&wait, 1, 1);
		receive();
		now = now_us();
	}
	report(now - start);
	return n_acks == opt.n || opt.mode == GIVE_BACK ? 0 : 1;
}
