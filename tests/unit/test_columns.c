/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists as tables: widths, what is sorted by what, names. */
#include "usher/cli/columns.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *upper(const json_t *row, char *buf, size_t size)
{
	const char *s = json_string_value(json_object_get(row, "since"));

	snprintf(buf, size, "%s ago", s ? s : "");
	return buf;
}

static const struct column columns[] = {{.head = "NAME", .key = "name"},
	{.head = "LEASES BY", .key = "by"}, {.head = "N", .key = "n", .right = true},
	{.head = "UP", .key = "up", .wide = true},
	{.head = "SINCE", .key = "since", .text = upper, .by_key = true},
	{.head = "WHY", .key = "why"}, {0}};
static const struct columns table = {.member = "rows", .columns = columns, .none = "none there"};

static json_t *rows(void)
{
	return json_loads(
		"{\"rows\": [{\"name\": \"node10\", \"by\": \"b\", \"n\": 5, \"up\": true, "
		"\"since\": \"2\", \"why\": \"\"},"
		"{\"name\": \"node2\", \"by\": \"a\", \"n\": 1000, \"up\": false, \"since\": "
		"\"10\", \"why\": \"x y\"},"
		"{\"name\": \"\\u65e5\\u672c\", \"by\": null, \"n\": 7, \"since\": \"1\", "
		"\"why\": \"\"}]}",
		0, NULL);
}

/* What is printed, as heap text. */
static char *printed(const struct columns_wish *wish, json_t *reply)
{
	char *text = NULL;
	size_t n = 0;
	FILE *was = stdout;

	stdout = open_memstream(&text, &n);
	ck_assert_int_eq(columns_print(&table, reply, wish), 0);
	fclose(stdout);
	stdout = was;
	json_decref(reply);
	return text;
}

static void prints(struct columns_wish wish, const char *want)
{
	char *text = printed(&wish, rows());

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(widths)
{
	ck_assert_uint_eq(columns_width(""), 0);
	ck_assert_uint_eq(columns_width("abc"), 3);
	ck_assert_uint_eq(columns_width("\xc3\xa9"), 1);         /* e acute */
	ck_assert_uint_eq(columns_width("\xe6\x97\xa5"), 2);     /* wide */
	ck_assert_uint_eq(columns_width("e\xcc\x81"), 1);        /* combining */
	ck_assert_uint_eq(columns_width("\xf0\x9f\x98\x80"), 2); /* beyond the first plane */
	ck_assert_uint_eq(columns_width("\xff\xfe"), 2);         /* no UTF-8 */
}
END_TEST

START_TEST(text)
{
	prints((struct columns_wish){0},
		"NAME    LEASES BY     N  SINCE   WHY\n"
		"node10  b             5  2 ago\n"
		"node2   a          1000  10 ago  x y\n"
		"\xe6\x97\xa5\xe6\x9c\xac    -             7  1 ago\n");
	prints((struct columns_wish){.wide = true},
		"NAME    LEASES BY     N  UP   SINCE   WHY\n"
		"node10  b             5  yes  2 ago\n"
		"node2   a          1000  no   10 ago  x y\n"
		"\xe6\x97\xa5\xe6\x9c\xac    -             7  -    1 ago\n");
	prints((struct columns_wish){.name = true}, "node10\nnode2\n\xe6\x97\xa5\xe6\x9c\xac\n");
}
END_TEST

START_TEST(sorted)
{
	prints((struct columns_wish){.name = true, .sort = "name"},
		"node2\nnode10\n\xe6\x97\xa5\xe6\x9c\xac\n");
	prints((struct columns_wish){.name = true, .sort = "-name"},
		"\xe6\x97\xa5\xe6\x9c\xac\nnode10\nnode2\n");
	prints((struct columns_wish){.name = true, .sort = "n"},
		"node10\n\xe6\x97\xa5\xe6\x9c\xac\nnode2\n");
	prints((struct columns_wish){.name = true, .sort = "since"},
		"\xe6\x97\xa5\xe6\x9c\xac\nnode10\nnode2\n");
	/* equal ones stay as they were */
	prints((struct columns_wish){.name = true, .sort = "-why"},
		"node2\nnode10\n\xe6\x97\xa5\xe6\x9c\xac\n");
}
END_TEST

START_TEST(names)
{
	char buf[64], few[8];

	ck_assert_ptr_eq(columns_find(&table, "leases-by"), &columns[1]);
	ck_assert_ptr_eq(columns_find(&table, "-since"), &columns[4]);
	ck_assert_ptr_null(columns_find(&table, "leases"));
	ck_assert_ptr_null(columns_find(&table, "namesake"));
	ck_assert_ptr_null(columns_find(&table, ""));
	ck_assert_str_eq(columns_names(&table, buf, sizeof buf), "name leases-by n up since why");
	ck_assert_str_eq(columns_names(&table, few, sizeof few), "name le");
}
END_TEST

/* What a machine says breaks no line, and takes the columns that it is printed in. */
START_TEST(hostile)
{
	json_t *reply = json_pack(
		"{s:[{s:s, s:s, s:s}]}", "rows", "name", "a\n\033[2J", "by", "b", "why", "c\nd");
	struct columns_wish plain = {0};
	char *got = printed(&plain, reply);

	ck_assert_str_eq(got,
		"NAME         LEASES BY  N  SINCE  WHY\n"
		"a \\u001b[2J  b          -   ago   c d\n");
	free(got);
}
END_TEST

START_TEST(nothing)
{
	struct columns_wish plain = {0};
	char *got = printed(&plain, json_pack("{s:[]}", "rows"));

	ck_assert_str_eq(got, "none there\n");
	free(got);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("columns");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, widths);
	tcase_add_test(t, text);
	tcase_add_test(t, sorted);
	tcase_add_test(t, names);
	tcase_add_test(t, hostile);
	tcase_add_test(t, nothing);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
