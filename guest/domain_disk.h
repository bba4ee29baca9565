/* The first disk of a domain's definition: which it is, and another in its place. Pure. */
#ifndef USHER_GUEST_DOMAIN_DISK_H
#define USHER_GUEST_DOMAIN_DISK_H

#include <stddef.h>

/* The path of the first <disk> that is a disk, by file or block device. 0 or -ENOENT. */
int domain_disk_path(const char *xml, char *path, size_t size);
/* With `path` as its source, and read-only: for free(). NULL when there is no such disk, or when
 * out of memory. */
char *domain_disk_swap(const char *xml, const char *path);

#endif
