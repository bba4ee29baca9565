/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Computed MACs of libvirt's guests, whoever made them, on a network where we lease. */
#include "service/network/claims.h"

#include "rooms_make.h"
#include "stepped_clock.h"

#include <libvirt/libvirt.h>

static struct service rooms;
static struct network *nw = &rooms.network;
static struct segment *seg;
static virConnectPtr other;

static void setup(void)
{
	rooms_make(&rooms);
	rooms_deafen(&rooms);
	seg = base_segment(&rooms.base, "default");
	seg->mode = SEGMENT_OWN;
	other = virConnectOpen("test:///default");
	ck_assert_ptr_nonnull(other);
}

static void reset(void)
{
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
}

static void teardown(void)
{
	reset();
	virConnectClose(other);
	rooms_unmake(&rooms);
}

static void define(const char *name, const char *mac)
{
	char xml[512];
	virDomainPtr d;

	snprintf(xml, sizeof xml,
		"<domain type='test'><name>%s</name><memory>1024</memory><os><type>hvm</type></os>"
		"<devices><interface type='network'><source network='default'/><mac address='%s'/>"
		"</interface></devices></domain>",
		name, mac);
	d = virDomainDefineXML(other, xml);
	ck_assert_ptr_nonnull(d);
	virDomainFree(d);
}

static void undefine(const char *name)
{
	virDomainPtr d = virDomainLookupByName(other, name);

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(virDomainUndefine(d), 0);
	virDomainFree(d);
}

static void look(const char *domain)
{
	claims_look(nw, seg, domain);
	ck_assert_ptr_nonnull(nw->looks);
	base_wait(&rooms.base, !nw->looks);
}

static enum dhcp_guest whose(const char *mac)
{
	struct mac m;

	ck_assert_int_eq(mac_parse(mac, &m), 0);
	return claims_guest(nw, seg, &m);
}

#define NINE "52:54:c0:a8:7a:09"
#define TEN "52:54:c0:a8:7a:0a"

START_TEST(known_once_it_was_read)
{
	define("vm", NINE);
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_MAYBE); /* nobody has looked */
	look("");
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_KNOWN);
	ck_assert_int_eq(whose(TEN), DHCP_GUEST_NONE);
	ck_assert_ptr_null(nw->looks);
	ck_assert_int_eq(claims_guest(nw, base_segment(&rooms.base, "lan"),
				 &(struct mac){{0x52, 0x54, 0xc0, 0xa8, 0x7a, 9}}),
		DHCP_GUEST_MAYBE); /* another wire */
}
END_TEST

START_TEST(they_come_and_go)
{
	look("");
	define("vm", NINE);
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_NONE);
	look("vm");
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_KNOWN);
	undefine("vm");
	define("vm", TEN);
	look("vm");
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_NONE);
	ck_assert_int_eq(whose(TEN), DHCP_GUEST_KNOWN);
	undefine("vm");
	look("vm");
	ck_assert_int_eq(whose(TEN), DHCP_GUEST_NONE);
}
END_TEST

/* A copy of a definition has its MAC: when one of the two goes, the other's is its own still. */
START_TEST(two_have_one)
{
	define("vm", NINE);
	look("vm");
	define("copy", NINE);
	look("copy");
	undefine(_i ? "vm" : "copy");
	look(_i ? "vm" : "copy");
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_KNOWN);
	undefine(_i ? "copy" : "vm");
	look("");
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_NONE);
}
END_TEST

/* A card that is plugged into a running guest is told of by no event. */
START_TEST(read_again_now_and_then)
{
	const struct look *first;

	look("");
	define("vm", NINE);
	stepped.mono += 299 * 1000;
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_NONE);
	ck_assert_ptr_null(nw->looks);
	stepped.mono += 2 * 1000;
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_NONE);
	ck_assert_ptr_nonnull(nw->looks);
	first = nw->looks;
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_NONE); /* one look is enough */
	ck_assert_ptr_eq(nw->looks, first);
	base_wait(&rooms.base, !nw->looks);
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_KNOWN);
	reset();
}
END_TEST

START_TEST(where_it_is_not_looked)
{
	claims_look(nw, base_segment(&rooms.base, "lan"), "");
	ck_assert_ptr_nonnull(nw->looks); /* "lan" is one of ours, though libvirt has none of it */
	base_wait(&rooms.base, !nw->looks);
	ck_assert(!nw->served[0].guests_known);
	seg->mode = SEGMENT_PROXY;
	claims_look(nw, seg, "");
	seg->mode = SEGMENT_OWN;
	seg->computed = false;
	claims_look(nw, seg, "");
	seg->computed = true;
	seg->is_network = false;
	claims_look(nw, seg, "");
	ck_assert_ptr_null(nw->looks);
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_MAYBE);
}
END_TEST

START_TEST(the_network_goes)
{
	define("vm", NINE);
	look("");
	claims_leave(nw, seg);
	ck_assert_int_eq(whose(NINE), DHCP_GUEST_NONE);
	claims_look(nw, seg, "");
	segments_remove(&rooms.base.segments, seg->id); /* before the answer */
	base_wait(&rooms.base, !nw->looks);
	ck_assert_uint_eq(nw->claims.count, 0);
}
END_TEST

START_TEST(dropped)
{
	define("vm", NINE);
	look("");
	claims_look(nw, seg, "vm");
	rooms_stop(&rooms);
	claims_fini(nw);
	ck_assert_ptr_null(nw->looks);
	ck_assert_uint_eq(nw->claims.count, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("claims");
	TCase *t = tcase_create("claims");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, known_once_it_was_read);
	tcase_add_test(t, they_come_and_go);
	tcase_add_loop_test(t, two_have_one, 0, 2);
	tcase_add_test(t, read_again_now_and_then);
	tcase_add_test(t, where_it_is_not_looked);
	tcase_add_test(t, the_network_goes);
	tcase_add_test(t, dropped);
	suite_add_tcase(s, t);
	return base_run(s);
}
