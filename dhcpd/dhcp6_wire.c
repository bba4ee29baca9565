/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp6_wire.h"

#include "dhcpd/dns_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	ADDRESS_LEN = 16,
	OPTION_HEAD = 4,
	HARDWARE_ETHERNET = 1,
	NTP_SERVER_ADDRESS = 1, /* RFC 5908 4.1 */
	DATAGRAM_MAX = UINT16_MAX,
};

struct tlv {
	uint16_t code;
	struct reader value;
};

/* 1: an option in `ret`; 0: the end; -EBADMSG: it runs past the end, only its code is known (0: not even that). */
static int next_option(struct reader *r, struct tlv *ret)
{
	size_t len;

	if (r->left == 0)
		return 0;
	ret->code = reader_u16(r);
	len = reader_u16(r);
	ret->value = reader_sub(r, len);
	return r->bad ? -EBADMSG : 1;
}

static void odd(struct dhcp6_message *m, uint16_t code, const char *what)
{
	for (size_t i = 0; i < m->n_odd; i++)
		if (m->odd[i].code == code)
			return;
	if (m->n_odd < DHCP6_ODDITIES)
		m->odd[m->n_odd++] = (struct dhcp6_oddity){code, what};
}

static const char *const PAST_THE_END = "runs past the end: left out";
static const char *const WRONG_LENGTH = "has a wrong length: left out";

/* What is left of `r`, which reads the arena. */
static struct dhcp6_span span_of(const struct dhcp6_message *m, const struct reader *r)
{
	return (struct dhcp6_span){(uint16_t)(r->at - m->arena + 1), (uint16_t)r->left};
}

const uint8_t *dhcp6_wire_bytes(const struct dhcp6_message *m, struct dhcp6_span s)
{
	return s.at ? m->arena + s.at - 1 : NULL;
}

static struct reader reader_of(const struct dhcp6_message *m, struct dhcp6_span s)
{
	struct reader r;

	reader_init(&r, dhcp6_wire_bytes(m, s), s.len);
	return r;
}

static struct ip take_address(struct reader *r)
{
	uint8_t b[ADDRESS_LEN];

	reader_copy(r, b, sizeof(b));
	return ip_from_v6(b);
}

/* The options of a message. Each takes its value; what it returns is what is wrong with it, NULL: nothing. */

static const char *take_duid(struct dhcp6_span *to, const struct dhcp6_message *m, struct reader r)
{
	if (!r.left || r.left > DHCP6_DUID_MAX)
		return r.left ? WRONG_LENGTH : "is empty: left out";
	*to = span_of(m, &r);
	return NULL;
}

static const char *take_client_id(struct dhcp6_message *m, struct reader r)
{
	return take_duid(&m->client_id, m, r);
}

static const char *take_server_id(struct dhcp6_message *m, struct reader r)
{
	return take_duid(&m->server_id, m, r);
}

static const char *take_requested(struct dhcp6_message *m, struct reader r)
{
	m->requested = span_of(m, &r);
	return r.left % 2 ? "has an odd length: its last byte is left out" : NULL;
}

static const char *take_preference(struct dhcp6_message *m, struct reader r)
{
	if (r.left != 1)
		return WRONG_LENGTH;
	m->preference = reader_u8(&r);
	return NULL;
}

static const char *take_elapsed(struct dhcp6_message *m, struct reader r)
{
	if (r.left != 2)
		return WRONG_LENGTH;
	m->elapsed_cs = reader_u16(&r);
	return NULL;
}

static const char *take_status(struct dhcp6_message *m, struct reader r)
{
	uint16_t status = reader_u16(&r);

	if (r.bad)
		return WRONG_LENGTH;
	m->has_status = true;
	m->status = status;
	m->status_text = span_of(m, &r);
	return NULL;
}

static const char *take_rapid_commit(struct dhcp6_message *m, struct reader r)
{
	m->rapid_commit = true;
	return r.left ? "is not empty: it counts" : NULL;
}

