/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rule that decides makes of a machine: its name, its disk, the request. */
#include "machine/inventory.h"
#include "machine/rules_parts.h"

#include "core/json.h"
#include "core/plain.h"
#include "core/wipe.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILLED_MAX = 512 };

struct acting {
	const struct rules_rule *rule;
	const struct rules_action *defaults;
	const struct rules_question *q;
	struct rules_filling filling;
	struct rules_decision *d;
};

/* What cannot be done; the rest is not tried. Returns -EINVAL. */
static int cannot(struct acting *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int cannot(struct acting *a, const char *fmt, ...)
{
	char text[sizeof a->d->why];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	plain_copy(a->d->why, sizeof a->d->why, text, strlen(text), 0);
	return -EINVAL;
}

/* To be freed. */
static int fill(
	struct acting *a, const struct rules_pattern *p, const char *what, size_t max, char **ret)
{
	char why[256];
	int rc = rules_pattern_fill(p, &a->filling, max, ret, why, sizeof why);

	return rc && rc != -ENOMEM ? cannot(a, "%s: %s", what, why) : rc;
}

static void put(struct acting *a, const char *key, const char *value)
{
	json_object_set_new(a->d->body, key, json_string(value));
}

/* Who it is */

/* Rules act on many machines of a kind, and a kind may have one UUID: then nothing tells a machine from its twin but its MAC. A
 * person who looks at it may say that this is enough, and so may the rule. */
static int take_identity(struct acting *a)
{
	enum rules_choice by_mac =
		a->rule->action.by_mac ? a->rule->action.by_mac : a->defaults->by_mac;
	const char *uuid = json_text(json_object_get(a->q->inventory, "system"), "uuid");
	struct inventory_identity id;

	inventory_identity(a->q->inventory, &id);
	if (by_mac == RULES_YES || *id.uuid)
		return 0;
	if (*uuid)
		return cannot(
			a, "%s: by-mac='yes' in the rule enrolls it all the same", id.refused);
	if (*id.serial || *id.asset_tag)
		return 0;
	return cannot(a,
		"it has neither a UUID nor a serial nor an asset tag of its own%s%s: by-mac='yes' "
		"in the rule enrolls it all the same",
		*id.refused ? ", " : "", id.refused);
}

/* Which card, which disk */

static int take_card(struct acting *a)
{
	const struct rules_fact *f = rules_fact_find(RULES_ALONE, "interfaces.mac");
	const json_t *v;
	json_t *scratch;
	char text[64];

	a->filling.card = rules_booted(a->q->inventory);
	v = rules_value(f, a->q, a->filling.card, &scratch);
	if (!v)
		return cannot(a, "it is not known from which network card the machine booted");
	rules_value_text(f, v, text, sizeof text);
	put(a, "mac", text);
	return 0;
}

static bool is_portable(const json_t *disk)
{
	return json_is_true(json_object_get(disk, "removable")) ||
		!strcmp(json_text(disk, "bus"), "usb");
}

/* Does it say itself what of that it wants? */
static bool names_portable(const struct rules_pick *pick)
{
	for (size_t i = 0; i < pick->n_conditions; i++) {
		const char *name = pick->conditions[i].fact->name;

		if (!strcmp(name, "disks.removable") || !strcmp(name, "disks.bus"))
			return true;
	}
	return false;
}

static json_int_t size_of(const json_t *disk)
{
	return json_integer_value(json_object_get(disk, "size_bytes"));
}

/* A stick that somebody left in, or a controller's virtual medium, is nothing to install on, unless it is asked for. */
static bool may_be_picked(
	const struct rules_pick *pick, const struct rules_question *q, const json_t *disk)
{
	if (is_portable(disk) && !names_portable(pick))
		return false;
	if (pick->size != RULES_FIRST && size_of(disk) <= 0)
		return false;
	return rules_all_hold(pick->conditions, pick->n_conditions, q, disk);
}

/* Of those of one size the first. */
static bool is_better(enum rules_size size, const json_t *disk, const json_t *best)
{
	if (!best || size == RULES_FIRST)
		return !best;
	return size == RULES_SMALLEST ? size_of(disk) < size_of(best)
				      : size_of(disk) > size_of(best);
}

static int take_disk(struct acting *a)
{
	const struct rules_pick *pick =
		a->rule->action.pick.is_set ? &a->rule->action.pick : &a->defaults->pick;
	size_t n = rules_items(a->q->inventory, RULES_DISKS);

	if (!pick->is_set)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *disk = rules_item(a->q->inventory, RULES_DISKS, i);

		if (may_be_picked(pick, a->q, disk) && is_better(pick->size, disk, a->filling.disk))
			a->filling.disk = disk;
	}
	if (!a->filling.disk)
		return cannot(a, "<pick-disk>: none of the machine's %zu disks is as it says", n);
	return 0;
}

