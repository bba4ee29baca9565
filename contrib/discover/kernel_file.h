/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's files, below a root that tests may put elsewhere. */
#ifndef USHER_CONTRIB_DISCOVER_KERNEL_FILE_H
#define USHER_CONTRIB_DISCOVER_KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KERNEL_PATH = 512, KERNEL_TEXT = 512 };

extern const char *kernel_root; /* "" but in tests */

/* One line, cleaned (facts_text()); "" where there is no such file. Returns `buf`. */
const char *kernel_text(char buf[KERNEL_TEXT], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* -1: there is no such file, or no number from 0 in it. */
int64_t kernel_number(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* All of a file, at most `size` - 1 bytes and a NUL; -errno. */
long kernel_bytes(void *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool kernel_exists(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What a link points to, without its folders; "". */
const char *kernel_link_name(char buf[KERNEL_TEXT], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A path without links; "". */
const char *kernel_real(char buf[KERNEL_PATH], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Calls `each` with the names in a folder, "sda2" before "sda10", until `most` were told (it returns true). */
void kernel_each(
	const char *folder, bool (*each)(void *arg, const char *name), void *arg, size_t most);

#endif
