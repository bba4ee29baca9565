/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A libvirt network's XML, read. */
#include "guest/domain/domain_build.h"
#include "guest/domain/domain_xml.h"
#include "guest/guest.h"
#include "guest/xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_ip(const xmlNode *n, const char *attr, struct ip *ret)
{
	char text[IP_TEXT];

	return xml_attr(n, attr, text, sizeof text) && !ip_parse(text, ret) && ret->family == IP_V4;
}

/* netmask, prefix, or neither: then the old classes count, as in libvirt. */
static uint8_t prefix_of(const xmlNode *n, const struct ip *address)
{
	struct ip mask;
	char text[8];
	unsigned long prefix;

	if (read_ip(n, "netmask", &mask))
		return (uint8_t)__builtin_popcount(ip_to_v4(&mask));
	if (xml_attr(n, "prefix", text, sizeof text) && (prefix = strtoul(text, NULL, 10)) <= 32)
		return (uint8_t)prefix;
	return address->b[0] < 128 ? 8 : address->b[0] < 192 ? 16 : 24;
}

static void read_address6(const xmlNode *ip, struct guest_network *ret)
{
	char text[IP_TEXT];
	struct ip address;
	unsigned long prefix;

	if (ip_is_set(&ret->address6) || !xml_attr(ip, "address", text, sizeof text) ||
		ip_parse(text, &address) || address.family != IP_V6)
		return;
	ret->address6 = address;
	ret->prefix_len6 = 64;
	if (xml_attr(ip, "prefix", text, sizeof text) && (prefix = strtoul(text, NULL, 10)) <= 128)
		ret->prefix_len6 = (uint8_t)prefix;
}

/* Of either family. An empty <dhcp>, or one that says only <bootp>, leases nothing. */
static bool leases(const xmlNode *ip)
{
	const xmlNode *dhcp = xml_child(ip, "dhcp");

	return xml_child(dhcp, "range") || xml_child(dhcp, "host");
}

static void read_address(const xmlNode *ip, struct guest_network *ret)
{
	const xmlNode *range = xml_child(xml_child(ip, "dhcp"), "range");
	struct ip address;

	if (!read_ip(ip, "address", &address))
		return;
	if (!ip_is_set(&ret->address) || (leases(ip) && !ret->dhcp)) {
		ret->address = address;
		ret->prefix_len = prefix_of(ip, &address);
	}
	if (!leases(ip))
		return;
	ret->dhcp = true;
	if (range && !ip_is_set(&ret->dhcp_first)) {
		read_ip(range, "start", &ret->dhcp_first);
		read_ip(range, "end", &ret->dhcp_last);
	}
}

static uint16_t mtu_of(const xmlNode *root)
{
	char text[8];
	unsigned long mtu;

	if (!xml_attr(xml_child(root, "mtu"), "size", text, sizeof text))
		return 0;
	mtu = strtoul(text, NULL, 10);
	return mtu >= 68 && mtu <= UINT16_MAX ? (uint16_t)mtu : 0;
}

/* A <forward> without a mode is nat. */
static void read_forward(const xmlNode *forward, struct guest_network *n)
{
	snprintf(n->forward_mode, sizeof n->forward_mode, "%s", forward ? "nat" : "none");
	if (forward && xmlHasProp(forward, (const xmlChar *)"mode"))
		xml_attr(forward, "mode", n->forward_mode, sizeof n->forward_mode);
	n->bridged = !strcmp(n->forward_mode, "bridge");
	n->forward = !n->bridged && strcmp(n->forward_mode, "none") != 0;
	n->nat6 = xml_attr_is(xml_child(forward, "nat"), "ipv6", "yes");
}

int guest_network_parse(const char *xml, struct guest_network *ret, char *why, size_t why_size)
{
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, why_size);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	struct guest_network n = {0};
	bool dns, any = false;

	if (!doc)
		return -EINVAL;
	for (const xmlNode *ip = xml_child(root, "ip"); ip; ip = xml_next(ip, "ip")) {
		read_address(ip, &n);
		read_address6(ip, &n);
		any |= leases(ip);
	}
	xml_attr(xml_child(root, "bridge"), "name", n.bridge, sizeof n.bridge);
	xml_attr(xml_child(root, "domain"), "name", n.domain, sizeof n.domain);
	n.mtu = mtu_of(root);
	xml_text(xml_child(root, "name"), n.name, sizeof n.name);
	read_forward(xml_child(root, "forward"), &n);
	n.ours = domain_find_metadata((xmlNode *)root, DOMAIN_XML_NS);
	dns = !xml_attr_is(xml_child(root, "dns"), "enable", "no");
	n.dns = ip_is_set(&n.address) && dns;
	/* dnsmasq runs for either, and then advertises whatever it is told (libvirt 9.0) */
	n.advertises = ip_is_set(&n.address6) && (dns || any);
	xmlFreeDoc(doc);
	*ret = n;
	return 0;
}
