/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher network: libvirt's networks and who leases there; making and removing those of usher. */
#include "usher/cli/cli.h"
#include "usher/client/client.h"
#include "usher/client/printed.h"
#include "service/network/networks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_SUBNET = 1, OPT_IPV6, OPT_IPV6_ONLY, OPT_FORWARD, OPT_DOMAIN, OPT_MTU };

struct request {
	const struct command *command;
	struct cli_common common;
	const char *subnet, *ipv6, *forward, *domain;
	long mtu;
	bool ipv6_only;
	bool made_of; /* one of those was given */
};

static const char *text_of(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* Takes the body. */
static int call(
	const struct request *q, const char *method, const char *path, json_t *body, json_t **ret)
{
	return client_once(q->common.socket, method, path, body, ret) ? EXIT_FAILED : EXIT_DONE;
}

/* "usher", "libvirt's dnsmasq", and whoever else was heard. */
static const char *leaser_of(const json_t *n, char *buf, size_t size)
{
	const char *by = text_of(n, "leases_by");
	const json_t *other = json_array_get(json_object_get(n, "others"), 0);

	if (!strcmp(by, "libvirt"))
		by = "libvirt's dnsmasq";
	else if (!strcmp(by, "other"))
		by = "somebody else";
	snprintf(buf, size, "%s%s%s", by, other ? " and " : "", text_of(other, "address"));
	return buf;
}

static const char *subnet_of(const json_t *n, char *buf, size_t size)
{
	(void)buf, (void)size;
	return *text_of(n, "subnet") ? text_of(n, "subnet") : text_of(n, "ipv6");
}

static const struct column columns[] = {{.head = "NAME", .key = "name"},
	{.head = "BRIDGE", .key = "bridge"}, {.head = "SUBNET", .text = subnet_of},
	{.head = "IPV6", .key = "ipv6", .wide = true}, {.head = "FORWARD", .key = "forward"},
	{.head = "DOMAIN", .key = "domain", .wide = true},
	{.head = "MTU", .key = "mtu", .right = true, .wide = true},
	{.head = "LAB", .key = "lab", .wide = true}, {.head = "ACTIVE", .key = "active"},
	{.head = "AUTOSTART", .key = "autostart"}, {.head = "LEASES BY", .text = leaser_of},
	{.head = "LEASES", .key = "leases", .right = true},
	{.head = "MACHINES", .key = "machines", .right = true}, {0}};
static const struct columns table = {.member = "networks", .columns = columns};

static int list(struct request *q)
{
	json_t *reply = NULL, *n;
	size_t i;
	int rc = call(q, "GET", "/networks", NULL, &reply);

	if (!rc)
		rc = cli_list(&q->common, reply);
	if (!q->common.json && !q->common.names)
		json_array_foreach(json_object_get(reply, "networks"), i, n)
		{
			if (*text_of(n, "problem"))
				printf("%s: %s\n", text_of(n, "name"), text_of(n, "problem"));
		}
	json_decref(reply);
	return rc;
}

static void put(json_t *body, const char *key, const char *value)
{
	if (value)
		json_object_set_new(body, key, json_string(value));
}

static int create(struct request *q, const char *name)
{
	json_t *body = json_pack("{s:s}", "name", name), *n = NULL;
	struct guest_network_spec spec;
	char why[512];
	int rc;

	put(body, "subnet", q->subnet);
	put(body, "ipv6", q->ipv6);
	if (q->ipv6_only)
		json_object_set_new(body, "ipv6_only", json_true());
	put(body, "forward", q->forward);
	put(body, "domain", q->domain);
	if (q->mtu)
		json_object_set_new(body, "mtu", json_integer(q->mtu));
	if (network_from_json(body, &spec, why, sizeof why)) {
		json_decref(body);
		return cli_usage(q->command, "%s", why);
	}
	rc = call(q, "POST", "/networks", body, &n);
	if (!rc && q->common.json)
		printed_json(n);
	else if (!rc)
		printf("%s: %s%s%s, forward %s, on %s%s\n", name, text_of(n, "subnet"),
			*text_of(n, "subnet") && *text_of(n, "ipv6") ? ", " : "",
			text_of(n, "ipv6"), text_of(n, "forward"), text_of(n, "bridge"),
			json_is_true(json_object_get(n, "serving")) ? ": usher leases there" : "");
	json_decref(n);
	return rc;
}

static int drop(struct request *q, const char *name)
{
	char path[300], escaped[256];
	json_t *reply = NULL;
	int rc;

	snprintf(path, sizeof path, "/networks/%s", client_escape(name, escaped, sizeof escaped));
	rc = call(q, "DELETE", path, NULL, &reply);
	if (!rc && q->common.json)
		printed_json(reply);
	else if (!rc)
		printf("%s: deleted\n", name);
	json_decref(reply);
	return rc;
}

static int take_option(struct request *q, int opt)
{
	q->made_of = true;
	if (opt == OPT_SUBNET)
		q->subnet = optarg;
	else if (opt == OPT_IPV6)
		q->ipv6 = optarg;
	else if (opt == OPT_IPV6_ONLY)
		q->ipv6_only = true;
	else if (opt == OPT_FORWARD)
		q->forward = optarg;
	else if (opt == OPT_DOMAIN)
		q->domain = optarg;
	else if (!cli_number(optarg, 1, 65535, &q->mtu))
		return cli_usage(q->command, "--mtu takes bytes, not '%s'", optarg);
	return EXIT_DONE;
}

static int run_network(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"subnet", required_argument, NULL, OPT_SUBNET},
		{"ipv6", required_argument, NULL, OPT_IPV6},
		{"ipv6-only", no_argument, NULL, OPT_IPV6_ONLY},
		{"forward", required_argument, NULL, OPT_FORWARD},
		{"domain", required_argument, NULL, OPT_DOMAIN},
		{"mtu", required_argument, NULL, OPT_MTU}, CLI_LIST_OPTIONS, {0}};
	struct request q = {.command = c};
	int opt, rc = EXIT_DONE, n;

	cli_common_init(&q.common);
	q.common.lists = &table;
	while (!rc && (opt = cli_getopt(c, &q.common, argc, argv, options)) != -1)
		rc = take_option(&q, opt);
	if (rc)
		return rc;
	n = argc - optind;
	argv += optind;
	if (n == 2 && !strcmp(argv[0], "create"))
		return create(&q, argv[1]);
	if (q.made_of)
		return cli_usage(c,
			"--subnet, --ipv6, --ipv6-only, --forward, --domain and --mtu go with "
			"create NAME");
	if (n == 2 && !strcmp(argv[0], "delete"))
		return drop(&q, argv[1]);
	if (!n || (n == 1 && !strcmp(argv[0], "list")))
		return list(&q);
	return cli_usage(c, "takes list, create NAME or delete NAME");
}

const struct command cmd_network = {
	.name = "network",
	.arguments =
		"[list] | create NAME [--subnet S] [--ipv6 P [--ipv6-only]] [--forward F] [--domain D] [--mtu N] | "
		"delete NAME",
	.summary = "list libvirt networks and their DHCP servers; create or delete one for a lab",
	.help = "  --subnet ADDRESS/LEN create: its IPv4 subnet (the first free /24 of "
		"10.77.0.0/16)\n"
		"  --ipv6 PREFIX/64     create: IPv6 too, with this prefix; libvirt answers no DNS there\n"
		"  --ipv6-only          create: with --ipv6: no IPv4 there\n"
		"  --forward F          create: none (isolated), nat or route (nat)\n"
		"  --domain D           create: the domain of the network's DNS\n"
		"  --mtu BYTES          create: the MTU of its bridge and its guests' "
		"cards\n" CLI_LIST_HELP,
	.run = run_network,
};
