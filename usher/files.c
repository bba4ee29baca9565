/* The media table, shared with the servers' threads by reference. */
#include "usher/files.h"

#include "core/log.h"
#include "kickstart/fetch_name.h"

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

/* A medium that the configuration moved is no clash. */
static void complain(void *arg, const char *line)
{
	const struct config *c = arg;

	for (size_t i = 0; i < c->n_media; i++)
		if (strstr(line, c->media[i].path) && *c->media[i].path)
			return;
	log_warn("%s", line);
}

int files_refresh(struct files *f, const struct config *c, const struct profiles *ps)
{
	struct media *fresh, *old;
	char cache[PATH_MAX];
	int rc = media_new(&fresh);

	if (rc)
		return rc;
	if (snprintf(cache, sizeof cache, "%s/cache", c->state) < (int)sizeof cache)
		rc = media_add(fresh, FETCH_MEDIUM, cache);
	/* the configuration's word on a name comes first: a profile's own is then a known name */
	for (size_t i = 0; i < c->n_media && !rc; i++)
		if (*c->media[i].path)
			rc = media_add(fresh, c->media[i].name, c->media[i].path);
	if (!rc)
		rc = media_add_programs(fresh, c->boot);
	if (!rc)
		rc = media_add_profiles(fresh, ps, complain, (void *)(uintptr_t)c);
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
	int rc = media_check(p, settings, why, why_size);

	return rc || !f->media ? rc : media_check_loaders(f->media, p, why, why_size);
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
