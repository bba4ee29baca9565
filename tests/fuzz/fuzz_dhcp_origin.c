/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a frame that the filter let through: decoded without a stray read; it names the client that stands in it, or
 * nobody. */
#include "dhcpd/dhcp_origin.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dhcp_marks marks = {0};
	struct dhcp_message msg = {0};
	struct dhcp_mark m;
	size_t at;

	if (!dhcp_origin_decode(data, len, &m))
		return 0;
	at = 14 + (data[14] & 15u) * 4 + 8;
	if (m.any != (at + 34 > len) ||
		(!m.any && memcmp(m.client.b, data + at + 28, sizeof m.client.b)))
		abort();
	msg.mac = m.client;
	msg.xid = m.xid;
	dhcp_marks_add(&marks, &m, 1);
	if (!dhcp_marks_take(&marks, &msg, 1) || dhcp_marks_take(&marks, &msg, 1) != m.any)
		abort();
	return 0;
}
