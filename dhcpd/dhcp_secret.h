/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot file's name with a token in it is a secret: who may be told it, and how. Pure.
 *
 * The answer must reach the machine alone, whoever asked in its name. It goes to its MAC by a frame, or to the address
 * that it holds, or to the relay of its subnet; never to everybody, nor to an address that the message alone says.
 */
#ifndef USHER_DHCPD_DHCP_SECRET_H
#define USHER_DHCPD_DHCP_SECRET_H

#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_policy.h"

enum dhcp_secret {
	DHCP_SECRET_TOLD,
	DHCP_SECRET_KEPT,   /* the answer leaves without anything to boot */
	DHCP_SECRET_SILENT, /* no answer at all: the machine itself did not ask */
};

struct dhcp_secret_view {
	const struct dhcp_policy *policy;
	const struct dhcp_decision *decision;
	struct dhcp_route route;
	bool forged;       /* another card sent it: dhcp_origin.h. Of a frame's route only */
	bool relay_there;  /* what goes to giaddr goes to the machine's subnet. Of a relay's only */
	bool hears;        /* dhcpd_config's: the machine is where the answer goes */
	const char *where; /* else why not */
};

/* `ret_why`: for the timeline, unless it is told. */
enum dhcp_secret dhcp_secret_judge(const struct dhcp_secret_view *v, const char **ret_why);
/* Firmware that wants a broadcast cannot take a packet for an address that it does not have yet; the frame may be for its
 * card all the same. */
void dhcp_secret_route(struct dhcp_route *r, const struct mac *client);

#endif
