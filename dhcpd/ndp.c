/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/ndp.h"

#include "core/log.h"
#include "dhcpd/ndp_wire.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel passes on solicitations only: next header 58 (ICMPv6), type 133. */
static int take_solicits_only(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 133, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FRAMES_MAX),
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

static int prepare(int fd, unsigned ifindex)
{
	int rc = take_solicits_only(fd);

	return rc ? rc : hear_all_routers(fd, ifindex);
}

/* One that cannot be sent is asked for again. */
static void answer(struct ndp *n, const struct ndp_message *asked)
{
	struct ndp_message m = ndp_wire_no_router(asked, &n->mac);
	uint8_t frame[NDP_FRAME_MAX];
	char mac[MAC_TEXT];
	int len = ndp_wire_encode(&m, frame, sizeof(frame));

	if (len < 0 || send(n->frames.fd, frame, (size_t)len, MSG_DONTWAIT) < 0)
		log_debug("ndp: no answer to %s: %s", mac_format(&asked->way.from_mac, mac),
			strerror(len < 0 ? -len : errno));
}

static void heard(void *arg, const uint8_t *frame, size_t len)
{
	struct ndp *n = arg;
	struct ndp_message m;

	if (!ndp_wire_decode(frame, len, &m) && m.type == NDP_ROUTER_SOLICIT &&
		n->wants(n->arg, &m.way.from_mac))
		answer(n, &m);
}

int ndp_open(struct ndp *n, struct loop *l, unsigned ifindex, const struct mac *mac,
	bool (*wants)(void *arg, const struct mac *mac), void *arg)
{
	*n = (struct ndp){
		.frames = {.loop = l, .fd = -1, .ifindex = ifindex, .heard = heard, .arg = n},
		.mac = *mac,
		.wants = wants,
		.arg = arg};
	return frames_open(&n->frames, ETH_P_IPV6, prepare);
}

void ndp_close(struct ndp *n)
{
	frames_close(&n->frames);
}
