/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default paths. */
#ifndef USHER_CONFIG_PATHS_H
#define USHER_CONFIG_PATHS_H

#include <stddef.h>

#define PATH_CONFIG "/etc/usher/usher.xml"
#define PATH_STATE "/var/lib/usher"
#define PATH_SOCKET "/run/usher/usher.sock"
#define PATH_PROFILES "/etc/usher/profiles"
#define PATH_HOOKS "/etc/usher/hooks"
#define PATH_POWER "/etc/usher/power"
#define PATH_BOOT "/var/lib/usher/boot"
#define PATH_DISCOVER "/var/lib/usher/discover"

/* The folder of the shipped profiles: the installed one, or the source tree's if this program is its build/usher.
 * Returns `buf`. */
const char *paths_shipped_profiles(char *buf, size_t size);
/* The same of the page's files. */
const char *paths_web(char *buf, size_t size);

#endif
