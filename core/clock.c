/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t ahead; /* of the monotonic clock */

static int64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

int64_t clock_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void)
{
	return clock_mono_ms() + ahead;
}

int64_t clock_slept_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME) - clock_mono_ms();
}

/* To a second: between two calls of the kernel lies time, and the same deadline is to read the same. */
int64_t clock_wall_of(int64_t steady)
{
	int64_t differs = clock_wall_ms() - clock_steady_ms();
	int64_t half = differs < 0 ? -500 : 500;

	return steady ? steady + (differs + half) / 1000 * 1000 : 0;
}

static void read_boot(char ret[CLOCK_BOOT])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, CLOCK_BOOT - 1);

	if (fd >= 0)
		close(fd);
	ret[n > 0 ? n : 0] = '\0';
}

void clock_look(struct clock_mark *ret)
{
	read_boot(ret->boot);
	ret->mono = clock_mono_ms();
	ret->steady = ret->mono + ahead;
	ret->wall = clock_wall_ms();
}

int64_t clock_resume(const struct clock_mark *mark, const struct clock_mark *now)
{
	if (!mark)
		return now->wall;
	if (*mark->boot && !strcmp(mark->boot, now->boot) && now->mono >= mark->mono)
		return mark->steady + (now->mono - mark->mono);
	return mark->steady + (now->wall > mark->wall ? now->wall - mark->wall : 0);
}

void clock_begin(int64_t steady)
{
	ahead = steady - clock_mono_ms();
}
