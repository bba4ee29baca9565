/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May this be run with our rights? Only what nobody can change but root and ourselves: every folder on the way to it
 * belongs to root or us, and others may not write to it (or only in the way of /tmp, where nobody renames what is not
 * his); so does the file. Looks at a disk.
 */
#ifndef USHER_HOOKS_TRUST_H
#define USHER_HOOKS_TRUST_H

#include <limits.h>

/* `ret_real` (may be NULL): where `path`, which is absolute, leads when links are followed; what was judged and may be
 * run is that. NULL when fine, else what is wrong (static text). */
const char *trust_error(const char *path, char ret_real[PATH_MAX]);

#endif
