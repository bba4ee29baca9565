/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher.xml: what is read, and what is said about what cannot be. */
#include "config/config.h"
#include "config/config_look.h"
#include "hooks/hooks.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static char why[1024];

static int read_text(const char *text)
{
	char path[] = "/tmp/usher-config-XXXXXX";
	int fd = mkstemp(path), rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	config_init(&config);
	*why = '\0';
	rc = config_read(&config, path, why, sizeof why);
	unlink(path);
	return rc;
}

/* The part of the message behind the file's name. */
static const char *told(void)
{
	const char *colon = strchr(why, ':');

	return colon ? colon + 1 : why;
}

static int read_segment_with(const char *attributes, const char *children)
{
	char text[2048];

	snprintf(text, sizeof text, "<usher>\n<segment interface='e' %s>\n%s</segment></usher>",
		attributes, children);
	return read_text(text);
}

START_TEST(webhooks)
{
	ck_assert_int_eq(
		read_text(
			"<usher><webhook url='https://hooks.example/a' secret-file='/s'/>"
			"<webhook url='https://b.example:8443' secret-file='/s2' ca='/ca' retry='60'"
			" events='failed, up,stuck'/></usher>"),
		0);
	ck_assert_uint_eq(config.n_webhooks, 2);
	ck_assert_str_eq(config.webhooks[0].url, "https://hooks.example/a");
	ck_assert_str_eq(config.webhooks[0].secret_file, "/s");
	ck_assert_str_eq(config.webhooks[0].ca, "");
	ck_assert_uint_eq(config.webhooks[0].retry_s, WEBHOOK_RETRY_S);
	ck_assert_uint_eq(config.webhooks[0].kinds, (1u << HOOKS_KINDS) - 1);
	ck_assert_str_eq(config.webhooks[1].ca, "/ca");
	ck_assert_uint_eq(config.webhooks[1].retry_s, 60);
	ck_assert_uint_eq(config.webhooks[1].kinds,
		1u << hooks_kind("failed") | 1u << hooks_kind("up") | 1u << hooks_kind("stuck"));
	/* One mistake is one fault. */
	ck_assert_int_eq(read_text("<usher><webhook url='https://h/' secret-file='/s' "
				   "events='fail'/></usher>"),
		-EINVAL);
	ck_assert_str_eq(
		told(), "1: unknown event 'fail' in events= of <webhook>: did you mean 'failed'?");
	ck_assert_int_eq(read_text("<usher><webhook url='https://h/' secret-file='/s' "
				   "events=','/></usher>"),
		-EINVAL);
	ck_assert_str_eq(told(), "1: <webhook>: events= names none");
}
END_TEST

START_TEST(package_cache)
{
	char dir[PATH_MAX];

	ck_assert_int_eq(read_text("<usher/>"), 0);
	ck_assert_uint_eq(config_log_port(&config), 514);
	ck_assert_int_eq(read_text("<usher><syslog serve='no'/></usher>"), 0);
	ck_assert_uint_eq(config_log_port(&config), 0);
	ck_assert_int_eq(read_text("<usher/>"), 0);
	ck_assert(!config.packages);
	ck_assert_int_eq(read_text("<usher>\n<state dir='/srv/u'/><package-cache/></usher>"), 0);
	ck_assert(config.packages);
	ck_assert_uint_eq(config.packages_mib, CONFIG_PACKAGES_MIB);
	ck_assert_uint_eq(config.packages_port, 8068);
	ck_assert_str_eq(config_packages_dir(&config, dir), "/srv/u/packages");
	ck_assert_int_eq(read_text("<usher><package-cache dir='/srv/p' mib='100' port='9000' "
				   "nginx='/opt/nginx'/></usher>"),
		0);
	ck_assert_str_eq(config_packages_dir(&config, dir), "/srv/p");
	ck_assert_uint_eq(config.packages_mib, 100);
	ck_assert_uint_eq(config.packages_port, 9000);
	ck_assert_str_eq(config.nginx, "/opt/nginx");
	ck_assert_int_eq(read_text("<usher>\n<package-cache port='80'/></usher>"), -EINVAL);
	ck_assert_str_eq(told(),
		"2: bad port='80' of <package-cache>, expected 1024 or more: its nginx has no "
		"privileges");
	ck_assert_int_eq(read_text("<usher>\n<package-cache size='1'/></usher>"), -EINVAL);
	ck_assert_int_eq(read_text("<usher><package-cache/>\n<package-cache/></usher>"), -EINVAL);
}
END_TEST

