/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/lint_shape.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum {
	BRACKETS_MAX = 128, /* open at once: each makes libyaml slower at every word that follows */
};

struct shape_map {
	const struct shape_file *file;
	const yaml_node_t *node;
};

struct shape_file {
	yaml_document_t doc;
	const struct lint_input *in;
	struct findings *f;
	bool nulls; /* as the root's shape has it */
};

static void add(const struct shape_file *s, enum finding_level level, yaml_mark_t at,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void add(
	const struct shape_file *s, enum finding_level level, yaml_mark_t at, const char *fmt, ...)
{
	char text[FINDING_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	findings_add(s->f, level, s->in->file, (unsigned)at.line + 1, (unsigned)at.column + 1, "%s",
		text);
}

static const yaml_node_t *node(const struct shape_file *s, int id)
{
	return yaml_document_get_node((yaml_document_t *)&s->doc, id);
}

/* Of a scalar; else "". */
static const char *text_of(const yaml_node_t *n)
{
	return n && n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : "";
}

static bool is_word(const char *s, const char *const *words)
{
	while (*words && strcasecmp(s, *words) != 0)
		words++;
	return *words;
}

/* As YAML 1.1 has it, which is what the installers' readers speak: yes and off are truth values. */
static unsigned plain_type(const char *s)
{
	static const char *const bools[] = {"true", "false", "yes", "no", "on", "off", NULL};
	static const char *const nulls[] = {"", "~", "null", NULL};
	char *end;

	if (is_word(s, nulls))
		return SHAPE_NULL;
	if (is_word(s, bools))
		return SHAPE_BOOL;
	strtod(s, &end);
	return *end == '\0' && strchr("+-.0123456789", *s) ? SHAPE_NUMBER : SHAPE_TEXT;
}

static unsigned type_of(const yaml_node_t *n)
{
	switch (n->type) {
	case YAML_SEQUENCE_NODE:
		return SHAPE_LIST;
	case YAML_MAPPING_NODE:
		return SHAPE_MAP;
	default:
		return n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain_type(text_of(n))
								       : SHAPE_TEXT;
	}
}

static const char *type_name(unsigned type)
{
	switch (type) {
	case SHAPE_TEXT:
		return "text";
	case SHAPE_NUMBER:
		return "a number";
	case SHAPE_BOOL:
		return "true or false";
	case SHAPE_NULL:
		return "nothing";
	case SHAPE_LIST:
		return "a list";
	default:
		return "a map";
	}
}

/* Keys that are there twice: the first is lost. */

static int by_text(const void *a, const void *b)
{
	const yaml_node_t *x = *(const yaml_node_t *const *)a, *y = *(const yaml_node_t *const *)b;
	int rc = strcmp(text_of(x), text_of(y));

	return rc ? rc : x < y ? -1 : x > y;
}

static void check_map_keys(const struct shape_file *s, const yaml_node_t *map)
{
	const yaml_node_pair_t *from = map->data.mapping.pairs.start,
			       *to = map->data.mapping.pairs.top;
	const yaml_node_t **keys = calloc((size_t)(to - from) + 1, sizeof(*keys));
	size_t n = 0;

	for (; keys && from < to; from++) {
		const yaml_node_t *key = node(s, from->key);

		if (key && key->type == YAML_SCALAR_NODE && strcmp(text_of(key), "<<") != 0)
			keys[n++] = key;
	}
	if (n > 1)
		qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(text_of(keys[i - 1]), text_of(keys[i])) == 0)
			add(s, FINDING_ERROR, keys[i]->start_mark,
				"'%.64s' is there already in line %zu, which is lost: keep one of "
				"them",
				text_of(keys[i]), keys[i - 1]->start_mark.line + 1);
	free(keys);
}

/* Values of one key in several maps. Sorts `v`. */
static void check_distinct(
	const struct shape_file *s, const yaml_node_t **v, size_t n, const char *name)
{
	if (n > 1)
		qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(text_of(v[i - 1]), text_of(v[i])) == 0)
			add(s, FINDING_ERROR, v[i]->start_mark,
				"'%s' is '%.64s', which is there already in line %zu: keep one of "
				"them",
				name, text_of(v[i]), v[i - 1]->start_mark.line + 1);
}

static void check_keys(const struct shape_file *s)
{
	const yaml_node_t *n;

	for (n = s->doc.nodes.start; n < s->doc.nodes.top; n++)
		if (n->type == YAML_MAPPING_NODE)
			check_map_keys(s, n);
}

