/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct profile to JSON and back. */
#include "kickstart/profile_xml.h"
#include "kickstart/setting_type.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *template_json(const struct profile_text *t)
{
	return json_pack("{s:s*, s:i}", "text", t->text, "line", (int)t->line);
}

static json_t *file_json(const struct profile_text *t, const char *sum)
{
	json_t *j = template_json(t);

	if (sum)
		json_object_set_new(j, "sha256", json_string(sum));
	return j;
}

static json_t *media_json(const struct profile_media *m)
{
	return json_pack("{s:s, s:s*, s:o*, s:s*, s:s*, s:O*}", "name", m->name, "path", m->path,
		"url", m->url.text ? template_json(&m->url) : NULL, "package", m->package, "fix",
		m->fix, "files", m->files);
}

static json_t *image_json(const struct profile_image *i)
{
	return json_pack("{s:s, s:s*, s:i, s:O*}", "name", i->name, "from", i->from, "line",
		(int)i->line, "facts", i->facts);
}

static const char *const firmware_names[] = {[PROFILE_BIOS] = "bios",
	[PROFILE_EFI_X64] = "efi-x64",
	[PROFILE_EFI_ARM64] = "efi-arm64",
	[PROFILE_HTTP_X64] = "http-x64",
	[PROFILE_HTTP_ARM64] = "http-arm64"};

/* As they are asked for: with the medium's name and a slash before it, or a loader's without. */
static json_t *programs_json(const struct profile *p)
{
	json_t *all = json_object();

	for (size_t i = 0; i < PROFILE_FIRMWARES; i++)
		if (p->loaders[i])
			json_object_set_new(
				all, firmware_names[i], json_string(p->loaders[i]->program));
		else if (p->programs[i])
			json_object_set_new(all, firmware_names[i],
				json_sprintf("%s/%s", p->media.name, p->programs[i]));
	return all;
}

const char *profile_program(const json_t *snapshot, enum profile_firmware firmware)
{
	const json_t *boot = json_object_get(json_object_get(snapshot, "profile"), "boot");

	return json_string_value(
		json_object_get(json_object_get(boot, "programs"), firmware_names[firmware]));
}

static json_t *boot_json(const struct profile *p)
{
	json_t *initrds = json_array();
	size_t i;

	for (i = 0; i < p->n_initrd; i++)
		json_array_append_new(initrds, file_json(&p->initrd[i], p->sums[i + 1]));
	return json_pack("{s:o, s:o, s:o, s:o, s:i, s:i}", "kernel",
		file_json(&p->kernel, p->sums[0]), "initrd", initrds, "cmdline",
		template_json(&p->cmdline), "programs", programs_json(p), "boots", (int)p->boots,
		"timeout_s", (int)p->timeout_s);
}

static json_t *setting_json(const struct profile_setting *s)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s*, s:s, s:b, s:b}", "name", s->name, "default",
		s->def, "help", s->help, "values", s->values, "type", setting_type_name(s->type),
		"required", s->required, "secret", s->secret);

	if (s->type == SETTING_NUMBER) {
		json_object_set_new(j, "min", json_integer((json_int_t)s->min));
		json_object_set_new(j, "max", json_integer((json_int_t)s->max));
	}
	if (s->sha512)
		json_object_set_new(j, "hash", json_string("sha512"));
	if (s->unsigned_source)
		json_object_set_new(j, "unsigned", json_true());
	if (s->mirror)
		json_object_set_new(j, "mirror", json_true());
	return j;
}

static json_t *settings_json(const struct profile *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->n_settings; i++)
		json_array_append_new(all, setting_json(&p->settings[i]));
	return all;
}

static json_t *guest_json(const struct profile *p)
{
	return json_pack("{s:I, s:i, s:I, s:s*, s:I, s:I}", "memory_mib", (json_int_t)p->memory_mib,
		"vcpus", (int)p->vcpus, "disk", (json_int_t)p->disk, "domain", p->domain,
		"requires_memory_mib", (json_int_t)p->requires_memory_mib, "requires_disk",
		(json_int_t)p->requires_disk);
}

static json_t *files_json(const struct profile *p)
{
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < p->n_files; i++)
		json_object_set_new(all, p->files[i].name, json_string(p->files[i].text));
	return all;
}

/* Of those that are not beside profile.xml: for messages only. */
static json_t *paths_json(const struct profile *p)
{
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < p->n_files; i++)
		if (p->files[i].path)
			json_object_set_new(all, p->files[i].name, json_string(p->files[i].path));
	return all;
}

