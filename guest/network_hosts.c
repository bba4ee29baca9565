/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/network_hosts.h"

#include "guest/xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void network_hosts_fini(struct network_hosts *h)
{
	free(h->all);
	*h = (struct network_hosts){0};
}

int network_hosts_add(struct network_hosts *h, const struct guest_seat *s)
{
	if (h->n == NETWORK_HOSTS_MAX)
		return -ENOSPC;
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 64;
		struct guest_seat *all = realloc(h->all, cap * sizeof *all);

		if (!all)
			return -ENOMEM;
		h->all = all;
		h->cap = cap;
	}
	h->all[h->n++] = *s;
	return 0;
}

static bool read_mac(const xmlNode *n, const char *attr, struct mac *ret)
{
	char text[32];

	return xml_attr(n, attr, text, sizeof text) && !mac_parse(text, ret);
}

/* By name or client-id alone: the address is taken all the same. */
static int add_host(struct network_hosts *h, const xmlNode *host)
{
	struct guest_seat s = {.what = GUEST_SEAT_HOST};
	char text[IP_TEXT];

	if (!xml_attr(host, "ip", text, sizeof text) || ip_parse(text, &s.ip) ||
		s.ip.family != IP_V4)
		return 0;
	if (!read_mac(host, "mac", &s.mac))
		s.mac = (struct mac){0};
	xml_attr(host, "name", s.name, sizeof s.name);
	return network_hosts_add(h, &s);
}

int network_hosts_parse(const char *xml, struct network_hosts *ret, char *why, size_t why_size)
{
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, why_size);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	int rc = doc ? 0 : -EINVAL;

	for (const xmlNode *ip = xml_child(root, "ip"); ip && !rc; ip = xml_next(ip, "ip"))
		for (const xmlNode *h = xml_child(xml_child(ip, "dhcp"), "host"); h && !rc;
			h = xml_next(h, "host"))
			rc = add_host(ret, h);
	xmlFreeDoc(doc);
	if (rc == -ENOMEM || rc == -ENOSPC)
		snprintf(why, why_size, "the network's reservations: %s", strerror(-rc));
	return rc;
}

static bool is_on(const xmlNode *nic, const char *network, const char *bridge)
{
	const xmlNode *source = xml_child(nic, "source");

	return xml_attr_is(source, "network", network) ||
		(*bridge && xml_attr_is(source, "bridge", bridge));
}

int network_hosts_computed(struct network_hosts *h, const char *domain_xml, const char *name,
	bool ours, const char *network, const char *bridge)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(domain_xml, strlen(domain_xml), 1, why, sizeof why);
	const xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	int rc = 0;

	for (const xmlNode *n = xml_child(devices, "interface"); n && !rc;
		n = xml_next(n, "interface")) {
		struct guest_seat s = {.what = GUEST_SEAT_DOMAIN, .ours = ours};

		snprintf(s.name, sizeof s.name, "%s", name);
		if (is_on(n, network, bridge) && read_mac(xml_child(n, "mac"), "address", &s.mac) &&
			!mac_to_ip(&s.mac, &s.ip))
			rc = network_hosts_add(h, &s);
	}
	xmlFreeDoc(doc);
	return rc;
}

bool network_hosts_uses(const char *domain_xml, const char *network, const char *bridge)
{
	char why[GUEST_WHY];
	xmlDoc *doc = xml_read(domain_xml, strlen(domain_xml), 1, why, sizeof why);
	const xmlNode *devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL;
	const xmlNode *n = xml_child(devices, "interface");

	while (n && !is_on(n, network, bridge))
		n = xml_next(n, "interface");
	xmlFreeDoc(doc);
	return n;
}
