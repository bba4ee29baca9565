/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/fetch_transfer.h"

#include "core/sockaddr.h"
#include "kickstart/media/fetch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The line, behind its URL. */
__attribute__((format(printf, 2, 3))) static void say(
	struct fetch_transfer *t, const char *fmt, ...)
{
	char url[FETCH_URL_MAX], text[FETCH_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(t->line, sizeof t->line, "%s: %.*s", fetch_name_shown(t->url, url, sizeof url),
		FETCH_LINE - FETCH_URL_MAX - 3, text);
}

static int fault(struct fetch_transfer *t, int rc, const char *what)
{
	say(t, "%s", what);
	return rc;
}

static int disk_fault(struct fetch_transfer *t, int rc)
{
	say(t, "cannot be kept in the cache: %s", strerror(-rc));
	return rc;
}

static void close_part(struct fetch_transfer *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static void drop_part(struct fetch_transfer *t)
{
	close_part(t);
	fetch_shelf_drop_part(t->shelf, &t->name);
	t->record.part = false;
	t->have = 0;
	(void)fetch_shelf_save(t->shelf, &t->name, t->url, &t->record);
}

/* Bytes that come. */

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch_transfer *t = arg;

	fetch_reply_header(&t->reply, bytes, size * n);
	return size * n;
}

/* The sum begins with what is there already; then the descriptor stands at its end. */
static int sum_part(struct fetch_transfer *t)
{
	char buf[64 << 10];
	uint64_t left = t->asked.offset;

	while (left) {
		ssize_t n = read(t->fd, buf, left < sizeof buf ? (size_t)left : sizeof buf);

		if (n <= 0)
			return n ? -errno : -EIO;
		sha256_add(&t->sum, buf, (size_t)n);
		left -= (uint64_t)n;
	}
	return 0;
}

static int check_size(struct fetch_transfer *t)
{
	uint64_t room = fetch_shelf_room(t->shelf),
		 more = t->size > t->have ? t->size - t->have : 0;
	char what[160];

	if (t->size > FETCH_SIZE_MAX || t->have > FETCH_SIZE_MAX) {
		snprintf(what, sizeof what, "larger than %llu GiB: no kernel or initrd",
			FETCH_SIZE_MAX >> 30);
		return fault(t, -EFBIG, what);
	}
	if (room < FETCH_ROOM_LEFT || more > room - FETCH_ROOM_LEFT) {
		snprintf(what, sizeof what,
			"%llu MiB more do not fit on the disk of the cache, which has %llu MiB "
			"free and keeps %llu",
			(unsigned long long)more >> 20, (unsigned long long)room >> 20,
			FETCH_ROOM_LEFT >> 20);
		return fault(t, -ENOSPC, what);
	}
	return 0;
}

/* What is kept is said first: killed from here on, the part is known for what it is. */
static int begin_body(struct fetch_transfer *t)
{
	bool rest = fetch_reply_meaning(&t->asked, &t->reply) == FETCH_REST;
	int rc;

	t->have = rest ? t->asked.offset : 0;
	t->size = t->reply.version.size;
	rc = check_size(t);
	if (rc)
		return rc;
	t->fd = fetch_shelf_open_part(t->shelf, &t->name);
	if (t->fd < 0)
		return disk_fault(t, t->fd);
	sha256_start(&t->sum);
	rc = rest ? sum_part(t) : ftruncate(t->fd, 0) ? -errno : 0;
	if (!rc && !rest) {
		t->record.part = true;
		t->record.part_version = t->reply.version;
		rc = fetch_shelf_save(t->shelf, &t->name, t->url, &t->record);
	}
	return rc ? disk_fault(t, rc) : 0;
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t wrote = write(fd, bytes, n);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote ? -errno : -EIO;
		bytes += wrote;
		n -= (size_t)wrote;
	}
	return 0;
}

