/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcp6_world.h"

#include "dhcpd/dhcp6_answer.h"

#include <errno.h>
#include <stdlib.h>

static struct world w;
static const struct ip NONE;
static uint8_t duid[DHCP6_SERVER_DUID];
static uint8_t buf[DHCP6_REPLY_MAX + 64];
static struct dhcp6_message got;
static struct dhcp_boot boot;

static struct segment *lab(void)
{
	return (struct segment *)w.lab;
}

static void setup(void)
{
	const struct mac ours = {{0x52, 0x54, 0, 0x66, 0, 1}};

	world_begin(&w);
	dhcp6_answer_duid(&ours, duid);
	boot = (struct dhcp_boot){.vendor_class = ""};
	lab()->six.dns[lab()->six.n_dns++] = six(53);
	strcpy(lab()->domain, "lab.example");
}

static void teardown(void)
{
	world_end(&w);
}

/* Encodes what was decided last, in a buffer of which no more may be touched, and reads it as a client does. */
static void answer(void)
{
	const char *why = "";
	int len;

	memset(buf, 0xa5, sizeof(buf));
	len = dhcp6_answer_encode(&w.policy, &w.last, duid, &boot, buf);
	ck_assert_int_gt(len, 0);
	ck_assert_int_le(len, DHCP6_REPLY_MAX);
	for (size_t i = DHCP6_REPLY_MAX; i < sizeof(buf); i++)
		ck_assert_uint_eq(buf[i], 0xa5);
	ck_assert_msg(dhcp6_wire_decode(buf, (size_t)len, &got, &why) == 0, "%s", why);
	ck_assert_uint_eq(got.xid, w.msg.xid);
	ck_assert_uint_eq(got.n_odd, 0);
	ck_assert(dhcp6_answer_is_ours(&got, duid));
}

static bool is(const struct ip *a, struct ip b)
{
	return ip_eq(a, &b);
}

static bool has(uint16_t code)
{
	size_t len;

	return dhcp6_wire_option(&got, code, &len);
}

static void want(const uint16_t *codes, size_t n)
{
	static uint8_t at[32];

	for (size_t i = 0; i < n; i++) {
		at[2 * i] = (uint8_t)(codes[i] >> 8);
		at[2 * i + 1] = (uint8_t)codes[i];
	}
	memcpy(w.msg.arena, at, 2 * n);
	w.msg.requested = (struct dhcp6_span){1, (uint16_t)(2 * n)};
}

START_TEST(test_duid)
{
	static const uint8_t as_it_is[] = {0, 3, 0, 1, 0x52, 0x54, 0, 0x66, 0, 1};
	static const uint8_t others[] = {0, 3, 0, 1, 0x52, 0x54, 0, 0x66, 0, 2};

	ck_assert_mem_eq(duid, as_it_is, sizeof(duid));
	world_message(&w, DHCP6_REQUEST, NONE);
	ck_assert(!dhcp6_answer_is_ours(&w.msg, duid));
	memcpy(w.msg.arena, duid, sizeof(duid));
	w.msg.server_id = (struct dhcp6_span){1, sizeof(duid)};
	ck_assert(dhcp6_answer_is_ours(&w.msg, duid));
	w.msg.server_id.len--;
	ck_assert(!dhcp6_answer_is_ours(&w.msg, duid));
	memcpy(w.msg.arena, others, sizeof(others));
	w.msg.server_id.len++;
	ck_assert(!dhcp6_answer_is_ours(&w.msg, duid));
}
END_TEST

START_TEST(test_advertise)
{
	world_say(&w, w.lab, mac(1), DHCP6_SOLICIT, NONE);
	answer();
	ck_assert_int_eq(got.type, DHCP6_ADVERTISE);
	ck_assert_uint_eq(got.preference, 255);
	ck_assert(!got.rapid_commit && !got.has_status);
	ck_assert_uint_eq(got.n_ias, 1);
	ck_assert_uint_eq(got.ias[0].iaid, 7);
	ck_assert_uint_eq(got.ias[0].t1_s, LEASE_S / 2);
	ck_assert_uint_eq(got.ias[0].t2_s, LEASE_S / 5 * 4);
	ck_assert_uint_eq(got.ias[0].n_addresses, 1);
	ck_assert(is(&got.ias[0].addresses[0].ip, six(POOL_FIRST)));
	ck_assert_uint_eq(got.ias[0].addresses[0].valid_s, LEASE_S);
	ck_assert_uint_eq(got.ias[0].addresses[0].preferred_s, LEASE_S);
}
END_TEST

