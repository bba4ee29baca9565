/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet filters of a domain's NICs. */
#include "guest/domain/domain_build.h"
#include "guest/netfilter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_parameter(
	struct domain_build *b, xmlNode *filter, const char *name, const char *value)
{
	xmlNode *n = xml_set(xml_add(filter, "parameter"), "name", name);

	domain_must(b, xml_set(n, "value", value));
}

static void put_address(
	struct domain_build *b, xmlNode *filter, const char *name, const struct ip *ip)
{
	char text[IP_TEXT];

	put_parameter(b, filter, name, ip_format(ip, text));
}

/* Its name, NULL: none. An address that is not known cannot be held to. */
static const char *filter_of(const struct guest_nic *g)
{
	bool known = g->ip.family == IP_V4;

	if (ip_is_set(&g->ip6) && !known && g->server.family != IP_V4)
		return NETFILTER_ONLY6;
	if (ip_is_set(&g->ip6) && known && g->server.family == IP_V4)
		return NETFILTER_GUEST6;
	if (g->server.family != IP_V4)
		return known ? NETFILTER_CLEAN : NULL;
	return known ? NETFILTER_GUEST : NETFILTER_DHCP;
}

/* Takes the place of what is in it. */
static void fill(
	struct domain_build *b, xmlNode *filter, const struct guest_nic *g, const char *name)
{
	struct ip lessors = ip_from_v4(g->lessors.net);
	char len[8];

	domain_drop_all(filter, "parameter");
	domain_must(b, xml_set(filter, "filter", name));
	if (g->ip.family == IP_V4)
		put_address(b, filter, "IP", &g->ip);
	if (!strcmp(name, NETFILTER_GUEST6) || !strcmp(name, NETFILTER_ONLY6)) {
		put_address(b, filter, NETFILTER_IP6, &g->ip6);
		snprintf(len, sizeof len, "%u", g->ip6_len);
		put_parameter(b, filter, NETFILTER_IP6_LEN, len);
	}
	if (g->server.family != IP_V4)
		return;
	put_address(b, filter, NETFILTER_USHER, &g->server);
	put_address(b, filter, NETFILTER_SERVER, &lessors);
	snprintf(len, sizeof len, "%u", g->lessors.len);
	put_parameter(b, filter, NETFILTER_LEN, len);
}

void domain_put_filter(struct domain_build *b, xmlNode *nic, const struct guest_nic *g)
{
	const char *name = filter_of(g);

	if (b->facts->filter && name && !xml_child(nic, "filterref"))
		fill(b, xml_add(nic, "filterref"), g, name);
}

static bool parameter_is(const xmlNode *filter, const char *name, const char *value)
{
	const xmlNode *n = xml_child(filter, "parameter");

	while (n && !xml_attr_is(n, "name", name))
		n = xml_next(n, "parameter");
	return n && xml_attr_is(n, "value", value);
}

static size_t count_parameters(const xmlNode *filter)
{
	size_t n = 0;

	for (const xmlNode *p = xml_child(filter, "parameter"); p; p = xml_next(p, "parameter"))
		n++;
	return n;
}

/* Put there by us: by this usher, or an older one (clean-traffic with an address and nothing else). */
static bool is_ours(const xmlNode *filter)
{
	const xmlNode *p = xml_child(filter, "parameter");

	return xml_attr_is(filter, "filter", NETFILTER_GUEST) ||
		xml_attr_is(filter, "filter", NETFILTER_INSTALL) ||
		xml_attr_is(filter, "filter", NETFILTER_DHCP) ||
		xml_attr_is(filter, "filter", NETFILTER_GUEST6) ||
		xml_attr_is(filter, "filter", NETFILTER_ONLY6) ||
		xml_attr_is(filter, "filter", NETFILTER_INSTALL_OLD) ||
		(xml_attr_is(filter, "filter", NETFILTER_CLEAN) && p && !xml_next(p, "parameter") &&
			xml_attr_is(p, "name", "IP"));
}

/* All parameters of `want` are there, and no others. */
static bool is_same(const xmlNode *filter, const xmlNode *want)
{
	char name[64], value[64];

	if (!xml_attr(want, "filter", name, sizeof name) || !xml_attr_is(filter, "filter", name) ||
		count_parameters(filter) != count_parameters(want))
		return false;
	for (const xmlNode *p = xml_child(want, "parameter"); p; p = xml_next(p, "parameter"))
		if (!xml_attr(p, "name", name, sizeof name) ||
			!xml_attr(p, "value", value, sizeof value) ||
			!parameter_is(filter, name, value))
			return false;
	return true;
}

static const struct guest_nic *nic_of(const struct guest_spec *spec, const xmlNode *nic)
{
	char text[MAC_TEXT];
	struct mac mac;

	if (!xml_attr(xml_child(nic, "mac"), "address", text, sizeof text) || mac_parse(text, &mac))
		return NULL;
	for (size_t i = 0; i < spec->n_nics; i++)
		if (mac_eq(&spec->nics[i].mac, &mac))
			return &spec->nics[i];
	return NULL;
}

/* Whether it was another one before. */
static bool renew(struct domain_build *b, xmlNode *nic, const struct guest_nic *g)
{
	xmlNode *filter = xml_child(nic, "filterref"), *want;
	const char *name = filter_of(g);
	bool install = xml_attr_is(filter, "filter", NETFILTER_INSTALL) ||
		xml_attr_is(filter, "filter", NETFILTER_INSTALL_OLD);

	if (!is_ours(filter) || !name || (g->server.family != IP_V4 && !ip_is_set(&g->ip6)))
		return false;
	if (install && !strcmp(name, NETFILTER_GUEST))
		name = NETFILTER_INSTALL;
	domain_must(b, want = xmlNewDocNode(nic->doc, NULL, (const xmlChar *)"filterref", NULL));
	if (!want)
		return false;
	fill(b, want, g, name);
	if (b->rc || is_same(filter, want)) {
		xmlFreeNode(want);
		return false;
	}
	xmlReplaceNode(filter, want);
	xmlFreeNode(filter);
	return true;
}

static char *write_node(xmlNode *n)
{
	xmlBuffer *buffer = xmlBufferCreate();
	char *text = NULL;

	if (buffer && xmlNodeDump(buffer, n->doc, n, 0, 0) >= 0)
		text = strdup((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	return text;
}

int domain_xml_filters(
	const char *xml, const struct guest_spec *spec, char *ret[GUEST_NICS], size_t *ret_n)
{
	char why[GUEST_WHY];
	struct domain_build b = {.spec = spec, .why = why, .why_size = sizeof why};
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *n;

	*ret_n = 0;
	b.root = doc ? xmlDocGetRootElement(doc) : NULL;
	n = domain_find_metadata(b.root, DOMAIN_XML_NS)
		? xml_child(xml_child(b.root, "devices"), "interface")
		: NULL;
	for (; n && !b.rc && *ret_n < GUEST_NICS; n = xml_next(n, "interface")) {
		const struct guest_nic *g = nic_of(spec, n);

		if (!g || !renew(&b, n, g))
			continue;
		domain_must(&b, (ret[*ret_n] = write_node(n)) ? n : NULL);
		*ret_n += !b.rc;
	}
	while (b.rc && *ret_n)
		free(ret[--*ret_n]);
	xmlFreeDoc(doc);
	return b.rc;
}
