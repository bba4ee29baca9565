/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes chunks to the disk on a thread of its own, while the next ones are fetched and unpacked. */
#ifndef USHER_CONTRIB_WRITE_IMAGE_WRITER_H
#define USHER_CONTRIB_WRITE_IMAGE_WRITER_H

#include "contrib/write-image/target.h"

#include <pthread.h>

enum {
	WRITER_CHUNKS = 4
}; /* one that is filled, one that is written, and two against the unevenness of both */

struct writer {
	struct target *target; /* the thread's, until writer_end() */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct {
		unsigned char *bytes;
		size_t n;
		uint64_t at;
	} chunks[WRITER_CHUNKS];
	unsigned first, count; /* that wait: from the first on, in a ring */
	bool over;
	int rc; /* the first error; what follows it is not written */
};

/* Chunks of `size` bytes. 0, or -errno: then there is nothing to end. */
int writer_begin(struct writer *w, struct target *target, size_t size);
/* Memory for the next chunk, waited for. NULL: an error has come, which writer_end() gives. */
unsigned char *writer_chunk(struct writer *w);
/* Its first `n` bytes go to this place. */
void writer_put(struct writer *w, size_t n, uint64_t at);
/* All is written, or has failed: 0 or -errno. */
int writer_end(struct writer *w);

#endif
