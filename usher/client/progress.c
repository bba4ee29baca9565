/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/progress.h"

#include "core/clock.h"
#include "usher/client/printed.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 30, EVERY_MS = 200 };

void progress_start(struct progress *p, const char *what)
{
	*p = (struct progress){.what = what, .started = clock_mono_ms()};
}

static void show_bar(struct progress *p, uint64_t done, uint64_t total, int64_t now)
{
	static const char full[] = "##############################";
	static const char empty[] = "..............................";
	int n = total ? (int)(done * WIDTH / total) : WIDTH;
	int64_t ms = now - p->started;

	if (p->shown && now - p->shown < EVERY_MS && done < total)
		return;
	p->shown = now;
	printed_order(stderr, "\r");
	fprintf(stderr, "%s [%.*s%.*s] %3u %%, %.1f of %.1f GB, %.0f MB/s ", p->what, n, full,
		WIDTH - n, empty, (unsigned)(total ? done * 100 / total : 100), (double)done / 1e9,
		(double)total / 1e9, ms > 0 ? (double)done / 1e3 / (double)ms : 0.);
}

void progress_show(struct progress *p, uint64_t done, uint64_t total)
{
	if (done > total)
		done = total;
	if (isatty(STDERR_FILENO)) {
		show_bar(p, done, total, clock_mono_ms());
		return;
	}
	if (total && done * 4 / total > p->quarter) {
		p->quarter = (unsigned)(done * 4 / total);
		fprintf(stderr, "%s %u %%\n", p->what, p->quarter * 25);
	}
}

void progress_end(struct progress *p)
{
	if (p->shown)
		printed_order(stderr, "\r\033[K");
}
