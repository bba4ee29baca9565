#include "guest/domain_disk.h"

#include "guest/xml.h"

#include <errno.h>
#include <string.h>

/* Its <source>; `*ret_attr` is the attribute with the path. */
static xmlNode *first_source(xmlDoc *doc, const char **ret_attr)
{
	xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	xmlNode *disk = xml_child(devices, "disk"), *source;

	while (disk && xmlHasProp(disk, (const xmlChar *)"device") &&
		!xml_attr_is(disk, "device", "disk"))
		disk = xml_next(disk, "disk");
	source = xml_child(disk, "source");
	*ret_attr = xml_attr_is(disk, "type", "block") ? "dev" : "file";
	return source && xmlHasProp(source, (const xmlChar *)*ret_attr) ? source : NULL;
}

int domain_disk_path(const char *xml, char *path, size_t size)
{
	char why[128];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	const char *attr;
	xmlNode *source = first_source(doc, &attr);
	int rc = source && xml_attr(source, attr, path, size) ? 0 : -ENOENT;

	xmlFreeDoc(doc);
	return rc;
}

char *domain_disk_swap(const char *xml, const char *path)
{
	char why[128], *text = NULL;
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	const char *attr;
	xmlNode *source = first_source(doc, &attr), *disk = source ? source->parent : NULL;

	if (source && xml_set(source, attr, path) && xml_need(disk, "readonly")) {
		xml_drop(xml_child(disk, "backingStore")); /* the old one's */
		text = xml_write(doc);
	}
	xmlFreeDoc(doc);
	return text;
}
