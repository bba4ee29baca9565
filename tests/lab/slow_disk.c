/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
/*
 * Preloaded into the service by labs and benches: a disk whose fsync and fdatasync take
 * SLOW_DISK_MS (50) more than they do; 0 only tells.
 *
 * SLOW_DISK_LOG: a file that is told of each, a line with begin and end, seconds since the epoch.
 * It stays open: telling costs a microsecond.
 * SLOW_DISK_PLATTER: a folder that has what a power cut leaves, at its worst: of each file what it
 * was at its last sync, under the names that the last sync of its folder has put on disk.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd);
int fsync(int fd);
int rename(const char *from, const char *to);

static char folder[PATH_MAX]; /* of the files that are synced; others are no affair of ours */

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

/* A file that no folder knows yet under its name waits as .NAME. */
static void keep_file(const char *platter, const char *name, int fd, off_t size)
{
	char path[PATH_MAX], hidden[PATH_MAX], part[PATH_MAX], self[32];
	off_t at = 0;
	int from, to;

	snprintf(path, sizeof path, "%s/%s", platter, name);
	snprintf(hidden, sizeof hidden, "%s/.%s", platter, name);
	snprintf(part, sizeof part, "%s/.%s.part", platter, name);
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	from = open(self, O_RDONLY | O_CLOEXEC);
	to = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	while (at < size)
		if (sendfile(to, from, &at, (size_t)(size - at)) <= 0)
			abort();
	close(from);
	close(to);
	if (rename(part, access(path, F_OK) ? hidden : path))
		abort();
}

static void keep_names(const char *platter)
{
	char in[PATH_MAX], kept[PATH_MAX], hidden[PATH_MAX];
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		snprintf(kept, sizeof kept, "%s/%s", platter, e->d_name);
		snprintf(hidden, sizeof hidden, "%s/.%s", platter, e->d_name);
		if (e->d_type == DT_REG && rename(hidden, kept) && access(kept, F_OK))
			close(open(kept, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	if (d)
		closedir(d);
	d = opendir(platter);
	while (d && (e = readdir(d))) {
		snprintf(in, sizeof in, "%s/%s", folder, e->d_name);
		snprintf(kept, sizeof kept, "%s/%s", platter, e->d_name);
		if (e->d_name[0] != '.' && access(in, F_OK))
			unlink(kept);
	}
	if (d)
		closedir(d);
}

static void keep(int fd)
{
	const char *platter = getenv("SLOW_DISK_PLATTER");
	char self[32], path[PATH_MAX], *name;
	struct stat st;
	ssize_t n;

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	n = platter ? readlink(self, path, sizeof path - 1) : -1;
	if (n < 0 || fstat(fd, &st))
		return;
	path[n] = 0;
	if (S_ISDIR(st.st_mode)) {
		if (!strcmp(path, folder))
			keep_names(platter);
		return;
	}
	name = strrchr(path, '/') + 1;
	snprintf(folder, sizeof folder, "%.*s", (int)(name - path - 1), path);
	keep_file(platter, name, fd, st.st_size);
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
	if (!rc)
		keep(fd);
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

/* A new name, too, waits for the next sync of the folder. */
static void keep_rename(const char *platter, const char *from, const char *to)
{
	size_t n = strlen(folder);
	char was[PATH_MAX], is[PATH_MAX];

	if (!n || strncmp(from, folder, n) || strncmp(to, folder, n) || from[n] != '/' ||
		to[n] != '/' || strchr(from + n + 1, '/') || strchr(to + n + 1, '/'))
		return;
	snprintf(was, sizeof was, "%s/.%s", platter, from + n + 1);
	snprintf(is, sizeof is, "%s/.%s", platter, to + n + 1);
	(void)!renameat(AT_FDCWD, was, AT_FDCWD, is); /* or it was never synced */
}

int rename(const char *from, const char *to)
{
	const char *platter = getenv("SLOW_DISK_PLATTER");
	int rc = renameat(AT_FDCWD, from, AT_FDCWD, to);

	if (!rc && platter)
		keep_rename(platter, from, to);
	return rc;
}
