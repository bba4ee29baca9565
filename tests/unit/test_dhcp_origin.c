/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_origin.h"

#include "dhcpd/dhcp_frame.h"
#include "dhcp_make.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct mac CLIENT = {{2, 0, 0, 0, 0, 1}}, FORGER = {{2, 0, 0, 0, 0, 2}},
			ALL = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static uint8_t frame[DHCP_FRAME_HEADER + 2048];
enum { NOW = 100000 };

static size_t make_frame(
	const struct mac *from, const struct mac *client, uint32_t xid, uint32_t giaddr)
{
	struct dhcp_make m;
	struct dhcp_frame f = {
		.from = *from, .to = ALL, .to_ip = 0xffffffff, .from_port = 68, .to_port = 67};
	size_t len;

	dhcp_make_begin(&m, client, xid);
	dhcp_make_u8(&m, OPT_TYPE, DHCP_DISCOVER);
	dhcp_make_u32_at(&m, MAKE_GIADDR, giaddr);
	len = dhcp_make_end(&m);
	memcpy(frame + DHCP_FRAME_HEADER, m.buf, len);
	return (size_t)dhcp_frame_wrap(&f, frame, len);
}

static struct dhcp_message message(const struct mac *client, uint32_t xid)
{
	return (struct dhcp_message){.mac = *client, .xid = xid};
}

START_TEST(decode)
{
	size_t len = make_frame(&FORGER, &CLIENT, 0x01020304, 0);
	struct dhcp_mark m;

	ck_assert(dhcp_origin_decode(frame, len, &m));
	ck_assert(!m.any && mac_eq(&m.client, &CLIENT));
	ck_assert_uint_eq(m.xid, 0x01020304);
	/* cut before the client's MAC it could be anybody's */
	for (size_t cut = 15; cut < DHCP_FRAME_HEADER + 34; cut++) {
		ck_assert(dhcp_origin_decode(frame, cut, &m));
		ck_assert(m.any);
	}
	ck_assert(!dhcp_origin_decode(frame, 14, &m));
	frame[14] = 0x65;
	ck_assert(!dhcp_origin_decode(frame, len, &m));
}
END_TEST

START_TEST(marks)
{
	struct dhcp_marks ms = {0};
	struct dhcp_mark m = {.client = CLIENT, .xid = 7};
	struct dhcp_message its = message(&CLIENT, 7), next = message(&CLIENT, 8),
			    other = message(&FORGER, 7);

	ck_assert(!dhcp_marks_take(&ms, &its, NOW));
	dhcp_marks_add(&ms, &m, NOW);
	ck_assert(!dhcp_marks_take(&ms, &next, NOW));
	ck_assert(!dhcp_marks_take(&ms, &other, NOW));
	/* one frame, one message */
	ck_assert(dhcp_marks_take(&ms, &its, NOW + DHCP_ORIGIN_MS - 1));
	ck_assert(!dhcp_marks_take(&ms, &its, NOW));
	dhcp_marks_add(&ms, &m, NOW);
	ck_assert(!dhcp_marks_take(&ms, &its, NOW + DHCP_ORIGIN_MS));
	/* a piece may be any message's, and the next one's too */
	m.any = true;
	dhcp_marks_add(&ms, &m, NOW);
	ck_assert(dhcp_marks_take(&ms, &next, NOW));
	ck_assert(dhcp_marks_take(&ms, &other, NOW));
	ck_assert(!dhcp_marks_take(&ms, &other, NOW + DHCP_ORIGIN_MS));
}
END_TEST

/* Who floods us with marks does not make us forget one: nobody is trusted then. */
START_TEST(too_many)
{
	struct dhcp_marks ms = {0};
	struct dhcp_message its = message(&CLIENT, 7);
	struct dhcp_mark m = {.client = FORGER};

	for (m.xid = 0; m.xid < DHCP_ORIGIN_MARKS; m.xid++)
		dhcp_marks_add(&ms, &m, NOW);
	ck_assert(!dhcp_marks_take(&ms, &its, NOW));
	dhcp_marks_add(&ms, &m, NOW);
	ck_assert(dhcp_marks_take(&ms, &its, NOW));
	ck_assert(!dhcp_marks_take(&ms, &its, NOW + DHCP_ORIGIN_MS));
}
END_TEST

