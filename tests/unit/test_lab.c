/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lab files: what is read, what is said about what cannot be, and usher/lab/lab.rng with the same verdict. */
#include "usher/lab/lab.h"
#include "tests/unit/schema.h"

#include <check.h>
#include <errno.h>
#include <libxml/relaxng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

static struct lab *lab;
static char why[LAB_WHY];

static int read_text(const char *text)
{
	lab = NULL;
	return lab_read(text, strlen(text), "lab.xml", &lab, why, sizeof why);
}

static void end(void)
{
	lab_free(lab);
	lab = NULL;
}

static bool schema_takes(const char *xml)
{
	return schema_takes_text("usher/lab/lab.rng", xml);
}

static void good(const char *text)
{
	ck_assert_msg(read_text(text) == 0, "%s", why);
	ck_assert_msg(schema_takes(text), "the schema refuses: %s", text);
}

/* The request for this machine, as JSON with sorted keys. */
static void ck_body(const char *name, const char *want)
{
	for (size_t i = 0; i < lab->n_machines; i++)
		if (!strcmp(lab->machines[i].name, name)) {
			char *text =
				json_dumps(lab->machines[i].body, JSON_SORT_KEYS | JSON_COMPACT);

			ck_assert_str_eq(text, want);
			free(text);
			return;
		}
	ck_abort_msg("no machine %s", name);
}

START_TEST(reads_all)
{
	good("<?xml version='1.0'?>\n<!-- a lab -->\n<lab name='web'>\n"
	     "<machine name='node{08..10}' memory='2G' vcpus='2' ip='10.77.0.254' "
	     "mac='52:54:00:00:00:ff' linked='yes' pool='p'>\n"
	     "<disk size='20'/><disk size='1.5T' pool='slow'/>\n"
	     "<nic network='back' ip='10.78.0.{1..3}' mac='52:54:00:00:01:{08..10}'/>\n"
	     "<set name='k'>v &amp; w</set><set name='p' file='pw'/>\n"
	     "<domain><a xmlns='urn:x' b='1'>t</a></domain></machine>\n"
	     "<defaults profile='tiny' network='lab0' memory='512' autostart='yes'>"
	     "<set name='k'>d</set><set name='e'><!-- none --></set>"
	     "<ssh-key> " ED " me@x\n</ssh-key><ssh-key file='id.pub'/></defaults>\n"
	     "<machine name='web' template='golden' cpu='host-passthrough' firmware='efi-secure' "
	     "graphics='vnc' description='d' os-variant='debian12' linked='no' sealed='yes' "
	     "connect='qemu+ssh://far/system' labels='rack=12 gpu=no' note='n'/>"
	     "<network name='lab0' subnet='10.77.0.0/16' forward='nat' domain='lab.example'/>\n"
	     "</lab>");
	ck_assert_str_eq(lab->name, "web");
	ck_assert_uint_eq(lab->n_networks, 1);
	ck_assert_str_eq(lab->networks[0].name, "lab0");
	ck_assert_uint_eq(lab->n_machines, 4);
	ck_assert_int_eq(lab->machines[0].line, 4);
	ck_body("node08",
		"{\"autostart\":true,\"disk\":21474836480,\"disks\":[{\"pool\":\"slow\",\"size\":"
		"1649267441664}],\"domain\":\"<domain><a xmlns=\\\"urn:x\\\" b=\\\"1\\\">t</a></"
		"domain>\",\"memory\":2147483648,\"name\":\"node08\",\"nics\":[{"
		"\"address\":\"10.77.0.254\",\"mac\":\"52:54:00:00:00:ff\",\"segment\":\"lab0\"},{"
		"\"address\":\"10.78.0.1\",\"mac\":\"52:54:00:00:01:08\",\"segment\":\"back\"}],"
		"\"pool\":\"p\",\"profile\":\"tiny\",\"settings\":{\"e\":\"\",\"k\":\"v & "
		"w\",\"p\":{\"file\":\"pw\",\"line\":7}},\"ssh_keys\":[\"" ED
		" me@x\",{\"file\":\"id.pub\",\"line\":10}],\"vcpus\":2}");
	ck_assert_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(lab->machines[2].body, "nics"), 0),
				 "address")),
		"10.77.1.0");
	ck_assert_str_eq(
		json_string_value(json_object_get(
			json_array_get(json_object_get(lab->machines[2].body, "nics"), 0), "mac")),
		"52:54:00:00:01:01");
	ck_body("web",
		"{\"autostart\":true,\"connect\":\"qemu+ssh://far/system\",\"cpu\":\"host-"
		"passthrough\",\"description\":\"d\",\"firmware\":\"efi-secure\",\"graphics\":"
		"\"vnc\",\"labels\":{\"gpu\":\"no\",\"rack\":\"12\"},\"linked\":false,\"memory\":536870912,"
		"\"name\":\"web\",\"note\":\"n\",\"os_variant\":"
		"\"debian12\",\"sealed\":true,\"segment\":\"lab0\",\"template\":\"golden\"}");
	end();
}
END_TEST

