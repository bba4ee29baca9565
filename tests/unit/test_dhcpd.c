/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server on a veth pair in a network namespace of its own, with a client that is a packet
 * socket. */
#include "dhcpd/dhcpd.h"

#include "core/clock.h"

#include "dhcp_make.h"
#include "stepped_clock.h"
#include "dhcpd/dhcp_answer.h"
#include "dhcpd/dhcp_frame.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct mac ALL = {{255, 255, 255, 255, 255, 255}};
static const struct mac ONE = {{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x03}};
static const uint32_t NET = 0xc0a87a00, SERVER = 0xc0a87a01;

static bool in_namespace;
static char dir[64];
static struct loop *loop;
static struct mailbox home;
static struct store *store;
static struct segments segments;
static const struct segment *lab, *second;
static struct segment *lab_changed; /* `lab`, to be changed before the server starts */
static struct timeline *timeline;
static struct machines *machines;
static struct dhcpd *d;
static int client;
static struct dhcp_make make;

/* The last frame that came to the client. */
static uint8_t frame[2048];
static size_t frame_len;

static void sh(const char *command)
{
	ck_assert_msg(!system(command), "%s", command);
}

static void make_links(void)
{
	sh("ip link add srv0 type veth peer name cli0");
	sh("ip link set srv0 address 52:54:00:00:00:01; ip link set cli0 address "
	   "52:54:00:00:00:02");
	sh("ip addr add 192.168.122.1/24 dev srv0; ip link set srv0 up; ip link set cli0 up");
	sh("ip neigh add 192.168.122.3 lladdr 52:54:c0:a8:7a:03 dev srv0");
}

static void open_client(void)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};

	client = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	ck_assert_int_ge(client, 0);
	a.sll_ifindex = (int)if_nametoindex("cli0");
	ck_assert_int_eq(bind(client, (struct sockaddr *)&a, sizeof(a)), 0);
}

static const struct segment *add_segment(const char *name, const char *ifname, uint32_t first)
{
	struct segment s = {.server = ip_from_v4(SERVER),
		.prefix_len = 24,
		.lease_s = 3600,
		.computed = true,
		.http_port = 80,
		.pool_first = first,
		.pool_last = first + 99};
	const struct segment *ret;

	if (!first)
		s.pool_last = 0;
	snprintf(s.name, sizeof(s.name), "%s", name);
	snprintf(s.ifname, sizeof(s.ifname), "%s", ifname);
	ck_assert_int_eq(segments_add(&segments, &s, &ret), 0);
	return ret;
}

static void open_store(void)
{
	char path[96], why[256] = "";

	snprintf(path, sizeof(path), "%s/store", dir);
	ck_assert_msg(store_open(path, &store, why, sizeof(why)) == 0, "%s", why);
}

static struct {
	unsigned calls;
	bool foreign;
	struct dhcpd_server server;
} found;

static void on_decided(void *arg, const struct segment *s, const struct dhcpd_server *server);

static unsigned firmwares;

static void on_firmware(void *arg, const struct machine *m, bool uefi)
{
	(void)arg, (void)m, (void)uefi;
	firmwares++;
}

