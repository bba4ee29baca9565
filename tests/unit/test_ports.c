/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/net/udp, tcp and their IPv6 sisters; and a port of our own. */
#include "core/ports.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As this machine's kernel would print that address. */
static const char *hex(const char *address)
{
	static char buf[9];

	snprintf(buf, sizeof buf, "%08X", (unsigned)inet_addr(address));
	return buf;
}

START_TEST(lines)
{
	static const char rest[] = "00000000:00000000 00:00000000 00000000   105        0 20714 2";
	struct port_socket s;
	char line[256];

	snprintf(line, sizeof line, "  412: %s:0045 00000000:0000 07 %s 0000 0\n",
		hex("192.168.122.1"), rest);
	ck_assert(port_line(line, &s));
	ck_assert_uint_eq(s.address, 0xc0a87a01);
	ck_assert_uint_eq(s.port, 69);
	ck_assert_uint_eq(s.state, 7);
	ck_assert_uint_eq(s.inode, 20714);
	snprintf(line, sizeof line,
		"    0: 00000000000000000000000000000000:0043 "
		"00000000000000000000000000000000:0000 0A %s",
		rest);
	ck_assert(port_line(line, &s));
	ck_assert_uint_eq(s.address, 0);
	ck_assert_uint_eq(s.port, 67);
	snprintf(line, sizeof line,
		"    0: 0000000000000000%08X%s:0043 00000000000000000000000000000000:0000 0A %s",
		(unsigned)htonl(0xffff), hex("10.0.0.1"), rest);
	ck_assert(port_line(line, &s));
	ck_assert_uint_eq(s.address, 0x0a000001);
	snprintf(line, sizeof line,
		"    0: 000080FE00000000FF005450B6AD1DFE:0222 "
		"00000000000000000000000000000000:0000 07 %s",
		rest);
	ck_assert(!port_line(line, &s));
	ck_assert(!port_line(
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when", &s));
	ck_assert(!port_line("", &s));
	ck_assert(!port_line("1: 00:1", &s));
}
END_TEST

START_TEST(own_socket)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct ip lo = ip_from_v4(INADDR_LOOPBACK), other = ip_from_v4(0x7f000002);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof at;
	char buf[128], me[32];
	uint16_t port;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	port = ntohs(at.sin_port);
	ck_assert_int_eq(port_try(true, "lo", &lo, port, false), -EADDRINUSE);
	ck_assert(port_holder(true, &lo, port, buf, sizeof buf));
	snprintf(me, sizeof me, "(process %d)", getpid());
	ck_assert_msg(strstr(buf, me), "%s", buf);
	ck_assert(!port_holder(false, &lo, port, buf, sizeof buf));
	ck_assert(!port_holder(true, &other, port, buf, sizeof buf));
	close(fd);
	ck_assert(!port_holder(true, &lo, port, buf, sizeof buf));
	ck_assert_int_eq(port_try(true, "lo", &lo, port, true), 0);
	ck_assert_int_eq(port_try(false, "lo", &lo, port, false), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ports");
	TCase *t = tcase_create("ports");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, lines);
	tcase_add_test(t, own_socket);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
