/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments on links that come, go and change; with the servers that listen there, in a network namespace. */
#include "service/network/links.h"

#include "dhcp_make.h"
#include "rooms_make.h"

#include "core/sockaddr.h"
#include "dhcpd/dhcp_frame.h"
#include "service/network/segments.h"
#include "service/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

static const struct mac CLIENT = {{2, 0, 0, 0, 0, 7}}, ALL = {{255, 255, 255, 255, 255, 255}};

static struct service rooms;
static struct network *nw = &rooms.network;
static struct segment *seg;
static struct served *served;
static bool in_namespace;
static char why[512];

static void sh(const char *command)
{
	ck_assert_msg(!system(command), "%s", command);
}

/* srv9 is served, cli9 is its other end. */
static void make_link(void)
{
	sh("ip link add srv9 address 52:54:00:00:00:01 type veth peer name cli9 && ip addr add "
	   "10.4.0.1/24 dev srv9 && ip link set srv9 up && ip link set cli9 up");
}

static void find(void)
{
	struct config *c = &rooms.base.config;

	segments_fini(&rooms.base.segments);
	memset(nw->served, 0, sizeof nw->served);
	c->n_segments = 1;
	c->segments[0] = (struct config_segment){.name = "srv9",
		.lease_s = 600,
		.mode = SEGMENT_OWN,
		.pool_first = base_ip("10.4.0.100"),
		.pool_last = base_ip("10.4.0.200")};
	ck_assert_msg(!segments_find(nw, why, sizeof why), "%s", why);
	seg = base_segment(&rooms.base, "srv9");
	served = &nw->served[seg->id - 1];
}

static void setup(void)
{
	in_namespace = (!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET)) &&
		!system("ip link set lo up && ip link add vt0 type veth peer name vt1 && "
			"ip link del vt0");
	if (!in_namespace) {
		fprintf(stderr, "skipped: no network namespace, or ip(8) makes no veth in it\n");
		return;
	}
	rooms_make(&rooms);
	ck_assert_msg(!servers_start(&rooms, why, sizeof why), "%s", why);
	make_link();
	find();
}

static void teardown(void)
{
	if (!in_namespace)
		return;
	rooms_stop(&rooms);
	httpd_free(rooms.httpd);
	tftpd_free(rooms.tftpd);
	syslogd_free(rooms.syslogd);
	rooms_unmake(&rooms);
}

/* A DISCOVER from cli9; false: nobody offers anything. */
static bool is_offered(struct mac *ret_from)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex("cli9")};
	struct dhcp_frame f = {
		.from = CLIENT, .to = ALL, .to_ip = 0xffffffff, .from_port = 68, .to_port = 67};
	uint8_t buf[DHCP_FRAME_HEADER + 1500];
	struct dhcp_make make;
	bool offered = false;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_IP));
	size_t len;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	dhcp_make_begin(&make, &CLIENT, 7);
	dhcp_make_u8(&make, OPT_TYPE, DHCP_DISCOVER);
	len = dhcp_make_end(&make);
	memcpy(buf + DHCP_FRAME_HEADER, make.buf, len);
	len = (size_t)dhcp_frame_wrap(&f, buf, len);
	ck_assert_int_eq(send(fd, buf, len, 0), len);
	for (int i = 0; i < 50 && !offered; i++) {
		loop_once(rooms.base.loop, 10);
		offered = recv(fd, buf, sizeof buf, 0) > DHCP_FRAME_HEADER && buf[35] == 67;
	}
	memcpy(ret_from->b, buf + 6, sizeof ret_from->b);
	close(fd);
	return offered;
}

/* As a bridge does when a port comes or goes. */
START_TEST(another_mac)
{
	const struct mac other = {{0x52, 0x54, 0, 0, 0, 9}};
	struct mac from;

	if (!in_namespace)
		return;
	ck_assert_msg(!links_open(nw, seg, why, sizeof why), "%s", why);
	ck_assert(is_offered(&from));
	sh("ip link set srv9 address 52:54:00:00:00:09");
	links_changed(nw, "srv9");
	ck_assert(is_offered(&from));
	ck_assert(mac_eq(&from, &other));
}
END_TEST

/* More changes than could be told: which link is gone nobody said. */
START_TEST(any_may_have_changed)
{
	if (!in_namespace)
		return;
	ck_assert_msg(!links_open(nw, seg, why, sizeof why), "%s", why);
	sh("ip link del srv9");
	links_changed(nw, NULL);
	ck_assert(!served->link);
	make_link();
	links_changed(nw, NULL);
	ck_assert(served->link);
}
END_TEST

