/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /api/v1/networks: libvirt's networks and who leases there; making and removing those of usher. libvirt is asked by a
 * guest worker; what is served follows its answer.
 */
#include "service/network/networks_api.h"
#include "service/network/network.h"
#include "service/network/links.h"
#include "service/network/segments.h"
#include "service/network/networks.h"
#include "service/base/reply.h"
#include "service/network/networks_complete.h"

#include "core/clock.h"
#include "guest/network_make.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request that waits for libvirt. */
struct networking {
	struct networking *next;
	struct network *nw;
	struct http_request *request;
	char name[64], lab[64]; /* making: the lab that it is for, or "" */
};

static struct networking *networking_new(
	struct network *nw, struct http_request *r, const char *name)
{
	struct networking *n = calloc(1, sizeof *n);

	if (!n) {
		http_respond_error(r, 500, "out of memory");
		return NULL;
	}
	*n = (struct networking){.next = nw->net_jobs, .nw = nw, .request = r};
	snprintf(n->name, sizeof n->name, "%s", name);
	nw->net_jobs = n;
	http_hold(r, HTTP_HOLD_MS);
	return n;
}

static void networking_free(struct networking *n)
{
	struct networking **at = &n->nw->net_jobs;

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	free(n);
}

static void networking_fail(struct networking *n, int rc, const char *why)
{
	unsigned status = rc == -ENOTCONN ? 503
		: rc == -ENOENT           ? 404
		: rc == -EEXIST || rc == -EADDRINUSE || rc == -EPERM || rc == -EBUSY ||
			rc == -ENOSPC
		? 409
		: rc == -EINVAL ? 422
				: 500;

	http_respond_error(n->request, status, "%s", why);
	networking_free(n);
}

void networks_drop_all(struct network *nw)
{
	while (nw->net_jobs)
		networking_fail(nw->net_jobs, -ENOTCONN, "the service is stopping");
}

/* What is told */

static bool has_card(const struct machine *m, const char *network)
{
	for (size_t i = 0; i < m->n_nics; i++)
		if (!strcmp(m->nics[i].segment, network))
			return true;
	return false;
}

static size_t count_machines(struct network *nw, const char *network)
{
	struct machine *m = NULL;
	size_t n = 0;

	while ((m = machines_next(nw->base->machines, m)))
		n += has_card(m, network);
	return n;
}

static size_t count_leases(struct network *nw, const struct segment *seg)
{
	int64_t now = clock_steady_ms();
	const struct lease **list;
	size_t n, live = 0;

	if (!seg || leases_list(dhcpd_leases(nw->dhcpd), &list, &n))
		return 0;
	for (size_t i = 0; i < n; i++)
		live += list[i]->segment == seg->id && lease_is_live(list[i], now);
	free(list);
	return live;
}

static const char *who_leases(
	const struct network *nw, const struct guest_network *n, const struct segment *seg)
{
	if (!n->active)
		return "nobody";
	if (n->dhcp)
		return "libvirt";
	if (seg && dhcpd_is_open(nw->dhcpd, seg))
		return seg->mode == SEGMENT_OWN ? "usher" : "other";
	return "nobody";
}

/* What is wrong with a network that is ours or served, and the fix; "" when nothing is. */
static void find_problem(const struct network *nw, const struct guest_network *n,
	const struct segment *seg, bool there, char *buf, size_t size)
{
	bool ours = networks_find(&nw->networks, n->name);

	buf[0] = '\0';
	if (!ours && !seg)
		return;
	if (!there)
		snprintf(buf, size, "libvirt has no such network: %s %s",
			ours ? "usher network create" : "virsh net-define", ours ? n->name : "");
	else if (!n->active)
		snprintf(buf, size, "not active: virsh net-start %s", n->name);
	else if (seg && !dhcpd_is_open(nw->dhcpd, seg))
		snprintf(buf, size, "not served: see usher's log");
	else if (!n->persistent)
		snprintf(buf, size, "active but undefined, so it is lost when it stops: %s %s",
			ours ? "usher network create" : "virsh net-define", ours ? n->name : "");
	else if (!n->autostart)
		snprintf(buf, size, "not started with the host: virsh net-autostart %s", n->name);
}

/* What the store has as "" and 0. */
static void null_for_none(json_t *network)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(network, next, key, v)
	{
		if ((json_is_string(v) && !json_string_length(v)) ||
			(json_is_integer(v) && !json_integer_value(v)))
			json_object_set_new(network, key, json_null());
	}
}

