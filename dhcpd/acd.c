/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/acd.h"

#include "dhcpd/arp_wire.h"
#include "dhcpd/ndp_wire.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <sys/socket.h>

enum {
	QUESTION_MAX = 86
}; /* bytes of a neighbour solicitation's frame with its link-layer address: the longer one */

/* The kernel passes on neighbours' messages only: next header 58 (ICMPv6), types 135 and 136. */
static int take_neighbours_only(int fd, unsigned ifindex)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NDP_NEIGHBOUR_SOLICIT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NDP_NEIGHBOUR_ADVERT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FRAMES_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	(void)ifindex;
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

static bool read_arp(const uint8_t *frame, size_t len, struct acd_neighbour *ret)
{
	struct arp_neighbour n;

	if (arp_wire_decode(frame, len, &n) < 0)
		return false;
	*ret = (struct acd_neighbour){n.mac, n.ip};
	return true;
}

/* Who asks for another's has the address that it asks from; one that is still checking its own asks from none. */
static bool read_ndp(const uint8_t *frame, size_t len, struct acd_neighbour *ret)
{
	struct ndp_message m;

	if (ndp_wire_decode(frame, len, &m) < 0)
		return false;
	*ret = (struct acd_neighbour){
		m.way.from_mac, m.type == NDP_NEIGHBOUR_ADVERT ? m.neighbour.target : m.way.from};
	return m.type == NDP_NEIGHBOUR_ADVERT ||
		(m.type == NDP_NEIGHBOUR_SOLICIT && !ip_is_any6(&m.way.from));
}

static void heard(void *arg, const uint8_t *frame, size_t len)
{
	struct acd *a = arg;
	struct acd_neighbour n;
	bool says = ip_is_set(&a->from) ? read_ndp(frame, len, &n) : read_arp(frame, len, &n);

	if (says && !mac_eq(&n.mac, &a->mac))
		a->heard(a->arg, &n);
}

int acd_open(struct acd *a, struct loop *l, unsigned ifindex, const struct mac *mac,
	const struct ip *from, void (*neighbour)(void *arg, const struct acd_neighbour *n),
	void *arg)
{
	bool six = ip_is_set(from);

	*a = (struct acd){
		.frames = {.loop = l, .fd = -1, .ifindex = ifindex, .heard = heard, .arg = a},
		.mac = *mac,
		.from = *from,
		.heard = neighbour,
		.arg = arg};
	return frames_open(
		&a->frames, six ? ETH_P_IPV6 : ETH_P_ARP, six ? take_neighbours_only : NULL);
}

void acd_close(struct acd *a)
{
	frames_close(&a->frames);
}

/* From our address: a host that is just checking an address for itself (RFC 4862 5.4.3) must not take the question for
 * somebody else's claim. The length. */
static size_t write_question(const struct acd *a, const struct ip *ip, uint8_t *frame)
{
	struct ndp_message m;
	int len;

	if (!ip_is_set(&a->from)) {
		arp_wire_encode(&a->mac, ip, frame);
		return ARP_WIRE_PROBE;
	}
	m = ndp_wire_ask(&a->mac, &a->from, ip);
	len = ndp_wire_encode(&m, frame, QUESTION_MAX);
	return len > 0 ? (size_t)len : 0;
}

int acd_ask(const struct acd *a, const struct ip *ips, size_t n)
{
	uint8_t frames[ACD_BATCH][QUESTION_MAX];
	struct mmsghdr msgs[ACD_BATCH] = {0};
	struct iovec iov[ACD_BATCH];
	int sent;

	for (size_t i = 0; i < n; i++) {
		iov[i] = (struct iovec){frames[i], write_question(a, &ips[i], frames[i])};
		msgs[i].msg_hdr = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1};
	}
	sent = sendmmsg(a->frames.fd, msgs, (unsigned)n, MSG_DONTWAIT);
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -ENOBUFS;
}
