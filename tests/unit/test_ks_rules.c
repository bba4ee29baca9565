/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/lint_kickstart.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that nothing is wrong with; a case comes behind it. Lines that begin with the case's own first word are left out. */
static const char base[] = "lang C\n"
			   "keyboard us\n"
			   "timezone UTC\n"
			   "rootpw x\n"
			   "bootloader --location=mbr\n"
			   "url --url=http://192.0.2.1/os\n"
			   "reboot\n"
			   "autopart\n"
			   "%packages\n"
			   "@core\n"
			   "%end\n";

static const struct lint_machine machine = {
	.disks = {"vda"},
	.disk_sizes = {10ULL << 30},
	.n_disks = 1,
	.disks_empty = true,
	.address = "192.0.2.7",
	.netmask = "255.255.255.0",
	.gateway = "192.0.2.1",
	.prefix = 24,
	.address6 = "2001:db8::7",
	.prefix6 = 64,
	.hostname = "web01.example.org",
	.firmware_known = true,
	.firmware_efi = true,
};

enum around {
	BASE,
	NO_LAYOUT, /* the base without autopart */
	NOTHING,
	MACHINE = 4, /* with NO_LAYOUT: that one above */
};

static const struct wrong {
	int around;
	const char *version, *lines, *told; /* version NULL: not known */
} table[] = {
	{BASE, "RHEL9", "langg en_US.UTF-8",
		"ks:1:1: error: unknown command 'langg': did you mean 'lang'?"},
	{BASE, "RHEL9", "frobnicate", "ks:1:1: error: unknown command 'frobnicate'"},
	{BASE, "RHEL9", "install",
		"ks:1:1: error: 'install' was removed in RHEL9: leave it out: 'url', 'nfs', "
		"'cdrom' … stand alone"},
	{BASE, "RHEL8", "install",
		"ks:1:1: warning: 'install' is deprecated since RHEL8: leave it out: 'url', 'nfs', "
		"'cdrom' … stand alone"},
	{BASE, "RHEL10", "auth --enableshadow",
		"ks:1:1: error: 'auth' was removed in RHEL10: use 'authselect'"},
	{BASE, "RHEL9", "auth --enableshadow",
		"ks:1:1: warning: 'auth' is deprecated since RHEL8: use 'authselect'"},
	{BASE, "F43", "authconfig --enableshadow",
		"ks:1:1: error: 'authconfig' was removed in F39 or before: use 'authselect'"},
	{BASE, "RHEL7", "sshkey --username=root \"ssh-ed25519 AAAA me\"",
		"ks:1:1: error: 'sshkey' is not in RHEL7, only from RHEL8 on"},
	{BASE, "F43", "rhsm --organization=1 --activation-key=a",
		"ks:1:1: error: 'rhsm' is not in F43, only in RHEL8 to RHEL10"},
	{BASE, "RHEL9", "upgrade",
		"ks:1:1: error: 'upgrade' was removed in RHEL8: a kickstart file can only install"},
	{BASE, NULL, "upgrade",
		"ks:1:1: warning: 'upgrade' is deprecated: a kickstart file can only install"},
	{BASE, "RHEL9", "pwpolicy root --minlen=8",
		"ks:1:1: error: 'pwpolicy' belongs into a section '%anaconda'\n"
		"ks:1:1: warning: 'pwpolicy' is deprecated since RHEL9: leave it out"},
	{BASE, "RHEL9", "firewall --enabeld",
		"ks:1:10: error: 'firewall' has no option '--enabeld': did you mean '--enabled'?"},
	{BASE, "RHEL9", "firewall --enabled --colour",
		"ks:1:20: error: 'firewall' has no option '--colour'"},
	{BASE, "RHEL7", "autopart --noswap",
		"ks:1:10: error: '--noswap' of 'autopart' is not in RHEL7, only from RHEL8 on"},
	{BASE, "RHEL9", "timezone UTC --nontp",
		"ks:1:14: warning: '--nontp' of 'timezone' is deprecated since RHEL9: use "
		"'timesource --ntp-disable'"},
	{BASE, "RHEL10", "timezone UTC --nontp",
		"ks:1:14: error: '--nontp' of 'timezone' was removed in RHEL10: use 'timesource "
		"--ntp-disable'"},
	{BASE, "RHEL9", "harddrive --biospart=80p1 --dir=/",
		"ks:1:1: error: 'harddrive' needs '--partition='\n"
		"ks:1:1: warning: 'harddrive' takes the place of 'url'\n"
		"ks:1:11: error: '--biospart' of 'harddrive' was removed in RHEL9: use "
		"'--partition='"},
	{BASE, "RHEL9", "bootloader --upgrade",
		"ks:1:12: error: '--upgrade' of 'bootloader' was removed in RHEL9: leave it out"},
	{BASE, "RHEL9", "reboot --ejec",
		"ks:1:8: warning: '--ejec' is short for '--eject': write it out"},
	{BASE, "RHEL9", "reboot -e",
		"ks:1:8: error: 'reboot' has no option '-e': they begin with '--'"},
	{BASE, "RHEL9", "network --device",
		"ks:1:9: error: '--device' of 'network' needs a value: '--device='"},
	{BASE, "RHEL9", "network --activate=yes",
		"ks:1:9: error: '--activate' of 'network' takes no value"},
	{BASE, "RHEL9", "network --bootproto=dchp",
		"ks:1:9: error: '--bootproto' of 'network' cannot be 'dchp': did you mean 'dhcp'?"},
	{BASE, "RHEL9", "network --device=eth0 --onboot=maybe",
		"ks:1:23: error: '--onboot' of 'network' cannot be 'maybe', expected e.g. 'yes'"},
	{BASE, "RHEL9", "bootloader --location=mbr2",
		"ks:1:12: error: '--location' of 'bootloader' cannot be 'mbr2': did you mean "
		"'mbr'?"},
	{BASE, "RHEL9", "user --password=x", "ks:1:1: error: 'user' needs '--name='"},
	{BASE, "RHEL9", "nfs --server=192.0.2.1",
		"ks:1:1: error: 'nfs' needs '--dir='\n"
		"ks:1:1: warning: 'nfs' takes the place of 'url'"},
	{BASE, "RHEL9", "skipx yes", "ks:1:7: error: 'skipx' takes no argument: 'yes'"},
	{BASE, "RHEL9", "zerombr yes", "ks:1:9: error: 'zerombr' takes no argument: 'yes'"},
	{BASE, "RHEL9", "group --name=ops wheel",
		"ks:1:18: error: 'group' takes no argument: 'wheel'"},
	{BASE, "RHEL9", "services --enabled=sshd, chronyd",
		"ks:1:26: error: a list has no blanks: 'chronyd'"},
	{BASE, "RHEL9", "lang", "ks:1:1: error: 'lang' needs a locale, e.g. en_US.UTF-8"},
	{BASE, "RHEL9", "lang en_US de_DE",
		"ks:1:12: error: 'lang' takes a locale, e.g. en_US.UTF-8, and no more: 'de_DE'"},
	{BASE, "RHEL9", "lang english",
		"ks:1:6: warning: 'english' is no locale, expected e.g. en_US.UTF-8"},
	{BASE, "RHEL9", "keyboard",
		"ks:1:1: error: 'keyboard' needs a layout: '--vckeymap=' or '--xlayouts='"},
	{BASE, "RHEL9", "timezone",
		"ks:1:1: error: 'timezone' needs a time zone, e.g. Europe/Berlin"},
	{BASE, "RHEL9", "timezone Europe/Berlin UTC",
		"ks:1:24: error: 'timezone' takes a time zone, e.g. Europe/Berlin, and no more: "
		"'UTC'"},
	{BASE, "RHEL9", "user --name=ops --uid=abc --lock",
		"ks:1:17: error: '--uid' of 'user' is a whole number, not 'abc'"},
	{BASE, "RHEL9", "vnc --port=70000",
		"ks:1:5: error: '--port' of 'vnc' is a number from 1 to 65535, not 70000"},
	{BASE, "RHEL9", "rootpw", "ks:1:1: error: 'rootpw' needs a password, or '--lock'"},
	{BASE, "RHEL9", "rootpw two words",
		"ks:1:12: error: 'rootpw' takes a password, and no more: quote it"},
	{BASE, "RHEL9", "user --name=ops --password=two words",
		"ks:1:32: error: 'user' takes no argument, but has one: quote what has blanks"},
	{BASE, "RHEL9", "user --name=ops --password -words",
		"ks:1:17: error: '--password' of 'user' needs a value: '--password='\n"
		"ks:1:28: error: 'user' has a word that begins with '-': options begin with '--'"},
	{BASE, "RHEL9", "user --name=ops --lock\nuser --name=ops --lock",
		"ks:2:6: warning: user 'ops' again: it is there already"},
	{BASE, "RHEL9", "rootpw --lock",
		"ks:1:1: warning: root is locked and there is no user: nobody can log in"},
	/* a rule holds in later versions too, and where the version is not known */
	{BASE, "RHEL10", "cmdline --non-interactive",
		"ks:1:9: error: 'cmdline' asks nothing anyway and takes no '--non-interactive', "
		"'text' does"},
	{BASE, "RHEL9", "autopart --encrypted --passphrase=x --pbkdf-time=9 --pbkdf-iterations=99",
		"ks:1:52: error: '--pbkdf-time' and '--pbkdf-iterations' of 'autopart' exclude "
		"each other"},
	{BASE, NULL, "network --ipv4-ignore-auto-dns",
		"ks:1:9: error: '--ipv4-ignore-auto-dns' of 'network' needs '--device'"},
	{BASE, "RHEL10", "snapshot data --name=before --when=post-install",
		"ks:1:10: error: 'data' is not VG/LV, both of them by name"},
	{NO_LAYOUT, "RHEL10", "mount /dev/vda2 / --mkfsoptions=\"-L srv\"",
		"ks:1:19: error: '--mkfsoptions' of 'mount' needs '--reformat'"},
	{NO_LAYOUT, "RHEL9",
		"mount /dev/vda1 boot\nmount /dev/vda2 /\nmount /dev/vda3 none --reformat=swap",
		"ks:1:17: error: 'boot' is no mount point, expected /… or none"},
	{BASE, "RHEL9", "nvdimm use",
		"ks:1:8: error: 'nvdimm use' needs '--namespace=' or '--blockdevs='"},
	{NO_LAYOUT, "RHEL9",
		"part raid.01 --size=1\npart raid.02 --size=1\nraid / --device=md0 raid.01 "
		"raid.02\npart swap --size=1",
		"ks:3:1: error: 'raid' needs '--level='"},
	/* of a bond it is the members that are bound */
	{BASE, "RHEL9",
		"network --device=bond0 --bondslaves=eth1,eth2 --vlanid=7 --bindto=mac "
		"--bootproto=dhcp",
		""},
	{BASE, "RHEL9", "%post\n#!/usr/bin/python3\nimport os\n%end",
		"ks:1:1: error: '%post' is run by sh, not by what its first line says: add "
		"'--interpreter=/usr/bin/python3'"},
	{BASE, "RHEL9", "%pre --log=/x\n#! /usr/bin/env perl\n1;\n%end",
		"ks:1:1: error: '%pre' is run by sh, not by what its first line says: add "
		"'--interpreter=/usr/bin/perl'"},
	{BASE, "RHEL9", "%post\n#!/bin/bash -x\ntrue\n%end", ""},
	{BASE, "RHEL9", "%post\necho a\n#!/usr/bin/python3\n%end", ""},
	{BASE, "RHEL9", "%post --interpreter=/usr/bin/python3\n#!/usr/bin/python3\nimport os\n%end",
		""},
	{BASE, "RHEL9", "rootpw --iscrypted secret",
		"ks:1:20: warning: 'rootpw' says '--iscrypted', but this is no hash of crypt(5): "
		"no password will do"},
	{BASE, "RHEL9", "rootpw $6$salt$hash",
		"ks:1:8: error: this looks like a hash: add '--iscrypted'"},
	{BASE, "RHEL9", "rootpw --iscrypted --plaintext x",
		"ks:1:20: error: '--iscrypted' and '--plaintext' of 'rootpw' exclude each other\n"
		"ks:1:32: warning: 'rootpw' says '--iscrypted', but this is no hash of crypt(5): "
		"no password will do"},
	{BASE, "RHEL9", "user --name=\"a b\" --lock", "ks:1:6: error: 'a b' is no name for a user"},
	{BASE, "RHEL9", "user --name=ops",
		"ks:1:6: warning: user 'ops' cannot log in: neither '--password=' nor an 'sshkey'"},
	{BASE, "RHEL9", "sshkey --username=ops \"ssh-ed25519 AAAA me\"",
		"ks:1:8: error: no user 'ops': add 'user --name=ops'"},
	{BASE, "RHEL9", "sshkey --username=root ssh-ed25519 AAAA me",
		"ks:1:36: error: 'sshkey' takes a key, in quotes, and no more: 'AAAA'"},
	{BASE, "RHEL9", "sshkey --username=root \"-----BEGIN PRIVATE\"",
		"ks:1:24: error: this is no public key, expected e.g. \"ssh-ed25519 AAAA… name\", "
		"in quotes"},
	{BASE, "RHEL9", "rootpw abc#def",
		"ks:1:11: warning: '#' begins a comment even inside a word: quote the word, or put "
		"a blank before"},
	{BASE, "RHEL9", "lang 'en_US",
		"ks: error: no 'lang': the installer asks; add e.g. 'lang en_US.UTF-8'\n"
		"ks:1:6: error: this quote is not closed"},
	{BASE, "RHEL9", "network --bootproto=dhcp \\",
		"ks:1:26: error: a command does not go on in the next line: write it in one"},
	{BASE, "RHEL9", "text\ngraphical",
		"ks:2:1: warning: 'graphical' takes the place of 'text'"},
	{BASE, "RHEL9", "nfs --server=192.0.2.1 --dir=/x",
		"ks:1:1: warning: 'nfs' takes the place of 'url'"},
	{BASE, "RHEL9", "poweroff", "ks:1:1: warning: 'poweroff' takes the place of 'reboot'"},
	{BASE, "RHEL9", "url --url=mirror/x",
		"ks:1:5: warning: '--url' of 'url' is a URL: write http:// or another scheme "
		"before 'mirror/x'"},
	{BASE, "RHEL9", "url --url=htp://mirror/x",
		"ks:1:5: error: '--url' of 'url' is a URL (http://…), not 'htp://mirror/x'"},
	{BASE, "RHEL9", "url",
		"ks:1:1: error: 'url' needs one of '--url', '--mirrorlist', '--metalink'"},
	{BASE, "RHEL9", "url --url=http://a/ --mirrorlist=http://b/",
		"ks:1:21: error: '--url' and '--mirrorlist' of 'url' exclude each other"},
	{BASE, "RHEL9", "repo --name=x --baseurl=http://a/ --metalink=http://b/",
		"ks:1:35: error: '--baseurl' and '--metalink' of 'repo' exclude each other"},
	{BASE, "RHEL9", "timesource --nts",
		"ks:1:1: error: 'timesource' needs one of '--ntp-server', '--ntp-pool', "
		"'--ntp-disable'"},
	{BASE, "RHEL9", "selinux --enforcing --permissive",
		"ks:1:21: error: '--enforcing' and '--permissive' of 'selinux' exclude each other"},
	{BASE, "RHEL9", "autopart --type=lmv",
		"ks:1:10: error: '--type' of 'autopart' cannot be 'lmv': did you mean 'lvm'?"},
	{BASE, "RHEL9", "autopart --type=btrfs",
		"ks:1:10: error: no btrfs in RHEL9: use 'xfs' or 'lvm'"},
	{BASE, "RHEL9", "part / --size=1",
		"ks:1:1: error: 'part' and 'autopart' exclude each other"},
	{BASE, "RHEL9", "mount /dev/vda1 /",
		"ks:8:1: error: 'autopart' and 'mount' exclude each other"},
	{BASE, "RHEL9", "network --bootproto=static --ip=192.0.2.300 --netmask=255.255.255.0",
		"ks:1:28: error: '--ip' is no IPv4 address: '192.0.2.300'"},
	{BASE, "RHEL9", "network --bootproto=static",
		"ks:1:9: error: a static address needs '--ip='\n"
		"ks:1:9: error: a static address needs '--netmask='"},
	{BASE, "RHEL9", "network --bootproto=static --ip='' --netmask=255.255.255.0",
		"ks:1:9: error: a static address needs '--ip='"},
	{BASE, "RHEL9", "network --bootproto=static --ip=192.0.2.7 --netmask=255.0.255.0",
		"ks:1:43: error: '--netmask=255.0.255.0' is no netmask"},
	{BASE, "RHEL9",
		"network --bootproto=static --ip=192.0.2.7 --netmask=255.255.255.0 "
		"--gateway=198.51.100.1",
		"ks:1:67: error: gateway 198.51.100.1 is not in the network of 192.0.2.7/24"},
	{BASE, "RHEL9", "network --bootproto=static --ip=192.0.2.255 --netmask=255.255.255.0",
		"ks:1:28: error: 192.0.2.255 is no host's address in its network (/24)"},
	{BASE, "RHEL9", "network --noipv4 --ipv6=auto", ""},
	{BASE, "RHEL9", "network --bootproto=static --ipv6=2001:db8::7/64 --ipv6gateway=fe80::1",
		""},
	{BASE, "RHEL9", "network --noipv4 --ipv6=2001:db8::7::/64",
		"ks:1:18: error: bad IPv6 address '2001:db8::7::/64': expected auto, dhcp, or an "
		"address like 2001:db8::3/64"},
	{BASE, "RHEL9", "network --noipv4 --ipv6=2001:db8::7/129",
		"ks:1:18: error: bad IPv6 address '2001:db8::7/129': expected auto, dhcp, or an "
		"address like 2001:db8::3/64"},
	{BASE, "RHEL9", "network --noipv4 --ipv6=2001:db8::7/64 --ipv6gateway=2001:db8:1::1",
		"ks:1:40: error: gateway 2001:db8:1::1 is not in the network of 2001:db8::7/64"},
	{BASE, "RHEL9", "network --noipv4 --ipv6=2001:db8::7/64 --ipv6gateway=192.0.2.1",
		"ks:1:40: error: bad IPv6 address '192.0.2.1'"},
	{BASE, "RHEL9", "network --bootproto=static --ip=192.0.2.7 --ipv6=2001:db8::7/64",
		"ks:1:9: error: a static address needs '--netmask='"},
	{BASE, "RHEL9", "network --ip=192.0.2.7",
		"ks:1:9: warning: '--ip' does nothing without '--bootproto=static'"},
	{BASE, "RHEL9", "network --nameserver=192.0.2.53,dns.example.org",
		"ks:1:9: error: '--nameserver' has 'dns.example.org', which is no address"},
	{BASE, "RHEL9", "network --hostname=web_01", "ks:1:9: error: 'web_01' is no host name"},
	{BASE, "RHEL9", "network --device=eth0\nnetwork --device=eth0 --bootproto=dhcp",
		"ks:2:9: warning: device 'eth0' again: only the last one counts"},
	{BASE, "RHEL9", "%end", "ks:1:1: error: '%end' without a section"},
	{BASE, "RHEL9", "%pots", "ks:1:1: error: unknown section '%pots': did you mean '%post'?"},
	{BASE, "RHEL9", "%post --nochrot\ntrue\n%end",
		"ks:1:7: error: '%post' has no option '--nochrot': did you mean '--nochroot'?"},
	{BASE, "RHEL9", "%post --interpreter=bash\ntrue\n%end",
		"ks:1:7: warning: '--interpreter' of '%post' is a path, e.g. /bin/bash, not "
		"'bash'"},
	{BASE, "RHEL9", "%post --log\ntrue\n%end",
		"ks:1:7: error: '--log' of '%post' needs a value: '--log='"},
	{BASE, "RHEL9", "%post\n%end", "ks:1:1: warning: '%post' is empty"},
	{BASE, "RHEL9", "%post\ntrue", "ks:1:1: error: '%post' is not closed: add '%end'"},
	{BASE, "RHEL9", "%pre --nochroot\ntrue\n%end",
		"ks:1:6: error: '%pre' has no option '--nochroot'"},
	{BASE, "RHEL9", "%addon\n%end", "ks:1:1: error: '%addon' needs the add-on's name"},
	{BASE, "RHEL10", "%anaconda\npwpolicy root --minlen=8\n%end",
		"ks:1:1: error: '%anaconda' was removed in RHEL10: leave the section out"},
	{BASE, "RHEL7", "%anaconda\npwpolicy root --minlenn=8\nlang C\n%end",
		"ks:2:15: error: 'pwpolicy' has no option '--minlenn': did you mean '--minlen'?\n"
		"ks:3:1: error: unknown command 'lang' of '%anaconda', expected 'pwpolicy'"},
	{BASE, "RHEL9", "%certificate --filename=a.pem\nx\n%end",
		"ks:1:1: error: '%certificate' is not in RHEL9, only from RHEL10 on"},
	{BASE, "RHEL9", "%include", "ks:1:1: error: '%include' needs the name of a file"},
	{BASE, "RHEL9", "%packages --nobase\n%end",
		"ks:1:11: error: '--nobase' of '%packages' was removed in RHEL8: leave it out"},
	{BASE, "RHEL9", "%packages --instLangs=en\n%end",
		"ks:1:11: warning: '--instLangs' of '%packages' is deprecated since RHEL9: use "
		"'--inst-langs='"},
	{BASE, "RHEL7", "%packages --exclude-weakdeps\n%end",
		"ks:1:11: error: '--exclude-weakdeps' of '%packages' is not in RHEL7, only from "
		"RHEL8 on"},
	{BASE, "RHEL9", "%packages\n'vim-enhanced'\n-\"nano\"\n@\"a group\"\n%end",
		"ks:2:1: error: quotes would be a part of the package's name: ''vim-enhanced''\n"
		"ks:3:1: error: quotes would be a part of the package's name: '-\"nano\"'"},
	{BASE, "RHEL9", "%packages --default --nocore\n%end",
		"ks:1:21: error: '--nocore' contradicts '--default': leave one out"},
	{BASE, "RHEL9", "%packages\nvim emacs\n- nano\n@ core\n--nocore\n%end",
		"ks:2:1: error: one package a line: 'vim emacs'\n"
		"ks:3:1: error: '-' is followed by the package to leave out, without a blank\n"
		"ks:4:1: error: '@' is followed by the group's name, without a blank\n"
		"ks:5:1: error: options stand behind '%packages' itself: '--nocore'"},
	{NO_LAYOUT, "RHEL9", "",
		"ks: error: no disk layout: the installer asks; add 'autopart' or 'part' commands"},
	{NO_LAYOUT, "RHEL9", "part / --size=20G\npart swap --size=1",
		"ks:1:8: error: '--size' of 'part' is a whole number, in MiB, not '20G'"},
	{NO_LAYOUT, "RHEL9", "part / --fstype=etx4 --size=1\npart swap --size=1",
		"ks:1:8: error: '--fstype' of 'part' cannot be 'etx4': did you mean 'ext4'?"},
	{NO_LAYOUT, "RHEL9", "part / --fstype=btrfs --size=1\npart swap --size=1",
		"ks:1:8: error: no btrfs in RHEL9: use 'xfs' or 'lvm'"},
	{NO_LAYOUT, "RHEL7", "part / --fstype=minix --size=1\npart swap --size=1",
		"ks:1:8: warning: '--fstype' of 'part': 'minix' is no file system that we know"},
	{NO_LAYOUT, "RHEL9", "part /\npart swap --size=1",
		"ks:1:1: error: 'part' needs a size: '--size=' in MiB"},
	{NO_LAYOUT, "RHEL9", "part / --size=10 --maxsize=20\npart swap --size=1",
		"ks:1:18: warning: '--maxsize' does nothing without '--grow'"},
	{NO_LAYOUT, "RHEL9", "part / --size=10 --maxsize=5 --grow\npart swap --size=1",
		"ks:1:18: error: '--maxsize' is less than '--size'"},
	{NO_LAYOUT, "RHEL9", "part root --size=10\npart swap --size=1",
		"ks:1: error: nothing is mounted at '/': add it to the layout that begins here\n"
		"ks:1:6: error: 'root' is no mount point, expected /…, swap, pv.NN, raid.NN or "
		"biosboot"},
	{NO_LAYOUT, "RHEL9", "part /home --size=10",
		"ks:1: error: nothing is mounted at '/': add it to the layout that begins here\n"
		"ks:1: warning: no swap in the layout that begins here"},
	{NO_LAYOUT, "RHEL9", "part / --size=10\npart / --size=20\npart swap --size=1",
		"ks:2:6: warning: '/' again: it is in the layout already"},
	{NO_LAYOUT, "RHEL9", "part --size=10",
		"ks:1: error: nothing is mounted at '/': add it to the layout that begins here\n"
		"ks:1: warning: no swap in the layout that begins here\n"
		"ks:1:1: error: 'part' needs a mount point"},
	{NO_LAYOUT, "RHEL8", "part / --size=10 --active\npart swap --size=1",
		"ks:1:18: warning: '--active' of 'part' is deprecated since RHEL8: leave it out"},
	{NO_LAYOUT, "RHEL9", "part / --size=10 --active\npart swap --size=1",
		"ks:1:18: error: '--active' of 'part' was removed in RHEL9: leave it out"},
	{NO_LAYOUT, "RHEL9", "part / --size=1 --luks-versio=luks2\npart swap --size=1",
		"ks:1:17: warning: '--luks-versio' is short for '--luks-version': write it out"},
	{NO_LAYOUT, "RHEL9",
		"part pv.01 --size=1 --grow\nvolgroup vg pv.02\nlogvol / --vgname=vg --name=root "
		"--size=1\nlogvol swap --vgname=vg --name=swap --size=1",
		"ks:1:6: warning: 'pv.01' is used by no 'volgroup'\n"
		"ks:2:13: error: 'pv.02' is not defined: did you mean 'pv.01'?"},
	{NO_LAYOUT, "RHEL9",
		"part pv.01 --size=1 --grow\nvolgroup vg\nlogvol / --vgname=vg --name=root "
		"--size=1\nlogvol swap --vgname=vg --name=swap --size=1",
		"ks:1:6: warning: 'pv.01' is used by no 'volgroup'\n"
		"ks:2:10: error: volume group 'vg' has no pv.NN partitions"},
	{NO_LAYOUT, "RHEL9",
		"part pv.01 --size=1 --grow\nvolgroup vg pv.01\nlogvol / --vgname=cs --name=root "
		"--size=1\nlogvol swap --vgname=vg --name=root --size=1 --vgname=cs",
		"ks:3:10: error: no volume group 'cs': 'volgroup' has 'vg'\n"
		"ks:4:25: error: logical volume 'root' again: it is in the volume group already\n"
		"ks:4:46: error: no volume group 'cs': 'volgroup' has 'vg'"},
	{NO_LAYOUT, "RHEL9",
		"part pv.01 --size=100\nvolgroup vg pv.01\nlogvol / --vgname=vg --name=root "
		"--size=80\nlogvol swap --vgname=vg --name=swap --size=30",
		"ks:4:37: error: with this the volumes of 'vg' come to 110 MiB, it has 100 MiB at "
		"most"},
	{NO_LAYOUT, "RHEL9",
		"part pv.01 --size=1 --grow\nvolgroup vg pv.01\nvolgroup wg pv.01\nlogvol / "
		"--vgname=vg --name=root --percent=120\nlogvol swap --vgname=vg --name=swap --thin "
		"--size=1",
		"ks:1:6: error: 'pv.01' is used 2 times by 'volgroup'\n"
		"ks:4:34: error: '--percent' of 'logvol' is a number from 1 to 100, in percent, "
		"not 120\n"
		"ks:5:37: error: '--thin' needs '--poolname='"},
	{NO_LAYOUT, "RHEL9",
		"part pv.01 --size=1 --grow\nvolgroup vg pv.01\nlogvol / --name=root "
		"--size=1\nlogvol swap --vgname=vg --name=swap",
		"ks:3:1: error: 'logvol' needs '--vgname='\n"
		"ks:4:1: error: 'logvol' needs a size: '--size=' in MiB"},
	{NO_LAYOUT, "RHEL9",
		"part raid.01 --size=1\nraid / --level=7 --device=md0 raid.01 raid.02\npart swap "
		"--size=1",
		"ks:2:8: error: '--level' of 'raid' cannot be '7', expected e.g. '0'\n"
		"ks:2:39: error: 'raid.02' is not defined: did you mean 'raid.01'?"},
	{NO_LAYOUT, "RHEL9", "part / --size=1 raid.01\npart swap --size=1",
		"ks:1:17: error: 'part' takes a mount point, and no more: 'raid.01'"},
	{NO_LAYOUT | MACHINE, "RHEL9",
		"part / --size=10000 --ondisk=sda\npart swap --size=1 --ondisk=vda\npart /boot/efi "
		"--size=200",
		"ks:1:21: error: the machine has no disk 'sda', but vda"},
	{NO_LAYOUT | MACHINE, "RHEL9", "part / --size=10000\npart swap --size=500",
		"ks:1: error: the machine boots by UEFI: add 'part /boot/efi --fstype=efi "
		"--size=600', or 'reqpart'\n"
		"ks:2:11: error: with this the partitions of vda come to 10500 MiB, it has 10240 "
		"MiB"},
	{NO_LAYOUT | MACHINE, "RHEL9",
		"autopart\nnetwork --bootproto=static --ip=192.0.2.8 --netmask=255.255.0.0 "
		"--gateway=192.0.2.2 --hostname=web02",
		"ks:2:28: error: address 192.0.2.8 is not the machine's, 192.0.2.7\n"
		"ks:2:43: error: netmask 255.255.0.0 (/16) is not the machine's, /24\n"
		"ks:2:65: error: gateway 192.0.2.2 is not the machine's, 192.0.2.1\n"
		"ks:2:85: warning: host name 'web02' is not the machine's, 'web01.example.org'"},
	/* Its own card has its address by DHCP: another card may have any. */
	{NO_LAYOUT | MACHINE, "RHEL9",
		"autopart\nnetwork --device=eno1 --bootproto=dhcp --activate\nnetwork --device=eno2 "
		"--bootproto=static --ip=198.51.100.5 --netmask=255.255.255.0 --nodefroute",
		""},
	{NO_LAYOUT | MACHINE, "RHEL9", "autopart\nnetwork --noipv4 --ipv6=2001:db8::8/64",
		"ks:2:18: error: IPv6 address 2001:db8::8/64 is not the machine's, 2001:db8::7"},
	{NO_LAYOUT | MACHINE, "RHEL9", "autopart\nnetwork --noipv4 --ipv6=2001:db8::7/72",
		"ks:2:18: error: prefix /72 is not the machine's, /64"},
	{NO_LAYOUT | MACHINE, "RHEL9", "autopart\nclearpart --all --drives=vda,sdb",
		"ks:2:1: error: the machine's disk is empty: without 'zerombr' the installer asks; "
		"add it\n"
		"ks:2:17: error: the machine has no disk 'sdb', but vda"},
	{NO_LAYOUT | MACHINE, "RHEL9",
		"autopart\nignoredisk --only-use=sda\nbootloader --boot-drive=vda",
		"ks:2:12: error: the machine has no disk 'sda', but vda\n"
		"ks:3:1: warning: 'bootloader' again: only the last one counts\n"
		"ks:3:12: error: disk 'vda' is left out by 'ignoredisk'"},
	{NO_LAYOUT | MACHINE, "RHEL9",
		"autopart\nignoredisk --drives=vda\nbootloader --driveorder=/dev/vda",
		"ks:3:1: warning: 'bootloader' again: only the last one counts\n"
		"ks:3:12: error: disk 'vda' is left out by 'ignoredisk'"},
	{NO_LAYOUT | MACHINE, "RHEL9", "autopart\nclearpart --all",
		"ks:2:1: error: the machine's disk is empty: without 'zerombr' the installer asks; "
		"add it"},
	{NO_LAYOUT | MACHINE, "RHEL9", "autopart\nclearpart --all --initlabel",
		"ks:2:1: warning: without 'zerombr' the installer asks before it takes an empty "
		"disk; add it"},
	{NO_LAYOUT | MACHINE, "RHEL9", "autopart\nclearpart --drives=vda --initlabel",
		"ks:2:1: warning: without 'zerombr' the installer asks before it takes an empty "
		"disk; add it\n"
		"ks:2:11: warning: 'clearpart' removes nothing without '--all', '--linux' or "
		"'--list='"},
	{NOTHING, "RHEL9", "",
		"ks: error: no '%packages': the installer asks; add the section, if only with "
		"'@core'\n"
		"ks: error: no 'lang': the installer asks; add e.g. 'lang en_US.UTF-8'\n"
		"ks: error: no 'timezone': the installer asks; add e.g. 'timezone UTC'\n"
		"ks: error: no disk layout: the installer asks; add 'autopart' or 'part' commands\n"
		"ks: error: nobody can log in: the installer asks; add 'rootpw', 'user' or "
		"'sshkey'\n"
		"ks: warning: no 'bootloader': the installer picks its disk; add 'bootloader "
		"--location=mbr'\n"
		"ks: warning: no 'keyboard': it will be us; add e.g. 'keyboard us'\n"
		"ks: warning: no 'reboot' or 'poweroff': the installer waits for a key when it is "
		"done\n"
		"ks: warning: no source of packages ('url', 'cdrom', 'nfs' …): it must be on the "
		"kernel's command line (inst.repo=)"},
	{NOTHING, NULL, "text",
		"ks: error: no '%packages': the installer asks; add the section, if only with "
		"'@core'\n"
		"ks: error: no 'timezone': the installer asks; add e.g. 'timezone UTC'\n"
		"ks: error: no disk layout: the installer asks; add 'autopart' or 'part' commands\n"
		"ks: error: nobody can log in: the installer asks; add 'rootpw', 'user' or "
		"'sshkey'\n"
		"ks: warning: no 'bootloader': the installer picks its disk; add 'bootloader "
		"--location=mbr'\n"
		"ks: warning: no 'keyboard': it will be us; add e.g. 'keyboard us'\n"
		"ks: warning: no 'lang': it will be en_US.UTF-8; add e.g. 'lang en_US.UTF-8'\n"
		"ks: warning: no 'reboot' or 'poweroff': the installer waits for a key when it is "
		"done\n"
		"ks: warning: no source of packages ('url', 'cdrom', 'nfs' …): it must be on the "
		"kernel's command line (inst.repo=)"},
	/* what is missing may be in a file that is made while installing */
	{NOTHING, "RHEL9", "%include /tmp/all.ks",
		"ks:1:10: warning: '/tmp/all.ks' is not made by a script here: it must be there "
		"while installing"},
	{NO_LAYOUT, "RHEL9",
		"part /home --size=1\nlogvol /var --vgname=vg --name=var --size=1\n"
		"%include /tmp/root.ks\n%pre\necho part / >/tmp/root.ks\n%end",
		""},
	{NOTHING, "RHEL9", "rescue", ""},
	{BASE, NULL, "# version=RHEL7\nsshkey --username=root \"ssh-rsa AAAA\"",
		"ks:2:1: error: 'sshkey' is not in RHEL7, only from RHEL8 on"},
	{BASE, "RHEL9", "#version=RHEL7\nsshkey --username=root \"ssh-rsa AAAA\"", ""},
	{BASE, NULL, "#version=DEVEL\nsshkey --username=root \"ssh-rsa AAAA\"", ""},
	{BASE, "RHEL6", "",
		"ks: warning: version 'RHEL6' is not known (expected RHEL7 to RHEL10 or F39 to "
		"F45): checked for what is wrong in all"},
	/* what options want of each other */
	{BASE, "RHEL7", "snapshot data --name=before --when=post-install",
		"ks:1:10: error: 'data' is not VG/LV, both of them by name"},
	{BASE, "F43", "snapshot a/b/c --name=before --when=post-install",
		"ks:1:10: error: 'a/b/c' is not VG/LV, both of them by name"},
	{BASE, "RHEL9", "ignoredisk",
		"ks:1:1: error: 'ignoredisk' needs one of '--drives', '--only-use'"},
	{BASE, "RHEL9", "ignoredisk --only-use=vda --drives=vdb",
		"ks:1:12: error: '--drives' and '--only-use' of 'ignoredisk' exclude each other"},
	{NO_LAYOUT, "F43",
		"part btrfs.01 --size=1\nbtrfs none --label=p btrfs.01\nbtrfs / --subvol "
		"--name=root p\nbtrfs /srv\npart swap --size=1",
		"ks:4:7: error: 'btrfs /srv' has no btrfs.NN partitions"},
	{NO_LAYOUT, "F43",
		"part btrfs.01 --size=1\nbtrfs none --label=p btrfs.01\nbtrfs / --subvol "
		"--name=root LABEL=q\nbtrfs /srv --subvol --name=srv\nbtrfs /var --subvol p\npart "
		"swap --size=1",
		"ks:3:30: error: no btrfs volume has the label 'q': one has 'p'\n"
		"ks:4:7: error: a subvolume needs its parent volume behind '/srv', e.g. LABEL=…\n"
		"ks:5:12: error: '--subvol' of 'btrfs' needs '--name'"},
	{NO_LAYOUT, "F43",
		"part btrfs.01 --size=1\nbtrfs / btrfs.01\nbtrfs /srv --subvol --name=srv "
		"pool\npart swap --size=1",
		"ks:3:32: error: no btrfs volume has the label 'pool': add e.g. 'btrfs none "
		"--label=pool btrfs.01'"},
	{BASE, "RHEL9", "network --device=br7 --bridgeslaves=eth1,eth2 --bridgeopts=stp",
		"ks:1:47: error: '--bridgeopts' is key=value, separated by commas, not 'stp'"},
	{BASE, "RHEL9", "network --device=br7 --bridgeslaves=eth1,eth2 --bridgeopts=stp=no,=7",
		"ks:1:47: error: '--bridgeopts' is key=value, separated by commas, not '=7'"},
	{BASE, "RHEL9", "network --device=br7 --bootproto=dhcp --bridgeopts=stp=no",
		"ks:1:39: error: '--bridgeopts' of 'network' needs '--bridgeslaves'"},
	{BASE, "RHEL9", "network --device=eth1 --vlanid=7 --bindto=mac",
		"ks:1:34: error: '--bindto=mac' is for a card, not for a VLAN on it"},
	{BASE, "RHEL9", "network --ipv4-ignore-auto-dns",
		"ks:1:9: error: '--ipv4-ignore-auto-dns' of 'network' needs '--device'"},
	{BASE, "F40", "network --ipv6-dns-search=lab.example",
		"ks:1:9: error: '--ipv6-dns-search' of 'network' needs '--device'"},
	{BASE, "RHEL7", "network --device=eth0 --vlanid=5 --interfacename=lan.9999",
		"ks:1:34: error: '--interfacename=lan.9999': after '.' comes the number of a VLAN, "
		"0 to 4095"},
	{BASE, "RHEL7", "network --device=eth0 --vlanid=5 --interfacename=vlanx",
		"ks:1:34: error: '--interfacename=vlanx': after 'vlan' comes the number of a VLAN, "
		"0 to 4095"},
	{NO_LAYOUT, "RHEL9",
		"part / --size=1\npart swap --size=1\npart /srv --size=900 --resize\npart /home "
		"--onpart=vda3 --resize",
		"ks:3:22: error: '--resize' of 'part' needs '--onpart'\n"
		"ks:4:26: error: '--resize' of 'part' needs '--size'"},
	{NO_LAYOUT, "RHEL9",
		"part / --size=1\npart swap --size=1\npart /srv --size=900 --fstype=ext4 "
		"--mkfsoptions=\"-m 1\" --noformat --onpart=vda3\npart /home --size=9 "
		"--mkfsoptions=x --fsprofile=y",
		"ks:3:57: error: '--mkfsoptions' and '--noformat' of 'part' exclude each other\n"
		"ks:4:37: error: '--mkfsoptions' and '--fsprofile' of 'part' exclude each other"},
	{NO_LAYOUT, "RHEL8",
		"part pv.1 --size=9\nvolgroup vg0 pv.1\npart / --size=9\npart swap "
		"--size=1\nlogvol /srv --name=srv --vgname=vg0 --size=9 --useexisting --noformat "
		"--cachesize=90 --cachepvs=pv.1",
		"ks:5:46: error: '--cachepvs' and '--useexisting' of 'logvol' exclude each other\n"
		"ks:5:46: error: '--cachesize' and '--useexisting' of 'logvol' exclude each other\n"
		"ks:5:60: error: '--cachepvs' and '--noformat' of 'logvol' exclude each other\n"
		"ks:5:60: error: '--cachesize' and '--noformat' of 'logvol' exclude each other"},
	{NO_LAYOUT, "RHEL9",
		"part pv.1 --size=9\nvolgroup vg0 pv.1\npart / --size=9\npart swap "
		"--size=1\nlogvol /srv --name=srv --vgname=vg0 --useexisting --resize\nlogvol "
		"/home --name=home --vgname=vg0 --size=1 --resize\nlogvol /var --name=var "
		"--vgname=vg0 --noformat --mkfsoptions=x",
		"ks:5:51: error: '--resize' of 'logvol' needs '--size'\n"
		"ks:6:48: error: '--resize' of 'logvol' needs '--useexisting' or '--noformat'\n"
		"ks:7:37: error: '--mkfsoptions' and '--noformat' of 'logvol' exclude each other"},
	{BASE, "RHEL8", "timezone UTC --nontp --ntpservers=ntp.lab.example",
		"ks:1:22: error: '--nontp' and '--ntpservers' of 'timezone' exclude each other"},
	{BASE, "RHEL9", "realm join lab.example home.example",
		"ks:1:24: error: 'realm join' takes its options, and then one realm"},
	{BASE, "RHEL9", "realm leave lab.example",
		"ks:1:7: error: 'realm' can only join, not 'leave'"},
	{BASE, "RHEL9", "realm join --no-password=x --colour=red --user op lab.example",
		"ks:1:12: error: 'realm join' has no option '--no-password', or it takes no value\n"
		"ks:1:28: error: 'realm join' has no option '--colour', or it takes no value"},
	{BASE, "RHEL9", "realm join --user=op",
		"ks:1:7: error: 'realm join' takes its options, and then one realm"},
	{BASE, "RHEL9", "zfcp --devnum=0.0.4000 --fcplun=0x01",
		"ks:1:24: error: '--fcplun' of 'zfcp' needs '--wwpn'"},
	{BASE, "F43", "zfcp --devnum=0.0.4000 --wwpn=0x01",
		"ks:1:24: error: '--wwpn' of 'zfcp' needs '--fcplun'"},
	{BASE, "RHEL9", "driverdisk",
		"ks:1:1: error: 'driverdisk' needs a partition, '--source=' or '--biospart='"},
	{BASE, "RHEL9", "driverdisk vda1 --source=http://192.0.2.1/dd.img",
		"ks:1:1: error: 'driverdisk' takes one of these alone: a partition, '--source=' or "
		"'--biospart='"},
	{BASE, "RHEL9", "eula", "ks:1:1: error: 'eula' needs '--agreed'"},
	{BASE, "RHEL9", "bootloader --boot-drive=vda,vdb",
		"ks:1:12: error: '--boot-drive' of 'bootloader' names one drive, not 'vda,vdb'"},
	{BASE, "F43", "bootloader --sdboot --extlinux",
		"ks:1:21: error: '--sdboot' and '--extlinux' of 'bootloader' exclude each other"},
	{BASE, "RHEL9", "ostreesetup --osname=lab --url=ftp://repo.lab.example/o --ref=lab/base",
		"ks:1:26: error: '--url' of 'ostreesetup' is file:, http: or https:, not "
		"'ftp://repo.lab.example/o'"},
	{BASE, "RHEL9", "rescue --nomount --romount",
		"ks:1:18: error: '--nomount' and '--romount' of 'rescue' exclude each other"},
	{BASE, "RHEL9", "services",
		"ks:1:1: error: 'services' needs '--enabled=' or '--disabled='"},
	{BASE, "RHEL8", "autopart --encrypted --passphrase=x --pbkdf-time=9 --pbkdf-iterations=99",
		"ks:1:52: error: '--pbkdf-time' and '--pbkdf-iterations' of 'autopart' exclude "
		"each other"},
	{BASE, "F43", "autopart --noswap --hibernation",
		"ks:1:19: error: '--noswap' and '--hibernation' of 'autopart' exclude each other"},
	{BASE, "F43", "autopart --fstype=btrfs",
		"ks:1:10: error: '--fstype' of 'autopart' cannot be 'btrfs': use '--type=btrfs'"},
	{BASE, "F43", "autopart --type=btrfs --fstype=ext4",
		"ks:1:23: error: '--fstype' and '--type=btrfs' of 'autopart' exclude each other"},
	{BASE, "RHEL8", "cmdline --non-interactive",
		"ks:1:9: error: 'cmdline' asks nothing anyway and takes no '--non-interactive', "
		"'text' does"},
	{NO_LAYOUT, "RHEL8", "mount /dev/vda1 /\nmount /dev/vda2 /srv --mkfsoptions=\"-L srv\"",
		"ks:2:22: error: '--mkfsoptions' of 'mount' needs '--reformat'"},
	{BASE, "RHEL8", "nvdimm reconfigure --namespace=namespace1.0 --mode=sector",
		"ks:1:8: error: 'nvdimm reconfigure' in mode sector needs '--sectorsize='"},
	{BASE, "RHEL9", "nvdimm reconfigure --sectorsize=512",
		"ks:1:8: error: 'nvdimm reconfigure' needs '--namespace='"},
	{BASE, "F39", "nvdimm erase --namespace=a --blockdevs=pmem0",
		"ks:1:8: error: 'nvdimm' has the actions reconfigure and use, not 'erase'\n"
		"ks:1:28: error: '--namespace' and '--blockdevs' of 'nvdimm' exclude each other"},
	{BASE, "RHEL7", "updates",
		"ks:1:1: error: 'updates' needs a URL: without one they are looked for on a floppy "
		"disk"},
	{BASE, "RHEL9", "rhsm --organization=77 --activation-key=\"\"",
		"ks:1:24: error: '--activation-key' of 'rhsm' is empty"},
	{BASE, "RHEL9", "rhsm --organization=77 --activation-key=a,,b",
		"ks:1:24: error: '--activation-key' of 'rhsm' is empty"},
	{BASE, "RHEL9", "reqpart --add-boot",
		"ks:1:1: error: 'reqpart' and 'autopart' exclude each other: 'autopart' makes what "
		"is required"},
	{BASE, "F45", "bootc --source-imgref=registry:a --bootloader=lilo",
		"ks:1:34: error: '--bootloader' of 'bootc' cannot be 'lilo', expected one of none, "
		"grub, systemd"},
	{BASE, "F43", "bootc --source-imgref=registry:a --composefs",
		"ks:1:34: error: '--composefs' of 'bootc' is not in F43, only from F45 on"},
};

