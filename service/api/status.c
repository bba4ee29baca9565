/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/status.h"
#include "service/api/api.h"
#include "service/api/survey.h"
#include "service/base/reply.h"
#include "service/logs/logs.h"
#include "service/network/networks_api.h"

#include "core/json.h"

#include <string.h>
#include <unistd.h>

static void set_count(json_t *j, const char *state, size_t n)
{
	if (n)
		json_object_set_new(j, state, json_integer((json_int_t)n));
}

/* Those that there are none of are left out. A template is in no state: the census leaves it out. */
static json_t *states_json(const struct survey *found)
{
	const struct census *census = machines_census(found->api->base->machines);
	json_t *j = json_object();

	for (size_t i = 0; i < LIFE_STATES; i++)
		set_count(j, life_state_name((enum life_state)i), census->states[i]);
	set_count(j, "template", found->templates);
	return j;
}

/* Addresses of the pool, and how many of them nobody else can have now: machines' own, leased ones, offers. null: it has
 * no pool. */
static json_t *pool_json(
	const struct survey *found, const struct segment *seg, enum ip_family family)
{
	uint32_t first, last;

	if (!segment_pool(seg, family, &first, &last))
		return json_null();
	return json_pack("{s:I, s:I}", "size", (json_int_t)last - first + 1, "used",
		(json_int_t)found->used[seg->id - 1][family == IP_V6]);
}

/* NULL, as JSON: not wanted; only "problem": it cannot be served. */
static json_t *segment6_json(const struct survey *found, const struct segment *seg)
{
	char ip[IP_TEXT], first[IP_TEXT] = "", last[IP_TEXT] = "", url[128];
	const char *problem = found->api->network->served[seg->id - 1].no_ipv6;
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
		pool_json(found, seg, IP_V6), "url", url, "router", seg->six.router_s != 0,
		"autonomous", seg->six.autonomous, "leases", dhcpd_leases6(found->api->dhcpd, seg));
}

static json_t *segment_json(const struct survey *found, const struct segment *seg)
{
	char ip[IP_TEXT], net[IP_TEXT], first[IP_TEXT] = "", last[IP_TEXT] = "", url[128] = "";
	struct ip a = ip_from_v4(seg->pool_first), b = ip_from_v4(seg->pool_last);
	struct ip subnet = ip_from_v4(segment_net(seg));
	const struct served *served = &found->api->network->served[seg->id - 1];
	bool known = ip_is_set(&seg->server);
	bool only_six = !known && ip_is_set(&seg->six.server);

	if (seg->pool_first) {
		ip_format(&a, first);
		ip_format(&b, last);
	}
	if (segment_is_known(seg))
		segment_base_url(seg, url, sizeof url);
	return json_pack(
		"{s:s, s:b, s:b, s:s?, s:s?, s:s?, s:i, s:s?, s:s?, s:o, s:s?, s:s, s:b, s:s?, s:o, s:o}",
		"name", seg->name, "network", seg->is_network, "relayed", seg->via != 0,
		"interface", json_some(seg->ifname), "server",
		known ? ip_format(&seg->server, ip) : NULL, "subnet",
		known || seg->via ? ip_format(&subnet, net) : NULL, "prefix", (int)seg->prefix_len,
		"pool_first", json_some(first), "pool_last", json_some(last), "pool",
		pool_json(found, seg, IP_V4), "url", json_some(url), "mode",
		segment_mode_name(seg->mode), "serving",
		only_six ? served->link != 0 : dhcpd_is_open(found->api->dhcpd, seg), "problem",
		served->waits ? served->why : NULL, "ipv6", segment6_json(found, seg), "others",
		networks_others(found->api->network, seg));
}

/* null: nobody asks by TLS. */
static json_t *listener_json(struct api *api)
{
	const struct config *c = &api->base->config;
	const struct access *a = api->access;
	char ip[IP_TEXT];

	if (!c->api)
		return json_null();
	return json_pack("{s:s, s:i, s:s?, s:o, s:s?}", "address", ip_format(&c->api_address, ip),
		"port", (int)c->api_port, "fingerprint", json_some(a->certificate.fingerprint),
		"certificate_until", machine_time_json(a->certificate.until * 1000), "problem",
		json_some(a->problem));
}

static void answer(struct survey *found)
{
	struct api *api = found->api;
	struct store_stats st = store_stats(api->base->store);
	struct dhcpd_stats d = dhcpd_stats(api->dhcpd);
	char why[512];
	json_t *segments = json_array();

	for (size_t i = 0; i < api->base->segments.count; i++)
		json_array_append_new(segments, segment_json(found, api->base->segments.all[i]));
	http_respond_json(found->request, 200,
		json_pack(
			"{s:s, s:i, s:o, s:s, s:o, s:o, s:I, s:I, s:o, s:{s:I, s:O}, s:{s:I, s:O}, s:O, s:b, s:o, s:{s:I, s:I, s:I, s:I, s:s?}, "
			"s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:o}",
			"version", USHER_VERSION, "pid", (int)getpid(), "api", listener_json(api),
			"state", api->base->config.state, "started",
			machine_time_json(api->started), "segments", segments, "machines",
			(json_int_t)machines_count(api->base->machines), "guests",
			(json_int_t)found->guests, "states", states_json(found), "troubled",
			"count", (json_int_t)found->troubled, "machines", found->troubles,
			"installing", "count", (json_int_t)found->installing, "machines",
			found->installs, "pools", found->pools, "libvirt",
			guests_connected(api->hosts->own), "libvirts", hosts_json(api->hosts),
			"store", "commits", (json_int_t)st.commits, "transactions",
			(json_int_t)st.transactions, "failures", (json_int_t)st.failures, "backlog",
			(json_int_t)st.backlog, "trouble",
			store_trouble(api->base->store, why, sizeof why) ? why : NULL, "dhcp", "in",
			(json_int_t)d.in, "out", (json_int_t)d.out, "offers", (json_int_t)d.offers,
			"acks", (json_int_t)d.acks, "naks", (json_int_t)d.naks, "malformed",
			(json_int_t)d.malformed, "ignored", (json_int_t)d.ignored, "dropped",
			(json_int_t)d.dropped, "syslog", logs_counts(api->logs)));
}

void status_handle(struct api *api, struct http_request *r)
{
	survey_start(api, r, answer);
}
