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

/* TREE/build/usher, as make leaves it: the tree's own. */
static bool find_in_tree(const char *folder, char *buf, size_t size)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n <= 0)
		return false;
	exe[n] = '\0';
	if (!go_up(exe, 2) || snprintf(buf, size, "%s/%s", exe, folder) >= (int)size)
		return false;
	return !access(buf, R_OK | X_OK);
}

const char *paths_shipped_profiles(char *buf, size_t size)
{
	if (!find_in_tree("kickstart/profiles", buf, size))
		snprintf(buf, size, "%s", USHER_DATA "/profiles");
	return buf;
}

const char *paths_web(char *buf, size_t size)
{
	if (!find_in_tree("web", buf, size))
		snprintf(buf, size, "%s", USHER_DATA "/web");
	return buf;
}
