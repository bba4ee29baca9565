/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every shipped profile, for a guest with BIOS and one with UEFI, for bare metal with a static network and with DHCP, as it is and
 * with everything set: all that it serves renders, the linter finds nothing in it, and neither do the formats' own checkers
 * that are installed (what `make check` installs: contrib/deps lab).
 */
#include "kickstart/lint/lint.h"
#include "kickstart/profiles.h"
#include "kickstart/render_lint.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const struct variant {
	const char *name;
	bool guest, efi, is_static;
	enum { OF_IPV4, OF_BOTH, OF_IPV6 } network;
} variants[] = {{"BIOS guest", true, false, false, OF_IPV4},
	{"UEFI guest", true, true, false, OF_IPV4}, {"static machine", false, true, true, OF_IPV4},
	{"DHCP machine", false, false, false, OF_IPV4},
	{"static machine of both families", false, true, true, OF_BOTH},
	{"guest of both families", true, false, false, OF_BOTH},
	{"static machine of IPv6 alone", false, true, true, OF_IPV6},
	{"guest of IPv6 alone", true, false, false, OF_IPV6}};

/* What is always set where a profile wants it. */
static const char *const needed[][2] = {{"disks", "vdb serial=S1XY smallest-nvme"}};
/* What is set when everything is; a profile takes those that it knows. */
static const char *const values[][2] = {{"partitions", "lvm"}, {"user", "ann"},
	{"user_password", "$6$salt$hash/hash.hash"}, {"root_password", "$6$salt$hash/hash.hash"},
	{"packages", "vim tmux"}, {"keymap", "de"}, {"proxy", "http://10.0.0.1:3128/"},
	{"timezone", "Europe/Berlin"}, {"disk", "vdb"},
	{"pre", "echo 'one' \"$x\" & # <a> {\nexit 0"},
	{"post", "if [ a \\< 'b' ]; then\n\techo \"it's: $HOME\" >>/var/x\nfi"}, {"console", ""}};

/* $F is a file of that kind: what its format's own checker says. One that is not installed is not asked. */
static const char *const checkers[ANSWERS_KINDS] = {
	[ANSWERS_PRESEED] = "! command -v debconf-set-selections || "
			    "printf 'Config: c\\nTemplates: t\\n\\nName: c\\nDriver: File\\n"
			    "Filename: %s.c\\n\\nName: t\\nDriver: File\\nFilename: %s.t\\n' "
			    "$F $F >$F.rc && "
			    "DEBCONF_SYSTEMRC=$F.rc debconf-set-selections -c $F && "
			    "sed -n '/early_command\\|late_command/,/[^\\\\]$/p' $F | "
			    "sed 's/^d-i [a-z/_]* string//' >$F.sh && sh -n $F.sh",
	[ANSWERS_SCRIPT] = "sh -n $F",
	[ANSWERS_AUTOYAST] =
		"! command -v xmllint || { xmllint --noout $F && n=$(xmllint --xpath "
		"'count(//*[local-name()=\"source\"])' $F) && for i in $(seq $n); do "
		"xmllint --xpath \"string((//*[local-name()='source'])[$i])\" $F >$F.sh && sh -n "
		"$F.sh || exit 1; done; }",
	[ANSWERS_XML] = "! command -v xmllint || xmllint --noout $F",
	[ANSWERS_IGNITION] = "! command -v jq || jq -e '.ignition.version == \"3.3.0\" and "
			     "([.. | objects | select(.source?) | .source | "
			     "test(\"^(http|data:,)\")] | all)' $F && "
			     "I=$TOP/build/peers/ignition/usr/bin/ignition-validate && "
			     "{ [ ! -e $I ] || { $I $F && ! $I $F 2>&1 | grep warning; }; }",
	/* What netplan makes of a network that is to stay. */
	[ANSWERS_YAML] =
		"P=$TOP/build/peers; [ ! -d $P/netplan.io ] || ! grep -q 'ethernets:' $F || "
		"{ mkdir -p $F.d/etc/netplan && { grep -q '^network:' $F && cat $F || "
		"{ echo network:; sed 's/^/  /' $F; }; } >$F.d/etc/netplan/90.yaml && "
		"LD_LIBRARY_PATH=$(echo $P/libnetplan0/usr/lib/*-linux-gnu) "
		"$P/netplan.io/usr/libexec/netplan/generate --root-dir $F.d; }",
	[ANSWERS_JSON] = "! command -v jq || jq . $F",
	[ANSWERS_KICKSTART] = "! command -v ksvalidator || ksvalidator $F",
};

