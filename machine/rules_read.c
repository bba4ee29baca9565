/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a rules file: every element judged where it stands; its conditions: rules_read_if.c. */
#include "machine/rules_reading.h"

#include "core/ssh_key.h"
#include "core/wipe.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct markup_reader r;
	struct rules *rules;
	long catches_all; /* the line of a rule without conditions; 0: none yet */
};

/* Actions */

static void action_fini(struct rules_action *x)
{
	rules_pattern_fini(&x->name);
	rules_pattern_fini(&x->address);
	rules_pattern_fini(&x->power);
	free(x->profile);
	free(x->segment);
	free(x->password_file);
	wipe_free(x->password);
	rules_conditions_free(x->pick.conditions, x->pick.n_conditions);
	for (size_t i = 0; i < x->n_settings; i++) {
		free(x->settings[i].name);
		free(x->settings[i].file);
		wipe_free(x->settings[i].secret);
		rules_pattern_fini(&x->settings[i].value);
	}
	for (size_t i = 0; i < x->n_keys; i++) {
		free(x->keys[i].file);
		json_decref(x->keys[i].lines);
	}
	free(x->settings);
	free(x->keys);
}

static bool is_word(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || (text[n] && strchr("-_.", text[n])))
		n++;
	return n && n < 64 && !text[n];
}

static char *take_word(struct markup_reader *r, const xmlNode *e, const char *name, bool required)
{
	char *text = markup_attribute(r, e, name, required);

	if (!text || is_word(text))
		return text;
	markup_fault(r, e,
		"<%s %s='%.80s'>: expected a name of letters, digits, '-', '_' and '.', of at most 63",
		e->name, name, text);
	free(text);
	return NULL;
}

static void parse_pattern(struct markup_reader *r, const xmlNode *e, const char *what,
	const char *text, struct rules_pattern *to)
{
	char why[256];
	int rc = rules_pattern_parse(text, to, why, sizeof why);

	if (rc == -ENOMEM)
		markup_no_memory(r, e);
	else if (rc)
		markup_fault(r, e, "%s: %s", what, why);
}

/* Is it there? */
static bool take_pattern(
	struct markup_reader *r, const xmlNode *e, const char *name, struct rules_pattern *to)
{
	char *text = rules_take(r, e, name, false), what[80];

	snprintf(what, sizeof what, "<%s %s=>", e->name, name);
	if (text)
		parse_pattern(r, e, what, text, to);
	free(text);
	return to->n;
}

static void read_pick(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"if", rules_read_if, MARKUP_MANY}, {0}};
	static const char *const known[] = {"size", NULL};
	struct rules_pick *pick = &((struct rules_action *)to)->pick;
	size_t left = RULES_CONDITIONS_MAX;
	struct rules_place inner = {&pick->conditions, &pick->n_conditions, &left, RULES_DISKS};
	char *size = markup_attribute(r, e, "size", false);

	markup_known(r, e, known, sizeof *known);
	pick->is_set = true;
	if (size && !strcmp(size, "smallest"))
		pick->size = RULES_SMALLEST;
	else if (size && !strcmp(size, "largest"))
		pick->size = RULES_LARGEST;
	else if (size)
		markup_fault(r, e, "<pick-disk size='%.40s'>: expected smallest or largest", size);
	free(size);
	markup_children(r, e, es, &inner);
}

static bool is_twice(const struct rules_action *x, const char *name)
{
	for (size_t i = 0; i + 1 < x->n_settings; i++)
		if (x->settings[i].name && !strcmp(x->settings[i].name, name))
			return true;
	return false;
}

static void fill_setting(struct markup_reader *r, const xmlNode *e, struct rules_action *x,
	struct rules_setting *s, const char *text)
{
	char what[100];

	s->line = xmlGetLineNo(e);
	s->name = take_word(r, e, "name", true);
	s->file = rules_take(r, e, "file", false);
	snprintf(what, sizeof what, "<set name='%s'>", s->name ? s->name : "");
	if (s->name && is_twice(x, s->name))
		markup_fault(r, e, "a second %s", what);
	if (s->file && *text)
		markup_fault(r, e, "%s takes a text or file=, not both", what);
	else if (strlen(text) > RULES_SETTING_MAX)
		markup_fault(r, e, "%s: at most %d bytes", what, RULES_SETTING_MAX);
	else
		parse_pattern(r, e, what, text, &s->value);
}

static void read_set(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const char *const known[] = {"name", "file", NULL};
	struct rules_action *x = to;
	struct rules_setting *all =
		rules_grow(r, e, x->settings, &x->n_settings, sizeof *all, RULES_LIST_MAX);
	char *text = markup_text(r, e);

	markup_known(r, e, known, sizeof *known);
	if (all)
		x->settings = all;
	if (all && text)
		fill_setting(r, e, x, &all[x->n_settings - 1], text);
	wipe_free(text);
}

