/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ports.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TCP_LISTENS = 10 };

/* 8 hex digits as the kernel prints them: the bytes' order in memory. */
static uint32_t word(const char *hex)
{
	char text[9];

	snprintf(text, sizeof text, "%.8s", hex);
	return ntohl((uint32_t)strtoul(text, NULL, 16));
}

/* IPv6's "all" takes IPv4 in, and so does an address that is one in IPv6's clothes. */
static bool read_address(const char *hex, uint32_t *ret)
{
	size_t n = strlen(hex);

	*ret = n >= 8 ? word(hex + n - 8) : 0;
	if (n == 8)
		return true;
	if (n != 32 || strspn(hex, "0") < 16)
		return false;
	return word(hex + 16) == 0xffff || strspn(hex, "0") == 32;
}

bool port_line(const char *line, struct port_socket *ret)
{
	struct port_socket s = {0};
	char address[33];
	unsigned port;

	if (sscanf(line,
		    " %*u: %32[0-9A-Fa-f]:%4X %*[0-9A-Fa-f]:%*4X %2X %*X:%*X %*X:%*X %*X %*u %*d "
		    "%lu",
		    address, &port, &s.state, &s.inode) != 4 ||
		!read_address(address, &s.address))
		return false;
	s.port = (uint16_t)port;
	*ret = s;
	return true;
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char path[64], link[64], target[64], wanted[64];
	bool found = false;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
	snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		ssize_t n;

		snprintf(link, sizeof link, "/proc/%.20s/fd/%.20s", pid, e->d_name);
		n = readlink(link, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		found = !strcmp(target, wanted);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void say_process(const char *pid, char *buf, size_t size)
{
	char path[64], name[32] = "?";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof name, f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	snprintf(buf, size, "%s (process %.20s)", name, pid);
}

static void find_process(unsigned long inode, char *buf, size_t size)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	bool found = false;

	snprintf(buf, size, "another process");
	while (dir && !found && (e = readdir(dir))) {
		found = isdigit((unsigned char)*e->d_name) && has_socket(e->d_name, inode);
		if (found)
			say_process(e->d_name, buf, size);
	}
	if (dir)
		closedir(dir);
}

static unsigned long find_inode(const char *file, bool tcp, uint32_t address, uint16_t port)
{
	FILE *f = fopen(file, "re");
	unsigned long inode = 0;
	struct port_socket s;
	char line[512];

	while (f && !inode && fgets(line, sizeof line, f))
		if (port_line(line, &s) && s.port == port && (!tcp || s.state == TCP_LISTENS) &&
			(!s.address || !address || s.address == address))
			inode = s.inode;
	if (f)
		fclose(f);
	return inode;
}

bool port_holder(bool tcp, const struct ip *address, uint16_t port, char *buf, size_t size)
{
	static const char *const files[2][2] = {
		{"/proc/net/udp", "/proc/net/udp6"}, {"/proc/net/tcp", "/proc/net/tcp6"}};
	unsigned long inode = 0;

	for (size_t i = 0; i < 2 && !inode; i++)
		inode = find_inode(files[tcp][i], tcp, ip_to_v4(address), port);
	if (inode)
		find_process(inode, buf, size);
	return inode;
}

int port_try(bool tcp, const char *ifname, const struct ip *address, uint16_t port, bool shared)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip_to_v4(address))};
	int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0), one = 1,
	    rc = 0;

	if (fd < 0)
		return -errno;
	if ((shared && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0) ||
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)) <
			0 ||
		bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || (tcp && listen(fd, 1) < 0))
		rc = errno == EPERM ? -EACCES : -errno;
	close(fd);
	return rc;
}
