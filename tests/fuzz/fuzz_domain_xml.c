/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile's or a machine's <domain>: its merge, and the installing run of what comes out. The first byte chooses what the machine
 * says beside it. */
#include "guest/domain/domain_xml.h"
#include "guest/xml.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char disk[] = "/pool/web01.qcow2";

static void say(char *member, size_t size, const char *text)
{
	snprintf(member, size, "%s", text);
}

static struct guest_spec spec_of(uint8_t choice, const char *fragment)
{
	static const char *const cpus[] = {"", "host-passthrough", "maximum", "Nehalem"};
	static const char *const firmwares[] = {"", "bios", "efi", "efi-secure"};
	static const char *const screens[] = {"", "none", "vnc", "spice"};
	struct guest_spec s = {.name = "web01",
		.profile = "p",
		.memory_mib = 768,
		.vcpus = 2,
		.disk = 1 << 30,
		.fragment = fragment,
		.n_nics = choice & 1 ? 2 : 1,
		.n_more = choice & 1,
		.oem = {"usher:a=b"},
		.n_oem = choice >> 7};

	for (size_t i = 0; i < s.n_nics; i++) {
		say(s.nics[i].network, sizeof s.nics[i].network, "default");
		s.nics[i].mac = (struct mac){{0x52, 0x54, 0, 0, 0, (uint8_t)i}};
		s.nics[i].ip = s.nics[i].server = ip_from_v4(0xc0a87a02);
	}
	say(s.cpu, sizeof s.cpu, cpus[choice >> 1 & 3]);
	say(s.firmware, sizeof s.firmware, firmwares[choice >> 3 & 3]);
	say(s.graphics, sizeof s.graphics, screens[choice >> 5 & 3]);
	return s;
}

/* Of a guest whose servers have moved. */
static void judge_filters(struct guest_spec s, const char *xml)
{
	char *nics[GUEST_NICS], why[GUEST_WHY];
	size_t n;

	s.nics[0].server = ip_from_v4(0xc0a87a01);
	if (domain_xml_filters(xml, &s, nics, &n))
		abort();
	while (n) {
		char *nic = nics[--n];
		xmlDoc *doc = xml_read(nic, strlen(nic), 1, why, sizeof why);

		if (!doc)
			abort();
		xmlFreeDoc(doc);
		free(nic);
	}
}

static bool has_mac(const char *xml, const struct mac *mac)
{
	struct mac all[64];
	size_t n = domain_xml_macs(xml, all, 64);

	for (size_t i = 0; i < n && i < 64; i++)
		if (mac_eq(&all[i], mac))
			return true;
	return false;
}

/* Whatever the fragment says: it is ours, has our NIC and our disk, and can be installed. */
static void judge(const struct guest_spec *s, const char *xml)
{
	char why[GUEST_WHY], *run = NULL;
	struct domain_mark mark;

	domain_xml_mark(xml, &mark);
	if (!mark.ours || mark.installing || strcmp(mark.profile, "p"))
		abort();
	if (!has_mac(xml, &s->nics[0].mac) ||
		!domain_xml_has_disk(xml, disk, "default", "web01.qcow2"))
		abort();
	judge_filters(*s, xml);
	if (domain_xml_install(xml, &run, why, sizeof why))
		abort();
	domain_xml_mark(run, &mark);
	if (!mark.ours || !mark.installing)
		abort();
	free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct domain_facts facts = {.type = "qemu",
		.disks = {{.path = disk},
			{.path = "/dev/vg/web01-2", .format = "raw", .block = true}},
		.filter = true,
		.os_id = "http://debian.org/debian/12"};
	char why[GUEST_WHY] = "", *fragment, *xml = NULL;
	struct guest_spec s;
	int rc;

	if (!size || size > 16384 || memchr(data + 1, '\0', size - 1))
		return 0;
	fragment = strndup((const char *)data + 1, size - 1);
	s = spec_of(data[0], fragment);
	rc = domain_xml_final(&s, &facts, &xml, why, sizeof why);
	if (rc ? xml || !*why || strchr(why, '\n') : !xml)
		abort();
	if (!rc)
		judge(&s, xml);
	free(xml);
	free(fragment);
	return 0;
}
