/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/log.h"
#include "core/plain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 1024, /* a peer's text may be in a line: it must not fill the journal */
};

static atomic_int max_level = LOG_INFO;
static atomic_bool to_journal;

void log_init(int max_priority)
{
	atomic_store(&max_level, max_priority);
	atomic_store(&to_journal, getenv("JOURNAL_STREAM") != NULL);
}

static const char *level_word(int priority)
{
	if (priority <= LOG_ERR)
		return "error: ";
	return priority == LOG_WARNING ? "warning: " : "";
}

static size_t line_start(int priority, char *line, size_t size)
{
	int n = atomic_load(&to_journal) ? snprintf(line, size, "<%d>", priority)
					 : snprintf(line, size, "usher: %s", level_word(priority));

	return n > 0 ? (size_t)n : 0;
}

bool log_wants(int priority)
{
	return priority <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

void log_line(int priority, const char *fmt, ...)
{
	/* what is written out grows; and what was cut in the middle of a character is cut before it */
	char text[LINE_MAX_BYTES + 4], line[LINE_MAX_BYTES];
	int saved = errno;
	va_list args;
	size_t n;

	if (!log_wants(priority))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	n = line_start(priority, line, sizeof line);
	/* A peer's bytes must not begin a line of their own or drive a terminal. The NUL makes room for the newline. */
	n += plain_copy(line + n, sizeof line - n, text, strlen(text), PLAIN_SECRETS);
	line[n] = '\n';
	/* One write, so that lines of several threads do not mix; there is nowhere to report its
	 * failure. */
	(void)!write(STDERR_FILENO, line, n + 1);
	errno = saved;
}
