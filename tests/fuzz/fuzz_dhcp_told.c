/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a frame with a DHCP server's message: decoded without a stray read, and every text of it ends. */
#include "dhcpd/dhcp_told.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool is_plain(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return n < size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct dhcp_message scratch;
	struct dhcp_told t;

	if (dhcp_told_decode(data, len, &scratch, &t) < 0)
		return 0;
	if (!is_plain(t.file, sizeof t.file) || !is_plain(t.tftp_name, sizeof t.tftp_name) ||
		!is_plain(t.vendor_class, sizeof t.vendor_class) ||
		!is_plain(t.message, sizeof t.message))
		abort();
	return 0;
}
