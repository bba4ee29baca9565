/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: a client's messages made byte by byte, and a server's answers taken apart. */
#ifndef USHER_TESTS_DHCP_MAKE_H
#define USHER_TESTS_DHCP_MAKE_H

#include "core/cursor.h"
#include "dhcpd/dhcp_wire.h"

#include <string.h>

struct dhcp_make {
	uint8_t buf[2048];
	struct writer w;
};

static inline void dhcp_make_begin(struct dhcp_make *m, const struct mac *mac, uint32_t xid)
{
	writer_init(&m->w, m->buf, sizeof(m->buf));
	writer_u8(&m->w, 1);
	writer_u8(&m->w, 1);
	writer_u8(&m->w, 6);
	writer_u8(&m->w, 0);
	writer_u32(&m->w, xid);
	writer_zero(&m->w, 20); /* secs flags ciaddr yiaddr siaddr giaddr */
	writer_bytes(&m->w, mac->b, 6);
	writer_zero(&m->w, 10 + 64 + 128);
	writer_u32(&m->w, 0x63825363);
}

enum { MAKE_FLAGS = 10, MAKE_CIADDR = 12, MAKE_GIADDR = 24, MAKE_SNAME = 44, MAKE_FILE = 108 };

static inline void dhcp_make_u32_at(struct dhcp_make *m, size_t at, uint32_t v)
{
	writer_patch_u16(&m->w, at, (uint16_t)(v >> 16));
	writer_patch_u16(&m->w, at + 2, (uint16_t)v);
}

static inline void dhcp_make_option(struct dhcp_make *m, uint8_t code, const void *p, size_t len)
{
	writer_u8(&m->w, code);
	writer_u8(&m->w, (uint8_t)len);
	if (len)
		writer_bytes(&m->w, p, len);
}

static inline void dhcp_make_u8(struct dhcp_make *m, uint8_t code, uint8_t v)
{
	dhcp_make_option(m, code, &v, 1);
}

static inline void dhcp_make_u16(struct dhcp_make *m, uint8_t code, uint16_t v)
{
	dhcp_make_option(m, code, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static inline void dhcp_make_u32(struct dhcp_make *m, uint8_t code, uint32_t v)
{
	dhcp_make_option(m, code,
		(uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v},
		4);
}

static inline void dhcp_make_text(struct dhcp_make *m, uint8_t code, const char *text)
{
	dhcp_make_option(m, code, text, strlen(text));
}

static inline size_t dhcp_make_end(struct dhcp_make *m)
{
	writer_u8(&m->w, OPT_END);
	return m->w.len;
}

/* The first option of this code in an answer; NULL when there is none. `ret_at` may be NULL. */
static inline const uint8_t *dhcp_answer_option(
	const uint8_t *buf, size_t len, uint8_t code, size_t *ret_len, size_t *ret_at)
{
	size_t at = DHCP_HEADER;

	while (at + 1 < len && buf[at] != OPT_END) {
		if (buf[at] == OPT_PAD) {
			at++;
			continue;
		}
		if (buf[at] == code) {
			*ret_len = buf[at + 1];
			if (ret_at)
				*ret_at = at;
			return buf + at + 2;
		}
		at += 2u + buf[at + 1];
	}
	return NULL;
}

static inline uint32_t dhcp_answer_u32_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* 0 when absent or of another size. */
static inline uint32_t dhcp_answer_u32(const uint8_t *buf, size_t len, uint8_t code)
{
	size_t n;
	const uint8_t *p = dhcp_answer_option(buf, len, code, &n, NULL);

	return p && n == 4 ? dhcp_answer_u32_at(p) : 0;
}

static inline bool dhcp_answer_says(const uint8_t *buf, size_t len, uint8_t code, const char *text)
{
	size_t n;
	const uint8_t *p = dhcp_answer_option(buf, len, code, &n, NULL);

	return p && n == strlen(text) && memcmp(p, text, n) == 0;
}

#endif
