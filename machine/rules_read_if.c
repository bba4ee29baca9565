/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the conditions of a rules file: every fact by its name, every value by its fact's type. */
#include "machine/rules_reading.h"

#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *rules_grow(
	struct markup_reader *r, const xmlNode *e, void *array, size_t *n, size_t size, size_t most)
{
	char *grown;

	if (*n >= most) {
		markup_fault(r, e, "<%s>: at most %zu", e->name, most);
		return NULL;
	}
	grown = reallocarray(array, *n + 1, size);
	if (!grown) {
		markup_no_memory(r, e);
		return NULL;
	}
	memset(grown + (*n)++ * size, 0, size);
	return grown;
}

char *rules_take(struct markup_reader *r, const xmlNode *e, const char *name, bool required)
{
	char *text = markup_attribute(r, e, name, required);

	if (!text || (*text && strlen(text) <= RULES_TEXT_MAX))
		return text;
	markup_fault(r, e, "<%s %s='%.40s'>: expected a text of 1 to %d bytes", e->name, name, text,
		RULES_TEXT_MAX);
	free(text);
	return NULL;
}

bool rules_is_yes(const char *text, bool *ret)
{
	*ret = !strcmp(text, "yes") || !strcmp(text, "on") || !strcmp(text, "true");
	return *ret || !strcmp(text, "no") || !strcmp(text, "off") || !strcmp(text, "false");
}

enum rules_choice rules_take_choice(struct markup_reader *r, const xmlNode *e, const char *name)
{
	char *text = markup_attribute(r, e, name, false);
	bool yes = false;

	if (!text)
		return RULES_UNSAID;
	if (!rules_is_yes(text, &yes))
		markup_fault(r, e, "<%s %s='%.40s'>: expected yes or no", e->name, name, text);
	free(text);
	return yes ? RULES_YES : RULES_NO;
}

/* Conditions */

static const struct markup_element no_elements[] = {{0}};

static void condition_fini(struct rules_condition *c)
{
	for (size_t i = 0; i < c->n_parts; i++)
		condition_fini(&c->parts[i]);
	free(c->parts);
	free(c->says);
	free(c->text);
}

void rules_conditions_free(struct rules_condition *cs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		condition_fini(&cs[i]);
	free(cs);
}

/* "memory_mib greater='16G'": as it stands, without the brackets. */
static char *says(struct markup_reader *r, const xmlNode *e)
{
	struct text t;
	char *all = NULL;

	text_init(&t, 1 << 14);
	if (strcmp((const char *)e->name, "if"))
		text_printf(&t, "%s", e->name);
	for (const xmlAttr *a = e->properties; a; a = a->next) {
		char *value = markup_attribute(r, e, (const char *)a->name, false);

		if (value && !strcmp((const char *)a->name, "fact"))
			text_printf(&t, "%s", value);
		else if (value)
			text_printf(&t, "%s%s='%s'", t.len ? " " : "", a->name, value);
		free(value);
	}
	if (text_take(&t, &all))
		markup_no_memory(r, e);
	return all;
}

static struct rules_condition *new_condition(
	struct markup_reader *r, const xmlNode *e, struct rules_place *p)
{
	struct rules_condition *all, *c;

	if (!*p->left) {
		markup_fault(r, e, "<%s>: a rule has at most %d conditions", e->name,
			RULES_CONDITIONS_MAX);
		return NULL;
	}
	all = rules_grow(r, e, *p->to, p->n, sizeof *all, RULES_CONDITIONS_MAX);
	if (!all)
		return NULL;
	*p->to = all;
	c = &all[*p->n - 1];
	--*p->left;
	c->line = xmlGetLineNo(e);
	c->says = says(r, e);
	c->negated = rules_take_choice(r, e, "not") == RULES_YES;
	return c;
}

static const struct rules_fact *take_fact(
	struct markup_reader *r, const xmlNode *e, enum rules_list in)
{
	char *name = rules_take(r, e, "fact", true);
	const struct rules_fact *f = name ? rules_fact_find(in, name) : NULL;
	const char *list = rules_list_name(in), *near = NULL;

