/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of bare machines as CSV and XML: what is read, what is said of what cannot be, and usher/lab/list.rng with the same
 * verdict. */
#include "usher/lab/list.h"
#include "tests/unit/schema.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

static struct lab *list;
static char why[LAB_WHY];

static int read_text(const char *text)
{
	list = NULL;
	return list_read(text, strlen(text), "l", &list, why, sizeof why);
}

/* "NAME:LINE {BODY}" for each machine, a line each. */
static void ck_machines(const char *want)
{
	char got[4096] = "";
	size_t n = 0;

	for (size_t i = 0; i < list->n_machines; i++) {
		const struct lab_machine *m = &list->machines[i];
		char *body = json_dumps(m->body, JSON_SORT_KEYS | JSON_COMPACT);

		n += (size_t)snprintf(got + n, sizeof got - n, "%s%s:%ld %s", n ? "\n" : "",
			m->name, m->line, body);
		free(body);
	}
	ck_assert_str_eq(got, want);
	lab_free(list);
	list = NULL;
}

START_TEST(reads_csv)
{
	ck_assert_msg(
		read_text(
			"\xef\xbb\xbfset.disk,name,mac,address,profile,segment,power,arm,sealed,note,labels\r\n"
			"\"a,\"\"b\",n1,02-00-00-00-00-0A,10.0.0.5,p,s,wol:,yes,no,N,rack=1=2 a=b\r\n\r\n"
			",n2,02:00:00:00:00:02,,,,,,,,\r\n"
			"\"x\ny\",n3,02:00:00:00:00:03,fd00::3,,,,no,,,") == 0,
		"%s", why);
	ck_machines(
		"n1:2 {\"address\":\"10.0.0.5\",\"arm\":true,\"labels\":{\"a\":\"b\",\"rack\":\"1=2\"},"
		"\"mac\":\"02:00:00:00:00:0a\",\"name\":\"n1\",\"note\":\"N\","
		"\"power\":\"wol:\",\"profile\":\"p\",\"sealed\":false,\"segment\":\"s\",\"settings\":{"
		"\"disk\":\"a,\\\"b\"}}\n"
		"n2:4 {\"mac\":\"02:00:00:00:00:02\",\"name\":\"n2\"}\n"
		"n3:5 {\"address\":\"fd00::3\",\"arm\":false,\"mac\":\"02:00:00:00:00:03\",\"name\":\"n3\","
		"\"settings\":{\"disk\":\"x\\ny\"}}");
}
END_TEST

START_TEST(reads_xml)
{
	static const char xml[] =
		"<machines>\n<machine name='n1' mac='02:00:00:00:00:01'/>\n"
		"<machine name='n2' mac='02:00:00:00:00:02' address='10.0.0.2' profile='q' arm='no'>"
		"<set name='b'>own</set><ssh-key>" ED "</ssh-key></machine>\n"
		"<defaults profile='p' arm='yes'><set name='a'>1</set><set name='b' file='pw'/>"
		"<first-boot file='s.sh'/></defaults></machines>";

	ck_assert_msg(read_text(xml) == 0, "%s", why);
	ck_assert(schema_takes_text("usher/lab/list.rng", xml));
	ck_machines(
		"n1:2 {\"arm\":true,\"first_boot\":{\"file\":\"s.sh\",\"line\":4},\"mac\":\"02:00:00:00:00:01\","
		"\"name\":\"n1\",\"profile\":\"p\",\"settings\":{\"a\":\"1\",\"b\":{\"file\":\"pw\",\"line\":4}}}\n"
		"n2:3 {\"address\":\"10.0.0.2\",\"arm\":false,\"first_boot\":{\"file\":\"s.sh\",\"line\":4},"
		"\"mac\":\"02:00:00:00:00:02\",\"name\":\"n2\",\"profile\":\"q\",\"settings\":{\"a\":\"1\","
		"\"b\":\"own\"},\"ssh_keys\":[\"" ED "\"]}");
}
END_TEST

