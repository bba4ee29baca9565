/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/domain/domain_disk.h"

#include "guest/xml.h"

#include <errno.h>
#include <string.h>

static bool is_disk(const xmlNode *n)
{
	return !xmlHasProp(n, (const xmlChar *)"device") || xml_attr_is(n, "device", "disk");
}

static xmlNode *find_disk(xmlDoc *doc, size_t i)
{
	xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	xmlNode *disk = xml_child(devices, "disk");

	while (disk && (!is_disk(disk) || i--))
		disk = xml_next(disk, "disk");
	return disk;
}

/* Its <source>; `*ret_attr` is the attribute with the path. */
static xmlNode *find_source(xmlNode *disk, const char **ret_attr)
{
	xmlNode *source = xml_child(disk, "source");

	*ret_attr = xml_attr_is(disk, "type", "block") ? "dev" : "file";
	return source && xmlHasProp(source, (const xmlChar *)*ret_attr) ? source : NULL;
}

int domain_disk_path(const char *xml, size_t i, char *path, size_t size)
{
	char why[128];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *disk = find_disk(doc, i), *source;
	const char *attr;
	int rc;

	source = find_source(disk, &attr);
	rc = !disk ? -ENOENT : source && xml_attr(source, attr, path, size) ? 0 : -EINVAL;

	xmlFreeDoc(doc);
	return rc;
}

char *domain_disk_swap(const char *xml, const char *path)
{
	char why[128], *text = NULL;
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	const char *attr;
	xmlNode *disk = find_disk(doc, 0), *source = find_source(disk, &attr);

	if (source && xml_set(source, attr, path) && xml_need(disk, "readonly")) {
		xml_drop(xml_child(disk, "backingStore")); /* the old one's */
		text = xml_write(doc);
	}
	xmlFreeDoc(doc);
	return text;
}