START_TEST(reads_ipv6)
{
	const json_t *body;

	good("<lab name='a'><network name='six' ipv6='fd00:77::/64'/>"
	     "<network name='both' subnet='10.77.0.0/24' ipv6='fd00:78::/64'/>"
	     "<machine name='m{1..3}' profile='p' network='six' ip='fd00:77::fffe'/></lab>");
	body = lab->networks[0].body;
	ck_assert_str_eq(json_string_value(json_object_get(body, "ipv6")), "fd00:77::/64");
	ck_assert(json_is_true(json_object_get(body, "ipv6_only")));
	body = lab->networks[1].body;
	ck_assert_str_eq(json_string_value(json_object_get(body, "ipv6")), "fd00:78::/64");
	ck_assert_ptr_null(json_object_get(body, "ipv6_only"));
	ck_assert_str_eq(json_string_value(json_object_get(lab->machines[2].body, "address")),
		"fd00:77::1:0");
	end();
}
END_TEST

START_TEST(reads_little)
{
	good("<lab name='a'/>");
	ck_assert_uint_eq(lab->n_machines, 0);
	end();
	good("<lab name='a'><machine name='m' profile='p'/></lab>");
	ck_body("m", "{\"name\":\"m\",\"profile\":\"p\"}");
	end();
	good("<lab name='a'><machine name='m' profile='p'/>"
	     "<network name='n' subnet='10.0.0.0/8'/></lab>");
	ck_body("m", "{\"name\":\"m\",\"profile\":\"p\",\"segment\":\"n\"}");
	end();
	good("<lab name='a'><machine name='m{1..1000}' profile='p'/></lab>");
	ck_assert_uint_eq(lab->n_machines, 1000);
	end();
}
END_TEST

