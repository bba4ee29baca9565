/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict on KVM, with a stand-in for QEMU and a file for /dev/kvm. */
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
static char kernel[64], cache[64], device[64], emulator[64], why[ACCEL_WHY];

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
	put("qemu", script, 0755);
}

static struct accel_means means;

static enum accel probe(void)
{
	why[0] = '\0';
	return accel_probe(&means, why, sizeof why);
}

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("kernel", "", 0644);
	put("kvm", "", 0644);
	snprintf(kernel, sizeof kernel, "%s/kernel", dir);
	snprintf(cache, sizeof cache, "%s/kvm.verdict", dir);
	snprintf(device, sizeof device, "%s/kvm", dir);
	snprintf(emulator, sizeof emulator, "%s/qemu", dir);
	means = (struct accel_means){device, emulator, kernel, cache};
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static bool is_kept(void)
{
	return !access(cache, F_OK);
}

START_TEST(panic_is_proof)
{
	qemu("#!/bin/sh\nprintf 'Linux version 6\\r\\n'; printf 'Kernel pan'; sleep 0.1; echo ic - "
	     "VFS\n");
	ck_assert_msg(probe() == ACCEL_WORKS, "%s", why);
	ck_assert(strstr(why, "KVM works"));
}
END_TEST

/* With a machine type that every QEMU has. */
START_TEST(machine)
{
	qemu("#!/bin/sh\ncase \"$*\" in *'-machine q35,accel=kvm '*|*'-machine virt,accel=kvm '*)\n"
	     "echo Kernel panic;; esac\n");
	ck_assert_msg(probe() == ACCEL_WORKS, "%s", why);
}
END_TEST

START_TEST(no_device)
{
	ck_assert_int_eq(unlink(device), 0);
	ck_assert_int_eq(probe(), ACCEL_NONE);
	ck_assert_msg(!strncmp(why, "emulation: /", 12), "%s", why);
	ck_assert_msg(strstr(why, "/kvm: No such file or directory"), "%s", why);
	ck_assert(!is_kept());
}
END_TEST

START_TEST(exit_is_no_proof)
{
	qemu("#!/bin/sh\necho booting; echo 'could not: reason'; exit 1\n");
	ck_assert_int_eq(probe(), ACCEL_BROKEN);
	ck_assert_msg(strstr(why, "failed: could not: reason") != NULL, "%s", why);
	ck_assert(is_kept());
}
END_TEST

/* The host may be busy: that is not for ever. */
START_TEST(hang_is_ended)
{
	qemu("#!/bin/sh\nexec sleep 60\n");
	ck_assert_int_eq(probe(), ACCEL_HUNG);
	ck_assert_msg(strstr(why, "hung for 15 s") != NULL, "%s", why);
	ck_assert(!is_kept());
}
END_TEST

/* No QEMU that we can start says nothing of KVM. */
START_TEST(without_an_emulator)
{
	ck_assert_int_eq(probe(), ACCEL_UNTRIED);
	ck_assert_msg(strstr(why, "not tested: cannot run") != NULL, "%s", why);
	ck_assert(!is_kept());
}
END_TEST

START_TEST(verdict_is_kept)
{
	FILE *f;
	char first[128], other[80];

	qemu("#!/bin/sh\necho Kernel panic\n");
	ck_assert_int_eq(probe(), ACCEL_WORKS);
	qemu("#!/bin/sh\nexit 1\n");
	ck_assert_int_eq(probe(), ACCEL_WORKS);
	ck_assert(strstr(why, "KVM works"));
	/* Another emulator: tested anew. */
	snprintf(other, sizeof other, "%s/./qemu", dir);
	means.emulator = other;
	ck_assert_int_eq(probe(), ACCEL_BROKEN);
	means.emulator = emulator;
	qemu("#!/bin/sh\necho Kernel panic\n");
	ck_assert_int_eq(probe(), ACCEL_WORKS);
	/* Another boot of the host. */
	qemu("#!/bin/sh\nexit 1\n");
	f = fopen(cache, "r+");
	ck_assert_ptr_nonnull(fgets(first, sizeof first, f));
	rewind(f);
	fputs("00000000", f);
	fclose(f);
	ck_assert_int_eq(probe(), ACCEL_BROKEN);
	/* A damaged file is no verdict. */
	put("kvm.verdict", "kvm\n", 0644);
	qemu("#!/bin/sh\necho Kernel panic\n");
	ck_assert_int_eq(probe(), ACCEL_WORKS);
}
END_TEST

START_TEST(what_is_used)
{
	static const bool kvm[] = {false, false, false, true, true},
			  lasts[] = {false, true, false, false, true};

	for (enum accel a = ACCEL_NONE; a <= ACCEL_WORKS; a++) {
		ck_assert(accel_is_kvm(a) == kvm[a]);
		ck_assert(accel_lasts(a) == lasts[a]);
	}
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
	tcase_add_test(t, machine);
	tcase_add_test(t, no_device);
	tcase_add_test(t, exit_is_no_proof);
	tcase_add_test(t, hang_is_ended);
	tcase_add_test(t, without_an_emulator);
	tcase_add_test(t, verdict_is_kept);
	tcase_add_test(t, what_is_used);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
