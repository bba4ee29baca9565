/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A syslog message, RFC 5424 or RFC 3164 as it is sent in fact: without a host name (syslog(3), busybox), with a date as
 * rsyslog writes it, or without any date. Whatever the bytes are, they are a message (RFC 3164 4.3): what cannot be told
 * is its text. When it was sent and from which host is left out: we know better. Pure.
 */
#ifndef USHER_SYSLOGD_SYSLOG_WIRE_H
#define USHER_SYSLOGD_SYSLOG_WIRE_H

#include <stddef.h>

enum {
	SYSLOG_MESSAGE =
		4096, /* bytes that are looked at; what is longer is cut. RFC 5424 6.1: 2048 should do */
	SYSLOG_TAG = 48, /* bytes of a program's name, as RFC 5424 has it */
	SYSLOG_FACILITIES = 24,
	SYSLOG_SEVERITIES = 8,
};

/* A part of the message: raw bytes, not ended by a NUL. */
struct syslog_part {
	const char *at;
	size_t n; /* 0: it is not said */
};

struct syslog_message {
	unsigned facility;          /* below SYSLOG_FACILITIES; user when not said */
	unsigned severity;          /* 0 emerg to 7 debug; notice when not said */
	struct syslog_part program; /* without the process id */
	struct syslog_part pid;     /* that, as text */
	struct syslog_part text;    /* without line breaks and NULs at its end; others stay */
};

/* The parts lie in `bytes`. */
void syslog_wire_read(const char *bytes, size_t n, struct syslog_message *ret);

const char *syslog_facility_name(unsigned facility); /* "daemon"; "?" for none of them */
const char *syslog_severity_name(unsigned severity); /* "err"; the same */

#endif