/* Of cloud-init's, which takes a second to start, one looks at all files of a test at its end: $F is their folder. */
static const char cloud_checker[] =
	"C=$TOP/build/peers/cloud-init/usr/lib/python3/dist-packages; [ ! -d $C ] || "
	"PYTHONPATH=$C /usr/bin/python3 -c '"
	"import sys\n"
	"from cloudinit.config.schema import get_schema, validate_cloudconfig_file\n"
	"for f in sys.argv[1:]:\n"
	"  try: validate_cloudconfig_file(f, get_schema())\n"
	"  except Exception as e: sys.exit(open(f).read() + f + str(e))' $F/cloud.*";

/* What the setting `disk` may be: a name, and all that a script looks for. */
static const char *const disks[] = {"vdb", "disk/by-id/ata-A_B-1", "serial=S3Z1 NB0K/12:3",
	"serial=-n", "wwn=0x5000c500a1b2c3d4", "wwn=naa.6000c500A1b2c3d46000c500a1b2c3d4",
	"wwn=eui.0025385b71b00a2e", "size=480G", "size=1.92TB", "size=20GiB", "smallest", "largest",
	"smallest-ssd", "largest-ssd", "smallest-hdd", "largest-hdd", "smallest-nvme",
	"largest-nvme"};

static bool asks = true; /* checkers too: they take their time */
static struct profiles shelf;
static char **names, dir[64];
static unsigned n_cloud; /* files for cloud-init's checker */
static struct machine machine;
static struct segment segment;

static const char *top(void)
{
	return getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
}

static void set_up(void)
{
	char path[256];

	strcpy(dir, "/tmp/usher-shipped-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/kickstart/profiles", top());
	profiles_init(&shelf);
	ck_assert_int_eq(profiles_add_path(&shelf, path), 0);
	ck_assert_int_eq(profiles_names(&shelf, &names), 0);
	machine = (struct machine){.name = "web01",
		.uuid = "7a6b1f3e-0d5c-4f0e-9d59-0c8a5ef6a001",
		.n_nics = 1,
		.settings = json_object(),
		.ssh_keys =
			json_pack("[s, s]", "ssh-ed25519 AAAA me@host", "ssh-rsa BBBB= it's me")};
	ck_assert_int_eq(mac_parse("52:54:c0:a8:7a:03", &machine.nics[0].mac), 0);
	ck_assert_int_eq(ip_parse("192.168.122.3", &machine.nics[0].addrs[0]), 0);
	machine.nics[0].n_addrs = 1;
	segment = (struct segment){.prefix_len = 24, .n_dns = 2, .domain = "lab"};
	ck_assert_int_eq(ip_parse("192.168.122.1", &segment.server), 0);
	segment.router = segment.dns[0] = segment.server;
	ck_assert_int_eq(ip_parse("9.9.9.9", &segment.dns[1]), 0);
}

static void set_network(const struct variant *v)
{
	if (v->network == OF_IPV4)
		return;
	segment.six = (struct segment6){.prefix_len = 64, .n_dns = 1, .router_s = 1800};
	ck_assert_int_eq(ip_parse("fd00:7a::1", &segment.six.server), 0);
	segment.six.dns[0] = segment.six.server;
	if (v->network == OF_BOTH)
		return;
	segment.server = segment.router = (struct ip){0};
	segment.prefix_len = 0;
	segment.n_dns = 0;
	ck_assert_int_eq(ip_parse("fd00:7a::c0a8:7a03", &machine.nics[0].addrs[0]), 0);
}

