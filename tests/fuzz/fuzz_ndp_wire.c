/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a frame with a router solicitation: decoded without a stray read, and what is
 * answered goes to the asker alone. */
#include "dhcpd/ndp_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct mac ours = {{0x52, 0x54, 0x00, 0x77, 0x4b, 0xd4}};
	uint8_t *frame = malloc(NDP_ADVERT);
	struct ndp_solicit s;

	if (frame && ndp_wire_decode(data, len, &s) == 0) {
		ndp_wire_encode(&s, &ours, frame);
		if (memcmp(frame, data + 6, 6) || (frame[0] & 1))
			abort();
	}
	free(frame);
	return 0;
}