START_TEST(segment_extra)
{
	const struct config_segment *s = &config.segments[0];
	const struct segment_extra *x = &s->extra;

	ck_assert_int_eq(read_segment_with("mtu='1450' identity='client-id'",
				 "<ntp address='10.0.0.1'/> <search domain='a.example'/> <search "
				 "domain='b'/><route to='10.1.0.0/16' gateway='10.0.0.9'/>"
				 "<option code='100' value='UTC'/>"
				 "<option code='125' type='hex' value='0a:4D 00ff'/>"
				 "<option code='72' type='address' value='10.0.0.1, 10.0.0.2'/>"
				 "<option code='23' type='u8' value='64'/>"
				 "<option code='24' type='u32' value='4294967295'/>"),
		0);
	ck_assert_uint_eq(x->mtu, 1450);
	ck_assert(s->by_client_id);
	ck_assert_uint_eq(x->n_ntp, 1);
	ck_assert_str_eq(x->search, "a.example b");
	ck_assert_uint_eq(x->n_routes, 1);
	ck_assert_uint_eq(x->routes[0].to, 0x0a010000);
	ck_assert_uint_eq(x->routes[0].prefix_len, 16);
	ck_assert_uint_eq(x->routes[0].gateway, 0x0a000009);
	ck_assert_uint_eq(x->options.len, 5 + 6 + 10 + 3 + 6);
	ck_assert_int_eq(memcmp(x->options.bytes,
				 "\144\3UTC\175\4\12\115\0\377\110\10\12\0\0\1\12\0\0\2\27\1\100"
				 "\30\4\377\377\377\377",
				 30),
		0);
}
END_TEST

START_TEST(segment_extra_faults)
{
	static const struct {
		const char *attributes, *children, *told;
	} table[] = {
		{"mtu='60'", "", "2: <segment mtu='60'>: expected bytes from 68 to 65535"},
		{"identity='duid'", "", "2: <segment identity='duid'>: expected mac or client-id"},
		{"", "<option code='3' value='x'/>",
			"3: <option code='3'> is sent by usher itself: set by <router>"},
		{"", "<option code='67' value='x'/>",
			"3: <option code='67'> is sent by usher itself"},
		{"", "<option code='80' value='x'/>",
			"3: <option code='80'> is sent by usher itself: it answers a "
			"client's option that usher does not support"},
		{"", "<option code='255' value='x'/>",
			"3: <option code='255'>: expected a DHCP option's number from 1 to 254"},
		{"", "<option code='100' value='x'/>\n<option code='100' value='y'/>",
			"4: <option code='100'> is already set"},
		{"", "<option code='100' type='hex' value='0a4'/>",
			"3: <option value='0a4'>: expected hexadecimal bytes like 0a:4d:00"},
		{"", "<option code='100' type='u8' value='256'/>",
			"3: <option value='256'>: expected a number from 0 to 255"},
		{"", "<option code='100' type='word' value='1'/>",
			"3: <option value='1'>: expected type= text, hex, address, u8, u16 or u32"},
		{"", "<route to='10.1.0.1/16' gateway='10.0.0.9'/>",
			"3: <route to='10.1.0.1/16'>: expected a network like 10.2.0.0/24"},
		{"", "<route to='0.0.0.0/0' gateway='10.0.0.9'/>",
			"3: <route>: the default route is the <router>'s"},
		{"", "<search domain='a..b'/>",
			"3: <search domain='a..b'>: expected a domain like lab.example"},
		{"via='e0'", "",
			"2: <segment> takes one of network= (of libvirt), interface=, and via= (a "
			"relay's packets come in there)"},
		{"name='x'", "",
			"2: <segment>: via=, name= and subnet= go together: one behind a relay"},
		{"discover='yes' identity='client-id'", "",
			"2: <segment>: discover='yes' needs identity='mac'"},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		ck_assert_int_eq(
			read_segment_with(table[i].attributes, table[i].children), -EINVAL);
		ck_assert_str_eq(told(), table[i].told);
	}
}
END_TEST

