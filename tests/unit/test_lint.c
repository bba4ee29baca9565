/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/lint.h"
#include "kickstart/lint/lint_values.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that is said of a text, without its name, a line each. */
static void expect_of(const char *file, enum answers format, const char *text, const char *want)
{
	struct lint_input in = {.file = file, .text = text};
	struct findings f = {0};
	char got[4096] = "", line[512];
	size_t errors = 0;

	lint_text(format, &in, &f);
	for (size_t i = 0; i < f.n; i++) {
		finding_text(&f, i, line, sizeof(line));
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "\n" : "",
			line + strlen(file) + 1);
		errors += f.v[i].level == FINDING_ERROR;
	}
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(f.n_errors, errors);
	findings_fini(&f);
}

static void expect(enum answers format, const char *text, const char *want)
{
	expect_of("f", format, text, want);
}

START_TEST(preseed)
{
	const enum answers p = ANSWERS_PRESEED;

	expect(p, "", "");
	expect(p,
		"# d-i nothing\n\n \t\nd-i passwd/root-login boolean true\n"
		"d-i apt-setup/services-select multiselect\nd-i time/zone string\n"
		"d-i preseed/early_command string \\\n\tif true; \\\n\tthen echo 'it''s' \"$(echo "
		"\"x\")\"; fi\n"
		"d-i finish-install/reboot_in_progress note\ntasksel tasksel/first multiselect "
		"standard\n"
		"d-i passwd/root-login seen false\n"
		"a-very-own b/c string x",
		"");
	/* It asks before it writes: which of two, hangs on the disk. */
	expect(p,
		"d-i partman-auto/method string lvm\nd-i partman/confirm boolean true\n"
		"d-i partman/confirm_nooverwrite boolean true\n",
		"");
	expect(p, "d-i partman-auto/method string lvm\nd-i preseed/include string more.cfg\n", "");
	expect(p, "d-i partman-auto/method string lvm\nd-i partman/confirm boolean true\n",
		"1: warning: no 'partman/confirm_nooverwrite': the installer may ask before it writes, "
		"and wait: add 'd-i partman/confirm_nooverwrite boolean true'");
	expect(p, "d-i passwd/root-pasword password x\n",
		"1: error: unknown question 'passwd/root-pasword' (did you mean "
		"'passwd/root-password'?)");
	expect(p, "d-i passwd/root-login bolean true",
		"1: error: 'passwd/root-login': unknown type 'bolean' (did you mean 'boolean'?)");
	expect(p, "d-i passwd/root-login truth true",
		"1: error: 'passwd/root-login': unknown type 'truth', expected string, boolean, "
		"select, multiselect, password, note or text");
	expect(p, "d-i passwd/root-login boolean yes",
		"1: error: 'passwd/root-login' is 'yes', expected true or false");
	expect(p, "\nd-i passwd/root-login boolean",
		"2: error: 'passwd/root-login' has no value, expected true or false");
	expect(p, "d-i passwd/root-login\n",
		"1: error: 'd-i' is no selection, and the installer stops reading here: expected "
		"owner, question, type, value");
	expect(p, "di passwd/root-login boolean true",
		"1: warning: 'passwd/root-login' has the owner 'di', expected d-i");
	expect(p, "passwd/root-login boolean true",
		"1: error: 'boolean' is no question like passwd/root-login: expected owner, "
		"question, type, value\n"
		"1: error: 'boolean': unknown type 'true', expected string, boolean, select, "
		"multiselect, password, note or text");
	expect(p, "d-i passwd/root-login boolean true # as ever",
		"1: error: 'passwd/root-login' is 'true # as ever', expected true or false");
	expect(p, "d-i time/zone string UTC\nd-i time/zone string CET",
		"2: warning: 'time/zone' is there already in line 1, which is lost");
	expect(p, "d-i time/zone string UTC\nd-i time/zone string UTC", "");
	expect(p, "d-i passwd/username string ${user}\nd-i netcfg/get_hostname string web-${n}",
		"");
	/* The installer does not ask for the owner. */
	expect(p, "d-i a/b string UTC\nother a/b string CET",
		"2: warning: 'a/b' is there already in line 1, which is lost");
}
END_TEST

START_TEST(preseed_questions_known)
{
	const enum answers p = ANSWERS_PRESEED;

	expect(p,
		"d-i apt-setup/local2/repository string http://192.0.2.1/c stable main\n"
		"d-i apt-setup/local9/key string http://192.0.2.1/c.asc\n"
		"d-i apt-setup/multiverse boolean true\nd-i base-installer/excludes string nano\n"
		"d-i tzsetup/country/DE select Europe/Berlin\n"
		"d-i netcfg/vlan_id string 7\n",
		"");
	expect(p, "d-i apt-setup/local3/repositry string x",
		"1: error: unknown question 'apt-setup/local3/repositry' (did you mean "
		"'apt-setup/local3/repository'?)");
	expect(p, "d-i apt-setup/local10/key string x",
		"1: error: unknown question 'apt-setup/local10/key' (did you mean "
		"'apt-setup/local0/key'?)");
}
END_TEST

