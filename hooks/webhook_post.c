/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/webhook_post.h"

#include "core/clock.h"
#include "core/plain.h"

#include <curl/curl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TICK_MS = 100 }; /* how often it is asked whether it stops */

struct webhook_poster {
	CURL *easy;
	CURLM *multi;
	size_t heard; /* bytes of the answer */
	char says[CURL_ERROR_SIZE];
};

struct webhook_poster *webhook_poster_new(void)
{
	struct webhook_poster *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->easy = curl_easy_init();
	p->multi = curl_multi_init();
	if (p->easy && p->multi)
		return p;
	webhook_poster_free(p);
	return NULL;
}

void webhook_poster_free(struct webhook_poster *p)
{
	if (!p)
		return;
	if (p->easy)
		curl_easy_cleanup(p->easy);
	if (p->multi)
		curl_multi_cleanup(p->multi);
	free(p);
}

/* The secrets */

static int judge(int fd, const char *path, char *why, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > WEBHOOK_SECRET_FILE) {
		snprintf(why, size, "%s is not a file of secrets", path);
		return -EINVAL;
	}
	if (!(st.st_mode & S_IRWXO))
		return 0;
	snprintf(why, size, "%s may be used by others: chmod o-rwx %s", path, path);
	return -EACCES;
}

static int read_secrets(
	int fd, const char *path, struct webhook_secrets *ret, char *why, size_t size)
{
	char text[WEBHOOK_SECRET_FILE + 1], line[256];
	ssize_t n;
	int rc = judge(fd, path, why, size);

	if (rc)
		return rc;
	n = read(fd, text, sizeof text - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	rc = webhook_secrets_parse(text, ret, line, sizeof line);
	explicit_bzero(text, sizeof text);
	if (rc)
		snprintf(why, size, "%s: %s", path, line);
	return rc;
}

int webhook_secrets_read(const char *path, struct webhook_secrets *ret, char *why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;

	*why = '\0';
	rc = fd < 0 ? -errno : read_secrets(fd, path, ret, why, why_size);
	if (rc && !*why)
		snprintf(why, why_size, "%s: %s", path, strerror(-rc));
	if (fd >= 0)
		close(fd);
	return rc;
}

/* The post */

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct webhook_poster *p = arg;

	(void)bytes;
	(void)size;
	p->heard += n;
	return p->heard > WEBHOOK_ANSWER_MAX ? 0 : n;
}

static struct curl_slist *add(struct curl_slist *list, const char *name, const char *value)
{
	char line[WEBHOOK_SIGNATURE + 64];
	struct curl_slist *more;

	snprintf(line, sizeof line, "%s%s", name, value);
	more = list ? curl_slist_append(list, line) : NULL;
	if (list && !more)
		curl_slist_free_all(list);
	return more;
}

/* NULL: no memory. */
static struct curl_slist *headers(
	const struct webhook_post *what, const struct webhook_secrets *secrets)
{
	int64_t now = clock_wall_ms() / 1000;
	char signature[WEBHOOK_SIGNATURE], seconds[24];
	struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");

	if (webhook_sign(secrets, what->id, now, what->body, strlen(what->body), signature)) {
		curl_slist_free_all(list);
		return NULL;
	}
	snprintf(seconds, sizeof seconds, "%lld", (long long)now);
	list = add(list, "Expect:", "");
	list = add(list, "webhook-id: ", what->id);
	list = add(list, "webhook-timestamp: ", seconds);
	return add(list, "webhook-signature: ", signature);
}

static void set_options(
	struct webhook_poster *p, const struct webhook_post *what, struct curl_slist *list)
{
	curl_easy_reset(p->easy);
	curl_easy_setopt(p->easy, CURLOPT_URL, what->url);
	curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(p->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(p->easy, CURLOPT_QUICK_EXIT, 1L); /* no waiting for a slow resolver */
	curl_easy_setopt(p->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(p->easy, CURLOPT_USERAGENT, "usher/" USHER_VERSION);
	curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, what->body);
	curl_easy_setopt(p->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)WEBHOOK_CONNECT_MS);
	curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)WEBHOOK_ANSWER_MS);
	curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_ERRORBUFFER, p->says);
	if (*what->ca)
		curl_easy_setopt(p->easy, CURLOPT_CAINFO, what->ca);
}

/* How it ended. */
static CURLcode run(struct webhook_poster *p, const struct webhook_post *what)
{
	int running = 1, n;
	CURLMsg *m;

	while (running) {
		if (what->stopping(what->arg))
			return CURLE_ABORTED_BY_CALLBACK;
		if (curl_multi_perform(p->multi, &running))
			return CURLE_OUT_OF_MEMORY;
		if (running)
			curl_multi_poll(p->multi, NULL, 0, TICK_MS, NULL);
	}
	m = curl_multi_info_read(p->multi, &n);
	return m && m->msg == CURLMSG_DONE ? m->data.result : CURLE_FAILED_INIT;
}

static void say(struct webhook_outcome *ret, const char *why)
{
	plain_line(why, ret->why, sizeof ret->why);
}

static void judge_answer(struct webhook_poster *p, struct webhook_outcome *ret)
{
	char line[WEBHOOK_WHY], *to = NULL;
	long status = 0;
	curl_off_t after = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &after);
	curl_easy_getinfo(p->easy, CURLINFO_REDIRECT_URL, &to);
	ret->verdict = webhook_verdict(status);
	ret->after_s = after > 0 && after < INT32_MAX ? (unsigned)after : 0;
	snprintf(line, sizeof line, "HTTP %ld%s%.200s%s", status, to ? ": it redirects to " : "",
		to ? to : "", to ? ", which is not followed" : "");
	say(ret, line);
}

/* An answer that is too long, or stops, has a status all the same. */
static void judge_end(struct webhook_poster *p, CURLcode code, struct webhook_outcome *ret)
{
	long status = 0, sent = 0;

	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(p->easy, CURLINFO_REQUEST_SIZE, &sent);
	ret->reached = sent > 0;
	if (code == CURLE_ABORTED_BY_CALLBACK)
		say(ret, "the service is stopping");
	else if (!code || status)
		judge_answer(p, ret);
	else
		say(ret, *p->says ? p->says : curl_easy_strerror(code));
}

static void send_it(struct webhook_poster *p, const struct webhook_post *what,
	struct curl_slist *list, struct webhook_outcome *ret)
{
	CURLcode code;

	p->heard = 0;
	*p->says = '\0';
	set_options(p, what, list);
	curl_multi_add_handle(p->multi, p->easy);
	code = run(p, what);
	judge_end(p, code, ret);
	curl_multi_remove_handle(p->multi, p->easy);
}

void webhook_post(
	struct webhook_poster *p, const struct webhook_post *what, struct webhook_outcome *ret)
{
	struct webhook_secrets secrets;
	struct curl_slist *list;
	char why[WEBHOOK_WHY];

	*ret = (struct webhook_outcome){.verdict = WEBHOOK_AGAIN};
	if (webhook_secrets_read(what->secret_file, &secrets, why, sizeof why)) {
		say(ret, why);
		return;
	}
	list = headers(what, &secrets);
	explicit_bzero(&secrets, sizeof secrets);
	if (list)
		send_it(p, what, list, ret);
	else
		say(ret, "out of memory");
	curl_slist_free_all(list);
}
