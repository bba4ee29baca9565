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

static const uint8_t *const message = frame + DHCP_FRAME_HEADER;

START_TEST(decode)
{
	size_t len = make_frame(&CLIENT, &CLIENT, 0x01020304, 0), got_len;
	const uint8_t *got;

	ck_assert(dhcp_origin_decode(frame, len, &got, &got_len));
	ck_assert_ptr_eq(got, message);
	ck_assert_uint_eq(got_len, len - DHCP_FRAME_HEADER);
	/* padded, as short frames are */
	ck_assert(dhcp_origin_decode(frame, len + 6, &got, &got_len));
	ck_assert_uint_eq(got_len, len - DHCP_FRAME_HEADER);
	for (size_t cut = 0; cut < len; cut++)
		ck_assert(!dhcp_origin_decode(frame, cut, &got, &got_len));
	frame[14] = 0x65;
	ck_assert(!dhcp_origin_decode(frame, len, &got, &got_len));
	frame[14] = 0x44;
	ck_assert(!dhcp_origin_decode(frame, len, &got, &got_len));
	/* more is to come, or came before */
	frame[14] = 0x45;
	frame[14 + 6] = 0x20;
	ck_assert(!dhcp_origin_decode(frame, len, &got, &got_len));
	frame[14 + 6] = 0;
	frame[14 + 7] = 1;
	ck_assert(!dhcp_origin_decode(frame, len, &got, &got_len));
	/* a length that leaves no room for the client's MAC */
	frame[14 + 7] = 0;
	frame[14 + 24] = 0;
	for (unsigned n = 0; n < 8 + 34; n++) {
		frame[14 + 25] = (uint8_t)n;
		ck_assert(!dhcp_origin_decode(frame, len, &got, &got_len));
	}
}
END_TEST

/* Another card, or a relay, of which the frame says nothing. */
START_TEST(anothers)
{
	const uint8_t *got;
	size_t len, got_len;

	len = make_frame(&FORGER, &CLIENT, 7, 0);
	ck_assert(!dhcp_origin_decode(frame, len, &got, &got_len));
	len = make_frame(&CLIENT, &CLIENT, 7, 1);
	ck_assert(!dhcp_origin_decode(frame, len, &got, &got_len));
}
END_TEST

START_TEST(marks)
{
	static struct dhcp_marks ms;
	uint8_t its[64] = {1}, other[64] = {1, [63] = 1};

	ck_assert(!dhcp_marks_has(&ms, its, sizeof its, NOW));
	dhcp_marks_add(&ms, its, sizeof its, NOW);
	/* as often as it is served */
	ck_assert(dhcp_marks_has(&ms, its, sizeof its, NOW));
	ck_assert(dhcp_marks_has(&ms, its, sizeof its, NOW + DHCP_ORIGIN_MS - 1));
	ck_assert(!dhcp_marks_has(&ms, its, sizeof its, NOW + DHCP_ORIGIN_MS));
	/* and nothing else, though it be of the same client and xid */
	ck_assert(!dhcp_marks_has(&ms, other, sizeof other, NOW));
	ck_assert(!dhcp_marks_has(&ms, its, sizeof its - 1, NOW));
	dhcp_marks_add(&ms, its, sizeof its, NOW + DHCP_ORIGIN_MS);
	ck_assert(dhcp_marks_has(&ms, its, sizeof its, NOW + DHCP_ORIGIN_MS));
	/* a crowd takes their room, and no more: it is bounded */
	for (uint32_t i = 0; i < 64 * DHCP_ORIGIN_MARKS; i++)
		dhcp_marks_add(&ms, &i, sizeof i, NOW);
	ck_assert(!dhcp_marks_has(&ms, its, sizeof its, NOW));
}
END_TEST