/* As the installer's reader has it, which was asked. */
START_TEST(preseed_reading)
{
	const enum answers p = ANSWERS_PRESEED;

	expect(p, "d-i   netcfg/get_hostname \t string   web1  \n\td-i time/zone string UTC\n", "");
	expect(p, "d-i passwd/root-login boolean \\\n  true\r\n", "");
	expect(p, "d-i preseed/late_command string a; \\\r\n# dropped\r\n\r\n b\r\n", "");
	expect(p,
		"d-i partman-auto/expert_recipe string r :: \\\n# dropped\n\n1 2 3 ext4 \\\n  . "
		"\\\n\n# \\\n .\n",
		"");
	expect(p, "d-i a/b string x \\\n\n# no\n\nd-i passwd/username string ops\n",
		"5: error: the backslash above makes this line a part of 'a/b'");
	expect(p, "d-i a/b string x \\\n tasksel tasksel/first multiselect y\n",
		"2: error: the backslash above makes this line a part of 'a/b'");
	expect(p, "d-i a/b string x \\\n # y\\\n z",
		"2: error: this is a part of 'a/b': only a comment that begins in the first "
		"column is dropped");
	expect(p, " # one\nd-i time/zone string UTC",
		"1: error: a comment begins in the first column: the installer stops reading at "
		"this one");
	expect(p, "\t# a comment of more words\nd-i time/zone string UTC",
		"1: warning: a comment begins in the first column: the installer takes this for "
		"an answer");
	expect(p, "d-i time/zone string UTC\nd-i a/b string x \\\n",
		"2: error: the last line ends in a backslash: the installer drops all of this, "
		"from here on");
	expect(p, "d-i preseed/late_command string a \\\n\n# b\n",
		"1: error: the last line ends in a backslash: the installer drops all of this, "
		"from here on");
}
END_TEST

START_TEST(preseed_commands)
{
	const enum answers p = ANSWERS_PRESEED;

	expect(p, "d-i preseed/late_command string a\nd-i preseed/late_command string b\n",
		"2: error: 'preseed/late_command' is there already in line 1, which then never "
		"runs: make them one");
	expect(p, "d-i preseed/late_command string a \\ \n",
		"1:36: error: a blank follows the backslash, which then joins nothing: remove the "
		"blank");
	expect(p, "d-i preseed/late_command string a \\\nd-i time/zone string UTC\n",
		"2: error: the backslash above makes this line a part of 'preseed/late_command'");
	expect(p, "d-i preseed/late_command string a ; \\\n # and\\\n b\n",
		"2: error: a comment here swallows the rest of 'preseed/late_command', which is "
		"one line: only one that begins in the first column is dropped");
	expect(p, "d-i preseed/late_command string echo 'it\\'s'",
		"1: error: 'preseed/late_command': a quote (') is opened and not closed");
}
END_TEST

START_TEST(json)
{
	const enum answers j = ANSWERS_JSON;

	expect(j, "{\"a\": [1, 2, {\"b\": \"\\u00e4\\/\"}]}", "");
	expect(j, "{\n\t\"a\":1,\n\t\"b\":[]\n}\n", "");
	expect(j, "", "1: error: no JSON: unexpected token near end of file");
	expect(j, "{\n  \"a\": 1,\n}", "3:1: error: no JSON: string or '}' expected near '}'");
	expect(j, "{\"a\": 1,\n \"b\": 2,\n \"a\": 3}",
		"3:2: error: 'a' is there already in line 1, which is lost: keep one of them");
}
END_TEST

