/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/profile.h"
#include "kickstart/profile_xml.h"
#include "core/text.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct profile *profile_new(size_t settings, size_t shared, size_t files)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->settings = calloc(settings + 1, sizeof(*p->settings));
	p->shared = calloc(shared + 1, sizeof(*p->shared));
	p->files = calloc(files + 1, sizeof(*p->files));
	if (p->settings && p->shared && p->files)
		return p;
	profile_free(p);
	return NULL;
}

static void free_texts(struct profile *p)
{
	size_t i;

	free(p->title);
	free(p->file);
	free(p->media.path);
	free(p->media.url.text);
	free(p->media.package);
	free(p->media.fix);
	free(p->image.from);
	free(p->kernel.text);
	for (i = 0; i < PROFILE_INITRDS; i++)
		free(p->initrd[i].text);
	for (i = 0; i < PROFILE_FIRMWARES; i++)
		free(p->programs[i]);
	for (i = 0; i < sizeof(p->sums) / sizeof(p->sums[0]); i++)
		free(p->sums[i]);
	free(p->cmdline.text);
	for (i = 0; i < PROFILE_ANSWERS; i++) {
		free(p->answers[i].name);
		free(p->answers[i].template);
		free(p->answers[i].version);
	}
	for (i = 0; i < p->n_settings; i++) {
		free(p->settings[i].def);
		free(p->settings[i].help);
		free(p->settings[i].values);
	}
	free(p->domain);
	for (i = 0; i < p->n_files; i++) {
		free(p->files[i].name);
		free(p->files[i].text);
		free(p->files[i].path);
	}
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	if (!p->snapshot)
		free_texts(p);
	json_decref(p->media.files);
	json_decref(p->image.facts);
	json_decref(p->snapshot);
	free(p->settings);
	free(p->shared);
	free(p->files);
	free(p);
}

static const struct profile_loader loaders[] = {
	{"pxelinux", PROFILE_BIOS, "pxelinux.0", "ldlinux.c32", "pxelinux syslinux-common"},
	{"grub", PROFILE_EFI_X64, "shimx64.efi.signed", "grubx64.efi",
		"shim-signed grub-efi-amd64-signed"},
	{"grub", PROFILE_EFI_ARM64, "shimaa64.efi.signed", "grubaa64.efi",
		"shim-signed:arm64 grub-efi-arm64-signed:arm64"},
};

const struct profile_loader *profile_loader(const char *word, enum profile_firmware firmware)
{
	for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
		if (loaders[i].firmware == firmware && strcmp(loaders[i].word, word) == 0)
			return &loaders[i];
	return NULL;
}

const struct profile_loader *profile_loader_of(const char *program, enum profile_firmware firmware)
{
	for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
		if (loaders[i].firmware == firmware && strcmp(loaders[i].program, program) == 0)
			return &loaders[i];
	return NULL;
}

int profile_boot_signed(struct profile *p, char *why, size_t why_size)
{
	if (p->programs[PROFILE_EFI_X64] || p->loaders[PROFILE_EFI_X64])
		return 0;
	if (p->media.url.text) {
		snprintf(why, why_size,
			"%s:%u: Secure Boot needs a signed boot loader, which cannot load by URL: import the medium, or "
			"choose the firmware efi",
			p->file, p->media.url.line);
		return -EINVAL;
	}
	p->loaders[PROFILE_EFI_X64] = profile_loader("grub", PROFILE_EFI_X64);
	return 0;
}

int profile_set_media(struct profile *p, const char *path, const char *url, json_t *files)
{
	char *path_copy = path ? strdup(path) : NULL, *url_copy = url ? strdup(url) : NULL;

	assert(!p->snapshot);
	if (!path_copy == !url_copy) {
		free(path_copy);
		free(url_copy);
		return -ENOMEM;
	}
	free(p->media.path);
	free(p->media.url.text);
	json_decref(p->media.files);
	p->media.path = path_copy;
	p->media.url.text = url_copy;
	p->media.files = json_incref(files);
	return 0;
}

void profile_set_image(struct profile *p, json_t *facts)
{
	json_decref(p->image.facts);
	p->image.facts = json_incref(facts);
}

const struct profile_setting *profile_setting(const struct profile *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n_settings; i++)
		if (strcmp(p->settings[i].name, name) == 0)
			return &p->settings[i];
	return NULL;
}

const struct profile_answers *profile_answers(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->n_answers; i++)
		if (strcmp(p->answers[i].name, name) == 0)
			return &p->answers[i];
	return NULL;
}

const char *profile_file(const struct profile *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i].name, name) == 0)
			return p->files[i].text;
	return NULL;
}

