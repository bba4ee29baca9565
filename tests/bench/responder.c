/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * responder ADDRESS: answers DISCOVER and REQUEST on UDP port 67 out of its head: the client's address is a hash of its
 * MAC, nothing is remembered and nothing stored. What perfdhcp reaches against it is perfdhcp's own ceiling.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BATCH = 64,
	SLOT = 1500,
	GIADDR = 24,
	YIADDR = 16,
	CHADDR = 28,
	OPTIONS = 240,
	DISCOVER = 1,
	OFFER = 2,
	REQUEST = 3,
	ACK = 5,
};

static uint8_t bytes[BATCH][SLOT];
static struct sockaddr_in peer[BATCH];
static struct iovec iov[BATCH];
static struct mmsghdr in[BATCH], out[BATCH];

static int message_type(const uint8_t *m, size_t len)
{
	for (size_t at = OPTIONS; at + 2 < len && m[at] != 255; at += m[at] ? 2u + m[at + 1] : 1)
		if (m[at] == 53)
			return m[at + 2];
	return 0;
}

static size_t put_option(uint8_t *m, size_t at, uint8_t code, uint8_t len, const void *value)
{
	m[at] = code;
	m[at + 1] = len;
	memcpy(m + at + 2, value, len);
	return at + 2 + len;
}

/* The answer in the place of the message: its length, or 0 when there is none. */
static size_t answer(uint8_t *m, size_t len, const struct in_addr *server)
{
	static const uint8_t hour[4] = {0, 0, 14, 16}, mask[4] = {255, 252, 0, 0};
	int type = len > OPTIONS ? message_type(m, len) : 0;
	uint8_t kind = type == DISCOVER ? OFFER : ACK;
	size_t at = OPTIONS;

	if (type != DISCOVER && type != REQUEST)
		return 0;
	m[0] = 2;
	memcpy(m + YIADDR, server, 4);
	m[YIADDR + 1] = (uint8_t)(64 | (m[CHADDR + 3] & 3));
	m[YIADDR + 2] = (uint8_t)(m[CHADDR + 4] | 1);
	m[YIADDR + 3] = m[CHADDR + 5];
	at = put_option(m, at, 53, 1, &kind);
	at = put_option(m, at, 54, 4, server);
	at = put_option(m, at, 51, 4, hour);
	at = put_option(m, at, 1, 4, mask);
	m[at] = 255;
	return at + 1;
}

static void serve(int fd, int n, const struct in_addr *server)
{
	unsigned k = 0;

	for (int i = 0; i < n; i++) {
		size_t len = answer(bytes[i], in[i].msg_len, server);

		if (!len)
			continue;
		iov[i].iov_len = len;
		memcpy(&peer[i].sin_addr, bytes[i] + GIADDR, 4);
		peer[i].sin_port = htons(67);
		out[k] = in[i];
		k++;
	}
	for (unsigned done = 0; done < k;) {
		int sent = sendmmsg(fd, out + done, k - done, 0);

		done += sent > 0 ? (unsigned)sent
				 : 1; /* one that cannot be sent holds up no other */
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(67)};
	struct in_addr server;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), n, room = 4 << 20;

	if (argc != 2 || inet_pton(AF_INET, argv[1], &server) != 1) {
		fprintf(stderr, "usage: responder ADDRESS\n");
		return 2;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0) {
		perror("responder: UDP port 67");
		return 1;
	}
	for (;;) {
		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){bytes[i], SLOT};
			in[i].msg_hdr = (struct msghdr){.msg_name = &peer[i],
				.msg_namelen = sizeof peer[i],
				.msg_iov = &iov[i],
				.msg_iovlen = 1};
		}
		n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
		if (n > 0)
			serve(fd, n, &server);
	}
}
