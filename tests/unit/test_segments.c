/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is served: of configuration, libvirt's word and the kernel's; who leases there; what comes and goes. */
#include "service/network/segments.h"

#include "rooms_make.h"

#include "core/clock.h"
#include "service/network/decided.h"
#include "service/network/name_servers.h"
#include "service/network/segments6.h"

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct service rooms;
static struct network *nw = &rooms.network;
static struct config_segment conf;
static struct guest_network net;
static struct segment seg;
static char why[512];

static void setup(void)
{
	rooms_make(&rooms);
	conf = (struct config_segment){.name = "n",
		.is_network = true,
		.dns = {base_ip("9.9.9.9")},
		.n_dns = 1,
		.lease_s = 600,
		.mode = SEGMENT_AUTO};
	net = (struct guest_network){.name = "n",
		.active = true,
		.dns = true,
		.forward = true,
		.bridge = "virbr7",
		.address = base_ip("10.5.0.1"),
		.prefix_len = 16,
		.domain = "theirs.example",
		.mtu = 1400};
}

static void teardown(void)
{
	rooms_unmake(&rooms);
}

/* A link in a network namespace of this (forked) test's own, with 10.4.0.1/24. False: not allowed here. */
static bool make_link(void)
{
	if ((!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET)) &&
		!system("ip link add br9 type bridge && ip addr add 10.4.0.1/24 dev br9"))
		return true;
	fprintf(stderr, "skipped: links: no network namespace, or ip(8) makes no bridge in it\n");
	return false;
}

static int describe(void)
{
	why[0] = '\0';
	memset(&seg, 0xff, sizeof seg);
	return segment_describe(nw, &conf, &net, &seg, why, sizeof why);
}

static void described(void)
{
	ck_assert_msg(!describe(), "%s", why);
}

static const char *text_of(const struct ip *ip)
{
	static char text[IP_TEXT];

	return ip_is_set(ip) ? ip_format(ip, text) : "";
}

/* --- networks --------------------------------------------------------------------------------------------------------------- */

START_TEST(as_configured)
{
	conf.pool_first = base_ip("10.5.0.10");
	conf.pool_last = base_ip("10.5.0.20");
	conf.probe_ms = 70;
	conf.computed = conf.sealed = conf.by_client_id = true;
	strcpy(conf.domain, "ours.example");
	conf.router = base_ip("10.5.0.254");
	conf.extra.mtu = 9000;
	described();
	ck_assert_str_eq(seg.name, "n");
	ck_assert(seg.is_network && seg.computed && seg.sealed && seg.by_client_id);
	ck_assert_uint_eq(seg.id, 0);
	ck_assert_uint_eq(seg.via, 0);
	ck_assert_uint_eq(seg.pool_first, 0x0a05000a);
	ck_assert_uint_eq(seg.pool_last, 0x0a050014);
	ck_assert_uint_eq(seg.lease_s, 600);
	ck_assert_uint_eq(seg.probe_ms, 70);
	ck_assert_str_eq(seg.domain, "ours.example");
	ck_assert_str_eq(text_of(&seg.router), "10.5.0.254");
	ck_assert_uint_eq(seg.extra.mtu, 9000);
	ck_assert_uint_eq(seg.http_port, 8067);
}
END_TEST

START_TEST(as_the_network_is)
{
	described();
	ck_assert_str_eq(seg.ifname, "virbr7");
	ck_assert_str_eq(text_of(&seg.server), "10.5.0.1");
	ck_assert_uint_eq(seg.prefix_len, 16);
	ck_assert_str_eq(text_of(&seg.router), "10.5.0.1");
	ck_assert_str_eq(seg.domain, "theirs.example");
	ck_assert_uint_eq(seg.extra.mtu, 1400);
	net.forward = false; /* its address leads nowhere */
	described();
	ck_assert_str_eq(text_of(&seg.router), "");
}
END_TEST

