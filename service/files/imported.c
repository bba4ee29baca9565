/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/files/imported.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t place_of(const struct imported *im, const char *name)
{
	size_t i = 0;

	while (i < im->count && strcmp(im->all[i]->name, name) < 0)
		i++;
	return i;
}

struct medium *imported_find(const struct imported *im, const char *name)
{
	size_t i = place_of(im, name);

	return i < im->count && !strcmp(im->all[i]->name, name) ? im->all[i] : NULL;
}

bool imported_copy(struct imported *im, const char *name, struct medium *ret)
{
	const struct medium *m;

	pthread_mutex_lock(&im->lock);
	m = imported_find(im, name);
	if (m)
		*ret = *m;
	pthread_mutex_unlock(&im->lock);
	return m;
}

static int insert(struct imported *im, const struct medium *m)
{
	size_t i = place_of(im, m->name);
	struct medium *copy;

	if (im->count == IMPORTED_MAX)
		return -ENOSPC;
	copy = malloc(sizeof *copy);
	if (!copy)
		return -ENOMEM;
	*copy = *m;
	pthread_mutex_lock(&im->lock);
	memmove(im->all + i + 1, im->all + i, (im->count - i) * sizeof im->all[0]);
	im->all[i] = copy;
	im->count++;
	pthread_mutex_unlock(&im->lock);
	return 0;
}

static int load_one(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	json_t *j = json_loadb(value, len, 0, NULL);
	struct medium m;
	int rc = medium_from_json(j, &m);

	json_decref(j);
	if (rc) {
		log_warn("the imported medium '%.*s' cannot be read from the store: import it "
			 "again",
			(int)key_len, (const char *)key);
		return 0;
	}
	return insert(arg, &m);
}

int imported_load(struct imported *im, struct store *store, char *why, size_t why_size)
{
	int rc;

	pthread_mutex_init(&im->lock, NULL);
	im->store = store;
	rc = store_load(store, STORE_MEDIUM, load_one, im);
	if (rc)
		snprintf(why, why_size, "imported media: %s", strerror(-rc));
	return rc;
}

void imported_fini(struct imported *im)
{
	while (im->count)
		free(im->all[--im->count]);
	pthread_mutex_destroy(&im->lock);
}

int imported_put(struct imported *im, const struct medium *m)
{
	struct medium *there = imported_find(im, m->name);
	json_t *j = medium_to_json(m);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	int rc = 0;

	json_decref(j);
	if (!text)
		return -EINVAL; /* a path that is not UTF-8 */
	if (!there) {
		rc = insert(im, m);
	} else {
		pthread_mutex_lock(&im->lock);
		*there = *m;
		pthread_mutex_unlock(&im->lock);
	}
	if (!rc)
		rc = store_put(
			im->store, STORE_MEDIUM, m->name, strlen(m->name), text, strlen(text));
	free(text);
	return rc;
}

void imported_doubt(struct imported *im, const char *name)
{
	struct medium *m = imported_find(im, name);

	pthread_mutex_lock(&im->lock);
	if (m)
		*m->sum = '\0';
	pthread_mutex_unlock(&im->lock);
}

int imported_remove(struct imported *im, const char *name)
{
	size_t i = place_of(im, name), len = strlen(name);
	int rc = store_delete(im->store, STORE_MEDIUM, name, len);

	if (rc || i == im->count || strcmp(im->all[i]->name, name))
		return rc ? rc : -ENOENT;
	pthread_mutex_lock(&im->lock);
	free(im->all[i]);
	im->count--;
	memmove(im->all + i, im->all + i + 1, (im->count - i) * sizeof im->all[0]);
	pthread_mutex_unlock(&im->lock);
	return 0;
}
