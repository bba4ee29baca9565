/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/http_get.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct transfer {
	const struct http_get *get;
	struct http_got *got;
	CURL *curl;
};

static size_t on_bytes(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct http_got *g = t->got;
	size_t more = size * n, room = t->get->head_size - g->head_len;

	if (room > more)
		room = more;
	memcpy(t->get->head + g->head_len, bytes, room);
	g->head_len += room;
	g->bytes += more;
	g->part = t->get->most && g->bytes >= t->get->most;
	return g->part ? 0 : more;
}

static int on_progress(
	void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	const struct transfer *t = arg;

	(void)total, (void)now, (void)up_total, (void)up;
	return t->get->stop && *t->get->stop;
}

static void set_up(struct transfer *t, char *says)
{
	const struct http_get *g = t->get;
	CURL *c = t->curl;

	curl_easy_setopt(c, CURLOPT_URL, g->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, (long)g->redirects);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)HTTP_GET_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_GET_CONNECT_MS);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)HTTP_GET_IDLE_S);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "usher-probe/" USHER_VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, says);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	if (g->post)
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, g->post);
}

static enum http_end end_of(CURL *c, CURLcode code)
{
	long error = 0;

	curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_COULDNT_CONNECT)
		return error == ECONNREFUSED                                    ? HTTP_REFUSED
			: error == EHOSTUNREACH || error == ETIMEDOUT || !error ? HTTP_SILENT
										: HTTP_BROKEN;
	return code == CURLE_OPERATION_TIMEDOUT ? HTTP_SILENT : HTTP_BROKEN;
}

static void take(struct transfer *t, CURLcode code, const char *says)
{
	struct http_got *g = t->got;
	curl_off_t announced = -1;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &g->status);
	if (!code || (code == CURLE_WRITE_ERROR && g->part)) {
		curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
		if (g->part && announced > 0)
			g->bytes = (uint64_t)announced;
		g->end = HTTP_GOT;
		return;
	}
	g->end = end_of(t->curl, code);
	if (g->bytes)
		g->end = HTTP_BROKEN;
	snprintf(g->says, sizeof g->says, "%s", *says ? says : curl_easy_strerror(code));
}

void http_get(const struct http_get *g, struct http_got *ret)
{
	struct transfer t = {.get = g, .got = ret, .curl = curl_easy_init()};
	char says[CURL_ERROR_SIZE] = "";

	*ret = (struct http_got){.end = HTTP_BROKEN};
	if (!t.curl) {
		snprintf(ret->says, sizeof ret->says, "out of memory");
		return;
	}
	set_up(&t, says);
	take(&t, curl_easy_perform(t.curl), says);
	curl_easy_cleanup(t.curl);
}

int http_get_resolve(const char *base, const char *reference, char *buf, size_t size)
{
	CURLU *u = curl_url();
	char *whole = NULL;
	int n = -1;

	if (u && !curl_url_set(u, CURLUPART_URL, base, CURLU_NON_SUPPORT_SCHEME) &&
		!curl_url_set(u, CURLUPART_URL, reference, CURLU_NON_SUPPORT_SCHEME) &&
		!curl_url_get(u, CURLUPART_URL, &whole, 0))
		n = snprintf(buf, size, "%s", whole);
	curl_free(whole);
	curl_url_cleanup(u);
	return n > 0 && (size_t)n < size ? 0 : -EINVAL;
}
