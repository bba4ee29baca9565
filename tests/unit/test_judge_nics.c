/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request's NICs: on which network, with which address and MAC, and who has them already. */
#include "service/operations/judge.h"

#include "rooms_make.h"

#include "core/clock.h"

#include <errno.h>

static struct service rooms;
static struct creation c;
static const struct segment *seg; /* the first NIC's */
static char why[512];

static void begin(bool guest)
{
	machine_free(c.machine);
	c = (struct creation){.ops = &rooms.operations, .machine = machine_new()};
	c.machine->guest = guest;
	strcpy(c.machine->name, "web01");
}

static void setup(void)
{
	struct segment wire = {.name = "eth9",
		.ifname = "eth9",
		.server = base_ip("10.77.2.1"),
		.prefix_len = 24,
		.mode = SEGMENT_OWN};

	rooms_make(&rooms);
	ck_assert_int_eq(segments_add(&rooms.base.segments, &wire, NULL), 0);
	memset(&c, 0, sizeof c);
	begin(true);
}

static void teardown(void)
{
	machine_free(c.machine);
	rooms_unmake(&rooms);
}

/* As "{'segment': 'lan'}". */
static int judge(const char *text)
{
	json_t *body;
	char json[512];
	int rc;

	snprintf(json, sizeof json, "%s", text);
	for (char *q = json; (q = strchr(q, '\''));)
		*q = '"';
	body = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(body);
	why[0] = '\0';
	seg = NULL;
	rc = judge_nics(&c, body, &seg, why, sizeof why);
	json_decref(body);
	return rc;
}

static void fine(const char *text)
{
	begin(c.machine->guest);
	ck_assert_msg(!judge(text), "%s: %s", text, why);
}

static void bad(const char *text, int rc, const char *line)
{
	begin(c.machine->guest);
	ck_assert_int_eq(judge(text), rc);
	ck_assert_str_eq(why, line);
}

static void nic_is(size_t i, const char *segment, const char *address, const char *mac)
{
	const struct nic *nic = &c.machine->nics[i];
	char ip[IP_TEXT], text[MAC_TEXT];

	ck_assert_uint_gt(c.machine->n_nics, i);
	ck_assert_str_eq(nic->segment, segment);
	ck_assert_str_eq(nic->n_addrs ? ip_format(&nic->addrs[0], ip) : "", address);
	if (mac)
		ck_assert_str_eq(mac_format(&nic->mac, text), mac);
}

static void lease(const char *address, const char *mac)
{
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	struct ip ip = base_ip(address);
	int64_t now = clock_steady_ms();
	struct mac m;

	ck_assert_int_eq(mac_parse(mac, &m), 0);
	ck_assert_int_eq(lease_bind(ls, base_segment(&rooms.base, "lan")->id, &ip, &m,
				 now + 3600 * 1000, "", 0, now),
		0);
}

/* --- networks ------------------------------------------------------------------------------------------------------------- */

START_TEST(the_first_network)
{
	fine("{}"); /* a guest's, where nothing is said */
	nic_is(0, "lan", "10.77.1.2", "52:54:0a:4d:01:02");
	ck_assert_str_eq(seg->name, "lan");
	ck_assert_uint_eq(c.machine->nics[0].segment_id, seg->id);
	fine("{'segment': 'default'}");
	nic_is(0, "default", "192.168.122.2", "52:54:c0:a8:7a:02");
	bad("{'segment': 'eth9'}", -EINVAL,
		"'eth9' is no libvirt network, and guests need one: if eth9 is a bridge, define a "
		"network with <forward mode='bridge'/> and <bridge name='eth9'/>, and serve that in "
		"its place (usher serve --network NAME)");
	bad("{'segment': 'nope'}", -ENOENT, "network 'nope' is not served here; 'lan' is");
	base_segment(&rooms.base, "lan")->server = (struct ip){0};
	bad("{}", -ENETDOWN, "'lan' is not served yet: its address is not known");
}
END_TEST

/* Another server leases there, and reserves nothing for us. */
START_TEST(a_bridge_of_the_host)
{
	struct segment *lan = base_segment(&rooms.base, "lan");

	lan->bridged = true;
	fine("{}");
	nic_is(0, "lan", "10.77.1.2", NULL);
	lan->mode = SEGMENT_PROXY;
	bad("{}", -EINVAL,
		"another server leases on 'lan', and the guest may use the address of its record "
		"alone: choose a MAC and an address (--mac, --ip), and reserve that address for "
		"it there");
	fine("{'segment': 'lan', 'address': '10.77.1.9'}");
	begin(false);
	fine("{'segment': 'lan'}");
}
END_TEST