/* What is to be served on an interface, by the addresses that it has; at the start as later. */
START_TEST(address_of_an_interface)
{
	static const struct {
		const char *pool[2], *router, *addresses[3], *taken, *why;
		enum segment_mode mode;
	} table[] = {
		{{0}, NULL, {"10.66.0.1/24"}, "10.66.0.1", NULL, SEGMENT_OWN},
		{{0}, NULL, {"192.0.2.1/24", "10.66.0.1/24"}, "192.0.2.1", NULL, SEGMENT_OWN},
		{{"10.66.0.100", "10.66.0.140"}, NULL, {"10.66.0.1/24"}, "10.66.0.1", NULL,
			SEGMENT_OWN},
		{{"10.66.0.100", "10.66.0.140"}, NULL, {"192.0.2.1/24", "10.66.0.1/24"},
			"10.66.0.1", NULL, SEGMENT_OWN},
		{{"10.66.0.100", "10.66.0.140"}, NULL,
			{"192.0.2.1/24", "10.66.0.1/24", "10.66.0.2/24"}, "10.66.0.1", NULL,
			SEGMENT_AUTO},
		{{"10.66.0.100", "10.66.0.140"}, "10.66.0.129", {"10.66.0.1/24", "10.66.0.2/16"},
			"10.66.0.1", NULL, SEGMENT_OWN},
		{{"10.66.0.100", "10.66.0.140"}, NULL, {"10.67.0.1/24"}, NULL,
			"interface 'e' has 10.67.0.1/24, but its pool, 10.66.0.100 to 10.66.0.140, "
			"is in another subnet: run 'ip address add ADDRESS/LEN dev e', or change "
			"<pool>",
			SEGMENT_OWN},
		/* a longer prefix holds a part of it */
		{{"10.66.0.100", "10.66.0.140"}, NULL, {"10.66.0.1/25"}, NULL,
			"interface 'e' has 10.66.0.1/25, but its pool, 10.66.0.100 to 10.66.0.140, "
			"is in another subnet: run 'ip address add ADDRESS/LEN dev e', or change "
			"<pool>",
			SEGMENT_OWN},
		{{"10.66.0.100", "10.66.0.140"}, NULL, {"10.66.0.1/25", "10.66.0.2/24"},
			"10.66.0.2", NULL, SEGMENT_OWN},
		{{0}, "10.66.0.254", {"192.0.2.1/24", "10.66.0.1/24"}, "10.66.0.1", NULL,
			SEGMENT_OWN},
		{{0}, "10.66.0.254", {"192.0.2.1/24"}, "192.0.2.1", NULL, SEGMENT_OWN},
		/* who leases there has the pool */
		{{"10.66.0.100", "10.66.0.140"}, NULL, {"10.67.0.1/24"}, "10.67.0.1", NULL,
			SEGMENT_PROXY},
		{{0}, NULL, {0}, NULL,
			"interface 'e' has no IPv4 address: ip address add ADDRESS/LEN dev e",
			SEGMENT_OWN},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct config_segment c = {.name = "site", .mode = table[i].mode};
		struct link_state link = {.name = "e", .index = 1};
		const struct link_address *on;
		char line[256] = "", text[IP_TEXT];

		if (table[i].pool[0]) {
			ck_assert_int_eq(ip_parse(table[i].pool[0], &c.pool_first), 0);
			ck_assert_int_eq(ip_parse(table[i].pool[1], &c.pool_last), 0);
		}
		if (table[i].router)
			ck_assert_int_eq(ip_parse(table[i].router, &c.router), 0);
		for (; link.n_addresses < 3 && table[i].addresses[link.n_addresses];
			link.n_addresses++) {
			const char *at = table[i].addresses[link.n_addresses],
				   *slash = strchr(at, '/');
			struct link_address *a = &link.addresses[link.n_addresses];

			snprintf(text, sizeof text, "%.*s", (int)(slash - at), at);
			ck_assert_int_eq(ip_parse(text, &a->ip), 0);
			a->prefix_len = (uint8_t)atoi(slash + 1);
		}
		on = config_segment_address(&c, &link, line, sizeof line);
		ck_assert_msg(!on == !table[i].taken, "%zu", i);
		if (on)
			ck_assert_str_eq(ip_format(&on->ip, text), table[i].taken);
		else
			ck_assert_str_eq(line, table[i].why);
	}
}
END_TEST

START_TEST(ipv6)
{
	const struct config_segment6 *s = &config.segments[0].six;
	char text[IP_TEXT];

	ck_assert_int_eq(read_segment_with("", ""), 0);
	ck_assert(!s->on);
	ck_assert_msg(!read_segment_with("", "<ipv6/>"), "%s", why);
	ck_assert(s->on && !ip_is_set(&s->address) && !s->autonomous && !s->n_dns);
	ck_assert_int_eq(s->router, CONFIG_ROUTER_AUTO);
	ck_assert_msg(!read_segment_with("",
			      "<ipv6 address='2001:db8:7a::1' autonomous='yes' router='no'>"
			      "<pool start='2001:db8:7a::64' end='2001:db8:7a::c8'/>"
			      "<dns address='2001:db8::53'/><dns address='fd00::53'/></ipv6>"),
		"%s", why);
	ck_assert_str_eq(ip_format(&s->address, text), "2001:db8:7a::1");
	ck_assert_str_eq(ip_format(&s->pool_first, text), "2001:db8:7a::64");
	ck_assert_str_eq(ip_format(&s->pool_last, text), "2001:db8:7a::c8");
	ck_assert_str_eq(ip_format(&s->dns[1], text), "fd00::53");
	ck_assert(s->autonomous && s->n_dns == 2);
	ck_assert_int_eq(s->router, CONFIG_ROUTER_NO);
}
END_TEST

