/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/recognise.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text */

/* Printable ASCII without blanks around it, cut to fit. */
static void take(const char *from, size_t n, char *ret, size_t size)
{
	size_t len = 0;

	while (n && isspace((unsigned char)*from))
		from++, n--;
	for (; n && len + 1 < size; from++, n--)
		if (*from >= ' ' && *from < 127)
			ret[len++] = *from;
	while (len && ret[len - 1] == ' ')
		len--;
	ret[len] = '\0';
}

static void take_text(const char *from, char *ret, size_t size)
{
	take(from, strlen(from), ret, size);
}

/* The `n`th line, from 0; "" past the last. */
static void take_line(const char *text, unsigned n, char *ret, size_t size)
{
	for (; n && *text; n--) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	take(text, strcspn(text, "\n"), ret, size);
}

/* The value of `key` in [section]; a section whose name begins so, when it ends in '*'. "": none. */
static void take_value(
	const char *text, const char *section, const char *key, char *ret, size_t size)
{
	size_t s = strlen(section), k = strlen(key);
	bool begins = section[s - 1] == '*', inside = false;
	char line[512], *equals;

	*ret = '\0';
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		take(text, strcspn(text, "\n"), line, sizeof(line));
		if (*line == '[')
			inside = begins ? strncmp(line + 1, section, s - 1) == 0
					: strncmp(line + 1, section, s) == 0 && line[s + 1] == ']';
		equals = strchr(line, '=');
		if (!inside || !equals || strncmp(line, key, k) != 0 ||
			line[k + strspn(line + k, " ")] != '=')
			continue;
		take_text(equals + 1, ret, size);
		return;
	}
}

/* The word that begins at `text`. */
static void take_word(const char *text, char *ret, size_t size)
{
	text += strspn(text, " ");
	take(text, strcspn(text, " -_(\"\n"), ret, size);
}

/* The first word that is a number: "12.5.0". */
static void take_version(const char *text, char *ret, size_t size)
{
	const char *p = text;

	while (*p && !(isdigit((unsigned char)*p) && (p == text || strchr(" -/", p[-1]) != NULL)))
		p++;
	take(p, strspn(p, "0123456789."), ret, size);
}

/* "24.04.1" to so many of its parts. */
static void cut_version(char *version, unsigned parts)
{
	while (isdigit((unsigned char)*version) || (*version == '.' && --parts))
		version++;
	*version = '\0';
}

void recognise_name(const char *text, char ret[RECOGNISE_NAME])
{
	size_t n = 0;

	for (; *text && n + 1 < RECOGNISE_NAME; text++) {
		char c = (char)tolower((unsigned char)*text);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			(n && (c == '.' || c == '_')))
			ret[n++] = c;
		else if (n && ret[n - 1] != '-')
			ret[n++] = '-';
	}
	while (n && strchr("-.", ret[n - 1]))
		n--;
	ret[n] = '\0';
}

static const struct {
	const char *theirs, *ours;
} arches[] = {{"x86_64", "x86_64"}, {"amd64", "x86_64"}, {"aarch64", "aarch64"},
	{"arm64", "aarch64"}, {"i386", "i386"}, {"i586", "i386"}, {"i686", "i386"},
	{"ppc64le", "ppc64le"}, {"ppc64el", "ppc64le"}, {"s390x", "s390x"}, {"riscv64", "riscv64"},
	{"armhf", "armv7l"}};
enum { ARCHES = sizeof(arches) / sizeof(arches[0]) };

/* The first of them that the text has. */
static void take_arch(const char *text, struct recognised *ret)
{
	const char *at = NULL, *p;

	for (size_t i = 0; i < ARCHES; i++) {
		p = strstr(text, arches[i].theirs);
		if (!p || (at && p >= at))
			continue;
		at = p;
		take_text(arches[i].ours, ret->arch, sizeof(ret->arch));
	}
}

/* Files */

/* A path that a medium's file gave, which may be anything. */
static bool is_file(const struct recognise_reader *r, const char *path)
{
	return *path && *path != '/' && !strstr(path, "..") && r->has(r->arg, path);
}

