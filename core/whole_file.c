/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Of the name, which the rename changed. */
static int sync_folder(const char *path)
{
	char text[PATH_MAX];
	int fd, rc;

	snprintf(text, sizeof text, "%s", path);
	fd = open(dirname(text), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

/* What an end in the middle left of that name goes. */
static int write_part(const char *part, mode_t mode, const void *bytes, size_t n)
{
	int fd, rc = 0;

	if (unlink(part) < 0 && errno != ENOENT)
		return -errno;
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	errno = EIO;
	if (write(fd, bytes, n) != (ssize_t)n || fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && !rc)
		rc = -errno;
	return rc;
}

int whole_file_write(const char *path, mode_t mode, const void *bytes, size_t n)
{
	char part[PATH_MAX + 8];
	int rc = snprintf(part, sizeof part, "%s.part", path) < PATH_MAX ? 0 : -ENAMETOOLONG;

	if (rc)
		return rc;
	rc = write_part(part, mode, bytes, n);
	if (!rc && rename(part, path) < 0)
		rc = -errno;
	if (rc)
		(void)unlink(part);
	return rc ? rc : sync_folder(path);
}
