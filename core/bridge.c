/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bridge.h"

#include "core/netlink.h"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ports {
	struct bridge_port *all;
	size_t n, most;
};

static bool take_state(struct nlattr *info, int *ret)
{
	struct nlattr *state =
		info ? nla_find(nla_data(info), nla_len(info), IFLA_BRPORT_STATE) : NULL;

	if (!state || nla_len(state) < 1)
		return false;
	*ret = nla_get_u8(state);
	return true;
}

static int on_port(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct ports *p = arg;
	struct nlattr *name, *master, *mac;
	struct bridge_port port = {.state = 0};

	if (h->nlmsg_type != RTM_NEWLINK || !nlmsg_valid_hdr(h, sizeof(struct ifinfomsg)) ||
		p->n == p->most)
		return NL_OK;
	name = nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_IFNAME);
	master = nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_MASTER);
	mac = nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_ADDRESS);
	if (!name || !master || !mac || nla_len(mac) != (int)sizeof port.mac.b ||
		!take_state(
			nlmsg_find_attr(h, sizeof(struct ifinfomsg), IFLA_PROTINFO), &port.state))
		return NL_OK;
	snprintf(port.name, sizeof port.name, "%.*s", nla_len(name), (const char *)nla_data(name));
	memcpy(port.mac.b, nla_data(mac), sizeof port.mac.b);
	p->all[p->n++] = port;
	return NL_OK;
}

int bridge_ports(struct bridge_port *ret, size_t most)
{
	struct ifinfomsg of = {.ifi_family = AF_BRIDGE};
	struct ports p = {ret, 0, most};
	struct nl_sock *sock;
	int rc = netlink_connect(&sock);

	if (rc)
		return rc;
	rc = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_port, &p);
	if (rc >= 0)
		rc = nl_send_simple(sock, RTM_GETLINK, NLM_F_DUMP, &of, sizeof of);
	if (rc >= 0)
		rc = nl_recvmsgs_default(sock);
	nl_socket_free(sock);
	return rc < 0 ? netlink_errno(rc) : (int)p.n;
}

/* What a bridge says of its ports by netlink has no counters: sysfs(5) does. */
long bridge_port_frames(const struct bridge_port *p)
{
	char path[96], text[32] = "";
	FILE *f;

	snprintf(path, sizeof path, "/sys/class/net/%s/statistics/rx_packets", p->name);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (!fgets(text, sizeof text, f))
		*text = '\0';
	fclose(f);
	return *text ? strtol(text, NULL, 10) : -1;
}

const char *bridge_state_name(int state)
{
	static const char *const names[] = {[BR_STATE_DISABLED] = "disabled",
		[BR_STATE_LISTENING] = "listening",
		[BR_STATE_LEARNING] = "learning",
		[BR_STATE_FORWARDING] = "forwarding",
		[BR_STATE_BLOCKING] = "blocking"};

	return state >= 0 && state < (int)(sizeof names / sizeof *names) ? names[state] : "unknown";
}

bool bridge_is_tap_of(const struct mac *port, const struct mac *nic)
{
	return port->b[0] != nic->b[0] && !memcmp(port->b + 1, nic->b + 1, sizeof nic->b - 1);
}
