/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the DHCP, TFTP, HTTP and syslog servers and connects them to the rooms, which must exist already. 0, or -errno with
 * one line in `why`. */
#ifndef USHER_SERVICE_SERVERS_H
#define USHER_SERVICE_SERVERS_H

#include <stddef.h>

struct service;

int servers_start_dhcpd(struct service *s, char *why, size_t size);
int servers_start(struct service *s, char *why, size_t size);

#endif
