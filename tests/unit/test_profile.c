/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/profile_xml.h"
#include "kickstart/profiles.h"
#include "tests/unit/schema.h"

#include <check.h>
#include <errno.h>
#include <libxml/relaxng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64]; /* of this test; has the profile directory "p" */

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void make_dir(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void set_up(void)
{
	strcpy(dir, "/tmp/usher-profile-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	make_dir("p");
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

#define HEAD "<profile name='p'>\n<title>T</title>\n<media name='m' path='/m'/>\n"
#define BOOT "<boot><kernel>k</kernel></boot>\n"

static int read_p(struct profile **ret, char why[512])
{
	char path[128];

	snprintf(path, sizeof(path), "%s/p", dir);
	return profile_read(path, ret, why, 512);
}

static bool schema_takes(const char *xml)
{
	return schema_takes_text("kickstart/profile.rng", xml);
}

/* What a schema cannot say. */
static bool beyond_schema(const char *message)
{
	static const char *const parts[] = {"a second <setting> of the name",
		"a second answer file of the name", "setting 'a' is", "required and has a default",
		"' of the setting 'a', expected type=", "bad max", "in clear", "the name is 'q'",
		"the template 'gone' cannot be read"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(message, parts[i]))
			return true;
	return false;
}

/* Reads profile.xml with this text and expects the message, less the path in front. The schema has the same verdict. */
static void expect_error(const char *xml, const char *want)
{
	struct profile *p = NULL;
	char why[512], expected[600];

	ck_assert_msg(
		schema_takes(xml) == beyond_schema(want), "the schema says otherwise: %s", want);

	put("p/profile.xml", xml);
	ck_assert_msg(read_p(&p, why) < 0, "no error, expected %s", want);
	ck_assert_ptr_null(p);
	snprintf(expected, sizeof(expected), "%s/p/profile.xml:%s", dir, want);
	ck_assert_str_eq(why, expected);
}

START_TEST(reads_all)
{
	struct profile *p = NULL;
	char why[512];

	put("p/profile.xml",
		"<profile name='p'>\n<title> The title </title>\n<media name='m' "
		"url='http://h/{{set.a}}/' fix='do it'/>\n"
		"<boot>\n<kernel sha256='{{set.a}}'>k</kernel><initrd>i1</initrd><initrd "
		"sha256='ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'>i2</"
		"initrd>\n<cmdline>\n  a b\n  c</cmdline>\n"
		"<boots>5</boots></boot><answers format='autoinstall' template='a.yaml' "
		"name='nocloud/user-data' version='24.04'>\n<file name='nocloud/meta-data' "
		"format='yaml' template='b.yaml'/></answers>"
		"<requires><memory unit='GiB'>2</memory><disk>3</disk></requires><timeout "
		"minutes='7'/>\n"
		"<setting name='a' default='x' values='x|y' secret='yes'>help</setting><setting "
		"name='b' required='yes'/>"
		"<guest><memory>768</memory><vcpus>2</vcpus><disk unit='MiB'>5</disk>"
		"<domain><cpu mode='host-passthrough'/></domain></guest></profile>");
	put("p/a.yaml", "x: {{>part}}\n");
	put("p/b.yaml", "y");
	put("p/part", "{{set.a}}{{>part}}");
	ck_assert_msg(read_p(&p, why) == 0, "%s", why);
	ck_assert_str_eq(p->title, "The title");
	ck_assert_int_eq(
		system("cd \"${USHER_TOP:-.}\" && for p in kickstart/profiles/*/profile.xml "
		       "kickstart/partials/*.xml; do ! command -v xmllint || xmllint -noout "
		       "-relaxng kickstart/profile.rng $p || exit 1; done >/dev/null 2>&1"),
		0);
	ck_assert_ptr_null(p->media.path);
	ck_assert_str_eq(p->media.url.text, "http://h/{{set.a}}/");
	ck_assert_str_eq(p->media.fix, "do it");
	ck_assert_str_eq(p->kernel.text, "k");
	ck_assert_uint_eq(p->n_initrd, 2);
	ck_assert_str_eq(p->initrd[1].text, "i2");
	ck_assert_str_eq(p->sums[0], "{{set.a}}");
	ck_assert_ptr_null(p->sums[1]);
	ck_assert_uint_eq(strlen(p->sums[2]), 64);
	ck_assert_str_eq(p->cmdline.text, "a b\n  c");
	ck_assert_uint_eq(p->cmdline.line, 7);
	ck_assert_uint_eq(p->boots, 5);
	ck_assert_uint_eq(p->n_answers, 2);
	ck_assert_int_eq(p->answers[0].format, ANSWERS_AUTOINSTALL);
	ck_assert_str_eq(p->answers[0].name, "nocloud/user-data");
	ck_assert_str_eq(p->answers[0].version, "24.04");
	ck_assert_str_eq(p->answers[1].name, "nocloud/meta-data");
	ck_assert_str_eq(p->answers[1].template, "b.yaml");
	ck_assert_int_eq(p->answers[1].format, ANSWERS_YAML);
	ck_assert_ptr_null(p->answers[1].version);
	ck_assert_ptr_eq(profile_answers(p, "nocloud/meta-data"), &p->answers[1]);
	ck_assert_uint_eq(p->requires_memory_mib, 2048);
	ck_assert_uint_eq(p->requires_disk, 3ull << 30);
	ck_assert_uint_eq(p->timeout_s, 420);
	ck_assert_uint_eq(p->n_settings, 2);
	ck_assert(p->settings[0].secret && !p->settings[0].required && p->settings[1].required);
	ck_assert_str_eq(p->settings[0].help, "help");
	ck_assert_uint_eq(p->memory_mib, 768);
	ck_assert_uint_eq(p->vcpus, 2);
	ck_assert_uint_eq(p->disk, 5 << 20);
	ck_assert_str_eq(p->domain, "<domain><cpu mode=\"host-passthrough\"/></domain>");
	ck_assert_uint_eq(p->n_files, 3);
	ck_assert_str_eq(profile_file(p, "part"), "{{set.a}}{{>part}}");
	profile_free(p);
}
END_TEST

START_TEST(says_what_is_wrong)
{
	struct profile *p = NULL;
	char why[512];

	expect_error("<profile", "1: Couldn't find end of Start Tag profile line 1");
	expect_error("<domain/>", "1: expected <profile>, found <domain>");
	expect_error("<profile/>", "1: <profile> lacks name='…'");
	expect_error("<profile name='a b'/>",
		"1: bad name 'a b' of <profile>, expected letters, digits, '.', '_' and '-'");
	expect_error("<profile name='p'/>", "1: <profile> lacks <title>");
	expect_error(HEAD "<boto/></profile>",
		"4: <profile> has no element <boto>: did you mean <boot>?");
	expect_error(HEAD "<zzzzzz/></profile>",
		"4: <profile> has no element <zzzzzz>; it has title, media, image, boot, answers, "
		"requires, timeout, setting, settings, guest");
	expect_error(HEAD "</profile>", "1: <profile> lacks <boot>");
	expect_error(HEAD "<title>again</title></profile>", "4: a second <title> in <profile>");
	expect_error("<profile name='p'>\n<media nmae='x'/></profile>",
		"2: <media> has no attribute 'nmae': did you mean 'name'?");
	expect_error("<profile name='p'>\n<media name='x' path='/a' url='http://b'/></profile>",
		"2: <media> has both path and url, expected one of them, or neither for an "
		"imported medium");
	expect_error(
		HEAD "<boot><kernel/></boot></profile>", "4: <kernel> is empty, expected text");
	expect_error(HEAD "<boot>\n<kernel sha256='abc'>k</kernel></boot></profile>",
		"5: bad sha256 'abc', expected 64 hex digits");
	expect_error(HEAD "<boot>\n<kernel>k</kernel><boots>0</boots></boot></profile>",
		"5: bad boots '0', expected a number from 1 to 100");
	expect_error(HEAD BOOT "<answers format='xxl' template='a'/></profile>",
		"5: unknown format 'xxl' (did you mean 'xml'?)");
	expect_error(HEAD BOOT "<answers format='toml-file' template='a'/></profile>",
		"5: unknown format 'toml-file', expected none, kickstart, preseed, autoinstall, "
		"cloud-config, autoyast, ignition, script, yaml, xml, json");
	expect_error(HEAD BOOT "<answers format='xml' template='a' name='done'/></profile>",
		"5: bad name 'done' of <answers>, expected a name that usher does not use itself");
	expect_error(HEAD BOOT "<answers format='xml' template='a'>\n"
			       "<file format='xml' template='b'/></answers></profile>",
		"6: <file> lacks name='…'");
	expect_error(HEAD BOOT
		"<answers format='xml' template='a'>\n"
		"<file name='a/../b' format='xml' template='b'/></answers></profile>",
		"6: bad name 'a/../b' of <file>, expected a letter or digit first");
	expect_error(HEAD BOOT
		"<answers format='xml' template='a'>\n"
		"<file name='answers' format='xml' template='b'/></answers></profile>",
		"6: a second answer file of the name 'answers'");
	expect_error(HEAD BOOT "<requires><ssh-key type='rsa'/></requires></profile>",
		"5: <ssh-key> has no attribute 'type'; it has none");
	expect_error(HEAD BOOT "<requires><memory unit='Mib'>1</memory></requires></profile>",
		"5: unknown unit 'Mib', expected MiB, GiB, …");
	expect_error(HEAD BOOT "<guest><memory unit='MiB'>-1</memory></guest></profile>",
		"5: bad memory '-1', expected a number from 1 to 8796093022207");
	expect_error(HEAD BOOT "<setting name='a'/><setting name='a'/></profile>",
		"5: a second <setting> of the name 'a'");
	expect_error(HEAD BOOT "<setting name='a' default='z' values='x|y'/></profile>",
		"5: setting 'a' is 'z', expected one of x|y");
	expect_error(HEAD BOOT "<setting name='a' type='bool'/></profile>",
		"5: unknown type 'bool', expected text, password, number, boolean, list, hostname, "
		"address, url, size, timezone, user, disk, disks, cards or pairs");
	expect_error(HEAD BOOT "<setting name='a' min='1'/></profile>",
		"5: min='1' of the setting 'a', expected type='number' with it");
	expect_error(HEAD BOOT "<setting name='a' type='number' min='5' max='4'/></profile>",
		"5: bad max '4', expected a number from 5 to 1000000000");
	expect_error(HEAD BOOT "<setting name='a' type='number' max='4' default='5'/></profile>",
		"5: setting 'a' is '5', expected a number from 0 to 4");
	expect_error(HEAD BOOT "<setting name='a' hash='sha512'/></profile>",
		"5: hash='sha512' of the setting 'a', expected type='password' with it");
	expect_error(HEAD BOOT "<setting name='a' type='password' hash='md5'/></profile>",
		"5: bad hash 'md5', expected yescrypt or sha512");
	expect_error(HEAD BOOT "<setting name='a' type='password' default='geheim'/></profile>",
		"5: the default of the password 'a' is in clear, expected its hash (openssl passwd "
		"-6)");
	expect_error(HEAD BOOT "<setting name='a' secret='ja'/></profile>",
		"5: bad secret 'ja', expected yes or no");
	expect_error(HEAD BOOT "text</profile>", "5: <profile>: text is not expected here");
	expect_error("<profile name='q'><title>T</title><media name='m' path='/m'/>" BOOT
		     "</profile>",
		"1: the name is 'q', expected 'p' as the directory has it");
	expect_error("<profile name='p' boots='ever'/>", "1: boots is once or always, not 'ever'");
	expect_error("<profile name='p' boots='always' installs='yes'/>",
		"1: what installs is booted once: boots='always' and installs='yes' exclude each "
		"other");
	expect_error("<!DOCTYPE profile [<!ENTITY x SYSTEM '/etc/passwd'>]><profile/>",
		"1: a document type declaration has no place here");
	expect_error(HEAD BOOT "<answers format='none' template='gone'/></profile>",
		" the template 'gone' cannot be read: No such file or directory");
	expect_error(HEAD BOOT "<answers format='none' template='../x'/></profile>",
		"5: bad template '../x', expected a letter or digit first");

	put("p/profile.xml", HEAD BOOT "<answers format='none' template='a'/></profile>");
	put("p/a", "x\n{{#y}}");
	ck_assert_int_lt(read_p(&p, why), 0);
	ck_assert_ptr_nonnull(
		strstr(why, "/p/a:2:1: this section is not closed, expected '{{/y}}'"));
	put("p/a", "{{>../q}}");
	ck_assert_int_lt(read_p(&p, why), 0);
	ck_assert_ptr_nonnull(strstr(why, "/p/a:1:1: the partial '../q' leaves its folder"));
}
END_TEST

static struct profile *with_settings(void)
{
	struct profile *p = NULL;
	char why[512];

	put("p/profile.xml",
		HEAD BOOT "<answers format='shell' template='a'/>"
			  "<setting name='mirror' default='http://d'/><setting name='net' "
			  "default='dhcp' values='dhcp|static'/>"
			  "<setting name='key' required='yes'>a key</setting><setting name='n' "
			  "type='number'/><setting name='pw' type='password'/>"
			  "<setting name='act' secret='yes'/>"
			  "<setting name='old' type='password' hash='sha512'/>"
			  "<setting name='pin' type='number' max='9999' secret='yes'/></profile>");
	put("p/a", "{{set.mirror}}");
	ck_assert_msg(read_p(&p, why) == 0, "%s", why);
	return p;
}

static void expect_setting_error(const struct profile *p, const char *json, const char *want)
{
	json_t *given = json_loads(json, 0, NULL), *all = NULL;
	char why[512];

	ck_assert_int_eq(profile_settings(p, given, &all, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_null(all);
	ck_assert_str_eq(why, want);
	ck_assert_ptr_nonnull(profile_setting_at_fault(p, given));
	ck_assert_ptr_nonnull(strstr(want, profile_setting_at_fault(p, given)));
	json_decref(given);
}

/* What is booted always, and what of it says that it is up. */
START_TEST(live_systems)
{
	static const struct {
		const char *attributes, *cmdline;
		bool live, tool, up;
	} cases[] = {{"", "x", false, false, false}, {" boots='once'", "x", false, false, false},
		{" boots='once' installs='no'", "x", false, true, false},
		{" boots='always'", "x", true, false, false},
		{" boots='always' installs='no'", "u={{attempt.up_url}}", true, false, true}};
	struct profile *p, *again;
	char xml[512], why[512];
	json_t *snapshot, *settings = json_object();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(xml, sizeof xml,
			"<profile name='p'%s><title>T</title><media name='m' path='/m'/><boot>"
			"<kernel>k</kernel><cmdline>%s</cmdline></boot></profile>",
			cases[i].attributes, cases[i].cmdline);
		ck_assert(schema_takes(xml));
		put("p/profile.xml", xml);
		ck_assert_msg(!read_p(&p, why), "%s", why);
		ck_assert(p->live == cases[i].live && p->tool == cases[i].tool);
		ck_assert_int_eq(profile_snapshot(p, settings, &snapshot), 0);
		ck_assert_int_eq(profile_from_snapshot(snapshot, &again, NULL, why, sizeof why), 0);
		ck_assert(again->live == cases[i].live && again->tool == cases[i].tool);
		ck_assert(profile_reports_up(snapshot) == cases[i].up);
		json_decref(snapshot);
		profile_free(again);
		profile_free(p);
	}
	json_decref(settings);
}
END_TEST

START_TEST(checks_settings)
{
	struct profile *p = with_settings();
	json_t *given = json_pack("{s:s, s:s}", "key", "k", "mirror", "m'"), *all = NULL;
	char why[512];

	ck_assert_int_eq(profile_settings(p, given, &all, why, sizeof(why)), 0);
	ck_assert_ptr_null(profile_setting_at_fault(p, given));
	ck_assert_uint_eq(json_object_size(all), 8);
	ck_assert_str_eq(json_string_value(json_object_get(all, "mirror")), "m'");
	ck_assert_str_eq(json_string_value(json_object_get(all, "net")), "dhcp");
	ck_assert_str_eq(json_string_value(json_object_get(all, "pw")), "");
	json_decref(all);
	json_decref(given);
	expect_setting_error(p, "{\"miror\": \"x\"}",
		"profile 'p' has no setting 'miror' (did you mean 'mirror'?)");
	expect_setting_error(p, "{\"zzzzz\": \"x\"}",
		"profile 'p' has no setting 'zzzzz' (known: mirror, net, key, n, pw, act, old, "
		"pin)");
	expect_setting_error(
		p, "{}", "profile 'p' requires the setting 'key' (a key): --set key=…");
	expect_setting_error(
		p, "{\"net\": \"x\"}", "setting 'net' is 'x', expected one of dhcp|static");
	expect_setting_error(p, "{\"n\": \"1x\"}", "setting 'n' is '1x', expected a number");
	expect_setting_error(p, "{\"key\": 5}", "setting 'key' is no string");
	expect_setting_error(p, "{\"key\": {\"encrypted\": \"x\"}}",
		"the secret setting 'key' cannot be read: it was encrypted with another key than the one "
		"that is there now (see 'usher show')");
	profile_free(p);
}
END_TEST

/* What is stored, by name: a string, or sealed. */
static const char *sealed(const json_t *given, const char *name)
{
	return json_string_value(json_object_get(json_object_get(given, name), "secret"));
}

START_TEST(passwords)
{
	struct profile *p = with_settings();
	json_t *given = json_pack("{s:s, s:s, s:s}", "key", "k", "pw", "geheim", "act", "licence"),
	       *all = NULL, *masked;
	char why[512], hash[256];

	ck_assert_int_eq(profile_settings(p, given, &all, why, sizeof(why)), 0);
	ck_assert(!strncmp(json_string_value(json_object_get(all, "pw")), "$y$", 3));
	json_decref(all);
	ck_assert_int_eq(profile_seal_secrets(p, given), 0);
	snprintf(hash, sizeof(hash), "%s", sealed(given, "pw"));
	ck_assert(!strncmp(hash, "$y$", 3));
	ck_assert_str_eq(sealed(given, "act"), "licence");
	ck_assert_str_eq(json_string_value(json_object_get(given, "key")), "k");
	ck_assert_int_eq(profile_seal_secrets(p, given), 0); /* what is sealed stays what it is */
	ck_assert_str_eq(sealed(given, "pw"), hash);
	ck_assert_int_eq(profile_settings(p, given, &all, why, sizeof(why)), 0);
	ck_assert_str_eq(json_string_value(json_object_get(all, "pw")), hash);
	ck_assert_str_eq(json_string_value(json_object_get(all, "act")), "licence");
	masked = profile_mask_secrets(p, all);
	ck_assert_str_eq(json_string_value(json_object_get(masked, "pw")), "(secret)");
	ck_assert_str_eq(json_string_value(json_object_get(masked, "act")), "(secret)");
	ck_assert_str_eq(json_string_value(json_object_get(masked, "old")), "");
	ck_assert_str_eq(json_string_value(json_object_get(masked, "key")), "k");
	ck_assert_str_eq(json_string_value(json_object_get(all, "pw")), hash);
	json_decref(masked);
	json_decref(all);
	json_decref(given);
	profile_free(p);
}
END_TEST

/* What the worker does before the request is judged: what is no password, or none that fits, is left for that. */
START_TEST(passwords_are_hashed_ahead)
{
	struct profile *p = with_settings();
	json_t *given = json_pack(
		"{s:s, s:s, s:s, s:s}", "key", "k", "pw", "geheim", "old", "", "act", "licence");
	char hash[256];

	ck_assert_int_eq(profile_hash_passwords(p, given, NULL), 0);
	snprintf(hash, sizeof hash, "%s", json_string_value(json_object_get(given, "pw")));
	ck_assert(!strncmp(hash, "$y$", 3) && profile_is_hash(hash));
	ck_assert_str_eq(json_string_value(json_object_get(given, "key")), "k");
	ck_assert_str_eq(json_string_value(json_object_get(given, "old")), "");
	ck_assert_str_eq(json_string_value(json_object_get(given, "act")), "licence");
	json_object_set_new(given, "pw", json_string("other"));
	ck_assert_int_eq(profile_hash_passwords(p, given, hash), 0);
	ck_assert_str_eq(json_string_value(json_object_get(given, "pw")), hash);
	/* a record's, of a time when it was no password */
	json_object_set_new(given, "pw", json_pack("{s:s}", "secret", "other"));
	ck_assert_int_eq(profile_hash_passwords(p, given, hash), 0);
	ck_assert_str_eq(json_string_value(json_object_get(given, "pw")), hash);
	json_decref(given);
	profile_free(p);
}
END_TEST

START_TEST(passwords_of_old_systems)
{
	struct profile *p = with_settings();
	json_t *given = json_pack("{s:s, s:s}", "key", "k", "old", "geheim");

	ck_assert_int_eq(profile_seal_secrets(p, given), 0);
	ck_assert(!strncmp(sealed(given, "old"), "$6$", 3));
	expect_setting_error(p, "{\"old\": \"$y$j9T$abcdefgh$abcdefghijklmnop\"}",
		"setting 'old' is a hash that this system does not know, expected the password, or "
		"its SHA-512 hash ($6$…)");
	json_decref(given);
	profile_free(p);
}
END_TEST

/* Not in the message either. */
START_TEST(wrong_secrets)
{
	struct profile *p = with_settings();

	expect_setting_error(p, "{\"pin\": \"geheim\"}",
		"setting 'pin' is (secret), expected a number from 0 to 9999");
	profile_free(p);
}
END_TEST

static void boots_with(const char *attributes, const char *bios, const char *efi, const char *fault)
{
	struct profile *p = NULL, *back = NULL;
	json_t *set = json_object(), *snap = NULL, *again = NULL;
	const json_t *settings;
	char why[512], xml[512];
	int rc;

	snprintf(xml, sizeof xml,
		"<profile name='p'><title>t</title><media name='m' path='/m'/>"
		"<boot %s><kernel>k</kernel></boot></profile>",
		attributes);
	put("p/profile.xml", xml);
	rc = read_p(&p, why);
	json_decref(fault ? set : NULL);
	if (fault) {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_msg(strstr(why, fault) != NULL, "%s", why);
		return;
	}
	ck_assert_msg(rc == 0, "%s", why);
	ck_assert_int_eq(profile_snapshot(p, set, &snap), 0);
	ck_assert_pstr_eq(profile_program(snap, PROFILE_BIOS), bios);
	ck_assert_pstr_eq(profile_program(snap, PROFILE_EFI_X64), efi);
	ck_assert_int_eq(profile_from_snapshot(snap, &back, &settings, why, sizeof(why)), 0);
	ck_assert_ptr_eq(back->loaders[PROFILE_BIOS], p->loaders[PROFILE_BIOS]);
	ck_assert_ptr_eq(back->loaders[PROFILE_EFI_X64], p->loaders[PROFILE_EFI_X64]);
	ck_assert_int_eq(profile_snapshot(back, set, &again), 0);
	ck_assert(json_equal(snap, again));
	json_decref(set);
	json_decref(snap);
	json_decref(again);
	profile_free(p);
	profile_free(back);
}

/* Words for boot loaders, in place of a medium's files. */
START_TEST(loaders)
{
	boots_with("", NULL, NULL, NULL);
	boots_with("bios='ipxe' efi-x64='ipxe'", NULL, NULL, NULL);
	boots_with("bios='pxelinux' efi-x64='grub'", "pxelinux.0", "shimx64.efi.signed", NULL);
	boots_with("bios='pxelinux.0' efi-x64='d/grub'", "m/pxelinux.0", "m/d/grub", NULL);
	boots_with("bios='grub'", NULL, NULL,
		"bios='grub': it does not run there, expected ipxe, pxelinux or a file");
	boots_with("efi-x64='pxelinux'", NULL, NULL,
		"efi-x64='pxelinux': it does not run there, expected ipxe, grub or a file");
}
END_TEST

/* The program for UEFI of a profile with this medium and these attributes, for a machine with Secure Boot. */
static void boots_signed(
	const char *media, const char *attributes, const char *program, const char *fault)
{
	struct profile *p = NULL;
	json_t *set = json_object(), *snap = NULL;
	char text[512], why[512] = "";
	int rc;

	snprintf(text, sizeof text,
		"<profile name='p'><title>t</title>%s<boot %s><kernel>k</kernel></boot></profile>",
		media, attributes);
	put("p/profile.xml", text);
	ck_assert_msg(read_p(&p, why) == 0, "%s", why);
	rc = profile_boot_signed(p, why, sizeof why);
	ck_assert_int_eq(rc, fault ? -EINVAL : 0);
	if (fault)
		ck_assert_msg(strstr(why, fault), "%s", why);
	ck_assert_int_eq(profile_snapshot(p, set, &snap), 0);
	if (program)
		ck_assert_str_eq(profile_program(snap, PROFILE_EFI_X64), program);
	else
		ck_assert_ptr_null(profile_program(snap, PROFILE_EFI_X64));
	ck_assert_ptr_null(profile_program(snap, PROFILE_BIOS));
	json_decref(set);
	json_decref(snap);
	profile_free(p);
}

START_TEST(secure_boot)
{
	boots_signed("<media name='m' path='/m'/>", "", "shimx64.efi.signed", NULL);
	boots_signed("<media name='m' path='/m'/>", "efi-x64='grub'", "shimx64.efi.signed", NULL);
	boots_signed("<media name='m' path='/m'/>", "efi-x64='d/own.efi'", "m/d/own.efi", NULL);
	boots_signed("<media name='m' url='http://h/m'/>", "", NULL,
		"p/profile.xml:1: Secure Boot needs");
}
END_TEST

START_TEST(programs)
{
	struct profile *p = NULL, *back = NULL;
	json_t *set = json_object(), *snap = NULL, *again = NULL;
	const json_t *settings;
	char why[512];

	put("p/profile.xml",
		"<profile name='p'><title>t</title><media name='m' path='/m'/>"
		"<boot bios='lpxe.0' efi-x64='efi/shimx64.efi' http-x64='h.efi'><kernel>k</kernel></boot></profile>");
	ck_assert_msg(read_p(&p, why) == 0, "%s", why);
	ck_assert_int_eq(profile_snapshot(p, set, &snap), 0);
	ck_assert_str_eq(profile_program(snap, PROFILE_BIOS), "m/lpxe.0");
	ck_assert_str_eq(profile_program(snap, PROFILE_EFI_X64), "m/efi/shimx64.efi");
	ck_assert_str_eq(profile_program(snap, PROFILE_HTTP_X64), "m/h.efi");
	ck_assert_ptr_null(profile_program(snap, PROFILE_EFI_ARM64));
	ck_assert_ptr_null(profile_program(snap, PROFILE_HTTP_ARM64));
	ck_assert_ptr_null(profile_program(NULL, PROFILE_BIOS));
	ck_assert_int_eq(profile_from_snapshot(snap, &back, &settings, why, sizeof(why)), 0);
	ck_assert_str_eq(back->programs[PROFILE_EFI_X64], "efi/shimx64.efi");
	ck_assert_int_eq(profile_snapshot(back, set, &again), 0);
	ck_assert(json_equal(snap, again));
	json_decref(set);
	json_decref(snap);
	json_decref(again);
	profile_free(p);
	profile_free(back);
}
END_TEST

/* As text, in which a byte may take six. */
START_TEST(snapshots_that_are_too_large)
{
	struct profile *p = with_settings();
	char *text = calloc(1, PROFILE_SNAPSHOT_MAX + 1);
	json_t *set = json_object(), *snap = NULL;

	memset(text, 'x', PROFILE_SNAPSHOT_MAX - 16 * 1024);
	json_object_set_new(set, "mirror", json_string(text));
	ck_assert_int_eq(profile_snapshot(p, set, &snap), 0);
	json_decref(snap);
	memset(text, 'x', PROFILE_SNAPSHOT_MAX);
	json_object_set_new(set, "mirror", json_string(text));
	ck_assert_int_eq(profile_snapshot(p, set, &snap), -EFBIG);
	memset(text, 0, PROFILE_SNAPSHOT_MAX);
	memset(text, 1, PROFILE_SNAPSHOT_MAX / 6);
	json_object_set_new(set, "mirror", json_string(text));
	ck_assert_int_eq(profile_snapshot(p, set, &snap), -EFBIG);
	json_decref(set);
	free(text);
	profile_free(p);
}
END_TEST

START_TEST(snapshot)
{
	struct profile *p = with_settings(), *back = NULL;
	json_t *set = json_pack("{s:s}", "mirror", "m"), *snap = NULL, *again = NULL, *copy;
	const json_t *settings = NULL;
	const char *key;
	json_t *v;
	char why[512], *text;

	ck_assert_int_eq(profile_snapshot(p, set, &snap), 0);
	text = json_dumps(snap, 0); /* through the store and back */
	json_decref(snap);
	snap = json_loads(text, 0, NULL);
	free(text);
	ck_assert_msg(
		profile_from_snapshot(snap, &back, &settings, why, sizeof(why)) == 0, "%s", why);
	ck_assert(json_equal(settings, set));
	ck_assert_int_eq(profile_snapshot(back, settings, &again), 0);
	ck_assert(json_equal(snap, again));
	profile_free(back);
	back = NULL;
	json_object_foreach(snap, key, v)
	{ /* each part is needed but the answers' names */
		copy = json_copy(snap);
		json_object_del(copy, key);
		if (strcmp(key, "answers") != 0 && strcmp(key, "files") != 0 &&
			strcmp(key, "paths") != 0)
			ck_assert_msg(profile_from_snapshot(copy, &back, NULL, why, sizeof(why)) ==
					-EPROTO,
				"%s", key);
		json_decref(copy);
	}
	ck_assert_int_eq(profile_from_snapshot(NULL, &back, NULL, why, sizeof(why)), -EPROTO);
	ck_assert_ptr_null(back);
	json_decref(again);
	json_decref(snap);
	json_decref(set);
	profile_free(p);
}
END_TEST

static int count(void *arg, const char *name, const struct profile *p, const char *why)
{
	strcat(arg, name);
	strcat(arg, p && !why ? " " : "! ");
	return 0;
}

#define PARTS HEAD BOOT "<answers format='shell' template='a'/></profile>"

/* The profile in set/p, by the search path site/profiles, set. */
static int read_in_set(struct profile **ret, char why[512])
{
	char path[128], at[128];
	struct profiles ps;
	int rc;

	profiles_init(&ps);
	snprintf(path, sizeof(path), "%s/site/profiles/", dir);
	ck_assert_int_eq(profiles_add_path(&ps, path), 0);
	snprintf(path, sizeof(path), "%s/set", dir);
	ck_assert_int_eq(profiles_add_path(&ps, path), 0);
	rc = profiles_find(&ps, "p", ret, why, 512);
	profiles_fini(&ps);
	if (rc == 0)
		return 0;
	snprintf(at, sizeof(at), "%s/", dir); /* messages without the test's own folder */
	for (char *c = why; (c = strstr(c, at));)
		memmove(c, c + strlen(at), strlen(c + strlen(at)) + 1);
	return rc;
}

static void expect_no_partial(const char *answers, const char *want)
{
	struct profile *p = NULL;
	char why[512];

	put("set/p/a", answers);
	ck_assert_int_lt(read_in_set(&p, why), 0);
	ck_assert_ptr_null(p);
	ck_assert_str_eq(why, want);
}

static void make_set(void)
{
	make_dir("site");
	make_dir("site/partials");
	make_dir("set");
	make_dir("set/p");
	make_dir("partials");
	put("set/p/profile.xml", PARTS);
}

/* The profile's own, the site's, ours; one that is shared may ask for others. */
START_TEST(partials)
{
	struct profile *p = NULL, *back = NULL;
	json_t *set = json_object(), *snap = NULL;
	char why[512], path[128];

	make_set();
	put("set/p/a", "{{>own}}{{>sites}}{{>ours}}");
	put("set/p/own", "own");
	put("site/partials/own", "not this");
	put("site/partials/sites", "{{>own}}");
	put("partials/sites", "nor this");
	put("partials/ours", "{{>deep}}");
	put("site/partials/deep", "deep");
	ck_assert_msg(read_in_set(&p, why) == 0, "%s", why);
	ck_assert_uint_eq(p->n_files, 5);
	ck_assert_str_eq(profile_file(p, "own"), "own");
	ck_assert_str_eq(profile_file(p, "sites"), "{{>own}}");
	ck_assert_str_eq(profile_file(p, "ours"), "{{>deep}}");
	ck_assert_str_eq(profile_file(p, "deep"), "deep");
	ck_assert_int_eq(profile_snapshot(p, set, &snap), 0);
	ck_assert_int_eq(profile_from_snapshot(snap, &back, NULL, why, sizeof(why)), 0);
	ck_assert_str_eq(profile_file(back, "deep"), "deep");
	ck_assert_ptr_null(profile_file_path(back, "own"));
	snprintf(path, sizeof(path), "%s/site/partials/deep", dir);
	ck_assert_str_eq(profile_file_path(back, "deep"), path);
	profile_free(back);
	profile_free(p);
	json_decref(snap);
	json_decref(set);
}
END_TEST

START_TEST(shared_settings)
{
	struct profile *p = NULL;
	char why[512];

	make_set();
	put("set/p/a", "");
	put("set/p/profile.xml",
		HEAD BOOT "<answers format='shell' template='a'/>\n<settings from='common.xml'/>\n"
			  "<setting name='own'/><setting name='both' default='1'/></profile>");
	expect_no_partial("",
		"set/p/profile.xml:6:1: no partial 'common.xml' in set/p, "
		"site/partials, partials");
	put("partials/common.xml",
		"<settings>\n<setting name='both' default='2'/><setting name='more' "
		"type='list'>help</setting></settings>");
	ck_assert_msg(read_in_set(&p, why) == 0, "%s", why);
	ck_assert_uint_eq(p->n_settings, 3);
	ck_assert_str_eq(profile_setting(p, "both")->def, "1");
	ck_assert_int_eq(profile_setting(p, "more")->type, SETTING_LIST);
	ck_assert_uint_eq(p->n_files, 1);
	profile_free(p);
	p = NULL;
	put("partials/common.xml",
		"<settings>\n<setting name='x'/>\n<setting name='x'/></settings>");
	expect_no_partial("", "partials/common.xml:3: a second <setting> of the name 'x'");
	put("partials/common.xml", "<profile/>");
	expect_no_partial("", "partials/common.xml:1: expected <settings>, found <profile>");
	put("partials/common.xml", "<settings><setings/></settings>");
	expect_no_partial("",
		"partials/common.xml:1: <settings> has no element <setings>: did you mean "
		"<setting>?");
	put("set/p/profile.xml", HEAD BOOT "<settings from='../x'/></profile>");
	expect_no_partial(
		"", "set/p/profile.xml:5: bad file '../x', expected a letter or digit first");
}
END_TEST

/* By its own path alone: those beside the folder that it lies in. */
START_TEST(partials_of_a_folder)
{
	struct profile *p = NULL;
	char why[512], path[128];

	make_set();
	put("set/p/a", "{{>ours}}");
	put("partials/ours", "ours");
	snprintf(path, sizeof(path), "%s/set/p", dir);
	ck_assert_msg(profile_read(path, &p, why, sizeof(why)) == 0, "%s", why);
	ck_assert_str_eq(profile_file(p, "ours"), "ours");
	profile_free(p);
}
END_TEST

START_TEST(partials_that_are_not_there)
{
	make_set();
	put("site/partials/report.sh", "{{>nought}}");
	put("partials/users", "");
	make_dir("partials/folder");
	expect_no_partial("\n\n {{>reprot.sh}}",
		"set/p/a:3:2: no partial 'reprot.sh' (did you mean 'report.sh'?) in set/p, "
		"site/partials, partials");
	expect_no_partial("{{>report.sh}}",
		"site/partials/report.sh:1:1: no partial 'nought' in set/p, site/partials, "
		"partials");
	expect_no_partial("{{>../partials/users}}",
		"set/p/a:1:1: the partial '../partials/users' leaves its folder, expected a file's "
		"name");
	expect_no_partial("{{>.hidden}}",
		"set/p/a:1:1: the partial '.hidden' leaves its folder, expected a file's name");
	expect_no_partial("{{>folder}}",
		"set/p/a:1:1: the partial partials/folder cannot be read: expected a text file");
}
END_TEST

START_TEST(search_path)
{
	struct profiles ps;
	struct profile *p = NULL;
	char why[512], path[128], seen[64] = "";

	profile_free(with_settings());
	make_dir("site");
	make_dir("site/p");
	put("site/p/profile.xml",
		"<profile name='p'><title>Site</title><media name='m' path='rel'/>" BOOT
		"</profile>");
	make_dir("site/debian-12");
	put("site/debian-12/profile.xml", "<broken");
	make_dir("site/none");
	profiles_init(&ps);
	snprintf(path, sizeof(path), "%s/site", dir);
	ck_assert_int_eq(profiles_add_path(&ps, path), 0);
	ck_assert_int_eq(profiles_add_path(&ps, dir), 0);
	ck_assert_int_eq(profiles_add_path(&ps, "/nowhere"), 0);
	ck_assert_int_eq(profiles_find(&ps, "p", &p, why, sizeof(why)), 0);
	ck_assert_str_eq(p->title, "Site");
	snprintf(path, sizeof(path), "%s/site/p/rel", dir);
	ck_assert_str_eq(p->media.path, path);
	profile_free(p);
	p = NULL;
	ck_assert_int_eq(profiles_find(&ps, "debain-12", &p, why, sizeof(why)), -ENOENT);
	ck_assert_str_eq(why, "no profile 'debain-12' (did you mean 'debian-12'?)");
	ck_assert_int_eq(profiles_find(&ps, "../p", &p, why, sizeof(why)), -ENOENT);
	ck_assert_int_eq(profiles_find(&ps, "", &p, why, sizeof(why)), -ENOENT);
	ck_assert_int_eq(profiles_list(&ps, count, seen), 0);
	ck_assert_str_eq(seen, "debian-12! p ");
	profiles_fini(&ps);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("profile");
	TCase *t = tcase_create("profile");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, reads_all);
	tcase_add_test(t, says_what_is_wrong);
	tcase_add_test(t, live_systems);
	tcase_add_test(t, checks_settings);
	tcase_add_test(t, passwords);
	tcase_add_test(t, passwords_are_hashed_ahead);
	tcase_add_test(t, passwords_of_old_systems);
	tcase_add_test(t, wrong_secrets);
	tcase_add_test(t, secure_boot);
	tcase_add_test(t, programs);
	tcase_add_test(t, loaders);
	tcase_add_test(t, snapshot);
	tcase_add_test(t, snapshots_that_are_too_large);
	tcase_add_test(t, partials);
	tcase_add_test(t, shared_settings);
	tcase_add_test(t, partials_of_a_folder);
	tcase_add_test(t, partials_that_are_not_there);
	tcase_add_test(t, search_path);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
