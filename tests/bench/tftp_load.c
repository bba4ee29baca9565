/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many TFTP clients in one process, each with a socket and an address of its own.
 *
 *     tftp_load [-n CLIENTS] [-b BLKSIZE] [-w WINDOWSIZE] [-s SOURCE] [-t SECONDS]
 *               [-h SECONDS] [-p PID] [-g] SERVER NAME COPY
 *
 * All ask at once for NAME; what comes is compared with COPY, a local file, to its last byte. Client
 * I sends from the address SOURCE + I (a route of type local makes them ours). What has not ended
 * after SECONDS (60) has failed. With -h nobody acknowledges data in the first SECONDS: all
 * transfers are then under way together, and can be looked at. With -g the kernel hands over each
 * packet by itself, as firmware takes them, not segmented windows whole (UDP_GRO).
 *
 * Says one line of NAME=NUMBER: clients, done, failed; bytes of those done, us from the first
 * request to the last end; again: requests and ACKs repeated for want of an answer; gaps: ACKs that
 * asked for lost blocks; twice: blocks that came again; gro: 1 where the kernel hands over several
 * blocks at a time; cpu_ns: the time that PID's threads took on processors, those that ended
 * included. Exit 0: none failed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RRQ = 1, DATA = 3, ACK, ERROR, OACK };
enum {
	BATCH = 32,
	SLOT = 65536,       /* what one recvmmsg() slot takes: 64 blocks of a segmented window */
	ROOM = 1 << 20,     /* a socket's buffer: a window of 64 blocks that come one by one */
	AGAIN_US = 1000000, /* as firmware: a second */
	TICK_MS = 50,
	TOLD_MOST = 5, /* failures whose reason is told */
};

struct client {
	int fd;
	bool connected, over, gap; /* gap: the missing block was asked for */
	uint16_t window;
	size_t blksize, got;   /* bytes that came, in order */
	uint64_t block, acked; /* the last that came in order, the last acknowledged */
	int64_t again;         /* when it repeats what it said */
};

static struct {
	const char *server, *name;
	uint32_t clients, source; /* SOURCE in host order, 0: any */
	unsigned blksize, window, seconds, hold;
	pid_t pid;
} opt = {.clients = 1, .blksize = 512, .window = 1, .seconds = 60};

static struct client *clients;
static const uint8_t *copy;
static size_t copy_len;
static int64_t now, began, ended; /* us; `now` is renewed after each wait */
static uint32_t n_over, n_done, n_again, n_gaps, n_twice;
static int gro = 1;
static uint8_t slots[BATCH][SLOT];

static void look_at_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static unsigned number(const char *text, unsigned most)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*end || end == text || v > most)
		errx(2, "%s: a number up to %u is wanted", text, most);
	return (unsigned)v;
}

/* --- what a client says --------------------------------------------------------------------- */

static void finish(struct client *c, const char *why)
{
	static unsigned told;

	if (why && told++ < TOLD_MOST)
		warnx("client %td at block %llu: %s", c - clients, (unsigned long long)c->block,
			why);
	close(c->fd);
	c->over = true;
	n_over++;
	n_done += !why;
	ended = now;
}

/* What does not leave is said again later. */
static void say(struct client *c, const void *packet, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(69)};

	inet_pton(AF_INET, opt.server, &to.sin_addr);
	(void)sendto(c->fd, packet, len, 0, c->connected ? NULL : (struct sockaddr *)&to,
		c->connected ? 0 : sizeof to);
	c->again = now + AGAIN_US;
}

static void ask(struct client *c)
{
	char packet[512] = {0, RRQ};
	int len = 2 +
		snprintf(
			packet + 2, 256, "%s%coctet%cblksize%c%u", opt.name, 0, 0, 0, opt.blksize) +
		1;

	if (opt.window > 1)
		len += snprintf(packet + len, 64, "windowsize%c%u", 0, opt.window) + 1;
	say(c, packet, (size_t)len);
}

static void acknowledge(struct client *c)
{
	uint8_t packet[4] = {0, ACK, (uint8_t)(c->block >> 8), (uint8_t)c->block};

	c->acked = c->block;
	say(c, packet, sizeof packet);
}

