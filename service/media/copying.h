/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of images. The service writes them with its own rights, from bytes that a command sends: the command opens the
 * image with the rights of its user, who needs none in usher's folders. Main thread only.
 *
 *   POST   /copies {"name": FILE, "size": BYTES}  201 {"id": …, "piece": BYTES}
 *   PUT    /copies/ID?at=BYTES                    a piece, in order, one at a time
 *   DELETE /copies/ID                             it is not wanted any more
 *   POST   /media {"copy": ID, …}                 it is whole: imported under its name (media_api.c)
 */
#ifndef USHER_SERVICE_MEDIA_COPYING_H
#define USHER_SERVICE_MEDIA_COPYING_H

#include <limits.h>
#include <stddef.h>

enum {
	COPY_MOST = 4,            /* at a time: each has a descriptor and room on the disk */
	COPY_IDLE_MS = 60 * 1000, /* after its last piece it is dropped */
};

struct imports;
struct http_request;

void copying_handle(
	struct imports *imports, struct http_request *r, const char *rest); /* "", "/ID" */
/* Hands over a complete copy to the caller: its bytes are in `ret_part` and belong at `ret_path`. 0, -ENOENT, -EBUSY,
 * -ENODATA with one line in `why`. */
int copying_take(struct imports *imports, const char *id, char ret_part[PATH_MAX],
	char ret_path[PATH_MAX], char *why, size_t why_size);
/* Removes a file in the worker, since removing gigabytes takes time. */
void copying_discard(struct imports *imports, const char *path);
/* At the start, removes what a killed service left; at the end, drops all copies in progress (the worker has ended). */
void copying_begin(struct imports *imports);
void copying_drop_all(struct imports *imports);

#endif