static void start(unsigned gather_ms)
{
	struct dhcpd_config c;
	char why[256] = "";

	open_store();
	ck_assert_int_eq(timeline_new(store, &timeline), 0);
	ck_assert_int_eq(machines_new(store, timeline, &segments, &machines), 0);
	c = (struct dhcpd_config){.loop = loop,
		.store = store,
		.machines = machines,
		.timeline = timeline,
		.segments = &segments,
		.decided = on_decided,
		.firmware = on_firmware,
		.arg = &found,
		.gather_ms = gather_ms};
	ck_assert_int_eq(dhcpd_new(&c, &d), 0);
	ck_assert_msg(dhcpd_load(d, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(store_start(store, &home), 0);
	ck_assert_msg(dhcpd_open(d, lab, why, sizeof(why)) == 0, "%s", why);
}

static void stop(void)
{
	store_close(store);
	dhcpd_free(d);
	machines_free(machines);
	timeline_free(timeline);
}

static void setup(void)
{
	in_namespace = !unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET);
	if (in_namespace &&
		system("ip link set lo up && ip link add vt0 type veth peer name vt1 && "
		       "ip link del vt0"))
		in_namespace = false;
	if (!in_namespace) {
		fprintf(stderr, "skipped: no network namespace, or ip(8) makes no veth in it\n");
		return;
	}
	make_links();
	open_client();
	strcpy(dir, "/tmp/test_dhcpd.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	segments = (struct segments){0};
	lab = add_segment("lab", "srv0", NET + 100);
	lab_changed = segments.all[0];
	second = add_segment("second", "none0", 0);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(mailbox_init(&home), 0);
	ck_assert_int_eq(mailbox_attach(&home, loop), 0);
	start(0);
}

static void teardown(void)
{
	char command[128];

	if (!in_namespace)
		return;
	stop();
	mailbox_fini(&home);
	loop_free(loop);
	segments_fini(&segments);
	close(client);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	sh(command);
}

/* A message may wake the server twice: who sent it is heard before (dhcp_origin.h). */
static void run(int wake_ups)
{
	for (int i = 0; i < wake_ups; i++) {
		loop_once(loop, 20);
		loop_once(loop, 1);
	}
}

/* Everything that is under way comes to its end. */
static void settle(void)
{
	for (int i = 0; i < 100; i++) {
		loop_once(loop, 10);
		if (i > 3 && dhcpd_stats(d).parked == 0)
			return;
	}
	ck_abort_msg("ACKs stay parked");
}

static void send_to(const struct mac *mac, uint32_t from, const struct mac *to, uint32_t to_ip)
{
	struct dhcp_frame f = {.from = *mac,
		.to = *to,
		.from_ip = from,
		.to_ip = to_ip,
		.from_port = 68,
		.to_port = 67};
	uint8_t buf[DHCP_FRAME_HEADER + 1500];
	size_t len = dhcp_make_end(&make);
	int n;

	memcpy(buf + DHCP_FRAME_HEADER, make.buf, len);
	n = dhcp_frame_wrap(&f, buf, len);
	ck_assert_int_eq(send(client, buf, (size_t)n, 0), n);
}

/* From `from` (0: no address yet) to the server or to everybody. */
static void send_from(const struct mac *mac, uint32_t from)
{
	static const struct mac server = {{0x52, 0x54, 0, 0, 0, 1}};

	send_to(mac, from, from ? &server : &ALL, from ? SERVER : 0xffffffff);
}

static void say(const struct mac *mac, uint8_t type, uint32_t requested, bool to_us)
{
	dhcp_make_begin(&make, mac, 0x1a2b3c4d);
	dhcp_make_u8(&make, OPT_TYPE, type);
	if (requested)
		dhcp_make_u32(&make, OPT_REQUESTED, requested);
	if (to_us)
		dhcp_make_u32(&make, OPT_SERVER_ID, SERVER);
}

static void discover(const struct mac *mac)
{
	say(mac, DHCP_DISCOVER, 0, false);
	send_from(mac, 0);
}

static void request(const struct mac *mac, uint32_t a)
{
	say(mac, DHCP_REQUEST, a, true);
	send_from(mac, 0);
}

static uint32_t words(uint32_t s, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* The next answer, or 0: its type. Those that our own kernel sends (from the UDP socket) may leave
 * their checksum to a device, as veth allows; frames that we make may not. */
static unsigned answer(bool whole)
{
	size_t udp_len;

	for (;;) {
		ssize_t n = recv(client, frame, sizeof(frame), MSG_DONTWAIT);

		if (n < 0)
			return 0;
		frame_len = (size_t)n;
		if (frame_len > DHCP_FRAME_HEADER + DHCP_HEADER && frame[34] == 0 &&
			frame[35] == 67)
			break;
	}
	udp_len = frame_len - 34;
	ck_assert_uint_eq(words(0, frame + 14, 20), 0xffff);
	if (whole)
		ck_assert_uint_eq(
			words(words(17 + (uint32_t)udp_len, frame + 26, 8), frame + 34, udp_len),
			0xffff);
	ck_assert_uint_eq(dhcp_answer_u32_at(frame + 26), SERVER);
	return frame[DHCP_FRAME_HEADER + DHCP_HEADER + 2];
}

static const uint8_t *message(void)
{
	return frame + DHCP_FRAME_HEADER;
}

static uint32_t yiaddr(void)
{
	return dhcp_answer_u32_at(message() + 16) & 0xff;
}

static const char *event(const char *kind)
{
	const struct timeline_event *e = timeline_last(timeline, "", kind);

	return e ? e->text : "";
}

START_TEST(test_lease)
{
	struct mac holder;
	struct ip a = ip_from_v4(NET + 3);

	if (!in_namespace)
		return;
	discover(&ONE);
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 3);
	ck_assert_mem_eq(frame, ONE.b, 6); /* no broadcast flag: to it alone */
	ck_assert_uint_eq(dhcp_answer_u32_at(frame + 30), NET + 3);
	/* the ACK waits for the disk */
	request(&ONE, NET + 3);
	loop_once(loop, 100);
	ck_assert_uint_eq(dhcpd_stats(d).parked, 1);
	ck_assert_uint_eq(answer(true), 0);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	ck_assert_uint_eq(yiaddr(), 3);
	ck_assert(lease_holder(dhcpd_leases(d), lab->id, &a, clock_steady_ms(), &holder));
	ck_assert(mac_eq(&holder, &ONE));
	ck_assert_str_eq(event("leased"), "192.168.122.3 to 52:54:c0:a8:7a:03 (xid 1a2b3c4d)");
}
END_TEST

/* What was acknowledged is known to the next run. */
START_TEST(test_restart)
{
	static const struct mac thief = {{2, 0, 0, 0, 0, 9}};
	struct mac pool = {{2, 0, 0, 0, 0, 1}};

	if (!in_namespace)
		return;
	request(&pool, NET + 100);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	stop();
	start(0);
	request(&thief, NET + 100);
	run(2);
	ck_assert_uint_eq(answer(true), DHCP_NAK);
	ck_assert_mem_eq(frame, ALL.b, 6);
	request(&pool, NET + 100);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
}
END_TEST

static unsigned claim(const struct mac *mac, uint32_t address)
{
	unsigned type = 0;

	request(mac, address);
	settle();
	for (unsigned next; (next = answer(true));)
		type = next;
	return type;
}

/* Somebody sets the host's clock: a lease is as long as it is, before a restart and after it. */
START_TEST(test_clock_is_set)
{
	static const struct mac thief = {{2, 0, 0, 0, 0, 9}};
	static const int64_t hour = 3600 * 1000;
	struct mac pool = {{2, 0, 0, 0, 0, 1}};

	if (!in_namespace)
		return;
	ck_assert_uint_eq(claim(&pool, NET + 100), DHCP_ACK);
	stepped.wall = 2 * hour;
	ck_assert_uint_eq(claim(&thief, NET + 100), DHCP_NAK);
	stop();
	start(0);
	ck_assert_uint_eq(claim(&thief, NET + 100), DHCP_NAK);
	stepped.wall = -24 * hour;
	ck_assert_uint_eq(claim(&thief, NET + 100), DHCP_NAK);
	stepped.mono = 3601 * 1000;
	ck_assert_uint_eq(claim(&thief, NET + 100), DHCP_ACK);
	memset(&stepped, 0, sizeof(stepped)); /* the test library measures, too */
}
END_TEST

START_TEST(test_renewal_is_a_datagram)
{
	if (!in_namespace)
		return;
	request(&ONE, NET + 3);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	say(&ONE, DHCP_REQUEST, 0, false);
	dhcp_make_u32_at(&make, MAKE_CIADDR, NET + 3);
	send_from(&ONE, NET + 3);
	settle();
	ck_assert_uint_eq(answer(false), DHCP_ACK);
	ck_assert_mem_eq(frame, ONE.b, 6);
	ck_assert_uint_eq(dhcp_answer_u32_at(message() + 12), NET + 3);
	say(&ONE, DHCP_INFORM, 0, false);
	dhcp_make_u32_at(&make, MAKE_CIADDR, NET + 3);
	send_from(&ONE, NET + 3);
	run(1);
	ck_assert_uint_eq(answer(false), DHCP_ACK);
	ck_assert_uint_eq(dhcp_answer_u32(message(), frame_len - 42, OPT_LEASE_TIME), 0);
}
END_TEST

/* Some clients leave ciaddr empty in an INFORM: they are where they send from. */
START_TEST(test_inform_without_ciaddr)
{
	if (!in_namespace)
		return;
	say(&ONE, DHCP_INFORM, 0, false);
	send_from(&ONE, NET + 3);
	run(1);
	ck_assert_uint_eq(answer(false), DHCP_ACK);
	ck_assert_mem_eq(frame, ONE.b, 6);
	ck_assert_uint_eq(dhcp_answer_u32_at(frame + 30), NET + 3);
	ck_assert_uint_eq(yiaddr(), 0);
	say(&ONE, DHCP_INFORM, 0, false);
	send_from(&ONE, 0);
	run(1);
	ck_assert_uint_eq(answer(false), 0);
}
END_TEST

START_TEST(test_broadcast_flag)
{
	if (!in_namespace)
		return;
	say(&ONE, DHCP_DISCOVER, 0, false);
	writer_patch_u16(&make.w, MAKE_FLAGS, 0x8000);
	send_from(&ONE, 0);
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_mem_eq(frame, ALL.b, 6);
	ck_assert_uint_eq(dhcp_answer_u32_at(frame + 30), 0xffffffff);
}
END_TEST

static struct machine *add_machine(void)
{
	struct machine *m = machine_new();

	strcpy(m->name, "web01");
	strcpy(m->nics[0].segment, "lab");
	m->nics[0].segment_id = lab->id;
	m->nics[0].mac = (struct mac){{2, 7, 7, 7, 7, 7}};
	m->nics[0].addrs[0] = ip_from_v4(NET + 50);
	m->nics[0].n_addrs = m->n_nics = 1;
	ck_assert_int_eq(machines_add(machines, m), 0);
	return m;
}

/* RFC 951: no option 53, a short answer, and no lease. */
START_TEST(test_bootp)
{
	struct machine *m;

	if (!in_namespace)
		return;
	m = add_machine();
	dhcp_make_begin(&make, &m->nics[0].mac, 7);
	send_from(&m->nics[0].mac, 0);
	run(1);
	answer(true);
	ck_assert_uint_eq(frame_len, DHCP_FRAME_HEADER + 300);
	ck_assert_uint_eq(yiaddr(), 50);
	ck_assert_uint_eq(dhcp_answer_u32(message(), 300, OPT_SERVER_ID), 0);
	ck_assert_uint_eq(dhcp_answer_u32(message(), 300, OPT_NETMASK), 0xffffff00);
	ck_assert_uint_eq(leases_count(dhcpd_leases(d)), 0);
}
END_TEST

static void discover_ipxe(const struct mac *mac)
{
	say(mac, DHCP_DISCOVER, 0, false);
	dhcp_make_text(&make, OPT_USER_CLASS, "iPXE");
	send_from(mac, 0);
	run(1);
}

/* Only what was armed is told what to boot. */
START_TEST(test_armed)
{
	static const enum life_state never[] = {LIFE_KNOWN, LIFE_INSTALLED, LIFE_UP, LIFE_FAILED};
	struct machine *m;

	if (!in_namespace)
		return;
	m = add_machine();
	strcpy(m->attempt.next_token, "cafe");
	m->state = LIFE_ARMED;
	discover_ipxe(&m->nics[0].mac);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 50);
	ck_assert_str_eq(
		(const char *)message() + MAKE_FILE, "http://192.168.122.1/m/cafe/boot.ipxe");
	ck_assert(dhcp_answer_says(message(), frame_len - 42, OPT_HOSTNAME, "web01"));
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		m->state = never[i];
		discover_ipxe(&m->nics[0].mac);
		ck_assert_uint_eq(answer(true), DHCP_OFFER);
		ck_assert_uint_eq(message()[MAKE_FILE], 0);
		ck_assert_uint_eq(dhcp_answer_u32_at(message() + 20), 0);
	}
	discover_ipxe(&ONE); /* a computed MAC buys an address only */
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(message()[MAKE_FILE], 0);
}
END_TEST

