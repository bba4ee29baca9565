/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowd tftp|http|idle|take|body SERVER PORT COUNT FIRST: COUNT clients that begin and go no further, eight
 * from each address, FIRST and on. A TFTP client asks for b1 and is silent, an HTTP client sends half a
 * request, an idle one connects, one that takes asks for /boot/big and takes nothing, one with a body sends the first half of a
 * report. Says "ready" when all have begun and stays until it is told to go: on SIGTERM the TFTP clients say ERROR to what
 * came, killed they just go.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EACH = 8,
	CLIENTS = 4096,
	BODY = 524289, /* over half of it */
	PACE_US = 200, /* the server's socket holds some hundred requests */
};

static const char request[] = "\0\1b1\0octet\0blksize\0001468";
static const char half[] = "GET /boot/b1 HTTP/1.1\r\nHost: x\r\nX-Slow: ";

static const char whole[] = "GET /boot/big HTTP/1.1\r\nHost: x\r\n\r\n";

static const char post[] = "POST /m/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n";

static const char error[] = "\0\5\0\0gone";
static int fds[CLIENTS];
static const char body[BODY];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(const char *text, unsigned plus, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
		exit(2);
	a.sin_addr.s_addr = htonl(ntohl(a.sin_addr.s_addr) + plus);
	return a;
}

static const char *saying; /* by TCP */

static int begin(int tftp, const struct sockaddr_in *from, const struct sockaddr_in *server)
{
	int fd = socket(AF_INET, tftp ? SOCK_DGRAM : SOCK_STREAM, 0);
	const struct sockaddr *to = (const struct sockaddr *)server;

	if (fd < 0 || bind(fd, (const struct sockaddr *)from, sizeof *from) < 0)
		die("crowd: socket");
	if (tftp) {
		sendto(fd, request, sizeof request, 0, to, sizeof *server);
		return fd;
	}
	if (saying == whole)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){2048}, sizeof(int));
	if (connect(fd, to, sizeof *server) < 0)
		die("crowd: connect");
	/* it may have been dropped already */
	(void)!send(fd, saying, strlen(saying), MSG_NOSIGNAL);
	if (saying == post)
		(void)!send(fd, body, sizeof body, MSG_NOSIGNAL);
	return fd;
}

static void leave(int fd)
{
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	char buf[2048];

	if (recvfrom(fd, buf, sizeof buf, MSG_DONTWAIT, (struct sockaddr *)&from, &size) > 0)
		sendto(fd, error, sizeof error, 0, (struct sockaddr *)&from, size);
}

int main(int argc, char **argv)
{
	struct rlimit files = {8192, 8192};
	struct sockaddr_in server;
	unsigned count;
	sigset_t term;
	int tftp, got;

	if (argc != 6 || (count = (unsigned)atoi(argv[4])) > CLIENTS)
		return 2;
	/* it waits until we look for it: told just after "ready", we must not miss it */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	setrlimit(RLIMIT_NOFILE, &files);
	tftp = !strcmp(argv[1], "tftp");
	saying = !strcmp(argv[1], "http")  ? half
		: !strcmp(argv[1], "take") ? whole
		: !strcmp(argv[1], "body") ? post
					   : "";
	server = address(argv[2], 0, (uint16_t)atoi(argv[3]));
	for (unsigned i = 0; i < count; i++) {
		struct sockaddr_in from = address(argv[5], i / EACH, 0);

		fds[i] = begin(tftp, &from, &server);
		usleep(PACE_US);
	}
	puts("ready");
	fflush(stdout);
	sigwait(&term, &got);
	for (unsigned i = 0; tftp && i < count; i++)
		leave(fds[i]);
	return 0;
}
