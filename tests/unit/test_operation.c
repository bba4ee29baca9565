/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes on with a machine finds it again, whatever became of it meanwhile. */
#include "service/base/operation.h"

#include "base_make.h"

static struct base base;
static struct operation *list;
static struct machine *web01;

static void setup(void)
{
	base_make(&base);
	web01 = base_machine(&base, "web01", true, "10.77.1.3");
	list = NULL;
}

static void teardown(void)
{
	base_unmake(&base);
}

START_TEST(holds_until_the_end)
{
	struct operation a, b, c;

	operation_begin(&a, &list, web01, true);
	operation_begin(&b, &list, web01, false);
	operation_begin(&c, &list, web01, true);
	ck_assert_uint_eq(web01->holds, 2);
	ck_assert_ptr_eq(list, &c);
	ck_assert_ptr_eq(list->next, &b);
	ck_assert_ptr_eq(list->next->next, &a);
	ck_assert_ptr_null(list->next->next->next);
	operation_end(&b); /* held nothing */
	ck_assert_uint_eq(web01->holds, 2);
	ck_assert_ptr_eq(list->next, &a);
	operation_end(&c);
	operation_end(&a);
	ck_assert_uint_eq(web01->holds, 0);
	ck_assert_ptr_null(list);
}
END_TEST

START_TEST(follows_a_new_name)
{
	struct operation o;

	operation_begin(&o, &list, web01, true);
	ck_assert_str_eq(o.name, "web01");
	ck_assert_str_eq(o.uuid, web01->uuid);
	ck_assert_int_eq(machines_rename(base.machines, web01, "web02"), 0);
	ck_assert_ptr_eq(operation_machine(&o), web01);
	operation_end(&o);
	ck_assert_uint_eq(web01->holds, 0);
}
END_TEST

/* Another has its name by then: it is neither found nor let go. */
START_TEST(is_not_anothers)
{
	struct operation o;
	struct machine *other;

	operation_begin(&o, &list, web01, true);
	machines_remove(base.machines, web01);
	ck_assert_ptr_null(operation_machine(&o));
	other = base_machine(&base, "web01", true, "10.77.1.3");
	other->holds = 1;
	ck_assert_ptr_null(operation_machine(&o));
	operation_end(&o);
	ck_assert_uint_eq(other->holds, 1);
	ck_assert_ptr_null(list);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("operation");
	TCase *t = tcase_create("operation");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, holds_until_the_end);
	tcase_add_test(t, follows_a_new_name);
	tcase_add_test(t, is_not_anothers);
	suite_add_tcase(s, t);
	return base_run(s);
}
