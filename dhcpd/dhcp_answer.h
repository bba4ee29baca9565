/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a decision to the bytes of the answer, and to where they go. Pure.
 */
#ifndef USHER_DHCPD_DHCP_ANSWER_H
#define USHER_DHCPD_DHCP_ANSWER_H

#include "dhcpd/dhcp_boot.h"
#include "dhcpd/dhcp_policy.h"
#include "dhcpd/dhcp_route.h"

struct dhcp_route dhcp_answer_route(const struct dhcp_policy *p, const struct dhcp_decision *d);
/* The options that say what to boot. */
void dhcp_answer_put_boot(struct dhcp_reply *r, const struct dhcp_boot *b);
/* The length of the message in `buf`, or -EMSGSIZE when it cannot be put into what the client
 * takes. `boot` may be NULL. Only for the verdicts that send. */
int dhcp_answer_encode(const struct dhcp_policy *p, const struct dhcp_decision *d,
	const struct dhcp_boot *boot, uint8_t buf[DHCP_REPLY_MAX]);

#endif