static const char *take_reconfigure_accept(struct dhcp6_message *m, struct reader r)
{
	m->reconfigure_accept = true;
	return r.left ? "is not empty: it counts" : NULL;
}

static bool is_ipxe(const uint8_t *p, size_t len)
{
	return p && len == 4 && memcmp(p, "iPXE", 4) == 0;
}

/* RFC 8415 21.15: texts with their lengths. A bare name is taken too, as some send it over IPv4. */
static const char *take_user_class(struct dhcp6_message *m, struct reader r)
{
	m->user_class = span_of(m, &r);
	m->ipxe = is_ipxe(r.at, r.left);
	if (m->ipxe)
		return NULL;
	while (r.left > 0) {
		size_t len = reader_u16(&r);

		if (is_ipxe(reader_bytes(&r, len), len))
			m->ipxe = true;
	}
	return r.bad ? "has a text that runs past its end: left out" : NULL;
}

/* Each enterprise may have one of its own (RFC 8415 21.16): the first counts. */
static const char *take_vendor_class(struct dhcp6_message *m, struct reader r)
{
	uint32_t enterprise = reader_u32(&r);
	size_t len = r.left ? reader_u16(&r) : 0, n = 0;
	const uint8_t *p = reader_bytes(&r, len);

	if (r.bad)
		return WRONG_LENGTH;
	if (m->has_vendor_class)
		return NULL;
	m->has_vendor_class = true;
	m->enterprise = enterprise;
	for (; n < len && n < sizeof(m->vendor_class) - 1; n++)
		m->vendor_class[n] = p[n] >= 0x20 && p[n] < 0x7f ? (char)p[n] : '?';
	m->vendor_class[n] = '\0';
	return NULL;
}

/* The first label, when it is one (RFC 1123 2.1). */
static void take_hostname(struct dhcp6_message *m, const uint8_t *label, size_t len)
{
	if (len >= sizeof(m->hostname) || label[0] == '-' || label[len - 1] == '-')
		return;
	for (size_t i = 0; i < len; i++)
		if (!isalnum(label[i]) && label[i] != '-')
			return;
	for (size_t i = 0; i < len; i++)
		m->hostname[i] = (char)tolower(label[i]);
}

static const char *take_fqdn(struct dhcp6_message *m, struct reader r)
{
	uint8_t flags = reader_u8(&r);
	size_t len = r.left ? reader_u8(&r) : 0;
	const uint8_t *label = reader_bytes(&r, len);

	if (r.bad)
		return WRONG_LENGTH;
	m->has_fqdn = true;
	m->fqdn_flags = flags;
	if (len > 0)
		take_hostname(m, label, len);
	return NULL;
}

/* RFC 5970 3.3: a list of 16-bit types, the first is the one that runs. */
static const char *take_arch(struct dhcp6_message *m, struct reader r)
{
	uint16_t arch = reader_u16(&r);

	if (r.bad)
		return WRONG_LENGTH;
	m->arch = arch;
	return r.left % 2 ? "has an odd length: its last byte is left out" : NULL;
}

static const char *take_nii(struct dhcp6_message *m, struct reader r)
{
	if (r.left != sizeof(m->nii))
		return WRONG_LENGTH;
	m->has_nii = true;
	reader_copy(&r, m->nii, sizeof(m->nii));
	return NULL;
}

static const char *take_ia_address(struct dhcp6_ia *ia, struct reader r)
{
	struct dhcp6_address a = {.ip = take_address(&r)};

	a.preferred_s = reader_u32(&r);
	a.valid_s = reader_u32(&r);
	if (r.bad)
		return WRONG_LENGTH;
	if (ia->n_addresses == DHCP6_ADDRESSES)
		return "comes too often: the rest is left out";
	ia->addresses[ia->n_addresses++] = a;
	return NULL;
}