/* Bare metal is on the only one that usher did not make itself. */
START_TEST(where_bare_metal_is)
{
	begin(false);
	bad("{}", -EINVAL, "several networks are served: choose one, like --network lan");
	fine("{'segment': 'eth9', 'mac': '02:00:00:00:00:01'}");
	nic_is(0, "eth9", "10.77.2.2", "02:00:00:00:00:01");
	rooms.base.config.segments[0].remembered = true;
	rooms.base.config.segments[1].remembered = true;
	fine("{}");
	nic_is(0, "eth9", "10.77.2.2", "52:54:0a:4d:02:02");
}
END_TEST

START_TEST(the_only_network)
{
	begin(false);
	segments_remove(&rooms.base.segments, base_segment(&rooms.base, "eth9")->id);
	segments_remove(&rooms.base.segments, base_segment(&rooms.base, "default")->id);
	rooms.base.config.segments[0].remembered = true;
	fine("{}");
	nic_is(0, "lan", "10.77.1.2", NULL);
	segments_remove(&rooms.base.segments, base_segment(&rooms.base, "lan")->id);
	bad("{}", -ENOENT, "no network is served: 'usher network create NAME' makes one");
}
END_TEST

/* --- addresses ------------------------------------------------------------------------------------------------------------ */

START_TEST(the_lowest_free_address)
{
	struct machine coming = {.name = "coming", .n_nics = 1};
	struct reservation r = {.machine = &coming};

	base_machine(&rooms.base, "db", true, "10.77.1.2");
	lease("10.77.1.3", "02:00:00:00:00:01");
	coming.nics[0] = (struct nic){.segment = "lan",
		.segment_id = base_segment(&rooms.base, "lan")->id,
		.addrs = {base_ip("10.77.1.4")},
		.n_addrs = 1};
	reserve(&rooms.base.reserved, &r);
	base_segment(&rooms.base, "lan")->router = base_ip("10.77.1.5");
	fine("{}");
	nic_is(0, "lan", "10.77.1.6", "52:54:0a:4d:01:06");
	unreserve(&rooms.base.reserved, &r);
	fine("{}");
	nic_is(0, "lan", "10.77.1.4", NULL);
}
END_TEST

START_TEST(addresses_that_cannot_be)
{
	static const char where[] =
		" cannot be used in segment 'lan' (a host's in 10.77.1.0/24, but "
		"not the server's)";
	static const char *const wrong[] = {
		"10.77.1.0", "10.77.1.1", "10.77.1.255", "10.77.2.9", "0.0.0.0"};
	char text[64], line[160];

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(text, sizeof text, "{'address': '%s'}", wrong[i]);
		snprintf(line, sizeof line, "address %s%s", wrong[i], where);
		bad(text, -EINVAL, line);
	}
	bad("{'address': 'ten'}", -EINVAL, "'ten' is not an IPv4 or IPv6 address");
	bad("{'address': '2001:db8::1'}", -EINVAL,
		"address 2001:db8::1 cannot be used in segment 'lan': IPv6 is not served there");
	fine("{'address': '10.77.1.210'}"); /* in the pool: a record may */
	nic_is(0, "lan", "10.77.1.210", "52:54:0a:4d:01:d2");
}
END_TEST

/* Beside IPv4; and alone, where nothing else is served. */
START_TEST(ipv6)
{
	struct segment *lan = base_segment(&rooms.base, "lan");
	char text[IP_TEXT];

	lan->six = (struct segment6){.server = base_ip("fd00::1"), .prefix_len = 64};
	base_machine(&rooms.base, "db", true, "10.77.1.2");
	fine("{'address': 'fd00::5'}");
	nic_is(0, "lan", "10.77.1.3", "52:54:0a:4d:01:03");
	ck_assert_uint_eq(c.machine->nics[0].n_addrs, 2);
	ck_assert_str_eq(ip_format(&c.machine->nics[0].addrs[1], text), "fd00::5");
	fine("{'address': 'fd00::a4d:109'}");
	nic_is(0, "lan", "10.77.1.9", "52:54:0a:4d:01:09");
	bad("{'address': 'fd00::a4d:102'}", -EEXIST,
		"address fd00::a4d:102 goes with 10.77.1.2, which is in use by machine 'db'");
	bad("{'address': 'fd00::a4d:101'}", -EEXIST,
		"address fd00::a4d:101 goes with 10.77.1.1, which is in use by usher or the subnet "
		"itself");
	bad("{'address': 'fd00::1'}", -EINVAL,
		"address fd00::1 cannot be used in segment 'lan' (a host's in fd00::/64, but not the "
		"server's)");
	lease("fd00::6", "02:00:00:00:00:01");
	bad("{'address': 'fd00::6'}", -EEXIST,
		"address fd00::6 is in use by a lease of 02:00:00:00:00:01");
	lan->server = (struct ip){0};
	fine("{}");
	nic_is(0, "lan", "fd00::100:1", "52:54:01:00:00:01");
	ck_assert_uint_eq(c.machine->nics[0].n_addrs, 1);
	fine("{'address': 'fd00::5'}"); /* a MAC like one that is drawn tells nothing */
	nic_is(0, "lan", "fd00::5", NULL);
	ck_assert(!mac_is_zero(&c.machine->nics[0].mac));
	bad("{'address': '10.77.1.9'}", -EINVAL,
		"address 10.77.1.9 cannot be used in segment 'lan': IPv4 is not served there");
}
END_TEST

