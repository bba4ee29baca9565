/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_route.h"

#include <check.h>
#include <stdlib.h>

/* The addresses of the table: the one that the answer is about, one that it is not, a relay's, and the source of what
 * came to port 4011. */
enum {
	OWN = 0xc0a87a03,
	OTHER = 0x08080808,
	RELAY = 0xc0a87afe,
	FROM = 0xc0a87a09,
	ALL = 0xffffffff,
	FROM_PORT = 2070,
};
enum to { MAC_FRAME, ALL_FRAME, DATAGRAM };

static const struct mac MAC = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static const struct mac EVERYBODY = {{255, 255, 255, 255, 255, 255}};

static const struct row {
	const char *what;
	enum dhcp_type asks, answer;
	uint32_t ciaddr, giaddr, requested, server_id;
	bool broadcast, behind_relay, no_address, by_id;
	uint32_t from;
	enum to to;
	uint32_t ip;
	uint16_t port; /* 0: 68 */
} TABLE[] = {
#define CLIENT(w, q, a, ...)                                                 \
	{                                                                    \
		.what = w, .asks = DHCP_##q, .answer = DHCP_##a, __VA_ARGS__ \
	}
	/* RFC 2131 4.1 and table 5: a DISCOVER has no address, whatever its ciaddr says */
	CLIENT("discover", DISCOVER, OFFER, .to = MAC_FRAME, .ip = OWN),
	CLIENT("discover, flag", DISCOVER, OFFER, .broadcast = true, .to = ALL_FRAME, .ip = ALL),
	CLIENT("discover, its old address", DISCOVER, OFFER, .ciaddr = OWN, .to = MAC_FRAME,
		.ip = OWN),
	CLIENT("discover, its old address, flag", DISCOVER, OFFER, .ciaddr = OWN, .broadcast = true,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("discover, a lost address", DISCOVER, OFFER, .ciaddr = OTHER, .to = MAC_FRAME,
		.ip = OWN),
	CLIENT("discover, a wish", DISCOVER, OFFER, .ciaddr = OWN, .requested = OWN,
		.to = MAC_FRAME, .ip = OWN),
	CLIENT("discover, by a relay", DISCOVER, OFFER, .giaddr = RELAY, .to = DATAGRAM,
		.ip = RELAY, .port = 67),
	CLIENT("discover, by a relay, flag", DISCOVER, OFFER, .giaddr = RELAY, .broadcast = true,
		.to = DATAGRAM, .ip = RELAY, .port = 67),
	CLIENT("discover, by a relay, its old address", DISCOVER, OFFER, .giaddr = RELAY,
		.ciaddr = OWN, .behind_relay = true, .to = DATAGRAM, .ip = RELAY, .port = 67),
	CLIENT("discover, no relay where one should be", DISCOVER, OFFER, .ciaddr = OWN,
		.behind_relay = true, .to = MAC_FRAME, .ip = OWN),

	/* 4.3.2, SELECTING: server identifier and option 50; ciaddr is to be 0 */
	CLIENT("selecting", REQUEST, ACK, .requested = OWN, .server_id = 1, .to = MAC_FRAME,
		.ip = OWN),
	CLIENT("selecting, flag", REQUEST, ACK, .requested = OWN, .server_id = 1, .broadcast = true,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("selecting, its old address", REQUEST, ACK, .requested = OWN, .server_id = 1,
		.ciaddr = OWN, .to = MAC_FRAME, .ip = OWN),
	CLIENT("selecting, a lost address", REQUEST, ACK, .requested = OWN, .server_id = 1,
		.ciaddr = OTHER, .to = MAC_FRAME, .ip = OWN),
	CLIENT("selecting, by a relay", REQUEST, ACK, .requested = OWN, .server_id = 1,
		.giaddr = RELAY, .to = DATAGRAM, .ip = RELAY, .port = 67),
	CLIENT("selecting, refused", REQUEST, NAK, .requested = OWN, .server_id = 1,
		.no_address = true, .to = ALL_FRAME, .ip = ALL),

	/* INIT-REBOOT: option 50 alone; ciaddr is to be 0 */
	CLIENT("init-reboot", REQUEST, ACK, .requested = OWN, .to = MAC_FRAME, .ip = OWN),
	CLIENT("init-reboot, flag", REQUEST, ACK, .requested = OWN, .broadcast = true,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("init-reboot, by a relay", REQUEST, ACK, .requested = OWN, .giaddr = RELAY,
		.to = DATAGRAM, .ip = RELAY, .port = 67),
	CLIENT("init-reboot, refused", REQUEST, NAK, .requested = OTHER, .no_address = true,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("init-reboot, by a relay, refused", REQUEST, NAK, .requested = OTHER,
		.no_address = true, .giaddr = RELAY, .to = DATAGRAM, .ip = RELAY, .port = 67),
	/* or one that renews and says more than it should: a frame reaches both, but not through a router */
	CLIENT("both", REQUEST, ACK, .requested = OWN, .ciaddr = OWN, .to = MAC_FRAME, .ip = OWN),
	CLIENT("both, flag", REQUEST, ACK, .requested = OWN, .ciaddr = OWN, .broadcast = true,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("both, through a router", REQUEST, ACK, .requested = OWN, .ciaddr = OWN,
		.behind_relay = true, .to = DATAGRAM, .ip = OWN),

	/* RENEWING and REBINDING: ciaddr alone. 4.1: the flag is for clients without an address */
	CLIENT("renewing", REQUEST, ACK, .ciaddr = OWN, .to = DATAGRAM, .ip = OWN),
	CLIENT("renewing, flag", REQUEST, ACK, .ciaddr = OWN, .broadcast = true, .to = DATAGRAM,
		.ip = OWN),
	CLIENT("renewing, names the server", REQUEST, ACK, .ciaddr = OWN, .server_id = 1,
		.to = DATAGRAM, .ip = OWN),
	CLIENT("renewing, through a router", REQUEST, ACK, .ciaddr = OWN, .behind_relay = true,
		.to = DATAGRAM, .ip = OWN),
	CLIENT("rebinding, by a relay", REQUEST, ACK, .ciaddr = OWN, .giaddr = RELAY,
		.behind_relay = true, .to = DATAGRAM, .ip = RELAY, .port = 67),
	CLIENT("renewing, refused", REQUEST, NAK, .ciaddr = OWN, .no_address = true,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("renewing, through a router, refused", REQUEST, NAK, .ciaddr = OWN,
		.no_address = true, .behind_relay = true, .to = DATAGRAM, .ip = OWN),
	CLIENT("rebinding, by a relay, refused", REQUEST, NAK, .ciaddr = OWN, .no_address = true,
		.giaddr = RELAY, .behind_relay = true, .to = DATAGRAM, .ip = RELAY, .port = 67),
	/* nobody has us send to where he likes */
	CLIENT("renewing, not this one", REQUEST, ACK, .ciaddr = OTHER, .to = MAC_FRAME, .ip = OWN),
	CLIENT("renewing, not this one, flag", REQUEST, ACK, .ciaddr = OTHER, .broadcast = true,
		.to = ALL_FRAME, .ip = ALL),

	/* 4.3.5 */
	CLIENT("inform", INFORM, ACK, .ciaddr = OWN, .to = DATAGRAM, .ip = OWN),
	CLIENT("inform, flag", INFORM, ACK, .ciaddr = OWN, .broadcast = true, .to = DATAGRAM,
		.ip = OWN),
	CLIENT("inform, a wish", INFORM, ACK, .ciaddr = OWN, .requested = OTHER, .server_id = 1,
		.to = DATAGRAM, .ip = OWN),
	CLIENT("inform, by a relay", INFORM, ACK, .ciaddr = OWN, .giaddr = RELAY, .to = DATAGRAM,
		.ip = RELAY, .port = 67),

	/* RFC 1542 4.1.2 */
	CLIENT("bootp", BOOTP, BOOTP, .to = MAC_FRAME, .ip = OWN),
	CLIENT("bootp, flag", BOOTP, BOOTP, .broadcast = true, .to = ALL_FRAME, .ip = ALL),
	CLIENT("bootp, knows its address", BOOTP, BOOTP, .ciaddr = OWN, .to = DATAGRAM, .ip = OWN),
	CLIENT("bootp, by a relay", BOOTP, BOOTP, .giaddr = RELAY, .to = DATAGRAM, .ip = RELAY,
		.port = 67),

	/* a proxy's: no address to send to; on port 4011 the client has one */
	CLIENT("proxy", DISCOVER, OFFER, .no_address = true, .to = ALL_FRAME, .ip = ALL),
	CLIENT("proxy, flag", DISCOVER, OFFER, .no_address = true, .broadcast = true,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("proxy, its old address", DISCOVER, OFFER, .no_address = true, .ciaddr = OWN,
		.to = ALL_FRAME, .ip = ALL),
	CLIENT("4011", REQUEST, ACK, .no_address = true, .from = FROM, .to = DATAGRAM, .ip = FROM,
		.port = FROM_PORT),
	CLIENT("4011, flag, ciaddr", REQUEST, ACK, .no_address = true, .ciaddr = OWN,
		.broadcast = true, .from = FROM, .to = DATAGRAM, .ip = FROM, .port = FROM_PORT),
	CLIENT("4011, inform", INFORM, ACK, .no_address = true, .ciaddr = OTHER, .from = FROM,
		.to = DATAGRAM, .ip = FROM, .port = FROM_PORT),
	CLIENT("4011, from nowhere", REQUEST, ACK, .no_address = true, .ciaddr = OWN,
		.to = ALL_FRAME, .ip = ALL),

	/* RFC 4390: a frame to a MAC does not reach it */
	CLIENT("no MAC", DISCOVER, OFFER, .by_id = true, .broadcast = true, .to = DATAGRAM,
		.ip = ALL),
	CLIENT("no MAC, selecting", REQUEST, ACK, .by_id = true, .broadcast = true,
		.requested = OWN, .server_id = 1, .to = DATAGRAM, .ip = ALL),
	CLIENT("no MAC, refused", REQUEST, NAK, .by_id = true, .no_address = true, .requested = OWN,
		.to = DATAGRAM, .ip = ALL),
	CLIENT("no MAC, renewing", REQUEST, ACK, .by_id = true, .ciaddr = OWN, .to = DATAGRAM,
		.ip = OWN),
	CLIENT("no MAC, by a relay", DISCOVER, OFFER, .by_id = true, .giaddr = RELAY,
		.to = DATAGRAM, .ip = RELAY, .port = 67),
#undef CLIENT
};
enum { ROWS = sizeof TABLE / sizeof TABLE[0] };

START_TEST(row)
{
	const struct row *w = &TABLE[_i];
	const struct dhcp_message m = {.type = w->asks,
		.mac = MAC,
		.by_id = w->by_id,
		.ciaddr = w->ciaddr,
		.giaddr = w->giaddr,
		.requested = w->requested,
		.server_id = w->server_id,
		.flags = w->broadcast ? DHCP_FLAG_BROADCAST : 0x7fff};
	const struct dhcp_delivery d = {.msg = &m,
		.answer = w->answer,
		.address = w->no_address ? 0 : OWN,
		.behind_relay = w->behind_relay,
		.from = w->from,
		.from_port = w->from ? FROM_PORT : 0};
	struct dhcp_route r = dhcp_route_of(&d);

	ck_assert_msg(r.frame == (w->to != DATAGRAM), "%s", w->what);
	ck_assert_msg(r.ip == w->ip && r.port == (w->port ? w->port : 68), "%s: %08x, port %u",
		w->what, r.ip, r.port);
	if (r.frame)
		ck_assert_msg(
			mac_eq(&r.mac, w->to == ALL_FRAME ? &EVERYBODY : &MAC), "%s", w->what);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_route");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, row, 0, ROWS);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
