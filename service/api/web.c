/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/web.h"

#include "core/log.h"
#include "core/sha256.h"
#include "httpd/httpd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOP "/web/"

enum {
	ETAG = 2 + 32 + 1, /* half of a sum, quoted */
	DEPTH = 2,         /* of folders: css, js */
};

struct web_file {
	char *path; /* below /web/ */
	const char *type;
	char etag[ETAG];
	char *bytes;
	size_t len;
};

/* NULL: no file of a page's. */
static const char *type_of(const char *name)
{
	static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
		{".json", "application/json"}, {".svg", "image/svg+xml"}, {".png", "image/png"},
		{".ico", "image/vnd.microsoft.icon"}, {".woff2", "font/woff2"},
		{".webmanifest", "application/manifest+json"}};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
		if (!strcmp(dot, types[i][0]))
			return types[i][1];
	return NULL;
}

static void name_version(struct web_file *f)
{
	struct sha256 s;
	char sum[SHA256_HEX];

	sha256_start(&s);
	sha256_add(&s, f->bytes, f->len);
	sha256_hex(&s, sum);
	snprintf(f->etag, sizeof f->etag, "\"%.32s\"", sum);
}

/* 0 or -errno. */
static int read_bytes(int fd, struct web_file *f)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > WEB_FILE_MAX)
		return S_ISREG(st.st_mode) ? -EFBIG : -EINVAL;
	f->bytes = malloc((size_t)st.st_size + 1);
	if (!f->bytes)
		return -ENOMEM;
	while (f->len < (size_t)st.st_size &&
		(n = read(fd, f->bytes + f->len, (size_t)st.st_size - f->len)) > 0)
		f->len += (size_t)n;
	return f->len == (size_t)st.st_size ? 0 : -EIO;
}

static int add(struct web *w, int dir, const char *name, const char *path)
{
	struct web_file f = {.type = type_of(name), .path = strdup(path)}, *more;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc = fd < 0 ? -errno : f.path ? read_bytes(fd, &f) : -ENOMEM;

	if (fd >= 0)
		close(fd);
	if (!rc && (w->count == WEB_FILES_MAX || w->bytes + f.len > WEB_ALL_MAX))
		rc = -ENOSPC;
	more = rc ? NULL : realloc(w->files, (w->count + 1) * sizeof *w->files);
	if (!more) {
		free(f.path);
		free(f.bytes);
		return rc ? rc : -ENOMEM;
	}
	name_version(&f);
	w->files = more;
	w->files[w->count++] = f;
	w->bytes += f.len;
	return 0;
}

/* Files of a folder and of those in it. `below`: "", or the folder's name and a slash. */
static void read_folder(struct web *w, const char *folder, const char *below, int depth)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	char path[PATH_MAX], name[PATH_MAX];

	while (d && (e = readdir(d))) {
		if (*e->d_name == '.' ||
			snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= PATH_MAX ||
			snprintf(name, sizeof name, "%s%s", below, e->d_name) >= PATH_MAX - 1)
			continue;
		if (type_of(e->d_name)) {
			int rc = add(w, dirfd(d), e->d_name, name);

			if (rc)
				log_warn("web: %s is not served: %s", path, strerror(-rc));
		} else if (depth > 1 && !strchr(e->d_name, '.')) {
			strcat(name, "/");
			read_folder(w, path, name, depth - 1);
		}
	}
	if (d)
		closedir(d);
}

void web_read(struct web *w, const char *folder)
{
	web_fini(w);
	read_folder(w, folder, "", DEPTH);
	log_debug("web: %zu files, %zu bytes", w->count, w->bytes);
}

void web_fini(struct web *w)
{
	for (size_t i = 0; i < w->count; i++) {
		free(w->files[i].path);
		free(w->files[i].bytes);
	}
	free(w->files);
	*w = (struct web){0};
}

bool web_serves(const char *path)
{
	return !strcmp(path, "/") || !strncmp(path, TOP, strlen(TOP));
}

static const struct web_file *find(const struct web *w, const char *path)
{
	const char *name = strcmp(path, "/") ? path + strlen(TOP) : "index.html";

	for (size_t i = 0; i < w->count; i++)
		if (!strcmp(w->files[i].path, name))
			return &w->files[i];
	return NULL;
}

/* Nothing but its own files, and in no other page's frame. */
static void add_headers(struct http_request *r, const struct web_file *f)
{
	http_add_header(r, "ETag", f->etag);
	http_add_header(r, "Cache-Control", "no-cache");
	http_add_header(r, "Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
		"connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'");
	http_add_header(r, "Referrer-Policy", "no-referrer");
	http_add_header(r, "X-Frame-Options", "DENY");
	http_add_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	http_add_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	http_add_header(r, "Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

static bool is_same(const struct http_request *r, const struct web_file *f)
{
	const char *have = http_header(r, "If-None-Match");

	return have && (!strcmp(have, "*") || strstr(have, f->etag)); /* a list, weak or not */
}

void web_handle(const struct web *w, struct http_request *r)
{
	const struct web_file *f = find(w, r->path);

	if (!f) {
		http_respond_error(r, 404, "%s: there is no such file", r->path);
		return;
	}
	add_headers(r, f);
	if (is_same(r, f))
		http_respond(r, 304, f->type, "", 0);
	else
		http_respond(r, 200, f->type, f->bytes, f->len);
}
