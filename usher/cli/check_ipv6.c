/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher check: what the host does with IPv6 where it is served: the kernel's switches, its own uplink, and NAT. */
#include "core/route.h"
#include "core/sys_number.h"
#include "usher/cli/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSCTLS "/proc/sys/net/ipv6"

/* -1: there is none. */
static long sysctl_of(const char *ifname, const char *name)
{
	return sys_number(-1, SYSCTLS "/conf/%.15s/%s", ifname, name);
}

static void check_routing(struct check *k, const char *kind, const char *name)
{
	char uplink[16];

	if (sysctl_of("all", "forwarding") == 0)
		check_say(k, CHECK_WARN, kind,
			"'%s': usher is the default router of its machines by IPv6, and this host "
			"does not forward IPv6: sysctl -w net.ipv6.conf.all.forwarding=1",
			name);
	if (route6_is_learnt(uplink))
		check_say(k, CHECK_WARN, kind,
			"'%s': this host has its own IPv6 route by router advertisements on %s, and "
			"loses it once it forwards IPv6 (libvirt does not start such networks): "
			"sysctl -w net.ipv6.conf.%s.accept_ra=2",
			name, uplink, uplink);
}

void check_ipv6_host(struct check *k, const char *name, const char *ifname,
	const struct segment6 *s, const struct guest_network *net)
{
	const char *kind = net ? "network" : "interface";

	if (access(SYSCTLS, F_OK))
		check_say(k, CHECK_BAD, kind,
			"'%s' is to be served by IPv6, and this host's kernel has none: start it "
			"without ipv6.disable=1",
			name);
	else if (sysctl_of(ifname, "disable_ipv6") == 1)
		check_say(k, CHECK_BAD, kind,
			"IPv6 is switched off on %s: sysctl -w net.ipv6.conf.%s.disable_ipv6=0",
			ifname, ifname);
	if (s->router_s)
		check_routing(k, kind, name);
	if (net && !strcmp(net->forward_mode, "nat") && !net->nat6 &&
		ip_is_unique_local(&s->server))
		check_say(k, CHECK_WARN, kind,
			"'%s' has a prefix of unique local addresses, and no NAT for IPv6: its "
			"machines reach nothing outside by IPv6: <forward mode='nat'><nat "
			"ipv6='yes'/></forward> with virsh net-edit %s",
			name, name);
}
