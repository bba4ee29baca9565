/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as sockets have them. Pure. */
#ifndef USHER_CORE_SOCKADDR_H
#define USHER_CORE_SOCKADDR_H

#include "core/addr.h"

#include <sys/socket.h>

/* Returns its length. An address that is not set is that of all, of IPv4. */
socklen_t sockaddr_of(const struct ip *ip, uint16_t port, struct sockaddr_storage *ret);
/* NULL, and of another family: not set. `ret_port` may be NULL. */
struct ip sockaddr_ip(const struct sockaddr *sa, uint16_t *ret_port);

#endif
