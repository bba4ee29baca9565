/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_proxy_answer.h"

#include "dhcpd/dhcp_answer.h"

/* A REQUEST on 67 is the lessor's affair; on 4011 it is meant for us, unless it names another. */
bool dhcp_proxy_is_due(const struct dhcp_message *m, const struct segment *s, uint16_t port)
{
	if (m->giaddr)
		return false; /* a relay hands out no proxy's offers */
	if (port != DHCP_PROXY_PORT)
		return m->type == DHCP_DISCOVER;
	return (m->type == DHCP_REQUEST || m->type == DHCP_INFORM) &&
		(!m->server_id || m->server_id == ip_to_v4(&s->server));
}

/* iPXE takes an offer without an address for a proxy's only when it says PXEClient. It is the proxy
 * that it waits for, so "there is no proxy" must not be said. */
static void as_proxy(struct dhcp_boot *b)
{
	b->no_proxy = false;
	if (!b->vendor_class[0])
		dhcp_boot_as_pxe(b);
}

static int encode(const struct dhcp_message *m, const struct segment *s, uint16_t port,
	uint8_t buf[DHCP_REPLY_MAX], struct dhcp_boot *b)
{
	struct dhcp_reply_head h = {.type = port == DHCP_PROXY_PORT ? DHCP_ACK : DHCP_OFFER,
		.server_id = ip_to_v4(&s->server)};
	struct dhcp_reply r;

	if (!b->boots)
		return 0;
	as_proxy(b);
	h.ciaddr = h.type == DHCP_ACK ? m->ciaddr : 0;
	h.siaddr = b->next_server;
	h.file = b->file;
	dhcp_reply_begin(&r, buf, m, &h);
	dhcp_answer_put_boot(&r, b);
	return dhcp_reply_end(&r);
}

int dhcp_proxy_answer(const struct dhcp_message *m, const struct segment *s,
	const struct machine *machine, dhcp_programs programs, uint16_t port,
	uint8_t buf[DHCP_REPLY_MAX], struct dhcp_boot *ret)
{
	*ret = (struct dhcp_boot){.vendor_class = ""};
	if (!dhcp_proxy_is_due(m, s, port))
		return 0;
	*ret = dhcp_boot_machine(dhcp_firmware_of(m), IP_V4, s, machine, programs);
	return encode(m, s, port, buf, ret);
}

int dhcp_proxy_answer_stranger(const struct dhcp_message *m, const struct segment *s,
	const char *token, uint16_t port, uint8_t buf[DHCP_REPLY_MAX], struct dhcp_boot *ret)
{
	*ret = (struct dhcp_boot){.vendor_class = ""};
	if (!dhcp_proxy_is_due(m, s, port))
		return 0;
	*ret = dhcp_boot_stranger(dhcp_firmware_of(m), IP_V4, s, token);
	return encode(m, s, port, buf, ret);
}
