/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What HTTP and TFTP serve as files: one media table (kickstart/media/media.h), exchanged whole when profiles bring new
 * media. files_open_*() are called from the servers' threads, the others from the main thread.
 */
#ifndef USHER_SERVICE_FILES_FILES_H
#define USHER_SERVICE_FILES_FILES_H

#include "httpd/httpd.h"
#include "kickstart/media/media.h"
#include "config/config.h"
#include "service/files/imported.h"

#include <pthread.h>

struct files {
	pthread_mutex_t lock; /* held for the moment of taking a reference */
	struct media *media;
};

int files_init(struct files *f);
void files_fini(struct files *f);
/* Builds the table anew: for each name the configuration takes precedence, then imported media, then the profiles' own.
 * On failure the old table stays. */
int files_refresh(struct files *f, const struct config *c, const struct imported *im,
	const struct profiles *ps);
/* Is everything available that the profile needs? media_check() and media_check_loaders(). Any thread; blocks as they
 * do. */
int files_check(struct files *f, const struct profile *p, const json_t *settings, char *why,
	size_t why_size);
/* Is there a medium of this name? */
bool files_has(struct files *f, const char *medium);

/* As httpd_config.open: `path` begins with "/boot/". */
int files_open_http(
	struct files *f, const char *path, struct http_file *ret, char *why, size_t why_size);
/* As tftpd_config.open. */
int files_open_tftp(struct files *f, const char *name, int *ret_fd, uint64_t *ret_size, char *why,
	size_t why_size);

/* May everyone on the segments read this path? servable_check() with the configuration's folders. */
int files_servable(
	const struct config *c, const char *path, bool image, char *why, size_t why_size);

#endif