static const char *take_ia_status(struct dhcp6_ia *ia, struct reader r)
{
	uint16_t status = reader_u16(&r);

	if (r.bad)
		return WRONG_LENGTH;
	if (ia->has_status)
		return "comes twice: the first counts";
	ia->has_status = true;
	ia->status = status;
	return NULL;
}

static void take_ia_options(struct dhcp6_message *m, struct dhcp6_ia *ia, struct reader r)
{
	const char *what = NULL;
	struct tlv o;
	int rc;

	while ((rc = next_option(&r, &o)) > 0) {
		if (o.code == OPT6_IA_ADDRESS && ia->code != OPT6_IA_PD)
			what = take_ia_address(ia, o.value);
		else if (o.code == OPT6_STATUS)
			what = take_ia_status(ia, o.value);
		else
			what = NULL;
		if (what)
			odd(m, o.code, what);
	}
	if (rc < 0)
		odd(m, o.code, PAST_THE_END);
}

static const char *take_ia(struct dhcp6_message *m, uint16_t code, struct reader r)
{
	struct dhcp6_ia *ia = &m->ias[m->n_ias];
	uint32_t iaid = reader_u32(&r), t1 = 0, t2 = 0;

	if (code != OPT6_IA_TA) {
		t1 = reader_u32(&r);
		t2 = reader_u32(&r);
	}
	if (r.bad)
		return WRONG_LENGTH;
	if (m->n_ias == DHCP6_IAS)
		return "comes too often: the rest is left out";
	m->n_ias++;
	*ia = (struct dhcp6_ia){.code = code, .iaid = iaid, .t1_s = t1, .t2_s = t2};
	take_ia_options(m, ia, r);
	return NULL;
}

static const char *take_ia_na(struct dhcp6_message *m, struct reader r)
{
	return take_ia(m, OPT6_IA_NA, r);
}

static const char *take_ia_ta(struct dhcp6_message *m, struct reader r)
{
	return take_ia(m, OPT6_IA_TA, r);
}

static const char *take_ia_pd(struct dhcp6_message *m, struct reader r)
{
	return take_ia(m, OPT6_IA_PD, r);
}

static const struct taker {
	uint16_t code;
	bool many; /* it may come more than once (RFC 8415 24) */
	const char *(*take)(struct dhcp6_message *m, struct reader r);
} TAKERS[] = {
	{OPT6_CLIENT_ID, false, take_client_id},
	{OPT6_SERVER_ID, false, take_server_id},
	{OPT6_IA_NA, true, take_ia_na},
	{OPT6_IA_TA, true, take_ia_ta},
	{OPT6_REQUESTED, false, take_requested},
	{OPT6_PREFERENCE, false, take_preference},
	{OPT6_ELAPSED, false, take_elapsed},
	{OPT6_STATUS, false, take_status},
	{OPT6_RAPID_COMMIT, false, take_rapid_commit},
	{OPT6_USER_CLASS, false, take_user_class},
	{OPT6_VENDOR_CLASS, true, take_vendor_class},
	{OPT6_RECONFIGURE_ACCEPT, false, take_reconfigure_accept},
	{OPT6_IA_PD, true, take_ia_pd},
	{OPT6_FQDN, false, take_fqdn},
	{OPT6_ARCH, false, take_arch},
	{OPT6_NETWORK_INTERFACE, false, take_nii},
};
enum { N_TAKERS = sizeof(TAKERS) / sizeof(*TAKERS) };

/* `seen`: a bit for each of the takers whose option has come. */
static void take_option(struct dhcp6_message *m, const struct tlv *o, uint32_t *seen)
{
	for (size_t i = 0; i < N_TAKERS; i++) {
		const struct taker *t = &TAKERS[i];
		const char *what;

		if (t->code != o->code)
			continue;
		what = *seen & (1u << i) && !t->many ? "comes twice: the first counts"
						     : t->take(m, o->value);
		*seen |= 1u << i;
		if (what)
			odd(m, o->code, what);
		return;
	}
}

