/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/recognise.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A medium in memory: paths and contents, by turns, then NULL. */
static int read_file(void *arg, const char *path, char *buf, size_t size)
{
	for (const char **f = arg; *f; f += 2)
		if (strcmp(f[0], path) == 0) {
			snprintf(buf, size, "%s", f[1]);
			return 0;
		}
	return -ENOENT;
}

static bool has_file(void *arg, const char *path)
{
	for (const char **f = arg; *f; f += 2)
		if (strcmp(f[0], path) == 0)
			return true;
	return false;
}

static struct recognised of(const char **files)
{
	const struct recognise_reader r = {files, read_file, has_file};
	struct recognised ret;

	recognise(&r, &ret);
	return ret;
}
#define OF(...) of((const char *[]){__VA_ARGS__, NULL})

static void is(const struct recognised *r, const char *by, const char *name, const char *title,
	const char *version, const char *arch)
{
	ck_assert_str_eq(r->by, by);
	ck_assert_str_eq(r->name, name);
	ck_assert_str_eq(r->title, title);
	ck_assert_str_eq(r->version, version);
	ck_assert_str_eq(r->arch, arch);
}

static void boots(const struct recognised *r, const char *kernel, const char *initrd,
	const char *shim, const char *grub)
{
	ck_assert_str_eq(r->kernel, kernel);
	ck_assert_str_eq(r->initrd, initrd);
	ck_assert_str_eq(r->shim, shim);
	ck_assert_str_eq(r->grub, grub);
}

#define TREE(family, version, arch)                                                     \
	"[checksums]\nimages/pxeboot/vmlinuz = sha256:00\n\n[general]\n; as of old\n"   \
	"arch = " arch "\nfamily = " family "\nname = " family " " version "\n"         \
	"packagedir = AppStream/Packages\nplatforms = " arch ",xen\nversion = " version \
	"\n\n[images-" arch "]\nboot.iso = images/boot.iso\n"                           \
	"initrd = images/pxeboot/initrd.img\nkernel = images/pxeboot/vmlinuz\n\n"       \
	"[release]\nname = " family "\nversion = " version "\n"

START_TEST(red_hats)
{
	static const struct {
		const char *tree, *name, *title, *version;
	} all[] = {{TREE("Rocky Linux", "9.3", "x86_64"), "rocky-9", "Rocky Linux 9.3", "9.3"},
		{TREE("AlmaLinux", "8.10", "x86_64"), "almalinux-8", "AlmaLinux 8.10", "8.10"},
		{TREE("CentOS Stream", "9", "x86_64"), "centos-stream-9", "CentOS Stream 9", "9"},
		{TREE("CentOS", "7", "x86_64"), "centos-7", "CentOS 7", "7"},
		{TREE("Red Hat Enterprise Linux", "9.4", "x86_64"), "rhel-9",
			"Red Hat Enterprise Linux 9.4", "9.4"},
		{TREE("Oracle Linux Server", "8.9", "x86_64"), "oracle-8",
			"Oracle Linux Server 8.9", "8.9"},
		{TREE("Fedora", "40", "x86_64"), "fedora-40", "Fedora 40", "40"},
		{TREE("Fedora", "Rawhide", "x86_64"), "fedora-rawhide", "Fedora Rawhide",
			"Rawhide"},
		{TREE("Some Other Linux", "3.1", "x86_64"), "some-other-linux-3",
			"Some Other Linux 3.1", "3.1"}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct recognised r = OF(".discinfo", "1699.1\nno\nx86_64\n", ".treeinfo",
			all[i].tree, "images/pxeboot/vmlinuz", "", "images/pxeboot/initrd.img", "",
			"EFI/BOOT/BOOTX64.EFI", "", "EFI/BOOT/grubx64.efi", "");

		is(&r, ".treeinfo", all[i].name, all[i].title, all[i].version, "x86_64");
		boots(&r, "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img",
			"EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/grubx64.efi");
	}
}
END_TEST

