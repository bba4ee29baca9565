/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_origin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FRAMES = 512, /* read at a time: more than the socket holds */
	XID = 4,      /* RFC 2131 2 */
	CHADDR = 28,
};

/* Straight from a client (giaddr 0), and chaddr is not the frame's source. A first fragment that ends before chaddr would
 * hide it: those of real hosts are as long as their link allows. They are looked for first, since a filter that reads
 * past a frame's end lets nothing through. */
static const char FILTER[] = "(ip proto 17 and ip[6:2] & 0x3fff = 0x2000 and ip[2:2] < 100)"
			     " or (ip and udp dst port 67 and udp[32:4] = 0 and"
			     " (ether[6:4] != udp[36:4] or ether[10:2] != udp[40:2]))";

bool dhcp_origin_decode(const void *frame, size_t len, struct dhcp_mark *ret)
{
	struct reader r;
	uint8_t version;

	reader_init(&r, frame, len);
	reader_skip(&r, ETH_HLEN);
	version = reader_u8(&r);
	if (r.bad || version >> 4 != 4)
		return false;
	reader_skip(&r, (version & 15u) * 4u - 1 + 8 + XID);
	*ret = (struct dhcp_mark){.xid = reader_u32(&r)};
	reader_skip(&r, CHADDR - XID - 4);
	reader_copy(&r, ret->client.b, sizeof(ret->client.b));
	if (r.bad)
		*ret = (struct dhcp_mark){.any = true};
	return true;
}

void dhcp_marks_lose(struct dhcp_marks *ms, int64_t now)
{
	ms->lost = now;
}

static bool counts(int64_t at, int64_t now)
{
	return at && now - at < DHCP_ORIGIN_MS;
}

void dhcp_marks_add(struct dhcp_marks *ms, const struct dhcp_mark *m, int64_t now)
{
	struct dhcp_mark *slot = &ms->marks[ms->next++ % DHCP_ORIGIN_MARKS];

	if (counts(slot->at, now))
		dhcp_marks_lose(ms, now);
	*slot = *m;
	slot->at = now;
}

bool dhcp_marks_take(struct dhcp_marks *ms, const struct dhcp_message *m, int64_t now)
{
	if (counts(ms->lost, now))
		return true;
	for (size_t i = 0; i < DHCP_ORIGIN_MARKS; i++) {
		struct dhcp_mark *mark = &ms->marks[i];

		if (!counts(mark->at, now))
			continue;
		if (mark->any)
			return true;
		if (mark->xid == m->xid && mac_eq(&mark->client, &m->mac)) {
			mark->at = 0;
			return true;
		}
	}
	return false;
}

/* Before it is bound, so that nothing else gets into its queue. */
static int set_filter(int fd)
{
	struct pcap *p = pcap_open_dead(DLT_EN10MB, DHCP_ORIGIN_FRAME);
	struct bpf_program program;
	struct sock_fprog kernel;
	int rc = -EINVAL;

	if (!p)
		return -ENOMEM;
	if (pcap_compile(p, &program, FILTER, 1, PCAP_NETMASK_UNKNOWN) == 0) {
		/* the same eight bytes an instruction, by two names */
		kernel.len = (unsigned short)program.bf_len;
		kernel.filter = (struct sock_filter *)(void *)program.bf_insns;
		rc = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &kernel, sizeof(kernel)) < 0
			? -errno
			: 0;
		pcap_freecode(&program);
	}
	pcap_close(p);
	return rc;
}

/* The kernel counts those for which there was no room since it was asked last. */
static bool lost_some(int fd)
{
	struct tpacket_stats stats = {0};
	socklen_t size = sizeof(stats);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) < 0 ||
		stats.tp_drops > 0;
}

static void hear(struct dhcp_origin *o, int64_t now)
{
	uint8_t frame[DHCP_ORIGIN_FRAME];
	struct dhcp_mark mark;
	ssize_t len = 0;

	for (int i = 0; i < FRAMES && len >= 0; i++) {
		len = recv(o->fd, frame, sizeof(frame), MSG_DONTWAIT);
		if (len >= 0 && dhcp_origin_decode(frame, (size_t)len, &mark))
			dhcp_marks_add(&o->marks, &mark, now);
	}
	if (len >= 0 || lost_some(o->fd))
		dhcp_marks_lose(&o->marks, now);
}

static void readable(struct loop_fd *w, uint32_t events)
{
	struct dhcp_origin *o = w->arg;

	(void)events;
	hear(o, loop_now(o->loop));
}

/* ETH_P_ALL: a socket for one protocol is given the frame after UDP has it. */
int dhcp_origin_open(struct dhcp_origin *o, struct loop *l, unsigned ifindex)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)ifindex};
	int one = 1, rc, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	rc = set_filter(fd);
	/* ours say our MAC and no client's: an old kernel hears them in vain */
	(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	if (!rc && bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		rc = -errno;
	if (rc) {
		close(fd);
		return rc;
	}
	*o = (struct dhcp_origin){.fd = fd, .loop = l};
	rc = l ? loop_watch(l, &o->watch, fd, EPOLLIN, readable, o) : 0;
	if (rc)
		dhcp_origin_close(o);
	return rc;
}

void dhcp_origin_close(struct dhcp_origin *o)
{
	if (o->watch.watched)
		loop_unwatch(o->loop, &o->watch);
	if (o->fd >= 0)
		close(o->fd);
	*o = DHCP_ORIGIN_CLOSED;
}

bool dhcp_origin_is_forged(struct dhcp_origin *o, const struct dhcp_message *m, int64_t now)
{
	if (o->fd < 0)
		return false;
	hear(o, now);
	return dhcp_marks_take(&o->marks, m, now);
}
