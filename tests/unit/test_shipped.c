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

/* What is set when everything is; a profile takes those that it knows. */
static const char *const values[][2] = {{"partitions", "lvm"}, {"user", "ann"},
	{"user_password", "$6$salt$hash/hash.hash"}, {"root_password", "$6$salt$hash/hash.hash"},
	{"packages", "vim tmux"}, {"proxy", "http://10.0.0.1:3128/"}, {"timezone", "Europe/Berlin"},
	{"disk", "vdb"}, {"pre", "echo 'one' \"$x\" & # <a> {\nexit 0"},
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
	[ANSWERS_AUTOINSTALL] =
		"C=$TOP/build/peers/cloud-init/usr/lib/python3/dist-packages; [ ! -d $C ] || "
		"PYTHONPATH=$C /usr/bin/python3 -m cloudinit.cmd.main schema --config-file $F",
	[ANSWERS_AUTOYAST] =
		"! command -v xmllint || { xmllint --noout $F && n=$(xmllint --xpath "
		"'count(//*[local-name()=\"source\"])' $F) && for i in $(seq $n); do "
		"xmllint --xpath \"string((//*[local-name()='source'])[$i])\" $F >$F.sh && sh -n "
		"$F.sh || exit 1; done; }",
	[ANSWERS_XML] = "! command -v xmllint || xmllint --noout $F",
	[ANSWERS_IGNITION] = "! command -v jq || jq -e '.ignition.version == \"3.3.0\" and "
			     "([.. | objects | select(.source?) | .source | "
			     "test(\"^(http|data:,)\")] | all)' $F",
	[ANSWERS_JSON] = "! command -v jq || jq . $F",
	[ANSWERS_KICKSTART] = "! command -v ksvalidator || ksvalidator $F",
};

static struct profiles shelf;
static char **names, dir[64];
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

static void ask_checker(const struct subject *s)
{
	const char *checker = checkers[s->file->format];
	char path[128], *all = NULL;
	FILE *f;

	if (!checker)
		return;
	snprintf(path, sizeof path, "%s/file", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(s->text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_gt(
		asprintf(&all,
			"TOP=%s F=%s; { %s; } >$F.out 2>&1 || { cat -n $F; cat $F.out; exit 1; }",
			top(), path, checker),
		0);
	ck_assert_msg(system(all) == 0, "%s, %s for a %s: see above", s->profile->name,
		s->file->name, s->variant->name);
	free(all);
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
	ck_assert_msg(strstr(text, "/m/cafe/") != NULL, "%s: %s", p->name, text);
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
		lint(&(struct subject){p, &p->answers[i], v, text});
		ask_checker(&(struct subject){p, &p->answers[i], v, text});
		free(text);
	}
	rendering_free(r);
	json_decref(snapshot);
}

static void set_all(const struct profile *p, const struct variant *v, bool everything)
{
	json_object_clear(machine.settings);
	if (v->is_static && profile_setting(p, "network"))
		json_object_set_new(machine.settings, "network", json_string("static"));
	for (size_t i = 0; everything && i < sizeof values / sizeof *values; i++)
		if (profile_setting(p, values[i][0]))
			json_object_set_new(
				machine.settings, values[i][0], json_string(values[i][1]));
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
	ck_assert_uint_ge(n, 14);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shipped");
	TCase *t = tcase_create("shipped");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 100);
	tcase_add_loop_test(t, every_profile, 0, sizeof variants / sizeof *variants);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