/* What is no matter of structure: the schema takes it. */
#define BEYOND true
static const struct fault {
	const char *body; /* inside <lab name='w'>, on line 2 */
	const char *want; /* behind "lab.xml:" */
	bool beyond;
} faults[] = {
	{"<machin name='a'/>", "2: <lab> has no element <machin>: did you mean <machine>?", false},
	{"<machine profile='p'/>", "2: <machine> lacks name='…'", false},
	{"<machine name='a' profil='p'/>",
		"2: <machine> has no attribute 'profil': did you mean 'profile'?", false},
	{"<machine name='a'/>",
		"2: <machine> has neither profile= nor template=, nor have the <defaults>", BEYOND},
	{"<machine name='a' profile='p' template='t'/>",
		"2: <machine> takes either profile= or template=", false},
	{"<machine name='a' template='t'><set name='k'>v</set></machine>",
		"2: <machine> with template= has the template's disk, pool, settings and keys, "
		"none of its own",
		BEYOND},
	{"<machine name='a' profile='p q'/>",
		"2: <machine profile='p q'>: expected a name of letters, digits, '-', '_' and '.', "
		"of at most 63",
		false},
	{"<machine name='a_b' profile='p'/>",
		"2: 'a_b' cannot be a machine's name: only a-z, 0-9 and - may be in it", BEYOND},
	{"<machine name='n{9..1}' profile='p'/>",
		"2: <machine name='n{9..1}'>: a range is written node{01..50}, of at most 1000",
		BEYOND},
	{"<machine name='n{1-9}' profile='p'/>",
		"2: <machine name='n{1-9}'>: a range is written node{01..50}, of at most 1000",
		false},
	{"<machine name='n{0..1000}' profile='p'/>",
		"2: <machine name='n{0..1000}'>: a range is written node{01..50}, of at most 1000",
		BEYOND},
	{"<machine name='m{1..600}' profile='p'/>\n<machine name='n{1..600}' profile='p'/>",
		"3: a lab has at most 1000 machines", BEYOND},
	{"<machine name='a' profile='p'/>\n<machine name='a' profile='p'/>",
		"3: the name 'a' is taken on line 2", BEYOND},
	{"<machine name='a' profile='p' ip='10.0.0.5'/>\n"
	 "<machine name='n{1..9}' profile='p' ip='10.0.0.1'/>",
		"3: address 10.0.0.5 is taken on line 2", BEYOND},
	{"<machine name='a' profile='p' ip='10.0.0'/>",
		"2: <machine ip='10.0.0'>: expected an address, or a range like "
		"10.77.0.{11..20}",
		false},
	{"<machine name='a' profile='p' ip='10.0.0.256'/>",
		"2: <machine ip='10.0.0.256'>: expected an address, or a range like "
		"10.77.0.{11..20}",
		BEYOND},
	{"<machine name='n{1..3}' profile='p' ip='10.0.0.{1..2}'/>",
		"2: <machine ip='10.0.0.{1..2}'>: expected as many as there are names", BEYOND},
	{"<machine name='n{1..3}' profile='p' ip='255.255.255.254'/>",
		"2: <machine ip='255.255.255.254'>: counting up from there, it ends before the "
		"last machine has one",
		BEYOND},
	{"<machine name='a' profile='p' mac='52:54:00'/>",
		"2: <machine mac='52:54:00'>: expected a MAC like 52:54:00:00:00:10, or a range "
		"like 52:54:00:00:00:{10..19}",
		false},
	{"<machine name='a' profile='p' memory='lots'/>",
		"2: <machine memory='lots'>: expected a size like 512M or 2G", false},
	{"<machine name='a' profile='p' memory='512k'/>",
		"2: <machine memory='512k'>: expected a size like 512M or 2G", BEYOND},
	{"<machine name='a' profile='p' vcpus='0'/>",
		"2: <machine vcpus='0'>: expected a number from 1 to 1024", false},
	{"<machine name='a' profile='p' firmware='uefi'/>",
		"2: <machine firmware='uefi'>: expected bios, efi or efi-secure", false},
	{"<machine name='a' profile='p' graphics='x11'/>",
		"2: <machine graphics='x11'>: expected none, vnc or spice", false},
	{"<machine name='a' profile='p' autostart='maybe'/>",
		"2: <machine autostart='maybe'>: expected yes or no", false},
	{"<machine name='a' profile='p' description=''/>",
		"2: <machine description=''>: expected a text of 1 to 255 bytes", false},
	{"<machine name='a' profile='p' xmlns:x='urn:x' x:name='b'/>",
		"2: <machine> has no attribute 'name' of a namespace", false},
	{"<machine name='a' profile='p'>text</machine>", "2: <machine>: text is not expected here",
		false},
	{"<machine name='a' profile='p'>\n<disk pool='p'/></machine>", "3: <disk> lacks size='…'",
		false},
	{"<machine name='a' profile='p'>\n<disk size='-1'/></machine>",
		"3: <disk size='-1'>: expected a size like 20G", false},
	{"<machine name='a' profile='p'>\n<nic ip='10.0.0.1'/></machine>",
		"3: <nic> lacks network='…'", false},
	{"<machine name='a' profile='p'>\n<nic network='n'/></machine>",
		"2: <machine> with a <nic> lacks network='…', of its first card", BEYOND},
	{"<machine name='a' profile='p'>\n<set>v</set></machine>", "3: <set> lacks name='…'",
		false},
	{"<machine name='a' profile='p'>\n<set name='k' file='f'>v</set></machine>",
		"3: <set name='k'> takes a text or file=, not both", false},
	{"<machine name='a' profile='p'><set name='k'>v</set>\n<set name='k'>w</set></machine>",
		"3: a second <set name='k'>", BEYOND},
	{"<machine name='a' profile='p'>\n<set name='k'><b/></set></machine>",
		"3: <set>: no element is expected in it", false},
	{"<machine name='a' profile='p'>\n<ssh-key/></machine>",
		"3: <ssh-key> takes a public key in one line, or file=", false},
	{"<machine name='a' profile='p'>\n<ssh-key>a\nb</ssh-key></machine>",
		"3: <ssh-key> takes a public key in one line, or file=", false},
	{"<machine name='a' profile='p'><domain/>\n<domain/></machine>",
		"3: a second <domain> in <machine>", false},
	{"<machine name='a' profile='p'>\n<first-boot/></machine>",
		"3: <first-boot> lacks file='…'", false},
	{"<defaults><first-boot file='a'/>\n<first-boot file='a'/></defaults>",
		"3: a second <first-boot> in <defaults>", false},
	{"<defaults profile='p'/>\n<defaults memory='1G'/>", "3: a second <defaults> in <lab>",
		false},
	{"<defaults name='p'/>", "2: <defaults> has no attribute 'name': did you mean 'note'?",
		false},
	{"<defaults ip='10.0.0.1'/>",
		"2: <defaults> has no attribute 'ip'; it has profile, template, linked, network, "
		"memory, vcpus, cpu, firmware, graphics, autostart, sealed, description, "
		"os-variant, pool, connect, labels, note",
		false},
	{"<network name='n'/>", "2: <network> lacks subnet='…' or ipv6='…'", false},
	{"<network name='n' ipv6='fd00:77::/48'/>",
		"2: <network ipv6='fd00:77::/48'>: expected an IPv6 prefix like fd00:77::/64",
		false},
	{"<network name='n' subnet='10.77.0.0'/>",
		"2: <network subnet='10.77.0.0'>: expected a network like 10.77.0.0/24", false},
	{"<network name='n' subnet='10.77.0.1/24'/>",
		"2: <network subnet='10.77.0.1/24'>: expected a network like 10.77.0.0/24", BEYOND},
	{"<network name='n' subnet='10.77.0.0/24' forward='bridge'/>",
		"2: <network forward='bridge'>: expected none, nat or route", false},
	{"<network name='n' subnet='10.77.0.0/24' domain='a..b'/>",
		"2: <network domain='a..b'>: expected a domain like lab.example", false},
	{"<network name='n' subnet='10.77.0.0/24'/>\n<network name='n' subnet='10.78.0.0/24'/>",
		"3: the network's name 'n' is taken on line 2", BEYOND},
	{"<machine name='a' name='b'/>", "2: Attribute name redefined", false},
};

