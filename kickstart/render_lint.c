/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/render_lint.h"
#include "kickstart/lint/lint.h"
#include "kickstart/media/fetch_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of the machine. */

static const char *machine_text(const json_t *context, const char *key)
{
	const char *s =
		json_string_value(json_object_get(json_object_get(context, "machine"), key));

	return s ? s : "";
}

/* A guest's disk is ours unless its profile says more of it; what a bare machine has nobody knows. */
static void facts_of(const struct rendering *r, uint64_t disk, struct lint_machine *ret)
{
	const json_t *context = rendering_context(r),
		     *machine = json_object_get(context, "machine");
	const json_t *number = json_object_get(json_object_get(context, "attempt"), "number");
	const char *domain = rendering_profile(r)->domain;

	*ret = (struct lint_machine){.address = machine_text(context, "address"),
		.netmask = machine_text(context, "netmask"),
		.gateway = machine_text(context, "gateway"),
		.hostname = machine_text(context, "name"),
		.prefix = (unsigned)strtoul(machine_text(context, "prefix"), NULL, 10),
		.address6 = machine_text(context, "address6"),
		.prefix6 = (unsigned)strtoul(machine_text(context, "prefix6"), NULL, 10)};
	if (!json_is_true(json_object_get(machine, "guest")))
		return;
	ret->firmware_known = !domain || !strstr(domain, "<loader");
	ret->firmware_efi = domain && strstr(domain, "firmware=") && strstr(domain, "efi");
	ret->disks_empty = json_integer_value(number) == 0;
	if (domain && strstr(domain, "<disk"))
		return;
	ret->disks[0] = "vda";
	ret->disk_sizes[0] = disk;
	ret->n_disks = 1;
}

/* Places. */

static const char *template_of(const struct profile *p, const char *path)
{
	for (size_t i = 0; i < p->n_files; i++) {
		const char *at = profile_file_path(p, p->files[i].name);
		const char *slash = strrchr(path, '/');

		if (at ? strcmp(at, path) == 0 : slash && strcmp(slash + 1, p->files[i].name) == 0)
			return p->files[i].text;
	}
	return NULL;
}

