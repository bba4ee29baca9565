/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/profiles.h"
#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void profiles_init(struct profiles *ps)
{
	*ps = (struct profiles){0};
}

void profiles_fini(struct profiles *ps)
{
	size_t i;

	for (i = 0; i < ps->n_paths; i++)
		free(ps->paths[i]);
	*ps = (struct profiles){0};
}

int profiles_add_path(struct profiles *ps, const char *dir)
{
	char *copy;

	if (ps->n_paths == PROFILES_PATHS)
		return -ENOSPC;
	copy = strdup(dir);
	if (!copy)
		return -ENOMEM;
	ps->paths[ps->n_paths++] = copy;
	return 0;
}

void profiles_names_free(char **names)
{
	size_t i;

	for (i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

/* The directory of the profile, heap; NULL when PATH/NAME/profile.xml is not there (or no
 * memory). */
static char *profile_dir(const char *path, const char *name)
{
	char *file, *dir = NULL;

	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) >= PROFILE_NAME)
		return NULL;
	if (asprintf(&file, "%s/%s/profile.xml", path, name) < 0)
		return NULL;
	if (access(file, F_OK) == 0 && asprintf(&dir, "%s/%s", path, name) < 0)
		dir = NULL;
	free(file);
	return dir;
}

static bool known(char **names, size_t n, const char *name)
{
	while (n > 0)
		if (strcmp(names[--n], name) == 0)
			return true;
	return false;
}

/* Appends what is below `path`; names has room for PROFILES_MAX and a NULL. */
static int names_below(const char *path, char **names, size_t *n)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int rc = 0;

	while (d && *n < PROFILES_MAX && (e = readdir(d))) {
		char *dir = profile_dir(path, e->d_name);
		bool wanted = dir && !known(names, *n, e->d_name);

		free(dir);
		if (!wanted)
			continue;
		names[*n] = strdup(e->d_name);
		if (!names[*n]) {
			rc = -ENOMEM;
			break;
		}
		(*n)++;
	}
	if (d)
		closedir(d);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

int profiles_names(const struct profiles *ps, char ***ret)
{
	char **names = calloc(PROFILES_MAX + 1, sizeof(*names));
	size_t i, n = 0;
	int rc = names ? 0 : -ENOMEM;

	for (i = 0; rc == 0 && i < ps->n_paths; i++)
		rc = names_below(ps->paths[i], names, &n);
	if (rc < 0) {
		profiles_names_free(names);
		return rc;
	}
	qsort(names, n, sizeof(*names), by_name);
	*ret = names;
	return 0;
}

/* What to say for a name that nobody knows. */
static int unknown(const struct profiles *ps, const char *name, char *why, size_t why_size)
{
	const char *best = NULL;
	char **names = NULL;
	struct text t;
	size_t i;

	text_init(&t, why_size);
	text_printf(&t, "no profile '%.64s' (", name);
	if (profiles_names(ps, &names) == 0) {
		for (i = 0; names[i]; i++)
			text_nearer(name, names[i], &best);
		if (best)
			text_printf(&t, "did you mean '%s'?", best);
		else
			text_printf(&t, "known: %s", names[0] ? "" : "none");
		for (i = 0; !best && names[i]; i++)
			text_printf(&t, "%s%s", i ? ", " : "", names[i]);
	}
	text_puts(&t, ")");
	snprintf(why, why_size, "%s", t.s ? t.s : "out of memory");
	text_fini(&t);
	profiles_names_free(names);
	return -ENOENT;
}

/* "partials" beside the folder; heap. */
static char *partials_beside(const char *path)
{
	size_t len = strlen(path);
	char *dir;

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len && path[len - 1] != '/')
		len--;
	return asprintf(&dir, "%.*s" PROFILE_PARTIALS, (int)len, path) < 0 ? NULL : dir;
}

int profiles_read(const struct profiles *ps, const char *dir, struct profile **ret, char *why,
	size_t why_size)
{
	char *shared[PROFILES_PATHS + 1] = {NULL};
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < ps->n_paths; i++) {
		shared[i] = partials_beside(ps->paths[i]);
		if (!shared[i])
			rc = -ENOMEM;
	}
	if (rc < 0)
		snprintf(why, why_size, "out of memory");
	else
		rc = profile_read_with(dir, (const char *const *)shared, ret, why, why_size);
	for (i = 0; i < ps->n_paths; i++)
		free(shared[i]);
	return rc;
}

int profiles_find(const struct profiles *ps, const char *name, struct profile **ret, char *why,
	size_t why_size)
{
	size_t i;
	int rc;

	for (i = 0; i < ps->n_paths; i++) {
		char *dir = profile_dir(ps->paths[i], name);

		if (!dir)
			continue;
		rc = profiles_read(ps, dir, ret, why, why_size);
		free(dir);
		return rc;
	}
	return unknown(ps, name, why, why_size);
}

int profiles_list(const struct profiles *ps,
	int (*one)(void *arg, const char *name, const struct profile *p, const char *why),
	void *arg)
{
	char **names = NULL;
	char why[512];
	size_t i;
	int rc = profiles_names(ps, &names);

	for (i = 0; rc == 0 && names[i]; i++) {
		struct profile *p = NULL;

		if (profiles_find(ps, names[i], &p, why, sizeof(why)) < 0)
			rc = one(arg, names[i], NULL, why);
		else
			rc = one(arg, names[i], p, NULL);
		profile_free(p);
	}
	profiles_names_free(names);
	return rc;
}
