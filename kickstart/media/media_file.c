/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/media_file.h"

#include "kickstart/media/disc_shelf.h"
#include "kickstart/media/servable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

/* For kernels before 5.6: no symbolic link at all is followed, which is stricter. */
static int walk_beneath(int root, const char *path)
{
	char part[NAME_MAX + 1];
	int fd, at = root, rc = -ENOENT;

	while (*path) {
		size_t n = strcspn(path, "/");
		bool last = !path[n + strspn(path + n, "/")];

		if (n > NAME_MAX)
			rc = -ENAMETOOLONG;
		else if (n == 2 && memcmp(path, "..", 2) == 0)
			rc = -EXDEV;
		else
			rc = 0;
		if (rc < 0)
			break;
		memcpy(part, path, n);
		part[n] = '\0';
		fd = openat(at, n ? part : ".",
			O_NOFOLLOW | (last ? OPEN_FLAGS : O_PATH | O_DIRECTORY | O_CLOEXEC));
		rc = fd < 0 ? -errno : fd;
		if (at != root)
			close(at);
		at = root;
		if (rc < 0 || last)
			return rc;
		at = fd;
		path += n + strspn(path + n, "/");
	}
	if (at != root)
		close(at);
	return rc;
}

int media_file_beneath(int root, const char *path, bool walk)
{
	struct open_how how = {
		.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
	int tries = 8; /* EAGAIN: something was renamed while it looked */
	long fd;

	if (walk)
		return walk_beneath(root, path);
	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR) && --tries);
	if (fd < 0 &&
		(errno == ENOSYS ||
			errno == EPERM)) /* EPERM: an old sandbox does not know the call */
		return walk_beneath(root, path);
	return fd < 0 ? -errno : (int)fd;
}

int media_file_root(const char *path, int flags, bool fixed)
{
	struct open_how how = {.flags = (uint64_t)flags, .resolve = RESOLVE_NO_SYMLINKS};
	long fd =
		fixed ? syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)) : open(path, flags);

	/* an old kernel or sandbox: the last part at least is no link */
	if (fd < 0 && fixed && (errno == ENOSYS || errno == EPERM))
		fd = open(path, flags | O_NOFOLLOW);
	if (fd < 0 && fixed && errno == ELOOP)
		return -ESTALE;
	return fd < 0 ? -errno : (int)fd;
}

/* A file inside an ISO image: the image itself, at the place where the file begins. */
static int open_in_image(const char *image, bool fixed, const char *path, int *ret_fd,
	uint64_t *ret_size, time_t *ret_mtime)
{
	struct disc_span span;
	struct stat st;
	int rc, fd = media_file_root(image, OPEN_FLAGS, fixed);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		rc = -ENOTDIR;
	else
		rc = disc_shelf_find(fd, path, &span);
	if (rc == 0 && lseek(fd, (off_t)span.offset, SEEK_SET) < 0)
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	*ret_size = span.size;
	*ret_mtime = span.mtime;
	return 0;
}

int media_file_open(const char *dir, bool fixed, const char *path, int *ret_fd, uint64_t *ret_size,
	time_t *ret_mtime)
{
	struct stat st;
	int fd, root = media_file_root(dir, O_PATH | O_DIRECTORY | O_CLOEXEC, fixed);

	if (root == -ENOTDIR)
		return open_in_image(dir, fixed, path, ret_fd, ret_size, ret_mtime);
	if (root < 0)
		return root;
	fd = servable_name(path) ? media_file_beneath(root, path, false) : -ENOENT;
	close(root);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	*ret_fd = fd;
	*ret_size = (uint64_t)st.st_size;
	*ret_mtime = st.st_mtime;
	return 0;
}

int media_file_whole(
	const char *image, bool fixed, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	int fd = media_file_root(image, OPEN_FLAGS, fixed);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	*ret_fd = fd;
	*ret_size = (uint64_t)st.st_size;
	*ret_mtime = st.st_mtime;
	return 0;
}

const char *media_file_words(int error)
{
	return error == -EISDIR   ? "not a regular file"
		: error == -EXDEV ? "leads out of its directory"
		: error == -ESTALE
		? "its medium's path now has a symbolic link: import the medium again"
		: error == -EMEDIUMTYPE ? "its medium is neither a folder nor an ISO image"
		: error == -EIO         ? "its medium is damaged or not whole"
		: error == -EOPNOTSUPP  ? "lies in pieces in its image; copy the image to a folder"
					: strerror(-error);
}
