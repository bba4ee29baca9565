/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server on loopback, in a network namespace of the test's own, with real clients where they
 * are installed (atftp, tftp-hpa, curl) and with bare sockets for what real clients do not do.
 */
#include "core/clock.h"
#include "core/log.h"
#include "core/pace.h"
#include "tftpd/tftpd.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORTS = 2 * TFTPD_TRANSFERS_MAX, PACKET = 70000, SEGMENT = 7, OTHER = 8, ASKED = 400 };

static struct {
	char dir[64];
	int dir_fd, fds_before;
	struct mailbox home;
	struct tftpd *t;
	pthread_t main_thread;
	size_t n_reports;
	struct {
		enum tftp_outcome outcome;
		uint32_t segment;
		uint64_t sent, size;
		int64_t ms;
		char name[256], why[256], peer[IP_TEXT];
	} reports[REPORTS];
	size_t n_asked;
	struct tftp_request *asked[ASKED];
	uint32_t server; /* whom peers ask */
} f;

/* A network of our own */

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void own_network(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	char map[64];
	uid_t uid = getuid();
	int fd;

	if (unshare(CLONE_NEWNET) < 0) {
		ck_assert_msg(!unshare(CLONE_NEWUSER | CLONE_NEWNET), "no namespaces: %s",
			strerror(errno));
		snprintf(map, sizeof map, "0 %u 1", uid);
		write_text("/proc/self/uid_map", map);
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	close(fd);
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Files */

static uint8_t content(uint64_t at)
{
	return (uint8_t)(at * 131 + at / 509);
}

static void make_file(const char *name, size_t size)
{
	int fd = openat(f.dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	uint8_t buf[65536];

	ck_assert_int_ge(fd, 0);
	for (size_t at = 0; at < size;) {
		size_t n = size - at < sizeof buf ? size - at : sizeof buf;

		for (size_t i = 0; i < n; i++)
			buf[i] = content(at + i);
		ck_assert_int_eq(write(fd, buf, n), n);
		at += n;
	}
	close(fd);
}

static void ck_file(const char *name, size_t size)
{
	int fd = openat(f.dir_fd, name, O_RDONLY);
	uint8_t buf[65536];
	size_t at = 0;
	ssize_t n;

	ck_assert_msg(fd >= 0, "%s was not written", name);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		for (ssize_t i = 0; i < n; i++, at++)
			if (buf[i] != content(at))
				ck_abort_msg("%s differs at byte %zu", name, at);
	close(fd);
	ck_assert_uint_eq(at, size);
	unlinkat(f.dir_fd, name, 0);
}

static int serve_open(
	void *arg, const char *name, int *ret_fd, uint64_t *ret_size, char *why, size_t why_size)
{
	struct stat st;
	int fd;

	ck_assert_ptr_eq(arg, &f);
	if (pthread_equal(pthread_self(), f.main_thread) || strstr(name, ".."))
		return -EACCES;
	if (!strcmp(name, "odd")) {
		snprintf(why, why_size, "no machine with this address is armed");
		return -ENOENT;
	}
	fd = openat(f.dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	fstat(fd, &st);
	*ret_size = (uint64_t)st.st_size;
	if (!strcmp(name, "inside")) { /* as a file in an ISO */
		lseek(fd, 1000, SEEK_SET);
		*ret_size = 5000;
	}
	*ret_fd = fd;
	return 0;
}

/* Reports */

static void on_ended(void *arg, const struct tftp_report *r)
{
	ck_assert(pthread_equal(pthread_self(), f.main_thread));
	ck_assert_ptr_eq(arg, &f);
	ck_assert_uint_lt(f.n_reports, REPORTS);
	f.reports[f.n_reports].outcome = r->outcome;
	f.reports[f.n_reports].segment = r->segment;
	f.reports[f.n_reports].sent = r->sent;
	f.reports[f.n_reports].size = r->size;
	f.reports[f.n_reports].ms = r->ms;
	ip_format(&r->peer, f.reports[f.n_reports].peer);
	snprintf(f.reports[f.n_reports].name, 256, "%s", r->name);
	snprintf(f.reports[f.n_reports++].why, 256, "%s", r->why);
}

/* Until there are `n` in all. */
static void wait_reports(size_t n)
{
	int64_t until = clock_mono_ms() + 10000;

	while (f.n_reports < n && clock_mono_ms() < until)
		mailbox_wait(&f.home, 100);
	ck_assert_uint_eq(f.n_reports, n);
}

#define ck_report(n, o, file)                                                      \
	do {                                                                       \
		wait_reports(n);                                                   \
		ck_assert_str_eq(tftp_outcome_text(f.reports[(n)-1].outcome), #o); \
		ck_assert_str_eq(f.reports[(n)-1].name, file);                     \
		ck_assert_uint_eq(f.reports[(n)-1].segment, SEGMENT);              \
	} while (0)

/* Names that are put to the main thread: those that begin with '?'. */

static bool asks(void *arg, const char *name)
{
	ck_assert_ptr_eq(arg, &f);
	return *name == '?' && !pthread_equal(pthread_self(), f.main_thread);
}

static void on_asked(void *arg, struct tftp_request *r)
{
	ck_assert(pthread_equal(pthread_self(), f.main_thread));
	ck_assert_ptr_eq(arg, &f);
	ck_assert_uint_eq(r->segment, f.server == INADDR_LOOPBACK ? SEGMENT : OTHER);
	ck_assert_uint_lt(f.n_asked, ASKED);
	f.asked[f.n_asked++] = r;
}

/* Until there are `n` in all, and no more come. */
static void wait_asked(size_t n)
{
	int64_t until = clock_mono_ms() + 10000;

	while (f.n_asked < n && clock_mono_ms() < until)
		mailbox_wait(&f.home, 100);
	mailbox_wait(&f.home, 100);
	ck_assert_uint_eq(f.n_asked, n);
}

/* The server */

static void start(const struct tftpd_config *extra)
{
	struct tftpd_config c = *extra;
	struct ip lo = ip_from_v4(0x7f000001);
	char why[200] = "";

	f.main_thread = pthread_self();
	c.home = &f.home;
	c.open = serve_open;
	c.asks = asks;
	c.asked = on_asked;
	c.ended = on_ended;
	c.arg = &f;
	f.fds_before = count_fds();
	ck_assert_int_eq(mailbox_init(&f.home), 0);
	ck_assert_int_eq(tftpd_new(&c, &f.t), 0);
	ck_assert_msg(!tftpd_open(f.t, SEGMENT, "lo", &lo, why, sizeof why), "%s", why);
}

static void setup(void)
{
	log_init(LOG_ERR);
	memset(&f, 0, sizeof f);
	f.server = INADDR_LOOPBACK;
	own_network();
	snprintf(f.dir, sizeof f.dir, "/tmp/test_tftpd.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f.dir));
	f.dir_fd = open(f.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(f.dir_fd, 0);
}

static void setup_started(void)
{
	const struct tftpd_config plain = {0};

	setup();
	start(&plain);
}

static void stop(void)
{
	tftpd_free(f.t);
	f.t = NULL;
	mailbox_fini(&f.home);
	ck_assert_int_eq(count_fds(), f.fds_before);
}

static void teardown(void)
{
	char command[100];

	if (f.t)
		stop();
	close(f.dir_fd);
	snprintf(command, sizeof command, "rm -rf %s", f.dir);
	ck_assert_int_eq(system(command), 0);
}

/* Real clients. 0: it said that all went well. They run in the test's folder and end by themselves.
 */

static bool installed(const char *program)
{
	char command[100];

	snprintf(command, sizeof command, "command -v %s >/dev/null", program);
	if (!system(command))
		return true;
	fprintf(stderr, "%s is not installed, left out\n", program);
	return false;
}

static int client(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int client(const char *fmt, ...)
{
	char line[600], command[800];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	snprintf(command, sizeof command, "cd %s && timeout 30 %s >out.log 2>&1", f.dir, line);
	return system(command);
}

static const size_t sizes[] = {0, 1, 511, 512, 513, 1024, 1 << 20};
enum { SIZES = sizeof sizes / sizeof *sizes };

START_TEST(atftp)
{
	static const char *const options[] = {"", "--option 'blksize 512'",
		"--option 'blksize 1428'", "--option 'blksize 1468' --option 'windowsize 16'",
		"--option 'windowsize 64' --option 'tsize 0' --option 'timeout 2'"};

	if (!installed("atftp"))
		return;
	for (size_t i = 0; i < SIZES; i++) {
		make_file("f", sizes[i]);
		ck_assert_msg(!client("atftp %s -g -r f -l got 127.0.0.1", options[_i]),
			"%s, %zu bytes", options[_i], sizes[i]);
		ck_file("got", sizes[i]);
		ck_report(i + 1, done, "f");
		ck_assert_uint_eq(f.reports[i].sent, sizes[i]);
		ck_assert_uint_eq(f.reports[i].size, sizes[i]);
		ck_assert_str_eq(f.reports[i].peer, "127.0.0.1");
	}
}
END_TEST

START_TEST(tftp_hpa)
{
	if (!installed("tftp"))
		return;
	for (size_t i = 0; i < SIZES; i++) {
		make_file("f", sizes[i]);
		ck_assert_int_eq(client("tftp -m binary 127.0.0.1 -c get /f got"), 0);
		ck_file("got", sizes[i]);
		ck_report(i + 1, done, "f");
	}
}
END_TEST

START_TEST(curl)
{
	static const char *const options[] = {"--tftp-no-options", "--tftp-blksize 512",
		"--tftp-blksize 1428", "--tftp-blksize 1468", "--tftp-blksize 65464"};

	if (!installed("curl"))
		return;
	for (size_t i = 0; i < SIZES; i++) {
		make_file("f", sizes[i]);
		ck_assert_int_eq(client("curl -sS %s -o got tftp://127.0.0.1/f", options[_i]), 0);
		if (sizes[i])
			ck_file("got", sizes[i]);
		ck_report(i + 1, done, "f");
	}
}
END_TEST

START_TEST(block_numbers_wrap)
{
	const size_t size = 70000 * 8 + 3;

	make_file("f", size);
	if (installed("curl")) {
		ck_assert_int_eq(client("curl -sS --tftp-blksize 8 -o got tftp://127.0.0.1/f"), 0);
		ck_file("got", size);
	}
	if (installed("atftp")) {
		ck_assert_int_eq(client("atftp --option 'blksize 8' --option 'windowsize 50' "
					"-g -r f -l got 127.0.0.1"),
			0);
		ck_file("got", size);
	}
}
END_TEST

START_TEST(paths_and_offsets)
{
	if (!installed("curl"))
		return;
	ck_assert_int_eq(mkdirat(f.dir_fd, "grub", 0755), 0);
	make_file("grub/a b.cfg", 700);
	ck_assert_int_eq(client("curl -sS -o got 'tftp://127.0.0.1//grub/a%%20b.cfg'"), 0);
	ck_file("got", 700);
	ck_report(1, done, "grub/a b.cfg");
	make_file("inside", 9000);
	ck_assert_int_eq(client("curl -sS -o got tftp://127.0.0.1/inside"), 0);
	ck_assert_int_eq(client("cmp -n 5000 inside got 1000 0"), 0);
	ck_report(2, done, "inside");
	ck_assert_uint_eq(f.reports[1].size, 5000);
}
END_TEST

START_TEST(text_mode)
{
	if (!installed("tftp"))
		return;
	ck_assert_int_eq(client("printf 'one\\ntwo\\r\\n\\nthree' | tee text"), 0);
	ck_assert_int_eq(client("tftp -m netascii 127.0.0.1 -c get text got"), 0);
	ck_assert_int_eq(client("cmp text got"), 0);
	ck_report(1, done, "text");
	ck_assert_uint_eq(f.reports[0].size, 19);
}
END_TEST

START_TEST(ipv6)
{
	struct ip six;
	char why[200] = "";

	if (!installed("curl"))
		return;
	ck_assert_int_eq(ip_parse("::1", &six), 0);
	ck_assert_msg(!tftpd_open(f.t, SEGMENT, "lo", &six, why, sizeof why), "%s", why);
	make_file("f", 100000);
	ck_assert_int_eq(client("curl -sS -o got 'tftp://[::1]/f'"), 0);
	ck_file("got", 100000);
	ck_report(1, done, "f");
	ck_assert_str_eq(f.reports[0].peer, "::1");
	/* beside the other family, and each is closed alone */
	ck_assert_int_eq(client("curl -sS -o got 'tftp://127.0.0.1/f'"), 0);
	tftpd_close_family(f.t, SEGMENT, IP_V6);
	ck_assert_int_ne(client("curl -sS -m 2 -o got 'tftp://[::1]/f'"), 0);
	ck_assert_int_eq(client("curl -sS -o got 'tftp://127.0.0.1/f'"), 0);
	ck_assert_msg(!tftpd_open(f.t, SEGMENT, "lo", &six, why, sizeof why), "%s", why);
	ck_assert_int_eq(client("curl -sS -o got 'tftp://[::1]/f'"), 0);
	tftpd_close(f.t, SEGMENT);
	ck_assert_int_ne(client("curl -sS -m 2 -o got 'tftp://[::1]/f'"), 0);
	ck_assert_int_ne(client("curl -sS -m 2 -o got 'tftp://127.0.0.1/f'"), 0);
}
END_TEST

/* Bare sockets */

static int peer_socket(uint32_t address, uint16_t port)
{
	struct sockaddr_in a = {AF_INET, htons(port), {htonl(address)}, {0}};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void peer_send(int fd, uint16_t port, const void *bytes, size_t len)
{
	struct sockaddr_in a = {AF_INET, htons(port), {htonl(f.server)}, {0}};

	ck_assert_int_eq(sendto(fd, bytes, len, 0, (struct sockaddr *)&a, sizeof a), len);
}

#define PEER_SEND(fd, port, text) peer_send(fd, port, text, sizeof text - 1)

static uint8_t packet_bytes[PACKET];

/* The next packet and the port it came from; 0 when none comes in `ms`. */
static uint16_t peer_recv(int fd, int ms, struct tftp_packet *ret)
{
	struct sockaddr_in a;
	socklen_t len = sizeof a;
	struct pollfd p = {fd, POLLIN, 0};
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return 0;
	n = recvfrom(fd, packet_bytes, sizeof packet_bytes, 0, (struct sockaddr *)&a, &len);
	ck_assert_int_ge(n, 0);
	ck_assert_uint_eq(ntohl(a.sin_addr.s_addr), f.server);
	ck_assert_int_eq(tftp_wire_decode(packet_bytes, (size_t)n, ret), 0);
	return ntohs(a.sin_port);
}

static void peer_ack(int fd, uint16_t port, uint16_t block)
{
	uint8_t buf[4];

	peer_send(fd, port, buf, (size_t)tftp_wire_ack(buf, sizeof buf, block));
}

/* All IPv4 packets of this network. */
static int listen_in(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));

	ck_assert_msg(fd >= 0, "packet socket: %s", strerror(errno));
	return fd;
}

/* How many of those so far did not come from the client, all of them without "don't fragment". */
static unsigned ck_fragmentable(int fd, uint16_t client)
{
	uint8_t p[PACKET];
	unsigned n = 0;

	while (recv(fd, p, sizeof p, MSG_DONTWAIT) > 0) {
		size_t header = (size_t)(p[0] & 15) * 4;
		uint16_t from = (uint16_t)(p[header] << 8 | p[header + 1]);

		if (p[9] != IPPROTO_UDP || from == client)
			continue;
		ck_assert_msg(!(p[6] & 0x40), "DF is set in a packet from port %u", from);
		n++;
	}
	return n;
}

/* Alone and many at a time, and what the listening socket itself sends. */
START_TEST(no_dont_fragment)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0), ears = listen_in();
	struct sockaddr_in own;
	socklen_t len = sizeof own;
	struct tftp_packet p;
	uint16_t port;

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	make_file("f", 4 * 1468 + 1);
	PEER_SEND(fd, 69,
		"\0\1f\0octet\0blksize\0"
		"1468\0windowsize\0"
		"4\0");
	ck_assert_uint_ne(port = peer_recv(fd, 2000, &p), 0); /* OACK */
	peer_ack(fd, port, 0);
	for (unsigned i = 1; i <= 4; i++) {
		ck_assert_uint_eq(peer_recv(fd, 2000, &p), port);
		ck_assert_uint_eq(p.block, i);
	}
	peer_ack(fd, port, 4);
	ck_assert_uint_eq(peer_recv(fd, 2000, &p), port);
	peer_ack(fd, port, 5);
	ck_report(1, done, "f");
	ck_assert_uint_ge(ck_fragmentable(ears, ntohs(own.sin_port)), 3);
	PEER_SEND(fd, 69, "\0\1../f\0octet\0");
	ck_assert_uint_ne(peer_recv(fd, 2000, &p), 0);
	ck_assert_uint_ge(ck_fragmentable(ears, ntohs(own.sin_port)), 1);
	close(ears);
	close(fd);
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint16_t error;
		const char *text, *name;
	} all[] = {
#define CASE(bytes, error, text, name) {bytes, sizeof bytes - 1, error, text, name}
		CASE("\0\2f\0octet\0", 2, "read only: this server takes no uploads", "f"),
		CASE("\0\1gone\0octet\0", 1, "no such file on the install server: gone", "gone"),
		CASE("\0\1../x\0octet\0", 2, "the install server may not read or serve ../x",
			"../x"),
		CASE("\0\1odd\0octet\0", 1, "no machine with this address is armed", "odd"),
		CASE("\0\1f\0mail\0", 4,
			"transfer mode not supported, use octet (binary) or netascii", ""),
		CASE("\0\1a\nb\0octet\0", 4, "the file name has bytes that are not printable ASCII",
			""),
		CASE("\0\1/\0octet\0", 4, "the request names no file", ""),
		CASE("\0\1f\0oct", 4, "the request is cut short", ""),
		CASE("\0\1big\0netascii\0", 4, "too large for netascii, ask for octet: big", "big"),
	};
	int fd = peer_socket(INADDR_LOOPBACK, 0);

	make_file("f", 10);
	make_file("big", 2 << 20);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct tftp_packet p;

		peer_send(fd, 69, all[i].bytes, all[i].len);
		ck_assert_uint_ne(peer_recv(fd, 5000, &p), 0);
		ck_assert_int_eq(p.op, TFTP_ERROR);
		ck_assert_uint_eq(p.error, all[i].error);
		ck_assert_str_eq(p.text, all[i].text);
		ck_report(i + 1, refused, all[i].name);
		ck_assert_str_eq(f.reports[i].why, all[i].text);
	}
	close(fd);
}
END_TEST

START_TEST(strays_are_not_answered)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;

	PEER_SEND(fd, 69, "");
	PEER_SEND(fd, 69, "\0\4\0\1");
	PEER_SEND(fd, 69, "\0\5\0\1no");
	PEER_SEND(fd, 69, "\0\3\0\1data");
	PEER_SEND(fd, 69, "\377\377\377");
	ck_assert_uint_eq(peer_recv(fd, 200, &p), 0);
	close(fd);
}
END_TEST

START_TEST(probe)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	make_file("f", 70000);
	PEER_SEND(fd, 69, "\0\1f\0octet\0tsize\0000\0");
	port = peer_recv(fd, 5000, &p);
	ck_assert_int_eq(p.op, TFTP_OACK);
	ck_assert_uint_eq(p.options.tsize, 70000);
	PEER_SEND(fd, port, "\0\5\0\10User aborted\0");
	ck_report(1, probe, "f");
	ck_assert_str_eq(f.reports[0].why, "");
	ck_assert_uint_eq(f.reports[0].sent, 0);
	ck_assert_uint_eq(f.reports[0].size, 70000);

	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	peer_ack(fd, port, 1);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	PEER_SEND(fd, port, "\0\5\0\3disk full\0");
	ck_report(2, aborted, "f");
	ck_assert_str_eq(f.reports[1].why, "the client said: error 3, disk full");
	ck_assert_uint_eq(f.reports[1].sent, 512);

	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	peer_ack(fd, port, 1);
	close(fd);
	ck_report(3, aborted, "f");
	ck_assert_str_eq(f.reports[2].why, "the client closed its port");
}
END_TEST

START_TEST(repeats)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port, other;

	make_file("f", 2000);
	make_file("g", 2000);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	ck_assert_uint_eq(p.block, 1);
	/* neither the request nor an ACK again brings anything */
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	peer_ack(fd, port, 1);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_uint_eq(p.block, 2);
	peer_ack(fd, port, 1);
	peer_ack(fd, port, 9);
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	/* block 2 again by time: the round trip was short, and so is the wait */
	ck_assert_uint_eq(peer_recv(fd, 900, &p), port);
	ck_assert_uint_eq(p.block, 2);
	/* a machine that was reset uses the same port for something else */
	PEER_SEND(fd, 69, "\0\1g\0octet\0");
	ck_report(1, aborted, "f");
	other = peer_recv(fd, 5000, &p);
	ck_assert_uint_eq(p.block, 1);
	ck_assert_uint_ne(other, port);
	for (uint16_t n = 1; n < 4; n++) {
		peer_ack(fd, other, n);
		ck_assert_uint_eq(peer_recv(fd, 5000, &p), other);
	}
	peer_ack(fd, other, 4);
	ck_report(2, done, "g");
	close(fd);
}
END_TEST