static void tear_down(void)
{
	char command[128];

	profiles_names_free(names);
	profiles_fini(&shelf);
	json_decref(machine.settings);
	json_decref(machine.ssh_keys);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

/* What is asked about, for messages. */
struct subject {
	const struct profile *profile;
	const struct profile_answers *file;
	const struct variant *variant;
	const char *text;
};

static void lint(const struct subject *s)
{
	const struct variant *v = s->variant;
	struct lint_machine m = {.disks = {v->guest ? "vda" : "", "vdb"},
		.disk_sizes = {20ull << 30, 20ull << 30},
		.n_disks = v->guest ? 2 : 0,
		.disks_empty = v->guest,
		.address = "192.168.122.3",
		.netmask = "255.255.255.0",
		.gateway = "192.168.122.1",
		.prefix = 24,
		.address6 = v->network == OF_IPV4 ? "" : "fd00:7a::c0a8:7a03",
		.prefix6 = 64,
		.hostname = "web01.lab",
		.firmware_known = true,
		.firmware_efi = v->efi};
	const struct lint_input in = {.file = s->file->template,
		.text = s->text,
		.version = s->file->version,
		.machine = &m};
	struct findings f = {0};
	char first[512] = "";

	lint_text(s->file->format, &in, &f);
	if (f.n)
		finding_text(&f, 0, first, sizeof first);
	ck_assert_msg(f.n == 0, "%s for a %s: %s", s->profile->name, v->name, first);
	findings_fini(&f);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static int run_checker(const char *checker, const char *path, const char *shown)
{
	char *all = NULL;
	int rc;

	ck_assert_int_gt(
		asprintf(&all, "TOP=%s F=%s; { %s; } >%s/out 2>&1 || { %s; cat %s/out; exit 1; }",
			top(), path, checker, dir, shown, dir),
		0);
	rc = system(all);
	free(all);
	return rc;
}

static void ask_checker(const struct subject *s)
{
	const char *checker = checkers[s->file->format];
	bool cloud =
		s->file->format == ANSWERS_CLOUD_CONFIG || s->file->format == ANSWERS_AUTOINSTALL;
	char path[128];

	if ((!checker && !cloud) || !asks)
		return;
	if (cloud)
		snprintf(path, sizeof path, "%s/cloud.%u", dir, n_cloud++);
	else
		snprintf(path, sizeof path, "%s/file", dir);
	write_file(path, s->text);
	if (!cloud)
		ck_assert_msg(run_checker(checker, path, "cat -n $F") == 0,
			"%s, %s for a %s: see above", s->profile->name, s->file->name,
			s->variant->name);
}

static void ask_cloud_checker(const struct variant *v)
{
	if (n_cloud)
		ck_assert_msg(run_checker(cloud_checker, dir, ":") == 0,
			"cloud-init's checker, for a %s: see above", v->name);
}

/* Boot script and command line, for the loaders that this firmware may have. */
static void boot_texts(const struct rendering *r, const struct profile *p, const struct variant *v)
{
	enum profile_firmware firmware = v->efi ? PROFILE_EFI_X64 : PROFILE_BIOS;
	enum script_kind kinds[2] = {SCRIPT_IPXE, SCRIPT_IPXE};
	char why[512], *text;

	if (p->loaders[firmware] || p->programs[firmware])
		kinds[1] = v->efi ? SCRIPT_GRUB : SCRIPT_PXELINUX;
	for (size_t i = 0; i < 2; i++) {
		text = NULL;
		ck_assert_msg(render_script(r, kinds[i], &text, why, sizeof why) == 0, "%s", why);
		ck_assert_ptr_null(strstr(text, "{{"));
		free(text);
	}
	text = NULL;
	ck_assert_msg(render_cmdline(r, &text, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(!p->n_answers || strstr(text, "/m/cafe/"), "%s: %s", p->name, text);
	free(text);
}

/* Only what CentOS 7's installer takes by itself is not checked by anybody: usher-profiles(7). */
static void sources(const struct rendering *r, const struct profile *p)
{
	struct findings f = {0};
	char why[512], line[512];
	size_t n = 0;

	ck_assert_msg(render_lint(r, 0, &f, why, sizeof why) == 0, "%s", why);
	for (size_t i = 0; i < f.n; i++) {
		finding_text(&f, i, line, sizeof line);
		n += strstr(line, " check") != NULL;
		ck_assert_msg(strstr(line, "is not checked") == NULL, "%s", line);
	}
	ck_assert_uint_eq(n, !strcmp(p->name, "centos-7"));
	findings_fini(&f);
}

static void all_of(const struct profile *p, const struct variant *v)
{
	bool six = v->network == OF_IPV6;
	struct render_input in = {.machine = &machine,
		.segment = &segment,
		.family = six ? IP_V6 : IP_V4,
		.base_url = six ? "http://[fd00:7a::1]:8067" : "http://192.168.122.1:8067",
		.token = "cafe",
		.up_token = "beef"};
	struct rendering *r = NULL;
	json_t *snapshot = NULL;
	char why[512], *text;

	ck_assert_msg(render_validate(p, &in, 0, 0, &snapshot, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(rendering_new(&in, snapshot, &r, why, sizeof why) == 0, "%s", why);
	boot_texts(r, p, v);
	sources(r, p);
	for (size_t i = 0; i < p->n_answers; i++) {
		text = NULL;
		ck_assert_msg(render_answers_file(
				      r, p->answers[i].name, &text, NULL, why, sizeof why) == 0,
			"%s", why);
		if (getenv("SHOW") && !strcmp(getenv("SHOW"), p->name))
			printf("=== %s for a %s\n%s", p->answers[i].name, v->name, text);
		lint(&(struct subject){p, &p->answers[i], v, text});
		ask_checker(&(struct subject){p, &p->answers[i], v, text});
		free(text);
	}
	rendering_free(r);
	json_decref(snapshot);
}

static void set_each(const struct profile *p, const char *const (*each)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (profile_setting(p, each[i][0]))
			json_object_set_new(machine.settings, each[i][0], json_string(each[i][1]));
}

static void set_all(const struct profile *p, const struct variant *v, bool everything)
{
	json_object_clear(machine.settings);
	if (v->is_static && profile_setting(p, "network"))
		json_object_set_new(machine.settings, "network", json_string("static"));
	set_each(p, needed, sizeof needed / sizeof *needed);
	if (everything)
		set_each(p, values, sizeof values / sizeof *values);
	if (everything && *p->image.name && profile_setting(p, "mirror"))
		json_object_set_new(
			machine.settings, "mirror", json_string("https://mirror.example/debian"));
}

START_TEST(every_profile)
{
	const struct variant *v = &variants[_i];
	struct profile *p;
	char why[512];
	size_t n;

	machine.guest = v->guest;
	set_network(v);
	for (n = 0; names[n]; n++) {
		p = NULL;
		ck_assert_msg(profiles_find(&shelf, names[n], &p, why, sizeof why) == 0, "%s", why);
		set_all(p, v, false);
		all_of(p, v);
		set_all(p, v, true);
		all_of(p, v);
		profile_free(p);
	}
	ask_cloud_checker(v);
	ck_assert_uint_ge(n, 14);
}
END_TEST

/* Of a file that `name` is served as; heap. */
static char *one_file(const struct profile *p, const struct render_input *in, const char *name)
{
	struct rendering *r = NULL;
	json_t *snapshot = NULL;
	char why[512], *text = NULL;

	ck_assert_msg(render_validate(p, in, 0, 0, &snapshot, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(rendering_new(in, snapshot, &r, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(render_answers_file(r, name, &text, NULL, why, sizeof why) == 0, "%s", why);
	rendering_free(r);
	json_decref(snapshot);
	return text;
}

/* Heap. */
static char *cmdline_of(const struct profile *p, const struct render_input *in)
{
	struct rendering *r = NULL;
	json_t *snapshot = NULL;
	char why[512], *text = NULL;

	ck_assert_msg(render_validate(p, in, 0, 0, &snapshot, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(rendering_new(in, snapshot, &r, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(render_cmdline(r, &text, why, sizeof why) == 0, "%s", why);
	rendering_free(r);
	json_decref(snapshot);
	return text;
}

/* Which file of a profile looks for a disk. */
static const char *finder(const struct profile *p)
{
	static const char *const found[] = {"disk.sh", "install.sh"};

	for (size_t i = 0; i < p->n_answers; i++)
		for (size_t n = 0; n < 2; n++)
			if (!strcmp(p->answers[i].name, found[n]))
				return found[n];
	return p->answers[0].name;
}

/* A name is written down where it was; what is none is looked for, in one shell's word, and never written down as a name. */
static void looks_for(const struct profile *p, const char *disk, char *text, char *answers)
{
	bool named = !strchr(disk, '=') && strncmp(disk, "smallest", 8) &&
		strncmp(disk, "largest", 7),
	     tiny = !strcmp(p->media.name, "tiny");
	char word[128];

	snprintf(word, sizeof word, tiny ? "DISK='%s'\n" : "find_disk '%s'", disk);
	ck_assert_msg(named && !tiny ? !strstr(text, "find_disk") : strstr(text, word) != NULL,
		"%s looks for %s:\n%.3000s", p->name, disk, text);
	snprintf(word, sizeof word, "/dev/%s", disk);
	ck_assert_msg(named || !strstr(answers, word), "%s names %s", p->name, disk);
}

START_TEST(every_disk)
{
	const struct variant *v = &variants[_i ? 3 : 0];
	struct render_input in = {.machine = &machine,
		.segment = &segment,
		.base_url = "http://10.0.0.1",
		.token = "cafe"};
	struct profile *p;
	size_t installs = 0;
	char why[512], *text, *answers;

	machine.guest = v->guest;
	for (size_t n = 0; names[n]; n++) {
		p = NULL;
		ck_assert_msg(profiles_find(&shelf, names[n], &p, why, sizeof why) == 0, "%s", why);
		for (size_t d = 0; profile_setting(p, "disk") && d < sizeof disks / sizeof *disks;
			d++) {
			asks = d % 4 == 2; /* a serial number, a WWN, a kind */
			set_all(p, v, false);
			json_object_set_new(machine.settings, "disk", json_string(disks[d]));
			all_of(p, v);
			text = one_file(p, &in, finder(p));
			answers = one_file(p, &in, p->answers[0].name);
			looks_for(p, disks[d], text, answers);
			free(text);
			free(answers);
		}
		installs += profile_setting(p, "disk") != NULL;
		profile_free(p);
	}
	ask_cloud_checker(v);
	ck_assert_uint_ge(installs, 14);
}
END_TEST

/* What may have the address: a bond of named cards or of all, a VLAN on the card, a VLAN on a bond. */
static const char *const links[][3] = {{"52:54:c0:a8:7a:04,52:54:C0:A8:7A:03", "802.3ad", ""},
	{"all", "active-backup", ""}, {"", "active-backup", "7"},
	{"52:54:c0:a8:7a:03 52:54:c0:a8:7a:04", "balance-xor", "4094"}};

START_TEST(every_link)
{
	const struct variant *v = &variants[_i];
	struct profile *p;
	size_t installs = 0;
	char why[512];

	machine.guest = v->guest;
	set_network(v);
	for (size_t n = 0; names[n]; n++) {
		p = NULL;
		ck_assert_msg(profiles_find(&shelf, names[n], &p, why, sizeof why) == 0, "%s", why);
		for (size_t i = 0; profile_setting(p, "bond") && i < sizeof links / sizeof *links;
			i++) {
			set_all(p, v, false);
			json_object_set_new(machine.settings, "bond", json_string(links[i][0]));
			json_object_set_new(
				machine.settings, "bond_mode", json_string(links[i][1]));
			json_object_set_new(machine.settings, "vlan", json_string(links[i][2]));
			all_of(p, v);
		}
		installs += profile_setting(p, "bond") != NULL;
		profile_free(p);
	}
	ask_cloud_checker(v);
	ck_assert_uint_ge(installs, 14);
}
END_TEST

/* On the command line a card has no name yet: an address stands there only where the installer takes it for that of BOOTIF. */
START_TEST(address_for_one_card)
{
	const struct variant *v = &variants[_i ? 6 : 2];
	struct render_input in = {.machine = &machine,
		.segment = &segment,
		.family = _i ? IP_V6 : IP_V4,
		.base_url = _i ? "http://[fd00:7a::1]:8067" : "http://192.168.122.1:8067",
		.token = "cafe"};
	struct profile *p;
	size_t given = 0;
	char why[512];

	set_network(v);
	for (size_t n = 0; names[n]; n++) {
		char *text;

		p = NULL;
		ck_assert_msg(profiles_find(&shelf, names[n], &p, why, sizeof why) == 0, "%s", why);
		set_all(p, v, false);
		text = cmdline_of(p, &in);
		if (strstr(text, _i ? " ip=[" : " ip=192.")) {
			ck_assert_str_eq(p->name, "fedora-coreos"); /* NetworkManager's */
			ck_assert_msg(strstr(text, " BOOTIF=01-52-54-c0-a8-7a-03 "), "%s", text);
			given++;
		}
		ck_assert_msg(strcmp(p->name, "flatcar") || !strstr(text, " ip="), "%s", text);
		free(text);
		profile_free(p);
	}
	ck_assert_uint_eq(given, 1);
}
END_TEST

/* YaST's proxy is for the mirror: its answers come from here, and are no proxy's to read. */
START_TEST(yast_proxy)
{
	struct render_input in = {.machine = &machine,
		.segment = &segment,
		.family = IP_V4,
		.base_url = "http://192.168.122.1:8067",
		.token = "cafe"};
	struct profile *p = NULL;
	char why[512], *text;

	ck_assert_int_eq(profiles_find(&shelf, "opensuse-leap", &p, why, sizeof why), 0);
	text = cmdline_of(p, &in);
	ck_assert_msg(!strstr(text, "proxy"), "%s", text);
	free(text);
	json_object_set_new(machine.settings, "proxy", json_string("http://10.0.0.1:3128/"));
	text = cmdline_of(p, &in);
	ck_assert_msg(
		strstr(text, " proxy=http://10.0.0.1:3128/ no_proxy=192.168.122.1 "), "%s", text);
	free(text);
	ck_assert_int_eq(profile_set_media(p, "/srv/leap", NULL, NULL), 0);
	text = cmdline_of(p, &in);
	ck_assert_msg(!strstr(text, "proxy"), "%s", text);
	free(text);
	profile_free(p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shipped");
	TCase *t = tcase_create("shipped");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, every_profile, 0, sizeof variants / sizeof *variants);
	tcase_add_loop_test(t, every_disk, 0, 2);
	tcase_add_loop_test(t, every_link, 1, sizeof variants / sizeof *variants);
	tcase_add_loop_test(t, address_for_one_card, 0, 2);
	tcase_add_test(t, yast_proxy);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