START_TEST(tells_faults)
{
	const struct fault *f = &faults[_i];
	char text[1024], want[1024];

	snprintf(text, sizeof text, "<lab name='w'>\n%s</lab>", f->body);
	snprintf(want, sizeof want, "lab.xml:%s", f->want);
	ck_assert_int_eq(read_text(text), -EINVAL);
	ck_assert_str_eq(why, want);
	ck_assert_ptr_null(lab);
	ck_assert_msg(schema_takes(text) == f->beyond, "the schema says otherwise: %s", text);
}
END_TEST

START_TEST(tells_all_faults)
{
	ck_assert_int_eq(
		read_text("<lab>\n<network name='n' subnet='x'/>\n<machine name='a' memry='1'/>\n"
			  "<machine name='b' vcpus='x'/></lab>"),
		-EINVAL);
	ck_assert_str_eq(why,
		"lab.xml:1: <lab> lacks name='…'\n"
		"lab.xml:2: <network subnet='x'>: expected a network like 10.77.0.0/24\n"
		"lab.xml:3: <machine> has no attribute 'memry': did you mean 'memory'?\n"
		"lab.xml:4: <machine vcpus='x'>: expected a number from 1 to 1024");
}
END_TEST

START_TEST(tells_what_is_no_lab)
{
	ck_assert_int_eq(read_text("<usher/>"), -EINVAL);
	ck_assert_str_eq(why, "lab.xml:1: expected <lab>, found <usher>");
	ck_assert_int_eq(read_text(""), -EINVAL);
	ck_assert_int_eq(read_text("<lab xmlns='urn:x' name='a'/>"), -EINVAL);
	ck_assert_str_eq(why, "lab.xml:1: expected <lab>, found <lab>");
	ck_assert_int_eq(read_text("<!DOCTYPE lab [<!ENTITY a 'b'>]><lab name='&a;'/>"), -EINVAL);
	ck_assert_str_eq(why, "lab.xml:1: a document type declaration has no place here");
}
END_TEST

