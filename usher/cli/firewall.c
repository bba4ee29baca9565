/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/firewall.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 16 }; /* nft's own */

/* Does a match hold for this packet? */
enum holds { NO, MAYBE, YES };
/* What a chain makes of it. MAY_RETURN: a rule that may have sent it back, of which the rest of its chain is not sure. */
enum fate { ON, MAY_RETURN, RETURN, ACCEPT, DROP };

struct walk {
	json_t *objects;
	const struct firewall_packet *packet;
	const char *family, *table;
	const char *dropped_in; /* chain */
};

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static enum holds not(enum holds h) { return h == YES ? NO : h == NO ? YES : MAYBE; }

/* Names may end in '*'. */
static bool name_is(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	if (n && pattern[n - 1] == '*')
		return !strncmp(pattern, name, n - 1);
	return !strcmp(pattern, name);
}

static enum holds name_in(const json_t *right, const char *name)
{
	const json_t *v;
	size_t i;

	if (json_is_string(right))
		return *json_string_value(right) == '@'           ? MAYBE
			: name_is(json_string_value(right), name) ? YES
								  : NO;
	right = json_is_object(right) ? json_object_get(right, "set") : right;
	if (!json_is_array(right))
		return MAYBE;
	json_array_foreach(right, i,
		v) if (json_is_string(v) && name_is(json_string_value(v), name)) return YES;
	return NO;
}

static enum holds port_in(const json_t *right, unsigned port)
{
	const json_t *range = json_object_get(right, "range"), *set = json_object_get(right, "set"),
		     *v;
	size_t i;

	if (json_is_integer(right))
		return json_integer_value(right) == port ? YES : NO;
	if (range)
		return json_integer_value(json_array_get(range, 0)) <= port &&
				port <= json_integer_value(json_array_get(range, 1))
			? YES
			: NO;
	if (!json_is_array(set))
		return MAYBE;
	json_array_foreach(set, i, v) if (port_in(v, port) != NO) return YES;
	return NO;
}

static enum holds protocol_in(const json_t *right, const char *protocol)
{
	unsigned number = strcmp(protocol, "tcp") ? 17 : 6;

	return json_is_integer(right) ? port_in(right, number) : name_in(right, protocol);
}

/* A header of layer 4 that this packet does not have; "th" is of any. */
static bool other_protocol(const struct walk *w, const char *protocol)
{
	static const char *const all[] = {"tcp", "udp", "icmp", "icmpv6", "igmp", "sctp", "dccp",
		"udplite", "ah", "esp", "comp"};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(all[i], protocol))
			return strcmp(protocol, w->packet->protocol) != 0;
	return false;
}

static enum holds left_holds(const struct walk *w, const json_t *left, const json_t *right)
{
	const json_t *meta = json_object_get(left, "meta"), *ct = json_object_get(left, "ct"),
		     *payload = json_object_get(left, "payload");
	const char *key = text(meta, "key"), *field = text(payload, "field"),
		   *of = text(payload, "protocol");

	if (!strcmp(key, "iifname") || !strcmp(key, "iif"))
		return name_in(right, w->packet->ifname);
	if (!strcmp(key, "l4proto"))
		return protocol_in(right, w->packet->protocol);
	if (!strcmp(key, "nfproto"))
		return name_in(right, "ipv4");
	if (!strcmp(key, "protocol"))
		return name_in(right, "ip");
	if (!strcmp(text(ct, "key"), "state"))
		return name_in(right, "new");
	if (!strcmp(text(ct, "key"), "status")) /* "dnat", "assured": not yet, of a first packet */
		return name_in(right, "");
	if (!strcmp(of, "ip6") || other_protocol(w, of))
		return NO;
	if (!strcmp(of, "ip") && !strcmp(field, "protocol"))
		return protocol_in(right, w->packet->protocol);
	if (!strcmp(field, "dport"))
		return port_in(right, w->packet->port);
	return MAYBE;
}

static enum holds match_holds(const struct walk *w, const json_t *match)
{
	enum holds h =
		left_holds(w, json_object_get(match, "left"), json_object_get(match, "right"));

	return strcmp(text(match, "op"), "!=") ? h : not(h);
}

/* Does the rule name this packet's port or interface? */
static bool is_particular(const struct walk *w, const json_t *rule)
{
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, e)
	{
		const json_t *match = json_object_get(e, "match"),
			     *left = json_object_get(match, "left");
		const char *field = text(json_object_get(left, "payload"), "field"),
			   *key = text(json_object_get(left, "meta"), "key");

		if (!strcmp(text(json_object_get(e, "xt"), "name"), "multiport") ||
			((!strcmp(field, "dport") || !strcmp(key, "iifname")) &&
				match_holds(w, match) == YES))
			return true;
	}
	return false;
}