/* A lost address in ciaddr answers no ARP: the offer is a frame. */
START_TEST(test_discover_with_ciaddr)
{
	static const struct mac lost = {{2, 0, 0, 0, 0, 5}};

	if (!in_namespace)
		return;
	say(&lost, DHCP_DISCOVER, NET + 115, false);
	dhcp_make_u32_at(&make, MAKE_CIADDR, NET + 115);
	send_from(&lost, 0);
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 115);
	ck_assert_mem_eq(frame, lost.b, 6);
	ck_assert_uint_eq(dhcp_answer_u32_at(message() + 12), 0);
}
END_TEST

/* A card on our own wire that asks from an address of its own: a stack that made itself one (RFC 3927), a default of the
 * maker's. Its frame says that no router passed it on. */
START_TEST(test_from_another_network)
{
	static const uint32_t from[] = {0xa9fe1234, 0xc0a80007};
	const struct mac made_up = {{2, 0, 0, 0, 0, 8}};

	if (!in_namespace)
		return;
	for (uint8_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		struct mac mac = {{2, 0, 0, 0, 1, i}};

		say(&mac, DHCP_DISCOVER, 0, false);
		send_to(&mac, from[i], &ALL, 0xffffffff);
		run(1);
		ck_assert_uint_eq(answer(true), DHCP_OFFER);
		ck_assert_mem_eq(frame, mac.b, 6);
		say(&mac, DHCP_REQUEST, NET + yiaddr(), true);
		send_to(&mac, from[i], &ALL, 0xffffffff);
		settle();
		ck_assert_uint_eq(answer(true), DHCP_ACK);
		/* in another's name, as by a router that passes it on */
		say(&made_up, DHCP_DISCOVER, 0, false);
		send_to(&mac, from[i], &ALL, 0xffffffff);
		run(1);
		ck_assert_uint_eq(answer(true), 0);
	}
	ck_assert_ptr_nonnull(strstr(event("refused"), "from an address in one"));
}
END_TEST

/* systemd-networkd with SendOption=50 names the address twice. */
START_TEST(test_an_option_twice)
{
	static const struct mac twice = {{2, 0, 0, 0, 0, 6}};

	if (!in_namespace)
		return;
	say(&twice, DHCP_REQUEST, NET + 100, true);
	dhcp_make_u32(&make, OPT_REQUESTED, NET + 100);
	send_from(&twice, 0);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	ck_assert_uint_eq(dhcpd_stats(d).malformed, 0);
}
END_TEST

/* RFC 4390: known by its client identifier, told by broadcast. */
START_TEST(test_without_a_mac)
{
	static const struct mac gateway = {{2, 0, 0, 0, 0, 7}};

	if (!in_namespace)
		return;
	for (uint8_t card = 0; card < 3; card++) {
		dhcp_make_begin(&make, &gateway, 1);
		make.buf[1] = 32;
		make.buf[2] = 0;
		memset(make.buf + 28, 0, 16);
		dhcp_make_u8(&make, OPT_TYPE, DHCP_DISCOVER);
		if (card < 2) {
			dhcp_make_option(&make, OPT_CLIENT_ID, (uint8_t[]){32, 1, card}, 3);
			writer_patch_u16(&make.w, MAKE_FLAGS, 0x8000);
		}
		send_from(&gateway, 0);
		run(2);
		ck_assert_uint_eq(answer(false), card < 2 ? DHCP_OFFER : 0);
		if (card == 2)
			break;
		ck_assert_uint_eq(yiaddr(), 100 + card);
		ck_assert_mem_eq(frame, ALL.b, 6);
		ck_assert_uint_eq(dhcp_answer_u32_at(frame + 30), 0xffffffff);
		ck_assert_uint_eq(message()[1], 32);
		ck_assert_uint_eq(message()[2], 0);
	}
	ck_assert_uint_eq(dhcpd_stats(d).ignored, 1);
}
END_TEST

