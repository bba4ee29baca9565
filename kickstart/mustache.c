/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/mustache_parse.h"
#include "kickstart/mustache_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_MAX = MUSTACHE_DEPTH_MAX + 2 };

struct render {
	const struct mustache_options *o;
	const json_t *stack[STACK_MAX]; /* contexts, the innermost last */
	size_t depth;                   /* of stack */
	size_t partials;                /* inside each other */
	size_t steps;
	struct text out;
	struct mustache_place place; /* of out's end */
	char *why;
	size_t why_size;
};

/* One text under way: the template itself or a partial. */
struct source {
	struct mustache_options o; /* with this text's own file and line */
	struct parts parts;
	const char *indent[MUSTACHE_DEPTH_MAX]; /* of the partials around it, outermost first */
	size_t indent_len[MUSTACHE_DEPTH_MAX];
	size_t n_indent;
};

#define part_fault(r, s, p, rc, ...) \
	mustache_fault((r)->why, (r)->why_size, rc, &(s)->o, (p)->line, (p)->col, __VA_ARGS__)

static int render_range(struct render *r, const struct source *s, size_t from, size_t to);

/* A child of an object by the first `len` bytes of `name`. */
static const json_t *child(const json_t *of, const char *name, size_t len)
{
	char key[MUSTACHE_NAME_MAX];

	if (!json_is_object(of) || len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	return json_object_get(of, key);
}

/* The first step goes up the stack, the others do not. NULL: not defined. */
static const json_t *look_up(const struct render *r, const char *name, size_t len)
{
	const json_t *found = NULL;
	size_t i, n = 0;

	if (len == 1 && *name == '.')
		return r->stack[r->depth - 1];
	while (n < len && name[n] != '.')
		n++;
	for (i = r->depth; i > 0 && !found; i--)
		found = child(r->stack[i - 1], name, n);
	while (found && n < len) {
		name += n + 1;
		len -= n + 1;
		for (n = 0; n < len && name[n] != '.'; n++)
			;
		found = child(found, name, n);
	}
	return found;
}

struct nearest {
	const char *word;
	unsigned distance;
	char name[MUSTACHE_NAME_MAX];
};

/* Offers every dotted name below `of` to `best`; contexts are two or three levels deep. */
static void nearest_below(
	struct nearest *best, const json_t *of, const char *prefix, unsigned levels)
{
	char name[MUSTACHE_NAME_MAX];
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)of, key, value)
	{
		const char *near = NULL;

		if (snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", key) >=
			(int)sizeof(name))
			continue;
		text_nearer(best->word, name, &near);
		if (near && text_distance(best->word, name) < best->distance) {
			best->distance = text_distance(best->word, name);
			memcpy(best->name, name, sizeof(name));
		}
		if (levels && json_is_object(value))
			nearest_below(best, value, name, levels - 1);
	}
}

static int undefined(
	const struct render *r, const struct source *s, const struct part *p, const char *word)
{
	struct nearest best = {.word = word, .distance = 99};
	size_t i;

	for (i = r->depth; i > 0; i--)
		nearest_below(&best, r->stack[i - 1], "", 2);
	if (best.distance == 99 && word[0] == '.')
		return part_fault(r, s, p, -EINVAL,
			"undefined name '%s': for text that itself contains {{, change the "
			"delimiters before it, {{=<%% %%>=}}",
			word);
	if (best.distance == 99)
		return part_fault(r, s, p, -EINVAL, "undefined name '%s'", word);
	return part_fault(
		r, s, p, -EINVAL, "undefined name '%s' (did you mean '%s'?)", word, best.name);
}

/* A name with a format before it: "shell:set.motd". */
static const char *split_format(
	const struct source *s, const struct part *p, enum mustache_format *format)
{
	char name[MUSTACHE_NAME_MAX];
	const char *colon = s->o.lenient ? NULL : memchr(p->s, ':', p->len);

	if (!colon)
		return p->s;
	memcpy(name, p->s, (size_t)(colon - p->s)); /* check_name() has bounded p->len */
	name[colon - p->s] = '\0';
	return mustache_format_parse(name, format) < 0 ? p->s : colon + 1;
}