/* iptables' own matches say only their names. Those of connections let through what is known already, but where the rule is
 * about such packets: then what is new, too. */
static enum holds xt_holds(const struct walk *w, const json_t *xt, const json_t *rule)
{
	const char *name = text(xt, "name");

	if (strcmp(text(xt, "type"), "match"))
		return YES;
	return (!strcmp(name, "conntrack") || !strcmp(name, "state")) && !is_particular(w, rule)
		? NO
		: MAYBE;
}

/* What ends a rule for some packets, and is no match: how many there are, or were, decides. */
static enum holds statement_holds(const struct walk *w, const json_t *e, const json_t *rule)
{
	static const char *const counts[] = {"limit", "quota", "ct count", "set", "meter"};
	const json_t *match = json_object_get(e, "match"), *xt = json_object_get(e, "xt");

	if (match)
		return match_holds(w, match);
	if (xt)
		return xt_holds(w, xt, rule);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (json_object_get(e, counts[i]))
			return MAYBE;
	return YES;
}

static enum fate walk_chain(struct walk *w, const char *chain, unsigned depth);

static enum fate verdict(struct walk *w, const json_t *statement, const char *chain, unsigned depth)
{
	const json_t *jump = json_object_get(statement, "jump"),
		     *go = json_object_get(statement, "goto");
	const char *target = text(json_object_get(statement, "xt"), "name");
	enum fate f;

	if (json_object_get(statement, "accept") || json_object_get(statement, "queue"))
		return ACCEPT; /* of a queue a program decides */
	if (json_object_get(statement, "return"))
		return RETURN;
	if (json_object_get(statement, "drop") || json_object_get(statement, "reject") ||
		!strcmp(target, "REJECT") || !strcmp(target, "DROP")) {
		w->dropped_in = chain;
		return DROP;
	}
	if (!jump && !go)
		return ON;
	f = walk_chain(w, text(jump ? jump : go, "target"), depth + 1);
	return f != ON && f != RETURN ? f : jump ? ON : RETURN;
}

static bool is_of(const struct walk *w, const json_t *o)
{
	return !strcmp(text(o, "family"), w->family) && !strcmp(text(o, "table"), w->table);
}

/* Of a map: {"set": [[value, verdict], …]}, or "@NAME", which is an object of its table. */
static const json_t *pairs_of(const struct walk *w, const json_t *data)
{
	const char *name = json_string_value(data);
	const json_t *o;
	size_t i;

	if (!name)
		return json_object_get(data, "set");
	json_array_foreach(w->objects, i, o)
	{
		const json_t *map = json_object_get(o, "map");

		if (map && is_of(w, map) && !strcmp(text(map, "name"), name + 1))
			return json_object_get(map, "elem");
	}
	return NULL;
}

/* {"key": …, "data": …} */
static enum fate walk_map(struct walk *w, const json_t *map, const char *chain, unsigned depth)
{
	const json_t *pairs = pairs_of(w, json_object_get(map, "data")), *pair;
	bool may_return = false;
	size_t i;

	json_array_foreach(pairs, i, pair)
	{
		enum holds h = left_holds(w, json_object_get(map, "key"), json_array_get(pair, 0));
		enum fate f = h == NO ? ON : verdict(w, json_array_get(pair, 1), chain, depth);

		if (f == ACCEPT || (f != ON && h == YES))
			return f;
		may_return |= f == RETURN;
	}
	return may_return ? MAY_RETURN : ON;
}

/* What may hold or not counts only when it lets the packet in. */
static enum fate walk_rule(struct walk *w, const json_t *rule, unsigned depth)
{
	const char *chain = text(rule, "chain");
	enum holds all = YES;
	bool may_return = false;
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, e)
	{
		const json_t *map = json_object_get(e, "vmap");
		enum holds h = statement_holds(w, e, rule);
		enum fate f;

		if (h < all)
			all = h;
		if (all == NO)
			return ON;
		f = map ? walk_map(w, map, chain, depth) : verdict(w, e, chain, depth);
		if (f == ACCEPT || (f != ON && all == YES))
			return f;
		may_return |= f == RETURN || f == MAY_RETURN;
	}
	return may_return ? MAY_RETURN : ON;
}

static enum fate walk_chain(struct walk *w, const char *chain, unsigned depth)
{
	bool may_return = false;
	const json_t *o;
	size_t i;

	if (depth > DEPTH_MAX)
		return ACCEPT;
	json_array_foreach(w->objects, i, o)
	{
		const json_t *rule = json_object_get(o, "rule");
		enum fate f;

		if (!rule || !is_of(w, rule) || strcmp(text(rule, "chain"), chain))
			continue;
		f = walk_rule(w, rule, depth);
		may_return |= f == MAY_RETURN;
		if (f == DROP && may_return) /* it may be back already */
			return RETURN;
		if (f != ON && f != MAY_RETURN)
			return f;
	}
	return ON;
}