static void take_options(struct dhcp6_message *m, struct reader r)
{
	const char *colon;
	uint32_t seen = 0;
	unsigned arch;
	struct tlv o;
	int rc;

	m->options = span_of(m, &r);
	m->arch = DHCP6_ARCH_NONE;
	while ((rc = next_option(&r, &o)) > 0)
		take_option(m, &o, &seen);
	if (rc < 0)
		odd(m, o.code, PAST_THE_END);
	colon = strchr(m->vendor_class, ':');
	if (m->arch == DHCP6_ARCH_NONE && colon && sscanf(colon, ":Arch:%5u", &arch) == 1 &&
		arch < DHCP6_ARCH_NONE)
		m->arch = (uint16_t)arch;
}

/* Wrappings */

/* RFC 6939 4: hardware type and address. */
static const char *take_link_layer(struct dhcp6_relay *relay, struct reader r)
{
	uint16_t type = reader_u16(&r);

	if (r.bad || !r.left || (type == HARDWARE_ETHERNET && r.left != sizeof(relay->mac.b)))
		return WRONG_LENGTH;
	if (type != HARDWARE_ETHERNET || relay->has_mac)
		return NULL;
	reader_copy(&r, relay->mac.b, sizeof(relay->mac.b));
	relay->has_mac = !mac_is_zero(&relay->mac) && !mac_is_group(&relay->mac);
	return relay->has_mac ? NULL : "is no station's: left out";
}

static void take_relay_option(
	struct dhcp6_message *m, struct dhcp6_relay *relay, const struct tlv *o)
{
	struct dhcp6_span span = span_of(m, &o->value), *to = NULL;
	const char *what = NULL;

	if (o->code == OPT6_INTERFACE_ID)
		to = &relay->interface_id;
	else if (o->code == OPT6_REMOTE_ID)
		to = &relay->remote_id;
	else if (o->code == OPT6_SUBSCRIBER_ID)
		to = &relay->subscriber_id;
	else if (o->code == OPT6_ECHO)
		to = &relay->echo;
	else if (o->code == OPT6_CLIENT_LINK_LAYER)
		what = take_link_layer(relay, o->value);
	else if (o->code == OPT6_RELAY_PORT)
		relay->own_port = true;
	if (to && to->at)
		what = "comes twice: the first counts";
	else if (to)
		*to = span;
	if (what)
		odd(m, o->code, what);
}

/* Takes one wrapping; `r` then reads what is in it. */
static const char *take_relay(struct dhcp6_message *m, struct dhcp6_relay *relay, struct reader *r)
{
	struct reader in = {.at = NULL};
	struct tlv o;
	int rc;

	relay->hops = reader_u8(r);
	relay->link = take_address(r);
	relay->peer = take_address(r);
	if (r->bad)
		return "a relay's message is too short";
	relay->options = span_of(m, r);
	while ((rc = next_option(r, &o)) > 0) {
		if (o.code != OPT6_RELAY_MESSAGE)
			take_relay_option(m, relay, &o);
		else if (!in.at)
			in = o.value;
		else
			odd(m, o.code, "comes twice: the first counts");
	}
	if (rc < 0)
		odd(m, o.code, PAST_THE_END);
	if (!in.at)
		return rc < 0 && o.code == OPT6_RELAY_MESSAGE
			? "the message in a relay's message runs past the end"
			: "a relay's message without a message in it";
	*r = in;
	return NULL;
}

/* `ret_type`: of what is in the innermost. */
static const char *take_relays(struct dhcp6_message *m, struct reader *r, uint8_t *ret_type)
{
	const char *why;
	uint8_t type, first = reader_u8(r);

	for (type = first; type == DHCP6_RELAY_FORWARD || type == DHCP6_RELAY_REPLY;
		type = reader_u8(r)) {
		if (type != first)
			return "a relay's answer in a relay's question, or the other way round";
		if (m->n_relays == DHCP6_RELAYS)
			return "more relays than there may be";
		why = take_relay(m, &m->relays[m->n_relays++], r);
		if (why)
			return why;
	}
	m->relay_reply = first == DHCP6_RELAY_REPLY;
	*ret_type = type;
	return r->bad ? "too short" : NULL;
}