/* The name */

/* "Rack 7/Gi1/0/3": "rack-7-gi1-0-3". */
static void clean_name(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; *text && n + 1 < size; text++) {
		char c = (char)tolower((unsigned char)*text);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf[n++] = c;
		else if (n && buf[n - 1] != '-')
			buf[n++] = '-';
	}
	while (n && buf[n - 1] == '-')
		n--;
	buf[n] = '\0';
}

static bool is_free(const struct acting *a, const char *name)
{
	return !a->q->is_free || a->q->is_free(a->q->arg, name);
}

static int make_name(struct acting *a, const struct rules_pattern *p, char *buf, size_t size)
{
	const char *error;
	char *filled;
	int rc = fill(a, p, "its name", size - 1, &filled);

	if (rc)
		return rc;
	clean_name(filled, buf, size);
	free(filled);
	error = machine_name_error(buf);
	return error ? cannot(a, "'%.80s' cannot be a machine's name: %s", buf, error) : 0;
}

static int take_name(struct acting *a)
{
	const struct rules_pattern *p =
		a->rule->action.has_name ? &a->rule->action.name : &a->defaults->name;
	char name[FILLED_MAX + 1];
	int rc;

	for (a->filling.number = 1; a->filling.number <= RULES_NUMBER_MAX; a->filling.number++) {
		rc = make_name(a, p, name, sizeof name);
		if (rc)
			return rc;
		if (is_free(a, name)) {
			snprintf(a->d->name, sizeof a->d->name, "%.63s", name);
			put(a, "name", name);
			return 0;
		}
		if (!p->numbered)
			return cannot(a,
				"the name '%s' is another machine's; {n} in it would be the lowest "
				"free number",
				name);
	}
	return cannot(a, "all names up to '%s' are other machines'", name);
}

/* The rest of the request */

static void take_words(struct acting *a)
{
	const struct rules_action *own = &a->rule->action, *all = a->defaults;
	const char *segment = own->segment ? own->segment : all->segment;
	enum rules_choice arm = own->arm ? own->arm : all->arm;
	enum rules_choice sealed = own->sealed ? own->sealed : all->sealed;

	put(a, "profile", own->profile ? own->profile : all->profile);
	if (segment || a->q->segment)
		put(a, "segment", segment ? segment : a->q->segment);
	if (arm == RULES_YES)
		json_object_set_new(a->d->body, "arm", json_true());
	if (sealed)
		json_object_set_new(a->d->body, "sealed", json_boolean(sealed == RULES_YES));
}

static int take_address(struct acting *a)
{
	const struct rules_action *x = a->rule->action.has_address ? &a->rule->action : a->defaults;
	char *text = NULL;
	struct ip ip;
	int rc = x->has_address ? fill(a, &x->address, "its address", FILLED_MAX, &text) : 0;

	if (text && ip_parse(text, &ip))
		rc = cannot(a, "its address: '%.80s' is not an IP address", text);
	else if (text)
		put(a, "address", text);
	free(text);
	return rc;
}

