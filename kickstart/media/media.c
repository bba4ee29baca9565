/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/media.h"

#include "kickstart/media/image_file.h"
#include "kickstart/media/media_file.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAM_DIRS = 32 };

struct medium {
	char *name, *path;
	bool fixed; /* media_file_open() */
};

struct media {
	atomic_uint refs;
	struct medium all[MEDIA_MAX];
	size_t count;
	char *programs[PROGRAM_DIRS];
	size_t n_programs;
};

int media_new(struct media **ret)
{
	struct media *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	atomic_init(&m->refs, 1);
	*ret = m;
	return 0;
}

struct media *media_ref(struct media *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

void media_unref(struct media *m)
{
	size_t i;

	if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < m->count; i++) {
		free(m->all[i].name);
		free(m->all[i].path);
	}
	for (i = 0; i < m->n_programs; i++)
		free(m->programs[i]);
	free(m);
}

static const struct medium *find(const struct media *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (strcmp(m->all[i].name, name) == 0)
			return &m->all[i];
	return NULL;
}

const char *media_path(const struct media *m, const char *name)
{
	const struct medium *found = find(m, name);

	return found ? found->path : NULL;
}

static int add(struct media *m, const char *name, const char *path, bool fixed)
{
	const char *was = media_path(m, name);
	struct medium new = {.fixed = fixed};

	if (!*name || *name == '.' || strchr(name, '/') || *path != '/')
		return -EINVAL;
	if (was)
		return strcmp(was, path) == 0 ? 0 : -EEXIST;
	if (m->count == MEDIA_MAX)
		return -ENOSPC;
	new.name = strdup(name);
	new.path = strdup(path);
	if (!new.name || !new.path) {
		free(new.name);
		free(new.path);
		return -ENOMEM;
	}
	m->all[m->count++] = new;
	return 0;
}

int media_add(struct media *m, const char *name, const char *path)
{
	return add(m, name, path, false);
}

int media_add_fixed(struct media *m, const char *name, const char *path)
{
	return add(m, name, path, true);
}

int media_add_programs(struct media *m, const char *dir)
{
	char *copy;

	if (m->n_programs == PROGRAM_DIRS)
		return -ENOSPC;
	copy = strdup(dir);
	if (!copy)
		return -ENOMEM;
	m->programs[m->n_programs++] = copy;
	return 0;
}

int media_add_usual_programs(struct media *m)
{
	static const char *const dirs[] = {
		"/usr/lib/ipxe",
		"/usr/share/ipxe", /* Fedora */
		"/usr/lib/PXELINUX",
		"/usr/lib/syslinux/modules/bios",
		"/usr/share/syslinux", /* Fedora */
		"/usr/lib/shim",
		"/usr/lib/grub/x86_64-efi-signed",
		"/usr/lib/grub/arm64-efi-signed",
		"/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64",
	};
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		rc = media_add_programs(m, dirs[i]);
	return rc;
}

struct adding {
	struct media *m;
	void (*complain)(void *arg, const char *line);
	void *arg;
};

static int add_profile(void *arg, const char *name, const struct profile *p, const char *why)
{
	struct adding *a = arg;
	char line[512];
	int rc = 0;

	if (p && p->media.path)
		rc = media_add(a->m, p->media.name, p->media.path);
	if (rc == -EEXIST)
		snprintf(line, sizeof(line),
			"profile '%s': its medium '%s' is %s, but another profile's is %s", name,
			p->media.name, p->media.path, media_path(a->m, p->media.name));
	else if (rc < 0)
		snprintf(line, sizeof(line), "profile '%s': its medium cannot be added: %s", name,
			strerror(-rc));
	if ((!p || rc < 0) && a->complain)
		a->complain(a->arg, p ? line : why);
	return rc == -ENOMEM ? rc : 0;
}

