/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher create (guests) and enroll (bare metal): the request is put together here, judged by the service. */
#include "usher/cli/cli.h"
#include "usher/cli/enroll_list.h"
#include "usher/cli/label_option.h"
#include "usher/cli/power_password.h"
#include "usher/cli/setting_option.h"
#include "usher/client/client.h"
#include "usher/client/fetching.h"
#include "usher/client/follow.h"
#include "usher/client/judging.h"
#include "core/json.h"
#include "core/privilege.h"
#include "usher/client/request.h"
#include "usher/client/wait.h"

#include "core/wipe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	OPT_PROFILE = 1,
	OPT_NETWORK,
	OPT_IP,
	OPT_MEMORY,
	OPT_VCPUS,
	OPT_DISK,
	OPT_SET,
	OPT_REPLACE,
	OPT_WAIT,
	OPT_MAC,
	OPT_KEY,
	OPT_POWER,
	OPT_PASSWORD_FILE,
	OPT_FROM,
	OPT_LIST,
	OPT_ARM,
	OPT_NO_KEY,
	OPT_POOL,
	OPT_FIRST_BOOT,
	OPT_CPU,
	OPT_FIRMWARE,
	OPT_GRAPHICS,
	OPT_OS_VARIANT,
	OPT_DESCRIPTION,
	OPT_CONNECT,
	OPT_AUTOSTART,
	OPT_DOMAIN,
	OPT_SEALED,
	OPT_UNSEALED,
	OPT_LABEL,
	OPT_NOTE,
};

struct request {
	const struct command *command;
	struct cli_common common;
	struct client *client;
	json_t *body; /* all but the name */
	json_t *keys;
	json_t *nics, *disks; /* as they were said, the first first */
	bool wait, no_key;
	const char *password_file, *list;
	char **names;
	size_t n_names;
	int failures;
};

static int take_memory(struct request *r)
{
	json_int_t bytes = request_size(optarg, 1 << 20);

	if (bytes < 1 << 20)
		return cli_usage(
			r->command, "--memory takes a size like 2048M or 2G, not '%s'", optarg);
	json_object_set_new(r->body, "memory", json_integer(bytes));
	return 0;
}

static json_int_t disk_size(const char *text)
{
	return request_size(text, 1 << 30);
}

/* "WHAT,key=value,…": an object with WHAT under `head`, and the values under their names in the API (`keys`: key and name,
 * until NULL). NULL: it is written otherwise. */
static json_t *parse_parts(const char *text, const char *head, const char *const keys[][2])
{
	size_t len = strcspn(text, ",");
	json_t *parts = json_pack("{s:s%}", head, text, len);

	for (text += len; parts && *text == ','; text += len) {
		size_t i = 0, n;

		len = strcspn(++text, ",");
		n = strcspn(text, "=");
		while (keys[i][0] && (strlen(keys[i][0]) != n || strncmp(keys[i][0], text, n)))
			i++;
		if (!keys[i][0] || n + 1 >= len) {
			json_decref(parts);
			return NULL;
		}
		json_object_set_new(parts, keys[i][1], json_stringn(text + n + 1, len - n - 1));
	}
	return parts;
}

static int take_network(struct request *r, const char *text)
{
	static const char *const keys[][2] = {{"ip", "address"}, {"mac", "mac"}, {NULL, NULL}};
	json_t *nic = *text && *text != ',' ? parse_parts(text, "segment", keys) : NULL;

	if (!nic)
		return cli_usage(
			r->command, "--network takes NETWORK[,ip=A][,mac=M], not '%s'", text);
	json_array_append_new(r->nics, nic);
	return 0;
}

static int take_disk(struct request *r, const char *text)
{
	static const char *const keys[][2] = {{"pool", "pool"}, {NULL, NULL}};
	json_t *disk = parse_parts(text, "size", keys);
	json_int_t bytes = disk_size(disk ? json_string_value(json_object_get(disk, "size")) : "");

	if (bytes < 1) {
		json_decref(disk);
		return cli_usage(
			r->command, "--disk takes a size like 20G, or 20G,pool=P, not '%s'", text);
	}
	json_object_set_new(disk, "size", json_integer(bytes));
	json_array_append_new(r->disks, disk);
	return 0;
}

static int take_domain(struct request *r, const char *path)
{
	char *text = request_value(path);
	json_t *domain = text ? json_string(text) : NULL;

	if (!text)
		return cli_fail("--domain %s: %s", path,
			errno == EFBIG ? "not a text of at most 64 KiB" : strerror(errno));
	free(text);
	if (!domain)
		return cli_fail("--domain %s: it is not UTF-8", path);
	json_object_set_new(r->body, "domain", domain);
	return 0;
}

