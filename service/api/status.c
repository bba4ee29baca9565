/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/status.h"
#include "service/api/api.h"
#include "service/base/reply.h"
#include "service/logs/logs.h"
#include "service/network/networks_api.h"

#include "core/clock.h"
#include "core/json.h"

#include <string.h>
#include <unistd.h>

/* What one look at all machines gives. */
struct survey {
	size_t states[LIFE_STATES], templates; /* a template has no state */
	size_t own[SEGMENT_MAX]
		  [2]; /* addresses of machines in the pools of IPv4 and IPv6, by segment id - 1 */
	size_t guests, installing, troubled;
	json_t *installs, *troubles; /* the first of them */
};

/* It goes on only when somebody does something. */
static bool is_troubled(const struct machine *m)
{
	const char *guest = m->guest && m->guest_state ? m->guest_state : "";

	return !m->template &&
		(m->state == LIFE_FAILED || m->attempt.cause || machine_loops(m) ||
			machine_waits(m) || !strcmp(guest, "crashed") || !strcmp(guest, "paused") ||
			!strcmp(guest, "gone"));
}

/* With what it reported last of how far it is: null, if nothing in this attempt. */
static json_t *install_json(struct api *api, const struct machine *m)
{
	const struct timeline_event *e = timeline_last(api->base->timeline, m->name, "progress");
	json_t *j = reply_machine(api->base->timeline, m, false);

	json_object_set_new(
		j, "progress", e && e->at >= m->attempt.armed_at ? reply_event(e) : json_null());
	return j;
}

static void count_addresses(struct api *api, struct survey *t, const struct machine *m)
{
	for (size_t i = 0; i < m->n_nics; i++) {
		const struct segment *seg =
			segments_by_id(&api->base->segments, m->nics[i].segment_id);

		for (size_t k = 0; seg && k < m->nics[i].n_addrs; k++)
			if (segment_in_pool(seg, &m->nics[i].addrs[k]))
				t->own[seg->id - 1][m->nics[i].addrs[k].family == IP_V6]++;
	}
}

static void count_machine(struct api *api, struct survey *t, const struct machine *m)
{
	bool installs = m->state != LIFE_ARMED && life_installs(m->state);

	t->guests += m->guest;
	if (m->template)
		t->templates++;
	else
		t->states[m->state]++;
	count_addresses(api, t, m);
	if (installs && t->installing++ < STATUS_MACHINES)
		json_array_append_new(t->installs, install_json(api, m));
	if (is_troubled(m) && t->troubled++ < STATUS_MACHINES)
		json_array_append_new(t->troubles, reply_machine(api->base->timeline, m, false));
}

static void tally_machines(struct api *api, struct survey *t)
{
	const struct machine *m = NULL;

	*t = (struct survey){.installs = json_array(), .troubles = json_array()};
	while ((m = machines_next(api->base->machines, m)))
		count_machine(api, t, m);
}

/* Those that there are none of are left out. */
static json_t *states_json(const struct survey *t)
{
	json_t *j = json_object();

	for (size_t i = 0; i < LIFE_STATES; i++)
		if (t->states[i])
			json_object_set_new(j, life_state_name((enum life_state)i),
				json_integer((json_int_t)t->states[i]));
	if (t->templates)
		json_object_set_new(j, "template", json_integer((json_int_t)t->templates));
	return j;
}

struct strangers {
	const struct machines *machines;
	uint32_t segment;
};

static bool is_strangers(void *arg, const struct lease *l)
{
	const struct strangers *s = arg;

	return !machines_by_ip(s->machines, s->segment, &l->ip);
}

/* Addresses of the pool, and how many of them nobody else can have now: machines' own, leased ones, offers. null: it has
 * no pool. */
static json_t *pool_json(
	struct api *api, const struct survey *t, const struct segment *seg, enum ip_family family)
{
	struct strangers s = {api->base->machines, seg->id};
	uint32_t first, last;
	size_t used;

	if (!segment_pool(seg, family, &first, &last))
		return json_null();
	used = t->own[seg->id - 1][family == IP_V6] +
		leases_held(
			dhcpd_leases(api->dhcpd), seg, family, clock_steady_ms(), is_strangers, &s);
	return json_pack(
		"{s:I, s:I}", "size", (json_int_t)last - first + 1, "used", (json_int_t)used);
}

/* NULL, as JSON: not wanted; only "problem": it cannot be served. */
static json_t *segment6_json(struct api *api, const struct survey *t, const struct segment *seg)
{
	char ip[IP_TEXT], first[IP_TEXT] = "", last[IP_TEXT] = "", url[128];
	const char *problem = api->network->served[seg->id - 1].no_ipv6;
	uint32_t from, to;
	struct ip a, b;

	if (!ip_is_set(&seg->six.server))
		return *problem ? json_pack("{s:s}", "problem", problem) : json_null();
	if (segment_pool(seg, IP_V6, &from, &to)) {
		a = segment_at(seg, IP_V6, from);
		b = segment_at(seg, IP_V6, to);
		ip_format(&a, first);
		ip_format(&b, last);
	}
	segment_url(seg, &seg->six.server, url, sizeof url);
	return json_pack("{s:s, s:i, s:s?, s:s?, s:o, s:s, s:b, s:b, s:b}", "server",
		ip_format(&seg->six.server, ip), "prefix", (int)seg->six.prefix_len, "pool_first",
		json_some(first), "pool_last", json_some(last), "pool",
		pool_json(api, t, seg, IP_V6), "url", url, "router", seg->six.router_s != 0,
		"autonomous", seg->six.autonomous, "leases", dhcpd_leases6(api->dhcpd, seg));
}