/* *ret stays NULL for an undefined name where that is allowed. */
static int find(const struct render *r, const struct source *s, const struct part *p,
	const char *name, const json_t **ret)
{
	char word[MUSTACHE_NAME_MAX];
	size_t len = p->len - (size_t)(name - p->s);

	*ret = look_up(r, name, len);
	if (*ret || s->o.lenient)
		return 0;
	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	return undefined(r, s, p, word);
}

/* The fewest digits that read back as the same number. */
static void real_text(double v, char buf[32])
{
	int digits;

	for (digits = 1; digits <= 17; digits++) {
		snprintf(buf, 32, "%.*g", digits, v);
		if (strtod(buf, NULL) == v)
			break;
	}
}

/* A scalar as text: its own or in `buf`. NULL: an object or a list. */
static const char *scalar_text(const json_t *v, char buf[32])
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		return json_string_value(v);
	case JSON_TRUE:
		return "true";
	case JSON_FALSE:
		return "false";
	case JSON_NULL:
		return "";
	case JSON_INTEGER:
		snprintf(buf, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return buf;
	case JSON_REAL:
		real_text(json_real_value(v), buf);
		return buf;
	default:
		return NULL;
	}
}

static bool line_bound(enum mustache_format f)
{
	return f == MUSTACHE_KICKSTART || f == MUSTACHE_PRESEED || f == MUSTACHE_CMDLINE;
}

/* Quotes are remarked on where somebody wants to know. */
static void check_quotes(const struct render *r, const struct source *s, const struct part *p,
	enum mustache_format format)
{
	const char *wrong = mustache_place_quotes(&r->place, &r->out, format);
	char text[MUSTACHE_NAME_MAX + 160];

	if (!wrong)
		return;
	snprintf(text, sizeof(text), "{{%.*s}} is put in quotes, which %s", (int)p->len, p->s,
		wrong);
	mustache_map_remark(r->o->map, &s->o, p->line, p->col, text);
}

/* Nothing in a CDATA section is an entity; elsewhere in XML what is escaped for another format is escaped for it too. */
static const char *add_escaped(
	struct render *r, enum mustache_format own, enum mustache_format format, const char *text)
{
	bool cdata = r->place.in == PLACE_CDATA;
	struct text escaped;
	const char *wrong;

	if (own != MUSTACHE_XML || (!cdata && (format == MUSTACHE_NONE || format == own)))
		return mustache_escape(&r->out, format, text);
	text_init(&escaped, MUSTACHE_OUTPUT_MAX);
	wrong = mustache_unfit(own, text);
	wrong = wrong ? wrong
		      : mustache_escape(&escaped, format == own ? MUSTACHE_NONE : format, text);
	if (!wrong && escaped.rc)
		r->out.rc = escaped.rc;
	else if (!wrong && cdata)
		mustache_place_cdata(&r->out, escaped.s ? escaped.s : "");
	else if (!wrong)
		wrong = mustache_escape(&r->out, own, escaped.s ? escaped.s : "");
	text_fini(&escaped);
	return wrong;
}

static int add_value(struct render *r, const struct source *s, const struct part *p,
	enum mustache_format format, const json_t *v)
{
	char buf[32];
	const char *wrong = NULL, *text = scalar_text(v, buf);
	enum mustache_format own = s->o.format;

