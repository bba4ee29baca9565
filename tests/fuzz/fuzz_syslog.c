/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of syslog messages: cut anywhere it gives the same messages, and each a line that is kept and read again. */
#include "service/logs/logs_line.h"
#include "syslogd/syslog_frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROOM = 1 << 16 };

struct taken {
	char bytes[ROOM];
	size_t n;
};

/* A message of no message is a line all the same, if it says anything. */
static void look_at_line(const char *bytes, size_t n)
{
	struct logs_line line;
	char stored[LOGS_STORED];
	size_t len;
	json_t *j;

	if (!logs_line_of(&line, bytes, n, 1, 2))
		return;
	len = logs_line_store(&line, stored);
	if (len >= sizeof stored || stored[len - 1] != '\n' || memchr(stored, '\n', len - 1))
		abort();
	j = logs_line_json(stored, len - 1);
	if (!j || strcmp(json_string_value(json_object_get(j, "text")), line.text))
		abort();
	json_decref(j);
}

static bool take(void *arg, const char *bytes, size_t n)
{
	struct taken *t = arg;

	if (!n || n > SYSLOG_MESSAGE)
		abort();
	look_at_line(bytes, n);
	if (t->n + n < sizeof t->bytes) {
		memcpy(t->bytes + t->n, bytes, n);
		t->n += n;
		t->bytes[t->n++] = '\n';
	}
	return true;
}

static void feed(struct taken *t, const char *bytes, size_t n, size_t piece)
{
	struct syslog_frame *f = calloc(1, sizeof *f);

	t->n = 0;
	for (size_t i = 0; i < n; i += piece)
		(void)syslog_frame_add(f, bytes + i, n - i < piece ? n - i : piece, take, t);
	syslog_frame_end(f, take, t);
	free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct taken whole, pieces;
	size_t ends;

	feed(&whole, (const char *)data, len, len ? len : 1);
	feed(&pieces, (const char *)data, len, 3);
	if (whole.n != pieces.n || memcmp(whole.bytes, pieces.bytes, whole.n))
		abort();
	json_decref(logs_lines_json((const char *)data, len, &ends));
	if (ends > len)
		abort();
	return 0;
}
