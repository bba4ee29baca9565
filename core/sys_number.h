/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A number that the kernel shows in a file of /proc or /sys. */
#ifndef USHER_CORE_SYS_NUMBER_H
#define USHER_CORE_SYS_NUMBER_H

/* The number at the beginning of the file of this name; `otherwise` when there is no such file, or no number in it. */
__attribute__((format(printf, 2, 3))) long sys_number(long otherwise, const char *path, ...);

#endif
