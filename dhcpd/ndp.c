#include "dhcpd/ndp.h"

#include "core/log.h"
#include "dhcpd/ndp_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FRAME_MAX = 1514, /* a solicitation has some 70 bytes */
	AT_ONCE =
		16, /* frames a wake-up: one machine's flood must not hold up the others' packets */
};

/* The kernel passes on solicitations only: next header 58 (ICMPv6), type 133. */
static int take_solicits_only(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 133, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

/* Solicitations go to all routers, ff02::2: a card that filters must let them in. */
static int hear_all_routers(int fd, unsigned ifindex)
{
	struct packet_mreq m = {.mr_ifindex = (int)ifindex,
		.mr_type = PACKET_MR_MULTICAST,
		.mr_alen = ETH_ALEN,
		.mr_address = {0x33, 0x33, 0, 0, 0, 2}};

	return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) < 0 ? -errno : 0;
}

/* Protocol 0 until the filter is in place: nothing else gets into its queue. */
static int open_socket(unsigned ifindex, int *ret)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = (int)ifindex};
	int rc, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	rc = take_solicits_only(fd);
	if (!rc)
		rc = hear_all_routers(fd, ifindex);
	if (!rc && bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		rc = -errno;
	if (rc)
		close(fd);
	else
		*ret = fd;
	return rc;
}

/* One that cannot be sent is asked for again. */
static void answer(struct ndp *n, const struct ndp_solicit *s)
{
	uint8_t frame[NDP_ADVERT];
	char mac[MAC_TEXT];

	ndp_wire_encode(s, &n->mac, frame);
	if (send(n->fd, frame, sizeof(frame), MSG_DONTWAIT) < 0)
		log_debug("ndp: no answer to %s: %s", mac_format(&s->mac, mac), strerror(errno));
}

static void readable(struct loop_fd *w, uint32_t events)
{
	struct ndp *n = w->arg;
	uint8_t frame[FRAME_MAX];

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		ssize_t len =
			recvfrom(n->fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &size);
		struct ndp_solicit s;

		if (len < 0)
			return;
		if (from.sll_pkttype != PACKET_OUTGOING &&
			!ndp_wire_decode(frame, (size_t)len, &s) && n->wants(n->arg, &s.mac))
			answer(n, &s);
	}
}

int ndp_open(struct ndp *n, struct loop *l, unsigned ifindex, const struct mac *mac,
	bool (*wants)(void *arg, const struct mac *mac), void *arg)
{
	int fd = -1, rc = open_socket(ifindex, &fd);

	if (rc)
		return rc;
	*n = (struct ndp){
		.loop = l, .fd = fd, .ifindex = ifindex, .mac = *mac, .wants = wants, .arg = arg};
	rc = loop_watch(l, &n->watch, fd, EPOLLIN, readable, n);
	if (rc) {
		close(fd);
		*n = NDP_CLOSED;
	}
	return rc;
}

void ndp_close(struct ndp *n)
{
	if (n->fd < 0)
		return;
	if (n->watch.watched)
		loop_unwatch(n->loop, &n->watch);
	close(n->fd);
	*n = NDP_CLOSED;
}
