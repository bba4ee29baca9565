/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a domain. */
#include "guest/domain/domain_build.h"

#include <stdio.h>
#include <string.h>

static void set_boot_order(struct domain_build *b, xmlNode *device, unsigned order)
{
	domain_set_number(b, xml_need(device, "boot"), "order", order);
}

/* The machine's boot order stands alone: libvirt refuses an order given twice. */
static void drop_boot_orders(xmlNode *devices)
{
	for (xmlNode *n = devices ? devices->children : NULL; n; n = n->next)
		domain_drop_all(n, "boot");
}

static bool is_disk_pattern(const xmlNode *disk)
{
	return !xml_child(disk, "source") &&
		(!xmlHasProp(disk, (const xmlChar *)"device") ||
			xml_attr_is(disk, "device", "disk"));
}

static bool is_nic_pattern(const xmlNode *nic)
{
	return !xml_child(nic, "source") &&
		(!xmlHasProp(nic, (const xmlChar *)"type") || xml_attr_is(nic, "type", "network") ||
			xml_attr_is(nic, "type", "bridge"));
}

/* The first pattern among the devices, taken out; a new element when there is none. */
static xmlNode *take(xmlNode *devices, const char *name, bool (*is_pattern)(const xmlNode *))
{
	for (xmlNode *n = xml_child(devices, name); n; n = xml_next(n, name)) {
		if (is_pattern(n)) {
			xmlUnlinkNode(n);
			return n;
		}
	}
	return xmlNewDocNode(devices->doc, NULL, (const xmlChar *)name, NULL);
}

/* Puts it before `next`, or last. */
static void place(struct domain_build *b, xmlNode *n, xmlNode *next)
{
	if (next)
		xmlAddPrevSibling(next, n);
	else
		xmlAddChild(b->devices, n);
}

/* The first name of its bus that no disk has. */
static void free_target(struct domain_build *b, const char *prefix, char ret[16])
{
	char other[16];
	xmlNode *n;

	for (char letter = 'a'; letter <= 'z'; letter++) {
		snprintf(ret, 16, "%s%c", prefix, letter);
		for (n = xml_child(b->devices, "disk"); n; n = xml_next(n, "disk"))
			if (xml_attr(xml_child(n, "target"), "dev", other, sizeof other) &&
				!strcmp(other, ret))
				break;
		if (!n)
			return;
	}
}

static const char *target_prefix(const char *bus)
{
	return !strcmp(bus, "virtio") ? "vd"
		: !strcmp(bus, "xen") ? "xvd"
		: !strcmp(bus, "ide") ? "hd"
				      : "sd";
}

/* The machine's own has its bus's first name: so installers know it. */
static void put_disk_target(struct domain_build *b, xmlNode *disk, bool own)
{
	xmlNode *target = xml_need(disk, "target"), *n;
	char bus[16], dev[16], other[16];

	domain_must(b, target);
	if (!target)
		return;
	if (!xml_attr(target, "bus", bus, sizeof bus))
		snprintf(bus, sizeof bus, "%s", !own ? b->bus : b->foreign ? "" : "virtio");
	if (own)
		memcpy(b->bus, bus, sizeof b->bus);
	if (bus[0])
		domain_must(b, xml_set(target, "bus", bus));
	if (!xml_attr(target, "dev", dev, sizeof dev) && own)
		snprintf(dev, sizeof dev, "%sa", target_prefix(bus));
	else if (!dev[0])
		free_target(b, target_prefix(bus), dev);
	domain_must(b, xml_set(target, "dev", dev));
	for (n = xml_child(b->devices, "disk"); n; n = xml_next(n, "disk"))
		if (xml_attr(xml_child(n, "target"), "dev", other, sizeof other) &&
			!strcmp(other, dev))
			domain_fail(b, n, "<target dev='%s'/> is the machine's own disk", dev);
}

static void put_disk_source(struct domain_build *b, xmlNode *disk, const struct domain_disk *d)
{
	domain_must(b, xml_set(disk, "type", d->block ? "block" : "file"));
	domain_must(b, xml_set(disk, "device", "disk"));
	domain_must(b, xml_set(xml_add(disk, "source"), d->block ? "dev" : "file", d->path));
}

/* discard: what the guest gives back is given back to the pool. The cache mode stays QEMU's own
 * (writeback): none would not work on every filesystem. */
static void put_driver(struct domain_build *b, xmlNode *disk, const struct domain_disk *d)
{
	xmlNode *driver = xml_need(disk, "driver");

	domain_must(b, driver);
	if (!b->foreign)
		domain_must(b, xml_set(driver, "name", "qemu"));
	domain_must(b, xml_set(driver, "type", d->format ? d->format : "qcow2"));
	if (driver && !b->foreign && !xmlHasProp(driver, (const xmlChar *)"discard"))
		domain_must(b, xml_set(driver, "discard", "unmap"));
}

static void put_disk(struct domain_build *b, size_t i, xmlNode *next)
{
	xmlNode *disk = take(b->devices, "disk", is_disk_pattern);

	domain_must(b, disk);
	if (!disk)
		return;
	put_disk_source(b, disk, &b->facts->disks[i]);
	put_driver(b, disk, &b->facts->disks[i]);
	put_disk_target(b, disk, i == 0);
	if (i == 0)
		set_boot_order(b, disk, 1);
	place(b, disk, next);
}

