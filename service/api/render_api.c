/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/machines/NAME/render/…: what a machine would be served, for people's eyes. The worker reads its profile. */
#include "service/api/render_api.h"
#include "service/api/api.h"
#include "service/files/served_profile.h"
#include "service/base/operation.h"
#include "service/base/rendered_for.h"
#include "service/files/linted.h"

#include "kickstart/render.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request that waits for its machine's profile. */
struct showing {
	struct operation op; /* first */
	struct api *api;
	struct http_request *request;
	const char *what; /* of the request's path */
	enum script_kind kind;
};

static void showing_free(struct showing *s)
{
	operation_end(&s->op);
	free(s);
}

/* What 'usher reinstall' would arm it with now. */
static int snapshot_now(const struct served_profile *sp, const struct render_input *in,
	json_t **ret, char *why, size_t size)
{
	const struct machine_spec *spec = &in->machine->spec;

	if (sp->rc)
		snprintf(why, size, "%s", sp->why);
	return sp->rc ? sp->rc
		      : render_validate(sp->profile, in, spec->memory, spec->disk, ret, why, size);
}

/* A line when it is armed with something else than what it would be armed with now; else "". */
static void compare(
	const struct served_profile *sp, const struct render_input *in, char *note, size_t size)
{
	const struct machine *m = in->machine;
	json_t *now = NULL;
	char why[512];

	*note = '\0';
	if (snapshot_now(sp, in, &now, why, sizeof why))
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

/* What linters say of the answers; NULL: nothing, or something else is shown. New reference. */
static json_t *findings_of(
	const struct rendering *rendering, const struct machine *m, const char *what)
{
	json_t *findings = NULL;
	char why[512];

	if (!strcmp(what, "answers"))
		(void)linted(rendering, m->spec.disk, &findings, why, sizeof why);
	return findings;
}

static void show(struct showing *s, const struct machine *m, const struct served_profile *sp)
{
	struct base *base = s->api->base;
	bool armed = m->attempt.snapshot && !http_arg(s->request, "now");
	const struct nic *booting = armed ? machine_nic_booting(m) : NULL;
	const struct nic *nic = booting ? booting : &m->nics[0];
	json_t *snapshot = armed ? json_incref(m->attempt.snapshot) : NULL;
	struct rendering *rendering = NULL;
	char why[512], note[768] = "", *text = NULL;
	struct rendered_for to;
	int rc = 0;

	rendered_for(&to, base, m, segments_by_name(&base->segments, nic->segment), IP_NONE);
	to.in.settings = sp->settings;
	to.in.nic = nic;
	to.in.masked = true;
	if (armed)
		compare(sp, &to.in, note, sizeof note);
	else
		rc = snapshot_now(sp, &to.in, &snapshot, why, sizeof why);
	if (!rc)
		rc = rendering_new(&to.in, snapshot, &rendering, why, sizeof why);
	if (!rc)
		rc = render_what(rendering, s->what, s->kind, &text, why, sizeof why);
	if (rc)
		http_respond_error(s->request, 422, "%s", why);
	else
		http_respond_json(s->request, 200,
			json_pack("{s:s, s:s?, s:o*}", "text", text, "note", json_some(note),
				"findings", findings_of(rendering, m, s->what)));
	free(text);
	rendering_free(rendering);
	json_decref(snapshot);
}

static void on_profile(void *arg, struct served_profile *sp)
{
	struct showing *s = arg;
	const struct machine *m = operation_machine(&s->op);

	if (sp->rc == -ECANCELED)
		http_respond_error(s->request, 503, "%s", sp->why);
	else if (!m)
		http_respond_error(s->request, 404, "no machine '%s'", s->op.name);
	else
		show(s, m, sp);
	profile_free(sp->profile);
	json_decref(sp->settings);
	showing_free(s);
}

void render_handle(struct api *api, struct http_request *r, struct machine *m, const char *what)
{
	const char *loader = http_arg(r, "for");
	enum script_kind kind = SCRIPT_IPXE;
	struct showing *s;
	int rc;

	if (loader && script_kind_parse(loader, &kind)) {
		http_respond_error(r, 400, "for: expected ipxe, grub, grub-http or pxelinux");
		return;
	}
	s = malloc(sizeof *s);
	if (!s) {
		http_respond_error(r, 500, "out of memory");
		return;
	}
	*s = (struct showing){.api = api, .request = r, .what = what, .kind = kind};
	operation_begin(&s->op, &api->showings, m, false);
	http_hold(r, HTTP_HOLD_MS);
	rc = served_profile_ask(
		api->content, m->profile, m->settings, NULL, SERVED_PROFILE_RENDER, on_profile, s);
	if (rc) {
		http_respond_error(r, 503, "%s", served_profile_refused(rc));
		showing_free(s);
	}
}