/* The first request was answered just as its client asked once more: that copy ends no transfer. Of a machine that was
 * reset meanwhile nothing has been heard for longer. */
START_TEST(repeated_late)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port, other;

	make_file("f", 1100);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	peer_ack(fd, port, 1);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_uint_eq(p.block, 2);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	peer_ack(fd, port, 2);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_uint_eq(p.block, 3);
	usleep(1200000);
	while (peer_recv(fd, 50, &p))
		ck_assert_uint_eq(p.block, 3);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	ck_report(1, aborted, "f");
	other = peer_recv(fd, 5000, &p);
	ck_assert_uint_ne(other, port);
	for (uint16_t n = 1; n < 3; n++) {
		ck_assert_uint_eq(p.block, n);
		peer_ack(fd, other, n);
		ck_assert_uint_eq(peer_recv(fd, 5000, &p), other);
	}
	peer_ack(fd, other, 3);
	ck_report(2, done, "f");
	close(fd);
}
END_TEST

/* A ROM that does not know what an OACK is asks until it gets DATA. */
START_TEST(oack_not_understood)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port, other = 0;

	make_file("f", 700);
	PEER_SEND(fd, 69, "\0\1f\0octet\0blksize\0001024\0");
	port = peer_recv(fd, 5000, &p);
	ck_assert_int_eq(p.op, TFTP_OACK);
	/* the network's repeats do not count */
	for (int i = 0; i < 9; i++)
		PEER_SEND(fd, 69, "\0\1f\0octet\0blksize\0001024\0");
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	for (int i = 0; i < 9 && (!other || p.op == TFTP_OACK); i++) {
		if (other)
			ck_assert_uint_eq(other, port);
		PEER_SEND(fd, 69, "\0\1f\0octet\0blksize\0001024\0");
		other = peer_recv(fd, 500, &p);
		if (other && p.op == TFTP_OACK)
			usleep(500000);
	}
	ck_assert_int_eq(p.op, TFTP_DATA);
	ck_assert_uint_eq(p.block, 1);
	ck_assert_uint_eq(p.data_len, 512);
	ck_assert_uint_ne(other, port);
	ck_report(1, timeout, "f");
	/* and asked once more it does not begin again */
	PEER_SEND(fd, 69, "\0\1f\0octet\0blksize\0001024\0");
	peer_ack(fd, other, 1);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), other);
	ck_assert_uint_eq(p.block, 2);
	ck_assert_uint_eq(p.data_len, 188);
	peer_ack(fd, other, 2);
	ck_report(2, done, "f");
	close(fd);
}
END_TEST

