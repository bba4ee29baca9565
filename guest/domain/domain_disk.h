/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks of a domain's definition: where they are, and another in the first one's place. Pure. */
#ifndef USHER_GUEST_DOMAIN_DISK_H
#define USHER_GUEST_DOMAIN_DISK_H

#include <stddef.h>

/* The path of the <disk>, number `i` of those that are disks, by file or block device. 0;
 * -ENOENT: there is none; -EINVAL: it has none. */
int domain_disk_path(const char *xml, size_t i, char *path, size_t size);
/* With `path` as the first one's source, and read-only: for free(). NULL when there is no such disk, or when
 * out of memory. */
char *domain_disk_swap(const char *xml, const char *path);

#endif