/* More faults than there is room for: whole lines, and no more. */
START_TEST(tells_as_many_as_fit)
{
	char text[4096] = "<lab name='w'>", small[100];
	struct lab *none = NULL;

	for (int i = 0; i < 50; i++)
		strcat(text, "<machine name='a' memry=''/>\n");
	strcat(text, "</lab>");
	ck_assert_int_eq(lab_read(text, strlen(text), "l", &none, small, sizeof small), -EINVAL);
	ck_assert_str_eq(small, "l:1: <machine> has no attribute 'memry': did you mean 'memory'?");
}
END_TEST

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(reads_files)
{
	char dir[] = "/tmp/usher-lab-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	mkdir("sub", 0700);
	put("sub/pw", "se cret\n");
	put("sub/keys", "# mine\n" ED " a\n" ED " b\n");
	put("sub/lab.xml",
		"<lab name='a'><defaults profile='p'><set name='pw' file='pw'/><ssh-key "
		"file='keys'/><ssh-key>" ED
		" c</ssh-key><first-boot file='pw'/></defaults><machine "
		"name='m{1..2}'/></lab>");
	put("none.xml",
		"<lab name='a'>\n<machine name='m' profile='p'>\n"
		"<set name='pw' file='gone'/></machine></lab>");
	put("-.xml",
		"<lab name='a'>\n<machine name='m' profile='p'>"
		"<ssh-key file='sub/pw-'/></machine></lab>");
	ck_assert_msg(!lab_load("sub/lab.xml", &lab, why, sizeof why), "%s", why);
	ck_body("m2",
		"{\"first_boot\":\"se "
		"cret\",\"name\":\"m2\",\"profile\":\"p\",\"settings\":{\"pw\":\"se "
		"cret\"},\"ssh_keys\":[\"" ED " a\",\"" ED " b\",\"" ED " c\"]}");
	end();
	ck_assert_int_eq(lab_load("none.xml", &lab, why, sizeof why), -EINVAL);
	ck_assert_str_eq(why, "none.xml:3: <set file='gone'>: No such file or directory");
	put("sub/private", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n");
	put("prose.xml",
		"<lab name='a'>\n<machine name='m' profile='p'><ssh-key "
		"file='sub/private'/></machine></lab>");
	ck_assert_int_eq(lab_load("prose.xml", &lab, why, sizeof why), -EINVAL);
	ck_assert_ptr_nonnull(
		strstr(why, "prose.xml:2: <ssh-key file='sub/private'>: line 1: a private key"));
	ck_assert_int_eq(lab_load("-.xml", &lab, why, sizeof why), -EINVAL);
	ck_assert_str_eq(why, "-.xml:2: <ssh-key file='sub/pw-'>: No such file or directory");
	ck_assert_int_eq(lab_load("gone.xml", &lab, why, sizeof why), -ENOENT);
	ck_assert_str_eq(why, "gone.xml: No such file or directory");
	ck_assert_int_eq(system("rm sub/* ./*.xml && rmdir sub"), 0);
	ck_assert_int_eq(chdir("/"), 0);
	rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lab");
	TCase *tc = tcase_create("lab");
	SRunner *sr = srunner_create(s);
	int failed;

	suite_add_tcase(s, tc);
	tcase_add_test(tc, reads_all);
	tcase_add_test(tc, reads_little);
	tcase_add_test(tc, reads_ipv6);
	tcase_add_loop_test(tc, tells_faults, 0, sizeof faults / sizeof *faults);
	tcase_add_test(tc, tells_all_faults);
	tcase_add_test(tc, tells_what_is_no_lab);
	tcase_add_test(tc, tells_as_many_as_fit);
	tcase_add_test(tc, reads_files);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