	if (!text && s->o.lenient)
		return 0;
	if (!text)
		return part_fault(r, s, p, -EINVAL, "'%.*s' is a %s, not a single value",
			(int)p->len, p->s,
			json_is_array(v) ? "list: open it with {{#…}} and show {{.}}"
					 : "group of names");
	if (!s->o.lenient) {
		mustache_place_update(&r->place, &r->out);
		wrong = mustache_place_left(&r->place, &r->out, format, text);
	}
	if (wrong)
		;
	else if ((format == MUSTACHE_JSON || format == MUSTACHE_YAML) && !json_is_string(v))
		text_puts(&r->out, json_is_null(v) ? "null" : text);
	else if (p->kind != PART_RAW && line_bound(own) && strpbrk(text, "\r\n"))
		wrong = "a line break";
	else {
		if (r->o->map && !s->o.lenient)
			check_quotes(r, s, p, format);
		wrong = add_escaped(r, own, format, text);
	}
	if (wrong) {
		const char *name = split_format(s, p, &format);

		return part_fault(r, s, p, -EINVAL,
			"the value of '%.*s' has %s, which cannot stand here",
			(int)(p->len - (size_t)(name - p->s)), name, wrong);
	}
	return r->out.rc;
}

static int render_value(struct render *r, const struct source *s, const struct part *p)
{
	enum mustache_format format = p->kind == PART_RAW ? MUSTACHE_NONE : s->o.format;
	const char *name = p->kind == PART_RAW ? p->s : split_format(s, p, &format);
	const json_t *v;
	int rc = find(r, s, p, name, &v);

	if (rc < 0 || !v)
		return rc;
	return add_value(r, s, p, format, v);
}

static bool is_true(const json_t *v)
{
	if (json_is_array(v))
		return json_array_size(v) > 0;
	if (json_is_string(v))
		return json_string_length(v) > 0;
	return v && !json_is_false(v) && !json_is_null(v);
}

static int render_inside(struct render *r, const struct source *s, size_t at, const json_t *context)
{
	const struct part *p = &s->parts.all[at];
	int rc;

	if (r->depth == STACK_MAX)
		return part_fault(r, s, p, -EFBIG, "more than %d sections inside each other",
			MUSTACHE_DEPTH_MAX);
	r->stack[r->depth++] = context;
	rc = render_range(r, s, at + 1, p->end);
	r->depth--;
	return rc;
}

static int render_section(struct render *r, const struct source *s, size_t at)
{
	const struct part *p = &s->parts.all[at];
	const json_t *v;
	size_t i;
	int rc = find(r, s, p, p->s, &v);

	if (rc < 0)
		return rc;
	if (p->kind == PART_INVERTED && !is_true(v))
		return render_inside(r, s, at, r->stack[r->depth - 1]);
	if (p->kind == PART_INVERTED || !is_true(v))
		return 0;
	if (!json_is_array(v))
		return render_inside(r, s, at, v);
	for (i = 0; i < json_array_size(v) && rc == 0; i++)
		rc = render_inside(r, s, at, json_array_get(v, i));
	return rc;
}

/* Its own file, or one beside the text that was asked for. */
static const char *partial_file(
	const struct mustache_options *o, const char *name, char *buf, size_t size)
{
	const char *own = o->partial_file ? o->partial_file(o->arg, name) : NULL, *file = o->file;
	const char *slash = file ? strrchr(file, '/') : NULL;

	if (own)
		return own;
	if (!slash || snprintf(buf, size, "%.*s/%s", (int)(slash - file), file, name) >= (int)size)
		return name;
	return buf;
}

static int render_partial(struct render *r, const struct source *s, const struct part *p)
{
	char name[MUSTACHE_NAME_MAX], file[MUSTACHE_NAME_MAX * 2];
	struct source in = *s;
	const char *text;
	int rc;

	snprintf(name, sizeof(name), "%.*s", (int)p->len, p->s);
	text = r->o->partial ? r->o->partial(r->o->arg, name) : NULL;
	if (!text)
		return s->o.lenient ? 0 : part_fault(r, s, p, -EINVAL, "no partial '%s'", name);
	if (r->partials == MUSTACHE_DEPTH_MAX)
		return part_fault(r, s, p, -EFBIG, "more than %d partials inside each other",
			MUSTACHE_DEPTH_MAX);
	in.o.file = partial_file(r->o, name, file, sizeof(file));
	in.o.line = 1;
	in.o.line_only = false;
	in.parts = (struct parts){0};
	if (p->indent_len) {
		in.indent[in.n_indent] = p->indent;
		in.indent_len[in.n_indent++] = p->indent_len;
	}
	rc = parts_parse(text, &in.o, &in.parts, r->why, r->why_size);
	if (rc < 0)
		return rc;
	r->steps += in.parts.count + strlen(text) / 64; /* reading it was work too */
	r->partials++;
	rc = render_range(r, &in, 0, in.parts.count);
	r->partials--;
	parts_fini(&in.parts);
	return rc;
}

