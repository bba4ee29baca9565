/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of URLs, which both threads see under its lock, and the thread that works it off. */
#include "kickstart/media/fetch.h"

#include "core/clock.h"
#include "core/priority.h"
#include "kickstart/media/fetch_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fetch_state { FETCH_WAITS, FETCH_RUNS, FETCH_READY, FETCH_FAILED };

/* A URL that was asked for. All but `transfer` under the lock. */
struct fetch {
	struct fetch *next;
	struct fetches *home;
	struct fetch_name name;
	char *url;
	char wanted[SHA256_HEX];
	enum fetch_state state;
	uint64_t have, size;
	/* of the end: */
	int64_t ended; /* mono ms */
	int rc;
	char sum[SHA256_HEX]; /* of a file that is ready */
	char line[FETCH_LINE];
	/* The thread's own, while it runs: */
	struct fetch_transfer transfer;
	int64_t began;
};

struct fetches {
	struct fetches_config config;
	struct fetch_shelf shelf;
	CURLM *multi;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	struct fetch *all;
	size_t count;
	bool stopping;
	/* What fetches_prune() was given; NULL: nothing to do. */
	char (*keep)[FETCH_KEY];
	size_t n_keep;
	unsigned running; /* the thread's own */
};

/* News for the main thread. They may outlive the thread, and `fetches`. */
struct fetch_news {
	struct message m; /* first: it is cast back */
	struct fetches_config config;
	bool over, ok, crowded;
	char line[FETCH_LINE + 64];
};

static void tell(struct message *m)
{
	struct fetch_news *n = (struct fetch_news *)m;

	if (n->over && n->config.ended)
		n->config.ended(n->config.arg, n->ok, n->line);
	if (n->crowded && n->config.crowded)
		n->config.crowded(n->config.arg);
	free(n);
}

static struct fetch_news *news_new(const struct fetches *f)
{
	struct fetch_news *n = calloc(1, sizeof *n);

	if (n) {
		n->m.deliver = tell;
		n->config = f->config;
	}
	return n;
}

/* The main thread's side. */

static void fetch_free(struct fetch *e)
{
	free(e->url);
	free(e);
}

static bool is_over(const struct fetch *e)
{
	return e->state == FETCH_READY || e->state == FETCH_FAILED;
}

/* Forgets what ended so long ago that its end says nothing any more. */
static void sweep(struct fetches *f, int64_t now)
{
	for (struct fetch **at = &f->all; *at;) {
		struct fetch *e = *at;

		if (is_over(e) && now - e->ended >= FETCH_FRESH_MS) {
			*at = e->next;
			f->count--;
			fetch_free(e);
		} else {
			at = &e->next;
		}
	}
}

static struct fetch *find(struct fetches *f, const char *key)
{
	struct fetch *e = f->all;

	while (e && strcmp(e->name.key, key))
		e = e->next;
	return e;
}

/* -EAGAIN: it is to be fetched. */
static int add(
	struct fetches *f, const char *url, const struct fetch_name *name, struct fetch **ret)
{
	struct fetch *e;

	sweep(f, clock_mono_ms());
	if (f->count == FETCH_WAITING_MAX)
		return -EBUSY;
	e = calloc(1, sizeof *e);
	if (!e)
		return -ENOMEM;
	e->url = strdup(url);
	if (!e->url) {
		free(e);
		return -ENOMEM;
	}
	e->home = f;
	e->name = *name;
	e->next = f->all;
	f->all = e;
	f->count++;
	*ret = e;
	return -EAGAIN;
}

/* -EAGAIN: it is to be fetched (again). */
static int state_of(struct fetch *e, const char *wanted, char *why, size_t why_size)
{
	int64_t age = clock_mono_ms() - e->ended;
	int rc = e->rc;

	if (!is_over(e))
		return -EINPROGRESS;
	if (e->state == FETCH_READY) {
		if (age >= FETCH_FRESH_MS || (*wanted && strcmp(wanted, e->sum)))
			return -EAGAIN;
		snprintf(why, why_size, "%s", e->line);
		return 0;
	}
	if (!rc || age >= FETCH_TELL_MS || strcmp(wanted, e->wanted))
		return -EAGAIN;
	snprintf(why, why_size, "%s", e->line);
	e->rc = 0; /* told */
	return rc;
}

static int ask_locked(struct fetches *f, const char *url, const struct fetch_name *name,
	const char *wanted, char *why, size_t why_size)
{
	struct fetch *e = find(f, name->key);
	int rc = e ? state_of(e, wanted, why, why_size) : add(f, url, name, &e);
	char shown[FETCH_URL_MAX];

	if (!e)
		snprintf(why, why_size, "%s: %s", fetch_name_shown(url, shown, sizeof shown),
			rc == -EBUSY ? "too many files are fetched now; try again later"
				     : strerror(-rc));
	if (rc != -EAGAIN)
		return rc;
	e->state = FETCH_WAITS;
	e->have = e->size = 0;
	snprintf(e->wanted, sizeof e->wanted, "%s", wanted);
	return -EINPROGRESS;
}