START_TEST(ignition)
{
	const enum answers g = ANSWERS_IGNITION;
#define HEAD "{\"ignition\": {\"version\": \"3.3.0\"}"

	expect(g,
		HEAD
		", \"passwd\": {\"users\": [{\"name\": \"core\", \"sshAuthorizedKeys\": []}]},\n"
		"\"storage\": {\"files\": [{\"path\": \"/etc/hostname\", \"mode\": 420, "
		"\"contents\": {\"source\": \"data:,web01\"}}]},\n"
		"\"systemd\": {\"units\": [{\"name\": \"a@.service\", \"enabled\": true}]}}",
		"");
	expect(g, "{}", "1:1: error: the configuration lacks 'ignition', expected a map");
	expect(g, "{\"ignition\":\n {}}", "2:2: error: ignition lacks 'version', expected text");
	expect(g, "{\"ignition\": {\"version\": \"4.0.0\"}}",
		"1:26: error: 'version' is '4.0.0', expected a version like 3.4.0");
	expect(g, "{\"ignition\": {\"version\": 3.3}}",
		"1:26: error: 'version' is a number, expected text: put it in quotes");
	expect(g, HEAD ",\n\"storage\": {\"files\": [{\"path\": \"etc/x\", \"mode\": 644}]}}",
		"2:32: error: 'path' is 'etc/x', expected an absolute path\n"
		"2:49: error: 'mode' is '644', which is decimal: 0644 is 420, 0755 is 493, 0600 is "
		"384");
	expect(g, HEAD ",\n\"storage\": {\"files\": [{\"path\": \"/x\", \"mode\": \"0644\"}]}}",
		"2:46: error: 'mode' is text, expected a number");
	expect(g, HEAD ",\n\"storage\": {\"file\": []}}",
		"2:13: error: unknown key 'file' in storage (did you mean 'files'?)");
	expect(g, HEAD ",\n\"variant\": \"fcos\"}",
		"2:1: warning: unknown key 'variant' in the configuration: it is passed over");
	expect(g, HEAD ",\n\"systemd\": {\"units\": [{\"name\": \"web\"}]}}",
		"2:32: error: 'name' is 'web', expected a unit's name like web.service");
	expect(g,
		HEAD ",\n\"storage\": {\"files\": [{\"path\": \"/x\", \"contents\": {\"source\": "
		     "\"hello\"}}]}}",
		"2:61: error: 'source' is 'hello', expected a URL: data:,TEXT for the text itself, "
		"or http://…");
	/* As its reader has it, and as OpenShift's tools write it. */
	expect(g,
		"{\"ignition\": {\"version\": \"3.5.0\", \"config\": null}, \"systemd\": null, "
		"\"storage\": {\"files\": [{\"path\": \"/x\", \"contents\": null, \"mode\": "
		"null}]}}",
		"");
	expect(g, "{\"ignition\": {\"version\": null}}",
		"1:26: error: 'version' is nothing, expected text");
	expect(g, HEAD ",\n\"passwd\": {\"users\": [\"core\"]}}",
		"2:22: error: 'users' has text in it, expected maps with 'name'");
}
END_TEST

/* What Flatcar reads besides, and what is no mistake to Ignition. */
START_TEST(ignition_of_flatcar)
{
	const enum answers g = ANSWERS_IGNITION;
	static const char old[] =
		"1:26: warning: 'version' is '2.2.0', which is of before 2020: Flatcar alone still "
		"reads it, expected 3.0.0 to 3.5.0";

	expect(g, "{\"ignition\": {\"version\": \"2.2.0\"}}", old);
	expect(g,
		"{\"ignition\": {\"version\": \"2.2.0\", \"config\": {}},\n\"networkd\": {}, "
		"\"storage\": {\"filesystems\": [{\"name\": \"data\", \"mount\": {\"device\": "
		"\"/dev/vdb\", \"format\": \"xfs\"}}],\n\"files\": [{\"filesystem\": \"data\", "
		"\"path\": \"/a\", \"append\": true}]}}",
		old);
	expect(g,
		HEAD ",\n\"storage\": {\"files\": [{\"path\": \"/x\", \"contents\": {\"source\": "
		     "\"oem:///x.txt\"}}]}}",
		"");
	expect(g, HEAD ",\n\"systemd\": {\"units\": [{\"name\": \"a.snapshot\"}]}}", "");
	expect(g, HEAD ",\n\"passwd\": {\"users\": [{\"name\": \"a\", \"passwordHash\": \"\"}]}}",
		"");
}
END_TEST

START_TEST(yaml)
{
	const enum answers y = ANSWERS_YAML;

	expect(y, "", "");
	expect(y, "a: &x {b: 1}\nc: *x\nd: &y [*y]\n", "");
	expect(y, "a: 1\nb:\n  - x\n\ta\n",
		"4:1: error: found a tab character that violates indentation (while scanning a "
		"plain scalar from line 3)");
	expect(y, "a: [1,\nb: 2\n",
		"3:1: error: did not find expected ',' or ']' (while parsing a flow sequence from "
		"line 1)");
	expect(y, "x:\n  a: 1\n  b: 2\n  a: 3\n",
		"4:3: error: 'a' is there already in line 2, which is lost: keep one of them");
	expect(y, "a: \001\n",
		"1: error: control characters are not allowed, expected UTF-8 text "
		"without control characters");
}
END_TEST

