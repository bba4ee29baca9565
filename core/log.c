#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

/* A peer's bytes must not begin a line of their own or drive a terminal. */
static void hide_controls(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = text[i] == '\t' ? ' ' : '?';
}

bool log_wants(int priority)
{
	return priority <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

void log_line(int priority, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	int saved = errno;
	va_list args;
	size_t at, len;
	int n;

	if (!log_wants(priority))
		return;
	at = line_start(priority, line, sizeof line);
	va_start(args, fmt);
	n = vsnprintf(line + at, sizeof line - at, fmt, args);
	va_end(args);
	len = n < 0 ? 0 : (size_t)n;
	/* vsnprintf's NUL makes room for the newline. */
	if (len > sizeof line - at - 1)
		len = sizeof line - at - 1;
	hide_controls(line + at, len);
	line[at + len] = '\n';
	/* One write, so that lines of several threads do not mix; there is nowhere to report its
	 * failure. */
	(void)!write(STDERR_FILENO, line, at + len + 1);
	errno = saved;
}
