/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From root to a user of our own, with the two capabilities that are needed for as long as we serve: ports below
 * 1024 and packet sockets are opened again whenever a bridge was made anew.
 */
#ifndef USHER_CORE_PRIVILEGE_H
#define USHER_CORE_PRIVILEGE_H

#include <stddef.h>
#include <sys/types.h>

/* Makes `path` (one level) with `mode` whatever the umask, for `user` when we are root; else it must be there or be
 * possible. 0 or -errno with one line in `why`. */
int privilege_folder(const char *path, mode_t mode, const char *user, char *why, size_t why_size);
/* Becomes `user` with its groups (that of libvirt's socket among them). When we are no root, or `user` is "root",
 * nothing changes but that children do not inherit capabilities. */
int privilege_drop(const char *user, char *why, size_t why_size);
/* From here on nobody but root can look into our memory, and no core file is made of it: there are secrets in it. */
void privilege_hide_memory(void);

#endif