START_TEST(arm)
{
	struct recognised r = OF(".treeinfo", TREE("Rocky Linux", "9.3", "aarch64"),
		"EFI/BOOT/BOOTAA64.EFI", "", "EFI/BOOT/BOOTX64.EFI", "", "EFI/BOOT/grubaa64.efi",
		"", "images/pxeboot/vmlinuz", "", "images/pxeboot/initrd.img", "");

	is(&r, ".treeinfo", "rocky-9", "Rocky Linux 9.3", "9.3", "aarch64");
	boots(&r, "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img", "EFI/BOOT/BOOTAA64.EFI",
		"EFI/BOOT/grubaa64.efi");
}
END_TEST

/* Without .treeinfo; older ones say a version only. */
START_TEST(discinfo)
{
	struct recognised r = OF(".discinfo", "1700000000.12\nRocky Linux 9.3\nx86_64\nALL\n",
		"images/pxeboot/vmlinuz", "");

	is(&r, ".discinfo", "rocky-9", "Rocky Linux 9.3", "9.3", "x86_64");
	boots(&r, "images/pxeboot/vmlinuz", "", "", "");
	r = OF(".discinfo", "1500000000.12\n7.4\nx86_64\n");
	is(&r, ".discinfo", "", "", "7.4", "x86_64");
}
END_TEST

START_TEST(debian)
{
	struct recognised r = OF(".disk/info",
		"Debian GNU/Linux 12.5.0 \"Bookworm\" - Official amd64 NETINST with firmware "
		"20240210-11:27",
		"install.amd/vmlinuz", "", "install.amd/initrd.gz", "", "EFI/boot/bootx64.efi", "",
		"EFI/boot/grubx64.efi", "");

	is(&r, ".disk/info", "debian-12-netinst", "Debian GNU/Linux 12.5.0 \"Bookworm\"", "12.5.0",
		"x86_64");
	boots(&r, "install.amd/vmlinuz", "install.amd/initrd.gz", "EFI/boot/bootx64.efi",
		"EFI/boot/grubx64.efi");
	r = OF(".disk/info",
		"Debian GNU/Linux 11.9.0 \"Bullseye\" - Official arm64 DVD Binary-1 20240210-11:28",
		"install.a64/vmlinuz", "");
	is(&r, ".disk/info", "debian-11-dvd", "Debian GNU/Linux 11.9.0 \"Bullseye\"", "11.9.0",
		"aarch64");
	boots(&r, "install.a64/vmlinuz", "", "", "");
	r = OF(".disk/info",
		"Debian GNU/Linux testing \"Trixie\" - Official Snapshot amd64 NETINST "
		"20240401-03:29");
	ck_assert_str_eq(r.name, "debian-testing-netinst");
}
END_TEST

START_TEST(debian_network_installer)
{
	struct recognised r = OF("version.info",
		"Debian version:  12 (bookworm)\nInstaller build: 20230607+deb12u5\n",
		"debian-installer/amd64/linux", "", "debian-installer/amd64/initrd.gz", "",
		"debian-installer/amd64/bootnetx64.efi", "", "debian-installer/amd64/grubx64.efi",
		"");

	is(&r, "version.info", "debian-12", "Debian GNU/Linux 12 installer", "12", "x86_64");
	boots(&r, "debian-installer/amd64/linux", "debian-installer/amd64/initrd.gz",
		"debian-installer/amd64/bootnetx64.efi", "debian-installer/amd64/grubx64.efi");
	r = OF("version.info", "Some version: 12\n");
	is(&r, "", "", "", "", "");
}
END_TEST

START_TEST(ubuntu)
{
	struct recognised r = OF(".disk/info",
		"Ubuntu-Server 24.04.1 LTS \"Noble Numbat\" - Release amd64 (20240827)",
		"casper/vmlinuz", "", "casper/initrd", "", "EFI/boot/bootx64.efi", "",
		"EFI/boot/grubx64.efi", "");

	is(&r, ".disk/info", "ubuntu-24.04", "Ubuntu-Server 24.04.1 LTS \"Noble Numbat\"",
		"24.04.1", "x86_64");
	boots(&r, "casper/vmlinuz", "casper/initrd", "EFI/boot/bootx64.efi",
		"EFI/boot/grubx64.efi");
	r = OF(".disk/info", "Ubuntu 22.04.4 LTS \"Jammy Jellyfish\" - Release amd64 (20240220)");
	ck_assert_str_eq(r.name, "ubuntu-22.04-desktop");
	r = OF(".disk/info", "Kubuntu 24.04 LTS \"Noble Numbat\" - Release amd64 (20240424)");
	ck_assert_str_eq(r.name, "kubuntu-24.04");
}
END_TEST