/* A long transfer is reported while it lasts. */
START_TEST(under_way)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	make_file("f", 1600);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	usleep((PACE_APART_MS + 100) * 1000);
	ck_assert_uint_eq(f.n_reports, 0);
	peer_ack(fd, port, 1);
	wait_reports(1);
	ck_assert_int_eq(f.reports[0].outcome, TFTP_UNDERWAY);
	ck_assert_str_eq(f.reports[0].name, "f");
	ck_assert_uint_eq(f.reports[0].sent, 512);
	ck_assert_uint_eq(f.reports[0].size, 1600);
	ck_assert_int_ge(f.reports[0].ms, PACE_APART_MS);
	for (uint16_t n = 2; n <= 4; n++)
		peer_ack(fd, port, n);
	while (peer_recv(fd, 100, &p))
		peer_ack(fd, port, p.block);
	ck_report(2, done, "f");
	close(fd);
}
END_TEST

/* Nobody but the client itself has a say in its transfer. */
START_TEST(strangers)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0), stranger = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	make_file("f", 600);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	peer_ack(stranger, port, 1);
	PEER_SEND(stranger, port, "\0\5\0\0go away\0");
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	peer_ack(fd, port, 1);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	peer_ack(fd, port, 2);
	ck_report(1, done, "f");
	close(fd);
	close(stranger);
}
END_TEST

