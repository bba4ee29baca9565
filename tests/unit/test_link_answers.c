/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bonds and VLANs in the answers: what the installers' scripts make of them is run here, with cards of ours. */
#include "kickstart/lint/lint.h"
#include "kickstart/profiles.h"
#include "kickstart/render.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST "52:54:c0:a8:7a:03"
#define SECOND "52:54:c0:a8:7a:04"

static struct machine machine;
static struct segment segment;
static struct render_input in;
static char dir[64];

static int shell(const char *command)
{
	char *all = NULL;
	int rc;

	ck_assert_int_gt(asprintf(&all, "D=%s; cd $D && { %s\n}", dir, command), 0);
	rc = system(all);
	free(all);
	return rc;
}

static void set_up(void)
{
	strcpy(dir, "/tmp/usher-link-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	machine = (struct machine){.name = "web01", .n_nics = 1, .settings = json_object()};
	ck_assert_int_eq(mac_parse(FIRST, &machine.nics[0].mac), 0);
	ck_assert_int_eq(ip_parse("192.168.122.3", &machine.nics[0].addrs[0]), 0);
	machine.nics[0].n_addrs = 1;
	machine.ssh_keys = json_array();
	segment = (struct segment){.prefix_len = 24, .n_dns = 1, .domain = "lab"};
	ck_assert_int_eq(ip_parse("192.168.122.1", &segment.server), 0);
	segment.router = segment.dns[0] = segment.server;
	segment.six = (struct segment6){.prefix_len = 64, .n_dns = 1, .router_s = 1800};
	ck_assert_int_eq(ip_parse("fd00:7a::1", &segment.six.server), 0);
	segment.six.dns[0] = segment.six.server;
	in = (struct render_input){.machine = &machine,
		.segment = &segment,
		.family = IP_V4,
		.base_url = "http://192.168.122.1:8067",
		.token = "cafe",
		.up_token = "beef"};
	ck_assert_int_eq(
		shell("net() { mkdir -p sys/class/net/$1; echo $2 >sys/class/net/$1/address; echo ${3:-1} "
		      ">sys/class/net/$1/type; }; net ens3 " FIRST
		      "; net ens4 52:54:C0:A8:7A:04; net ens9 "
		      "52:54:c0:a8:7a:09; net ib0 52:54:c0:a8:7a:0a 32; net wlan0 52:54:c0:a8:7a:0b; net lo "
		      "00:00:00:00:00:00 772; net br0 " FIRST
		      "; mkdir sys/class/net/wlan0/wireless; "
		      "for c in ens3 ens4 ens9 ib0 wlan0; do mkdir sys/class/net/$c/device; done"),
		0);
}

static void tear_down(void)
{
	char command[128];

	json_decref(machine.settings);
	json_decref(machine.ssh_keys);
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static void set(const char *name, const char *value)
{
	json_object_set_new(machine.settings, name, json_string(value));
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static struct profile *shipped(const char *name)
{
	const char *top = getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
	struct profile *p = NULL;
	struct profiles ps;
	char why[512], path[256];

	profiles_init(&ps);
	snprintf(path, sizeof path, "%s/kickstart/profiles", top);
	ck_assert_int_eq(profiles_add_path(&ps, path), 0);
	snprintf(path, sizeof path, "%s/kickstart/profiles/%s", top, name);
	ck_assert_msg(profiles_read(&ps, path, &p, why, sizeof why) == 0, "%s", why);
	profiles_fini(&ps);
	return p;
}

/* An answer file of a shipped profile, into the test's folder as `to`, where the scripts find cards of ours. */
static void render(const char *profile, const char *file, const char *to)
{
	struct profile *p = shipped(profile);
	struct rendering *r = NULL;
	json_t *snapshot = NULL;
	char why[512], *text = NULL, *command = NULL;

	ck_assert_msg(render_validate(p, &in, 0, 0, &snapshot, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(rendering_new(&in, snapshot, &r, why, sizeof why) == 0, "%s", why);
	ck_assert_msg(render_answers_file(r, *file ? file : p->answers[0].name, &text, NULL, why,
			      sizeof why) == 0,
		"%s", why);
	write_file(to, text);
	free(text);
	rendering_free(r);
	json_decref(snapshot);
	profile_free(p);
	ck_assert_int_gt(
		asprintf(&command,
			"sed -i \"s,/sys/class/net,$D/sys/class/net,; s,/target/,$D/target/,; "
			"s,/tmp/usher-network,$D/usher-network,; s,/tmp/profile,$D/profile,; "
			"s,curl -.*binary,echo,\" %s",
			to),
		0);
	ck_assert_int_eq(shell(command), 0);
	free(command);
}

static void holds(const char *file, const char *want)
{
	char path[128], got[4096] = "";
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, file);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	got[fread(got, 1, sizeof got - 1, f)] = '\0';
	fclose(f);
	ck_assert_str_eq(got, want);
}

static void refused(const char *want)
{
	struct profile *p = shipped("tiny");
	json_t *snapshot = NULL;
	char why[512];

	ck_assert_int_lt(render_validate(p, &in, 0, 0, &snapshot, why, sizeof why), 0);
	ck_assert_str_eq(why, want);
	profile_free(p);
}

START_TEST(refusals)
{
	set("bond", SECOND ",52:54:c0:a8:7a:09");
	refused("setting 'bond' lacks " FIRST
		", the card that web01 boots from: the bond gets that card's address");
	set("bond", FIRST);
	refused("setting 'bond' is '" FIRST
		"', expected all, or the MAC addresses of 2 to 8 network cards, as "
		"52:54:00:00:00:01, with commas or blanks between them");
	set("bond", "");
	set("vlan", "4095");
	refused("setting 'vlan' is '4095', expected a number from 1 to 4094");
	set("vlan", "");
	set("bond_mode", "team");
	refused("setting 'bond_mode' is 'team', expected one of "
		"active-backup|802.3ad|balance-rr|balance-xor|broadcast|balance-tlb|balance-alb");
}
END_TEST

/* /etc/network/interfaces, by the part of the late script that writes it. */
static void interfaces(const char *want)
{
	render("debian-12", "post.sh", "post");
	ck_assert_int_eq(
		shell("mkdir -p target/etc/network; awk '/^# .etc.network.interfaces/ { on = 1 } on; "
		      "/^} >/ { on = 0 }' post >run; for by in 'busybox sh' dash; do $by -eu run || exit 1; done"),
		0);
	holds("target/etc/network/interfaces", want);
}

/* The part of the disk's script that names the volume group, on a machine whose other disks have those in `there`. */
static void volume_group(const char *there, const char *want)
{
	char command[512];

	write_file("there", there);
	render("debian-12", "disk.sh", "disk");
	snprintf(command, sizeof command,
		"mkdir -p bin; printf '#!/bin/sh\ngrep -qx \"$1\" there\n' >bin/vgs; "
		"printf '#!/bin/sh\necho \"$@\" >said\n' >bin/debconf-set; chmod 755 bin/*; : >said; "
		"sed -n '/^group=/,$p' disk >run; "
		"for by in 'busybox sh' dash; do PATH=$PWD/bin:$PATH $by -eu run || exit 1; done");
	ck_assert_int_eq(shell(command), 0);
	holds("said", want);
}

START_TEST(debian_lvm)
{
	set("disk", "vdb");
	volume_group("", "");
	set("partitions", "lvm");
	volume_group("system2\n", "partman-auto-lvm/new_vg_name system\n");
	volume_group("system\nsystem2\nsystem22\n", "partman-auto-lvm/new_vg_name system3\n");
}
END_TEST

#define LO "auto lo\niface lo inet loopback\n\n"
#define BOND(mode)                                   \
	"\tbond-slaves ens3 ens4\n\tbond-mode " mode \
	"\n\tbond-miimon 100\n\thwaddress ether " FIRST "\n"
#define STATIC(link)                 \
	"auto " link "\niface " link \
	" inet static\n\taddress 192.168.122.3/24\n\tgateway 192.168.122.1\n"
#define STATIC6(link) \
	"iface " link " inet6 static\n\taddress fd00:7a::c0a8:7a03/64\n\tgateway fd00:7a::1\n"

START_TEST(debian)
{
	set("bond", SECOND "," FIRST);
	interfaces(LO "auto bond0\niface bond0 inet dhcp\n" BOND("active-backup"));
	set("network", "static");
	set("bond_mode", "802.3ad");
	interfaces(LO STATIC("bond0") BOND("802.3ad") STATIC6("bond0"));
	set("vlan", "0100");
	interfaces(LO "auto bond0\niface bond0 inet manual\n" BOND("802.3ad") "\n" STATIC(
		"vlan100") "\tvlan-raw-device bond0\n" STATIC6("vlan100"));
	set("bond", "");
	interfaces(LO "auto ens3\niface ens3 inet manual\n\n" STATIC(
		"vlan100") "\tvlan-raw-device ens3\n" STATIC6("vlan100"));
	set("network", "dhcp");
	interfaces(LO "auto ens3\niface ens3 inet manual\n\nauto vlan100\niface vlan100 inet "
		      "dhcp\n\tvlan-raw-device ens3\n");
	set("bond", FIRST ",52:54:c0:a8:7a:77");
	render("debian-12", "post.sh", "post");
	ck_assert_int_eq(
		shell("awk '/^# .etc.network.interfaces/ { on = 1 } on' post >run; ! sh -e run >said"),
		0);
	holds("said",
		"no network card for the bond is 52:54:c0:a8:7a:77; there are: ens3 (" FIRST
		"), ens4 (" SECOND "), ens9 (52:54:c0:a8:7a:09)\n");
}
END_TEST

/* What the %pre writes is one that Anaconda of every version takes. */
static void network_line(const char *profile, const char *version, const char *want)
{
	struct findings f = {0};
	char text[2048], path[128], first[512] = "";
	struct lint_input i = {.file = "network.ks", .text = text, .version = version};
	size_t n;
	FILE *file;

	render(profile, "", "answers");
	ck_assert_int_eq(
		shell("awk '/^%pre/ { on = 1; next } /^%end/ { on = 0 } on' answers >pre; sh -e pre >said 2>&1 || "
		      "{ cat said; exit 1; }; grep -qx \"%include $D/usher-network.ks\" answers"),
		0);
	holds("usher-network.ks", want);
	snprintf(path, sizeof path, "%s/usher-network.ks", dir);
	file = fopen(path, "r");
	n = (size_t)snprintf(
		text, sizeof text, "%%include /tmp/rest.ks\n%%pre\n: >/tmp/rest.ks\n%%end\n");
	text[n + fread(text + n, 1, sizeof text - 1 - n, file)] = '\0';
	fclose(file);
	lint_text(ANSWERS_KICKSTART, &i, &f);
	if (f.n)
		finding_text(&f, 0, first, sizeof first);
	ck_assert_msg(f.n == 0, "%s: %s", profile, first);
	findings_fini(&f);
}

START_TEST(anaconda)
{
	static const char *const all[][2] = {{"centos-7", "RHEL7"}, {"rocky-9", "RHEL9"},
		{"rocky-10", "RHEL10"}, {"fedora", "F43"}};

	set("disk", "sda");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		json_object_clear(machine.settings);
		set("disk", "sda");
		set("bond", SECOND " " FIRST);
		network_line(all[i][0], all[i][1],
			"network --bootproto=dhcp --device=bond0 --bondslaves=ens3,ens4 "
			"--bondopts=mode=active-backup,miimon=100 --hostname='web01.lab' --onboot=yes --no-activate\n");
		set("bond", "all");
		set("vlan", "7");
		set("network", "static");
		network_line(all[i][0], all[i][1],
			"network --bootproto=static --device=bond0 --bondslaves=ens3,ens4,ens9 "
			"--bondopts=mode=active-backup,miimon=100 --vlanid='7' --interfacename='vlan7' --ip='192.168.122.3' "
			"--netmask='255.255.255.0' --gateway='192.168.122.1' --ipv6='fd00:7a::c0a8:7a03'/'64' "
			"--ipv6gateway='fd00:7a::1' --nameserver='192.168.122.1' --hostname='web01.lab' --onboot=yes "
			"--no-activate\n");
	}
}
END_TEST

/* The installer's own connection goes, and the bond has the MAC that DHCP knows. */
START_TEST(anaconda_after)
{
	static const char after[] =
		"rm -rf nm ifcfg; mkdir nm ifcfg; printf '[connection]\\nid=ens3\\ntype=ethernet\\n[ipv4]\\nmethod=auto\\n"
		"[ipv6]\\nmethod=auto\\n' >nm/ens3.nmconnection; printf '[connection]\\ntype=ethernet\\nmaster=u\\n' >nm/port; "
		"printf '[connection]\\ntype=bond\\n' >nm/bond0; printf '[connection]\\ntype=vlan\\n' >nm/vlan7; "
		"printf 'TYPE=Ethernet\\nBOOTPROTO=dhcp\\nIPV6INIT=yes\\n' >ifcfg/ifcfg-ens3; "
		"printf 'TYPE=Ethernet\\nMASTER=bond0\\n' >ifcfg/ifcfg-port; printf 'TYPE=Bond\\n' >ifcfg/ifcfg-bond0; "
		"printf 'TYPE=Loopback\\n' >ifcfg/ifcfg-lo; "
		"awk '/^# What the installer itself used/ { on = 1; getline; next } /^%end/ { on = 0 } on' answers | "
		"sed 's,/etc/NetworkManager/system-connections,nm,; s,/etc/sysconfig/network-scripts,ifcfg,' >post; sh -e post";

	set("disk", "sda");
	set("bond", "all");
	render("rocky-9", "", "answers");
	ck_assert_int_eq(shell(after), 0);
	ck_assert_int_eq(
		shell("[ \"$(echo $(ls nm ifcfg))\" = 'ifcfg: ifcfg-bond0 ifcfg-lo ifcfg-port nm: bond0 port vlan7' ]"),
		0);
	holds("nm/bond0", "[connection]\ntype=bond\n\n[ethernet]\ncloned-mac-address=" FIRST "\n");
	holds("ifcfg/ifcfg-bond0", "TYPE=Bond\nMACADDR=" FIRST "\n");
	set("bond", "");
	set("vlan", "7");
	render("rocky-9", "", "answers");
	ck_assert_int_eq(shell(after), 0);
	holds("nm/ens3.nmconnection",
		"[connection]\nid=ens3\ntype=ethernet\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n");
	holds("nm/bond0", "[connection]\ntype=bond\n");
	holds("ifcfg/ifcfg-ens3", "TYPE=Ethernet\nBOOTPROTO=none\nIPV6INIT=no\n");
	ck_assert_int_eq(
		shell("grep -qx \"network --bootproto=dhcp --device='" FIRST
		      "' --vlanid='7' --interfacename='vlan7' --hostname='web01.lab' --onboot=yes --no-activate\" answers"),
		0);
}
END_TEST

START_TEST(autoyast)
{
	set("disk", "sda");
	set("bond", SECOND "," FIRST);
	set("vlan", "7");
	render("opensuse-leap", "", "answers");
	ck_assert_int_eq(
		shell("mkdir profile; cp answers profile/autoinst.xml; awk '/usher-network.sh/ { on = 1 } "
		      "on && /^#!/ { go = 1 } /^]]/ { on = go = 0 } go' answers >pre; sh -e pre"),
		0);
	ck_assert_int_eq(
		shell("cd profile; sed -n '/<networking>/,/<.networking>/p' modified.xml >network; ! grep USHER-CARD network && "
		      "grep -q '<bonding_slave0>ens3</bonding_slave0><bonding_slave1>ens4</bonding_slave1>' modified.xml && "
		      "[ $(grep -o '<name>ens[34]</name><bootproto>none' network | wc -l) = 2 ] && "
		      "grep -q '<etherdevice>bond0</etherdevice>' modified.xml && "
		      "{ ! command -v xmllint >/dev/null || xmllint --noout modified.xml; }"),
		0);
	set("bond", "");
	render("opensuse-leap", "", "answers");
	ck_assert_int_eq(
		shell("rm profile/*; cp answers profile/autoinst.xml; awk '/usher-network.sh/ { on = 1 } "
		      "on && /^#!/ { go = 1 } /^]]/ { on = go = 0 } go' answers >pre; sh -e pre && "
		      "grep -q '<etherdevice>ens3</etherdevice>' profile/modified.xml && "
		      "grep -q '<name>ens3</name><bootproto>none' profile/modified.xml"),
		0);
}
END_TEST

/* The files of an Ignition configuration, below files/. */
static void configuration(const char *profile)
{
	render(profile, "installed.ign", "answers");
	ck_assert_int_eq(
		shell("rm -rf files; jq -r '.storage.files[] | select(.path | test(\"system-connections|systemd/network\")) | "
		      "[.path, .contents.source] | @tsv' answers | while read -r path source; do "
		      "mkdir -p \"files${path%/*}\"; busybox httpd -d \"${source#data:,}\" >\"files$path\"; done"),
		0);
}

#define NM "files/etc/NetworkManager/system-connections/"
#define NM_OFF "[ipv4]\nmethod=disabled\n[ipv6]\nmethod=disabled\n"
#define NM_STATIC                                                                              \
	"[ipv4]\nmethod=manual\naddress1=192.168.122.3/24,192.168.122.1\ndns=192.168.122.1;\n" \
	"dns-search=lab;\n[ipv6]\nmethod=manual\naddress1=fd00:7a::c0a8:7a03/64,fd00:7a::1\n"

/* NetworkManager's own reader keeps each line (it is in build/peers where `make check` has run). */
static void networkmanager_takes_them(void)
{
	const char *top = getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
	char *command = NULL;

	ck_assert_int_gt(
		asprintf(&command,
			"P='%s/build/peers'; case $P in /*) ;; *) P=$OLDPWD/$P ;; esac; "
			"[ ! -e $P/network-manager ] || for f in " NM "*; do "
			"LD_LIBRARY_PATH=$(echo $P/libnm0/usr/lib/*-linux-gnu) $P/network-manager/usr/bin/nmcli --offline "
			"connection modify connection.autoconnect yes <$f | tr A-Z a-z >read || exit 1; "
			"tr A-Z a-z <$f | while read -r line; do grep -qxF -e \"$line\" read || "
			"{ echo \"$f: $line\"; cat read; exit 1; }; done || exit 1; done",
			top),
		0);
	ck_assert_int_eq(shell(command), 0);
	free(command);
}

START_TEST(coreos)
{
	configuration("fedora-coreos");
	ck_assert_int_eq(shell("[ ! -e files ]"), 0);
	set("network", "static");
	configuration("fedora-coreos");
	holds(NM "usher.nmconnection",
		"[connection]\nid=usher\ntype=ethernet\n[ethernet]\nmac-address=" FIRST
		"\n" NM_STATIC);
	networkmanager_takes_them();
	set("bond", SECOND "," FIRST);
	set("vlan", "7");
	configuration("fedora-coreos");
	ck_assert_int_eq(shell("[ $(ls " NM " | wc -l) = 4 ]"), 0);
	holds(NM "usher-card0.nmconnection",
		"[connection]\nid=usher-card0\ntype=ethernet\nmaster=bond0\nslave-type=bond\n[ethernet]\nmac-address=" FIRST
		"\n");
	holds(NM "usher-bond0.nmconnection",
		"[connection]\nid=usher-bond0\ntype=bond\ninterface-name=bond0\n[bond]\nmode=active-backup\nmiimon=100\n"
		"[ethernet]\ncloned-mac-address=" FIRST "\n" NM_OFF);
	holds(NM "usher.nmconnection",
		"[connection]\nid=usher\ntype=vlan\ninterface-name=vlan7\n[vlan]\nid=7\nparent=bond0\n" NM_STATIC);
	networkmanager_takes_them();
	set("bond", "all");
	set("network", "dhcp");
	set("vlan", "");
	configuration("fedora-coreos");
	holds(NM "usher-cards.nmconnection",
		"[connection]\nid=usher-cards\ntype=ethernet\nmaster=bond0\nslave-type=bond\nmulti-connect=3\n[match]\n"
		"interface-name=e*;\n");
	holds(NM "usher-bond0.nmconnection",
		"[connection]\nid=usher-bond0\ntype=bond\ninterface-name=bond0\n[bond]\nmode=active-backup\nmiimon=100\n"
		"[ethernet]\ncloned-mac-address=" FIRST
		"\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=auto\n");
	networkmanager_takes_them();
	set("bond", "");
	set("vlan", "7");
	configuration("fedora-coreos");
	holds(NM "usher-card.nmconnection",
		"[connection]\nid=usher-card\ntype=ethernet\n[ethernet]\nmac-address=" FIRST
		"\n" NM_OFF);
	holds(NM "usher.nmconnection",
		"[connection]\nid=usher\ntype=vlan\ninterface-name=vlan7\n[vlan]\nid=7\n[ethernet]\nmac-address=" FIRST
		"\n[ipv4]\nmethod=auto\n[ipv6]\nmethod=auto\n");
	networkmanager_takes_them();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("link_answers");
	TCase *t = tcase_create("link_answers");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 100);
	tcase_add_test(t, refusals);
	tcase_add_test(t, debian);
	tcase_add_test(t, debian_lvm);
	tcase_add_test(t, anaconda);
	tcase_add_test(t, anaconda_after);
	tcase_add_test(t, autoyast);
	tcase_add_test(t, coreos);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