int dhcp6_wire_decode(
	const void *bytes, size_t len, struct dhcp6_message *ret, const char **ret_why)
{
	struct dhcp6_message *m = ret;
	struct reader r;
	uint8_t type = 0;

	if (len > DHCP6_PACKET_MAX) {
		*ret_why = "too long";
		return -EBADMSG;
	}
	memset(m, 0, offsetof(struct dhcp6_message, arena));
	if (len > 0)
		memcpy(m->arena, bytes, len);
	reader_init(&r, m->arena, len);
	*ret_why = take_relays(m, &r, &type);
	if (*ret_why)
		return -EBADMSG;
	if (type < DHCP6_SOLICIT || type > DHCP6_INFORMATION_REQUEST) {
		*ret_why = "a message type that is not DHCPv6's";
		return -ENOMSG;
	}
	m->type = type;
	m->xid = (uint32_t)reader_u8(&r) << 16;
	m->xid |= reader_u16(&r);
	if (r.bad) {
		*ret_why = "too short";
		return -EBADMSG;
	}
	take_options(m, r);
	return 0;
}

/* RFC 8415 16, table by table: who must name itself, and who must or must not name a server. */
const char *dhcp6_wire_refusal(const struct dhcp6_message *m)
{
	bool needs_server = false, may_server = false;

	switch (m->type) {
	case DHCP6_SOLICIT:
	case DHCP6_CONFIRM:
	case DHCP6_REBIND:
		break;
	case DHCP6_REQUEST:
	case DHCP6_RENEW:
	case DHCP6_RELEASE:
	case DHCP6_DECLINE:
		needs_server = may_server = true;
		break;
	case DHCP6_INFORMATION_REQUEST:
		return m->n_ias          ? "an INFORMATION-REQUEST that asks for addresses"
			: m->relay_reply ? "a server's message"
					 : NULL;
	default:
		return "a server's message";
	}
	if (m->relay_reply)
		return "a server's message";
	if (!m->client_id.at)
		return "no client identifier";
	if (needs_server && !m->server_id.at)
		return "no server identifier, which its type needs";
	return m->server_id.at && !may_server ? "a server identifier, which its type must not have"
					      : NULL;
}

const uint8_t *dhcp6_wire_option(const struct dhcp6_message *m, uint16_t code, size_t *ret_len)
{
	struct reader r = reader_of(m, m->options);
	struct tlv o;

	while (next_option(&r, &o) > 0) {
		if (o.code != code)
			continue;
		*ret_len = o.value.left;
		return o.value.at;
	}
	return NULL;
}

static bool lists(struct reader r, uint16_t code)
{
	while (r.left >= 2)
		if (reader_u16(&r) == code)
			return true;
	return false;
}

bool dhcp6_wire_wants(const struct dhcp6_message *m, uint16_t code)
{
	return lists(reader_of(m, m->requested), code);
}

const char *dhcp6_wire_odd_text(const struct dhcp6_message *m, char buf[DHCP6_ODDITY_TEXT])
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < m->n_odd && n < DHCP6_ODDITY_TEXT; i++)
		n += (size_t)snprintf(buf + n, DHCP6_ODDITY_TEXT - n, "%soption %u %s",
			i ? "; " : "", m->odd[i].code, m->odd[i].what);
	return buf;
}