/* The firmware gives up without a word, so its machine is told of it; once, however often it asks. */
START_TEST(test_firmware_not_served)
{
	struct machine *m;
	const struct timeline_event *e;
	uint64_t seq = 0;

	if (!in_namespace)
		return;
	m = add_machine();
	for (int i = 0; i < 3; i++) {
		m->state = i ? LIFE_ARMED : LIFE_UP;
		say(&m->nics[0].mac, DHCP_DISCOVER, 0, false);
		dhcp_make_u16(&make, OPT_ARCH, 22);
		dhcp_make_text(&make, OPT_VENDOR_CLASS, "PXEClient:Arch:00022");
		send_from(&m->nics[0].mac, 0);
		run(1);
		ck_assert_uint_eq(answer(true), DHCP_OFFER);
		ck_assert_uint_eq(message()[MAKE_FILE], 0);
		e = timeline_last(timeline, "web01", "refused");
		ck_assert_int_eq(e != NULL, i > 0);
		if (i == 1) {
			seq = e->seq;
			ck_assert_ptr_nonnull(strstr(e->text, "PXE, arch 22 (U-Boot arm64)"));
		}
		ck_assert(!e || e->seq == seq);
	}
}
END_TEST

static struct mac advertiser;

/* How many advertisements come back to a question for an IPv6 router; and from whom. */
static unsigned solicit(const struct mac *mac)
{
	uint8_t f[62] = {0x33, 0x33, 0, 0, 0, 2, [12] = 0x86, [13] = 0xdd, [14] = 0x60, [19] = 8,
		[20] = 58, [21] = 255, [38] = 0xff, [39] = 2, [53] = 2, [54] = 133};
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	uint8_t got[128];
	unsigned n = 0;
	ssize_t len;

	a.sll_ifindex = (int)if_nametoindex("cli0");
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	memcpy(f + 6, mac->b, sizeof(mac->b));
	f[56] = 0x7b; /* the checksum: 133 << 8, 58, 8, ff02 and 2 */
	f[57] = 0xb8;
	ck_assert_int_eq(send(fd, f, sizeof(f), 0), sizeof(f));
	run(3);
	while ((len = recv(fd, got, sizeof(got), 0)) > 0) {
		if (len <= 54 || got[54] != 134 || memcmp(got, mac->b, sizeof(mac->b)) != 0)
			continue;
		memcpy(advertiser.b, got + 6, sizeof(advertiser.b));
		n++;
	}
	close(fd);
	return n;
}

/* An iPXE that we lease to is told that there is no IPv6 router; no other is told anything. */
START_TEST(test_solicit)
{
	static const struct mac other = {{2, 0, 0, 0, 0, 9}};

	if (!in_namespace)
		return;
	ck_assert_uint_eq(solicit(&ONE), 0);
	discover(&ONE);
	run(1);
	ck_assert_uint_eq(solicit(&ONE), 0);
	discover_ipxe(&ONE);
	ck_assert_uint_eq(solicit(&ONE), 1);
	ck_assert_uint_eq(solicit(&other), 0);
}
END_TEST

START_TEST(test_decline_and_strangers)
{
	struct mac pool = {{2, 0, 0, 0, 0, 1}};
	uint64_t newest;

	if (!in_namespace)
		return;
	request(&pool, NET + 100);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	say(&pool, DHCP_DECLINE, NET + 100, true);
	send_from(&pool, 0);
	run(2);
	ck_assert_ptr_nonnull(strstr(event("declined"), "192.168.122.100 declined by 02:00"));
	discover(&pool);
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 101);
	/* NAKed again and again: told once */
	request(&pool, NET + 100);
	run(2);
	ck_assert_ptr_nonnull(strstr(event("refused"), "02:00:00:00:00:01 on lab"));
	newest = timeline_newest(timeline);
	for (int i = 0; i < 5; i++) {
		request(&pool, NET + 100);
		run(1);
		ck_assert_uint_eq(answer(true), DHCP_NAK);
	}
	ck_assert_uint_eq(timeline_newest(timeline), newest);
}
END_TEST

static void discover_uefi(const struct mac *client_mac, const struct mac *card, uint32_t giaddr)
{
	say(client_mac, DHCP_DISCOVER, 0, false);
	dhcp_make_u16(&make, OPT_ARCH, 7);
	dhcp_make_u32_at(&make, MAKE_GIADDR, giaddr);
	send_from(card, 0);
	run(2);
}

/* What a machine boots by only its own card says. */
START_TEST(test_firmware_of_another)
{
	static const struct mac neighbour = {{2, 0, 0, 0, 0, 9}};
	struct machine *m;

	if (!in_namespace)
		return;
	m = add_machine();
	firmwares = 0;
	discover_uefi(&m->nics[0].mac, &neighbour, 0);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(firmwares, 0);
	discover_uefi(&m->nics[0].mac, &neighbour, NET + 9);
	ck_assert_uint_eq(firmwares, 0);
	discover_uefi(&m->nics[0].mac, &m->nics[0].mac, 0);
	ck_assert_uint_eq(firmwares, 1);
}
END_TEST

static size_t events(const char *kind)
{
	const struct timeline_event *e = NULL;
	uint64_t after = 0;
	size_t n = 0;

	while ((e = timeline_after(timeline, after, NULL))) {
		n += strcmp(e->kind, kind) == 0;
		after = e->seq;
	}
	return n;
}

/* A guest without a record is seen; one gone mad does not fill the timeline. */
START_TEST(test_lease_and_release_for_ever)
{
	if (!in_namespace)
		return;
	for (int i = 0; i < 30; i++) {
		request(&ONE, NET + 3);
		settle();
		ck_assert_uint_eq(answer(true), DHCP_ACK);
		dhcp_make_begin(&make, &ONE, 1);
		dhcp_make_u32_at(&make, MAKE_CIADDR, NET + 3);
		dhcp_make_u8(&make, OPT_TYPE, DHCP_RELEASE);
		send_from(&ONE, 0);
		run(1);
	}
	ck_assert_uint_eq(events("leased"), 4);
}
END_TEST

START_TEST(test_malformed)
{
	struct mac bad = {{0}};

	if (!in_namespace)
		return;
	for (int i = 0; i < 10; i++) {
		dhcp_make_begin(&make, &bad, 1);
		dhcp_make_u8(&make, OPT_TYPE, DHCP_DISCOVER);
		send_from(&ONE, 0);
	}
	dhcp_make_begin(&make, &ONE, 1); /* BOOTP */
	send_from(&ONE, 0);
	run(2);
	ck_assert_uint_eq(answer(true), 0);
	ck_assert_uint_eq(dhcpd_stats(d).malformed, 10);
	ck_assert_uint_eq(dhcpd_stats(d).ignored, 1);
	ck_assert_uint_eq(dhcpd_stats(d).in, 11);
}
END_TEST

