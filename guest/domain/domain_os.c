/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <os> of a domain: machine type, firmware and its memory, and what the guest may read in its SMBIOS tables. */
#include "guest/domain/domain_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#if defined(__aarch64__)
#define DEFAULT_MACHINE "virt"
#else
#define DEFAULT_MACHINE "q35"
#endif

/* Network boot is decided by the devices' order; these would take it away. */
static void refuse_direct_boot(struct domain_build *b, xmlNode *os)
{
	static const char *const names[] = {"kernel", "initrd", "cmdline"};
	xmlNode *n;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((n = xml_child(os, names[i])))
			domain_fail(b, n, "<%s> in <os> would boot past the installer and the disk",
				names[i]);
}

static void put_type(struct domain_build *b, xmlNode *os)
{
	xmlNode *type = xml_need(os, "type");
	char text[32];

	domain_must(b, type);
	if (!type)
		return;
	if (!xml_text(type, text, sizeof text) || !text[0])
		domain_must(b, xml_set_text(type, "hvm"));
	else if (strcmp(text, "hvm"))
		domain_fail(
			b, type, "<type>%s</type>: only hvm guests boot from the network", text);
	/* A machine type belongs to an architecture: only both defaults together. */
	if (!xmlHasProp(type, (const xmlChar *)"arch") &&
		!xmlHasProp(type, (const xmlChar *)"machine"))
		domain_must(b, xml_set(type, "machine", DEFAULT_MACHINE));
	if (!xmlHasProp(type, (const xmlChar *)"arch"))
		domain_must(b, xml_set(type, "arch", DOMAIN_ARCH));
	domain_drop_all(os, "boot");
	refuse_direct_boot(b, os);
}

static void put_feature(struct domain_build *b, xmlNode *firmware, const char *name, bool enabled)
{
	xmlNode *feature = xml_add(firmware, "feature");

	domain_must(b, xml_set(feature, "enabled", enabled ? "yes" : "no"));
	domain_must(b, xml_set(feature, "name", name));
}

/* libvirt defines no guest there that has ACPI, which is how it is shut down, and no UEFI. */
static bool needs_efi(const struct domain_build *b, const xmlNode *os)
{
	return !b->foreign && xml_attr_is(xml_child(os, "type"), "arch", "aarch64");
}

static void refuse_bios(struct domain_build *b)
{
	if (b->rc)
		return;
	snprintf(b->why, b->why_size,
		"firmware 'bios': an aarch64 guest has UEFI alone: take efi, or leave it out");
	b->rc = -EINVAL;
}

/* As asked for; where nobody says anything and there is no other, UEFI. */
static const char *choose_firmware(struct domain_build *b, const xmlNode *os)
{
	const char *chosen = b->spec->firmware;

	if (!needs_efi(b, os))
		return chosen;
	if (!strcmp(chosen, "bios"))
		refuse_bios(b);
	return *chosen || xmlHasProp(os, (const xmlChar *)"firmware") || xml_child(os, "loader")
		? chosen
		: "efi";
}

/* Chosen over what the fragment says of it. libvirt finds the files by what they can do, and turns on what they need
 * (SMM for Secure Boot). Without Secure Boot it is said, too: else it takes the first there is, which may refuse iPXE. */
static void put_firmware(struct domain_build *b, xmlNode *os)
{
	static const char *const by_hand[] = {"firmware", "loader", "nvram"};
	const char *chosen = choose_firmware(b, os);
	xmlNode *firmware;

	if (!*chosen)
		return;
	for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++)
		domain_drop_all(os, by_hand[i]);
	domain_drop_attr(os, "firmware");
	if (!strcmp(chosen, "bios"))
		return;
	domain_must(b, xml_set(os, "firmware", "efi"));
	domain_must(b, firmware = xml_add(os, "firmware"));
	put_feature(b, firmware, "secure-boot", !strcmp(chosen, "efi-secure"));
	put_feature(b, firmware, "enrolled-keys", !strcmp(chosen, "efi-secure"));
}

/* Each guest has firmware variables of its own, where libvirt keeps them and takes them away with the guest: a file that
 * a profile names would be all its guests'. What it is copied from stays. */
static void put_nvram(xmlNode *os)
{
	xmlNode *nvram = xml_child(os, "nvram");

	if (!nvram || xmlHasProp(nvram, (const xmlChar *)"type"))
		return;
	if (!xmlHasProp(nvram, (const xmlChar *)"template"))
		xml_drop(nvram);
	else
		while (nvram->children)
			xml_drop(nvram->children);
}