/* Shape. */

static void check_value(
	const struct shape_file *s, const yaml_node_t *n, const struct shape *as, const char *name);

static const yaml_node_t *value_of(
	const struct shape_file *s, const yaml_node_t *map, const char *key)
{
	const yaml_node_pair_t *p;

	for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++)
		if (strcmp(text_of(node(s, p->key)), key) == 0)
			return node(s, p->value);
	return NULL;
}

static size_t list_size(const yaml_node_t *list)
{
	return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

/* 0 and "" stand for no value. */
static bool is_value(const yaml_node_t *n)
{
	return n && n->type == YAML_SCALAR_NODE && type_of(n) != SHAPE_NULL && *text_of(n) &&
		strcmp(text_of(n), "0") != 0;
}

/* The values of `key` in the maps of a list, or, NULL, what is in it. `v` has room for all. How many there are. */
static size_t list_values(
	const struct shape_file *s, const yaml_node_t *list, const char *key, const yaml_node_t **v)
{
	size_t n = 0;

	for (size_t i = 0; i < list_size(list); i++) {
		const yaml_node_t *one = node(s, list->data.sequence.items.start[i]);

		if (key)
			one = one && one->type == YAML_MAPPING_NODE ? value_of(s, one, key) : NULL;
		if (is_value(one))
			v[n++] = one;
	}
	return n;
}

/* The first word of "a b …"; gives what follows it. */
static const char *next_word(const char *at, char word[64])
{
	size_t n = strcspn(at, " ");

	snprintf(word, 64, "%.*s", (int)n, at);
	return at + n + (at[n] == ' ');
}

static void check_list_distinct(
	const struct shape_file *s, const yaml_node_t *list, const char *keys)
{
	const yaml_node_t **v = calloc(list_size(list) + 1, sizeof(*v));
	char key[64];

	while (v && *keys) {
		keys = next_word(keys, key);
		check_distinct(s, v, list_values(s, list, key, v), key);
	}
	free(v);
}

static const struct shape *shape_of(const struct shape *all, const char *key)
{
	for (; all->name; all++)
		if (strcmp(all->name, key) == 0)
			return all;
	return NULL;
}

static void unknown_key(const struct shape_file *s, const yaml_node_t *key, const struct shape *as,
	const char *where)
{
	const struct shape *known = as->inside;
	const char *best = NULL, *word = text_of(key);

	for (; known->name; known++)
		text_nearer(word, known->name, &best);
	if (best)
		add(s, FINDING_ERROR, key->start_mark,
			"unknown key '%.64s' in %s (did you mean '%s'?)", word, where, best);
	else if (as->closed)
		add(s, FINDING_ERROR, key->start_mark,
			"unknown key '%.64s' in %s, which is refused", word, where);
	else
		add(s, FINDING_WARNING, key->start_mark,
			"unknown key '%.64s' in %s: it is passed over", word, where);
}

static void check_one_of(
	const struct shape_file *s, const yaml_node_t *map, const char *words, const char *where)
{
	char all[128] = "", word[64];

	while (*words) {
		words = next_word(words, word);
		if (value_of(s, map, word))
			return;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s'%s'", *all ? " or " : "",
			word);
	}
	add(s, FINDING_ERROR, map->start_mark, "%s lacks %s: it needs one of them", where, all);
}

static void check_required(const struct shape_file *s, const yaml_node_t *map,
	const struct shape *all, const char *where)
{
	for (; all->name; all++)
		if (all->required && !value_of(s, map, all->name))
			add(s, FINDING_ERROR, map->start_mark, "%s lacks '%s'%s%s", where,
				all->name, all->types ? ", expected " : "",
				all->types ? type_name(all->types & -all->types) : "");
}

static void check_map(const struct shape_file *s, const yaml_node_t *map, const struct shape *as,
	const char *where)
{
	const struct shape_map whole = {s, map};
	const yaml_node_pair_t *p;
	const char *wrong = as->wrong_map ? as->wrong_map(&whole) : NULL;

	for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = node(s, p->key), *value = node(s, p->value);
		const struct shape *one = shape_of(as->inside, text_of(key));

		if (one && value)
			check_value(s, value, one, one->name);
		else if (key && !as->open && key->type == YAML_SCALAR_NODE)
			unknown_key(s, key, as, where);
	}
	check_required(s, map, as->inside, where);
	if (as->one_of)
		check_one_of(s, map, as->one_of, where);
	if (wrong)
		add(s, FINDING_ERROR, map->start_mark, "%s", wrong);
}