/* A base chain that a machine's packet to this host goes through. */
static bool is_entry(const json_t *chain, const struct firewall_packet *p)
{
	const char *family = text(chain, "family"), *hook = text(chain, "hook");

	if (strcmp(text(chain, "type"), "filter"))
		return false;
	if (!strcmp(hook, "ingress"))
		return name_in(json_object_get(chain, "dev"), p->ifname) == YES;
	return (!strcmp(hook, "prerouting") || !strcmp(hook, "input")) &&
		(!strcmp(family, "ip") || !strcmp(family, "inet"));
}

/* firewalld's chains are filter_IN_ZONE, and below it filter_IN_ZONE_allow and the like. */
static bool firewalld_zone(const struct walk *w, char *zone, size_t size)
{
	static const char prefix[] = "filter_IN_";
	static const char *const parts[] = {"_pre", "_log", "_deny", "_allow", "_post"};
	size_t n;

	if (strcmp(w->table, "firewalld") || strncmp(w->dropped_in, prefix, sizeof prefix - 1) != 0)
		return false;
	snprintf(zone, size, "%s", w->dropped_in + sizeof prefix - 1);
	n = strlen(zone);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (n > strlen(parts[i]) && !strcmp(zone + n - strlen(parts[i]), parts[i]))
			zone[n - strlen(parts[i])] = '\0';
	return true;
}

static bool has_chain(const struct walk *w, const char *name)
{
	const json_t *o;
	size_t i;

	json_array_foreach(w->objects, i, o)
	{
		const json_t *chain = json_object_get(o, "chain");

		if (chain && is_of(w, chain) && !strcmp(text(chain, "name"), name))
			return true;
	}
	return false;
}

/* By the names of its tables and chains, which are fixed. */
static bool is_iptables(const struct walk *w, const char *entry)
{
	static const char *const all[][2] = {{"raw", "PREROUTING"}, {"mangle", "PREROUTING"},
		{"mangle", "INPUT"}, {"filter", "INPUT"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(w->table, all[i][0]) && !strcmp(entry, all[i][1]))
			return !strcmp(w->family, "ip");
	return false;
}

/* By the tool that made the rules, where that is known: what others put in is gone when it makes them anew. */
static void say_fix(const struct walk *w, const char *entry, char *fix, size_t size)
{
	const struct firewall_packet *p = w->packet;
	bool is_filter = !strcmp(w->table, "filter");
	char zone[128];

	if (firewalld_zone(w, zone, sizeof zone))
		snprintf(fix, size,
			"firewall-cmd --permanent --zone=%s --add-port=%u/%s; firewall-cmd "
			"--reload",
			zone, p->port, p->protocol);
	else if (!strcmp(w->table, "firewalld"))
		snprintf(fix, size,
			"firewall-cmd --permanent --add-port=%u/%s; firewall-cmd --reload", p->port,
			p->protocol);
	else if (has_chain(w, "ufw-user-input"))
		snprintf(fix, size, "ufw allow in on %s to any port %u proto %s", p->ifname,
			p->port, p->protocol);
	else if (is_iptables(w, entry))
		snprintf(fix, size, "iptables%s%s -I %s -i %s -p %s --dport %u -j ACCEPT",
			is_filter ? "" : " -t ", is_filter ? "" : w->table, entry, p->ifname,
			p->protocol, p->port);
	else
		snprintf(fix, size, "nft insert rule %s %s %s iifname %s %s dport %u accept",
			w->family, w->table, entry, p->ifname, p->protocol, p->port);
}

/* Every table's say counts: what one lets in another may drop. */
bool firewall_admits(
	const json_t *ruleset, const struct firewall_packet *p, char *fix, size_t fix_size)
{
	json_t *objects = json_object_get(ruleset, "nftables"), *o;
	size_t i;

	json_array_foreach(objects, i, o)
	{
		const json_t *chain = json_object_get(o, "chain");
		struct walk w = {.objects = objects,
			.packet = p,
			.family = text(chain, "family"),
			.table = text(chain, "table"),
			.dropped_in = text(chain, "name")};
		enum fate f;

		if (!chain || !is_entry(chain, p))
			continue;
		f = walk_chain(&w, text(chain, "name"), 0);
		if (f != DROP)
			w.dropped_in = text(chain, "name"); /* by its policy, if at all */
		if (f == DROP || (f != ACCEPT && !strcmp(text(chain, "policy"), "drop"))) {
			say_fix(&w, text(chain, "name"), fix, fix_size);
			return false;
		}
	}
	return true;
}
