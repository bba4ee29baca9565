/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_secret.h"

#include "core/neighbour.h"

#include <stdio.h>

/* A relay sends from an address of its own choice, and is answered there. That has to be where what is for the machine itself
 * goes: by the same router, or else anybody may have wrapped a message in its name. */
static bool is_on_the_way(const struct dhcp6_policy *p, const struct dhcp6_decision *d,
	const struct dhcp6_frame *asked, char *why, size_t size)
{
	const struct segment *s = p->segment;
	const struct ip *machine =
		ip_is_set(&d->choice.address) ? &d->choice.address : &s->six.subnet;
	char relay[IP_TEXT], to[IP_TEXT], by[IP_TEXT];
	struct ip its = {0};

	if (!s->via) {
		snprintf(why, size, "it came through a relay");
		return false;
	}
	if (neighbour_next_hop(s->ifname, machine, &its)) {
		snprintf(why, size,
			"no route leads to %s by %s: ip -6 route add SUBNET via ROUTER dev %s",
			ip_format(machine, to), s->ifname, s->ifname);
		return false;
	}
	if (neighbour_same_way(s->ifname, machine, &asked->from_ip))
		return true;
	snprintf(why, size, "it came through a relay at %s, and the route to %s is by %s",
		ip_format(&asked->from_ip, relay), ip_format(machine, to), ip_format(&its, by));
	return false;
}

bool dhcp6_secret_may_know(const struct dhcpd_config *c, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked, char *why, size_t size)
{
	snprintf(why, size, "another card may have asked in its name");
	if (p->msg->n_relays)
		return is_on_the_way(p, d, asked, why, size);
	return !c->hears || c->hears(c->arg, d->machine, p->segment, &p->mac, NULL, why, size);
}
