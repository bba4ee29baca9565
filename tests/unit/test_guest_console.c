/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consoles that do not open, against libvirt's test driver, which has none; lab_console is about those that do. */
#include "guest/guest.h"

#include <check.h>
#include <errno.h>
#include <libvirt/libvirt.h>
#include <stdlib.h>

static struct mailbox home;
static struct guests *guests;
static unsigned looks;

static void look(void *arg)
{
	ck_assert_ptr_eq(arg, &home);
	looks++;
}

static void setup(void)
{
	struct guests_config config = {.home = &home, .uri = "test:///default"};

	looks = 0;
	ck_assert_int_eq(mailbox_init(&home), 0);
	ck_assert_int_eq(guests_new(&config, &guests), 0);
	guests_connect(guests);
}

static void teardown(void)
{
	guests_free(guests);
	mailbox_fini(&home);
}

/* The domain "test", which is there and runs. */
static void uuid_of_test(char uuid[UUID_TEXT])
{
	virConnectPtr v = virConnectOpen("test:///default");
	virDomainPtr d = virDomainLookupByName(v, "test");

	ck_assert_int_eq(virDomainGetUUIDString(d, uuid), 0);
	virDomainFree(d);
	virConnectClose(v);
}

static void ends(const char *uuid, int rc)
{
	struct guest_console_news news = {0};
	struct guest_console *c;

	ck_assert_int_eq(guest_console_open(guests, uuid, look, &home, &c), 0);
	/* its end can be taken before the call to look arrives */
	for (int i = 0; i < 500 && (!news.over || !looks); i++) {
		mailbox_wait(&home, 20);
		if (!news.over)
			guest_console_take(c, &news);
	}
	ck_assert(news.over);
	ck_assert(!news.open);
	ck_assert_int_eq(news.rc, rc);
	ck_assert_str_ne(news.why, "");
	ck_assert_ptr_null(news.bytes);
	ck_assert_uint_eq(looks, 1);
	ck_assert_int_eq(guest_console_send(c, "x", 1), -EPIPE);
	guest_console_close(c);
}

START_TEST(test_none)
{
	char uuid[UUID_TEXT];

	ends("00000000-0000-4000-8000-000000000001", -ENOENT);
	looks = 0;
	uuid_of_test(uuid);
	ends(uuid, -EOPNOTSUPP);
}
END_TEST

/* Whoever closes it hears no more of it, however early. */
START_TEST(test_closed_at_once)
{
	char uuid[UUID_TEXT];

	uuid_of_test(uuid);
	for (int i = 0; i < 50; i++) {
		struct guest_console *c;

		ck_assert_int_eq(guest_console_open(guests, uuid, look, &home, &c), 0);
		guest_console_close(c);
	}
	guest_console_close(NULL);
	for (int i = 0; i < 10; i++)
		mailbox_wait(&home, 5);
	ck_assert_uint_eq(looks, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guest_console");
	TCase *t = tcase_create("guest_console");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_none);
	tcase_add_test(t, test_closed_at_once);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
