/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page's files: read into memory at start, served to anybody. Nothing in them is secret; what the page shows it asks the API for. */
#ifndef USHER_SERVICE_API_WEB_H
#define USHER_SERVICE_API_WEB_H

#include <stdbool.h>
#include <stddef.h>

struct http_request;

enum {
	WEB_FILES_MAX = 256,
	WEB_FILE_MAX = 2 << 20, /* bytes */
	WEB_ALL_MAX = 16 << 20,
};

struct web_file;

struct web {
	struct web_file *files;
	size_t count, bytes;
};

/* Reads those of a folder, anew where some were read before: at start, since it blocks. What cannot be read is left out, and said in the log. */
void web_read(struct web *w, const char *folder);
void web_fini(struct web *w);

/* "/", "/web/…": whether there is such a file or not. */
bool web_serves(const char *path);
void web_handle(const struct web *w, struct http_request *r);

#endif
