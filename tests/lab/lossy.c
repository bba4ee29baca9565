/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lossy [-s SEED] [-l LOST] [-d REPEATED] [-r REORDERED] [-u] [-o] SERVER: between TFTP clients,
 * which ask it on port 69, and the server. Of what passes it loses, repeats and puts behind the
 * next one so many in a hundred, by a seeded pattern. -u: only on the way to the server. -o: but
 * OACKs and their answers, for clients that give up at a second one. A request is repeated, never
 * lost: to ask again is the client's affair.
 *
 * On SIGTERM, one line: what it carried and did. "strangers" are answers from a second port of the
 * server: two transfers for one request.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT = 69,
	SESSIONS = 64,
	PACKET = 66000,
	HELD_MS = 20, /* a packet that no other follows goes on then */
	DATA = 3,     /* TFTP opcodes */
	ACK = 4,
	OACK = 6,
};

enum { CLIENT, SERVER };

/* One end of a conversation; `held` waits to leave here. */
struct side {
	int fd;
	struct sockaddr_in peer;
	uint8_t *held;
	size_t held_len;
	int64_t held_until;
};

struct session {
	bool used, answered;
	struct side side[2];
};

static struct {
	unsigned lost, repeated, reordered; /* in a hundred */
	bool up_only, spare_options;
	uint64_t random;
	struct sockaddr_in server;
	int listener;
	struct session sessions[SESSIONS];
	unsigned long n_data, n_lost, n_repeated, n_reordered, n_strangers;
} g;

static volatile sig_atomic_t ended;

static void on_term(int number)
{
	(void)number;
	ended = 1;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* xorshift64 */
static bool one_of(unsigned percent)
{
	g.random ^= g.random << 13;
	g.random ^= g.random >> 7;
	g.random ^= g.random << 17;
	return g.random % 100 < percent;
}

static int udp_socket(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
		die("lossy: socket");
	return fd;
}

static void session_end(struct session *s)
{
	for (int i = CLIENT; i <= SERVER; i++) {
		close(s->side[i].fd);
		free(s->side[i].held);
	}
	*s = (struct session){0};
}

static void send_to(struct side *to, const struct sockaddr_in *peer, const void *bytes, size_t len)
{
	(void)!sendto(to->fd, bytes, len, 0, (const struct sockaddr *)peer, sizeof *peer);
}

static void release(struct side *to)
{
	if (!to->held)
		return;
	send_to(to, &to->peer, to->held, to->held_len);
	free(to->held);
	to->held = NULL;
}

static bool hold(struct side *to, const uint8_t *bytes, size_t len)
{
	if (to->held || !(to->held = malloc(len)))
		return false;
	memcpy(to->held, bytes, len);
	to->held_len = len;
	to->held_until = now_ms() + HELD_MS;
	return true;
}

static bool of_options(const uint8_t *bytes, size_t len)
{
	return len >= 4 && (bytes[1] == OACK || (bytes[1] == ACK && !bytes[2] && !bytes[3]));
}

/* One packet on its way out at `to`, and what happens to it there. */
static void pass(struct side *to, bool touched, const uint8_t *bytes, size_t len)
{
	touched = touched && !(g.spare_options && of_options(bytes, len));
	if (touched && one_of(g.lost)) {
		g.n_lost++;
		return;
	}
	if (touched && one_of(g.reordered) && hold(to, bytes, len)) {
		g.n_reordered++;
		return;
	}
	send_to(to, &to->peer, bytes, len);
	if (touched && one_of(g.repeated)) {
		g.n_repeated++;
		send_to(to, &to->peer, bytes, len);
	}
	release(to);
}

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_addr.s_addr == b->sin_addr.s_addr && a->sin_port == b->sin_port;
}

static struct session *session_of(const struct sockaddr_in *client)
{
	struct session *room = NULL;

