/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "syslogd/syslog_wire.h"

#include <stdbool.h>
#include <string.h>

const char *syslog_facility_name(unsigned facility)
{
	static const char *const names[SYSLOG_FACILITIES] = {"kern", "user", "mail", "daemon",
		"auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
		"alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5",
		"local6", "local7"};

	return facility < SYSLOG_FACILITIES ? names[facility] : "?";
}

const char *syslog_severity_name(unsigned severity)
{
	static const char *const names[SYSLOG_SEVERITIES] = {
		"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

	return severity < SYSLOG_SEVERITIES ? names[severity] : "?";
}

/* What is left to read. */
struct rest {
	const char *at;
	size_t n;
};

static void skip(struct rest *r, size_t n)
{
	r->at += n;
	r->n -= n;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes before the first `c`, or all. */
static size_t span_to(const struct rest *r, char c)
{
	const char *at = r->n ? memchr(r->at, c, r->n) : NULL;

	return at ? (size_t)(at - r->at) : r->n;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "<13>": RFC 5424 6.2.1. */
static bool read_pri(struct rest *r, struct syslog_message *ret)
{
	unsigned pri = 0;
	size_t n = 1;

	while (n < r->n && n < 4 && is_digit(r->at[n]))
		pri = pri * 10 + (unsigned)(r->at[n++] - '0');
	if (!r->n || r->at[0] != '<' || n == 1 || n == r->n || r->at[n] != '>' ||
		pri >= SYSLOG_FACILITIES * SYSLOG_SEVERITIES)
		return false;
	ret->facility = pri / SYSLOG_SEVERITIES;
	ret->severity = pri % SYSLOG_SEVERITIES;
	skip(r, n + 1);
	return true;
}

/* RFC 5424 */

/* A field and the blank behind it; "-" is none. */
static bool read_field(struct rest *r, struct syslog_part *ret)
{
	size_t n = span_to(r, ' ');

	if (!n || n == r->n)
		return false;
	*ret = (struct syslog_part){r->at, n == 1 && *r->at == '-' ? 0 : n};
	skip(r, n + 1);
	return true;
}

/* [ID NAME="VALUE" …]: a bracket within quotes is no end, nor is what a backslash stands before (6.3.3). */
static bool skip_element(struct rest *r)
{
	bool quoted = false;

	for (; r->n && (quoted || *r->at != ']'); skip(r, 1)) {
		if (quoted && *r->at == '\\' && r->n > 1)
			skip(r, 1);
		else if (*r->at == '"')
			quoted = !quoted;
	}
	if (!r->n)
		return false;
	skip(r, 1);
	return true;
}

static bool skip_data(struct rest *r)
{
	if (r->n && *r->at == '-') {
		skip(r, 1);
		return true;
	}
	if (!r->n || *r->at != '[')
		return false;
	while (r->n && *r->at == '[')
		if (!skip_element(r))
			return false;
	return true;
}

/* False: it is none, and nothing was taken. */
static bool read_5424(struct rest *r, struct syslog_message *ret)
{
	struct syslog_part version, date, host, message_id, program, pid;
	struct rest in = *r;

	if (!in.n || !is_digit(*in.at) || *in.at == '0' || !read_field(&in, &version) ||
		version.n > 2 || !read_field(&in, &date) || !read_field(&in, &host) ||
		!read_field(&in, &program) || !read_field(&in, &pid) ||
		!read_field(&in, &message_id) || !skip_data(&in) || (in.n && *in.at != ' '))
		return false;
	if (in.n)
		skip(&in, 1);
	if (in.n >= 3 && !memcmp(in.at, "\xef\xbb\xbf", 3))
		skip(&in, 3);
	if (in.n && *in.at == ' ') /* as rsyslog passes on what it was sent by RFC 3164 */
		skip(&in, 1);
	ret->program = program;
	ret->pid = pid;
	*r = in;
	return true;
}

/* RFC 3164 */

/* "Nov 29 22:43:24 " (4.1.2), where '9' is a digit or a blank, 'a' any letter. */
static bool fits(const struct rest *r, const char *pattern)
{
	size_t n = strlen(pattern);

	if (r->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = r->at[i], p = pattern[i];

		if (p == '9' ? !is_digit(c) && c != ' ' : p == 'a' ? !is_letter(c) : c != p)
			return false;
	}
	return true;
}

static bool skip_date(struct rest *r)
{
	static const char plain[] = "aaa 99 99:99:99 ", iso[] = "9999-99-99T99:99:99";

	if (fits(r, plain))
		skip(r, sizeof plain - 1);
	else if (fits(r, iso) && span_to(r, ' ') < r->n) /* with fractions and a zone behind it */
		skip(r, span_to(r, ' ') + 1);
	else
		return false;
	return true;
}

/* "anaconda:", "sshd[12]:", "d-i:x:"; 0: the next word is no tag, else its bytes. */
static size_t read_tag(const struct rest *r, struct syslog_part *program, struct syslog_part *pid)
{
	size_t n = span_to(r, ' '), end = n;
	const char *open;

	if (n && r->at[n - 1] == ':')
		end--;
	open = end && r->at[end - 1] == ']' ? memchr(r->at, '[', end) : NULL;
	if (open)
		*pid = (struct syslog_part){open + 1, (size_t)(r->at + end - open) - 2};
	else if (end == n)
		return 0;
	*program = (struct syslog_part){r->at, open ? (size_t)(open - r->at) : end};
	return program->n && program->n <= SYSLOG_TAG ? n : 0;
}

/* Behind a date a host's name may stand before the tag. Where neither is to be told, all is text. */
static void read_3164(struct rest *r, struct syslog_message *ret)
{
	struct syslog_part program = {0}, pid = {0};
	bool dated = skip_date(r);
	size_t n, host;

	n = read_tag(r, &program, &pid);
	host = span_to(r, ' ');
	if (!n && dated && host < r->n) {
		struct rest after = {r->at + host + 1, r->n - host - 1};

		pid = (struct syslog_part){0};
		n = read_tag(&after, &program, &pid);
		if (n)
			*r = after;
	}
	if (!n)
		return;
	ret->program = program;
	ret->pid = pid;
	skip(r, n);
	if (r->n && *r->at == ' ')
		skip(r, 1);
}

/* --- */

static struct syslog_part text_of(const struct rest *r)
{
	size_t n = r->n;

	while (n && strchr("\n\r \t", r->at[n - 1])) /* a NUL too */
		n--;
	return (struct syslog_part){r->at, n};
}

void syslog_wire_read(const char *bytes, size_t n, struct syslog_message *ret)
{
	enum { USER = 1, NOTICE = 5 }; /* RFC 3164 4.3.3 */
	struct rest r = {bytes, n < SYSLOG_MESSAGE ? n : SYSLOG_MESSAGE};

	*ret = (struct syslog_message){.facility = USER, .severity = NOTICE};
	if (!read_pri(&r, ret) || !read_5424(&r, ret))
		read_3164(&r, ret);
	ret->text = text_of(&r);
}
