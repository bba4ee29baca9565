/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network cards, and what the switch at each says of itself. */
#include "contrib/discover/collect.h"
#include "contrib/discover/facts.h"
#include "contrib/discover/lldp.h"
#include "contrib/discover/kernel_file.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CARRIER_MS = 8 * 1000, /* a switch takes some seconds to settle a copper link */
	LOOK_MS = 250,
	FRAME_MAX = 2048,
};

struct card {
	char name[IFNAMSIZ];
	int index;
	bool heard;
	struct lldp lldp;
};

struct cards {
	struct card all[COLLECT_INTERFACES];
	size_t n;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool has_carrier(const struct card *c)
{
	return kernel_number("/sys/class/net/%s/carrier", c->name) == 1;
}

static bool add_card(void *arg, const char *name)
{
	struct cards *cards = arg;
	struct card *c = &cards->all[cards->n];

	if (!kernel_exists("/sys/class/net/%s/device", name) || strlen(name) >= sizeof c->name ||
		kernel_number("/sys/class/net/%s/type", name) != 1) /* Ethernet */
		return false;
	*c = (struct card){.index = (int)if_nametoindex(name)};
	snprintf(c->name, sizeof c->name, "%s", name);
	cards->n++;
	return true;
}

/* Frames for switches alone are let through on each card (802.1AB, table 7-1). */
static void join(int fd, const struct card *c)
{
	static const unsigned char last[] = {0x0e, 0x03, 0x00};

	for (size_t i = 0; i < sizeof last; i++) {
		struct packet_mreq m = {.mr_ifindex = c->index,
			.mr_type = PACKET_MR_MULTICAST,
			.mr_alen = 6,
			.mr_address = {0x01, 0x80, 0xc2, 0, 0, last[i]}};

		(void)setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof m);
	}
}

static void switch_on(int fd, const struct card *c)
{
	struct ifreq r = {.ifr_flags = 0};

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", c->name);
	if (ioctl(fd, SIOCGIFFLAGS, &r))
		return;
	r.ifr_flags |= IFF_UP;
	(void)ioctl(fd, SIOCSIFFLAGS, &r);
}

static void take_frame(struct cards *cards, int index, const uint8_t *frame, size_t len)
{
	for (size_t i = 0; i < cards->n; i++) {
		struct card *c = &cards->all[i];
		struct lldp said;

		if (c->index == index && !lldp_parse(frame, len, &said)) {
			c->lldp = said;
			c->heard = true;
		}
	}
}

static void receive(int fd, struct cards *cards, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t frame[FRAME_MAX];
	struct sockaddr_ll from = {.sll_ifindex = 0};
	socklen_t size = sizeof from;
	ssize_t n;

	if (poll(&p, 1, ms) != 1)
		return;
	n = recvfrom(fd, frame, sizeof frame, 0, (struct sockaddr *)&from, &size);
	if (n > 0 && from.sll_pkttype != PACKET_OUTGOING)
		take_frame(cards, from.sll_ifindex, frame, (size_t)n);
}

/* Each that has a carrier was heard; before CARRIER_MS one may still come. */
static bool all_heard(const struct cards *cards, int64_t passed)
{
	size_t heard = 0;

	for (size_t i = 0; i < cards->n; i++) {
		heard += cards->all[i].heard;
		if (!cards->all[i].heard && (passed < CARRIER_MS || has_carrier(&cards->all[i])))
			return false;
	}
	return heard || passed >= CARRIER_MS;
}

static void listen_all(int fd, struct cards *cards, unsigned seconds)
{
	int64_t start = now_ms(), passed = 0;

	while (passed < (int64_t)seconds * 1000 && !all_heard(cards, passed)) {
		receive(fd, cards, LOOK_MS);
		passed = now_ms() - start;
	}
}

static void permanent(struct say *s, int fd, const struct card *c)
{
	struct {
		struct ethtool_perm_addr head;
		unsigned char data[32];
	} a = {.head = {.cmd = ETHTOOL_GPERMADDR, .size = 32}};
	struct ifreq r = {.ifr_data = (char *)&a};
	const unsigned char *b = a.data;
	char text[18];

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", c->name);
	if (ioctl(fd, SIOCETHTOOL, &r) || a.head.size != 6)
		return;
	snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		b[5]);
	if (strcmp(text, "00:00:00:00:00:00") && strcmp(text, "ff:ff:ff:ff:ff:ff"))
		say_text(s, "permanent_mac", text);
}

static void say_lldp(struct say *s, const struct lldp *l)
{
	say_open(s, "lldp", '{');
	say_text(s, "chassis_id", l->chassis_id);
	say_text(s, "system_name", l->system_name);
	say_text(s, "port_id", l->port_id);
	say_text(s, "port_description", l->port_description);
	say_number(s, "vlan", l->vlan);
	say_close(s, '}');
}

static void say_card(struct say *s, int fd, const struct card *c, const char *booted)
{
	char buf[KERNEL_TEXT], path[KERNEL_PATH], pci[16];

	say_open(s, NULL, '{');
	say_text(s, "name", c->name);
	kernel_text(buf, "/sys/class/net/%s/address", c->name);
	say_text(s, "mac", buf);
	say_flag(s, "booted", *booted && !strcasecmp(buf, booted));
	permanent(s, fd, c);
	say_number(s, "speed_mbps", kernel_number("/sys/class/net/%s/speed", c->name));
	say_flag(s, "carrier", has_carrier(c));
	say_text(s, "driver", kernel_link_name(buf, "/sys/class/net/%s/device/driver", c->name));
	facts_pci_of(kernel_real(path, "/sys/class/net/%s/device", c->name), pci);
	say_text(s, "pci", pci);
	if (c->heard)
		say_lldp(s, &c->lldp);
	say_close(s, '}');
}

void collect_interfaces(struct say *s, const struct collect_interfaces *how)
{
	static struct cards cards;
	int fd;

	kernel_each("/sys/class/net", add_card, &cards, COLLECT_INTERFACES);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(LLDP_ETHERTYPE));
	for (size_t i = 0; fd >= 0 && i < cards.n; i++) {
		join(fd, &cards.all[i]);
		switch_on(fd, &cards.all[i]);
	}
	if (fd >= 0 && cards.n)
		listen_all(fd, &cards, how->seconds);
	say_open(s, "interfaces", '[');
	for (size_t i = 0; i < cards.n; i++)
		say_card(s, fd, &cards.all[i], how->booted);
	say_close(s, ']');
	if (fd >= 0)
		close(fd);
}
