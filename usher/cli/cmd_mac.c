/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher mac: addresses and the MACs computed from them, both ways. Needs no service. */
#include "core/addr.h"
#include "config/config_xml.h"
#include "usher/cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static int mac_print(
	const struct cli_common *o, const struct ip *ip, const struct mac *mac, bool to_mac)
{
	char ip_text[IP_TEXT], mac_text[MAC_TEXT];

	ip_format(ip, ip_text);
	mac_format(mac, mac_text);
	if (o->json)
		printf("{\"address\": \"%s\", \"mac\": \"%s\"}\n", ip_text, mac_text);
	else
		puts(to_mac ? mac_text : ip_text);
	return EXIT_DONE;
}

enum { OPT_PREFIX = 1 };

/* "2001:db8:7a::/64", or without a length the same. */
static bool take_prefix(const char *text, struct config_subnet *ret)
{
	char whole[IP_TEXT + 4];

	snprintf(whole, sizeof(whole), "%.*s/%d", IP_TEXT - 1, text, SEGMENT_PREFIX6);
	return config_subnet6(strchr(text, '/') ? text : whole, ret);
}

/* An IPv6 address has the IPv4 one in its low 32 bits, and all zero between that and its prefix. */
static int mac_from_either(const struct ip *ip, unsigned prefix_len, struct mac *ret)
{
	struct ip v4 = *ip;
	int rc = ip->family == IP_V6 ? ip6_to_v4(ip, prefix_len, ip, &v4) : 0;

	return rc ? rc : mac_from_ip(&v4, ret);
}

static int run_mac(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"prefix", required_argument, NULL, OPT_PREFIX}, CLI_COMMON_OPTIONS, {0}};
	struct config_subnet prefix = {.prefix_len = SEGMENT_PREFIX6};
	struct ip ip, v4;
	struct cli_common o;
	struct mac mac;
	int opt;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) == OPT_PREFIX)
		if (!take_prefix(optarg, &prefix))
			return cli_usage(c,
				"--prefix takes an IPv6 prefix of 64 to 96 bits, with nothing set behind it, as "
				"2001:db8:7a::/64, not '%s'",
				optarg);
	if (opt != -1 || argc - optind != 1)
		return cli_usage(c, "takes one address or one MAC");
	if (!ip_parse(argv[optind], &ip)) {
		if (mac_from_either(&ip, prefix.prefix_len, &mac))
			return cli_fail("%s has no computed MAC: of IPv6 addresses only those "
					"have one whose bits between the prefix and the last 32 "
					"are zero",
				argv[optind]);
		return mac_print(&o, &ip, &mac, true);
	}
	if (!mac_parse(argv[optind], &mac)) {
		if (mac_to_ip(&mac, &ip))
			return cli_fail(
				"%s is not computed from an address: it does not begin with 52:54",
				argv[optind]);
		v4 = ip;
		if (ip_is_set(&prefix.address))
			(void)ip6_from_v4(&prefix.address, prefix.prefix_len, &v4, &ip);
		return mac_print(&o, &ip, &mac, false);
	}
	return cli_usage(c, "'%s' is neither an address nor a MAC", argv[optind]);
}

const struct command cmd_mac = {
	.name = "mac",
	.arguments = "[--prefix PREFIX/64] ADDRESS|MAC",
	.summary = "print the MAC computed from an address, or the reverse",
	.help = "  --prefix PREFIX/64   of a MAC: its IPv6 address with this prefix\n" CLI_COMMON_HELP,
	.run = run_mac,
};
