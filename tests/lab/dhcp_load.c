/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
/*
 * Many DHCP clients in one process, and who of them got what: the labs compare it with the store.
 *
 *     dhcp_load -i LINK [-n CLIENTS] [-f FIRST] [-r RATE] [-w WINDOW] [-t SECONDS]
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
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
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

enum mode { GET, REBOOT, RENEW, GIVE_BACK };

struct client {
	uint8_t mac[6];
	uint8_t says;             /* DISCOVER or REQUEST; 0: not yet, or it is done */
	uint32_t address, server; /* network order */
	int64_t began, asked;     /* first DISCOVER (0: there was a second), first REQUEST */
	int64_t again, wait;      /* when it asks again, and how long it waits then */
};

static struct {
	const char *link, *acks;
	enum mode mode;
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

/* What does not leave is asked again later, like what is lost on its way. */
static void say(const struct client *c, uint8_t type)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(67),
		.sin_addr.s_addr = opt.mode >= RENEW ? c->server : INADDR_BROADCAST};
	uint8_t p[PACKET];

	make_packet(c, type, p);
	if (sendto(sock, p, sizeof p, 0, (struct sockaddr *)&to, sizeof to) < 0 &&
		errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
		err(1, "%s: send", opt.link);
}

static void write_ack(const struct client *c, uint32_t seconds, int64_t now)
{
	char address[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];
	const uint8_t *m = c->mac;

	inet_ntop(AF_INET, &c->address, address, sizeof address);
	inet_ntop(AF_INET, &c->server, server, sizeof server);
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

static void take_offer(struct client *c, const uint8_t *p, size_t len, int64_t now)
{
	n_offers++;
	if (c->began)
		offer_us[n_offer_us++] = (uint32_t)(now - c->began);
	c->address = number(p + 16);
	c->server = number(option(p, len, 54, 4));
	turn_to(c, REQUEST, now);
}

static void take_ack(struct client *c, const uint8_t *p, size_t len, int64_t now)
{
	c->address = number(p + 16); /* whatever it asked for */
	write_ack(c, ntohl(number(option(p, len, 51, 4))), now);
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
	if (c->says == DISCOVER && *type == OFFER)
		take_offer(c, p, len, now);
	else if (c->says == REQUEST && *type == ACK)
		take_ack(c, p, len, now);
	else if (c->says == REQUEST && *type == NAK)
		take_nak(c, now);
}

static void receive(void)
{
	uint8_t p[1500];
	ssize_t len;

	while ((len = recv(sock, p, sizeof p, MSG_DONTWAIT)) >= 0)
		take(p, (size_t)len, now_us());
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

/* Keeps the clients that have a lease in the file: of each its last line counts. */
static void read_leases(void)
{
	FILE *f = fopen(opt.acks, "re");
	char line[256], address[16], server[16];
	unsigned b[4], seconds;
	uint32_t kept = 0;

	if (!f)
		err(1, "%s", opt.acks);
	while (fgets(line, sizeof line, f)) {
		struct client *c;

		if (sscanf(line, "02:00:%x:%x:%x:%x %15s %u %15s", &b[0], &b[1], &b[2], &b[3],
			    address, &seconds, server) != 7)
			errx(1, "%s: not a line of ours: %s", opt.acks, line);
		b[0] = (b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]) - opt.first;
		if (b[0] >= opt.n)
			continue;
		c = &clients[b[0]];
		c->address = seconds ? inet_addr(address) : 0;
		c->server = inet_addr(server);
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

	while ((o = getopt(argc, argv, "i:o:m:n:f:r:w:t:")) != -1) {
		if (o == 'i')
			opt.link = optarg;
		else if (o == 'o')
			opt.acks = optarg;
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
	open_socket();
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
