#define _GNU_SOURCE
/*
 * Preloaded by lab_slow_disk.sh and the benches: a disk whose fsync and fdatasync take SLOW_DISK_MS (50) more than they
 * do; 0 only tells. When and how long goes to the file SLOW_DISK_LOG, a line each: begin and end, seconds since the
 * epoch. The file stays open: telling costs a microsecond.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd);
int fsync(int fd);

static void tell(const struct timespec *begin)
{
	const char *path = getenv("SLOW_DISK_LOG");
	static int fd = -1;
	struct timespec end;
	char line[80];

	if (fd < 0 && path)
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &end);
	snprintf(line, sizeof line, "%lld.%06ld %lld.%06ld\n", (long long)begin->tv_sec,
		begin->tv_nsec / 1000, (long long)end.tv_sec, end.tv_nsec / 1000);
	if (write(fd, line, strlen(line)) < 0)
		abort();
}

static int slow(const char *name, int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *text = getenv("SLOW_DISK_MS");
	long ms = text ? atol(text) : 50;
	struct timespec wait = {ms / 1000, ms % 1000 * 1000000L}, begin;
	int rc;

	clock_gettime(CLOCK_REALTIME, &begin);
	if (ms)
		nanosleep(&wait, NULL);
	rc = real(fd);
	tell(&begin);
	return rc;
}

int fdatasync(int fd)
{
	return slow("fdatasync", fd);
}

int fsync(int fd)
{
	return slow("fsync", fd);
}