static void find_file(const struct recognise_reader *r, const char *const *paths, size_t n,
	char ret[RECOGNISE_PATH])
{
	for (size_t i = 0; i < n && !*ret; i++)
		if (r->has(r->arg, paths[i]))
			take_text(paths[i], ret, RECOGNISE_PATH);
}
#define FIND(r, ret, ...)                                \
	find_file(r, (const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), ret)

/* As the media's own firmware would find them; case as each distribution writes it. */
static void find_loaders(const struct recognise_reader *r, struct recognised *ret)
{
	if (strcmp(ret->arch, "aarch64") == 0) {
		FIND(r, ret->shim, "EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/bootaa64.efi",
			"EFI/boot/bootaa64.efi", "efi/boot/bootaa64.efi",
			"debian-installer/arm64/bootnetaa64.efi");
		FIND(r, ret->grub, "EFI/BOOT/grubaa64.efi", "EFI/BOOT/grub.efi",
			"EFI/boot/grubaa64.efi", "efi/boot/grubaa64.efi",
			"debian-installer/arm64/grubaa64.efi");
	} else if (strcmp(ret->arch, "x86_64") == 0) {
		FIND(r, ret->shim, "EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/bootx64.efi",
			"EFI/boot/bootx64.efi", "efi/boot/bootx64.efi",
			"debian-installer/amd64/bootnetx64.efi");
		FIND(r, ret->grub, "EFI/BOOT/grubx64.efi", "EFI/BOOT/grub.efi",
			"EFI/boot/grubx64.efi", "efi/boot/grubx64.efi",
			"debian-installer/amd64/grubx64.efi");
	}
}

/* Red Hat's relatives, and openSUSE Leap: .treeinfo, older ones .discinfo alone. */

static const struct {
	const char *family, *distribution;
	unsigned parts; /* of the version, that belong to the name */
} families[] = {{"Rocky", "rocky", 1}, {"AlmaLinux", "almalinux", 1},
	{"CentOS Stream", "centos-stream", 1}, {"CentOS", "centos", 1},
	{"Red Hat Enterprise Linux", "rhel", 1}, {"RHEL", "rhel", 1}, {"Oracle", "oracle", 1},
	{"Fedora", "fedora", 1}, {"openSUSE Leap", "opensuse-leap", 2},
	{"openSUSE Tumbleweed", "opensuse-tumbleweed", 0}};

static void take_family(const char *family, struct recognised *ret)
{
	char version[sizeof(ret->version)], name[sizeof(ret->distribution) + sizeof(version)];
	unsigned parts = 1;
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strncmp(family, families[i].family, strlen(families[i].family)) == 0)
			break;
	if (i < sizeof(families) / sizeof(families[0])) {
		take_text(families[i].distribution, ret->distribution, sizeof(ret->distribution));
		parts = families[i].parts;
	} else {
		recognise_name(family, ret->name);
		take_text(ret->name, ret->distribution, sizeof(ret->distribution));
	}
	take_text(ret->version, version, sizeof(version));
	if (isdigit((unsigned char)*version) && parts)
		cut_version(version, parts);
	else if (!parts)
		*version = '\0';
	snprintf(name, sizeof(name), "%s%s%s", ret->distribution, *version ? "-" : "", version);
	recognise_name(name, ret->name);
}

/* What the tree's description says, where it leads to something; else where they usually are. */
static void find_tree_kernel(
	const struct recognise_reader *r, const char *treeinfo, struct recognised *ret)
{
	char section[32];

	snprintf(section, sizeof(section), "images-%s", *ret->arch ? ret->arch : "*");
	take_value(treeinfo, section, "kernel", ret->kernel, sizeof(ret->kernel));
	take_value(treeinfo, section, "initrd", ret->initrd, sizeof(ret->initrd));
	if (!is_file(r, ret->kernel))
		*ret->kernel = '\0';
	if (!is_file(r, ret->initrd))
		*ret->initrd = '\0';
	FIND(r, ret->kernel, "images/pxeboot/vmlinuz", "boot/x86_64/loader/linux",
		"boot/aarch64/linux");
	FIND(r, ret->initrd, "images/pxeboot/initrd.img", "boot/x86_64/loader/initrd",
		"boot/aarch64/initrd");
}

