#include "dhcpd/dhcp_answer.h"

#include <errno.h>
#include <string.h>

enum { V4_BROADCAST = 0xffffffff };

static const struct mac ETHER_BROADCAST = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* An address that the answer is not about is not the client's here, whatever it says: else anybody
 * could have us send to anywhere. */
struct dhcp_route dhcp_answer_route(const struct dhcp_message *m, const struct dhcp_decision *d)
{
	struct dhcp_route r = {.port = DHCP_CLIENT_PORT};

	if (m->giaddr) {
		r.ip = m->giaddr;
		r.port = DHCP_SERVER_PORT;
	} else if (d->verdict != DHCP_SEND_NAK && m->ciaddr && m->ciaddr == ip_to_v4(&d->address)) {
		r.ip = m->ciaddr;
	} else if (d->verdict == DHCP_SEND_NAK || (m->flags & DHCP_FLAG_BROADCAST)) {
		r.frame = true;
		r.mac = ETHER_BROADCAST;
		r.ip = V4_BROADCAST;
	} else {
		r.frame = true;
		r.mac = m->mac;
		r.ip = ip_to_v4(&d->address);
	}
	return r;
}

/* A client that lists what it wants gets that; one that lists nothing gets all. */
static bool wanted(const struct dhcp_message *m, uint8_t code)
{
	return !m->lists_wants || dhcp_wire_wants(m, code);
}

static void put_times(struct dhcp_reply *r, uint32_t lease_s)
{
	if (!lease_s)
		return;
	dhcp_reply_u32(r, OPT_LEASE_TIME, lease_s);
	/* RFC 2131 4.4.5: a half, and seven eighths. */
	if (wanted(r->to, OPT_RENEWAL))
		dhcp_reply_u32(r, OPT_RENEWAL, lease_s / 2);
	if (wanted(r->to, OPT_REBINDING))
		dhcp_reply_u32(r, OPT_REBINDING, (uint32_t)((uint64_t)lease_s * 7 / 8));
}

static void put_boot(struct dhcp_reply *r, const struct dhcp_boot *b)
{
	/* Encapsulated options of iPXE: 176, "no-pxedhcp". Saves it seconds of waiting. */
	static const uint8_t NO_PXEDHCP[] = {176, 1, 1};
	struct ip next = ip_from_v4(b->next_server);
	char text[IP_TEXT];

	dhcp_reply_text(r, OPT_VENDOR_CLASS, b->vendor_class);
	if (b->vendor_len > 0)
		dhcp_reply_bytes(r, OPT_VENDOR, b->vendor, b->vendor_len);
	if (b->no_proxy)
		dhcp_reply_bytes(r, OPT_IPXE, NO_PXEDHCP, sizeof(NO_PXEDHCP));
	if (dhcp_wire_wants(r->to, OPT_BOOTFILE) || strlen(b->file) >= DHCP_FILE_FIELD)
		dhcp_reply_text(r, OPT_BOOTFILE, b->file);
	if (b->tftp && dhcp_wire_wants(r->to, OPT_TFTP_SERVER))
		dhcp_reply_text(r, OPT_TFTP_SERVER, ip_format(&next, text));
}

static void put_dns(struct dhcp_reply *r, const struct segment *s)
{
	uint8_t bytes[4 * SEGMENT_DNS_MAX];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	for (size_t i = 0; i < s->n_dns; i++)
		if (s->dns[i].family == IP_V4)
			writer_u32(&w, ip_to_v4(&s->dns[i]));
	if (w.len > 0)
		dhcp_reply_bytes(r, OPT_DNS, bytes, w.len);
}

static void put_network(struct dhcp_reply *r, const struct segment *s, const struct machine *m)
{
	uint32_t mask = v4_mask(s->prefix_len);

	if (ip_is_set(&s->router) && wanted(r->to, OPT_ROUTER))
		dhcp_reply_u32(r, OPT_ROUTER, ip_to_v4(&s->router));
	if (wanted(r->to, OPT_DNS))
		put_dns(r, s);
	if (m && wanted(r->to, OPT_HOSTNAME))
		dhcp_reply_text(r, OPT_HOSTNAME, m->name);
	if (wanted(r->to, OPT_DOMAIN))
		dhcp_reply_text(r, OPT_DOMAIN, s->domain);
	if (wanted(r->to, OPT_BROADCAST))
		dhcp_reply_u32(r, OPT_BROADCAST, ip_to_v4(&s->server) | ~mask);
}

static struct dhcp_reply_head head(
	const struct dhcp_policy *p, const struct dhcp_decision *d, const struct dhcp_boot *boot)
{
	struct dhcp_reply_head h = {.type = DHCP_ACK, .server_id = ip_to_v4(&p->segment->server)};

	if (d->verdict == DHCP_SEND_OFFER)
		h.type = DHCP_OFFER;
	else if (d->verdict == DHCP_SEND_NAK)
		h.type = DHCP_NAK;
	else
		h.ciaddr = p->msg->ciaddr;
	if (d->verdict == DHCP_SEND_OFFER || d->verdict == DHCP_SEND_ACK)
		h.yiaddr = ip_to_v4(&d->address);
	if (boot && boot->boots) {
		h.siaddr = boot->next_server;
		h.file = boot->file;
	}
	return h;
}

int dhcp_answer_encode(const struct dhcp_policy *p, const struct dhcp_decision *d,
	const struct dhcp_boot *boot, uint8_t buf[DHCP_REPLY_MAX])
{
	struct dhcp_reply_head h;
	struct dhcp_reply r;

	if (d->verdict == DHCP_SEND_NAK)
		boot = NULL;
	h = head(p, d, boot);
	dhcp_reply_begin(&r, buf, p->msg, &h);
	if (d->verdict == DHCP_SEND_NAK) {
		dhcp_reply_text(&r, OPT_MESSAGE, dhcp_reason_text(d->reason));
		return dhcp_reply_end(&r);
	}
	put_times(&r, d->lease_s);
	dhcp_reply_u32(&r, OPT_NETMASK, v4_mask(p->segment->prefix_len));
	if (boot && boot->boots)
		put_boot(&r, boot);
	put_network(&r, p->segment, d->machine);
	return dhcp_reply_end(&r);
}