static bool holding(const struct client *c)
{
	return opt.hold && c->block && now < began + (int64_t)opt.hold * 1000000;
}

/* --- what it is told ------------------------------------------------------------------------ */

/* RFC 2347: names and values that the server agrees to; one it leaves out does not hold. */
static void on_oack(struct client *c, const uint8_t *p, size_t len)
{
	const char *at = (const char *)p + 2, *end = (const char *)p + len;

	if (c->block)
		return; /* an old one: the first block has come */
	if (len < 3 || end[-1])
		return finish(c, "an OACK that is cut short");
	while (at < end) {
		const char *value = at + strlen(at) + 1;

		if (value >= end)
			return finish(c, "an OACK that is cut short");
		if (!strcasecmp(at, "blksize"))
			c->blksize = number(value, opt.blksize);
		else if (!strcasecmp(at, "windowsize"))
			c->window = (uint16_t)number(value, opt.window);
		at = value + strlen(value) + 1;
	}
	acknowledge(c);
}

/* RFC 7440: a gap is told once, by the ACK of the last block before it; the server goes on from
 * there. */
static void on_other(struct client *c, int16_t ahead)
{
	if (ahead <= 0) {
		n_twice++;
	} else if (!c->gap) {
		c->gap = true;
		n_gaps++;
		acknowledge(c);
	}
}

static void on_data(struct client *c, const uint8_t *p, size_t len)
{
	int16_t ahead = (int16_t)((p[2] << 8 | p[3]) - (uint16_t)c->block);
	size_t n = len - 4, left = copy_len - c->got;

	if (ahead != 1)
		return on_other(c, ahead);
	if (n > c->blksize || n != (left < c->blksize ? left : c->blksize))
		return finish(c, "a block of a wrong length");
	if (memcmp(p + 4, copy + c->got, n))
		return finish(c, "content that differs");
	c->block++;
	c->got += n;
	c->gap = false;
	c->again = now + AGAIN_US;
	if (n < c->blksize) {
		acknowledge(c);
		return finish(c, NULL);
	}
	if (c->block - c->acked >= c->window && !holding(c))
		acknowledge(c);
}

static void on_packet(struct client *c, const uint8_t *p, size_t len)
{
	char why[128];

	if (len < 4 || p[0])
		return finish(c, "a packet that is none of TFTP");
	if (p[1] == DATA)
		return on_data(c, p, len);
	if (p[1] == OACK)
		return on_oack(c, p, len);
	snprintf(why, sizeof why, "ERROR %u: %.*s", p[3], (int)(len - 4), (const char *)p + 4);
	finish(c, why);
}

/* --- sockets -------------------------------------------------------------------------------- */

static void client_init(struct client *c, int poll)
{
	uint32_t source = opt.source ? opt.source + (uint32_t)(c - clients) : INADDR_ANY;
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	int room = ROOM;

	*c = (struct client){.blksize = 512, .window = 1};
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		err(1, "socket of client %td", c - clients);
	if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0)
		err(1, "address %s", inet_ntoa(from.sin_addr));
	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (gro && setsockopt(c->fd, SOL_UDP, UDP_GRO, &gro, sizeof gro) < 0)
		gro = 0;
	if (epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &e) < 0)
		err(1, "epoll");
}

/* The length of each packet in a message that is several of them (UDP_GRO). */
static size_t each(struct msghdr *m, size_t len)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		int size;

		if (h->cmsg_level != SOL_UDP || h->cmsg_type != UDP_GRO)
			continue;
		memcpy(&size, CMSG_DATA(h), sizeof size);
		return (size_t)size;
	}
	return len ? len : 1;
}

/* The first answer tells the server's port of this transfer (RFC 1350, 4). */
static void on_message(struct client *c, struct mmsghdr *m, const uint8_t *bytes)
{
	size_t len = m->msg_len, size = each(&m->msg_hdr, len);

	if (!c->connected)
		c->connected = !connect(c->fd, m->msg_hdr.msg_name, m->msg_hdr.msg_namelen);
	for (size_t at = 0; at < len && !c->over; at += size)
		on_packet(c, bytes + at, len - at < size ? len - at : size);
}

