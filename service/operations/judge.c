/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging a request for a machine: its name, profile, settings and keys, and whether it could be installed. */
#include "service/operations/template.h"
#include "service/operations/judge.h"
#include "service/files/linted.h"
#include "core/ssh_key.h"

#include "kickstart/render.h"
#include "machine/labels.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	SETTINGS_MAX = 64,
	KEYS_MAX = 64,
	FIRST_BOOT_MAX = 64 << 10, /* bytes: what is longer should fetch the rest */
	SETTING_BYTES = 64 << 10,
};

int judge_field(struct creation *c, const char *member, int rc)
{
	if (rc && !*c->field)
		snprintf(c->field, sizeof c->field, "%s", member);
	return rc;
}

static int judge_name(struct creation *c, json_t *body, char *why, size_t size)
{
	const char *name = json_text(body, "name"), *error = machine_name_error(name);

	if (error) {
		snprintf(why, size, "'%.80s' cannot be a machine's name: %s", name, error);
		return -EINVAL;
	}
	snprintf(c->machine->name, sizeof c->machine->name, "%s", name);
	return 0;
}

/* That came before it: new ones are put in front. */
static const struct creation *other_of_name(const struct creation *c)
{
	const struct creation *o = c->trial ? c->ops->creations : c->next;

	while (o && strcmp(o->machine->name, c->machine->name))
		o = o->next;
	return o ? o : trial_has(c->trial, c->machine->name, NULL, NULL, NULL);
}

int judge_name_free(const struct creation *c, char *why, size_t size)
{
	const char *name = c->machine->name;
	const struct machine *there = machines_by_name(c->ops->base->machines, name);
	const struct creation *other = other_of_name(c);

	if (there && !(c->replace && there->guest && c->machine->guest))
		snprintf(why, size, "machine '%s' exists already: 'usher delete %s' first%s", name,
			name, there->guest ? ", or --replace" : "");
	else if (there && (there->template || template_under_way(c->ops, name)))
		snprintf(why, size, "'%s' is a template: 'usher delete %s' first", name, name);
	else if (other)
		snprintf(why, size, "machine '%s' is %s", name,
			other->trial ? "asked for twice" : "being created just now");
	else
		return 0;
	return -EEXIST;
}

const char *judge_settings_error(const json_t *settings)
{
	const char *key;
	json_t *v;

	if (!json_is_object(settings) || json_object_size(settings) > SETTINGS_MAX)
		return "settings are an object of at most 64 texts";
	json_object_foreach((json_t *)(uintptr_t)settings, key, v)
	{
		if (!json_is_string(v) || json_string_length(v) > SETTING_BYTES)
			return "each setting is a text of at most 64 KiB";
	}
	return NULL;
}

static int judge_lists(struct creation *c, json_t *body, char *why, size_t size)
{
	json_t *settings = json_object_get(body, "settings"),
	       *keys = json_object_get(body, "ssh_keys"), *v;
	const char *key;
	size_t i;

	json_object_foreach(settings, key, v)
	{
		if (!json_is_string(v) || json_string_length(v) > SETTING_BYTES ||
			json_object_size(settings) > SETTINGS_MAX) {
			snprintf(why, size, "settings are at most %d texts; look at '%.80s'",
				SETTINGS_MAX, key);
			return judge_field(c, "settings", -EINVAL);
		}
		json_object_set(c->machine->settings, key, v);
	}
	if (json_array_size(keys) > KEYS_MAX) {
		snprintf(why, size, "ssh_keys are at most %d lines of authorized_keys", KEYS_MAX);
		return -EINVAL;
	}
	json_array_foreach(keys, i, v)
	{
		const char *error =
			json_is_string(v) ? ssh_key_error(json_string_value(v)) : "it is no text";

		if (error) {
			snprintf(why, size, "SSH key %zu: %s", i + 1, error);
			return -EINVAL;
		}
		json_array_append(c->machine->ssh_keys, v);
	}
	return 0;
}

/* What is kept as it came is refused when it does not fit: cut it would be something else. */
static int judge_texts(struct creation *c, json_t *body, char *why, size_t size)
{
	struct machine *m = c->machine;
	const char *id = json_text(body, "request_id"), *lab = json_text(body, "lab");

	if (strlen(id) >= sizeof m->request_id) {
		snprintf(why, size, "request_id takes at most %zu bytes", sizeof m->request_id - 1);
		return judge_field(c, "request_id", -EINVAL);
	}
	if (machine_lab_error(lab)) {
		snprintf(why, size, "lab: %s", machine_lab_error(lab));
		return judge_field(c, "lab", -EINVAL);
	}
	snprintf(m->lab, sizeof m->lab, "%s", lab);
	snprintf(m->request_id, sizeof m->request_id, "%s", id);
	return 0;
}

