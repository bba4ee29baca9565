/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The URL of what DHCP named. */
#include "usher/probe/probe_fetch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *named(const char *file, uint32_t next_server, const char *tftp_name)
{
	static char url[IPXE_URL];
	struct dhcp_told t = {.next_server = next_server};

	strcpy(t.file, file);
	strcpy(t.tftp_name, tftp_name);
	return probe_fetch_named(&t, url) ? url : "none";
}

START_TEST(test_named)
{
	ck_assert_str_eq(named("undionly.kpxe", 0x0a000001, ""), "tftp://10.0.0.1/undionly.kpxe");
	ck_assert_str_eq(named("efi/boot.efi", 0, "10.0.0.2"), "tftp://10.0.0.2/efi/boot.efi");
	ck_assert_str_eq(named("http://10.0.0.1/x", 0, ""), "http://10.0.0.1/x");
	ck_assert_str_eq(named("undionly.kpxe", 0, ""), "none");
}
END_TEST

/* A server without a root of its own wants the whole path, and one with it takes that, too. */
START_TEST(test_from_the_root)
{
	ck_assert_str_eq(named("/srv/tftp/pxelinux.0", 0x0a000001, ""),
		"tftp://10.0.0.1//srv/tftp/pxelinux.0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe_fetch");
	TCase *t = tcase_create("probe_fetch");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(t, test_named);
	tcase_add_test(t, test_from_the_root);
	suite_add_tcase(suite, t);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
