/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/write-image/write_image.h"

#include "contrib/write-image/gpt.h"
#include "contrib/write-image/stream.h"
#include "contrib/write-image/twin.h"
#include "contrib/write-image/writer.h"
#include "kickstart/media/image_head.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLD_TAIL = 1 << 20 }; /* bytes at the disk's end, where the copy of another GPT may be */

struct work {
	const struct write_image *asked;
	struct stream stream;
	struct target target;
	struct gpt_tail tail;
	unsigned char *head, *chunk; /* of WRITE_IMAGE_CHUNK each */
	size_t n_head;
	uint64_t at; /* bytes that came unpacked */
	bool gpt;
	unsigned percent;
	struct write_image_done *done;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 3, 4))) static int fail(
	struct work *w, int rc, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, w->why_size, format, args);
	va_end(args);
	return rc;
}

static int fail_disk(struct work *w, int rc)
{
	return fail(w, rc, "%s cannot be written: %s", w->asked->disk, strerror(-rc));
}

/* The next chunk of the image; 0 bytes: it is over. */
static ssize_t take(struct work *w, unsigned char *to)
{
	ssize_t n = stream_read(&w->stream, to, WRITE_IMAGE_CHUNK);

	if (n < 0)
		return fail(w, (int)n, "%s after %" PRIu64 " MB", w->stream.why,
			w->stream.in / 1000000);
	w->at += (uint64_t)n;
	if (w->at > w->asked->size)
		return fail(w, -EFBIG,
			"the image is larger than the %" PRIu64 " bytes that it was to be",
			w->asked->size);
	return n;
}

static int judge_size(struct work *w)
{
	if (w->asked->size > w->target.size)
		return fail(w, -ENOSPC,
			"the image has %" PRIu64 " MB, and %s only %" PRIu64
			": nothing was written",
			w->asked->size / 1000000, w->asked->disk, w->target.size / 1000000);
	if (!w->asked->size || w->asked->size % w->target.sector)
		return fail(w, -EINVAL,
			"the image's size, %" PRIu64 ", is no whole number of the disk's sectors",
			w->asked->size);
	return 0;
}

/* With the right sum it is whole, and will be no longer the next time. */
static int judge_short(struct work *w)
{
	char sum[SHA256_HEX];
	int rc = stream_sum(&w->stream, sum);

	if (rc)
		return fail(w, rc, "%s", w->stream.why);
	rc = strcmp(sum, w->asked->sum) ? -EPIPE : -EINVAL;
	return fail(w, rc, "the image %s %" PRIu64 " bytes, of %" PRIu64,
		rc == -EPIPE ? "broke off after" : "has only", w->at, w->asked->size);
}

/* Of a file, as in tests, there is none. */
static int judge_twin(struct work *w)
{
	struct twin t = {w->head, w->target.sector, w->asked->disk, "/sys/block", "/dev"};
	char other[300];

	if (!w->target.disk || w->n_head < TWIN_HEAD || !twin_find(&t, other, sizeof other))
		return 0;
	return fail(w, -EEXIST,
		"%s has this image already, and which of the two boots would be chance: install onto "
		"%s, or erase it; nothing was written",
		other, other);
}

/* Before the disk is touched. */
static int judge_head(struct work *w)
{
	ssize_t n = take(w, w->head);
	const char *fault;

	if (n < 0)
		return (int)n;
	w->n_head = (size_t)n;
	if (!n)
		return fail(w, -EPIPE, "nothing came of the image");
	fault = image_head_fault(w->head, w->n_head, w->target.sector, &w->gpt);
	if (fault)
		return fail(
			w, -EMEDIUMTYPE, "this is no disk image: %s; nothing was written", fault);
	if (w->n_head < WRITE_IMAGE_CHUNK && w->at < w->asked->size)
		return judge_short(w);
	if (w->gpt &&
		gpt_move(w->head, w->n_head, w->target.sector, w->target.size / w->target.sector,
			&w->tail, &fault))
		return fail(w, -EINVAL, "%s; nothing was written", fault);
	return judge_twin(w);
}

/* What another system had there: neither its table nor the copy of it is to be found if this one fails. */
static int clear_old(struct work *w)
{
	uint64_t size = w->target.size, tail = size < OLD_TAIL ? size : OLD_TAIL;
	int rc;

	w->done->touched = true;
	tail -= tail % w->target.sector;
	rc = target_zero(&w->target, 0, w->n_head);
	if (!rc)
		rc = target_zero(&w->target, size - size % w->target.sector - tail, tail);
	return rc ? fail_disk(w, rc) : 0;
}

