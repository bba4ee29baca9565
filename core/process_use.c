/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/process_use.h"

#include "core/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* proc(5), statm: pages of the whole, and of what is resident. */
static void look_at_memory(struct process_use *u)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long all, resident;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!f)
		return;
	if (fscanf(f, "%lu %lu", &all, &resident) == 2) {
		u->virtual_bytes = all * page;
		u->resident_bytes = resident * page;
	}
	fclose(f);
}

/* proc(5), stat: field 22, in clock ticks since the host booted. The name, field 2, may have blanks and brackets. */
static double look_at_start(void)
{
	FILE *f = fopen("/proc/self/stat", "re");
	char line[1024] = "", *at;
	unsigned long long ticks;
	int64_t booted = clock_wall_ms() - clock_mono_ms() - clock_slept_ms();
	double ret = 0;

	if (!f)
		return 0;
	at = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
	if (at &&
		sscanf(at,
			") %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
			"%llu",
			&ticks) == 1)
		ret = (double)booted / 1e3 + (double)ticks / (double)sysconf(_SC_CLK_TCK);
	fclose(f);
	return ret;
}

/* Two looks differ by some ms, and by what the wall clock was set meanwhile: only another process has started at another time. */
static double started(void)
{
	static double once;

	if (!once)
		once = look_at_start();
	return once;
}

void process_use_look(struct process_use *ret)
{
	struct rusage used;
	struct rlimit limit;

	*ret = (struct process_use){0};
	look_at_memory(ret);
	ret->started = started();
	if (!getrusage(RUSAGE_SELF, &used))
		ret->cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime);
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		ret->descriptors_max = limit.rlim_cur;
}