static bool by_treeinfo(const struct recognise_reader *r, char *text, struct recognised *ret)
{
	char family[64], arch[32];

	if (r->read(r->arg, ".treeinfo", text, RECOGNISE_FILE_MAX))
		return false;
	take_value(text, "general", "family", family, sizeof(family));
	if (!*family)
		take_value(text, "release", "name", family, sizeof(family));
	if (!*family)
		return false;
	take_value(text, "general", "version", ret->version, sizeof(ret->version));
	take_value(text, "general", "arch", arch, sizeof(arch));
	if (!*arch)
		take_value(text, "tree", "arch", arch, sizeof(arch));
	take_arch(arch, ret);
	snprintf(ret->title, sizeof(ret->title), "%.60s%s%.31s", family, *ret->version ? " " : "",
		ret->version);
	take_family(family, ret);
	find_tree_kernel(r, text, ret);
	return true;
}

/* A time, a name or only a version, the architecture, the discs. */
static bool by_discinfo(const struct recognise_reader *r, char *text, struct recognised *ret)
{
	char line[64];

	if (r->read(r->arg, ".discinfo", text, RECOGNISE_FILE_MAX) ||
		!isdigit((unsigned char)*text))
		return false;
	take_line(text, 2, line, sizeof(line));
	take_arch(line, ret);
	take_line(text, 1, line, sizeof(line));
	take_version(line, ret->version, sizeof(ret->version));
	if (isalpha((unsigned char)*line)) {
		take_text(line, ret->title, sizeof(ret->title));
		line[strcspn(line, "0123456789")] = '\0';
		take_family(line, ret);
	}
	find_tree_kernel(r, "", ret);
	return *ret->arch;
}

/* Debian and Ubuntu: .disk/info. */

static const char *deb_arch(const struct recognised *ret)
{
	return strcmp(ret->arch, "aarch64") == 0   ? "arm64"
		: strcmp(ret->arch, "x86_64") == 0 ? "amd64"
						   : ret->arch;
}

static void find_deb_kernel(const struct recognise_reader *r, struct recognised *ret)
{
	char kernel[96], initrd[96];

	snprintf(kernel, sizeof(kernel), "debian-installer/%s/linux", deb_arch(ret));
	snprintf(initrd, sizeof(initrd), "debian-installer/%s/initrd.gz", deb_arch(ret));
	FIND(r, ret->kernel, "casper/vmlinuz", "install.amd/vmlinuz", "install.a64/vmlinuz",
		"install.386/vmlinuz", "install/vmlinuz", "live/vmlinuz", kernel);
	FIND(r, ret->initrd, "casper/initrd", "casper/initrd.lz", "casper/initrd.gz",
		"install.amd/initrd.gz", "install.a64/initrd.gz", "install.386/initrd.gz",
		"install/initrd.gz", "live/initrd.img", initrd);
}

/*
 * "debian-12" is the installer that comes over the network. The one of a CD or DVD looks for its
 * drive: another name, or the profile debian-12 would get it.
 */
static void name_debian(const char *info, struct recognised *ret)
{
	char name[RECOGNISE_NAME], version[sizeof(ret->version)];
	const char *release,
		*kind = strstr(info, " Live ") ? "-live"
		: strstr(info, "NETINST")      ? "-netinst"
		: strstr(info, "BD Binary")    ? "-bd"
		: strstr(info, "CD Binary")    ? "-cd"
					       : "-dvd";

	take_text("debian", ret->distribution, sizeof(ret->distribution));
	release = strstr(info, "GNU/Linux ");
	take_word(release + strlen("GNU/Linux "), ret->version, sizeof(ret->version));
	take_text(ret->version, version, sizeof(version));
	if (isdigit((unsigned char)*version))
		cut_version(version, 1);
	snprintf(name, sizeof(name), "debian-%s%s", version, kind);
	recognise_name(name, ret->name);
}

/* "Ubuntu-Server 24.04.1 LTS …"; a desktop's is plain "Ubuntu", its relatives have names of their own. */
static void name_ubuntu(const char *info, struct recognised *ret)
{
	char word[16], version[sizeof(ret->version)], name[RECOGNISE_NAME];
	bool desktop = strncmp(info, "Ubuntu ", strlen("Ubuntu ")) == 0;

	take_word(info, word, sizeof(word));
	recognise_name(word, name);
	take_text(name, ret->distribution, sizeof(ret->distribution));
	take_version(info, ret->version, sizeof(ret->version));
	take_text(ret->version, version, sizeof(version));
	cut_version(version, 2);
	snprintf(name, sizeof(name), "%s-%s%s", word, version, desktop ? "-desktop" : "");
	recognise_name(name, ret->name);
}

