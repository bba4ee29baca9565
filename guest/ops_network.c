/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks: what one is like, all of them, and making and removing those of usher. */
#include "core/route.h"
#include "guest/network_hosts.h"
#include "guest/network_make.h"
#include "guest/ops.h"
#include "guest/virt.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(struct op *op, const char *name)
{
	return virt_error(op->why, GUEST_WHY, "network %s", name);
}

static int describe(struct op *op, virNetworkPtr net, struct guest_network *ret)
{
	const char *name = virNetworkGetName(net);
	int active = virNetworkIsActive(net), autostart = 0, rc;
	char *xml = active < 0 ? NULL : virNetworkGetXMLDesc(net, 0);

	if (!xml)
		return failed(op, name);
	rc = guest_network_parse(xml, ret, op->why, GUEST_WHY);
	free(xml);
	if (rc)
		return rc;
	ret->active = active;
	ret->persistent = virNetworkIsPersistent(net) == 1;
	/* one that is not persistent has no such thing */
	ret->autostart = !virNetworkGetAutostart(net, &autostart) && autostart;
	return 0;
}

/* -ENOENT: nothing in `why`. */
static int find(struct op *op, const char *name, virNetworkPtr *ret)
{
	int rc;

	*ret = virNetworkLookupByName(op->conn, name);
	if (*ret)
		return 0;
	rc = failed(op, name);
	if (rc == -ENOENT)
		op->why[0] = '\0';
	return rc;
}

int ops_network(struct op *op, const char *network, struct guest_network *ret)
{
	virNetworkPtr net;
	int rc = find(op, network, &net);

	if (rc == -ENOENT)
		snprintf(op->why, GUEST_WHY,
			"there is no libvirt network '%s': virsh net-list --all shows those there "
			"are",
			network);
	if (rc)
		return rc;
	rc = describe(op, net, ret);
	virNetworkFree(net);
	return rc;
}

static size_t count_leases(virNetworkPtr net)
{
	virNetworkDHCPLeasePtr *all = NULL;
	int n = virNetworkGetDHCPLeases(net, NULL, &all, 0);

	for (int i = 0; i < n; i++)
		virNetworkDHCPLeaseFree(all[i]);
	free(all);
	return n > 0 ? (size_t)n : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct guest_network *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int ops_networks(struct op *op, struct guest_network **ret, size_t *ret_n)
{
	virNetworkPtr *nets = NULL;
	int n = virConnectListAllNetworks(op->conn, &nets, 0);
	struct guest_network *all;
	size_t kept = 0;

	if (n < 0)
		return virt_error(op->why, GUEST_WHY, "networks");
	all = calloc((size_t)n + 1, sizeof *all);
	for (int i = 0; i < n; i++) {
		/* one that fails is gone since it was listed */
		if (all && !describe(op, nets[i], &all[kept])) {
			all[kept].leases =
				all[kept].dhcp && all[kept].active ? count_leases(nets[i]) : 0;
			kept++;
		}
		virNetworkFree(nets[i]);
	}
	free(nets);
	if (!all) {
		snprintf(op->why, GUEST_WHY, "out of memory");
		return -ENOMEM;
	}
	op->why[0] = '\0';
	qsort(all, kept, sizeof *all, by_name);
	*ret = all;
	*ret_n = kept;
	return 0;
}

/* Making */

/* What is in use: other networks' subnets, active or not, and where this host's routes lead. */
struct taken {
	struct subnet *subnets;
	struct guest_network *nets;
	struct route *routes;
	size_t n, n_nets, n_routes;
};

static void taken_fini(struct taken *t)
{
	free(t->subnets);
	free(t->nets);
	free(t->routes);
}

static int find_taken(struct op *op, struct taken *ret)
{
	int rc = ops_networks(op, &ret->nets, &ret->n_nets);

	if (rc)
		return rc;
	rc = routes_list(&ret->routes, &ret->n_routes);
	if (!rc && !(ret->subnets = calloc(ret->n_nets + ret->n_routes + 1, sizeof *ret->subnets)))
		rc = -ENOMEM;
	if (rc) {
		snprintf(op->why, GUEST_WHY, "this host's routes: %s", strerror(-rc));
		return rc;
	}
	for (size_t i = 0; i < ret->n_nets; i++)
		if (ip_is_set(&ret->nets[i].address))
			ret->subnets[ret->n++] = network_make_subnet(&ret->nets[i]);
	for (size_t i = 0; i < ret->n_routes; i++)
		ret->subnets[ret->n++] = ret->routes[i].to;
	return 0;
}

static void say_clash(struct op *op, const struct taken *t, const struct guest_network_spec *spec,
	const struct subnet *with)
{
	char a[SUBNET_TEXT], b[SUBNET_TEXT], who[128] = "a route of this host's";

	for (size_t i = t->n_routes; i-- > 0;)
		if (subnet_eq(&t->routes[i].to, with) && *t->routes[i].ifname)
			snprintf(who, sizeof who, "%s of this host", t->routes[i].ifname);
	for (size_t i = t->n_nets; i-- > 0;) {
		struct subnet s = network_make_subnet(&t->nets[i]);

		if (s.len && subnet_eq(&s, with))
			snprintf(who, sizeof who, "network '%s'", t->nets[i].name);
	}
	snprintf(op->why, GUEST_WHY,
		"subnet %s overlaps %s, used by %s: choose another, or omit it to get a free one",
		subnet_format(&spec->subnet, a), subnet_format(with, b), who);
}

static int choose_subnet(struct op *op, const struct taken *t, struct guest_network_spec *spec)
{
	const struct subnet range = GUEST_NETWORK_RANGE, *with;
	char text[SUBNET_TEXT];

	if (spec->ipv6_only)
		return 0;
	if (spec->subnet.len && (with = subnet_clash(&spec->subnet, t->subnets, t->n))) {
		say_clash(op, t, spec, with);
		return -EADDRINUSE;
	}
	if (!spec->subnet.len && !subnet_pick(&range, t->subnets, t->n, &spec->subnet)) {
		snprintf(op->why, GUEST_WHY, "no /24 of %s is free: say which with --subnet",
			subnet_format(&range, text));
		return -EADDRINUSE;
	}
	return 0;
}

/* The link of this host with an address in the prefix, or "". */
static void find_link_in(const struct ip *prefix, char ret[IFNAMSIZ])
{
	struct ifaddrs *all = NULL;

	ret[0] = '\0';
	if (getifaddrs(&all))
		return;
	for (const struct ifaddrs *a = all; a && !*ret; a = a->ifa_next) {
		struct ip ip;

		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET6)
			continue;
		ip = ip_from_v6(((const struct sockaddr_in6 *)(const void *)a->ifa_addr)
					->sin6_addr.s6_addr);
		if (ip_in_prefix6(&ip, prefix, GUEST_NETWORK_PREFIX6))
			snprintf(ret, IFNAMSIZ, "%s", a->ifa_name);
	}
	freeifaddrs(all);
}

