/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does a RelaxNG schema of ours take a text? For tests that hold a reader and its schema to the same verdict. */
#ifndef USHER_TESTS_UNIT_SCHEMA_H
#define USHER_TESTS_UNIT_SCHEMA_H

#include <check.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void schema_quiet(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

/* `file`: below the repository's top; one in a program. */
static bool schema_takes_text(const char *file, const char *xml)
{
	static xmlRelaxNG *schema;
	xmlRelaxNGValidCtxt *valid;
	xmlDoc *doc;
	int rc;

	if (!schema) {
		char path[512];
		xmlRelaxNGParserCtxt *parser;

		snprintf(path, sizeof path, "%s/%s",
			getenv("USHER_TOP") ? getenv("USHER_TOP") : ".", file);
		parser = xmlRelaxNGNewParserCtxt(path);
		ck_assert_ptr_nonnull(parser);
		schema = xmlRelaxNGParse(parser);
		ck_assert_ptr_nonnull(schema);
		xmlRelaxNGFreeParserCtxt(parser);
	}
	doc = xmlReadMemory(xml, (int)strlen(xml), "x", NULL,
		XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET);
	if (!doc)
		return false;
	valid = xmlRelaxNGNewValidCtxt(schema);
	xmlRelaxNGSetValidErrors(valid, schema_quiet, schema_quiet, NULL);
	rc = xmlRelaxNGValidateDoc(valid, doc);
	xmlRelaxNGFreeValidCtxt(valid);
	xmlFreeDoc(doc);
	return rc == 0;
}

#endif
