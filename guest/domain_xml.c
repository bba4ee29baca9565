#include "guest/domain_xml.h"

#include "guest/netfilter.h"
#include "guest/xml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#define DEFAULT_ARCH "aarch64"
#define DEFAULT_MACHINE "virt"
#else
#define DEFAULT_ARCH "x86_64"
#define DEFAULT_MACHINE "q35"
#endif

enum { BOOT_DEVICES_MAX = 64 };

struct build {
	const struct guest_spec *spec;
	const struct domain_facts *facts;
	xmlNode *root, *devices;
	char *why;
	size_t why_size;
	int rc; /* sticky */
};

static unsigned first_line(const struct build *b)
{
	return b->spec->fragment_line ? b->spec->fragment_line : 1;
}

__attribute__((format(printf, 3, 4))) static void fail(
	struct build *b, const xmlNode *at, const char *fmt, ...)
{
	va_list ap;
	char text[GUEST_WHY];
	long line = xmlGetLineNo(at);

	if (b->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(b->why, b->why_size, "<domain> of the profile, line %ld: %s",
		(line > 0 ? line - 1 : 0) + first_line(b), text);
	b->rc = -EINVAL;
}

/* For the calls that fail only when out of memory. */
static void must(struct build *b, const xmlNode *n)
{
	if (n || b->rc)
		return;
	snprintf(b->why, b->why_size, "out of memory");
	b->rc = -ENOMEM;
}

static void set_number(struct build *b, xmlNode *n, const char *attr, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	must(b, attr ? xml_set(n, attr, text) : xml_set_text(n, text));
}

static void set_boot_order(struct build *b, xmlNode *device, unsigned order)
{
	set_number(b, xml_need(device, "boot"), "order", order);
}

static void drop_all(xmlNode *parent, const char *name)
{
	xmlNode *n;

	while ((n = xml_child(parent, name)))
		xml_drop(n);
}

/* A child with one attribute, unless there is such a child. */
static void default_child(
	struct build *b, xmlNode *parent, const char *name, const char *attr, const char *value)
{
	if (!xml_child(parent, name))
		must(b, xml_set(xml_add(parent, name), attr, value));
}

static void put_identity(struct build *b)
{
	xmlNode *memory = xml_need(b->root, "memory"), *vcpu = xml_need(b->root, "vcpu");

	must(b, xml_set(b->root, "type", b->facts->type));
	must(b, xml_set_text(xml_need(b->root, "name"), b->spec->name));
	if (b->spec->uuid[0])
		must(b, xml_set_text(xml_need(b->root, "uuid"), b->spec->uuid));
	else
		drop_all(b->root, "uuid");
	must(b, xml_set(memory, "unit", "MiB"));
	set_number(b, memory, NULL, b->spec->memory_mib);
	drop_all(b->root, "currentMemory");
	set_number(b, vcpu, NULL, b->spec->vcpus);
	if (vcpu)
		xmlUnsetProp(vcpu, (const xmlChar *)"current");
}

static xmlNode *find_mark(xmlNode *root)
{
	xmlNode *metadata = xml_child(root, "metadata");
	xmlNode *n;

	for (n = metadata ? metadata->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && n->ns && n->ns->href &&
			!strcmp((const char *)n->ns->href, DOMAIN_XML_NS))
			return n;
	return NULL;
}

static void put_mark(struct build *b)
{
	xmlNode *mark;
	xmlNs *ns;

	while ((mark = find_mark(b->root)))
		xml_drop(mark);
	must(b, mark = xml_add(xml_need(b->root, "metadata"), "guest"));
	if (!mark)
		return;
	must(b, xml_set(mark, "profile", b->spec->profile));
	ns = xmlNewNs(mark, (const xmlChar *)DOMAIN_XML_NS, (const xmlChar *)"usher");
	must(b, ns ? mark : NULL);
	xmlSetNs(mark, ns);
}

/* Network boot is decided by the devices' order; these would take it away. */
static void refuse_direct_boot(struct build *b, xmlNode *os)
{
	static const char *const names[] = {"kernel", "initrd", "cmdline"};
	xmlNode *n;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((n = xml_child(os, names[i])))
			fail(b, n, "<%s> in <os> would boot past the installer and the disk",
				names[i]);
}

static void put_os(struct build *b)
{
	xmlNode *os = xml_need(b->root, "os"), *type = xml_need(os, "type");
	char text[32];

	must(b, type);
	if (!type)
		return;
	if (!xml_text(type, text, sizeof text) || !text[0])
		must(b, xml_set_text(type, "hvm"));
	else if (strcmp(text, "hvm"))
		fail(b, type, "<type>%s</type>: only hvm guests boot from the network", text);
	/* A machine type belongs to an architecture: only both defaults together. */
	if (!xmlHasProp(type, (const xmlChar *)"arch") &&
		!xmlHasProp(type, (const xmlChar *)"machine"))
		must(b, xml_set(type, "machine", DEFAULT_MACHINE));
	if (!xmlHasProp(type, (const xmlChar *)"arch"))
		must(b, xml_set(type, "arch", DEFAULT_ARCH));
	drop_all(os, "boot");
	refuse_direct_boot(b, os);
}

/* A BIOS without a screen speaks on the serial console, iPXE with it. */
static void put_bios_serial(struct build *b)
{
	xmlNode *os = xml_child(b->root, "os"), *type = xml_child(os, "type");

	if (os && xml_attr_is(type, "arch", "x86_64") &&
		!xmlHasProp(os, (const xmlChar *)"firmware") && !xml_child(os, "loader") &&
		!xml_child(b->devices, "graphics"))
		default_child(b, os, "bios", "useserial", "yes");
}

static void put_features(struct build *b)
{
	xmlNode *features = xml_need(b->root, "features");
	xmlNode *type = xml_child(xml_child(b->root, "os"), "type");

	must(b, xml_need(features, "acpi"));
	if (xml_attr_is(type, "arch", "x86_64"))
		must(b, xml_need(features, "apic"));
}

/* The host's own CPU is to be had with KVM only; the nearest thing to it is all that emulation
 * can do. */
static void put_cpu(struct build *b)
{
	bool kvm = !strcmp(b->facts->type, "kvm");
	xmlNode *cpu = xml_child(b->root, "cpu");

	if (!cpu) {
		must(b,
			xml_set(xml_add(b->root, "cpu"), "mode",
				kvm ? "host-passthrough" : "maximum"));
	} else if (!kvm &&
		(xml_attr_is(cpu, "mode", "host-passthrough") ||
			xml_attr_is(cpu, "mode", "host-model"))) {
		must(b, xml_set(cpu, "mode", "maximum"));
		drop_all(cpu, "model");
	}
}

static void put_lifecycle(struct build *b)
{
	must(b, xml_set_text(xml_need(b->root, "on_poweroff"), "destroy"));
	must(b, xml_set_text(xml_need(b->root, "on_reboot"), "restart"));
	if (!xml_child(b->root, "on_crash"))
		must(b, xml_set_text(xml_add(b->root, "on_crash"), "destroy"));
	default_child(b, b->root, "clock", "offset", "utc");
}

/* The machine's boot order stands alone: libvirt refuses an order given twice. */
static void drop_boot_orders(xmlNode *devices)
{
	for (xmlNode *n = devices ? devices->children : NULL; n; n = n->next)
		drop_all(n, "boot");
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
static void place(struct build *b, xmlNode *n, xmlNode *next)
{
	if (next)
		xmlAddPrevSibling(next, n);
	else
		xmlAddChild(b->devices, n);
}

static void put_disk_target(struct build *b, xmlNode *disk)
{
	xmlNode *target = xml_need(disk, "target"), *n;
	char bus[16], dev[16], other[16];

	must(b, target);
	if (!target)
		return;
	if (!xml_attr(target, "bus", bus, sizeof bus))
		snprintf(bus, sizeof bus, "virtio");
	must(b, xml_set(target, "bus", bus));
	if (!xml_attr(target, "dev", dev, sizeof dev))
		snprintf(dev, sizeof dev, "%s",
			!strcmp(bus, "virtio")        ? "vda"
				: !strcmp(bus, "ide") ? "hda"
						      : "sda");
	must(b, xml_set(target, "dev", dev));
	for (n = xml_child(b->devices, "disk"); n; n = xml_next(n, "disk"))
		if (xml_attr(xml_child(n, "target"), "dev", other, sizeof other) &&
			!strcmp(other, dev))
			fail(b, n, "<target dev='%s'/> is the machine's own disk", dev);
}

/* discard: what the guest gives back is given back to the pool. The cache mode stays QEMU's own
 * (writeback): none would not work on every filesystem. */
static void put_disk(struct build *b)
{
	xmlNode *disk = take(b->devices, "disk", is_disk_pattern);
	xmlNode *driver;

	must(b, disk);
	if (!disk)
		return;
	must(b, xml_set(disk, "type", "file"));
	must(b, xml_set(disk, "device", "disk"));
	must(b, driver = xml_need(disk, "driver"));
	must(b, xml_set(driver, "name", "qemu"));
	must(b, xml_set(driver, "type", "qcow2"));
	if (driver && !xmlHasProp(driver, (const xmlChar *)"discard"))
		must(b, xml_set(driver, "discard", "unmap"));
	must(b, xml_set(xml_add(disk, "source"), "file", b->facts->disks[0].path));
	put_disk_target(b, disk);
	set_boot_order(b, disk, 1);
	place(b, disk, xml_child(b->devices, "disk"));
}

static void put_filter(struct build *b, xmlNode *nic, const struct guest_nic *g)
{
	xmlNode *filter, *parameter;
	char ip[IP_TEXT];

	if (!b->facts->filter || g->ip.family != IP_V4 || xml_child(nic, "filterref"))
		return;
	must(b, filter = xml_set(xml_add(nic, "filterref"), "filter", NETFILTER_GUEST));
	must(b, parameter = xml_set(xml_add(filter, "parameter"), "name", "IP"));
	must(b, xml_set(parameter, "value", ip_format(&g->ip, ip)));
}

static void put_nic(struct build *b, const struct guest_nic *g, unsigned order, xmlNode *next)
{
	xmlNode *nic = take(b->devices, "interface", is_nic_pattern);
	char mac[MAC_TEXT];

	must(b, nic);
	if (!nic)
		return;
	must(b, xml_set(nic, "type", "network"));
	must(b, xml_set(xml_need(nic, "mac"), "address", mac_format(&g->mac, mac)));
	must(b, xml_set(xml_add(nic, "source"), "network", g->network));
	default_child(b, nic, "model", "type", "virtio");
	put_filter(b, nic, g);
	set_boot_order(b, nic, order);
	place(b, nic, next);
}

static void put_nics(struct build *b)
{
	xmlNode *next;

	/* The first interface that stays as it is; the machine's own come before it. */
	for (next = xml_child(b->devices, "interface"); next && is_nic_pattern(next);)
		next = xml_next(next, "interface");
	for (size_t i = 0; i < b->spec->n_nics; i++)
		put_nic(b, &b->spec->nics[i], (unsigned)i + 2, next);
}

static void refuse_left_patterns(struct build *b)
{
	for (xmlNode *n = xml_child(b->devices, "interface"); n; n = xml_next(n, "interface"))
		if (is_nic_pattern(n))
			fail(b, n,
				"<interface> without <source>, but the machine has only %zu NIC%s",
				b->spec->n_nics, b->spec->n_nics == 1 ? "" : "s");
}

static void put_console(struct build *b)
{
	xmlNode *serial, *console;

	if (xml_child(b->devices, "serial") || xml_child(b->devices, "console"))
		return;
	must(b, serial = xml_set(xml_add(b->devices, "serial"), "type", "pty"));
	must(b, xml_set(xml_add(serial, "target"), "port", "0"));
	must(b, console = xml_set(xml_add(b->devices, "console"), "type", "pty"));
	must(b, console = xml_set(xml_add(console, "target"), "type", "serial"));
	must(b, xml_set(console, "port", "0"));
}

/* An installer that draws keys must not wait for entropy. */
static void put_rng(struct build *b)
{
	xmlNode *rng, *backend;

	if (xml_child(b->devices, "rng"))
		return;
	must(b, rng = xml_set(xml_add(b->devices, "rng"), "model", "virtio"));
	must(b, backend = xml_set(xml_add(rng, "backend"), "model", "random"));
	must(b, xml_set_text(backend, "/dev/urandom"));
}

static void put_devices(struct build *b)
{
	must(b, b->devices = xml_need(b->root, "devices"));
	if (!b->devices)
		return;
	drop_boot_orders(b->devices);
	put_disk(b);
	put_nics(b);
	refuse_left_patterns(b);
	put_console(b);
	put_rng(b);
}

/* libvirt's own order. Its schema allows any, but libxml2's validator trips over name and uuid,
 * or the on_ three, when other elements stand between them. */
static void sort_top(struct build *b)
{
	static const char *const order[] = {"name", "uuid", "title", "description", "metadata",
		"memory", "memoryBacking", "vcpu", "os", "features", "cpu", "clock", "on_poweroff",
		"on_reboot", "on_crash", "devices"};
	xmlNode *n;

	for (size_t i = sizeof order / sizeof *order; i--;)
		if ((n = xml_child(b->root, order[i])) && n != b->root->children)
			xmlAddPrevSibling(b->root->children, n);
}

static xmlDoc *read_fragment(struct build *b)
{
	const char *text = b->spec->fragment ? b->spec->fragment : "<domain/>";
	size_t len = strlen(text);
	char why[GUEST_WHY] = "";
	xmlDoc *doc;

	b->rc = -EINVAL;
	if (len > DOMAIN_XML_FRAGMENT_MAX) {
		snprintf(b->why, b->why_size, "<domain> of the profile: longer than %d bytes",
			DOMAIN_XML_FRAGMENT_MAX);
		return NULL;
	}
	if (!(doc = xml_read(text, len, first_line(b), why, sizeof why))) {
		snprintf(b->why, b->why_size, "<domain> of the profile, %s", why);
		return NULL;
	}
	b->rc = 0;
	b->root = xmlDocGetRootElement(doc);
	if (b->root->ns || strcmp((const char *)b->root->name, "domain"))
		fail(b, b->root, "<%s> where <domain> was expected", b->root->name);
	return doc;
}

int domain_xml_final(const struct guest_spec *spec, const struct domain_facts *facts,
	char **ret_xml, char *why, size_t why_size)
{
	struct build b = {.spec = spec, .facts = facts, .why = why, .why_size = why_size};
	xmlDoc *doc = read_fragment(&b);

	if (b.rc)
		goto out;
	put_identity(&b);
	put_mark(&b);
	put_os(&b);
	put_features(&b);
	put_cpu(&b);
	put_lifecycle(&b);
	put_devices(&b);
	put_bios_serial(&b);
	sort_top(&b);
	if (!b.rc) {
		char *xml = xml_write(doc);

		must(&b, xml ? b.root : NULL);
		if (xml)
			*ret_xml = xml;
	}
out:
	xmlFreeDoc(doc);
	return b.rc;
}

/* The installing run */

struct boot_device {
	xmlNode *node;
	unsigned long order;
	bool nic;
	size_t index;
};

static int by_turn(const void *va, const void *vb)
{
	const struct boot_device *a = va, *b = vb;

	if (a->nic != b->nic)
		return a->nic ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static size_t collect(xmlNode *devices, struct boot_device *all)
{
	size_t n = 0;
	char order[16];

	for (xmlNode *d = devices->children; d && n < BOOT_DEVICES_MAX; d = d->next) {
		if (!xml_attr(xml_child(d, "boot"), "order", order, sizeof order))
			continue;
		all[n] = (struct boot_device){.node = d,
			.order = strtoul(order, NULL, 10),
			.nic = !strcmp((const char *)d->name, "interface"),
			.index = n};
		n++;
	}
	return n;
}

/* A definition that was edited since may have no order: then the first NIC and the first disk. */
static size_t complete(xmlNode *devices, struct boot_device *all, size_t n)
{
	xmlNode *nic = xml_child(devices, "interface"), *disk = xml_child(devices, "disk");
	bool has_nic = false, has_other = false;

	for (size_t i = 0; i < n; i++)
		*(all[i].nic ? &has_nic : &has_other) = true;
	if (!has_nic && nic)
		all[n++] = (struct boot_device){.node = nic, .nic = true, .index = n};
	if (!has_other && disk)
		all[n++] = (struct boot_device){.node = disk, .index = n};
	return n;
}

static int turn_boot_order(struct build *b)
{
	struct boot_device all[BOOT_DEVICES_MAX + 2];
	size_t n = complete(b->devices, all, collect(b->devices, all));

	qsort(all, n, sizeof *all, by_turn);
	if (!n || !all[0].nic) {
		snprintf(b->why, b->why_size, "the guest has no NIC to boot from");
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		set_boot_order(b, all[i].node, (unsigned)i + 1);
	drop_all(xml_child(b->root, "os"), "boot");
	return b->rc;
}

/* A filter that the profile chose itself stays. */
static void turn_filters(struct build *b)
{
	for (xmlNode *n = xml_child(b->devices, "interface"); n; n = xml_next(n, "interface")) {
		xmlNode *filter = xml_child(n, "filterref");

		if (xml_attr_is(filter, "filter", NETFILTER_GUEST))
			must(b, xml_set(filter, "filter", NETFILTER_INSTALL));
	}
}

int domain_xml_install(
	const char *final_xml, bool filter, char **ret_xml, char *why, size_t why_size)
{
	struct build b = {.why = why, .why_size = why_size};
	xmlDoc *doc = xml_read(final_xml, strlen(final_xml), 1, why, why_size);
	xmlNode *mark;
	char *xml;
	int rc = -EINVAL;

	if (!doc)
		return -EINVAL;
	b.root = xmlDocGetRootElement(doc);
	if (!(b.devices = xml_child(b.root, "devices"))) {
		snprintf(why, why_size, "the guest has no <devices>");
		goto out;
	}
	if ((rc = turn_boot_order(&b)))
		goto out;
	if (filter)
		turn_filters(&b);
	must(&b, xml_set_text(xml_need(b.root, "on_reboot"), "destroy"));
	if ((mark = find_mark(b.root)))
		must(&b, xml_set(mark, "run", "install"));
	xml = xml_write(doc);
	must(&b, xml ? b.root : NULL);
	if (!(rc = b.rc))
		*ret_xml = xml;
	else
		free(xml);
out:
	xmlFreeDoc(doc);
	return rc;
}

void domain_xml_mark(const char *xml, struct domain_mark *ret)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *mark = doc ? find_mark(xmlDocGetRootElement(doc)) : NULL;

	*ret = (struct domain_mark){
		.ours = mark, .installing = xml_attr_is(mark, "run", "install")};
	xml_attr(mark, "profile", ret->profile, sizeof ret->profile);
	xmlFreeDoc(doc);
}

bool domain_xml_has_mac(const char *xml, const struct mac *mac)
{
	char why[GUEST_WHY], text[32];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	struct mac m;
	bool found = false;

	for (xmlNode *n = xml_child(devices, "interface"); n && !found;
		n = xml_next(n, "interface"))
		found = xml_attr(xml_child(n, "mac"), "address", text, sizeof text) &&
			!mac_parse(text, &m) && mac_eq(&m, mac);
	xmlFreeDoc(doc);
	return found;
}

static bool names_volume(
	const xmlNode *source, const char *path, const char *pool, const char *volume)
{
	return xml_attr_is(source, "file", path) ||
		(xml_attr_is(source, "pool", pool) && xml_attr_is(source, "volume", volume));
}

bool domain_xml_has_disk(const char *xml, const char *path, const char *pool, const char *volume)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	bool found = false;

	for (xmlNode *n = xml_child(devices, "disk"); n && !found; n = xml_next(n, "disk"))
		for (xmlNode *at = n; at && !found; at = xml_child(at, "backingStore"))
			found = names_volume(xml_child(at, "source"), path, pool, volume);
	xmlFreeDoc(doc);
	return found;
}
