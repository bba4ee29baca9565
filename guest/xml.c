/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/xml.h"

#include <errno.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct first_error {
	unsigned first_line;
	char *why;
	size_t why_size;
	bool told;
};

/* The first error is the cause; libxml2 itself remembers the last. */
#if LIBXML_VERSION >= 21200
static void on_error(void *ctx, const xmlError *e)
#else
static void on_error(void *ctx, xmlErrorPtr e)
#endif
{
	struct first_error *first = ((xmlParserCtxt *)ctx)->_private;
	char *nl;

	if (first->told || e->level < XML_ERR_ERROR)
		return;
	first->told = true;
	snprintf(first->why, first->why_size, "line %u: %s",
		(unsigned)(e->line > 0 ? e->line - 1 : 0) + first->first_line,
		e->message ? e->message : "not XML");
	if ((nl = strpbrk(first->why, "\r\n")))
		*nl = '\0';
}

xmlDoc *xml_read(const char *text, size_t len, unsigned first_line, char *why, size_t why_size)
{
	struct first_error first = {first_line, why, why_size, false};
	xmlParserCtxt *ctx = xmlNewParserCtxt();
	xmlDoc *doc;

	snprintf(why, why_size, "line %u: %s", first_line, ctx ? "not XML" : "out of memory");
	if (!ctx)
		return NULL;
	ctx->_private = &first;
	ctx->sax->serror = on_error;
	doc = xmlCtxtReadMemory(ctx, text, (int)len, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS);
	if (doc && xmlGetIntSubset(doc)) {
		snprintf(why, why_size, "line %u: a document type declaration has no place here",
			first_line);
		xmlFreeDoc(doc);
		doc = NULL;
	}
	xmlFreeParserCtxt(ctx);
	return doc;
}

char *xml_write(xmlDoc *doc)
{
	xmlChar *bytes = NULL;
	char *text;
	int len;

	xmlDocDumpFormatMemoryEnc(doc, &bytes, &len, "UTF-8", 1);
	if (!bytes)
		return NULL;
	text = strdup((char *)bytes);
	xmlFree(bytes);
	return text;
}

static xmlNode *from(xmlNode *n, const char *name)
{
	for (; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && !n->ns && !strcmp((const char *)n->name, name))
			return n;
	return NULL;
}

xmlNode *xml_child(const xmlNode *parent, const char *name)
{
	return parent ? from(parent->children, name) : NULL;
}

xmlNode *xml_next(const xmlNode *n, const char *name)
{
	return from(n->next, name);
}

/* Copies what fits and frees the original. */
static bool keep(xmlChar *value, char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s", value ? (char *)value : "");
	bool fits = value && n >= 0 && (size_t)n < size;

	if (value)
		xmlFree(value);
	return fits;
}

bool xml_attr(const xmlNode *n, const char *name, char *buf, size_t size)
{
	return keep(n ? xmlGetNoNsProp(n, (const xmlChar *)name) : NULL, buf, size);
}

bool xml_attr_is(const xmlNode *n, const char *name, const char *value)
{
	xmlChar *got = n ? xmlGetNoNsProp(n, (const xmlChar *)name) : NULL;
	bool same = got && !strcmp((const char *)got, value);

	if (got)
		xmlFree(got);
	return same;
}

bool xml_text(const xmlNode *n, char *buf, size_t size)
{
	return keep(n ? xmlNodeGetContent(n) : NULL, buf, size);
}

xmlNode *xml_add(xmlNode *parent, const char *name)
{
	return parent ? xmlNewChild(parent, NULL, (const xmlChar *)name, NULL) : NULL;
}

xmlNode *xml_need(xmlNode *parent, const char *name)
{
	xmlNode *n = xml_child(parent, name);

	return n ? n : xml_add(parent, name);
}

xmlNode *xml_set(xmlNode *n, const char *attr, const char *value)
{
	return n && xmlSetProp(n, (const xmlChar *)attr, (const xmlChar *)value) ? n : NULL;
}

xmlNode *xml_set_text(xmlNode *n, const char *text)
{
	xmlNode *t = n ? xmlNewText((const xmlChar *)text) : NULL;

	if (!t)
		return NULL;
	while (n->children)
		xml_drop(n->children);
	xmlAddChild(n, t);
	return n;
}

void xml_drop(xmlNode *n)
{
	if (!n)
		return;
	xmlUnlinkNode(n);
	xmlFreeNode(n);
}
