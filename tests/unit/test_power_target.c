/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/power_target.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct power_target t;
static char why[300];

static int parse(const char *text)
{
	why[0] = '\0';
	return power_target_parse(text, &t, why, sizeof why);
}

START_TEST(executables)
{
	ck_assert_int_eq(parse("/etc/usher/power/plug"), 0);
	ck_assert_int_eq(t.kind, POWER_FILE);
	ck_assert(!power_target_needs_password(&t));
}
END_TEST

START_TEST(controllers)
{
	ck_assert_int_eq(parse("ipmi://admin@10.0.0.5"), 0);
	ck_assert_int_eq(t.kind, POWER_IPMI);
	ck_assert_str_eq(t.user, "admin");
	ck_assert_str_eq(t.host, "10.0.0.5");
	ck_assert_uint_eq(t.port, 623);
	ck_assert_int_eq(t.cipher, -1);
	ck_assert(!t.administrator);
	ck_assert_int_eq(t.boot, POWER_BOOT_AUTO);
	ck_assert_uint_eq(t.spacing_ms, POWER_SPACING_MS);
	ck_assert(power_target_needs_password(&t));

	ck_assert_int_eq(
		parse("ipmi://us%40er@bmc-7.lab:6230/?cipher=17&boot=uefi&spacing=5&level=administrator"),
		0);
	ck_assert(t.administrator);
	ck_assert_str_eq(t.user, "us@er");
	ck_assert_str_eq(t.host, "bmc-7.lab");
	ck_assert_uint_eq(t.port, 6230);
	ck_assert_int_eq(t.cipher, 17);
	ck_assert_int_eq(t.boot, POWER_BOOT_UEFI);
	ck_assert_uint_eq(t.spacing_ms, 5000);

	ck_assert_int_eq(parse("ipmi://[2001:db8::5]:624"), 0);
	ck_assert_str_eq(t.host, "2001:db8::5");
	ck_assert_uint_eq(t.port, 624);
	ck_assert_str_eq(t.user, "");
	ck_assert_int_eq(parse("ipmi://[fe80::5%eth0]"), 0);
	ck_assert_str_eq(t.host, "fe80::5%eth0");

	ck_assert_int_eq(parse("redfish://root@10.0.0.6/redfish/v1/Systems/1?boot=http"), 0);
	ck_assert_int_eq(t.kind, POWER_REDFISH);
	ck_assert_uint_eq(t.port, 443);
	ck_assert_str_eq(t.system, "/redfish/v1/Systems/1");
	ck_assert_int_eq(t.boot, POWER_BOOT_HTTP);
	ck_assert_int_eq(parse("redfish://root@h/"), 0);
	ck_assert_str_eq(t.system, "");

	ck_assert_int_eq(parse("wol:"), 0);
	ck_assert_int_eq(t.kind, POWER_WOL);
	ck_assert(!power_target_needs_password(&t));
}
END_TEST

/* As openssl x509 -fingerprint prints it. */
START_TEST(fingerprints)
{
	char text[300] = "redfish://a@h?fingerprint=";
	char want[POWER_PIN];

	for (int i = 0; i < 32; i++) {
		strcat(text, i ? ":AB" : "AB");
		memcpy(want + (size_t)i * 2, "ab", 3);
	}
	ck_assert_int_eq(parse(text), 0);
	ck_assert_str_eq(t.pin, want);
	text[strlen(text) - 1] = '\0';
	ck_assert_int_eq(parse(text), -EINVAL);
	ck_assert_msg(strstr(why, "64 hex digits"), "%s", why);
	strcat(text, "BA");
	ck_assert_int_eq(parse(text), -EINVAL);
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "neither"},
		{"plug", "neither"},
		{"IPMI://h", "neither"},
		{"snmp://h", "neither"},
		{"ipmi:h", "followed by //"},
		{"ipmi://", "no name or address"},
		{"ipmi://admin:secret@h", "seen by everyone"},
		{"ipmi://admin%3asecret@h/x", "nothing follows its host"},
		{"ipmi://@h", "user's name"},
		{"ipmi://a%0ab@h", "user's name"},
		{"ipmi://a%4@h", "user's name"},
		{"ipmi://a@-oProxy", "no name or address"},
		{"ipmi://a@h;reboot", "no name or address"},
		{"ipmi://a@2001:db8::1", "port"},
		{"ipmi://a@[2001:db8::1", "']' is missing"},
		{"ipmi://a@[10.0.0.1]", "no name or address"},
		{"ipmi://a@[fe80::1%-x]", "no name or address"},
		{"ipmi://a@h:0", "port"},
		{"ipmi://a@h:65536", "port"},
		{"ipmi://a@h:6x", "port"},
		{"ipmi://a@h?cipher", "needs a value"},
		{"ipmi://a@h?cipher=18", "cipher suite"},
		{"ipmi://a@h?level=user", "operator or administrator"},
		{"ipmi://a@h?cipher=-1", "cipher suite"},
		{"ipmi://a@h?boot=http", "bios or uefi, not"},
		{"ipmi://a@h?boot=auto", "bios or uefi, not"},
		{"ipmi://a@h?spacing=61", "0 to 60"},
		{"ipmi://a@h?fingerprint=00", "no option 'fingerprint'"},
		{"ipmi://a@h?", ""},
		{"ipmi://a@h b", "without spaces"},
		{"redfish://a@h?cipher=3", "no option 'cipher'"},
		{"redfish://a@h/x/../y", "path of its system"},
		{"wol:eth0", "nothing follows"},
		{"wol", "neither"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int rc = parse(cases[i].text);

		ck_assert_msg(rc == (*cases[i].says ? -EINVAL : 0), "%s: %d", cases[i].text, rc);
		ck_assert_msg(strstr(why, cases[i].says), "%s: %s", cases[i].text, why);
		ck_assert_msg(!strstr(why, "secret"), "%s", why);
	}
}
END_TEST

START_TEST(long_ones)
{
	static char text[3000];

	for (size_t n = 1; n < sizeof text - 20; n += 7) {
		strcpy(text, "redfish://");
		memset(text + 10, 'a', n);
		strcpy(text + 10 + n, n % 2 ? "@h" : "");
		ck_assert_int_eq(parse(text),
			n % 2                    ? n < POWER_USER ? 0 : -EINVAL
				: n < POWER_HOST ? 0
						 : -EINVAL);
		strcpy(text, "redfish://h/");
		memset(text + 12, 'a', n);
		text[12 + n] = '\0';
		ck_assert_int_eq(parse(text), n < POWER_SYSTEM - 1 ? 0 : -EINVAL);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("power_target");
	TCase *c = tcase_create("power_target");
	SRunner *r;
	int failed;

	tcase_add_test(c, executables);
	tcase_add_test(c, controllers);
	tcase_add_test(c, fingerprints);
	tcase_add_test(c, refusals);
	tcase_add_test(c, long_ones);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
