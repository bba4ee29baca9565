/* usher check: what this host lacks, with the fix on each line. Looks by itself, and asks a service if one runs. */
#include "usher/cli.h"
#include "usher/client.h"
#include "usher/config.h"
#include "usher/firewall.h"
#include "usher/paths.h"

#include "core/link.h"
#include "guest/accel.h"
#include "guest/guest.h"
#include "kickstart/media/media.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPT_NETWORK = 1, OPT_INTERFACE };
enum verdict { CHECK_OK, CHECK_WARN, CHECK_BAD };

struct check {
	struct config config;
	bool json;
	json_t *lines;
	json_t *ruleset; /* of the host's packet filter; NULL: not known */
	struct media *programs;
	unsigned bad;
	char kernel[PATH_MAX]; /* of a profile: to test KVM with */
};

static void say(struct check *k, enum verdict v, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void say(struct check *k, enum verdict v, const char *what, const char *fmt, ...)
{
	static const char *const words[] = {"ok", "note", "LACKS"};
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	k->bad += v == CHECK_BAD;
	if (k->json)
		json_array_append_new(k->lines,
			json_pack("{s:s, s:s, s:s}", "what", what, "verdict", words[v], "text",
				text));
	else
		printf("%-6s %-12s %s\n", words[v], what, text);
	fflush(stdout);
}

static void check_user(struct check *k)
{
	if (getpwnam(k->config.user))
		say(k, CHECK_OK, "user", "'%s' is there", k->config.user);
	else
		say(k, CHECK_BAD, "user", "no user '%s': useradd --system -G libvirt %s",
			k->config.user, k->config.user);
}

static bool check_libvirt(struct check *k)
{
	struct guest_host host;
	uint64_t free_bytes;
	char why[512];

	if (guest_host_info(k->config.libvirt_uri, &host, why, sizeof why)) {
		say(k, CHECK_BAD, "libvirt",
			"%s: apt-get install libvirt-daemon-system; systemctl start libvirtd", why);
		return false;
	}
	say(k, CHECK_OK, "libvirt", "%lu.%lu.%lu, %llu MiB of memory, %u CPUs",
		host.libvirt / 1000000, host.libvirt / 1000 % 1000, host.libvirt % 1000,
		(unsigned long long)host.memory_mib, host.cpus);
	if (!host.nwfilter)
		say(k, CHECK_WARN, "filter", "no nwfilter driver: guests can forge addresses");
	if (guest_pool_info(k->config.libvirt_uri, k->config.pool, &free_bytes, why, sizeof why))
		say(k, CHECK_BAD, "pool", "%s", why);
	else
		say(k, CHECK_OK, "pool", "'%s' has %.1f GiB free", k->config.pool,
			(double)free_bytes / (1024. * 1024 * 1024));
	return true;
}

static void check_port(
	struct check *k, const char *ifname, const char *protocol, unsigned port, const char *what)
{
	const struct firewall_packet p = {ifname, protocol, port};
	char fix[256];

	if (!firewall_admits(k->ruleset, &p, fix, sizeof fix))
		say(k, CHECK_BAD, "firewall", "%s (port %u/%s) is not let in from %s: %s", what,
			port, protocol, ifname, fix);
}

/* What machines there send us, in this mode. */
static void check_firewall(struct check *k, const char *ifname, enum segment_mode mode)
{
	if (!k->ruleset)
		return;
	check_port(k, ifname, "udp", 67, "DHCP");
	check_port(k, ifname, "udp", 69, "TFTP");
	check_port(k, ifname, "tcp", k->config.http_port, "HTTP");
	if (mode != SEGMENT_OWN)
		check_port(k, ifname, "udp", 4011, "PXE beside another DHCP server");
}

static void read_ruleset(struct check *k)
{
	FILE *f = popen("PATH=$PATH:/usr/sbin:/sbin nft -j list ruleset 2>/dev/null", "re");

	if (f) {
		k->ruleset = json_loadf(f, 0, NULL);
		pclose(f);
	}
	if (!k->ruleset)
		say(k, CHECK_WARN, "firewall",
			"not looked at: that needs root and nft (apt-get install nftables)");
}

static enum segment_mode network_mode(
	const struct config_segment *c, const struct guest_network *net)
{
	if (c->mode != SEGMENT_AUTO)
		return c->mode;
	return net->dhcp ? SEGMENT_PROXY : SEGMENT_OWN;
}

static void check_network(struct check *k, const struct config_segment *c)
{
	struct guest_network net;
	enum segment_mode mode;
	char why[512], ip[IP_TEXT];

	if (guest_network_info(k->config.libvirt_uri, c->name, &net, why, sizeof why)) {
		say(k, CHECK_BAD, "network", "%s", why);
		return;
	}
	if (!net.active) {
		say(k, CHECK_BAD, "network", "'%s' is not active: virsh net-start %s", c->name,
			c->name);
		return;
	}
	mode = network_mode(c, &net);
	if (net.dhcp && mode == SEGMENT_OWN)
		say(k, CHECK_BAD, "network",
			"'%s' has <dhcp> of its own: leave out mode='own', or take it out with "
			"virsh net-edit %s",
			c->name, c->name);
	else
		say(k, CHECK_OK, "network", "'%s' on %s, %s/%u, mode %s: %s", c->name, net.bridge,
			ip_format(&net.address, ip), net.prefix_len, segment_mode_name(mode),
			mode == SEGMENT_OWN ? "usher leases"
				: net.dhcp  ? "libvirt's dnsmasq leases"
					    : "another server leases");
	check_firewall(k, net.bridge, mode);
}

static void check_interface(struct check *k, const struct config_segment *c)
{
	static const char *const who[] = {[SEGMENT_OWN] = "usher leases",
		[SEGMENT_PROXY] = "another server leases",
		[SEGMENT_AUTO] = "the service listens first for another server"};
	struct link_state link;
	char ip[IP_TEXT];

	if (link_lookup(c->name, &link)) {
		say(k, CHECK_BAD, "interface", "there is no '%s'", c->name);
		return;
	}
	if (!ip_is_set(&link.address))
		say(k, CHECK_BAD, "interface",
			"'%s' has no IPv4 address: ip address add ADDRESS/LEN dev %s", c->name,
			c->name);
	else
		say(k, link.up ? CHECK_OK : CHECK_WARN, "interface",
			"'%s' has %s/%u%s, mode %s: %s", c->name, ip_format(&link.address, ip),
			link.prefix_len, link.up ? "" : " and is down", segment_mode_name(c->mode),
			who[c->mode]);
	check_firewall(k, c->name, c->mode);
}

static void check_segments(struct check *k, bool libvirt)
{
	read_ruleset(k);
	for (size_t i = 0; i < k->config.n_segments; i++) {
		const struct config_segment *c = &k->config.segments[i];

		if (c->is_network && libvirt)
			check_network(k, c);
		else if (!c->is_network && !*c->via)
			check_interface(k, c);
	}
}

static void check_programs(struct check *k)
{
	static const struct {
		const char *file, *serves, *package;
	} programs[] = {{"undionly.kpxe", "BIOS machines whose firmware has no iPXE", "ipxe"},
		{"snponly.efi", "UEFI machines", "ipxe"}};
	uint64_t size;
	time_t mtime;
	int fd;

	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (media_open(k->programs, programs[i].file, &fd, &size, &mtime, NULL, 0)) {
			say(k, CHECK_BAD, "boot file", "no %s, for %s: apt-get install %s",
				programs[i].file, programs[i].serves, programs[i].package);
			continue;
		}
		close(fd);
		say(k, CHECK_OK, "boot file", "%s, %llu bytes", programs[i].file,
			(unsigned long long)size);
	}
}