json_t *profile_to_json(const struct profile *p)
{
	return json_pack("{s:s, s:b, s:b, s:s, s:s, s:o, s:o*, s:o, s:o, s:o}", "name", p->name,
		"tool", p->tool, "live", p->live, "title", p->title, "file", p->file, "media",
		media_json(&p->media), "image", *p->image.name ? image_json(&p->image) : NULL,
		"boot", boot_json(p), "settings", settings_json(p), "guest", guest_json(p));
}

static bool names_up(const json_t *text)
{
	return json_is_string(text) && strstr(json_string_value(text), "attempt.up_url");
}

bool profile_reports_up(const json_t *snapshot)
{
	const json_t *boot = json_object_get(json_object_get(snapshot, "profile"), "boot");
	bool found = names_up(json_object_get(json_object_get(boot, "cmdline"), "text"));
	const char *name;
	json_t *text;

	json_object_foreach(json_object_get(snapshot, "files"), name, text) found =
		found || names_up(text);
	return found;
}

static json_t *answers_json(const struct profile *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->n_answers; i++) {
		const struct profile_answers *a = &p->answers[i];

		json_array_append_new(all,
			json_pack("{s:s, s:s, s:s, s:s*}", "name", a->name, "template", a->template,
				"format", answers_name(a->format), "version", a->version));
	}
	return all;
}

/* No less than it comes to as text: a byte of a text to \u00XX, and what stands around and between. */
static size_t most_bytes(const json_t *v)
{
	enum { ESCAPED = 6, AROUND = 32 };
	size_t sum = AROUND + ESCAPED * json_string_length(v), i;
	const char *key;
	json_t *one;

	json_object_foreach((json_t *)v, key, one) sum += ESCAPED * strlen(key) + most_bytes(one);
	json_array_foreach(v, i, one) sum += most_bytes(one);
	return sum;
}

/* Few come near to it: only those are written out. */
static bool is_too_large(const json_t *s)
{
	return most_bytes(s) > PROFILE_SNAPSHOT_MAX &&
		json_dumpb(s, NULL, 0, 0) > PROFILE_SNAPSHOT_MAX;
}

int profile_snapshot(const struct profile *p, const json_t *settings, json_t **ret)
{
	json_t *s = json_pack("{s:i, s:o, s:o, s:o, s:o, s:O}", "version", PROFILE_SNAPSHOT_VERSION,
		"profile", profile_to_json(p), "files", files_json(p), "paths", paths_json(p),
		"answers", answers_json(p), "settings", settings);

	if (!s)
		return -ENOMEM;
	if (json_object_size(json_object_get(s, "files")) != p->n_files || /* e.g. not UTF-8 */
		json_array_size(json_object_get(s, "answers")) != p->n_answers) {
		json_decref(s);
		return -EINVAL;
	}
	if (is_too_large(s)) {
		json_decref(s);
		return -EFBIG;
	}
	*ret = s;
	return 0;
}

/* Reading: the first fault sticks. Texts stay the snapshot's: a boot script is made from one for each machine that boots, and
 * copying its templates cost more than reading them. */
struct taking {
	int rc;
	const char *what;
};

static char *borrowed(const char *s)
{
	return (char *)(uintptr_t)
		s; /* struct profile does not change what it did not read itself */
}

static void take_text(
	struct taking *t, const json_t *of, const char *key, bool required, char **ret)
{
	const char *s = json_string_value(json_object_get(of, key));

	if (t->rc || (!s && !required))
		return;
	if (!s) {
		t->rc = -EPROTO;
		t->what = key;
		return;
	}
	*ret = borrowed(s);
}

static void take_name(struct taking *t, const json_t *of, const char *key, char ret[PROFILE_NAME])
{
	const json_t *name = json_object_get(of, key);

	if (t->rc)
		return;
	if (!json_is_string(name) || json_string_length(name) >= PROFILE_NAME) {
		t->rc = -EPROTO;
		t->what = key;
		return;
	}
	memcpy(ret, json_string_value(name), json_string_length(name) + 1);
}

static uint64_t take_number(struct taking *t, const json_t *of, const char *key)
{
	const json_t *v = json_object_get(of, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0) {
		t->rc = t->rc ? t->rc : -EPROTO;
		t->what = t->what ? t->what : key;
		return 0;
	}
	return (uint64_t)json_integer_value(v);
}

static void take_template(struct taking *t, const json_t *from, struct profile_text *ret)
{
	take_text(t, from, "text", false, &ret->text);
	ret->line = (unsigned)take_number(t, from, "line");
}

static void take_file(
	struct taking *t, const json_t *from, struct profile_text *ret, char **ret_sum)
{
	take_template(t, from, ret);
	take_text(t, from, "sha256", false, ret_sum);
}

