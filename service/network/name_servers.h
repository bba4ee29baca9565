/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name servers that this host asks, for clients that are told of no others. */
#ifndef USHER_SERVICE_NETWORK_NAME_SERVERS_H
#define USHER_SERVICE_NETWORK_NAME_SERVERS_H

#include "machine/segment.h"

/*
 * Those of one family (IP_V4, IP_V6) that others reach, too: by /etc/resolv.conf, or where that names a resolver on the
 * loopback, as systemd-resolved is, by what that one asks. Returns how many. `root` is "", or a test's folder in its place.
 */
size_t name_servers(const char *root, uint8_t family, struct ip ret[SEGMENT_DNS_MAX]);

#endif
