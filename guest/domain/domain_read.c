/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain's definition says: whose it is, and what it uses. */
#include "guest/domain/domain_build.h"

#include <stdio.h>
#include <string.h>

void domain_xml_mark(const char *xml, struct domain_mark *ret)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *mark = doc ? domain_find_metadata(xmlDocGetRootElement(doc), DOMAIN_XML_NS) : NULL;

	*ret = (struct domain_mark){.ours = mark,
		.installing = xml_attr_is(mark, "run", "install"),
		.live = xml_attr_is(mark, "run", "live")};
	xml_attr(mark, "profile", ret->profile, sizeof ret->profile);
	xmlFreeDoc(doc);
}

size_t domain_xml_macs(const char *xml, struct mac *ret, size_t size)
{
	char why[GUEST_WHY], text[32];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	size_t count = 0;
	struct mac m;

	for (xmlNode *n = xml_child(devices, "interface"); n; n = xml_next(n, "interface")) {
		if (!xml_attr(xml_child(n, "mac"), "address", text, sizeof text) ||
			mac_parse(text, &m))
			continue;
		if (count < size)
			ret[count] = m;
		count++;
	}
	xmlFreeDoc(doc);
	return count;
}

size_t domain_xml_unfiltered(const char *xml, const char *network, const char *bridge)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	size_t count = 0;

	for (xmlNode *n = xml_child(devices, "interface"); n; n = xml_next(n, "interface")) {
		const xmlNode *source = xml_child(n, "source");

		count += !xml_child(n, "filterref") &&
			(xml_attr_is(source, "network", network) ||
				(*bridge && xml_attr_is(source, "bridge", bridge)));
	}
	xmlFreeDoc(doc);
	return count;
}

static bool names_volume(
	const xmlNode *source, const char *path, const char *pool, const char *volume)
{
	return xml_attr_is(source, "file", path) || xml_attr_is(source, "dev", path) ||
		(xml_attr_is(source, "pool", pool) && xml_attr_is(source, "volume", volume));
}

static bool has_disk(
	const char *xml, const char *path, const char *pool, const char *volume, bool beneath)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	bool found = false;

	for (xmlNode *n = xml_child(devices, "disk"); n && !found; n = xml_next(n, "disk"))
		for (xmlNode *at = n; at && !found;
			at = beneath ? xml_child(at, "backingStore") : NULL)
			found = names_volume(xml_child(at, "source"), path, pool, volume);
	xmlFreeDoc(doc);
	return found;
}

bool domain_xml_has_disk(const char *xml, const char *path, const char *pool, const char *volume)
{
	return has_disk(xml, path, pool, volume, true);
}

bool domain_xml_writes_disk(const char *xml, const char *path, const char *pool, const char *volume)
{
	return has_disk(xml, path, pool, volume, false);
}
