/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has which address in a libvirt network that leases: its reservations and leases, and the
 * guests whose MACs are computed from addresses, which get reservations. */
#include "guest/domain/domain_xml.h"
#include "guest/network_hosts.h"
#include "guest/ops.h"
#include "guest/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct network {
	struct op *op;
	virNetworkPtr net;
	const char *name;
	struct guest_network info;
	struct network_hosts hosts;
};

static int network_open(struct network *n, struct op *op, const char *name)
{
	char *xml = NULL;
	int rc = 0;

	*n = (struct network){.op = op, .name = name};
	if (!(n->net = virNetworkLookupByName(op->conn, name)) ||
		!(xml = virNetworkGetXMLDesc(n->net, 0)))
		rc = virt_error(op->why, GUEST_WHY, "network %s", name);
	if (!rc)
		rc = guest_network_parse(xml, &n->info, op->why, GUEST_WHY);
	if (!rc)
		rc = network_hosts_parse(xml, &n->hosts, op->why, GUEST_WHY);
	free(xml);
	return rc;
}

static void network_close(struct network *n)
{
	network_hosts_fini(&n->hosts);
	if (n->net)
		virNetworkFree(n->net);
}

static int add_lease(struct network_hosts *to, const virNetworkDHCPLease *l)
{
	struct guest_seat s = {.what = GUEST_SEAT_LEASE};

	if (l->type != VIR_IP_ADDR_TYPE_IPV4 || ip_parse(l->ipaddr, &s.ip))
		return 0;
	if (l->mac && mac_parse(l->mac, &s.mac))
		s.mac = (struct mac){0};
	snprintf(s.name, sizeof s.name, "%s", l->hostname ? l->hostname : "");
	return network_hosts_add(to, &s);
}

/* A network without dnsmasq has none, and says so: then there are none. */
static int add_leases(struct network *n)
{
	virNetworkDHCPLeasePtr *all = NULL;
	int rc = 0, count = virNetworkGetDHCPLeases(n->net, NULL, &all, 0);

	for (int i = 0; i < count; i++) {
		rc = rc ? rc : add_lease(&n->hosts, all[i]);
		virNetworkDHCPLeaseFree(all[i]);
	}
	free(all);
	return rc;
}

/* Each definition of a domain, live and persistent: its computed MACs. */
static int add_domain(struct network *n, struct network_hosts *to, virDomainPtr d)
{
	static const unsigned flags[] = {0, VIR_DOMAIN_XML_INACTIVE};
	const char *name = virDomainGetName(d);
	int rc = 0;

	for (size_t f = 0; f < 2 && !rc; f++) {
		char *xml = virDomainGetXMLDesc(d, flags[f]);
		struct domain_mark mark = {0};

		if (xml) {
			domain_xml_mark(xml, &mark);
			rc = network_hosts_computed(
				to, xml, name, mark.ours, n->name, n->info.bridge);
		}
		free(xml); /* NULL: gone since it was listed */
	}
	return rc;
}

static int add_domains(struct network *n, struct network_hosts *to)
{
	virDomainPtr *all;
	int rc = 0, count = virConnectListAllDomains(n->op->conn, &all, 0);

	if (count < 0)
		return virt_error(n->op->why, GUEST_WHY, "domains");
	for (int i = 0; i < count; i++) {
		rc = rc ? rc : add_domain(n, to, all[i]);
		virDomainFree(all[i]);
	}
	free(all);
	return rc;
}

int ops_seats(struct op *op, const char *network, struct guest_seat **ret, size_t *ret_n)
{
	struct network n;
	int rc = network_open(&n, op, network);

	if (!rc)
		rc = add_leases(&n);
	if (!rc)
		rc = add_domains(&n, &n.hosts);
	if (!rc) {
		*ret = n.hosts.all;
		*ret_n = n.hosts.n;
		n.hosts = (struct network_hosts){0};
	}
	network_close(&n);
	return rc;
}