int fetches_ask(struct fetches *f, const char *url, const char *sha256, char *why, size_t why_size)
{
	char wanted[SHA256_HEX] = "", shown[FETCH_URL_MAX];
	struct fetch_name name;
	int rc;

	*why = '\0';
	if (sha256 && *sha256 && !sha256_parse(sha256, wanted)) {
		snprintf(why, why_size, "%s: sha256 '%.80s': expected 64 hex digits",
			fetch_name_shown(url, shown, sizeof shown), sha256);
		return -EINVAL;
	}
	if (fetch_name(url, &name)) {
		snprintf(why, why_size,
			"%.256s: expected a URL that begins with http:// or https://",
			fetch_name_shown(url, shown, sizeof shown));
		return -EINVAL;
	}
	pthread_mutex_lock(&f->lock);
	rc = ask_locked(f, url, &name, wanted, why, why_size);
	pthread_mutex_unlock(&f->lock);
	if (rc == -EINPROGRESS)
		curl_multi_wakeup(f->multi);
	return rc;
}

json_t *fetches_under_way(struct fetches *f)
{
	json_t *all = json_array();
	char shown[FETCH_URL_MAX];

	pthread_mutex_lock(&f->lock);
	for (const struct fetch *e = f->all; e; e = e->next)
		if (!is_over(e))
			json_array_append_new(all,
				json_pack("{s:s, s:s, s:I, s:I}", "key", e->name.key, "url",
					fetch_name_shown(e->url, shown, sizeof shown), "have",
					(json_int_t)e->have, "size", (json_int_t)e->size));
	pthread_mutex_unlock(&f->lock);
	return all;
}

void fetches_prune(struct fetches *f, const char (*keys)[FETCH_KEY], size_t n)
{
	char(*copy)[FETCH_KEY] = malloc((n + 1) * sizeof *copy);

	if (!copy)
		return;
	if (n)
		memcpy(copy, keys, n * sizeof *copy);
	pthread_mutex_lock(&f->lock);
	free(f->keep);
	f->keep = copy;
	f->n_keep = n;
	pthread_mutex_unlock(&f->lock);
	curl_multi_wakeup(f->multi);
}

/* The thread's side. */

static void report(struct fetch *e, bool ok, bool crowded)
{
	struct fetches *f = e->home;
	struct fetch_transfer *t = &e->transfer;
	int64_t ms = clock_mono_ms() - e->began;
	struct fetch_news *n = news_new(f);
	char shown[FETCH_URL_MAX];

	if (!n)
		return;
	n->ok = ok;
	n->over = t->fetched || *t->line;
	n->crowded = crowded;
	if (*t->line)
		snprintf(n->line, sizeof n->line, "%s", t->line);
	else
		snprintf(n->line, sizeof n->line, "%s: fetched, %.1f MB in %.1f s",
			fetch_name_shown(t->url, shown, sizeof shown), (double)t->have / 1e6,
			(double)ms / 1e3);
	mailbox_post(f->config.home, &n->m);
}

static void end(struct fetch *e, int rc)
{
	struct fetches *f = e->home;
	struct fetch_transfer *t = &e->transfer;

	fetch_transfer_fini(t);
	report(e, !rc, t->fetched && fetch_shelf_size(&f->shelf) > f->config.cache_max);
	pthread_mutex_lock(&f->lock);
	e->state = rc ? FETCH_FAILED : FETCH_READY;
	e->rc = rc;
	e->ended = clock_mono_ms();
	memcpy(e->sum, t->record.sum, sizeof e->sum);
	memcpy(e->line, t->line, sizeof e->line);
	pthread_mutex_unlock(&f->lock);
}

/* `rc` of fetch_transfer_begin() or _end(). */
static void go_on(struct fetch *e, int rc)
{
	if (rc == -EINPROGRESS) {
		e->home->running++;
		curl_multi_add_handle(e->home->multi, e->transfer.easy);
	} else {
		end(e, rc);
	}
}

static void begin(struct fetches *f, struct fetch *e)
{
	struct fetch_transfer *t = &e->transfer;

	*t = (struct fetch_transfer){.shelf = &f->shelf,
		.name = e->name,
		.url = e->url,
		.owner = e,
		.local = f->config.local};
	memcpy(t->wanted, e->wanted, sizeof t->wanted); /* as it was when it became FETCH_RUNS */
	e->began = clock_mono_ms();
	go_on(e, fetch_transfer_begin(t));
}