/* Each IA of its own, all with the machine's one address; what is not given says so. */
START_TEST(test_several_ias)
{
	struct dhcp6_message *m = world_message(&w, DHCP6_SOLICIT, NONE);

	m->rapid_commit = true;
	m->n_ias = 4;
	m->ias[1] = (struct dhcp6_ia){.code = OPT6_IA_NA, .iaid = 8};
	m->ias[2] = (struct dhcp6_ia){.code = OPT6_IA_PD, .iaid = 9};
	m->ias[3] = (struct dhcp6_ia){.code = OPT6_IA_TA, .iaid = 10};
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert_int_eq(got.type, DHCP6_REPLY);
	ck_assert(got.rapid_commit);
	ck_assert_uint_eq(got.n_ias, 4);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(got.ias[i].iaid, 7 + i);
		ck_assert(ip_eq(&got.ias[i].addresses[0].ip, &w.last.choice.address));
	}
	ck_assert_uint_eq(got.ias[2].code, OPT6_IA_PD);
	ck_assert_uint_eq(got.ias[2].status, DHCP6_NO_PREFIX_AVAIL);
	ck_assert_uint_eq(got.ias[3].status, DHCP6_NO_ADDRS_AVAIL);
	ck_assert_uint_eq(got.ias[3].n_addresses, 0);
}
END_TEST

START_TEST(test_prefix_alone)
{
	world_message(&w, DHCP6_SOLICIT, NONE)->ias[0].code = OPT6_IA_PD;
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert_int_eq(got.type, DHCP6_ADVERTISE);
	ck_assert_uint_eq(got.preference, 0);
	ck_assert_uint_eq(got.ias[0].status, DHCP6_NO_PREFIX_AVAIL);
}
END_TEST

/* RFC 8415 18.3.4: of each that it may no longer use the times are 0. */
START_TEST(test_renew_of_another_address)
{
	struct dhcp6_message *m;

	ck_assert_uint_eq(world_get(&w, w.lab, mac(1)), POOL_FIRST);
	world_machine(&w, "web01", w.lab, mac(1), four(20));
	m = world_message(&w, DHCP6_RENEW, six(POOL_FIRST));
	m->ias[0].addresses[m->ias[0].n_addresses++].ip = elsewhere(3);
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert_uint_eq(got.ias[0].n_addresses, 3);
	ck_assert(is(&got.ias[0].addresses[0].ip, six(20)));
	ck_assert_uint_eq(got.ias[0].addresses[0].valid_s, LEASE_S);
	for (size_t i = 1; i < 3; i++) {
		ck_assert(ip_eq(&got.ias[0].addresses[i].ip, &m->ias[0].addresses[i - 1].ip));
		ck_assert_uint_eq(got.ias[0].addresses[i].valid_s, 0);
		ck_assert_uint_eq(got.ias[0].addresses[i].preferred_s, 0);
	}
	/* a REQUEST is answered with what it is given and no more */
	world_say(&w, w.lab, mac(1), DHCP6_REQUEST, six(POOL_FIRST));
	answer();
	ck_assert_uint_eq(got.ias[0].n_addresses, 1);
}
END_TEST

