/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher check: the host itself: user and groups, libvirt, pools, firmware, boot programs, KVM. */
#include "usher/cli/check.h"

#include "guest/accel.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__aarch64__)
#define QEMU_PACKAGE "qemu-system-arm"
#else
#define QEMU_PACKAGE "qemu-system-x86"
#endif

enum { GROUPS_MAX = 256 };

/* Below this a pool is told of: not even one installed system fits. */
#define POOL_LITTLE ((uint64_t)2 << 30)

static bool is_in_group(const struct passwd *user, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	if (!user->pw_uid || getgrouplist(user->pw_name, user->pw_gid, groups, &n) < 0)
		return true; /* root; or of more groups than can be told */
	while (n > 0)
		if (groups[--n] == group)
			return true;
	return false;
}

/* Who may talk to libvirt: the group of its socket or, where that is open to all, the one that polkit lets in. */
static const struct group *libvirt_group(void)
{
	static const char *const sockets[] = {
		"/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"};
	struct stat st;

	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
		if (!stat(sockets[i], &st))
			return st.st_mode & S_IWOTH ? getgrnam("libvirt") : getgrgid(st.st_gid);
	return NULL;
}

static void check_libvirt_group(struct check *k, const struct passwd *user)
{
	const struct group *g = libvirt_group();

	if (!g || strncmp(k->config.libvirt_uri, "qemu", 4) || strchr(k->config.libvirt_uri, '+'))
		return; /* another's socket, or none: whether it answers is seen to below */
	if (is_in_group(user, g->gr_gid))
		check_say(k, CHECK_OK, "group", "'%s' may talk to libvirt (group '%s')",
			user->pw_name, g->gr_name);
	else if (!g->gr_gid)
		check_say(k, CHECK_BAD, "group",
			"libvirt's socket is root's alone: unix_sock_group = \"libvirt\" in "
			"/etc/libvirt/libvirtd.conf, and restart libvirtd");
	else
		check_say(k, CHECK_BAD, "group",
			"'%s' is not in group '%s', which may talk to libvirt: usermod -aG %s %s",
			user->pw_name, g->gr_name, g->gr_name, user->pw_name);
}

static void check_socket_group(struct check *k)
{
	const char *name = k->config.socket_group;
	const struct passwd *user = getpwnam(k->config.user);
	const struct group *g = *name ? getgrnam(name) : NULL;

	if (*name && !g)
		check_say(k, CHECK_BAD, "group",
			"no group '%s', which is to own the API's socket: groupadd --system %s",
			name, name);
	else if (g && user && !is_in_group(user, g->gr_gid))
		check_say(k, CHECK_BAD, "group",
			"'%s' cannot give the API's socket to group '%s' without being in it: "
			"usermod -aG %s %s",
			k->config.user, name, name, k->config.user);
}

void check_user(struct check *k)
{
	const struct passwd *user = getpwnam(k->config.user);

	if (!user) {
		check_say(k, CHECK_BAD, "user", "no user '%s': useradd --system -G libvirt %s",
			k->config.user, k->config.user);
	} else {
		check_say(k, CHECK_OK, "user", "'%s' is there", k->config.user);
		check_libvirt_group(k, user);
	}
	check_socket_group(k);
}

static void check_pool(struct check *k, const char *name)
{
	struct guest_pool pool;
	char why[512];

	if (guest_pool_info(k->config.libvirt_uri, name, &pool, why, sizeof why)) {
		check_say(k, CHECK_BAD, "pool", "%s", why);
		return;
	}
	check_say(k, pool.free < POOL_LITTLE ? CHECK_WARN : CHECK_OK, "pool",
		"'%s' has %.1f GiB free%s", name, (double)pool.free / (1024. * 1024 * 1024),
		pool.free < POOL_LITTLE ? ": delete what is not needed, or take another with --pool"
					: "");
	if (!pool.autostart)
		check_say(k, CHECK_WARN, "pool",
			"'%s' is not started with the host: virsh pool-autostart %s", name, name);
}

/* The configuration's, and those that records name: the service knows them. */
static void check_pools(struct check *k)
{
	const char *name;
	json_t *v;

	check_pool(k, k->config.pool);
	json_object_foreach(json_object_get(k->status, "pools"), name, v)
	{
		if (strcmp(name, k->config.pool) != 0)
			check_pool(k, name);
	}
}

/* An aarch64 guest has no BIOS either. */
static void say_no_efi(struct check *k)
{
#if defined(__aarch64__)
	check_say(k, CHECK_BAD, "firmware",
		"libvirt knows no UEFI for guests: apt-get install qemu-efi-aarch64");
#else
	check_say(k, CHECK_WARN, "firmware", "guests have BIOS only, no EFI: apt-get install ovmf");
#endif
}

