/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/files/served_profile.h"

#include "service/files/content.h"

#include <stdio.h>
#include <string.h>

/* A local medium or a URL of the configuration goes before an imported one, and that before the profile's own. */
static int override_media(struct content *content, struct profile *p)
{
	const struct medium *im = imported_find(&content->imported, p->media.name);
	json_t *files = NULL;
	int rc = 0;

	for (size_t i = 0; i < content->base->config.n_media; i++) {
		const struct config_media *m = &content->base->config.media[i];

		if (!strcmp(m->name, p->media.name))
			return profile_set_media(
				p, *m->path ? m->path : NULL, *m->path ? NULL : m->url, NULL);
	}
	if (im) {
		files = medium_files(im);
		rc = profile_set_media(p, im->path, NULL, files);
		json_decref(files);
	}
	return rc;
}

int served_profile(
	struct content *content, const char *name, struct profile **ret, char *why, size_t why_size)
{
	struct profile *p = NULL;
	int rc = profiles_find(&content->profiles, name, &p, why, why_size);

	if (rc)
		return rc;
	rc = override_media(content, p);
	if (rc) {
		snprintf(why, why_size, "out of memory");
		profile_free(p);
		return rc;
	}
	/* a profile that came after our start may bring a medium that is not served yet */
	if (p->media.path && !files_has(&content->files, p->media.name))
		files_refresh(&content->files, &content->base->config, &content->imported,
			&content->profiles);
	*ret = p;
	return 0;
}