static void receive(struct client *c)
{
	struct mmsghdr m[BATCH];
	struct iovec v[BATCH];
	struct sockaddr_in from[BATCH];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(int))];
	int n;

	for (int i = 0; i < BATCH; i++) {
		v[i] = (struct iovec){slots[i], SLOT};
		m[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
			.msg_namelen = sizeof from[i],
			.msg_iov = &v[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof control[i]};
	}
	n = recvmmsg(c->fd, m, BATCH, 0, NULL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return finish(c, strerror(errno));
	for (int i = 0; i < n && !c->over; i++)
		on_message(c, &m[i], slots[i]);
}

/* --- the run -------------------------------------------------------------------------------- */

static void on_time(void)
{
	for (struct client *c = clients; c < clients + opt.clients; c++) {
		if (c->over || (c->block > c->acked && holding(c)))
			continue;
		if (opt.hold && c->block - c->acked >= c->window) {
			acknowledge(c); /* the hold is over */
		} else if (now >= c->again) {
			n_again++;
			c->connected ? acknowledge(c) : ask(c);
		}
	}
}

static void run(int poll)
{
	struct epoll_event e[64];
	int64_t tick = 0, end = began + (int64_t)opt.seconds * 1000000;

	while (n_over < opt.clients && now < end) {
		int n = epoll_wait(poll, e, 64, TICK_MS);

		look_at_clock();
		for (int i = 0; i < n; i++)
			receive(e[i].data.ptr);
		if (now < tick)
			continue;
		on_time();
		tick = now + TICK_MS * 1000;
	}
	for (struct client *c = clients; c < clients + opt.clients; c++)
		if (!c->over)
			finish(c, "out of time");
}

/* The process's own clock counts its threads that ended too, which /proc does not tell exactly. */
static int64_t cpu_ns(void)
{
	struct timespec t;
	clockid_t clock;

	if (!opt.pid || clock_getcpuclockid(opt.pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void options(int argc, char **argv)
{
	struct in_addr source;

	for (int o; (o = getopt(argc, argv, "n:b:w:s:t:h:p:g")) > 0;) {
		if (o == 'n')
			opt.clients = number(optarg, 10000);
		else if (o == 'b')
			opt.blksize = number(optarg, 65464);
		else if (o == 'w')
			opt.window = number(optarg, 1024);
		else if (o == 't')
			opt.seconds = number(optarg, 3600);
		else if (o == 'h')
			opt.hold = number(optarg, 60);
		else if (o == 'g')
			gro = 0;
		else if (o == 'p')
			opt.pid = (pid_t)number(optarg, 1u << 22);
		else if (o != 's' || inet_pton(AF_INET, optarg, &source) != 1)
			errx(2, "usage: the head of tests/bench/tftp_load.c");
		else
			opt.source = ntohl(source.s_addr);
	}
	if (argc - optind != 3 || inet_pton(AF_INET, argv[optind], &source) != 1)
		errx(2, "SERVER NAME COPY are wanted");
	opt.server = argv[optind];
	opt.name = argv[optind + 1];
}

static void map_copy(const char *path)
{
	int fd = open(path, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err(1, "%s", path);
	copy_len = (size_t)st.st_size;
	copy = mmap(NULL, copy_len + 1, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (copy == MAP_FAILED)
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	struct rlimit files = {20000, 20000};
	int poll = epoll_create1(0);
	int64_t cpu;

	options(argc, argv);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	map_copy(argv[optind + 2]);
	clients = calloc(opt.clients, sizeof *clients);
	if (poll < 0 || !clients)
		err(1, "start");
	for (uint32_t i = 0; i < opt.clients; i++)
		client_init(&clients[i], poll);
	cpu = cpu_ns();
	look_at_clock();
	began = ended = now;
	for (uint32_t i = 0; i < opt.clients; i++)
		ask(&clients[i]);
	run(poll);
	usleep(100000); /* the server's last threads end */
	printf("clients=%u done=%u failed=%u bytes=%llu us=%lld again=%u gaps=%u twice=%u gro=%d "
	       "cpu_ns=%lld\n",
		opt.clients, n_done, opt.clients - n_done, (unsigned long long)n_done * copy_len,
		(long long)(ended - began), n_again, n_gaps, n_twice, gro,
		(long long)(cpu_ns() - cpu));
	return n_done == opt.clients ? 0 : 1;
}