START_TEST(servers_of_names)
{
	described();
	ck_assert_uint_eq(seg.n_dns, 1);
	ck_assert_str_eq(text_of(&seg.dns[0]), "9.9.9.9");
	conf.n_dns = 0; /* the network's own dnsmasq */
	described();
	ck_assert_uint_eq(seg.n_dns, 1);
	ck_assert_str_eq(text_of(&seg.dns[0]), "10.5.0.1");
	net.dns = false; /* the host's, or else ourselves: installers stop without any */
	described();
	ck_assert_uint_ge(seg.n_dns, 1);
	for (size_t i = 0; i < seg.n_dns; i++)
		ck_assert_uint_ne(seg.dns[i].b[0], 127);
}
END_TEST

static void put_file(const char *root, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "mkdir -p $(dirname %s%s)", root, name);
	ck_assert_int_eq(system(path), 0);
	snprintf(path, sizeof path, "%s%s", root, name);
	f = fopen(path, "w");
	fputs(text, f);
	fclose(f);
}

/* A resolver on the loopback is for this host alone: those that it asks are told. */
START_TEST(name_servers_of_the_host)
{
	struct ip dns[SEGMENT_DNS_MAX];

	ck_assert_uint_eq(name_servers(base_dir, IP_V4, dns), 0);
	put_file(base_dir, "/run/systemd/resolve/resolv.conf",
		"nameserver 10.9.9.9\nnameserver fe80::1\nnameserver 2001:db8::53\n");
	ck_assert_uint_eq(name_servers(base_dir, IP_V4, dns), 0); /* nobody asks it */
	put_file(base_dir, "/etc/resolv.conf", "# of systemd\nnameserver 127.0.0.53\n");
	ck_assert_uint_eq(name_servers(base_dir, IP_V4, dns), 1);
	ck_assert_str_eq(text_of(&dns[0]), "10.9.9.9");
	ck_assert_uint_eq(name_servers(base_dir, IP_V6, dns), 1);
	ck_assert_str_eq(text_of(&dns[0]), "2001:db8::53");
	put_file(base_dir, "/etc/resolv.conf", "nameserver ::1\nnameserver 10.8.8.8\n");
	ck_assert_uint_eq(name_servers(base_dir, IP_V4, dns), 1);
	ck_assert_str_eq(text_of(&dns[0]), "10.8.8.8");
}
END_TEST

START_TEST(who_leases)
{
	described();
	ck_assert_int_eq(seg.mode, SEGMENT_OWN);
	ck_assert(!ip_is_set(&seg.lessor));
	net.dhcp = true;
	described();
	ck_assert_int_eq(seg.mode, SEGMENT_PROXY);
	ck_assert_str_eq(text_of(&seg.lessor), "10.5.0.1");
	conf.mode = SEGMENT_PROXY;
	described();
	ck_assert_int_eq(seg.mode, SEGMENT_PROXY);
	conf.mode = SEGMENT_OWN;
	ck_assert_int_eq(describe(), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(why, "network 'n' has its own <dhcp>"));
	net.dhcp = false;
	described();
	ck_assert_int_eq(seg.mode, SEGMENT_OWN);
}
END_TEST

/* What is known of it is there all the same. */
START_TEST(networks_that_cannot_be_served)
{
	net.active = false;
	ck_assert_int_eq(describe(), -ENETDOWN);
	ck_assert_str_eq(why, "network 'n' is not active: virsh net-start n");
	ck_assert_str_eq(seg.ifname, "virbr7");
	ck_assert(!ip_is_set(&seg.server));
	net.active = true;
	net.address = (struct ip){0};
	ck_assert_int_eq(describe(), -EADDRNOTAVAIL);
	ck_assert_str_eq(why, "network 'n' has no bridge with an IPv4 address of this host");
	net.address = base_ip("10.5.0.1");
	net.bridge[0] = '\0';
	ck_assert_int_eq(describe(), -EADDRNOTAVAIL);
}
END_TEST

/* --- interfaces -------------------------------------------------------------------------------------------------------------- */