int media_add_profiles(struct media *m, const struct profiles *ps,
	void (*complain)(void *arg, const char *line), void *arg)
{
	struct adding a = {.m = m, .complain = complain, .arg = arg};
	int rc = profiles_list(ps, add_profile, &a);

	return rc < 0 ? rc : media_add_usual_programs(m);
}

/* shim asks for grubx64.efi, and the one that can load from a network goes by another name. */
static const char *network_name(const char *name)
{
	return strcmp(name, "grubx64.efi") == 0     ? "grubnetx64.efi.signed"
		: strcmp(name, "grubaa64.efi") == 0 ? "grubnetaa64.efi.signed"
						    : NULL;
}

/* In one directory. Debian names what is signed X.signed; X beside it is the same, and not signed. */
static int open_program_in(
	const char *dir, const char *name, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	const char *network = network_name(name);
	char signed_name[NAME_MAX + 1];
	int rc = -ENOENT;

	if (network)
		rc = media_file_open(dir, false, network, ret_fd, ret_size, ret_mtime);
	if (rc < 0 &&
		snprintf(signed_name, sizeof(signed_name), "%s.signed", name) <
			(int)sizeof(signed_name))
		rc = media_file_open(dir, false, signed_name, ret_fd, ret_size, ret_mtime);
	return rc < 0 ? media_file_open(dir, false, name, ret_fd, ret_size, ret_mtime) : rc;
}

static int open_program(
	const struct media *m, const char *name, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	int rc = -ENOENT;
	size_t i;

	if (!*name || *name == '.')
		return -ENOENT;
	for (i = 0; rc < 0 && i < m->n_programs; i++)
		rc = open_program_in(m->programs[i], name, ret_fd, ret_size, ret_mtime);
	return rc < 0 ? -ENOENT : 0;
}

/* "NAME.iso" or "NAME.img": the image itself. -EISDIR: that medium is a folder. */
static int open_image(
	const struct media *m, const char *name, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	static_assert(sizeof(MEDIA_IMAGE) == sizeof(IMAGE_FILE_TAIL), "both are cut off alike");
	size_t n = strlen(name), tail = strlen(MEDIA_IMAGE);
	char medium[PROFILE_NAME];
	const struct medium *found;

	if (n <= tail || n - tail >= sizeof(medium) ||
		(strcmp(name + n - tail, MEDIA_IMAGE) != 0 &&
			strcmp(name + n - tail, IMAGE_FILE_TAIL) != 0))
		return -ENOENT;
	snprintf(medium, sizeof(medium), "%.*s", (int)(n - tail), name);
	found = find(m, medium);
	return found ? media_file_whole(found->path, found->fixed, ret_fd, ret_size, ret_mtime)
		     : -ENOENT;
}

static int open_named(
	const struct media *m, const char *path, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	char name[PROFILE_NAME];
	const struct medium *found;
	size_t n;

	if (strlen(path) > MEDIA_PATH_MAX)
		return -ENAMETOOLONG;
	n = strcspn(path, "/");
	if (!path[n]) {
		int rc = open_program(m, path, ret_fd, ret_size, ret_mtime);

		return rc == -ENOENT ? open_image(m, path, ret_fd, ret_size, ret_mtime) : rc;
	}
	if (n >= sizeof(name))
		return -ENOENT;
	memcpy(name, path, n);
	name[n] = '\0';
	path += n + strspn(path + n, "/");
	found = find(m, name);
	if (!found)
		return -ENOENT;
	return *path ? media_file_open(found->path, found->fixed, path, ret_fd, ret_size, ret_mtime)
		     : -EISDIR;
}

int media_open(struct media *m, const char *path, int *ret_fd, uint64_t *ret_size,
	time_t *ret_mtime, char *why, size_t why_size)
{
	int rc;

	path += strspn(path, "/");
	rc = open_named(m, path, ret_fd, ret_size, ret_mtime);
	if (rc < 0 && why)
		snprintf(why, why_size, "%.128s: %s", path, media_file_words(rc));
	return rc;
}