const char *dhcp6_type_name(unsigned type)
{
	static const char *const names[] = {
		[DHCP6_SOLICIT] = "SOLICIT",
		[DHCP6_ADVERTISE] = "ADVERTISE",
		[DHCP6_REQUEST] = "REQUEST",
		[DHCP6_CONFIRM] = "CONFIRM",
		[DHCP6_RENEW] = "RENEW",
		[DHCP6_REBIND] = "REBIND",
		[DHCP6_REPLY] = "REPLY",
		[DHCP6_RELEASE] = "RELEASE",
		[DHCP6_DECLINE] = "DECLINE",
		[DHCP6_RECONFIGURE] = "RECONFIGURE",
		[DHCP6_INFORMATION_REQUEST] = "INFORMATION-REQUEST",
		[DHCP6_RELAY_FORWARD] = "RELAY-FORW",
		[DHCP6_RELAY_REPLY] = "RELAY-REPL",
	};

	return type && type < sizeof(names) / sizeof(*names) ? names[type] : "?";
}

const char *dhcp6_status_name(unsigned status)
{
	static const char *const names[] = {
		[DHCP6_SUCCESS] = "Success",
		[DHCP6_UNSPEC_FAIL] = "UnspecFail",
		[DHCP6_NO_ADDRS_AVAIL] = "NoAddrsAvail",
		[DHCP6_NO_BINDING] = "NoBinding",
		[DHCP6_NOT_ON_LINK] = "NotOnLink",
		[DHCP6_USE_MULTICAST] = "UseMulticast",
		[DHCP6_NO_PREFIX_AVAIL] = "NoPrefixAvail",
	};

	return status < sizeof(names) / sizeof(*names) ? names[status] : "?";
}

/* Replies */

/* The option is written between these two. Where it begins. */
static size_t open_option(struct writer *w, uint16_t code)
{
	size_t start = w->len;

	writer_u16(w, code);
	writer_u16(w, 0);
	return start;
}

/* Its length, now that it is known. */
static void close_option(struct writer *w, size_t start)
{
	writer_patch_u16(w, start + 2, (uint16_t)(w->len - start - OPTION_HEAD));
}

/* One that did not fit is taken back whole. */
static int finish(struct dhcp6_reply *r, size_t start)
{
	close_option(&r->w, start);
	if (!r->w.bad)
		return 0;
	r->w.bad = false;
	r->w.len = start;
	r->left_out++;
	return -ENOSPC;
}

/* The same of one without which the reply must not go out. */
static int finish_needed(struct dhcp6_reply *r, size_t start)
{
	int rc = finish(r, start);

	if (rc < 0)
		r->lacks = true;
	return rc;
}

static void put_option(struct writer *w, uint16_t code, const void *bytes, size_t len)
{
	size_t start = open_option(w, code);

	if (len > 0)
		writer_bytes(w, bytes, len);
	close_option(w, start);
}

/* RFC 8415 19.3 (interface-id), RFC 8357 5.2 (port), RFC 4994 3 (what it asks for). */
static bool is_echoed(struct reader echo, uint16_t code)
{
	if (code == OPT6_RELAY_MESSAGE || code == OPT6_ECHO)
		return false;
	return code == OPT6_INTERFACE_ID || code == OPT6_RELAY_PORT || lists(echo, code);
}

static bool is_first(struct reader options, const struct tlv *o)
{
	struct tlv before = {0};

	while (next_option(&options, &before) > 0 && before.code != o->code)
		;
	return before.value.at == o->value.at;
}

/* Of those that come twice the first, as it was read. */
static void put_echoes(
	struct writer *w, const struct dhcp6_message *m, const struct dhcp6_relay *relay)
{
	struct reader r = reader_of(m, relay->options), echo = reader_of(m, relay->echo), all = r;
	struct tlv o;

	while (next_option(&r, &o) > 0)
		if (is_echoed(echo, o.code) && is_first(all, &o))
			put_option(w, o.code, o.value.at, o.value.left);
}

/* The message is its last option, so that it can be written in its place. */
static void put_wrapping(
	struct dhcp6_reply *r, const struct dhcp6_relay *relay, size_t *ret_message)
{
	struct writer *w = &r->w;

