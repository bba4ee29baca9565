/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/lab/lab_show.h"

#include "usher/client/json_time.h"

#include "core/clock.h"
#include "usher/client/printed.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { EVERY_MS = 200, LINE = 512 };

void lab_show_init(struct lab_show *s, bool json)
{
	*s = (struct lab_show){.terminal = !json && isatty(STDOUT_FILENO), .json = json};
}

void lab_show_end(struct lab_show *s)
{
	if (s->drawn)
		printed_order(stdout, "\033[%uA\033[J", s->drawn);
	s->drawn = 0;
	fflush(stdout);
}

void lab_show_line(struct lab_show *s, const char *fmt, ...)
{
	va_list ap;

	if (s->json)
		return;
	lab_show_end(s);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* In a pipe what changes a machine's state, and what went wrong; how far a file is would be too much. */
static bool tells(const char *kind)
{
	static const char *const kinds[] = {"created", "leased", "booting", "installing",
		"installed", "up", "failed", "deleted", "changed", "power", NULL};

	for (const char *const *k = kinds; *k; k++)
		if (!strcmp(*k, kind))
			return true;
	return false;
}

void lab_show_event(struct lab_show *s, const json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "kind"));
	const char *machine = json_string_value(json_object_get(event, "machine"));
	time_t at = (time_t)(json_time_ms(json_object_get(event, "at")) / 1000);
	char when[32];
	struct tm tm;

	if (s->json) {
		json_dumpf(event, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
	} else if (!s->terminal && kind && tells(kind)) {
		strftime(when, sizeof when, "%H:%M:%S", localtime_r(&at, &tm));
		lab_show_line(s, "%s  %-12s %-10s  %s", when, machine ? machine : "-", kind,
			json_string_value(json_object_get(event, "text")));
	}
}

static void size_of_terminal(unsigned *lines, unsigned *columns)
{
	struct winsize w;

	*lines = 24;
	*columns = 80;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row > 4 && w.ws_col > 20) {
		*lines = w.ws_row;
		*columns = w.ws_col;
	}
}

/* Those under way, as many as there is room for, and a line of how many there are of each kind. */
void lab_show_table(struct lab_show *s, const struct lab_row *rows, size_t n, bool now)
{
	unsigned lines, columns, counts[LAB_FAILED + 1] = {0};
	int64_t mono = clock_mono_ms();
	char line[LINE];

	if (!s->terminal || (!now && mono - s->drawn_at < EVERY_MS))
		return;
	s->drawn_at = mono;
	lab_show_end(s);
	size_of_terminal(&lines, &columns);
	for (size_t i = 0; i < n; i++) {
		counts[rows[i].status]++;
		if (rows[i].status != LAB_RUNS || s->drawn + 3 > lines)
			continue;
		lab_row_line(&rows[i], clock_wall_ms(), columns - 1, line, sizeof line);
		puts(line);
		s->drawn++;
	}
	printf("%u under way, %u done, %u failed, %u waiting\n", counts[LAB_RUNS], counts[LAB_DONE],
		counts[LAB_FAILED], counts[LAB_WAITS]);
	s->drawn++;
	fflush(stdout);
}