START_TEST(autoinstall)
{
	const enum answers a = ANSWERS_AUTOINSTALL;
#define TOP "#cloud-config\nautoinstall:\n  version: 1\n"
#define WHO "  identity: {username: u, hostname: h, password: \"$6$x$y\"}\n"

	expect(a, TOP WHO, "");
	expect(a, "version: 1\nuser-data: {disable_root: false}\n", "");
	expect(a,
		TOP WHO
		"  locale: en_GB.UTF-8\n  network: {version: 2, ethernets: {}}\n"
		"  storage: {layout: {name: lvm, sizing-policy: all}}\n  packages: [curl]\n",
		"");
	expect(a, "autoinstall:\n  version: 1\n" WHO,
		"1: error: the first line must be '#cloud-config', or nobody reads the rest");
	expect(a, "#cloud-config\nautoinstal: {}\n",
		"2:1: error: the user-data lacks 'autoinstall', expected a map\n"
		"2:1: error: unknown key 'autoinstal' in the user-data (did you mean "
		"'autoinstall'?)");
	expect(a, "#cloud-config\nautoinstall:\n" WHO,
		"3:3: error: autoinstall lacks 'version', expected a number");
	expect(a, TOP,
		"3:3: error: autoinstall lacks 'identity' or 'user-data' or "
		"'interactive-sections': it needs one of them");
	expect(a, TOP WHO "  pakages: []\n",
		"5:3: error: unknown key 'pakages' in autoinstall (did you mean 'packages'?)");
	expect(a, TOP WHO "  packages: curl\n", "5:13: error: 'packages' is text, expected a list");
	expect(a, TOP WHO "  storage: {layout: {name: lvms}}\n",
		"5:28: error: 'name' is 'lvms', expected lvm, direct, zfs or hybrid");
	expect(a, TOP WHO "  storage: {}\n",
		"5:12: error: storage lacks 'layout' or 'config': it needs one of them");
	expect(a, TOP WHO "  ssh: {install-server: \"yes\"}\n",
		"5:25: error: 'install-server' is text, expected true or false");
	expect(a, TOP WHO "  network: {ethernets: {}}\n",
		"5:12: error: network lacks 'version' or 'network': it needs one of them");
	expect(a, TOP WHO "  network: {network: {version: 2, ethernets: {}}}\n", "");
	expect(a, TOP WHO "  network: {network: {ethernets: {}}}\n",
		"5:22: error: network lacks 'version', expected a number");
	expect(a, TOP WHO "  network: {version: 1}\n", "5:22: error: 'version' is '1', expected 2");
	expect(a, TOP "  identity: {username: u, hostname: 7, password: secret}\n",
		"4:37: error: 'hostname' is a number, expected text: put it in quotes\n"
		"4:50: error: 'password' is no crypt(5) hash: nobody could log "
		"in with it (mkpasswd makes one)");
	expect(a, "#cloud-config\nautoinstall:\n  version: 2\n" WHO,
		"3:12: error: 'version' is '2', expected 1, the only version there is");
	expect(ANSWERS_CLOUD_CONFIG, "#cloud-config\nruncmds: []\nfoo: 1\n",
		"2:1: error: unknown key 'runcmds' in the cloud-config (did you mean 'runcmd'?)\n"
		"3:1: warning: unknown key 'foo' in the cloud-config: it is passed over");
	expect(ANSWERS_CLOUD_CONFIG, "#cloud-config\n# nothing\n", "");
	expect(ANSWERS_CLOUD_CONFIG, "## template: jinja\n#cloud-config\n{% if a %}\n- [\n", "");
	expect(ANSWERS_CLOUD_CONFIG,
		"#cloud-config\nwrite_files:\n- path: /a\n  permissions: 0644\n"
		"- path: /b\n  permissions: '0644'\n",
		"");
	expect(ANSWERS_CLOUD_CONFIG,
		"#cloud-config\nwrite_files:\n- path: /a\n  permissions: 644\n",
		"4:16: warning: 'permissions' is '644', which is decimal without quotes, expected '0644'");
	expect(a,
		TOP WHO "  user-data:\n    write_files:\n    - path: /a\n      permissions: 0644\n",
		"8:20: error: 'permissions' is a number, expected text: put it in quotes");
	expect(ANSWERS_CLOUD_CONFIG, "#cloud-config\nusers: 12\n",
		"2:8: error: 'users' is a number, expected text or a list or a map: put it in "
		"quotes");
	expect(ANSWERS_CLOUD_CONFIG, "#cloud-config\nusers: default\n", "");
	expect(a, TOP "  interactive-sections: [identity]\n", "");
	expect(a, TOP "  identity: {username: u, hostname: h, password: $6$s$h, shell: sh}\n",
		"4:58: error: unknown key 'shell' in identity, which is refused");
}
END_TEST

