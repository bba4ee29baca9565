/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict on KVM, with a stand-in for QEMU found in PATH. */
#include "guest/accel.h"

#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/test-accel-XXXXXX";
static char kernel[64], cache[64], why[ACCEL_WHY];

static void put(const char *name, const char *text, mode_t mode)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

static void qemu(const char *script)
{
	put("qemu-system-x86_64", script, 0755);
	put("qemu-system-aarch64", script, 0755);
}

static bool no_kvm(void)
{
	return access("/dev/kvm", R_OK | W_OK) != 0;
}

static int probe(void)
{
	why[0] = '\0';
	return accel_probe(kernel, cache, why, sizeof why);
}

static void setup(void)
{
	char path[1024];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s:%s", dir, getenv("PATH"));
	setenv("PATH", path, 1);
	put("kernel", "", 0644);
	snprintf(kernel, sizeof kernel, "%s/kernel", dir);
	snprintf(cache, sizeof cache, "%s/kvm.verdict", dir);
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(panic_is_proof)
{
	qemu("#!/bin/sh\nprintf 'Linux version 6\\r\\n'; printf 'Kernel pan'; sleep 0.1; echo ic - "
	     "VFS\n");
	if (no_kvm()) {
		ck_assert_int_eq(probe(), ACCEL_QEMU);
		ck_assert(strstr(why, "/dev/kvm"));
		return;
	}
	ck_assert_msg(probe() == ACCEL_KVM, "%s", why);
	ck_assert(strstr(why, "KVM works"));
}
END_TEST

START_TEST(exit_is_no_proof)
{
	if (no_kvm())
		return;
	qemu("#!/bin/sh\necho booting; echo 'could not: reason'; exit 1\n");
	ck_assert_int_eq(probe(), ACCEL_QEMU);
	ck_assert_msg(strstr(why, "failed: could not: reason") != NULL, "%s", why);
}
END_TEST

START_TEST(hang_is_ended)
{
	if (no_kvm())
		return;
	qemu("#!/bin/sh\nexec sleep 60\n");
	ck_assert_int_eq(probe(), ACCEL_QEMU);
	ck_assert_msg(strstr(why, "hung for 15 s") != NULL, "%s", why);
}
END_TEST

START_TEST(verdict_is_kept)
{
	FILE *f;
	char first[128];

	if (no_kvm())
		return;
	qemu("#!/bin/sh\necho Kernel panic\n");
	ck_assert_int_eq(probe(), ACCEL_KVM);
	qemu("#!/bin/sh\nexit 1\n");
	ck_assert_int_eq(probe(), ACCEL_KVM);
	ck_assert(strstr(why, "KVM works"));
	/* Another boot of the host: tested anew. */
	f = fopen(cache, "r+");
	ck_assert_ptr_nonnull(fgets(first, sizeof first, f));
	rewind(f);
	fputs("00000000", f);
	fclose(f);
	ck_assert_int_eq(probe(), ACCEL_QEMU);
	/* A damaged file is no verdict. */
	put("kvm.verdict", "kvm\n", 0644);
	qemu("#!/bin/sh\necho Kernel panic\n");
	ck_assert_int_eq(probe(), ACCEL_KVM);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(accel_name(ACCEL_KVM), "kvm");
	ck_assert_str_eq(accel_name(ACCEL_QEMU), "qemu");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("accel");
	TCase *t = tcase_create("accel");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 40);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, panic_is_proof);
	tcase_add_test(t, exit_is_no_proof);
	tcase_add_test(t, hang_is_ended);
	tcase_add_test(t, verdict_is_kept);
	tcase_add_test(t, names);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