/* --- ports that others have ---------------------------------------------------------------------------------------------------- */

/* Somebody who does not share it. */
static int take_port(int type, const char *address, uint16_t port)
{
	const struct ip ip = base_ip(address);
	struct sockaddr_storage at;
	socklen_t len = sockaddr_of(&ip, port, &at);
	int fd = socket(at.ss_family, type, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
	return fd;
}

/* As after some seconds. */
static void let_time_pass(void)
{
	ck_assert_uint_gt(nw->again.slot, 0);
	loop_timer_clear(rooms.base.loop, &nw->again);
	nw->again.fire(&nw->again);
}

START_TEST(a_port_that_another_had)
{
	int fd;

	if (!in_namespace)
		return;
	fd = take_port(SOCK_DGRAM, "10.4.0.1", 69);
	links_look(nw);
	ck_assert_int_eq(served->waits, -EADDRINUSE);
	let_time_pass();
	ck_assert_int_eq(served->waits, -EADDRINUSE);
	ck_assert(!served->link);
	close(fd);
	let_time_pass();
	ck_assert_int_eq(served->waits, 0);
	ck_assert(served->link);
	ck_assert(dhcpd_is_open(rooms.dhcpd, seg));
	ck_assert_uint_eq(nw->again.slot, 0);
	ck_assert_str_eq(
		base_told(&rooms.base, "", "network"), "srv9 is served on srv9, 10.4.0.1/24");
}
END_TEST

/* At the start the others are served all the same. */
START_TEST(a_port_that_another_has_at_the_start)
{
	int fd;

	if (!in_namespace)
		return;
	fd = take_port(SOCK_DGRAM, "10.4.0.1", 69);
	ck_assert_int_eq(links_begin(nw, why, sizeof why), 0);
	ck_assert_int_eq(served->waits, -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(served->why, "69"));
	rooms.base.config.segments[0].named = true;
	ck_assert_int_eq(links_begin(nw, why, sizeof why), -EADDRINUSE);
	close(fd);
	ck_assert_int_eq(links_begin(nw, why, sizeof why), 0);
	ck_assert(served->link && !served->waits);
}
END_TEST

/* It is found only when usher knows that it is to lease there. */
START_TEST(a_dhcp_port_that_another_had)
{
	int fd;

	if (!in_namespace)
		return;
	fd = take_port(SOCK_DGRAM, "0.0.0.0", 67);
	seg->mode = SEGMENT_AUTO;
	ck_assert_msg(!links_open(nw, seg, why, sizeof why), "%s", why);
	segments_decided(nw, seg, NULL);
	ck_assert_int_eq(served->waits, -EADDRINUSE);
	close(fd);
	let_time_pass();
	ck_assert_int_eq(seg->mode, SEGMENT_OWN);
	ck_assert(served->link && dhcpd_is_open(rooms.dhcpd, seg));
}
END_TEST

/* Of one family: what is wanted stays known, and the other is not concerned. */
START_TEST(a_log_port_that_another_has)
{
	int fd;

	if (!in_namespace)
		return;
	sh("sysctl -qw net.ipv6.conf.srv9.disable_ipv6=0 && ip addr add fd00:4::1/64 dev srv9 nodad");
	rooms.base.config.segments[0].six.on = true;
	rooms.base.config.logs = true;
	rooms.base.config.log_port = 1514;
	fd = take_port(SOCK_STREAM, "fd00:4::1", 1514);
	ck_assert_int_eq(listen(fd, 1), 0);
	links_look(nw);
	ck_assert(served->link && ip_is_set(&seg->six.server));
	ck_assert_uint_eq(seg->log_port, 1514);
	ck_assert_uint_eq(segment_log_port(seg, IP_V4), 1514);
	ck_assert_uint_eq(segment_log_port(seg, IP_V6), 0);
	close(fd);
	sh("ip link del srv9");
	links_changed(nw, "srv9");
	make_link();
	sh("sysctl -qw net.ipv6.conf.srv9.disable_ipv6=0 && ip addr add fd00:4::1/64 dev srv9 nodad");
	links_changed(nw, "srv9");
	ck_assert_uint_eq(segment_log_port(seg, IP_V6), 1514);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {another_mac, any_may_have_changed, a_port_that_another_had,
		a_port_that_another_has_at_the_start, a_dhcp_port_that_another_had,
		a_log_port_that_another_has};
	Suite *s = suite_create("links");
	TCase *t = tcase_create("links");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