json_t *networks_others(struct network *nw, const struct segment *seg)
{
	struct dhcpd_server heard[DHCPD_OTHERS_MAX];
	size_t n = seg ? dhcpd_others(nw->dhcpd, seg, heard) : 0;
	json_t *all = json_array();
	char ip[IP_TEXT], mac[MAC_TEXT];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all,
			json_pack("{s:s, s:s, s:b}", "address", ip_format(&heard[i].address, ip),
				"mac", mac_format(&heard[i].mac, mac), "forged", heard[i].forged));
	return all;
}

static json_t *network_json(struct network *nw, const struct guest_network *n, bool there)
{
	const struct segment *seg = segments_by_name(&nw->base->segments, n->name);
	const struct guest_network_spec *ours = networks_find(&nw->networks, n->name);
	struct guest_network_spec spec = network_make_spec(n);
	char problem[256], ip[IP_TEXT];
	json_t *j;

	if (ours)
		memcpy(spec.lab, ours->lab, sizeof spec.lab);
	j = network_to_json(&spec);
	null_for_none(j);

	find_problem(nw, n, seg, there, problem, sizeof problem);
	json_object_update_new(j,
		json_pack("{s:s?, s:s?, s:b, s:b, s:b, s:b, s:s, s:o, s:I, s:I, s:s?}", "bridge",
			json_some(n->bridge), "address",
			ip_is_set(&n->address) ? ip_format(&n->address, ip) : NULL, "active",
			n->active, "autostart", n->autostart, "made_by_usher", n->ours || ours,
			"serving", seg && dhcpd_is_open(nw->dhcpd, seg), "leases_by",
			who_leases(nw, n, seg), "others", networks_others(nw, seg), "leases",
			(json_int_t)(n->dhcp ? n->leases : count_leases(nw, seg)), "machines",
			(json_int_t)count_machines(nw, n->name), "problem", json_some(problem)));
	return j;
}

static bool is_among(const char *name, const struct guest_network *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].name, name))
			return true;
	return false;
}

/* What we made, or were told to serve, and libvirt has not. */
static void add_missing(struct network *nw, json_t *to, const struct guest_network *all, size_t n)
{
	for (size_t i = 0; i < nw->base->config.n_segments; i++) {
		const struct config_segment *c = &nw->base->config.segments[i];
		const struct guest_network_spec *spec = networks_find(&nw->networks, c->name);
		struct guest_network gone = {0};

		if (!c->is_network || is_among(c->name, all, n))
			continue;
		snprintf(gone.name, sizeof gone.name, "%s", c->name);
		if (spec) {
			if (!spec->ipv6_only)
				gone.address = ip_from_v4(spec->subnet.net + 1);
			gone.prefix_len = spec->subnet.len;
			gone.address6 = spec->prefix6;
			gone.prefix_len6 = GUEST_NETWORK_PREFIX6;
			gone.mtu = spec->mtu;
			memcpy(gone.forward_mode, spec->forward, sizeof gone.forward_mode);
			memcpy(gone.domain, spec->domain, sizeof gone.domain);
		}
		json_array_append_new(to, network_json(nw, &gone, false));
	}
}

static void on_list(void *arg, int rc, const struct guest_network *all, size_t n, const char *why)
{
	struct networking *w = arg;
	struct network *nw = w->nw;
	json_t *list;

	if (rc) {
		networking_fail(w, rc, why);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, network_json(nw, &all[i], true));
	add_missing(nw, list, all, n);
	http_respond_json(w->request, 200, json_pack("{s:o}", "networks", list));
	networking_free(w);
}

static void list_handle(struct network *nw, struct http_request *r)
{
	struct networking *w = networking_new(nw, r, "");

	if (w && guest_networks(nw->hosts->own, on_list, w))
		networking_fail(w, -ENOMEM, "out of memory");
}

/* Making */

/* Nothing is said where it was as wanted. */
static void tell_made(struct network *nw, const struct guest_network *net)
{
	const struct guest_network_spec spec = network_make_spec(net);
	char subnet[SUBNET_TEXT], prefix[IP_TEXT];
	bool six = ip_is_set(&spec.prefix6);

	if (net->made)
		timeline_add(nw->base->timeline, "", "network",
			"network %s made: %s%s%s%s, forward %s, on %s", net->name,
			subnet_format(&spec.subnet, subnet), six && *subnet ? ", " : "",
			ip_format(&spec.prefix6, prefix), six ? "/64" : "", spec.forward,
			net->bridge);
}

