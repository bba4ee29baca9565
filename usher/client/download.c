/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/download.h"

#include "usher/client/progress.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct transfer {
	int fd, error;
	struct sha256 sum;
	struct progress progress;
};

bool download_is_url(const char *text)
{
	return !strncmp(text, "http://", 7) || !strncmp(text, "https://", 8);
}

static size_t on_bytes(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	for (size_t done = 0; done < size * n;) {
		ssize_t some = write(t->fd, bytes + done, size * n - done);

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0) {
			t->error = errno;
			return 0;
		}
		done += (size_t)some;
	}
	sha256_add(&t->sum, bytes, size * n);
	return size * n;
}

static int on_progress(
	void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct transfer *t = arg;

	(void)up_total;
	(void)up;
	if (total > 0)
		progress_show(&t->progress, (uint64_t)now, (uint64_t)total);
	return 0;
}

const char *download_redirects(const char *url, bool checked)
{
	return !checked && !strncmp(url, "https://", 8) ? "https" : "http,https";
}

static void set_up(CURL *c, const char *url, bool checked, struct transfer *t, char *says)
{
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, download_redirects(url, checked));
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)DOWNLOAD_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)DOWNLOAD_CONNECT_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)DOWNLOAD_IDLE_S);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, says);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
}

int download(
	const char *url, int fd, bool checked, char ret_sum[SHA256_HEX], char *why, size_t why_size)
{
	struct transfer t = {.fd = fd};
	char says[CURL_ERROR_SIZE] = "";
	CURL *c = curl_easy_init();
	CURLcode code;

	if (!c) {
		snprintf(why, why_size, "out of memory");
		return -EIO;
	}
	sha256_start(&t.sum);
	progress_start(&t.progress, "fetching");
	set_up(c, url, checked, &t, says);
	code = curl_easy_perform(c);
	if (code == CURLE_UNSUPPORTED_PROTOCOL && !strchr(download_redirects(url, checked), ','))
		snprintf(says, sizeof says,
			"the server redirects to a URL that is not https: give the sum with --sha256");
	progress_end(&t.progress);
	curl_easy_cleanup(c);
	sha256_hex(&t.sum, ret_sum);
	if (!code)
		return 0;
	snprintf(why, why_size, "%s",
		t.error         ? strerror(t.error)
			: *says ? says
				: curl_easy_strerror(code));
	return -EIO;
}
