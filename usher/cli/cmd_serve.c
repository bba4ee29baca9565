/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher serve: options over the configuration file, then the service. */
#include "service/serve.h"
#include "config/config.h"
#include "usher/cli/cli.h"
#include "config/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <string.h>
#include <unistd.h>

enum { OPT_NETWORK = 1, OPT_INTERFACE, OPT_STATE, OPT_USER, OPT_VERBOSE, OPT_HTTP_PORT };

static int absolute(const struct command *c, const char *option, char *to, size_t size)
{
	if (*optarg != '/' || strlen(optarg) >= size)
		return cli_usage(c, "%s takes an absolute path, not '%s'", option, optarg);
	snprintf(to, size, "%s", optarg);
	return 0;
}

static int take_segment(const struct command *c, struct config *cfg, bool is_network)
{
	int rc = config_add_segment(cfg, optarg, is_network);

	return rc ? cli_usage(c, "'%s': %s", optarg, strerror(-rc)) : 0;
}

static int take_option(const struct command *c, struct config *cfg, int opt)
{
	long port;

	switch (opt) {
	case OPT_NETWORK:
	case OPT_INTERFACE:
		return take_segment(c, cfg, opt == OPT_NETWORK);
	case OPT_STATE:
		return absolute(c, "--state", cfg->state, sizeof cfg->state);
	case OPT_USER:
		if (strlen(optarg) >= sizeof cfg->user)
			return cli_usage(c, "--user '%s': no user has a name that long", optarg);
		snprintf(cfg->user, sizeof cfg->user, "%s", optarg);
		return 0;
	case OPT_HTTP_PORT:
		if (!cli_number(optarg, 1, 65535, &port))
			return cli_usage(c, "--http-port takes a port, not '%s'", optarg);
		cfg->http_port = (uint16_t)port;
		return 0;
	case OPT_VERBOSE:
		cfg->log_priority = LOG_DEBUG;
		return 0;
	}
	return 0;
}

static const struct option options[] = {{"network", required_argument, NULL, OPT_NETWORK},
	{"interface", required_argument, NULL, OPT_INTERFACE},
	{"config", required_argument, NULL, 'c'}, {"state", required_argument, NULL, OPT_STATE},
	{"user", required_argument, NULL, OPT_USER},
	{"http-port", required_argument, NULL, OPT_HTTP_PORT},
	{"verbose", no_argument, NULL, OPT_VERBOSE}, CLI_COMMON_OPTIONS, {0}};

/* The file that -c names, else the usual one if it is there. It is read before the options are taken, which go over
 * it: so the options are walked twice. */
static int read_file(const struct command *c, struct config *cfg, int argc, char **argv)
{
	/* one that is there and may not be read is a fault, not a file that is missing */
	const char *path = access(PATH_CONFIG, F_OK) && errno == ENOENT ? NULL : PATH_CONFIG;
	struct cli_common o;
	char why[1024];
	int opt;

	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1)
		if (opt == 'c')
			path = optarg;
	if (optind != argc)
		return cli_usage(c, "'%s' is no option", argv[optind]);
	optind = 1;
	if (path && config_read(cfg, path, why, sizeof why))
		return cli_fail("%s", why);
	return 0;
}

static int run_serve(const struct command *c, int argc, char **argv)
{
	static struct config cfg;
	struct cli_common o;
	int opt, rc;

	config_init(&cfg);
	rc = read_file(c, &cfg, argc, argv);
	cli_common_init(&o);
	o.socket = NULL;
	while (!rc && (opt = cli_getopt(c, &o, argc, argv, options)) != -1)
		rc = take_option(c, &cfg, opt);
	if (rc)
		return rc;
	if (o.socket)
		snprintf(cfg.socket, sizeof cfg.socket, "%s", o.socket);
	return serve(&cfg);
}

const struct command cmd_serve = {
	.name = "serve",
	.arguments = "[-c FILE] [--network NAME]... [--interface IF]...",
	.summary = "run the service, in the foreground",
	.help = "  -c, --config FILE    configuration (" PATH_CONFIG ", if it is there)\n"
		"  --network NAME       serve this libvirt network\n"
		"  --interface IF       serve this interface\n"
		"  --state DIR          where the store is kept (" PATH_STATE ")\n"
		"  --user USER          switch to this user (usher)\n"
		"  --http-port PORT     the port that machines use (8067)\n"
		"  --verbose            log more\n"
		"  --socket PATH        the API's socket (" PATH_SOCKET ")\n"
		"  --help               this text\n",
	.run = run_serve,
};
