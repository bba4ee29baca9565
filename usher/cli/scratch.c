/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char tail[] = "/usher-XXXXXX";

int scratch_init(struct scratch *s)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir || strlen(dir) > sizeof s->dir - sizeof tail)
		dir = "/tmp";
	snprintf(s->dir, sizeof s->dir, "%s%s", dir, tail);
	if (mkdtemp(s->dir)) /* 0700 */
		return 0;
	s->dir[strlen(dir)] = '\0';
	return -errno;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	(void)st;
	(void)type;
	(void)w;
	remove(path);
	return 0; /* the others too */
}

void scratch_fini(struct scratch *s)
{
	nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

const char *scratch_path(const struct scratch *s, const char *name, char buf[SCRATCH_PATH])
{
	snprintf(buf, SCRATCH_PATH, "%s/%s", s->dir, name);
	return buf;
}

static int write_all(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n) {
		ssize_t w = write(fd, text, n);

		if (w < 0 && errno != EINTR)
			return -errno;
		text += w > 0 ? w : 0;
		n -= w > 0 ? (size_t)w : 0;
	}
	return 0;
}

int scratch_write(const struct scratch *s, const char *name, const char *text)
{
	char path[SCRATCH_PATH];
	int rc,
		fd = open(scratch_path(s, name, path),
			O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	rc = write_all(fd, text);
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}
