/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/network/networks.h"
#include "guest/network_make.h"

#include "core/log.h"
#include "config/config_xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MTU_MIN = 576, MTU_MAX = 65535 }; /* RFC 791: what every host takes */

static int wrong(char *why, size_t size, const char *what, const char *is, const char *expected)
{
	snprintf(why, size, "%s '%.80s': %s", what, is, expected);
	return -EINVAL;
}

static bool is_name(const char *text)
{
	if (!isalnum((unsigned char)*text))
		return false;
	while (isalnum((unsigned char)*text) || (*text && strchr("._-", *text)))
		text++;
	return !*text;
}

static int take_texts(struct guest_network_spec *n, const char *name, const char *forward,
	const char *domain, char *why, size_t size)
{
	if (!is_name(name) || snprintf(n->name, sizeof n->name, "%s", name) >= (int)sizeof n->name)
		return wrong(why, size, "network", name,
			"expected at most 63 letters, digits, '.', '_' and '-', with a letter or "
			"digit first");
	if (*forward && strcmp(forward, "none") && strcmp(forward, "nat") &&
		strcmp(forward, "route"))
		return wrong(why, size, "forward", forward, "expected none, nat or route");
	snprintf(n->forward, sizeof n->forward, "%s", forward);
	if (!config_is_domain(domain) ||
		snprintf(n->domain, sizeof n->domain, "%s", domain) >= (int)sizeof n->domain)
		return wrong(why, size, "domain", domain, "expected a DNS domain, as lab.example");
	return 0;
}

/* "2001:db8:78::/64" */
static int take_prefix6(struct guest_network_spec *n, const char *text, char *why, size_t size)
{
	struct config_subnet s;

	if (!config_subnet6(text, &s) || s.prefix_len != GUEST_NETWORK_PREFIX6)
		return wrong(why, size, "ipv6", text,
			"expected a prefix of 64 bits, as fd00:78::/64, with all zero behind it");
	n->prefix6 = s.address;
	return 0;
}

static const char *prefix6_text(const struct guest_network_spec *n, char *buf, size_t size)
{
	char ip[IP_TEXT];

	snprintf(
		buf, size, "%s%s", ip_format(&n->prefix6, ip), ip_is_set(&n->prefix6) ? "/64" : "");
	return buf;
}

int network_from_json(json_t *j, struct guest_network_spec *ret, char *why, size_t size)
{
	const char *name = "", *subnet = "", *forward = "", *domain = "", *lab = "", *ipv6 = "";
	json_int_t mtu = 0, made = 0;
	int only = false, rc;
	char text[24];

	*ret = (struct guest_network_spec){0};
	if (json_unpack(j, "{s:s, s?s, s?s, s?b, s?s, s?s, s?I, s?s, s?I !}", "name", &name,
		    "subnet", &subnet, "ipv6", &ipv6, "ipv6_only", &only, "forward", &forward,
		    "domain", &domain, "mtu", &mtu, "lab", &lab, "made", &made)) {
		snprintf(why, size, "expected a network's name, and optionally its other fields");
		return -EINVAL;
	}
	rc = take_texts(ret, name, forward, domain, why, size);
	if (!rc && *subnet)
		rc = subnet_parse(subnet, &ret->subnet, why, size);
	if (!rc && *ipv6)
		rc = take_prefix6(ret, ipv6, why, size);
	ret->ipv6_only = only;
	if (!rc && only && (!*ipv6 || *subnet)) {
		snprintf(why, size,
			"a network of IPv6 alone takes a prefix, as fd00:78::/64, and no subnet");
		rc = -EINVAL;
	}
	snprintf(text, sizeof text, "%lld", (long long)mtu);
	if (!rc && mtu && (mtu < MTU_MIN || mtu > MTU_MAX))
		rc = wrong(why, size, "mtu", text, "expected bytes from 576 to 65535");
	ret->mtu = (uint16_t)mtu;
	ret->made_at = made;
	if (!rc && snprintf(ret->lab, sizeof ret->lab, "%s", lab) >= (int)sizeof ret->lab)
		rc = wrong(why, size, "lab", lab, "expected a name of at most 63 bytes");
	return rc;
}

