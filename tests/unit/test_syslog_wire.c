/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What real senders send, and what comes of it. */
#include "syslogd/syslog_wire.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct sent {
	const char *bytes, *priority, *program, *pid, *text;
};

static const struct sent all[] = {
	/* syslog(3) by way of busybox syslogd -R: no host's name */
	{"<30>Nov 29 22:43:24 main-menu[312]: INFO: Menu item 'x' selected\n", "daemon.info",
		"main-menu", "312", "INFO: Menu item 'x' selected"},
	{"<6>Nov  9 02:03:04 kernel: [    0.000000] Linux version 6.1", "kern.info", "kernel", "",
		"[    0.000000] Linux version 6.1"},
	/* logger --rfc3164, and rsyslog's RSYSLOG_TraditionalForwardFormat */
	{"<13>Nov 29 22:43:24 web01 root: hello", "user.notice", "root", "", "hello"},
	{"<139>Nov 29 22:43:24 web01 anaconda[9]: a: b", "local1.err", "anaconda", "9", "a: b"},
	/* rsyslog's RSYSLOG_ForwardFormat */
	{"<28>2026-11-29T22:43:24.123456+00:00 web01 systemd[1]: Started x.", "daemon.warning",
		"systemd", "1", "Started x."},
	/* the host has no name but an address */
	{"<13>Nov 29 22:43:24 2001:db8::1 root: hello", "user.notice", "root", "", "hello"},
	{"<13>Nov 29 22:43:24 d-i:partman: hello", "user.notice", "d-i:partman", "", "hello"},
	/* no tag, no date, no priority */
	{"<13>Nov 29 22:43:24 no tag is here", "user.notice", "", "", "no tag is here"},
	{"<13>hello world: x", "user.notice", "", "", "hello world: x"},
	{"<13>root: hello", "user.notice", "root", "", "hello"},
	{"just text", "user.notice", "", "", "just text"},
	{"root: text", "user.notice", "root", "", "text"},
	{"1 2 3 4 5 6 - x", "user.notice", "", "", "1 2 3 4 5 6 - x"},
	/* logger, RFC 5424 */
	{"<13>1 2026-11-29T22:43:24.123456+00:00 web01 root - - [timeQuality tzKnown=\"1\" "
	 "isSynced=\"0\"] hello",
		"user.notice", "root", "", "hello"},
	{"<165>1 2003-10-11T22:14:15.003Z m.example evntslog 77 ID47 [a b=\"]\\\"]\"][c] "
	 "\xef\xbb\xbfin UTF-8",
		"local4.notice", "evntslog", "77", "in UTF-8"},
	{"<142>1 2026-11-29T22:43:24.1+00:00 web01 anaconda - - -  from rsyslog", "local1.info",
		"anaconda", "", "from rsyslog"},
	{"<34>1 - - - - - -", "auth.crit", "", "", ""},
	{"<34>1 - - su - ID47 - 'su root' failed", "auth.crit", "su", "", "'su root' failed"},
	/* broken ones: nothing is lost */
	{"<34>1 - - su - ID47 [a b=\"c", "auth.crit", "", "", "1 - - su - ID47 [a b=\"c"},
	{"<192>x", "user.notice", "", "", "<192>x"},
	{"<1234>x", "user.notice", "", "", "<1234>x"},
	{"<>x", "user.notice", "", "", "<>x"},
	{"<", "user.notice", "", "", "<"},
	{"<13>", "user.notice", "", "", ""},
	{"<13>Nov 29 22:43:24 ", "user.notice", "", "", ""},
	{"<13>Nov 29 22:43:24 []: x", "user.notice", "", "", "[]: x"},
	{"<13>: x", "user.notice", "", "", ": x"},
	{"", "user.notice", "", "", ""},
	{"<13>a: two\nlines\r\n\n", "user.notice", "a", "", "two\nlines"},
};

static const char *text_of(struct syslog_part p)
{
	static char text[4][SYSLOG_MESSAGE + 1];
	static int n;
	char *to = text[n++ % 4];

	snprintf(to, sizeof text[0], "%.*s", (int)p.n, p.n ? p.at : "");
	return to;
}

START_TEST(what_is_sent)
{
	const struct sent *s = &all[_i];
	struct syslog_message m;
	char priority[32];

	syslog_wire_read(s->bytes, strlen(s->bytes), &m);
	snprintf(priority, sizeof priority, "%s.%s", syslog_facility_name(m.facility),
		syslog_severity_name(m.severity));
	ck_assert_msg(!strcmp(priority, s->priority) && !strcmp(text_of(m.program), s->program) &&
			!strcmp(text_of(m.pid), s->pid) && !strcmp(text_of(m.text), s->text),
		"'%s': %s '%s' '%s' '%s'", s->bytes, priority, text_of(m.program), text_of(m.pid),
		text_of(m.text));
}
END_TEST

START_TEST(long_ones)
{
	static char bytes[3 * SYSLOG_MESSAGE];
	struct syslog_message m;

	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "<11>a: ", 7);
	syslog_wire_read(bytes, sizeof bytes, &m);
	ck_assert_uint_eq(m.text.n, SYSLOG_MESSAGE - 7);
	memset(bytes, 'x', sizeof bytes);
	bytes[SYSLOG_TAG + 1] = ':'; /* no tag is so long */
	syslog_wire_read(bytes, SYSLOG_TAG + 3, &m);
	ck_assert_uint_eq(m.program.n, 0);
	ck_assert_uint_eq(m.text.n, SYSLOG_TAG + 3);
	syslog_wire_read("<13>a: x\0\n", 10, &m);
	ck_assert_uint_eq(m.text.n, 1);
	ck_assert_str_eq(syslog_facility_name(24), "?");
	ck_assert_str_eq(syslog_severity_name(8), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("syslog_wire");
	TCase *t = tcase_create("syslog_wire");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, what_is_sent, 0, sizeof all / sizeof *all);
	tcase_add_test(t, long_ones);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
