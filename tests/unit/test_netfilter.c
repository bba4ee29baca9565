/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our packet filters in a libvirt that has some, none, or does not answer: its calls are found here before libvirt's. */
#include "guest/netfilter.h"

#include "core/uuid.h"

#include <check.h>
#include <errno.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#define FILTER ((virNWFilterPtr)&has)

/* The code of the error for a filter that is not found; VIR_ERR_OK: all are there. */
static struct {
	int clean, ours;
	const char *uuid; /* of each */
	unsigned defined;
} has;
static virError last;
static char why[256];

virNWFilterPtr virNWFilterLookupByName(virConnectPtr conn, const char *name)
{
	(void)conn;
	last = (virError){.code = strcmp(name, NETFILTER_CLEAN) ? has.ours : has.clean,
		.domain = VIR_FROM_NWFILTER,
		.message = (char *)"as the test wants"};
	return last.code ? NULL : FILTER;
}

virErrorPtr virGetLastError(void)
{
	return last.code ? &last : NULL;
}

int virNWFilterGetUUIDString(virNWFilterPtr f, char *ret)
{
	ck_assert_ptr_eq(f, FILTER);
	memcpy(ret, has.uuid, UUID_TEXT);
	return 0;
}

virNWFilterPtr virNWFilterDefineXML(virConnectPtr conn, const char *xml)
{
	(void)conn;
	ck_assert_ptr_nonnull(strstr(xml, "<filter name='usher-"));
	has.defined++;
	return FILTER;
}

int virNWFilterUndefine(virNWFilterPtr f)
{
	(void)f;
	return 0;
}

int virNWFilterFree(virNWFilterPtr f)
{
	ck_assert_ptr_eq(f, FILTER);
	return 0;
}

static void setup(void)
{
	memset(&has, 0, sizeof has);
	has.uuid = "00000000-0000-4000-8000-000000000000";
	why[0] = '\0';
}

static int need(void)
{
	return netfilter_need(NULL, why, sizeof why);
}

START_TEST(made)
{
	has.ours = VIR_ERR_NO_NWFILTER;
	ck_assert_int_eq(need(), 0);
	ck_assert_uint_eq(has.defined, 6);
}
END_TEST

/* A site's own of the same names are left. */
START_TEST(theirs)
{
	ck_assert_int_eq(need(), 0);
	ck_assert_uint_eq(has.defined, 0);
}
END_TEST

START_TEST(none)
{
	has.clean = VIR_ERR_NO_NWFILTER;
	ck_assert_int_eq(need(), -ENOENT);
	has.clean = VIR_ERR_NO_SUPPORT;
	ck_assert_int_eq(need(), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "no filter clean-traffic"));
	ck_assert_uint_eq(has.defined, 0);
}
END_TEST

/* Is it there? A libvirt that cannot say is not one without. */
START_TEST(no_answer)
{
	has.clean = VIR_ERR_SYSTEM_ERROR;
	ck_assert_int_eq(need(), -EIO);
	ck_assert_str_eq(why, "filter clean-traffic: as the test wants");
	has.clean = VIR_ERR_RPC;
	ck_assert_int_eq(need(), -ENOTCONN);
	has.clean = VIR_ERR_OK;
	has.ours = VIR_ERR_ACCESS_DENIED;
	ck_assert_int_eq(need(), -EACCES);
	ck_assert_uint_eq(has.defined, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("netfilter");
	TCase *t = tcase_create("netfilter");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, made);
	tcase_add_test(t, theirs);
	tcase_add_test(t, none);
	tcase_add_test(t, no_answer);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