	for (const struct rules_fact *x = rules_facts(); name && !f && x->name; x++)
		if (in == RULES_ALONE || (x->list == in && !x->how_many))
			text_nearer(name, x->name + (in ? strlen(list) + 1 : 0), &near);
	if (name && !f)
		markup_fault(r, e,
			near ? "<if fact='%.60s'>: there is no such fact%s%s: did you mean '%s'?"
			     : "<if fact='%.60s'>: there is no such fact%s%s%s; usher-rules(5) lists them",
			name, in ? " of " : "", list, near ? near : "");
	free(name);
	return f;
}

/* The tests that an <if> may have, beside fact= and not=. */
static const char *const tests[] = {
	"equal", "contains", "greater", "less", "from", "to", "in", "known", NULL};

static void wrong_value(struct markup_reader *r, const xmlNode *e, const char *test,
	const char *text, const char *expected)
{
	markup_fault(r, e, "<if %s='%.60s'>: expected %s", test, text, expected);
}

/* greater, less, from and to: a bound. */
static void bound(struct markup_reader *r, const xmlNode *e, struct rules_condition *c,
	const char *test, const char *text)
{
	bool upper = *test == 'l' || *test == 't', open = *test == 'g' || *test == 'l';
	struct rules_key key;

	if (!rules_key_parse(c->fact, text, &key) ||
		(open && !rules_key_step(&key, upper ? -1 : 1))) {
		wrong_value(r, e, test, text, rules_type_expected(c->fact));
		return;
	}
	if (upper)
		c->high = key;
	else
		c->low = key;
}

/* The side that is not said has no bound. */
static void complete_bounds(struct markup_reader *r, const xmlNode *e, struct rules_condition *c)
{
	if (r->faults)
		return;
	if (!c->high.kind) {
		c->high.kind = c->low.kind;
		memset(c->high.b, 0xff, sizeof c->high.b);
	}
	if (!c->low.kind)
		c->low.kind = c->high.kind;
	if (c->low.kind != c->high.kind)
		markup_fault(r, e, "<if>: its bounds are of different families");
	else if (rules_key_compare(&c->low, &c->high) > 0)
		markup_fault(r, e, "<if>: nothing is between its bounds");
}

static void take_equal(
	struct markup_reader *r, const xmlNode *e, struct rules_condition *c, char **text)
{
	c->test = RULES_EQUAL;
	if (c->fact->type == RULES_WORDS) {
		c->text = *text;
		*text = NULL;
	} else if (c->fact->type == RULES_SWITCH) {
		if (!rules_is_yes(*text, &c->yes))
			wrong_value(r, e, "equal", *text, "yes or no");
	} else {
		c->test = RULES_BETWEEN;
		if (!rules_key_parse(c->fact, *text, &c->low))
			wrong_value(r, e, "equal", *text, rules_type_expected(c->fact));
		c->high = c->low;
	}
}

static bool has_order(const struct rules_fact *f)
{
	return f->type != RULES_WORDS && f->type != RULES_SWITCH;
}

/* `*text` is taken over where it is kept. */
static void take_test(struct markup_reader *r, const xmlNode *e, struct rules_condition *c,
	const char *test, char **text)
{
	if (!strcmp(test, "known")) {
		c->test = RULES_KNOWN;
		if (!rules_is_yes(*text, &c->yes))
			wrong_value(r, e, test, *text, "yes or no");
	} else if (!strcmp(test, "equal")) {
		take_equal(r, e, c, text);
	} else if (!strcmp(test, "contains")) {
		c->test = RULES_CONTAINS;
		if (c->fact->type != RULES_WORDS)
			markup_fault(r, e, "<if contains=>: '%s' is no text", c->fact->name);
		c->text = *text;
		*text = NULL;
	} else if (!strcmp(test, "in")) {
		c->test = RULES_BETWEEN;
		if (c->fact->type != RULES_IP)
			markup_fault(r, e, "<if in=>: '%s' is no IP address", c->fact->name);
		else if (!rules_prefix_parse(*text, &c->low, &c->high))
			wrong_value(r, e, test, *text, "a network like 10.0.0.0/24");
	} else {
		c->test = RULES_BETWEEN;
		if (has_order(c->fact))
			bound(r, e, c, test, *text);
		else
			markup_fault(r, e, "<if %s=>: '%s' is neither a number nor an address",
				test, c->fact->name);
	}
}

