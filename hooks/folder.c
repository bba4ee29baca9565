/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/folder.h"

#include "core/log.h"
#include "hooks/hooks.h"
#include "hooks/run.h"
#include "hooks/trust.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int folder_init(struct folder *f, const char *path)
{
	*f = (struct folder){.path = strdup(path)};
	return f->path ? 0 : -ENOMEM;
}

static void free_files(struct folder_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(files[i].name);
	free(files);
}

void folder_fini(struct folder *f)
{
	free_files(f->files, f->n_files);
	free(f->path);
	*f = (struct folder){0};
}

/* Who may write to the folder may put a program of his own into it. */
static const char *folder_error(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? NULL : "it cannot be examined";
	if (!S_ISDIR(st.st_mode))
		return "it is not a folder";
	if (st.st_mode & (S_IWGRP | S_IWOTH)) /* sticky or not: a new file is enough */
		return "users other than its owner may write to it";
	return trust_error(path, NULL);
}

/* Hidden files and an editor's copies are nobody's hooks. */
static int is_candidate(const struct dirent *d)
{
	return d->d_name[0] != '.' && d->d_name[strlen(d->d_name) - 1] != '~';
}

/* Bytes, whatever the locale is. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static const char *file_error(const char *dir, const char *name, size_t place)
{
	char path[PATH_MAX];

	if (place >= HOOKS_FILES_MAX)
		return "too many hooks";
	if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path)
		return "its path is too long";
	return run_file_error(path);
}

static const char *error_before(const struct folder *f, const char *name)
{
	for (size_t i = 0; i < f->n_files; i++)
		if (strcmp(f->files[i].name, name) == 0)
			return f->files[i].error;
	return NULL;
}

static bool same_error(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static size_t take_names(
	const struct folder *f, struct dirent **found, size_t n, struct folder_file *to)
{
	size_t taken = 0;

	for (size_t i = 0; i < n; i++) {
		struct folder_file *file = &to[taken];

		file->name = strdup(found[i]->d_name);
		if (!file->name)
			continue;
		file->error = file_error(f->path, file->name, taken++);
		if (file->error && !same_error(file->error, error_before(f, file->name)))
			log_warn("hook %s/%s is skipped: %s", f->path, file->name, file->error);
	}
	return taken;
}

static void read_files(struct folder *f)
{
	struct dirent **found = NULL;
	int n = f->error ? 0 : scandir(f->path, &found, is_candidate, by_name);
	struct folder_file *files = n > 0 ? calloc((size_t)n, sizeof *files) : NULL;
	size_t taken = files ? take_names(f, found, (size_t)n, files) : 0;

	free_files(f->files, f->n_files);
	f->files = files;
	f->n_files = taken;
	for (int i = 0; i < n; i++)
		free(found[i]);
	free(found);
}

void folder_refresh(struct folder *f, int64_t now, int64_t age_ms)
{
	const char *error;

	if (f->read && now - f->read_at <= age_ms)
		return;
	error = folder_error(f->path);
	if (error && !same_error(error, f->error))
		log_warn("hooks folder %s is not used: %s", f->path, error);
	f->error = error;
	read_files(f);
	f->read = true;
	f->read_at = now;
}

const char *folder_next(const struct folder *f, const char *after)
{
	for (size_t i = 0; i < f->n_files; i++)
		if (!f->files[i].error && strcmp(f->files[i].name, after) > 0)
			return f->files[i].name;
	return NULL;
}