START_TEST(half_open)
{
	const struct tftpd_config impatient = {.first_wait_ms = 50, .give_up_ms = 600};
	enum { N = 100 };
	int fds[N];

	start(&impatient);
	make_file("f", 5000);
	for (int i = 0; i < N; i++) {
		struct tftp_packet p;

		fds[i] = peer_socket(INADDR_LOOPBACK + 256 + (uint32_t)i, 0);
		PEER_SEND(fds[i], 69, "\0\1f\0octet\0tsize\0000\0");
		ck_assert_uint_ne(peer_recv(fds[i], 5000, &p), 0);
	}
	wait_reports(N);
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(f.reports[i].outcome, TFTP_TIMEOUT);
		ck_assert_str_eq(f.reports[i].why, "the client never answered");
		ck_assert_int_ge(f.reports[i].ms, 500);
		ck_assert_int_le(f.reports[i].ms, 5000);
		close(fds[i]);
	}
	stop();
}
END_TEST

/* One client that asks from ever new ports gets new transfers for the ones it left; one that really
 * runs too many at once is told. */
START_TEST(per_client)
{
	enum { N = TFTPD_PER_CLIENT_MAX };
	int fds[2 * N];
	struct tftp_packet p;

	make_file("f", 50000);
	for (int i = 0; i < 2 * N; i++) {
		uint16_t port;

		fds[i] = peer_socket(INADDR_LOOPBACK, 0);
		PEER_SEND(fds[i], 69, "\0\1f\0octet\0");
		port = peer_recv(fds[i], 5000, &p);
		ck_assert_int_eq(p.op, TFTP_DATA);
		if (i < N)
			continue;
		peer_ack(fds[i], port, 1);
		ck_assert_uint_eq(peer_recv(fds[i], 5000, &p), port);
	}
	wait_reports(N);
	for (int i = 0; i < N; i++)
		ck_assert_int_eq(f.reports[i].outcome, TFTP_TIMEOUT);
	PEER_SEND(fds[0], 69, "\0\1f\0octet\0");
	ck_assert_uint_ne(peer_recv(fds[0], 5000, &p), 0);
	ck_assert_int_eq(p.op, TFTP_ERROR);
	for (int i = 0; i < 2 * N; i++)
		close(fds[i]);
}
END_TEST