static int check_profile(void *arg, const char *name, const struct profile *p, const char *why)
{
	struct check *k = arg;
	char line[512];

	if (!p)
		say(k, CHECK_BAD, "profile", "%s", why);
	else if (media_check(p, NULL, line, sizeof line) ||
		media_check_loaders(k->programs, p, line, sizeof line))
		say(k, CHECK_WARN, "profile", "%s: %s", name, line);
	else
		say(k, CHECK_OK, "profile", "%s", name);
	if (p && p->media.path && !*k->kernel) {
		snprintf(k->kernel, sizeof k->kernel, "%s/%s", p->media.path, p->kernel.text);
		if (access(k->kernel, R_OK))
			*k->kernel = '\0';
	}
	return 0;
}

static void check_profiles(struct check *k)
{
	struct profiles ps;

	profiles_init(&ps);
	for (size_t i = 0; i < k->config.n_profiles; i++)
		profiles_add_path(&ps, k->config.profiles[i]);
	profiles_list(&ps, check_profile, k);
	profiles_fini(&ps);
}

static void check_accel(struct check *k)
{
	char why[ACCEL_WHY], cache[PATH_MAX + 16];
	int accel;

	snprintf(cache, sizeof cache, "%s/kvm.verdict", k->config.state);
	accel = accel_probe(*k->kernel ? k->kernel : NULL, cache, why, sizeof why);
	say(k, accel == ACCEL_KVM ? CHECK_OK : CHECK_WARN, "kvm", "%s", why);
}