/* On the medium it is Subiquity alone that reads it. */
START_TEST(autoinstall_of_medium)
{
	const enum answers a = ANSWERS_AUTOINSTALL;
	static const char text[] = "autoinstall:\n  version: 1\n" WHO;

	expect_of("a/autoinstall.yaml", a, text,
		"1: warning: the first line is not '#cloud-config': it is read as autoinstall.yaml "
		"on the medium, not as user-data");
	expect_of("a/autoinstall.yaml", a, TOP WHO, "");
	expect_of("autoinstall/user-data", a, text,
		"1: error: the first line must be '#cloud-config', or nobody reads the rest");
	expect_of("autoinstall.yaml", a, "autoinstall:\n  version: 1\n" WHO "timezone: Etc/UTC\n",
		"1: error: the first line must be '#cloud-config', or nobody reads the rest");
	expect_of("autoinstall.yaml", a, "autoinstall: [\n",
		"1: error: the first line must be '#cloud-config', or nobody reads the rest\n"
		"2:1: error: did not find expected node content");
}
END_TEST

/* A server needs somebody who can log in; others ask when they have started. */
START_TEST(autoinstall_of_nobody)
{
	const enum answers a = ANSWERS_AUTOINSTALL;
	static const char lacks[] = "3:3: error: autoinstall lacks 'identity' or 'user-data' or "
				    "'interactive-sections': it needs one of them";

	expect(a, TOP "  source: {id: ubuntu-desktop-minimal}\n", "");
	expect(a, "version: 1\nsource: {id: ubuntu-core-desktop}\n", "");
	expect(a, TOP "  storage: {layout: {name: direct, reset-partition-only: true}}\n", "");
	expect(a, TOP "  source: {id: ubuntu-server-minimal}\n", lacks);
	expect(a, TOP "  source: {search_drivers: true}\n", lacks);
	expect(a, TOP "  storage: {layout: {name: direct}}\n", lacks);
	expect(a, "version: 1\nsource: {id: ubuntu-server}\n",
		"1:1: error: autoinstall lacks 'identity' or 'user-data' or "
		"'interactive-sections': it needs one of them");
}
END_TEST

/* Each list of Subiquity's schema, with something in it that it refuses. */
START_TEST(autoinstall_lists)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"late-commands:\n  - echo \"Motd: hello\" > /target/etc/motd\n",
			"6:5: error: 'late-commands' has a map in it, expected text or a list: "
			"the ':' makes a map of it, put all of it in quotes"},
		{"early-commands: [{a: b}, [echo, {}], true]\n",
			"5:20: error: 'early-commands' has a map in it, expected text or a list: "
			"put it in quotes\n"
			"5:35: error: 'early-commands' has a map in it, expected text: put it in "
			"quotes\n"
			"5:40: error: 'early-commands' has true or false in it, expected text or a "
			"list: put it in quotes"},
		{"error-commands: [[echo, 7]]\n",
			"5:27: error: 'error-commands' has a number in it, expected text: put it "
			"in quotes"},
		{"packages:\n    - git: 1\n",
			"6:7: error: 'packages' has a map in it, expected text: the ':' makes a "
			"map of it, put all of it in quotes"},
		{"interactive-sections: [[network]]\n",
			"5:26: error: 'interactive-sections' has a list in it, expected text"},
		{"ssh: {authorized-keys: [{a: b}]}\n",
			"5:27: error: 'authorized-keys' has a map in it, expected text: put it in "
			"quotes"},
		{"snaps: [jq]\n", "5:11: error: 'snaps' has text in it, expected maps with 'name'"},
		{"snaps: [{name: jq, clasic: true}]\n",
			"5:22: error: unknown key 'clasic' in snaps (did you mean 'classic'?)"},
		{"zdevs: [{enabled: true}]\n", "5:11: error: zdevs lacks 'id', expected text"},
		{"storage: {config: [disk]}\n",
			"5:22: error: 'config' has text in it, expected maps with 'type'"},
		{"storage: {config: [{type: disk}]}\n", "5:22: error: config lacks 'id'"},
		{"apt: {primary: [http://x]}\n",
			"5:19: error: 'primary' has text in it, expected a map"},
		{"apt: {mirror-selection: {primary: [[a]]}}\n",
			"5:38: error: 'primary' has a list in it, expected text or a map"},
		{"apt: {disable_components: [{}]}\n",
			"5:30: error: 'disable_components' has a map in it, expected text: put it "
			"in quotes"},
		{"apt: {preferences: [{package: a, pin: b}]}\n",
			"5:23: error: preferences lacks 'pin-priority', expected a number"},
		{"late-commands:\n", ""},
		{"late-commands: [\"a: b\", [echo, \"7\"], ls]\n", ""},
		{"apt: {mirror-selection: {primary: [country-mirror, {uri: x}]}, conf: x}\n", ""},
	};
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), TOP WHO "  %s", cases[i].text);
		expect(ANSWERS_AUTOINSTALL, text, cases[i].want);
	}
	expect(ANSWERS_CLOUD_CONFIG, "#cloud-config\nruncmd:\n- a: b\n- [ls, 7]\n- ls\n-\n",
		"3:3: error: 'runcmd' has a map in it, expected text or nothing or a list: the ':' "
		"makes a map of it, put all of it in quotes");
}
END_TEST

