/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/packages/packages_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "1234", "-", or of several servers that were asked in turn "1234, 56" and "0 : 78". */
static uint64_t sum(const char *text)
{
	uint64_t all = 0;
	char *end;

	for (; *text; text = end) {
		text += strcspn(text, "0123456789");
		all += strtoull(text, &end, 10);
	}
	return all;
}

static void count_status(struct packages_counts *c, const char *cache, unsigned status)
{
	c->stale += !strcmp(cache, "STALE");
	if (status == 403 || status == 405)
		c->refused++;
	else if (status >= 500)
		c->failures++;
	else if (!strcmp(cache, "HIT") || !strcmp(cache, "REVALIDATED") ||
		!strcmp(cache, "STALE") || !strcmp(cache, "UPDATING"))
		c->hits++;
	else if (!strcmp(cache, "MISS") || !strcmp(cache, "EXPIRED"))
		c->misses++;
}

static void count(struct packages_counts *c, const char *line)
{
	unsigned long long sent;
	unsigned status;
	char cache[16];
	int at = 0;

	if (sscanf(line, "%15s %3u %20llu %n", cache, &status, &sent, &at) != 3 || !at)
		return;
	c->requests++;
	c->to_machines += sent;
	c->from_origin += sum(line + at);
	count_status(c, cache, status);
}

static void hear_one(struct packages_log *l, char byte)
{
	if (byte != '\n') {
		if (l->len < sizeof l->line)
			l->line[l->len++] = byte ? byte : '?';
		return;
	}
	if (l->len < sizeof l->line) {
		l->line[l->len] = '\0';
		count(&l->counts, l->line);
	}
	l->len = 0;
}

void packages_log_hear(struct packages_log *l, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hear_one(l, bytes[i]);
}
