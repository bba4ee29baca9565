/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of service/: a profile "small" in the base's folder, with a local medium that is whole, and settings to judge. */
#ifndef USHER_TESTS_PROFILE_MAKE_H
#define USHER_TESTS_PROFILE_MAKE_H

#include "rooms_make.h"

static inline void profile_make_file(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", base_dir, path);
	f = fopen(full, "w");
	ck_assert_msg(f, "%s", full);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static inline void profile_make_folder(const char *path)
{
	char full[256];

	snprintf(full, sizeof full, "%s/%s", base_dir, path);
	ck_assert_int_eq(mkdir(full, 0755), 0);
}

static inline void profile_make(struct service *r)
{
	char path[128];

	profile_make_folder("profiles");
	profile_make_folder("profiles/small");
	profile_make_folder("profiles/small/tree");
	profile_make_file("profiles/small/tree/vmlinuz", "kernel");
	profile_make_file("profiles/small/profile.xml",
		"<profile name='small'><title>Small</title><media name='small' path='tree'/>"
		"<boot><kernel>vmlinuz</kernel><cmdline>a={{attempt.answers_url}}</cmdline></boot>"
		"<answers format='none' template='answers.cfg'/>"
		"<requires><memory unit='MiB'>256</memory></requires>"
		"<setting name='greeting' default='hello'>what it says</setting>"
		"<setting name='password' type='password'>its password</setting></profile>");
	profile_make_file("profiles/small/answers.cfg", "{{set.greeting}} {{machine.name}}\n");
	snprintf(path, sizeof path, "%s/profiles", base_dir);
	ck_assert_int_eq(profiles_add_path(&r->content.profiles, path), 0);
}

#endif