START_TEST(interfaces)
{
	if (!make_link())
		return;
	conf.is_network = false;
	strcpy(conf.name, "br9");
	described();
	ck_assert(!seg.is_network);
	ck_assert_str_eq(seg.ifname, "br9");
	ck_assert_str_eq(text_of(&seg.server), "10.4.0.1");
	ck_assert_uint_eq(seg.prefix_len, 24);
	ck_assert(!ip_is_set(&seg.router));
	ck_assert_int_eq(seg.mode, SEGMENT_AUTO);
	conf.pool_first = base_ip("10.5.0.10");
	conf.pool_last = base_ip("10.5.0.20");
	ck_assert_int_eq(describe(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "is in another subnet"));
	strcpy(conf.name, "nothere0");
	ck_assert_int_eq(describe(), -ENODEV);
	ck_assert_str_eq(why, "interface 'nothere0': no such interface");
	ck_assert_str_eq(seg.ifname, "nothere0");
}
END_TEST

/* libvirt's network only names a bridge of the host's: the kernel has its address, and who leases there is listened for. */
START_TEST(bridges_of_the_host)
{
	if (!make_link())
		return;
	net = (struct guest_network){.name = "n", .active = true, .bridged = true};
	ck_assert_int_eq(describe(), -EADDRNOTAVAIL);
	ck_assert_ptr_nonnull(strstr(why, "network 'n' has no bridge, but cards of its own"));
	strcpy(net.bridge, "nothere0");
	ck_assert_int_eq(describe(), -ENODEV);
	ck_assert_str_eq(why, "bridge 'nothere0' of network 'n': no such interface");
	strcpy(net.bridge, "br9");
	described();
	ck_assert(seg.is_network && seg.bridged);
	ck_assert_str_eq(seg.ifname, "br9");
	ck_assert_str_eq(text_of(&seg.server), "10.4.0.1");
	ck_assert_uint_eq(seg.prefix_len, 24);
	ck_assert(!ip_is_set(&seg.router));
	ck_assert_int_eq(seg.mode, SEGMENT_AUTO);
	conf.six.on = true;
	ck_assert(!system(
		"sysctl -qw net.ipv6.conf.br9.disable_ipv6=0 && ip addr add fd00:4::1/64 dev br9"));
	described();
	ck_assert_int_eq(segment6_describe(&conf, &net, &seg, why, sizeof why), 0);
	ck_assert_str_eq(text_of(&seg.six.server), "fd00:4::1");
	ck_assert(seg.six.yields);
	ck_assert(!system("ip addr del 10.4.0.1/24 dev br9"));
	conf.six.on = false;
	ck_assert_int_eq(describe(), -EADDRNOTAVAIL);
	ck_assert_str_eq(
		why, "interface 'br9' has no IPv4 address: ip address add ADDRESS/LEN dev br9");
}
END_TEST

/* --- IPv6 ---------------------------------------------------------------------------------------------------------------- */

static int describe6(void)
{
	why[0] = '\0';
	described();
	return segment6_describe(&conf, conf.is_network ? &net : NULL, &seg, why, sizeof why);
}

START_TEST(ipv6_of_a_network)
{
	net.address6 = base_ip("fd00:5::1");
	net.prefix_len6 = 64;
	ck_assert_int_eq(describe6(), 0); /* nobody asked for it */
	ck_assert(!ip_is_set(&seg.six.server));
	net.ours = true;
	ck_assert_int_eq(describe6(), 0);
	ck_assert_str_eq(text_of(&seg.six.server), "fd00:5::1");
	net.ours = false;
	conf.six.on = true;
	conf.pool_first = base_ip("10.5.0.10");
	conf.pool_last = base_ip("10.5.0.20");
	ck_assert_int_eq(describe6(), 0);
	ck_assert_str_eq(text_of(&seg.six.server), "fd00:5::1");
	ck_assert_uint_eq(seg.six.prefix_len, 64);
	ck_assert_uint_eq(seg.six.router_s, SEGMENT_ROUTER_S);
	ck_assert(!seg.six.autonomous && seg.six.n_dns);
	ck_assert_uint_eq(seg.six.pool_first, 0x0a05000a);
	ck_assert_uint_eq(seg.six.pool_last, 0x0a050014);
	conf.six = (struct config_segment6){.on = true,
		.pool_first = base_ip("fd00:5::100"),
		.pool_last = base_ip("fd00:5::200"),
		.dns = {base_ip("fd00::53")},
		.n_dns = 1,
		.router = CONFIG_ROUTER_NO,
		.autonomous = true};
	ck_assert_int_eq(describe6(), 0);
	ck_assert(seg.six.autonomous && !seg.six.router_s && seg.six.n_dns == 1);
	ck_assert_str_eq(text_of(&seg.six.dns[0]), "fd00::53");
	ck_assert_uint_eq(seg.six.pool_first, 0x100);
	ck_assert_uint_eq(seg.six.pool_last, 0x200);
	net.forward = false;
	conf.six.router = CONFIG_ROUTER_AUTO;
	ck_assert_int_eq(describe6(), 0);
	ck_assert_uint_eq(seg.six.router_s, 0);
	conf.six.router = CONFIG_ROUTER_YES;
	ck_assert_int_eq(describe6(), 0);
	ck_assert_uint_eq(seg.six.router_s, SEGMENT_ROUTER_S);
}
END_TEST