	writer_u8(w, DHCP6_RELAY_REPLY);
	writer_u8(w, relay->hops);
	writer_bytes(w, relay->link.b, ADDRESS_LEN);
	writer_bytes(w, relay->peer.b, ADDRESS_LEN);
	put_echoes(w, r->to, relay);
	*ret_message = open_option(w, OPT6_RELAY_MESSAGE);
}

void dhcp6_reply_begin(struct dhcp6_reply *r, void *buf, size_t size,
	const struct dhcp6_message *to, enum dhcp6_type type, const void *server_id,
	size_t server_id_len)
{
	struct writer *w = &r->w;

	*r = (struct dhcp6_reply){.to = to};
	writer_init(w, buf, size < DATAGRAM_MAX ? size : DATAGRAM_MAX);
	for (size_t i = 0; i < to->n_relays; i++)
		put_wrapping(r, &to->relays[i], &r->wrappings[i]);
	writer_u8(w, (uint8_t)type);
	writer_u8(w, (uint8_t)(to->xid >> 16));
	writer_u16(w, (uint16_t)to->xid);
	if (to->client_id.at)
		put_option(
			w, OPT6_CLIENT_ID, dhcp6_wire_bytes(to, to->client_id), to->client_id.len);
	put_option(w, OPT6_SERVER_ID, server_id, server_id_len);
	r->lacks = w->bad;
	w->bad = false;
}

int dhcp6_reply_bytes(struct dhcp6_reply *r, uint16_t code, const void *bytes, size_t len)
{
	size_t start = open_option(&r->w, code);

	if (len > 0)
		writer_bytes(&r->w, bytes, len);
	return finish(r, start);
}

int dhcp6_reply_flag(struct dhcp6_reply *r, uint16_t code)
{
	return dhcp6_reply_bytes(r, code, NULL, 0);
}

int dhcp6_reply_u8(struct dhcp6_reply *r, uint16_t code, uint8_t v)
{
	return dhcp6_reply_bytes(r, code, &v, 1);
}

int dhcp6_reply_u32(struct dhcp6_reply *r, uint16_t code, uint32_t v)
{
	size_t start = open_option(&r->w, code);

	writer_u32(&r->w, v);
	return finish(r, start);
}

int dhcp6_reply_text(struct dhcp6_reply *r, uint16_t code, const char *text)
{
	size_t len = strlen(text);

	return len > 0 ? dhcp6_reply_bytes(r, code, text, len) : 0;
}

int dhcp6_reply_addresses(struct dhcp6_reply *r, uint16_t code, const struct ip *ips, size_t n)
{
	size_t start = open_option(&r->w, code), put = 0;

	for (size_t i = 0; i < n; i++) {
		if (ips[i].family != IP_V6)
			continue;
		writer_bytes(&r->w, ips[i].b, ADDRESS_LEN);
		put++;
	}
	if (put > 0)
		return finish(r, start);
	r->w.len = start;
	r->w.bad = false;
	return 0;
}

/* Takes back what is written from `start` on. */
static int no_names(struct dhcp6_reply *r, size_t start)
{
	r->w.len = start;
	r->w.bad = false;
	return -EINVAL;
}

int dhcp6_reply_names(struct dhcp6_reply *r, uint16_t code, const char *names)
{
	size_t start = r->w.len;

	if (!names[strspn(names, " ")])
		return 0;
	open_option(&r->w, code);
	if (dns_name_put(&r->w, names) < 0)
		return no_names(r, start);
	return finish(r, start);
}

static void put_status(struct writer *w, uint16_t status, const char *text)
{
	size_t start = open_option(w, OPT6_STATUS);

	writer_u16(w, status);
	writer_bytes(w, text, strlen(text));
	close_option(w, start);
}

