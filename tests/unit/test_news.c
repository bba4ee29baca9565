/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/news.h"

#include <check.h>
#include <libvirt/libvirt.h>

static void means(int event, int detail, enum guest_event what, enum guest_state state)
{
	const struct news_kind *k = news_kind(event, detail);

	ck_assert_ptr_nonnull(k);
	ck_assert_int_eq(k->what, what);
	ck_assert_int_eq(k->state, state);
}

/* One that suspended itself does not run: to RAM, and to disk, which QEMU tells before it ends. */
START_TEST(sleep_and_wake)
{
	means(VIR_DOMAIN_EVENT_PMSUSPENDED, VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY, GUEST_PAUSED,
		GUEST_HELD);
	means(VIR_DOMAIN_EVENT_PMSUSPENDED, VIR_DOMAIN_EVENT_PMSUSPENDED_DISK, GUEST_PAUSED,
		GUEST_HELD);
	means(VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_WAKEUP, GUEST_STARTED,
		GUEST_RUNNING);
}
END_TEST

START_TEST(details_first)
{
	means(VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN, GUEST_STOPPED_SELF,
		GUEST_OFF);
	means(VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED, GUEST_KILLED,
		GUEST_OFF);
	ck_assert_ptr_null(
		news_kind(VIR_DOMAIN_EVENT_SHUTDOWN, VIR_DOMAIN_EVENT_SHUTDOWN_FINISHED));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("news");
	TCase *t = tcase_create("news");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, sleep_and_wake);
	tcase_add_test(t, details_first);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
