/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/progress.h"

#include "core/clock.h"
#include "usher/client/printed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EVERY_MS = 200 };

/* How many of `parts` are done. */
static unsigned parts_done(unsigned parts, uint64_t done, uint64_t total)
{
	if (!total)
		return 0;
	return done < total ? (unsigned)(done * parts / total) : parts;
}

const char *progress_bar(
	char buf[PROGRESS_BAR_TEXT], unsigned columns, uint64_t done, uint64_t total)
{
	unsigned n;

	columns = columns < PROGRESS_BAR ? columns : PROGRESS_BAR;
	n = parts_done(columns, done, total);
	buf[0] = '[';
	memset(buf + 1, '#', n);
	memset(buf + 1 + n, '.', columns - n);
	memcpy(buf + 1 + columns, "]", 2);
	return buf;
}

unsigned progress_percent(uint64_t done, uint64_t total)
{
	return parts_done(100, done, total);
}

unsigned progress_quarter(unsigned *quarter, uint64_t done, uint64_t total)
{
	unsigned n = parts_done(4, done, total);

	if (n <= *quarter)
		return 0;
	*quarter = n;
	return n * 25;
}

void progress_start(struct progress *p, const char *what)
{
	*p = (struct progress){.what = what, .started = clock_mono_ms()};
}

static void show_bar(struct progress *p, uint64_t done, uint64_t total, int64_t now)
{
	char bar[PROGRESS_BAR_TEXT];
	int64_t ms = now - p->started;

	if (p->shown && now - p->shown < EVERY_MS && done < total)
		return;
	p->shown = now;
	printed_order(stderr, "\r");
	fprintf(stderr, "%s %s %3u %%, %.1f of %.1f GB, %.0f MB/s ", p->what,
		progress_bar(bar, PROGRESS_BAR, done, total), progress_percent(done, total),
		(double)done / 1e9, (double)total / 1e9,
		ms > 0 ? (double)done / 1e3 / (double)ms : 0.);
}

void progress_show(struct progress *p, uint64_t done, uint64_t total)
{
	unsigned percent;

	if (done > total)
		done = total;
	if (isatty(STDERR_FILENO))
		show_bar(p, done, total, clock_mono_ms());
	else if ((percent = progress_quarter(&p->quarter, done, total)))
		fprintf(stderr, "%s %u %%\n", p->what, percent);
}

void progress_end(struct progress *p)
{
	if (p->shown)
		printed_order(stderr, "\r\033[K");
}