static void take_media(struct taking *t, const json_t *from, struct profile_media *m)
{
	take_name(t, from, "name", m->name);
	take_text(t, from, "path", false, &m->path);
	if (json_object_get(from, "url"))
		take_template(t, json_object_get(from, "url"), &m->url);
	take_text(t, from, "package", false, &m->package);
	m->files = json_incref(json_object_get(from, "files"));
	take_text(t, from, "fix", false, &m->fix);
	if (!t->rc && m->path && m->url.text) {
		t->rc = -EPROTO;
		t->what = "media";
	}
}

static void take_image(struct taking *t, const json_t *from, struct profile_image *i)
{
	if (!from)
		return;
	take_name(t, from, "name", i->name);
	take_text(t, from, "from", false, &i->from);
	i->line = (unsigned)take_number(t, from, "line");
	i->facts = json_incref(json_object_get(from, "facts"));
}

static void take_programs(const json_t *from, struct profile *p)
{
	size_t medium = strlen(p->media.name) + 1;

	for (size_t i = 0; i < PROFILE_FIRMWARES; i++) {
		const char *s = json_string_value(json_object_get(from, firmware_names[i]));

		if (s && !strchr(s, '/'))
			p->loaders[i] = profile_loader_of(s, (enum profile_firmware)i);
		if (!s || p->loaders[i] || strlen(s) <= medium)
			continue;
		p->programs[i] = borrowed(s + medium);
	}
}

static void take_boot(struct taking *t, const json_t *from, struct profile *p)
{
	const json_t *initrds = json_object_get(from, "initrd");
	size_t i;

	take_file(t, json_object_get(from, "kernel"), &p->kernel, &p->sums[0]);
	for (i = 0; i < json_array_size(initrds) && i < PROFILE_INITRDS; i++, p->n_initrd++)
		take_file(t, json_array_get(initrds, i), &p->initrd[i], &p->sums[i + 1]);
	take_template(t, json_object_get(from, "cmdline"), &p->cmdline);
	take_programs(json_object_get(from, "programs"), p);
	p->boots = (unsigned)take_number(t, from, "boots");
	p->timeout_s = (uint32_t)take_number(t, from, "timeout_s");
	for (i = 0; i < p->n_initrd && p->initrd[i].text; i++)
		;
	if (!t->rc && (!p->kernel.text || i < p->n_initrd)) {
		t->rc = -EPROTO;
		t->what = "boot";
	}
}

static void take_setting(struct taking *t, const json_t *from, struct profile_setting *s)
{
	const char *type = json_string_value(json_object_get(from, "type"));
	const json_t *max = json_object_get(from, "max");
	char known[256];

	take_name(t, from, "name", s->name);
	take_text(t, from, "default", true, &s->def);
	take_text(t, from, "help", true, &s->help);
	take_text(t, from, "values", false, &s->values);
	s->required = json_is_true(json_object_get(from, "required"));
	s->secret = json_is_true(json_object_get(from, "secret"));
	if (type)
		(void)setting_type_parse(type, &s->type, known, sizeof(known));
	s->min = (uint64_t)json_integer_value(json_object_get(from, "min"));
	s->max = max ? (uint64_t)json_integer_value(max) : SETTING_NUMBER_MAX;
	s->sha512 = json_object_get(from, "hash") != NULL;
	s->unsigned_source = json_is_true(json_object_get(from, "unsigned"));
	s->mirror = json_is_true(json_object_get(from, "mirror"));
}

static void take_guest(struct taking *t, const json_t *from, struct profile *p)
{
	p->memory_mib = take_number(t, from, "memory_mib");
	p->vcpus = (unsigned)take_number(t, from, "vcpus");
	p->disk = take_number(t, from, "disk");
	take_text(t, from, "domain", false, &p->domain);
	p->requires_memory_mib = take_number(t, from, "requires_memory_mib");
	p->requires_disk = take_number(t, from, "requires_disk");
}

static void take_files(struct taking *t, const json_t *from, const json_t *paths, struct profile *p)
{
	const char *name;
	json_t *text;

	json_object_foreach((json_t *)from, name, text)
	{
		if (p->n_files == PROFILE_FILES || !json_is_string(text)) {
			t->rc = t->rc ? t->rc : -EPROTO;
			t->what = t->what ? t->what : "files";
			return;
		}
		p->files[p->n_files].name = borrowed(name);
		p->files[p->n_files].text = borrowed(json_string_value(text));
		take_text(t, paths, name, false, &p->files[p->n_files].path);
		p->n_files++;
		if (t->rc)
			return;
	}
}

static void take_format(struct taking *t, const json_t *from, struct profile_answers *a)
{
	const char *format = json_string_value(json_object_get(from, "format"));

	if (t->rc || (format && answers_parse(format, &a->format) == 0))
		return;
	t->rc = -EPROTO;
	t->what = "format";
}