/* The beginning of line `line`; NULL: there are not as many. */
static const char *line_of(const char *text, unsigned line)
{
	for (; text && line > 1; line--) {
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return text;
}

/* A column holds when the line is the same up to there, as it came without a value before it. */
static unsigned column_of(const struct profile *p, const char *file, unsigned file_line,
	const char *text, const struct finding *one)
{
	const char *template = line_of(template_of(p, file), file_line);
	const char *rendered = line_of(text, one->line);

	if (!template || !rendered || !one->column || one->column > strlen(rendered))
		return 0;
	return strncmp(template, rendered, one->column) == 0 ? one->column : 0;
}

static void place(const struct profile *p, const char *name, const char *text,
	const struct mustache_map *map, const struct finding *one, struct findings *f)
{
	unsigned line = one->line, column = one->column;
	const char *file = name;

	if (line) {
		file = mustache_map_find(map, one->line, &line);
		file = file ? file : name;
		column = column_of(p, file, line, text, one);
	}
	findings_add(f, one->level, file, line, column, "%s", one->text);
}

static void add_remarks(const struct mustache_map *map, struct findings *f)
{
	for (size_t i = 0; i < map->n_remarks; i++)
		findings_add(f, FINDING_WARNING, map->files[map->remarks[i].file],
			map->remarks[i].line, map->remarks[i].column, "%s", map->remarks[i].text);
}

void render_lint_place(const struct profile *p, const char *name, const char *text,
	const struct mustache_map *map, const struct findings *rendered, struct findings *f)
{
	for (size_t i = 0; i < rendered->n; i++)
		place(p, name, text, map, &rendered->v[i], f);
	for (size_t i = 0; i < rendered->n_files; i++)
		findings_leave(f, name, &rendered->files[i]);
	add_remarks(map, f);
}

/* Answer files that another one includes, by the URL that they are served at. */

struct source {
	char *name; /* as findings call it: the template's file, or the URL */
	char *file; /* the template's */
	char *text;
	struct mustache_map map;
};

struct sources {
	const struct rendering *r;
	struct source v[1 + PROFILE_ANSWERS];
	size_t n; /* the first includes the others */
	bool included[PROFILE_ANSWERS];
};

static void source_fini(struct source *s)
{
	free(s->name);
	free(s->file);
	free(s->text);
	mustache_map_fini(&s->map);
	*s = (struct source){0};
}

static void sources_drop(struct sources *s)
{
	while (s->n > 0)
		source_fini(&s->v[--s->n]);
}

/* Renders answers number n; `name` NULL: it is called as its template is. */
static int sources_add(struct sources *s, size_t n, const char *name,
	const struct profile_answers **ret_about, char *why, size_t why_size)
{
	const struct profile *p = rendering_profile(s->r);
	const char *slash = strrchr(p->file, '/');
	struct source *one = &s->v[s->n];
	int rc = render_answers_mapped(s->r, n, ret_about, &one->map, &one->text, why, why_size);

	if (rc < 0)
		return rc;
	if (asprintf(&one->file, "%.*s/%s", slash ? (int)(slash - p->file) : 0, p->file,
		    (*ret_about)->template) < 0)
		one->file = NULL;
	one->name = one->file ? strdup(name ? name : one->file) : NULL;
	if (one->name) {
		s->n++;
		return 0;
	}
	source_fini(one);
	snprintf(why, why_size, "out of memory");
	return -ENOMEM;
}

static int include_answers(void *arg, const char *name, char **ret_text)
{
	struct sources *s = arg;
	const struct profile *p = rendering_profile(s->r);
	const json_t *attempt = json_object_get(rendering_context(s->r), "attempt");
	const char *url = json_string_value(json_object_get(attempt, "url"));
	size_t len = url ? strlen(url) : 0, n = 0;
	const struct profile_answers *about;
	char why[256];

	if (!len || strncmp(name, url, len) != 0 || name[len] != '/')
		return strstr(name, "://") ? -EREMOTE : -ENOENT;
	while (n < p->n_answers && strcmp(p->answers[n].name, name + len + 1) != 0)
		n++;
	if (n == p->n_answers)
		return -ENOENT;
	if (s->n == 1 + PROFILE_ANSWERS)
		return -ELOOP;
	if (sources_add(s, n, name, &about, why, sizeof(why)) < 0)
		return -EREMOTE; /* what is wrong with it is told when its turn comes */
	s->included[n] = true;
	*ret_text = strdup(s->v[s->n - 1].text);
	return *ret_text ? 0 : -ENOMEM;
}

static const struct source *source_named(const struct sources *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	return &s->v[0];
}

/* Findings of all that was read, each in the places of its own templates. */
static void sources_place(
	const struct sources *s, const struct findings *rendered, struct findings *f)
{
	const struct profile *p = rendering_profile(s->r);

	for (size_t i = 0; i < rendered->n; i++) {
		const struct finding *one = &rendered->v[i];
		const struct source *of = source_named(s, rendered->files[one->file].name);

		place(p, of->file, of->text, &of->map, one, f);
	}
	for (size_t i = 0; i < rendered->n_files; i++)
		findings_leave(
			f, source_named(s, rendered->files[i].name)->file, &rendered->files[i]);
	for (size_t i = 0; i < s->n; i++)
		add_remarks(&s->v[i].map, f);
}

/* What a finding quotes may be a secret setting's value. */

enum { SECRET_MIN = 3 }; /* bytes: what is shorter is in every word */

/* A default is no secret: it stands in the profile. */
static bool tells(const char *said, const struct profile_setting *setting, const json_t *value)
{
	const char *s = json_string_value(value);

	return s && strlen(s) >= SECRET_MIN && strcmp(s, setting->def) != 0 && strstr(said, s);
}

static void mask(const struct rendering *r, struct findings *rendered)
{
	const struct profile *p = rendering_profile(r);
	const json_t *set = json_object_get(rendering_context(r), "set");

	for (size_t i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];

		if (!s->secret && s->type != SETTING_PASSWORD)
			continue;
		for (size_t n = 0; n < rendered->n; n++)
			if (tells(rendered->v[n].text, s, json_object_get(set, s->name)))
				snprintf(rendered->v[n].text, FINDING_TEXT,
					"something is wrong with the value of the setting '%s', "
					"which is secret",
					s->name);
	}
}

static int lint_one(struct sources *s, size_t n, const struct lint_machine *machine,
	struct findings *f, char *why, size_t why_size)
{
	const struct profile_answers *about;
	struct findings rendered = {0};
	struct lint_input in = {.machine = machine, .include = include_answers, .arg = s};
	int rc = sources_add(s, n, NULL, &about, why, why_size);

	if (rc == 0) {
		in.file = s->v[0].name;
		in.text = s->v[0].text;
		in.version = about->version;
		lint_text(about->format, &in, &rendered);
		mask(s->r, &rendered);
		sources_place(s, &rendered, f);
	}
	findings_fini(&rendered);
	sources_drop(s);
	return rc;
}

/* Whoever is on the way of an http:// URL decides what comes of it, unless somebody checks that. */
static bool is_open(const char *url)
{
	return url && strncasecmp(url, "http://", strlen("http://")) == 0;
}

