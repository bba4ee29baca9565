/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "httpd/http_exchange.h"
#include "httpd/http_listen.h"

#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LEAVE_MS = 300, /* for answers to leave when the service stops */
	LEAVE_STEP_MS = 5,
};

int httpd_new(const struct httpd_config *config, struct httpd **ret)
{
	struct httpd *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	pthread_mutex_init(&h->refusals_lock, NULL);
	h->c = *config;
	if (h->c.deadline_ms <= 0)
		h->c.deadline_ms = HTTP_DEADLINE_MS;
	if (h->c.idle_s == 0)
		h->c.idle_s = HTTP_IDLE_S;
	if (h->c.request_s == 0)
		h->c.request_s = HTTP_REQUEST_S;
	if (h->c.connections == 0)
		h->c.connections = HTTP_CONNECTIONS;
	if (h->c.strangers == 0)
		h->c.strangers = HTTP_STRANGERS;
	atomic_init(&h->refs, 1);
	*ret = h;
	return 0;
}

/* libmicrohttpd's calls */

static void *on_target(void *arg, const char *target, struct MHD_Connection *conn)
{
	(void)conn;
	return http_exchange_new(arg, target);
}

/* libmicrohttpd takes a NUL for the target's end. In its buffer the version comes behind the target's
 * last byte and one NUL (0.9.75; where it lies elsewhere, this says no). */
static bool holds_nul(const struct http_exchange *x, const char *version)
{
	uintptr_t end = x->target_at + strlen(x->target), next = (uintptr_t)version;

	return next > end + 1 && next - end < HTTP_MEMORY;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **context)
{
	struct http_exchange *x = *context;
	enum MHD_Result r;

	(void)arg, (void)url;
	if (!x)
		return MHD_NO;
	/* To suspend in the first call makes libmicrohttpd 0.9.75 close the connection. */
	if (!x->begun)
		return http_exchange_begin(x, conn, method, holds_nul(x, version));
	if (*size > 0) {
		r = http_exchange_body(x, conn, data, *size);
		*size = 0;
		return r;
	}
	return http_exchange_go_on(x, conn);
}

static void on_completed(void *arg, struct MHD_Connection *conn, void **context,
	enum MHD_RequestTerminationCode code)
{
	struct http_exchange *x = *context;

	(void)arg;
	*context = NULL;
	if (x)
		http_exchange_end(x, conn, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
}

__attribute__((format(printf, 2, 0))) static void on_log(void *arg, const char *fmt, va_list ap)
{
	char line[256];
	size_t n;

	(void)arg;
	vsnprintf(line, sizeof(line), fmt, ap);
	n = strcspn(line, "\n");
	log_debug("http: %.*s", (int)n, line);
}

/* Listeners */

static int64_t ms_of(unsigned test_s, unsigned s)
{
	return (int64_t)(test_s ? test_s : s) * 1000;
}

/* On the Unix socket all have the same time, and root has places that the group cannot take. */
static struct crowd_limits limits_of(const struct http_listener *l)
{
	const struct httpd_config *c = &l->h->c;
	int64_t request = ms_of(c->request_s, 0), takes = ms_of(c->idle_s, 0);
	struct crowd_limits limits = {.all = c->connections,
		.strangers = c->strangers,
		.request_ms = {request, request},
		.takes_ms = {takes, takes},
		.takes = HTTP_TAKES};