/* While one waits for its turn others' marks come: it keeps its own. */
START_TEST(marks_of_a_crowd)
{
	enum { CROWD = 2048, TIMES = 200 };
	static struct dhcp_marks ms;
	unsigned lost = 0;

	for (uint32_t t = 0; t < TIMES; t++) {
		uint32_t its[2] = {t, UINT32_MAX};

		dhcp_marks_add(&ms, its, sizeof its, NOW + t);
		for (uint32_t i = 0; i < CROWD; i++) {
			uint32_t another[2] = {t, i};

			dhcp_marks_add(&ms, another, sizeof another, NOW + t);
		}
		lost += !dhcp_marks_has(&ms, its, sizeof its, NOW + t);
	}
	ck_assert_uint_le(lost, TIMES / 50);
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

static bool is_forged(struct dhcp_origin *o, size_t len)
{
	return dhcp_origin_is_forged(o, message, len - DHCP_FRAME_HEADER, NOW);
}

/* A loaded host brings a frame to the other end of the link a little later than sendto() returns. */
static bool comes(struct dhcp_origin *o, size_t len)
{
	for (int i = 0; i < 200; i++) {
		if (!is_forged(o, len))
			return true;
		usleep(10000);
	}
	return false;
}

/* The last frame of a row: what was sent before it has come by then. */
static void follow(struct dhcp_origin *o)
{
	static uint32_t xid = 1000000;
	size_t len = make_frame(&FORGER, &FORGER, ++xid, 0);

	send_frame("c1", len);
	ck_assert(comes(o, len));
}

static bool ready(struct dhcp_origin *o)
{
	if ((unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) ||
		system("ip link add c1 type veth peer name p1 && ip link set c1 up && ip link set "
		       "p1 up")) {
		fprintf(stderr, "skipped: no network namespace\n");
		return false;
	}
	ck_assert_int_eq(dhcp_origin_open(o, NULL, if_nametoindex("p1")), 0);
	sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(sender, 0);
	/* a link that was just switched on loses what is sent at first */
	for (int i = 0; i < 200 && is_forged(o, make_frame(&FORGER, &FORGER, 6, 0)); i++) {
		send_frame("c1", make_frame(&FORGER, &FORGER, 6, 0));
		usleep(10000);
	}
	return true;
}

/* The kernel's filter, on a real link. */
START_TEST(heard)
{
	struct dhcp_origin o = DHCP_ORIGIN_CLOSED;
	size_t len = make_frame(&CLIENT, &CLIENT, 7, 0);

	ck_assert(!is_forged(&o, len)); /* closed */
	if (!ready(&o))
		return;
	len = make_frame(&CLIENT, &CLIENT, 7, 0);
	ck_assert(is_forged(&o, len));
	send_frame("c1", make_frame(&FORGER, &CLIENT, 7, 0));
	/* only the last byte differs, only the first */
	send_frame("c1", make_frame(&(struct mac){{2, 0, 0, 0, 0, 3}}, &CLIENT, 7, 0));
	send_frame("c1", make_frame(&(struct mac){{6, 0, 0, 0, 0, 1}}, &CLIENT, 7, 0));
	/* what we send ourselves is not heard */
	send_frame("p1", make_frame(&CLIENT, &CLIENT, 7, 0));
	follow(&o);
	ck_assert(is_forged(&o, make_frame(&CLIENT, &CLIENT, 7, 0)));
	send_frame("c1", len);
	ck_assert(comes(&o, len));
	ck_assert(!is_forged(&o, len));
	ck_assert(
		dhcp_origin_is_forged(&o, message, len - DHCP_FRAME_HEADER, NOW + DHCP_ORIGIN_MS));
	/* another message with its client and xid */
	frame[DHCP_FRAME_HEADER + 44] ^= 1;
	ck_assert(is_forged(&o, len));
	dhcp_origin_close(&o);
	dhcp_origin_close(&o);
	close(sender);
}
END_TEST

/* Whatever others send costs a client nothing: not a piece, not what the kernel drops, not a flood. */
START_TEST(undisturbed)
{
	struct dhcp_origin o = DHCP_ORIGIN_CLOSED;
	size_t len;

	if (!ready(&o))
		return;
	/* a first fragment that ends in the UDP header: it may be any message's */
	make_frame(&FORGER, &CLIENT, 7, 0);
	frame[14 + 2] = 0;
	frame[14 + 3] = 28;
	frame[14 + 6] = 0x20;
	send_frame("c1", 14 + 28);
	/* the client's words with a checksum that is wrong */
	len = make_frame(&FORGER, &CLIENT, 7, 0);
	frame[14 + 20 + 6] ^= 1;
	send_frame("c1", len);
	for (uint32_t i = 0; i < 20000; i++)
		send_frame("c1", make_frame(&FORGER, &CLIENT, 1000 + i, 0));
	send_frame("c1", make_frame(&CLIENT, &CLIENT, 7, 0));
	ck_assert(comes(&o, len));
	/* and once more, with the flood after it */
	send_frame("c1", make_frame(&CLIENT, &CLIENT, 8, 0));
	for (uint32_t i = 0; i < 20000; i++)
		send_frame("c1", make_frame(&FORGER, &CLIENT, 1000 + i, 0));
	ck_assert(comes(&o, make_frame(&CLIENT, &CLIENT, 8, 0)));
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
	tcase_add_test(t, anothers);
	tcase_add_test(t, marks);
	tcase_add_test(t, marks_of_a_crowd);
	tcase_add_test(t, heard);
	tcase_add_test(t, undisturbed);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
