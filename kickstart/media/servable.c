/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/servable.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum reach {
	ALL,     /* it, what is in it, and what holds it */
	FOLDERS, /* the same, but images in it are fine: that is where people keep them */
	ITSELF,  /* it and what holds it: others' folders in it are fine */
};

static const struct {
	const char *path;
	enum reach reach;
} places[] = {
	{"/etc", ALL},
	{"/proc", ALL},
	{"/sys", ALL},
	{"/dev", ALL},
	{"/run", FOLDERS},
	{"/root", ALL},
	{"/var/log", ALL},
	{"/var/spool", ALL},
	{"/var/backups", ALL},
	{"/var/lib/libvirt", FOLDERS}, /* disks, seeds and secrets of guests */
	{"/var/lib/usher", ALL},
	{"/home", ITSELF},
	{"/tmp", ITSELF},
	{"/var/tmp", ITSELF},
};

/* Is `path` this folder, or inside it? */
static bool inside(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	while (n > 1 && folder[n - 1] == '/')
		n--;
	if (n == 1)
		return true;
	return strncmp(path, folder, n) == 0 && (!path[n] || path[n] == '/');
}

static bool is_hit(const char *place, enum reach reach, const char *path, bool image)
{
	if (inside(path, place))
		return true;
	return reach != ITSELF && !(reach == FOLDERS && image) && inside(place, path);
}

static int refuse(const char *path, const char *place, char *why, size_t why_size)
{
	snprintf(why, why_size,
		"%.300s is not served: everyone on the segment could read it, and %.300s belongs "
		"to the host; put the medium in a folder of its own, like /srv/media",
		path, place);
	return -EPERM;
}

/* A home itself holds keys and more; a folder in it is somebody's choice. */
static bool is_home(const char *path)
{
	const char *user = inside("/home", path) ? path + strlen("/home") : "";

	return *user == '/' && !strchr(user + 1, '/');
}

/* Where a desktop mounts what is put in: /run/media/USER/LABEL. */
static bool is_mounted_medium(const char *path)
{
	const char *at = inside("/run/media", path) ? path + strlen("/run/media") : "";

	return *at == '/' && strchr(at + 1, '/');
}

/* Our own copies of images lie in the state folder. */
static bool is_copy(const struct servable *s, const char *path, bool image)
{
	size_t n = strlen(s->state);
	const char *name = path + n + strlen("/media/");

	return image && strncmp(path, s->state, n) == 0 &&
		strncmp(path + n, "/media/", strlen("/media/")) == 0 && *name && *name != '.' &&
		!strchr(name, '/');
}

static bool folder_of(const char *file, char ret[PATH_MAX])
{
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (!slash || slash == file || slash - file >= PATH_MAX)
		return false;
	snprintf(ret, PATH_MAX, "%.*s", (int)(slash - file), file);
	return true;
}

/* What the configuration says is ours. NULL: the path is none of it. */
static const char *own_place(
	const struct servable *s, const char *path, bool image, char folder[PATH_MAX])
{
	if (is_hit(s->state, ALL, path, image))
		return s->state;
	if (s->hooks && is_hit(s->hooks, ALL, path, image))
		return s->hooks;
	/* a socket in /tmp makes that no other folder than it is */
	if (folder_of(s->socket, folder) && is_hit(folder, ITSELF, path, image))
		return folder;
	return NULL;
}

int servable_check(
	const struct servable *s, const char *path, bool image, char *why, size_t why_size)
{
	char folder[PATH_MAX];
	const char *own;

	if (is_copy(s, path, image))
		return 0;
	own = own_place(s, path, image, folder);
	if (own)
		return refuse(path, own, why, why_size);
	if (is_mounted_medium(path))
		return 0;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (is_hit(places[i].path, places[i].reach, path, image))
			return refuse(path, places[i].path, why, why_size);
	return !image && is_home(path) ? refuse(path, "a home", why, why_size) : 0;
}

bool servable_name(const char *path)
{
	static const char *const fine[] = {
		".disk", ".treeinfo", ".discinfo", ".composeinfo", ".buildstamp", ".productinfo"};

	for (; *path; path += strspn(path, "/")) {
		size_t n = strcspn(path, "/");
		bool known = *path != '.' || strspn(path, ".") == n; /* "..": not ours to judge */

		for (size_t i = 0; !known && i < sizeof fine / sizeof fine[0]; i++)
			known = strlen(fine[i]) == n && memcmp(path, fine[i], n) == 0;
		if (!known)
			return false;
		path += n;
	}
	return true;
}
