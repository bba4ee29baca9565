/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_secret.h"

static enum dhcp_secret kept(const char *why, const char **ret_why)
{
	*ret_why = why;
	return DHCP_SECRET_KEPT;
}

static enum dhcp_secret silent(const char *why, const char **ret_why)
{
	*ret_why = why;
	return DHCP_SECRET_SILENT;
}

/* An INFORM's sender says itself where the answer goes; a relay on a wire that we hear ourselves could be anybody. */
enum dhcp_secret dhcp_secret_judge(const struct dhcp_secret_view *v, const char **ret_why)
{
	const struct dhcp_policy *p = v->policy;
	bool behind_relay = p->segment->via;

	*ret_why = "";
	if (v->decision->verdict == DHCP_SEND_INFO)
		return kept("an INFORM is not told what to boot", ret_why);
	if (p->msg->giaddr && !behind_relay)
		return kept("the request came through a relay, but the machine is on usher's own "
			    "wire",
			ret_why);
	if (p->msg->giaddr)
		return v->relay_there
			? DHCP_SECRET_TOLD
			: kept("the request came through a relay that is not in the machine's "
			       "subnet, nor the router on the route to it",
				  ret_why);
	if (!v->route.frame) /* to the address that it holds */
		return v->hears ? DHCP_SECRET_TOLD : kept(v->where, ret_why);
	if (behind_relay)
		return kept(
			"the machine is behind a relay, but the request came directly", ret_why);
	if (v->forged)
		return silent("another card sent the request in the machine's name", ret_why);
	return v->hears ? DHCP_SECRET_TOLD : silent(v->where, ret_why);
}

void dhcp_secret_route(struct dhcp_route *r, const struct mac *client)
{
	if (r->frame)
		r->mac = *client;
}
