/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/packages/packages.h"
#include "service/packages/packages_conf.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OLD_MS = 3000 }; /* for one that an earlier service left, to end */

/* The program */

const char *packages_program(const struct config *c, char *why, size_t size)
{
	static const char *const usual[] = {
		"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"};
	const char *error;

	if (*c->nginx) {
		error = run_file_error(c->nginx);
		if (error)
			snprintf(why, size, "<package-cache nginx='%.160s'>: %s", c->nginx, error);
		return error ? NULL : c->nginx;
	}
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (!run_file_error(usual[i]))
			return usual[i];
	snprintf(why, size,
		"nginx is not installed: apt install nginx-light (and 'systemctl disable --now nginx' "
		"where nothing else needs it); until then each machine fetches its packages itself");
	return NULL;
}

static const char *authorities(void)
{
	static const char *const usual[] = {"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
	const char *named = getenv("SSL_CERT_FILE");

	if (named && *named)
		return packages_conf_path(named) && !access(named, R_OK) ? named : NULL;
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (!access(usual[i], R_OK))
			return usual[i];
	return NULL;
}

static bool kernel_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static struct packages_conf conf_of(const struct packages *p)
{
	const struct config *c = &p->base->config;

	return (struct packages_conf){.port = c->packages_port,
		.mib = c->packages_mib,
		.ipv6 = kernel_has_ipv6(),
		.root = !geteuid(),
		.authorities = authorities(),
		.segments = &p->base->segments,
		.mirrors = &p->mirrors};
}

/* Running */

static void look(struct packages *p);

static void on_up(struct loop_timer *t)
{
	struct packages *p = t->arg;

	if (!p->nginx)
		return;
	*p->problem = '\0';
	p->base->mirrors = &p->mirrors;
	log_info("packages: the cache is fetched from on port %u", p->base->config.packages_port);
}

static void heard(void *arg, const char *bytes, size_t n)
{
	struct packages *p = arg;

	packages_log_hear(&p->log, bytes, n);
}

/* Not at once: what makes it end may be there for hours. */
static void start_later(struct packages *p)
{
	int64_t now = clock_mono_ms();

	if (p->started && now - p->started >= PACKAGES_AGAIN_MAX_MS)
		p->wait_ms = 0;
	p->wait_ms = !p->wait_ms                         ? PACKAGES_AGAIN_MS
		: 2 * p->wait_ms > PACKAGES_AGAIN_MAX_MS ? PACKAGES_AGAIN_MAX_MS
							 : 2 * p->wait_ms;
	loop_timer_set(p->base->loop, &p->again, p->wait_ms);
}

static void on_ended(void *arg, const struct run_result *r)
{
	struct packages *p = arg;
	char how[64], last[160];

	p->nginx = NULL;
	p->base->mirrors = NULL;
	p->log.len = 0;
	p->deaths++;
	loop_timer_clear(p->base->loop, &p->up);
	run_last_line(r->err, last, sizeof last);
	start_later(p);
	snprintf(p->problem, sizeof p->problem, "nginx ended (%s)%s%s",
		run_result_text(r, how, sizeof how), *last ? ": " : "", last);
	timeline_add(p->base->timeline, "", "packages",
		"the package cache stands still, and machines fetch their packages themselves: %s; "
		"it is started again in %lld s",
		p->problem, (long long)(p->wait_ms / 1000));
}

static int spawn(struct packages *p, const char *program)
{
	char dir[PATH_MAX], file[PATH_MAX + 16];
	char *const argv[] = {(char *)"nginx", (char *)"-p", dir, (char *)"-e", (char *)"stderr",
		(char *)"-c", file, NULL};
	const struct run_spec spec = {.path = program, .argv = argv, .input = "", .heard = heard};

	config_packages_dir(&p->base->config, dir);
	snprintf(file, sizeof file, "%s/nginx.conf", dir);
	return run_start(p->base->loop, &spec, on_ended, p, &p->nginx);
}

static void start(struct packages *p)
{
	const char *program = packages_program(&p->base->config, p->problem, sizeof p->problem);
	int rc;

	if (!program) {
		log_error("packages: %s", p->problem);
		p->wait_ms = PACKAGES_AGAIN_MAX_MS;
		loop_timer_set(p->base->loop, &p->again, PACKAGES_AGAIN_MAX_MS);
		return;
	}
	rc = spawn(p, program);
	p->started = clock_mono_ms();
	if (!rc) {
		loop_timer_set(p->base->loop, &p->up, PACKAGES_UP_MS);
		return;
	}
	snprintf(p->problem, sizeof p->problem, "%s: %s", program, strerror(-rc));
	log_error("packages: %s", p->problem);
	start_later(p);
}

static void on_again(struct loop_timer *t)
{
	struct packages *p = t->arg;

	if (!p->nginx && p->conf)
		start(p);
}

/* Writing its configuration, on the worker */

struct writing {
	struct task task;
	struct packages *packages;
	bool first;
	char path[PATH_MAX + 16];
	char *text;
	bool has[MIRRORS_MAX];
};

static bool read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, size - 1, f) : 0;

	if (f)
		fclose(f);
	for (size_t i = 0; i < n; i++)
		buf[i] = buf[i] ? buf[i] : ' ';
	buf[n] = '\0';
	return n > 0;
}

