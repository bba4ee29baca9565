/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/signs.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { SIGN_PIECE = 64 }; /* of a pattern before its '*', with a NUL */

#define MEMORY_FIX "give it more memory: 'usher profiles PROFILE' says how much it requires"
#define CONSOLE_FIX "read what its console said before: usher console {name}"
#define DISK_FIX "name the disk that it has (setting disk), or give it a larger one"
#define MIRROR_FIX "set 'mirror' to one that the machine can reach, then: usher reinstall {name}"
#define DNS_FIX "give the segment a DNS server that resolves it (dns= in usher.xml)"
#define ROUTE_FIX \
	"give the segment a router that leads there (router= in usher.xml), or a mirror on the segment"
#define SECURE_FIX \
	"switch Secure Boot off, or use a profile whose boot programs are signed (shim and GRUB)"
#define ARCH_FIX "use a profile for its architecture and firmware: usher profiles"

/* The order counts: what says more comes first. */
const struct sign SIGNS[] = {
	/* the kernel */
	{"deadlocked on memory", true, "memory", "it has too little memory", MEMORY_FIX},
	{"Out of memory and no killable processes", true, "memory", "it has too little memory",
		MEMORY_FIX},
	{"Out of memory: Kill", false, "memory", "it has too little memory", MEMORY_FIX},
	{"rootfs image is not initramfs", true, "initrd", "its initrd cannot be read",
		"fetch or import the profile's media anew: usher media"},
	{"Initramfs unpacking failed: write error", true, "memory",
		"it has too little memory to unpack its initrd", MEMORY_FIX},
	/* of an initrd packed with LZ4 kernels from 5.3 on say it, and boot on; where it is broken they panic after it */
	{"Initramfs unpacking failed: Decoding failed", false, "initrd",
		"its initrd cannot be read",
		"fetch or import the profile's media anew: usher media"},
	{"Initramfs unpacking failed", true, "initrd", "its initrd cannot be read",
		"fetch or import the profile's media anew: usher media"},
	{"Unable to mount root fs", true, "initrd",
		"its kernel has no root file system: the initrd is missing, or belongs to another kernel",
		"see that the profile names an initrd that belongs to its kernel"},
	{"No working init found", true, "panic", "its initrd has no init", CONSOLE_FIX},
	{"Attempted to kill init", true, "panic", "the first process of its system ended",
		CONSOLE_FIX},
	{"Kernel panic - not syncing", true, "panic", "its kernel panicked", CONSOLE_FIX},
	{"end Kernel panic", true, "panic", "its kernel panicked", CONSOLE_FIX},
	{"x86-64 CPU, but only detected an i686", true, "architecture",
		"its processor is not one that this kernel runs on", ARCH_FIX},
	/* firmware and boot programs */
	/* firmware and shim; "access denied" alone systemd and databases say, too */
	{"failed to load*: Access Denied", true, "secure-boot",
		"its firmware refused the boot program: Secure Boot is on and it is not signed",
		SECURE_FIX},
	{"Security Violation", true, "secure-boot",
		"its firmware refused the boot program: Secure Boot is on and it is not signed",
		SECURE_FIX},
	{"bad shim signature", true, "secure-boot", "GRUB refused the kernel: it is not signed",
		SECURE_FIX},
	/* with a code; the kernel says so of a module, and loads it */
	{"Verification failed: (0x", true, "secure-boot",
		"shim refused the boot program: its signature is not valid", SECURE_FIX},
	{"Exec format error (http", true, "format",
		"iPXE was given what it cannot boot: no kernel, or one for another architecture",
		ARCH_FIX},
	{"Exec format error", false, "format",
		"it was given a program that is broken, or for another architecture", ARCH_FIX},
	{"No bootable device", false, "no-boot-device",
		"its firmware found nothing to boot, neither network nor disk",
		"see its boot order, and that its card is on the segment: usher show {name}"},
	{"No bootable option or device", false, "no-boot-device",
		"its firmware found nothing to boot, neither network nor disk",
		"see its boot order, and that its card is on the segment: usher show {name}"},
	{"Entering rescue mode...", true, "grub",
		"GRUB does not find its files, and waits at its rescue prompt", CONSOLE_FIX},
	{"Error: no such device", false, "grub", "GRUB does not find its disk", CONSOLE_FIX},
	/* an initrd that gives up */
	{"Entering emergency mode", true, "emergency-shell",
		"its initrd gave up and waits at an emergency shell", CONSOLE_FIX},
	{"You are in emergency mode", true, "emergency-shell",
		"systemd gave up and waits at an emergency shell", CONSOLE_FIX},
	{"Dropping to a shell!", true, "emergency-shell", "its initrd gave up and waits at a shell",
		CONSOLE_FIX},
	/* what it fetches is on lines of that name, too */
	{"dracut-initqueue*timeout", false, "no-root",
		"its initrd does not find what it is to boot: the installer's image, or the disk",
		CONSOLE_FIX},
	/* disks */
	{"No space left on device", false, "space", "a file system of it is full",
		"give it more disk, or more memory where it installs from memory"},
	{"No disk", false, "disk", "it has no disk as the profile wants one", DISK_FIX},
	{"No root file system", false, "disk", "its installer has no partition for the system",
		DISK_FIX},
	{"Failed to partition", false, "disk", "its installer cannot partition the disk", DISK_FIX},
	{"No partitionable media", false, "disk", "its installer sees no disk", DISK_FIX},
	{"specified nonexistent disk", false, "disk", "it has no disk of that name", DISK_FIX},
	{"no usable disks", false, "disk", "its installer sees no disk", DISK_FIX},
	{"not enough free space", false, "space", "its disk is too small", "give it a larger disk"},
	/* names, routes, mirrors */
	{"Temporary failure in name resolution", false, "dns",
		"it cannot resolve names: no DNS server answers it", DNS_FIX},
	{"Name or service not known", false, "dns", "it cannot resolve a name", DNS_FIX},
	{"Temporary failure resolving", false, "dns",
		"it cannot resolve names: no DNS server answers it", DNS_FIX},
	{"Could not resolve host", false, "dns", "it cannot resolve a name", DNS_FIX},
	{"unable to resolve host address", false, "dns", "it cannot resolve a name", DNS_FIX},
	{"bad address '", false, "dns", "it cannot resolve a name", DNS_FIX},
	{"Network is unreachable", false, "route", "it has no route to where it fetches from",
		ROUTE_FIX},
	{"No route to host", false, "route", "it has no way to where it fetches from", ROUTE_FIX},
	{"Connection refused", false, "mirror", "the server that it fetches from refuses it",
		MIRROR_FIX},
	/* iPXE's numbers say in which part of it: TCP, TFTP, DNS; else a card without a link, or DHCP, which it tries again */
	{"Connection timed out (http*/4c0a6", true, "http-filtered",
		"iPXE got no answer to its HTTP requests: a firewall between the two drops them",
		"let TCP to usher's HTTP port through: nft list ruleset, usher check"},
	{"Connection timed out (http*/4c126", true, "tftp-filtered",
		"iPXE got no answer to its TFTP requests: a firewall between the two drops them",
		"let UDP from it to usher's port 69, and from there to any, through: nft list "
		"ruleset, usher check"},
	{"Connection timed out (http*/4c116", false, "dns",
		"it cannot resolve a name: no DNS server answers it", DNS_FIX},
	{"Connection timed out (http", false, "no-answer",
		"iPXE got no answer, or one of its cards has no link",
		"see its cables and VLANs; usher console {name}"},
	{"Connection timed out", false, "mirror", "the server that it fetches from does not answer",
		MIRROR_FIX},
	{"mirror does not", false, "mirror",
		"its installer cannot use the mirror: the release is not there, or the mirror is not "
		"reached",
		MIRROR_FIX},
	{"Bad archive mirror", false, "mirror",
		"its installer cannot use the mirror: the release is not there, or the mirror is not "
		"reached",
		MIRROR_FIX},
	{"Failed to download", false, "mirror", "its installer cannot fetch a package", MIRROR_FIX},
	{"Error setting up base repository", true, "mirror",
		"its installer cannot use the package source", MIRROR_FIX},
	{"No configuration methods succeeded", false, "no-dhcp",
		"iPXE got no answer to its DHCP requests", "usher timeline; usher check"},
	{"Network autoconfiguration failed", false, "no-dhcp",
		"its installer got no answer to its DHCP requests", "usher timeline; usher check"},
	/* installers */
	{"Traceback (most recent call last)", false, "traceback",
		"its installer crashed: a Python traceback", CONSOLE_FIX},
	{"An unknown error has occurred", true, "traceback", "its installer crashed", CONSOLE_FIX},
	{"An error occurred. Press enter to start a shell", true, "installer",
		"its installer failed and waits at a shell", CONSOLE_FIX},
	{"Installation step failed", true, "installer",
		"a step of its installer failed, and it waits for an answer", CONSOLE_FIX},
	{"An error occurred during reading the kickstart file", true, "answers",
		"its installer does not take its answers",
		"usher lint {profile}; usher console {name}"},
	{"No kernel modules were found", false, "modules",
		"the mirror has no modules for its installer's kernel: one of the two is newer",
		"fetch or import the profile's media anew: usher media"},
	{"Failed to retrieve the preconfiguration file", true, "answers",
		"its installer could not fetch its answers", "usher timeline {name}"},
	{"Unable to install GRUB", true, "boot-loader",
		"its installer could not install the boot loader", CONSOLE_FIX},
	{"Segmentation fault", false, "crash", "a program of its installer crashed", CONSOLE_FIX},
	{NULL, false, NULL, NULL, NULL},
};

static bool is_in(const char *line, const char *pattern)
{
	const char *star = strchr(pattern, '*');
	char before[SIGN_PIECE];

	if (!star)
		return strcasestr(line, pattern);
	snprintf(before, sizeof before, "%.*s", (int)(star - pattern), pattern);
	line = strcasestr(line, before);
	return line && strcasestr(line + (star - pattern), star + 1);
}

const struct sign *sign_of(const char *line)
{
	for (const struct sign *s = SIGNS; s->pattern; s++)
		if (is_in(line, s->pattern))
			return s;
	return NULL;
}
