/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wake on LAN: AMD's magic packet (publication 20213) in a frame of its own type, to everyone on the machine's link. It
 * wakes, and tells nothing. */
#include "hooks/power/driver.h"

#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	ETHERTYPE_WOL = 0x0842,
	SENDS = 3, /* it is not acknowledged */
	MAGIC = 6 + 16 * 6,
};

static void magic_packet(const struct mac *mac, uint8_t bytes[MAGIC])
{
	memset(bytes, 0xff, 6);
	for (size_t i = 6; i < MAGIC; i += sizeof mac->b)
		memcpy(bytes + i, mac->b, sizeof mac->b);
}

static int wake(const struct mac *mac, const char *ifname)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = __builtin_bswap16(ETHERTYPE_WOL),
		.sll_ifindex = (int)if_nametoindex(ifname),
		.sll_halen = 6,
		.sll_addr = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = 0;
	uint8_t bytes[MAGIC];

	if (fd < 0)
		return -errno;
	magic_packet(mac, bytes);
	for (int i = 0; i < SENDS && !rc; i++)
		if (sendto(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&to, sizeof to) < 0)
			rc = -errno;
	close(fd);
	return rc;
}

static void wake_it(struct power_call *c)
{
	int rc = *c->ifname ? wake(&c->mac, c->ifname) : -ENODEV;
	char mac[MAC_TEXT];

	mac_format(&c->mac, mac);
	if (rc)
		power_call_fail(c, rc, "cannot send %s a packet to wake it on %s: %s", mac,
			*c->ifname ? c->ifname
				   : "its segment, which is behind a relay or not served",
			strerror(-rc));
	else
		power_call_fail(c, 0, "sent %s a packet to wake it on %s%s", mac, c->ifname,
			c->verb == POWER_CYCLE ? "; if it is on, restart it by hand" : "");
}

static void start(struct power_call *c)
{
	if (c->verb == POWER_ON || c->verb == POWER_CYCLE)
		wake_it(c);
	else if (c->verb == POWER_NETBOOT)
		power_call_fail(c, 0,
			"its firmware has to boot from the network first: Wake on LAN cannot ask for it");
	else
		power_call_fail(c, -EOPNOTSUPP, "Wake on LAN can switch on only");
}

const struct power_driver power_wol = {.start = start};