static json_t *segment_json(struct api *api, const struct survey *t, const struct segment *seg)
{
	char ip[IP_TEXT], net[IP_TEXT], first[IP_TEXT] = "", last[IP_TEXT] = "", url[128] = "";
	struct ip a = ip_from_v4(seg->pool_first), b = ip_from_v4(seg->pool_last);
	struct ip subnet = ip_from_v4(segment_net(seg));
	bool known = ip_is_set(&seg->server);
	bool only_six = !known && ip_is_set(&seg->six.server);

	if (seg->pool_first) {
		ip_format(&a, first);
		ip_format(&b, last);
	}
	if (segment_is_known(seg))
		segment_base_url(seg, url, sizeof url);
	return json_pack(
		"{s:s, s:b, s:b, s:s?, s:s?, s:s?, s:i, s:s?, s:s?, s:o, s:s?, s:s, s:b, s:o, s:o}",
		"name", seg->name, "network", seg->is_network, "relayed", seg->via != 0,
		"interface", json_some(seg->ifname), "server",
		known ? ip_format(&seg->server, ip) : NULL, "subnet",
		known || seg->via ? ip_format(&subnet, net) : NULL, "prefix", (int)seg->prefix_len,
		"pool_first", json_some(first), "pool_last", json_some(last), "pool",
		pool_json(api, t, seg, IP_V4), "url", json_some(url), "mode",
		segment_mode_name(seg->mode), "serving",
		only_six ? api->network->served[seg->id - 1].link != 0
			 : dhcpd_is_open(api->dhcpd, seg),
		"ipv6", segment6_json(api, t, seg), "others", networks_others(api->network, seg));
}

static void add_pool(json_t *to, const char *name)
{
	if (name)
		json_object_set_new(to, name, json_true());
}

/* The storage pools that records name: as the keys of an object. */
static json_t *pools_json(struct api *api)
{
	json_t *all = json_object();
	struct machine *m = NULL;

	while ((m = machines_next(api->base->machines, m))) {
		add_pool(all, m->spec.pool);
		for (size_t i = 0; i < m->spec.n_disks; i++)
			add_pool(all, m->spec.disks[i].pool);
	}
	return all;
}

/* null: nobody asks by TLS. */
static json_t *listener_json(struct api *api)
{
	const struct config *c = &api->base->config;
	const struct http_certificate *cert = &api->access->certificate;
	char ip[IP_TEXT];

	if (!c->api)
		return json_null();
	return json_pack("{s:s, s:i, s:s?, s:o}", "address", ip_format(&c->api_address, ip), "port",
		(int)c->api_port, "fingerprint", json_some(cert->fingerprint), "certificate_until",
		machine_time_json(cert->until * 1000));
}

void status_handle(struct api *api, struct http_request *r)
{
	struct store_stats st = store_stats(api->base->store);
	struct dhcpd_stats d = dhcpd_stats(api->dhcpd);
	char why[512];
	json_t *segments = json_array();
	struct survey t;

	tally_machines(api, &t);
	for (size_t i = 0; i < api->base->segments.count; i++)
		json_array_append_new(segments, segment_json(api, &t, api->base->segments.all[i]));
	http_respond_json(r, 200,
		json_pack(
			"{s:s, s:i, s:o, s:s, s:o, s:o, s:I, s:I, s:o, s:{s:I, s:o}, s:{s:I, s:o}, s:o, s:b, s:o, s:{s:I, s:I, s:I, s:I, s:s?}, "
			"s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:o}",
			"version", USHER_VERSION, "pid", (int)getpid(), "api", listener_json(api),
			"state", api->base->config.state, "started",
			machine_time_json(clock_wall_ms() - (clock_mono_ms() - api->started)),
			"segments", segments, "machines",
			(json_int_t)machines_count(api->base->machines), "guests",
			(json_int_t)t.guests, "states", states_json(&t), "troubled", "count",
			(json_int_t)t.troubled, "machines", t.troubles, "installing", "count",
			(json_int_t)t.installing, "machines", t.installs, "pools", pools_json(api),
			"libvirt", guests_connected(api->hosts->own), "libvirts",
			hosts_json(api->hosts), "store", "commits", (json_int_t)st.commits,
			"transactions", (json_int_t)st.transactions, "failures",
			(json_int_t)st.failures, "backlog", (json_int_t)st.backlog, "trouble",
			store_trouble(api->base->store, why, sizeof why) ? why : NULL, "dhcp", "in",
			(json_int_t)d.in, "out", (json_int_t)d.out, "offers", (json_int_t)d.offers,
			"acks", (json_int_t)d.acks, "naks", (json_int_t)d.naks, "malformed",
			(json_int_t)d.malformed, "ignored", (json_int_t)d.ignored, "dropped",
			(json_int_t)d.dropped, "syslog", logs_counts(api->logs)));
}
