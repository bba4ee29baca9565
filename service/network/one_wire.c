/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/network/one_wire.h"

#include "core/sys_number.h"

#include <stdio.h>

bool one_wire_judge(const struct link_state *served, const struct link_state *other,
	const struct one_wire_sysctls *c, char *why, size_t size)
{
	bool flux = c->arp_ignore == 0, strict = c->rp_filter == 1;
	char ip[IP_TEXT];

	ip_format(&other->addresses[0].ip, ip);
	if (flux)
		snprintf(why, size,
			"%s has %s, in the same subnet as %s: on one wire both cards answer ARP "
			"for either address, and packets that arrive on %s do not reach usher: run "
			"'sysctl -w net.ipv4.conf.all.arp_ignore=1%s', or remove one of the "
			"addresses",
			other->name, ip, served->name, other->name,
			strict ? " net.ipv4.conf.all.rp_filter=2" : "");
	else if (strict)
		snprintf(why, size,
			"%s has %s, in the same subnet as %s, and rp_filter is 1: the kernel drops "
			"packets that arrive on the card without the route: run 'sysctl -w "
			"net.ipv4.conf.all.rp_filter=2', or remove one of the addresses",
			other->name, ip, served->name);
	return flux || strict;
}

static int read_one(const char *link, const char *name)
{
	return (int)sys_number(0, "/proc/sys/net/ipv4/conf/%.15s/%s", link, name);
}

/* Of these two the kernel takes the larger one (ip-sysctl: "the max value"). A link's name may have a dot, not a slash. */
static int read_sysctl(const char *link, const char *name)
{
	int all = read_one("all", name), own = read_one(link, name);

	return all > own ? all : own;
}

bool one_wire_look(const char *ifname, char *why, size_t size)
{
	struct link_state served, other;
	struct one_wire_sysctls c;

	if (link_lookup(ifname, &served) || link_beside(&served, &other))
		return false;
	c = (struct one_wire_sysctls){
		read_sysctl(other.name, "arp_ignore"), read_sysctl(served.name, "rp_filter")};
	return one_wire_judge(&served, &other, &c, why, size);
}
