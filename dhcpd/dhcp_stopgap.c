/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_stopgap.h"

/* The same for a card each time. 169.254.1.0 to 169.254.254.255 are for use (RFC 3927 2.1). */
static struct ip address_of(const struct mac *mac)
{
	uint32_t n = dhcp_wire_hash(DHCP_HASH, mac->b, sizeof(mac->b));

	return ip_from_v4(0xa9fe0100 + n % (254 << 8));
}

int dhcp_stopgap_answer(const struct dhcp_message *m, const struct segment *s,
	const struct machine *machine, uint8_t buf[DHCP_REPLY_MAX], struct dhcp_route *ret_route)
{
	const struct segment link = {.id = s->id,
		.server = ip_from_v4(DHCP_STOPGAP_SERVER),
		.prefix_len = 16,
		.mode = SEGMENT_OWN};
	const struct dhcp_policy p = {.msg = m, .segment = &link};
	const struct dhcp_decision d = {
		.verdict = m->type == DHCP_DISCOVER ? DHCP_SEND_OFFER : DHCP_SEND_ACK,
		.address = address_of(&m->mac),
		.lease_s = DHCP_STOPGAP_S};

	if (!machine || m->giaddr || dhcp_boot_client(dhcp_firmware_of(m)) == DHCP_CLIENT_SYSTEM)
		return 0;
	if (m->type != DHCP_DISCOVER &&
		(m->type != DHCP_REQUEST || m->server_id != DHCP_STOPGAP_SERVER))
		return 0;
	*ret_route = dhcp_answer_route(&p, &d);
	return dhcp_answer_encode(&p, &d, NULL, buf);
}
