/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_wire.h"

#include "core/cursor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool tftp_options_eq(const struct tftp_options *a, const struct tftp_options *b)
{
	return a->has_blksize == b->has_blksize && a->blksize == b->blksize &&
		a->has_timeout == b->has_timeout && a->timeout_s == b->timeout_s &&
		a->has_tsize == b->has_tsize && a->tsize == b->tsize &&
		a->has_windowsize == b->has_windowsize && a->windowsize == b->windowsize;
}

/* The next NUL-terminated text, borrowed; NULL when its NUL is missing. */
static const char *text_read(struct reader *r)
{
	const uint8_t *end = r->left ? memchr(r->at, 0, r->left) : NULL;

	if (!end)
		return NULL;
	return (const char *)reader_bytes(r, (size_t)(end - r->at) + 1);
}

static bool printable(char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* A backslash is a slash, as for firmware and boot managers that know no other; no name here has one. */
static int name_check(const char *from, char to[TFTP_NAME])
{
	size_t len;

	from += strspn(from, "/\\");
	len = strlen(from);
	if (!len)
		return -ENODATA;
	if (len >= TFTP_NAME)
		return -ENAMETOOLONG;
	for (size_t i = 0; i < len; i++) {
		if (!printable(from[i]))
			return -EILSEQ;
		to[i] = from[i] == '\\' ? '/' : from[i];
	}
	to[len] = '\0';
	return 0;
}

/* Decimal digits only; anything else, too large a number too, is no number. */
static bool number_read(const char *text, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(*text - '0');
	}
	*ret = v;
	return true;
}

static void option_read(struct tftp_options *o, const char *name, uint64_t v)
{
	if (!strcasecmp(name, "blksize") && v >= TFTP_BLKSIZE_MIN) {
		o->has_blksize = true;
		o->blksize = v > TFTP_BLKSIZE_MAX ? TFTP_BLKSIZE_MAX : (uint16_t)v;
	} else if (!strcasecmp(name, "timeout") && v >= 1 && v <= 255) {
		o->has_timeout = true;
		o->timeout_s = (uint8_t)v;
	} else if (!strcasecmp(name, "tsize")) {
		o->has_tsize = true;
		o->tsize = v;
	} else if (!strcasecmp(name, "windowsize") && v >= 1 && v <= 65535) {
		o->has_windowsize = true;
		o->windowsize = (uint16_t)v;
	}
}

/* Unknown options and values out of range are passed over (RFC 2347), and so is a last one that is
 * cut short: there is firmware that pads its requests. */
static void options_read(struct reader *r, struct tftp_options *o)
{
	const char *name, *value;
	uint64_t v;

	while ((name = text_read(r)) && (value = text_read(r)))
		if (number_read(value, &v))
			option_read(o, name, v);
}

static int request_read(struct reader *r, struct tftp_packet *p)
{
	const char *name = text_read(r);
	const char *mode = name ? text_read(r) : NULL;
	int rc;

	if (!mode)
		return -EPROTO;
	rc = name_check(name, p->name);
	if (rc)
		return rc;
	p->netascii = !strcasecmp(mode, "netascii");
	if (!p->netascii && strcasecmp(mode, "octet"))
		return -ENOTSUP;
	options_read(r, &p->options);
	return 0;
}

/* The text's NUL is often forgotten. */
static void error_read(struct reader *r, struct tftp_packet *p)
{
	size_t n = 0;

	p->error = reader_u16(r);
	while (!r->bad && r->left && *r->at && n < TFTP_TEXT - 1) {
		char c = (char)reader_u8(r);

		p->text[n++] = printable(c) ? c : '?';
	}
	p->text[n] = 0;
}

int tftp_wire_decode(const void *bytes, size_t len, struct tftp_packet *ret)
{
	struct tftp_packet p = {0};
	struct reader r;
	int rc = 0;

	reader_init(&r, bytes, len);
	p.op = reader_u16(&r);
	switch (p.op) {
	case TFTP_RRQ:
	case TFTP_WRQ:
		rc = request_read(&r, &p);
		break;
	case TFTP_DATA:
		p.block = reader_u16(&r);
		p.data_len = r.left;
		p.data = reader_bytes(&r, r.left);
		break;
	case TFTP_ACK:
		p.block = reader_u16(&r);
		break;
	case TFTP_ERROR:
		error_read(&r, &p);
		break;
	case TFTP_OACK:
		options_read(&r, &p.options);
		break;
	default:
		return -EBADMSG;
	}
	if (rc || r.bad)
		return rc ? rc : -EBADMSG;
	*ret = p;
	return 0;
}

const char *tftp_wire_refusal(int rc, enum tftp_error *ret_code)
{
	*ret_code = TFTP_E_ILLEGAL;
	switch (rc) {
	case -ENAMETOOLONG:
		return "the file name is too long, 255 bytes at most";
	case -EILSEQ:
		return "the file name has bytes that are not printable ASCII";
	case -ENODATA:
		return "the request names no file";
	case -ENOTSUP:
		return "transfer mode not supported, use octet (binary) or netascii";
	default:
		return "the request is cut short";
	}
}

static int written(const struct writer *w)
{
	return w->bad ? -EMSGSIZE : (int)w->len;
}

static void text_write(struct writer *w, const char *text)
{
	writer_bytes(w, text, strlen(text) + 1);
}

static void option_write(struct writer *w, bool has, const char *name, uint64_t value)
{
	char digits[24];

	if (!has)
		return;
	snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
	text_write(w, name);
	text_write(w, digits);
}

static void options_write(struct writer *w, const struct tftp_options *o)
{
	option_write(w, o->has_tsize, "tsize", o->tsize);
	option_write(w, o->has_blksize, "blksize", o->blksize);
	option_write(w, o->has_timeout, "timeout", o->timeout_s);
	option_write(w, o->has_windowsize, "windowsize", o->windowsize);
}

int tftp_wire_request(void *buf, size_t cap, enum tftp_op op, const char *name, const char *mode,
	const struct tftp_options *o)
{
	struct writer w;

	writer_init(&w, buf, cap);
	writer_u16(&w, (uint16_t)op);
	text_write(&w, name);
	text_write(&w, mode);
	options_write(&w, o);
	return written(&w);
}

int tftp_wire_ack(void *buf, size_t cap, uint16_t block)
{
	struct writer w;

	writer_init(&w, buf, cap);
	writer_u16(&w, TFTP_ACK);
	writer_u16(&w, block);
	return written(&w);
}

int tftp_wire_oack(void *buf, size_t cap, const struct tftp_options *o)
{
	struct writer w;

	writer_init(&w, buf, cap);
	writer_u16(&w, TFTP_OACK);
	options_write(&w, o);
	return written(&w);
}

int tftp_wire_error(void *buf, size_t cap, enum tftp_error code, const char *text)
{
	size_t len = strlen(text);
	struct writer w;

	if (cap > TFTP_HEADER && len > cap - TFTP_HEADER - 1)
		len = cap - TFTP_HEADER - 1;
	writer_init(&w, buf, cap);
	writer_u16(&w, TFTP_ERROR);
	writer_u16(&w, (uint16_t)code);
	writer_bytes(&w, text, len);
	writer_u8(&w, 0);
	return written(&w);
}

void tftp_wire_data_header(uint8_t *buf, uint16_t block)
{
	struct writer w;

	writer_init(&w, buf, TFTP_HEADER);
	writer_u16(&w, TFTP_DATA);
	writer_u16(&w, block);
}
