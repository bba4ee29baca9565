/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/paths.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Cuts the last `n` parts off a path. False: it has not so many. */
static bool go_up(char *path, int n)
{
	while (n--) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return false;
		*slash = '\0';
	}
	return true;
}

/* TREE/build/usher, as make leaves it: the tree's own profiles. */
static bool find_tree(char *buf, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return false;
	exe[n] = '\0';
	if (!go_up(exe, 2) || snprintf(buf, size, "%s/kickstart/profiles", exe) >= (int)size)
		return false;
	return !access(buf, R_OK | X_OK);
}

const char *paths_shipped_profiles(char *buf, size_t size)
{
	if (!find_tree(buf, size))
		snprintf(buf, size, "%s", USHER_DATA "/profiles");
	return buf;
}