/* IPv4 is served all the same. */
START_TEST(ipv6_that_cannot_be_served)
{
	conf.six.on = true;
	ck_assert_int_eq(describe6(), -EADDRNOTAVAIL);
	ck_assert_ptr_nonnull(strstr(why, "network 'n' has no IPv6 address"));
	net.address6 = base_ip("fd00:5::1");
	net.prefix_len6 = 64;
	net.advertises = true;
	ck_assert_int_eq(describe6(), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(why, "sends router advertisements in network 'n'"));
	ck_assert(!ip_is_set(&seg.six.server));
	ck_assert_str_eq(text_of(&seg.server), "10.5.0.1");
	net.advertises = false;
	net.prefix_len6 = 48;
	ck_assert_int_eq(describe6(), -EINVAL);
	ck_assert_str_eq(why, "'n' has fd00:5::1/48: expected a prefix length from 64 to 96");
}
END_TEST

START_TEST(ipv6_of_an_interface)
{
	struct link_state link;

	if (!make_link())
		return;
	conf.is_network = false;
	conf.six.on = true;
	strcpy(conf.name, "br9");
	ck_assert_int_eq(describe6(), -EADDRNOTAVAIL);
	ck_assert_str_eq(why, "'br9' has no IPv6 address, global or unique local");
	ck_assert(!system("sysctl -qw net.ipv6.conf.br9.disable_ipv6=0 &&"
			  "ip addr add fd00:4::1/64 dev br9 && ip addr add fd00:4::2/64 dev br9"));
	ck_assert_int_eq(describe6(), 0);
	ck_assert_str_eq(text_of(&seg.six.server), "fd00:4::1");
	ck_assert_uint_eq(seg.six.router_s, 0);
	ck_assert_int_eq(link_lookup("br9", &link), 0);
	ck_assert(segment6_is_there(&seg, &link));
	seg.six.prefix_len = 80;
	ck_assert(!segment6_is_there(&seg, &link));
	conf.six.address = base_ip("fd00:4::2");
	ck_assert_int_eq(describe6(), 0);
	ck_assert_str_eq(text_of(&seg.six.server), "fd00:4::2");
	conf.six.address = base_ip("fd00:4::3");
	ck_assert_int_eq(describe6(), -EINVAL);
	ck_assert_str_eq(why, "'br9' does not have the IPv6 address fd00:4::3");
}
END_TEST

/* --- all that there are ------------------------------------------------------------------------------------------------------- */

static struct config_segment *add_conf(const char *name, const char *via, const char *subnet)
{
	struct config *c = &rooms.base.config;
	struct config_segment *s = &c->segments[c->n_segments++];

	*s = (struct config_segment){.prefix_len = 24, .mode = SEGMENT_AUTO, .lease_s = 600};
	snprintf(s->name, sizeof s->name, "%s", name);
	snprintf(s->via, sizeof s->via, "%s", via);
	if (*subnet)
		s->subnet = base_ip(subnet);
	return s;
}

