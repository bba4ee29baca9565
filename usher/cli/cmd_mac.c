/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher mac: addresses and the MACs computed from them, both ways. Needs no service. */
#include "core/addr.h"
#include "usher/cli/cli.h"

#include <jansson.h>
#include <stdio.h>

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

static int run_mac(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {CLI_COMMON_OPTIONS, {0}};
	struct cli_common o;
	struct mac mac;
	struct ip ip;

	cli_common_init(&o);
	if (cli_getopt(c, &o, argc, argv, options) != -1 || argc - optind != 1)
		return cli_usage(c, "takes one address or one MAC");
	if (!ip_parse(argv[optind], &ip)) {
		if (mac_from_ip(&ip, &mac))
			return cli_fail(
				"%s: only IPv4 addresses have a computed MAC", argv[optind]);
		return mac_print(&o, &ip, &mac, true);
	}
	if (!mac_parse(argv[optind], &mac)) {
		if (mac_to_ip(&mac, &ip))
			return cli_fail(
				"%s is not computed from an address: it does not begin with 52:54",
				argv[optind]);
		return mac_print(&o, &ip, &mac, false);
	}
	return cli_usage(c, "'%s' is neither an IPv4 address nor a MAC", argv[optind]);
}

const struct command cmd_mac = {
	.name = "mac",
	.arguments = "ADDRESS|MAC",
	.summary = "print the MAC computed from an address, or the reverse",
	.help = CLI_COMMON_HELP,
	.run = run_mac,
};
