/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of usher.xml, lab files and profiles do not say in their own tests. */
#include "core/markup.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct markup_error error;

static bool parses(const char *text, bool dtd)
{
	xmlDoc *doc = markup_parse(text, strlen(text), 0, dtd, &error);

	xmlFreeDoc(doc);
	return doc;
}

START_TEST(first_error)
{
	ck_assert(parses("<a/>", false));
	ck_assert_int_eq(error.rc, 0);
	ck_assert(!parses("<a>\n<b c='1' c='2'/></x>", false));
	ck_assert_int_eq(error.rc, -EINVAL);
	ck_assert_str_eq(error.text, "Attribute c redefined");
	ck_assert_uint_eq(error.line, 2);
	ck_assert_uint_eq(error.column, 15);
	ck_assert(!parses("", false));
	ck_assert_int_eq(error.rc, -EINVAL);
	ck_assert(parses("<x:a/>", false)); /* for others to judge: no namespace of that name */
	ck_assert_int_eq(error.rc, -EINVAL);
}
END_TEST

START_TEST(limits)
{
	char *text = malloc(MARKUP_MAX + 1);

	memset(text, ' ', MARKUP_MAX + 1);
	memcpy(text, "<a/>", 4);
	xmlFreeDoc(markup_parse(text, MARKUP_MAX, 0, false, &error));
	ck_assert_int_eq(error.rc, 0);
	ck_assert_ptr_null(markup_parse(text, MARKUP_MAX + 1, 0, false, &error));
	ck_assert_str_eq(error.text, "an XML document has at most 8 MiB");
	free(text);
	ck_assert(parses("<!DOCTYPE a><a/>", true));
	ck_assert(!parses("<!DOCTYPE a><a/>", false));
	ck_assert_str_eq(error.text, "a document type declaration has no place here");
}
END_TEST

static void count(struct markup_reader *r, const xmlNode *e, void *to)
{
	(void)r, (void)e;
	++*(int *)to;
}

static void read_root(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"many", count, MARKUP_MANY},
		{"once", count, MARKUP_ONCE}, {"needed", count, MARKUP_REQUIRED}, {0}};

	markup_children(r, e, es, to);
}

static void reads(const char *text, bool all, int elements, const char *faults)
{
	char why[512] = "";
	struct markup_reader r = {.path = "f", .why = why, .why_size = sizeof why, .all = all};
	int n = 0, rc = markup_read(&r, text, strlen(text), "r", read_root, &n);

	ck_assert_str_eq(why, faults);
	ck_assert_int_eq(rc, *faults ? -EINVAL : 0);
	ck_assert_int_eq(n, elements);
}

START_TEST(by_table)
{
	reads("<r><many/><needed/><many/></r>", false, 3, "");
	reads("<r><needed/><once/>\n<once/>\n<needed/><many/></r>", true, 3,
		"f:2: a second <once> in <r>\nf:3: a second <needed> in <r>");
	reads("<r><once/>\n<once/><many/></r>", false, 1, "f:2: a second <once> in <r>");
	reads("<r><once/></r>", true, 1, "f:1: <r> lacks <needed>");
	reads("<r><needed/><many xmlns='u'/><![CDATA[x]]></r>", true, 1,
		"f:1: <r> has no element <many> of a namespace\n"
		"f:1: <r>: text is not expected here");
	reads("<r><needed/>\n<zz/></r>", false, 1,
		"f:2: <r> has no element <zz>; it has many, once, needed");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("markup");
	TCase *t = tcase_create("markup");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, first_error);
	tcase_add_test(t, limits);
	tcase_add_test(t, by_table);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
