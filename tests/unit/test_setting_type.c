/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/setting_type.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct profile_setting of(enum profile_setting_type type, const char *def)
{
	struct profile_setting s = {.name = "x",
		.type = type,
		.def = (char *)(uintptr_t)def,
		.max = SETTING_NUMBER_MAX};

	return s;
}

static bool good(enum profile_setting_type type, const char *value)
{
	struct profile_setting s = of(type, "");
	char buf[128];

	return !setting_type_expected(&s, value, buf, sizeof buf);
}

START_TEST(names)
{
	enum profile_setting_type type;
	char known[256];

	for (int i = 0; i < SETTING_TYPES; i++) {
		ck_assert_int_eq(setting_type_parse(setting_type_name((enum profile_setting_type)i),
					 &type, known, sizeof known),
			0);
		ck_assert_int_eq((int)type, i);
	}
	ck_assert_int_lt(setting_type_parse("bool", &type, known, sizeof known), 0);
	ck_assert_str_eq(known,
		"text, password, number, boolean, list, hostname, address, url, size, timezone, "
		"user, disk, disks, cards or pairs");
	ck_assert_int_lt(setting_type_parse("bool", &type, known, 8), 0);
	ck_assert_str_eq(known, "text, p");
}
END_TEST

START_TEST(values)
{
	static const struct {
		enum profile_setting_type type;
		const char *good[6], *bad[8];
	} rows[] = {
		{SETTING_TEXT, {"", "a b\n"}, {NULL}},
		{SETTING_NUMBER, {"", "0", "007", "1000000000"},
			{"-1", "1x", " 1", "1000000001", "99999999999999999999"}},
		{SETTING_BOOLEAN, {"", "yes", "no"}, {"true", "1", "Yes"}},
		{SETTING_LIST, {"", "a b"}, {NULL}},
		{SETTING_PAIRS, {"", "a=b", " a.b-c_9=http://x/?y=z\n b='q' "},
			{"a", "a=", "=b", "a=b c", "a b=c", "a/b=c", "'a'=b"}},
		{SETTING_HOSTNAME, {"", "a", "a-1.b.example"},
			{"a_b", "-a", "a-", "a..b", "a.", ".a", "a b"}},
		{SETTING_ADDRESS, {"", "10.0.0.1"}, {"10.0.0", "10.0.0.256", "a", "10.0.0.1/24"}},
		{SETTING_URL, {"", "http://a", "https://u:p@[::1]:80/b?c", "nfs://a:/b"},
			{"a", "http://", "http:///x", "http://a b", "http://a\n", "file:///x",
				"http://a\"b"}},
		{SETTING_SIZE, {"", "1", "512M", "20G", "1TiB"},
			{"0", "1K", "1GB", "1.5G", "G", "-1", "1Gx", "99999999999"}},
		{SETTING_TIMEZONE, {"", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires"},
			{"berlin", "Europe/", "/Berlin", "Europe//Berlin", "Europe Berlin", "+5",
				"a\nb"}},
		{SETTING_USER, {"", "ann", "web-admin", "_apt"},
			{"Bob Smith", "-a", "a:b", "12", "a\nb", "a'b"}},
		{SETTING_DISK, {"", "vda", "nvme0n1", "disk/by-id/ata-A.B_c:1", "sda,sdb"},
			{"/dev/vda", "vda\"\n        wipe: \"x", "a b", "../x", "a//b", "$x"}},
		{SETTING_DISK, {"serial=S3Z1NB0K", "serial=WD-WX 12/3:4", "serial=_"},
			{"serial=", "serial= a", "serial=a ", "serial=a'b", "serial=$(x)",
				"serial=a\nb", "serial=\xc3\xa4", "serial=a*"}},
		{SETTING_DISK,
			{"wwn=0x5000c500a1b2c3d4", "wwn=naa.600508B1001c7e3f600508b1001c7e3f",
				"wwn=eui.0025385b71b00a2e"},
			{"wwn=", "wwn=5000c500a1b2c3d4", "wwn=0x5000c500a1b2c3d",
				"wwn=0x5000c500a1b2c3dg", "wwn=0x5000c500a1b2c3d4 ",
				"wwn=0x5000c500a1b2c3d45"}},
		{SETTING_DISK, {"size=480G", "size=1.92T", "size=20GiB", "size=0.5TB", "size=512M"},
			{"size=", "size=480", "size=0480G", "size=0G", "size=1.9234T", "size=.5T",
				"size=480K", "size=480G+"}},
		{SETTING_DISK,
			{"smallest", "largest", "smallest-ssd", "largest-hdd", "largest-nvme"},
			{"largest-", "largest-sata", "smallest ssd", "largestssd", "smallest=1"}},
		{SETTING_DISKS,
			{"", "all", "vda", " serial=A,B_1\n nvme0n1\tsmallest-ssd ",
				"wwn=0x5000c500a1b2c3d4 size=480G"},
			{"all vda", "vda,sda", "vd*", "vda /dev/sda", "vda $(x)",
				"vda serial=", "vda 'sda'", "vda ../x"}},
		{SETTING_CARDS,
			{"", "all", "52:54:00:00:00:01,52:54:00:00:00:02",
				" 52:54:00:00:00:0A 52-54-00-00-00-0b\n,52:54:00:00:00:0c"},
			{"52:54:00:00:00:01", "all,all", "eth0 eth1",
				"52:54:00:00:00:01,52:54:00:00:00:01",
				"52:54:00:00:00:01,01:00:5e:00:00:01", "52:54:00:00:00:01,'",
				"52:54:00:00:00:01 52:54:00:00:00:02 52:54:00:00:00:03 52:54:00:00:00:04 "
				"52:54:00:00:00:05 52:54:00:00:00:06 52:54:00:00:00:07 52:54:00:00:00:08 "
				"52:54:00:00:00:09"}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t n = 0; n < 6 && rows[i].good[n]; n++)
			ck_assert_msg(good(rows[i].type, rows[i].good[n]), "%s: '%s'",
				setting_type_name(rows[i].type), rows[i].good[n]);
		for (size_t n = 0; n < 8 && rows[i].bad[n]; n++)
			ck_assert_msg(!good(rows[i].type, rows[i].bad[n]), "%s: '%s'",
				setting_type_name(rows[i].type), rows[i].bad[n]);
	}
}
END_TEST

/* With a default there is no saying nothing, where nothing is no value. */
START_TEST(empty)
{
	struct profile_setting number = of(SETTING_NUMBER, "1"),
			       boolean = of(SETTING_BOOLEAN, "yes"),
			       url = of(SETTING_URL, "http://a");
	char buf[128];

	ck_assert_str_eq(setting_type_expected(&number, "", buf, sizeof buf), "a number");
	ck_assert_str_eq(setting_type_expected(&boolean, "", buf, sizeof buf), "yes or no");
	ck_assert_ptr_null(setting_type_expected(&url, "", buf, sizeof buf));
}
END_TEST

START_TEST(bounds)
{
	struct profile_setting s = of(SETTING_NUMBER, "");
	char buf[128];

	s.min = 2;
	s.max = 9;
	ck_assert_str_eq(setting_type_expected(&s, "1", buf, sizeof buf), "a number from 2 to 9");
	ck_assert_str_eq(setting_type_expected(&s, "10", buf, sizeof buf), "a number from 2 to 9");
	ck_assert_ptr_null(setting_type_expected(&s, "2", buf, sizeof buf));
	ck_assert_ptr_null(setting_type_expected(&s, "9", buf, sizeof buf));
}
END_TEST

static void gives(enum profile_setting_type type, const char *value, const char *want)
{
	struct profile_setting s = of(type, "");
	json_t *v = setting_type_value(&s, value);
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	ck_assert_str_eq(text, want);
	free(text);
	json_decref(v);
}

START_TEST(for_templates)
{
	gives(SETTING_DISKS, "all", "[\"all\"]");
	gives(SETTING_DISKS, " vda serial=A,1\n", "[\"vda\",\"serial=A,1\"]");
	gives(SETTING_CARDS, "all", "[\"all\"]");
	gives(SETTING_CARDS, "52-54-00-00-00-0B, 52:54:00:00:00:0c",
		"[\"52:54:00:00:00:0b\",\"52:54:00:00:00:0c\"]");
	gives(SETTING_TEXT, "a b", "\"a b\"");
	gives(SETTING_NUMBER, "5", "\"5\"");
	gives(SETTING_BOOLEAN, "yes", "true");
	gives(SETTING_BOOLEAN, "no", "false");
	gives(SETTING_BOOLEAN, "", "false");
	gives(SETTING_LIST, " a\n\tbc  d ", "[\"a\",\"bc\",\"d\"]");
	gives(SETTING_LIST, "", "[]");
	gives(SETTING_SIZE, "512", "\"512\"");
	gives(SETTING_SIZE, "2GiB", "\"2048\"");
	gives(SETTING_SIZE, "1T", "\"1048576\"");
	gives(SETTING_SIZE, "", "\"\"");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("setting_type");
	TCase *t = tcase_create("setting_type");
	SRunner *r;
	int failed;

	tcase_add_test(t, names);
	tcase_add_test(t, values);
	tcase_add_test(t, empty);
	tcase_add_test(t, bounds);
	tcase_add_test(t, for_templates);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
