/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCPv6 messages on the wire (RFC 8415), decoded and encoded, with what relays wrap them in. Pure. Times are in seconds
 * where nothing else is said.
 *
 * A DHCP relay of IPv4 fills in a field; one of IPv6 puts the whole message into a message of its own, and the next one does
 * the same. The answer goes back in as many wrappings.
 */
#ifndef USHER_DHCPD_DHCP6_WIRE_H
#define USHER_DHCPD_DHCP6_WIRE_H

#include "core/addr.h"
#include "core/cursor.h"

enum {
	DHCP6_CLIENT_PORT = 546,
	DHCP6_SERVER_PORT = 547,
	DHCP6_PACKET_MAX = 2048, /* a client's frame and what relays add; longer ones are refused */
	DHCP6_REPLY_MAX = 1452,  /* one Ethernet frame, wrappings and all */
	DHCP6_RELAYS = 9,        /* hop counts 0 to HOP_COUNT_LIMIT, which is 8 (RFC 8415 7.6) */
	DHCP6_IAS = 8,           /* of all kinds; clients send one or two */
	DHCP6_ADDRESSES = 8,     /* in one IA */
	DHCP6_DUID_MAX = 130,    /* type and all (RFC 8415 11.1) */
};

#define DHCP6_FOREVER UINT32_MAX /* a time without end (RFC 8415 7.7) */

enum dhcp6_type {
	DHCP6_SOLICIT = 1,
	DHCP6_ADVERTISE,
	DHCP6_REQUEST,
	DHCP6_CONFIRM,
	DHCP6_RENEW,
	DHCP6_REBIND,
	DHCP6_REPLY,
	DHCP6_RELEASE,
	DHCP6_DECLINE,
	DHCP6_RECONFIGURE,
	DHCP6_INFORMATION_REQUEST,
	DHCP6_RELAY_FORWARD,
	DHCP6_RELAY_REPLY,
};

enum dhcp6_option {
	OPT6_CLIENT_ID = 1,
	OPT6_SERVER_ID = 2,
	OPT6_IA_NA = 3,
	OPT6_IA_TA = 4,
	OPT6_IA_ADDRESS = 5,
	OPT6_REQUESTED = 6, /* the list of codes that the client wants */
	OPT6_PREFERENCE = 7,
	OPT6_ELAPSED = 8,
	OPT6_RELAY_MESSAGE = 9,
	OPT6_STATUS = 13,
	OPT6_RAPID_COMMIT = 14,
	OPT6_USER_CLASS = 15,
	OPT6_VENDOR_CLASS = 16,
	OPT6_INTERFACE_ID = 18,
	OPT6_RECONFIGURE_ACCEPT = 20,
	OPT6_DNS = 23,           /* RFC 3646 */
	OPT6_DOMAIN_SEARCH = 24, /* RFC 3646 */
	OPT6_IA_PD = 25,
	OPT6_IA_PREFIX = 26,
	OPT6_REFRESH_TIME = 32,
	OPT6_REMOTE_ID = 37,     /* RFC 4649 */
	OPT6_SUBSCRIBER_ID = 38, /* RFC 4580 */
	OPT6_FQDN = 39,          /* RFC 4704 */
	OPT6_ECHO = 43,          /* RFC 4994: a relay's list of its options that are to come back */
	OPT6_NTP = 56,           /* RFC 5908 */
	OPT6_BOOT_URL = 59,      /* RFC 5970 */
	OPT6_BOOT_PARAMETERS = 60,
	OPT6_ARCH = 61,
	OPT6_NETWORK_INTERFACE = 62,
	OPT6_CLIENT_LINK_LAYER = 79, /* RFC 6939: a relay's word of the client's MAC */
	OPT6_SOL_MAX_RT = 82,
	OPT6_INF_MAX_RT = 83,
	OPT6_RELAY_PORT = 135, /* RFC 8357 */
};

enum dhcp6_status {
	DHCP6_SUCCESS = 0,
	DHCP6_UNSPEC_FAIL,
	DHCP6_NO_ADDRS_AVAIL,
	DHCP6_NO_BINDING,
	DHCP6_NOT_ON_LINK,
	DHCP6_USE_MULTICAST,
	DHCP6_NO_PREFIX_AVAIL,
};