enum { PLACES = 2100 }; /* behind the server's descriptors */

/* All places of the segment are taken, by clients that are silent: at once, or after the first block. */
static void take_all_places(bool answered)
{
	const struct rlimit many = {4096, 4096};
	struct tftp_packet p;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &many), 0);
	make_file("f", 5000);
	for (uint32_t i = 0; i < TFTPD_TRANSFERS_MAX; i++) {
		int other = peer_socket(INADDR_LOOPBACK + 256 + i, 0);
		uint16_t port;

		PEER_SEND(other, 69, "\0\1f\0octet\0tsize\0000\0");
		port = peer_recv(other, 5000, &p);
		ck_assert_uint_ne(port, 0);
		if (answered) {
			peer_ack(other, port, 0);
			ck_assert_uint_eq(peer_recv(other, 5000, &p), port);
		}
		/* an ICMP error would end it */
		ck_assert_int_ge(dup2(other, PLACES + (int)i), PLACES);
		close(other);
	}
}

static void leave_all_places(void)
{
	for (int i = 0; i < TFTPD_TRANSFERS_MAX; i++)
		close(PLACES + i);
}

/* Served at last; in ms. */
static int64_t ask_for_a_place(int fd)
{
	int64_t began = clock_mono_ms();
	struct tftp_packet p;

	do {
		ck_assert_int_lt(clock_mono_ms() - began, 10000);
		PEER_SEND(fd, 69, "\0\1f\0octet\0");
	} while (!peer_recv(fd, 250, &p));
	ck_assert_int_eq(p.op, TFTP_DATA);
	return clock_mono_ms() - began;
}

static void ck_only_the_first_left(const char *why)
{
	size_t left = 0;

	mailbox_wait(&f.home, 100);
	for (size_t i = 0; i < f.n_reports; i++) {
		if (f.reports[i].outcome == TFTP_REFUSED)
			continue;
		left++;
		ck_assert_int_eq(f.reports[i].outcome, TFTP_TIMEOUT);
		ck_assert_str_eq(f.reports[i].peer, "127.0.1.1");
		ck_assert_str_eq(f.reports[i].why, why);
	}
	ck_assert_uint_eq(left, 1);
}

/* The next one gets a place as soon as the first of them could have answered, and that of the first alone. */
START_TEST(full)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	int64_t began = clock_mono_ms(), filled;

	take_all_places(false);
	filled = clock_mono_ms() - began;
	ask_for_a_place(fd);
	if (filled < 2500) /* else it shows nothing: the first is old by then */
		ck_assert_int_lt(clock_mono_ms() - began, 3000);
	ck_only_the_first_left("the client never answered, and others waited for its place");
	leave_all_places();
	close(fd);
}
END_TEST

