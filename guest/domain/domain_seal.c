/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a persistent definition to the run in which the guest gives up its identity. */
#include "guest/domain/domain_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What an earlier definition told this guest. */
static void drop_own_strings(xmlNode *strings)
{
	xmlNode *n, *next;
	char text[8];

	for (n = xml_child(strings, "entry"); n; n = next) {
		xmlChar *content = xmlNodeGetContent(n);

		next = xml_next(n, "entry");
		memset(text, 0, sizeof text);
		strncpy(text, content ? (const char *)content : "", strlen("usher:"));
		xmlFree(content);
		if (!strcmp(text, "usher:"))
			xml_drop(n);
	}
}

static xmlNode *smbios_info(xmlNode *root)
{
	xmlNode *n = xml_child(root, "sysinfo");

	while (n && !xml_attr_is(n, "type", "smbios"))
		n = xml_next(n, "sysinfo");
	return n ? n : xml_set(xml_add(root, "sysinfo"), "type", "smbios");
}

int domain_xml_seal(const char *final_xml, char **ret_xml, char *why, size_t why_size)
{
	struct domain_build b = {.why = why, .why_size = why_size};
	xmlDoc *doc = xml_read(final_xml, strlen(final_xml), 1, why, why_size);
	xmlNode *strings, *mark;
	char *xml;

	if (!doc)
		return -EINVAL;
	b.root = xmlDocGetRootElement(doc);
	domain_must(&b, strings = xml_need(smbios_info(b.root), "oemStrings"));
	drop_own_strings(strings);
	domain_must(&b, xml_set_text(xml_add(strings, "entry"), "usher:seal=1"));
	domain_must(&b, xml_set(xml_need(xml_need(b.root, "os"), "smbios"), "mode", "sysinfo"));
	/* So a stop is the guest's own power-off: that is the sign that it is done. */
	domain_must(&b, xml_set_text(xml_need(b.root, "on_reboot"), "restart"));
	domain_must(&b, xml_set_text(xml_need(b.root, "on_poweroff"), "destroy"));
	if ((mark = domain_find_metadata(b.root, DOMAIN_XML_NS)))
		domain_must(&b, xml_set(mark, "run", "seal"));
	xml = xml_write(doc);
	domain_must(&b, xml ? b.root : NULL);
	if (!b.rc)
		*ret_xml = xml;
	else
		free(xml);
	xmlFreeDoc(doc);
	return b.rc;
}
