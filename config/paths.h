/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are when nothing else is said. */
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

/* The profiles that come with usher: where they are installed, or the source tree's, when this is its build/usher. Gives
 * `buf`. */
const char *paths_shipped_profiles(char *buf, size_t size);

#endif