/* Of a link's IPv6 addresses; the same at the start as later. */
START_TEST(address_of_ipv6)
{
	static const struct {
		const char *own, *pool[2], *addresses[3], *taken, *why;
	} table[] = {
		{NULL, {0}, {"2001:db8::1/64", "fd00::1/64"}, "2001:db8::1", NULL},
		{NULL, {0}, {"2001:db8::1/128", "fd00::1/80"}, "fd00::1", NULL},
		{"fd00::1", {0}, {"2001:db8::1/64", "fd00::1/64"}, "fd00::1", NULL},
		{NULL, {"fd00::64", "fd00::c8"}, {"2001:db8::1/64", "fd00::1/64"}, "fd00::1", NULL},
		{NULL, {"fd00::5:0:64", "fd00::5:0:c8"}, {"fd00::1/96", "fd00::5:0:1/96"},
			"fd00::5:0:1", NULL},
		{NULL, {0}, {0}, NULL, "'e' has no IPv6 address, global or unique local"},
		{NULL, {0}, {"2001:db8::1/48"}, NULL,
			"'e' has 2001:db8::1/48: expected a prefix length from 64 to 96"},
		{"fd00::9", {0}, {"2001:db8::1/64"}, NULL,
			"'e' does not have the IPv6 address fd00::9"},
		{NULL, {"fd00::64", "fd00::c8"}, {"2001:db8::1/64"}, NULL,
			"segment 'e': IPv6 pool fd00::64 to fd00::c8: both ends are not usable by "
			"clients of 2001:db8::1/64: take addresses of that prefix whose bits between "
			"it and the last 32 are zero"},
		{NULL, {"fd00::1", "fd00::c8"}, {"fd00::1/64"}, NULL,
			"segment 'e': IPv6 pool fd00::1 to fd00::c8: the start is not usable by "
			"clients of fd00::1/64: take addresses of that prefix whose bits between it "
			"and the last 32 are zero"},
		{NULL, {"fd00::5:0:64", "fd00::5:0:c8"}, {"fd00::1/64"}, NULL,
			"segment 'e': IPv6 pool fd00::5:0:64 to fd00::5:0:c8: both ends are not "
			"usable by clients of fd00::1/64: take addresses of that prefix whose bits "
			"between it and the last 32 are zero"},
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct config_segment c = {.name = "e", .mode = SEGMENT_OWN};
		struct link_address of[3] = {0};
		const struct link_address *on;
		char line[512] = "", text[IP_TEXT];
		size_t n = 0;

		if (table[i].own)
			ck_assert_int_eq(ip_parse(table[i].own, &c.six.address), 0);
		if (table[i].pool[0]) {
			ck_assert_int_eq(ip_parse(table[i].pool[0], &c.six.pool_first), 0);
			ck_assert_int_eq(ip_parse(table[i].pool[1], &c.six.pool_last), 0);
		}
		for (; n < 3 && table[i].addresses[n]; n++) {
			const char *at = table[i].addresses[n], *slash = strchr(at, '/');

			snprintf(text, sizeof text, "%.*s", (int)(slash - at), at);
			ck_assert_int_eq(ip_parse(text, &of[n].ip), 0);
			of[n].prefix_len = (uint8_t)atoi(slash + 1);
		}
		on = config_segment_address6(&c, of, n, line, sizeof line);
		ck_assert_msg(!on == !table[i].taken, "%zu: %s", i, line);
		if (on)
			ck_assert_str_eq(ip_format(&on->ip, text), table[i].taken);
		else
			ck_assert_str_eq(line, table[i].why);
	}
}
END_TEST

START_TEST(relayed_segment)
{
	const struct config_segment *s = &config.segments[0];

	ck_assert_int_eq(read_text("<usher><segment name='rack2' via='eth1' subnet='10.2.0.0/23'>"
				   "<router address='10.2.0.1'/></segment></usher>"),
		0);
	ck_assert_str_eq(s->name, "rack2");
	ck_assert_str_eq(s->via, "eth1");
	ck_assert_uint_eq(ip_to_v4(&s->subnet), 0x0a020000);
	ck_assert_uint_eq(s->prefix_len, 23);
	ck_assert(!s->is_network);
	ck_assert_int_eq(
		read_text("<usher><segment via='eth1' subnet='10.2.0.0/23'/></usher>"), -EINVAL);
	config_init(&config);
	ck_assert_int_eq(read_text("<usher><segment name='rack2' via='eth1' mode='own'"
				   " subnet='10.2.0.0/23'/></usher>"),
		-EINVAL);
	ck_assert_str_eq(
		told(), "1: <segment via='eth1'>: set mode= in the segment 'eth1' instead");
	ck_assert_int_eq(read_text("<usher><segment name='rack2' via='eth1' subnet='10.2.0.0/23'>"
				   "<pool start='10.2.1.1' end='10.2.2.1'/></segment></usher>"),
		-EINVAL);
	ck_assert_str_eq(told(),
		"1: segment 'rack2': pool 10.2.1.1 to 10.2.2.1: the end is not usable by clients "
		"in "
		"its subnet, 10.2.0.0/23");
}
END_TEST

