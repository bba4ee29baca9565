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
		.prefix = (unsigned)strtoul(machine_text(context, "prefix"), NULL, 10)};
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

void render_lint_place(const struct profile *p, const char *name, const char *text,
	const struct mustache_map *map, const struct findings *rendered, struct findings *f)
{
	for (size_t i = 0; i < rendered->n; i++) {
		const struct finding *one = &rendered->v[i];
		const char *file = rendered->files[one->file].name;
		unsigned line = one->line, column = one->column;

		if (strcmp(file, name) == 0 && line) {
			file = mustache_map_find(map, one->line, &line);
			file = file ? file : name;
			column = column_of(p, file, line, text, one);
		}
		findings_add(f, one->level, file, line, column, "%s", one->text);
	}
	for (size_t i = 0; i < map->n_remarks; i++)
		findings_add(f, FINDING_WARNING, map->files[map->remarks[i].file],
			map->remarks[i].line, map->remarks[i].column, "%s", map->remarks[i].text);
	for (size_t i = 0; i < rendered->n_files; i++)
		findings_leave(f, rendered->files[i].name, &rendered->files[i]);
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

static int lint_one(const struct rendering *r, size_t n, const struct lint_machine *machine,
	struct findings *f, char *why, size_t why_size)
{
	const struct profile *p = rendering_profile(r);
	struct mustache_map map = {0};
	const struct profile_answers *about;
	struct findings rendered = {0};
	struct lint_input in = {.machine = machine};
	char *text = NULL, *file = NULL;
	const char *slash = strrchr(p->file, '/');
	int rc = render_answers_mapped(r, n, &about, &map, &text, why, why_size);

	if (rc == 0 &&
		asprintf(&file, "%.*s/%s", slash ? (int)(slash - p->file) : 0, p->file,
			about->template) < 0) {
		snprintf(why, why_size, "out of memory");
		rc = -ENOMEM;
	}
	if (rc == 0) {
		in.file = file;
		in.text = text;
		in.version = about->version;
		lint_text(about->format, &in, &rendered);
		mask(r, &rendered);
		render_lint_place(p, file, text, &map, &rendered, f);
	}
	findings_fini(&rendered);
	mustache_map_fini(&map);
	free(text);
	free(file);
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

/* What installers take by themselves. */
static void lint_installer_sources(const struct rendering *r, struct findings *f)
{
	const struct profile *p = rendering_profile(r);
	const json_t *set = json_object_get(rendering_context(r), "set"), *media;
	char shown[FETCH_URL_MAX];

	media = json_object_get(rendering_context(r), "media");
	if (json_is_true(json_object_get(media, "local")))
		return;
	for (size_t i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		const char *url = json_string_value(json_object_get(set, s->name));

		if (s->unsigned_source && is_open(url))
			findings_add(f, FINDING_WARNING, p->file, 0, 0,
				"the installer does not check what comes from %.160s: give an "
				"https:// URL for '%s', or 'usher import'",
				shown_source(url, shown), s->name);
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

int render_lint(
	const struct rendering *r, uint64_t disk, struct findings *f, char *why, size_t why_size)
{
	struct lint_machine machine;
	int rc = 0;

	facts_of(r, disk, &machine);
	for (size_t n = 0; rc == 0 && n < rendering_profile(r)->n_answers; n++)
		rc = lint_one(r, n, &machine, f, why, why_size);
	if (rc == 0)
		rc = lint_sources(r, f, why, why_size);
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
