/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/ra.h"

#include "core/log.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

enum { IPV6_MTU_MIN = 1280, HOP_LIMIT = 64, SLAAC_PREFIX = 64 };

struct ndp_router ra_content(const struct segment *s, bool router)
{
	struct ndp_router r = {.hop_limit = HOP_LIMIT,
		.managed = true,
		.other = true,
		.lifetime_s = router ? s->six.router_s : 0,
		.mtu = s->extra.mtu >= IPV6_MTU_MIN ? s->extra.mtu : 0,
		.n_prefixes = 1,
		.dns_s = RA_DNS_S,
		.search_s = RA_DNS_S};

	r.prefixes[0] = (struct ndp_prefix){.ip = segment_at(s, IP_V6, 0),
		.len = s->six.prefix_len,
		.on_link = true,
		.autonomous = s->six.autonomous && s->six.prefix_len == SLAAC_PREFIX,
		.valid_s = RA_VALID_S,
		.preferred_s = RA_PREFERRED_S};
	for (size_t i = 0; i < s->six.n_dns && r.n_dns < NDP_DNS; i++)
		r.dns[r.n_dns++] = s->six.dns[i];
	if (strlen(s->domain) < sizeof(r.search))
		memcpy(r.search, s->domain, strlen(s->domain) + 1);
	return r;
}

static void send_one(struct ra *ra, struct ndp_way way, bool router)
{
	const struct ndp_message m = {.type = NDP_ROUTER_ADVERT,
		.way = way,
		.has_link = true,
		.link = ra->mac,
		.router = ra_content(ra->segment, router)};
	uint8_t frame[NDP_FRAME_MAX];
	int len = ndp_wire_encode(&m, frame, sizeof(frame));

	if (len < 0 || send(ra->frames.fd, frame, (size_t)len, MSG_DONTWAIT) < 0)
		log_debug(
			"ra %s: not sent: %s", ra->segment->name, strerror(len < 0 ? -len : errno));
}

static void send_to_all(struct ra *ra, bool router)
{
	send_one(ra, ndp_wire_to_all(&ra->mac, &ra->link_local), router);
}

/* Several routers of one link must not fall into step (RFC 4861 6.2.4). */
static int64_t next_ms(struct ra *ra)
{
	uint32_t chance = 0;

	if (ra->sent < RA_FIRST)
		return RA_FIRST_MS;
	(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	return RA_EVERY_MS / 2 + chance % RA_EVERY_MS;
}

static void again(struct loop_timer *t)
{
	struct ra *ra = t->arg;

	send_to_all(ra, true);
	ra->sent++;
	(void)loop_timer_set(ra->frames.loop, &ra->again, next_ms(ra));
}

static void answer(struct ra *ra, const struct ndp_message *asked)
{
	(void)rate_look(&ra->answers, 1000, loop_now(ra->frames.loop));
	if (rate_take(&ra->answers, RA_ANSWERS_A_SECOND))
		send_one(ra, ndp_wire_back(asked, &ra->mac, &ra->link_local), true);
}

static void heard(void *arg, const uint8_t *frame, size_t len)
{
	struct ra *ra = arg;
	struct ndp_message m;

	if (ndp_wire_decode(frame, len, &m) < 0)
		return;
	if (m.type == NDP_ROUTER_SOLICIT)
		answer(ra, &m);
	else if (m.type == NDP_ROUTER_ADVERT && ra->foreign && !mac_eq(&m.way.from_mac, &ra->mac))
		ra->foreign(ra->arg, &m);
}

/* The kernel passes on solicitations and advertisements of routers only: next header 58 (ICMPv6), types 133 and 134. */
static int take_routers_only(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 58, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NDP_ROUTER_SOLICIT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NDP_ROUTER_ADVERT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FRAMES_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

/* A card that filters must let in what goes to all nodes and to all routers. */
static int hear_groups(int fd, unsigned ifindex)
{
	struct packet_mreq m = {.mr_ifindex = (int)ifindex,
		.mr_type = PACKET_MR_MULTICAST,
		.mr_alen = ETH_ALEN,
		.mr_address = {0x33, 0x33, 0, 0, 0, 1}};

	for (; m.mr_address[5] <= 2; m.mr_address[5]++)
		if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)) < 0)
			return -errno;
	return 0;
}

static int prepare(int fd, unsigned ifindex)
{
	int rc = take_routers_only(fd);

	return rc ? rc : hear_groups(fd, ifindex);
}

int ra_open(struct ra *ra, struct loop *l, unsigned ifindex)
{
	int rc;

	ra->frames =
		(struct frames){.loop = l, .fd = -1, .ifindex = ifindex, .heard = heard, .arg = ra};
	ra->sent = 0;
	rc = frames_open(&ra->frames, ETH_P_IPV6, prepare);
	if (rc)
		return rc;
	loop_timer_init(&ra->again, again, ra);
	again(&ra->again);
	return 0;
}

void ra_close(struct ra *ra)
{
	if (ra->frames.fd < 0)
		return;
	if (ra->segment->six.router_s)
		send_to_all(ra, false);
	loop_timer_clear(ra->frames.loop, &ra->again);
	frames_close(&ra->frames);
}