	if (l->local)
		return limits;
	if (l->serves & HTTP_SERVES_API) {
		limits.all = HTTP_API_CONNECTIONS;
		limits.strangers = HTTP_API_STRANGERS;
		limits.per_net = HTTP_PER_IP;
	}
	limits.per_address = HTTP_PER_IP;
	limits.request_ms[1] = ms_of(c->stranger_s, HTTP_STRANGER_REQUEST_S);
	limits.takes_ms[1] = ms_of(c->stranger_s, HTTP_STRANGER_IDLE_S);
	if (!(l->serves & HTTP_SERVES_API)) {
		limits.bodies = HTTP_BODIES_MAX;
		limits.bodies_per_address = HTTP_BODIES_PER_IP;
	}
	limits.trusting = !c->knows && !(l->serves & HTTP_SERVES_API);
	return limits;
}

/* NULL: in clear. */
struct tls {
	const char *certificate, *key; /* PEM */
};

/* Signed certificates and forward secrecy only, and nothing older than TLS 1.2. */
#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA"

static struct MHD_Daemon *make_daemon(struct http_listener *l, int fd, const struct tls *tls)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME |
		(tls ? MHD_USE_TLS : 0);
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}},
				    with[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0,
						      tls ? (void *)(uintptr_t)tls->certificate
							  : NULL},
					    {MHD_OPTION_HTTPS_MEM_KEY, 0,
						    tls ? (void *)(uintptr_t)tls->key : NULL},
					    {MHD_OPTION_HTTPS_PRIORITIES, 0,
						    (void *)(uintptr_t)TLS_PRIORITIES},
					    {MHD_OPTION_END, 0, NULL}};

	/* How many one address may have, and who goes when there are too many, is the pump's to say. */
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, l, MHD_OPTION_EXTERNAL_LOGGER,
		on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		limits_of(l).all + HTTP_PUMP_SPARE, MHD_OPTION_CONNECTION_TIMEOUT, l->h->c.idle_s,
		MHD_OPTION_ARRAY, tls ? with : none, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, on_target, l,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, l, MHD_OPTION_NOTIFY_CONNECTION,
		http_pump_connection, &l->pump, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
}

/* The pump's calls */

static void on_flush(void *arg)
{
	http_file_flush(arg);
	http_known_ask(arg);
}

static void on_look(void *arg)
{
	http_file_look(arg);
	http_known_look(arg);
}

static void on_woken(void *arg)
{
	http_known_take(arg);
}

/* `fd` is given away: libmicrohttpd 0.9.75 closes it, when it fails to start as well. */
static int start_daemon(struct http_listener *l, int fd, const struct tls *tls)
{
	const struct http_pump_config c = {.limits = limits_of(l),
		.local = l->local,
		.flush = on_flush,
		.look = on_look,
		.woken = on_woken,
		.arg = l};
	int r = http_pump_init(&l->pump, &c);
	struct MHD_Daemon *d;

	if (r < 0) {
		close(fd);
		return r;
	}
	d = make_daemon(l, fd, tls);
	r = d ? http_pump_start(&l->pump, d) : -EIO;
	if (r < 0)
		http_pump_fini(&l->pump);
	return r;
}

static void listener_free(struct http_listener *l)
{
	if (!l)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l->path);
	free(l);
}

/* `fd` is given away. */
static int listener_new(struct httpd *h, uint32_t segment, unsigned serves, bool local, int fd,
	const struct tls *tls, struct http_listener **ret)
{
	struct http_listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l || h->n_listeners == HTTP_LISTENERS) {
		free(l);
		close(fd);
		return l ? -ENOSPC : -ENOMEM;
	}
	l->h = h;
	l->serial = ++h->serials;
	l->segment = segment;
	l->serves = serves;
	l->local = local;
	pthread_mutex_init(&l->lock, NULL);
	r = start_daemon(l, fd, tls);
	if (r < 0) {
		listener_free(l);
		return r;
	}
	h->listeners[h->n_listeners++] = l;
	*ret = l;
	return 0;
}

static int explain(int r, char *why, size_t why_size)
{
	if (r < 0)
		snprintf(why, why_size, "cannot start the HTTP server: %s",
			r == -ENOSPC ? "too many listeners" : strerror(-r));
	return r;
}

int httpd_open_tcp(struct httpd *h, uint32_t segment, const char *ifname, const struct ip *ip,
	uint16_t port, char *why, size_t why_size)
{
	struct http_listener *l;
	char text[IP_TEXT];
	bool bound;
	int fd, r;

	httpd_close_family(h, segment, ip->family);
	fd = http_listen_tcp(
		ifname, ip, port, "<http port=> or --http-port", &bound, why, why_size);
	if (fd < 0)
		return fd;
	r = listener_new(h, segment, HTTP_SERVES_MACHINES, false, fd, NULL, &l);
	if (r < 0)
		return explain(r, why, why_size);
	l->family = ip->family;
	if (ifname[0] && !bound)
		log_warn(
			"http: no privilege to bind to interface %s; listening on its address only",
			ifname);
	log_info("http: serving on %s port %u", ip_format(ip, text), port);
	return 0;
}

int httpd_open_unix(
	struct httpd *h, const char *path, mode_t mode, gid_t gid, char *why, size_t why_size)
{
	struct http_listener *l;
	char *copy = strdup(path);
	struct stat st;
	int fd, r;

