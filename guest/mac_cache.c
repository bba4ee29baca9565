/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/mac_cache.h"

#include "core/table.h"
#include "core/uuid.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct domain {
	struct table_node node;
	char uuid[UUID_TEXT];
	bool known;
	int64_t until; /* mono ms */
	size_t n;
	struct mac all[MAC_CACHE_DOMAIN];
};

struct mac_cache {
	pthread_mutex_t lock;
	struct table domains;
};

int mac_cache_new(struct mac_cache **ret)
{
	struct mac_cache *ms = calloc(1, sizeof *ms);

	if (!ms)
		return -ENOMEM;
	pthread_mutex_init(&ms->lock, NULL);
	table_init(&ms->domains);
	*ret = ms;
	return 0;
}

static uint64_t hash_of(const char *uuid)
{
	return hash_bytes(uuid, strlen(uuid), 0);
}

static struct domain *find(struct mac_cache *ms, const char *uuid)
{
	struct table_node *n = table_first(&ms->domains, hash_of(uuid));

	while (n && strcmp(table_entry(n, struct domain, node)->uuid, uuid))
		n = table_next(n);
	return n ? table_entry(n, struct domain, node) : NULL;
}

static void drop(struct mac_cache *ms, struct domain *d)
{
	if (!d)
		return;
	table_remove(&ms->domains, &d->node);
	free(d);
}

static void drop_all(struct mac_cache *ms)
{
	struct table_node *n, *next;
	size_t slot = 0;

	for (n = table_walk(&ms->domains, &slot, NULL); n; n = next) {
		next = table_walk(&ms->domains, &slot, n);
		drop(ms, table_entry(n, struct domain, node));
	}
}

void mac_cache_free(struct mac_cache *ms)
{
	if (!ms)
		return;
	drop_all(ms);
	table_fini(&ms->domains);
	pthread_mutex_destroy(&ms->lock);
	free(ms);
}

static bool has_one(const struct domain *d, const struct mac *macs, size_t n)
{
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; j < n; j++)
			if (mac_eq(&d->all[i], &macs[j]))
				return true;
	return false;
}

enum mac_cache_answer mac_cache_ask(
	struct mac_cache *ms, const char *uuid, const struct mac *macs, size_t n, int64_t now)
{
	enum mac_cache_answer answer = MAC_CACHE_UNKNOWN;
	const struct domain *d;

	pthread_mutex_lock(&ms->lock);
	d = find(ms, uuid);
	if (d && d->known && now < d->until)
		answer = has_one(d, macs, n) ? MAC_CACHE_YES : MAC_CACHE_NO;
	pthread_mutex_unlock(&ms->lock);
	return answer;
}

/* Out of memory: it is read the next time, too. */
void mac_cache_begin(struct mac_cache *ms, const char *uuid)
{
	struct domain *d = calloc(1, sizeof *d);

	if (!d)
		return;
	snprintf(d->uuid, sizeof d->uuid, "%s", uuid);
	pthread_mutex_lock(&ms->lock);
	drop(ms, find(ms, uuid));
	if (table_put(&ms->domains, &d->node, hash_of(uuid)))
		free(d);
	pthread_mutex_unlock(&ms->lock);
}

void mac_cache_put(
	struct mac_cache *ms, const char *uuid, const struct mac *macs, size_t n, int64_t now)
{
	struct domain *d;

	pthread_mutex_lock(&ms->lock);
	d = find(ms, uuid);
	if (d && n <= MAC_CACHE_DOMAIN) {
		if (n)
			memcpy(d->all, macs, n * sizeof *macs);
		d->n = n;
		d->until = now + MAC_CACHE_FRESH_MS;
		d->known = true;
	}
	pthread_mutex_unlock(&ms->lock);
}

void mac_cache_forget(struct mac_cache *ms, const char *uuid)
{
	pthread_mutex_lock(&ms->lock);
	drop(ms, find(ms, uuid));
	pthread_mutex_unlock(&ms->lock);
}

void mac_cache_forget_all(struct mac_cache *ms)
{
	pthread_mutex_lock(&ms->lock);
	drop_all(ms);
	pthread_mutex_unlock(&ms->lock);
}