static bool by_disk_info(const struct recognise_reader *r, char *text, struct recognised *ret)
{
	char info[256];
	const char *end;

	if (r->read(r->arg, ".disk/info", text, RECOGNISE_FILE_MAX))
		return false;
	take_line(text, 0, info, sizeof(info));
	take_arch(info, ret);
	end = strstr(info, " - ");
	take(info, end ? (size_t)(end - info) : strlen(info), ret->title, sizeof(ret->title));
	if (strstr(info, "Debian GNU/Linux "))
		name_debian(info, ret);
	else if (strstr(info, "untu"))
		name_ubuntu(info, ret);
	else
		return false;
	find_deb_kernel(r, ret);
	return true;
}

/* Debian's installer for the network, a folder: "Debian version:  12 (bookworm)". */
static bool by_version_info(const struct recognise_reader *r, char *text, struct recognised *ret)
{
	static const char says[] = "Debian version:";
	char name[RECOGNISE_NAME];

	if (r->read(r->arg, "version.info", text, RECOGNISE_FILE_MAX) ||
		strncmp(text, says, strlen(says)) != 0)
		return false;
	take_version(text, ret->version, sizeof(ret->version));
	take_text("debian", ret->distribution, sizeof(ret->distribution));
	take_text(r->has(r->arg, "debian-installer/arm64/linux") ? "aarch64" : "x86_64", ret->arch,
		sizeof(ret->arch));
	snprintf(ret->title, sizeof(ret->title), "Debian GNU/Linux %s installer", ret->version);
	snprintf(name, sizeof(name), "debian-%s", ret->version);
	recognise_name(name, ret->name);
	find_deb_kernel(r, ret);
	return *ret->version && *ret->kernel;
}

/* "openSUSE-Leap-15.6-DVD-x86_64-Build710.3-Media", behind "openSUSE - " in the first line. */
static bool by_suse_media(const struct recognise_reader *r, char *text, struct recognised *ret)
{
	static const char leap[] = "openSUSE-Leap-", tumbleweed[] = "openSUSE-Tumbleweed";
	const char *at;

	if (r->read(r->arg, "media.1/media", text, RECOGNISE_FILE_MAX))
		return false;
	text[256] = '\0'; /* the first lines say it */
	take_arch(text, ret);
	if ((at = strstr(text, leap))) {
		take_version(at + strlen(leap), ret->version, sizeof(ret->version));
		snprintf(ret->title, sizeof(ret->title), "openSUSE Leap %s", ret->version);
	} else if ((at = strstr(text, tumbleweed))) {
		at = strstr(at, "Snapshot");
		take(at ? at + strlen("Snapshot") : "",
			at ? strspn(at + strlen("Snapshot"), "0123456789") : 0, ret->version,
			sizeof(ret->version));
		take_text("openSUSE Tumbleweed", ret->title, sizeof(ret->title));
	} else {
		return false;
	}
	take_family(ret->title, ret);
	find_tree_kernel(r, "", ret);
	return true;
}

void recognise(const struct recognise_reader *r, struct recognised *ret)
{
	static const struct {
		const char *file;
		bool (*try)(const struct recognise_reader *r, char *text, struct recognised *ret);
	} ways[] = {{".treeinfo", by_treeinfo}, {"media.1/media", by_suse_media},
		{".disk/info", by_disk_info}, {"version.info", by_version_info},
		{".discinfo", by_discinfo}};
	char *text = malloc(RECOGNISE_FILE_MAX);

	for (size_t i = 0; text && i < sizeof(ways) / sizeof(ways[0]); i++) {
		*ret = (struct recognised){0};
		if (!ways[i].try(r, text, ret))
			continue;
		take_text(ways[i].file, ret->by, sizeof(ret->by));
		find_loaders(r, ret);
		free(text);
		return;
	}
	free(text);
	*ret = (struct recognised){0};
}
