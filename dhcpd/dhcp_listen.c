/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_listen.h"

#include "core/link.h"
#include "core/log.h"
#include "dhcpd/dhcp_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PROBE_MS = 1000, OTHERS_MS = 200 };

static int send_frame(unsigned ifindex, const void *frame, size_t len)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)ifindex,
		.sll_halen = ETH_ALEN,
		.sll_addr = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	int rc = 0, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (sendto(fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* What a packet socket sends goes to the wire alone; a broadcast of the kernel's reaches this host's
 * own servers too. */
static int send_to_host(const char *ifname, const void *bytes, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(DHCP_SERVER_PORT),
		.sin_addr.s_addr = INADDR_BROADCAST};
	int one = 1, rc = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof(one)) < 0 ||
		sendto(fd, bytes, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* A link without a carrier has nobody to ask: that says nothing of who will be there. */
static bool probe(struct dhcp_listen *n)
{
	uint8_t frame[DHCP_PROBE];
	struct link_state link;
	int rc = link_lookup(n->ifname, &link);

	if (rc < 0 || !link.up)
		return false;
	dhcp_heard_probe(&link.mac, &n->question.client, n->question.xid[n->question.round], frame);
	rc = send_frame(link.index, frame, sizeof(frame));
	if (rc == 0)
		rc = send_to_host(n->ifname, frame + DHCP_FRAME_HEADER, DHCP_REPLY_MIN);
	if (rc < 0)
		log_debug("dhcp: no probe on %s: %s", n->ifname, strerror(-rc));
	return rc == 0;
}

/* Who answered is asked once more. */
static void step(struct loop_timer *t)
{
	struct dhcp_listen *n = t->arg;
	struct dhcp_question q;

	if (n->answered && n->question.round + 1 < DHCP_QUESTION_ROUNDS) {
		n->question.round++;
		n->answered = false;
		n->probes = 0;
	} else if (n->answered || n->probes == DHCP_LISTEN_PROBES) {
		q = n->question; /* the callee may close this */
		n->decided(n->arg, &q);
		return;
	}
	n->probes += probe(n);
	(void)loop_timer_set(n->loop, t,
		n->probes == DHCP_LISTEN_PROBES
			? DHCP_LISTEN_MS - (DHCP_LISTEN_PROBES - 1) * PROBE_MS
			: PROBE_MS);
}

/* Others may answer as well: they have a moment. In the second round one that answered in the first is waited for. */
static void heard(void *arg, const struct dhcp_heard *h)
{
	struct dhcp_listen *n = arg;

	if (!dhcp_question_hear(&n->question, h) || n->answered)
		return;
	n->answered = !n->question.round || dhcp_question_server(&n->question);
	if (n->answered)
		(void)loop_timer_set(n->loop, &n->timer, OTHERS_MS);
}

static int make_up(struct dhcp_question *q)
{
	uint8_t random[14];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	dhcp_question_init(q, random);
	return 0;
}

int dhcp_listen_open(struct dhcp_listen *n, struct loop *l, const char *ifname,
	void (*decided)(void *arg, const struct dhcp_question *q), void *arg, char *why,
	size_t why_size)
{
	int rc;

	*n = (struct dhcp_listen){.loop = l, .decided = decided, .arg = arg};
	snprintf(n->ifname, sizeof(n->ifname), "%s", ifname);
	loop_timer_init(&n->timer, step, n);
	rc = make_up(&n->question);
	if (rc < 0)
		snprintf(why, why_size, "%s: no random bytes", ifname);
	else
		rc = dhcp_watch_open(&n->watch, l, ifname, true, heard, n, why, why_size);
	if (rc == 0 && (rc = loop_timer_set(l, &n->timer, 0)) < 0) {
		dhcp_watch_close(&n->watch);
		snprintf(why, why_size, "%s: %s", ifname, strerror(-rc));
	}
	if (rc < 0)
		*n = (struct dhcp_listen){0};
	return rc;
}

void dhcp_listen_close(struct dhcp_listen *n)
{
	if (!n->loop)
		return;
	loop_timer_clear(n->loop, &n->timer);
	dhcp_watch_close(&n->watch);
	*n = (struct dhcp_listen){0};
}