int ops_computed(struct op *op, const char *network, const char *domain, struct guest_seat **ret,
	size_t *ret_n)
{
	struct network_hosts guests = {0};
	virDomainPtr d = NULL;
	struct network n;
	int rc = network_open(&n, op, network);

	if (!rc && *domain)
		rc = ops_find(op, domain, NULL, &d);
	if (!rc)
		rc = d ? add_domain(&n, &guests, d) : add_domains(&n, &guests);
	if (rc == -ENOENT && *domain)
		rc = 0; /* gone */
	if (!rc) {
		*ret = guests.all;
		*ret_n = guests.n;
		guests = (struct network_hosts){0};
	}
	if (d)
		virDomainFree(d);
	network_hosts_fini(&guests);
	network_close(&n);
	return rc;
}

/* In its subnet, nobody else's, and not yet there. A domain of ours is the main thread's affair. */
static bool may_sit(const struct network *n, const struct guest_seat *s)
{
	uint32_t mask = v4_mask(n->info.prefix_len), a = ip_to_v4(&s->ip),
		 own = ip_to_v4(&n->info.address);

	if (s->ours || (a & mask) != (own & mask) || a == own || !(a & ~mask) ||
		(a & ~mask) == ~mask)
		return false;
	for (size_t i = 0; i < n->hosts.n; i++) {
		const struct guest_seat *h = &n->hosts.all[i];

		if (h->what == GUEST_SEAT_HOST &&
			(ip_eq(&h->ip, &s->ip) || mac_eq(&h->mac, &s->mac)))
			return false;
		if (h->what == GUEST_SEAT_LEASE && ip_eq(&h->ip, &s->ip) &&
			!mac_eq(&h->mac, &s->mac))
			return false;
	}
	return true;
}

static int seat(struct network *n, const struct guest_seat *s)
{
	struct guest_seat host = {.what = GUEST_SEAT_HOST, .ip = s->ip, .mac = s->mac};
	int rc = network_hosts_add(&n->hosts, &host);

	return rc ? rc : ops_reserve(n->op, n->name, s->name, &s->ip, &s->mac, true);
}

/* One that libvirt refuses keeps none of the others without: the first error is told. */
static int seat_all(struct network *n, const struct network_hosts *guests)
{
	char first[GUEST_WHY];
	int rc = 0;

	for (size_t i = 0; i < guests->n && rc != -ENOTCONN; i++) {
		int rc1 = may_sit(n, &guests->all[i]) ? seat(n, &guests->all[i]) : 0;

		if (!rc1 || (rc && rc1 != -ENOTCONN))
			continue;
		rc = rc1;
		memcpy(first, n->op->why, sizeof first);
	}
	if (rc)
		memcpy(n->op->why, first, sizeof first);
	return rc;
}

/* What was reserved for a guest that is gone: its name, and a MAC that is its address. */
static int unseat(struct network *n, const char *domain)
{
	struct ip ip;
	int rc = 0;

	for (size_t i = 0; i < n->hosts.n && !rc; i++) {
		const struct guest_seat *h = &n->hosts.all[i];

		if (h->what == GUEST_SEAT_HOST && !strcmp(h->name, domain) &&
			!mac_to_ip(&h->mac, &ip) && ip_eq(&ip, &h->ip))
			rc = ops_reserve(n->op, n->name, domain, &h->ip, &h->mac, false);
	}
	return rc;
}

int ops_seat_guests(struct op *op, const char *network, const char *domain)
{
	struct network_hosts guests = {0};
	virDomainPtr d = NULL;
	struct network n;
	int rc = network_open(&n, op, network);

	if (!rc)
		rc = add_leases(&n);
	if (!rc && *domain && (rc = ops_find(op, domain, NULL, &d)) == -ENOENT) {
		rc = unseat(&n, domain);
		goto out;
	}
	if (!rc)
		rc = d ? add_domain(&n, &guests, d) : add_domains(&n, &guests);
	if (!rc)
		rc = seat_all(&n, &guests);
out:
	if (d)
		virDomainFree(d);
	network_hosts_fini(&guests);
	network_close(&n);
	return rc;
}
