/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/write-image/label.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

int label_as_folder(const char *path)
{
	static const char name[] = "security.selinux";
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX], label[256];
	ssize_t n;

	if (snprintf(folder, sizeof folder, "%.*s/", slash ? (int)(slash - path) : 1,
		    slash ? path : ".") >= (int)sizeof folder)
		return -ENAMETOOLONG;
	n = getxattr(folder, name, label, sizeof label);
	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -errno;
	return lsetxattr(path, name, label, (size_t)n, 0) ? -errno : 0;
}
