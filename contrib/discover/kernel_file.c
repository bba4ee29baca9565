/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/discover/kernel_file.h"

#include "contrib/discover/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *kernel_root = "";

static bool path_of(char path[KERNEL_PATH], const char *fmt, va_list ap)
{
	int n = snprintf(path, KERNEL_PATH, "%s", kernel_root);
	int k = vsnprintf(path + n, (size_t)(KERNEL_PATH - n), fmt, ap);

	return k >= 0 && n + k < KERNEL_PATH;
}

static long read_all(const char *path, void *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t n = 0;
	ssize_t k = 1;

	if (fd < 0)
		return -errno;
	while (n < size - 1 && k > 0) {
		k = read(fd, (char *)buf + n, size - 1 - n);
		n += k > 0 ? (size_t)k : 0;
	}
	close(fd);
	((char *)buf)[n] = '\0';
	return (long)n;
}

long kernel_bytes(void *buf, size_t size, const char *fmt, ...)
{
	char path[KERNEL_PATH];
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = path_of(path, fmt, ap);
	va_end(ap);
	return fits ? read_all(path, buf, size) : -ENAMETOOLONG;
}

const char *kernel_text(char buf[KERNEL_TEXT], const char *fmt, ...)
{
	char path[KERNEL_PATH], raw[KERNEL_TEXT];
	va_list ap;
	long n = -1;

	va_start(ap, fmt);
	if (path_of(path, fmt, ap))
		n = read_all(path, raw, sizeof raw);
	va_end(ap);
	facts_text(raw, n < 0 ? 0 : (size_t)n, buf, KERNEL_TEXT);
	return buf;
}

int64_t kernel_number(const char *fmt, ...)
{
	char path[KERNEL_PATH], raw[64], *end;
	va_list ap;
	long n = -1;
	long long v;

	va_start(ap, fmt);
	if (path_of(path, fmt, ap))
		n = read_all(path, raw, sizeof raw);
	va_end(ap);
	if (n <= 0)
		return -1;
	v = strtoll(raw, &end, 10);
	return end == raw || v < 0 ? -1 : v;
}

bool kernel_exists(const char *fmt, ...)
{
	char path[KERNEL_PATH];
	va_list ap;
	bool there;

	va_start(ap, fmt);
	there = path_of(path, fmt, ap) && !access(path, F_OK);
	va_end(ap);
	return there;
}

const char *kernel_real(char buf[KERNEL_PATH], const char *fmt, ...)
{
	char path[KERNEL_PATH], real[PATH_MAX];
	va_list ap;
	bool there;

	va_start(ap, fmt);
	there = path_of(path, fmt, ap) && realpath(path, real) && strlen(real) < KERNEL_PATH;
	va_end(ap);
	*buf = '\0';
	if (there)
		memcpy(buf, real, strlen(real) + 1);
	return buf;
}

const char *kernel_link_name(char buf[KERNEL_TEXT], const char *fmt, ...)
{
	char path[KERNEL_PATH], to[KERNEL_TEXT];
	const char *name;
	ssize_t n = -1;
	va_list ap;

	va_start(ap, fmt);
	if (path_of(path, fmt, ap))
		n = readlink(path, to, sizeof to - 1);
	va_end(ap);
	to[n < 0 ? 0 : n] = '\0';
	name = strrchr(to, '/');
	name = name ? name + 1 : to;
	memcpy(buf, name, strlen(name) + 1);
	return buf;
}

void kernel_each(
	const char *folder, bool (*each)(void *arg, const char *name), void *arg, size_t most)
{
	char path[KERNEL_PATH];
	struct dirent **all;
	size_t told = 0;
	int n;

	snprintf(path, sizeof path, "%s%s", kernel_root, folder);
	n = scandir(path, &all, NULL, versionsort);
	for (int i = 0; i < n; i++) {
		if (all[i]->d_name[0] != '.' && told < most)
			told += each(arg, all[i]->d_name);
		free(all[i]);
	}
	if (n >= 0)
		free(all);
}
