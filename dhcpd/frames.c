/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/frames.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 16 }; /* frames a wake-up: a flood must not hold up the clients' packets */

bool frame_is_for(const struct sockaddr_ll *from, unsigned ifindex)
{
	return (unsigned)from->sll_ifindex == ifindex && from->sll_pkttype != PACKET_OUTGOING &&
		from->sll_pkttype != PACKET_OTHERHOST;
}

static void readable(struct loop_fd *w, uint32_t events)
{
	struct frames *f = w->arg;
	uint8_t frame[FRAMES_MAX];

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		ssize_t len =
			recvfrom(f->fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &size);

		if (len < 0)
			return;
		if (frame_is_for(&from, f->ifindex))
			f->heard(f->arg, frame, (size_t)len);
	}
}

/* Protocol 0 until all is in place: nothing else gets into its queue. */
static int open_socket(
	unsigned ifindex, uint16_t ethertype, int (*prepare)(int, unsigned), int *ret)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ethertype),
		.sll_ifindex = (int)ifindex};
	int rc, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	rc = prepare ? prepare(fd, ifindex) : 0;
	if (!rc && bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		rc = -errno;
	if (rc)
		close(fd);
	else
		*ret = fd;
	return rc;
}

int frames_open(struct frames *f, uint16_t ethertype, int (*prepare)(int, unsigned))
{
	int fd = -1, rc = open_socket(f->ifindex, ethertype, prepare, &fd);

	if (rc)
		return rc;
	rc = loop_watch(f->loop, &f->watch, fd, EPOLLIN, readable, f);
	if (rc)
		close(fd);
	else
		f->fd = fd;
	return rc;
}

void frames_close(struct frames *f)
{
	if (f->fd < 0)
		return;
	loop_unwatch(f->loop, &f->watch);
	close(f->fd);
	*f = FRAMES_CLOSED;
}