/* Returning less than all ends the transfer; `line` says why, or the status does. */
static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch_transfer *t = arg;
	enum fetch_meaning meaning = fetch_reply_meaning(&t->asked, &t->reply);
	size_t len = size * n;
	int rc = 0;

	if (meaning != FETCH_ALL && meaning != FETCH_REST)
		return 0;
	if (!t->body)
		rc = begin_body(t);
	t->body = true;
	if (rc || t->fd < 0)
		return 0;
	rc = write_all(t->fd, bytes, len);
	if (rc) {
		disk_fault(t, rc);
		return 0;
	}
	sha256_add(&t->sum, bytes, len);
	t->have += len;
	t->gained += len;
	return t->size || !check_size(t) ? len : 0;
}

/* A request. */

static struct curl_slist *header_list(const struct fetch_request *asked)
{
	struct curl_slist *list = NULL, *more;

	for (size_t i = 0; i < 2; i++) {
		if (!*asked->headers[i])
			continue;
		more = curl_slist_append(list, asked->headers[i]);
		if (more)
			list = more;
	}
	return list;
}

/* Then libcurl speaks to the proxy, which root chose. */
static bool has_proxy(void)
{
	static const char *const names[] = {
		"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *proxy = getenv(names[i]);

		if (proxy && *proxy)
			return true;
	}
	return false;
}

/* Here and not in the URL: a name, or a redirect, may lead anywhere. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct fetch_transfer *t = arg;
	struct ip ip = sockaddr_ip(&to->addr, NULL);

	(void)purpose;
	if (ip_is_no_server(&ip)) {
		t->unfit = ip;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void set_options(struct fetch_transfer *t)
{
	CURL *c = t->easy;
	bool tls = !strncmp(t->url, "https:", 6);

	curl_easy_setopt(c, CURLOPT_URL, t->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	/* who asked for https does not get http by way of a redirect, but where a sum is checked */
	curl_easy_setopt(
		c, CURLOPT_REDIR_PROTOCOLS_STR, tls && !*t->wanted ? "https" : "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)FETCH_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "usher/" USHER_VERSION);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)FETCH_IDLE_S);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->curl_says);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_PRIVATE, t->owner);
	if (t->local || has_proxy())
		return;
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
}

/* Forgets the request before, if there was one. */
static int ask(struct fetch_transfer *t, uint64_t part_size)
{
	close_part(t);
	curl_slist_free_all(t->headers);
	fetch_record_ask(&t->record, part_size, &t->asked);
	t->headers = header_list(&t->asked);
	t->reply = (struct fetch_reply){0};
	t->unfit = (struct ip){0};
	t->body = false;
	t->gained = 0;
	t->have = t->asked.offset;
	*t->curl_says = '\0';
	if (t->easy)
		curl_easy_reset(t->easy);
	else
		t->easy = curl_easy_init();
	if (!t->easy)
		return fault(t, -ENOMEM, "out of memory");
	set_options(t);
	return -EINPROGRESS;
}

int fetch_transfer_begin(struct fetch_transfer *t)
{
	uint64_t part_size;

	t->fd = -1;
	fetch_shelf_load(t->shelf, &t->name, t->url, &t->record, &part_size);
	if (t->record.whole && *t->wanted && !strcmp(t->record.sum, t->wanted))
		return 0;
	return ask(t, part_size);
}

/* The end of a request. */

static int wrong_sum(struct fetch_transfer *t, const char *was)
{
	say(t, "sha256 differs: expected %s, was %s", t->wanted, was);
	return -EBADMSG;
}

/* While the record speaks of no whole file there is none: killed in between, it is fetched again. */
static int publish(struct fetch_transfer *t, const char *sum)
{
	struct fetch_record *r = &t->record;
	int rc = fsync(t->fd) ? -errno : 0;

	close_part(t);
	r->whole = false;
	if (!rc)
		rc = fetch_shelf_save(t->shelf, &t->name, t->url, r);
	if (!rc)
		rc = fetch_shelf_publish(t->shelf, &t->name);
	if (rc)
		return disk_fault(t, rc);
	r->whole = true;
	r->part = false;
	r->whole_version = r->part_version;
	r->whole_version.size = t->have;
	memcpy(r->sum, sum, sizeof r->sum);
	t->fetched = true;
	rc = fetch_shelf_save(t->shelf, &t->name, t->url, r);
	return rc ? disk_fault(t, rc) : 0;
}

