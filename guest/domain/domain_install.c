/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a persistent definition to its installing run, or to one that boots from the network always, and back. */
#include "guest/domain/domain_build.h"
#include "guest/netfilter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOOT_DEVICES_MAX = 64 };

struct boot_device {
	xmlNode *node;
	unsigned long order;
	bool nic;
	size_t index;
};

static int by_order(const struct boot_device *a, const struct boot_device *b)
{
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static int nics_first(const void *va, const void *vb)
{
	const struct boot_device *a = va, *b = vb;

	if (a->nic != b->nic)
		return a->nic ? -1 : 1;
	return by_order(a, b);
}

static int nics_last(const void *va, const void *vb)
{
	const struct boot_device *a = va, *b = vb;

	if (a->nic != b->nic)
		return a->nic ? 1 : -1;
	return by_order(a, b);
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

static int turn_boot_order(struct domain_build *b, bool network)
{
	struct boot_device all[BOOT_DEVICES_MAX + 2];
	size_t n = complete(b->devices, all, collect(b->devices, all));

	qsort(all, n, sizeof *all, network ? nics_first : nics_last);
	if (!n || (network && !all[0].nic)) {
		snprintf(b->why, b->why_size, "the guest has no NIC to boot from");
		return -EINVAL;
	}
	for (size_t i = 0; i < n; i++)
		domain_set_number(b, xml_need(all[i].node, "boot"), "order", i + 1);
	domain_drop_all(xml_child(b->root, "os"), "boot");
	return b->rc;
}

/* A filter that the profile chose itself stays. */
static void turn_filters(struct domain_build *b)
{
	for (xmlNode *n = xml_child(b->devices, "interface"); n; n = xml_next(n, "interface")) {
		xmlNode *filter = xml_child(n, "filterref");

		if (xml_attr_is(filter, "filter", NETFILTER_GUEST))
			domain_must(b, xml_set(filter, "filter", NETFILTER_INSTALL));
	}
}

typedef void turn(struct domain_build *b, xmlNode *mark);

static void to_install(struct domain_build *b, xmlNode *mark)
{
	turn_filters(b);
	domain_must(b, xml_set_text(xml_need(b->root, "on_reboot"), "destroy"));
	if (mark)
		domain_must(b, xml_set(mark, "run", "install"));
}

static void to_live(struct domain_build *b, xmlNode *mark)
{
	if (mark)
		domain_must(b, xml_set(mark, "run", "live"));
}

static void to_final(struct domain_build *b, xmlNode *mark)
{
	(void)b;
	if (mark)
		xmlUnsetProp(mark, (const xmlChar *)"run");
}

static int turn_xml(
	const char *from, bool network, turn *to, char **ret_xml, char *why, size_t why_size)
{
	struct domain_build b = {.why = why, .why_size = why_size};
	xmlDoc *doc = xml_read(from, strlen(from), 1, why, why_size);
	char *xml;
	int rc = -EINVAL;

	if (!doc)
		return -EINVAL;
	b.root = xmlDocGetRootElement(doc);
	if (!(b.devices = xml_child(b.root, "devices"))) {
		snprintf(why, why_size, "the guest has no <devices>");
		goto out;
	}
	if ((rc = turn_boot_order(&b, network)))
		goto out;
	to(&b, domain_find_metadata(b.root, DOMAIN_XML_NS));
	xml = xml_write(doc);
	domain_must(&b, xml ? b.root : NULL);
	if (!(rc = b.rc))
		*ret_xml = xml;
	else
		free(xml);
out:
	xmlFreeDoc(doc);
	return rc;
}

int domain_xml_install(const char *final_xml, char **ret_xml, char *why, size_t why_size)
{
	return turn_xml(final_xml, true, to_install, ret_xml, why, why_size);
}

int domain_xml_turn(const char *final_xml, bool live, char **ret_xml, char *why, size_t why_size)
{
	return turn_xml(final_xml, live, live ? to_live : to_final, ret_xml, why, why_size);
}
