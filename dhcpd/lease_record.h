/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lease as the store keeps it. Version 1: u8 version, u8 state, MAC, u64 expires, u32 stage, u8
 * length and bytes of the hostname. The key is the segment's name, a NUL and the address. Pure.
 */
#ifndef USHER_DHCPD_LEASE_RECORD_H
#define USHER_DHCPD_LEASE_RECORD_H

#include "dhcpd/lease.h"

enum {
	LEASE_RECORD_MAX = 96,
	LEASE_RECORD_KEY_MAX = SEGMENT_NAME + 16,
};

/* Both return the length. */
size_t lease_record_encode(const struct lease *l, uint8_t buf[LEASE_RECORD_MAX]);
size_t lease_record_key(
	const char *segment, const struct ip *ip, uint8_t buf[LEASE_RECORD_KEY_MAX]);
/* -EPROTO: nothing that we wrote. Fills mac, expires, state, hostname and stage. */
int lease_record_decode(const void *bytes, size_t len, struct lease *ret);
/* `*ret_segment` is borrowed from the key. */
int lease_record_decode_key(
	const void *key, size_t len, const char **ret_segment, struct ip *ret_ip);

#endif