int dhcp6_reply_status(struct dhcp6_reply *r, enum dhcp6_status status, const char *text)
{
	size_t start = r->w.len;

	put_status(&r->w, (uint16_t)status, text);
	return finish_needed(r, start);
}

static void put_ia_address(struct writer *w, const struct dhcp6_address *a)
{
	size_t start = open_option(w, OPT6_IA_ADDRESS);

	writer_bytes(w, a->ip.b, ADDRESS_LEN);
	writer_u32(w, a->preferred_s);
	writer_u32(w, a->valid_s);
	close_option(w, start);
}

int dhcp6_reply_ia(struct dhcp6_reply *r, const struct dhcp6_ia *ia, const char *text)
{
	struct writer *w = &r->w;
	size_t start = open_option(w, ia->code);

	writer_u32(w, ia->iaid);
	if (ia->code != OPT6_IA_TA) {
		writer_u32(w, ia->t1_s);
		writer_u32(w, ia->t2_s);
	}
	for (size_t i = 0; i < ia->n_addresses && ia->code != OPT6_IA_PD; i++)
		put_ia_address(w, &ia->addresses[i]);
	if (ia->has_status)
		put_status(w, ia->status, text);
	return finish_needed(r, start);
}

static void put_counted(struct writer *w, const char *text)
{
	writer_u16(w, (uint16_t)strlen(text));
	writer_bytes(w, text, strlen(text));
}

int dhcp6_reply_boot_parameters(struct dhcp6_reply *r, const char *const *parameters, size_t n)
{
	size_t start = open_option(&r->w, OPT6_BOOT_PARAMETERS);

	for (size_t i = 0; i < n; i++)
		put_counted(&r->w, parameters[i]);
	return finish(r, start);
}

int dhcp6_reply_vendor_class(struct dhcp6_reply *r, uint32_t enterprise, const char *text)
{
	size_t start = open_option(&r->w, OPT6_VENDOR_CLASS);

	writer_u32(&r->w, enterprise);
	put_counted(&r->w, text);
	return finish(r, start);
}

int dhcp6_reply_fqdn(struct dhcp6_reply *r, uint8_t flags, const char *name)
{
	size_t start = open_option(&r->w, OPT6_FQDN);

	writer_u8(&r->w, flags);
	if (!*name || strchr(name, ' ') || dns_name_put(&r->w, name) < 0)
		return no_names(r, start);
	if (!strchr(name, '.') && !r->w.bad)
		r->w.len--; /* the root */
	return finish(r, start);
}

static int put_ntp(struct dhcp6_reply *r, const struct ip *ip)
{
	size_t start = open_option(&r->w, OPT6_NTP);

	put_option(&r->w, NTP_SERVER_ADDRESS, ip->b, ADDRESS_LEN);
	return finish(r, start);
}

int dhcp6_reply_ntp(struct dhcp6_reply *r, const struct ip *ips, size_t n)
{
	size_t start = r->w.len;

	for (size_t i = 0; i < n; i++) {
		if (ips[i].family != IP_V6 || put_ntp(r, &ips[i]) == 0)
			continue;
		r->w.len = start;
		return -ENOSPC;
	}
	return 0;
}

int dhcp6_reply_raw(struct dhcp6_reply *r, const void *bytes, size_t len)
{
	size_t start = r->w.len;
	struct reader in;
	struct tlv o;
	int rc;

	reader_init(&in, bytes, len);
	while ((rc = next_option(&in, &o)) > 0) {
		if (dhcp6_reply_bytes(r, o.code, o.value.at, o.value.left) == 0)
			continue;
		r->w.len = start;
		return -ENOSPC;
	}
	if (rc == 0)
		return 0;
	r->w.len = start;
	return -EINVAL;
}

int dhcp6_reply_end(struct dhcp6_reply *r)
{
	if (r->lacks)
		return -ENOSPC;
	for (size_t i = r->to->n_relays; i-- > 0;)
		close_option(&r->w, r->wrappings[i]);
	return (int)r->w.len;
}