static int check_prefix6(
	struct op *op, const struct taken *t, const struct guest_network_spec *spec)
{
	char text[IP_TEXT], link[IFNAMSIZ], who[128] = "";

	if (!ip_is_set(&spec->prefix6))
		return 0;
	find_link_in(&spec->prefix6, link);
	if (*link)
		snprintf(who, sizeof who, "%s of this host", link);
	for (size_t i = 0; i < t->n_nets; i++)
		if (ip_in_prefix6(&t->nets[i].address6, &spec->prefix6, GUEST_NETWORK_PREFIX6))
			snprintf(who, sizeof who, "network '%s'", t->nets[i].name);
	if (!*who)
		return 0;
	snprintf(op->why, GUEST_WHY, "the IPv6 prefix %s/%d is used by %s: choose another",
		ip_format(&spec->prefix6, text), GUEST_NETWORK_PREFIX6, who);
	return -EADDRINUSE;
}

/* libvirt refuses it too, without a word of what to do. */
static int check_uplink(struct op *op, const struct guest_network_spec *spec)
{
	char link[IFNAMSIZ];

	if (!ip_is_set(&spec->prefix6) || !strcmp(spec->forward, "none") || !route6_is_learnt(link))
		return 0;
	snprintf(op->why, GUEST_WHY,
		"this host has its own IPv6 route by router advertisements on %s, and would lose it "
		"by forwarding: run 'sysctl -w net.ipv6.conf.%s.accept_ra=2' first, or take "
		"--forward none",
		link, link);
	return -EBUSY;
}

/* Where it can be; its subnet, when it says none. */
static int place(struct op *op, struct guest_network_spec *spec)
{
	struct taken t = {0};
	int rc = check_uplink(op, spec);

	if (!rc)
		rc = find_taken(op, &t);
	if (!rc)
		rc = check_prefix6(op, &t, spec);
	if (!rc)
		rc = choose_subnet(op, &t, spec);
	taken_fini(&t);
	return rc;
}

/* Without a bridge it is not there, whatever libvirt thinks: somebody deleted the link. */
static bool lost_its_bridge(const struct guest_network *n)
{
	return n->active && *n->bridge && !if_nametoindex(n->bridge);
}

/* Started, and with the host. */
static int start(struct op *op, virNetworkPtr net, struct guest_network *n)
{
	if (lost_its_bridge(n) && !virNetworkDestroy(net))
		n->active = false;
	if (!n->active && virNetworkCreate(net) < 0)
		return failed(op, n->name);
	n->made |= !n->active;
	n->active = true;
	if (!n->autostart && virNetworkSetAutostart(net, 1) < 0)
		return failed(op, n->name);
	n->made |= !n->autostart;
	return 0;
}

/* It was undefined while it ran: its next stop would be its end. */
static int define_again(struct op *op, virNetworkPtr net, struct guest_network *n)
{
	char *xml = virNetworkGetXMLDesc(net, 0);
	virNetworkPtr again = xml ? virNetworkDefineXML(op->conn, xml) : NULL;

	free(xml);
	if (!again)
		return failed(op, n->name);
	virNetworkFree(again);
	n->made = true;
	return 0;
}

