/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages in a TCP stream, RFC 6587: with their length before them ("23 <13>…", 3.4.1), or ended by a line feed or a NUL
 * (3.4.2); told for each message anew. A number without a message's '<' after it is a line that begins with a number. Pure.
 */
#ifndef USHER_SYSLOGD_SYSLOG_FRAME_H
#define USHER_SYSLOGD_SYSLOG_FRAME_H

#include "syslogd/syslog_wire.h"

#include <stdbool.h>

enum { SYSLOG_COUNTED_MAX = 1 << 20 }; /* a longer message is no message's length, but a line */

struct syslog_frame { /* zeroed at the start */
	enum { SYSLOG_BEGIN, SYSLOG_COUNT, SYSLOG_SPACE, SYSLOG_COUNTED, SYSLOG_LINE } at;
	size_t left; /* of a counted message: bytes to come; its length while that is read */
	char bytes
		[SYSLOG_MESSAGE]; /* of the message, as far as it came; what is longer is left out */
	size_t n;
};

/* One message, borrowed; never an empty one. False: no more of the stream is wanted. */
typedef bool syslog_frame_each(void *arg, const char *bytes, size_t n);

/* False: `each` said so; the rest was not looked at. */
bool syslog_frame_add(
	struct syslog_frame *f, const char *bytes, size_t n, syslog_frame_each *each, void *arg);
/* The stream has ended: what has no end is a message too. */
void syslog_frame_end(struct syslog_frame *f, syslog_frame_each *each, void *arg);

#endif
