/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/sockaddr.h"

#include <netinet/in.h>
#include <string.h>

socklen_t sockaddr_of(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memset(ret, 0, sizeof(*ret));
	if (ip->family == IP_V6) {
		memcpy(&in6.sin6_addr, ip->b, 16);
		memcpy(ret, &in6, sizeof(in6));
		return sizeof(in6);
	}
	memcpy(&in.sin_addr, ip->b, 4);
	memcpy(ret, &in, sizeof(in));
	return sizeof(in);
}

struct ip sockaddr_ip(const struct sockaddr *sa, uint16_t *ret_port)
{
	struct sockaddr_in in = {0};
	struct sockaddr_in6 in6;
	struct ip ip = {0};

	if (sa && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		ip = ip_from_v4(ntohl(in.sin_addr.s_addr));
	} else if (sa && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) { /* a socket of both families */
			memcpy(&in.sin_addr, in6.sin6_addr.s6_addr + 12, 4);
			ip = ip_from_v4(ntohl(in.sin_addr.s_addr));
		} else {
			ip.family = IP_V6;
			memcpy(ip.b, &in6.sin6_addr, 16);
		}
		in.sin_port = in6.sin6_port;
	}
	if (ret_port)
		*ret_port = ntohs(in.sin_port);
	return ip;
}