static void tell(struct work *w)
{
	unsigned percent = (unsigned)(w->at * 100 / w->asked->size);

	if (percent == w->percent || !w->asked->progress)
		return;
	w->percent = percent;
	w->asked->progress(percent);
}

/* The next chunk, on its way to the disk. 0, also where the image is over (`*ret_over`); or -errno, and `why` is said but for what
 * the writer has to say. */
static int write_next(struct work *w, struct writer *writer, bool *ret_over)
{
	unsigned char *chunk = writer_chunk(writer);
	uint64_t at = w->at;
	ssize_t n;

	*ret_over = true;
	if (!chunk)
		return 0;
	n = take(w, chunk);
	if (n < 0)
		return (int)n;
	*ret_over = !n || w->at >= w->asked->size;
	/* the end of one that broke off need not be a whole sector */
	n -= n % (ssize_t)w->target.sector;
	if (n)
		writer_put(writer, (size_t)n, at);
	tell(w);
	return 0;
}

static int write_rest(struct work *w)
{
	struct writer writer;
	bool over = w->at >= w->asked->size;
	int rc = writer_begin(&writer, &w->target, WRITE_IMAGE_CHUNK), wrote;

	if (rc)
		return fail(w, rc, "%s", strerror(-rc));
	while (!rc && !over)
		rc = write_next(w, &writer, &over);
	wrote = writer_end(&writer);
	if (!wrote && !rc)
		wrote = target_flush(&w->target);
	return wrote ? fail_disk(w, wrote) : rc;
}

static int judge_all(struct work *w)
{
	char sum[SHA256_HEX];
	ssize_t more;
	int rc;

	if (w->at < w->asked->size)
		return judge_short(w);
	more = stream_read(&w->stream, w->chunk, 1);
	rc = more < 0 ? (int)more : stream_sum(&w->stream, sum);
	w->done->in = w->stream.in;
	if (rc)
		return fail(w, rc, "%s", w->stream.why);
	if (more)
		return fail(w, -EFBIG,
			"the image is larger than the %" PRIu64 " bytes that it was to be",
			w->asked->size);
	if (strcmp(sum, w->asked->sum))
		return fail(w, -EBADMSG,
			"the image that came (%" PRIu64 " bytes) has the SHA-256 %s, expected %s",
			w->stream.in, sum, w->asked->sum);
	return 0;
}

/* What the image does not cover is nobody's any more. */
static int finish(struct work *w)
{
	uint64_t end = w->gpt ? w->tail.at : w->target.size;
	int rc = 0;

	if (end > w->asked->size)
		target_discard(&w->target, w->asked->size, end - w->asked->size);
	if (w->gpt) {
		memcpy(w->chunk, w->tail.bytes, w->tail.n);
		rc = target_put(&w->target, w->chunk, w->tail.n, w->tail.at);
	}
	if (!rc)
		rc = target_put(&w->target, w->head, w->n_head, 0);
	if (!rc)
		rc = target_flush(&w->target);
	if (rc)
		return fail_disk(w, rc);
	w->done->moved = w->gpt;
	rc = target_reread(&w->target);
	return rc ? fail(w, rc, "the kernel does not read the new partition table of %s: %s",
			    w->asked->disk, strerror(-rc))
		  : 0;
}

static int run(struct work *w)
{
	int rc = judge_size(w);

	if (!rc)
		rc = judge_head(w);
	if (!rc)
		rc = clear_old(w);
	if (!rc)
		rc = write_rest(w);
	if (!rc)
		rc = judge_all(w);
	if (!rc)
		rc = finish(w);
	w->done->written = w->target.written;
	w->done->skipped = w->target.skipped;
	return rc;
}

static unsigned char *chunk_new(void)
{
	void *p = NULL;

	return posix_memalign(&p, TARGET_ALIGN, WRITE_IMAGE_CHUNK) ? NULL : p;
}

int write_image(const struct write_image *asked, int from, struct write_image_done *ret, char *why,
	size_t why_size)
{
	struct work *w = calloc(1, sizeof *w);
	int rc;

	*ret = (struct write_image_done){0};
	snprintf(why, why_size, "out of memory");
	if (!w)
		return -ENOMEM;
	*w = (struct work){.asked = asked, .done = ret, .why = why, .why_size = why_size};
	w->head = chunk_new();
	w->chunk = chunk_new();
	rc = w->head && w->chunk ? stream_init(&w->stream, from) : -ENOMEM;
	if (!rc) {
		rc = target_open(&w->target, asked->disk);
		if (rc) {
			fail(w, rc, "%s cannot be opened: %s", asked->disk, strerror(-rc));
		} else {
			rc = run(w);
			target_close(&w->target);
		}
	}
	stream_fini(&w->stream);
	free(w->head);
	free(w->chunk);
	free(w);
	return rc;
}
