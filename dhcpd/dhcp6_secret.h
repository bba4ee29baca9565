/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As dhcp_secret.h, for DHCPv6: who may be told a boot file's name with a token in it. Asks the kernel; main thread only.
 */
#ifndef USHER_DHCPD_DHCP6_SECRET_H
#define USHER_DHCPD_DHCP6_SECRET_H

#include "dhcpd/dhcp6_frame.h"
#include "dhcpd/dhcp6_policy.h"
#include "dhcpd/dhcpd.h"

/*
 * On our link the answer goes to the card that asked, whose MAC the frame told: the machine has to be where that frame came
 * from. Behind a relay it goes to where the relay's message came from, and that has to be where what is for the machine itself
 * goes. False: why not.
 */
bool dhcp6_secret_may_know(const struct dhcpd_config *c, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_frame *asked, char *why, size_t size);

#endif
