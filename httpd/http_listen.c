/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_listen.h"
#include "httpd/httpd.h"

#include "core/ports.h"
#include "core/sockaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A lab that is switched on at once. Where the queue is full, the kernel lets peers believe that they are connected, and resets
 * them later. It gives at most net.core.somaxconn, which is 4,096. */
enum { BACKLOG = HTTP_CONNECTIONS };

/* Says what failed, closes `fd`; returns -errno. */
static int fail(int fd, const char *what, char *why, size_t why_size)
{
	int error = errno;

	snprintf(why, why_size, "%s: %s", what, strerror(error));
	if (fd >= 0)
		close(fd);
	return -error;
}

/* "http: cannot listen on ADDRESS port PORT of IF: …", and who is in the way. Closes `fd`; returns -errno. */
static int fail_tcp(int fd, const char *ifname, const struct ip *ip, uint16_t port,
	const char *setting, char *why, size_t why_size)
{
	int error = errno;
	char text[IP_TEXT], holder[128] = "another process", hint[256] = "";

	if (error == EADDRINUSE) {
		if (ip->family == IP_V4)
			(void)port_holder(true, ip, port, holder, sizeof holder);
		snprintf(hint, sizeof hint,
			" (%s uses it%s: stop that process, or choose another port with %s)",
			holder, strchr(holder, '(') ? "" : ", run 'ss -tlnp' as root to see which",
			setting);
	}
	snprintf(why, why_size, "http: cannot listen on %s port %u%s%s: %s%s", ip_format(ip, text),
		port, *ifname ? " of " : "", ifname, strerror(error), hint);
	if (fd >= 0)
		close(fd);
	return -error;
}

int http_listen_tcp(const char *ifname, const struct ip *ip, uint16_t port, const char *setting,
	bool *ret_bound, char *why, size_t why_size)
{
	struct sockaddr_storage sa;
	socklen_t len = sockaddr_of(ip, port, &sa), name = (socklen_t)strlen(ifname);
	const unsigned untaken = HTTP_IDLE_S * 1000;
	bool bound = false;
	int on = 1, fd;

	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(fd, "socket", why, why_size);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* The bridge may be there before its address is. IP_FREEBIND works for both families. */
	setsockopt(fd, SOL_IP, IP_FREEBIND, &on, sizeof(on));
	if (name > 0) {
		bound = setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, name) == 0;
		if (!bound && errno != EPERM)
			return fail(fd, ifname, why, why_size);
	}
	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		return fail_tcp(fd, ifname, ip, port, setting, why, why_size);
	/* Its connections inherit it: what a peer does not take is kept for so long, by the kernel after the
	   connection was closed as well. */
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &untaken, sizeof(untaken));
	if (listen(fd, BACKLOG) < 0)
		return fail_tcp(fd, ifname, ip, port, setting, why, why_size);
	if (ret_bound)
		*ret_bound = bound;
	return fd;
}

/* Makes room for a socket file. */
static int clear_path(const struct sockaddr_un *sa, char *why, size_t why_size)
{
	struct stat st;
	int fd, r;

	if (lstat(sa->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : fail(-1, sa->sun_path, why, why_size);
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(why, why_size, "%s is there and is not a socket", sa->sun_path);
		return -EEXIST;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(fd, "socket", why, why_size);
	r = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 ? errno : 0;
	close(fd);
	if (r == ECONNREFUSED && unlink(sa->sun_path) == 0)
		return 0;
	if (r == ENOENT)
		return 0;
	if (r == 0 || r == EAGAIN) { /* EAGAIN: its backlog is full */
		snprintf(why, why_size, "another usher serves %s", sa->sun_path);
		return -EADDRINUSE;
	}
	errno = r == ECONNREFUSED ? errno : r;
	return fail(-1, sa->sun_path, why, why_size);
}

int http_listen_unix(const char *path, mode_t mode, gid_t gid, char *why, size_t why_size)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd, r;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		snprintf(why, why_size, "%s: longer than a socket's path may be (%zu bytes)", path,
			sizeof(sa.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(sa.sun_path, path, strlen(path));
	r = clear_path(&sa, why, why_size);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(fd, "socket", why, why_size);
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
		return fail(fd, path, why, why_size);
	/* Nobody can connect before listen(), so owner and mode are in time. */
	if ((gid != (gid_t)-1 && chown(path, (uid_t)-1, gid) < 0) || chmod(path, mode) < 0 ||
		listen(fd, BACKLOG) < 0) {
		r = fail(fd, path, why, why_size);
		unlink(path);
		return r;
	}
	return fd;
}