static int find(void)
{
	segments_fini(&rooms.base.segments);
	memset(nw->served, 0, sizeof nw->served);
	why[0] = '\0';
	return segments_find(nw, why, sizeof why);
}

static void begin(void)
{
	rooms.base.config.n_segments = 0;
	config_add_segment(&rooms.base.config, "default", true);
	rooms.base.config.segments[0].named = false;
	rooms.base.config.segments[0].mode = SEGMENT_AUTO;
}

/* The test driver's network, where its dnsmasq leases; a link; what may come yet. */
START_TEST(found)
{
	if (!make_link())
		return;
	begin();
	add_conf("br9", "", "");
	add_conf("nothere0", "", "");
	config_remember(&rooms.base.config, "coming");
	ck_assert_msg(!find(), "%s", why);
	ck_assert_uint_eq(rooms.base.segments.count, 4);
	ck_assert_int_eq(base_segment(&rooms.base, "default")->mode, SEGMENT_PROXY);
	ck_assert_str_eq(text_of(&base_segment(&rooms.base, "default")->server), "192.168.122.1");
	ck_assert_str_eq(text_of(&base_segment(&rooms.base, "br9")->server), "10.4.0.1");
	ck_assert(!ip_is_set(&base_segment(&rooms.base, "nothere0")->server));
	ck_assert(!ip_is_set(&base_segment(&rooms.base, "coming")->server));
	for (size_t i = 0; i < 4; i++) {
		const struct segment *s = rooms.base.segments.all[i];

		ck_assert_ptr_eq(nw->served[s->id - 1].segment, s);
		ck_assert_ptr_eq(nw->served[s->id - 1].nw, nw);
	}
}
END_TEST

/* A socket that takes connections, and never says anything. */
static int stand_still(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct config *c = &rooms.base.config;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/libvirt-sock", base_dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	snprintf(c->libvirt_uri, sizeof c->libvirt_uri, "qemu+unix:///system?socket=%s",
		at.sun_path);
	return fd;
}

/* Interfaces do not wait for its networks. */
START_TEST(libvirt_stands_still)
{
	int64_t begun = clock_mono_ms();

	if (!make_link())
		return;
	begin();
	config_remember(&rooms.base.config, "coming");
	add_conf("br9", "", "");
	(void)stand_still();
	ck_assert_msg(!find(), "%s", why);
	ck_assert_int_lt(clock_mono_ms() - begun, 20000);
	ck_assert(nw->silent);
	ck_assert_uint_eq(rooms.base.segments.count, 3);
	ck_assert(!ip_is_set(&base_segment(&rooms.base, "default")->server));
	ck_assert_str_eq(text_of(&base_segment(&rooms.base, "br9")->server), "10.4.0.1");
}
END_TEST

/* What the command line names must be there. */
START_TEST(named)
{
	if (!make_link())
		return;
	begin();
	config_add_segment(&rooms.base.config, "nope", true);
	ck_assert_int_eq(find(), -ENOENT);
	begin();
	add_conf("nothere0", "", "")->named = true;
	ck_assert_int_eq(find(), -ENODEV);
	begin();
	add_conf("br9", "", "");
	add_conf("br9", "", "");
	ck_assert_int_eq(find(), -EEXIST);
	ck_assert_str_eq(why, "segment 'br9': it is served twice");
}
END_TEST

