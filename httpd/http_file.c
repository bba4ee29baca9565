/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: conditions, ranges, and the word that a transfer has ended. On libmicrohttpd's threads. */
#include "httpd/http_exchange.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	WHY_TEXT = 256,
	ETAG_TEXT = 80,
	LONG_ANSWER = 1 << 20, /* bytes: many segments */
};

/* A file that was found, with the names of this version of it. */
struct found {
	struct http_file file;
	char etag[ETAG_TEXT];
	char modified[HTTP_DATE_TEXT];
};

struct told {
	struct told *next;
	struct http_report report;
	char path[];
};

/* Some ms' reports on their way to the main thread: small files come by the thousand. */
struct http_reports {
	struct message m;
	struct httpd *h;
	struct told *first, **end;
};

static unsigned status_of(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
	case -EISDIR:
	case -ENAMETOOLONG:
		return 404;
	case -EACCES:
	case -EPERM:
	case -ESTALE:
	case -ELOOP: /* a symbolic link that leads out of its directory */
	case -EXDEV:
		return 403;
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		return 503;
	default:
		return 500;
	}
}

static const char *words_of(unsigned status)
{
	return status == 404    ? "no such file"
		: status == 403 ? "may not be read"
		: status == 503 ? "too busy"
				: "cannot be read";
}

static void answer_error(struct http_exchange *x, unsigned status, const char *why)
{
	http_log_refusal(x->h, &x->r, x->path, status, why);
	x->status = status;
	x->answer = http_error_response(&x->r, why);
}

/* Two ISOs' files may share date and size: inode and offset tell them apart. */
static int name_version(struct found *f)
{
	struct stat st;

	if (fstat(f->file.fd, &st) < 0)
		return -errno;
	snprintf(f->etag, sizeof(f->etag), "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "\"",
		(uint64_t)st.st_ino, f->file.offset, f->file.size,
		(uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec);
	http_date_format(f->file.mtime, f->modified);
	return 0;
}

static const char *header(struct MHD_Connection *conn, const char *name)
{
	return MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name);
}

/* RFC 9110 13.1.5: a part of another version is of no use. */
static bool range_holds(struct MHD_Connection *conn, const struct found *f)
{
	const char *version = header(conn, "If-Range");

	return !version || strcmp(version, f->etag) == 0 || strcmp(version, f->modified) == 0;
}

static void add_headers(struct http_exchange *x, const struct found *f)
{
	MHD_add_response_header(x->answer, "ETag", f->etag);
	MHD_add_response_header(x->answer, "Last-Modified", f->modified);
	MHD_add_response_header(x->answer, "Accept-Ranges", "bytes");
}

static void answer_unsatisfiable(struct http_exchange *x, const struct found *f)
{
	char range[64];

	close(f->file.fd);
	answer_error(x, 416, "the range lies outside the file");
	snprintf(range, sizeof(range), "bytes */%" PRIu64, f->file.size);
	if (x->answer)
		MHD_add_response_header(x->answer, "Content-Range", range);
}

static void answer_unchanged(struct http_exchange *x, const struct found *f)
{
	close(f->file.fd);
	x->status = 304;
	x->answer = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (x->answer)
		add_headers(x, f);
}

static void answer_another(struct http_exchange *x, const struct found *f)
{
	close(f->file.fd);
	answer_error(x, 412,
		"the file is not the version that If-Match or If-Unmodified-Since asks for");
	if (x->answer)
		add_headers(x, f);
}

static void answer_bytes(struct http_exchange *x, const struct found *f, unsigned status)
{
	uint64_t first = x->report.first, n = x->report.asked;
	char range[96];

	x->status = status;
	x->answer = MHD_create_response_from_fd_at_offset64(n, f->file.fd, f->file.offset + first);
	if (!x->answer) {
		close(f->file.fd);
		return;
	}
	add_headers(x, f);
	MHD_add_response_header(x->answer, "Content-Type", http_content_type(x->path));
	if (status == 206) {
		snprintf(range, sizeof(range), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first,
			first + n - 1, f->file.size);
		MHD_add_response_header(x->answer, "Content-Range", range);
	}
}

/* Files on their way, for http_file_look(). */
static void list_sending(struct http_exchange *x, struct MHD_Connection *conn)
{
	struct http_listener *l = x->listener;

	if (x->report.asked >= LONG_ANSWER)
		http_pump_streams(&l->pump, conn);
	x->sending_to = conn;
	x->sending_next = l->sending;
	if (l->sending)
		l->sending->sending_prev = x;
	l->sending = x;
}

static void unlist_sending(struct http_exchange *x)
{
	if (!x->sending_to)
		return;
	*(x->sending_prev ? &x->sending_prev->sending_next : &x->listener->sending) =
		x->sending_next;
	if (x->sending_next)
		x->sending_next->sending_prev = x->sending_prev;
	x->sending_to = NULL;
}

static void answer_found(
	struct http_exchange *x, struct MHD_Connection *conn, const struct found *f)
{
	const struct http_conditions c = http_exchange_conditions(conn);
	enum http_outcome outcome = http_conditions_judge(&c, f->etag, f->file.mtime);
	enum http_range range = HTTP_RANGE_NONE;

