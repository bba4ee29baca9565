/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/network_make.h"

#include "guest/domain/domain_xml.h"
#include "guest/xml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Each gives false when out of memory. */
static bool put_mark(xmlNode *root)
{
	xmlNode *mark = xml_add(xml_add(root, "metadata"), "network");
	xmlNs *ns = mark ? xmlNewNs(mark, (const xmlChar *)DOMAIN_XML_NS, (const xmlChar *)"usher")
			 : NULL;

	if (ns)
		xmlSetNs(mark, ns);
	return ns;
}

static bool put_bridge(xmlNode *root)
{
	return xml_set(xml_set(xml_add(root, "bridge"), "stp", "off"), "delay", "0");
}

static bool put_address(xmlNode *root, const struct subnet *s)
{
	struct ip own = ip_from_v4(s->net + 1), mask = ip_from_v4(v4_mask(s->len));
	xmlNode *ip = xml_add(root, "ip");
	char text[IP_TEXT];

	return xml_set(ip, "address", ip_format(&own, text)) &&
		xml_set(ip, "netmask", ip_format(&mask, text));
}

/* The first address of the prefix is this host's. Without DNS no dnsmasq of libvirt's runs, which would advertise a prefix of
 * its own accord (libvirt 9.0). */
static bool put_ipv6(xmlNode *root, const struct ip *prefix)
{
	const struct ip first = ip_from_v4(1);
	struct ip own;
	char text[IP_TEXT];
	xmlNode *ip;

	if (!ip_is_set(prefix))
		return true;
	if (ip6_from_v4(prefix, GUEST_NETWORK_PREFIX6, &first, &own) < 0)
		return false;
	ip = xml_set(xml_add(root, "ip"), "family", "ipv6");
	return xml_set(xml_set(ip, "address", ip_format(&own, text)), "prefix", "64");
}

/* Unique local addresses lead nowhere by themselves. */
static bool put_forward(xmlNode *root, const char *mode, const struct ip *prefix6)
{
	xmlNode *n;

	if (!strcmp(mode, "none"))
		return true;
	n = xml_set(xml_add(root, "forward"), "mode", mode);
	return n &&
		(strcmp(mode, "nat") || !ip_is_unique_local(prefix6) ||
			xml_set(xml_add(n, "nat"), "ipv6", "yes"));
}

static bool put_all(xmlNode *root, const struct guest_network_spec *spec)
{
	const char *forward = *spec->forward ? spec->forward : GUEST_NETWORK_FORWARD;
	char mtu[8];

	snprintf(mtu, sizeof mtu, "%u", spec->mtu);
	return xml_set_text(xml_add(root, "name"), spec->name) && put_mark(root) &&
		put_forward(root, forward, &spec->prefix6) && put_bridge(root) &&
		(!spec->mtu || xml_set(xml_add(root, "mtu"), "size", mtu)) &&
		(!*spec->domain || xml_set(xml_add(root, "domain"), "name", spec->domain)) &&
		(!ip_is_set(&spec->prefix6) || xml_set(xml_add(root, "dns"), "enable", "no")) &&
		(spec->ipv6_only || put_address(root, &spec->subnet)) &&
		put_ipv6(root, &spec->prefix6);
}

char *network_make_xml(const struct guest_network_spec *spec)
{
	xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");
	xmlNode *root = doc ? xmlNewDocNode(doc, NULL, (const xmlChar *)"network", NULL) : NULL;
	char *text = NULL;

	if (root) {
		xmlDocSetRootElement(doc, root);
		if (put_all(root, spec))
			text = xml_write(doc);
	}
	xmlFreeDoc(doc);
	return text;
}

struct subnet network_make_subnet(const struct guest_network *n)
{
	if (!ip_is_set(&n->address))
		return (struct subnet){0};
	return (struct subnet){ip_to_v4(&n->address) & v4_mask(n->prefix_len), n->prefix_len};
}

static int differs(const char *name, const char *what, const char *is, const char *wanted,
	char *why, size_t size)
{
	snprintf(why, size,
		"network '%s' exists with %s %s, not %s: choose another name, or run 'usher "
		"network delete %s' first",
		name, what, *is ? is : "none", wanted, name);
	return -EEXIST;
}

int network_make_compare(const struct guest_network_spec *spec,
	const struct guest_network_spec *there, char *why, size_t size)
{
	char a[SUBNET_TEXT], b[SUBNET_TEXT], is_mtu[8] = "", mtu[8];

	if (spec->ipv6_only && !there->ipv6_only)
		return differs(spec->name, "subnet", subnet_format(&there->subnet, a), "IPv6 alone",
			why, size);
	if (spec->subnet.len && !subnet_eq(&there->subnet, &spec->subnet))
		return differs(spec->name, "subnet", subnet_format(&there->subnet, a),
			subnet_format(&spec->subnet, b), why, size);
	if (ip_is_set(&spec->prefix6) && !ip_eq(&there->prefix6, &spec->prefix6)) {
		char c[IP_TEXT], d[IP_TEXT];

		return differs(spec->name, "IPv6 prefix", ip_format(&there->prefix6, c),
			ip_format(&spec->prefix6, d), why, size);
	}
	if (*spec->forward && strcmp(spec->forward, there->forward) != 0)
		return differs(spec->name, "forward", there->forward, spec->forward, why, size);
	if (*spec->domain && strcmp(spec->domain, there->domain) != 0)
		return differs(spec->name, "domain", there->domain, spec->domain, why, size);
	if (!spec->mtu || spec->mtu == there->mtu)
		return 0;
	if (there->mtu)
		snprintf(is_mtu, sizeof is_mtu, "%u", there->mtu);
	snprintf(mtu, sizeof mtu, "%u", spec->mtu);
	return differs(spec->name, "mtu", is_mtu, mtu, why, size);
}

struct guest_network_spec network_make_spec(const struct guest_network *n)
{
	struct guest_network_spec spec = {.subnet = network_make_subnet(n), .mtu = n->mtu};

	if (ip_is_set(&n->address6) && n->prefix_len6 == GUEST_NETWORK_PREFIX6) {
		spec.prefix6 = n->address6;
		memset(spec.prefix6.b + GUEST_NETWORK_PREFIX6 / 8, 0,
			sizeof spec.prefix6.b - GUEST_NETWORK_PREFIX6 / 8);
	}
	spec.ipv6_only = ip_is_set(&n->address6) && !ip_is_set(&n->address);
	memcpy(spec.name, n->name, sizeof spec.name);
	memcpy(spec.forward, n->forward_mode, sizeof spec.forward);
	memcpy(spec.domain, n->domain, sizeof spec.domain);
	return spec;
}