static void check_firmware(struct check *k, const struct guest_host *host)
{
	if (!host->emulator)
		check_say(k, CHECK_BAD, "emulator",
			"libvirt knows no emulator for this host's guests: apt-get install " QEMU_PACKAGE);
	else if (!host->efi)
		say_no_efi(k);
	else
		check_say(k, host->efi_secure ? CHECK_OK : CHECK_WARN, "firmware",
			"guests may have BIOS or EFI%s",
			host->efi_secure ? ", also with Secure Boot"
					 : ", not with Secure Boot: apt-get install ovmf");
}

bool check_libvirt(struct check *k)
{
	struct guest_host host;
	char why[512];

	int rc = guest_host_info(k->config.libvirt_uri, &host, why, sizeof why);

	k->no_kvm = !rc && !host.kvm;
	snprintf(k->emulator, sizeof k->emulator, "%s", rc ? "" : host.kvm_emulator);
	if (rc) {
		check_say(k, CHECK_BAD, "libvirt", "%s: %s", why,
			rc == -EACCES ? "look as root, or as a member of group libvirt (usermod "
					"-aG libvirt USER)"
				      : "apt-get install libvirt-daemon-system; systemctl start "
					"libvirtd");
		return false;
	}
	check_say(k, CHECK_OK, "libvirt", "%lu.%lu.%lu, %llu MiB of memory, %u CPUs",
		host.libvirt / 1000000, host.libvirt / 1000 % 1000, host.libvirt % 1000,
		(unsigned long long)host.memory_mib, host.cpus);
	if (!k->config.filter)
		check_say(k, CHECK_WARN, "filter",
			"filter='no': guests can forge addresses, and neighbours can answer their "
			"DHCP in usher's name");
	else if (!host.nwfilter)
		check_say(k, CHECK_WARN, "filter",
			"no nwfilter driver: guests can forge addresses, and neighbours can answer "
			"their DHCP in usher's name: apt-get install libvirt-daemon-config-nwfilter");
	check_firmware(k, &host);
	check_pools(k);
	return true;
}

void check_programs(struct check *k)
{
	static const struct {
		const char *file, *serves, *package;
		enum verdict without;
	} programs[] = {
		{"undionly.kpxe", "BIOS machines whose firmware has no iPXE", "ipxe", CHECK_BAD},
		{"snponly.efi", "UEFI machines", "ipxe", CHECK_BAD},
		{"pxelinux.0", "BIOS machines of profiles that want PXELINUX", "pxelinux",
			CHECK_WARN},
		{"shimx64.efi", "UEFI machines with Secure Boot", "shim-signed", CHECK_WARN},
		{"grubx64.efi", "UEFI machines with Secure Boot", "grub-efi-amd64-signed",
			CHECK_WARN}};
	uint64_t size;
	time_t mtime;
	int fd;

	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (media_open(k->programs, programs[i].file, &fd, &size, &mtime, NULL, 0)) {
			check_say(k, programs[i].without, "boot file",
				"no %s, for %s: apt-get install %s", programs[i].file,
				programs[i].serves, programs[i].package);
			continue;
		}
		close(fd);
		check_say(k, CHECK_OK, "boot file", "%s, %llu bytes", programs[i].file,
			(unsigned long long)size);
	}
}

static bool cpu_can(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	bool found = !f;
	char line[4096];

	while (!found && fgets(line, sizeof line, f))
		found = strstr(line, " vmx") || strstr(line, " svm");
	if (f)
		fclose(f);
	return found;
}

/* Why the test boot could not even begin, and what to do. */
static const char *kvm_fix(void)
{
#if defined(__x86_64__)
	if (!cpu_can())
		return ": the CPU shows no VT-x or AMD-V: switch it on in the firmware's setup, or "
		       "on the host below this one (nested)";
#else
	(void)cpu_can;
#endif
	if (access("/dev/kvm", F_OK))
		return ": no /dev/kvm: modprobe kvm_intel, or kvm_amd";
	if (access("/dev/kvm", R_OK | W_OK))
		return ": this user may not use /dev/kvm: look as root, or as a member of group "
		       "kvm";
	return ": <guest accel='kvm'/> in usher.xml takes KVM untested";
}

void check_accel(struct check *k)
{
	char why[ACCEL_WHY], cache[PATH_MAX + 16];
	enum accel accel;

	snprintf(cache, sizeof cache, "%s/kvm.verdict", k->config.state);
	accel = accel_probe(
		&(struct accel_means){
			.emulator = k->emulator, .kernel = k->kernel, .cache_path = cache},
		why, sizeof why);
	if (!accel_is_kvm(accel))
		check_say(k, CHECK_WARN, "kvm", "%s%s", why, kvm_fix());
	else if (k->no_kvm)
		check_say(k, CHECK_WARN, "kvm", "%s", ACCEL_NO_LIBVIRT);
	else
		check_say(k, CHECK_OK, "kvm", "%s", why);
}