/* The first of these that stays as it is: the machine's own come before it. */
static xmlNode *first_kept(
	struct domain_build *b, const char *name, bool (*is_pattern)(const xmlNode *))
{
	xmlNode *n = xml_child(b->devices, name);

	while (n && is_pattern(n))
		n = xml_next(n, name);
	return n;
}

static void put_disks(struct domain_build *b)
{
	xmlNode *next = first_kept(b, "disk", is_disk_pattern);

	for (size_t i = 0; i <= b->spec->n_more && i <= GUEST_DISKS; i++)
		put_disk(b, i, next);
}

/* The first boots, the others do not. */
static void put_nic(struct domain_build *b, size_t i, xmlNode *next)
{
	const struct guest_nic *g = &b->spec->nics[i];
	xmlNode *nic = take(b->devices, "interface", is_nic_pattern);
	char mac[MAC_TEXT];

	domain_must(b, nic);
	if (!nic)
		return;
	domain_must(b, xml_set(nic, "type", "network"));
	domain_must(b, xml_set(xml_need(nic, "mac"), "address", mac_format(&g->mac, mac)));
	domain_must(b, xml_set(xml_add(nic, "source"), "network", g->network));
	if (!b->foreign)
		domain_default(b, nic, "model", "type", "virtio");
	/* QEMU's option ROM is an iPXE, which would load the kernel past the profile's shim, and be refused. */
	if (!b->foreign && domain_is_secure(b))
		domain_default(b, nic, "rom", "enabled", "no");
	domain_put_filter(b, nic, g);
	if (i == 0)
		set_boot_order(b, nic, 2);
	place(b, nic, next);
}

static void put_nics(struct domain_build *b)
{
	xmlNode *next = first_kept(b, "interface", is_nic_pattern);

	for (size_t i = 0; i < b->spec->n_nics; i++)
		put_nic(b, i, next);
}

static void refuse_left_patterns(struct domain_build *b)
{
	size_t nics = b->spec->n_nics, disks = 1 + b->spec->n_more;

	for (xmlNode *n = xml_child(b->devices, "interface"); n; n = xml_next(n, "interface"))
		if (is_nic_pattern(n))
			domain_fail(b, n,
				"<interface> without <source>, but the machine has only %zu NIC%s",
				nics, nics == 1 ? "" : "s");
	for (xmlNode *n = xml_child(b->devices, "disk"); n; n = xml_next(n, "disk"))
		if (is_disk_pattern(n))
			domain_fail(b, n,
				"<disk> without <source>, but the machine has only %zu disk%s",
				disks, disks == 1 ? "" : "s");
}

/* What speaks to a SPICE client has no place without it. */
static bool is_of_spice(const xmlNode *n)
{
	return xml_attr_is(n, "type", "spicevmc") || xml_attr_is(n, "type", "spiceport") ||
		(!strcmp((const char *)n->name, "audio") && xml_attr_is(n, "type", "spice"));
}

static void put_graphics(struct domain_build *b)
{
	const char *chosen = b->spec->graphics;
	xmlNode *n, *next;
	bool there = false;

	if (!*chosen)
		return;
	for (n = b->devices->children; n; n = next) {
		bool screen = n->type == XML_ELEMENT_NODE && !n->ns &&
			!strcmp((const char *)n->name, "graphics");

		next = n->next;
		if (screen && xml_attr_is(n, "type", chosen))
			there = true;
		else if (screen || (strcmp(chosen, "spice") && is_of_spice(n)))
			xml_drop(n);
	}
	if (there || !strcmp(chosen, "none"))
		return;
	domain_must(b, n = xml_set(xml_add(b->devices, "graphics"), "type", chosen));
	domain_must(b, xml_set(n, "autoport", "yes"));
}

static void put_console(struct domain_build *b)
{
	xmlNode *serial, *console;

	if (xml_child(b->devices, "serial") || xml_child(b->devices, "console"))
		return;
	domain_must(b, serial = xml_set(xml_add(b->devices, "serial"), "type", "pty"));
	domain_must(b, xml_set(xml_add(serial, "target"), "port", "0"));
	domain_must(b, console = xml_set(xml_add(b->devices, "console"), "type", "pty"));
	domain_must(b, console = xml_set(xml_add(console, "target"), "type", "serial"));
	domain_must(b, xml_set(console, "port", "0"));
}

/* An installer that draws keys must not wait for entropy. */
static void put_rng(struct domain_build *b)
{
	xmlNode *rng, *backend;

	if (b->foreign || xml_child(b->devices, "rng"))
		return;
	domain_must(b, rng = xml_set(xml_add(b->devices, "rng"), "model", "virtio"));
	domain_must(b, backend = xml_set(xml_add(rng, "backend"), "model", "random"));
	domain_must(b, xml_set_text(backend, "/dev/urandom"));
}

void domain_put_devices(struct domain_build *b)
{
	domain_must(b, b->devices = xml_need(b->root, "devices"));
	if (!b->devices)
		return;
	drop_boot_orders(b->devices);
	put_graphics(b);
	put_disks(b);
	put_nics(b);
	refuse_left_patterns(b);
	put_console(b);
	put_rng(b);
}
