/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rule decides, and why those before it did not. */
#include "machine/rules_parts.h"

#include "core/plain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FOUND_TEXT = 200 }; /* bytes of what a trace shows of a value, or of a list's */

/* One value */

static bool is_equal(const char *value, const char *want)
{
	size_t n;

	value += strspn(value, " \t\r\n");
	n = strlen(value);
	while (n && strchr(" \t\r\n", value[n - 1]))
		n--;
	return n == strlen(want) && !strncasecmp(value, want, n);
}

static bool value_passes(const struct rules_condition *c, const json_t *v)
{
	struct rules_key key;

	switch (c->test) {
	case RULES_KNOWN:
		return true;
	case RULES_EQUAL:
		return c->fact->type == RULES_SWITCH ? json_is_true(v) == c->yes
						     : is_equal(json_string_value(v), c->text);
	case RULES_CONTAINS:
		return strcasestr(json_string_value(v), c->text);
	case RULES_BETWEEN:
		break;
	}
	return rules_value_key(c->fact, v, &key) && key.kind == c->low.kind &&
		rules_key_compare(&key, &c->low) >= 0 && rules_key_compare(&key, &c->high) <= 0;
}

/* Facts */

struct finding {
	size_t known, passed; /* values */
	char found[FOUND_TEXT];
};

static void note_found(struct finding *f, const char *text)
{
	size_t used = strlen(f->found);

	if (!f->known)
		snprintf(f->found, sizeof f->found, "%s", text);
	else if (used + strlen(text) + sizeof ", …" < sizeof f->found)
		snprintf(f->found + used, sizeof f->found - used, ", %s", text);
	else if (used + sizeof ", …" <= sizeof f->found && used > 3 &&
		strcmp(f->found + used - strlen("…"), "…"))
		snprintf(f->found + used, sizeof f->found - used, ", …");
}

static void look_at(const struct rules_condition *c, const struct rules_question *q,
	const json_t *item, struct finding *f)
{
	json_t *scratch;
	const json_t *v = rules_value(c->fact, q, item, &scratch);
	char text[FOUND_TEXT / 2], shown[FOUND_TEXT / 2];

	if (v) {
		if (q->traced) {
			rules_value_text(c->fact, v, text, sizeof text);
			plain_copy(shown, sizeof shown, text, strlen(text), 0);
			note_found(f, shown);
		}
		f->known++;
		f->passed += value_passes(c, v);
	}
	json_decref(scratch);
}

/* `item`: the one that is looked at, in a list's condition; else all of the fact's list are. */
static bool fact_holds(const struct rules_condition *c, const struct rules_question *q,
	const json_t *item, struct finding *f)
{
	bool each = c->fact->list != RULES_ALONE && !c->fact->how_many && !item;
	size_t n = each ? rules_items(q->inventory, c->fact->list) : 1;

	*f = (struct finding){0};
	for (size_t i = 0; i < n; i++)
		look_at(c, q, each ? rules_item(q->inventory, c->fact->list, i) : item, f);
	if (c->test == RULES_KNOWN)
		return (f->known > 0) == c->yes;
	/* of what nobody knows, nothing holds, the opposite neither */
	return f->known && (f->passed > 0) != c->negated;
}

/* Conditions */

static bool holds(const struct rules_condition *c, const struct rules_question *q,
	const json_t *item, struct finding *f);

bool rules_all_hold(const struct rules_condition *cs, size_t n, const struct rules_question *q,
	const json_t *item)
{
	struct finding f;
	size_t i = 0;

	while (i < n && holds(&cs[i], q, item, &f))
		i++;
	return i == n;
}

static bool any_holds(const struct rules_condition *c, const struct rules_question *q)
{
	struct finding f;

	for (size_t i = 0; i < c->n_parts; i++)
		if (holds(&c->parts[i], q, NULL, &f))
			return true;
	return false;
}

static bool one_holds(
	const struct rules_condition *c, const struct rules_question *q, struct finding *f)
{
	size_t n = rules_items(q->inventory, c->list);
	char text[64];

	for (size_t i = 0; i < n; i++)
		f->passed += rules_all_hold(
			c->parts, c->n_parts, q, rules_item(q->inventory, c->list, i));
	snprintf(text, sizeof text, "%zu of %zu %s", f->passed, n, rules_list_name(c->list));
	note_found(f, text);
	return (f->passed > 0) != c->negated;
}

