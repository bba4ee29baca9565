/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dns_name.h"

#include <errno.h>
#include <string.h>

/* One name, up to a blank or the end. NULL: it is none. */
static const char *put_name(struct writer *w, const char *name)
{
	size_t wire = 1;

	do {
		size_t n = strcspn(name, ". ");

		wire += n + 1;
		if (!n || n > DNS_LABEL_MAX || wire > DNS_NAME_MAX)
			return NULL;
		writer_u8(w, (uint8_t)n);
		writer_bytes(w, name, n);
		name += n;
		name += *name == '.';
	} while (*name && *name != ' ');
	writer_u8(w, 0);
	return name;
}

int dns_name_put(struct writer *w, const char *names)
{
	const struct writer before = *w;

	while (*names) {
		if (*names == ' ') {
			names++;
			continue;
		}
		names = put_name(w, names);
		if (!names) {
			*w = before;
			return -EINVAL;
		}
	}
	return 0;
}

struct text {
	char *buf;
	size_t len, size;
};

static void add(struct text *t, char c)
{
	if (t->len < t->size)
		t->buf[t->len] = c;
	t->len++;
}

/* One name; false: a label that cannot be read. */
static bool take_name(struct reader *r, struct text *t)
{
	const size_t start = t->len;
	size_t wire = 1;
	uint8_t n;

	while (r->left > 0 && (n = reader_u8(r)) > 0) {
		const uint8_t *label = reader_bytes(r, n);

		wire += n + 1u;
		if (n > DNS_LABEL_MAX || !label || wire > DNS_NAME_MAX)
			return false;
		if (t->len > 0)
			add(t, t->len > start ? '.' : ' ');
		for (size_t i = 0; i < n; i++) {
			bool plain = label[i] > ' ' && label[i] < 0x7f && label[i] != '.';

			add(t, plain ? (char)label[i] : '?');
		}
	}
	return true;
}

int dns_name_take(struct reader r, char *buf, size_t size)
{
	struct text t = {buf, 0, size};

	buf[0] = '\0';
	while (r.left > 0) {
		if (!take_name(&r, &t)) {
			buf[0] = '\0';
			return -EBADMSG;
		}
	}
	if (t.len >= size) {
		buf[0] = '\0';
		return -ENOSPC;
	}
	buf[t.len] = '\0';
	return 0;
}