/* Relays are pointed at us by hand: we are meant. */
START_TEST(behind_relays)
{
	const struct segment *link, *far;

	if (!make_link())
		return;
	begin();
	add_conf("far", "br9", "10.8.0.0")->router = base_ip("10.8.0.1");
	add_conf("br9", "", "");
	add_conf("same", "br9", "192.168.122.0"); /* as on another link, which is no matter */
	ck_assert_msg(!find(), "%s", why);
	link = base_segment(&rooms.base, "br9");
	far = base_segment(&rooms.base, "far");
	ck_assert_int_eq(link->mode, SEGMENT_OWN);
	ck_assert_int_eq(far->mode, SEGMENT_OWN);
	ck_assert_uint_eq(far->via, link->id);
	ck_assert_str_eq(text_of(&far->server), "10.4.0.1");
	ck_assert_str_eq(text_of(&far->router), "10.8.0.1");
	ck_assert_str_eq(text_of(&far->subnet), "10.8.0.0");
	ck_assert_str_eq(far->ifname, "br9");
	ck_assert_uint_eq(
		segment_of_peer(nw, link->id, (struct ip[]){base_ip("10.8.0.9")}), far->id);
	ck_assert_uint_eq(
		segment_of_peer(nw, link->id, (struct ip[]){base_ip("10.4.0.9")}), link->id);
	ck_assert_uint_eq(
		segment_of_peer(nw, link->id, (struct ip[]){base_ip("10.9.0.9")}), link->id);
	ck_assert_uint_eq(segment_of_peer(nw, 0, (struct ip[]){base_ip("10.8.0.9")}), 0);
}
END_TEST

/* Of IPv6 alone: nothing of IPv4 is there, whatever its link has. */
static void add_six(const char *name, const char *subnet, uint8_t prefix_len)
{
	struct config_segment *c = add_conf(name, "br9", "");

	c->subnet = (struct ip){0};
	c->prefix_len = 0;
	c->six = (struct config_segment6){
		.on = true, .subnet = base_ip(subnet), .prefix_len = prefix_len};
}

START_TEST(relayed_by_ipv6_alone)
{
	const struct segment *link;

	if (!make_link())
		return;
	begin();
	add_conf("br9", "", "");
	add_six("far", "2001:db8:2::", 64);
	add_six("farther", "2001:db8:3::", 64);
	ck_assert_msg(!find(), "%s", why);
	link = base_segment(&rooms.base, "br9");
	ck_assert(!ip_is_set(&base_segment(&rooms.base, "far")->server));
	ck_assert_uint_eq(
		segment_of_peer(nw, link->id, (struct ip[]){base_ip("10.4.0.9")}), link->id);
}
END_TEST

START_TEST(relays_that_cannot_be)
{
	if (!make_link())
		return;
	begin();
	add_conf("far", "nope", "10.8.0.0");
	ck_assert_int_eq(find(), -ENOENT);
	ck_assert_ptr_nonnull(
		strstr(why, "segment 'far': via='nope' is not a served network or interface"));
	begin();
	add_conf("br9", "", "")->mode = SEGMENT_PROXY;
	add_conf("far", "br9", "10.8.0.0");
	ck_assert_int_eq(find(), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "another server leases on 'br9'"));
	begin();
	add_conf("br9", "", "");
	add_conf("far", "br9", "10.8.0.0");
	add_conf("near", "br9", "10.8.0.128")->prefix_len = 25;
	ck_assert_int_eq(find(), -EINVAL);
	ck_assert_str_eq(why, "segments 'near' and 'far' overlap");
	begin();
	add_conf("br9", "", "");
	add_six("far", "2001:db8:2::", 64);
	add_six("near", "2001:db8:2::", 72);
	ck_assert_int_eq(find(), -EINVAL);
	ck_assert_str_eq(why, "segments 'near' and 'far' overlap");
	begin();
	add_conf("br9", "", "");
	add_conf("far", "br9", "10.8.0.0");
	add_conf("farther", "far", "10.9.0.0"); /* no relay's relay */
	ck_assert_int_eq(find(), -ENOENT);
}
END_TEST

/* --- what comes and goes -------------------------------------------------------------------------------------------------------- */