static int take_password(struct acting *a)
{
	const struct rules_action *x =
		a->rule->action.password_file ? &a->rule->action : a->defaults;

	if (!x->password_file)
		return 0;
	if (!x->password)
		return cannot(a, "the file %s was not read", x->password_file);
	put(a, "power_password", x->password);
	return 0;
}

static int take_power(struct acting *a)
{
	const struct rules_action *x = a->rule->action.has_power ? &a->rule->action : a->defaults;
	char *text = NULL;
	int rc;

	a->filling.uri = true;
	rc = x->has_power ? fill(a, &x->power, "its power", FILLED_MAX, &text) : 0;
	a->filling.uri = false;
	if (text) {
		put(a, "power", text);
		rc = take_password(a);
	}
	free(text);
	return rc;
}

static int take_setting(struct acting *a, const struct rules_setting *s)
{
	json_t *settings = json_object_get(a->d->body, "settings");
	char *text = NULL, what[100];
	int rc;

	if (s->file && !s->secret)
		return cannot(a, "setting '%s': the file %s was not read", s->name, s->file);
	if (s->file) {
		json_array_append_new(a->d->secrets, json_string(s->name));
		json_object_set_new(settings, s->name, json_string(s->secret));
		return 0;
	}
	snprintf(what, sizeof what, "setting '%s'", s->name);
	rc = fill(a, &s->value, what, RULES_SETTING_MAX, &text);
	if (text)
		json_object_set_new(settings, s->name, json_string(text));
	wipe_free(text);
	return rc;
}

static bool says(const struct rules_action *x, const char *name)
{
	for (size_t i = 0; i < x->n_settings; i++)
		if (!strcmp(x->settings[i].name, name))
			return true;
	return false;
}

static int take_settings(struct acting *a)
{
	const struct rules_action *own = &a->rule->action, *all = a->defaults;
	int rc = 0;

	if (own->n_settings || all->n_settings)
		json_object_set_new(a->d->body, "settings", json_object());
	for (size_t i = 0; !rc && i < all->n_settings; i++)
		if (!says(own, all->settings[i].name))
			rc = take_setting(a, &all->settings[i]);
	for (size_t i = 0; !rc && i < own->n_settings; i++)
		rc = take_setting(a, &own->settings[i]);
	return rc;
}

static int take_keys(struct acting *a)
{
	const struct rules_action *x = a->rule->action.n_keys ? &a->rule->action : a->defaults;
	json_t *keys;

	if (!x->n_keys)
		return 0;
	json_object_set_new(a->d->body, "ssh_keys", keys = json_array());
	for (size_t i = 0; i < x->n_keys; i++) {
		if (!x->keys[i].lines)
			return cannot(a, "the file %s was not read", x->keys[i].file);
		json_array_extend(keys, x->keys[i].lines);
	}
	return 0;
}

int rules_act(const struct rules *rules, const struct rules_rule *rule,
	const struct rules_question *q, struct rules_decision *d)
{
	static int (*const steps[])(struct acting *) = {take_card, take_identity, take_disk,
		take_name, take_address, take_power, take_settings, take_keys};
	struct acting a = {
		.rule = rule, .defaults = &rules->defaults, .q = q, .filling = {.q = q}, .d = d};
	int rc = 0;

	d->body = json_pack("{s:s}", "kind", "bare-metal");
	d->secrets = json_array();
	if (!d->body || !d->secrets)
		return -ENOMEM;
	for (size_t i = 0; !rc && i < sizeof steps / sizeof *steps; i++)
		rc = steps[i](&a);
	if (!rc) {
		take_words(&a);
		d->verdict = RULES_ENROLL;
		return 0;
	}
	json_decref(d->body);
	d->body = NULL;
	*d->name = '\0';
	d->verdict = RULES_CANNOT;
	return rc == -ENOMEM ? rc : 0;
}
