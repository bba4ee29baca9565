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
		"\tlog_format usher '$upstream_cache_status $status $bytes_sent $upstream_bytes_received';\n"
		"\taccess_log /proc/self/fd/1 usher buffer=4k flush=1s;\n"
		"\tdefault_type application/octet-stream;\n"
		"\tserver_tokens off;\n"
		"\tsendfile on;\n"
		"\tabsolute_redirect off;\n"
		"\tclient_body_temp_path tmp-body;\n"
		"\tproxy_temp_path tmp-proxy;\n"
		"\tfastcgi_temp_path tmp-fastcgi;\n"
		"\tuwsgi_temp_path tmp-uwsgi;\n"
		"\tscgi_temp_path tmp-scgi;\n"
		"\tclient_max_body_size 1k;\n"
		"\tclient_header_timeout 30s;\n"
		"\tsend_timeout 2m;\n"
		"\tkeepalive_requests 10000;\n"
		"\tmax_ranges 1;\n"
		"\tlimit_conn_zone $binary_remote_addr zone=machines:1m;\n"
		"\tlimit_conn machines 64;\n");
}

/* Files are taken as they are, whatever a mirror's headers say of caching, and its X-Accel-… are not for us. */
static void add_cache(struct text *t, const struct packages_conf *c)
{
	text_printf(t,
		"\tproxy_cache_path files levels=1:2 keys_zone=packages:16m max_size=%um min_free=256m"
		" inactive=60d manager_files=1000 use_temp_path=off;\n",
		c->mib);
	text_puts(t,
		"\tproxy_cache packages;\n"
		"\tproxy_cache_valid 200 404 1s;\n"
		"\tproxy_cache_revalidate on;\n"
		"\tproxy_cache_lock on;\n"
		"\tproxy_cache_lock_timeout 2m;\n"
		"\tproxy_cache_lock_age 10m;\n"
		"\tproxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering"
		" X-Accel-Charset Expires Cache-Control Set-Cookie Vary;\n"
		"\tproxy_hide_header Set-Cookie;\n"
		"\tproxy_http_version 1.1;\n"
		"\tproxy_connect_timeout 10s;\n");
	if (c->authorities)
		text_printf(t,
			"\tproxy_ssl_verify on;\n"
			"\tproxy_ssl_verify_depth 5;\n"
			"\tproxy_ssl_trusted_certificate %s;\n"
			"\tproxy_ssl_server_name on;\n",
			c->authorities);
}

static void add_addresses(struct text *t, const struct mirror *m, size_t n)
{
	char ip[IP_TEXT];

	text_printf(t, "\tupstream m%zu {\n", n);
	for (size_t i = 0; i < m->n_addresses; i++) {
		bool six = m->addresses[i].family == IP_V6;

		text_printf(t, "\t\tserver %s%s%s:%u;\n", six ? "[" : "",
			ip_format(&m->addresses[i], ip), six ? "]" : "", m->port);
	}
	text_puts(t, "\t\tkeepalive 16;\n\t}\n");
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
		"\t\t\tlocation ~ \"%s\" {\n"
		"\t\t\t\tproxy_cache_valid 200 %s;\n"
		"\t\t\t\tproxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;\n",
		pattern, valid);
	add_pass(t, m, n, "\t\t\t\t");
	text_puts(t, "\t\t\t}\n");
}

/* Of a request its path alone counts: whatever else a mirror may answer by would be in all machines' copy. */
static void add_mirror(struct text *t, const struct mirror *m, size_t n)
{
	char path[MIRROR_URL], url[MIRROR_URL];

	mirror_path(m, path);
	mirror_url(m, url);
	text_printf(t, "\t\tlocation ^~ /%s {\n", path);
	/* HOST, or HOST:PORT */
	text_printf(t, "\t\t\tproxy_set_header Host %.*s;\n",
		(int)(strlen(url) - strlen(m->path) - strlen(m->https ? "https://" : "http://")),
		url + strlen(m->https ? "https://" : "http://"));
	text_printf(t,
		"\t\t\tproxy_pass_request_headers off;\n"
		"\t\t\tproxy_set_header Connection \"\";\n"
		"\t\t\tproxy_set_header User-Agent usher/%s;\n"
		"\t\t\tproxy_ssl_name %s;\n"
		"\t\t\tproxy_cache_key %.*s$uri;\n"
		"\t\t\tproxy_redirect %s /%s;\n"
		"\t\t\tproxy_redirect %s /%s;\n",
		USHER_VERSION, m->host, (int)(strlen(url) - strlen(m->path)), url, url, path,
		m->path, path);
	add_pass(t, m, n, "\t\t\t");
	add_kind(t, m, n, BY_SUM, "60d");
	add_kind(t, m, n, PACKAGE, "1s");
	text_puts(t, "\t\t}\n");
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
		text_printf(t, "\t\tallow %s/%u;\n", ip_format(&net, ip), s->prefix_len);
	if (ip_is_set(&six) && s->six.prefix_len)
		text_printf(t, "\t\tallow %s/%u;\n", ip_format(&six, ip), s->six.prefix_len);
}

static void add_server(struct text *t, const struct packages_conf *c)
{
	text_printf(t, "\tserver {\n\t\tlisten %u backlog=1024;\n", c->port);
	if (c->ipv6)
		text_printf(t, "\t\tlisten [::]:%u ipv6only=on backlog=1024;\n", c->port);
	for (size_t i = 0; i < c->segments->count; i++)
		add_allowed(t, c->segments->all[i]);
	text_puts(t,
		"\t\tdeny all;\n"
		"\t\tif ($request_method !~ ^(GET|HEAD)$) { return 405; }\n"
		"\t\tif ($is_args) { return 403; }\n");
	for (size_t i = 0; i < c->mirrors->n; i++)
		if (packages_conf_has(c, &c->mirrors->all[i]))
			add_mirror(t, &c->mirrors->all[i], i);
	text_puts(t,
		"\t\tlocation / { return 403 \"not a mirror of a machine that is being installed\\n\"; }\n"
		"\t}\n");
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
