/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fetching kernels and initrds by URL into the cache (fetch_shelf.h): one thread with libcurl's multi interface; the
 * main thread asks, and asks again until the answer is there. However many ask for a URL, it is fetched once.
 *
 * A transfer that broke off goes on where it was, in this run or a later one. What was fetched earlier is asked
 * for again with a condition (ETag, Last-Modified), and used with a warning when the mirror cannot be
 * reached; when it has the SHA-256 that is wanted, nobody is asked. Only http and https; TLS is verified;
 * proxies are libcurl's (http_proxy, https_proxy, no_proxy).
 */
#ifndef USHER_KICKSTART_MEDIA_FETCH_H
#define USHER_KICKSTART_MEDIA_FETCH_H

#include "core/mailbox.h"
#include "kickstart/media/fetch_name.h"

#include <jansson.h>

enum {
	FETCH_PARALLEL = 4,      /* a mirror is somebody else's machine */
	FETCH_WAITING_MAX = 256, /* URLs known at a time, else -EBUSY */
	FETCH_IDLE_S = 60,       /* without a byte: it broke off */
	FETCH_CONNECT_S = 30,
	FETCH_TRIES = 5, /* of a transfer that breaks off, each a byte further at least */
	FETCH_REDIRECTS = 8,
	FETCH_FRESH_MS = 60 * 1000, /* a rack that is armed in one breath asks the mirror once */
	FETCH_TELL_MS = 10 * 1000,  /* for the one who asked to come back for a failure */
};

#define FETCH_SIZE_MAX (4ULL << 30)    /* bytes of a file: no machine boots a larger one */
#define FETCH_ROOM_LEFT (256ULL << 20) /* bytes that stay free on the disk: the store needs them */
#define FETCH_CACHE_MAX \
	(20ULL << 30) /* bytes of all files; what no armed machine needs goes first */

struct fetches_config {
	struct mailbox *home; /* the main thread's. Outlives fetches */
	const char *state;    /* the folder that holds the cache */
	uint64_t cache_max;   /* 0: FETCH_CACHE_MAX */
	/* Also from addresses that ip_is_no_server() means. Whoever may name a mirror could otherwise read what this host serves
	 * to itself alone, as what is fetched is there for all. */
	bool local;
	/* The three below: main thread; any may be NULL. */
	/* A fetch is over: one line for the log. */
	void (*ended)(void *arg, bool ok, const char *line);
	/* The cache is too large: fetches_prune() should follow. */
	void (*crowded)(void *arg);
	void *arg;
};

struct fetches;

/* 0, or -errno with one line in `why`. */
int fetches_new(
	const struct fetches_config *config, struct fetches **ret, char *why, size_t why_size);
/* What is under way breaks off, to be gone on with. NULL is fine. No calls follow. */
void fetches_free(struct fetches *f);

/*
 * Is the file of this URL in the cache, as the mirror has it and, with `sha256` not NULL or "", with that sum?
 * 0: yes, and `why` is "" or a warning; -EINPROGRESS: it is being fetched, ask again; else -errno with
 * the line, once: who asks after that begins anew. Main thread, never blocks.
 */
int fetches_ask(struct fetches *f, const char *url, const char *sha256, char *why, size_t why_size);
/* What is under way and waits: [{"key", "url", "have", "size"}], bytes, size 0 when it is not known.
 * New reference. */
json_t *fetches_under_way(struct fetches *f);
/* Makes the cache small enough, sparing the `n` keys of machines that still need them, and those asked
 * for just now. Copies. */
void fetches_prune(struct fetches *f, const char (*keys)[FETCH_KEY], size_t n);

#endif