const char *profile_file_path(const struct profile *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i].name, name) == 0)
			return p->files[i].path;
	return NULL;
}

/* Reading the templates: a list that grows by the partials of what is on it. */
struct loading {
	struct profile *p;
	const char *dir;
	const char *const *shared; /* where partials may lie besides, ended by NULL */
	const char *for_file;      /* who asks, for messages */
	char *why;
	size_t why_size;
};

/* Of a folder: -ENOENT when it is not there. */
static int read_file(const char *dir, const char *name, size_t max, char **ret)
{
	int rc, fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	rc = text_read_file(fd, name, max, ret);
	close(fd);
	return rc;
}

/* Takes over `text`; the path is to tell where it is not the profile's own. */
static int add_file(struct loading *l, const char *dir, const char *name, char *text)
{
	struct profile *p = l->p;
	struct profile_file f = {.name = strdup(name), .text = text};
	int rc = f.name ? 0 : -ENOMEM;

	if (p->n_files == PROFILE_FILES) {
		snprintf(l->why, l->why_size, "%s: more than %d templates", p->file, PROFILE_FILES);
		rc = -EFBIG;
	}
	if (rc == 0 && dir != l->dir && asprintf(&f.path, "%s/%s", dir, name) < 0)
		rc = -ENOMEM;
	if (rc < 0) {
		free(f.name);
		free(f.text);
		return rc;
	}
	p->files[p->n_files++] = f;
	return 0;
}

static bool plain_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/');
}

/* Two answer files may have one template. */
static int load_answers(struct loading *l, const char *name)
{
	char *text = NULL;
	int rc;

	if (profile_file(l->p, name))
		return 0;
	rc = plain_name(name) ? read_file(l->dir, name, PROFILE_FILE_MAX, &text) : -EINVAL;
	if (rc == 0)
		return add_file(l, l->dir, name, text);
	if (rc < 0)
		snprintf(l->why, l->why_size, "%s: the template '%s' cannot be read: %s",
			l->p->file, name,
			rc == -EINVAL ? "expected a text file in the profile's directory"
				      : strerror(-rc));
	return rc;
}

/* A name in `dir` that `name` may have been meant for; `best` holds it. */
static void nearest_in(const char *dir, const char *name, char best[NAME_MAX + 1])
{
	DIR *d = opendir(dir);
	const char *near = *best ? best : NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		text_nearer(name, plain_name(e->d_name) ? e->d_name : "", &near);
		if (near && near != best) {
			snprintf(best, NAME_MAX + 1, "%s", near);
			near = best;
		}
	}
	if (d)
		closedir(d);
}

static int no_partial(const struct loading *l, const char *name, unsigned line, unsigned col)
{
	char best[NAME_MAX + 1] = "";
	struct text t;
	size_t i;

	text_init(&t, l->why_size);
	nearest_in(l->dir, name, best);
	for (i = 0; l->shared[i]; i++)
		nearest_in(l->shared[i], name, best);
	text_printf(&t, "%s:%u:%u: no partial '%s'", l->for_file, line, col, name);
	if (*best)
		text_printf(&t, " (did you mean '%s'?)", best);
	text_printf(&t, " in %s", l->dir);
	for (i = 0; l->shared[i]; i++)
		text_printf(&t, ", %s", l->shared[i]);
	snprintf(l->why, l->why_size, "%s", t.s ? t.s : "out of memory");
	text_fini(&t);
	return -ENOENT;
}

/* The profile's own folder goes first, then the shared ones in their order. -ENOENT with `why`: there is none
 * in any. *ret_dir is where it was. */
static int find_partial(struct loading *l, const char *name, unsigned line, unsigned col,
	const char **ret_dir, char **ret)
{
	const char *dir = l->dir;
	size_t i;
	int rc = read_file(dir, name, PROFILE_FILE_MAX, ret);

	for (i = 0; rc == -ENOENT && l->shared[i]; i++)
		rc = read_file(dir = l->shared[i], name, PROFILE_FILE_MAX, ret);
	if (rc == -ENOENT)
		return no_partial(l, name, line, col);
	if (rc < 0)
		snprintf(l->why, l->why_size, "%s:%u:%u: the partial %s/%s cannot be read: %s",
			l->for_file, line, col, dir, name,
			rc == -EINVAL ? "expected a text file" : strerror(-rc));
	*ret_dir = dir;
	return rc;
}

static int load_partial(void *arg, const char *name, unsigned line, unsigned col)
{
	struct loading *l = arg;
	const char *dir = NULL;
	char *text = NULL;
	int rc;

	if (profile_file(l->p, name))
		return 0;
	if (!plain_name(name)) {
		snprintf(l->why, l->why_size,
			"%s:%u:%u: the partial '%s' leaves its folder, expected a file's name",
			l->for_file, line, col, name);
		return -EINVAL;
	}
	rc = find_partial(l, name, line, col, &dir, &text);
	return rc < 0 ? rc : add_file(l, dir, name, text);
}

