/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long offers are waited for, and of whom: on a socket pair in place of a wire. */
#include "usher/probe/probe_wire.h"

#include <check.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct mac CLIENT_MAC = {{2, 0x75, 0, 0, 0, 3}};
static const uint32_t GIVEN = 0xc0a87a03;
enum { XID = 0x01020304 };

static struct probe_wire wire;
static struct dhcp_told offers[PROBE_OFFERS];
static volatile sig_atomic_t stop;
static int servers; /* their end */

static void setup(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
	wire = (struct probe_wire){.fd = pair[0], .client_fd = -1, .stop = &stop};
	servers = pair[1];
}

static void teardown(void)
{
	probe_wire_close(&wire);
	close(servers);
}

static void offer(uint32_t server, uint32_t address)
{
	struct dhcp_message to = {
		.type = DHCP_DISCOVER, .mac = CLIENT_MAC, .xid = XID, .max_size = 576};
	const struct dhcp_reply_head h = {
		.type = DHCP_OFFER, .yiaddr = address, .server_id = server};
	const struct dhcp_frame f = {.from = {{2, 0, 0, 0, 0, (uint8_t)server}},
		.to = CLIENT_MAC,
		.from_ip = server,
		.to_ip = GIVEN,
		.from_port = 67,
		.to_port = 68};
	uint8_t frame[DHCP_FRAME_HEADER + DHCP_REPLY_MAX];
	struct dhcp_reply r;
	int n;

	dhcp_reply_begin(&r, frame + DHCP_FRAME_HEADER, &to, &h);
	n = dhcp_reply_end(&r);
	ck_assert_int_gt(n, 0);
	n = dhcp_frame_wrap(&f, frame, (size_t)n);
	ck_assert_int_eq(send(servers, frame, (size_t)n, 0), n);
}

static size_t discover(size_t others)
{
	const struct dhcp_asking a = {.type = DHCP_DISCOVER, .mac = CLIENT_MAC, .xid = XID};
	int64_t us;

	return probe_wire_discover(&wire, &a, others, offers, &us);
}

/* Who leases may be faster than the proxy beside it. */
START_TEST(test_a_proxy_is_waited_for)
{
	offer(0xc0a87a01, GIVEN);
	offer(0xc0a87a02, 0);
	ck_assert_uint_eq(discover(2), 2);
	ck_assert_uint_eq(offers[0].address, GIVEN);
	ck_assert_uint_eq(offers[1].address, 0);
}
END_TEST

/* And the other way round: a proxy alone is not all. */
START_TEST(test_a_lease_is_waited_for)
{
	offer(0xc0a87a02, 0);
	offer(0xc0a87a01, GIVEN);
	ck_assert_uint_eq(discover(1), 2);
	offer(0xc0a87a01, GIVEN);
	ck_assert_uint_eq(discover(1), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe_wire");
	TCase *t = tcase_create("probe_wire");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_a_proxy_is_waited_for);
	tcase_add_test(t, test_a_lease_is_waited_for);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