/* Who answered has its place longer, and not for ever. */
START_TEST(full_of_silence)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	int64_t began = clock_mono_ms();

	take_all_places(true);
	ask_for_a_place(fd);
	ck_assert_int_ge(clock_mono_ms() - began, 2000);
	ck_only_the_first_left("the client was silent, and others waited for its place");
	leave_all_places();
	close(fd);
}
END_TEST

/* A second segment. */
static void go_elsewhere(void)
{
	const struct ip server = ip_from_v4(INADDR_LOOPBACK + 1);
	char why[200] = "";

	ck_assert_msg(!tftpd_open(f.t, OTHER, "lo", &server, why, sizeof why), "%s", why);
	f.server = INADDR_LOOPBACK + 1;
}

START_TEST(full_elsewhere)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;

	take_all_places(false);
	go_elsewhere();
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	ck_assert_uint_ne(peer_recv(fd, 5000, &p), 0);
	ck_assert_int_eq(p.op, TFTP_DATA);
	ck_assert_uint_eq(f.n_reports, 0);
	leave_all_places();
	close(fd);
}
END_TEST

START_TEST(file_that_shrinks)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	make_file("f", 5000);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	make_file("f", 600);
	peer_ack(fd, port, 1);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_int_eq(p.op, TFTP_ERROR);
	ck_report(1, failed, "f");
	close(fd);
}
END_TEST

/* Segments */

START_TEST(open_and_close)
{
	struct ip lo = ip_from_v4(INADDR_LOOPBACK), far = ip_from_v4(0x0a010203);
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	char why[200] = "";
	struct tftp_packet p;
	uint16_t port;

	ck_assert_int_eq(tftpd_open(f.t, 2, "lo", &far, why, sizeof why), -EADDRNOTAVAIL);
	ck_assert_msg(strstr(why, "10.1.2.3"), "%s", why);
	ck_assert_int_eq(tftpd_open(f.t, 2, "none0", &lo, why, sizeof why), -ENODEV);
	ck_assert_int_eq(tftpd_open(f.t, 2, "lo", &lo, why, sizeof why), -EADDRINUSE);
	tftpd_close(f.t, 2);
	make_file("f", 5000);
	/* opened anew, again and again: never in use, and what runs goes on */
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	port = peer_recv(fd, 5000, &p);
	for (int i = 0; i < 200; i++)
		ck_assert_msg(!tftpd_open(f.t, SEGMENT, "lo", &lo, why, sizeof why), "%s", why);
	peer_ack(fd, port, 1);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_uint_eq(p.block, 2);
	tftpd_close(f.t, SEGMENT);
	ck_report(1, failed, "f");
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_int_eq(p.op, TFTP_ERROR);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(tftpd_open(f.t, SEGMENT, "lo", &lo, why, sizeof why), 0);
		tftpd_close(f.t, SEGMENT);
	}
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	ck_assert_uint_eq(peer_recv(fd, 200, &p), 0);
	close(fd);
}
END_TEST

START_TEST(free_with_transfers)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;

	make_file("f", 5000);
	PEER_SEND(fd, 69, "\0\1f\0octet\0");
	ck_assert_uint_ne(peer_recv(fd, 5000, &p), 0);
	tftpd_free(f.t);
	f.t = NULL;
	ck_report(1, failed, "f");
	mailbox_fini(&f.home);
	close(fd);
	ck_assert_int_eq(count_fds(), f.fds_before);
	tftpd_free(NULL);
}
END_TEST

START_TEST(asked_and_answered)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	/* the client's repeats are the same request */
	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(1);
	ck_assert_str_eq(f.asked[0]->name, "?a");
	ck_assert_uint_ne(f.asked[0]->peer_port, 0);
	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(1);
	ck_assert_uint_eq(peer_recv(fd, 50, &p), 0);
	tftpd_answer(f.asked[0], "a\nb", 3);
	port = peer_recv(fd, 5000, &p);
	ck_assert_uint_eq(p.op, TFTP_DATA);
	ck_assert_uint_eq(p.data_len, 3);
	ck_assert_mem_eq(p.data, "a\nb", 3);
	peer_ack(fd, port, 1);
	ck_report(1, done, "?a");
	/* as text, and nothing at all */
	PEER_SEND(fd, 69, "\0\1?a\0netascii\0");
	wait_asked(2);
	tftpd_answer(f.asked[1], "a\nb", 3);
	port = peer_recv(fd, 5000, &p);
	ck_assert_uint_eq(p.data_len, 4);
	ck_assert_mem_eq(p.data, "a\r\nb", 4);
	peer_ack(fd, port, 1);
	ck_report(2, done, "?a");
	PEER_SEND(fd, 69, "\0\1?b\0netascii\0");
	wait_asked(3);
	tftpd_answer(f.asked[2], "", 0);
	port = peer_recv(fd, 5000, &p);
	ck_assert_uint_eq(p.data_len, 0);
	peer_ack(fd, port, 1);
	ck_report(3, done, "?b");
	close(fd);
}
END_TEST

/* An address that never answers is sent so much a second, however often it is said to ask. */
START_TEST(unproven)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	unsigned got = 0;
	uint16_t port;

	make_file("f", 600);
	for (int i = 0; i < 4 * TFTPD_UNPROVEN_MAX; i++)
		PEER_SEND(fd, 69, "\0\1none\0octet\0");
	while (peer_recv(fd, 200, &p))
		got++;
	ck_assert_uint_ge(got, TFTPD_UNPROVEN_MAX);
	ck_assert_uint_le(got, 3 * TFTPD_UNPROVEN_MAX);
	usleep(1100000);
	/* who answers may ask as often as it likes */
	for (int i = 0; i < 3 * TFTPD_UNPROVEN_MAX; i++) {
		PEER_SEND(fd, 69, "\0\1f\0octet\0");
		port = peer_recv(fd, 5000, &p);
		ck_assert_uint_eq(p.op, TFTP_DATA);
		peer_ack(fd, port, 1);
		ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
		peer_ack(fd, port, 2);
	}
	close(fd);
}
END_TEST

