/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes from root to the service's own user, and keeps two capabilities: ports below 1024 and packet sockets are
 * opened again whenever a bridge is created again.
 */
#ifndef USHER_CORE_PRIVILEGE_H
#define USHER_CORE_PRIVILEGE_H

#include <stddef.h>
#include <sys/types.h>

/* Creates `path` (one level) with `mode`, regardless of the umask. As root, `user` will own it; otherwise it must exist
 * or the current user must be able to create it. 0 or -errno with one line in `why`. */
int privilege_folder(const char *path, mode_t mode, const char *user, char *why, size_t why_size);
/* Becomes `user` with its groups (that of libvirt's socket among them). If the program is not root, or `user` is
 * "root", the only change is that children do not inherit capabilities. */
int privilege_drop(const char *user, char *why, size_t why_size);
/* Makes the process's memory unreadable for everyone but root, and disables core files, of the programs that it starts too:
 * the memory holds secrets. A debugger that root starts may look all the same; a build with AddressSanitizer hides nothing. */
void privilege_hide_memory(void);

#endif
