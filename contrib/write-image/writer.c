/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/write-image/writer.h"

#include <errno.h>
#include <stdlib.h>

/* The chunk is in the ring until it is written: nobody fills it. */
static void *run(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	while (w->count || !w->over) {
		unsigned i = w->first;
		int rc;

		if (!w->count) {
			pthread_cond_wait(&w->changed, &w->lock);
			continue;
		}
		rc = w->rc;
		pthread_mutex_unlock(&w->lock);
		if (!rc)
			rc = target_write(
				w->target, w->chunks[i].bytes, w->chunks[i].n, w->chunks[i].at);
		pthread_mutex_lock(&w->lock);
		w->rc = rc;
		w->first = (w->first + 1) % WRITER_CHUNKS;
		w->count--;
		pthread_cond_signal(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void fini(struct writer *w)
{
	for (unsigned i = 0; i < WRITER_CHUNKS; i++)
		free(w->chunks[i].bytes);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}

int writer_begin(struct writer *w, struct target *target, size_t size)
{
	int rc = 0;

	*w = (struct writer){.target = target};
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	for (unsigned i = 0; !rc && i < WRITER_CHUNKS; i++) {
		void *bytes = NULL;

		rc = -posix_memalign(&bytes, TARGET_ALIGN, size);
		w->chunks[i].bytes = rc ? NULL : bytes;
	}
	if (!rc)
		rc = -pthread_create(&w->thread, NULL, run, w);
	if (rc)
		fini(w);
	return rc;
}

unsigned char *writer_chunk(struct writer *w)
{
	unsigned char *bytes;

	pthread_mutex_lock(&w->lock);
	while (w->count == WRITER_CHUNKS)
		pthread_cond_wait(&w->changed, &w->lock);
	bytes = w->rc ? NULL : w->chunks[(w->first + w->count) % WRITER_CHUNKS].bytes;
	pthread_mutex_unlock(&w->lock);
	return bytes;
}

void writer_put(struct writer *w, size_t n, uint64_t at)
{
	unsigned i;

	pthread_mutex_lock(&w->lock);
	i = (w->first + w->count) % WRITER_CHUNKS;
	w->chunks[i].n = n;
	w->chunks[i].at = at;
	w->count++;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

int writer_end(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	fini(w);
	return w->rc;
}
