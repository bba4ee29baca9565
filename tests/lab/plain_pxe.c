/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain_pxe TAP OURS QEMU: the cable of a machine whose PXE ROM is not iPXE. QEMU has iPXE for a ROM
 * only, which says so in its DHCP (user class, option 77, and features, option 175) and is then given
 * a URL. Between QEMU's `-netdev dgram` (its socket QEMU, ours OURS) and the tap device TAP this takes
 * both options out of what the ROM says, so that the server has a plain PXE client before it:
 * PXEClient, architecture 0, TFTP. From its first request by TFTP on nothing is touched: the program
 * that it loads speaks for itself.
 *
 * When it ends (SIGTERM), one line: how many messages it touched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	FRAME = 65536,
	ETHER = 14, /* header sizes */
	UDP = 8,
	BOOTP = 240,    /* up to the options, RFC 2131 section 2 */
	PROTO_UDP = 17, /* RFC 791 */
	PORT_DHCP = 67,
	PORT_TFTP = 69,
	PAD = 0, /* DHCP options, RFC 2132 and RFC 3004 */
	END = 255,
	USER_CLASS = 77,
	IPXE_FEATURES = 175,
};

static volatile sig_atomic_t over;
static void on_signal(int signo)
{
	over = signo;
}

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The UDP datagram of an IPv4 frame, its length in `ret_len`, or NULL. */
static uint8_t *datagram(uint8_t *frame, size_t len, size_t *ret_len)
{
	uint8_t *ip = frame + ETHER;
	size_t header;

	if (len < ETHER + 20 || be16(frame + 12) != 0x0800 || ip[9] != PROTO_UDP)
		return NULL;
	header = (size_t)(ip[0] & 15) * 4;
	if (len < ETHER + header + UDP)
		return NULL;
	*ret_len = be16(ip + header + 4);
	return *ret_len >= UDP && *ret_len <= len - ETHER - header ? ip + header : NULL;
}

static bool mask(uint8_t *options, const uint8_t *end)
{
	bool masked = false;

	for (uint8_t *o = options; o < end && *o != END;) {
		size_t len = *o == PAD ? 1 : o + 1 < end ? 2u + o[1] : 2u;

		if (len > (size_t)(end - o))
			break;
		if (*o == USER_CLASS || *o == IPXE_FEATURES) {
			memset(o, PAD, len);
			masked = true;
		}
		o += len;
	}
	return masked;
}

struct cable {
	int tap, qemu;
	bool loading; /* it has asked for its program */
	unsigned masked;
};

static void from_rom(struct cable *c, uint8_t *frame, size_t len)
{
	size_t n;
	uint8_t *udp = datagram(frame, len, &n);
	unsigned port = udp ? be16(udp + 2) : 0;

	if (port == PORT_TFTP)
		c->loading = true;
	if (port != PORT_DHCP || c->loading || n < UDP + BOOTP)
		return;
	if (mask(udp + UDP + BOOTP, udp + n)) {
		udp[6] = udp[7] = 0; /* no checksum, RFC 768 */
		c->masked++;
	}
}

/* What cannot be passed on is lost, as on any cable. */
static void carry(struct cable *c)
{
	static uint8_t frame[FRAME];
	ssize_t n;

	if ((n = recv(c->qemu, frame, sizeof frame, MSG_DONTWAIT)) > 0) {
		from_rom(c, frame, (size_t)n);
		n = write(c->tap, frame, (size_t)n);
	}
	if ((n = read(c->tap, frame, sizeof frame)) > 0)
		send(c->qemu, frame, (size_t)n, MSG_NOSIGNAL);
}

static int tap_open(const char *name)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	strncpy(r.ifr_name, name, IFNAMSIZ - 1);
	return fd >= 0 && !ioctl(fd, TUNSETIFF, &r) ? fd : -1;
}

static struct sockaddr_un path_of(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	strncpy(a.sun_path, path, sizeof a.sun_path - 1);
	return a;
}

/* QEMU makes its own socket when it starts: that is waited for. */
static int qemu_open(const char *ours, const char *qemu)
{
	struct sockaddr_un us = path_of(ours), them = path_of(qemu);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&us, sizeof us))
		return -1;
	while (!over && connect(fd, (struct sockaddr *)&them, sizeof them))
		usleep(20000);
	return fd;
}

int main(int argc, char **argv)
{
	struct cable c = {.tap = -1};

	signal(SIGTERM, on_signal);
	if (argc != 4 || (c.tap = tap_open(argv[1])) < 0 ||
		(c.qemu = qemu_open(argv[2], argv[3])) < 0) {
		fprintf(stderr, "plain_pxe: %s\n", argc == 4 ? strerror(errno) : "TAP OURS QEMU");
		return 1;
	}
	while (!over) {
		struct pollfd p[] = {{c.tap, POLLIN, 0}, {c.qemu, POLLIN, 0}};

		if (poll(p, 2, -1) > 0)
			carry(&c);
	}
	printf("plain_pxe: %u messages without iPXE's options\n", c.masked);
	return 0;
}
