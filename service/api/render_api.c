/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/machines/NAME/render/…: what a machine would be served, for people's eyes. */
#include "service/api/render_api.h"
#include "service/api/api.h"
#include "service/files/served_profile.h"
#include "service/base/rendered_for.h"

#include "kickstart/render.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What 'usher reinstall' would arm it with now. */
static int snapshot_now(struct api *api, const struct machine *m, const struct render_input *in,
	json_t **ret, char *why, size_t size)
{
	struct profile *p = NULL;
	int rc = served_profile(api->content, m->profile, &p, why, size);

	if (!rc)
		rc = render_validate(p, in, m->spec.memory, m->spec.disk, ret, why, size);
	profile_free(p);
	return rc;
}

/* A line when it is armed with something else than what it would be armed with now; else "". */
static void compare(struct api *api, const struct machine *m, const struct render_input *in,
	char *note, size_t size)
{
	json_t *now = NULL;
	char why[512];

	*note = '\0';
	if (snapshot_now(api, m, in, &now, why, sizeof why))
		snprintf(note, size,
			"this is what %s was armed with; its profile as it is now would be "
			"refused: %s",
			m->name, why);
	else if (!json_equal(now, m->attempt.snapshot))
		snprintf(note, size,
			"this is what %s was armed with; its profile has changed since (--now "
			"shows it)",
			m->name);
	json_decref(now);
}

static int render_what(const struct rendering *rendering, const char *what, enum script_kind kind,
	char **ret, char *why, size_t size)
{
	if (!strcmp(what, "script"))
		return render_script(rendering, kind, ret, why, size);
	if (!strcmp(what, "cmdline"))
		return render_cmdline(rendering, ret, why, size);
	if (!strcmp(what, "answers"))
		return render_answers(rendering, ret, why, size);
	return render_answers_file(rendering, what, ret, NULL, why, size);
}

void render_handle(
	struct api *api, struct http_request *r, const struct machine *m, const char *what)
{
	bool armed = m->attempt.snapshot && !http_arg(r, "now");
	const struct nic *booting = armed ? machine_nic_booting(m) : NULL;
	const struct nic *nic = booting ? booting : &m->nics[0];
	const struct segment *seg = segments_by_name(&api->base->segments, nic->segment);
	char why[512], note[768] = "", *text = NULL;
	struct rendered_for to;
	struct rendering *rendering = NULL;
	const char *loader = http_arg(r, "for");
	enum script_kind kind = SCRIPT_IPXE;
	json_t *snapshot = armed ? json_incref(m->attempt.snapshot) : NULL;
	int rc = 0;

	rendered_for(&to, api->base, m, seg, IP_NONE);
	to.in.nic = nic;
	to.in.masked = true;
	if (loader && script_kind_parse(loader, &kind)) {
		http_respond_error(r, 400, "for: expected ipxe, grub, grub-http or pxelinux");
		goto out;
	}
	if (armed)
		compare(api, m, &to.in, note, sizeof note);
	else
		rc = snapshot_now(api, m, &to.in, &snapshot, why, sizeof why);
	if (!rc)
		rc = rendering_new(&to.in, snapshot, &rendering, why, sizeof why);
	if (!rc)
		rc = render_what(rendering, what, kind, &text, why, sizeof why);
	if (rc)
		http_respond_error(r, 422, "%s", why);
	else
		http_respond_json(
			r, 200, json_pack("{s:s, s:s?}", "text", text, "note", json_some(note)));
out:
	free(text);
	rendering_free(rendering);
	json_decref(snapshot);
}
