/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	BOOTREQUEST = 1,
	BOOTREPLY = 2,
	HTYPE_ETHERNET = 1,
	HTYPE_IEEE_802 = 6, /* its stations have MACs of the same kind */
	SNAME_LEN = 64,
	COOKIE_LEN = 4,
	OVERLOAD_FILE = 1,
	OVERLOAD_SNAME = 2,
	IP_UDP_HEADERS = 28,
	BOOTP_REPLY = 300, /* RFC 951 3; RFC 1542 2.1: longer ones only to who sends longer ones */
	RELAY_LINK = 5,    /* RFC 3527 */
	RELAY_SERVER_OVERRIDE = 11, /* RFC 5107 */
	OPTION_CHUNK = 255,
	REPLY_FIXED = 249, /* header, message type and server id */
	REPLY_MUST = 24,   /* lease times and netmask always fit beside an echoed option 82 */
};

static const uint32_t COOKIE = 0x63825363; /* RFC 2131 3 */

/* Up to three places with options: RFC 3396 5 has them joined in this order. */
struct areas {
	struct reader at[3];
	size_t n;
};

struct tlv {
	uint8_t code, len;
	const uint8_t *bytes;
};

/* 1: an option in `ret`; 0: the end; -EBADMSG: it runs past the end, only its code is known. A missing end option is
 * forgiven. */
static int next_option(struct reader *r, struct tlv *ret)
{
	while (r->left > 0) {
		ret->code = reader_u8(r);
		if (ret->code == OPT_PAD)
			continue;
		if (ret->code == OPT_END)
			return 0;
		ret->len = reader_u8(r);
		ret->bytes = reader_bytes(r, ret->len);
		return r->bad ? -EBADMSG : 1;
	}
	return 0;
}

/* Options that come once and are no longer than one: the length of the value, or that it has any. All others may be long,
 * and come in pieces. */
enum { SOME = 255 };
static const uint8_t ONCE[256] = {
	[OPT_HOSTNAME] = SOME,
	[OPT_REQUESTED] = 4,
	[OPT_LEASE_TIME] = 4,
	[OPT_OVERLOAD] = 1,
	[OPT_TYPE] = 1,
	[OPT_SERVER_ID] = 4,
	[OPT_MAX_SIZE] = 2,
	[OPT_VENDOR_CLASS] = SOME,
	[OPT_CLIENT_ID] = SOME,
	[OPT_ARCH] = SOME,
	[OPT_NETWORK_INTERFACE] = SOME,
	[OPT_UUID] = SOME,
};

static void odd(struct dhcp_message *m, uint8_t code, const char *what)
{
	for (size_t i = 0; i < m->n_odd; i++)
		if (m->odd[i].code == code)
			return;
	if (m->n_odd < DHCP_ODDITIES)
		m->odd[m->n_odd++] = (struct dhcp_oddity){code, what};
}

static void spoil(struct dhcp_message *m, uint8_t code, const char *what)
{
	m->spoilt[code / 8] |= (uint8_t)(1u << (code % 8));
	odd(m, code, what);
}

/* Some of it, or all, could not be read. */
static bool is_spoilt(const struct dhcp_message *m, uint8_t code)
{
	return m->spoilt[code / 8] & (1u << (code % 8));
}

static bool is_readable(struct dhcp_message *m, const struct tlv *o)
{
	uint8_t size = ONCE[o->code];

	if (size == SOME ? o->len > 0 : o->len == size)
		return true;
	spoil(m, o->code, o->len ? "has a wrong length: left out" : "is empty: left out");
	return false;
}

/* Where the options go in the arena. */
struct joining {
	uint16_t at;
	uint8_t codes[256]; /* of those that may be long, each that there is */
	size_t n_codes;
	uint16_t fill[256]; /* by code */
};

static void take_once(struct dhcp_message *m, struct joining *j, const struct tlv *o)
{
	struct dhcp_span *s = &m->options[o->code];

	if (s->at) {
		odd(m, o->code, "comes twice: the first counts");
		return;
	}
	if (!is_readable(m, o))
		return;
	memcpy(m->arena + j->at, o->bytes, o->len);
	*s = (struct dhcp_span){(uint16_t)(j->at + 1), o->len};
	j->at = (uint16_t)(j->at + o->len);
}

