/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which places are never served to a segment, whoever asks the API for it: what the host keeps to itself, and folders
 * that hold such places. Pure.
 */
#ifndef USHER_KICKSTART_MEDIA_SERVABLE_H
#define USHER_KICKSTART_MEDIA_SERVABLE_H

#include <stdbool.h>
#include <stddef.h>

struct servable {
	const char *state;  /* the service's state folder; copied images lie in its media/ */
	const char *socket; /* the API's; its folder is meant */
	const char *hooks;  /* a folder; NULL: none */
};

/*
 * May `path` (absolute, no symbolic links in it: realpath(3)) be a medium: a folder, or an `image`, which is
 * recognised as one before it is served? 0, or -EPERM with one line in `why`.
 */
int servable_check(
	const struct servable *s, const char *path, bool image, char *why, size_t why_size);

/* May this file below a medium's folder be served? Hidden ones are not, but those that distributions put on their
 * media (.treeinfo, .disk/info …). `path` is relative. */
bool servable_name(const char *path);

#endif