/* Said once for the machine or with the first of several: one thing. */
static int merge_first(
	struct request *r, const char *key, json_t *first, const char *option, const char *with)
{
	json_t *said = json_object_get(r->body, key), *there = json_object_get(first, key);

	if (said && there)
		return cli_usage(
			r->command, "%s was said twice: by itself and with %s", option, with);
	if (there)
		json_object_set(r->body, key, there);
	return 0;
}

/* One network is told as it always was; of several, each has its own. */
static int put_nics(struct request *r)
{
	json_t *first = json_array_get(r->nics, 0);

	if (!first)
		return 0;
	if (merge_first(r, "address", first, "--ip", "--network") ||
		merge_first(r, "mac", first, "--mac", "--network"))
		return EXIT_USAGE;
	json_object_set(r->body, "segment", json_object_get(first, "segment"));
	if (json_array_size(r->nics) < 2)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		const char *key = i ? "mac" : "address";

		if (json_object_get(r->body, key))
			json_object_set(first, key, json_object_get(r->body, key));
		json_object_del(r->body, key);
	}
	json_object_del(r->body, "segment");
	json_object_set(r->body, "nics", r->nics);
	return 0;
}

/* --pool is for those disks that name none. */
static void put_disks(struct request *r)
{
	json_t *first = json_array_get(r->disks, 0), *disk,
	       *pool = json_object_get(r->body, "pool");
	size_t i;

	json_array_foreach(r->disks, i, disk)
	{
		if (pool && !json_object_get(disk, "pool"))
			json_object_set(disk, "pool", pool);
	}
	if (!first)
		return;
	json_object_set(r->body, "disk", json_object_get(first, "size"));
	if (json_object_get(first, "pool"))
		json_object_set(r->body, "pool", json_object_get(first, "pool"));
	json_array_remove(r->disks, 0);
	if (json_array_size(r->disks))
		json_object_set(r->body, "disks", r->disks);
}

static bool one_machine_only(const struct request *r)
{
	json_t *nic;
	size_t i;

	json_array_foreach(r->nics, i, nic)
	{
		if (json_object_get(nic, "address") || json_object_get(nic, "mac"))
			return true;
	}
	return json_object_get(r->body, "address") || json_object_get(r->body, "mac");
}

/* By somebody: the service's user, who will run it, is not known here. */
static bool is_executable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & 0111;
}

static int take_power(struct request *r, const char *text)
{
	char path[PATH_MAX], full[PATH_MAX + 1];

	if (!strchr(text, '/') || strstr(text, "://") || !strncmp(text, "wol:", 4)) {
		json_object_set_new(r->body, "power", json_string(text));
		return 0;
	}
	if (!realpath(text, path))
		return cli_fail("--power %s: %s", text, strerror(errno));
	if (!is_executable(path))
		return cli_fail("--power %s: it is not executable", text);
	/* a link in the service's folder is that folder's, wherever it leads: the service looks at both */
	if (*text == '/')
		snprintf(full, sizeof full, "%s", text);
	else
		snprintf(full, sizeof full, "%s", path);
	json_object_set_new(r->body, "power", json_string(full));
	return 0;
}

static int take_vcpus(struct request *r, const char *text)
{
	long n;

	if (!cli_number(text, 1, INT_MAX, &n))
		return cli_usage(r->command, "--vcpus takes a number from 1, not '%s'", text);
	json_object_set_new(r->body, "vcpus", json_integer(n));
	return 0;
}

/* Those without a value. */
static bool take_switch(struct request *r, int opt)
{
	static const char *const keys[] = {[OPT_REPLACE] = "replace",
		[OPT_ARM] = "arm",
		[OPT_AUTOSTART] = "autostart",
		[OPT_SEALED] = "sealed",
		[OPT_UNSEALED] = "sealed"};
	const char *key = (size_t)opt < sizeof keys / sizeof *keys ? keys[opt] : NULL;

	if (opt == OPT_NO_KEY)
		r->no_key = true;
	else if (opt == OPT_WAIT)
		r->wait = true;
	else if (key)
		json_object_set_new(r->body, key, json_boolean(opt != OPT_UNSEALED));
	else
		return false;
	return true;
}