	for (struct session *s = g.sessions; s < g.sessions + SESSIONS; s++) {
		if (s->used && same(&s->side[CLIENT].peer, client))
			return s;
		if (!s->used)
			room = s;
	}
	if (!room)
		return NULL;
	room->used = true;
	room->side[CLIENT] = (struct side){.fd = udp_socket(0), .peer = *client};
	room->side[SERVER] = (struct side){.fd = udp_socket(0), .peer = g.server};
	/* so that it hears when the client has closed its port */
	if (connect(room->side[CLIENT].fd, (const struct sockaddr *)client, sizeof *client) < 0)
		die("lossy: connect");
	return room;
}

static void on_request(void)
{
	static uint8_t buf[PACKET];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t n = recvfrom(g.listener, buf, sizeof buf, 0, (struct sockaddr *)&from, &size);
	struct session *s = n > 0 ? session_of(&from) : NULL;

	if (!s)
		return;
	send_to(&s->side[SERVER], &g.server, buf, (size_t)n);
	if (one_of(g.repeated)) {
		g.n_repeated++;
		send_to(&s->side[SERVER], &g.server, buf, (size_t)n);
	}
}

static void from_client(struct session *s)
{
	static uint8_t buf[PACKET];
	ssize_t n = recv(s->side[CLIENT].fd, buf, sizeof buf, 0);

	if (n >= 0)
		pass(&s->side[SERVER], true, buf, (size_t)n);
	else if (errno == ECONNREFUSED)
		session_end(s); /* and the server hears the same of us */
}

static void from_server(struct session *s)
{
	static uint8_t buf[PACKET];
	struct side *side = &s->side[SERVER];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t n = recvfrom(side->fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &size);

	if (n < 2)
		return;
	if (!s->answered) {
		s->answered = true;
		side->peer = from;
	}
	if (!same(&side->peer, &from)) {
		g.n_strangers++;
		return;
	}
	g.n_data += buf[1] == DATA;
	pass(&s->side[CLIENT], !g.up_only, buf, (size_t)n);
}

static void release_late(struct session *s)
{
	for (int i = CLIENT; i <= SERVER; i++)
		if (s->side[i].held && now_ms() >= s->side[i].held_until)
			release(&s->side[i]);
}

/* Waits for one packet, or a moment, and carries it. */
static void turn(void)
{
	struct pollfd fds[1 + 2 * SESSIONS] = {{g.listener, POLLIN, 0}};

	for (int i = 0; i < SESSIONS; i++) {
		struct session *s = &g.sessions[i];

		fds[1 + 2 * i] = (struct pollfd){s->used ? s->side[CLIENT].fd : -1, POLLIN, 0};
		fds[2 + 2 * i] = (struct pollfd){s->used ? s->side[SERVER].fd : -1, POLLIN, 0};
	}
	if (poll(fds, 1 + 2 * SESSIONS, HELD_MS / 2) < 0)
		return;
	if (fds[0].revents)
		on_request();
	for (int i = 0; i < SESSIONS; i++) {
		struct session *s = &g.sessions[i];

		if (fds[2 + 2 * i].revents)
			from_server(s);
		if (fds[1 + 2 * i].revents)
			from_client(s);
		if (s->used)
			release_late(s);
	}
}

static void arguments(int argc, char **argv)
{
	int c;

	g.random = 1;
	while ((c = getopt(argc, argv, "s:l:d:r:uo")) != -1) {
		unsigned value = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;

		if (c == 's')
			g.random = value * UINT64_C(0x9e3779b97f4a7c15) + 1;
		else if (c == 'l')
			g.lost = value;
		else if (c == 'd')
			g.repeated = value;
		else if (c == 'r')
			g.reordered = value;
		else if (c == 'u')
			g.up_only = true;
		else if (c == 'o')
			g.spare_options = true;
		else
			exit(2);
	}
	g.server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
	if (optind + 1 != argc || inet_pton(AF_INET, argv[optind], &g.server.sin_addr) != 1)
		exit(2);
}

int main(int argc, char **argv)
{
	struct sigaction term = {.sa_handler = on_term};

	arguments(argc, argv);
	sigaction(SIGTERM, &term, NULL);
	g.listener = udp_socket(PORT);
	while (!ended)
		turn();
	printf("data %lu lost %lu repeated %lu reordered %lu strangers %lu\n", g.n_data, g.n_lost,
		g.n_repeated, g.n_reordered, g.n_strangers);
	return 0;
}
