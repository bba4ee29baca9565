/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/probe_wire.h"

#include "core/clock.h"
#include "dhcpd/arp_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENT_PORT = 68, FRAME = 1514 };

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int open_client_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What is for a DHCP client: the files that are fetched come by the same link, and would fill the queue. The length of IP's
 * header is counted in; later fragments have no port. */
static int only_dhcp(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 9),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 6),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14 + 2),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLIENT_PORT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, FRAME),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {sizeof code / sizeof *code, code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) ? -errno : 0;
}

int probe_wire_frames(unsigned ifindex, uint16_t ethertype)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ethertype),
		.sll_ifindex = (int)ifindex};
	int one = 1, rc, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
	rc = ethertype == ETH_P_IP ? only_dhcp(fd) : 0;
	if (rc == 0 && bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
		rc = -errno;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

int probe_wire_open(struct probe_wire *w, unsigned ifindex, volatile sig_atomic_t *stop)
{
	w->stop = stop;
	w->client_fd = -1;
	w->fd = probe_wire_frames(ifindex, ETH_P_IP);
	if (w->fd < 0)
		return w->fd;
	w->client_fd = open_client_port();
	return 0;
}

void probe_wire_close(struct probe_wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->client_fd >= 0)
		close(w->client_fd);
	w->fd = w->client_fd = -1;
}

static void ask(struct probe_wire *w, const struct dhcp_asking *a, const struct mac *server)
{
	uint8_t frame[DHCP_ASKING_FRAME];
	int n = dhcp_asking_frame(a, server, frame);

	if (n > 0)
		(void)!send(w->fd, frame, (size_t)n, 0);
}

/* The next answer to that question before `until`; false: none. */
static bool hear(
	struct probe_wire *w, const struct dhcp_asking *a, int64_t until, struct dhcp_told *ret)
{
	while (!*w->stop) {
		int64_t left = until - clock_mono_ms();
		struct pollfd p = {.fd = w->fd, .events = POLLIN};
		uint8_t frame[FRAME];
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return false;
		n = recv(w->fd, frame, sizeof frame, 0);
		if (n > 0 && dhcp_told_decode(frame, (size_t)n, &w->scratch, ret) == 0 &&
			ret->xid == a->xid && mac_eq(&ret->client, &a->mac))
			return true;
	}
	return false;
}

/* The same server once more says nothing new; its last word counts. */
static size_t keep(struct dhcp_told all[PROBE_OFFERS], size_t n, const struct dhcp_told *t)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].server == t->server && mac_eq(&all[i].from, &t->from) &&
			probe_is_proxy(&all[i]) == probe_is_proxy(t)) {
			all[i] = *t;
			return n;
		}
	if (n == PROBE_OFFERS)
		return n;
	all[n] = *t;
	return n + 1;
}

static size_t leases(const struct dhcp_told all[PROBE_OFFERS], size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += !probe_is_proxy(&all[i]);
	return found;
}

size_t probe_wire_discover(struct probe_wire *w, const struct dhcp_asking *a, size_t others,
	struct dhcp_told ret[PROBE_OFFERS], int64_t *ret_us)
{
	int64_t began = clock_mono_ms(), again = began, us = now_us();
	struct dhcp_asking asking = *a;
	size_t n = 0;

	*ret_us = 0;
	while (!*w->stop) {
		int64_t now = clock_mono_ms(),
			end = began +
			(leases(ret, n) ? PROBE_WIRE_OTHERS_MS : PROBE_WIRE_SILENT_MS);
		struct dhcp_told t;

		if (now >= end || (n >= others && leases(ret, n)))
			break;
		if (now >= again && !leases(ret, n)) {
			asking.secs = (uint16_t)((now - began) / 1000);
			ask(w, &asking, NULL);
			again = now + PROBE_WIRE_AGAIN_MS;
		}
		if (!hear(w, a, again < end && !leases(ret, n) ? again : end, &t))
			continue;
		if (t.type != DHCP_OFFER)
			continue;
		n = keep(ret, n, &t);
		if (!*ret_us && leases(ret, n))
			*ret_us = now_us() - us;
	}
	return n;
}

enum probe_end probe_wire_request(
	struct probe_wire *w, const struct dhcp_asking *a, struct dhcp_told *ret)
{
	int64_t began = clock_mono_ms();

	for (int64_t until = began; until < began + PROBE_WIRE_SILENT_MS && !*w->stop;) {
		ask(w, a, NULL);
		until += PROBE_WIRE_AGAIN_MS;
		while (hear(w, a, until, ret)) {
			if (ret->type == DHCP_ACK && !probe_is_proxy(ret))
				return PROBE_DONE;
			if (ret->type == DHCP_NAK && ret->server == a->server)
				return PROBE_DENIED;
		}
	}
	return PROBE_SILENT;
}

void probe_wire_release(struct probe_wire *w, const struct dhcp_asking *a, const struct mac *server)
{
	ask(w, a, server);
}

bool probe_wire_answers(unsigned ifindex, const struct mac *own, uint32_t address)
{
	int64_t until = clock_mono_ms() + PROBE_WIRE_ARP_MS;
	struct ip ip = ip_from_v4(address);
	uint8_t frame[FRAME];
	bool found = false;
	int fd = probe_wire_frames(ifindex, ETH_P_ARP);

	arp_wire_encode(own, &ip, frame);
	if (fd >= 0 && send(fd, frame, ARP_WIRE_PROBE, 0) < 0)
		until = 0;
	while (fd >= 0 && !found) {
		int64_t left = until - clock_mono_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct arp_neighbour who;
		ssize_t n;

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		n = recv(fd, frame, sizeof frame, 0);
		found = n > 0 && arp_wire_decode(frame, (size_t)n, &who) == 0 &&
			ip_eq(&who.ip, &ip);
	}
	if (fd >= 0)
		close(fd);
	return found;
}