/* More than a batch at once; none is lost, all in few transactions. */
static void burst(void)
{
	unsigned got = 0;
	bool seen[100] = {false};
	uint64_t newest = timeline_newest(timeline);

	for (unsigned i = 0; i < 90; i++) {
		struct mac m = {{2, 0, 0, 0, 1, (uint8_t)i}};

		request(&m, NET + 100 + i);
	}
	settle();
	settle();
	while (answer(true) == DHCP_ACK) {
		ck_assert(yiaddr() >= 100 && yiaddr() < 190 && !seen[yiaddr() - 100]);
		seen[yiaddr() - 100] = true;
		got++;
	}
	ck_assert_uint_eq(got, 90);
	ck_assert_uint_eq(timeline_newest(timeline), newest); /* strangers */
	ck_assert_uint_le(store_stats(store).commits, 4);
	ck_assert_uint_eq(dhcpd_stats(d).dropped, 0);
}

START_TEST(test_burst)
{
	if (!in_namespace)
		return;
	burst();
}
END_TEST

/* More than one reading takes: the DISCOVERs wait until the REQUEST behind them is served, and none
 * is lost. */
START_TEST(test_behind)
{
	unsigned offers = 0;

	if (!in_namespace)
		return;
	for (unsigned i = 0; i < 100; i++)
		discover(&(struct mac){{2, 0, 0, 0, 1, (uint8_t)i}});
	request(&ONE, NET + 3);
	loop_once(loop, 20);
	ck_assert_uint_eq(dhcpd_stats(d).in, 64);
	ck_assert_uint_eq(dhcpd_stats(d).offers, 0);
	loop_once(loop, 20);
	ck_assert_uint_eq(dhcpd_stats(d).in, 101);
	ck_assert_uint_eq(dhcpd_stats(d).acks, 1);
	for (int i = 0; i < 100 && dhcpd_stats(d).offers < 100; i++)
		loop_once(loop, 10);
	settle();
	for (unsigned type; (type = answer(true));)
		offers += type == DHCP_OFFER;
	ck_assert_uint_eq(offers, 100);
	ck_assert_uint_eq(dhcpd_stats(d).dropped, 0);
	discover(&ONE); /* and the socket is watched again */
	settle();
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
}
END_TEST

START_TEST(test_gathering)
{
	if (!in_namespace)
		return;
	stop();
	start(500);
	request(&ONE, NET + 3);
	run(1);
	ck_assert_uint_eq(store_stats(store).commits, 1); /* alone: at once */
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	request(&ONE, NET + 3);
	run(1);
	ck_assert_uint_eq(store_stats(store).commits, 1); /* so soon again: later, with others */
	ck_assert_uint_eq(dhcpd_stats(d).parked, 1);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	ck_assert_uint_eq(store_stats(store).commits, 2);
	burst();
}
END_TEST

static void limit_files(rlim_t bytes)
{
	struct rlimit l = {bytes, RLIM_INFINITY};

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &l), 0);
}

/* A disk that takes nothing: no ACK leaves. Once it does again, the next REQUEST is answered. */
START_TEST(test_disk_full)
{
	bool served = false;

	if (!in_namespace)
		return;
	signal(SIGXFSZ, SIG_IGN);
	request(&ONE, NET + 3);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	limit_files(1);
	request(&ONE, NET + 3);
	settle();
	ck_assert_uint_eq(answer(true), 0);
	ck_assert_uint_eq(dhcpd_stats(d).dropped, 1);
	discover(&ONE); /* OFFERs never wait */
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	limit_files(RLIM_INFINITY);
	for (int i = 0; i < 50 && !served; i++) {
		request(&ONE, NET + 3);
		settle();
		served = answer(true) == DHCP_ACK;
	}
	ck_assert(served);
}
END_TEST

START_TEST(test_link_made_again)
{
	char why[128] = "";

	if (!in_namespace)
		return;
	ck_assert_int_eq(dhcpd_open(d, second, why, sizeof(why)), -ENODEV);
	ck_assert_ptr_nonnull(strstr(why, "none0"));
	ck_assert(!dhcpd_is_open(d, second));
	ck_assert_int_eq(dhcpd_open(d, lab, why, sizeof(why)), 0); /* nothing changed */
	discover(&ONE);
	sh("ip link del srv0");
	run(2);
	close(client);
	ck_assert_int_eq(dhcpd_open(d, lab, why, sizeof(why)), -ENODEV);
	ck_assert(!dhcpd_is_open(d, lab));
	make_links();
	open_client();
	ck_assert_int_eq(dhcpd_open(d, lab, why, sizeof(why)), 0);
	discover(&ONE);
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	dhcpd_close(d, lab);
	discover(&ONE);
	run(1);
	ck_assert_uint_eq(answer(true), 0);
}
END_TEST

static void open_lab(void)
{
	char why[128] = "";

	ck_assert_msg(dhcpd_open(d, lab, why, sizeof(why)) == 0, "%s", why);
}

static const struct mac OTHER_MAC = {{0x52, 0x54, 0, 0, 0, 9}};

static void change_mac(void)
{
	sh("ip link set srv0 address 52:54:00:00:00:09");
	open_lab();
}

/* Frames leave from the MAC that the link has now. */
START_TEST(test_mac_changed)
{
	if (!in_namespace)
		return;
	change_mac();
	discover(&ONE);
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_mem_eq(frame + 6, OTHER_MAC.b, 6);
}
END_TEST

enum { PROBE_MS = 60, ARP_LEN = 42 };

static int arp;

/* The server asks before it offers; `arp` is the link's other machines. */
static void start_probing(void)
{
	struct sockaddr_ll a = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};

	arp = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP));
	a.sll_ifindex = (int)if_nametoindex("cli0");
	ck_assert_int_eq(bind(arp, (struct sockaddr *)&a, sizeof(a)), 0);
	stop();
	lab_changed->probe_ms = PROBE_MS;
	start(0);
}

/* Reads the questions that came; how many, and whether `host` was asked for. */
static unsigned asked(uint32_t host, bool *ret)
{
	uint8_t f[64];
	unsigned n = 0;
	ssize_t len;

	*ret = false;
	while ((len = recv(arp, f, sizeof(f), 0)) > 0) {
		if (len < ARP_LEN || f[21] != 1 || dhcp_answer_u32_at(f + 28))
			continue;
		n++;
		*ret |= dhcp_answer_u32_at(f + 38) == NET + host;
	}
	return n;
}

static bool is_asked(uint32_t host)
{
	bool is;

	asked(host, &is);
	return is;
}

static void answer_arp(uint32_t host, const struct mac *mac)
{
	uint8_t f[ARP_LEN] = {0x52, 0x54, 0, 0, 0,
		1, [12] = 8, [13] = 6, [15] = 1, [16] = 8, [18] = 6, [19] = 4, [21] = 2, [28] = 192,
		[29] = 168, [30] = 122, [31] = (uint8_t)host};

	memcpy(f + 6, mac->b, 6);
	memcpy(f + 22, mac->b, 6);
	ck_assert_int_eq(send(arp, f, sizeof(f), 0), sizeof(f));
}

