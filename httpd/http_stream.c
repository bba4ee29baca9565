/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers without an end. The main thread appends to a buffer; libmicrohttpd's thread takes from it, and suspends the connection
 * while it is empty. Two hold a stream: the main thread until http_stream_end(), libmicrohttpd's response until the connection
 * is over. While that holds it, the connection's descriptor is open.
 */
#include "httpd/http_exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct http_stream {
	atomic_uint refs;
	struct http_stream *next, **at; /* the listener's; main thread, as all lists of these */
	struct http_listener *listener; /* NULL: closed */
	pthread_mutex_t lock; /* of what follows; taken before libmicrohttpd's own locks */
	struct MHD_Connection *conn;
	bool suspended, ended, gone;
	size_t len;
	char buf[HTTP_STREAM_MAX];
};

static void unref(struct http_stream *s)
{
	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* libmicrohttpd's calls, on its thread */

static ssize_t take(void *arg, uint64_t pos, char *buf, size_t max)
{
	struct http_stream *s = arg;
	ssize_t n = 0;

	(void)pos;
	pthread_mutex_lock(&s->lock);
	if (s->len) {
		n = (ssize_t)(s->len < max ? s->len : max);
		memcpy(buf, s->buf, (size_t)n);
		s->len -= (size_t)n;
		memmove(s->buf, s->buf + n, s->len);
	} else if (s->ended) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		MHD_suspend_connection(s->conn);
		s->suspended = true;
	}
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void over(void *arg)
{
	struct http_stream *s = arg;

	pthread_mutex_lock(&s->lock);
	s->gone = true;
	pthread_mutex_unlock(&s->lock);
	unref(s);
}

/* The main thread's */

/* Under the lock. */
static void wake(struct http_stream *s)
{
	if (!s->suspended)
		return;
	s->suspended = false;
	MHD_resume_connection(s->conn);
	if (s->listener)
		http_pump_wake(&s->listener->pump);
}

static void enter(struct http_stream *s, struct http_listener *l)
{
	s->listener = l;
	s->next = l->streams;
	s->at = &l->streams;
	if (s->next)
		s->next->at = &s->next;
	l->streams = s;
}

static void leave(struct http_stream *s)
{
	if (!s->listener)
		return;
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	s->listener = NULL;
}

struct http_stream *http_stream_new(
	struct http_listener *l, struct MHD_Connection *conn, struct MHD_Response **ret)
{
	struct http_stream *s = malloc(sizeof(*s)); /* its buffer need not be zeroed */

	if (!s)
		return NULL;
	memset(s, 0, offsetof(struct http_stream, buf));
	atomic_init(&s->refs, 2);
	pthread_mutex_init(&s->lock, NULL);
	s->conn = conn;
	*ret = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, HTTP_STREAM_MAX / 4, take, s, over);
	if (!*ret) {
		pthread_mutex_destroy(&s->lock);
		free(s);
		return NULL;
	}
	enter(s, l);
	return s;
}

int http_stream_send(struct http_stream *s, const void *bytes, size_t n)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (s->gone || s->ended) {
		rc = -EPIPE;
	} else if (n > HTTP_STREAM_MAX - s->len) {
		rc = -EAGAIN;
	} else {
		memcpy(s->buf + s->len, bytes, n);
		s->len += n;
		wake(s);
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

size_t http_stream_waits(struct http_stream *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->len;
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* Who has not taken what is there is not waited for. */
static void end(struct http_stream *s)
{
	const union MHD_ConnectionInfo *i;

	pthread_mutex_lock(&s->lock);
	s->ended = true;
	if (!s->gone && s->len) {
		i = MHD_get_connection_info(s->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (i)
			shutdown(i->connect_fd, SHUT_RDWR);
	}
	wake(s);
	pthread_mutex_unlock(&s->lock);
	leave(s);
}

void http_stream_end(struct http_stream *s)
{
	end(s);
	unref(s);
}

void http_streams_end(struct http_listener *l)
{
	while (l->streams)
		end(l->streams);
}