/* The one that waits longest; new ones are put in front. */
static struct fetch *next_waiting(struct fetches *f)
{
	struct fetch *last = NULL;

	pthread_mutex_lock(&f->lock);
	for (struct fetch *e = f->all; e; e = e->next)
		if (e->state == FETCH_WAITS)
			last = e;
	if (last)
		last->state = FETCH_RUNS;
	pthread_mutex_unlock(&f->lock);
	return last;
}

struct keeping {
	struct fetches *fetches;
	char (*keys)[FETCH_KEY];
	size_t n;
};

static bool is_kept(void *arg, const char *key)
{
	struct keeping *k = arg;
	bool kept;

	pthread_mutex_lock(&k->fetches->lock);
	kept = find(k->fetches, key) != NULL;
	pthread_mutex_unlock(&k->fetches->lock);
	for (size_t i = 0; i < k->n && !kept; i++)
		kept = !strcmp(k->keys[i], key);
	return kept;
}

static void prune_if_asked(struct fetches *f)
{
	struct keeping k = {.fetches = f};

	pthread_mutex_lock(&f->lock);
	k.keys = f->keep;
	k.n = f->n_keep;
	f->keep = NULL;
	pthread_mutex_unlock(&f->lock);
	if (k.keys)
		fetch_shelf_prune(&f->shelf, f->config.cache_max, is_kept, &k);
	free(k.keys);
}

static void take_ends(struct fetches *f)
{
	struct fetch *e;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left))) {
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&e);
		curl_multi_remove_handle(f->multi, m->easy_handle);
		f->running--;
		go_on(e, fetch_transfer_end(&e->transfer, code));
	}
}

static void show_progress(struct fetches *f)
{
	pthread_mutex_lock(&f->lock);
	for (struct fetch *e = f->all; e; e = e->next) {
		if (e->state != FETCH_RUNS)
			continue;
		e->have = e->transfer.have;
		e->size = e->transfer.size;
	}
	pthread_mutex_unlock(&f->lock);
}

static bool is_stopping(struct fetches *f)
{
	bool stopping;

	pthread_mutex_lock(&f->lock);
	stopping = f->stopping;
	pthread_mutex_unlock(&f->lock);
	return stopping;
}

static void *run(void *arg)
{
	struct fetches *f = arg;
	struct fetch *e;
	int running;

	priority_yield();
	while (!is_stopping(f)) {
		curl_multi_perform(f->multi, &running);
		take_ends(f);
		while (f->running < FETCH_PARALLEL && (e = next_waiting(f)))
			begin(f, e);
		show_progress(f);
		prune_if_asked(f);
		curl_multi_poll(f->multi, NULL, 0, 1000, NULL);
	}
	return NULL;
}

/* Starting and stopping. */

static int start(struct fetches *f, char *why, size_t why_size)
{
	int rc;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	rc = fetch_shelf_init(&f->shelf, f->config.state);
	if (rc) {
		snprintf(why, why_size, "%s: its folders cache and fetch: %s", f->config.state,
			strerror(-rc));
		return rc;
	}
	f->config.state = NULL; /* borrowed until here */
	f->multi = curl_multi_init();
	rc = f->multi ? -pthread_create(&f->thread, NULL, run, f) : -ENOMEM;
	f->started = !rc;
	if (rc)
		snprintf(why, why_size, "the fetching thread: %s", strerror(-rc));
	return rc;
}

int fetches_new(
	const struct fetches_config *config, struct fetches **ret, char *why, size_t why_size)
{
	struct fetches *f = calloc(1, sizeof *f);
	int rc;

	if (!f) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	f->config = *config;
	f->shelf = (struct fetch_shelf){-1, -1};
	if (!f->config.cache_max)
		f->config.cache_max = FETCH_CACHE_MAX;
	pthread_mutex_init(&f->lock, NULL);
	rc = start(f, why, why_size);
	if (rc)
		fetches_free(f);
	else
		*ret = f;
	return rc;
}

static void stop_thread(struct fetches *f)
{
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_mutex_unlock(&f->lock);
	curl_multi_wakeup(f->multi);
	pthread_join(f->thread, NULL);
}

void fetches_free(struct fetches *f)
{
	struct fetch *e;

	if (!f)
		return;
	if (f->started)
		stop_thread(f);
	while ((e = f->all)) {
		f->all = e->next;
		if (e->state == FETCH_RUNS) {
			curl_multi_remove_handle(f->multi, e->transfer.easy);
			fetch_transfer_fini(&e->transfer);
		}
		fetch_free(e);
	}
	if (f->multi)
		curl_multi_cleanup(f->multi);
	fetch_shelf_fini(&f->shelf);
	free(f->keep);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
