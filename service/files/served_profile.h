/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile with the medium that is served for it. */
#ifndef USHER_SERVICE_FILES_SERVED_PROFILE_H
#define USHER_SERVICE_FILES_SERVED_PROFILE_H

#include <jansson.h>
#include <stddef.h>

struct profile;
struct content;

enum served_profile_for {
	SERVED_PROFILE_INSTALL, /* each password gets a hash of its own */
	SERVED_PROFILE_JUDGE,   /* any hash will do */
	SERVED_PROFILE_RENDER,  /* the same, and nobody asks what the medium has */
};

/*
 * What the worker does, since a cold disk takes time: it reads the profile as served_profile_read(), hashes the passwords in clear of
 * `settings` (copied; may be NULL), and looks whether the medium has what the profile needs. `firmware`: of the guest that it
 * is for, as its specification has it, or NULL; with efi-secure the profile boots by signed programs.
 */
struct served_profile {
	struct profile *profile; /* owned by the receiver; NULL: see rc and why */
	json_t *settings;        /* the receiver's; NULL: there were none */
	int rc;                  /* -ECANCELED: the service is stopping */
	char why[512];
	int files_rc; /* is something missing? 0 as well: not looked for; settings are faulty, which is left to be judged */
	char files_why[1024];
};
typedef void (*served_profile_done)(void *arg, struct served_profile *sp);
/* 0, or -errno: then `done` is not called. */
int served_profile_ask(struct content *content, const char *name, const json_t *settings,
	const char *firmware, enum served_profile_for what_for, served_profile_done done,
	void *arg);
/* What a user is told of that -errno. */
const char *served_profile_refused(int rc);

/* The profile of this name with the configuration's medium, or else an imported one, over its own. As profiles_find(). Any
 * thread that may block. */
int served_profile_read(struct content *content, const char *name, struct profile **ret, char *why,
	size_t why_size);
/* Its medium is served from now on: that of a profile that came after our start may not be yet. Main thread. */
void served_profile_serve(struct content *content, const struct profile *p);

#endif
