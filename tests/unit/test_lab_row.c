/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a lab's machine is: events in, a line and times out. */
#include "usher/lab/lab_row.h"

#include "machine/machine.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct lab_row row;
static char line[256];

static void tell(struct lab_row *r, int seq, int at, const char *kind, const char *text)
{
	int percent = 0;
	json_t *e = json_pack("{s:i, s:o, s:s, s:s, s:s}", "seq", seq, "at", machine_time_json(at),
		"machine", r->name, "kind", kind, "text", text);

	if (sscanf(text, "unpacking %d", &percent) == 1)
		json_object_set_new(e, "percent", json_integer(percent));

	lab_row_event(r, e);
	json_decref(e);
}

static void machine(int seq, const char *state, const char *reason)
{
	json_t *m = json_pack("{s:s, s:{s:i}, s:{s:s}}", "state", state, "last_event", "seq", seq,
		"attempt", "reason", reason);

	lab_row_state(&row, m);
	json_decref(m);
}

static const char *show(int64_t now, unsigned columns)
{
	lab_row_line(&row, now, columns, line, sizeof line);
	return line;
}

static void run(struct lab_row *r, int slower)
{
	r->at[LAB_BEGUN] = 1000;
	tell(r, 11, 1500, "created", "guest");
	tell(r, 12, 1600, "armed", "attempt 1");
	tell(r, 13, 2000, "leased", "10.0.0.2");
	tell(r, 14, 3000 + slower, "booting", "boot 1");
	tell(r, 15, 5000 + slower, "installing", "answers");
	tell(r, 16, 6000 + slower, "progress", "unpacking 50 %");
	tell(r, 17, 7000 + slower, "leased", "again");
	tell(r, 18, 9000 + slower, "installed", "in 6 s");
	tell(r, 19, 12000 + slower, "up", "it boots");
}

START_TEST(follows)
{
	lab_row_init(&row, "web", 10);
	row.at[LAB_BEGUN] = 1000;
	ck_assert_str_eq(
		show(1000, 200), "web              [....................]  0:00 begun      ");
	tell(&row, 11, 1500, "created", "guest");
	tell(&row, 12, 1600, "armed", "attempt 1");
	ck_assert_str_eq(
		show(62000, 200), "web              [#...................]  1:01 armed      ");
	tell(&row, 15, 5000, "installing", "answers");
	tell(&row, 16, 6000, "progress", "unpacking 50 %");
	ck_assert_str_eq(show(7000, 200),
		"web              [##########..........]  0:06 installing unpacking 50 %");
	ck_assert_str_eq(show(7000, 20), "web              [##");
	ck_assert(!lab_row_ended(&row));
	tell(&row, 17, 7000, "failed", "no disk");
	ck_assert(lab_row_ended(&row));
	ck_assert_str_eq(row.text, "no disk");
}
END_TEST

/* What was before, or is another's, or comes late, changes nothing. */
START_TEST(leaves_out_what_is_old)
{
	lab_row_init(&row, "web", 10);
	tell(&row, 10, 500, "failed", "the attempt before");
	ck_assert_str_eq(row.state, "");
	machine(20, "armed", "");
	ck_assert_str_eq(row.state, "armed");
	tell(&row, 15, 900, "deleted", "replaced"); /* on the way to it */
	tell(&row, 16, 950, "created", "guest");
	ck_assert_str_eq(row.state, "armed");
	ck_assert_int_eq(row.at[LAB_CREATED], 950);
	tell(&row, 21, 1000, "booting", "boot 1");
	machine(20, "armed", ""); /* an answer that is older than what was heard */
	ck_assert_str_eq(row.state, "booting");
	machine(30, "failed", "too many boots");
	ck_assert(lab_row_ended(&row));
	ck_assert_str_eq(row.text, "too many boots");
}
END_TEST

START_TEST(times)
{
	struct lab_row rows[3];

	for (int i = 0; i < 2; i++) {
		snprintf(line, sizeof line, "n%d", i);
		lab_row_init(&rows[i], line, 10);
		run(&rows[i], i * 1000);
	}
	lab_row_init(&rows[2], "n2", 10); /* waited in vain */
	ck_assert_str_eq(rows[0].state, "up");
	lab_row_head(line, sizeof line);
	ck_assert_str_eq(line,
		"seconds             created     leased    booting installing  "
		"installed         up      total");
	lab_row_times(&rows[0], line, sizeof line);
	ck_assert_str_eq(line,
		"n0                      0.5        0.5        1.0        2.0     "
		"   4.0        3.0       11.0");
	lab_row_times(&rows[2], line, sizeof line);
	ck_assert_str_eq(line,
		"n2                        -          -          -          -     "
		"     -          -          -");
	lab_row_medians(rows, 3, line, sizeof line);
	ck_assert_str_eq(line,
		"median                  0.5        0.5        1.5        2.0     "
		"   4.0        3.0       11.5");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lab_row");
	TCase *tc = tcase_create("lab_row");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, tc);
	tcase_add_test(tc, follows);
	tcase_add_test(tc, leaves_out_what_is_old);
	tcase_add_test(tc, times);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