/* Version 1 has one template's name, or none, and its format beside it. */
static void take_answers(struct taking *t, const json_t *snapshot, struct profile *p)
{
	const json_t *all = json_object_get(snapshot, "answers"), *from;
	struct profile_answers *a;

	for (size_t i = 0; i < json_array_size(all) && i < PROFILE_ANSWERS; i++) {
		a = &p->answers[p->n_answers++];
		from = json_array_get(all, i);
		take_text(t, from, "name", true, &a->name);
		take_text(t, from, "template", true, &a->template);
		take_text(t, from, "version", false, &a->version);
		take_format(t, from, a);
	}
	if (json_is_string(all)) {
		a = &p->answers[p->n_answers++];
		a->name = borrowed("answers");
		take_text(t, snapshot, "answers", true, &a->template);
		take_format(t, snapshot, a);
	}
	for (size_t i = 0; !t->rc && i < p->n_answers; i++)
		if (!profile_file(p, p->answers[i].template)) {
			t->rc = -EPROTO;
			t->what = "answers";
		}
}

enum profile_served profile_serves(const json_t *snapshot, const char *name)
{
	const json_t *all = json_object_get(snapshot, "answers");
	const char *one;

	if (json_is_string(all))
		return strcmp(name, "answers") == 0 ? PROFILE_SERVES_ANSWERS
						    : PROFILE_SERVES_NOTHING;
	for (size_t i = 0; i < json_array_size(all); i++) {
		one = json_string_value(json_object_get(json_array_get(all, i), "name"));
		if (one && strcmp(one, name) == 0)
			return i ? PROFILE_SERVES_FILE : PROFILE_SERVES_ANSWERS;
	}
	return PROFILE_SERVES_NOTHING;
}

static const json_t *settings_of(const json_t *snapshot)
{
	return json_object_get(json_object_get(snapshot, "profile"), "settings");
}

static void take_all(struct taking *t, const json_t *snapshot, struct profile *p)
{
	const json_t *of = json_object_get(snapshot, "profile"), *settings = settings_of(snapshot);
	size_t i;

	take_name(t, of, "name", p->name);
	p->tool = json_is_true(json_object_get(of, "tool"));
	p->live = json_is_true(json_object_get(of, "live"));
	take_text(t, of, "title", true, &p->title);
	take_text(t, of, "file", true, &p->file);
	take_media(t, json_object_get(of, "media"), &p->media);
	take_image(t, json_object_get(of, "image"), &p->image);
	take_boot(t, json_object_get(of, "boot"), p);
	for (i = 0; i < json_array_size(settings) && i < PROFILE_SETTINGS; i++)
		take_setting(t, json_array_get(settings, i), &p->settings[p->n_settings++]);
	take_guest(t, json_object_get(of, "guest"), p);
	take_files(t, json_object_get(snapshot, "files"), json_object_get(snapshot, "paths"), p);
	take_answers(t, snapshot, p);
}

/* As machine/machine_secrets.c leaves them. */
static const char *unreadable(const json_t *settings)
{
	const char *name;
	json_t *v;

	json_object_foreach(
		(json_t *)(uintptr_t)settings, name, v) if (json_is_object(v)) return name;
	return NULL;
}

int profile_from_snapshot(const json_t *snapshot, struct profile **ret, const json_t **ret_settings,
	char *why, size_t why_size)
{
	struct taking t = {0};
	const json_t *settings = json_object_get(snapshot, "settings");
	json_int_t version = json_integer_value(json_object_get(snapshot, "version"));
	const char *locked = ret_settings ? unreadable(settings) : NULL;
	struct profile *p;

	if (locked) {
		snprintf(why, why_size,
			"the secret setting '%s' that it was armed with cannot be read: it was "
			"encrypted with another key than the one that is there now",
			locked);
		return -EPROTO;
	}
	if (version < 1 || version > PROFILE_SNAPSHOT_VERSION || !json_is_object(settings)) {
		snprintf(why, why_size, "no snapshot of a profile, or one of another version");
		return -EPROTO;
	}
	p = profile_new(json_array_size(settings_of(snapshot)), 0,
		json_object_size(json_object_get(snapshot, "files")));
	if (!p) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	p->snapshot = json_incref((json_t *)(uintptr_t)snapshot);
	take_all(&t, snapshot, p);
	if (t.rc == 0) {
		*ret = p;
		if (ret_settings)
			*ret_settings = settings;
		return 0;
	}
	snprintf(why, why_size, "damaged snapshot: %s", t.what);
	profile_free(p);
	return t.rc;
}