/* As the images of distributions are made: no more than warnings. */
static const struct {
	const char *version, *text;
} images[] = {
	{"RHEL10",
		"text\nurl --url mirror.example.org/os\nlang en_US.UTF-8\nkeyboard us\n"
		"timezone UTC --utc\nbootloader --timeout=0 --location=mbr\nreboot --eject\n"
		"services --enabled=sshd --disabled kdump,rhsmcertd\nrootpw --iscrypted nope\n"
		"zerombr\nclearpart --all --initlabel\nreqpart\n"
		"part /boot --fstype=xfs --size=1024\npart / --fstype=xfs --grow\n"
		"%packages --exclude-weakdeps --inst-langs=en\n-*firmware\n%end # of them\n"
		"%addon com_redhat_kdump --disable\n\n%end\n%post "
		"--erroronfail\n\n#!/bin/bash\n%end\n"},
	{"RHEL9",
		"text --non-interactive\nharddrive --partition=sda2 --dir=/\npoweroff\n"
		"timezone --utc UTC\nrootpw --iscrypted --lock *\nuser --name=gce --lock\n"
		"%pre --interpreter=/usr/bin/bash\ncat >/tmp/disk <<E\nE\n%end\n"
		"%include /tmp/disk\n%packages\ntar\n%end\n"},
	{"RHEL9",
		"lang C.UTF-8\ntimezone UTC\nrootpw x\npart biosboot --fstype=biosboot "
		"--onpart=vda4\n"
		"part / --fstype=xfs --onpart=vda2\npart pv.01 --grow --onpart=vda5\n"
		"volgroup data pv.01\nlogvol /srv --vgname=data --size=8000 --name=srv --grow "
		"--mkfsoptions \"-m bigtime=0,inobtcount=0\"\n%packages\n%end\n"},
	{"RHEL8",
		"lang C\ntimezone UTC\nrootpw x\npart raid.01 --ondisk=sda --grow\n"
		"part raid.02 --ondisk=sdb --grow\npart swap --recommended\n"
		"raid / --device=root --fstype=xfs --level=RAID1 raid.01 "
		"raid.02\n%packages\n%end\n"},
	{"RHEL7",
		"lang C\ntimezone UTC\nrootpw x\npart /boot --fstype=xfs --onpart=sda1\n"
		"part pv.14 --fstype=lvmpv --noformat --onpart=sda2\n"
		"volgroup old --noformat --useexisting\n"
		"logvol / --fstype=xfs --useexisting --name=root --vgname=old\n%packages\n%end\n"},
	{"F43",
		"text\nbootloader --disabled\ntimezone Etc/UTC --utc\ntimesource --ntp-disable\n"
		"rootpw --lock --iscrypted locked\nclearpart --all\nreqpart --add-boot\n"
		"part swap --size=512\npart btrfs.007 --fstype=btrfs --size=6200\n"
		"btrfs none --label=fedora --data=0 btrfs.007\n"
		"btrfs / --subvol --name=root LABEL=fedora\nbtrfs /home --subvol --name=@home "
		"fedora\n"
		"%packages --nocore\nbash\n-libss # of e2fsprogs\n%end\n"},
	{"F44",
		"lang C\ntimezone UTC\nrootpw x\nautopart --type=btrfs\n"
		"network --device br0 --bridgeslaves=ens4 --bridgeopts=stp=no,priority=4 "
		"--bindto=mac\n"
		"bootc --source-imgref=registry:quay.example.org/os:1\n"},
};

