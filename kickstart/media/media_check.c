/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Are a profile's files on its medium? */
#include "kickstart/media/media.h"
#include "kickstart/media/media_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names of files may depend on settings, the profile and the firmware only. */
static json_t *check_context(const struct profile *p, const json_t *settings, bool uefi)
{
	json_t *set = json_object(), *media = json_pack("{s:s}", "name", p->media.name);
	size_t i;

	for (i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		json_t *v = json_object_get(settings, s->name);

		if (v)
			json_object_set(set, s->name, v);
		else
			json_object_set_new(set, s->name, json_string(s->def));
	}
	json_object_update(media, p->media.files);
	return json_pack("{s:o, s:{s:s, s:s}, s:o, s:{s:b}}", "set", set, "profile", "name",
		p->name, "title", p->title, "media", media, "machine", "uefi", uefi);
}

static int check_named(
	const struct profile *p, unsigned line, const char *name, char *why, size_t why_size)
{
	const struct profile_media *m = &p->media;
	uint64_t size;
	time_t mtime;
	int fd, rc;

	name += strspn(name, "/");
	rc = media_file_open(m->path, false, name, &fd, &size, &mtime);
	if (rc == 0)
		close(fd);
	else
		snprintf(why, why_size, "%s:%u: %s/%s: %s%s%s", p->file, line, m->path, name,
			media_file_words(rc),
			m->package       ? "; apt install "
				: m->fix ? "; run "
					 : "",
			m->package       ? m->package
				: m->fix ? m->fix
					 : "");
	return rc;
}

static int check_file(const struct profile *p, const json_t *context, const struct profile_text *t,
	char *why, size_t why_size)
{
	struct mustache_options o = {
		.file = p->file, .line = t->line, .line_only = true, .format = MUSTACHE_CMDLINE};
	char *name = NULL;
	int rc = mustache_render(t->text, context, &o, &name, why, why_size);

	if (rc == 0)
		rc = check_named(p, t->line, name, why, why_size);
	free(name);
	return rc;
}

/* Before there is a script there is a program, and that is ours to serve. */
static int check_programs(const struct profile *p, char *why, size_t why_size)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < PROFILE_FIRMWARES; i++) {
		if (p->programs[i] && !p->media.path) {
			snprintf(why, why_size,
				"%s:%u: boot program '%s': the medium is a URL, expected a folder "
				"or an ISO image",
				p->file, p->kernel.line, p->programs[i]);
			rc = -EINVAL;
		} else if (p->programs[i]) {
			rc = check_named(p, p->kernel.line, p->programs[i], why, why_size);
		}
	}
	return rc;
}

int media_named(const struct profile *p, char *why, size_t why_size)
{
	if (p->media.path || p->media.url.text)
		return 0;
	snprintf(why, why_size,
		"%s:%u: medium '%s' is not available: run 'usher import ISO|FOLDER --name %s'",
		p->file, p->media.url.line, p->media.name, p->media.name);
	return -ENOENT;
}

int media_check_image(const struct profile *p, char *why, size_t why_size)
{
	const struct profile_image *i = &p->image;

	if (!*i->name || i->facts)
		return 0;
	snprintf(why, why_size,
		"%s:%u: image '%s' is not available: run 'usher import %s --name %s'", p->file,
		i->line, i->name, i->from ? i->from : "FILE", i->name);
	return -ENOENT;
}

/* Kernel and initrds as a machine of this firmware asks for them. */
static int check_files(
	const struct profile *p, const json_t *settings, bool uefi, char *why, size_t why_size)
{
	json_t *context = check_context(p, settings, uefi);
	int rc;

	if (!context) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	rc = check_file(p, context, &p->kernel, why, why_size);
	for (size_t i = 0; rc == 0 && i < p->n_initrd; i++)
		rc = check_file(p, context, &p->initrd[i], why, why_size);
	json_decref(context);
	return rc;
}

int media_check(const struct profile *p, const json_t *settings, char *why, size_t why_size)
{
	int rc = media_named(p, why, why_size);

	if (rc == 0)
		rc = media_check_image(p, why, why_size);
	if (rc == 0)
		rc = check_programs(p, why, why_size);
	if (rc < 0 || !p->media.path)
		return rc;
	rc = check_files(p, settings, false, why, why_size);
	return rc ? rc : check_files(p, settings, true, why, why_size);
}

int media_check_loaders(struct media *m, const struct profile *p, char *why, size_t why_size)
{
	const char *names[2];
	uint64_t size;
	time_t mtime;
	int fd;

	for (size_t i = 0; i < PROFILE_FIRMWARES; i++) {
		const struct profile_loader *l = p->loaders[i];

		names[0] = l ? l->program : NULL;
		names[1] = l ? l->next : NULL;
		for (size_t k = 0; l && k < 2; k++) {
			if (media_open(m, names[k], &fd, &size, &mtime, NULL, 0) < 0) {
				snprintf(why, why_size,
					"%s:%u: boot loader '%s' needs %s; apt install %s", p->file,
					p->kernel.line, l->word, names[k], l->package);
				return -ENOENT;
			}
			close(fd);
		}
	}
	return 0;
}