static int load_partials_of(struct loading *l, size_t i)
{
	const struct profile_file *f = &l->p->files[i];
	struct mustache_options o = {0};
	char *path;
	int rc;

	if (asprintf(&path, "%s%s%s", f->path ? "" : l->dir, f->path ? "" : "/",
		    f->path ? f->path : f->name) < 0)
		return -ENOMEM;
	o.file = l->for_file = path;
	rc = mustache_partials(f->text, &o, load_partial, l, l->why, l->why_size);
	free(path);
	return rc;
}

/* The settings that it shares with other profiles. */
static int load_settings(struct loading *l, size_t n)
{
	const char *name = l->p->shared[n].name, *dir = NULL;
	char *xml = NULL, *path = NULL;
	int rc;

	l->for_file = l->p->file;
	rc = find_partial(l, name, l->p->shared[n].line, 1, &dir, &xml);
	if (rc == 0 && asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		rc = -ENOMEM;
	}
	if (rc == 0)
		rc = profile_xml_settings(l->p, path, xml, l->why, l->why_size);
	free(path);
	free(xml);
	return rc;
}

static int load_files(
	struct profile *p, const char *dir, const char *const *shared, char *why, size_t why_size)
{
	struct loading l = {.p = p, .dir = dir, .shared = shared, .why = why, .why_size = why_size};
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < p->n_shared; i++)
		rc = load_settings(&l, i);
	for (i = 0; rc == 0 && i < p->n_answers; i++)
		rc = load_answers(&l, p->answers[i].template);
	for (i = 0; rc == 0 && i < p->n_files; i++)
		rc = load_partials_of(&l, i);
	return rc;
}

/* The last part of the path, as given: a symbolic link may be the name. */
static int check_dir_name(
	const struct profile *p, const char *given, const char *dir, char *why, size_t why_size)
{
	char *copy = strdup(given);
	const char *base = copy ? basename(copy) : NULL;
	int rc = 0;

	if (!base)
		return -ENOMEM;
	if (strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		base = strrchr(dir, '/') + 1;
	if (strcmp(base, p->name) != 0) {
		snprintf(why, why_size,
			"%s:1: the name is '%s', expected '%s' as the directory has it", p->file,
			p->name, base);
		rc = -EINVAL;
	}
	free(copy);
	return rc;
}

static int read_into(struct profile *p, const char *given, const char *dir,
	const char *const *shared, char *why, size_t why_size)
{
	char *xml = NULL;
	int rc = read_file(dir, "profile.xml", PROFILE_XML_MAX, &xml);

	if (rc < 0)
		snprintf(why, why_size, "%s: %s", p->file, strerror(-rc));
	if (rc == 0)
		rc = profile_xml_read(p, dir, xml, why, why_size);
	if (rc == 0)
		rc = check_dir_name(p, given, dir, why, why_size);
	if (rc == 0)
		rc = load_files(p, dir, shared, why, why_size);
	free(xml);
	return rc;
}

int profile_read_with(const char *given, const char *const *shared, struct profile **ret, char *why,
	size_t why_size)
{
	struct profile *p = NULL;
	char *dir = realpath(given, NULL);
	int rc = 0;

	if (!dir) {
		rc = -errno;
		snprintf(why, why_size, "%s: %s", given, strerror(-rc));
		return rc;
	}
	snprintf(why, why_size, "%s: out of memory", given);
	p = profile_new(PROFILE_SETTINGS, PROFILE_SHARED, PROFILE_FILES);
	if (!p || asprintf(&p->file, "%s/profile.xml", dir) < 0) {
		if (p)
			p->file = NULL;
		rc = -ENOMEM;
		goto out;
	}
	p->boots = PROFILE_BOOTS;
	p->timeout_s = PROFILE_TIMEOUT_S;
	rc = read_into(p, given, dir, shared, why, why_size);
out:
	if (rc < 0)
		profile_free(p);
	else
		*ret = p;
	free(dir);
	return rc;
}

int profile_read(const char *dir, struct profile **ret, char *why, size_t why_size)
{
	const char *shared[] = {NULL, NULL};
	char *beside;
	int rc;

	if (asprintf(&beside, "%s/../../" PROFILE_PARTIALS, dir) < 0) {
		snprintf(why, why_size, "%s: out of memory", dir);
		return -ENOMEM;
	}
	shared[0] = beside;
	rc = profile_read_with(dir, shared, ret, why, why_size);
	free(beside);
	return rc;
}