/* <ipv6> of a segment behind a relay, with `more` in it; what is wrong with it, or "". */
static const char *relayed6(const char *attributes, const char *more)
{
	char text[512];

	config_init(&config);
	snprintf(text, sizeof(text),
		"<usher><segment name='rack2' via='eth1' subnet='10.2.0.0/24'>"
		"<ipv6 %s>%s</ipv6></segment></usher>",
		attributes, more);
	return read_text(text) ? told() : "";
}

/* <ipv6> of an interface with this in it; what is wrong with it, or "". */
static const char *own6(const char *more)
{
	char text[1200];

	config_init(&config);
	snprintf(text, sizeof(text),
		"<usher><segment interface='eth1'>\n<ipv6>%s</ipv6></segment></usher>", more);
	return read_text(text) ? told() : "";
}

START_TEST(ipv6_options)
{
	const struct segment_options *o = &config.segments[0].six.options;
	char many[1100] = "";

	ck_assert_str_eq(own6("<option code='41' value='UTC'/>"
			      "<option code='1000' type='u16' value='258'/>"
			      "<option code='31' type='address' value='2001:db8::1 2001:db8::2'/>"),
		"");
	ck_assert_uint_eq(o->len, 7 + 6 + 36);
	ck_assert_mem_eq(o->bytes, "\0\51\0\3UTC\3\350\0\2\1\2\0\37\0\40\x20\1\x0d\xb8", 21);
	ck_assert_str_eq(own6("<option code='23' value='x'/>"),
		"2: <option code='23'> is sent by usher itself: set by <dns>");
	ck_assert_str_eq(own6("<option code='59' value='x'/>"),
		"2: <option code='59'> is sent by usher itself");
	ck_assert_str_eq(own6("<option code='17' value='x'/><option code='17' value='y'/>"),
		"2: <option code='17'> is already set");
	ck_assert_str_eq(own6("<option code='31' type='address' value='10.0.0.1'/>"),
		"2: <option value='10.0.0.1'>: expected IPv6 addresses");
	ck_assert_str_ne(own6("<option code='65536' value='x'/>"), "");
	ck_assert_str_ne(own6("<option code='0' value='x'/>"), "");
	for (size_t i = 0; i < 5; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
			"<option code='%zu' value='%0120d'/>", 200 + i, 0);
	ck_assert_str_eq(
		own6(many), "2: <option>: one takes at most 255 bytes, all of a segment 512");
}
END_TEST

START_TEST(relayed_ipv6)
{
	static const char *const wrong[] = {"2001:db8:2::", "2001:db8:2::/63", "2001:db8:2::/97",
		"2001:db8:2::1/64", "::/64", "fe80::/64", "ff02::/64", "10.2.0.0/64", "/64"};
	const struct config_segment6 *s = &config.segments[0].six;
	char attribute[64];

	ck_assert_str_eq(relayed6("subnet='2001:db8:2::/72'",
				 "<pool start='2001:db8:2::10' end='2001:db8:2::20'/>"),
		"");
	ck_assert(s->on && s->prefix_len == 72);
	ck_assert(s->subnet.b[5] == 2 && !ip_is_set(&s->address));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(attribute, sizeof(attribute), "subnet='%s'", wrong[i]);
		ck_assert_msg(strstr(relayed6(attribute, ""), "a network like 2001:db8:2::/64"),
			"%s: %s", wrong[i], told());
	}
	ck_assert_str_ne(relayed6("", ""), "");
	ck_assert_str_ne(relayed6("subnet='2001:db8:2::/64' autonomous='yes'", ""), "");
	ck_assert_str_eq(relayed6("subnet='2001:db8:2::/64'",
				 "<pool start='2001:db8:3::10' end='2001:db8:3::20'/>"),
		"1: segment 'rack2': IPv6 pool 2001:db8:3::10 to 2001:db8:3::20: both ends are not "
		"usable by clients of 2001:db8:2::/64: take addresses of that prefix whose bits "
		"between it and the last 32 are zero");
	/* alone */
	config_init(&config);
	ck_assert_int_eq(read_text("<usher><segment name='rack2' via='eth1'>"
				   "<ipv6 subnet='2001:db8:2::/64'/></segment></usher>"),
		0);
	ck_assert(s->on && !ip_is_set(&config.segments[0].subnet));
	config_init(&config);
	ck_assert_int_eq(read_text("<usher><segment name='rack2' via='eth1'/></usher>"), -EINVAL);
	ck_assert_str_eq(told(), "1: <segment via='eth1'> lacks subnet='…', or <ipv6 subnet='…'/>");
	/* on our own link the host says */
	config_init(&config);
	ck_assert_int_eq(read_text("<usher><segment interface='eth1'><ipv6 "
				   "subnet='2001:db8:2::/64'/></segment></usher>"),
		-EINVAL);
}
END_TEST

