/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that were fetched: whose they are, and what of it is told. */
#include "service/boot/transfers.h"

#include "rooms_make.h"

#include "core/clock.h"
#include "tftpd/tftpd.h"

static struct service rooms;
static struct boot *boot = &rooms.boot;
static struct machine *web01;
static uint32_t lan;

static void setup(void)
{
	rooms_make(&rooms);
	lan = base_segment(&rooms.base, "lan")->id;
	web01 = base_machine(&rooms.base, "web01", false, "10.77.1.3");
}

static void teardown(void)
{
	rooms_unmake(&rooms);
}

static void lease(const char *address, const struct mac *mac)
{
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	struct ip ip = base_ip(address);
	int64_t now = clock_steady_ms();

	ck_assert_int_eq(lease_bind(ls, lan, &ip, mac, now + 3600 * 1000, "", 0, now), 0);
}

static const char *told(void)
{
	return base_told(&rooms.base, "web01", "transfer");
}

static void http(struct http_report r)
{
	r.segment = lan;
	if (!ip_is_set(&r.peer))
		r.peer = base_ip("10.77.1.3");
	r.path = "/boot/m/vmlinuz";
	transfer_http_ended(boot, &r);
}

static void tftp(struct tftp_report r)
{
	r.segment = lan;
	r.peer = base_ip("10.77.1.3");
	if (!r.name)
		r.name = "snponly.efi";
	if (!r.why)
		r.why = "";
	transfer_tftp_ended(boot, &r);
}

static struct machine *at(const char *address)
{
	return machine_at(boot, lan, (struct ip[]){base_ip(address)});
}

START_TEST(whose_it_is)
{
	struct segment far = {.name = "far",
		.via = lan,
		.subnet = base_ip("10.8.0.0"),
		.server = base_ip("10.77.1.1"),
		.prefix_len = 24};
	struct mac stranger = {{2, 0, 0, 0, 0, 9}};
	struct machine *behind;

	ck_assert_int_eq(segments_add(&rooms.base.segments, &far, NULL), 0);
	behind = base_add(&rooms.base, base_record("behind", false, "far", "10.8.0.9"));
	ck_assert_ptr_eq(at("10.77.1.3"), web01);
	ck_assert_ptr_null(at("10.77.1.4"));
	lease("10.77.1.210", &web01->nics[0].mac);
	lease("10.77.1.211", &stranger);
	ck_assert_ptr_eq(at("10.77.1.210"), web01);
	ck_assert_ptr_null(at("10.77.1.211"));
	ck_assert_ptr_eq(at("10.8.0.9"), behind);
	ck_assert(transfer_http_knows(boot, lan, (struct ip[]){base_ip("10.77.1.210")}));
	ck_assert(!transfer_http_knows(boot, lan, (struct ip[]){base_ip("10.77.1.211")}));
}
END_TEST

START_TEST(http_that_arrived)
{
	http((struct http_report){.status = 200,
		.size = 14200000,
		.asked = 14200000,
		.sent = 14200000,
		.completed = true,
		.ms = 100});
	ck_assert_str_eq(told(), "/boot/m/vmlinuz, 14.2 MB in 0.1 s (142.0 MB/s)");
	http((struct http_report){
		.status = 206, .asked = 131072, .sent = 131072, .completed = true, .ms = 0});
	ck_assert_str_eq(told(), "/boot/m/vmlinuz, 131.1 kB in 0.0 s (131.1 MB/s)");
}
END_TEST

/* What is small and arrived, what was not there to be fetched, and what is nobody's. */
START_TEST(http_that_is_not_told)
{
	http((struct http_report){
		.status = 200, .asked = 131071, .sent = 131071, .completed = true, .ms = 5});
	http((struct http_report){.status = 304, .completed = true});
	http((struct http_report){.status = 404, .head = true, .completed = true});
	http((struct http_report){.status = 404, .peer = base_ip("10.77.1.9"), .completed = true});
	ck_assert_str_eq(told(), "");
	ck_assert_uint_eq(timeline_newest(rooms.base.timeline), 0);
}
END_TEST

START_TEST(http_that_failed)
{
	http((struct http_report){.status = 404, .completed = true});
	ck_assert_str_eq(told(), "HTTP 404: /boot/m/vmlinuz");
	http((struct http_report){.status = 200, .asked = 40000000, .sent = 10400000, .ms = 2500});
	ck_assert_str_eq(told(), "/boot/m/vmlinuz: aborted at 10.4 of 40.0 MB after 2.5 s");
	http((struct http_report){
		.status = 200, .asked = 40000000, .sent = 10400000, .ms = 2500, .underway = true});
	ck_assert_str_eq(told(), "/boot/m/vmlinuz: 26 % of 40.0 MB after 2.5 s (4.2 MB/s)");
}
END_TEST

