/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/xml.h"

#include "core/markup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

xmlDoc *xml_read(const char *text, size_t len, unsigned first_line, char *why, size_t why_size)
{
	struct markup_error e;
	xmlDoc *doc = markup_parse(text, len, XML_PARSE_NOBLANKS, false, &e);

	if (!doc)
		snprintf(why, why_size, "line %u: %s", (e.line ? e.line - 1 : 0) + first_line,
			e.text);
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