START_TEST(addresses_in_use)
{
	struct machine *m = base_machine(&rooms.base, "db", true, "10.77.1.2");

	lease("10.77.1.3", "02:00:00:00:00:01");
	bad("{'address': '10.77.1.2'}", -EEXIST, "address 10.77.1.2 is in use by machine 'db'");
	bad("{'address': '10.77.1.3'}", -EEXIST,
		"address 10.77.1.3 is in use by a lease of 02:00:00:00:00:01");
	fine("{'address': '10.77.1.3', 'mac': '02:00:00:00:00:01'}"); /* this very card's */
	nic_is(0, "lan", "10.77.1.3", "02:00:00:00:00:01");
	/* itself, which is to be replaced */
	strcpy(c.machine->name, "web01");
	ck_assert_int_eq(machines_rename(rooms.base.machines, m, "web01"), 0);
	fine("{'address': '10.77.1.2'}");
}
END_TEST

/* A stranger has it by a computed MAC alone: a record overrides that, but nobody is given it by chance. */
START_TEST(addresses_that_are_claimed)
{
	struct ip two = base_ip("10.77.1.2"), three = base_ip("10.77.1.3");
	uint32_t lan = base_segment(&rooms.base, "lan")->id;
	struct mac mac;

	lease("10.77.1.2", "52:54:0a:4d:01:02");
	ck_assert(judge_address_claimed(&rooms.operations, lan, &two, &mac));
	ck_assert_uint_eq(mac.b[5], 2);
	ck_assert(!judge_address_claimed(&rooms.operations, lan, &three, &mac));
	fine("{}");
	nic_is(0, "lan", "10.77.1.3", NULL);
	fine("{'address': '10.77.1.2', 'mac': '02:00:00:00:00:01'}");
	nic_is(0, "lan", "10.77.1.2", "02:00:00:00:00:01");
	/* a machine's card is no stranger */
	base_machine(&rooms.base, "db", true, "10.77.1.2");
	ck_assert(!judge_address_claimed(&rooms.operations, lan, &two, &mac));
}
END_TEST

START_TEST(a_full_network)
{
	base_segment(&rooms.base, "lan")->prefix_len = 30; /* .1 is the server, .2 is left */
	fine("{}");
	nic_is(0, "lan", "10.77.1.2", NULL);
	base_machine(&rooms.base, "db", true, "10.77.1.2");
	bad("{}", -ENOSPC, "segment 'lan' has no free address outside its pool");
	/* one that is to be replaced gives its own back */
	begin(true);
	strcpy(c.machine->name, "db");
	c.replace = true;
	ck_assert_msg(!judge("{}"), "%s", why);
	nic_is(0, "lan", "10.77.1.2", "52:54:0a:4d:01:02");
}
END_TEST

/* What libvirt's own network knows of, where it leases. */
START_TEST(seats)
{
	struct guest_seat all[] = {
		{.what = GUEST_SEAT_HOST, .ip = base_ip("192.168.122.2"), .name = "nas"},
		{.what = GUEST_SEAT_LEASE, .ip = base_ip("192.168.122.3")},
		{.what = GUEST_SEAT_DOMAIN, .ip = base_ip("192.168.122.4"), .name = "vm"},
		{.what = GUEST_SEAT_DOMAIN,
			.ip = base_ip("192.168.122.5"),
			.name = "web01",
			.ours = true}};
	const char *const lines[] = {
		"address 192.168.122.2 is in use by a reservation in libvirt's network: nas, "
		"02:00:00:00:00:01",
		"address 192.168.122.3 is in use by a lease of libvirt's: 02:00:00:00:00:02",
		"address 192.168.122.4 is in use by a domain whose MAC is computed from it: vm, "
		"52:54:c0:a8:7a:04"};
	char text[96];

	mac_parse("02:00:00:00:00:01", &all[0].mac);
	mac_parse("02:00:00:00:00:02", &all[1].mac);
	mac_from_ip(&all[2].ip, &all[2].mac);
	mac_from_ip(&all[3].ip, &all[3].mac);
	for (int i = 0; i < 3; i++) {
		begin(true);
		c.seats = all;
		c.n_seats = 4;
		snprintf(text, sizeof text, "{'segment': 'default', 'address': '192.168.122.%d'}",
			i + 2);
		ck_assert_int_eq(judge(text), -EEXIST);
		ck_assert_str_eq(why, lines[i]);
	}
	/* the card that has it already, and our own domain of that name */
	begin(true);
	c.seats = all;
	c.n_seats = 4;
	ck_assert_int_eq(judge("{'segment': 'default', 'address': '192.168.122.2', 'mac': "
			       "'02:00:00:00:00:01'}"),
		0);
	c.machine->nics[0].mac = (struct mac){{0}};
	ck_assert_int_eq(judge("{'segment': 'default'}"), 0);
	nic_is(0, "default", "192.168.122.5", "52:54:c0:a8:7a:05");
}
END_TEST

