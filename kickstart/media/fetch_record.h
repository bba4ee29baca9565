/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a fetched file and of one that is half here, and what follows from it: what to
 * ask the mirror (RFC 9110: 13.1 conditions, 14.2 Range), and what its answer means. Pure.
 */
#ifndef USHER_KICKSTART_MEDIA_FETCH_RECORD_H
#define USHER_KICKSTART_MEDIA_FETCH_RECORD_H

#include "core/sha256.h"
#include "kickstart/media/fetch_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FETCH_TAG = 200, /* bytes of an ETag; a longer one counts as none */
	FETCH_DATE = 40, /* of a Last-Modified, the same */
	FETCH_HEADER = FETCH_TAG + 32,
};

/* One content of a URL, as the mirror told it apart from others. */
struct fetch_version {
	char tag[FETCH_TAG];   /* ETag with its quotes and W/; "" */
	char date[FETCH_DATE]; /* Last-Modified as it came; "" */
	uint64_t size;         /* 0: not told */
};

struct fetch_record {
	bool whole,
		part; /* there is a file; there is a beginning of one, of another version perhaps */
	struct fetch_version whole_version, part_version;
	char sum[SHA256_HEX]; /* of the whole file */
};

/* The record as it is kept: JSON, heap. NULL: out of memory. */
char *fetch_record_format(const struct fetch_record *r, const char *url);
/* Reads it back. -EPROTO: not a record of ours, or another URL's; `ret` is then empty, as it is
 * when there is none. */
int fetch_record_parse(const char *text, size_t len, const char *url, struct fetch_record *ret);

struct fetch_request {
	uint64_t offset;               /* asked from there on; 0: from the beginning */
	bool conditional;              /* "only if it is not what we have" */
	char headers[2][FETCH_HEADER]; /* "" when there is none */
};

/* `part_size`: bytes that are here of the part. */
void fetch_record_ask(const struct fetch_record *r, uint64_t part_size, struct fetch_request *ret);

struct fetch_reply {
	long status;                  /* HTTP's */
	struct fetch_version version; /* size: of all of it, also when a part is sent */
	bool ranged;                  /* it had a Content-Range, of which: */
	uint64_t first;               /* the first byte sent */
};

/* One line of a reply's head, the status line included, which begins a reply anew (a redirect came
 * before it). */
void fetch_reply_header(struct fetch_reply *r, const char *line, size_t len);

enum fetch_meaning {
	FETCH_SAME,    /* what we have whole is what the mirror has */
	FETCH_ALL,     /* its bytes are the file, from the first */
	FETCH_REST,    /* its bytes go on where we are */
	FETCH_OVER,    /* ask again, from the beginning */
	FETCH_REFUSED, /* its bytes are no file of ours: the status says why */
};

enum fetch_meaning fetch_reply_meaning(
	const struct fetch_request *asked, const struct fetch_reply *reply);

#endif
