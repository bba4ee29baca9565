/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media: which name under /boot/ is which directory or ISO image, and the boot programs that go by
 * a plain name. An image is served from where it lies.
 *
 * A table is filled by one thread, then never changes: readers on any thread hold a reference. A
 * change is a new table.
 */
#ifndef USHER_KICKSTART_MEDIA_MEDIA_H
#define USHER_KICKSTART_MEDIA_MEDIA_H

#include "kickstart/profiles.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	MEDIA_MAX = 256,      /* directories in a table, which is searched by hand */
	MEDIA_PATH_MAX = 512, /* bytes of a path asked for: longer than any installer's */
};

/* Behind a medium's name: its whole image, for installers that take that. */
#define MEDIA_IMAGE ".iso"

struct media;

int media_new(struct media **ret);
struct media *media_ref(struct media *m);
void media_unref(struct media *m); /* NULL is fine; the last one closes */

/* Only before the table is shared. `path` absolute; it need not exist (yet). Adding the same
 * again is fine; -EEXIST: that name is another path; -EINVAL name or path; -ENOSPC;
 * -ENOMEM. */
int media_add(struct media *m, const char *name, const char *path);
/* The same; but a symbolic link that is in its path when a file is asked for is not followed: -ELOOP. For places that
 * were judged (servable.h) and lie where others may write. */
int media_add_fixed(struct media *m, const char *name, const char *path);
/* The media of every profile that can be read, and the usual homes of boot programs. A clash of
 * names or an unreadable profile does not end it: `complain` (may be NULL) gets one line each. */
int media_add_profiles(struct media *m, const struct profiles *ps,
	void (*complain)(void *arg, const char *line), void *arg);
/* A directory where boot programs are looked for, behind those there are. */
int media_add_programs(struct media *m, const char *dir);
/* /usr/lib/ipxe, /usr/lib/PXELINUX, /usr/lib/syslinux/…, /usr/lib/shim, /usr/lib/grub/…, where
 * Debian, Fedora and others put them. */
int media_add_usual_programs(struct media *m);

/*
 * Opens "NAME/path" beneath the medium's directory or inside its image, "NAME.iso" or "NAME.img", the image itself, or
 * "undionly.kpxe" among the boot programs; a leading '/' is skipped. Never leaves the directory, symbolic links included;
 * only regular files. Any thread. Blocking, as open(2) is, and while an image is read for the first
 * time (media_file.h). 0 and a descriptor that is the caller's, the content is the `*ret_size` bytes from
 * its current offset on; -ENOENT, -EACCES, -EISDIR (no regular file), -ENAMETOOLONG, -EXDEV (would
 * leave), others of media_file_open(), with one line in `why` (may be NULL).
 */
int media_open(struct media *m, const char *path, int *ret_fd, uint64_t *ret_size,
	time_t *ret_mtime, char *why, size_t why_size);
/* The local directory or image of a medium, borrowed; NULL: no such medium. */
const char *media_path(const struct media *m, const char *name);

/* Has it a medium at all? -ENOENT and a line with the fix: one that was to be imported. */
int media_named(const struct profile *p, char *why, size_t why_size);
/* Has it its image, where it writes one? -ENOENT and a line with the fix. */
int media_check_image(const struct profile *p, char *why, size_t why_size);
/* Are the profile's kernel and initrds there? A local medium only; -ENOENT and a line with the
 * missing file and the fix. `settings` as in profile_settings(), for names that are templates. */
int media_check(const struct profile *p, const json_t *settings, char *why, size_t why_size);

/* Are the boot loaders there that the profile asks for by a word? -ENOENT and a line with the packages
 * that bring them. */
int media_check_loaders(struct media *m, const struct profile *p, char *why, size_t why_size);

#endif
