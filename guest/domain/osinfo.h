/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of operating systems in libosinfo's database (osinfo-db): virt-manager and others read from a domain's
 * metadata which one is inside. Reads files: for the workers.
 */
#ifndef USHER_GUEST_OSINFO_H
#define USHER_GUEST_OSINFO_H

#include <stddef.h>

/* The full name, a URL, of a short one like "debian12". 0; -ENOENT with the line in `why`: there is no such, or no
 * database. `dir` NULL: the host's own. */
int osinfo_id(
	const char *dir, const char *short_id, char *ret, size_t size, char *why, size_t why_size);

#endif
