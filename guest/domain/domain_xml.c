/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/domain/domain_build.h"

#include "core/plain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBOSINFO_NS "http://libosinfo.org/xmlns/libvirt/domain/1.0"

static unsigned first_line(const struct domain_build *b)
{
	return b->spec->fragment_line ? b->spec->fragment_line : 1;
}

static const char *fragment_name(const struct domain_build *b)
{
	return b->spec->fragment_own ? "<domain> of the machine" : "<domain> of the profile";
}

void domain_fail(struct domain_build *b, const xmlNode *at, const char *fmt, ...)
{
	va_list ap;
	char text[GUEST_WHY], plain[GUEST_WHY];
	long line = xmlGetLineNo(at);

	if (b->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(b->why, b->why_size, "%s, line %ld: %s", fragment_name(b),
		(line > 0 ? line - 1 : 0) + first_line(b), plain_line(text, plain, sizeof plain));
	b->rc = -EINVAL;
}

/* For the calls that fail only when out of memory. */
void domain_must(struct domain_build *b, const xmlNode *n)
{
	if (n || b->rc)
		return;
	snprintf(b->why, b->why_size, "out of memory");
	b->rc = -ENOMEM;
}

void domain_set_number(struct domain_build *b, xmlNode *n, const char *attr, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	domain_must(b, attr ? xml_set(n, attr, text) : xml_set_text(n, text));
}

void domain_drop_all(xmlNode *parent, const char *name)
{
	xmlNode *n;

	while ((n = xml_child(parent, name)))
		xml_drop(n);
}

/* A child with one attribute, unless there is such a child. */
void domain_default(struct domain_build *b, xmlNode *parent, const char *name, const char *attr,
	const char *value)
{
	if (!xml_child(parent, name))
		domain_must(b, xml_set(xml_add(parent, name), attr, value));
}

void domain_drop_attr(xmlNode *n, const char *attr)
{
	if (n)
		xmlUnsetProp(n, (const xmlChar *)attr);
}

uint64_t domain_number(const xmlNode *n, const char *attr, uint64_t otherwise)
{
	char text[32], *end;
	unsigned long long v;

	if (!n || (attr && !xmlHasProp(n, (const xmlChar *)attr)))
		return otherwise;
	if (!(attr ? xml_attr(n, attr, text, sizeof text) : xml_text(n, text, sizeof text)))
		return 0;
	v = strtoull(text, &end, 10);
	end += strspn(end, " \t\r\n");
	return *end || strchr(text, '-') ? 0 : v;
}

/* Another hypervisor's domain stays what it is; between KVM and emulation we decide. */
static void put_identity(struct domain_build *b)
{
	char type[32];

	b->foreign = xml_attr(b->root, "type", type, sizeof type) && strcmp(type, "kvm") &&
		strcmp(type, "qemu");
	if (!b->foreign)
		domain_must(b, xml_set(b->root, "type", b->facts->type));
	domain_must(b, xml_set_text(xml_need(b->root, "name"), b->spec->name));
	if (b->spec->uuid[0])
		domain_must(b, xml_set_text(xml_need(b->root, "uuid"), b->spec->uuid));
	else
		domain_drop_all(b->root, "uuid");
	if (b->spec->description)
		domain_must(
			b, xml_set_text(xml_need(b->root, "description"), b->spec->description));
}

xmlNode *domain_find_metadata(xmlNode *root, const char *href)
{
	xmlNode *metadata = xml_child(root, "metadata");
	xmlNode *n;

	for (n = metadata ? metadata->children : NULL; n; n = n->next)
		if (n->type == XML_ELEMENT_NODE && n->ns && n->ns->href &&
			!strcmp((const char *)n->ns->href, href))
			return n;
	return NULL;
}

/* The only one of its namespace; NULL when out of memory. */
static xmlNode *put_metadata(
	struct domain_build *b, const char *href, const char *prefix, const char *name)
{
	xmlNode *n;
	xmlNs *ns;

	while ((n = domain_find_metadata(b->root, href)))
		xml_drop(n);
	domain_must(b, n = xml_add(xml_need(b->root, "metadata"), name));
	if (!n)
		return NULL;
	domain_must(
		b, (ns = xmlNewNs(n, (const xmlChar *)href, (const xmlChar *)prefix)) ? n : NULL);
	xmlSetNs(n, ns);
	return n;
}

static void put_marks(struct domain_build *b)
{
	xmlNode *n = put_metadata(b, DOMAIN_XML_NS, "usher", "guest");

	domain_must(b, xml_set(n, "profile", b->spec->profile));
	if (!b->facts->os_id)
		return;
	n = put_metadata(b, LIBOSINFO_NS, "libosinfo", "libosinfo");
	domain_must(b, n = n ? xmlNewChild(n, n->ns, (const xmlChar *)"os", NULL) : NULL);
	domain_must(b, xml_set(n, "id", b->facts->os_id));
}

static void put_features(struct domain_build *b)
{
	xmlNode *features = xml_need(b->root, "features");
	xmlNode *type = xml_child(xml_child(b->root, "os"), "type");

	domain_must(b, xml_need(features, "acpi"));
	if (xml_attr_is(type, "arch", "x86_64"))
		domain_must(b, xml_need(features, "apic"));
}

/* A server that puts itself to sleep answers nobody, and nothing wakes it. */
static void put_sleep(struct domain_build *b)
{
	xmlNode *pm;

	if (b->foreign || xml_child(b->root, "pm") ||
		!xml_attr_is(xml_child(xml_child(b->root, "os"), "type"), "arch", "x86_64"))
		return;
	domain_must(b, pm = xml_add(b->root, "pm"));
	domain_default(b, pm, "suspend-to-mem", "enabled", "no");
	domain_default(b, pm, "suspend-to-disk", "enabled", "no");
}

static void put_lifecycle(struct domain_build *b)
{
	domain_must(b, xml_set_text(xml_need(b->root, "on_poweroff"), "destroy"));
	domain_must(b, xml_set_text(xml_need(b->root, "on_reboot"), "restart"));
	if (!xml_child(b->root, "on_crash"))
		domain_must(b, xml_set_text(xml_add(b->root, "on_crash"), "destroy"));
	domain_default(b, b->root, "clock", "offset", "utc");
}

/* libvirt's own order. Its schema allows any, but libxml2's validator trips over name and uuid,
 * or the on_ three, when other elements stand between them. */
static void sort_top(struct domain_build *b)
{
	static const char *const order[] = {"name", "uuid", "title", "description", "metadata",
		"memory", "memoryBacking", "vcpu", "os", "features", "cpu", "clock", "on_poweroff",
		"on_reboot", "on_crash", "pm", "devices"};
	xmlNode *n;

	for (size_t i = sizeof order / sizeof *order; i--;)
		if ((n = xml_child(b->root, order[i])) && n != b->root->children)
			xmlAddPrevSibling(b->root->children, n);
}

static xmlDoc *read_fragment(struct domain_build *b)
{
	const char *text = b->spec->fragment ? b->spec->fragment : "<domain/>";
	size_t len = strlen(text);
	char why[GUEST_WHY] = "";
	xmlDoc *doc;

	b->rc = -EINVAL;
	if (len > DOMAIN_XML_FRAGMENT_MAX) {
		snprintf(b->why, b->why_size, "%s: longer than %d bytes", fragment_name(b),
			DOMAIN_XML_FRAGMENT_MAX);
		return NULL;
	}
	if (!(doc = xml_read(text, len, first_line(b), why, sizeof why))) {
		snprintf(b->why, b->why_size, "%s, %s", fragment_name(b), why);
		return NULL;
	}
	b->rc = 0;
	b->root = xmlDocGetRootElement(doc);
	if (b->root->ns || strcmp((const char *)b->root->name, "domain"))
		domain_fail(b, b->root, "<%s> where <domain> was expected", b->root->name);
	return doc;
}

int domain_xml_final(const struct guest_spec *spec, const struct domain_facts *facts,
	char **ret_xml, char *why, size_t why_size)
{
	struct domain_build b = {.spec = spec, .facts = facts, .why = why, .why_size = why_size};
	xmlDoc *doc = read_fragment(&b);

	if (b.rc)
		goto out;
	put_identity(&b);
	put_marks(&b);
	domain_put_os(&b);
	domain_put_cpus(&b);
	domain_put_memory(&b);
	put_features(&b);
	put_lifecycle(&b);
	put_sleep(&b);
	domain_put_devices(&b);
	domain_put_bios_serial(&b);
	sort_top(&b);
	if (!b.rc) {
		char *xml = xml_write(doc);

		domain_must(&b, xml ? b.root : NULL);
		if (xml)
			*ret_xml = xml;
	}
out:
	xmlFreeDoc(doc);
	return b.rc;
}