START_TEST(whole)
{
	ck_assert_int_eq(
		read_text(
			"<usher>\n"
			" <state dir='/s' key='/k/usher.key'/> <user name='nobody'/> <http port='80'/> <syslog port='1514'/> <log "
			"level='debug'/>\n"
			" <profiles dir='/a'/> <profiles dir='/b'/>\n"
			" <media name='tiny' path='/m'/> <media name='r' url='http://x/'/>\n"
			" <guest pool='p' accel='qemu' filter='no' consoles='no' workers='8'/>\n"
			" <segment network='default' domain='d' lease='600' probe='0' "
			"computed='no'>\n"
			"  <pool start='10.0.0.10' end='10.0.0.20'/> <router address='10.0.0.1'/>\n"
			"  <dns address='10.0.0.2'/> <dns address='10.0.0.3'/>\n"
			" </segment> <segment interface='eth1'/>\n"
			" <segment interface='eth2' mode='own' sealed='yes' discover='yes'/>\n</usher>\n"),
		0);
	ck_assert_str_eq(config.state, "/s");
	ck_assert_str_eq(config.key, "/k/usher.key");
	ck_assert_str_eq(config.user, "nobody");
	ck_assert_uint_eq(config.http_port, 80);
	ck_assert_uint_eq(config_log_port(&config), 1514);
	ck_assert_str_eq(config.profiles[0], "/b");
	ck_assert_str_eq(config.profiles[1], "/a");
	ck_assert_uint_eq(config.n_media, 2);
	ck_assert_str_eq(config.media[1].url, "http://x/");
	ck_assert_str_eq(config.accel, "qemu");
	ck_assert_uint_eq(config.workers, 8);
	ck_assert(!config.consoles);
	ck_assert(!config.filter);
	ck_assert_uint_eq(config.n_segments, 3);
	ck_assert_uint_eq(config.segments[1].mode, SEGMENT_AUTO);
	ck_assert_uint_eq(config.segments[2].mode, SEGMENT_OWN);
	ck_assert_str_eq(config.segments[0].name, "default");
	ck_assert(config.segments[0].is_network && !config.segments[0].computed);
	ck_assert_uint_eq(config.segments[0].lease_s, 600);
	ck_assert_uint_eq(config.segments[0].probe_ms, 0);
	ck_assert_uint_eq(ip_to_v4(&config.segments[0].pool_last), 0x0a000014);
	ck_assert_uint_eq(config.segments[0].n_dns, 2);
	ck_assert(!config.segments[1].is_network && config.segments[1].computed);
	ck_assert(!config.segments[1].sealed && config.segments[2].sealed);
	ck_assert(!config.segments[1].discover && config.segments[2].discover);
	ck_assert_str_eq(config_discover(&config), "/var/lib/usher/discover");
	config.segments[2].discover = false;
	ck_assert_ptr_null(config_discover(&config));
}
END_TEST

/* What the command line names is the file's entry, if there is one, and must be there. */
START_TEST(named_on_the_command_line)
{
	ck_assert_int_eq(read_text("<usher><segment network='default' lease='600'/>"
				   "<segment interface='eth1'/></usher>"),
		0);
	ck_assert_int_eq(config_add_segment(&config, "default", true), 0);
	ck_assert_int_eq(config_add_segment(&config, "eth2", false), 0);
	ck_assert_uint_eq(config.n_segments, 3);
	ck_assert(config.segments[0].named && config.segments[0].lease_s == 600);
	ck_assert(!config.segments[1].named);
	ck_assert(config.segments[2].named && config.segments[2].probe_ms == CONFIG_PROBE_MS);
	ck_assert(config.segments[2].computed);
}
END_TEST

