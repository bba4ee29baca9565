/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/store_batch.h"

#include "core/behalf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_BYTES = 16 << 10,
	KEEP_BYTES = 1 << 20, /* a buffer larger than this was for one large record: give it back */
	FIRST_WAITERS = 16,
};

/* In front of each operation's bytes; read and written with memcpy, since it lies anywhere. */
struct head {
	uint64_t seq;
	int64_t at;
	uint32_t value_len;
	uint16_t key_len, word_len;
	uint8_t what, kind, by_len;
};

struct waiter {
	store_done done;
	void *arg;
	unsigned behalf;
};

struct store_reply {
	struct message message; /* first: it is cast back */
	int rc;
	size_t count, cap;
	struct waiter waiters[];
};

struct store_batch *store_batch_new(void)
{
	return calloc(1, sizeof(struct store_batch));
}

void store_batch_free(struct store_batch *b)
{
	if (!b)
		return;
	free(b->reply);
	free(b->bytes);
	free(b);
}

void store_batch_reset(struct store_batch *b)
{
	struct store_batch fresh = {.bytes = b->bytes, .cap = b->cap};

	if (b->cap > KEEP_BYTES) {
		free(b->bytes);
		fresh.bytes = NULL;
		fresh.cap = 0;
	}
	free(b->reply);
	*b = fresh;
}

static int reserve(struct store_batch *b, size_t more)
{
	size_t cap = b->cap ? b->cap : FIRST_BYTES;
	uint8_t *bytes;

	while (cap - b->len < more)
		cap *= 2;
	if (cap == b->cap)
		return 0;
	bytes = realloc(b->bytes, cap);
	if (!bytes)
		return -ENOMEM;
	b->bytes = bytes;
	b->cap = cap;
	return 0;
}

static void append(struct store_batch *b, const void *from, size_t len)
{
	if (len)
		memcpy(b->bytes + b->len, from, len);
	b->len += len;
}

size_t store_op_size(const struct store_op *op)
{
	return sizeof(struct head) + op->key.len + op->word.len + op->value.len + op->by.len;
}

int store_batch_add(struct store_batch *b, const struct store_op *op)
{
	struct head h;
	int rc = reserve(b, store_op_size(op));

	if (rc < 0)
		return rc;
	memset(&h, 0, sizeof h); /* the padding too: it is copied */
	h.seq = op->seq;
	h.at = op->at;
	h.value_len = (uint32_t)op->value.len;
	h.key_len = (uint16_t)op->key.len;
	h.word_len = (uint16_t)op->word.len;
	h.what = (uint8_t)op->what;
	h.kind = (uint8_t)op->kind;
	h.by_len = (uint8_t)op->by.len;
	append(b, &h, sizeof h);
	append(b, op->key.bytes, op->key.len);
	append(b, op->word.bytes, op->word.len);
	append(b, op->value.bytes, op->value.len);
	append(b, op->by.bytes, op->by.len);
	return 0;
}

static struct store_blob blob_at(const struct store_batch *b, size_t *at, size_t len)
{
	struct store_blob blob = {b->bytes + *at, len};

	*at += len;
	return blob;
}

bool store_batch_next(const struct store_batch *b, size_t *at, struct store_op *ret)
{
	struct head h;

	if (*at >= b->committed)
		return false;
	memcpy(&h, b->bytes + *at, sizeof h);
	*at += sizeof h;
	*ret = (struct store_op){.what = h.what, .kind = h.kind, .seq = h.seq, .at = h.at};
	ret->key = blob_at(b, at, h.key_len);
	ret->word = blob_at(b, at, h.word_len);
	ret->value = blob_at(b, at, h.value_len);
	ret->by = blob_at(b, at, h.by_len);
	return true;
}

static int add_waiter(struct store_batch *b, store_done done, void *arg)
{
	struct store_reply *r = b->reply;

	if (!r || r->count == r->cap) {
		size_t cap = r ? r->cap * 2 : FIRST_WAITERS;

		r = realloc(r, sizeof *r + cap * sizeof(struct waiter));
		if (!r)
			return -ENOMEM;
		if (!b->reply)
			r->count = 0;
		r->cap = cap;
		b->reply = r;
	}
	r->waiters[r->count++] = (struct waiter){done, arg, behalf_now()};
	return 0;
}

int store_batch_commit(struct store_batch *b, store_done done, void *arg)
{
	int rc = done ? add_waiter(b, done, arg) : 0;

	if (rc < 0)
		return rc;
	b->committed = b->len;
	b->asked = true;
	return 0;
}

int store_batch_split(struct store_batch *b, struct store_batch *to)
{
	size_t rest = b->len - b->committed;
	int rc = rest ? reserve(to, rest) : 0;

	if (rc < 0)
		return rc;
	append(to, rest ? b->bytes + b->committed : NULL, rest);
	b->len = b->committed;
	return 0;
}

static void deliver_reply(struct message *m)
{
	struct store_reply *r = (struct store_reply *)m;

	unsigned before = behalf_now();

	for (size_t i = 0; i < r->count; i++) {
		behalf_set(r->waiters[i].behalf);
		r->waiters[i].done(r->waiters[i].arg, r->rc);
	}
	behalf_set(before);
	free(r);
}

void store_batch_answer(struct store_batch *b, struct mailbox *home, int rc)
{
	struct store_reply *r = b->reply;

	if (!r)
		return;
	b->reply = NULL;
	if (!home) {
		free(r);
		return;
	}
	r->rc = rc;
	r->message = (struct message){.deliver = deliver_reply};
	mailbox_post(home, &r->message);
}
