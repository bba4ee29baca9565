/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_origin.h"

#include "core/table.h"
#include "dhcpd/dhcp_socket.h"

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
	FRAMES = 16384, /* read before one message is judged: more than the socket holds */
	CHADDR = 28,    /* RFC 2131 2 */
	GIADDR = 24,
	SETS = DHCP_ORIGIN_MARKS / DHCP_ORIGIN_WAYS,
};

/* Straight from a client (giaddr 0), and chaddr is the frame's source. */
static const char FILTER[] = "ip and udp dst port 67 and udp[32:4] = 0 and ether[6:4] = udp[36:4]"
			     " and ether[10:2] = udp[40:2]";

/* Without Ethernet's and IP's headers. The length is UDP's: short frames are padded. */
static bool find_message(struct reader *r, size_t *ret_len)
{
	uint8_t version;
	uint16_t len;

	reader_skip(r, ETH_HLEN);
	version = reader_u8(r);
	reader_skip(r, 5);
	if (reader_u16(r) & 0x3fff || version >> 4 != 4 || (version & 15) < 5)
		return false; /* a fragment */
	reader_skip(r, (version & 15u) * 4u - 8 + 4);
	len = reader_u16(r);
	reader_skip(r, 2);
	*ret_len = len - 8u;
	return !r->bad && len >= 8 + CHADDR + sizeof(struct mac) && *ret_len <= r->left;
}

bool dhcp_origin_decode(const void *frame, size_t len, const uint8_t **ret_message, size_t *ret_len)
{
	static const uint8_t NO_RELAY[4];
	struct reader r;
	const uint8_t *message;
	size_t size;

	reader_init(&r, frame, len);
	if (!find_message(&r, &size))
		return false;
	message = r.at;
	if (memcmp(message + GIADDR, NO_RELAY, sizeof(NO_RELAY)) != 0 ||
		memcmp(message + CHADDR, (const uint8_t *)frame + ETH_ALEN, ETH_ALEN) != 0)
		return false;
	*ret_message = message;
	*ret_len = size;
	return true;
}

static struct dhcp_mark *find_mark(struct dhcp_mark_set *set, uint64_t hash)
{
	for (int i = 0; i < DHCP_ORIGIN_WAYS; i++)
		if (set->marks[i].at && set->marks[i].hash == hash)
			return &set->marks[i];
	return NULL;
}

void dhcp_marks_add(struct dhcp_marks *ms, const void *message, size_t len, int64_t now)
{
	uint64_t hash = hash_bytes(message, len, 0);
	struct dhcp_mark_set *set = &ms->sets[hash % SETS];
	struct dhcp_mark *to = find_mark(set, hash);

	if (!to)
		to = &set->marks[set->next++ % DHCP_ORIGIN_WAYS];
	*to = (struct dhcp_mark){hash, now};
}

bool dhcp_marks_has(struct dhcp_marks *ms, const void *message, size_t len, int64_t now)
{
	uint64_t hash = hash_bytes(message, len, 0);
	struct dhcp_mark_set *set = &ms->sets[hash % SETS];
	const struct dhcp_mark *mark = find_mark(set, hash);

	return mark && now - mark->at < DHCP_ORIGIN_MS;
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

/* How many frames, of at most so many. */
static int hear(struct dhcp_origin *o, int most, int64_t now)
{
	uint8_t frame[DHCP_ORIGIN_FRAME];
	const uint8_t *message;
	ssize_t len = 0;
	size_t size;
	int i;

	for (i = 0; i < most && len >= 0; i++) {
		len = recv(o->fd, frame, sizeof(frame), MSG_DONTWAIT);
		if (len >= 0 && dhcp_origin_decode(frame, (size_t)len, &message, &size))
			dhcp_marks_add(&o->marks, message, size, now);
	}
	return len < 0 ? i - 1 : i;
}

/* dhcp_pace.receive */
static int receive(void *arg)
{
	struct dhcp_origin *o = arg;

	return hear(o, DHCP_BATCH, loop_now(o->loop));
}

static void readable(struct loop_fd *w, uint32_t events)
{
	struct dhcp_origin *o = w->arg;

	(void)events;
	dhcp_pace_readable(&o->pace);
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
	dhcp_socket_widen(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	/* ours say our MAC and no client's: an old kernel hears them in vain */
	(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	if (!rc && bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		rc = -errno;
	if (rc) {
		close(fd);
		return rc;
	}
	*o = (struct dhcp_origin){.fd = fd, .loop = l};
	dhcp_pace_init(&o->pace, l, &o->watch, receive, NULL, o);
	rc = l ? loop_watch(l, &o->watch, fd, EPOLLIN, readable, o) : 0;
	if (rc)
		dhcp_origin_close(o);
	return rc;
}

void dhcp_origin_close(struct dhcp_origin *o)
{
	if (o->loop)
		dhcp_pace_clear(&o->pace);
	if (o->watch.watched)
		loop_unwatch(o->loop, &o->watch);
	if (o->fd >= 0)
		close(o->fd);
	*o = DHCP_ORIGIN_CLOSED;
}

bool dhcp_origin_is_forged(struct dhcp_origin *o, const void *message, size_t len, int64_t now)
{
	if (o->fd < 0 || dhcp_marks_has(&o->marks, message, len, now))
		return false;
	hear(o, FRAMES, now);
	return !dhcp_marks_has(&o->marks, message, len, now);
}