/* The next answer, waited for no longer than a second. */
static unsigned await(void)
{
	unsigned type = 0;

	for (int i = 0; i < 100 && !type; i++) {
		loop_once(loop, 10);
		type = answer(true);
	}
	return type;
}

/* The pool's next are asked for in advance, a computed one before its OFFER, which waits alone. */
START_TEST(test_probe)
{
	static const struct mac stranger = {{2, 0, 0, 0, 0, 1}};
	int64_t begun;
	bool is;

	if (!in_namespace)
		return;
	start_probing();
	ck_assert_uint_eq(asked(100, &is), LEASE_CANDIDATES);
	ck_assert(is);
	begun = clock_mono_ms();
	while (clock_mono_ms() < begun + 2 * PROBE_MS)
		loop_once(loop, 10);
	discover(&ONE);
	run(1);
	ck_assert_uint_eq(answer(true), 0);
	ck_assert_uint_eq(asked(3, &is), 1);
	ck_assert(is);
	begun = clock_mono_ms();
	discover(&stranger);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 100);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 3);
	/* once proven it is not asked for again */
	asked(3, &is);
	request(&ONE, NET + 3);
	settle();
	ck_assert_uint_eq(answer(true), DHCP_ACK);
	discover(&ONE);
	run(1);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert(!is_asked(3));
	close(arp);
}
END_TEST

/* Addresses that a neighbour has are not offered, be they asked for in advance or not. */
START_TEST(test_probe_answered)
{
	static const struct mac stranger = {{2, 0, 0, 0, 0, 1}}, host = {{2, 0, 0, 0, 0, 9}},
				other = {{2, 0, 0, 0, 0, 8}};
	struct mac away = {{2, 0, 0, 0, 0, 2}};

	if (!in_namespace)
		return;
	start_probing();
	answer_arp(100, &host);
	run(2);
	ck_assert_str_eq(event("in-use"),
		"192.168.122.100 on lab is in use by 02:00:00:00:00:09 "
		"without a lease; set aside for 10 minutes");
	discover(&stranger);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 101);
	/* the next candidate is tried at once: long before the first one's time is over */
	discover(&ONE);
	run(1);
	ck_assert(is_asked(3));
	answer_arp(3, &other);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 102);
	/* it has the address, so it may have the lease */
	discover(&host);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 100);
	/* what the client itself answers for is its own */
	answer_arp(102, &ONE);
	request(&ONE, NET + 102);
	ck_assert_uint_eq(await(), DHCP_ACK);
	request(&away, NET + 100);
	ck_assert_uint_eq(await(), DHCP_NAK);
	close(arp);
}
END_TEST

/* A machine declines its own address, and somebody else answers for it: it is given one of the pool, and told of it. */
START_TEST(test_own_in_use)
{
	static const struct mac other = {{2, 0, 0, 0, 0, 8}};
	struct machine *m;
	const struct timeline_event *e;

	if (!in_namespace)
		return;
	start_probing();
	m = add_machine();
	say(&m->nics[0].mac, DHCP_DISCOVER, 0, false);
	send_from(&m->nics[0].mac, 0);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 50);
	request(&m->nics[0].mac, NET + 50);
	ck_assert_uint_eq(await(), DHCP_ACK);
	say(&m->nics[0].mac, DHCP_DECLINE, NET + 50, true);
	send_from(&m->nics[0].mac, 0);
	run(1);
	ck_assert(is_asked(50));
	answer_arp(50, &other);
	run(2);
	ck_assert_ptr_nonnull(timeline_last(timeline, "web01", "declined"));
	discover(&m->nics[0].mac);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 100);
	e = timeline_last(timeline, "web01", "refused");
	ck_assert_ptr_nonnull(e);
	ck_assert_ptr_nonnull(strstr(e->text, "usher offers 192.168.122.100 instead"));
	request(&m->nics[0].mac, NET + 100);
	ck_assert_uint_eq(await(), DHCP_ACK);
	close(arp);
}
END_TEST

/* Two clients wait at once, each for an address of its own. */
START_TEST(test_probe_two_wait)
{
	static const struct mac one = {{2, 0, 0, 0, 0, 1}}, two = {{2, 0, 0, 0, 0, 2}};

	if (!in_namespace)
		return;
	start_probing();
	discover(&one);
	discover(&two);
	run(1);
	ck_assert_uint_eq(answer(true), 0);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 100);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 101);
	close(arp);
}
END_TEST

/* Two DISCOVERs of one client while its address is asked for: one OFFER. */
START_TEST(test_probe_waits_once)
{
	if (!in_namespace)
		return;
	start_probing();
	discover(&ONE);
	discover(&ONE);
	ck_assert_uint_eq(await(), DHCP_OFFER);
	run(5);
	ck_assert_uint_eq(answer(true), 0);
	/* ends while one waits */
	dhcpd_close(d, lab);
	ck_assert_int_eq(dhcpd_open(d, lab, (char[128]){0}, 128), 0);
	discover(&(struct mac){{0x52, 0x54, 0xc0, 0xa8, 0x7a, 0x04}});
	run(1);
	ck_assert_uint_eq(answer(true), 0);
	close(arp);
}
END_TEST

/* Ends with an ACK parked, in either order: nothing leaks, nothing is touched after it was freed.
 */
START_TEST(test_free_while_parked)
{
	struct dhcpd *first;

	if (!in_namespace)
		return;
	request(&ONE, NET + 3);
	loop_once(loop, 100);
	ck_assert_uint_eq(dhcpd_stats(d).parked, 1);
	first = d;
	dhcpd_free(first);
	d = NULL;
	run(5);
	ck_assert_uint_eq(answer(true), 0);
}
END_TEST

/* Beside another server, which the client's end of the wire plays: 192.168.122.66. */

static const struct mac OTHER = {{0x52, 0x54, 0, 0, 0, 0x42}};
static const uint32_t OTHER_IP = 0xc0a87a42;

static uint32_t other_xid = 0x1a2b3c4d;

/* `server` is what it says it is. */
static void other_claims(enum dhcp_type type, const struct mac *to, uint32_t address,
	uint32_t from_ip, uint16_t from_port, uint32_t server)
{
	const struct dhcp_frame f = {.from = OTHER,
		.to = *to,
		.from_ip = from_ip,
		.to_ip = address,
		.from_port = from_port,
		.to_port = 68};
	const struct dhcp_message m = {
		.type = DHCP_REQUEST, .mac = *to, .xid = other_xid, .max_size = 576};
	const struct dhcp_reply_head h = {.type = type, .yiaddr = address, .server_id = server};
	uint8_t buf[DHCP_FRAME_HEADER + DHCP_REPLY_MAX];
	struct dhcp_reply r;
	int n;

	dhcp_reply_begin(&r, buf + DHCP_FRAME_HEADER, &m, &h);
	n = dhcp_frame_wrap(&f, buf, (size_t)dhcp_reply_end(&r));
	ck_assert_int_eq(send(client, buf, (size_t)n, 0), n);
}

