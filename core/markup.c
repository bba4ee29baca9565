/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/markup.h"

#include "core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_error(struct markup_error *e, int rc, int line, int column, const char *text)
{
	size_t n = strcspn(text, "\r\n");

	while (n && text[n - 1] == ' ')
		n--;
	e->rc = rc;
	e->line = line > 0 ? (unsigned)line : 0;
	e->column = column > 0 ? (unsigned)column : 0;
	snprintf(e->text, sizeof e->text, "%.*s", (int)n, text);
}

/* libxml2 itself remembers the last. */
#if LIBXML_VERSION >= 21200
static void on_error(void *parser, const xmlError *e)
#else
static void on_error(void *parser, xmlErrorPtr e)
#endif
{
	struct markup_error *first = ((xmlParserCtxt *)parser)->_private;

	if (!first->rc && e->level >= XML_ERR_ERROR)
		set_error(first, e->code == XML_ERR_NO_MEMORY ? -ENOMEM : -EINVAL, e->line, e->int2,
			e->message ? e->message : "not XML");
}

xmlDoc *markup_parse(
	const char *text, size_t len, int options, bool dtd, struct markup_error *ret_error)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();
	xmlDoc *doc = NULL;

	ret_error->rc = 0;
	if (!parser)
		set_error(ret_error, -ENOMEM, 1, 0, "out of memory");
	else if (len > MARKUP_MAX)
		set_error(ret_error, -EINVAL, 1, 0, "an XML document has at most 8 MiB");
	else {
		parser->_private = ret_error;
		parser->sax->serror = on_error;
		doc = xmlCtxtReadMemory(parser, text, (int)len, NULL, NULL,
			options | XML_PARSE_NONET | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES);
		if (!doc && !ret_error->rc)
			set_error(ret_error, -EINVAL, 1, 0, "not XML");
	}
	xmlFreeParserCtxt(parser);
	if (doc && !dtd && xmlGetIntSubset(doc)) {
		set_error(
			ret_error, -EINVAL, 1, 0, "a document type declaration has no place here");
		xmlFreeDoc(doc);
		doc = NULL;
	}
	return doc;
}

/* What does not fit whole is left out. */
static void add_fault(struct markup_reader *r, long line, const char *fmt, va_list ap)
{
	size_t used = r->faults ? strlen(r->why) : 0;
	char *end = r->why + used;
	int place, text;

	if (r->why_size - used < 2)
		return;
	place = snprintf(end, r->why_size - used, "%s%s:%ld: ", used ? "\n" : "", r->path, line);
	if (place < 0 || (size_t)place >= r->why_size - used) {
		*(used ? end : r->why + r->why_size - 1) = '\0';
		return;
	}
	text = vsnprintf(end + place, r->why_size - used - (size_t)place, fmt, ap);
	if (used && (text < 0 || (size_t)(place + text) >= r->why_size - used))
		*end = '\0';
}

void markup_fault(struct markup_reader *r, const xmlNode *at, const char *fmt, ...)
{
	va_list ap;

	if (!r->faults || r->all) {
		va_start(ap, fmt);
		add_fault(r, at ? xmlGetLineNo(at) : 1L, fmt, ap);
		va_end(ap);
	}
	r->faults++;
	if (!r->rc)
		r->rc = -EINVAL;
}

void markup_no_memory(struct markup_reader *r, const xmlNode *at)
{
	r->rc = r->rc ? r->rc : -ENOMEM;
	markup_fault(r, at, "out of memory");
}

int markup_read(struct markup_reader *r, const char *text, size_t len, const char *root,
	markup_element_reader *read, void *to)
{
	struct markup_error error;
	xmlDoc *doc = markup_parse(text, len, XML_PARSE_NOCDATA, false, &error);
	const xmlNode *e = doc ? xmlDocGetRootElement(doc) : NULL;

	if (!e) {
		snprintf(r->why, r->why_size, "%s:%u: %s", r->path, error.line, error.text);
		r->rc = error.rc;
		r->faults++;
	} else if (e->ns || strcmp((const char *)e->name, root))
		markup_fault(r, e, "expected <%s>, found <%s>", root, e->name);
	else
		read(r, e, to);
	xmlFreeDoc(doc);
	return r->rc;
}