/* All that is said, line by line. */
static const struct {
	const char *text, *want;
} csv[] = {
	{"", "l:1: the file is empty: expected a header line like name,mac,profile"},
	{"\n\n", "l:1: the file is empty: expected a header line like name,mac,profile"},
	{"name,mac\n", "l:1: no machine is in it"},
	{"name;mac;x\na;b;c\n", "l:1: the columns are separated by semicolons: expected commas"},
	{"name\tmac\n", "l:1: the columns are separated by tabs: expected commas"},
	{"name,profil\n", "l:1: no column is called 'profil': did you mean 'profile'?"},
	{"name,mac,nonsense\n",
		"l:1: no column is called 'nonsense'; there are name, mac, address, profile, "
		"segment, power, arm, sealed, labels, note, and set.KEY"},
	{"name,mac,set.\n",
		"l:1: no column is called 'set.'; there are name, mac, address, profile, segment, "
		"power, arm, sealed, labels, note, and set.KEY"},
	{"Name,mac\n", "l:1: no column is called 'Name': did you mean 'name'?"},
	{"name,name\n",
		"l:1: column 'name' is there twice\nl:1: the header line lacks column 'mac'"},
	{"name,mac,set.a,set.a\n", "l:1: column 'set.a' is there twice"},
	{"profile\n",
		"l:1: the header line lacks column 'name'\nl:1: the header line lacks column 'mac'"},
	{"name,mac\na\nb,c,d\n",
		"l:2: 1 columns; the header line has 2\nl:3: 3 columns; the header line has 2"},
	{"name,mac\n,02:00:00:00:00:01\na,\n", "l:2: name is empty\nl:3: mac is empty"},
	{"name,mac\nA,02:00:00:00:00:01\n",
		"l:2: 'A' cannot be a machine's name: only a-z, 0-9 and - may be in it"},
	{"name,mac,address,profile,segment,arm,sealed\na,b,c,d e,f g,h,i\n",
		"l:2: mac 'b': expected a MAC like 52:54:00:12:34:56\n"
		"l:2: address 'c': expected an IPv4 or IPv6 address\n"
		"l:2: profile 'd e': expected a name of letters, digits, '-', '_' and '.', of at most 63\n"
		"l:2: segment 'f g': expected a name of letters, digits, '-', '_' and '.', of at most 63\n"
		"l:2: arm 'h': expected yes or no\n"
		"l:2: sealed 'i': expected yes or no"},
	{"name,mac,labels\na,02:00:00:00:00:01,rack\nb,02:00:00:00:00:02,Rack=1\n"
	 "c,02:00:00:00:00:03,a=1  b=2\nd,02:00:00:00:00:04,a=1 a=2\n",
		"l:2: labels 'rack': expected labels like rack=12 gpu=no, a blank between\n"
		"l:3: labels 'Rack=1': expected labels like rack=12 gpu=no, a blank between\n"
		"l:4: labels 'a=1  b=2': expected labels like rack=12 gpu=no, a blank between\n"
		"l:5: labels 'a=1 a=2': expected labels like rack=12 gpu=no, a blank between"},
	{"name,mac\na,02:00:00:00:00:01\na,02:00:00:00:00:02\n",
		"l:3: the name 'a' is taken on line 2"},
	{"name,mac\na,02:00:00:00:00:0a\nb,02-00-00-00-00-0A\n",
		"l:3: MAC 02:00:00:00:00:0a is taken on line 2"},
	{"name,mac,address\na,02:00:00:00:00:01,10.0.0.1\nb,02:00:00:00:00:02,10.0.0.1\n",
		"l:3: address 10.0.0.1 is taken on line 2"},
	{"name,mac,power\na,02:00:00:00:00:01,relative/path\n",
		"l:2: power: 'relative/path' is neither ipmi://…, redfish://…, wol: nor the absolute path of "
		"an executable"},
	{"name,mac\na,\"02\nb,x\n", "l:2: a field begins with a quote that is never closed"},
	{"name,mac\na\"\nb,02:00\n",
		"l:2: a quote stands in a field without quotes around it\n"
		"l:3: mac '02:00': expected a MAC like 52:54:00:12:34:56"},
	{"name,\"ma\nc\"\n", "l:1: no column is called 'ma c': did you mean 'mac'?"},
};

START_TEST(refuses_csv)
{
	ck_assert_int_eq(read_text(csv[_i].text), -EINVAL);
	ck_assert_ptr_null(list);
	ck_assert_str_eq(why, csv[_i].want);
}
END_TEST