START_TEST(autoyast)
{
	const enum answers x = ANSWERS_AUTOYAST;
#define ROOT                                                                           \
	"<?xml version=\"1.0\"?>\n<profile xmlns=\"http://www.suse.com/1.0/yast2ns\" " \
	"xmlns:config=\"http://www.suse.com/1.0/configns\">\n"
#define WHO_ALONE "<users t=\"list\"><user><username>root</username></user></users>"
#define CONFIRM "<general><mode><confirm t=\"boolean\">false</confirm></mode></general>"
#define USERS WHO_ALONE CONFIRM "\n"
#define WAITS                                                             \
	"the installer shows what it will do, and waits: write <confirm " \
	"config:type=\"boolean\">false</confirm> into <general><mode>"

	expect(x,
		ROOT WHO_ALONE
		"\n<general><mode><confirm config:type=\"boolean\">false</confirm></mode></general>"
		"</profile>",
		"");
	expect(x, ROOT "<users>\n</profile>",
		"4:11: error: Opening and ending tag mismatch: users line 3 and profile");
	expect(x, "<autoinst/>", "1: error: the root element is <autoinst>, expected <profile>");
	expect(x, "<profile>" USERS "</profile>",
		"1: error: <profile> is not in AutoYaST's namespace: write "
		"xmlns=\"http://www.suse.com/1.0/yast2ns\"");
	expect(x, ROOT USERS "<sofware/>\n<own/></profile>",
		"4: error: unknown section <sofware> (did you mean <software>?)\n"
		"5: warning: unknown section <own>: AutoYaST passes it over");
	expect(x, ROOT "<users><user/></users></profile>",
		"2: warning: " WAITS "\n"
		"3: error: <users> is read as no list: write <users config:type=\"list\">");
	expect(x,
		ROOT WHO_ALONE
		"\n<general><mode>\n<confirm>false</confirm></mode></general></profile>",
		"5: error: <confirm> is read as text: write <confirm config:type=\"boolean\">");
	expect(x, ROOT USERS "<report><confirm t=\"bolean\">false</confirm></report></profile>",
		"4: error: <confirm>: there is no type 'bolean' (did you mean 'boolean'?)");
	expect(x,
		ROOT WHO_ALONE "\n<general><mode><confirm t=\"boolean\">\n false\n</confirm></mode>"
			       "</general></profile>",
		"");
	expect(x, ROOT USERS "<report><confirm t=\"boolean\">no</confirm></report></profile>",
		"4: error: <confirm> is 'no', expected true or false");
	/* Nobody is there to press a key. */
	expect(x, ROOT WHO_ALONE "</profile>", "2: warning: " WAITS);
	expect(x,
		ROOT WHO_ALONE "\n<general><mode>\n<confirm t=\"boolean\">true</confirm></mode>"
			       "</general></profile>",
		"5: warning: " WAITS);
	expect(x, ROOT USERS "<report/>\n<report/></profile>",
		"5: error: <report> is there already in line 4: put both into one");
	expect(x, ROOT CONFIRM "<report/></profile>",
		"2: warning: there is no <users>: nobody can log in, root has no password and no "
		"key");
	/* Users of a class; those of the system that is upgraded. */
	expect(x,
		ROOT "<classes t=\"list\"><class><class_name>web</class_name>"
		     "<configuration>users.xml</configuration></class></classes></profile>",
		"");
	expect(x,
		ROOT CONFIRM "<upgrade><stop_on_solver_conflict t=\"boolean\">true"
			     "</stop_on_solver_conflict></upgrade>\n<backup/><pxe/>"
			     "<online_update_configuration/></profile>",
		"");
	expect(ANSWERS_XML, "<a>&b;</a>", "1:7: error: Entity 'b' not defined");
}
END_TEST