json_t *network_to_json(const struct guest_network_spec *n)
{
	char subnet[SUBNET_TEXT], ipv6[IP_TEXT + 4];

	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:i, s:s}", "name", n->name, "subnet",
		subnet_format(&n->subnet, subnet), "ipv6", prefix6_text(n, ipv6, sizeof ipv6),
		"ipv6_only", n->ipv6_only, "forward", n->forward, "domain", n->domain, "mtu",
		(int)n->mtu, "lab", n->lab);
}

static struct guest_network_spec *find(struct networks *ns, const char *name)
{
	for (size_t i = 0; i < ns->count; i++)
		if (!strcmp(ns->all[i].name, name))
			return &ns->all[i];
	return NULL;
}

const struct guest_network_spec *networks_find(const struct networks *ns, const char *name)
{
	return find((struct networks *)ns, name);
}

static int load_one(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	json_t *j = json_loadb(value, len, 0, NULL);
	struct networks *ns = arg;
	struct guest_network_spec n;
	char why[256] = "it is no JSON";
	int rc = j ? network_from_json(j, &n, why, sizeof why) : -EINVAL;

	json_decref(j);
	if (rc)
		log_warn("cannot read network '%.*s' from the store (%s): create it again",
			(int)key_len, (const char *)key, why);
	else if (ns->count < SEGMENT_MAX)
		ns->all[ns->count++] = n;
	return 0;
}

/* The first that was made is the first that is served, as it was before the restart. */
static int by_age(const void *a, const void *b)
{
	const struct guest_network_spec *x = a, *y = b;

	if (x->made_at != y->made_at)
		return x->made_at < y->made_at ? -1 : 1;
	return strcmp(x->name, y->name);
}

int networks_load(struct networks *ns, struct store *store, char *why, size_t why_size)
{
	int rc;

	ns->store = store;
	rc = store_load(store, STORE_NETWORK, load_one, ns);
	if (rc)
		snprintf(why, why_size, "networks: %s", strerror(-rc));
	qsort(ns->all, ns->count, sizeof *ns->all, by_age);
	return rc;
}

static bool is_same(const struct guest_network_spec *a, const struct guest_network_spec *b)
{
	return subnet_eq(&a->subnet, &b->subnet) && ip_eq(&a->prefix6, &b->prefix6) &&
		a->ipv6_only == b->ipv6_only && !strcmp(a->forward, b->forward) &&
		!strcmp(a->domain, b->domain) && a->mtu == b->mtu && !strcmp(a->lab, b->lab);
}

int networks_put(struct networks *ns, const struct guest_network_spec *n)
{
	struct guest_network_spec *there = find(ns, n->name);
	json_t *j;
	char *text;
	int rc;

	if (there && is_same(there, n))
		return 0;
	if (!there && ns->count == SEGMENT_MAX)
		return -ENOSPC;
	j = network_to_json(n);
	if (j && n->made_at)
		json_object_set_new(j, "made", json_integer(n->made_at));
	text = j ? json_dumps(j, JSON_COMPACT) : NULL;
	rc = text
		? store_put(ns->store, STORE_NETWORK, n->name, strlen(n->name), text, strlen(text))
		: -ENOMEM;
	if (!rc)
		*(there ? there : &ns->all[ns->count++]) = *n;
	json_decref(j);
	free(text);
	return rc;
}

int networks_remove(struct networks *ns, const char *name)
{
	struct guest_network_spec *n = find(ns, name);
	int rc = n ? store_delete(ns->store, STORE_NETWORK, name, strlen(name)) : 0;

	if (!n || rc)
		return rc;
	ns->count--;
	memmove(n, n + 1, (size_t)(ns->all + ns->count - n) * sizeof *n);
	return 0;
}