static int sender = -1;

static void send_frame(const char *link, size_t len)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(link),
		.sll_halen = ETH_ALEN};

	ck_assert_int_eq(
		sendto(sender, frame, len, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)len);
}

/* A loaded host brings a frame to the other end of the link a little later than sendto() returns. */
static bool comes_forged(struct dhcp_origin *o, const struct dhcp_message *m, int64_t now)
{
	for (int i = 0; i < 200; i++) {
		if (dhcp_origin_is_forged(o, m, now))
			return true;
		usleep(10000);
	}
	return false;
}

/* The kernel's filter, on a real link. */
START_TEST(heard)
{
	struct dhcp_origin o = DHCP_ORIGIN_CLOSED;
	struct dhcp_message first = message(&CLIENT, 6), its = message(&CLIENT, 7);

	ck_assert(!dhcp_origin_is_forged(&o, &its, NOW)); /* closed */
	if ((unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) ||
		system("ip link add c1 type veth peer name p1 && ip link set c1 up && ip link set "
		       "p1 up")) {
		fprintf(stderr, "skipped: no network namespace\n");
		return;
	}
	ck_assert_int_eq(dhcp_origin_open(&o, NULL, if_nametoindex("p1")), 0);
	sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(sender, 0);
	/* a link that was just switched on loses what is sent at first */
	for (int i = 0; i < 200 && !dhcp_origin_is_forged(&o, &first, NOW); i++) {
		send_frame("c1", make_frame(&FORGER, &CLIENT, 6, 0));
		usleep(10000);
	}
	send_frame("c1", make_frame(&CLIENT, &CLIENT, 7, 0));
	ck_assert(!dhcp_origin_is_forged(&o, &its, NOW));
	/* a relay's frame says the relay's MAC */
	send_frame("c1", make_frame(&FORGER, &CLIENT, 7, 0x0a000001));
	ck_assert(!dhcp_origin_is_forged(&o, &its, NOW));
	send_frame("c1", make_frame(&FORGER, &CLIENT, 7, 0));
	ck_assert(comes_forged(&o, &its, NOW));
	ck_assert(!dhcp_origin_is_forged(&o, &its, NOW));
	/* only the last byte differs, only the first */
	send_frame("c1", make_frame(&(struct mac){{2, 0, 0, 0, 0, 3}}, &CLIENT, 7, 0));
	send_frame("c1", make_frame(&(struct mac){{6, 0, 0, 0, 0, 1}}, &CLIENT, 7, 0));
	ck_assert(comes_forged(&o, &its, NOW));
	ck_assert(comes_forged(&o, &its, NOW));
	ck_assert(!dhcp_origin_is_forged(&o, &its, NOW));
	/* a first fragment that ends in the UDP header */
	make_frame(&FORGER, &CLIENT, 7, 0);
	frame[14 + 2] = 0;
	frame[14 + 3] = 28;
	frame[14 + 6] = 0x20;
	send_frame("c1", 14 + 28);
	ck_assert(comes_forged(&o, &its, NOW));
	/* what we send ourselves is not heard */
	send_frame("p1", make_frame(&FORGER, &CLIENT, 7, 0));
	ck_assert(!dhcp_origin_is_forged(&o, &its, NOW + DHCP_ORIGIN_MS));
	/* more than its socket holds */
	for (int i = 0; i < 2000; i++)
		send_frame("c1", make_frame(&FORGER, &CLIENT, 1000u + (uint32_t)i, 0));
	usleep(200000);
	ck_assert(comes_forged(&o, &its, NOW + 2 * DHCP_ORIGIN_MS));
	ck_assert(!dhcp_origin_is_forged(&o, &its, NOW + 3 * DHCP_ORIGIN_MS));
	dhcp_origin_close(&o);
	dhcp_origin_close(&o);
	close(sender);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp_origin");
	TCase *t = tcase_create("dhcp_origin");
	SRunner *r;
	int failed;

	tcase_add_test(t, decode);
	tcase_add_test(t, marks);
	tcase_add_test(t, too_many);
	tcase_add_test(t, heard);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