static const char *shown_source(const char *url, char buf[FETCH_URL_MAX])
{
	return fetch_name_shown(url, buf, FETCH_URL_MAX);
}

/* Kernel and initrds that we fetch. -ENOENT: that was the last. */
static int lint_fetched(
	const struct rendering *r, unsigned n, struct findings *f, char *why, size_t why_size)
{
	const struct profile *p = rendering_profile(r);
	char *url = NULL, *sum = NULL, shown[FETCH_URL_MAX];
	int rc = render_origin(r, n, &url, &sum, why, why_size);

	if (rc == 0 && is_open(url) && !(sum && *sum))
		findings_add(f, FINDING_WARNING, p->file,
			n ? p->initrd[n - 1].line : p->kernel.line, 0,
			"%.160s is not checked: give an https:// mirror, its sha256, or "
			"'usher import'",
			shown_source(url, shown));
	free(url);
	free(sum);
	return rc;
}

static void lint_unsigned(const struct profile *p, const struct profile_setting *s, const char *url,
	struct findings *f)
{
	char shown[FETCH_URL_MAX];

	if (is_open(url))
		findings_add(f, FINDING_WARNING, p->file, 0, 0,
			"the installer does not check what comes from %.160s: give an "
			"https:// URL for '%s', or 'usher import'",
			shown_source(url, shown), s->name);
}

/* What installers take by themselves: of a mirror nothing, when we serve the medium. */
static void lint_installer_sources(const struct rendering *r, struct findings *f)
{
	const struct profile *p = rendering_profile(r);
	const json_t *set = json_object_get(rendering_context(r), "set");
	const json_t *media = json_object_get(rendering_context(r), "media"), *pair;
	bool local = json_is_true(json_object_get(media, "local"));
	size_t n;

	for (size_t i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		const json_t *value = json_object_get(set, s->name);

		if (!s->unsigned_source)
			continue;
		if (!local)
			lint_unsigned(p, s, json_string_value(value), f);
		json_array_foreach(value, n, pair)
			lint_unsigned(p, s, json_string_value(json_object_get(pair, "value")), f);
	}
}

static int lint_sources(const struct rendering *r, struct findings *f, char *why, size_t why_size)
{
	const char *url = rendering_profile(r)->media.url.text;
	int rc = url && *url ? 0 : -ENOENT;

	for (unsigned n = 0; rc == 0; n++)
		rc = lint_fetched(r, n, f, why, why_size);
	if (rc != -ENOENT)
		return rc;
	lint_installer_sources(r, f);
	return 0;
}

static bool names(const struct profile *p, const char *url)
{
	bool found = p->cmdline.text && strstr(p->cmdline.text, url);

	for (size_t i = 0; i < p->n_files && !found; i++)
		found = strstr(p->files[i].text, url);
	return found;
}

/* What a live system may report is not what an installer does. */
static void lint_live(const struct profile *p, struct findings *f)
{
	if (!p->live)
		return;
	if (names(p, "attempt.done_url"))
		findings_add(f, FINDING_WARNING, p->file, 0, 0,
			"a live system is never done: give it {{attempt.up_url}} in place of "
			"{{attempt.done_url}}, where the report is refused");
	if (p->n_answers && !names(p, "attempt.up_url"))
		findings_add(f, FINDING_WARNING, p->file, 0, 0,
			"nothing names {{attempt.up_url}}, where the live system reports that it is "
			"up: each boot counts as up when its last file was loaded");
}

int render_lint(
	const struct rendering *r, uint64_t disk, struct findings *f, char *why, size_t why_size)
{
	struct sources sources = {.r = r};
	struct lint_machine machine;
	int rc = 0;

	facts_of(r, disk, &machine);
	for (size_t n = 0; rc == 0 && n < rendering_profile(r)->n_answers; n++)
		if (!sources.included[n]) /* else it was looked at where it is included */
			rc = lint_one(&sources, n, &machine, f, why, why_size);
	if (rc == 0)
		rc = lint_sources(r, f, why, why_size);
	lint_live(rendering_profile(r), f);
	findings_sort(f);
	return rc;
}

json_t *findings_json(const struct findings *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->v[i];
		json_t *j = json_pack("{s:s}", "file", f->files[one->file].name);

		if (one->line)
			json_object_set_new(j, "line", json_integer(one->line));
		if (one->line && one->column)
			json_object_set_new(j, "column", json_integer(one->column));
		json_object_set_new(
			j, "level", json_string(one->level == FINDING_ERROR ? "error" : "warning"));
		json_object_set_new(j, "text", json_string(one->text));
		json_array_append_new(all, j);
	}
	return all;
}
