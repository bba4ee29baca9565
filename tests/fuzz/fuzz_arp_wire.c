/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an ARP frame: decoded without a stray read; who is heard is one machine with an
 * address. */
#include "dhcpd/arp_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arp_neighbour n;

	if (arp_wire_decode(data, len, &n))
		return 0;
	if (len < ARP_WIRE_PROBE || mac_is_zero(&n.mac) || (n.mac.b[0] & 1) || !ip_to_v4(&n.ip) ||
		memcmp(n.mac.b, data + 22, sizeof(n.mac.b)) || memcmp(n.ip.b, data + 28, 4))
		abort();
	return 0;
}
