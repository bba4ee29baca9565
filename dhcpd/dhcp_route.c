/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_route.h"

enum { V4_BROADCAST = 0xffffffff };

static const struct mac ETHER_BROADCAST = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static struct dhcp_route datagram(uint32_t ip, uint16_t port)
{
	return (struct dhcp_route){.ip = ip, .port = port};
}

static struct dhcp_route frame(const struct mac *mac, uint32_t ip)
{
	return (struct dhcp_route){.frame = true, .mac = *mac, .ip = ip, .port = DHCP_CLIENT_PORT};
}

/* Does ciaddr answer ARP, or is there a router on the way? An address that the answer is not about is not the client's
 * here, whatever it says: else anybody could have us send to anywhere. */
static bool is_at_ciaddr(const struct dhcp_delivery *d)
{
	enum dhcp_ciaddr ciaddr = dhcp_wire_ciaddr(d->msg);

	if (ciaddr == DHCP_CIADDR_NONE)
		return false;
	if (d->answer == DHCP_NAK)
		return d->behind_relay;
	return d->msg->ciaddr == d->address && (ciaddr == DHCP_CIADDR_RUNS || d->behind_relay);
}

struct dhcp_route dhcp_route_of(const struct dhcp_delivery *d)
{
	const struct dhcp_message *m = d->msg;

	if (m->giaddr)
		return datagram(m->giaddr, DHCP_SERVER_PORT);
	if (d->from)
		return datagram(d->from, d->from_port);
	if (is_at_ciaddr(d))
		return datagram(m->ciaddr, DHCP_CLIENT_PORT);
	if (m->by_id)
		return datagram(V4_BROADCAST, DHCP_CLIENT_PORT);
	if (d->answer == DHCP_NAK || m->flags & DHCP_FLAG_BROADCAST || !d->address)
		return frame(&ETHER_BROADCAST, V4_BROADCAST);
	return frame(&m->mac, d->address);
}