static void type_names(unsigned types, char *buf, size_t size)
{
	*buf = '\0';
	for (unsigned bit = 1; bit <= SHAPE_MAP; bit <<= 1)
		if (types & bit)
			snprintf(buf + strlen(buf), size - strlen(buf), "%s%s", *buf ? " or " : "",
				type_name(bit));
}

/* What makes text of it. */
static const char *remedy(unsigned wanted, const yaml_node_t *n)
{
	unsigned type = type_of(n);

	if (!(wanted & SHAPE_TEXT))
		return "";
	if (type == SHAPE_MAP && n->data.mapping.style == YAML_BLOCK_MAPPING_STYLE)
		return ": the ':' makes a map of it, put all of it in quotes";
	return type & (SHAPE_NUMBER | SHAPE_BOOL | SHAPE_MAP) ? ": put it in quotes" : "";
}

static void check_item(
	const struct shape_file *s, const yaml_node_t *n, const struct shape *as, const char *name)
{
	char want[128];

	if (!as->types || as->types & type_of(n)) {
		check_value(s, n, as, name);
		return;
	}
	type_names(as->types, want, sizeof(want));
	add(s, FINDING_ERROR, n->start_mark, "'%s' has %s in it, expected %s%s", name,
		type_name(type_of(n)), want, remedy(as->types, n));
}

static void check_list(const struct shape_file *s, const yaml_node_t *list, const struct shape *as,
	const char *name)
{
	const yaml_node_item_t *item;

	for (item = list->data.sequence.items.start; item < list->data.sequence.items.top; item++) {
		const yaml_node_t *n = node(s, *item);

		if (n && as->item)
			check_item(s, n, as->item, name);
		else if (n && n->type == YAML_MAPPING_NODE)
			check_map(s, n, as, name);
		else if (n)
			add(s, FINDING_ERROR, n->start_mark,
				"'%s' has %s in it, expected maps with '%s'", name,
				type_name(type_of(n)), as->inside->name);
	}
	if (as->distinct)
		check_list_distinct(s, list, as->distinct);
}

static void wrong_type(const struct shape_file *s, const yaml_node_t *n, const struct shape *as,
	unsigned type, const char *name)
{
	char want[128];

	type_names(as->types, want, sizeof(want));
	add(s, FINDING_ERROR, n->start_mark, "'%s' is %s, expected %s%s", name, type_name(type),
		want, remedy(as->types, n));
}

static void check_value(
	const struct shape_file *s, const yaml_node_t *n, const struct shape *as, const char *name)
{
	unsigned type = type_of(n);
	const char *wrong;

	if (type == SHAPE_NULL && s->nulls && !as->required)
		return;
	if (as->types && !(as->types & type)) {
		wrong_type(s, n, as, type, name);
	} else if (type == SHAPE_MAP && as->inside) {
		check_map(s, n, as, name);
	} else if (type == SHAPE_LIST && (as->inside || as->item)) {
		check_list(s, n, as, name);
	} else if (n->type == YAML_SCALAR_NODE && type != SHAPE_NULL && as->wrong &&
		(wrong = as->wrong(text_of(n)))) {
		enum finding_level level = as->mild ? FINDING_WARNING : FINDING_ERROR;

		if (as->secret)
			add(s, level, n->start_mark, "'%s' %s", name, wrong);
		else
			add(s, level, n->start_mark, "'%s' is '%.64s', %s", name, text_of(n),
				wrong);
	}
}

/* Files. */

/* Their words for a place ("while parsing a block mapping") tell where it began, ours where it went wrong. */
static void add_syntax(const struct lint_input *in, const yaml_parser_t *p, struct findings *f)
{
	yaml_mark_t at = p->problem_mark;

	if (p->error == YAML_MEMORY_ERROR)
		findings_add(f, FINDING_ERROR, in->file, 0, 0, "out of memory");
	else if (p->error == YAML_READER_ERROR)
		findings_add(f, FINDING_ERROR, in->file, (unsigned)p->mark.line + 1, 0,
			"%s, expected UTF-8 text without control characters", p->problem);
	else if (p->context && p->context_mark.line != at.line)
		findings_add(f, FINDING_ERROR, in->file, (unsigned)at.line + 1,
			(unsigned)at.column + 1, "%s (%s from line %zu)", p->problem, p->context,
			p->context_mark.line + 1);
	else
		findings_add(f, FINDING_ERROR, in->file, (unsigned)at.line + 1,
			(unsigned)at.column + 1, "%s", p->problem);
}

