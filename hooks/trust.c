/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/trust.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *owner_error(const struct stat *st)
{
	return st->st_uid && st->st_uid != geteuid()
		? "it, or a folder above it, belongs to neither root nor the service's user"
		: NULL;
}

/* One part of a path that has no links in it. */
static const char *part_error(const char *path)
{
	struct stat st;
	bool sticky;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? "there is no such file" : "it cannot be examined";
	if (S_ISLNK(st.st_mode))
		return "its path changed while it was examined";
	sticky = S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
		return S_ISDIR(st.st_mode)
			? "users other than its owner may write to it, or to a folder above it"
			: "users other than its owner may write to it";
	return owner_error(&st);
}

const char *trust_error(const char *path, char ret_real[PATH_MAX])
{
	char real[PATH_MAX], kept;
	const char *error = NULL;

	if (!realpath(path, real))
		return errno == ENOENT ? "there is no such file" : "it cannot be examined";
	if (ret_real)
		memcpy(ret_real, real, sizeof real);
	error = part_error("/");
	for (size_t n = 1 + strcspn(real + 1, "/"); !error; n += 1 + strcspn(real + n + 1, "/")) {
		kept = real[n];
		real[n] = '\0';
		error = part_error(real);
		real[n] = kept;
		if (!kept)
			break;
	}
	return error;
}