/* nginx's first process writes its command line anew: "nginx: master process nginx -p …". */
static bool is_ours(pid_t pid, const char *conf)
{
	char path[64], line[2 * PATH_MAX];

	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	return read_line(path, line, sizeof line) && !strncmp(line, "nginx: master", 13) &&
		strstr(line, conf);
}

/* Of a service that was killed. Whoever else has its number by now is left alone. */
static void end_old(const char *conf)
{
	char path[PATH_MAX + 16], text[32];
	struct pollfd p = {.fd = -1, .events = POLLIN};
	pid_t pid;

	snprintf(path, sizeof path, "%.*s/nginx.pid", (int)(strrchr(conf, '/') - conf), conf);
	pid = read_line(path, text, sizeof text) ? (pid_t)atoi(text) : 0;
	p.fd = pid > 1 ? pidfd_open(pid, 0) : -1;
	if (p.fd < 0)
		return;
	if (is_ours(pid, conf) && !pidfd_send_signal(p.fd, SIGTERM, NULL, 0))
		poll(&p, 1, OLD_MS);
	close(p.fd);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_conf(struct task *t)
{
	struct writing *w = (struct writing *)t;
	char path[sizeof w->path + 8];
	int fd, rc;

	if (w->first)
		end_old(w->path);
	snprintf(path, sizeof path, "%s.new", w->path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, w->text, strlen(w->text));
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(path, w->path))
		rc = -errno;
	return rc;
}

/* nginx takes a new configuration without dropping what it is sending. */
static void tell(struct packages *p, struct writing *w)
{
	free(p->conf);
	p->conf = w->text;
	w->text = NULL;
	for (size_t i = 0; i < p->mirrors.n; i++)
		p->mirrors.all[i].ready = w->has[i];
	if (p->nginx)
		run_signal(p->nginx, SIGHUP);
	else if (!p->again.slot)
		start(p);
}

static void wrote(struct task *t)
{
	struct writing *w = (struct writing *)t;
	struct packages *p = w->packages;

	p->busy = false;
	if (!t->rc && !p->base->stopping) {
		tell(p, w);
	} else if (t->rc && !p->base->stopping) {
		snprintf(p->problem, sizeof p->problem, "%.200s: %s", w->path, strerror(-t->rc));
		log_error("packages: %s", p->problem);
	}
	free(w->text);
	free(w);
	if (p->dirty && !p->base->stopping)
		look(p);
}

/* Takes the text. */
static void write_anew(struct packages *p, const struct packages_conf *c, char *text)
{
	struct writing *w = calloc(1, sizeof *w);
	char dir[PATH_MAX];

	if (!w) {
		free(text);
		return;
	}
	*w = (struct writing){.task = {.run = write_conf, .done = wrote},
		.packages = p,
		.first = !p->conf,
		.text = text};
	snprintf(w->path, sizeof w->path, "%s/nginx.conf",
		config_packages_dir(&p->base->config, dir));
	for (size_t i = 0; i < p->mirrors.n; i++)
		w->has[i] = packages_conf_has(c, &p->mirrors.all[i]);
	if (worker_do(p->base->worker, &w->task, "packages")) {
		free(text);
		free(w);
		return;
	}
	p->busy = true;
}

/* Addresses of mirrors, on the worker */

struct resolving {
	struct task task;
	struct packages *packages;
	struct mirrors mirrors; /* those that are to be asked for */
};

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ip));
}