/* A line of authorized_keys, without the space around it; cuts `text`. */
static char *trimmed(char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	text[n] = '\0';
	return text;
}

static void fill_key(
	struct markup_reader *r, const xmlNode *e, struct rules_ssh_key *k, const char *line)
{
	const char *error = ssh_key_error(line);

	k->line = xmlGetLineNo(e);
	k->file = rules_take(r, e, "file", false);
	if (!k->file == !*line || strpbrk(line, "\r\n"))
		markup_fault(r, e, "<ssh-key> takes a public key in one line, or file=");
	else if (!k->file && error)
		markup_fault(r, e, "<ssh-key>: %s", error);
	else if (!k->file && !(k->lines = json_pack("[s]", line)))
		markup_no_memory(r, e);
}

static void read_key(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const char *const known[] = {"file", NULL};
	struct rules_action *x = to;
	struct rules_ssh_key *all =
		rules_grow(r, e, x->keys, &x->n_keys, sizeof *all, RULES_LIST_MAX);
	char *text = markup_text(r, e);

	markup_known(r, e, known, sizeof *known);
	if (all)
		x->keys = all;
	if (all && text)
		fill_key(r, e, &all[x->n_keys - 1], trimmed(text));
	free(text);
}

static void read_action(struct markup_reader *r, const xmlNode *e, struct rules_action *x)
{
	static const struct markup_element es[] = {{"pick-disk", read_pick, MARKUP_ONCE},
		{"set", read_set, MARKUP_MANY}, {"ssh-key", read_key, MARKUP_MANY}, {0}};
	static const char *const known[] = {"name", "profile", "segment", "address", "power",
		"power-password-file", "arm", "sealed", "by-mac", NULL};

	markup_known(r, e, known, sizeof *known);
	x->line = xmlGetLineNo(e);
	x->has_name = take_pattern(r, e, "name", &x->name);
	x->has_address = take_pattern(r, e, "address", &x->address);
	x->has_power = take_pattern(r, e, "power", &x->power);
	x->profile = take_word(r, e, "profile", false);
	x->segment = take_word(r, e, "segment", false);
	x->password_file = rules_take(r, e, "power-password-file", false);
	x->arm = rules_take_choice(r, e, "arm");
	x->sealed = rules_take_choice(r, e, "sealed");
	x->by_mac = rules_take_choice(r, e, "by-mac");
	markup_children(r, e, es, x);
}

/* Rules */

/* A rule that is being read, with room for what it may still have. */
struct rule_reading {
	struct rules_rule *rule;
	struct rules_place conditions;
	size_t left;
	bool acts;
};

#define CONDITION(name, read)                                                 \
	static void name(struct markup_reader *r, const xmlNode *e, void *to) \
	{                                                                     \
		read(r, e, &((struct rule_reading *)to)->conditions);         \
	}

CONDITION(rule_if, rules_read_if)
CONDITION(rule_any, rules_read_any)
CONDITION(rule_one, rules_read_one)

static void read_enroll(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct rule_reading *rr = to;

	rr->acts = true;
	read_action(r, e, &rr->rule->action);
}

static void read_reject(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const char *const known[] = {NULL};
	struct rule_reading *rr = to;
	char *text = markup_text(r, e);

	markup_known(r, e, known, sizeof *known);
	if (text && strlen(trimmed(text)) > RULES_TEXT_MAX)
		markup_fault(r, e, "<reject>: at most %d bytes", RULES_TEXT_MAX);
	rr->rule->reject =
		text ? strdup(*trimmed(text) ? trimmed(text) : "a rule rejects it") : NULL;
	if (text && !rr->rule->reject)
		markup_no_memory(r, e);
	free(text);
	if (rr->acts)
		markup_fault(r, e, "<rule> takes either <enroll> or <reject>");
	rr->acts = true;
}

static char *rule_name(struct markup_reader *r, const xmlNode *e, size_t number)
{
	char *name = rules_take(r, e, "name", false), made[32];

	if (name)
		return name;
	snprintf(made, sizeof made, "rule %zu", number);
	name = strdup(made);
	if (!name)
		markup_no_memory(r, e);
	return name;
}

/* A rule that no machine reaches is a mistake of order. */
static void check_reached(struct reading *g, const xmlNode *e, const struct rules_rule *rule)
{
	if (g->catches_all)
		markup_fault(&g->r, e,
			"no machine reaches this <rule>: the one on line %ld has no condition",
			g->catches_all);
	else if (!rule->n_conditions)
		g->catches_all = rule->line;
}

