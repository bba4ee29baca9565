/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What usher import fetches by URL, and to where it lets itself be sent. */
#include "usher/client/download.h"

#include <check.h>
#include <stdlib.h>

START_TEST(urls)
{
	ck_assert(download_is_url("http://mirror.lab/disk.img"));
	ck_assert(download_is_url("https://mirror.lab/disk.img"));
	ck_assert(!download_is_url("ftp://mirror.lab/disk.img"));
	ck_assert(!download_is_url("/srv/https://disk.img"));
}
END_TEST

/* Somebody between could send another image, and nobody would see it. */
START_TEST(redirects)
{
	ck_assert_str_eq(download_redirects("https://mirror.lab/disk.img", false), "https");
	ck_assert_str_eq(download_redirects("https://mirror.lab/disk.img", true), "http,https");
	ck_assert_str_eq(download_redirects("http://mirror.lab/disk.img", false), "http,https");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("download");
	TCase *t = tcase_create("download");
	SRunner *r;
	int failed;

	tcase_add_test(t, urls);
	tcase_add_test(t, redirects);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