static void on_made(void *arg, int rc, const struct guest_network *net, const char *why)
{
	struct guest_network_spec spec = network_make_spec(net);
	const struct guest_network_spec *old;
	struct networking *w = arg;
	struct network *nw = w->nw;
	char line[256];

	memcpy(spec.lab, w->lab, sizeof spec.lab);
	old = networks_find(&nw->networks, net->name);
	spec.made_at = old ? old->made_at : clock_wall_ms();
	if (!rc) {
		rc = segment_come(nw, net->name, line, sizeof line);
		why = line;
	}
	if (!rc && (rc = networks_put(&nw->networks, &spec)))
		snprintf(line, sizeof line, "network '%s' is made and cannot be remembered: %s",
			net->name, strerror(-rc));
	if (rc) {
		networking_fail(w, rc, why);
		return;
	}
	links_refresh(nw, net);
	tell_made(nw, net);
	reply_committed(
		nw->base->store, w->request, net->made ? 201 : 200, network_json(nw, net, true));
	networking_free(w);
}

static void make_handle(struct network *nw, struct http_request *r)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	struct guest_network_spec spec;
	struct networking *w;
	char why[512];
	int rc;

	if (!json_is_object(body)) {
		http_respond_error(r, 400, "the request is not a JSON object");
		json_decref(body);
		return;
	}
	rc = network_from_json(body, &spec, why, sizeof why);
	json_decref(body);
	if (rc) {
		http_respond_error(r, 422, "%s", why);
		return;
	}
	w = networking_new(nw, r, spec.name);
	if (!w)
		return;
	rc = networks_complete(nw, &spec, why, sizeof why);
	memcpy(w->lab, spec.lab, sizeof w->lab);
	if (rc)
		networking_fail(w, rc, why);
	else if (guest_network_make(nw->hosts->own, &spec, on_made, w))
		networking_fail(w, -ENOMEM, "out of memory");
}

/* Removing */

static void on_dropped(void *arg, int rc, const char *why)
{
	struct networking *w = arg;
	struct network *nw = w->nw;
	const struct segment *seg = segments_by_name(&nw->base->segments, w->name);
	bool known = networks_find(&nw->networks, w->name);

	if (rc == -ENOENT && known)
		rc = 0;
	if (rc) {
		if (seg && known)
			links_stay(nw, seg);
		networking_fail(w, rc, why);
		return;
	}
	segment_go(nw, w->name);
	(void)networks_remove(&nw->networks, w->name);
	timeline_add(nw->base->timeline, "", "network", "network %s deleted", w->name);
	reply_committed(nw->base->store, w->request, 200, json_pack("{s:s}", "deleted", w->name));
	networking_free(w);
}

/* Somebody is put there, or has a card there. False: answered. */
static bool may_go(struct network *nw, struct http_request *r, const char *name)
{
	const struct machine *coming = reserved_on(nw->base->reserved, name);
	size_t n = count_machines(nw, name);
	struct machine *m = NULL;

	if (coming) {
		http_respond_error(r, 409, "network '%s' is in use: %s is being created there",
			name, coming->name);
		return false;
	}
	if (!n)
		return true;
	while ((m = machines_next(nw->base->machines, m)) && !has_card(m, name))
		;
	if (n == 1)
		http_respond_error(r, 409,
			"network '%s' is in use: machine %s has a network card there; 'usher "
			"delete %s' first",
			name, m->name, m->name);
	else
		http_respond_error(r, 409,
			"network '%s' is in use: machine %s and %zu others have network cards "
			"there; 'usher delete' them first",
			name, m->name, n - 1);
	return false;
}

static void drop_handle(struct network *nw, struct http_request *r, const char *name)
{
	const struct segment *seg = segments_by_name(&nw->base->segments, name);
	const struct config_segment *c = config_segment_of(&nw->base->config, name);
	struct networking *w;

	if (c && !c->remembered && networks_find(&nw->networks, name)) {
		http_respond_error(r, 409,
			"network '%s' is named in usher.xml or by --network: remove it there and "
			"restart the service",
			name);
		return;
	}
	if (!may_go(nw, r, name) || !(w = networking_new(nw, r, name)))
		return;
	if (seg && networks_find(&nw->networks, name))
		links_leave(nw, seg);
	if (guest_network_drop(nw->hosts->own, name, on_dropped, w))
		on_dropped(w, -ENOMEM, "out of memory");
}

void networks_handle(struct network *nw, struct http_request *r, const char *rest)
{
	bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;

	if (!*rest && get)
		list_handle(nw, r);
	else if (!*rest && r->method == HTTP_POST)
		make_handle(nw, r);
	else if (*rest == '/' && rest[1] && !strchr(rest + 1, '/') && r->method == HTTP_DELETE)
		drop_handle(nw, r, rest + 1);
	else
		http_respond_error(r, 404, "%s %s: there is no such call",
			http_method_name(r->method), r->path);
}