static const struct {
	const char *xml, *message;
} wrong[] = {
	{"<usher>\n<stat dir='/s'/></usher>",
		"2: <usher> has no element <stat>: did you mean <state>?"},
	{"<usher><state dri='/s'/></usher>",
		"1: <state> has no attribute 'dri': did you mean 'dir'?"},
	{"<usher><state/></usher>", "1: <state> lacks dir='…'"},
	{"<usher>\n<webhook url='https://h/'/></usher>", "2: <webhook> lacks secret-file='…'"},
	{"<usher><webhook url='http://h/' secret-file='/s'/></usher>",
		"1: bad url='http://h/' of <webhook>: a URL that begins with https:// is expected"},
	{"<usher>\n\n<webhook url='https://h/' secret-file='/s' events='up,fialed'/></usher>",
		"3: unknown event 'fialed' in events= of <webhook>: did you mean 'failed'?"},
	{"<usher><webhook url='https://h/' secret-file='/s' events=' ,'/></usher>",
		"1: <webhook>: events= names none"},
	{"<usher><webhook url='https://h/' secret-file='/s' retry='0'/></usher>",
		"1: <webhook retry='0'>: expected seconds from 1 to 86400 (a day)"},
	{"<usher><state dir='/s' key='k'/></usher>",
		"1: <state key='k'>: expected an absolute path"},
	{"<usher><state dir='s'/></usher>", "1: <state dir='s'>: expected an absolute path"},
	{"<usher>\n\n<http port='70000'/></usher>",
		"3: <http port='70000'>: expected a port from 1 to 65535"},
	{"<usher><guest workers='33'/></usher>",
		"1: <guest workers='33'>: expected a number from 1 to 32"},
	{"<usher><guest accel='fast'/></usher>",
		"1: <guest accel='fast'>: expected auto, kvm or qemu"},
	{"<usher><segment network='n' mode='both'/></usher>",
		"1: <segment mode='both'>: expected auto, own or proxy"},
	{"<usher><guest filter='maybe'/></usher>", "1: <guest filter='maybe'>: expected yes or no"},
	{"<usher><segment/></usher>",
		"1: <segment> takes one of network= (of libvirt), interface=, and via= (a relay's "
		"packets come in there)"},
	{"<usher><segment network='n'><pool start='10.0.0.9' end='10.0.0.2'/></segment></usher>",
		"1: <pool>: start lies behind end"},
	{"<usher><segment network='n' probe='1s'/></usher>",
		"1: <segment probe='1s'>: expected milliseconds up to 5000, or 0 (off)"},
	{"<usher><segment network='n' lease='5'/></usher>",
		"1: <segment lease='5'>: expected seconds from 60 to 31536000 (a year)"},
	{"<usher><media name='m'/></usher>", "1: <media name='m'> takes either path= or url="},
	{"<usher>hello</usher>", "1: <usher>: text is not expected here"},
	{"<usher><segment interface='e'>\n<router address='fe80::1'/></segment></usher>",
		"2: <router address='fe80::1'>: expected an IPv4 address"},
	{"<usher><segment interface='e'>\n<ipv6 address='fe80::1'/></segment></usher>",
		"2: <ipv6 address='fe80::1'>: expected an IPv6 address like 2001:db8:7a::1, global or "
		"unique local"},
	{"<usher><segment interface='e'><ipv6><dns address='10.0.0.1'/></ipv6></segment></usher>",
		"1: <dns address='10.0.0.1'>: expected an IPv6 address like 2001:db8:7a::1, global or "
		"unique local"},
	{"<usher><segment interface='e'><ipv6><dns address='::1'/></ipv6></segment></usher>",
		"1: <dns address='::1'>: expected an IPv6 address like 2001:db8:7a::1, global or "
		"unique local"},
	{"<usher><segment interface='e'><ipv6 router='auto'/></segment></usher>",
		"1: <ipv6 router='auto'>: expected yes or no"},
	{"<usher><segment interface='e'>\n<ipv6/>\n<ipv6/></segment></usher>",
		"3: a second <ipv6> in <segment>"},
	{"<usher><segment interface='e'><ipv6>\n<pool start='fd00::9' end='fd00::2'/></ipv6>"
	 "</segment></usher>",
		"2: <ipv6>: <pool>: start lies behind end"},
	{"<usher><segment interface='e'><ipv6>\n<pool start='fd00::9' end='fd00::1:0:9'/></ipv6>"
	 "</segment></usher>",
		"2: <ipv6>: <pool>: start and end differ before their last 32 bits: end it in the same "
		"prefix"},
	{"<usher><segment interface='e'><ipv6 address='fd01::1'>\n<pool start='fd00::9' "
	 "end='fd00::a'/></ipv6></segment></usher>",
		"2: <ipv6>: <pool> is not in the prefix of address='fd01::1'"},
	{"<usher><segment name='r' via='e' subnet='10.2.0.0/24'>\n<ipv6/></segment></usher>",
		"2: <ipv6> lacks subnet='…'"},
	{"<usher><log level='info'/>\n<log level='debug'/></usher>",
		"2: a second <log> in <usher>"},
	{"<usher><state dir='/a'/><state dir='/b'/></usher>", "1: a second <state> in <usher>"},
	{"<usher><segment interface='e'><router address='10.0.0.1'/>\n"
	 "<router address='10.0.0.2'/></segment></usher>",
		"2: a second <router> in <segment>"},
	{"<ushr/>", "1: expected <usher>, found <ushr>"},
};

