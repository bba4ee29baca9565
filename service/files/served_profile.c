/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/files/served_profile.h"

#include "service/files/content.h"

#include "core/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A local medium or a URL of the configuration goes before an imported one, and that before the profile's own. Any thread.
 * `imported`: that one, without a name when it is none. */
static int override_media(struct content *content, struct profile *p, struct medium *imported)
{
	json_t *files;
	int rc = 0;

	*imported->name = '\0';
	for (size_t i = 0; i < content->base->config.n_media; i++) {
		const struct config_media *m = &content->base->config.media[i];

		if (!strcmp(m->name, p->media.name))
			return profile_set_media(
				p, *m->path ? m->path : NULL, *m->path ? NULL : m->url, NULL);
	}
	if (imported_copy(&content->imported, p->media.name, imported)) {
		files = medium_files(imported);
		rc = profile_set_media(p, imported->path, NULL, files);
		json_decref(files);
	}
	return rc;
}

/* The image that it writes is an imported one, or there is none. Any thread. */
static int find_image(struct content *content, struct profile *p, struct medium *image)
{
	json_t *facts;

	*image->name = '\0';
	if (!*p->image.name || !imported_copy(&content->imported, p->image.name, image))
		return 0;
	if (image->disk && p->requires_disk < image->disk_size)
		p->requires_disk = image->disk_size;
	facts = image->disk ? medium_image(image) : NULL;
	profile_set_image(p, facts);
	json_decref(facts);
	return image->disk && !p->image.facts ? -ENOMEM : 0;
}

/* Any thread. */
static int find(struct content *content, const char *name, struct profile **ret,
	struct medium *imported, struct medium *image, char *why, size_t why_size)
{
	int rc = profiles_find(&content->profiles, name, ret, why, why_size);

	if (rc)
		return rc;
	rc = override_media(content, *ret, imported);
	if (!rc)
		rc = find_image(content, *ret, image);
	if (rc) {
		snprintf(why, why_size, "out of memory");
		profile_free(*ret);
		*ret = NULL;
	}
	return rc;
}

void served_profile_serve(struct content *content, const struct profile *p)
{
	if (p->media.path && !files_has(&content->files, p->media.name))
		files_refresh(&content->files, &content->base->config, &content->imported,
			&content->profiles);
}

int served_profile_read(
	struct content *content, const char *name, struct profile **ret, char *why, size_t why_size)
{
	struct medium imported, image;

	return find(content, name, ret, &imported, &image, why, why_size);
}

/* For what is judged only. */
static const char ANY_HASH[] =
	"$6$usher$P//Evq6t2V.tLfY56XTuiXA5WlCGlO/Oz2RRQCp8ZMuAIZiEy9SqJCBlRKW4D1EmCOrOP.LQDiWsp2h4hHuk90";

struct reading {
	struct task task; /* first */
	struct content *content;
	char *name;
	enum served_profile_for what_for;
	bool boots_signed;
	struct served_profile sp;
	served_profile_done done;
	void *arg;
};

static void reading_free(struct reading *r)
{
	json_decref(r->sp.settings);
	free(r->name);
	free(r);
}

/* Are its files there? */
static int look(const struct reading *r, const struct medium *imported, const struct medium *image,
	char *why, size_t size)
{
	json_t *settings = NULL;
	int rc = profile_settings(r->sp.profile, r->sp.settings, &settings, why, size);

	if (rc)
		return rc == -ENOMEM ? rc : 0;
	if (r->boots_signed)
		rc = profile_boot_signed(r->sp.profile, why, size);
	if (!rc && *imported->name)
		rc = medium_look(imported, r->content->base->config.user, why, size);
	if (!rc && *image->name)
		rc = medium_look(image, r->content->base->config.user, why, size);
	if (!rc)
		rc = files_check(&r->content->files, r->sp.profile, settings, why, size);
	json_decref(settings);
	return rc;
}

static int read_run(struct task *t)
{
	struct reading *r = (struct reading *)t;
	struct served_profile *sp = &r->sp;
	struct medium imported, image;
	int rc =
		find(r->content, r->name, &sp->profile, &imported, &image, sp->why, sizeof sp->why);

	if (!rc && sp->settings)
		rc = profile_hash_passwords(sp->profile, sp->settings,
			r->what_for == SERVED_PROFILE_INSTALL ? NULL : ANY_HASH);
	if (!rc && r->what_for != SERVED_PROFILE_RENDER)
		sp->files_rc = look(r, &imported, &image, sp->files_why, sizeof sp->files_why);
	return rc;
}

static void read_done(struct task *t)
{
	struct reading *r = (struct reading *)t;
	struct served_profile *sp = &r->sp;

	sp->rc = t->rc;
	if (sp->rc == -ECANCELED)
		snprintf(sp->why, sizeof sp->why, "the service is stopping");
	else if (!sp->rc)
		served_profile_serve(r->content, sp->profile);
	else if (!*sp->why)
		snprintf(sp->why, sizeof sp->why, "%s", strerror(-sp->rc));
	if (sp->rc) {
		profile_free(sp->profile);
		sp->profile = NULL;
	}
	r->done(r->arg, sp);
	sp->settings = NULL;
	reading_free(r);
}

int served_profile_ask(struct content *content, const char *name, const json_t *settings,
	const char *firmware, enum served_profile_for what_for, served_profile_done done, void *arg)
{
	struct reading *r = calloc(1, sizeof *r);
	int rc = -ENOMEM;

	if (!r)
		return rc;
	*r = (struct reading){.task = {.run = read_run, .done = read_done},
		.content = content,
		.name = strdup(name),
		.what_for = what_for,
		.boots_signed = firmware && !strcmp(firmware, "efi-secure"),
		.done = done,
		.arg = arg};
	r->sp.settings = settings ? json_deep_copy(settings) : NULL;
	if (r->name && (r->sp.settings || !settings))
		rc = worker_do(content->base->worker, &r->task, "");
	if (rc)
		reading_free(r);
	return rc;
}

const char *served_profile_refused(int rc)
{
	switch (rc) {
	case -ECANCELED:
		return "the service is stopping";
	case -ENOSPC:
		return "too many requests at once: try again";
	}
	return "out of memory";
}
