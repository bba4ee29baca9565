/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/discover/lldp.h"

#include "core/cursor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 802.1AB, table 8-1 */
enum {
	TLV_END = 0,
	TLV_CHASSIS = 1,
	TLV_PORT = 2,
	TLV_TTL = 3,
	TLV_PORT_DESCRIPTION = 4,
	TLV_SYSTEM_NAME = 5,
	TLV_OWN = 127, /* an organisation's */
};

/* How an identifier is written, of a chassis (table 8-2) and of a port (table 8-3) */
enum { CHASSIS_MAC = 4, CHASSIS_ADDRESS = 5, PORT_MAC = 3, PORT_ADDRESS = 4 };
enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 }; /* IANA's numbers of address families */

static const uint8_t oui_8021[] = {0x00, 0x80, 0xc2};
enum { PORT_VLAN = 1 };

static void put_mac(const uint8_t *b, char ret[LLDP_TEXT])
{
	snprintf(ret, LLDP_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		b[5]);
}

/* NULs end a text: some switches pad it. */
static void put_text(const uint8_t *b, size_t n, char ret[LLDP_TEXT])
{
	size_t end = strnlen((const char *)b, n);

	end = end < LLDP_TEXT ? end : LLDP_TEXT - 1;
	memcpy(ret, b, end);
	ret[end] = '\0';
}

static void put_address(const uint8_t *b, size_t n, char ret[LLDP_TEXT])
{
	if (n == 5 && b[0] == FAMILY_IPV4)
		inet_ntop(AF_INET, b + 1, ret, LLDP_TEXT);
	else if (n == 17 && b[0] == FAMILY_IPV6)
		inet_ntop(AF_INET6, b + 1, ret, LLDP_TEXT);
}

/* A subtype and what it says. */
static int take_id(struct reader *v, uint8_t mac, uint8_t address, char ret[LLDP_TEXT])
{
	uint8_t subtype = reader_u8(v);
	size_t n = v->left;
	const uint8_t *b = reader_bytes(v, n);

	if (!b || !n)
		return -EINVAL;
	if (subtype == mac && n == 6)
		put_mac(b, ret);
	else if (subtype == address)
		put_address(b, n, ret);
	else
		put_text(b, n, ret);
	return 0;
}

static void take_own(struct reader *v, struct lldp *to)
{
	const uint8_t *oui = reader_bytes(v, sizeof oui_8021);
	uint8_t subtype = reader_u8(v);
	uint16_t vlan = reader_u16(v);

	if (!v->bad && !memcmp(oui, oui_8021, sizeof oui_8021) && subtype == PORT_VLAN && vlan &&
		vlan < 4095)
		to->vlan = vlan;
}

static int take(unsigned type, struct reader *v, struct lldp *to)
{
	size_t n = v->left;

	switch (type) {
	case TLV_CHASSIS:
		return take_id(v, CHASSIS_MAC, CHASSIS_ADDRESS, to->chassis_id);
	case TLV_PORT:
		return take_id(v, PORT_MAC, PORT_ADDRESS, to->port_id);
	case TLV_TTL:
		return n < 2 ? -EINVAL : reader_u16(v) ? 0 : -ENOENT;
	case TLV_PORT_DESCRIPTION:
		put_text(reader_bytes(v, n), n, to->port_description);
		return 0;
	case TLV_SYSTEM_NAME:
		put_text(reader_bytes(v, n), n, to->system_name);
		return 0;
	case TLV_OWN:
		take_own(v, to);
		return 0;
	default:
		return 0;
	}
}

/* The first three are chassis, port and time to live, in this order (8.2). */
int lldp_parse(const uint8_t *frame, size_t len, struct lldp *ret)
{
	struct lldp said = {.vlan = -1};
	struct reader r;
	unsigned type = TLV_TTL, n = 0;
	int rc = 0;

	reader_init(&r, frame, len);
	reader_skip(&r, 12);
	if (reader_u16(&r) != LLDP_ETHERTYPE)
		return -EINVAL;
	while (!rc && !r.bad && r.left >= 2 && type != TLV_END) {
		uint16_t head = reader_u16(&r);
		struct reader v = reader_sub(&r, head & 0x1ff);

		type = head >> 9;
		if (r.bad || (n < 3 && type != TLV_CHASSIS + n))
			rc = -EINVAL;
		else
			rc = take(type, &v, &said);
		n++;
	}
	if (!rc && (r.bad || n < 3))
		rc = -EINVAL;
	if (!rc)
		*ret = said;
	return rc;
}
