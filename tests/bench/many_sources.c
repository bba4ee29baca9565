/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into wrk: each connection comes from the address after the last one's, of 256 from SOURCE on. A server that
 * lets one address have only so many connections takes them as what they stand for, many machines.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int (*real)(int, const struct sockaddr *, socklen_t) =
		(int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
	struct sockaddr_in from = {.sin_family = AF_INET};
	const char *source = getenv("SOURCE");
	static unsigned n;

	if (to->sa_family == AF_INET && source && inet_pton(AF_INET, source, &from.sin_addr) == 1) {
		from.sin_addr.s_addr = htonl(ntohl(from.sin_addr.s_addr) + n++ % 256);
		(void)bind(fd, (struct sockaddr *)&from, sizeof from);
	}
	return real(fd, to, len);
}