/* The site's script for the first boot. */
static int judge_first_boot(struct creation *c, json_t *body, char *why, size_t size)
{
	json_t *v = json_object_get(body, "first_boot");

	if (!v)
		return 0;
	if (!json_is_string(v) || json_string_length(v) > FIRST_BOOT_MAX) {
		snprintf(why, size, "first_boot is a script of at most %d bytes", FIRST_BOOT_MAX);
		return -EINVAL;
	}
	c->machine->first_boot = strdup(json_string_value(v));
	return c->machine->first_boot ? 0 : -ENOMEM;
}

/* Left out, it is as its segment says. */
static int judge_flags(struct creation *c, json_t *body, char *why, size_t size)
{
	const json_t *v = json_object_get(body, "sealed");

	if (v && !json_is_boolean(v)) {
		snprintf(why, size, "sealed is true or false");
		return -EINVAL;
	}
	if (v)
		c->machine->seal = json_is_true(v) ? SEAL_YES : SEAL_NO;
	c->machine->uefi = json_is_true(json_object_get(body, "uefi"));
	return 0;
}

static int judge_profile(struct creation *c, json_t *body, char *why, size_t size)
{
	(void)body;
	if (!c->profile) {
		snprintf(why, size, "%s", c->why);
		return c->profile_rc;
	}
	if (c->profile->tool) {
		snprintf(why, size, "%s installs nothing: 'usher run NAME %s' runs it on a machine",
			c->profile->name, c->profile->name);
		return -EINVAL;
	}
	snprintf(c->machine->profile, sizeof c->machine->profile, "%s", c->profile->name);
	return 0;
}

static const struct segment *segment_of_card(const void *creation, const char *name)
{
	return judge_segment_named(creation, name);
}

/* The first setting that the profile refuses, or what the guest has too little of. */
static int judge_demands(struct creation *c, int rc)
{
	const char *name = profile_setting_at_fault(c->profile, c->machine->settings);
	const struct machine_spec *spec = &c->machine->spec;
	char member[JUDGE_FIELD];

	snprintf(member, sizeof member, "settings.%s", name ? name : "");
	if (name)
		return judge_field(c, member, rc);
	if (c->machine->guest && spec->memory < c->profile->requires_memory_mib)
		return judge_field(c, "memory", rc);
	return c->machine->guest && spec->disk < c->profile->requires_disk
		? judge_field(c, "disk", rc)
		: rc;
}

/* Settings, demands, templates: all that an install will need, but for the files (served_profile.c). */
static int judge_install(struct creation *c, const struct segment *seg, char *why, size_t size)
{
	char url[128];
	struct render_input in = {.machine = c->machine,
		.segment = seg,
		.base_url = url,
		.find_segment = segment_of_card,
		.arg = c};
	struct rendering *r = NULL;
	int rc;

	segment_base_url(seg, url, sizeof url);
	rc = media_named(c->profile, why, size);
	if (rc)
		return rc;
	rc = profile_seal_secrets(c->profile, c->machine->settings);
	if (rc) {
		snprintf(why, size, "a password could not be hashed: %s", strerror(-rc));
		return rc;
	}
	rc = rendering_validated(c->profile, &in, c->machine->spec.memory, c->machine->spec.disk,
		&r, &c->snapshot, why, size);
	if (rc)
		rc = judge_demands(c, rc);
	else
		rc = linted(r, c->machine->spec.disk, &c->findings, why, size);
	rendering_free(r);
	return rc;
}

int judge_request(struct creation *c, json_t *body, char *why, size_t size)
{
	const struct segment *seg;
	int rc = judge_field(c, "name", judge_name(c, body, why, size));

	if (!rc)
		rc = judge_texts(c, body, why, size);
	if (!rc)
		rc = judge_field(
			c, labels_at_fault(body), labels_take(c->machine, body, NULL, why, size));
	if (!rc)
		rc = judge_power(c, body, why, size);
	if (!rc)
		rc = judge_field(c, "sealed", judge_flags(c, body, why, size));
	if (!rc)
		rc = judge_field(c, "first_boot", judge_first_boot(c, body, why, size));
	if (!rc)
		rc = c->clone ? clone_judge(c, body, why, size)
			      : judge_field(c, "profile", judge_profile(c, body, why, size));
	if (!rc)
		rc = judge_nics(c, body, &seg, why, size);
	if (!rc && !c->clone)
		rc = judge_field(c, "ssh_keys", judge_lists(c, body, why, size));
	if (!rc && c->machine->guest)
		rc = judge_guest(c, body, why, size);
	if (!rc && !c->clone)
		rc = judge_install(c, seg, why, size);
	return rc;
}
