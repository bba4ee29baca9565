/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/ks_commands.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(versions)
{
	static const struct {
		const char *word;
		unsigned bit;
	} all[] = {
		{"RHEL9", KS_RHEL9},
		{"RHEL-9", KS_RHEL9},
		{"rhel9.4", KS_RHEL9},
		{"el8", KS_RHEL8},
		{"centos7", KS_RHEL7},
		{"CentOS Stream 10", KS_RHEL10},
		{"centos-stream-9", KS_RHEL9},
		{"rocky-10", KS_RHEL10},
		{"AlmaLinux-8", KS_RHEL8},
		{"F42", KS_F42},
		{"fedora39", KS_F39},
		{"Fedora 43", KS_F43},
		{"RHEL6", 0},
		{"F99", 0},
		{"fedora", 0},
		{"9", 0},
		{"RHEL9x", 0},
		{"debian9", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		ck_assert_msg(ks_version_parse(all[i].word) == all[i].bit, "%s", all[i].word);
	ck_assert_str_eq(ks_version_name(KS_RHEL10), "RHEL10");
	ck_assert_str_eq(ks_version_name(KS_F43), "F43");
}
END_TEST

START_TEST(status)
{
	struct ks_spec s;

	ck_assert_int_eq(ks_command_status("install", KS_RHEL7), KS_OK);
	ck_assert_int_eq(ks_command_status("install", KS_RHEL8), KS_DEPRECATED);
	ck_assert_int_eq(ks_command_status("install", KS_RHEL9), KS_REMOVED);
	ck_assert_int_eq(ks_command_status("install", KS_ALL), KS_OK);
	ck_assert_int_eq(ks_command_status("auth", KS_RHEL9), KS_DEPRECATED);
	ck_assert_int_eq(ks_command_status("sshkey", KS_RHEL7), KS_UNKNOWN);
	ck_assert_int_eq(ks_command_status("method", KS_ALL), KS_UNKNOWN);
	ck_assert_int_eq(ks_option_status("part", "--active", KS_RHEL8, &s), KS_DEPRECATED);
	ck_assert_int_eq(ks_option_status("part", "--active", KS_RHEL9, &s), KS_UNKNOWN);
	ck_assert_int_eq(ks_option_status("part", "--ondrive", KS_RHEL9, &s), KS_OK);
	ck_assert(s.value && !s.required && !s.choices);
	ck_assert_int_eq(strncmp(s.names, "--ondisk|--ondrive=", 19), 0);
	ck_assert_int_eq(ks_option_status("network", "--bootproto", KS_F43, &s), KS_OK);
	ck_assert_int_eq(strncmp(s.choices, "dhcp,bootp,static,query,ibft}", s.choices_len + 1), 0);
	ck_assert_int_eq(ks_option_status("reboot", "--eject", KS_RHEL7, &s), KS_OK);
	ck_assert(!s.value);
	ck_assert(ks_option_required("harddrive", "--partition", KS_RHEL9));
	ck_assert(!ks_option_required("harddrive", "--partition", KS_RHEL8));
	ck_assert(!ks_option_required("harddrive", "--partition", KS_ALL));
}
END_TEST

START_TEST(near)
{
	char buf[64];
	struct ks_spec s;

	ck_assert_str_eq(ks_near_command("botloader", KS_RHEL9), "bootloader");
	ck_assert_ptr_null(ks_near_command("zzzzzz", KS_ALL));
	/* what is gone is not proposed */
	ck_assert_ptr_null(ks_near_command("instal", KS_RHEL9));
	ck_assert_str_eq(ks_near_option("part", "--ondsk", KS_RHEL9, buf, sizeof(buf)), "--ondisk");
	ck_assert_ptr_null(ks_near_option("part", "--colour", KS_RHEL9, buf, sizeof(buf)));
	ck_assert(ks_option_abbreviated("network", "--name", KS_RHEL9, &s));
	ck_assert_int_eq(strncmp(s.names, "--nameserver", 12), 0);
	ck_assert(!ks_option_abbreviated("network", "--no", KS_RHEL9, &s));
	ck_assert(!ks_option_abbreviated("network", "--", KS_RHEL9, &s));
}
END_TEST

static const char *history(const char *command, const char *option, unsigned version)
{
	static char buf[160];

	ks_history(command, option, version, buf, sizeof(buf));
	return buf;
}

START_TEST(histories)
{
	ck_assert_str_eq(
		history("autostep", NULL, KS_RHEL9), "is deprecated since RHEL9: leave it out");
	ck_assert_str_eq(history("autostep", NULL, KS_F42), "was removed in F40: leave it out");
	ck_assert_str_eq(history("autostep", NULL, KS_F39), "is deprecated: leave it out");
	ck_assert_str_eq(history("bootc", NULL, KS_F40), "is not in F40, only from F43 on");
	ck_assert_str_eq(
		history("unsupported_hardware", NULL, KS_F40), "is not in F40, only in RHEL7");
	ck_assert_str_eq(history("btrfs", NULL, KS_RHEL10),
		"was removed in RHEL10: use LVM or plain partitions");
	ck_assert_str_eq(history("vnc", NULL, KS_F43), "is deprecated since F43: use 'rdp'");
	ck_assert_str_eq(history("network", "--teamslaves", KS_RHEL10),
		"is deprecated since RHEL10: use '--bondslaves='");
	ck_assert_str_eq(history("logging", "--level", KS_RHEL10),
		"was removed in RHEL10: leave it out: everything is logged");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ks_commands");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(c, versions);
	tcase_add_test(c, status);
	tcase_add_test(c, near);
	tcase_add_test(c, histories);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
