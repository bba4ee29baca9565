/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files that are there whole or not at all, after a power cut too. */
#ifndef USHER_CORE_WHOLE_FILE_H
#define USHER_CORE_WHOLE_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Makes or replaces `path` by way of PATH.part. 0 or -errno: the old one stays. */
int whole_file_write(const char *path, mode_t mode, const void *bytes, size_t n);

#endif
