/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile with the medium that is served for it. */
#ifndef USHER_SERVICE_FILES_SERVED_PROFILE_H
#define USHER_SERVICE_FILES_SERVED_PROFILE_H

#include <stddef.h>

struct profile;
struct content;

/* The profile of this name with the configuration's medium, or else an imported one, over its own. As
 * profiles_find(). */
int served_profile(struct content *content, const char *name, struct profile **ret, char *why,
	size_t why_size);

#endif
