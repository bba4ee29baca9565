/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comma-separated values: records, their lines, and what is no record. */
#include "core/csv.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of it: "1[a][b] 3[c]", "2!" and why where it is wrong. */
static void ck_read(const char *text, size_t len, const char *want)
{
	char got[1024] = "";
	size_t n = 0;
	const char *why;
	struct csv c;
	int rc;

	ck_assert_int_eq(csv_init(&c, text, len), 0);
	while ((rc = csv_next(&c, &why))) {
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%ld", n ? " " : "", c.line);
		if (rc < 0) {
			ck_assert_int_eq(rc, -EINVAL);
			n += (size_t)snprintf(got + n, sizeof got - n, "!%s", why);
		}
		for (size_t i = 0; i < c.n; i++)
			n += (size_t)snprintf(got + n, sizeof got - n, "[%s]", c.fields[i]);
	}
	ck_assert_str_eq(got, want);
	csv_fini(&c);
}

static const struct {
	const char *text, *want;
} all[] = {
	{"", ""},
	{"\n\r\n\n", ""},
	{"a", "1[a]"},
	{"a,b\nc,d\n", "1[a][b] 2[c][d]"},
	{"a,b\r\nc,d\r\n", "1[a][b] 2[c][d]"},
	{"\n\na\n\nb", "3[a] 5[b]"},
	{"\xef\xbb\xbfname,mac\n", "1[name][mac]"},
	{",\n", "1[][]"},
	{"a,", "1[a][]"},
	{"\"\"", "1[]"},
	{"\"a,b\",\"c\"\"d\",\"e\nf\"\ng", "1[a,b][c\"d][e\nf] 3[g]"},
	{"\"a\r\nb\"\r\nc", "1[a\r\nb] 3[c]"},
	{" a , b ", "1[ a ][ b ]"},
	{"é,日本", "1[é][日本]"},
	{"\"a\"b,c\nd",
		"1!text follows the quotes around a field; a quote in a field is written twice 2[d]"},
	{"a\"b\nd", "1!a quote stands in a field without quotes around it 2[d]"},
	{"a\n\"b\nc", "1[a] 2!a field begins with a quote that is never closed"},
	{"\"", "1!a field begins with a quote that is never closed"},
	{"a\rb\nc", "1!a carriage return stands alone 2[c]"},
	{"a\xff\nc", "1!it is not UTF-8 text: save the file as CSV in UTF-8 2[c]"},
	{"\xff\xfe", "1!it is not UTF-8 text: save the file as CSV in UTF-8"},
};

START_TEST(reads)
{
	ck_read(all[_i].text, strlen(all[_i].text), all[_i].want);
}
END_TEST

START_TEST(no_nul)
{
	ck_read("a\0b\nc", 5, "1!it has a NUL byte: save the file as CSV in UTF-8 2[c]");
	ck_read("n\0a\0", 4, "1!it has a NUL byte: save the file as CSV in UTF-8");
}
END_TEST

START_TEST(bounds)
{
	char *text = malloc(CSV_FIELD_MAX + 3), fields[CSV_FIELDS + 2];
	const char *why;
	struct csv c;

	memset(fields, ',', CSV_FIELDS - 1);
	ck_assert_int_eq(csv_init(&c, fields, CSV_FIELDS - 1), 0);
	ck_assert_int_eq(csv_next(&c, &why), 1);
	ck_assert_uint_eq(c.n, CSV_FIELDS);
	csv_fini(&c);
	fields[CSV_FIELDS - 1] = ',';
	ck_read(fields, CSV_FIELDS, "1!it has more than 128 fields");
	memset(text, 'a', CSV_FIELD_MAX + 1);
	ck_read(text, CSV_FIELD_MAX + 1, "1!a field is longer than 64 KiB");
	ck_assert_int_eq(csv_init(&c, text, CSV_FIELD_MAX), 0);
	ck_assert_int_eq(csv_next(&c, &why), 1);
	ck_assert_uint_eq(strlen(c.fields[0]), CSV_FIELD_MAX);
	csv_fini(&c);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csv");
	TCase *t = tcase_create("csv");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, reads, 0, (int)(sizeof all / sizeof *all));
	tcase_add_test(t, no_nul);
	tcase_add_test(t, bounds);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
