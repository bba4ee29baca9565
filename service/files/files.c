/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The media table, shared with the servers' threads by reference. */
#include "service/files/files.h"

#include "core/log.h"
#include "kickstart/media/fetch_name.h"
#include "kickstart/media/servable.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int files_init(struct files *f)
{
	pthread_mutex_init(&f->lock, NULL);
	f->media = NULL;
	return 0;
}

void files_fini(struct files *f)
{
	media_unref(f->media);
	f->media = NULL;
	pthread_mutex_destroy(&f->lock);
}

static struct media *files_hold(struct files *f)
{
	struct media *m;

	pthread_mutex_lock(&f->lock);
	m = f->media ? media_ref(f->media) : NULL;
	pthread_mutex_unlock(&f->lock);
	return m;
}

struct moved {
	const struct config *config;
	const struct imported *imported;
};

/* A profile's medium that configuration or import moved is no clash. */
static void complain(void *arg, const char *line)
{
	const struct moved *m = arg;

	for (size_t i = 0; i < m->config->n_media; i++)
		if (strstr(line, m->config->media[i].path) && *m->config->media[i].path)
			return;
	for (size_t i = 0; i < m->imported->count; i++)
		if (strstr(line, m->imported->all[i]->path))
			return;
	log_warn("%s", line);
}

int files_servable(const struct config *c, const char *path, bool image, char *why, size_t why_size)
{
	struct servable s = {.state = c->state, .socket = c->socket, .hooks = c->hooks};

	return servable_check(&s, path, image, why, why_size);
}

/* A name of the configuration's is taken: -EEXIST is right. What an older version let in is judged again. */
static int add_imported(struct media *to, const struct config *c, const struct imported *im)
{
	char why[1024];
	int rc = 0;

	for (size_t i = 0; i < im->count && (!rc || rc == -EEXIST); i++) {
		const struct medium *m = im->all[i];

		if (files_servable(c, m->path, m->image, why, sizeof why))
			log_warn("medium '%s': %s; 'usher media remove %s'", m->name, why, m->name);
		else
			rc = media_add_fixed(to, m->name, m->path);
	}
	return rc == -EEXIST ? 0 : rc;
}

int files_refresh(struct files *f, const struct config *c, const struct imported *im,
	const struct profiles *ps)
{
	struct moved moved = {c, im};
	struct media *fresh, *old;
	char cache[PATH_MAX];
	int rc = media_new(&fresh);

	if (rc)
		return rc;
	if (snprintf(cache, sizeof cache, "%s/cache", c->state) < (int)sizeof cache)
		rc = media_add(fresh, FETCH_MEDIUM, cache);
	for (size_t i = 0; i < c->n_media && !rc; i++)
		if (*c->media[i].path)
			rc = media_add(fresh, c->media[i].name, c->media[i].path);
	if (!rc && config_discover(c))
		rc = media_add(fresh, CONFIG_DISCOVER, config_discover(c));
	if (!rc)
		rc = add_imported(fresh, c, im);
	if (!rc)
		rc = media_add_programs(fresh, c->boot);
	if (!rc)
		rc = media_add_profiles(fresh, ps, complain, &moved);
	if (rc) {
		media_unref(fresh);
		return rc;
	}
	pthread_mutex_lock(&f->lock);
	old = f->media;
	f->media = fresh;
	pthread_mutex_unlock(&f->lock);
	media_unref(old);
	return 0;
}

int files_check(struct files *f, const struct profile *p, const json_t *settings, char *why,
	size_t why_size)
{
	struct media *m = files_hold(f);
	int rc = media_check(p, settings, why, why_size);

	if (!rc && m)
		rc = media_check_loaders(m, p, why, why_size);
	media_unref(m);
	return rc;
}

bool files_has(struct files *f, const char *medium)
{
	return f->media && media_path(f->media, medium);
}

int files_open_tftp(struct files *f, const char *name, int *ret_fd, uint64_t *ret_size, char *why,
	size_t why_size)
{
	struct media *m = files_hold(f);
	time_t mtime;
	int rc;

	if (!m)
		return -ENOENT;
	rc = media_open(m, name, ret_fd, ret_size, &mtime, why, why_size);
	media_unref(m);
	return rc;
}

int files_open_http(
	struct files *f, const char *path, struct http_file *ret, char *why, size_t why_size)
{
	struct media *m = files_hold(f);
	time_t mtime = 0;
	int rc;

	if (!m)
		return -ENOENT;
	rc = media_open(m, path + strlen("/boot/"), &ret->fd, &ret->size, &mtime, why, why_size);
	/* inside an image the file begins where the descriptor stands */
	ret->offset = rc ? 0 : (uint64_t)lseek(ret->fd, 0, SEEK_CUR);
	ret->mtime = mtime;
	media_unref(m);
	return rc;
}
