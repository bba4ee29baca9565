/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine's name and address in a libvirt network's own DNS and DHCP. */
#include "guest/ops.h"
#include "guest/virt.h"
#include "guest/xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct publish {
	struct op *op;
	virNetworkPtr net;
	const char *network;
	const char *name;
	const struct ip *ip;
	const struct mac *mac;
	unsigned scope; /* VIR_NETWORK_UPDATE_AFFECT_LIVE or _CONFIG */
	xmlNode *root;  /* of the network as it is in this scope */
	bool dns;       /* the name, too */
};

/* What a scope says of us already. */
enum standing {
	ABSENT,
	SAME,
	OTHER,
	SHARED, /* a DNS record that says the same, and more */
	THEIRS, /* DNS records that are not ours to touch */
};

static int update(
	struct publish *p, unsigned command, unsigned section, int parent, const char *xml)
{
	const char *what = section == VIR_NETWORK_SECTION_DNS_HOST ? "DNS record" : "reservation";

	if (virNetworkUpdate(p->net, command, section, parent, xml, p->scope) < 0)
		return virt_error(
			p->op->why, GUEST_WHY, "network %s: %s of %s", p->network, what, p->name);
	return 0;
}

static bool has_hostname(const xmlNode *host, const char *name)
{
	char text[256];

	for (const xmlNode *n = xml_child(host, "hostname"); n; n = xml_next(n, "hostname"))
		if (xml_text(n, text, sizeof text) && !strcasecmp(text, name))
			return true;
	return false;
}

static bool attr_is_ip(const xmlNode *n, const struct ip *ip)
{
	char text[IP_TEXT];
	struct ip got;

	return xml_attr(n, "ip", text, sizeof text) && !ip_parse(text, &got) && ip_eq(&got, ip);
}

/* A record with our name alone is ours. libvirt deletes what has the name or the address: a record with further names as a
 * whole, and none where several match. `*ret_old`: the address of an older record of our name. */
static enum standing dns_standing(const struct publish *p, char ret_old[IP_TEXT])
{
	const xmlNode *found = NULL, *dns = xml_child(p->root, "dns");
	bool same = false, alone = true;

	for (const xmlNode *h = xml_child(dns, "host"); h; h = xml_next(h, "host")) {
		bool named = has_hostname(h, p->name), at = attr_is_ip(h, p->ip);

		if (!named && !at)
			continue;
		same = same || (named && at);
		alone = !found && named && !xml_next(xml_child(h, "hostname"), "hostname");
		found = h;
	}
	if (!found)
		return ABSENT;
	if (!alone)
		return same ? SHARED : THEIRS;
	if (!same)
		xml_attr(found, "ip", ret_old, IP_TEXT);
	return same ? SAME : OTHER;
}

static int left_alone(struct publish *p)
{
	char ip[IP_TEXT];

	snprintf(p->op->why, GUEST_WHY,
		"network %s: its DNS has records of %s or %s that are not usher's alone: left as they are",
		p->network, p->name, ip_format(p->ip, ip));
	return 0;
}

static int dns_command(struct publish *p, unsigned command, const char *ip)
{
	char xml[256];

	snprintf(xml, sizeof xml, "<host ip='%s'><hostname>%s</hostname></host>", ip, p->name);
	return update(p, command, VIR_NETWORK_SECTION_DNS_HOST, -1, xml);
}

static int publish_dns(struct publish *p, bool add)
{
	char ip[IP_TEXT], old[IP_TEXT] = "";
	enum standing s = dns_standing(p, old);
	int rc = 0;

	ip_format(p->ip, ip);
	if (s == (add ? THEIRS : SHARED))
		return left_alone(p);
	if (!add)
		return s == SAME ? dns_command(p, VIR_NETWORK_UPDATE_COMMAND_DELETE, ip) : 0;
	if (s == SAME || s == SHARED)
		return 0;
	if (s == OTHER)
		rc = dns_command(p, VIR_NETWORK_UPDATE_COMMAND_DELETE, old);
	return rc ? rc : dns_command(p, VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, ip);
}

/* A name is a convenience: what libvirt has against it stays in `why` as a warning. */
static int try_dns(struct publish *p, bool add)
{
	int rc = 0;

	if (p->dns && !xml_attr_is(xml_child(p->root, "dns"), "enable", "no"))
		rc = publish_dns(p, add);
	return rc == -ENOTCONN ? rc : 0;
}

/* libvirt itself would take the first that leases, of either family. `*ret_at` counts each <ip>. */
static const xmlNode *find_dhcp(const xmlNode *root, int *ret_at)
{
	const xmlNode *ip = xml_child(root, "ip");

	for (int at = 0; ip; ip = xml_next(ip, "ip"), at++)
		if (xml_child(ip, "dhcp") && !xml_attr_is(ip, "family", "ipv6")) {
			*ret_at = at;
			return xml_child(ip, "dhcp");
		}
	return NULL;
}

