/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_who.h"

#include <string.h>

/* RFC 8415 11.2, 11.4; RFC 6355 4. */
enum { DUID_LLT = 1, DUID_LL = 3, DUID_UUID = 4, HARDWARE_ETHERNET = 1 };

static bool is_station(const struct mac *mac)
{
	return !mac_is_zero(mac) && !mac_is_group(mac);
}

static struct reader duid_of(const struct dhcp6_message *m)
{
	const uint8_t *p = dhcp6_wire_bytes(m, m->client_id);
	struct reader r;

	reader_init(&r, p, p ? m->client_id.len : 0);
	return r;
}

/* Hardware type, in a DUID-LLT a time, and the address. */
static bool mac_of_duid(const struct dhcp6_message *m, struct mac *ret)
{
	struct reader r = duid_of(m);
	uint16_t type = reader_u16(&r), hardware;
	struct mac mac;

	if (type != DUID_LLT && type != DUID_LL)
		return false;
	hardware = reader_u16(&r);
	if (type == DUID_LLT)
		reader_skip(&r, 4);
	reader_copy(&r, mac.b, sizeof(mac.b));
	if (r.bad || r.left || hardware != HARDWARE_ETHERNET || !is_station(&mac))
		return false;
	*ret = mac;
	return true;
}

static enum dhcp6_who_by find_mac(
	const struct dhcp6_message *m, const struct mac *frame, struct mac *ret)
{
	const struct dhcp6_relay *nearest = m->n_relays ? &m->relays[m->n_relays - 1] : NULL;

	if (!nearest && frame && is_station(frame)) {
		*ret = *frame;
		return DHCP6_WHO_FRAME;
	}
	if (nearest && nearest->has_mac) {
		*ret = nearest->mac;
		return DHCP6_WHO_RELAY;
	}
	if (nearest && ip6_to_mac(&nearest->peer, ret) == 0)
		return DHCP6_WHO_PEER;
	return mac_of_duid(m, ret) ? DHCP6_WHO_DUID : DHCP6_WHO_NOBODY;
}

/* The fields of 4, 2 and 2 bytes (RFC 4122 4.1.2), from one byte order into the other. */
static void turn(const uint8_t in[UUID_BYTES], uint8_t out[UUID_BYTES])
{
	static const uint8_t from[UUID_BYTES] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

	for (size_t i = 0; i < sizeof(from); i++)
		out[i] = in[from[i]];
}

static bool find_uuid(const struct dhcp6_message *m, uint8_t ret[UUID_BYTES])
{
	struct reader r = duid_of(m);

	if (reader_u16(&r) != DUID_UUID || r.left != UUID_BYTES)
		return false;
	reader_copy(&r, ret, UUID_BYTES);
	return true;
}

struct dhcp6_who dhcp6_who_is(const struct dhcp6_message *m, const struct mac *frame)
{
	struct dhcp6_who who = {.by = DHCP6_WHO_NOBODY};

	who.by = find_mac(m, frame, &who.mac);
	who.has_uuid = find_uuid(m, who.uuid);
	if (who.has_uuid)
		turn(who.uuid, who.uuid_turned);
	return who;
}

const char *dhcp6_who_by_name(enum dhcp6_who_by by)
{
	static const char *const names[] = {
		[DHCP6_WHO_FRAME] = "its frame",
		[DHCP6_WHO_RELAY] = "the relay's word",
		[DHCP6_WHO_PEER] = "its address",
		[DHCP6_WHO_DUID] = "its DUID",
		[DHCP6_WHO_NOBODY] = "nothing",
	};

	return names[by];
}
