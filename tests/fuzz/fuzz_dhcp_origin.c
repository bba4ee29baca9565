/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a frame: decoded without a stray read; the message found lies in it, and is of the card that sent it. */
#include "dhcpd/dhcp_origin.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dhcp_marks marks;
	const uint8_t *message;
	size_t size;
	bool shorter_was_there; /* of an input before */

	if (!dhcp_origin_decode(data, len, &message, &size))
		return 0;
	if (message < data || size > len - (size_t)(message - data) || size < 34 ||
		memcmp(message + 28, data + 6, 6))
		abort();
	shorter_was_there = dhcp_marks_has(&marks, message, size - 1, 1);
	dhcp_marks_add(&marks, message, size, 1);
	if (!dhcp_marks_has(&marks, message, size, 1) ||
		(!shorter_was_there && dhcp_marks_has(&marks, message, size - 1, 1)))
		abort();
	return 0;
}