#define BEYOND true
static const struct {
	const char *body, *want;
	bool beyond; /* the schema takes it */
} xml[] = {
	{"", "l:1: no machine is in it", false},
	{"<machin/>", "l:2: <machines> has no element <machin>: did you mean <machine>?", false},
	{"<machine name='a'/>", "l:2: <machine> lacks mac='…'", false},
	{"<machine mac='02:00:00:00:00:01'/>", "l:2: <machine> lacks name='…'", false},
	{"<machine name='a' mac='x'/>",
		"l:2: <machine mac='x'>: expected a MAC like 52:54:00:12:34:56", false},
	{"<machine name='a' mac='02:00:00:00:00:01' ip='10.0.0.1'/>",
		"l:2: <machine> has no attribute 'ip'; it has name, mac, address, profile, segment, power, arm, "
		"sealed, labels, note",
		false},
	{"<machine name='a' mac='02:00:00:00:00:01' labels='Rack=1'/>",
		"l:2: <machine labels='Rack=1'>: expected labels like rack=12", false},
	{"<machine name='a' mac='02:00:00:00:00:01' labels='rack=1 '/>",
		"l:2: <machine labels='rack=1 '>: expected labels like rack=12", false},
	{"<machine name='a' mac='02:00:00:00:00:01'/>\n<machine name='a' mac='02:00:00:00:00:02'/>",
		"l:3: the name 'a' is taken on line 2", BEYOND},
	{"<machine name='a' mac='02:00:00:00:00:01' power='ftp://x'/>", "l:2: power: ", BEYOND},
	{"<machine name='a' mac='02:00:00:00:00:01'><disk size='1'/></machine>",
		"l:2: <machine> has no element <disk>; it has set, ssh-key, first-boot", false},
	{"<defaults name='a'/><machine name='a' mac='02:00:00:00:00:01'/>",
		"l:2: <defaults> has no attribute 'name'", false},
	{"<defaults/><defaults/><machine name='a' mac='02:00:00:00:00:01'/>",
		"l:2: a second <defaults> in <machines>", false},
};

START_TEST(refuses_xml)
{
	char text[1024];

	snprintf(text, sizeof text, "<machines>\n%s</machines>", xml[_i].body);
	ck_assert_int_eq(read_text(text), -EINVAL);
	ck_assert_msg(!strncmp(why, xml[_i].want, strlen(xml[_i].want)), "%s: %s", text, why);
	ck_assert_msg(schema_takes_text("usher/lab/list.rng", text) == xml[_i].beyond, "%s", text);
}
END_TEST

START_TEST(refuses_others)
{
	ck_assert_int_eq(read_text("<lab name='a'/>"), -EINVAL);
	ck_assert_str_eq(why, "l:1: expected <machines>, found <lab>");
	ck_assert_int_eq(read_text(" \n<machines"), -EINVAL);
	ck_assert(!strncmp(why, "l:2: ", 5));
}
END_TEST

/* So many faults that not all have room: whole lines, and no more than fit. */
START_TEST(many_faults)
{
	char *text = malloc(100000);
	size_t n = (size_t)sprintf(text, "name,mac\n");

	for (int i = 0; i < 2000; i++)
		n += (size_t)sprintf(text + n, "n%d,x\n", i);
	ck_assert_int_eq(read_text(text), -EINVAL);
	ck_assert_uint_lt(strlen(why), sizeof why);
	ck_assert_uint_gt(strlen(why), sizeof why - 100);
	ck_assert(!strncmp(strrchr(why, '\n') + 1, "l:", 2));
	ck_assert_str_eq(why + strlen(why) - 5, "34:56");
	free(text);
}
END_TEST

START_TEST(bounds)
{
	char *text = malloc(LAB_FILE_MAX + 100);
	size_t n = (size_t)sprintf(text, "name,mac\n");

	for (int i = 0; i < LIST_MACHINES_MAX; i++)
		n += (size_t)sprintf(text + n, "n%d,02:00:00:00:%02x:%02x\n", i, i / 256, i % 256);
	ck_assert_int_eq(read_text(text), 0);
	ck_assert_uint_eq(list->n_machines, LIST_MACHINES_MAX);
	lab_free(list);
	sprintf(text + n, "one-more,02:00:00:01:00:00\n");
	ck_assert_int_eq(read_text(text), -EINVAL);
	ck_assert_str_eq(why, "l:1002: a list has at most 1000 machines");
	memset(text, '\n', LAB_FILE_MAX + 1);
	ck_assert_int_eq(list_read(text, LAB_FILE_MAX + 1, "l", &list, why, sizeof why), -EINVAL);
	ck_assert_str_eq(why, "l:1: a list has at most 4194304 bytes");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *t = tcase_create("list");
	SRunner *r;
	int failed;

	tcase_add_test(t, reads_csv);
	tcase_add_test(t, reads_xml);
	tcase_add_loop_test(t, refuses_csv, 0, (int)(sizeof csv / sizeof *csv));
	tcase_add_loop_test(t, refuses_xml, 0, (int)(sizeof xml / sizeof *xml));
	tcase_add_test(t, refuses_others);
	tcase_add_test(t, many_faults);
	tcase_add_test(t, bounds);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