	if (!copy)
		return explain(-ENOMEM, why, why_size);
	fd = http_listen_unix(path, mode, gid, why, why_size);
	if (fd < 0) {
		free(copy);
		return fd;
	}
	r = listener_new(h, 0, HTTP_SERVES_API, true, fd, NULL, &l);
	if (r < 0) {
		free(copy);
		unlink(path);
		return explain(r, why, why_size);
	}
	l->path = copy;
	if (stat(path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	log_info("http: serving the API on %s", path);
	return 0;
}

/* The file may be another's by now. */
static void remove_socket(const struct http_listener *l)
{
	struct stat st;

	if (l->path && lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
}

/* From here on nothing is put aside; what was is answered. libmicrohttpd must not be stopped
 * before. */
static void listener_abandon(struct http_listener *l)
{
	struct http_exchange *x;

	http_streams_end(l);
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	x = l->waiting;
	pthread_mutex_unlock(&l->lock);
	while (x) {
		http_exchange_abandon(x, "shutting down");
		/* The handler may have answered others meanwhile: look at the list anew. */
		pthread_mutex_lock(&l->lock);
		x = l->waiting;
		pthread_mutex_unlock(&l->lock);
	}
}

static void listener_stop(struct http_listener *l)
{
	http_pump_fini(&l->pump);
	http_known_fini(l);
	remove_socket(l);
	listener_free(l);
}

/* On TCP; n_listeners: there is none. */
static size_t find(const struct httpd *h, uint32_t segment, unsigned serves, enum ip_family family)
{
	size_t i;

	for (i = 0; i < h->n_listeners; i++)
		if (!h->listeners[i]->local && h->listeners[i]->serves == serves &&
			h->listeners[i]->segment == segment && h->listeners[i]->family == family)
			break;
	return i;
}

bool httpd_is_open(const struct httpd *h, uint32_t segment)
{
	return find(h, segment, HTTP_SERVES_MACHINES, IP_V4) < h->n_listeners ||
		find(h, segment, HTTP_SERVES_MACHINES, IP_V6) < h->n_listeners;
}

void httpd_close(struct httpd *h, uint32_t segment)
{
	httpd_close_family(h, segment, IP_V4);
	httpd_close_family(h, segment, IP_V6);
}

static void close_at(struct httpd *h, size_t i)
{
	struct http_listener *l;

	if (i == h->n_listeners)
		return;
	l = h->listeners[i];
	h->listeners[i] = h->listeners[--h->n_listeners];
	listener_abandon(l);
	listener_stop(l);
}

void httpd_close_family(struct httpd *h, uint32_t segment, enum ip_family family)
{
	close_at(h, find(h, segment, HTTP_SERVES_MACHINES, family));
}

int httpd_open_tls(struct httpd *h, const struct ip *ip, uint16_t port, const char *certificate,
	const char *key, char *why, size_t why_size)
{
	const struct tls tls = {certificate, key};
	struct http_listener *l;
	char text[IP_TEXT];
	int fd, r;

	close_at(h, find(h, 0, HTTP_SERVES_API, ip->family));
	fd = http_listen_tcp("", ip, port, "<api port=>", NULL, why, why_size);
	if (fd < 0)
		return fd;
	r = listener_new(h, 0, HTTP_SERVES_API, false, fd, &tls, &l);
	if (r < 0)
		return explain(r, why, why_size);
	l->family = ip->family;
	log_info("http: serving the API on %s port %u with TLS", ip_format(ip, text), port);
	return 0;
}

static bool all_quiet(struct httpd *h)
{
	for (size_t i = 0; i < h->n_listeners; i++)
		if (atomic_load(&h->listeners[i]->busy) > 0)
			return false;
	return true;
}

void httpd_free(struct httpd *h)
{
	const struct timespec step = {.tv_nsec = LEAVE_STEP_MS * 1000000L};

	if (!h)
		return;
	for (size_t i = 0; i < h->n_listeners; i++)
		listener_abandon(h->listeners[i]);
	h->stopped = true;
	for (int ms = 0; ms < LEAVE_MS && !all_quiet(h); ms += LEAVE_STEP_MS)
		nanosleep(&step, NULL);
	while (h->n_listeners > 0)
		listener_stop(h->listeners[--h->n_listeners]);
	httpd_unref(h);
}