enum { DHCP6_ARCH_NONE = 0xffff };
enum { DHCP6_ENTERPRISE_INTEL = 343 }; /* whose PXEClient and HTTPClient are */

/* Bits of the FQDN option's first byte (RFC 4704 4.1). */
enum { DHCP6_FQDN_S = 1, DHCP6_FQDN_O = 2, DHCP6_FQDN_N = 4 };

/* A place in the message's own arena; at 0: absent (an empty one is not). */
struct dhcp6_span {
	uint16_t at, len;
};

struct dhcp6_address {
	struct ip ip;
	uint32_t preferred_s, valid_s;
};

/* An identity association. Of one for prefixes only that it is there, with its status. */
struct dhcp6_ia {
	uint16_t code; /* OPT6_IA_NA, OPT6_IA_TA, OPT6_IA_PD */
	uint32_t iaid;
	uint32_t t1_s, t2_s; /* not in an IA_TA */
	struct dhcp6_address addresses[DHCP6_ADDRESSES];
	size_t n_addresses;
	bool has_status; /* without one: DHCP6_SUCCESS */
	uint16_t status; /* enum dhcp6_status, or one that came later */
};

/* One wrapping, a Relay-forward (or Relay-reply). */
struct dhcp6_relay {
	uint8_t hops;
	struct ip link; /* an address on the client's link, or ::, then `interface_id` says which */
	struct ip peer; /* from where it came to the relay: of the innermost, the client's own */
	struct dhcp6_span interface_id, remote_id, subscriber_id;
	bool has_mac; /* option 79 with an Ethernet address */
	struct mac mac;
	bool own_port; /* it listens where its message comes from, not on 547 (RFC 8357) */
	struct dhcp6_span options, echo; /* all of its options; the codes that it wants back */
};

/* An option that could not be taken as it came: the rest of the message is. */
struct dhcp6_oddity {
	uint16_t code;
	const char *what; /* static: "runs past the end: left out" */
};
enum { DHCP6_ODDITIES = 4, DHCP6_ODDITY_TEXT = 320 };

/* A message. Big because it carries all its bytes; reuse one. */
struct dhcp6_message {
	enum dhcp6_type type; /* what is in the innermost wrapping */
	uint32_t xid;         /* 24 bits */
	struct dhcp6_span client_id, server_id;
	struct dhcp6_ia ias[DHCP6_IAS];
	size_t n_ias;
	struct dhcp6_span requested; /* option 6, two bytes each: dhcp6_wire_wants() */
	uint16_t elapsed_cs; /* hundredths of a second since its first try; 65535: or more */
	bool rapid_commit, reconfigure_accept;
	uint8_t preference; /* a server's word; 0: none */
	bool has_status;
	uint16_t status;
	struct dhcp6_span status_text;
	bool has_vendor_class;
	uint32_t enterprise;
	/* The first of its texts, printable, cut: "PXEClient:Arch:00007:UNDI:003000". */
	char vendor_class[64];
	struct dhcp6_span user_class; /* as it came */
	bool ipxe;                    /* user class "iPXE" */
	uint16_t arch; /* option 61, or what the vendor class says; DHCP6_ARCH_NONE */
	bool has_nii;
	uint8_t nii[3]; /* option 62: type, and version of UNDI */
	bool has_fqdn;
	uint8_t fqdn_flags;
	char hostname[64]; /* the first label of its name, lower case; "" when absent or not one */
	struct dhcp6_relay relays[DHCP6_RELAYS]; /* outermost first; the last is the client's */
	size_t n_relays;
	bool relay_reply;                        /* the wrappings are Relay-replies */
	struct dhcp6_oddity odd[DHCP6_ODDITIES]; /* the first of them */
	size_t n_odd;
	struct dhcp6_span options; /* the innermost message's */
	uint8_t arena[DHCP6_PACKET_MAX];
};

/* A message of a client or a server, wrapped or not. 0; -EBADMSG, with a static line in `*ret_why`; -ENOMSG, with a line too:
 * well formed as far as it goes, and of a type that is not DHCPv6's (lease queries and such). `ret` is undefined after an
 * error. An option that cannot be read is left out (`odd`). */
int dhcp6_wire_decode(
	const void *bytes, size_t len, struct dhcp6_message *ret, const char **ret_why);
