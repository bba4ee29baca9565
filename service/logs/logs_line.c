/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/logs/logs_line.h"

#include "core/json.h"
#include "core/plain.h"
#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *buf, size_t size, struct syslog_part part)
{
	plain_copy(buf, size, part.n ? part.at : "", part.n, PLAIN_SECRETS);
}

bool logs_line_of(struct logs_line *ret, const char *bytes, size_t n, int64_t at, uint64_t attempt)
{
	struct syslog_message m;

	syslog_wire_read(bytes, n, &m);
	ret->at = at;
	ret->attempt = attempt;
	ret->facility = syslog_facility_name(m.facility);
	ret->severity = syslog_severity_name(m.severity);
	copy(ret->program, sizeof ret->program, m.program);
	copy(ret->pid, sizeof ret->pid, m.pid);
	copy(ret->text, sizeof ret->text, m.text);
	return m.text.n;
}

enum { AT_DIGITS = 15 };

/* Fields with a tab between them: none has one in it. The first is always as long, so that half a line is told from a whole one. */
size_t logs_line_store(const struct logs_line *l, char buf[LOGS_STORED])
{
	int n = snprintf(buf, LOGS_STORED, "%0*lld\t%llu\t%s\t%s\t%s\t%s\t%s\n", AT_DIGITS,
		(long long)l->at, (unsigned long long)l->attempt, l->facility, l->severity,
		l->program, l->pid, l->text);

	return (size_t)n;
}

enum { AT, ATTEMPT, FACILITY, SEVERITY, PROGRAM, PID, TEXT, FIELDS };

/* Ends each field with a NUL. False: there are not so many. */
static bool divide(char *line, char *ret[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		ret[i] = line;
		line = strchr(line, '\t');
		if (!line != (i == TEXT))
			return false;
		if (line)
			*line++ = '\0';
	}
	return strlen(ret[AT]) == AT_DIGITS;
}

json_t *logs_line_json(const char *stored, size_t n)
{
	char line[LOGS_STORED], *f[FIELDS];

	if (n >= sizeof line || memchr(stored, '\0', n))
		return NULL;
	memcpy(line, stored, n);
	line[n] = '\0';
	if (!divide(line, f))
		return NULL;
	return json_pack("{s:o, s:I, s:s, s:s, s:s?, s:s?, s:s}", "at",
		machine_time_json(strtoll(f[AT], NULL, 10)), "attempt",
		(json_int_t)strtoll(f[ATTEMPT], NULL, 10), "facility", f[FACILITY], "severity",
		f[SEVERITY], "program", json_some(f[PROGRAM]), "pid", json_some(f[PID]), "text",
		f[TEXT]);
}

json_t *logs_lines_json(const char *bytes, size_t n, size_t *ret_whole)
{
	json_t *all = json_array(), *one;
	const char *end;

	*ret_whole = 0;
	while (n > *ret_whole && (end = memchr(bytes + *ret_whole, '\n', n - *ret_whole))) {
		one = logs_line_json(bytes + *ret_whole, (size_t)(end - bytes) - *ret_whole);
		if (one)
			json_array_append_new(all, one);
		*ret_whole = (size_t)(end - bytes) + 1;
	}
	return all;
}
