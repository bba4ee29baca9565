/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_answer.h"

#include <stdio.h>
#include <string.h>

/* The client takes the first ADVERTISE that says so at once, where OVMF waits for others 5 to 7 s (RFC 8415 18.2.1). */
enum { PREFERENCE = 255 };

void dhcp6_answer_duid(const struct mac *mac, uint8_t ret[DHCP6_SERVER_DUID])
{
	static const uint8_t head[] = {0, 3, 0, 1};

	memcpy(ret, head, sizeof(head));
	memcpy(ret + sizeof(head), mac->b, sizeof(mac->b));
}

bool dhcp6_answer_is_ours(const struct dhcp6_message *m, const uint8_t duid[DHCP6_SERVER_DUID])
{
	const uint8_t *id = dhcp6_wire_bytes(m, m->server_id);

	return id && m->server_id.len == DHCP6_SERVER_DUID &&
		memcmp(id, duid, DHCP6_SERVER_DUID) == 0;
}

static void give(struct dhcp6_ia *ia, const struct ip *ip, uint32_t lease_s)
{
	if (ia->n_addresses == DHCP6_ADDRESSES)
		return;
	ia->addresses[ia->n_addresses++] = (struct dhcp6_address){*ip, lease_s, lease_s};
}

/* A client that renews is told of each address that it may no longer use: its times are 0 (RFC 8415 18.3.4). */
static void put_lease(struct dhcp6_reply *r, const struct dhcp6_policy *p,
	const struct dhcp6_decision *d, const struct dhcp6_ia *asked)
{
	struct dhcp6_ia ia = {.code = asked->code,
		.iaid = asked->iaid,
		.t1_s = d->lease_s / 2,
		.t2_s = d->lease_s / 5 * 4};
	bool renews = p->msg->type == DHCP6_RENEW || p->msg->type == DHCP6_REBIND;

	give(&ia, &d->choice.address, d->lease_s);
	for (size_t i = 0; renews && i < asked->n_addresses; i++)
		if (!ip_eq(&asked->addresses[i].ip, &d->choice.address))
			give(&ia, &asked->addresses[i].ip, 0);
	(void)dhcp6_reply_ia(r, &ia, "");
}

static void put_refusal(struct dhcp6_reply *r, const struct dhcp6_ia *asked,
	enum dhcp6_status status, const char *text)
{
	const struct dhcp6_ia ia = {
		.code = asked->code, .iaid = asked->iaid, .has_status = true, .status = status};

	(void)dhcp6_reply_ia(r, &ia, text);
}

static void put_ias(
	struct dhcp6_reply *r, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	const char *why = d->reason == DHCP_FINE ? "" : dhcp_reason_text(d->reason);

	for (size_t i = 0; i < p->msg->n_ias; i++) {
		const struct dhcp6_ia *ia = &p->msg->ias[i];

		if (ia->code == OPT6_IA_PD)
			put_refusal(r, ia, DHCP6_NO_PREFIX_AVAIL, "no prefixes are delegated");
		else if (ia->code == OPT6_IA_TA)
			put_refusal(r, ia, DHCP6_NO_ADDRS_AVAIL, "no temporary addresses");
		else if (ip_is_set(&d->choice.address))
			put_lease(r, p, d, ia);
		else
			put_refusal(r, ia, d->status, why);
	}
}

/* Who asks for nothing by name is told all the same. */
static bool wants(const struct dhcp6_message *m, uint16_t code)
{
	return !m->requested.at || dhcp6_wire_wants(m, code);
}

static void put_name(
	struct dhcp6_reply *r, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	const char *name = d->machine ? d->machine->name : p->msg->hostname;
	char whole[320];

	if (!*name || (!p->msg->has_fqdn && !dhcp6_wire_wants(p->msg, OPT6_FQDN)))
		return;
	snprintf(whole, sizeof(whole), "%s%s%s", name, *p->segment->domain ? "." : "",
		p->segment->domain);
	/* we change nobody's DNS (RFC 4704 4.1) */
	(void)dhcp6_reply_fqdn(r, DHCP6_FQDN_N, whole);
}