static void count_pieces(struct dhcp_message *m, struct joining *j, const struct tlv *o)
{
	struct dhcp_span *s = &m->options[o->code];

	if (!s->at)
		j->codes[j->n_codes++] = o->code;
	s->at = 1;
	s->len = (uint16_t)(s->len + o->len);
}

static void count_options(struct reader area, struct dhcp_message *m, struct joining *j)
{
	struct tlv o;
	int rc;

	while ((rc = next_option(&area, &o)) > 0) {
		if (ONCE[o.code])
			take_once(m, j, &o);
		else
			count_pieces(m, j, &o);
	}
	if (rc == 0)
		return;
	m->cut = true;
	spoil(m, o.code, "runs past the end: left out");
}

/* Gives each option its place, one after the other; `at` is 1-based, so that 0 says absent. */
static void place_options(struct dhcp_message *m, struct joining *j)
{
	for (size_t i = 0; i < j->n_codes; i++) {
		struct dhcp_span *s = &m->options[j->codes[i]];

		j->fill[j->codes[i]] = j->at;
		s->at = (uint16_t)(j->at + 1);
		j->at = (uint16_t)(j->at + s->len);
	}
}

static void copy_options(struct reader area, struct dhcp_message *m, struct joining *j)
{
	struct tlv o;

	while (next_option(&area, &o) > 0) {
		if (ONCE[o.code] || !o.len)
			continue;
		memcpy(m->arena + j->fill[o.code], o.bytes, o.len);
		j->fill[o.code] = (uint16_t)(j->fill[o.code] + o.len);
	}
}

/* Option 52 counts in the options field only (RFC 2132 9.3). 0..3 */
static int find_overload(struct reader area, struct dhcp_message *m)
{
	struct tlv o;

	while (next_option(&area, &o) > 0) {
		if (o.code != OPT_OVERLOAD || o.len != 1)
			continue;
		if (o.bytes[0] >= 1 && o.bytes[0] <= 3)
			return o.bytes[0];
		odd(m, o.code, "has an unknown value: left out");
	}
	return 0;
}

static void join_options(struct dhcp_message *m, const struct areas *a)
{
	struct joining j;

	j.at = 0;
	j.n_codes = 0;
	for (size_t i = 0; i < a->n; i++)
		count_options(a->at[i], m, &j);
	place_options(m, &j);
	for (size_t i = 0; i < a->n; i++)
		copy_options(a->at[i], m, &j);
}

/* A BOOTP client may have a vendor area of its own kind, or options of RFC 1497. */
static void take_areas(
	struct dhcp_message *m, struct reader *r, struct reader sname, struct reader file)
{
	struct areas a = {.n = 0};
	int overload;

	if (reader_u32(r) != COOKIE)
		return;
	overload = find_overload(*r, m);
	a.at[a.n++] = *r;
	if (overload & OVERLOAD_FILE)
		a.at[a.n++] = file;
	if (overload & OVERLOAD_SNAME)
		a.at[a.n++] = sname;
	join_options(m, &a);
}

const uint8_t *dhcp_wire_option(const struct dhcp_message *m, uint8_t code, size_t *ret_len)
{
	const struct dhcp_span *s = &m->options[code];

	if (!s->at)
		return NULL;
	*ret_len = s->len;
	return m->arena + s->at - 1;
}

const char *dhcp_hardware_text(const struct dhcp_hardware *h, char buf[DHCP_HARDWARE_TEXT])
{
	const char *name = h->type == 32 ? "InfiniBand"
		: h->type == 24          ? "FireWire"
		: h->type == 27          ? "EUI-64"
		: h->type <= 1           ? "Ethernet without a MAC"
					 : "a card";

	snprintf(
		buf, DHCP_HARDWARE_TEXT, "%s (hardware type %u, length %u)", name, h->type, h->len);
	return buf;
}