/* Those in quotes and comments count too, which is nothing in any real file. */
static bool too_deep(const struct lint_input *in, struct findings *f)
{
	unsigned line = 1;
	int open = 0;

	for (const char *s = in->text; *s; s++) {
		line += *s == '\n';
		open += *s == '[' || *s == '{';
		open -= open && (*s == ']' || *s == '}');
		if (open <= BRACKETS_MAX)
			continue;
		findings_add(f, FINDING_ERROR, in->file, line, 0,
			"more than %d brackets are open here", BRACKETS_MAX);
		return true;
	}
	return false;
}

/* What comes after the first document is not read by installers. */
static bool load(const struct lint_input *in, yaml_document_t *doc, struct findings *f)
{
	yaml_parser_t p;
	bool ok;

	if (!yaml_parser_initialize(&p))
		return false;
	yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&p, (const unsigned char *)in->text, strlen(in->text));
	ok = yaml_parser_load(&p, doc);
	if (!ok)
		add_syntax(in, &p, f);
	yaml_parser_delete(&p);
	return ok;
}

struct shape_file *shape_file_new(const struct lint_input *in, struct findings *f)
{
	struct shape_file *s = calloc(1, sizeof(*s));

	if (!s || too_deep(in, f) || !load(in, &s->doc, f)) {
		free(s);
		return NULL;
	}
	s->in = in;
	s->f = f;
	check_keys(s);
	return s;
}

void shape_file_free(struct shape_file *s)
{
	if (!s)
		return;
	yaml_document_delete(&s->doc);
	free(s);
}

static const yaml_node_t *root_of(const struct shape_file *s)
{
	return yaml_document_get_root_node((yaml_document_t *)&s->doc);
}

bool shape_file_has(const struct shape_file *s, const char *key)
{
	const yaml_node_t *root = root_of(s);

	return root && root->type == YAML_MAPPING_NODE && value_of(s, root, key);
}

bool shape_file_has_only(const struct shape_file *s, const char *key)
{
	const yaml_node_t *root = root_of(s);

	return shape_file_has(s, key) &&
		root->data.mapping.pairs.top - root->data.mapping.pairs.start == 1;
}

static const yaml_node_t *below(const struct shape_file *s, const yaml_node_t *n, const char *keys)
{
	char key[64];

	while (n && *keys) {
		keys = next_word(keys, key);
		n = n->type == YAML_MAPPING_NODE ? value_of(s, n, key) : NULL;
	}
	return n;
}

static const char *scalar(const yaml_node_t *n)
{
	return n && n->type == YAML_SCALAR_NODE ? text_of(n) : NULL;
}

const char *shape_file_text(const struct shape_file *s, const char *keys)
{
	return scalar(below(s, root_of(s), keys));
}

const char *shape_map_text(const struct shape_map *map, const char *keys)
{
	return scalar(below(map->file, map->node, keys));
}

bool shape_map_has(const struct shape_map *map, const char *key)
{
	const yaml_node_t *n = value_of(map->file, map->node, key);

	if (!n || n->type == YAML_MAPPING_NODE)
		return n;
	return n->type == YAML_SEQUENCE_NODE ? list_size(n) > 0
					     : type_of(n) != SHAPE_NULL && *text_of(n);
}

void shape_file_distinct(struct shape_file *s, const char *const lists[], const char *key)
{
	const yaml_node_t *list[8], **v;
	size_t n = 0, n_values = 0, size = 1;

	for (; *lists && n < sizeof(list) / sizeof(*list); lists++) {
		list[n] = below(s, root_of(s), *lists);
		if (!list[n] || list[n]->type != YAML_SEQUENCE_NODE)
			continue;
		size += list_size(list[n++]);
	}
	v = calloc(size, sizeof(*v));
	for (size_t i = 0; v && i < n; i++)
		n_values += list_values(s, list[i], key, v + n_values);
	if (v)
		check_distinct(s, v, n_values, key ? key : lists[-1]);
	free(v);
}

void shape_file_check(struct shape_file *s, const struct shape *as)
{
	const yaml_node_t *root = root_of(s);

	s->nulls = as->nulls;
	if (root)
		check_value(s, root, as, as->name);
	else if (!(as->types & SHAPE_NULL))
		findings_add(s->f, FINDING_ERROR, s->in->file, 0, 0, "it is empty, expected %s",
			as->name);
}