START_TEST(image_files)
{
	struct findings f = {0};
	struct lint_input in = {
		.text = images[_i].text, .file = "ks", .version = images[_i].version};
	char line[512];

	lint_kickstart(&in, &f);
	for (size_t i = 0; i < f.n; i++) {
		finding_text(&f, i, line, sizeof(line));
		ck_assert_msg(f.v[i].level == FINDING_WARNING, "%s", line);
	}
	findings_fini(&f);
}
END_TEST

static size_t word(const char *s)
{
	return strcspn(s, " \n");
}

/* The lines of the base that go before the case; how many they are. */
static unsigned before(const struct wrong *w, char *text)
{
	unsigned n = 0;

	*text = '\0';
	for (const char *p = base; *p && !(w->around & NOTHING); p = strchr(p, '\n') + 1) {
		if ((word(p) == word(w->lines) && strncmp(p, w->lines, word(p)) == 0 &&
			    *p != '%') ||
			((w->around & NO_LAYOUT) && strncmp(p, "autopart", 8) == 0))
			continue;
		strncat(text, p, (size_t)(strchr(p, '\n') - p) + 1);
		n++;
	}
	return n;
}

static const char *lint(const struct wrong *w)
{
	static char out[8192];
	char text[2048];
	struct findings f = {0};
	struct lint_input in = {.text = text, .file = "ks", .version = w->version};
	unsigned first = before(w, text);
	size_t used = 0;

	strcat(text, w->lines);
	in.machine = w->around & MACHINE ? &machine : NULL;
	lint_kickstart(&in, &f);
	findings_sort(&f);
	out[0] = '\0';
	for (size_t i = 0; i < f.n && used < sizeof(out); i++) {
		f.v[i].line -= f.v[i].line > first ? first : 0;
		strcat(out, i ? "\n" : "");
		used = strlen(out);
		finding_text(&f, i, out + used, sizeof(out) - used);
	}
	findings_fini(&f);
	return out;
}