uint32_t dhcp_wire_hash(uint32_t h, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

struct mac dhcp_wire_mark(uint8_t first, const uint8_t *bytes, size_t len)
{
	uint32_t h = dhcp_wire_hash(DHCP_HASH, bytes, len);
	struct mac mac = {{first, (uint8_t)dhcp_wire_hash(h, bytes, len)}};

	for (size_t i = 2; i < sizeof(mac.b); i++, h >>= 8)
		mac.b[i] = (uint8_t)h;
	return mac;
}

const char *dhcp_wire_odd_text(const struct dhcp_message *m, char buf[DHCP_ODDITY_TEXT])
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < m->n_odd && n < DHCP_ODDITY_TEXT; i++)
		n += (size_t)snprintf(buf + n, DHCP_ODDITY_TEXT - n, "%soption %u %s",
			i ? "; " : "", m->odd[i].code, m->odd[i].what);
	return buf;
}

bool dhcp_wire_wants(const struct dhcp_message *m, uint8_t code)
{
	return m->wants[code / 8] & (1u << (code % 8));
}

/* A fixed-size number; `absent` when it did not come, or cannot be read. */
static uint32_t option_number(const struct dhcp_message *m, uint8_t code, uint32_t absent)
{
	size_t len;
	const uint8_t *p = dhcp_wire_option(m, code, &len);
	uint32_t v = 0;

	if (!p)
		return absent;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

static void take_wants(struct dhcp_message *m)
{
	size_t len;
	const uint8_t *p = dhcp_wire_option(m, OPT_PARAMETERS, &len);

	if (!p)
		return;
	m->lists_wants = true;
	for (size_t i = 0; i < len; i++)
		m->wants[p[i] / 8] |= (uint8_t)(1u << (p[i] % 8));
}

static void take_vendor_class(struct dhcp_message *m)
{
	size_t len, n = 0;
	const uint8_t *p = dhcp_wire_option(m, OPT_VENDOR_CLASS, &len);

	if (!p)
		return;
	for (; n < len && n < sizeof(m->vendor_class) - 1; n++)
		m->vendor_class[n] = p[n] >= 0x20 && p[n] < 0x7f ? (char)p[n] : '?';
	m->vendor_class[n] = '\0';
}

/* The first label, when it is one (RFC 1123 2.1). */
static void take_hostname(struct dhcp_message *m)
{
	size_t len, n = 0;
	const uint8_t *p = dhcp_wire_option(m, OPT_HOSTNAME, &len);

	if (!p)
		return;
	for (; n < len && p[n] != '.' && p[n] != '\0'; n++) {
		if (n == sizeof(m->hostname) - 1 || !(isalnum(p[n]) || (p[n] == '-' && n > 0)))
			goto bad;
		m->hostname[n] = (char)tolower(p[n]);
	}
	if (n > 0 && m->hostname[n - 1] == '-')
		goto bad;
	m->hostname[n] = '\0';
	return;
bad:
	memset(m->hostname, 0, sizeof(m->hostname));
}

/* RFC 4578 2.1: a list of 16-bit types, the first is the one that runs. Some ROMs send the vendor
 * class only. */
static void take_arch(struct dhcp_message *m)
{
	size_t len;
	const uint8_t *p = dhcp_wire_option(m, OPT_ARCH, &len);
	const char *colon = strchr(m->vendor_class, ':');
	unsigned arch;

	m->arch = DHCP_ARCH_NONE;
	if (p && len >= 2)
		m->arch = (uint16_t)(p[0] << 8 | p[1]);
	else if (colon && sscanf(colon, ":Arch:%5u", &arch) == 1 && arch < DHCP_ARCH_NONE)
		m->arch = (uint16_t)arch;
}

/* RFC 4578 2.3: type 0 and 16 bytes; other types are no UUID. */
static void take_uuid(struct dhcp_message *m)
{
	size_t len;
	const uint8_t *p = dhcp_wire_option(m, OPT_UUID, &len);

	if (!p || len != 1 + UUID_BYTES || p[0] != 0)
		return;
	memcpy(m->uuid, p + 1, UUID_BYTES);
	m->has_uuid = true;
}

static bool is_ipxe_name(const uint8_t *p, size_t len)
{
	return len == 4 && memcmp(p, "iPXE", 4) == 0;
}

/* User class: iPXE sends its bare name, RFC 3004 wants a list of counted strings. Both are out
 * there. */
static bool says_ipxe(const struct dhcp_message *m)
{
	size_t len;
	const uint8_t *p;
	struct reader r;

	if (dhcp_wire_option(m, OPT_IPXE, &len))
		return true;
	p = dhcp_wire_option(m, OPT_USER_CLASS, &len);
	if (!p)
		return false;
	if (is_ipxe_name(p, len))
		return true;
	reader_init(&r, p, len);
	while (r.left > 0 && !r.bad) {
		uint8_t n = reader_u8(&r);
		const uint8_t *name = reader_bytes(&r, n);

		if (name && is_ipxe_name(name, n))
			return true;
	}
	return false;
}

/* Option 175: options of iPXE's own, of which these say what was built into it. One that lists them and
 * has no HTTP is of no use to us as it is: it is PXE, and can load another. */
static bool lacks_http(const struct dhcp_message *m)
{
	enum { PAD = 0, END = 255, FEATURES = 16, HTTP = 19, FEATURES_END = 64 };
	bool lists = false;
	struct reader r;
	size_t len;
	const uint8_t *p = dhcp_wire_option(m, OPT_IPXE, &len);

	reader_init(&r, p, p ? len : 0);
	while (r.left > 0 && !r.bad) {
		uint8_t code = reader_u8(&r);

		if (code == END)
			break;
		if (code == PAD)
			continue;
		reader_bytes(&r, reader_u8(&r));
		if (code == HTTP && !r.bad)
			return false;
		lists |= code >= FEATURES && code < FEATURES_END && !r.bad;
	}
	return lists;
}

static void take_numbers(struct dhcp_message *m)
{
	uint32_t max_size = option_number(m, OPT_MAX_SIZE, DHCP_DATAGRAM_MIN);

	m->type = option_number(m, OPT_TYPE, DHCP_BOOTP);
	m->requested = option_number(m, OPT_REQUESTED, 0);
	m->server_id = option_number(m, OPT_SERVER_ID, 0);
	m->lease_s = option_number(m, OPT_LEASE_TIME, 0);
	m->max_size = (uint16_t)(max_size < DHCP_DATAGRAM_MIN ? DHCP_DATAGRAM_MIN : max_size);
}

/* Without these it would be another message: no BOOTP client's, another server's affair, a client of another subnet. */
static const char *why_not(const struct dhcp_message *m)
{
	bool names_server =
		m->type == DHCP_REQUEST || m->type == DHCP_DECLINE || m->type == DHCP_RELEASE;

	if (!m->options[OPT_TYPE].at && is_spoilt(m, OPT_TYPE))
		return "option 53 (message type) is not one byte";
	if (!m->options[OPT_TYPE].at && m->cut)
		return "an option runs past the end, and no message type before it";
	if (names_server && !m->options[OPT_SERVER_ID].at && is_spoilt(m, OPT_SERVER_ID))
		return "option 54 (server) is not one address";
	if (m->giaddr && is_spoilt(m, OPT_RELAY_AGENT))
		return "option 82 (relay agent) runs past the end";
	return NULL;
}

/* RFC 3046 2: sub-options. What cannot be read is echoed all the same, and else ignored; so is what
 * comes without a relay. */
static void take_relay(struct dhcp_message *m)
{
	size_t len;
	const uint8_t *p = dhcp_wire_option(m, OPT_RELAY_AGENT, &len);
	struct reader r;

	if (!p || !m->giaddr)
		return;
	reader_init(&r, p, len);
	while (r.left > 0 && !r.bad) {
		uint8_t code = reader_u8(&r);
		struct reader value = reader_sub(&r, reader_u8(&r));

		if (r.bad || value.left != 4)
			continue;
		if (code == RELAY_LINK)
			m->link = reader_u32(&value);
		else if (code == RELAY_SERVER_OVERRIDE)
			m->server_override = reader_u32(&value);
	}
}

static int take_options(struct dhcp_message *m, const char **ret_why)
{
	const char *why;

	take_numbers(m);
	why = why_not(m);
	if (why) {
		*ret_why = why;
		return -EBADMSG;
	}
	if ((m->type != DHCP_BOOTP || m->options[OPT_TYPE].at) && m->type != DHCP_DISCOVER &&
		m->type != DHCP_REQUEST && m->type != DHCP_DECLINE && m->type != DHCP_RELEASE &&
		m->type != DHCP_INFORM) {
		*ret_why = "a message type that clients do not send";
		return -ENOMSG;
	}
	take_wants(m);
	take_vendor_class(m);
	take_hostname(m);
	take_arch(m);
	take_uuid(m);
	take_relay(m);
	m->ipxe = says_ipxe(m) && !lacks_http(m);
	return 0;
}

/* RFC 2131 2, figure 1. */
static int take_header(struct reader *r, struct dhcp_message *m, const char **ret_why)
{
	uint8_t op = reader_u8(r), htype = reader_u8(r), hlen = reader_u8(r);

	m->hops = reader_u8(r);
	m->xid = reader_u32(r);
	m->secs = reader_u16(r);
	m->flags = reader_u16(r);
	m->ciaddr = reader_u32(r);
	reader_skip(r, 8); /* yiaddr, siaddr: the server's words */
	m->giaddr = reader_u32(r);
	reader_copy(r, m->hardware.address, sizeof(m->hardware.address));
	memcpy(m->mac.b, m->hardware.address, sizeof(m->mac.b));
	if (op != BOOTREQUEST) {
		*ret_why = op == BOOTREPLY ? "a reply" : "neither request nor reply";
		return op == BOOTREPLY ? -ENOMSG : -EBADMSG;
	}
	if (!htype || hlen > sizeof(m->hardware.address)) {
		*ret_why = htype ? "the hardware address is longer than its field"
				 : "no hardware type";
		return -EBADMSG;
	}
	m->by_id = (htype != HTYPE_ETHERNET && htype != HTYPE_IEEE_802) || hlen != sizeof(m->mac.b);
	if (htype != HTYPE_ETHERNET || m->by_id)
		m->hardware.type = htype;
	m->hardware.len = hlen;
	if (!m->by_id && (mac_is_zero(&m->mac) || mac_is_group(&m->mac))) {
		*ret_why = "the hardware address is no station's";
		return -EBADMSG;
	}
	return 0;
}

/* RFC 4390 2.1, RFC 2855 for FireWire: its client identifier says who it is, and only a broadcast reaches it. The mark is
 * a group's address, which no station, record or computed address has. */
static int take_id(struct dhcp_message *m, const char **ret_why)
{
	size_t len = 0;
	const uint8_t *id = dhcp_wire_option(m, OPT_CLIENT_ID, &len);

	if (len < 2 ||
		(!m->giaddr && !(m->flags & DHCP_FLAG_BROADCAST) &&
			dhcp_wire_ciaddr(m) == DHCP_CIADDR_NONE)) {
		*ret_why = "hardware without a MAC, and no client identifier or no broadcast flag";
		return -EAFNOSUPPORT;
	}
	m->mac = dhcp_wire_mark(3, id, len);
	return 0;
}

static int check_size(size_t len, const char **ret_why)
{
	if (len >= DHCP_HEADER && len <= DHCP_PACKET_MAX)
		return 0;
	*ret_why = len < DHCP_HEADER ? "too short" : "too long";
	return -EBADMSG;
}

int dhcp_wire_decode(const void *bytes, size_t len, struct dhcp_message *ret, const char **ret_why)
{
	struct reader r, sname, file;
	int rc = check_size(len, ret_why);

	if (rc < 0)
		return rc;
	memset(ret, 0, offsetof(struct dhcp_message, arena));
	reader_init(&r, bytes, len);
	rc = take_header(&r, ret, ret_why);
	if (rc < 0)
		return rc;
	sname = reader_sub(&r, SNAME_LEN);
	file = reader_sub(&r, DHCP_FILE_FIELD);
	take_areas(ret, &r, sname, file);
	rc = take_options(ret, ret_why);
	if (rc == 0 && ret->by_id)
		rc = take_id(ret, ret_why);
	if (rc == 0 && ret->type == DHCP_BOOTP)
		ret->max_size =
			(uint16_t)((len > BOOTP_REPLY ? len : BOOTP_REPLY) + IP_UDP_HEADERS);
	return rc;
}

int dhcp_wire_options(const void *bytes, size_t len, struct dhcp_message *ret)
{
	struct reader r, sname, file;
	const char *why;

	if (check_size(len, &why) < 0)
		return -EBADMSG;
	memset(ret, 0, offsetof(struct dhcp_message, arena));
	reader_init(&r, bytes, len);
	reader_skip(&r, DHCP_HEADER - COOKIE_LEN - SNAME_LEN - DHCP_FILE_FIELD);
	sname = reader_sub(&r, SNAME_LEN);
	file = reader_sub(&r, DHCP_FILE_FIELD);
	if (reader_u32(&(struct reader){r.at, r.left, r.bad}) != COOKIE)
		return -EBADMSG;
	take_areas(ret, &r, sname, file);
	take_numbers(ret);
	take_vendor_class(ret);
	return 0;
}

/* Who takes an offer names it in option 50, and the server beside it. */
enum dhcp_ciaddr dhcp_wire_ciaddr(const struct dhcp_message *m)
{
	if (!m->ciaddr || m->type == DHCP_DISCOVER || m->type == DHCP_DECLINE)
		return DHCP_CIADDR_NONE;
	if (m->type != DHCP_REQUEST || !m->requested)
		return DHCP_CIADDR_RUNS;
	return m->server_id ? DHCP_CIADDR_NONE : DHCP_CIADDR_MAYBE;
}

uint32_t dhcp_wire_relayed(const struct dhcp_message *m)
{
	return m->link ? m->link : m->giaddr;
}

const char *dhcp_type_name(unsigned type)
{
	static const char *const names[] = {
		"BOOTP",
		"DISCOVER",
		"OFFER",
		"REQUEST",
		"DECLINE",
		"ACK",
		"NAK",
		"RELEASE",
		"INFORM",
	};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
}

/* Bytes that an option of `len` takes, cut into chunks (RFC 3396 4). */
static size_t wire_size(size_t len)
{
	size_t chunks = len ? (len + OPTION_CHUNK - 1) / OPTION_CHUNK : 1;

	return len + 2 * chunks;
}

static void put_option(struct writer *w, uint8_t code, const uint8_t *p, size_t len)
{
	do {
		size_t n = len < OPTION_CHUNK ? len : OPTION_CHUNK;

		writer_u8(w, code);
		writer_u8(w, (uint8_t)n);
		writer_bytes(w, p, n);
		p += n;
		len -= n;
	} while (len > 0);
}

static size_t echo_size(const struct dhcp_message *m, uint8_t code)
{
	return m->options[code].at ? wire_size(m->options[code].len) : 0;
}

/* What is kept free for the trailer. When both echoes do not fit, the relay's goes first; but a client without a MAC knows
 * its answer by the identifier alone (RFC 4390 2.1). */
static void plan(struct dhcp_reply *r)
{
	size_t cap = r->to->max_size - (size_t)IP_UDP_HEADERS;
	size_t kept = echo_size(r->to, OPT_RELAY_AGENT) + 1;
	size_t id = echo_size(r->to, OPT_CLIENT_ID);

	if (cap > DHCP_REPLY_MAX)
		cap = DHCP_REPLY_MAX;
	r->echo_id = id > 0 && (r->to->by_id || REPLY_FIXED + REPLY_MUST + kept + id <= cap);
	if (r->echo_id)
		kept += id;
	r->limit = cap > kept ? cap - kept : 0;
}

static void put_header(struct dhcp_reply *r, const struct dhcp_reply_head *h)
{
	const struct dhcp_hardware *hw = &r->to->hardware;
	struct writer *w = &r->w;
	uint16_t flags = r->to->flags;

	/* RFC 2131 4.3.2: the relay is to broadcast a NAK, the client's address being wrong. The ACK of an INFORM has no yiaddr
	 * (4.3.5), to which a relay would send it. */
	if (r->to->giaddr && (h->type == DHCP_NAK || r->to->type == DHCP_INFORM))
		flags |= DHCP_FLAG_BROADCAST;
	writer_u8(w, BOOTREPLY);
	writer_u8(w, hw->type ? hw->type : HTYPE_ETHERNET);
	writer_u8(w, hw->type ? hw->len : sizeof(r->to->mac.b));
	writer_u8(w, 0);
	writer_u32(w, r->to->xid);
	writer_u16(w, 0);
	writer_u16(w, flags);
	writer_u32(w, h->ciaddr);
	writer_u32(w, h->yiaddr);
	writer_u32(w, h->siaddr);
	writer_u32(w, r->to->giaddr);
	if (hw->type) {
		writer_bytes(w, hw->address, sizeof(hw->address));
		return;
	}
	writer_bytes(w, r->to->mac.b, sizeof(r->to->mac.b));
	writer_zero(w, 10);
}

static void put_names(struct writer *w, const char *file)
{
	size_t len = file ? strlen(file) : 0;

	if (len >= DHCP_FILE_FIELD)
		len = 0;
	writer_zero(w, SNAME_LEN);
	if (len > 0)
		writer_bytes(w, file, len);
	writer_zero(w, DHCP_FILE_FIELD - len);
}

void dhcp_reply_begin(struct dhcp_reply *r, uint8_t *buf, const struct dhcp_message *to,
	const struct dhcp_reply_head *head)
{
	uint8_t type = (uint8_t)head->type;

	*r = (struct dhcp_reply){.to = to};
	writer_init(&r->w, buf, DHCP_REPLY_MAX);
	plan(r);
	put_header(r, head);
	put_names(&r->w, head->file);
	writer_u32(&r->w, COOKIE);
	if (to->type == DHCP_BOOTP)
		return;
	dhcp_reply_bytes(r, OPT_TYPE, &type, 1);
	dhcp_reply_u32(r, OPT_SERVER_ID, head->server_id);
}

void dhcp_reply_bytes(struct dhcp_reply *r, uint8_t code, const void *bytes, size_t len)
{
	if (r->w.len + wire_size(len) > r->limit)
		r->left_out++;
	else
		put_option(&r->w, code, bytes, len);
}

void dhcp_reply_u32(struct dhcp_reply *r, uint8_t code, uint32_t v)
{
	const uint8_t b[4] = {
		(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	dhcp_reply_bytes(r, code, b, sizeof(b));
}

void dhcp_reply_text(struct dhcp_reply *r, uint8_t code, const char *text)
{
	size_t len = strlen(text);

	if (len > 0)
		dhcp_reply_bytes(r, code, text, len);
}

void dhcp_reply_c_string(struct dhcp_reply *r, uint8_t code, const char *text)
{
	size_t len = strlen(text);

	if (len > 0)
		dhcp_reply_bytes(r, code, text, len < OPTION_CHUNK ? len + 1 : len);
}

void dhcp_reply_echo(struct dhcp_reply *r, uint8_t code)
{
	size_t len;
	const uint8_t *p = dhcp_wire_option(r->to, code, &len);

	if (p)
		dhcp_reply_bytes(r, code, p, len);
}

/* Into the room that is kept for it. */
static void put_echo(struct dhcp_reply *r, uint8_t code)
{
	size_t len;
	const uint8_t *p = dhcp_wire_option(r->to, code, &len);

	if (p)
		put_option(&r->w, code, p, len);
}

int dhcp_reply_end(struct dhcp_reply *r)
{
	if (r->limit < REPLY_FIXED + REPLY_MUST)
		return -EMSGSIZE;
	if (r->echo_id)
		put_echo(r, OPT_CLIENT_ID);
	put_echo(r, OPT_RELAY_AGENT);
	writer_u8(&r->w, OPT_END);
	if (r->w.len < DHCP_REPLY_MIN)
		writer_zero(&r->w, DHCP_REPLY_MIN - r->w.len);
	return r->w.bad ? -EMSGSIZE : (int)r->w.len;
}