START_TEST(faults)
{
	ck_assert_int_eq(read_text(wrong[_i].xml), -EINVAL);
	ck_assert_str_eq(told(), wrong[_i].message);
}
END_TEST

START_TEST(broken)
{
	ck_assert_int_eq(read_text("<usher>\n<state"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, ":2:"));
	ck_assert_int_eq(config_read(&config, "/nowhere/usher.xml", why, sizeof why), -ENOENT);
	ck_assert_str_eq(why, "/nowhere/usher.xml: No such file or directory");
}
END_TEST

static void note(void *arg, const char *what, const char *line)
{
	char *all = arg;

	sprintf(all + strlen(all), "%s: %s\n", what, line);
}

START_TEST(missing)
{
	char all[4096] = "";

	ck_assert_int_eq(
		read_text(
			"<usher><hooks dir='/nowhere/hooks'/><power dir='/dev/null'/>"
			"<rules file='/nowhere/rules.xml'/>"
			"<profiles dir='/nowhere/p'/><media name='m' path='/nowhere/m.iso'/>"
			"<media name='there' path='/dev/null'/><media name='far' url='http://x/y'/>"
			"<media name='discover' path='/dev'/>"
			"<segment interface='eth0' discover='yes'/></usher>"),
		0);
	ck_assert_str_eq(config_discover(&config), "/dev");
	config_look(&config, note, all);
	ck_assert_str_eq(all,
		"media: <media name='m'>: /nowhere/m.iso: No such file or directory: put the image "
		"or the installation tree there, or name another path\n"
		"discover: <segment discover='yes'>: /dev/initrd.img: No such file or directory: "
		"run contrib/discover/build /dev\n"
		"hooks: <hooks dir>: /nowhere/hooks: No such file or directory: make the folder, "
		"or name another\n"
		"power: <power dir>: /dev/null: Not a directory: name the folder that holds the "
		"files\n"
		"rules: <rules file>: /nowhere/rules.xml: No such file or directory\n"
		"profiles: <profiles dir>: /nowhere/p: No such file or directory: make the folder, "
		"or name another\n");
}
END_TEST

static char *sample(void)
{
	const char *top = getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
	char path[256];
	char *text = calloc(1, 16384);
	FILE *f;

	snprintf(path, sizeof path, "%s/contrib/usher.xml", top);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fread(text, 1, 16383, f), 0);
	fclose(f);
	return text;
}

/* As it is, and with all of its examples. */
START_TEST(the_sample)
{
	static const char *const markers[] = {"<!-- <", "/> -->", "  <!--\n", "  -->\n"};
	char *text = sample(), *first = strstr(text, "-->") + 3, *at;

	ck_assert_msg(!read_text(text), "%s", why);
	ck_assert_int_eq(config.n_segments, 1);
	for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
		while ((at = strstr(first, markers[i]))) {
			char *from = strstr(at, i % 2 ? "-->" : "<!--");

			memset(from, ' ', i % 2 ? 3 : 4);
		}
	ck_assert_msg(!read_text(text), "%s", why);
	ck_assert_int_eq(config.n_segments, 2);
	ck_assert_int_eq(config.n_media, 1);
	free(text);
}
END_TEST

/* A state folder that lies elsewhere is refused as a medium by whatever name, and copies in it are known for ours. */
START_TEST(linked_state)
{
	char dir[] = "/tmp/usher-state-XXXXXX", link[64];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(link, sizeof link, "%s.link", dir);
	ck_assert_int_eq(symlink(dir, link), 0);
	config_init(&config);
	snprintf(config.state, sizeof config.state, "%s/", link);
	config_settle_state(&config);
	ck_assert_str_eq(config.state, dir);
	unlink(link);
	rmdir(dir);
	config_settle_state(&config);
	ck_assert_str_eq(config.state, dir);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, named_on_the_command_line);
	tcase_add_test(t, whole);
	tcase_add_test(t, webhooks);
	tcase_add_test(t, package_cache);
	tcase_add_test(t, segment_extra);
	tcase_add_test(t, segment_extra_faults);
	tcase_add_test(t, address_of_an_interface);
	tcase_add_test(t, ipv6);
	tcase_add_test(t, address_of_ipv6);
	tcase_add_test(t, relayed_segment);
	tcase_add_loop_test(t, faults, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(t, relayed_ipv6);
	tcase_add_test(t, ipv6_options);
	tcase_add_test(t, broken);
	tcase_add_test(t, missing);
	tcase_add_test(t, the_sample);
	tcase_add_test(t, linked_state);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
