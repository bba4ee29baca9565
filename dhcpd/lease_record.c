/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/lease_record.h"

#include "core/cursor.h"

#include <errno.h>
#include <string.h>

enum { RECORD_VERSION = 1 };

size_t lease_record_encode(const struct lease *l, uint8_t buf[LEASE_RECORD_MAX])
{
	size_t len = strlen(l->hostname);
	struct writer w;

	writer_init(&w, buf, LEASE_RECORD_MAX);
	writer_u8(&w, RECORD_VERSION);
	writer_u8(&w, (uint8_t)l->state);
	writer_bytes(&w, l->mac.b, sizeof(l->mac.b));
	writer_u32(&w, (uint32_t)((uint64_t)l->expires >> 32));
	writer_u32(&w, (uint32_t)l->expires);
	writer_u32(&w, l->stage);
	writer_u8(&w, (uint8_t)len);
	writer_bytes(&w, l->hostname, len);
	return w.len;
}

int lease_record_decode(const void *bytes, size_t len, struct lease *ret)
{
	struct lease l = {0};
	uint64_t high;
	struct reader r;
	uint8_t version, n;

	reader_init(&r, bytes, len);
	version = reader_u8(&r);
	l.state = reader_u8(&r);
	reader_copy(&r, l.mac.b, sizeof(l.mac.b));
	high = reader_u32(&r);
	l.expires = (int64_t)(high << 32 | reader_u32(&r));
	l.stage = reader_u32(&r);
	n = reader_u8(&r);
	if (n >= sizeof(l.hostname))
		return -EPROTO;
	reader_copy(&r, l.hostname, n);
	if (r.bad || r.left || version != RECORD_VERSION || l.expires < 0 ||
		strlen(l.hostname) != n)
		return -EPROTO;
	if (l.state < LEASE_BOUND || l.state > LEASE_DECLINED)
		return -EPROTO;
	*ret = l;
	return 0;
}

size_t lease_record_key(const char *segment, const struct ip *ip, uint8_t buf[LEASE_RECORD_KEY_MAX])
{
	struct writer w;

	writer_init(&w, buf, LEASE_RECORD_KEY_MAX);
	writer_bytes(&w, segment, strlen(segment) + 1);
	writer_bytes(&w, ip->b, ip->family == IP_V4 ? 4 : 16);
	return w.len;
}

int lease_record_decode_key(
	const void *key, size_t len, const char **ret_segment, struct ip *ret_ip)
{
	const char *nul = memchr(key, '\0', len);
	size_t rest;

	if (!nul)
		return -EPROTO;
	rest = len - (size_t)(nul - (const char *)key) - 1;
	if (rest != 4 && rest != 16)
		return -EPROTO;
	*ret_ip = (struct ip){.family = rest == 4 ? IP_V4 : IP_V6};
	memcpy(ret_ip->b, nul + 1, rest);
	*ret_segment = key;
	return 0;
}