static void take_address(struct mirror *m, const struct addrinfo *a)
{
	struct ip *ip = &m->addresses[m->n_addresses];

	memset(ip, 0, sizeof *ip);
	if (a->ai_family == AF_INET) {
		*ip = ip_from_v4(ntohl(
			((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr.s_addr));
	} else if (a->ai_family == AF_INET6) {
		ip->family = IP_V6;
		memcpy(ip->b, &((const struct sockaddr_in6 *)(const void *)a->ai_addr)->sin6_addr,
			16);
	}
	/* nginx would fetch for all machines what this host serves to itself alone */
	if (ip_is_no_server(ip))
		*ip = (struct ip){0};
	else
		m->n_addresses++;
}

/* Sorted: a name server that turns them round gives the same configuration. */
static void resolve_one(struct mirror *m)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *all = NULL;

	m->n_addresses = 0;
	if (!getaddrinfo(m->host, NULL, &hints, &all))
		for (const struct addrinfo *a = all; a && m->n_addresses < MIRROR_ADDRESSES;
			a = a->ai_next)
			take_address(m, a);
	if (all)
		freeaddrinfo(all);
	qsort(m->addresses, m->n_addresses, sizeof *m->addresses, by_bytes);
}

static int resolve(struct task *t)
{
	struct resolving *r = (struct resolving *)t;

	for (size_t i = 0; i < r->mirrors.n && !worker_stopping(t->worker); i++)
		resolve_one(&r->mirrors.all[i]);
	return 0;
}

static struct mirror *find(struct packages *p, const struct mirror *like)
{
	for (size_t i = 0; i < p->mirrors.n; i++)
		if (mirror_same(&p->mirrors.all[i], like))
			return &p->mirrors.all[i];
	return NULL;
}

/* Addresses that were known stay when nobody can say now. */
static void take_addresses(struct packages *p, const struct mirror *from)
{
	struct mirror *m = find(p, from);
	char url[MIRROR_URL];

	if (!m)
		return;
	if (!from->n_addresses && (!m->resolved_at || m->n_addresses))
		log_warn(
			"packages: %s: its name is not known, or has no address that machines reach: "
			"they fetch from it themselves",
			mirror_url(m, url));
	m->resolved_at = clock_mono_ms();
	if (!from->n_addresses)
		return;
	memcpy(m->addresses, from->addresses, sizeof m->addresses);
	m->n_addresses = from->n_addresses;
}

static void resolved(struct task *t)
{
	struct resolving *r = (struct resolving *)t;
	struct packages *p = r->packages;

	p->busy = false;
	for (size_t i = 0; i < r->mirrors.n && !t->rc; i++)
		take_addresses(p, &r->mirrors.all[i]);
	free(r);
	if (!p->base->stopping)
		look(p);
}

static bool is_due(const struct mirror *m, int64_t now)
{
	return !m->resolved_at ||
		now - m->resolved_at >
		(m->n_addresses ? PACKAGES_RESOLVE_MS : PACKAGES_UNRESOLVED_MS);
}

/* False: there is none. */
static bool resolve_due(struct packages *p)
{
	struct resolving *r = calloc(1, sizeof *r);
	int64_t now = clock_mono_ms();

	if (!r)
		return false;
	*r = (struct resolving){.task = {.run = resolve, .done = resolved}, .packages = p};
	for (size_t i = 0; i < p->mirrors.n; i++)
		if (is_due(&p->mirrors.all[i], now))
			r->mirrors.all[r->mirrors.n++] = p->mirrors.all[i];
	p->busy = r->mirrors.n && !worker_do(p->base->worker, &r->task, "packages");
	if (!p->busy)
		free(r);
	return p->busy;
}

/* Looking: what is not as nginx was told? */

static void look(struct packages *p)
{
	const struct packages_conf c = conf_of(p);
	char *text = NULL;

	p->dirty = p->busy;
	if (p->busy || resolve_due(p) || packages_conf(&c, &text))
		return;
	if (p->conf && !strcmp(p->conf, text))
		free(text);
	else
		write_anew(p, &c, text);
}

static void on_look(struct loop_timer *t)
{
	struct packages *p = t->arg;

	look(p);
	loop_timer_set(p->base->loop, &p->look, PACKAGES_LOOK_MS);
}

/* The place of a new one: that of the one that was wanted last longest ago. */
static struct mirror *place(struct packages *p)
{
	struct mirror *oldest = &p->mirrors.all[0];

	if (p->mirrors.n < MIRRORS_MAX)
		return &p->mirrors.all[p->mirrors.n++];
	for (size_t i = 1; i < p->mirrors.n; i++)
		if (p->mirrors.all[i].wanted_at < oldest->wanted_at)
			oldest = &p->mirrors.all[i];
	return oldest;
}

void packages_want(struct packages *p, const struct machine *m)
{
	struct mirror wanted[MIRRORS_MACHINE], *at;
	bool wants = p->base->config.packages && !p->barred;
	size_t n = wants ? mirrors_of(m->attempt.snapshot, wanted) : 0;

	for (size_t i = 0; i < n; i++) {
		at = find(p, &wanted[i]);
		if (!at) {
			at = place(p);
			*at = wanted[i];
			p->dirty = true;
		}
		at->wanted_at = clock_mono_ms();
	}
	if (p->dirty)
		look(p);
}

/* Start and stop */

static bool installs(const struct machine *m)
{
	return m->attempt.snapshot && !m->attempt.ended_at;
}

void packages_start(struct packages *p)
{
	struct machine *m = NULL;

	loop_timer_init(&p->look, on_look, p);
	loop_timer_init(&p->again, on_again, p);
	loop_timer_init(&p->up, on_up, p);
	if (!p->base->config.packages || p->barred)
		return;
	while ((m = machines_next(p->base->machines, m)))
		if (installs(m))
			packages_want(p, m);
	on_look(&p->look);
}

void packages_bar(struct packages *p, const char *why)
{
	p->barred = true;
	snprintf(p->problem, sizeof p->problem, "%.255s", why);
	log_error("packages: %s: the cache does not run: put that right, and restart usher", why);
}

void packages_stop(struct packages *p)
{
	p->base->mirrors = NULL;
	if (p->base->loop && p->look.arg) {
		loop_timer_clear(p->base->loop, &p->look);
		loop_timer_clear(p->base->loop, &p->again);
		loop_timer_clear(p->base->loop, &p->up);
	}
	run_cancel(p->nginx);
	p->nginx = NULL;
	free(p->conf);
	p->conf = NULL;
}