static void other_says(enum dhcp_type type, const struct mac *to, uint32_t address)
{
	other_claims(type, to, address, OTHER_IP, 67, OTHER_IP);
}

/* Opens the segment anew in this mode. */
static void open_as(enum segment_mode mode)
{
	char why[256] = "";

	dhcpd_close(d, lab);
	lab_changed->mode = mode;
	ck_assert_msg(dhcpd_open(d, lab, why, sizeof(why)) == 0, "%s", why);
}

START_TEST(test_foreign)
{
	if (!in_namespace)
		return;
	discover(&ONE);
	run(2);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(events("foreign"), 0); /* our own words */
	other_says(DHCP_OFFER, &ONE, NET + 200);
	run(3);
	ck_assert_str_eq(event("foreign"),
		"another DHCP server on lab: 192.168.122.66, MAC 52:54:00:00:00:42, offered "
		"192.168.122.200 to 52:54:c0:a8:7a:03");
	other_says(DHCP_ACK, &ONE, NET + 200);
	run(3);
	ck_assert_uint_eq(events("foreign"), 1);
	ck_assert_uint_eq(events("leased"), 0);
}
END_TEST

static const char *event_of(const char *machine, const char *kind)
{
	const struct timeline_event *e = timeline_last(timeline, machine, kind);

	return e ? e->text : "";
}

/* Our name is what it claims: by the server identifier, or by the packet's source. */
START_TEST(test_forged)
{
	struct dhcpd_server heard[DHCPD_OTHERS_MAX];
	struct machine *m;

	if (!in_namespace)
		return;
	m = add_machine();
	other_claims(DHCP_ACK, &m->nics[0].mac, NET + 2, OTHER_IP, 67, NET + 1);
	run(3);
	ck_assert_str_eq(event_of("web01", "forged"),
		"another host answers DHCP in usher's name on lab: 192.168.122.66, MAC "
		"52:54:00:00:00:42, "
		"leased 192.168.122.2 to 02:07:07:07:07:07");
	other_claims(DHCP_ACK, &m->nics[0].mac, NET + 2, OTHER_IP, 67, NET + 1);
	run(3);
	ck_assert_uint_eq(events("forged"), 1); /* a minute */
	other_claims(DHCP_ACK, &m->nics[0].mac, NET + 2, NET + 1, 67, OTHER_IP);
	run(3);
	ck_assert_uint_eq(events("forged"), 2); /* another server, of the same minute */
	other_claims(DHCP_OFFER, &ONE, NET + 3, NET + 1, 4011, OTHER_IP + 1);
	run(3);
	ck_assert_str_eq(event("forged"),
		"another host answers DHCP in usher's name on lab: 192.168.122.1, MAC "
		"52:54:00:00:00:42, "
		"offered 192.168.122.3 to 52:54:c0:a8:7a:03");
	ck_assert_uint_eq(dhcpd_others(d, lab, heard), 3);
	ck_assert(heard[0].forged && heard[1].forged && heard[2].forged);
	ck_assert_uint_eq(events("foreign"), 0);
}
END_TEST

/* The machine that is about to install has it on its own timeline, and made-up servers do not fill that of all. */
START_TEST(test_foreign_to_machines)
{
	struct machine *m;

	if (!in_namespace)
		return;
	m = add_machine();
	other_says(DHCP_OFFER, &m->nics[0].mac, NET + 200);
	run(3);
	ck_assert_uint_eq(events("foreign"), 1);
	ck_assert_str_ne(event("foreign"), "");
	ck_assert_int_eq(machine_arm(m, NULL, 1, 0), 0);
	other_says(DHCP_OFFER, &m->nics[0].mac, NET + 200);
	run(3);
	ck_assert_str_eq(event_of("web01", "foreign"),
		"another DHCP server on lab: 192.168.122.66, MAC 52:54:00:00:00:42, offered "
		"192.168.122.200 to 02:07:07:07:07:07");
	for (uint32_t i = 0; i < 100; i++)
		other_claims(DHCP_OFFER, &ONE, NET + 3, OTHER_IP, 67, 0x0a000001 + i);
	run(10);
	ck_assert_uint_le(events("foreign"), 20);
}
END_TEST

START_TEST(test_forged_beside_another)
{
	struct machine *m;

	if (!in_namespace)
		return;
	lab_changed->lessor = ip_from_v4(OTHER_IP);
	open_as(SEGMENT_PROXY);
	m = add_machine();
	other_says(DHCP_OFFER, &ONE, NET + 200);
	run(3);
	ck_assert_uint_eq(events("foreign"), 0); /* it is the one that leases */
	other_claims(DHCP_ACK, &m->nics[0].mac, NET + 2, OTHER_IP, 67, NET + 1);
	run(3);
	ck_assert_str_ne(event_of("web01", "forged"), "");
	ck_assert_uint_eq(events("leased"), 0);
	other_claims(DHCP_OFFER, &ONE, NET + 2, OTHER_IP + 1, 67, OTHER_IP + 1);
	run(3);
	ck_assert_uint_eq(events("foreign"), 1);
	lab_changed->lessor = (struct ip){0};
}
END_TEST

START_TEST(test_proxy)
{
	struct machine *m;

	if (!in_namespace)
		return;
	open_as(SEGMENT_PROXY);
	ck_assert(dhcpd_is_open(d, lab));
	m = add_machine();
	ck_assert_int_eq(machine_arm(m, NULL, 1, 0), 0);
	say(&m->nics[0].mac, DHCP_DISCOVER, 0, false);
	dhcp_make_text(&make, OPT_VENDOR_CLASS, "PXEClient:Arch:00000:UNDI:002001");
	send_from(&m->nics[0].mac, 0);
	run(2);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
	ck_assert_uint_eq(yiaddr(), 0);
	ck_assert_mem_eq(frame, ALL.b, 6);
	ck_assert_str_eq((const char *)message() + MAKE_FILE, "undionly.kpxe");
	discover(&ONE); /* whom we would lease to */
	request(&ONE, NET + 3);
	say(&m->nics[0].mac, DHCP_REQUEST, NET + 50, false);
	dhcp_make_text(&make, OPT_VENDOR_CLASS, "PXEClient:Arch:00000:UNDI:002001");
	send_from(&m->nics[0].mac, 0);
	run(3);
	ck_assert_uint_eq(answer(true), 0);
	other_says(DHCP_ACK, &m->nics[0].mac, NET + 50);
	run(3);
	ck_assert_str_eq(timeline_last(timeline, "web01", "leased")->text,
		"192.168.122.50 to 02:07:07:07:07:07 by 192.168.122.66 (PXE, BIOS, xid 1a2b3c4d)");
	other_says(DHCP_ACK, &m->nics[0].mac, NET + 50);
	run(3);
	ck_assert_uint_eq(events("leased"), 1); /* renewed: no news */
}
END_TEST

