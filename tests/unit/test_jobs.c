/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libvirt whose connection is well while a daemon behind it is away: its look-up is found here before libvirt's. */
#include "guest/guest.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdatomic.h>
#include <stdlib.h>

static struct mailbox home;
static struct guests *guests;
static atomic_uint faults; /* look-ups that fail */
static _Thread_local bool failed;
static unsigned connected, disconnected, done;
static int rc;

virDomainPtr virDomainLookupByName(virConnectPtr conn, const char *name)
{
	virDomainPtr (*real)(virConnectPtr, const char *);

	*(void **)&real = dlsym(RTLD_NEXT, "virDomainLookupByName");
	failed = faults && faults--;
	return failed ? NULL : real(conn, name);
}

virErrorPtr virGetLastError(void)
{
	static virError away = {.code = VIR_ERR_SYSTEM_ERROR,
		.domain = VIR_FROM_RPC,
		.message = (char *)"Failed to connect socket to 'virtlogd-sock'"};
	virErrorPtr (*real)(void);

	*(void **)&real = dlsym(RTLD_NEXT, "virGetLastError");
	return failed ? &away : real();
}

static void on_connected(void *arg)
{
	(void)arg;
	connected++;
}

static void on_disconnected(void *arg, const char *why)
{
	(void)arg, (void)why;
	disconnected++;
}

static void on_status(void *arg, int r, const struct guest_status *st, const char *why)
{
	(void)arg, (void)st, (void)why;
	rc = r;
	done++;
}

static void setup(void)
{
	struct guests_config config = {.home = &home,
		.uri = "test:///default",
		.connected = on_connected,
		.disconnected = on_disconnected};

	connected = disconnected = done = 0;
	ck_assert_int_eq(mailbox_init(&home), 0);
	ck_assert_int_eq(guests_new(&config, &guests), 0);
}

static void teardown(void)
{
	guests_free(guests);
	mailbox_fini(&home);
}

static int status(unsigned n_faults)
{
	unsigned before = done;

	faults = n_faults;
	ck_assert_int_eq(guest_status(guests, "test", on_status, NULL), 0);
	for (int i = 0; i < 500 && done == before; i++)
		mailbox_wait(&home, 20);
	for (int i = 0; i < 5; i++)
		mailbox_wait(&home, 10);
	return rc;
}

/* What libvirtd keeps to such a daemon is new on a new connection. */
START_TEST(mended_by_a_new_connection)
{
	ck_assert_int_eq(status(1), 0);
	ck_assert_uint_eq(connected, 2);
	ck_assert_uint_eq(disconnected, 1);
}
END_TEST

/* The new one is kept. */
START_TEST(not_mended)
{
	ck_assert_int_eq(status(2), -EIO);
	ck_assert_uint_eq(connected, 2);
	ck_assert_uint_eq(disconnected, 1);
	ck_assert(guests_connected(guests));
	ck_assert_int_eq(status(2), -EIO); /* nor is another one opened at once */
	ck_assert_int_eq(status(1), 0);
	ck_assert_uint_eq(connected, 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("jobs");
	TCase *t = tcase_create("jobs");
	SRunner *r = srunner_create(s);
	int n;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, mended_by_a_new_connection);
	tcase_add_test(t, not_mended);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	n = srunner_ntests_failed(r);
	srunner_free(r);
	return n ? EXIT_FAILURE : EXIT_SUCCESS;
}
