/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a switch says of itself: LLDP frames (IEEE 802.1AB-2016, 8 and 9). Pure. */
#ifndef USHER_CONTRIB_DISCOVER_LLDP_H
#define USHER_CONTRIB_DISCOVER_LLDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LLDP_ETHERTYPE = 0x88cc,
	LLDP_TEXT = 256, /* a TLV's value has 255 bytes where it is text (8.5) */
};

struct lldp {
	char chassis_id[LLDP_TEXT], system_name[LLDP_TEXT];
	char port_id[LLDP_TEXT], port_description[LLDP_TEXT];
	int vlan; /* the port's own (802.1Q annex D.2.1); -1: not said */
};

/* An Ethernet frame, untagged. 0; -EINVAL: it is no LLDP, or is broken; -ENOENT: the neighbour is going, its time to live is
 * zero. */
int lldp_parse(const uint8_t *frame, size_t len, struct lldp *ret);

#endif