static int broken_off(struct fetch_transfer *t, const char *what)
{
	if (t->gained && ++t->tries < FETCH_TRIES)
		return ask(t, t->have);
	say(t, "aborted at %llu of %llu bytes: %s", (unsigned long long)t->have,
		(unsigned long long)t->size, what);
	return -EPIPE;
}

static int all_came(struct fetch_transfer *t)
{
	char sum[SHA256_HEX];

	if (!t->body)
		return fault(t, -ENODATA, "it is empty");
	if (t->size && t->have != t->size)
		return broken_off(t, "the server sent no more");
	sha256_hex(&t->sum, sum);
	if (*t->wanted && strcmp(t->wanted, sum)) {
		drop_part(t);
		/* its beginning is of an earlier run: that may be what is wrong */
		return t->asked.offset && ++t->tries < FETCH_TRIES ? ask(t, 0) : wrong_sum(t, sum);
	}
	return publish(t, sum);
}

static int same(struct fetch_transfer *t)
{
	if (*t->wanted && strcmp(t->wanted, t->record.sum))
		return wrong_sum(t, t->record.sum);
	(void)fetch_shelf_save(t->shelf, &t->name, t->url, &t->record); /* asked for just now */
	return 0;
}

/* Nobody could say whether it is still the mirror's. */
static int use_copy(struct fetch_transfer *t, const char *what)
{
	time_t when = fetch_shelf_when(t->shelf, &t->name);
	char day[32];
	struct tm tm;

	strftime(day, sizeof day, "%Y-%m-%d %H:%M", localtime_r(&when, &tm));
	say(t, "%s; using the copy of %s", what, day);
	return same(t);
}

static int refused(struct fetch_transfer *t)
{
	char what[64];

	snprintf(what, sizeof what, "HTTP %ld", t->reply.status);
	if (t->record.whole && (t->reply.status >= 500 || t->reply.status == 429))
		return use_copy(t, what);
	return fault(t, t->reply.status == 404 || t->reply.status == 410 ? -ENOENT : -EPROTO, what);
}

/* No certificate, no copy: somebody may be between. */
static bool is_unreachable(CURLcode code)
{
	return code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_UNSUPPORTED_PROTOCOL &&
		code != CURLE_TOO_MANY_REDIRECTS && code != CURLE_URL_MALFORMAT &&
		code != CURLE_OUT_OF_MEMORY;
}

static int unfit_address(struct fetch_transfer *t)
{
	char ip[IP_TEXT], what[IP_TEXT + 128];

	snprintf(what, sizeof what,
		"usher does not fetch from %s, which only this host reaches: name the address that "
		"machines reach",
		ip_format(&t->unfit, ip));
	return fault(t, -EACCES, what);
}

static int failed(struct fetch_transfer *t, CURLcode code)
{
	const char *what = *t->curl_says ? t->curl_says : curl_easy_strerror(code);

	if (*t->line) /* the disk, or a limit */
		return code == CURLE_WRITE_ERROR ? -EIO : -EPROTO;
	if (ip_is_set(&t->unfit) && code == CURLE_COULDNT_CONNECT)
		return unfit_address(t);
	if (t->body)
		return broken_off(t, what);
	if (code == CURLE_UNSUPPORTED_PROTOCOL && t->reply.status / 100 == 3)
		what = "the server redirects to a URL that is not https (or http)";
	if (t->record.whole && is_unreachable(code))
		return use_copy(t, what);
	return fault(t, -EHOSTUNREACH, what);
}

int fetch_transfer_end(struct fetch_transfer *t, CURLcode code)
{
	enum fetch_meaning meaning = fetch_reply_meaning(&t->asked, &t->reply);

	if (meaning == FETCH_OVER && ++t->tries < FETCH_TRIES) {
		drop_part(t);
		return ask(t, 0);
	}
	if (code == CURLE_OK && meaning == FETCH_SAME)
		return same(t);
	if (code == CURLE_OK && (meaning == FETCH_ALL || meaning == FETCH_REST))
		return all_came(t);
	if (code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR ||
		(code == CURLE_WRITE_ERROR && meaning == FETCH_REFUSED))
		return refused(t);
	return failed(t, code);
}

void fetch_transfer_fini(struct fetch_transfer *t)
{
	close_part(t);
	if (t->easy)
		curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	t->easy = NULL;
	t->headers = NULL;
}