/* Why a server has to drop it (RFC 8415 16.2 to 16.14), a static line; NULL: it has not. A server's message is dropped. */
const char *dhcp6_wire_refusal(const struct dhcp6_message *m);
/* The bytes of a span; NULL: absent. */
const uint8_t *dhcp6_wire_bytes(const struct dhcp6_message *m, struct dhcp6_span s);
/* The first such option of the innermost message, read from its bytes; NULL: there is none. */
const uint8_t *dhcp6_wire_option(const struct dhcp6_message *m, uint16_t code, size_t *ret_len);
/* It asks for this option (RFC 8415 21.7). */
bool dhcp6_wire_wants(const struct dhcp6_message *m, uint16_t code);
/* For people: "option 3 runs past the end: left out; …", or "". */
const char *dhcp6_wire_odd_text(const struct dhcp6_message *m, char buf[DHCP6_ODDITY_TEXT]);
const char *dhcp6_type_name(unsigned type);     /* "SOLICIT" */
const char *dhcp6_status_name(unsigned status); /* "NoAddrsAvail" */

/* A reply under way, in the wrappings that `to` came in. What does not fit is left out whole, so the important goes first;
 * without its head, or an IA, it is none: dhcp6_reply_end() says so. Nothing is written past the buffer. */
struct dhcp6_reply {
	struct writer w;
	const struct dhcp6_message *to;
	size_t wrappings[DHCP6_RELAYS]; /* where each one's message begins */
	bool lacks;                     /* something that must be there did not fit */
	unsigned left_out;
};

/* Wrappings, message type and transaction, the client's identifier if it sent one, the server's. `to` lives until the end. */
void dhcp6_reply_begin(struct dhcp6_reply *r, void *buf, size_t size,
	const struct dhcp6_message *to, enum dhcp6_type type, const void *server_id,
	size_t server_id_len);

/* Each of these writes one option (or a row of them) whole: 0, or -ENOSPC and nothing is written. */
int dhcp6_reply_bytes(struct dhcp6_reply *r, uint16_t code, const void *bytes, size_t len);
int dhcp6_reply_flag(struct dhcp6_reply *r, uint16_t code); /* empty: rapid commit */
int dhcp6_reply_u8(struct dhcp6_reply *r, uint16_t code, uint8_t v);
int dhcp6_reply_u32(struct dhcp6_reply *r, uint16_t code, uint32_t v);
int dhcp6_reply_text(struct dhcp6_reply *r, uint16_t code, const char *text); /* "": left out */
/* IPv6 addresses in a row (DNS servers); those of the other family are left out, and without any the option is. */
int dhcp6_reply_addresses(struct dhcp6_reply *r, uint16_t code, const struct ip *ips, size_t n);
/* Domain names, a blank between two; "": left out. -EINVAL: not names. */
int dhcp6_reply_names(struct dhcp6_reply *r, uint16_t code, const char *names);
/* An IA with its IPv6 addresses, of an IA_PD its status only. One that does not fit is missed. `text` is for people, said with
 * the status; may be "". */
int dhcp6_reply_ia(struct dhcp6_reply *r, const struct dhcp6_ia *ia, const char *text);
/* The status of the whole message; missed as an IA is. */
int dhcp6_reply_status(struct dhcp6_reply *r, enum dhcp6_status status, const char *text);
/* Option 60: each with its length before it (RFC 5970 3.2). */
int dhcp6_reply_boot_parameters(struct dhcp6_reply *r, const char *const *parameters, size_t n);
int dhcp6_reply_vendor_class(struct dhcp6_reply *r, uint32_t enterprise, const char *text);
/* A name without a dot is sent as a partial one (RFC 4704 4.2). -EINVAL: not one name. */
int dhcp6_reply_fqdn(struct dhcp6_reply *r, uint8_t flags, const char *name);
/* One option 56 for each IPv6 address (RFC 5908 4). */
int dhcp6_reply_ntp(struct dhcp6_reply *r, const struct ip *ips, size_t n);
/* The site's own options: code and length of two bytes each, and value, one by one. -EINVAL: they are not. */
int dhcp6_reply_raw(struct dhcp6_reply *r, const void *bytes, size_t len);

/* The length of the datagram, or -ENOSPC. */
int dhcp6_reply_end(struct dhcp6_reply *r);

#endif
