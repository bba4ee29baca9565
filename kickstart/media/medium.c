/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/medium.h"

#include "kickstart/media/disc.h"
#include "kickstart/media/image_file.h"
#include "kickstart/media/media_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Access */

/* The first part of the path that we may not pass, with what it takes. */
static int explain_access(const char *path, const char *user, char *why, size_t why_size)
{
	char part[PATH_MAX];
	struct stat st;
	size_t n;

	for (n = 1; path[n]; n += strcspn(path + n, "/")) {
		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS) && errno == EACCES) {
			snprintf(why, why_size,
				"user '%s' may not enter %s: setfacl -m u:%s:x %s, or import it "
				"with --copy",
				user, part, user, part);
			return -EACCES;
		}
		n += strspn(path + n, "/");
	}
	if (stat(path, &st)) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return -errno;
	}
	snprintf(why, why_size,
		"user '%s' may not read %s: setfacl -m u:%s:%s %s, or import it with --copy", user,
		path, user, S_ISDIR(st.st_mode) ? "rx" : "r", path);
	return -EACCES;
}

static int open_medium(
	const char *path, bool fixed, const char *user, struct stat *st, char *why, size_t why_size)
{
	int fd = media_file_root(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, fixed);

	if (fd == -EACCES)
		return explain_access(path, user, why, why_size);
	if (fd < 0 || fstat(fd, st)) {
		int rc = fd < 0 ? fd : -errno;

		snprintf(why, why_size, "%s: %s", path, strerror(-rc));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		return fd;
	close(fd);
	snprintf(why, why_size, "%s: neither a folder nor an ISO image", path);
	return -EMEDIUMTYPE;
}

/* Volume identifier and volume creation date and time of the primary descriptor. */
static void take_id(int fd, char ret[MEDIUM_ID])
{
	enum { PRIMARY = 16 * DISC_BLOCK, VOLUME = 40, VOLUME_LEN = 32, MADE = 813, MADE_LEN = 16 };
	char block[DISC_BLOCK];
	size_t n = 0;

	*ret = '\0';
	if (pread(fd, block, sizeof(block), PRIMARY) != sizeof(block))
		return;
	for (int i = 0; i < VOLUME_LEN + MADE_LEN; i++) {
		char c = block[i < VOLUME_LEN ? VOLUME + i : MADE + i - VOLUME_LEN];

		if (c > ' ' && c < 127)
			ret[n++] = c;
		else if (n && ret[n - 1] != ' ')
			ret[n++] = ' ';
		if (i == VOLUME_LEN - 1 && n && ret[n - 1] != ' ')
			ret[n++] = ' ';
	}
	while (n && ret[n - 1] == ' ')
		n--;
	ret[n] = '\0';
}

/* Recognition */

struct root {
	const char *path;
	bool fixed;
};

static int read_file(void *arg, const char *path, char *buf, size_t size)
{
	const struct root *root = arg;
	uint64_t length;
	time_t mtime;
	ssize_t n;
	int fd, rc = media_file_open(root->path, root->fixed, path, &fd, &length, &mtime);

	if (rc < 0)
		return rc;
	n = read(fd, buf, length < size - 1 ? (size_t)length : size - 1);
	rc = n < 0 ? -errno : 0;
	buf[n < 0 ? 0 : n] = '\0';
	close(fd);
	return rc;
}

static bool has_file(void *arg, const char *path)
{
	const struct root *root = arg;
	uint64_t length;
	time_t mtime;
	int fd;

	if (media_file_open(root->path, root->fixed, path, &fd, &length, &mtime) < 0)
		return false;
	close(fd);
	return true;
}

/* What is no disk either is neither. */
static int read_disk(int fd, const char *path, struct medium *m, char *why, size_t why_size)
{
	char fault[160];
	int rc = image_file_look(fd, m->size, &m->disk_size, fault, sizeof(fault));

	m->disk = rc == 0;
	if (m->disk) {
		*m->id = '\0';
		m->what = (struct recognised){.by = "its partition table", .title = "Disk image"};
	} else {
		snprintf(why, why_size, "%s: not an ISO image; and no disk image: %s", path, fault);
	}
	return rc;
}

/* Its root is never a file: that is the answer of an image that can be read. */
static int read_image(const char *path, bool fixed, char *why, size_t why_size)
{
	uint64_t length;
	time_t mtime;
	int fd, rc = media_file_open(path, fixed, "/", &fd, &length, &mtime);

	if (rc == -EISDIR)
		return 0;
	snprintf(why, why_size, "%s: %s", path,
		rc == -EMEDIUMTYPE ? "not an ISO image" : media_file_words(rc));
	return rc;
}

int medium_inspect(const char *path, bool fixed, const char *user, struct medium *ret, char *why,
	size_t why_size)
{
	struct root root = {ret->path, fixed};
	struct recognise_reader r = {&root, read_file, has_file};
	struct stat st;
	int rc, fd;

	*ret = (struct medium){0};
	if (*path != '/' ||
		snprintf(ret->path, sizeof(ret->path), "%s", path) >= (int)sizeof(ret->path)) {
		snprintf(why, why_size, "'%.200s' is no absolute path", path);
		return -EINVAL;
	}
	fd = open_medium(path, fixed, user, &st, why, why_size);
	if (fd < 0)
		return fd;
	ret->image = S_ISREG(st.st_mode);
	if (ret->image) {
		ret->size = (uint64_t)st.st_size;
		take_id(fd, ret->id);
	}
	if (!ret->image && faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS)) {
		close(fd);
		return explain_access(path, user, why, why_size);
	}
	rc = ret->image ? read_image(path, fixed, why, why_size) : 0;
	if (rc == -EMEDIUMTYPE)
		rc = read_disk(fd, path, ret, why, why_size);
	close(fd);
	if (rc == 0 && !ret->disk)
		recognise(&r, &ret->what);
	return rc;
}