START_TEST(tftp_transfers)
{
	tftp((struct tftp_report){.outcome = TFTP_DONE, .sent = 266752, .size = 266752, .ms = 100});
	ck_assert_str_eq(told(), "TFTP snponly.efi, 266.8 kB in 0.1 s (2.7 MB/s)");
	tftp((struct tftp_report){.outcome = TFTP_DONE, .sent = 10, .size = 10, .ms = 1});
	ck_assert_str_eq(told(), "TFTP snponly.efi, 0.0 kB in 0.0 s (0.0 MB/s)");
	tftp((struct tftp_report){
		.outcome = TFTP_UNDERWAY, .sent = 10400000, .size = 40000000, .ms = 2500});
	ck_assert_str_eq(told(), "TFTP snponly.efi: 26 % of 40.0 MB after 2.5 s (4.2 MB/s)");
}
END_TEST

/* Without a byte it is the reason that counts. */
START_TEST(tftp_that_failed)
{
	enum tftp_outcome failed = TFTP_FAILED;

	tftp((struct tftp_report){.outcome = failed, .why = "there is no such file"});
	ck_assert_str_eq(told(), "TFTP snponly.efi: there is no such file");
	tftp((struct tftp_report){.outcome = failed,
		.sent = 1500000,
		.size = 3000000,
		.ms = 2000,
		.why = "no answer"});
	ck_assert_str_eq(
		told(), "TFTP snponly.efi: aborted at 1.5 of 3.0 MB after 2.0 s: no answer");
}
END_TEST

/* A boot script is on the timeline as such, and who only asks how large a file is loads nothing. */
START_TEST(tftp_that_is_not_told)
{
	web01->script_at = clock_mono_ms() - 5000;
	tftp((struct tftp_report){.outcome = TFTP_PROBE, .size = 266752});
	tftp((struct tftp_report){
		.outcome = TFTP_DONE, .name = "grub/grub.cfg", .sent = 100, .size = 100});
	tftp((struct tftp_report){.outcome = TFTP_FAILED,
		.name = "pxelinux.cfg/01-52-54-0a-4d-01-03",
		.why = "there is none"});
	ck_assert_str_eq(told(), "");
	ck_assert_int_ne(web01->script_at, 0);
	tftp((struct tftp_report){.outcome = TFTP_FAILED, .why = "x"});
	ck_assert_int_ne(web01->script_at, 0);
	tftp((struct tftp_report){.outcome = TFTP_DONE, .sent = 1, .size = 1});
	ck_assert_int_eq(web01->script_at, 0); /* it loaded something since its script */
}
END_TEST

START_TEST(what_was_loaded)
{
	web01->script_at = clock_mono_ms() - 5000;
	http((struct http_report){.status = 404, .completed = true});
	http((struct http_report){.status = 200, .asked = 5, .sent = 1});
	ck_assert_int_ne(web01->script_at, 0);
	http((struct http_report){.status = 200, .asked = 5, .sent = 5, .completed = true});
	ck_assert_int_eq(web01->script_at, 0);
}
END_TEST

/* Boot programs look for files that need not be there; a folder that is called like one of them is none. */
START_TEST(what_is_missed)
{
	static const struct {
		const char *name;
		bool missed;
	} all[] = {{"debian/vmlinuz", true}, {"www.monitor/vmlinuz", true},
		{"grub/x86_64-efi/normal.mod", false}, {"grub/locale/en.mo.gz", false},
		{"grub/grub.cfg-01-52-54", false}, {"pxelinux.cfg/default", false},
		{"revocations_sbat.efi", false}, {"boot.modern/initrd.img", true}};

	base_arm(web01, "debian-12");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		web01->facts->seen[SAW_MISSING].at = 0;
		tftp((struct tftp_report){
			.outcome = TFTP_REFUSED, .name = all[i].name, .why = "no such file"});
		ck_assert_msg(facts_have(web01->facts, SAW_MISSING, 1) == all[i].missed, "%s",
			all[i].name);
	}
}
END_TEST

START_TEST(dropped_connections)
{
	struct http_dropped d = {.segment = lan, .requests = 3}, own = {.requests = 3};

	transfer_http_dropped(boot, &own); /* the API's socket: no network's */
	ck_assert_str_eq(base_told(&rooms.base, "", "refused"), "");
	transfer_http_dropped(boot, &d);
	ck_assert_str_eq(base_told(&rooms.base, "", "refused"),
		"HTTP on lan: stalled connections were dropped; the log counts them");
	transfer_http_dropped(boot, &d); /* an event now and then */
	ck_assert_uint_eq(timeline_newest(rooms.base.timeline), 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {whose_it_is, http_that_arrived, http_that_is_not_told,
		http_that_failed, tftp_transfers, tftp_that_failed, tftp_that_is_not_told,
		what_was_loaded, what_is_missed, dropped_connections};
	Suite *s = suite_create("transfers");
	TCase *t = tcase_create("transfers");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