static void check_service(struct check *k, const char *socket)
{
	struct client *c = client_new(socket);
	json_t *reply = NULL;
	char why[512];
	long status;

	if (c && !client_try(c, "GET", "/status", NULL, &reply, &status, why, sizeof why))
		say(k, CHECK_OK, "service", "version %s answers on %s",
			json_string_value(json_object_get(reply, "version")), socket);
	else
		say(k, CHECK_WARN, "service", "%s", c ? why : "out of memory");
	json_decref(reply);
	client_free(c);
}

/* Only the service knows what was imported, and whether it may read it. */
static void check_media(struct check *k, const char *socket)
{
	struct client *c = client_new(socket);
	json_t *reply = NULL, *m;
	char why[512];
	long status;
	size_t i;

	if (c)
		client_try(c, "GET", "/media", NULL, &reply, &status, why, sizeof why);
	json_array_foreach(json_object_get(reply, "media"), i, m)
	{
		const char *problem = json_string_value(json_object_get(m, "problem"));
		const char *name = json_string_value(json_object_get(m, "name"));
		bool imported =
			!strcmp(json_string_value(json_object_get(m, "source")), "imported");

		if (problem) /* of others' media only who installs from them needs to know */
			say(k, imported ? CHECK_BAD : CHECK_WARN, "media", "%s: %s", name, problem);
		else
			say(k, CHECK_OK, "media", "%s, %s", name,
				json_string_value(json_object_get(m, "path")));
	}
	json_decref(reply);
	client_free(c);
}

static int check_all(struct check *k, const char *socket)
{
	if (media_new(&k->programs))
		return cli_fail("out of memory");
	media_add_programs(k->programs, k->config.boot);
	media_add_usual_programs(k->programs);
	check_user(k);
	check_segments(k, check_libvirt(k));
	check_programs(k);
	check_profiles(k);
	check_accel(k);
	check_service(k, socket);
	check_media(k, socket);
	if (k->json)
		json_dumpf(k->lines, stdout, JSON_INDENT(2));
	return k->bad ? EXIT_FAILED : EXIT_DONE;
}

static int run_check(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"network", required_argument, NULL, OPT_NETWORK},
		{"interface", required_argument, NULL, OPT_INTERFACE},
		{"config", required_argument, NULL, 'c'}, CLI_COMMON_OPTIONS, {0}};
	const char *path = access(PATH_CONFIG, F_OK) ? NULL : PATH_CONFIG;
	struct check *k = calloc(1, sizeof *k);
	struct cli_common o;
	char why[1024];
	int opt, rc = 0;

	if (!k)
		return cli_fail("out of memory");
	config_init(&k->config);
	k->lines = json_array();
	cli_common_init(&o);
	while ((opt = cli_getopt(c, &o, argc, argv, options)) != -1) {
		if (opt == 'c')
			path = optarg;
		else if (config_add_segment(&k->config, optarg, opt == OPT_NETWORK))
			rc = cli_usage(c, "'%s': too long, or one too many", optarg);
	}
	k->json = o.json;
	if (!rc && path)
		rc = config_read(&k->config, path, why, sizeof why) ? cli_fail("%s", why) : 0;
	if (!rc)
		rc = check_all(k, o.socket);
	json_decref(k->lines);
	json_decref(k->ruleset);
	media_unref(k->programs);
	free(k);
	return rc;
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "[-c FILE] [--network NAME]... [--interface IF]...",
	.summary = "what this host lacks, with the fix for each line",
	.help = "  -c, --config FILE    configuration (" PATH_CONFIG ", if it is there)\n"
		"  --network NAME       look at this libvirt network too\n"
		"  --interface IF       look at this interface too\n" CLI_COMMON_HELP,
	.run = run_check,
};
