/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of domain names on the wire (RFC 1035 3.1), not compressed, as options of DHCP (RFC 3397), DHCPv6 (RFC 8415 10) and
 * router advertisements (RFC 8106 5.2) have them. Pure.
 */
#ifndef USHER_DHCPD_DNS_NAME_H
#define USHER_DHCPD_DNS_NAME_H

#include "core/cursor.h"

enum {
	DNS_LABEL_MAX = 63,
	DNS_NAME_MAX = 255, /* bytes on the wire, the root's included */
};

/* `names`: a blank between two; a dot at a name's end is fine. 0; or -EINVAL and nothing is written: a label that is empty or
 * too long, a name that is too long. No room: as any write. */
int dns_name_put(struct writer *w, const char *names);
/* All names in `r`, as text with a blank between two; padding is skipped, and a last name without the root's label is taken
 * (RFC 4704 4.2: a partial name). What cannot be printed, a blank or a dot in a label becomes '?'. -EBADMSG: a label runs past
 * the end, or is compressed, or a name is too long; -ENOSPC: they are longer than `size`. Then `buf` is "". */
int dns_name_take(struct reader r, char *buf, size_t size);

#endif