START_TEST(asked_and_refused)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;

	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(1);
	tftpd_refuse(f.asked[0], -EACCES, "this machine is not armed: usher reinstall web01");
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), 69);
	ck_assert_uint_eq(p.op, TFTP_ERROR);
	ck_assert_uint_eq(p.error, TFTP_E_ACCESS);
	ck_assert_str_eq(p.text, "this machine is not armed: usher reinstall web01");
	ck_report(1, refused, "?a");
	/* a file after all; here it is another's to refuse */
	PEER_SEND(fd, 69, "\0\1?b\0octet\0");
	wait_asked(2);
	make_file("?b", 7);
	tftpd_serve_file(f.asked[1]);
	ck_assert_uint_ne(peer_recv(fd, 5000, &p), 69);
	ck_assert_uint_eq(p.data_len, 7);
	/* silence: the client asks again */
	PEER_SEND(fd, 69, "\0\1?c\0octet\0");
	wait_asked(3);
	tftpd_refuse(f.asked[2], -EAGAIN, "");
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	/* something else from the same port: the first is not waited for any more */
	PEER_SEND(fd, 69, "\0\1?d\0octet\0");
	wait_asked(4);
	PEER_SEND(fd, 69, "\0\1?e\0octet\0");
	wait_asked(5);
	tftpd_answer(f.asked[3], "d", 1);
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	tftpd_answer(f.asked[4], "e", 1);
	ck_assert_uint_ne(peer_recv(fd, 5000, &p), 0);
	ck_assert_mem_eq(p.data, "e", 1);
	close(fd);
}
END_TEST

START_TEST(asked_too_much)
{
	struct tftp_packet p;
	int fds[9 * 33];

	for (size_t i = 0; i < 9; i++) {
		fds[i] = peer_socket(INADDR_LOOPBACK, 0);
		PEER_SEND(fds[i], 69, "\0\1?a\0octet\0");
	}
	wait_asked(8);
	for (uint32_t k = 1; k < 33; k++)
		for (size_t i = 0; i < 9; i++) {
			fds[9 * k + i] = peer_socket(INADDR_LOOPBACK + k, 0);
			PEER_SEND(fds[9 * k + i], 69, "\0\1?a\0octet\0");
		}
	wait_asked(256);
	/* these were another segment's places */
	go_elsewhere();
	PEER_SEND(fds[8], 69, "\0\1?a\0octet\0");
	wait_asked(257);
	tftpd_refuse(f.asked[256], -ENOENT, "no");
	ck_assert_uint_eq(peer_recv(fds[8], 5000, &p), 69);
	f.server = INADDR_LOOPBACK;
	for (size_t i = 0; i < 256; i++)
		tftpd_refuse(f.asked[i], -ENOENT, "no");
	ck_assert_uint_eq(peer_recv(fds[0], 5000, &p), 69);
	ck_assert_uint_eq(peer_recv(fds[8], 50, &p), 0);
	/* there is room again */
	PEER_SEND(fds[8], 69, "\0\1?a\0octet\0");
	wait_asked(258);
	tftpd_refuse(f.asked[257], -ENOENT, "no");
	for (size_t i = 0; i < 9 * 33; i++)
		close(fds[i]);
}
END_TEST

START_TEST(asked_and_closed)
{
	struct ip lo = ip_from_v4(INADDR_LOOPBACK);
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	char why[200];

	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(1);
	tftpd_close(f.t, SEGMENT);
	tftpd_answer(f.asked[0], "a", 1);
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	/* opened anew, as after a bridge was made again: it goes on */
	ck_assert_int_eq(tftpd_open(f.t, SEGMENT, "lo", &lo, why, sizeof why), 0);
	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(2);
	ck_assert_int_eq(tftpd_open(f.t, SEGMENT, "lo", &lo, why, sizeof why), 0);
	tftpd_answer(f.asked[1], "a", 1);
	ck_assert_uint_ne(peer_recv(fd, 5000, &p), 0);
	close(fd);
}
END_TEST

static bool all_blank(const uint8_t *p, size_t n)
{
	while (n && *p == '\n')
		p++, n--;
	return !n;
}

/* Nothing is asked for real before the client has shown that it hears us. */
START_TEST(greeted)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	PEER_SEND(fd, 69,
		"\0\1?a\0octet\0tsize\0"
		"0\0blksize\0"
		"1024\0");
	wait_asked(1);
	ck_assert(!f.asked[0]->there);
	tftpd_greet(f.asked[0]);
	port = peer_recv(fd, 5000, &p);
	ck_assert_uint_eq(p.op, TFTP_OACK);
	wait_asked(1);
	peer_ack(fd, port, 7); /* whoever guesses the port must guess what comes next, too */
	wait_asked(1);
	peer_ack(fd, port, 0);
	wait_asked(2);
	ck_assert(f.asked[1]->there);
	ck_assert_str_eq(f.asked[1]->name, "?a");
	peer_ack(fd, port, 0);
	wait_asked(2);
	ck_assert_uint_eq(peer_recv(fd, 50, &p), 0);
	tftpd_answer(f.asked[1], "boot", 4);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_uint_eq(p.op, TFTP_DATA);
	ck_assert_uint_eq(p.data_len, 1024);
	ck_assert_mem_eq(p.data, "boot", 4);
	ck_assert(all_blank(p.data + 4, 1020));
	for (uint16_t b = 1; b <= TFTP_GREETED / 1024; b++) {
		peer_ack(fd, port, b);
		ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
		ck_assert(all_blank(p.data, p.data_len));
	}
	ck_assert_uint_eq(p.data_len, 0);
	peer_ack(fd, port, TFTP_GREETED / 1024 + 1);
	ck_report(1, done, "?a");
	close(fd);
}
END_TEST

/* One that knows no options: its first block is blank. */
START_TEST(greeted_plain)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(1);
	tftpd_greet(f.asked[0]);
	port = peer_recv(fd, 5000, &p);
	ck_assert_uint_eq(p.op, TFTP_DATA);
	ck_assert_uint_eq(p.data_len, 512);
	ck_assert(all_blank(p.data, 512));
	wait_asked(1);
	peer_ack(fd, port, 1);
	wait_asked(2);
	tftpd_answer(f.asked[1], "boot", 4);
	ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
	ck_assert_mem_eq(p.data, "boot\n", 5);
	close(fd);
}
END_TEST