/* What people write, and works. */
static const char *const right_versions[] = {NULL, "RHEL9", "Rocky-10", "fedora43"};
static const char right[] =
	"text\n"
	"zerombr # all of it\n"
	"clearpart --all --initlabel --disklabel=gpt --drives=vda,sdb\n"
	"ignoredisk --only-use=vda,sdb\n"
	"network --bootproto static --device=link --ip 192.0.2.7 --netmask=255.255.255.0 "
	"--gateway=192.0.2.1 --nameserver=192.0.2.53,2001:db8::1 --hostname=web01 --onboot=on\n"
	"network --device=eth1 --bootproto=dhcp --noipv6 --mtu=9000\n"
	"user --name=ops --groups=wheel,users --gecos=\"Oh, Ops\" --password='a b'\n"
	"sshkey --username=ops \"ssh-ed25519 AAAAC3 me@here\"\n"
	"firewall --enabled --service=ssh --port=8080:tcp\n"
	"selinux --permissive\n"
	"sshkey --username=root 'from=\"192.0.2.*\" sk-ssh-ed25519@openssh.com AAAAG me'\n"
	"network --device=eth2 --bootproto=static --ip=198.51.100.7 --netmask=255.255.255.255 "
	"--gateway=192.0.2.1 --onboot=Yes\n"
	"services --enabled=sshd,chronyd\n"
	"repo --name=extra --baseurl=http://192.0.2.1/extra --cost=10\n"
	"%packages --excludedocs --inst-langs=en\n"
	"@^minimal-environment\n"
	"@Development Tools --nodefaults # all of them\n"
	"-iwl*\n"
	"\n"
	"kernel.x86_64\n"
	"%end\n"
	"%addon com_redhat_kdump --disable\n"
	"%end\n"
	"%pre --interpreter=/usr/bin/python3 --log=/tmp/pre.log\n"
	"print('%s of %end' % 1) # 'a\n"
	"%end\n"
	"%post --nochroot --erroronfail\n"
	"true \\\n"
	"%end\n"
	"%onerror\n"
	"true\n"
	"%end\n";

