/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shipped profiles that Anaconda installs: what they render to, and that their scripts do what they say. */
#include "kickstart/lint/lint_kickstart.h"
#include "kickstart/profiles.h"
#include "kickstart/render.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static const char *const profiles[] = {"rocky-9", "rocky-10", "almalinux-9", "centos-stream-9",
	"centos-stream-10", "rhel-9", "fedora", "centos-7"};
enum { PROFILES_N = sizeof profiles / sizeof *profiles };

static struct machine machine;
static struct segment segment;
static struct render_input in;
static char dir[64];
static char *answers, *cmdline, *version;

static void set_up(void)
{
	strcpy(dir, "/tmp/usher-anaconda-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	machine = (struct machine){.name = "web01", .guest = true, .n_nics = 1};
	ck_assert_int_eq(mac_parse("52:54:c0:a8:7a:03", &machine.nics[0].mac), 0);
	ck_assert_int_eq(ip_parse("192.168.122.3", &machine.nics[0].addrs[0]), 0);
	machine.nics[0].n_addrs = 1;
	machine.settings = json_object();
	machine.ssh_keys = json_pack("[s, s]", "ssh-ed25519 AAAA me@host", "ssh-rsa BBBB it's me");
	segment = (struct segment){.prefix_len = 24, .n_dns = 2, .domain = "lab"};
	ck_assert_int_eq(ip_parse("192.168.122.1", &segment.server), 0);
	segment.router = segment.dns[0] = segment.server;
	ck_assert_int_eq(ip_parse("9.9.9.9", &segment.dns[1]), 0);
	in = (struct render_input){.machine = &machine,
		.segment = &segment,
		.base_url = "http://192.168.122.1:8067",
		.token = "cafe",
		.up_token = "beef"};
}

static void tear_down(void)
{
	char command[128];

	free(answers);
	free(cmdline);
	free(version);
	answers = cmdline = version = NULL;
	json_decref(machine.settings);
	json_decref(machine.ssh_keys);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void set(const char *name, const char *value)
{
	json_object_set_new(machine.settings, name, json_string(value));
}

/* Nothing is found in the answers, whatever the firmware of the machine. */
static void lint(void)
{
	struct lint_machine m = {.disks = {"vda"},
		.disk_sizes = {20ull << 30},
		.n_disks = machine.guest ? 1 : 0,
		.disks_empty = true,
		.address = machine.nics[0].n_addrs ? "192.168.122.3" : "",
		.netmask = in.segment ? "255.255.255.0" : "",
		.gateway = in.segment ? "192.168.122.1" : "",
		.hostname = in.segment ? "web01.lab" : "web01",
		.firmware_known = true};
	const struct lint_input i = {
		.file = "answers", .text = answers, .version = version, .machine = &m};
	char text[512];

	for (int efi = 0; efi < 2; efi++) {
		struct findings f = {0};

		m.firmware_efi = efi;
		lint_kickstart(&i, &f);
		if (f.n)
			finding_text(&f, 0, text, sizeof text);
		ck_assert_msg(f.n == 0, "%zu findings, first %s", f.n, text);
		findings_fini(&f);
	}
}

/* Leaves `answers`, `cmdline` and `version`, and nothing to find in the answers. */
static void render_at(const char *folder, const char *name)
{
	const char *top = getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
	struct rendering *r = NULL;
	struct profile *p = NULL;
	json_t *snapshot = NULL;
	struct profiles ps;
	char why[512], path[256];

	free(answers);
	free(cmdline);
	free(version);
	answers = cmdline = version = NULL;
	profiles_init(&ps);
	snprintf(path, sizeof path, "%s/kickstart/profiles", top);
	ck_assert_int_eq(profiles_add_path(&ps, path), 0);
	snprintf(path, sizeof path, "%s/%s/%s", top, folder, name);
	ck_assert_msg(profiles_read(&ps, path, &p, why, sizeof why) == 0, "%s", why);
	profiles_fini(&ps);
	ck_assert_msg(render_validate(p, &in, 0, 0, &snapshot, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(rendering_new(&in, snapshot, &r, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(render_cmdline(r, &cmdline, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(render_answers(r, &answers, why, sizeof why) == 0, "%s", why);
	version = strdup(p->answers[0].version);
	rendering_free(r);
	json_decref(snapshot);
	profile_free(p);
	lint();
}

static void render(const char *name)
{
	render_at("kickstart/profiles", name);
}

static void has(const char *part)
{
	ck_assert_msg(strstr(answers, part) != NULL, "no\n%s\nin\n%.3000s", part, answers);
}

static void lacks(const char *part)
{
	ck_assert_msg(strstr(answers, part) == NULL, "there is\n%s\nin\n%.3000s", part, answers);
}

/* The exit status of a shell command beside the answers, which are in $F; $D is the test's folder. */
static int shell(const char *command)
{
	char path[128], *all = NULL;
	FILE *f;
	int rc;

	snprintf(path, sizeof path, "%s/answers", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(answers, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_gt(asprintf(&all, "D=%s F=%s; cd $D && { %s\n}", dir, path, command), 0);
	rc = system(all);
	free(all);
	return WEXITSTATUS(rc);
}

/* Every script of the answers to its own file, s1, s2 …; each is one that sh can parse. */
static void check_scripts(void)
{
	ck_assert_int_eq(shell("awk '/^%(pre|post|onerror|traceback)/ { out = \"s\" ++n; next } "
			       "/^%end/ { out = \"\" } out { print > out }' $F; for s in s*; do "
			       "sh -n $s || exit 1; done; rm s*"),
		0);
}

static void check_common(const char *name)
{
	has("\nlang 'en_US.UTF-8'\nkeyboard --xlayouts='us'\ntimezone --utc 'Etc/UTC'\n");
	has("\nselinux --enforcing\n");
	has("\nreboot\n");
	has("\nreqpart --add-boot\n");
	has("/m/cafe/progress'");
	has("/m/cafe/failed'");
	has("/m/cafe/done' && break\n");
	has("/m/beef/up' >\"$root/etc/usher-agent/up\"");
	lacks("{{");
	ck_assert_ptr_nonnull(strstr(cmdline, "inst.ks=http://192.168.122.1:8067/m/cafe/answers "));
	ck_assert_ptr_nonnull(
		strstr(cmdline, " BOOTIF=01-52-54-c0-a8-7a-03 console=tty0 console=ttyS0"));
	check_scripts();
	if (strcmp(name, "centos-7") != 0) /* which has no such command */
		has("\nsshkey --username=root 'ssh-rsa BBBB it'\\''s me'\n");
}

START_TEST(a_guest)
{
	render(profiles[_i]);
	has("\nignoredisk --only-use='vda'\nclearpart --all --initlabel --drives='vda'\n");
	lacks("%include");
	has("\nnetwork --bootproto=dhcp --device='52:54:c0:a8:7a:03' --hostname='web01.lab' "
	    "--onboot=yes --activate\n");
	has("\nrootpw --lock\n");
	has("\npart swap --recommended\npart / --fstype=xfs --size=4096 --grow\n");
	has("\nbootloader --append=\"console=tty0 console=\"'ttyS0,115200n8'\n");
	lacks("volgroup");
	lacks("\nuser ");
	check_common(profiles[_i]);
	ck_assert_ptr_nonnull(strstr(cmdline, " inst.repo=http"));
	if (getenv("SHOW"))
		printf("=== %s\n%s\n%s", profiles[_i], cmdline, answers);
}
END_TEST

START_TEST(all_settings)
{
	set("network", "static");
	set("partitions", "lvm");
	set("root_password", "secret");
	set("user", "ann");
	set("user_password", "$6$saltsalt$hashhashhashhashhash");
	set("user_groups", "wheel,video");
	set("packages", "vim-enhanced\n@development -curl");
	set("services", "chronyd");
	set("selinux", "permissive");
	set("proxy", "http://proxy.lab:3128/");
	set("console", "");
	set("pre", "true\nmodprobe x");
	set("post", "echo \"it's $HOSTNAME\"\ntouch /it");
	render(profiles[_i]);
	has("\nnetwork --bootproto=static --device='52:54:c0:a8:7a:03' --ip='192.168.122.3' "
	    "--netmask='255.255.255.0' --gateway='192.168.122.1' "
	    "--nameserver='192.168.122.1,9.9.9.9' --hostname='web01.lab' --onboot=yes "
	    "--activate\n");
	has("\npart pv.01 --size=5120 --grow\nvolgroup vg_'web01' pv.01\n");
	lacks("part / ");
	has("\nrootpw --iscrypted '$");
	lacks("secret");
	has("\nuser --name='ann' --groups='wheel,video' --iscrypted "
	    "--password='$6$saltsalt$hashhashhashhashhash'\n");
	has("\ncurl\nsudo\nvim-enhanced\n@development\n-curl\n%end\n");
	has("\nsystemctl enable 'chronyd'\n");
	has(" NOPASSWD: ALL\\n' 'ann' >/etc/sudoers.d/90-usher\n");
	has("\nselinux --permissive\n");
	has("\nbootloader\n");
	has("%pre --interpreter=/bin/bash --erroronfail\ntrue\nmodprobe x\n%end\n");
	has("--interpreter=/bin/bash --erroronfail\necho \"it's $HOSTNAME\"\ntouch /it\n%end\n");
	check_scripts();
	ck_assert_ptr_null(
		strstr(cmdline, "inst.repo=")); /* the kickstart says it, with the proxy */
	ck_assert_ptr_null(strstr(cmdline, "ttyS0"));
	if (strcmp(profiles[_i], "rhel-9") != 0) /* whose medium usher serves itself */
		ck_assert_int_eq(
			shell("grep -q \"^url .* --proxy='http://proxy.lab:3128/'\" $F"), 0);
	if (getenv("SHOW"))
		printf("=== %s\n%s\n%s", profiles[_i], cmdline, answers);
}
END_TEST

/* Bare metal of which little is known; the script that finds the disk is run with a /sys/block and a curl of ours. */
static const char find_disk[] =
	"mk() { mkdir -p sys/$1; [ $5 = - ] || mkdir sys/$1/device; echo $2 >sys/$1/size; echo $3 "
	">sys/$1/removable; echo $4 >sys/$1/ro; }\n"
	"mk loop0 99999999 0 0 -; mk sr0 9999999 1 0 y; mk sda 4194304 0 0 y; mk sdb 41943040 1 0 "
	"y\n"
	"mk nvme0n1 20971520 0 0 y; mk nvme0c0n1 99999999 0 0 y; echo 1 >sys/nvme0c0n1/hidden\n"
	"mk 'cciss!c0d0' 20971520 0 0 y; mk vdb 83886080 0 1 y; mk dm-0 83886080 0 0 -\n"
	"mkdir -p usb1/sdz/device; for f in size removable ro; do echo 0 >usb1/sdz/$f; done\n"
	"echo 999999999 >usb1/sdz/size; ln -s ../usb1/sdz sys/sdz\n"
	"awk '/^%pre/ { n++; next } n && /^%end/ { exit } n' $F | sed \"s|/sys/block|$D/sys|; "
	"s|/tmp/usher-disk|$D/usher-disk|; "
	"s|curl |echo |\" >pre\n"
	"sh -e pre >said && cat usher-disk.ks >>said\n";

START_TEST(the_largest_disk)
{
	machine.guest = false;
	machine.nics[0].n_addrs = 0;
	json_array_clear(machine.ssh_keys);
	in.segment = NULL;
	render(profiles[_i]);
	lacks("ignoredisk --only-use='");
	has("\nzerombr\n");
	has("\n%include /tmp/usher-disk.ks\n");
	ck_assert_int_eq(shell(find_disk), 0);
	ck_assert_int_eq(
		shell("grep -q 'the largest disk is cciss/c0d0, 10 GiB: it is wiped "
		      ".*/progress' said && grep -qx 'ignoredisk --only-use=cciss/c0d0' said && "
		      "grep -qx 'clearpart --all --initlabel --drives=cciss/c0d0' said"),
		0);
	ck_assert_int_eq(
		shell("rm -r usher-disk.ks sys/cciss* sys/nvme0n1 sys/sda; sh pre >said && exit 9; "
		      "[ ! -e usher-disk.ks ] && grep -q 'no disk .*/failed' said"),
		0);
}
END_TEST

/* What is told of a failure fits a report (512 bytes), and begins with the error. */
START_TEST(failure)
{
	render(profiles[_i]);
	ck_assert_int_eq(
		shell("i=0; while [ $i -lt 90 ]; do printf '10:00:00,1 INF x: %0200d\\n' $i; "
		      "i=$((i + 1)); done >anaconda.log\n"
		      "echo '10:00:01,1 ERR packaging: no such package: vmi' >>anaconda.log\n"
		      "echo '10:00:02,1 INF x: the l\303\244st' >>anaconda.log; echo 'post: 3 "
		      "\033[1m' >ks-script-ab.log\n"
		      "awk '/^%onerror/ { n++; next } n && /^%end/ { exit } n' $F | "
		      "sed \"s|/tmp/|$D/|g; s|curl .*|cat >said|\" >onerror; sh onerror\n"
		      "[ \"$(head -n 1 said)\" = '10:00:01,1 ERR packaging: no such package: vmi' "
		      "] && [ \"$(tail -n 1 said)\" = '10:00:02,1 INF x: the lst' ] && grep -q 'post: 3 "
		      "' said && [ $(wc -c <said) -le 512 ] && rm ks-script* && sh onerror && [ -s said ]"),
		0);
}
END_TEST

/* Where the medium is usher's own no mirror is asked; the DVD has both trees. */
START_TEST(sources)
{
	static const struct {
		const char *profile, *line;
	} all[] = {{"rocky-9",
			   "\nurl --url='http://m/x/BaseOS/x86_64/os'\nrepo --name=AppStream "
			   "--baseurl='http://m/x'/AppStream/x86_64/os\n"},
		{"fedora", "\nurl --url='http://m/x/releases/43/Everything/x86_64/os'\nlang"},
		{"centos-7",
			"\nurl --url='http://m/x'/os/x86_64\nrepo --name=updates "
			"--baseurl='http://m/x'/updates/x86_64\n"}};

	set("mirror", "http://m/x");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		render(all[i].profile);
		has(all[i].line);
	}
	json_object_clear(machine.settings);
	render("rhel-9");
	has("\nurl --url='http://192.168.122.1:8067/boot/rhel-9'\nlang");
	lacks("rhsm");
	set("rhsm_org", "123");
	set("rhsm_key", "it's a key");
	render("rhel-9");
	has("\nrhsm --organization='123' --activation-key='it'\\''s a key'\n");
}
END_TEST

/* Old systems do not know yescrypt. */
START_TEST(old_hashes)
{
	set("root_password", "word");
	render("centos-7");
	has("\nrootpw --iscrypted '$6$");
	render("rocky-9");
	has("\nrootpw --iscrypted '$y$");
}
END_TEST

/* The example: shell, awk, rpm and docker keep their braces; a power-off goes last, after the done report. */
START_TEST(by_hand)
{
	set("root_password", "word");
	render_at("contrib", "template-vm");
	has(" --ip='192.168.122.3' --netmask='255.255.255.0' --gateway='192.168.122.1' "
	    "--nameserver='192.168.122.1,9.9.9.9' --noipv6 --activate\n");
	has("\nrootpw --iscrypted '$6$");
	has("\npoweroff\n");
	has("\nrelease=${RELEASE:-$(rpm -q --qf '%{VERSION}\\n' centos-release)}\n");
	has(" | awk '{ print $2 }' | ");
	has("\nexec docker ps --filter label=host='web01' --format '{{.ID}} {{.Names}}' "
	    "\"$@\"\nEND\nchmod ");
	has("/m/cafe/done' && break\n");
	has("/m/beef/up' >\"$root/etc/usher-agent/up\"");
	check_scripts();
	if (getenv("SHOW"))
		printf("=== template-vm\n%s\n%s", cmdline, answers);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("anaconda");
	TCase *t = tcase_create("anaconda");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, a_guest, 0, PROFILES_N);
	tcase_add_loop_test(t, all_settings, 0, PROFILES_N);
	tcase_add_loop_test(t, the_largest_disk, 0, PROFILES_N);
	tcase_add_loop_test(t, failure, 0, PROFILES_N);
	tcase_add_test(t, sources);
	tcase_add_test(t, old_hashes);
	tcase_add_test(t, by_hand);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