/* An attribute of `e`, or an element in it, that the table does not have. */
static void unknown(struct markup_reader *r, const xmlNode *e, const xmlNode *element,
	const xmlChar *name, const void *known, size_t stride)
{
	const char *kind = element ? "element" : "attribute", *q = element ? "<>" : "''";
	const xmlNode *at = element ? element : e;
	char all[256];
	const char *near = text_nearest((const char *)name, known, stride, all, sizeof all);

	if (near && !strcmp(near, (const char *)name))
		markup_fault(r, at, "<%s> has no %s %c%s%c of a namespace", e->name, kind, q[0],
			name, q[1]);
	else if (near)
		markup_fault(r, at, "<%s> has no %s %c%s%c: did you mean %c%s%c?", e->name, kind,
			q[0], name, q[1], q[0], near, q[1]);
	else
		markup_fault(r, at, "<%s> has no %s %c%s%c; it has %s", e->name, kind, q[0], name,
			q[1], *all ? all : "none");
}

static void read_child(struct markup_reader *r, const xmlNode *e, const struct markup_element *es,
	uint64_t *seen, void *to)
{
	const struct markup_element *x = es;
	uint64_t bit;

	while (x->name && (e->ns || strcmp(x->name, (const char *)e->name)))
		x++;
	bit = 1ull << (x - es);
	if (!x->name)
		unknown(r, e->parent, e, e->name, es, sizeof *es);
	else if (x->times != MARKUP_MANY && *seen & bit)
		markup_fault(r, e, "a second <%s> in <%s>", e->name, e->parent->name);
	else
		x->read(r, e, to);
	*seen |= bit;
}

void markup_children(
	struct markup_reader *r, const xmlNode *e, const struct markup_element *es, void *to)
{
	uint64_t seen = 0; /* a bit for each row */

	for (const xmlNode *c = e->children; c && (r->all || !r->faults); c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			read_child(r, c, es, &seen, to);
		else if (c->type == XML_TEXT_NODE && !xmlIsBlankNode(c))
			markup_fault(r, c, "<%s>: text is not expected here", e->name);
	for (size_t i = 0; es[i].name; i++)
		if (es[i].times == MARKUP_REQUIRED && !(seen & 1ull << i))
			markup_fault(r, e, "<%s> lacks <%s>", e->name, es[i].name);
}

void markup_known(struct markup_reader *r, const xmlNode *e, const void *known, size_t stride)
{
	for (const xmlAttr *a = e->properties; a; a = a->next) {
		const char *const *name = known;

		while (*name && (a->ns || strcmp(*name, (const char *)a->name)))
			name = (const char *const *)((const char *)name + stride);
		if (!*name)
			unknown(r, e, NULL, a->name, known, stride);
	}
}

/* Frees `text`; NULL is out of memory. */
static char *keep(struct markup_reader *r, const xmlNode *e, xmlChar *text)
{
	char *copy = text ? strdup((const char *)text) : NULL;

	xmlFree(text);
	if (!copy)
		markup_no_memory(r, e);
	return copy;
}

char *markup_attribute(struct markup_reader *r, const xmlNode *e, const char *name, bool required)
{
	xmlChar *value = xmlGetNoNsProp((xmlNode *)e, BAD_CAST name);

	if (value)
		return keep(r, e, value);
	if (required)
		markup_fault(r, e, "<%s> lacks %s='…'", e->name, name);
	return NULL;
}

char *markup_text(struct markup_reader *r, const xmlNode *e)
{
	const xmlNode *element = xmlFirstElementChild((xmlNode *)e);

	if (!element)
		return keep(r, e, xmlNodeGetContent((xmlNode *)e));
	markup_fault(r, element, "<%s>: no element is expected in it", e->name);
	return NULL;
}

char *markup_dump(struct markup_reader *r, const xmlNode *e)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *copy = doc ? xmlDocCopyNode((xmlNode *)e, doc, 1) : NULL;
	xmlBuffer *buf = copy ? xmlBufferCreate() : NULL;
	xmlChar *text = NULL;

	if (copy)
		xmlDocSetRootElement(doc, copy);
	if (buf && xmlNodeDump(buf, doc, copy, 0, 0) > 0)
		text = xmlBufferDetach(buf);
	xmlBufferFree(buf);
	xmlFreeDoc(doc);
	return keep(r, e, text);
}