/* --- MACs ----------------------------------------------------------------------------------------------------------------- */

START_TEST(macs)
{
	bad("{'mac': '52:54:00'}", -EINVAL, "'52:54:00' is not a MAC like 52:54:00:12:34:56");
	bad("{'mac': '01:00:5e:00:00:01'}", -EINVAL,
		"01:00:5e:00:00:01 is not the MAC of a single card");
	bad("{'mac': '00:00:00:00:00:00'}", -EINVAL,
		"00:00:00:00:00:00 is not the MAC of a single card");
	base_machine(&rooms.base, "db", true, "10.77.1.2");
	bad("{'mac': '52:54:0a:4d:01:02'}", -EEXIST,
		"machine 'db' has that MAC, 52:54:0a:4d:01:02");
	fine("{'segment': 'default', 'mac': '52:54:0a:4d:01:02'}"); /* another wire */
	bad("{'nics': [{'mac': '02:00:00:00:00:01'}, {'segment': 'lan', 'mac': "
	    "'02:00:00:00:00:01'}]}",
		-EINVAL, "two NICs of one machine have the same MAC");
}
END_TEST

/* --- several -------------------------------------------------------------------------------------------------------------- */

START_TEST(further_ones)
{
	fine("{'nics': [{'segment': 'lan'}, {'segment': 'default'}, {'segment': 'away', 'address': "
	     "'10.9.9.9'}, {'segment': 'away'}]}");
	ck_assert_uint_eq(c.machine->n_nics, 4);
	ck_assert_str_eq(seg->name, "lan");
	nic_is(0, "lan", "10.77.1.2", "52:54:0a:4d:01:02");
	nic_is(1, "default", "", NULL); /* libvirt reserves the first one's only */
	nic_is(2, "away", "10.9.9.9", "52:54:0a:09:09:09");
	ck_assert_uint_eq(c.machine->nics[2].segment_id, 0);
	nic_is(3, "away", "", NULL); /* drawn as libvirt draws them */
	ck_assert(!memcmp(c.machine->nics[3].mac.b, (uint8_t[]){0x52, 0x54, 0x00}, 3));
	bad("{'nics': [{}, {}]}", -EINVAL, "a further NIC needs its network's name");
	bad("{'nics': [{}, {'segment': 'default', 'address': '192.168.122.9'}]}", -EINVAL,
		"libvirt leases on 'default' and reserves the first NIC's address only: leave "
		"192.168.122.9 out");
	bad("{'nics': [{}, {'segment': 'away', 'address': 'x'}]}", -EINVAL,
		"'x' is not an IPv4 address");
	begin(false);
	bad("{'nics': [{'segment': 'eth9'}, {'segment': 'away'}]}", -ENOENT,
		"network 'away' is not served here; 'lan' is");
}
END_TEST

START_TEST(how_many)
{
	static const char line[] = "nics is an array of 1 to 8: segment, address, mac";
	char text[256] = "{'nics': [{}";

	bad("{'nics': []}", -EINVAL, line);
	bad("{'nics': {}}", -EINVAL, line);
	for (int i = 1; i < MACHINE_NICS; i++)
		strcat(text, ", {'segment': 'a'}");
	strcat(text, "]}");
	fine(text);
	ck_assert_uint_eq(c.machine->n_nics, 8);
	strcpy(text + strlen(text) - 2, ", {'segment': 'a'}]}");
	bad(text, -EINVAL, line);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {the_first_network, a_bridge_of_the_host, where_bare_metal_is,
		the_only_network, the_lowest_free_address, addresses_that_cannot_be, ipv6,
		addresses_in_use, addresses_that_are_claimed, a_full_network, seats, macs,
		further_ones, how_many};
	Suite *s = suite_create("judge_nics");
	TCase *t = tcase_create("judge_nics");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