START_TEST(test_renew_with_all_that_fits)
{
	struct dhcp6_message *m = world_message(&w, DHCP6_RENEW, NONE);

	m->n_ias = DHCP6_IAS;
	for (size_t i = 0; i < DHCP6_IAS; i++) {
		m->ias[i] = (struct dhcp6_ia){
			.code = OPT6_IA_NA, .iaid = (uint32_t)i, .n_addresses = DHCP6_ADDRESSES};
		for (size_t k = 0; k < DHCP6_ADDRESSES; k++)
			m->ias[i].addresses[k].ip = elsewhere((uint32_t)(i * 8 + k + 2));
	}
	world_decide(&w, w.lab, mac(1));
	/* more than a frame has room for: no answer, and nothing beyond the buffer */
	memset(buf, 0xa5, sizeof(buf));
	ck_assert_int_eq(dhcp6_answer_encode(&w.policy, &w.last, duid, &boot, buf), -ENOSPC);
	for (size_t i = DHCP6_REPLY_MAX; i < sizeof(buf); i++)
		ck_assert_uint_eq(buf[i], 0xa5);
	m->n_ias = 2;
	answer();
	ck_assert_uint_eq(got.ias[0].n_addresses, DHCP6_ADDRESSES);
}
END_TEST

START_TEST(test_refusals)
{
	world_say(&w, w.bare, mac(4), DHCP6_REQUEST, six(60));
	answer();
	ck_assert_int_eq(got.type, DHCP6_REPLY);
	ck_assert_uint_eq(got.ias[0].status, DHCP6_NO_ADDRS_AVAIL);
	ck_assert_uint_eq(got.ias[0].n_addresses, 0);
	ck_assert(!has(OPT6_DNS));
	world_say(&w, w.bare, mac(4), DHCP6_RENEW, six(60));
	answer();
	ck_assert_uint_eq(got.ias[0].status, DHCP6_NO_BINDING);
	world_say(&w, w.bare, mac(4), DHCP6_RELEASE, six(60));
	answer();
	ck_assert_uint_eq(got.ias[0].status, DHCP6_NO_BINDING);
}
END_TEST

START_TEST(test_confirm_and_release)
{
	world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, six(60));
	answer();
	ck_assert(got.has_status && got.status == DHCP6_SUCCESS);
	ck_assert_uint_eq(got.n_ias, 0);
	world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, elsewhere(60));
	answer();
	ck_assert(got.has_status && got.status == DHCP6_NOT_ON_LINK);
	world_get(&w, w.lab, mac(1));
	world_say(&w, w.lab, mac(1), DHCP6_RELEASE, six(POOL_FIRST));
	answer();
	ck_assert_int_eq(got.type, DHCP6_REPLY);
	ck_assert(got.has_status && got.status == DHCP6_SUCCESS);
}
END_TEST

START_TEST(test_options)
{
	static const uint16_t dns_only[] = {OPT6_DNS}, ntp[] = {OPT6_NTP, OPT6_FQDN};
	struct ip s[] = {six(5), four(5)};

	memcpy(lab()->extra.ntp, s, sizeof(s));
	lab()->extra.n_ntp = 2;
	world_machine(&w, "web01", w.lab, mac(1), four(20));
	/* who asks for nothing by name */
	world_say(&w, w.lab, mac(1), DHCP6_SOLICIT, NONE);
	answer();
	ck_assert(has(OPT6_DNS) && has(OPT6_DOMAIN_SEARCH));
	ck_assert(!has(OPT6_NTP) && !has(OPT6_FQDN) && !has(OPT6_REFRESH_TIME));
	world_message(&w, DHCP6_SOLICIT, NONE);
	want(dns_only, 1);
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert(has(OPT6_DNS) && !has(OPT6_DOMAIN_SEARCH));
	world_message(&w, DHCP6_SOLICIT, NONE);
	want(ntp, 2);
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert(has(OPT6_NTP) && !has(OPT6_DNS));
	ck_assert(got.has_fqdn);
	ck_assert_str_eq(got.hostname, "web01");
}
END_TEST

