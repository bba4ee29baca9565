/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/probe_tftp.h"

#include "core/clock.h"
#include "tftpd/tftp_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TFTP_PORT = 69, PACKET_MAX = TFTP_HEADER + TFTP_BLKSIZE_MAX };

struct transfer {
	const struct probe_tftp *of;
	struct probe_fetch *ret;
	int fd;
	struct sockaddr_in
		peer; /* its port is the server's own for this transfer, once it answered */
	bool answered, over;
	uint16_t block;   /* the last that came */
	uint16_t blksize; /* agreed on */
	size_t head_len;
	uint8_t last[TFTP_SMALL]; /* that we sent */
	int last_len;
};

/* ICMP's word is heard, too (ip(7), IP_RECVERR). */
static int open_socket(void)
{
	int one = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		(void)setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one);
	return fd;
}

static void end(struct transfer *t, enum probe_end e, const char *says)
{
	t->over = true;
	t->ret->end = e;
	snprintf(t->ret->says, sizeof t->ret->says, "%s", says);
}

static void on_errno(struct transfer *t, int error)
{
	if (error == EAGAIN || error == EINTR)
		return;
	if (error == ECONNREFUSED || error == EACCES || error == EPERM)
		end(t, PROBE_REFUSED, strerror(error));
	else
		end(t, error == EHOSTUNREACH ? PROBE_SILENT : PROBE_BROKEN, strerror(error));
}

static void send_last(struct transfer *t)
{
	if (sendto(t->fd, t->last, (size_t)t->last_len, 0, (const struct sockaddr *)&t->peer,
		    sizeof t->peer) < 0)
		on_errno(t, errno);
}

static void say_error(struct transfer *t, enum tftp_error code, const char *text)
{
	uint8_t packet[TFTP_SMALL];
	int n = tftp_wire_error(packet, sizeof packet, code, text);

	if (n > 0)
		(void)!sendto(t->fd, packet, (size_t)n, 0, (const struct sockaddr *)&t->peer,
			sizeof t->peer);
}

static void acknowledge(struct transfer *t)
{
	t->last_len = tftp_wire_ack(t->last, sizeof t->last, t->block);
	send_last(t);
}

static void on_data(struct transfer *t, const struct tftp_packet *p)
{
	size_t room = t->of->head_size - t->head_len;

	if (p->block != (uint16_t)(t->block + 1)) {
		if (p->block == t->block)
			send_last(t); /* our ACK was lost */
		return;
	}
	if (room > p->data_len)
		room = p->data_len;
	memcpy(t->of->head + t->head_len, p->data, room);
	t->head_len += room;
	t->ret->bytes += p->data_len;
	t->block = p->block;
	if (p->data_len < t->blksize) {
		acknowledge(t);
		end(t, PROBE_DONE, "");
	} else if (t->of->most && t->ret->bytes >= t->of->most) {
		say_error(t, TFTP_E_OPTION, "enough");
		t->ret->part = true;
		end(t, PROBE_DONE, "");
	} else {
		acknowledge(t);
	}
}

static void on_oack(struct transfer *t, const struct tftp_packet *p, uint64_t *ret_size)
{
	if (t->block)
		return;
	if (p->options.has_blksize)
		t->blksize = p->options.blksize;
	if (p->options.has_tsize)
		*ret_size = p->options.tsize;
	acknowledge(t);
}

static void on_error(struct transfer *t, const struct tftp_packet *p)
{
	t->ret->status = p->error;
	end(t,
		p->error == TFTP_E_NOT_FOUND        ? PROBE_MISSING
			: p->error == TFTP_E_ACCESS ? PROBE_DENIED
						    : PROBE_STATUS,
		p->text);
}

static void on_packet(struct transfer *t, const uint8_t *bytes, size_t len,
	const struct sockaddr_in *from, uint64_t *ret_size)
{
	struct tftp_packet p;

	if (from->sin_addr.s_addr != t->peer.sin_addr.s_addr ||
		(t->answered && from->sin_port != t->peer.sin_port) ||
		tftp_wire_decode(bytes, len, &p) < 0)
		return;
	t->peer = *from;
	t->answered = true;
	if (p.op == TFTP_DATA)
		on_data(t, &p);
	else if (p.op == TFTP_OACK)
		on_oack(t, &p, ret_size);
	else if (p.op == TFTP_ERROR)
		on_error(t, &p);
}

/* True: something of it came before the time was over. */
static bool wait_one(struct transfer *t, uint64_t *ret_size)
{
	static uint8_t bytes[PACKET_MAX];
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	uint16_t block = t->block;
	ssize_t n;

	if (poll(&p, 1, PROBE_TFTP_WAIT_MS) <= 0)
		return false;
	n = recvfrom(t->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
	if (n < 0)
		on_errno(t, errno);
	else
		on_packet(t, bytes, (size_t)n, &from, ret_size);
	return t->over || t->block != block || !block;
}

static void run(struct transfer *t)
{
	const struct tftp_options o = {
		.has_blksize = true, .blksize = PROBE_TFTP_BLOCK, .has_tsize = true};
	uint64_t announced = 0;
	unsigned silent = 0;

	t->last_len =
		tftp_wire_request(t->last, sizeof t->last, TFTP_RRQ, t->of->name, "octet", &o);
	if (t->last_len < 0) {
		end(t, PROBE_BROKEN, "its name is too long");
		return;
	}
	send_last(t);
	while (!t->over && !(t->of->stop && *t->of->stop)) {
		int64_t until = clock_mono_ms() + PROBE_TFTP_WAIT_MS;
		bool came = false;

		while (!came && !t->over && clock_mono_ms() < until &&
			!(t->of->stop && *t->of->stop))
			came = wait_one(t, &announced);
		silent = came ? 0 : silent + 1;
		if (silent == PROBE_TFTP_TRIES)
			end(t, t->answered ? PROBE_BROKEN : PROBE_SILENT,
				t->answered ? "it fell silent" : "");
		else if (!came && !t->over)
			send_last(t);
	}
	if (t->ret->part && announced)
		t->ret->bytes = announced;
}

size_t probe_tftp_get(const struct probe_tftp *of, struct probe_fetch *ret)
{
	struct transfer t = {.of = of,
		.ret = ret,
		.fd = open_socket(),
		.blksize = TFTP_BLKSIZE_DEFAULT,
		.peer = {.sin_family = AF_INET,
			.sin_port = htons(TFTP_PORT),
			.sin_addr.s_addr = htonl(of->server)}};

	ret->tftp = true;
	if (t.fd < 0) {
		end(&t, PROBE_BROKEN, strerror(errno));
		return 0;
	}
	run(&t);
	if (!t.over)
		end(&t, PROBE_BROKEN, "interrupted");
	close(t.fd);
	return t.head_len;
}
