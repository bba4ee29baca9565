#include "kickstart/media.h"

#include "kickstart/disc_shelf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PROGRAM_DIRS = 32 };

struct medium {
	char *name, *path;
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

const char *media_path(const struct media *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (strcmp(m->all[i].name, name) == 0)
			return m->all[i].path;
	return NULL;
}

int media_add(struct media *m, const char *name, const char *path)
{
	const char *was = media_path(m, name);
	struct medium new;

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
			"profile '%s': its medium '%s' is %s, and another's is %s", name,
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

int media_open_beneath(int root, const char *path, bool walk)
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

/* A file inside an ISO image: the image itself, at the place where the file begins. */
static int open_in_image(
	const char *image, const char *path, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	struct disc_span span;
	struct stat st;
	int rc, fd = open(image, OPEN_FLAGS);

	if (fd < 0)
		return -errno;
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

/* A regular file below the directory, or inside the image. */
static int open_file(
	const char *dir, const char *path, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	struct stat st;
	int fd, root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0 && errno == ENOTDIR)
		return open_in_image(dir, path, ret_fd, ret_size, ret_mtime);
	if (root < 0)
		return -errno;
	fd = media_open_beneath(root, path, false);
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

static const char *words_of(int error)
{
	return error == -EISDIR         ? "not a regular file"
		: error == -EXDEV       ? "leads out of its directory"
		: error == -EMEDIUMTYPE ? "its medium is neither a folder nor an ISO image"
		: error == -EIO         ? "its medium is damaged or not whole"
		: error == -EOPNOTSUPP  ? "lies in pieces in its image; copy the image to a folder"
					: strerror(-error);
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
		rc = open_file(dir, network, ret_fd, ret_size, ret_mtime);
	if (rc < 0 &&
		snprintf(signed_name, sizeof(signed_name), "%s.signed", name) <
			(int)sizeof(signed_name))
		rc = open_file(dir, signed_name, ret_fd, ret_size, ret_mtime);
	return rc < 0 ? open_file(dir, name, ret_fd, ret_size, ret_mtime) : rc;
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

static int open_named(
	const struct media *m, const char *path, int *ret_fd, uint64_t *ret_size, time_t *ret_mtime)
{
	char name[PROFILE_NAME];
	const char *dir;
	size_t n;

	if (strlen(path) > MEDIA_PATH_MAX)
		return -ENAMETOOLONG;
	n = strcspn(path, "/");
	if (!path[n])
		return open_program(m, path, ret_fd, ret_size, ret_mtime);
	if (n >= sizeof(name))
		return -ENOENT;
	memcpy(name, path, n);
	name[n] = '\0';
	path += n + strspn(path + n, "/");
	dir = media_path(m, name);
	if (!dir)
		return -ENOENT;
	return *path ? open_file(dir, path, ret_fd, ret_size, ret_mtime) : -EISDIR;
}

int media_open(struct media *m, const char *path, int *ret_fd, uint64_t *ret_size,
	time_t *ret_mtime, char *why, size_t why_size)
{
	int rc;

	path += strspn(path, "/");
	rc = open_named(m, path, ret_fd, ret_size, ret_mtime);
	if (rc < 0 && why)
		snprintf(why, why_size, "%.128s: %s", path, words_of(rc));
	return rc;
}

/* Names of files may depend on settings and the profile only. */
static json_t *check_context(const struct profile *p, const json_t *settings)
{
	json_t *set = json_object();
	size_t i;

	for (i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		json_t *v = json_object_get(settings, s->name);

		if (v)
			json_object_set(set, s->name, v);
		else
			json_object_set_new(set, s->name, json_string(s->def));
	}
	return json_pack("{s:o, s:{s:s, s:s}, s:{s:s}}", "set", set, "profile", "name", p->name,
		"title", p->title, "media", "name", p->media.name);
}

static int check_named(
	const struct profile *p, unsigned line, const char *name, char *why, size_t why_size)
{
	const struct profile_media *m = &p->media;
	uint64_t size;
	time_t mtime;
	int fd, rc;

	name += strspn(name, "/");
	rc = open_file(m->path, name, &fd, &size, &mtime);
	if (rc == 0)
		close(fd);
	else
		snprintf(why, why_size, "%s:%u: %s/%s: %s%s%s", p->file, line, m->path, name,
			words_of(rc),
			m->package       ? "; apt install "
				: m->fix ? "; run "
					 : "",
			m->package       ? m->package
				: m->fix ? m->fix
					 : "");
	return rc;
}

static int check_file(const struct profile *p, const json_t *context, const struct profile_text *t,
	char *why, size_t why_size)
{
	struct mustache_options o = {
		.file = p->file, .line = t->line, .line_only = true, .format = MUSTACHE_CMDLINE};
	char *name = NULL;
	int rc = mustache_render(t->text, context, &o, &name, why, why_size);

	if (rc == 0)
		rc = check_named(p, t->line, name, why, why_size);
	free(name);
	return rc;
}

/* Before there is a script there is a program, and that is ours to serve. */
static int check_programs(const struct profile *p, char *why, size_t why_size)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < PROFILE_FIRMWARES; i++) {
		if (p->programs[i] && !p->media.path) {
			snprintf(why, why_size,
				"%s:%u: boot program '%s': the medium is a URL, expected a folder "
				"or an ISO image",
				p->file, p->kernel.line, p->programs[i]);
			rc = -EINVAL;
		} else if (p->programs[i]) {
			rc = check_named(p, p->kernel.line, p->programs[i], why, why_size);
		}
	}
	return rc;
}

int media_check(const struct profile *p, const json_t *settings, char *why, size_t why_size)
{
	json_t *context;
	size_t i;
	int rc = check_programs(p, why, why_size);

	if (rc < 0 || !p->media.path)
		return rc;
	context = check_context(p, settings);
	if (!context) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	rc = check_file(p, context, &p->kernel, why, why_size);
	for (i = 0; rc == 0 && i < p->n_initrd; i++)
		rc = check_file(p, context, &p->initrd[i], why, why_size);
	json_decref(context);
	return rc;
}

int media_check_loaders(struct media *m, const struct profile *p, char *why, size_t why_size)
{
	const char *names[2];
	uint64_t size;
	time_t mtime;
	int fd;

	for (size_t i = 0; i < PROFILE_FIRMWARES; i++) {
		const struct profile_loader *l = p->loaders[i];

		names[0] = l ? l->program : NULL;
		names[1] = l ? l->next : NULL;
		for (size_t k = 0; l && k < 2; k++) {
			if (media_open(m, names[k], &fd, &size, &mtime, NULL, 0) < 0) {
				snprintf(why, why_size,
					"%s:%u: boot loader '%s' needs %s; apt install %s", p->file,
					p->kernel.line, l->word, names[k], l->package);
				return -ENOENT;
			}
			close(fd);
		}
	}
	return 0;
}