START_TEST(autoyast_elements)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"<partitioning t='list'><drive><device>/dev/vda</device><patitions t='list'>\n"
		 "<partition><mont>/</mont></partition></patitions></drive></partitioning>",
			"4: error: unknown element <patitions> in <partitioning> (did you mean "
			"<partitions>?)\n"
			"5: error: unknown element <mont> in <partitioning> (did you mean "
			"<mount>?)"},
		{"<networking><keep_instal_network t='boolean'>true</keep_instal_network></networking>",
			"4: error: unknown element <keep_instal_network> in <networking> (did you "
			"mean <keep_install_network>?)"},
		{"<software><pakages t='list'><package>a</package></pakages></software>",
			"4: error: unknown element <pakages> in <software> (did you mean "
			"<packages>?)"},
		{"<networking><interfaces t='list'><interface><bootproto>dhcp</bootproto>\n"
		 "<startmod>auto</startmod></interface></interfaces></networking>",
			"5: error: unknown element <startmod> in <networking> (did you mean "
			"<startmode>?)"},
		{"<scripts><post-scripts t='list'><script><sorce>a</sorce></script></post-scripts>"
		 "</scripts>",
			"4: error: unknown element <sorce> in <scripts> (did you mean <source>?)"},
		/* Names that go on, what is far from all that is known, and what nobody lists. */
		{"<networking><interfaces t='list'><listentry><bonding_slave12>eth0"
		 "</bonding_slave12><aliases><alias0><IPADR>1</IPADR></alias0></aliases>"
		 "</listentry></interfaces></networking>"
		 "<firewall><FW_DEV_EX>eth0</FW_DEV_EX></firewall>"
		 "<software><quite_another>1</quite_another></software>"
		 "<sysconfig t='list'><sysconfig_entry><sysconfig_keys>A</sysconfig_keys>"
		 "</sysconfig_entry></sysconfig>",
			""},
	};
	char text[2048];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), ROOT USERS "%s</profile>", cases[i].text);
		expect(ANSWERS_AUTOYAST, text, cases[i].want);
	}
}
END_TEST

/* The same wrong name in every format. */
START_TEST(names)
{
	expect(ANSWERS_AUTOYAST,
		ROOT CONFIRM
		"<users t='list'><user><username>Bob Smith</username></user></users>\n"
		"<networking><dns><hostname>web_1</hostname></dns></networking></profile>",
		"3: error: <username> is 'Bob Smith', which is no name for a user, expected one "
		"like web-admin\n"
		"4: error: <hostname> is 'web_1', which is no name for a host, expected letters, "
		"digits and '-'");
	expect(ANSWERS_IGNITION,
		HEAD ", \"passwd\": {\"users\": [\n{\"name\": \"Bob Smith\"}, {\"name\": "
		     "\"core\", \"passwordHash\": \"secret\"}]}}",
		"2:10: error: 'name' is 'Bob Smith', which is no name for a user, expected one "
		"like web-admin\n"
		"2:57: error: 'passwordHash' is no crypt(5) hash: nobody could log in with it "
		"(mkpasswd makes one)");
	expect(ANSWERS_PRESEED, "d-i passwd/username string backup\n",
		"1: error: 'passwd/username' is 'backup', which is an account of the system: "
		"expected another name");
	expect(ANSWERS_PRESEED, "d-i passwd/username string backups\n", "");
	expect(ANSWERS_PRESEED,
		"d-i passwd/username string Bob Smith\nd-i netcfg/get_hostname string web_1\n",
		"1: error: 'passwd/username' is 'Bob Smith', expected a small letter, then small "
		"letters, digits, '-' and '_', at most 32\n"
		"2: error: 'netcfg/get_hostname' is 'web_1', which is no name for a host, "
		"expected letters, digits and '-'");
	expect(ANSWERS_CLOUD_CONFIG,
		"#cloud-config\nhostname: web_1\nusers:\n- default\n- name: Bob Smith\n- Bob S\n",
		"2:11: error: 'hostname' is 'web_1', which is no name for a host, expected "
		"letters, digits and '-'\n"
		"5:9: error: 'name' is 'Bob Smith', which is no name for a user, expected one "
		"like web-admin\n"
		"6:3: error: 'users' is 'Bob S', which is no name for a user, expected one like "
		"web-admin");
	expect(ANSWERS_AUTOINSTALL,
		TOP "  identity: {username: Bob Smith, hostname: web_1, password: $6$s$h}\n",
		"4:24: error: 'username' is 'Bob Smith', expected small letters, digits, '_' and "
		"'-'\n"
		"4:45: error: 'hostname' is 'web_1', which is no name for a host, expected "
		"letters, digits and '-'");
}
END_TEST