START_TEST(comes_and_goes)
{
	struct machine *m = base_add(&rooms.base, base_record("m", false, "coming", "10.6.0.9"));
	uint32_t id;

	ck_assert_uint_eq(m->nics[0].segment_id, 0);
	ck_assert_msg(!segment_come(nw, "coming", why, sizeof why), "%s", why);
	id = base_segment(&rooms.base, "coming")->id;
	ck_assert_uint_eq(m->nics[0].segment_id, id);
	ck_assert_ptr_eq(nw->served[id - 1].segment, base_segment(&rooms.base, "coming"));
	ck_assert(config_segment_of(&rooms.base.config, "coming")->remembered);
	ck_assert_int_eq(segment_come(nw, "coming", why, sizeof why), 0); /* it is there */
	ck_assert_uint_eq(rooms.base.segments.count, 3);
	segment_go(nw, "coming");
	ck_assert_ptr_null(segments_by_name(&rooms.base.segments, "coming"));
	ck_assert_ptr_null(config_segment_of(&rooms.base.config, "coming"));
	ck_assert_ptr_null(nw->served[id - 1].segment);
	ck_assert_uint_eq(m->nics[0].segment_id, 0);
	segment_go(nw, "coming"); /* it is gone */
	ck_assert_uint_eq(rooms.base.segments.count, 2);
}
END_TEST

START_TEST(no_more_than_can_be)
{
	char name[16];

	for (int i = 0; rooms.base.config.n_segments < SEGMENT_MAX; i++) {
		snprintf(name, sizeof name, "n%d", i);
		ck_assert_int_eq(config_add_segment(&rooms.base.config, name, true), 0);
	}
	ck_assert_int_eq(segment_come(nw, "coming", why, sizeof why), -ENOSPC);
	ck_assert_str_eq(why, "64 networks and interfaces are already served, the maximum");
	ck_assert_int_eq(segment_come(nw, "n3", why, sizeof why), 0);
}
END_TEST

/* --- who leases, as it was found out ------------------------------------------------------------------------------------------- */

static struct segment *on_wire(void)
{
	struct segment wire = {.name = "nothere0",
		.ifname = "nothere0",
		.server = base_ip("10.4.0.1"),
		.prefix_len = 24,
		.mode = SEGMENT_AUTO};
	const struct segment *added;

	ck_assert_int_eq(segments_add(&rooms.base.segments, &wire, &added), 0);
	nw->served[added->id - 1] =
		(struct served){.nw = nw, .segment = rooms.base.segments.by_id[added->id - 1]};
	return rooms.base.segments.by_id[added->id - 1];
}

START_TEST(decided)
{
	struct dhcpd_server server = {.address = base_ip("10.4.0.9"), .mac = {{2, 0, 0, 0, 0, 9}}};
	struct segment *wire = on_wire();

	segments_decided(nw, wire, &server);
	ck_assert_int_eq(wire->mode, SEGMENT_PROXY);
	ck_assert_str_eq(text_of(&wire->lessor), "10.4.0.9");
	ck_assert(!decided_was_own(nw, wire));
	wire->mode = SEGMENT_AUTO;
	segments_decided(nw, wire, NULL);
	ck_assert_int_eq(wire->mode, SEGMENT_OWN);
	ck_assert(decided_was_own(nw, wire));
	ck_assert_str_eq(base_told(&rooms.base, "", "foreign"), "");
	/* where we leased until now, whoever answers takes nothing from us unsaid */
	wire->mode = SEGMENT_AUTO;
	segments_decided(nw, wire, &server);
	ck_assert_int_eq(wire->mode, SEGMENT_OWN);
	ck_assert(decided_was_own(nw, wire));
	ck_assert_str_eq(base_told(&rooms.base, "", "foreign"),
		"nothere0: 10.4.0.9 (MAC 02:00:00:00:00:09) answers as a DHCP server where usher "
		"leased until now: usher continues to lease there");
	/* at another address it is another wire */
	wire->server = base_ip("10.4.0.2");
	segments_decided(nw, wire, &server);
	ck_assert_int_eq(wire->mode, SEGMENT_PROXY);
	ck_assert(!decided_was_own(nw, wire));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {as_configured, as_the_network_is, servers_of_names,
		name_servers_of_the_host, who_leases, networks_that_cannot_be_served, interfaces,
		bridges_of_the_host, ipv6_of_a_network, ipv6_that_cannot_be_served,
		ipv6_of_an_interface, found, named, libvirt_stands_still, behind_relays,
		relays_that_cannot_be, relayed_by_ipv6_alone, comes_and_goes, no_more_than_can_be,
		decided};
	Suite *s = suite_create("segments");
	TCase *t = tcase_create("segments");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