static xmlNode *find_sysinfo(struct domain_build *b)
{
	xmlNode *n = xml_child(b->root, "sysinfo");

	while (n && xmlHasProp(n, (const xmlChar *)"type") && !xml_attr_is(n, "type", "smbios"))
		n = xml_next(n, "sysinfo");
	return n;
}

/* The UUID is the machine's: libvirt refuses another one here. */
static void drop_system_uuid(xmlNode *sysinfo)
{
	xmlNode *system = xml_child(sysinfo, "system"), *n, *next;

	for (n = xml_child(system, "entry"); n; n = next) {
		next = xml_next(n, "entry");
		if (xml_attr_is(n, "name", "uuid"))
			xml_drop(n);
	}
}

/* SMBIOS 3.6, 7.12: type 11. After those of the fragment. */
static void put_sysinfo(struct domain_build *b, xmlNode *os)
{
	xmlNode *sysinfo = find_sysinfo(b), *strings;

	drop_system_uuid(sysinfo);
	if (!b->spec->n_oem)
		return;
	if (!sysinfo)
		domain_must(b, sysinfo = xml_add(b->root, "sysinfo"));
	domain_must(b, xml_set(sysinfo, "type", "smbios"));
	domain_must(b, strings = xml_need(sysinfo, "oemStrings"));
	for (size_t i = 0; i < b->spec->n_oem && i < GUEST_OEM; i++)
		domain_must(b, xml_set_text(xml_add(strings, "entry"), b->spec->oem[i]));
	domain_must(b, xml_set(xml_need(os, "smbios"), "mode", "sysinfo"));
}

bool domain_is_secure(const struct domain_build *b)
{
	const xmlNode *os = xml_child(b->root, "os");
	const xmlNode *f = xml_child(xml_child(os, "firmware"), "feature");

	for (; f; f = xml_next(f, "feature"))
		if (xml_attr_is(f, "name", "secure-boot"))
			return xml_attr_is(f, "enabled", "yes");
	return xml_attr_is(xml_child(os, "loader"), "secure", "yes");
}

/* Nobody answers IPv4 on any of its networks. */
static bool is_ipv6_alone(const struct guest_spec *spec)
{
	bool alone = spec->n_nics > 0;

	for (size_t i = 0; i < spec->n_nics; i++)
		alone = alone && ip_is_set(&spec->nics[i].ip6) &&
			spec->nics[i].server.family != IP_V4 && spec->nics[i].ip.family != IP_V4;
	return alone;
}

static bool has_entry(const xmlNode *sysinfo, const char *name)
{
	for (xmlNode *n = xml_child(sysinfo, "entry"); n; n = xml_next(n, "entry"))
		if (xml_attr_is(n, "name", name))
			return true;
	return false;
}

/* OVMF boots by IPv4 first, and waits 66 s before it goes on to IPv6. */
static void put_network_stack(struct domain_build *b)
{
	static const char NAME[] = "opt/org.tianocore/IPv4PXESupport";
	xmlNode *n = xml_child(b->root, "sysinfo"), *entry;

	if (b->foreign || !is_ipv6_alone(b->spec))
		return;
	while (n && !xml_attr_is(n, "type", "fwcfg"))
		n = xml_next(n, "sysinfo");
	if (has_entry(n, NAME))
		return;
	if (!n)
		domain_must(b, n = xml_set(xml_add(b->root, "sysinfo"), "type", "fwcfg"));
	entry = xml_set(xml_add(n, "entry"), "name", NAME);
	domain_must(b, xml_set_text(entry, "no"));
}

void domain_put_os(struct domain_build *b)
{
	xmlNode *os = xml_need(b->root, "os");

	domain_must(b, os);
	if (!os)
		return;
	put_type(b, os);
	put_firmware(b, os);
	put_nvram(os);
	put_sysinfo(b, os);
	put_network_stack(b);
}

/* libvirt takes the first console for a serial one, unless it says otherwise. */
static bool has_serial(const xmlNode *devices)
{
	xmlNode *target = xml_child(xml_child(devices, "console"), "target");

	return xml_child(devices, "serial") || !target ||
		!xmlHasProp(target, (const xmlChar *)"type") ||
		xml_attr_is(target, "type", "serial");
}

void domain_put_bios_serial(struct domain_build *b)
{
	xmlNode *os = xml_child(b->root, "os"), *type = xml_child(os, "type");

	if (!b->foreign && os && xml_attr_is(type, "arch", "x86_64") &&
		!xmlHasProp(os, (const xmlChar *)"firmware") && !xml_child(os, "loader") &&
		!xml_child(b->devices, "graphics") && has_serial(b->devices))
		domain_default(b, os, "bios", "useserial", "yes");
}