START_TEST(values)
{
	static const char *const users[] = {"a", "core", "web-admin", "Ann.B", "_apt", "host$",
		"u2", "abcdefghijklmnopqrstuvwxyz012345", NULL};
	static const char *const no_users[] = {"", "-a", "a b", "a:b", "a,b", "a'b", "a\nb", "12",
		".", "..", "$a", "a$b", "\xc3\xa4", "abcdefghijklmnopqrstuvwxyz0123456", NULL};
	static const char *const hosts[] = {"a", "web01", "web01.example.org", "a.b.", "1", NULL};
	static const char *const no_hosts[] = {"", "a_b", "-a", "a-", "a..b", ".a", "a b", "a\nb",
		"{{name}}", "a123456789a123456789a123456789a123456789a123456789a123456789a123",
		NULL};

	for (size_t i = 0; users[i]; i++)
		ck_assert_msg(!lint_wrong_user(users[i]), "%s", users[i]);
	for (size_t i = 0; no_users[i]; i++)
		ck_assert_msg(lint_wrong_user(no_users[i]) != NULL, "%s", no_users[i]);
	for (size_t i = 0; hosts[i]; i++)
		ck_assert_msg(!lint_wrong_hostname(hosts[i]), "%s", hosts[i]);
	for (size_t i = 0; no_hosts[i]; i++)
		ck_assert_msg(lint_wrong_hostname(no_hosts[i]) != NULL, "%s", no_hosts[i]);
	ck_assert_ptr_null(lint_wrong_user("${user}"));
	ck_assert_ptr_null(lint_wrong_hostname("web-${n}"));
	ck_assert_ptr_null(lint_wrong_hostname("$HOSTNAME"));
	ck_assert_ptr_null(lint_wrong_crypt("$6$a$b"));
	ck_assert_ptr_null(lint_wrong_crypt("!"));
	ck_assert_ptr_null(lint_wrong_crypt("abcdefghijklm"));
	ck_assert_ptr_nonnull(lint_wrong_crypt("secret"));
	ck_assert_ptr_nonnull(lint_wrong_crypt(""));
}
END_TEST

START_TEST(ignition_sums)
{
	static const struct {
		const char *sum, *want;
	} cases[] = {
		{"\"sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF\"", ""},
		{"null", ""},
		{"\"sha512-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
			""},
		{"\"sha512-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
			"expected 128 hexadecimal digits after sha512-, 64 after sha256-"},
		{"\"sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg\"",
			"expected 128 hexadecimal digits after sha512-, 64 after sha256-"},
		{"\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
			"expected sha512- or sha256-, and the sum in hexadecimal digits"},
		{"\"md5-0123\"", "expected sha512- or sha256-, and the sum in hexadecimal digits"},
		{"\"\"", "expected sha512- or sha256-, and the sum in hexadecimal digits"},
	};
	char text[512], want[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text),
			HEAD ",\"storage\": {\"files\": [{\"path\": \"/x\", \"contents\": "
			     "{\"source\": \"http://x\", \"verification\": {\"hash\":\n%s}}}]}}",
			cases[i].sum);
		snprintf(want, sizeof(want), "2:1: error: 'hash' is '%.*s', %s",
			(int)(strlen(cases[i].sum) - 2 < 64 ? strlen(cases[i].sum) - 2 : 64),
			cases[i].sum + 1, cases[i].want);
		expect(ANSWERS_IGNITION, text, *cases[i].want ? want : "");
	}
}
END_TEST

START_TEST(limits)
{
	char *long_text = malloc(LINT_TEXT_MAX + 2);

	memset(long_text, '[', LINT_TEXT_MAX + 1);
	long_text[LINT_TEXT_MAX + 1] = '\0';
	expect(ANSWERS_YAML, long_text, " error: has 1048577 bytes, expected at most 1048576");
	long_text[LINT_TEXT_MAX] = '\0';
	expect(ANSWERS_YAML, long_text, "1: error: more than 128 brackets are open here");
	free(long_text);
	expect(ANSWERS_SCRIPT, "if\n", "");
	expect(ANSWERS_NONE, "if\n", "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lint");
	TCase *t = tcase_create("lint");
	SRunner *r;
	int failed;

	tcase_add_test(t, preseed);
	tcase_add_test(t, preseed_questions_known);
	tcase_add_test(t, preseed_reading);
	tcase_add_test(t, preseed_commands);
	tcase_add_test(t, json);
	tcase_add_test(t, ignition);
	tcase_add_test(t, ignition_of_flatcar);
	tcase_add_test(t, yaml);
	tcase_add_test(t, autoinstall);
	tcase_add_test(t, autoinstall_of_medium);
	tcase_add_test(t, autoinstall_of_nobody);
	tcase_add_test(t, autoinstall_lists);
	tcase_add_test(t, autoyast);
	tcase_add_test(t, autoyast_elements);
	tcase_add_test(t, names);
	tcase_add_test(t, values);
	tcase_add_test(t, ignition_sums);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