START_TEST(greeted_and_refused)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0);
	static char long_text[TFTP_GREETED_TEXT + 1];
	struct tftp_packet p;
	uint16_t port;

	for (size_t i = 0; i < 3; i++) {
		PEER_SEND(fd, 69,
			"\0\1?a\0octet\0tsize\0"
			"0\0");
		wait_asked(2 * i + 1);
		tftpd_greet(f.asked[2 * i]);
		port = peer_recv(fd, 5000, &p);
		peer_ack(fd, port, 0);
		wait_asked(2 * i + 2);
		if (i == 0)
			tftpd_refuse(f.asked[1], -EIO, "usher cannot write to its disk");
		else if (i == 1)
			tftpd_answer(f.asked[3], long_text, sizeof long_text);
		else /* it is no file */
			tftpd_serve_file(f.asked[5]);
		ck_assert_uint_eq(peer_recv(fd, 5000, &p), port);
		ck_assert_uint_eq(p.op, TFTP_ERROR);
		if (i == 0)
			ck_assert_str_eq(p.text, "usher cannot write to its disk");
	}
	close(fd);
}
END_TEST

/* The client leaves, the segment is closed, the server is freed: before the ACK, and while the main thread has it. */
START_TEST(greeted_and_gone)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0), other = peer_socket(INADDR_LOOPBACK, 0);
	struct tftp_packet p;
	uint16_t port;

	PEER_SEND(other, 69,
		"\0\1?b\0octet\0tsize\0"
		"0\0");
	wait_asked(1);
	tftpd_greet(f.asked[0]);
	ck_assert_uint_ne(peer_recv(other, 5000, &p), 0);
	PEER_SEND(fd, 69,
		"\0\1?a\0octet\0tsize\0"
		"0\0");
	wait_asked(2);
	tftpd_greet(f.asked[1]);
	port = peer_recv(fd, 5000, &p);
	peer_ack(fd, port, 0);
	wait_asked(3);
	PEER_SEND(fd, port, "\0\5\0\0bye\0");
	ck_report(1, probe, "?a");
	tftpd_answer(f.asked[2], "a", 1);
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	PEER_SEND(fd, 69,
		"\0\1?a\0octet\0tsize\0"
		"0\0");
	wait_asked(4);
	tftpd_greet(f.asked[3]);
	port = peer_recv(fd, 5000, &p);
	peer_ack(fd, port, 0);
	wait_asked(5);
	tftpd_free(f.t);
	f.t = NULL;
	tftpd_answer(f.asked[4], "a", 1);
	close(fd);
	close(other);
	mailbox_fini(&f.home);
}
END_TEST

/* One that the main thread holds, one that it has not seen, one whose answer is on its way. */
START_TEST(asked_and_freed)
{
	int fd = peer_socket(INADDR_LOOPBACK, 0), other = peer_socket(INADDR_LOOPBACK, 0),
	    third = peer_socket(INADDR_LOOPBACK, 0);

	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	PEER_SEND(third, 69, "\0\1?c\0octet\0");
	wait_asked(2);
	PEER_SEND(other, 69, "\0\1?b\0octet\0");
	usleep(50000);
	tftpd_answer(f.asked[1], "c", 1);
	tftpd_free(f.t);
	f.t = NULL;
	tftpd_answer(f.asked[0], "a", 1);
	mailbox_fini(&f.home);
	ck_assert_uint_eq(f.n_asked, 2);
	close(fd);
	close(other);
	close(third);
}
END_TEST

START_TEST(asked_and_not_answered)
{
	const struct tftpd_config hasty = {.asked_ms = 50};
	int fd;
	struct tftp_packet p;

	start(&hasty);
	fd = peer_socket(INADDR_LOOPBACK, 0);
	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(1);
	usleep(200000);
	PEER_SEND(fd, 69, "\0\1?a\0octet\0");
	wait_asked(2);
	tftpd_answer(f.asked[0], "late", 4);
	ck_assert_uint_eq(peer_recv(fd, 100, &p), 0);
	tftpd_refuse(f.asked[1], -ENOENT, "");
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tftpd");
	TCase *t = tcase_create("served"), *own = tcase_create("own settings");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup_started, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, atftp, 0, 5);
	tcase_add_test(t, tftp_hpa);
	tcase_add_loop_test(t, curl, 0, 5);
	tcase_add_test(t, block_numbers_wrap);
	tcase_add_test(t, paths_and_offsets);
	tcase_add_test(t, text_mode);
	tcase_add_test(t, ipv6);
	tcase_add_test(t, no_dont_fragment);
	tcase_add_test(t, refusals);
	tcase_add_test(t, strays_are_not_answered);
	tcase_add_test(t, probe);
	tcase_add_test(t, repeats);
	tcase_add_test(t, repeated_late);
	tcase_add_test(t, oack_not_understood);
	tcase_add_test(t, under_way);
	tcase_add_test(t, strangers);
	tcase_add_test(t, per_client);
	tcase_add_test(t, full);
	tcase_add_test(t, full_of_silence);
	tcase_add_test(t, full_elsewhere);
	tcase_add_test(t, file_that_shrinks);
	tcase_add_test(t, open_and_close);
	tcase_add_test(t, free_with_transfers);
	tcase_add_test(t, asked_and_answered);
	tcase_add_test(t, asked_and_refused);
	tcase_add_test(t, asked_too_much);
	tcase_add_test(t, asked_and_closed);
	tcase_add_test(t, asked_and_freed);
	tcase_add_test(t, unproven);
	tcase_add_test(t, greeted);
	tcase_add_test(t, greeted_plain);
	tcase_add_test(t, greeted_and_refused);
	tcase_add_test(t, greeted_and_gone);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(own, setup, teardown);
	tcase_set_timeout(own, 60);
	tcase_add_test(own, half_open);
	tcase_add_test(own, asked_and_not_answered);
	suite_add_tcase(s, own);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
