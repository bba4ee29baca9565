/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/packages/packages_conf.h"

#include "core/text.h"

#include <string.h>

enum { CONF_MAX = 1 << 20 };

/* What a file of a repository is asked for by never changes what it is: its name is its sum. */
#define BY_SUM "/by-hash/SHA(256|512)/[0-9a-f]{64,128}$"
#define PACKAGE "\\.(deb|udeb|rpm|drpm)$"

bool packages_conf_path(const char *path)
{
	return *path == '/' &&
		!path[strspn(path,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._+/")];
}

bool packages_conf_has(const struct packages_conf *c, const struct mirror *m)
{
	return m->n_addresses && (!m->https || c->authorities);
}

/* The log goes to usher, a line each, in writes that a pipe takes whole. */
static void add_head(struct text *t, const struct packages_conf *c)
{
	text_puts(t,
		"# Written by usher, and written anew when its segments or mirrors change.\n"
		"daemon off;\n"
		"worker_processes 2;\n"
		"worker_shutdown_timeout 10m;\n"
		"pid nginx.pid;\n"
		"error_log stderr error;\n");
	if (c->root)
		text_puts(t, "user root;\n");
	text_puts(t,
		"events { worker_connections 4096; }\n"
		"http {\n"
		"	log_format usher '$upstream_cache_status $status $bytes_sent $upstream_bytes_received';\n"
		"	access_log /proc/self/fd/1 usher buffer=4k flush=1s;\n"
		"	default_type application/octet-stream;\n"
		"	server_tokens off;\n"
		"	sendfile on;\n"
		"	absolute_redirect off;\n"
		"	client_body_temp_path tmp-body;\n"
		"	proxy_temp_path tmp-proxy;\n"
		"	fastcgi_temp_path tmp-fastcgi;\n"
		"	uwsgi_temp_path tmp-uwsgi;\n"
		"	scgi_temp_path tmp-scgi;\n"
		"	client_max_body_size 1k;\n"
		"	client_header_timeout 30s;\n"
		"	send_timeout 2m;\n"
		"	keepalive_requests 10000;\n"
		"	max_ranges 1;\n"
		"	limit_conn_zone $binary_remote_addr zone=machines:1m;\n"
		"	limit_conn machines 64;\n");
}

/* Files are taken as they are, whatever a mirror's headers say of caching, and its X-Accel-… are not for us. */
static void add_cache(struct text *t, const struct packages_conf *c)
{
	text_printf(t,
		"	proxy_cache_path files levels=1:2 keys_zone=packages:16m max_size=%um min_free=256m"
		" inactive=60d manager_files=1000 use_temp_path=off;\n",
		c->mib);
	text_puts(t,
		"	proxy_cache packages;\n"
		"	proxy_cache_valid 200 404 1s;\n"
		"	proxy_cache_revalidate on;\n"
		"	proxy_cache_lock on;\n"
		"	proxy_cache_lock_timeout 2m;\n"
		"	proxy_cache_lock_age 10m;\n"
		"	proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering"
		" X-Accel-Charset Expires Cache-Control Set-Cookie Vary;\n"
		"	proxy_hide_header Set-Cookie;\n"
		"	proxy_http_version 1.1;\n"
		"	proxy_connect_timeout 10s;\n");
	if (c->authorities)
		text_printf(t,
			"	proxy_ssl_verify on;\n"
			"	proxy_ssl_verify_depth 5;\n"
			"	proxy_ssl_trusted_certificate %s;\n"
			"	proxy_ssl_server_name on;\n",
			c->authorities);
}

static void add_addresses(struct text *t, const struct mirror *m, size_t n)
{
	char ip[IP_TEXT];

	text_printf(t, "	upstream m%zu {\n", n);
	for (size_t i = 0; i < m->n_addresses; i++) {
		bool six = m->addresses[i].family == IP_V6;

		text_printf(t, "		server %s%s%s:%u;\n", six ? "[" : "",
			ip_format(&m->addresses[i], ip), six ? "]" : "", m->port);
	}
	text_puts(t, "		keepalive 16;\n	}\n");
}

static void add_pass(struct text *t, const struct mirror *m, size_t n, const char *tabs)
{
	text_printf(t,
		"%srewrite ^/[a-z]+/[^/]+(/.*)$ $1 break;\n"
		"%sproxy_pass http%s://m%zu;\n",
		tabs, tabs, m->https ? "s" : "", n);
}

/* Packages that nobody can be asked about are better than none; of what names them nothing old is given out. */
static void add_kind(
	struct text *t, const struct mirror *m, size_t n, const char *pattern, const char *valid)
{
	text_printf(t,
		"			location ~ \"%s\" {\n"
		"				proxy_cache_valid 200 %s;\n"
		"				proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;\n",
		pattern, valid);
	add_pass(t, m, n, "				");
	text_puts(t, "			}\n");
}

static void add_mirror(struct text *t, const struct mirror *m, size_t n)
{
	char path[MIRROR_URL], url[MIRROR_URL];

	mirror_path(m, path);
	mirror_url(m, url);
	text_printf(t, "		location ^~ /%s {\n", path);
	/* HOST, or HOST:PORT */
	text_printf(t, "			proxy_set_header Host %.*s;\n",
		(int)(strlen(url) - strlen(m->path) - strlen(m->https ? "https://" : "http://")),
		url + strlen(m->https ? "https://" : "http://"));
	text_printf(t,
		"			proxy_set_header Connection \"\";\n"
		"			proxy_set_header Accept-Encoding \"\";\n"
		"			proxy_set_header Authorization \"\";\n"
		"			proxy_set_header Cookie \"\";\n"
		"			proxy_ssl_name %s;\n"
		"			proxy_cache_key %.*s$uri;\n"
		"			proxy_redirect %s /%s;\n"
		"			proxy_redirect %s /%s;\n",
		m->host, (int)(strlen(url) - strlen(m->path)), url, url, path, m->path, path);
	add_pass(t, m, n, "			");
	add_kind(t, m, n, BY_SUM, "60d");
	add_kind(t, m, n, PACKAGE, "1s");
	text_puts(t, "		}\n");
}

/* The prefix of the segment's own address, or behind a relay of its subnet. */
static struct ip net6(const struct segment6 *six)
{
	struct ip net = ip_is_set(&six->subnet) ? six->subnet : six->server;

	for (unsigned i = six->prefix_len; i < 128; i++)
		net.b[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return net;
}

static void add_allowed(struct text *t, const struct segment *s)
{
	struct ip net = ip_from_v4(segment_net(s)), six = net6(&s->six);
	char ip[IP_TEXT];

	if (s->prefix_len && (ip_is_set(&s->server) || ip_is_set(&s->subnet)))
		text_printf(
			t, "		allow %s/%u;\n", ip_format(&net, ip), s->prefix_len);
	if (ip_is_set(&six) && s->six.prefix_len)
		text_printf(t, "		allow %s/%u;\n", ip_format(&six, ip),
			s->six.prefix_len);
}

static void add_server(struct text *t, const struct packages_conf *c)
{
	text_printf(t, "	server {\n		listen %u backlog=1024;\n", c->port);
	if (c->ipv6)
		text_printf(
			t, "		listen [::]:%u ipv6only=on backlog=1024;\n", c->port);
	for (size_t i = 0; i < c->segments->count; i++)
		add_allowed(t, c->segments->all[i]);
	text_puts(t,
		"		deny all;\n"
		"		if ($request_method !~ ^(GET|HEAD)$) { return 405; }\n"
		"		if ($is_args) { return 403; }\n");
	for (size_t i = 0; i < c->mirrors->n; i++)
		if (packages_conf_has(c, &c->mirrors->all[i]))
			add_mirror(t, &c->mirrors->all[i], i);
	text_puts(t,
		"		location / { return 403 \"not a mirror of a machine that is being installed\\n\"; }\n"
		"	}\n");
}

int packages_conf(const struct packages_conf *c, char **ret)
{
	struct text t;

	text_init(&t, CONF_MAX);
	add_head(&t, c);
	add_cache(&t, c);
	for (size_t i = 0; i < c->mirrors->n; i++)
		if (packages_conf_has(c, &c->mirrors->all[i]))
			add_addresses(&t, &c->mirrors->all[i], i);
	add_server(&t, c);
	text_puts(&t, "}\n");
	return text_take(&t, ret);
}
