/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/key_file.h"

#include "core/draw.h"
#include "core/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHERS = 077 };

static int said(int rc, const char *path, const char *verb, char *why, size_t size)
{
	snprintf(why, size, "cannot %s the key of the store's secrets, %s: %s", verb, path,
		strerror(-rc));
	return rc;
}

/* Who could read it could read every secret; who could change it could make them all unreadable. */
static int judge(const struct stat *st, const char *path, char *why, size_t size)
{
	if (!S_ISREG(st->st_mode) || st->st_size != ENCRYPT_KEY) {
		snprintf(why, size,
			"%s is not the key of the store's secrets: expected a file of %d bytes. Put "
			"back the one that was there, from a backup",
			path, ENCRYPT_KEY);
		return -EINVAL;
	}
	if (st->st_uid != geteuid() && st->st_uid) {
		snprintf(why, size,
			"%s, the key of the store's secrets, belongs to user %u: expected the user "
			"that usher runs as (%u), or root",
			path, (unsigned)st->st_uid, (unsigned)geteuid());
		return -EACCES;
	}
	if (st->st_mode & OTHERS) {
		snprintf(why, size,
			"%s, the key of the store's secrets, has mode %04o, so others may use it: "
			"'chmod 600 %s'",
			path, (unsigned)st->st_mode & 07777, path);
		return -EACCES;
	}
	return 0;
}

int key_file_read(const char *path, struct encrypt_key *ret, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int rc;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : said(-errno, path, "read", why, why_size);
	rc = fstat(fd, &st) < 0 ? said(-errno, path, "read", why, why_size)
				: judge(&st, path, why, why_size);
	if (!rc && read(fd, ret->bytes, ENCRYPT_KEY) != ENCRYPT_KEY)
		rc = said(-EIO, path, "read", why, why_size);
	close(fd);
	return rc;
}

/* What an end in the middle left is no key: nothing was encrypted with it. */
int key_file_make(const char *path, struct encrypt_key *ret, char *why, size_t why_size)
{
	struct encrypt_key key;
	int rc;

	draw_bytes(key.bytes, sizeof key.bytes);
	rc = whole_file_write(path, 0600, key.bytes, ENCRYPT_KEY);
	if (!rc)
		*ret = key;
	explicit_bzero(&key, sizeof key);
	return rc ? said(rc, path, "make", why, why_size) : 0;
}