/* A site's: told to who asks for it, or for nothing by name. */
START_TEST(test_own_options)
{
	static const uint16_t dns_only[] = {OPT6_DNS}, zone[] = {41};
	struct segment_options *o = &lab()->six.options;
	const uint8_t *value;
	size_t len;

	memcpy(o->bytes, "\0\51\0\3UTC\0\37\0\1x", 12);
	o->len = 12;
	world_say(&w, w.lab, mac(1), DHCP6_SOLICIT, NONE);
	answer();
	value = dhcp6_wire_option(&got, 41, &len);
	ck_assert(value && len == 3 && !memcmp(value, "UTC", 3));
	ck_assert(has(31));
	world_message(&w, DHCP6_SOLICIT, NONE);
	want(dns_only, 1);
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert(!has(41) && !has(31));
	world_message(&w, DHCP6_SOLICIT, NONE);
	want(zone, 1);
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert(has(41) && !has(31));
}
END_TEST

START_TEST(test_information)
{
	const uint8_t *p;
	size_t len;

	world_say(&w, w.bare, mac(9), DHCP6_INFORMATION_REQUEST, NONE);
	answer();
	ck_assert_int_eq(got.type, DHCP6_REPLY);
	ck_assert_uint_eq(got.n_ias, 0);
	p = dhcp6_wire_option(&got, OPT6_REFRESH_TIME, &len);
	ck_assert(p && len == 4 && p[2] == LEASE_S >> 8);
	lab()->lease_s = 60; /* RFC 8415 21.23: not less than 600 */
	world_say(&w, w.lab, mac(9), DHCP6_INFORMATION_REQUEST, NONE);
	answer();
	p = dhcp6_wire_option(&got, OPT6_REFRESH_TIME, &len);
	ck_assert(p && p[2] == 600 >> 8 && p[3] == (600 & 255));
	ck_assert(has(OPT6_DNS));
}
END_TEST

START_TEST(test_boot)
{
	const uint8_t *p;
	size_t len;

	boot = (struct dhcp_boot){.boots = true, .vendor_class = "HTTPClient"};
	strcpy(boot.file, "http://[2001:db8:7a::a4d:1]:8080/boot/x.efi");
	world_say(&w, w.lab, mac(1), DHCP6_SOLICIT, NONE);
	answer();
	p = dhcp6_wire_option(&got, OPT6_BOOT_URL, &len);
	ck_assert(p && len == strlen(boot.file) && !memcmp(p, boot.file, len));
	ck_assert_uint_eq(got.enterprise, DHCP6_ENTERPRISE_INTEL);
	ck_assert_str_eq(got.vendor_class, "HTTPClient");
	/* the number that the client itself uses */
	world_message(&w, DHCP6_SOLICIT, NONE)->has_vendor_class = true;
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert_uint_eq(got.enterprise, 0);
	/* what tells of no lease tells of no boot */
	world_say(&w, w.lab, mac(1), DHCP6_CONFIRM, six(60));
	answer();
	ck_assert(!has(OPT6_BOOT_URL));
}
END_TEST

/* It goes back in the wrapping it came in. */
START_TEST(test_relayed)
{
	struct dhcp6_message *m = world_message(&w, DHCP6_SOLICIT, NONE);

	m->n_relays = 1;
	m->relays[0] = (struct dhcp6_relay){.link = six(1), .peer = elsewhere(2)};
	world_decide(&w, w.lab, mac(1));
	answer();
	ck_assert(got.relay_reply);
	ck_assert_uint_eq(got.n_relays, 1);
	ck_assert(is(&got.relays[0].link, six(1)));
	ck_assert(is(&got.relays[0].peer, elsewhere(2)));
	ck_assert_int_eq(got.type, DHCP6_ADVERTISE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dhcp6_answer");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, test_duid);
	tcase_add_test(t, test_advertise);
	tcase_add_test(t, test_several_ias);
	tcase_add_test(t, test_prefix_alone);
	tcase_add_test(t, test_renew_of_another_address);
	tcase_add_test(t, test_renew_with_all_that_fits);
	tcase_add_test(t, test_refusals);
	tcase_add_test(t, test_confirm_and_release);
	tcase_add_test(t, test_options);
	tcase_add_test(t, test_own_options);
	tcase_add_test(t, test_information);
	tcase_add_test(t, test_boot);
	tcase_add_test(t, test_relayed);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
