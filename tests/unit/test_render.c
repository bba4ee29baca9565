/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/profiles.h"
#include "kickstart/render.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const nasty = "a'b\"c$d`e\\f;g #h";

static struct machine machine;
static struct segment segment;
static struct render_input in;
static char dir[64];

static void set_up(void)
{
	strcpy(dir, "/tmp/usher-render-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	machine = (struct machine){.name = "web01",
		.uuid = "7a6b1f3e-0d5c-4f0e-9d59-0c8a5ef6a001",
		.guest = true,
		.n_nics = 1};
	ck_assert_int_eq(mac_parse("52:54:c0:a8:7a:03", &machine.nics[0].mac), 0);
	ck_assert_int_eq(ip_parse("192.168.122.3", &machine.nics[0].addrs[0]), 0);
	machine.nics[0].n_addrs = 1;
	machine.attempt.number = 2;
	machine.settings = json_object();
	machine.ssh_keys = json_pack("[s, s]", "ssh-ed25519 AAAA me@host", nasty);
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

	json_decref(machine.settings);
	json_decref(machine.ssh_keys);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void set(const char *name, const char *value)
{
	json_object_set_new(machine.settings, name, json_string(value));
}

/* A shipped profile. */
static struct profile *shipped(const char *name)
{
	struct profile *p = NULL;
	char why[512], path[256];

	snprintf(path, sizeof(path), "%s/kickstart/profiles/%s",
		getenv("USHER_TOP") ? getenv("USHER_TOP") : ".", name);
	ck_assert_msg(profile_read(path, &p, why, sizeof(why)) == 0, "%s", why);
	return p;
}

struct served {
	char *script, *cmdline, *answers;
};

static json_t *validated(const struct profile *p)
{
	json_t *snapshot = NULL;
	char why[512];

	ck_assert_msg(render_validate(p, &in, 0, 0, &snapshot, why, sizeof(why)) == 0, "%s", why);
	return snapshot;
}

static struct served serve(const json_t *snapshot)
{
	struct served s = {0};
	struct rendering *r = NULL;
	char why[512];

	ck_assert_msg(rendering_new(&in, snapshot, &r, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(render_script(r, SCRIPT_IPXE, &s.script, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(render_cmdline(r, &s.cmdline, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(render_answers(r, &s.answers, why, sizeof(why)) == 0, "%s", why);
	rendering_free(r);
	return s;
}

static struct served serve_shipped(const char *name)
{
	struct profile *p = shipped(name);
	json_t *snapshot = validated(p);
	struct served s = serve(snapshot);

	json_decref(snapshot);
	profile_free(p);
	return s;
}

static void served_fini(struct served *s)
{
	free(s->script);
	free(s->cmdline);
	free(s->answers);
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no\n%s\nin\n%.3000s", part, text);
}

/* Writes the text into a file of the test's, and returns the status of a shell command with $F
 * set to it. */
static int shell(const char *text, const char *command)
{
	char path[128], *all = NULL;
	FILE *f;
	int rc;

	snprintf(path, sizeof(path), "%s/file", dir);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_gt(asprintf(&all, "D=%s F=%s; %s", dir, path, command), 0);
	rc = system(all);
	free(all);
	return rc;
}

START_TEST(tiny)
{
	struct served s;
	char *want = NULL;

	set("extra", "echo 'one' \"$2\"\nexit 0 \\");
	set("root_password", "!");
	s = serve_shipped("tiny");
	ck_assert_str_eq(s.cmdline,
		"usher.answers=http://192.168.122.1:8067/m/cafe/answers "
		"usher.failed=http://192.168.122.1:8067/m/cafe/failed "
		"usher.mac=52:54:c0:a8:7a:03 console=tty0 console=ttyS0,115200 panic=30");
	has(s.script, "#!ipxe\n");
	has(s.script,
		"\nkernel http://192.168.122.1:8067/boot/tiny/vmlinuz initrd=initrd0.img "
		"usher.answers=");
	has(s.script,
		"\ninitrd --name initrd0.img http://192.168.122.1:8067/boot/tiny/initrd.img || "
		"goto failed\nboot ||");
	has(s.script, "\nreboot\n");
	has(s.answers,
		"\nHOSTNAME='web01'\nFQDN='web01.lab'\nMAC='52:54:c0:a8:7a:03'\nNETWORK='dhcp'\n");
	has(s.answers, "\nROOTFS_URL='http://192.168.122.1:8067/boot/tiny'/root.tar.zst\n");
	has(s.answers, "\nUP_URL='http://192.168.122.1:8067/m/beef/up'\n");
	ck_assert_int_eq(shell(s.answers, "sh -n $F"), 0);
	ck_assert_int_eq(
		shell(s.answers,
			". $F; [ \"$DNS\" = '192.168.122.1 9.9.9.9' ] && [ \"$DISK\" = vda ] && "
			"[ \"$ADDRESS/$PREFIX\" = 192.168.122.3/24 ] && "
			"[ \"$ROOT_PASSWORD_HASH\" = '!' ] && "
			"[ \"$GATEWAY\" = 192.168.122.1 ]"),
		0);
	ck_assert_int_eq(shell(s.answers,
				 ". $F; printf '%s' \"$EXTRA\" >$D/extra; printf '%s' "
				 "\"$SSH_KEYS\" >$D/keys"),
		0);
	ck_assert_int_eq(shell("echo 'one' \"$2\"\nexit 0 \\", "cmp $F $D/extra"), 0);
	ck_assert_int_gt(asprintf(&want, "ssh-ed25519 AAAA me@host\n%s\n", nasty), 0);
	ck_assert_int_eq(shell(want, "cmp $F $D/keys"), 0);
	free(want);
	served_fini(&s);
}
END_TEST

/* The value of a preseed question, with its lines joined as the installer joins them; heap. */
static char *preseed_value(const char *answers, const char *question)
{
	const char *line = strstr(answers, question), *end;
	char *out = calloc(1, strlen(answers) + 1), *to = out;

	ck_assert_msg(line != NULL, "no %s", question);
	for (line += strlen(question);; line = end + 1) {
		end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		line += strspn(line, " \t");
		memcpy(to, line, (size_t)(end - line));
		to += end - line;
		if (to == out || to[-1] != '\\')
			break;
		to[-1] = ' ';
	}
	*to = '\0';
	return out;
}

/* An answer file of a shipped profile, heap. */
static char *serve_file(const char *profile, const char *name)
{
	struct profile *p = shipped(profile);
	json_t *snapshot = validated(p);
	struct rendering *r = NULL;
	char why[512], *text = NULL;

	ck_assert_msg(rendering_new(&in, snapshot, &r, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(render_answers_file(r, name, &text, NULL, why, sizeof(why)) == 0, "%s", why);
	rendering_free(r);
	json_decref(snapshot);
	profile_free(p);
	return text;
}

/* Through the package cache where it has the mirror; what is installed has the mirror itself. */
START_TEST(through_the_cache)
{
	struct mirrors mirrors = {.n = 2};
	struct served s;

	ck_assert_int_eq(mirror_parse("https://ftp.debian.org/debian", &mirrors.all[0]), 0);
	ck_assert_int_eq(
		mirror_parse("https://download.rockylinux.org/pub/rocky/9", &mirrors.all[1]), 0);
	in.mirrors = &mirrors;
	in.cache_url = "http://192.168.122.1:8068";
	s = serve_shipped("debian-12");
	has(s.answers, "\tmirror='https://ftp.debian.org/debian' ;");
	served_fini(&s);
	mirrors.all[0].ready = mirrors.all[1].ready = true;
	s = serve_shipped("debian-12");
	has(s.answers, "\tmirror='http://192.168.122.1:8068/https/ftp.debian.org/debian' ;");
	served_fini(&s);
	s = serve_shipped("rocky-9");
	has(s.cmdline,
		"inst.repo=http://192.168.122.1:8068/https/download.rockylinux.org/pub/rocky/9/"
		"BaseOS/x86_64/os");
	has(s.answers,
		"url --url='http://192.168.122.1:8068/https/download.rockylinux.org/pub/rocky/9/"
		"BaseOS/x86_64/os'\n");
	has(s.answers,
		"--baseurl='http://192.168.122.1:8068/https/download.rockylinux.org/pub/rocky/9'/"
		"AppStream/");
	served_fini(&s);
	set("package_cache", "no");
	s = serve_shipped("rocky-9");
	has(s.answers,
		"url --url='https://download.rockylinux.org/pub/rocky/9/BaseOS/x86_64/os'\n");
	served_fini(&s);
	json_object_clear(machine.settings);
	set("proxy", "http://10.0.0.1:3128/");
	s = serve_shipped("debian-12");
	has(s.answers, "\tmirror='https://ftp.debian.org/debian' ;");
	served_fini(&s);
}
END_TEST

START_TEST(debian)
{
	struct served s;
	char *late, *early;

	set("pre", "echo 'hello' &");
	set("root_password", "secret");
	set("packages", "vim tmux");
	s = serve_shipped("debian-12");
	ck_assert_str_eq(s.cmdline,
		"auto=true priority=critical url=http://192.168.122.1:8067/m/cafe/answers "
		"hostname=web01 domain=lab "
		"interface=auto BOOTIF=01-52-54-c0-a8-7a-03 DEBIAN_FRONTEND=text console=tty0 "
		"console=ttyS0,115200n8");
	has(s.script,
		"kernel http://192.168.122.1:8067/boot/debian-12/debian-installer/amd64/linux "
		"initrd=");
	has(s.answers, "\nd-i mirror/suite string bookworm\n");
	has(s.answers, "\nd-i passwd/root-password-crypted password $y$");
	has(s.answers, "\nd-i partman-auto/disk string /dev/vda\n");
	has(s.answers, "\nd-i partman-auto/method string regular\n");
	has(s.answers,
		"\nd-i pkgsel/include string openssh-server curl ca-certificates vim tmux\n");
	ck_assert_ptr_null(strstr(s.answers, "secret"));
	early = preseed_value(s.answers, "\nd-i preseed/early_command string ");
	late = preseed_value(s.answers, "\nd-i preseed/late_command string ");
	ck_assert_int_eq(shell(early, "sh -n $F"), 0);
	ck_assert_int_eq(shell(late, "sh -n $F"), 0);
	if (system("command -v debconf-set-selections >/dev/null") == 0)
		ck_assert_int_eq(
			shell(s.answers,
				"printf 'Config: c\\nTemplates: t\\n\\nName: c\\nDriver: File\\n"
				"Filename: %s.c\\n\\nName: t\\nDriver: File\\nFilename: "
				"%s.t\\n' $F $F >$F.rc && DEBCONF_SYSTEMRC=$F.rc "
				"debconf-set-selections -c $F"),
			0);
	free(early);
	free(late);
	early = serve_file("debian-12", "pre.sh");
	has(early, "\necho 'hello' &\n");
	free(early);
	served_fini(&s);
}
END_TEST

START_TEST(debian_static_lvm)
{
	struct served s;

	set("network", "static");
	set("partitions", "lvm");
	set("user", "ann");
	s = serve_shipped("debian-12");
	has(s.cmdline,
		" netcfg/disable_autoconfig=true netcfg/get_ipaddress=192.168.122.3 "
		"netcfg/get_netmask=255.255.255.0 netcfg/get_gateway=192.168.122.1 "
		"netcfg/get_nameservers=192.168.122.1 netcfg/confirm_static=true ");
	has(s.answers, "\nd-i partman-auto/method string lvm\n");
	has(s.answers, "\nd-i passwd/username string ann\n");
	has(s.answers, "\nd-i pkgsel/include string openssh-server curl ca-certificates sudo\n");
	served_fini(&s);
}
END_TEST

/* Runs the early command for real, with the installer's programs as functions: the scripts are fetched, the mirror is
 * divided, and the watcher runs. */
START_TEST(debian_early_command)
{
	static const char stubs[] =
		"wget() { [ \"$3\" = /dev/null ] || echo \"echo ${3##*-} >>$D/ran\" >$3; "
		"echo \"$4\" >>$D/wget; }; debconf-set() { echo \"$1 $2\" >>$D/debconf; };";
	struct served s;
	char *early, *script = NULL;

	set("mirror", "https://mirror.lab:8080/a/debian");
	s = serve_shipped("debian-12");
	early = preseed_value(s.answers, "\nd-i preseed/early_command string ");
	ck_assert_int_gt(asprintf(&script, "%s %s wait", stubs, early), 0);
	ck_assert_int_eq(
		shell(script, "sed -i \"s,/tmp/usher,$D/usher,g\" $F; export D; bash $F"), 0);
	ck_assert_int_eq(shell("mirror/protocol https\nmirror/https/hostname mirror.lab:8080\n"
			       "mirror/https/directory /a/debian\n",
				 "cmp $F $D/debconf"),
		0);
	ck_assert_int_eq(shell("pre.sh\nwatch.sh\n", "cmp $F $D/ran"), 0);
	ck_assert_int_eq(shell("http://192.168.122.1:8067/m/cafe/pre.sh\n"
			       "http://192.168.122.1:8067/m/cafe/disk.sh\n"
			       "http://192.168.122.1:8067/m/cafe/post.sh\n"
			       "http://192.168.122.1:8067/m/cafe/watch.sh\n",
				 "cmp $F $D/wget"),
		0);
	free(script);
	free(early);
	served_fini(&s);
}
END_TEST

/* Runs the late script for real, with the installer's programs as functions and /target in the test's directory. */
START_TEST(debian_late_script)
{
	static const char stubs[] =
		"in-target() { \"$@\"; }; systemctl() { echo \"$@\" >>$D/systemctl; };"
		"chown() { echo \"$@\" >>$D/chown; };";
	char *late, *script = NULL;

	set("post", "cd $D\n[ \"$FAIL\" != yes ]");
	set("user", "ann");
	late = serve_file("debian-12", "post.sh");
	ck_assert_int_gt(asprintf(&script, "%s %s", stubs, late), 0);
	ck_assert_int_eq(shell(script,
				 "mkdir -p $D/target/root $D/target/etc/systemd/system "
				 "$D/target/etc/sudoers.d; "
				 "sed -i \"s,/target,$D/target,g\" $F; export D; bash $F"),
		0);
	ck_assert_int_eq(
		shell("",
			"grep -qx 'enable usher-agent.service usher-up.service' "
			"$D/systemctl && [ $(wc -l <$D/target/home/ann/.ssh/authorized_keys) = 2 ] && "
			"grep -qx -e '-R ann: /home/ann/.ssh' $D/chown && "
			"grep -qx 'ann ALL=(ALL) NOPASSWD: ALL' "
			"$D/target/etc/sudoers.d/90-usher && "
			"grep -q '/m/beef/up$' $D/target/etc/usher-agent/up && "
			"cmp $D/target/usr/local/lib/usher/agent "
			"kickstart/partials/usher-agent.sh && "
			"grep -q '^ExecStart=' $D/target/etc/systemd/system/usher-up.service"),
		0);
	ck_assert_int_ne(shell(script,
				 "sed -i \"s,/target,$D/target,g\" $F; export D FAIL=yes; "
				 "bash $F"),
		0);
	free(script);
	free(late);
}
END_TEST

/* What the late command reports when the script has failed, and when it has not. */
START_TEST(debian_late_command)
{
	static const char stubs[] = "wget() { echo \"$4\" >>$D/wget; }; sleep() { :; };";
	struct served s = serve_shipped("debian-12");
	char *late = preseed_value(s.answers, "\nd-i preseed/late_command string "), *script = NULL;

	ck_assert_int_gt(asprintf(&script, "%s %s", stubs, late), 0);
	ck_assert_int_eq(shell(script,
				 "echo 'echo it broke; exit 1' >$D/usher-post.sh; "
				 "sed -i \"s,/tmp/usher,$D/usher,g\" $F; export D; bash $F; "
				 "echo exit 0 >$D/usher-post.sh; bash $F"),
		0);
	ck_assert_int_eq(
		shell("http://192.168.122.1:8067/m/cafe/failed?text=the+script+post:+it+broke+\n"
		      "http://192.168.122.1:8067/m/cafe/done\n",
			"cmp $F $D/wget"),
		0);
	free(script);
	free(late);
	served_fini(&s);
}
END_TEST

START_TEST(rocky)
{
	struct served s;

	set("mirror", "http://mirror.lab/rocky");
	set("root_password", "$6$salt$hashhashhashhashhash");
	s = serve_shipped("rocky-9");
	ck_assert_str_eq(s.cmdline,
		"inst.ks=http://192.168.122.1:8067/m/cafe/answers "
		"inst.repo=http://mirror.lab/rocky/BaseOS/x86_64/os inst.text inst.noninteractive "
		"ip=dhcp BOOTIF=01-52-54-c0-a8-7a-03 console=tty0 console=ttyS0,115200n8");
	has(s.script,
		"kernel "
		"http://192.168.122.1:8067/boot/cache/05cd75b6aa737825d01127396c0ec0e0/vmlinuz ");
	has(s.answers, "\nurl --url='http://mirror.lab/rocky/BaseOS/x86_64/os'\n");
	has(s.answers, "\nrootpw --iscrypted '$6$salt$hashhashhashhashhash'\n");
	has(s.answers, "\nsshkey --username=root 'a'\\''b\"c$d`e\\f;g #h'\n");
	has(s.answers, "\nignoredisk --only-use='vda'\n");
	has(s.answers, "--device='52:54:c0:a8:7a:03' --hostname='web01.lab'");
	has(s.answers, "\nbootloader --append=\"console=tty0 console=\"'ttyS0,115200n8'\n");
	served_fini(&s);
	json_object_clear(machine.settings);
	s = serve_shipped("rocky-9");
	has(s.answers, "\nrootpw --lock\n");
	served_fini(&s);
}
END_TEST

/* Bare metal of which little is known: no address, no segment, no keys. */
START_TEST(little_known)
{
	static const char *const names[] = {"tiny", "debian-12", "rocky-9"};
	struct served s;
	size_t i;

	machine.guest = false;
	machine.nics[0].n_addrs = 0;
	json_array_clear(machine.ssh_keys);
	in.segment = NULL;
	in.token = in.up_token = NULL;
	for (i = 0; i < 3; i++) {
		s = serve_shipped(names[i]);
		has(s.script, "/m/TOKEN/");
		ck_assert_ptr_null(strstr(s.script, "{{"));
		ck_assert_ptr_null(strstr(s.answers, "{{"));
		if (strcmp(names[i], "debian-12") == 0) {
			/* the installer would take any word for the domain */
			ck_assert_ptr_null(strstr(s.cmdline, "domain="));
			has(s.answers, "partman/early_command string sh /tmp/usher-disk.sh\n");
			has(s.answers, "root-password-crypted password !\n");
		}
		served_fini(&s);
	}
}
END_TEST

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/p", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/p/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

#define XML(cmdline)                                                   \
	"<profile name='p'><title>T</title><media name='m' "           \
	"path='/m'/>\n<boot><kernel>/k</kernel>\n<cmdline>" cmdline    \
	"</cmdline></boot><answers format='kickstart' "                \
	"template='a'/>\n<requires><memory>512</memory><disk>2</disk>" \
	"</requires><setting name='s'/></profile>"

static struct profile *local(void)
{
	struct profile *p = NULL;
	char why[512], path[128];

	snprintf(path, sizeof(path), "%s/p", dir);
	ck_assert_msg(profile_read(path, &p, why, sizeof(why)) == 0, "%s", why);
	return p;
}

static void expect_refusal(uint64_t memory, uint64_t disk, const char *want)
{
	struct profile *p = local();
	json_t *snapshot = NULL;
	char why[512];

	ck_assert_int_lt(render_validate(p, &in, memory, disk, &snapshot, why, sizeof(why)), 0);
	ck_assert_ptr_null(snapshot);
	ck_assert_msg(strstr(why, want) != NULL, "%s\nnot\n%s", why, want);
	profile_free(p);
}

static void answers_have(const char *part)
{
	struct profile *p = local();
	json_t *snapshot = validated(p);
	struct served s = serve(snapshot);

	has(s.answers, part);
	served_fini(&s);
	json_decref(snapshot);
	profile_free(p);
}

/* A profile whose templates know names alone gets no disk of another kind. */
START_TEST(disk_that_nobody_looks_for)
{
	put("profile.xml",
		"<profile name='p'><title>T</title><media name='m' path='/m'/><boot><kernel>/k</kernel>"
		"<cmdline>x</cmdline></boot><answers format='kickstart' template='a'/>"
		"<setting name='disk' type='disk'/></profile>");
	put("a", "ignoredisk --only-use={{machine.disk}}\n");
	set("disk", "serial=S1");
	expect_refusal(0, 0,
		"setting 'disk' is 'serial=S1', and profile 'p' looks for no disk: its templates know only names");
	put("a", "{{machine.find_disk}}\n");
	answers_have("'serial=S1'");
	set("disk", "vdb");
	put("a", "ignoredisk --only-use={{machine.disk}}\n");
	answers_have("'vdb'");
}
END_TEST

/* Who is to log in by nothing but a key is not started without. */
START_TEST(without_ssh_key)
{
	put("profile.xml",
		"<profile name='p' installs='no'><title>T</title><media name='m' path='/m'/><boot><kernel>/k</kernel>"
		"<cmdline>x</cmdline></boot><answers format='shell' template='a'/>"
		"<requires><ssh-key/></requires></profile>");
	put("a", "{{#ssh_keys}}\nkey={{.}}\n{{/ssh_keys}}\n");
	answers_have("me@host");
	json_array_clear(machine.ssh_keys);
	expect_refusal(
		0, 0, "profile 'p' requires an SSH key, and the record of web01 has none: enroll");
}
END_TEST

START_TEST(validation)
{
	put("profile.xml", XML("a={{machine.nam}}"));
	put("a", "x {{set.s}}\n{{machine.fqnd}}\n");
	expect_refusal(511, 0, "profile 'p' requires 512 MiB of memory, not 511");
	expect_refusal(512, 1ull << 30, "profile 'p' requires a disk of 2.0 GiB, not 1.0");
	expect_refusal(512, 2ull << 30,
		"/p/profile.xml:3: undefined name 'machine.nam' (did you mean 'machine.name'?)");
	put("profile.xml", XML("a={{set.s}}"));
	expect_refusal(
		0, 0, "/p/a:2:1: undefined name 'machine.fqnd' (did you mean 'machine.fqdn'?)");
	set("s", "a b");
	expect_refusal(0, 0,
		"/p/profile.xml:3: the value of 'set.s' has a blank, which cannot stand here");
	put("profile.xml", XML("x"));
	put("a", "{{set.s}}");
	set("s", "a\nb");
	expect_refusal(
		0, 0, "/p/a:1:1: the value of 'set.s' has a line break, which cannot stand here");
	set("s", "ok");
	set("t", "what");
	expect_refusal(0, 0, "profile 'p' has no setting 't' (did you mean 's'?)");
}
END_TEST

START_TEST(snapshot_holds)
{
	struct profile *p;
	struct served before, after;
	json_t *snapshot, *stored;
	char *text;

	put("profile.xml", XML("a={{set.s}} b"));
	put("a", "x {{set.s}} {{>part}}");
	put("part", "{{attempt.number}}");
	set("s", "v");
	p = local();
	snapshot = validated(p);
	profile_free(p);
	before = serve(snapshot);
	ck_assert_str_eq(before.answers, "x 'v' '2'");
	ck_assert_str_eq(before.cmdline, "a=v b");
	put("profile.xml", "gone");
	put("a", "gone");
	put("part", "gone");
	set("s", "changed");
	text = json_dumps(snapshot, 0);
	stored = json_loads(text, 0, NULL);
	after = serve(stored);
	ck_assert_str_eq(after.script, before.script);
	ck_assert_str_eq(after.cmdline, before.cmdline);
	ck_assert_str_eq(after.answers, before.answers);
	served_fini(&before);
	served_fini(&after);
	free(text);
	json_decref(stored);
	json_decref(snapshot);
}
END_TEST

/* Several answer files of a profile; and what an older usher armed with. */
START_TEST(answer_files)
{
	struct profile *p;
	json_t *snapshot, *old;
	struct rendering *r = NULL;
	const char *type = NULL;
	char why[512], *text = NULL, *cmdline = NULL;

	put("profile.xml",
		"<profile name='p'><title>T</title><media name='m' path='/m'/><boot>"
		"<kernel>k</kernel><cmdline>ds=nocloud-net;s={{attempt.url}}/nocloud/ "
		"a={{attempt.answers_url}}</cmdline></boot>\n<answers name='nocloud/user-data' "
		"format='autoinstall' template='a'><file name='nocloud/meta-data' format='json' "
		"template='b'/></answers></profile>");
	put("a", "a: {{machine.name}}");
	put("b", "{\"b\": {{machine.nmae}}}");
	expect_refusal(0, 0, "/p/b:1:7: undefined name 'machine.nmae'");
	put("b", "{\"b\": {{machine.name}}}");
	p = local();
	snapshot = validated(p);
	ck_assert_int_eq(rendering_new(&in, snapshot, &r, why, sizeof(why)), 0);
	ck_assert_int_eq(render_cmdline(r, &cmdline, why, sizeof(why)), 0);
	ck_assert_str_eq(cmdline,
		"ds=nocloud-net;s=http://192.168.122.1:8067/m/cafe/nocloud/ "
		"a=http://192.168.122.1:8067/m/cafe/nocloud/user-data");
	ck_assert_int_eq(
		render_answers_file(r, "nocloud/meta-data", &text, &type, why, sizeof(why)), 0);
	ck_assert_str_eq(text, "{\"b\": \"web01\"}");
	ck_assert_str_eq(type, "application/json");
	free(text);
	ck_assert_int_eq(render_answers(r, &text, why, sizeof(why)), 0);
	ck_assert_str_eq(text, "a: \"web01\"");
	free(text);
	/* A semicolon would end GRUB's command, and iPXE's where it stands alone. */
	ck_assert_int_eq(render_script(r, SCRIPT_GRUB, &text, why, sizeof(why)), 0);
	has(text, " 'ds=nocloud-net;s=http://192.168.122.1:8067/m/cafe/nocloud/' ");
	free(text);
	text = NULL;
	ck_assert_int_eq(render_answers_file(r, "b", &text, NULL, why, sizeof(why)), -ENOENT);
	ck_assert_str_eq(why, "profile 'p' has no answer file 'b'");
	rendering_free(r);
	free(cmdline);

	ck_assert_int_eq(profile_serves(snapshot, "nocloud/user-data"), PROFILE_SERVES_ANSWERS);
	ck_assert_int_eq(profile_serves(snapshot, "nocloud/meta-data"), PROFILE_SERVES_FILE);
	ck_assert_int_eq(profile_serves(snapshot, "answers"), PROFILE_SERVES_NOTHING);

	old = json_deep_copy(snapshot);
	json_object_set_new(old, "version", json_integer(1));
	json_object_set_new(old, "format", json_string("shell"));
	json_object_set_new(old, "answers", json_string("a"));
	ck_assert_int_eq(profile_serves(old, "answers"), PROFILE_SERVES_ANSWERS);
	ck_assert_int_eq(profile_serves(old, "b"), PROFILE_SERVES_NOTHING);
	ck_assert_int_eq(rendering_new(&in, old, &r, why, sizeof(why)), 0);
	ck_assert_int_eq(render_answers_file(r, "answers", &text, NULL, why, sizeof(why)), 0);
	ck_assert_str_eq(text, "a: 'web01'");
	free(text);
	rendering_free(r);
	json_object_set_new(old, "version", json_integer(3));
	ck_assert_int_eq(rendering_new(&in, old, &r, why, sizeof(why)), -EPROTO);
	json_decref(old);
	json_decref(snapshot);
	profile_free(p);
}
END_TEST

START_TEST(static_without_address)
{
	put("profile.xml",
		"<profile name='p'><title>T</title><media name='m' path='/m'/><boot><kernel>k"
		"</kernel></boot><setting name='network' values='dhcp|static'/></profile>");
	set("network", "static");
	machine.nics[0].n_addrs = 0;
	expect_refusal(0, 0, "network=static, and the address of web01 is not known: --ip ADDRESS");
	/* one of IPv6 does not do where IPv4 is served, too */
	ck_assert_int_eq(ip_parse("fd00:7a::1", &segment.six.server), 0);
	segment.six.prefix_len = 64;
	ck_assert_int_eq(ip_parse("fd00:7a::5", &machine.nics[0].addrs[0]), 0);
	machine.nics[0].n_addrs = 1;
	expect_refusal(0, 0, "network=static, and the address of web01 is not known: --ip ADDRESS");
	segment.six = (struct segment6){0};
}
END_TEST

START_TEST(choices_and_keys)
{
	struct profile *p;
	struct served s;
	json_t *snapshot;

	put("profile.xml",
		"<profile name='p'><title>T</title><media name='m' path='/m'/><boot>"
		"<kernel>k</kernel></boot><answers format='json' template='a'/><setting "
		"name='net' values='dhcp|static|st' default='static'/></profile>");
	put("a",
		"{{#is.net.dhcp}}d{{/is.net.dhcp}}{{#is.net.static}}s{{/is.net.static}}"
		"{{#is.net.st}}x{{/is.net.st}} {{{ssh_keys_json}}}");
	p = local();
	snapshot = validated(p);
	s = serve(snapshot);
	ck_assert_str_eq(s.answers, "s [\"ssh-ed25519 AAAA me@host\", \"a'b\\\"c$d`e\\\\f;g #h\"]");
	served_fini(&s);
	json_decref(snapshot);
	/* JSON writes all but ASCII as \uXXXX, some as two of them, which YAML does not put together */
	json_array_append_new(
		machine.ssh_keys, json_string("ssh-rsa CCCC \xc3\xa9\xf0\x9f\x98\x80"));
	json_array_append_new(
		machine.ssh_keys, json_string("ssh-rsa DDDD \x7f\xc2\x85\xe2\x80\xa8"));
	snapshot = validated(p);
	s = serve(snapshot);
	ck_assert_ptr_nonnull(strstr(s.answers,
		"\"ssh-rsa CCCC \xc3\xa9\xf0\x9f\x98\x80\", "
		"\"ssh-rsa DDDD \\u007f\\u0085\\u2028\"]"));
	served_fini(&s);
	json_decref(snapshot);
	profile_free(p);
	put("a", "{{#is.net.statik}}{{/is.net.statik}}");
	expect_refusal(0, 0, "undefined name 'is.net.statik' (did you mean 'is.net.static'?)");
}
END_TEST

static void put_kernel(const char *name)
{
	char text[512];

	snprintf(text, sizeof text,
		"<profile name='p'><title>T</title><media name='m' path='/m'/><boot>"
		"<kernel>%s</kernel></boot><answers format='none' template='a'/></profile>",
		name);
	put("profile.xml", text);
	put("a", "x");
}

/* What iPXE is told is a URL; what no server of ours would send is refused before a machine boots. */
START_TEST(awkward_names)
{
	static const struct {
		const char *name, *url;
	} good[] = {{"a b", "a%20b"}, {"e%41f", "e%2541f"}, {"${x};", "%24%7Bx%7D%3B"}};
	static const char *const bad[] = {"a\\b", "../b", "a/../b", "a&#10;b"};
	struct served s;
	struct profile *p;
	json_t *snapshot;
	char want[128];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		put_kernel(good[i].name);
		p = local();
		snapshot = validated(p);
		s = serve(snapshot);
		snprintf(want, sizeof want, "kernel http://192.168.122.1:8067/boot/m/%s ",
			good[i].url);
		ck_assert_msg(strstr(s.script, want) != NULL, "%s", s.script);
		served_fini(&s);
		json_decref(snapshot);
		profile_free(p);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		put_kernel(bad[i]);
		expect_refusal(0, 0, "profile.xml:1: the file name '");
	}
}
END_TEST

static const struct segment *storage_net(const void *arg, const char *name)
{
	return strcmp(name, "storage") == 0 ? arg : NULL;
}

/* All cards of a machine, and names with their values. */
START_TEST(lists)
{
	struct segment storage = {.prefix_len = 20};
	struct profile *p;
	struct served s;
	json_t *snapshot;

	put("profile.xml",
		"<profile name='p'><title>T</title><media name='m' path='/m'/><boot>"
		"<kernel>k</kernel></boot><answers format='kickstart' template='a'/><setting "
		"name='repos' type='pairs'/></profile>");
	put("a",
		"{{#machine.nics}}\nnetwork --device={{mac}} --ip={{address}} --netmask={{netmask}}"
		"{{^boots}} --nodefroute{{/boots}} # {{segment}} {{gateway}}"
		"{{#has_address}} static{{/has_address}}\n{{/machine.nics}}\n"
		"{{#set.repos}}\nrepo --name={{name}} --baseurl={{value}}\n{{/set.repos}}\n");
	ck_assert_int_eq(mac_parse("52:54:0a:00:00:07", &machine.nics[1].mac), 0);
	ck_assert_int_eq(ip_parse("10.0.0.7", &machine.nics[1].addrs[0]), 0);
	machine.nics[1].n_addrs = 1;
	strcpy(machine.nics[0].segment, "default");
	strcpy(machine.nics[1].segment, "storage");
	strcpy(machine.nics[2].segment, "gone");
	machine.n_nics = 3;
	in.find_segment = storage_net;
	in.arg = &storage;
	set("repos", "epel=https://x/?a=b&c extra=http://y/o'c");
	p = local();
	snapshot = validated(p);
	s = serve(snapshot);
	ck_assert_str_eq(s.answers,
		"network --device='52:54:c0:a8:7a:03' --ip='192.168.122.3' "
		"--netmask='255.255.255.0' # 'default' '192.168.122.1' static\n"
		"network --device='52:54:0a:00:00:07' --ip='10.0.0.7' --netmask='255.255.240.0' "
		"--nodefroute # 'storage' '' static\n"
		"network --device='' --ip='' --netmask='' --nodefroute # 'gone' ''\n"
		"repo --name='epel' --baseurl='https://x/?a=b&c'\n"
		"repo --name='extra' --baseurl='http://y/o'\\''c'\n");
	served_fini(&s);
	json_decref(snapshot);
	in.nic = &machine.nics[1]; /* the card that boots need not be the first */
	snapshot = validated(p);
	s = serve(snapshot);
	has(s.answers, "'52:54:c0:a8:7a:03' --ip='192.168.122.3' --netmask='' --nodefroute");
	has(s.answers, "'52:54:0a:00:00:07' --ip='10.0.0.7' --netmask='255.255.255.0' #");
	served_fini(&s);
	json_decref(snapshot);
	profile_free(p);
}
END_TEST

START_TEST(files)
{
	struct profile *p = shipped("debian-12");
	json_t *snapshot = validated(p);
	struct rendering *r = NULL;
	char *url = NULL, *path = NULL, why[512];

	ck_assert_int_eq(rendering_new(&in, snapshot, &r, why, sizeof(why)), 0);
	ck_assert_int_eq(render_file(r, 1, &url, &path, why, sizeof(why)), 0);
	ck_assert_str_eq(
		url, "http://192.168.122.1:8067/boot/debian-12/debian-installer/amd64/initrd.gz");
	ck_assert_str_eq(path, "debian-12/debian-installer/amd64/initrd.gz");
	free(url);
	free(path);
	ck_assert_int_eq(render_file(r, 2, &url, &path, why, sizeof(why)), -ENOENT);
	rendering_free(r);
	json_decref(snapshot);
	profile_free(p);
}
END_TEST

static const char *said(const json_t *of, const char *key)
{
	const char *text = json_string_value(json_object_get(of, key));

	ck_assert_msg(text != NULL, "%s", key);
	return text;
}

static json_t *context(void)
{
	struct profile *p = shipped("tiny");
	json_t *snapshot = validated(p), *copy;
	struct rendering *r = NULL;
	char why[512];

	ck_assert_msg(!rendering_new(&in, snapshot, &r, why, sizeof(why)), "%s", why);
	copy = json_deep_copy(rendering_context(r));
	rendering_free(r);
	json_decref(snapshot);
	profile_free(p);
	return copy;
}

START_TEST(ipv6)
{
	json_t *c = context(), *m = json_object_get(c, "machine"), *nic;

	ck_assert_str_eq(said(m, "address6"), "");
	ck_assert_str_eq(said(m, "prefix6"), "");
	ck_assert_str_eq(said(m, "netmask6"), "");
	ck_assert_str_eq(said(m, "gateway6"), "");
	ck_assert_str_eq(said(m, "dns6_first"), "");
	ck_assert_str_eq(said(json_object_get(c, "server"), "address6"), "");
	json_decref(c);
	segment.six = (struct segment6){.prefix_len = 64, .n_dns = 2, .router_s = 1800};
	ck_assert_int_eq(ip_parse("2001:db8:7a::1", &segment.six.server), 0);
	ck_assert_int_eq(ip_parse("2001:db8::53", &segment.six.dns[0]), 0);
	segment.six.dns[1] = segment.six.server;
	c = context();
	m = json_object_get(c, "machine");
	nic = json_array_get(json_object_get(m, "nics"), 0);
	ck_assert_str_eq(said(m, "address"), "192.168.122.3");
	ck_assert_str_eq(said(m, "address6"), "2001:db8:7a::c0a8:7a03"); /* computed */
	ck_assert_str_eq(said(nic, "address6"), "2001:db8:7a::c0a8:7a03");
	ck_assert(json_is_true(json_object_get(nic, "has_address6")));
	ck_assert_str_eq(said(m, "prefix6"), "64");
	ck_assert_str_eq(said(m, "netmask6"), "ffff:ffff:ffff:ffff::");
	ck_assert_str_eq(said(m, "gateway6"), "2001:db8:7a::1");
	ck_assert_str_eq(said(m, "dns6_first"), "2001:db8::53");
	ck_assert_str_eq(said(m, "dns6_comma"), "2001:db8::53,2001:db8:7a::1");
	ck_assert_str_eq(said(m, "dns_comma"), "192.168.122.1,9.9.9.9");
	ck_assert_str_eq(said(json_object_get(c, "server"), "address"), "192.168.122.1");
	ck_assert_str_eq(said(json_object_get(c, "server"), "address6"), "2001:db8:7a::1");
	json_decref(c);
	/* the record's own; and who asks by IPv6 is told our address of it */
	ck_assert_int_eq(ip_parse("2001:db8:7a::5", &machine.nics[0].addrs[1]), 0);
	machine.nics[0].n_addrs = 2;
	segment.six.router_s = 0;
	segment.six.prefix_len = 72;
	in.family = IP_V6;
	c = context();
	m = json_object_get(c, "machine");
	ck_assert_str_eq(said(m, "address6"), "2001:db8:7a::5");
	ck_assert_str_eq(said(m, "address"), "192.168.122.3");
	ck_assert_str_eq(said(m, "netmask6"), "ffff:ffff:ffff:ffff:ff00::");
	ck_assert_str_eq(said(m, "gateway6"), "");
	ck_assert_str_eq(said(json_object_get(c, "server"), "address"), "2001:db8:7a::1");
	json_decref(c);
}
END_TEST

/* Where logs go, as a kernel's command line has it. */
START_TEST(logs)
{
	json_t *c = context(), *server = json_object_get(c, "server");

	ck_assert_str_eq(said(server, "log"), "");
	ck_assert_str_eq(said(server, "log_host"), "");
	ck_assert_str_eq(said(server, "log_port"), "");
	json_decref(c);
	segment.log_port = 514;
	c = context();
	server = json_object_get(c, "server");
	ck_assert_str_eq(said(server, "log"), "192.168.122.1:514");
	ck_assert_str_eq(said(server, "log_host"), "192.168.122.1");
	ck_assert_str_eq(said(server, "log_port"), "514");
	json_decref(c);
	segment.no_log = true; /* another has the port */
	c = context();
	ck_assert_str_eq(said(json_object_get(c, "server"), "log"), "");
	json_decref(c);
	segment.six = (struct segment6){.prefix_len = 64};
	ck_assert_int_eq(ip_parse("2001:db8:7a::1", &segment.six.server), 0);
	in.family = IP_V6;
	c = context();
	server = json_object_get(c, "server");
	ck_assert_str_eq(said(server, "log"), "[2001:db8:7a::1]:514");
	ck_assert_str_eq(said(server, "log_host"), "[2001:db8:7a::1]");
	json_decref(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("render");
	TCase *t = tcase_create("render");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, tiny);
	tcase_add_test(t, through_the_cache);
	tcase_add_test(t, debian);
	tcase_add_test(t, debian_static_lvm);
	tcase_add_test(t, debian_early_command);
	tcase_add_test(t, debian_late_script);
	tcase_add_test(t, debian_late_command);
	tcase_add_test(t, rocky);
	tcase_add_test(t, little_known);
	tcase_add_test(t, without_ssh_key);
	tcase_add_test(t, validation);
	tcase_add_test(t, disk_that_nobody_looks_for);
	tcase_add_test(t, snapshot_holds);
	tcase_add_test(t, lists);
	tcase_add_test(t, files);
	tcase_add_test(t, awkward_names);
	tcase_add_test(t, choices_and_keys);
	tcase_add_test(t, static_without_address);
	tcase_add_test(t, answer_files);
	tcase_add_test(t, ipv6);
	tcase_add_test(t, logs);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