/* A site's own. */
static void put_own(struct dhcp6_reply *r, const struct segment_options *own)
{
	for (size_t at = 0, size; at < own->len; at += size) {
		const uint8_t *o = own->bytes + at;

		size = 4 + ((size_t)o[2] << 8 | o[3]);
		if (wants(r->to, (uint16_t)(o[0] << 8 | o[1])))
			(void)dhcp6_reply_raw(r, o, size);
	}
}

static void put_options(
	struct dhcp6_reply *r, const struct dhcp6_policy *p, const struct dhcp6_decision *d)
{
	const struct dhcp6_message *m = p->msg;
	const struct segment *s = p->segment;
	const char *search = *s->extra.search ? s->extra.search : s->domain;

	if (wants(m, OPT6_DNS))
		(void)dhcp6_reply_addresses(r, OPT6_DNS, s->six.dns, s->six.n_dns);
	if (wants(m, OPT6_DOMAIN_SEARCH))
		(void)dhcp6_reply_names(r, OPT6_DOMAIN_SEARCH, search);
	if (dhcp6_wire_wants(m, OPT6_NTP))
		(void)dhcp6_reply_ntp(r, s->extra.ntp, s->extra.n_ntp);
	if (d->verdict == DHCP6_SEND_INFO)
		(void)dhcp6_reply_u32(r, OPT6_REFRESH_TIME, s->lease_s < 600 ? 600 : s->lease_s);
	put_name(r, p, d);
	put_own(r, &s->six.options);
}

static void put_boot(struct dhcp6_reply *r, const struct dhcp6_policy *p, const struct dhcp_boot *b)
{
	if (!b->boots)
		return;
	(void)dhcp6_reply_text(r, OPT6_BOOT_URL, b->file);
	/* without it UEFI's HTTP Boot takes the offer for another's; it accepts Intel's number and none */
	if (*b->vendor_class)
		(void)dhcp6_reply_vendor_class(r,
			p->msg->has_vendor_class ? p->msg->enterprise : DHCP6_ENTERPRISE_INTEL,
			b->vendor_class);
}

static bool is_told_options(const struct dhcp6_decision *d)
{
	return d->verdict == DHCP6_SEND_ADVERTISE || d->verdict == DHCP6_SEND_LEASE ||
		d->verdict == DHCP6_SEND_INFO;
}

static bool has_ias(const struct dhcp6_decision *d)
{
	return d->verdict == DHCP6_SEND_ADVERTISE || d->verdict == DHCP6_SEND_LEASE ||
		d->verdict == DHCP6_SEND_STATUS;
}

int dhcp6_answer_encode(const struct dhcp6_policy *p, const struct dhcp6_decision *d,
	const uint8_t duid[DHCP6_SERVER_DUID], const struct dhcp_boot *boot,
	uint8_t buf[DHCP6_REPLY_MAX])
{
	bool advertises = d->verdict == DHCP6_SEND_ADVERTISE;
	struct dhcp6_reply r;

	dhcp6_reply_begin(&r, buf, DHCP6_REPLY_MAX, p->msg,
		advertises ? DHCP6_ADVERTISE : DHCP6_REPLY, duid, DHCP6_SERVER_DUID);
	if (advertises && ip_is_set(&d->choice.address))
		(void)dhcp6_reply_u8(&r, OPT6_PREFERENCE, PREFERENCE);
	if (d->rapid)
		(void)dhcp6_reply_flag(&r, OPT6_RAPID_COMMIT);
	if (has_ias(d))
		put_ias(&r, p, d);
	else if (d->verdict != DHCP6_SEND_INFO)
		(void)dhcp6_reply_status(&r, d->status,
			d->status == DHCP6_NOT_ON_LINK ? "not an address of this link" : "");
	if (is_told_options(d)) {
		put_boot(&r, p, boot);
		put_options(&r, p, d);
	}
	return dhcp6_reply_end(&r);
}
