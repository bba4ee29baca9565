/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCP messages on the wire (RFC 2131, 2132, 3396), decoded and encoded. Pure. Addresses are in
 * host order here.
 */
#ifndef USHER_DHCPD_DHCP_WIRE_H
#define USHER_DHCPD_DHCP_WIRE_H

#include "core/addr.h"
#include "core/cursor.h"
#include "core/uuid.h"

enum {
	DHCP_PACKET_MAX = 1500,  /* larger ones are cut by the receiver: no client sends them */
	DHCP_HEADER = 240,       /* fixed fields and the cookie */
	DHCP_REPLY_MIN = 300,    /* BOOTP's smallest: old ROMs drop shorter ones (RFC 1542 2.1) */
	DHCP_REPLY_MAX = 1472,   /* one Ethernet frame */
	DHCP_DATAGRAM_MIN = 576, /* what every client takes, IP header and all (RFC 2131 2) */
	DHCP_FILE_FIELD = 128,   /* with its NUL; a longer name goes into option 67 */
	DHCP_FILE_MAX = 255,     /* one option 67; a longer name is a mistake of ours */
};

enum dhcp_type {
	DHCP_BOOTP = 0, /* no option 53: a client of RFC 951 */
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

enum dhcp_option {
	OPT_PAD = 0,
	OPT_NETMASK = 1,
	OPT_ROUTER = 3,
	OPT_DNS = 6,
	OPT_HOSTNAME = 12,
	OPT_DOMAIN = 15,
	OPT_MTU = 26,
	OPT_BROADCAST = 28,
	OPT_NTP = 42,
	OPT_VENDOR = 43,
	OPT_REQUESTED = 50,
	OPT_LEASE_TIME = 51,
	OPT_OVERLOAD = 52,
	OPT_TYPE = 53,
	OPT_SERVER_ID = 54,
	OPT_PARAMETERS = 55,
	OPT_MESSAGE = 56,
	OPT_MAX_SIZE = 57,
	OPT_RENEWAL = 58,
	OPT_REBINDING = 59,
	OPT_VENDOR_CLASS = 60,
	OPT_CLIENT_ID = 61,
	OPT_TFTP_SERVER = 66,
	OPT_BOOTFILE = 67,
	OPT_USER_CLASS = 77,
	OPT_RELAY_AGENT = 82,
	OPT_ARCH = 93,
	OPT_NETWORK_INTERFACE = 94,
	OPT_UUID = 97,
	OPT_IPV6_ONLY = 108,        /* RFC 8925 */
	OPT_DOMAIN_SEARCH = 119,    /* RFC 3397 */
	OPT_CLASSLESS_ROUTES = 121, /* RFC 3442 */
	OPT_TFTP_ADDRESS = 150,     /* RFC 5859 */
	OPT_PORT_PARAMETERS = 159,  /* RFC 7618 */
	OPT_IPXE = 175,
	OPT_MS_ROUTES = 249, /* 121 as Windows asked for it before there was one */
	OPT_END = 255,
};

enum { DHCP_FLAG_BROADCAST = 0x8000 };
enum { DHCP_ARCH_NONE = 0xffff };

/* A place in the message's own arena; len 0: absent or empty. */
struct dhcp_span {
	uint16_t at, len;
};

/* A card that is no Ethernet one; type 0: it is. */
struct dhcp_hardware {
	uint8_t type, len;
	uint8_t address[16];
};

/* An option that could not be taken as it came: the rest of the message is. */
struct dhcp_oddity {
	uint8_t code;
	const char *what; /* static: "runs past the end: left out" */
};
enum { DHCP_ODDITIES = 4, DHCP_ODDITY_TEXT = 320 };

/* A client's message. Big because it carries all option bytes; reuse one. */
struct dhcp_message {
	enum dhcp_type type;
	uint8_t hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint32_t ciaddr, giaddr;
	struct mac
		mac; /* the client's; without one (`by_id`) what stands for its client identifier: no station's */
	struct dhcp_hardware hardware;
	bool by_id; /* its hardware has no MAC (RFC 4390: InfiniBand): it is known by its client identifier */
	uint32_t requested, server_id; /* 0: absent */
	uint32_t lease_s;              /* option 51, the time that it asks for; 0: absent */
	/* The relay's words, in option 82: on which subnet the client is (RFC 3527), and which
	 * address is to stand for ours (RFC 5107). 0: absent. */
	uint32_t link, server_override;
	uint16_t max_size;     /* of a datagram; at least DHCP_DATAGRAM_MIN, less for BOOTP */
	uint16_t arch;         /* option 93, or what the vendor class says; DHCP_ARCH_NONE */
	bool ipxe;             /* user class "iPXE", or option 175; one that speaks HTTP */
	uint8_t wants[32];     /* option 55 as a bit set */
	bool lists_wants;      /* there was an option 55 */
	char vendor_class[64]; /* printable, cut */
	char hostname[64];     /* a DNS label, lower case; "" when absent or not one */
	uint8_t uuid[UUID_BYTES];
	bool has_uuid;
	struct dhcp_oddity odd[DHCP_ODDITIES]; /* the first of them */
	size_t n_odd;
	uint8_t spoilt[32]; /* options that came in a form that cannot be read, as a bit set */
	bool cut;           /* the last one runs past the end */
	/* Those that may be long joined (RFC 3396), from the overloaded fields too; of the others the
	 * first that can be read. */
	struct dhcp_span options[256];
	uint8_t arena[DHCP_PACKET_MAX];
};

/* 0; -EBADMSG, with a static line in `*ret_why`; -ENOMSG when it is well formed and not for a DHCP
 * server: a reply, a server's message; -EAFNOSUPPORT: its hardware has no MAC, and it does not ask as RFC 4390 wants,
 * then `ret->hardware` says what it is. Else `ret` is undefined after an error. An option that cannot be read is left out (`odd`), unless the message would mean another without it. */
int dhcp_wire_decode(const void *bytes, size_t len, struct dhcp_message *ret, const char **ret_why);
/* The options of a message of either side: `type`, `options` and what dhcp_wire_decode() makes numbers and text of; of the
 * header nothing. -EBADMSG: too short, too long, or without the cookie. */
int dhcp_wire_options(const void *bytes, size_t len, struct dhcp_message *ret);
/* For people: "InfiniBand (hardware type 32)". */
enum { DHCP_HARDWARE_TEXT = 64 };
const char *dhcp_hardware_text(const struct dhcp_hardware *h, char buf[DHCP_HARDWARE_TEXT]);
/* FNV-1a: the same on every run, so fit to be stored. Begins with DHCP_HASH. */
enum { DHCP_HASH = 2166136261u };
uint32_t dhcp_wire_hash(uint32_t h, const void *bytes, size_t len);
/* A mark of an option's bytes that looks like a MAC, the same on every run, whose first byte is `first`. */
struct mac dhcp_wire_mark(uint8_t first, const uint8_t *bytes, size_t len);
/* The option's bytes, and their number; NULL when absent (an empty one is not NULL). */
const uint8_t *dhcp_wire_option(const struct dhcp_message *m, uint8_t code, size_t *ret_len);
/* The subnet that the client is on, by an address in it: the relay's word; 0: our own link. */
uint32_t dhcp_wire_relayed(const struct dhcp_message *m);
bool dhcp_wire_wants(const struct dhcp_message *m, uint8_t code);
/* For people: "option 50 comes twice: the first counts; …", or "". */
const char *dhcp_wire_odd_text(const struct dhcp_message *m, char buf[DHCP_ODDITY_TEXT]);
/* What the client's ciaddr says (RFC 2131 4.3.2, table 5). Some leave there what they had once. */
enum dhcp_ciaddr {
	DHCP_CIADDR_NONE, /* nothing: it is 0, or the client has no address, whatever stands there */
	DHCP_CIADDR_MAYBE, /* a REQUEST names it in option 50 too: it renews, or has just started */
	DHCP_CIADDR_RUNS,  /* the client runs on it, and answers ARP */
};
enum dhcp_ciaddr dhcp_wire_ciaddr(const struct dhcp_message *m);
const char *dhcp_type_name(unsigned type); /* "DISCOVER" */

/* A reply under way. Options that would not fit into what the client takes are left out, so the
 * important ones go first; room for option 82, which goes last (RFC 3046 2.2), is kept from the
 * start. */
struct dhcp_reply {
	struct writer w;
	size_t limit; /* bytes until the end of options, trailer not counted */
	const struct dhcp_message *to;
	bool echo_id;
	unsigned left_out;
};

struct dhcp_reply_head {
	enum dhcp_type type;
	uint32_t ciaddr, yiaddr, siaddr;
	uint32_t server_id;
	const char *file; /* NULL: none. Left out when it is too long for the field */
};

/* Header, message type and server id (neither for BOOTP). `buf` has DHCP_REPLY_MAX bytes. */
void dhcp_reply_begin(struct dhcp_reply *r, uint8_t *buf, const struct dhcp_message *to,
	const struct dhcp_reply_head *head);
void dhcp_reply_bytes(struct dhcp_reply *r, uint8_t code, const void *bytes, size_t len);
void dhcp_reply_u32(struct dhcp_reply *r, uint8_t code, uint32_t v);
void dhcp_reply_text(struct dhcp_reply *r, uint8_t code, const char *text); /* "" is left out */
/* The same with its NUL, for old PXE firmware that reads a C string there: RFC 2132 2 has all others cope. Without it when one
 * option is too short for both. */
void dhcp_reply_c_string(struct dhcp_reply *r, uint8_t code, const char *text);
/* An option of the client's, as it came; nothing when it did not come. */
void dhcp_reply_echo(struct dhcp_reply *r, uint8_t code);
/* Client-id (RFC 6842), relay agent, end and padding. The length, or -EMSGSIZE. */
int dhcp_reply_end(struct dhcp_reply *r);

#endif