static bool is_bound(const char *test)
{
	return strchr("glft", *test);
}

/* One test; or two bounds, a lower one and an upper one. */
static void take_tests(struct markup_reader *r, const xmlNode *e, struct rules_condition *c)
{
	const char *first = NULL;
	bool wrong = false;

	for (size_t i = 0; tests[i]; i++) {
		char *text = rules_take(r, e, tests[i], false);

		if (!text)
			continue;
		wrong |= first && !(is_bound(first) && is_bound(tests[i]));
		wrong |= (c->low.kind && (*tests[i] == 'g' || *tests[i] == 'f')) ||
			(c->high.kind && (*tests[i] == 'l' || *tests[i] == 't'));
		if (!wrong)
			take_test(r, e, c, tests[i], &text);
		first = tests[i];
		free(text);
	}
	if (wrong)
		markup_fault(r, e, "<if>: one test is expected, or a lower and an upper bound");
	else if (!first)
		markup_fault(r, e,
			"<if> lacks a test: equal, contains, greater, less, from, to, in or known");
	else if (c->test == RULES_BETWEEN)
		complete_bounds(r, e, c);
	else if (c->test == RULES_KNOWN && xmlHasProp(e, BAD_CAST "not"))
		markup_fault(r, e, "<if known=> takes yes or no instead of not=");
}

void rules_read_if(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const char *const known[] = {"fact", "not", "equal", "contains", "greater", "less",
		"from", "to", "in", "known", NULL};
	struct rules_place *p = to;
	struct rules_condition *c = new_condition(r, e, p);

	markup_known(r, e, known, sizeof *known);
	markup_children(r, e, no_elements, NULL);
	if (!c)
		return;
	c->fact = take_fact(r, e, p->in);
	if (c->fact)
		take_tests(r, e, c);
}

/* <disk>, <interface>, <pci>: one item for which all that is in it holds. */
void rules_read_one(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"if", rules_read_if, MARKUP_MANY}, {0}};
	static const char *const known[] = {"not", NULL};
	struct rules_place *p = to, inner;
	struct rules_condition *c = new_condition(r, e, p);

	markup_known(r, e, known, sizeof *known);
	if (!c)
		return;
	c->kind = RULES_ONE;
	c->list = *e->name == 'd' ? RULES_DISKS : *e->name == 'i' ? RULES_INTERFACES : RULES_PCI;
	inner = (struct rules_place){&c->parts, &c->n_parts, p->left, c->list};
	markup_children(r, e, es, &inner);
	if (!c->n_parts)
		markup_fault(r, e, "<%s> lacks <if>", e->name);
}

void rules_read_any(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"if", rules_read_if, MARKUP_MANY},
		{"disk", rules_read_one, MARKUP_MANY}, {"interface", rules_read_one, MARKUP_MANY},
		{"pci", rules_read_one, MARKUP_MANY}, {0}};
	static const char *const known[] = {NULL};
	struct rules_place *p = to, inner;
	struct rules_condition *c = new_condition(r, e, p);

	markup_known(r, e, known, sizeof *known);
	if (!c)
		return;
	c->kind = RULES_ANY;
	inner = (struct rules_place){&c->parts, &c->n_parts, p->left, RULES_ALONE};
	markup_children(r, e, es, &inner);
	if (!c->n_parts)
		markup_fault(r, e, "<any> lacks <if>");
}
