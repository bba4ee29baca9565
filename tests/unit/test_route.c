/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/route.h"

#include <check.h>
#include <stdlib.h>

#define NOTHING "00000000000000000000000000000000"

START_TEST(learnt_default)
{
	static const struct {
		const char *line, *link; /* NULL: none */
	} rows[] = {
		{NOTHING " 00 " NOTHING
			 " 00 fe80000000000000000000fffe000001 00000400 00000002 00000000 "
			 "00450003      up0\n",
			"up0"},
		/* by hand */
		{NOTHING " 00 " NOTHING
			 " 00 fe80000000000000000000fffe000001 00000400 00000002 00000000 "
			 "00000003      up0\n",
			NULL},
		/* a prefix that an advertisement told */
		{"20010db8000900000000000000000000 40 " NOTHING " 00 " NOTHING
		 " 00000100 00000001 00000000 00040001      up0\n",
			NULL},
		/* the kernel's own, which rejects */
		{NOTHING " 00 " NOTHING " 00 " NOTHING
			 " ffffffff 00000001 00000000 00200200       lo\n",
			NULL},
		{NOTHING " 00 " NOTHING " 00 " NOTHING
			 " ffffffff 00000001 00000000 00240200       lo\n",
			NULL},
		{"", NULL},
		{"nonsense\n", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char link[16] = "";
		bool learnt = route6_line_is_learnt(rows[i].line, link);

		ck_assert_msg(learnt == !!rows[i].link, "row %zu", i);
		if (learnt)
			ck_assert_str_eq(link, rows[i].link);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("route");
	TCase *t = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(t, learnt_default);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