/* Is the one that is there ours, and as wanted? */
static int may_adopt(struct op *op, virNetworkPtr net, const struct guest_network_spec *spec,
	struct guest_network *ret)
{
	int rc = describe(op, net, ret);

	if (!rc && !ret->ours) {
		snprintf(op->why, GUEST_WHY,
			"network '%s' exists, but usher did not create it: choose another name, or "
			"serve it as it is (usher serve --network %s)",
			ret->name, ret->name);
		rc = -EEXIST;
	}
	if (!rc) {
		const struct guest_network_spec there = network_make_spec(ret);

		rc = network_make_compare(spec, &there, op->why, GUEST_WHY);
	}
	return rc;
}

/* 1: something had to be done; 0: nothing; or -errno. */
static int adopt(struct op *op, virNetworkPtr net, const struct guest_network_spec *spec)
{
	struct guest_network n = {0};
	int rc = may_adopt(op, net, spec, &n);

	if (!rc && !n.persistent)
		rc = define_again(op, net, &n);
	if (!rc)
		rc = start(op, net, &n);
	return rc ? rc : n.made;
}

static int make(struct op *op, struct guest_network_spec *spec)
{
	struct guest_network n = {0};
	virNetworkPtr net = NULL;
	char *xml = NULL;
	int rc = place(op, spec);

	if (rc || spec->judged_only)
		return rc;
	snprintf(n.name, sizeof n.name, "%s", spec->name);
	if (!(xml = network_make_xml(spec))) {
		snprintf(op->why, GUEST_WHY, "out of memory");
		return -ENOMEM;
	}
	net = virNetworkDefineXML(op->conn, xml);
	rc = net ? start(op, net, &n) : failed(op, spec->name);
	if (net && rc) /* nothing half-made stays; one that does not start is not running */
		virNetworkUndefine(net);
	if (net)
		virNetworkFree(net);
	free(xml);
	return rc ? rc : 1;
}

int ops_network_make(
	struct op *op, const struct guest_network_spec *spec, struct guest_network *ret)
{
	struct guest_network_spec own = *spec;
	virNetworkPtr net;
	bool made;
	int rc = find(op, spec->name, &net);

	if (!rc) {
		rc = spec->judged_only ? may_adopt(op, net, spec, ret) : adopt(op, net, spec);
		virNetworkFree(net);
	} else if (rc == -ENOENT) {
		rc = make(op, &own);
	}
	if (rc < 0 || spec->judged_only)
		return rc;
	made = rc;
	rc = ops_network(op, spec->name, ret);
	ret->made = made;
	return rc;
}

/* Removing */

static bool uses(virDomainPtr d, const struct guest_network *n)
{
	static const unsigned flags[] = {0, VIR_DOMAIN_XML_INACTIVE};
	bool found = false;

	for (size_t f = 0; f < 2 && !found; f++) {
		char *xml = virDomainGetXMLDesc(d, flags[f]);

		found = xml && network_hosts_uses(xml, n->name, n->bridge);
		free(xml);
	}
	return found;
}

/* Whoever has a card there would not start again. */
static int refuse_used(struct op *op, const struct guest_network *n)
{
	virDomainPtr *all = NULL;
	int rc = 0, count = virConnectListAllDomains(op->conn, &all, 0);

	if (count < 0)
		return virt_error(op->why, GUEST_WHY, "domains");
	for (int i = 0; i < count; i++) {
		if (!rc && uses(all[i], n)) {
			snprintf(op->why, GUEST_WHY,
				"network '%s' is in use: the guest '%s' has a network card on it",
				n->name, virDomainGetName(all[i]));
			rc = -EBUSY;
		}
		virDomainFree(all[i]);
	}
	free(all);
	return rc;
}

static int remove_it(struct op *op, virNetworkPtr net, const struct guest_network *n)
{
	if (n->active && virNetworkDestroy(net) < 0 && virt_errno() != -ENOENT)
		return failed(op, n->name);
	if (n->persistent && virNetworkUndefine(net) < 0 && virt_errno() != -ENOENT)
		return failed(op, n->name);
	return 0;
}

int ops_network_drop(struct op *op, const char *network)
{
	struct guest_network n = {0};
	virNetworkPtr net;
	int rc = find(op, network, &net);

	if (rc == -ENOENT)
		snprintf(op->why, GUEST_WHY,
			"no network '%s'; 'usher network list' shows those there are", network);
	if (rc)
		return rc;
	rc = describe(op, net, &n);
	if (!rc && !n.ours) {
		snprintf(op->why, GUEST_WHY,
			"network '%s' was not made by usher: virsh net-destroy %s; virsh "
			"net-undefine %s",
			network, network, network);
		rc = -EPERM;
	}
	if (!rc)
		rc = refuse_used(op, &n);
	if (!rc)
		rc = remove_it(op, net, &n);
	virNetworkFree(net);
	return rc;
}