/* All of it is opened anew, also what answers questions for an IPv6 router. */
START_TEST(test_proxy_mac_changed)
{
	struct machine *m;

	if (!in_namespace)
		return;
	open_as(SEGMENT_PROXY);
	m = add_machine();
	ck_assert_int_eq(machine_arm(m, NULL, 1, 0), 0);
	change_mac();
	ck_assert_uint_eq(solicit(&m->nics[0].mac), 1);
	ck_assert(mac_eq(&advertiser, &OTHER_MAC));
}
END_TEST

static void on_decided(void *arg, const struct segment *s, const struct dhcpd_server *server)
{
	ck_assert_ptr_eq(arg, &found);
	ck_assert_ptr_eq(s, lab);
	found.calls++;
	found.foreign = server;
	if (server)
		found.server = *server;
	open_as(server ? SEGMENT_PROXY : SEGMENT_OWN);
}

/* The next DISCOVER of a made-up client that the server's end sent: false, none came. */
static bool is_questioned(struct mac *ret_client, uint32_t *ret_xid)
{
	for (int64_t end = clock_mono_ms() + 5000; clock_mono_ms() < end;) {
		ssize_t n = recv(client, frame, sizeof(frame), MSG_DONTWAIT);

		if (n < 0) {
			loop_once(loop, 20);
		} else if (n > DHCP_FRAME_HEADER + DHCP_HEADER && frame[37] == 67 &&
			frame[35] == 68) {
			*ret_xid = dhcp_answer_u32_at(message() + 4);
			memcpy(ret_client->b, message() + 28, 6);
			return true;
		}
	}
	return false;
}

static void wait_decided(void)
{
	for (int64_t end = clock_mono_ms() + 20000; !found.calls && clock_mono_ms() < end;)
		loop_once(loop, 50);
	ck_assert_uint_eq(found.calls, 1);
}

START_TEST(test_auto)
{
	struct mac us;
	uint32_t first;

	if (!in_namespace)
		return;
	found.calls = 0;
	open_as(SEGMENT_AUTO);
	ck_assert(!dhcpd_is_open(d, lab));
	discover(&ONE);
	run(3);
	ck_assert_uint_eq(answer(true), 0); /* not before it is known who leases */
	ck_assert_uint_eq(found.calls, 0);
	other_says(DHCP_OFFER, &ONE, 0); /* another proxy */
	run(3);
	ck_assert_uint_eq(found.calls, 0);
	/* to somebody else, or by a guess: an event when all is over, and no decision */
	other_says(DHCP_OFFER, &ONE, NET + 200);
	run(3);
	ck_assert_uint_eq(found.calls, 0);
	ck_assert(is_questioned(&us, &other_xid));
	first = other_xid;
	other_says(DHCP_OFFER, &us, NET + 200);
	/* and again, when it is asked anew */
	while (other_xid == first)
		ck_assert(is_questioned(&us, &other_xid));
	ck_assert_uint_eq(found.calls, 0);
	other_says(DHCP_OFFER, &us, NET + 200);
	wait_decided();
	ck_assert(found.foreign && mac_eq(&found.server.mac, &OTHER));
	ck_assert_uint_eq(ip_to_v4(&found.server.address), OTHER_IP);
	ck_assert(dhcpd_is_open(d, lab));
}
END_TEST

/* A packet that somebody throws in, and an answer that is not given twice. */
START_TEST(test_auto_forged)
{
	struct mac us;

	if (!in_namespace)
		return;
	found.calls = 0;
	open_as(SEGMENT_AUTO);
	ck_assert(is_questioned(&us, &other_xid));
	other_says(DHCP_OFFER, &us, NET + 200);
	other_xid ^= 1;
	other_says(DHCP_OFFER, &us, NET + 200);
	wait_decided();
	ck_assert(!found.foreign);
	ck_assert_uint_eq(events("foreign"), 2);
	ck_assert_ptr_nonnull(
		strstr(event("foreign"), "lab: 192.168.122.66 (MAC 52:54:00:00:00:42) "));
}
END_TEST

START_TEST(test_auto_nobody)
{
	if (!in_namespace)
		return;
	found.calls = 0;
	open_as(SEGMENT_AUTO);
	for (int64_t end = clock_mono_ms() + 20000; !found.calls && clock_mono_ms() < end;)
		loop_once(loop, 100);
	ck_assert_uint_eq(found.calls, 1);
	ck_assert(!found.foreign);
	discover(&ONE);
	run(2);
	ck_assert_uint_eq(answer(true), DHCP_OFFER);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcpd");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_lease);
	tcase_add_test(t, test_restart);
	tcase_add_test(t, test_clock_is_set);
	tcase_add_test(t, test_renewal_is_a_datagram);
	tcase_add_test(t, test_inform_without_ciaddr);
	tcase_add_test(t, test_broadcast_flag);
	tcase_add_test(t, test_bootp);
	tcase_add_test(t, test_armed);
	tcase_add_test(t, test_discover_with_ciaddr);
	tcase_add_test(t, test_from_another_network);
	tcase_add_test(t, test_an_option_twice);
	tcase_add_test(t, test_without_a_mac);
	tcase_add_test(t, test_firmware_not_served);
	tcase_add_test(t, test_firmware_of_another);
	tcase_add_test(t, test_solicit);
	tcase_add_test(t, test_decline_and_strangers);
	tcase_add_test(t, test_lease_and_release_for_ever);
	tcase_add_test(t, test_malformed);
	tcase_add_test(t, test_burst);
	tcase_add_test(t, test_behind);
	tcase_add_test(t, test_gathering);
	tcase_add_test(t, test_disk_full);
	tcase_add_test(t, test_link_made_again);
	tcase_add_test(t, test_mac_changed);
	tcase_add_test(t, test_probe);
	tcase_add_test(t, test_probe_answered);
	tcase_add_test(t, test_own_in_use);
	tcase_add_test(t, test_probe_two_wait);
	tcase_add_test(t, test_probe_waits_once);
	tcase_add_test(t, test_free_while_parked);
	tcase_add_test(t, test_foreign);
	tcase_add_test(t, test_forged);
	tcase_add_test(t, test_foreign_to_machines);
	tcase_add_test(t, test_forged_beside_another);
	tcase_add_test(t, test_proxy);
	tcase_add_test(t, test_proxy_mac_changed);
	tcase_add_test(t, test_auto);
	tcase_add_test(t, test_auto_forged);
	tcase_add_test(t, test_auto_nobody);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