static bool holds(const struct rules_condition *c, const struct rules_question *q,
	const json_t *item, struct finding *f)
{
	*f = (struct finding){0};
	if (c->kind == RULES_IF)
		return fact_holds(c, q, item, f);
	return c->kind == RULES_ANY ? any_holds(c, q) : one_holds(c, q, f);
}

/* The trace */

static json_t *trace_conditions(
	const struct rules_condition *cs, size_t n, const struct rules_question *q, bool *ret_all);

static json_t *trace_condition(
	const struct rules_condition *c, const struct rules_question *q, bool *ret)
{
	struct finding f;
	json_t *parts = NULL;
	bool ignored;

	*ret = holds(c, q, NULL, &f);
	if (c->kind == RULES_ANY)
		parts = trace_conditions(c->parts, c->n_parts, q, &ignored);
	return json_pack("{s:I, s:s, s:b, s:s?, s:o*}", "line", (json_int_t)c->line, "condition",
		c->says, "holds", *ret, "found", *f.found ? f.found : NULL, "parts", parts);
}

static json_t *trace_conditions(
	const struct rules_condition *cs, size_t n, const struct rules_question *q, bool *ret_all)
{
	json_t *all = json_array();

	*ret_all = true;
	for (size_t i = 0; i < n; i++) {
		bool one;

		json_array_append_new(all, trace_condition(&cs[i], q, &one));
		*ret_all = *ret_all && one;
	}
	return all;
}

static bool matches(
	const struct rules_rule *rule, const struct rules_question *q, struct rules_decision *d)
{
	json_t *conditions;
	bool all;

	if (!q->traced)
		return rules_all_hold(rule->conditions, rule->n_conditions, q, NULL);
	conditions = trace_conditions(rule->conditions, rule->n_conditions, q, &all);
	json_array_append_new(d->trace,
		json_pack("{s:s, s:I, s:b, s:o}", "rule", rule->name, "line",
			(json_int_t)rule->line, "matches", all, "conditions", conditions));
	return all;
}

/* The decision */

static int act(const struct rules *rules, const struct rules_rule *rule,
	const struct rules_question *q, struct rules_decision *d)
{
	snprintf(d->rule, sizeof d->rule, "%s", rule->name);
	d->line = rule->line;
	if (!rule->reject)
		return rules_act(rules, rule, q, d);
	d->verdict = RULES_REJECT;
	plain_copy(d->why, sizeof d->why, rule->reject, strlen(rule->reject), 0);
	return 0;
}

/* The first that matches, and what is traced of those before it. */
static size_t find(
	const struct rules *rules, const struct rules_question *q, struct rules_decision *d)
{
	size_t i = 0;

	while (i < rules->n && !matches(&rules->all[i], q, d))
		i++;
	return i;
}

size_t rules_match(const struct rules *rules, const struct rules_question *q)
{
	const struct rules_question plain = {.inventory = q->inventory, .segment = q->segment};

	return find(rules, &plain, NULL) + 1;
}

int rules_decide(
	const struct rules *rules, const struct rules_question *q, struct rules_decision *ret)
{
	int rc = 0;
	size_t i;

	*ret = (struct rules_decision){.trace = q->traced ? json_array() : NULL};
	i = q->match ? q->match - 1 : find(rules, q, ret);
	if (i < rules->n)
		rc = act(rules, &rules->all[i], q, ret);
	else
		snprintf(ret->why, sizeof ret->why,
			rules->n ? "none of %zu rules matches" : "there are no rules", rules->n);
	if (rc)
		rules_decision_fini(ret);
	return rc;
}

void rules_decision_fini(struct rules_decision *d)
{
	json_decref(d->body);
	json_decref(d->secrets);
	json_decref(d->trace);
	*d = (struct rules_decision){0};
}

const char *rules_verdict_name(enum rules_verdict v)
{
	static const char *const names[] = {[RULES_NONE] = "none",
		[RULES_ENROLL] = "enroll",
		[RULES_REJECT] = "reject",
		[RULES_CANNOT] = "cannot"};

	return names[v];
}

size_t rules_count(const struct rules *rules)
{
	return rules->n;
}
