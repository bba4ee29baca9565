/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a frame from the wire: decoded without a stray read, and never half. */
#include "dhcpd/dhcp_heard.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dhcp_heard h = {.xid = 42};

	if (dhcp_heard_decode(data, len, &h) < 0) {
		if (h.xid != 42 || h.type)
			abort();
	} else if (h.type != DHCP_OFFER && h.type != DHCP_ACK && h.type != DHCP_NAK) {
		abort();
	}
	return 0;
}