	x->report.size = f->file.size;
	if (outcome == HTTP_UNCHANGED)
		return answer_unchanged(x, f);
	if (outcome == HTTP_FAILED)
		return answer_another(x, f);
	/* RFC 9110 14.2: Range is for GET alone. */
	if (x->r.method == HTTP_GET && range_holds(conn, f))
		range = http_range_parse(
			header(conn, "Range"), f->file.size, &x->report.first, &x->report.asked);
	if (range == HTTP_RANGE_UNSATISFIABLE)
		return answer_unsatisfiable(x, f);
	if (range == HTTP_RANGE_NONE)
		x->report.asked = f->file.size;
	answer_bytes(x, f, range == HTTP_RANGE_PART ? 206 : 200);
	if (x->r.method == HTTP_HEAD)
		x->report.asked = 0;
	else if (x->answer && x->h->c.ended)
		list_sending(x, conn);
}

/* What this connection's peer has acknowledged so far; libmicrohttpd does not count what sendfile
 * took. */
static uint64_t bytes_acked(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (!i || getsockopt(i->connect_fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	return info.tcpi_bytes_acked;
}

void http_file_answer(struct http_exchange *x, struct MHD_Connection *conn)
{
	struct found f = {.file.fd = -1};
	char why[WHY_TEXT] = "";
	unsigned status;
	int r;

	x->acked = bytes_acked(conn);
	r = x->h->c.open(x->h->c.arg, x->path, &f.file, why, sizeof(why));
	if (r == 0) {
		r = name_version(&f);
		if (r < 0)
			close(f.file.fd);
	}
	if (r == 0)
		return answer_found(x, conn, &f);
	status = status_of(r);
	answer_error(x, status, why[0] ? why : words_of(status));
}

static void deliver_reports(struct message *m)
{
	struct http_reports *all = (struct http_reports *)m;
	struct httpd *h = all->h;
	unsigned lost = atomic_exchange(&h->reports_lost, 0);
	struct told *t;

	if (lost)
		log_warn("http: %u reports of transfers were dropped", lost);
	while ((t = all->first)) {
		all->first = t->next;
		atomic_fetch_sub(&h->reports, 1);
		if (!h->stopped)
			h->c.ended(h->c.arg, &t->report);
		free(t);
	}
	free(all);
	httpd_unref(h);
}

void http_file_flush(void *listener)
{
	struct http_listener *l = listener;
	struct http_reports *all = l->reports;

	l->reports = NULL;
	if (all)
		mailbox_post(l->h->c.home, &all->m);
}

static int gather(struct http_listener *l, struct told *t)
{
	struct http_reports *all = l->reports;

	if (!all) {
		all = malloc(sizeof(*all));
		if (!all)
			return -ENOMEM;
		*all = (struct http_reports){.m.deliver = deliver_reports, .h = l->h};
		all->end = &all->first;
		httpd_ref(l->h);
		l->reports = all;
	}
	*all->end = t;
	all->end = &t->next;
	atomic_fetch_add(&l->h->reports, 1);
	http_pump_flush_soon(&l->pump);
	return 0;
}

static uint64_t bytes_sent(
	const struct http_exchange *x, struct MHD_Connection *conn, bool completed)
{
	uint64_t now, n;

	if (completed)
		return x->report.asked;
	now = bytes_acked(conn);
	n = now > x->acked ? now - x->acked : 0;
	return n < x->report.asked ? n : x->report.asked;
}

static struct told *report(
	const struct http_exchange *x, bool underway, bool completed, uint64_t sent)
{
	size_t len = strlen(x->path) + 1;
	struct told *t = malloc(sizeof(*t) + len);

	if (!t)
		return NULL;
	*t = (struct told){.report = x->report};
	memcpy(t->path, x->path, len);
	t->report.path = t->path;
	t->report.peer = x->r.peer;
	t->report.segment = x->r.segment;
	t->report.status = x->status;
	t->report.head = x->r.method == HTTP_HEAD;
	t->report.underway = underway;
	t->report.completed = completed;
	t->report.sent = sent;
	t->report.ms = clock_mono_ms() - x->started;
	return t;
}

static void post_report(struct http_exchange *x, bool underway, bool completed, uint64_t sent)
{
	struct httpd *h = x->h;
	struct told *t = NULL;

	if (atomic_load(&h->reports) < HTTP_REPORTS_MAX)
		t = report(x, underway, completed, sent);
	if (t && gather(x->listener, t) == 0)
		return;
	free(t);
	atomic_fetch_add(&h->reports_lost, 1);
}

void http_file_look(void *listener)
{
	const struct http_listener *l = listener;
	int64_t now = clock_mono_ms();

	for (struct http_exchange *x = l->sending; x; x = x->sending_next) {
		int64_t ms = now - x->started;
		uint64_t sent;

		if (ms < PACE_APART_MS)
			continue;
		sent = bytes_sent(x, x->sending_to, false);
		if (pace_due(&x->pace, ms, sent, x->report.asked))
			post_report(x, true, false, sent);
	}
}

void http_file_ended(struct http_exchange *x, struct MHD_Connection *conn, bool completed)
{
	unlist_sending(x);
	if (x->h->c.ended && x->status)
		post_report(x, false, completed, bytes_sent(x, conn, completed));
}
