/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of profiles: directories below a search path, the first of a name wins (the site's before
 * ours). Nothing is cached: a profile is read when asked for, so an edited one counts from the next
 * `create`.
 */
#ifndef USHER_KICKSTART_PROFILES_H
#define USHER_KICKSTART_PROFILES_H

#include "kickstart/profile.h"

enum { PROFILES_PATHS = 16, PROFILES_MAX = 256 };

struct profiles {
	char *paths[PROFILES_PATHS];
	size_t n_paths;
};

void profiles_init(struct profiles *ps);
void profiles_fini(struct profiles *ps);
/* Adds a directory of profile directories behind those there are; it need not exist. -ENOSPC,
 * -ENOMEM. */
int profiles_add_path(struct profiles *ps, const char *dir);

/* Their names in order, a heap array of heap strings ended by NULL: profiles_names_free(). */
int profiles_names(const struct profiles *ps, char ***ret);
void profiles_names_free(char **names);
/* The profile in `dir`, wherever that is. Partials that it does not have itself are looked for in the
 * folder "partials" beside each path, in their order: the site's, then ours. */
int profiles_read(const struct profiles *ps, const char *dir, struct profile **ret, char *why,
	size_t why_size);
/* -ENOENT: "no profile 'debain-12' (did you mean 'debian-12'?)"; else as
 * profile_read(). */
int profiles_find(const struct profiles *ps, const char *name, struct profile **ret, char *why,
	size_t why_size);

/* Calls `one` for each profile; for one that cannot be read with p NULL and `why`. Ends at a
 * nonzero return. */
int profiles_list(const struct profiles *ps,
	int (*one)(void *arg, const char *name, const struct profile *p, const char *why),
	void *arg);

#endif
