/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/network/segments6.h"
#include "service/network/links.h"
#include "service/network/name_servers.h"
#include "service/network/network.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void add_dns(struct segment6 *six, const struct ip *ip)
{
	if (six->n_dns < SEGMENT_DNS_MAX)
		six->dns[six->n_dns++] = *ip;
}

static void fill_told(struct segment6 *six, const struct config_segment6 *c)
{
	six->options = c->options;
	for (size_t i = 0; i < c->n_dns; i++)
		add_dns(six, &c->dns[i]);
	if (!six->n_dns)
		six->n_dns = name_servers("", IP_V6, six->dns);
	if (!six->n_dns)
		add_dns(six, &six->server);
}

/* Without numbers of its own, those of IPv4: a machine's address is computed from its IPv4 one, and they lie side by side. */
static void fill_pool(struct segment *seg, const struct config_segment6 *c)
{
	struct segment6 *six = &seg->six;

	six->pool_first = seg->pool_first;
	six->pool_last = seg->pool_last;
	if (ip_is_set(&c->pool_first)) {
		(void)segment_number(seg, &c->pool_first, &six->pool_first);
		(void)segment_number(seg, &c->pool_last, &six->pool_last);
	}
}

bool segment6_wanted(const struct config_segment *c, const struct guest_network *net)
{
	return c->six.on || (net && net->ours && ip_is_set(&net->address6));
}

/* What libvirt says: the kernel may have it later. */
static int of_network(const struct config_segment *c, const struct guest_network *net,
	struct link_address *ret, char *why, size_t size)
{
	const struct link_address of = {.ip = net->address6, .prefix_len = net->prefix_len6};
	bool set = ip_is_set(&net->address6);

	if (set && net->advertises) {
		snprintf(why, size,
			"libvirt's dnsmasq sends router advertisements in network '%s', and guests "
			"would follow those: add <dns enable='no'/> to the network and remove every "
			"<dhcp> (virsh net-edit %s; virsh net-destroy %s; virsh net-start %s)",
			c->name, c->name, c->name, c->name);
		return -EADDRINUSE;
	}
	if (!set) {
		snprintf(why, size,
			"network '%s' has no IPv6 address: add <ip family='ipv6' address= prefix='64'/> "
			"(virsh net-edit %s), or remove <ipv6>",
			c->name, c->name);
		return -EADDRNOTAVAIL;
	}
	if (!config_segment_address6(c, &of, 1, why, size))
		return -EINVAL;
	*ret = of;
	return 0;
}

static int of_interface(const struct config_segment *c, const char *name, struct link_address *ret,
	char *why, size_t size)
{
	const struct link_address *on;
	struct link_state link;
	int rc = link_lookup(name, &link);

	if (rc) {
		snprintf(why, size, "interface '%s': %s", name, strerror(-rc));
		return rc;
	}
	on = config_segment_address6(c, link.addresses6, link.n_addresses6, why, size);
	if (!on)
		return link.n_addresses6 ? -EINVAL : -EADDRNOTAVAIL;
	*ret = *on;
	return 0;
}

int segment6_describe(const struct config_segment *c, const struct guest_network *net,
	struct segment *seg, char *why, size_t why_size)
{
	bool routes = c->six.router == CONFIG_ROUTER_YES ||
		(c->six.router == CONFIG_ROUTER_AUTO && net && net->forward);
	struct link_address on;
	int rc;

	seg->six = (struct segment6){0};
	if (!segment6_wanted(c, net))
		return 0;
	rc = net && !net->bridged ? of_network(c, net, &on, why, why_size)
				  : of_interface(c, seg->ifname, &on, why, why_size);
	if (rc)
		return rc;
	seg->six = (struct segment6){.server = on.ip,
		.prefix_len = on.prefix_len,
		.router_s = routes ? SEGMENT_ROUTER_S : 0,
		.autonomous = c->six.autonomous,
		.yields = c->mode == SEGMENT_AUTO && (!net || net->bridged)};
	fill_pool(seg, &c->six);
	fill_told(&seg->six, &c->six);
	return 0;
}

void segment6_relayed(struct network *nw, const struct segment *link)
{
	const struct segments *all = &nw->base->segments;

	for (size_t i = 0; i < all->count; i++) {
		struct segment *seg = all->all[i];
		const struct config_segment *c = config_segment_of(&nw->base->config, seg->name);

		if (seg->via != link->id || !c || !c->six.on)
			continue;
		seg->six = (struct segment6){0};
		if (!ip_is_set(&link->six.server))
			continue;
		seg->six = (struct segment6){.server = link->six.server,
			.subnet = c->six.subnet,
			.prefix_len = c->six.prefix_len};
		fill_pool(seg, &c->six);
		fill_told(&seg->six, &c->six);
	}
}

bool segment6_is_there(const struct segment *seg, const struct link_state *link)
{
	for (size_t i = 0; i < link->n_addresses6; i++)
		if (ip_eq(&link->addresses6[i].ip, &seg->six.server) &&
			link->addresses6[i].prefix_len == seg->six.prefix_len)
			return true;
	return !ip_is_set(&seg->six.server);
}

bool segment6_is_same(const struct segment6 *a, const struct segment6 *b)
{
	return ip_eq(&a->server, &b->server) && a->prefix_len == b->prefix_len &&
		a->router_s == b->router_s;
}

/* --- sockets -------------------------------------------------------------------------------------------------------- */

void segment6_close(struct network *nw, const struct segment *seg)
{
	tftpd_close_family(nw->tftpd, seg->id, IP_V6);
	httpd_close_family(nw->httpd, seg->id, IP_V6);
	syslogd_close_family(nw->syslogd, seg->id, IP_V6);
}

static void say_not(struct network *nw, const struct segment *seg, const char *why)
{
	struct served *d = &nw->served[seg->id - 1];

	if (!strcmp(d->no_ipv6, why))
		return;
	snprintf(d->no_ipv6, sizeof d->no_ipv6, "%s", why);
	log_warn("%s: IPv6 is not served: %s", seg->name, why);
	timeline_add(
		nw->base->timeline, "", "network", "%s: IPv6 is not served: %s", seg->name, why);
}

void segment6_open(struct network *nw, struct segment *seg, int rc, const char *why)
{
	struct served *d = &nw->served[seg->id - 1];
	char line[SERVED_WHY];

	snprintf(line, sizeof line, "%s", rc ? why : "");
	if (!rc && ip_is_set(&seg->six.server)) {
		rc = tftpd_open(
			nw->tftpd, seg->id, seg->ifname, &seg->six.server, line, sizeof line);
		if (!rc)
			rc = httpd_open_tcp(nw->httpd, seg->id, seg->ifname, &seg->six.server,
				seg->http_port, line, sizeof line);
		if (!rc)
			links_open_log(nw, seg, &seg->six.server);
	}
	if (rc) {
		segment6_close(nw, seg);
		seg->six = (struct segment6){0};
		say_not(nw, seg, line);
	} else {
		d->no_ipv6[0] = '\0';
	}
	segment6_relayed(nw, seg);
}