static int take_option(struct request *r, int opt)
{
	static const char *const texts[] = {[OPT_PROFILE] = "profile",
		[OPT_IP] = "address",
		[OPT_FROM] = "from",
		[OPT_MAC] = "mac",
		[OPT_POOL] = "pool",
		[OPT_CPU] = "cpu",
		[OPT_FIRMWARE] = "firmware",
		[OPT_GRAPHICS] = "graphics",
		[OPT_OS_VARIANT] = "os_variant",
		[OPT_DESCRIPTION] = "description",
		[OPT_CONNECT] = "connect",
		[OPT_NOTE] = "note"};
	char why[256];
	int rc;

	switch (opt) {
	case OPT_NETWORK:
		return take_network(r, optarg);
	case OPT_DOMAIN:
		return take_domain(r, optarg);
	case OPT_MEMORY:
		return take_memory(r);
	case OPT_DISK:
		return take_disk(r, optarg);
	case OPT_VCPUS:
		return take_vcpus(r, optarg);
	case OPT_SET:
		return setting_option(r->command, json_object_get(r->body, "settings"), optarg);
	case OPT_KEY:
		rc = request_keys(r->keys, optarg, why, sizeof why);
		return rc ? cli_fail("--ssh-key %s: %s", optarg, why) : 0;
	case OPT_PASSWORD_FILE:
		r->password_file = optarg;
		return 0;
	case OPT_LIST:
		r->list = optarg;
		return 0;
	case OPT_POWER:
		return take_power(r, optarg);
	case OPT_LABEL:
		return label_option(r->command, r->body, optarg);
	case OPT_FIRST_BOOT:
		return request_first_boot(r->body, optarg);
	}
	if (take_switch(r, opt))
		return 0;
	if (!*optarg)
		return cli_usage(r->command, "an option has an empty value");
	json_object_set_new(r->body, texts[opt], json_string(optarg));
	return 0;
}

/* Of several it was said when they were judged. */
static void say_warning(const struct request *r, const json_t *reply)
{
	const char *warning = json_string_value(json_object_get(reply, "warning"));

	if (warning && r->n_names == 1)
		fprintf(stderr, "usher: warning: %s\n", warning);
}