START_TEST(suse)
{
	struct recognised r = OF("media.1/media",
		"openSUSE - openSUSE-Leap-15.6-DVD-x86_64-Build710.3-Media\n"
		"openSUSE-Leap-15.6-DVD-x86_64-Build710.3\n1\n",
		"media.1/products", "/ openSUSE-Leap 15.6-1\n", "boot/x86_64/loader/linux", "",
		"boot/x86_64/loader/initrd", "", "EFI/BOOT/bootx64.efi", "", "EFI/BOOT/grub.efi",
		"");

	is(&r, "media.1/media", "opensuse-leap-15.6", "openSUSE Leap 15.6", "15.6", "x86_64");
	boots(&r, "boot/x86_64/loader/linux", "boot/x86_64/loader/initrd", "EFI/BOOT/bootx64.efi",
		"EFI/BOOT/grub.efi");
	r = OF("media.1/media",
		"openSUSE - openSUSE-Tumbleweed-NET-x86_64-Snapshot20240401-Media\n");
	is(&r, "media.1/media", "opensuse-tumbleweed", "openSUSE Tumbleweed", "20240401", "x86_64");
	r = OF(".treeinfo", TREE("openSUSE Leap", "15.5", "x86_64"));
	ck_assert_str_eq(r.name, "opensuse-leap-15.5");
}
END_TEST

START_TEST(nothing)
{
	struct recognised r = OF("README", "Debian GNU/Linux");

	is(&r, "", "", "", "", "");
	boots(&r, "", "", "", "");
	r = OF(".treeinfo", "", ".disk/info", "Windows 11", "media.1/media", "SUSE - x86_64\n",
		".discinfo", "hello");
	is(&r, "", "", "", "", "");
}
END_TEST

/* What a file says counts only when it leads to a file of the medium. */
START_TEST(lies)
{
	struct recognised r = OF(".treeinfo",
		"[general]\nfamily = Rocky Linux\x1b[31m\nversion = 9\narch = x86_64\n"
		"[images-x86_64]\nkernel = ../../etc/shadow\ninitrd = images/gone\n",
		"../../etc/shadow", "");
	char tree[4096] = "[general]\nversion = 9\nfamily = ";

	ck_assert_str_eq(r.title, "Rocky Linux[31m 9");
	boots(&r, "", "", "", "");
	memset(tree + strlen(tree), 'x', 3000);
	r = of((const char *[]){".treeinfo", tree, NULL});
	ck_assert_str_eq(r.by, ".treeinfo");
	ck_assert_uint_lt(strlen(r.name), RECOGNISE_NAME);
}
END_TEST

START_TEST(names)
{
	static const char *const all[][2] = {
		{"Rocky-9.3-x86_64-dvd.iso", "rocky-9.3-x86_64-dvd.iso"},
		{"My Disc (2)", "my-disc-2"}, {"..hidden..", "hidden"}, {"-", ""}, {"Ünï", "n"}};
	char name[RECOGNISE_NAME];

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		recognise_name(all[i][0], name);
		ck_assert_str_eq(name, all[i][1]);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("recognise");
	TCase *c = tcase_create("recognise");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(c, red_hats);
	tcase_add_test(c, arm);
	tcase_add_test(c, discinfo);
	tcase_add_test(c, debian);
	tcase_add_test(c, debian_network_installer);
	tcase_add_test(c, ubuntu);
	tcase_add_test(c, suse);
	tcase_add_test(c, nothing);
	tcase_add_test(c, lies);
	tcase_add_test(c, names);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