static void read_rule(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"if", rule_if, MARKUP_MANY},
		{"any", rule_any, MARKUP_MANY}, {"disk", rule_one, MARKUP_MANY},
		{"interface", rule_one, MARKUP_MANY}, {"pci", rule_one, MARKUP_MANY},
		{"enroll", read_enroll, MARKUP_ONCE}, {"reject", read_reject, MARKUP_ONCE}, {0}};
	static const char *const known[] = {"name", NULL};
	struct reading *g = to;
	struct rules_rule *all = rules_grow(
				  r, e, g->rules->all, &g->rules->n, sizeof *all, RULES_MAX),
			  *rule;
	struct rule_reading rr = {.left = RULES_CONDITIONS_MAX};

	if (!all)
		return;
	g->rules->all = all;
	rr.rule = rule = &all[g->rules->n - 1];
	rr.conditions =
		(struct rules_place){&rule->conditions, &rule->n_conditions, &rr.left, RULES_ALONE};
	rule->line = xmlGetLineNo(e);
	rule->name = rule_name(r, e, g->rules->n);
	markup_known(r, e, known, sizeof *known);
	markup_children(r, e, es, &rr);
	if (!rr.acts)
		markup_fault(r, e, "<rule> lacks <enroll> or <reject>");
	check_reached(g, e, rule);
}

static void read_defaults(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct reading *g = to;

	read_action(r, e, &g->rules->defaults);
}

/* What must be said is said, here or in the defaults; what patterns refer to is there. */

static const char *misfit(const struct rules_pattern *p, bool numbered, bool picked)
{
	if (p->numbered && !numbered)
		return "{n} is the number in the machine's name, whose pattern has none";
	if (p->of_disk && !picked)
		return "{disk.…} is of the disk that <pick-disk> picks, and there is none";
	return NULL;
}

static const char *action_misfit(const struct rules_action *x, bool numbered, bool picked)
{
	const char *wrong = misfit(&x->address, numbered, picked);

	wrong = wrong ? wrong : misfit(&x->power, numbered, picked);
	for (size_t i = 0; !wrong && i < x->n_settings; i++)
		wrong = misfit(&x->settings[i].value, numbered, picked);
	return wrong;
}

static void check_rule(struct reading *g, const xmlNode *e, const struct rules_rule *rule)
{
	const struct rules_action *own = &rule->action, *all = &g->rules->defaults;
	const struct rules_pattern *name = own->has_name ? &own->name : &all->name;
	bool picked = own->pick.is_set || all->pick.is_set;
	const char *wrong = NULL;

	if (!own->has_name && !all->has_name)
		wrong = "<enroll> lacks name='…', and so do the <defaults>";
	else if (!own->profile && !all->profile)
		wrong = "<enroll> lacks profile='…', and so do the <defaults>";
	wrong = wrong ? wrong : misfit(name, true, picked);
	wrong = wrong ? wrong : action_misfit(own, name->numbered, picked);
	wrong = wrong ? wrong : action_misfit(all, name->numbered, picked);
	if (wrong)
		markup_fault(&g->r, e, "%s", wrong);
}

static void read_rules(struct markup_reader *r, const xmlNode *root, void *to)
{
	static const struct markup_element es[] = {
		{"defaults", read_defaults, MARKUP_ONCE}, {"rule", read_rule, MARKUP_MANY}, {0}};
	static const char *const known[] = {NULL};
	struct reading *g = to;
	bool usable;
	size_t i = 0;

	markup_known(r, root, known, sizeof *known);
	markup_children(r, root, es, g);
	usable = !r->faults;
	for (const xmlNode *e = root->children; usable && e; e = e->next) {
		if (e->type != XML_ELEMENT_NODE || strcmp((const char *)e->name, "rule"))
			continue;
		if (!g->rules->all[i].reject)
			check_rule(g, e, &g->rules->all[i]);
		i++;
	}
}

int rules_read(
	const char *text, size_t len, const char *path, struct rules **ret, char *why, size_t size)
{
	struct reading g = {.rules = calloc(1, sizeof *g.rules)};
	int rc = -ENOMEM;

	snprintf(why, size, "%s: out of memory", path);
	if (!g.rules)
		return rc;
	g.r = (struct markup_reader){.path = path, .why = why, .why_size = size, .all = true};
	if (len > RULES_FILE_MAX)
		markup_fault(&g.r, NULL, "a rules file has at most %d bytes", RULES_FILE_MAX);
	rc = g.r.rc ? g.r.rc : markup_read(&g.r, text, len, "rules", read_rules, &g);
	if (!rc)
		*ret = g.rules;
	else
		rules_free(g.rules);
	return rc;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->n; i++) {
		free(rules->all[i].name);
		free(rules->all[i].reject);
		rules_conditions_free(rules->all[i].conditions, rules->all[i].n_conditions);
		action_fini(&rules->all[i].action);
	}
	free(rules->all);
	action_fini(&rules->defaults);
	free(rules);
}