static void create_one(struct request *r, const char *name)
{
	json_t *body = json_copy(r->body), *reply = NULL, *nic;

	json_object_set_new(body, "name", json_string(name));
	json_object_set_new(body, "request_id", request_id());
	if (fetching_call(r->client, "POST", "/machines", body, &reply)) {
		r->failures++;
		return;
	}
	nic = json_array_get(json_object_get(reply, "nics"), 0);
	client_say_findings(reply);
	say_warning(r, reply);
	if (r->common.json) {
		json_dumpf(reply, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		const char *address =
			json_string_value(json_array_get(json_object_get(nic, "addresses"), 0));

		printf("%s: %s, %s, %s\n", name, json_text(reply, "state"),
			address ? address : "no address", json_text(nic, "mac"));
	}
	fflush(stdout);
	json_decref(reply);
}

static int create_all(struct request *r)
{
	struct wait_for w = {.socket = r->common.socket,
		.state = "up",
		.timeout_s = -1,
		.json = r->common.json,
		.quiet = r->n_names > 1};

	if (follow_newest(r->client, &w.after) ||
		judging_names(r->client, r->body, r->names, r->n_names))
		return EXIT_FAILED;
	for (size_t i = 0; i < r->n_names; i++)
		create_one(r, r->names[i]);
	if (r->failures || !r->wait)
		return r->failures ? EXIT_FAILED : EXIT_DONE;
	return wait_for_machines(&w, r->names, r->n_names);
}

/* The options are what the list does not say. */
static int run_list(struct request *r)
{
	struct enroll_list what = {.path = r->list,
		.common = &r->common,
		.defaults = r->body,
		.password_file = r->password_file,
		.wait = r->wait};
	char why[256];
	int rc;

	if (one_machine_only(r))
		return cli_usage(r->command,
			"--ip and --mac are for one machine: with --list they "
			"are columns, address and mac");
	if ((rc = put_nics(r)))
		return rc;
	if (request_word_error(r->body, why, sizeof why))
		return cli_usage(r->command, "%s", why);
	if (!json_array_size(r->keys) && !r->no_key)
		request_default_keys(r->keys);
	json_object_set(r->body, "ssh_keys", r->keys);
	return enroll_list(&what);
}

static int run_request(struct request *r, int argc, char **argv, const struct option *options)
{
	char why[256];
	int opt, rc;

	cli_common_init(&r->common);
	r->body = json_pack("{s:s, s:{}}", "kind",
		r->command == &cmd_create ? "guest" : "bare-metal", "settings");
	r->keys = json_array();
	r->nics = json_array();
	r->disks = json_array();
	while ((opt = cli_getopt(r->command, &r->common, argc, argv, options)) != -1)
		if ((rc = take_option(r, opt)))
			return rc;
	if (r->list && optind < argc)
		return cli_usage(r->command,
			"--list has the names of its machines: '%s' is too much", argv[optind]);
	if (r->list)
		return run_list(r);
	if (optind == argc)
		return cli_usage(r->command, "which name?");
	r->names = cli_names_once(r->command, argv + optind, (size_t)(argc - optind), &r->n_names);
	if (!r->names)
		return EXIT_USAGE;
	if (!json_object_get(r->body, "profile"))
		return cli_usage(r->command, "which --profile? 'usher profiles' lists them");
	if (r->n_names > 1 && one_machine_only(r))
		return cli_usage(r->command, "--ip and --mac are for one machine");
	if (r->n_names > 1 && json_object_get(r->body, "from"))
		return cli_usage(r->command, "--from is for one machine");
	if ((rc = put_nics(r)))
		return rc;
	put_disks(r);
	if (request_word_error(r->body, why, sizeof why))
		return cli_usage(r->command, "%s", why);
	for (size_t i = 0; i < r->n_names; i++)
		if (request_name_error(r->names[i], why, sizeof why))
			return cli_usage(r->command, "%s", why);
	if (r->command == &cmd_enroll && !json_object_get(r->body, "from") &&
		!json_object_get(r->body, "mac") &&
		!json_object_get(json_array_get(r->nics, 0), "mac"))
		return cli_usage(r->command,
			"which --mac? it stands on the machine's label or in its firmware");
	if (r->command == &cmd_enroll && r->wait && !json_object_get(r->body, "arm"))
		return cli_usage(
			r->command, "--wait goes with --arm: nothing is installed without");
	if (!json_array_size(r->keys) && !r->no_key)
		request_default_keys(r->keys);
	json_object_set(r->body, "ssh_keys", r->keys);
	rc = power_password_add(r->body, json_text(r->body, "power"), r->password_file);
	if (rc)
		return rc;
	r->client = client_new(r->common.socket);
	return r->client ? create_all(r) : cli_fail("out of memory");
}

#define OF_BOTH                                                          \
	{"profile", required_argument, NULL, OPT_PROFILE},               \
		{"network", required_argument, NULL, OPT_NETWORK},       \
		{"ip", required_argument, NULL, OPT_IP},                 \
		{"mac", required_argument, NULL, OPT_MAC},               \
		{"set", required_argument, NULL, OPT_SET},               \
		{"ssh-key", required_argument, NULL, OPT_KEY},           \
		{"no-ssh-key", no_argument, NULL, OPT_NO_KEY},           \
		{"first-boot", required_argument, NULL, OPT_FIRST_BOOT}, \
		{"label", required_argument, NULL, OPT_LABEL},           \
		{"note", required_argument, NULL, OPT_NOTE},             \
		{"sealed", no_argument, NULL, OPT_SEALED},               \
		{"unsealed", no_argument, NULL, OPT_UNSEALED},           \
	{                                                                \
		"wait", no_argument, NULL, OPT_WAIT                      \
	}

static const struct option guest_options[] = {OF_BOTH,
	{"memory", required_argument, NULL, OPT_MEMORY},
	{"vcpus", required_argument, NULL, OPT_VCPUS}, {"disk", required_argument, NULL, OPT_DISK},
	{"pool", required_argument, NULL, OPT_POOL}, {"cpu", required_argument, NULL, OPT_CPU},
	{"firmware", required_argument, NULL, OPT_FIRMWARE},
	{"graphics", required_argument, NULL, OPT_GRAPHICS},
	{"os-variant", required_argument, NULL, OPT_OS_VARIANT},
	{"description", required_argument, NULL, OPT_DESCRIPTION},
	{"connect", required_argument, NULL, OPT_CONNECT},
	{"autostart", no_argument, NULL, OPT_AUTOSTART},
	{"domain", required_argument, NULL, OPT_DOMAIN},
	{"replace", no_argument, NULL, OPT_REPLACE}, CLI_COMMON_OPTIONS, {0}};
static const struct option bare_options[] = {OF_BOTH, {"power", required_argument, NULL, OPT_POWER},
	{"power-password-file", required_argument, NULL, OPT_PASSWORD_FILE},
	{"from", required_argument, NULL, OPT_FROM}, {"list", required_argument, NULL, OPT_LIST},
	{"arm", no_argument, NULL, OPT_ARM}, CLI_COMMON_OPTIONS, {0}};

static int run_create(const struct command *c, int argc, char **argv)
{
	struct request *r = calloc(1, sizeof *r);
	int rc;

	if (!r)
		return cli_fail("out of memory");
	r->command = c;
	privilege_hide_memory();
	rc = run_request(r, argc, argv, c == &cmd_create ? guest_options : bare_options);
	cli_names_free(r->names);
	json_decref(r->body);
	json_decref(r->keys);
	json_decref(r->nics);
	json_decref(r->disks);
	client_free(r->client);
	free(r);
	return rc;
}

const struct command cmd_create = {
	.name = "create",
	.arguments = "NAME... --profile P [OPTION...]",
	.summary = "make a guest that installs itself",
	.help = "  --profile P          what to install ('usher profiles')\n"
		"  --network N[,ip=A][,mac=M]\n"
		"                       a NIC on this libvirt network; may be repeated: the first "
		"boots,\n"
		"                       and must be served here (needed when several are)\n"
		"  --ip ADDRESS         the first NIC's address (the lowest free one)\n"
		"  --mac MAC            the first NIC's (computed from the address)\n"
		"  --memory SIZE        like 2G; plain numbers are MiB (the profile's)\n"
		"  --vcpus N            virtual CPUs (the profile's)\n"
		"  --disk SIZE[,pool=P] like 20G; plain numbers are GiB (the profile's); may be\n"
		"                       repeated: the first is installed on\n"
		"  --pool POOL          the storage pool for disks that name none (the service's)\n"
		"  --cpu CPU            host-passthrough, host-model, maximum or a model (the "
		"best\n"
		"                       there is)\n"
		"  --firmware KIND      bios, efi, or efi-secure for Secure Boot (the profile's)\n"
		"  --graphics KIND      none, vnc or spice (the profile's, else none)\n"
		"  --domain FILE        a libvirt <domain> in place of the profile's\n"
		"  --autostart          start it with its host\n"
		"  --os-variant ID      the installed system, for other tools: debian12 …\n"
		"  --description TEXT   for people\n"
		"  --connect URI        the libvirt in which it is made (the service's)\n" SETTING_OPTION_HELP
		"  --ssh-key FILE       public keys for root (~/.ssh/id_*.pub); may be repeated\n"
		"  --no-ssh-key         no key\n"
		"  --first-boot FILE    a script to run in the installed system before it is up\n"
		"  --label KEY=VALUE    to find it by; may be repeated\n"
		"  --note TEXT          for people\n"
		"  --sealed             nothing is installed before 'usher confirm' has the code "
		"on its screen\n"
		"  --unsealed           no confirmation, even if its segment is sealed\n"
		"  --replace            remove an older guest of that name, and its disks, first\n"
		"  --wait               show progress until it is up (fails when it "
		"fails)\n" CLI_COMMON_HELP,
	.run = run_create,
};

const struct command cmd_enroll = {
	.name = "enroll",
	.arguments = "NAME --mac MAC --profile P [OPTION...] | --list FILE [OPTION...]",
	.summary = "record a bare-metal machine",
	.help = "  --mac MAC            the MAC of the network card that it boots from\n"
		"  --from ID            a discovered machine's cards and segment ('usher discovered'):\n"
		"                       by its id, UUID, serial, asset tag, MAC or SWITCH:PORT\n"
		"  --list FILE          all machines of a list, or none: CSV with a header line of\n"
		"                       name,mac,address,profile,segment,power,arm,sealed,labels,\n"
		"                       note,set.KEY, or XML; the other options are for what it does not say\n"
		"  --profile P          what to install ('usher profiles')\n"
		"  --network N          the segment (when several are served)\n"
		"  --ip ADDRESS         its address (the lowest free one)\n" SETTING_OPTION_HELP
		"  --ssh-key FILE       public keys for root (~/.ssh/id_*.pub); may be repeated\n"
		"  --no-ssh-key         no key\n"
		"  --first-boot FILE    a script to run in the installed system before it is up\n"
		"  --label KEY=VALUE    to find it by; may be repeated\n"
		"  --note TEXT          for people\n"
		"  --sealed             nothing is installed before 'usher confirm' has the code "
		"on its screen\n"
		"  --unsealed           no confirmation, even if its segment is sealed\n"
		"  --power TARGET       what switches its power: ipmi://USER@HOST,\n"
		"                       redfish://USER@HOST, wol: (Wake on LAN), or the site's\n"
		"                       executable in /etc/usher/power\n"
		"  --power-password-file FILE\n"
		"                       the controller's password is the first line of FILE (-: of\n"
		"                       standard input); you are asked otherwise\n"
		"  --arm                install it now (else: 'usher reinstall NAME', when you are "
		"ready)\n"
		"  --wait               with --arm: show progress until it is up\n" CLI_COMMON_HELP,
	.run = run_create,
};