/* libvirt takes no other for a host's name in <dhcp>; the address does without. */
static bool is_host_name(const char *name)
{
	return isalpha((unsigned char)*name) &&
		!name[strspn(
			name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")];
}

static bool attr_is_mac(const xmlNode *n, const struct mac *mac)
{
	char text[64];
	struct mac got;

	return xml_attr(n, "mac", text, sizeof text) && !mac_parse(text, &got) && mac_eq(&got, mac);
}

/* The name of our host in <dhcp>, or "": libvirt takes a name once there. */
static const char *dhcp_name(const struct publish *p, const xmlNode *dhcp)
{
	char text[256];

	for (const xmlNode *h = xml_child(dhcp, "host"); h; h = xml_next(h, "host"))
		if (xml_attr(h, "name", text, sizeof text) && !strcasecmp(text, p->name) &&
			!attr_is_mac(h, p->mac))
			return "";
	return is_host_name(p->name) ? p->name : "";
}

/* What is to go may be without its name. */
static enum standing dhcp_standing(
	const struct publish *p, const xmlNode *dhcp, const char *name, bool add)
{
	const xmlNode *h = xml_child(dhcp, "host");
	char text[256];

	while (h && !attr_is_mac(h, p->mac))
		h = xml_next(h, "host");
	if (!h)
		return ABSENT;
	xml_attr(h, "name", text, sizeof text);
	if (!attr_is_ip(h, p->ip))
		return OTHER;
	if (!add)
		return *text && strcasecmp(text, p->name) ? OTHER : SAME;
	return strcasecmp(text, name) ? OTHER : SAME;
}

static int dhcp_command(struct publish *p, unsigned command, int parent, const char *name)
{
	char xml[256], ip[IP_TEXT], mac[MAC_TEXT], attr[GUEST_NAME + 16] = "";

	if (*name)
		snprintf(attr, sizeof attr, " name='%s'", name);
	snprintf(xml, sizeof xml, "<host mac='%s'%s ip='%s'/>", mac_format(p->mac, mac), attr,
		ip_format(p->ip, ip));
	return update(p, command, VIR_NETWORK_SECTION_IP_DHCP_HOST, parent, xml);
}

static int publish_dhcp(struct publish *p, bool add)
{
	int parent = -1;
	const xmlNode *dhcp = p->mac ? find_dhcp(p->root, &parent) : NULL;
	const char *name = dhcp ? dhcp_name(p, dhcp) : "";
	enum standing s = dhcp ? dhcp_standing(p, dhcp, name, add) : ABSENT;

	/* one that says something else of our MAC is not ours to take away */
	if (!dhcp || (add ? s == SAME : s != SAME))
		return 0;
	if (!add)
		return dhcp_command(p, VIR_NETWORK_UPDATE_COMMAND_DELETE, parent, "");
	return dhcp_command(p,
		s == OTHER ? VIR_NETWORK_UPDATE_COMMAND_MODIFY
			   : VIR_NETWORK_UPDATE_COMMAND_ADD_LAST,
		parent, name);
}

static int publish_scope(struct publish *p, unsigned scope, bool add)
{
	char why[128];
	char *xml = virNetworkGetXMLDesc(
		p->net, scope == VIR_NETWORK_UPDATE_AFFECT_CONFIG ? VIR_NETWORK_XML_INACTIVE : 0);
	xmlDoc *doc;
	int rc;

	if (!xml)
		return virt_error(p->op->why, GUEST_WHY, "network %s", p->network);
	if (!(doc = xml_read(xml, strlen(xml), 1, why, sizeof why))) {
		free(xml);
		return -EINVAL;
	}
	p->scope = scope;
	p->root = xmlDocGetRootElement(doc);
	rc = try_dns(p, add);
	if (!rc)
		rc = publish_dhcp(p, add);
	xmlFreeDoc(doc);
	free(xml);
	return rc;
}

static int publish(struct publish *p, bool add)
{
	struct op *op = p->op;
	int rc = 0;

	if (!(p->net = virNetworkLookupByName(op->conn, p->network))) {
		rc = virt_error(op->why, GUEST_WHY, "network %s", p->network);
		if (rc != -ENOENT || add)
			return rc;
		op->why[0] = '\0';
		return 0;
	}
	if (virNetworkIsActive(p->net) == 1)
		rc = publish_scope(p, VIR_NETWORK_UPDATE_AFFECT_LIVE, add);
	if (!rc && virNetworkIsPersistent(p->net) == 1)
		rc = publish_scope(p, VIR_NETWORK_UPDATE_AFFECT_CONFIG, add);
	virNetworkFree(p->net);
	return rc;
}

int ops_publish(struct op *op, const char *network, const char *name, const struct ip *ip,
	const struct mac *mac, bool add)
{
	struct publish p = {
		.op = op, .network = network, .name = name, .ip = ip, .mac = mac, .dns = true};

	return publish(&p, add);
}

int ops_reserve(struct op *op, const char *network, const char *name, const struct ip *ip,
	const struct mac *mac, bool add)
{
	struct publish p = {.op = op, .network = network, .name = name, .ip = ip, .mac = mac};

	return publish(&p, add);
}