/* Touched or copied it may have been; its size and its making are what counts. */
int medium_look(const struct medium *m, const char *user, char *why, size_t why_size)
{
	char id[MEDIUM_ID] = "";
	struct stat st;
	int fd = open_medium(m->path, m->imported_ms, user, &st, why, why_size);
	bool same;

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	if (m->image && !m->disk && S_ISREG(st.st_mode))
		take_id(fd, id);
	close(fd);
	same = m->image
		? S_ISREG(st.st_mode) && m->size == (uint64_t)st.st_size && strcmp(m->id, id) == 0
		: S_ISDIR(st.st_mode);
	if (same)
		return 0;
	snprintf(why, why_size,
		"medium '%s': %s has changed since it was imported: run 'usher import --replace "
		"--name %s %s'",
		m->name, m->path, m->name, m->path);
	return -ESTALE;
}

const char *medium_state(int rc)
{
	return rc == 0          ? "ready"
		: rc == -ENOENT ? "gone"
		: rc == -ESTALE ? "changed"
		: rc == -EACCES ? "unreadable"
				: "broken";
}

/* JSON */

json_t *medium_files(const struct medium *m)
{
	const struct recognised *w = &m->what;

	return json_pack("{s:s*, s:s*, s:s*, s:s*}", "kernel", *w->kernel ? w->kernel : NULL,
		"initrd", *w->initrd ? w->initrd : NULL, "shim", *w->shim ? w->shim : NULL, "grub",
		*w->grub ? w->grub : NULL);
}

json_t *medium_to_json(const struct medium *m)
{
	const struct recognised *w = &m->what;

	return json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:s, s:I, s:s*, s:I, s:s, s:s, s:s, s:s, "
			 "s:s, s:o}",
		"name", m->name, "path", m->path, "kind",
		m->disk            ? "disk"
			: m->image ? "image"
				   : "folder",
		"copied", m->copied, "disk_size", (json_int_t)m->disk_size, "size",
		(json_int_t)m->size, "id", m->id, "imported_ms", (json_int_t)m->imported_ms,
		"sha256", *m->sum ? m->sum : NULL, "verified_ms", (json_int_t)m->verified_ms,
		"title", w->title, "distribution", w->distribution, "version", w->version, "arch",
		w->arch, "recognised_by", w->by, "files", medium_files(m));
}

json_t *medium_image(const struct medium *m)
{
	return json_pack("{s:I, s:I, s:s}", "size", (json_int_t)m->disk_size, "packed_size",
		(json_int_t)m->size, "sha256", m->sum);
}

static void take(const json_t *from, const char *key, char *ret, size_t size, bool *fits)
{
	const char *s = json_string_value(json_object_get(from, key));

	if (snprintf(ret, size, "%s", s ? s : "") >= (int)size)
		*fits = false;
}

int medium_from_json(const json_t *j, struct medium *ret)
{
	const json_t *files = json_object_get(j, "files");
	struct recognised *w = &ret->what;
	char kind[16];
	bool fits = true;

	*ret = (struct medium){0};
	take(j, "name", ret->name, sizeof(ret->name), &fits);
	take(j, "path", ret->path, sizeof(ret->path), &fits);
	take(j, "kind", kind, sizeof(kind), &fits);
	take(j, "id", ret->id, sizeof(ret->id), &fits);
	take(j, "sha256", ret->sum, sizeof(ret->sum), &fits);
	take(j, "title", w->title, sizeof(w->title), &fits);
	take(j, "distribution", w->distribution, sizeof(w->distribution), &fits);
	take(j, "version", w->version, sizeof(w->version), &fits);
	take(j, "arch", w->arch, sizeof(w->arch), &fits);
	take(j, "recognised_by", w->by, sizeof(w->by), &fits);
	take(files, "kernel", w->kernel, sizeof(w->kernel), &fits);
	take(files, "initrd", w->initrd, sizeof(w->initrd), &fits);
	take(files, "shim", w->shim, sizeof(w->shim), &fits);
	take(files, "grub", w->grub, sizeof(w->grub), &fits);
	ret->disk = strcmp(kind, "disk") == 0;
	ret->image = ret->disk || strcmp(kind, "image") == 0;
	ret->disk_size = (uint64_t)json_integer_value(json_object_get(j, "disk_size"));
	ret->copied = json_is_true(json_object_get(j, "copied"));
	ret->size = (uint64_t)json_integer_value(json_object_get(j, "size"));
	ret->imported_ms = json_integer_value(json_object_get(j, "imported_ms"));
	ret->verified_ms = json_integer_value(json_object_get(j, "verified_ms"));
	return fits && *ret->name && *ret->path == '/' ? 0 : -EPROTO;
}