START_TEST(all_right)
{
	ck_assert_str_eq(lint(&(struct wrong){BASE, NULL, "", NULL}), "");
	for (int i = 0; i < 4; i++)
		ck_assert_str_eq(lint(&(struct wrong){BASE, right_versions[i], right, NULL}), "");
}
END_TEST

/* What was refused once, and the parser takes. */
static const struct wrong fine[] = {
	{NO_LAYOUT, "RHEL9",
		"reqpart --add-boot\npart swap --recommended\npart / --fstype=xfs --grow", ""},
	{NO_LAYOUT, "RHEL9", "mount /dev/vda1 /boot --reformat\nmount /dev/vda2 / --reformat=xfs",
		""},
	{NO_LAYOUT, "RHEL9",
		"part swap --size=1\npart raid.01 --size=9\npart raid.02 --size=9\nraid pv.01 "
		"--level=1 --device=md_sys raid.01 raid.02\nvolgroup vg0 md_sys\nlogvol / "
		"--vgname=vg0 --name=root --size=1",
		""},
	{NO_LAYOUT, "F43",
		"part swap --size=1\npart btrfs.01 --size=9 --grow\nbtrfs none --label=pool "
		"btrfs.01\nbtrfs / --subvol --name=root LABEL=pool\nbtrfs /home --subvol "
		"--name=home pool\nbtrfs /old --subvol --name=old UUID=1-2",
		""},
	{BASE, "RHEL9", "rootpw --lock --iscrypted locked\nuser --name=ops --password=x", ""},
	{BASE, "RHEL9", "sshpw --username=op --sshkey ssh-ed25519 AAAA op at lab", ""},
	{NO_LAYOUT, "RHEL9",
		"part / --size=1\npart swap --size=1\nraid /srv --device=md3 --useexisting "
		"--noformat",
		""},
	{BASE, "RHEL9",
		"realm join --no-password --client-software=sssd --one-time-password x lab.example",
		""},
	{BASE, "RHEL9", "zfcp --devnum=0.0.4000\nzfcp --devnum=0.0.4001 --wwpn=0x01 --fcplun=0x02",
		""},
	{BASE, "RHEL7",
		"network --device=eth0 --vlanid=5 --interfacename=vlan4095\nnetwork --device=eth1 "
		"--vlanid=5 --interfacename=lan.5\nnetwork --device=eth2 --interfacename=lan",
		""},
	{BASE, "RHEL9",
		"network --device=br7 --bridgeslaves=eth1,eth2 --bridgeopts=stp=no,priority=7", ""},
	{BASE, "RHEL9", "snapshot vg0/root --name=before --when=post-install", ""},
	{BASE, "RHEL8",
		"nvdimm use --blockdevs=pmem0\nnvdimm reconfigure --namespace=a --mode=sector "
		"--sectorsize=512",
		""},
	{BASE, "RHEL9", "text --non-interactive\nservices --enabled=b\neula --agreed\nupdates", ""},
	{BASE, "F45", "bootc --source-imgref=registry:a --bootloader=systemd --composefs", ""},
	{BASE, "fedora44", "timesource --ntp-pool=pool.lab.example", ""},
	{BASE, "RHEL9", "driverdisk --source=http://192.0.2.1/dd.img\ndriverdisk vda1", ""},
};

START_TEST(fine_lines)
{
	const char *told = lint(&fine[_i]);

	ck_assert_msg(!*told, "of\n%s\nfound\n%s", fine[_i].lines, told);
}
END_TEST

START_TEST(wrong_lines)
{
	const struct wrong *w = &table[_i];
	const char *told = lint(w);

	ck_assert_msg(strcmp(told, w->told) == 0, "of\n%s\nexpected\n%s\nfound\n%s", w->lines,
		w->told, told);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ks_rules");
	TCase *c = tcase_create("all");
	SRunner *r;
	int failed;

	tcase_add_test(c, all_right);
	tcase_add_loop_test(c, fine_lines, 0, sizeof(fine) / sizeof(*fine));
	tcase_add_loop_test(c, image_files, 0, sizeof(images) / sizeof(*images));
	tcase_add_loop_test(c, wrong_lines, 0, sizeof(table) / sizeof(*table));
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