static int render_text(struct render *r, const struct source *s, const struct part *p)
{
	size_t i;

	for (i = 0; p->at_start && i < s->n_indent; i++)
		text_add(&r->out, s->indent[i], s->indent_len[i]);
	text_add(&r->out, p->s, p->len);
	return r->out.rc;
}

static int render_part(struct render *r, const struct source *s, size_t at)
{
	const struct part *p = &s->parts.all[at];

	if (++r->steps > MUSTACHE_STEPS_MAX)
		return part_fault(r, s, p, -EFBIG, "more than %d steps", MUSTACHE_STEPS_MAX);
	switch (p->kind) {
	case PART_TEXT:
		return render_text(r, s, p);
	case PART_VALUE:
	case PART_RAW:
		return render_value(r, s, p);
	case PART_SECTION:
	case PART_INVERTED:
		return render_section(r, s, at);
	case PART_PARTIAL:
		return render_partial(r, s, p);
	default:
		return 0;
	}
}

static int render_range(struct render *r, const struct source *s, size_t from, size_t to)
{
	size_t at = from;
	int rc = 0;

	while (at < to && rc == 0) {
		const struct part *p = &s->parts.all[at];
		size_t before = r->out.len;

		rc = render_part(r, s, at);
		if (r->o->map && p->kind <= PART_RAW)
			mustache_map_note(r->o->map, &r->out, before, &s->o, p->line);
		at = p->kind == PART_SECTION || p->kind == PART_INVERTED ? p->end : at + 1;
	}
	return rc;
}

int mustache_render(const char *text, const json_t *context, const struct mustache_options *o,
	char **ret, char *why, size_t why_size)
{
	struct render r = {.o = o,
		.stack = {context},
		.depth = 1,
		.why = why,
		.why_size = why_size,
		.place.format = o->format};
	struct source s = {.o = *o};
	int rc;

	if (why_size)
		snprintf(why, why_size, "out of memory");
	text_init(&r.out, MUSTACHE_OUTPUT_MAX);
	rc = parts_parse(text, o, &s.parts, why, why_size);
	if (rc < 0)
		return rc;
	rc = render_range(&r, &s, 0, s.parts.count);
	parts_fini(&s.parts);
	if (r.out.rc == -EFBIG)
		mustache_fault(why, why_size, -EFBIG, o, 1, 1, "the result has more than %d bytes",
			MUSTACHE_OUTPUT_MAX);
	if (rc == 0 && o->map && o->map->short_of_memory)
		rc = -ENOMEM;
	if (rc == 0)
		return text_take(&r.out, ret);
	text_fini(&r.out);
	return rc;
}

int mustache_partials(const char *text, const struct mustache_options *o,
	int (*found)(void *arg, const char *name, unsigned line, unsigned col), void *arg,
	char *why, size_t why_size)
{
	char name[MUSTACHE_NAME_MAX];
	struct parts parts;
	size_t i;
	int rc = parts_parse(text, o, &parts, why, why_size);

	if (rc < 0)
		return rc;
	for (i = 0; i < parts.count && rc == 0; i++) {
		if (parts.all[i].kind != PART_PARTIAL)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)parts.all[i].len, parts.all[i].s);
		rc = found(arg, name, parts.all[i].line, parts.all[i].col);
	}
	parts_fini(&parts);
	return rc;
}
