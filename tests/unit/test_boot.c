/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a token is good for, for whom, and what is answered otherwise. */
#include "service/boot/boot.h"

#include "boot_make.h"

#include "core/clock.h"
#include "service/boot/transfers.h"
#include "tftpd/tftpd.h"

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"
#define ANOTHER "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"

static void setup(void)
{
	boot_make();
}

static void teardown(void)
{
	boot_unmake();
}

/* /m/TOKEN/WHAT; the token is copied, as it may change. */
static unsigned get_from(
	const char *from, const char *method, const char *token, const char *what, const char *body)
{
	char target[128];

	snprintf(target, sizeof target, "/m/%s/%s", token, what);
	return boot_ask(from, method, target, body);
}

static unsigned get(const char *token, const char *what)
{
	return get_from(METAL, "GET", token, what, NULL);
}

static unsigned post(const char *token, const char *what, const char *body)
{
	return get_from(METAL, "POST", token, what, body);
}

static const char *refused(void)
{
	return base_told(&rooms.base, "metal", "refused");
}

static void boots(void)
{
	ck_assert_uint_eq(get(metal->attempt.next_token, "boot.ipxe"), 200);
	ck_assert_int_eq(metal->state, LIFE_BOOTING);
}

static void installs(void)
{
	boots();
	ck_assert_uint_eq(get(metal->attempt.token, "answers"), 200);
	ck_assert_int_eq(metal->state, LIFE_INSTALLING);
}

static void installed(void)
{
	installs();
	ck_assert_uint_eq(post(metal->attempt.token, "done", ""), 200);
	ck_assert_int_eq(metal->state, LIFE_INSTALLED);
}

/* --- an install ------------------------------------------------------------------------------------------------------------ */

START_TEST(from_script_to_up)
{
	char next[TOKEN_TEXT];

	boot_arm();
	strcpy(next, metal->attempt.next_token);
	boots();
	ck_assert(!strncmp(ask.body, "#!ipxe", 6));
	ck_has(ask.body, "vmlinuz");
	ck_has(ask.body, metal->attempt.token);
	ck_assert_str_eq(metal->attempt.token, next);
	ck_assert_str_ne(metal->attempt.next_token, next);
	ck_assert_uint_eq(get(next, "boot.ipxe"), 200); /* a retry is the same boot */
	ck_assert_uint_eq(metal->attempt.boots, 1);
	ck_assert_uint_eq(get(next, "answers"), 200);
	ck_assert_str_eq(ask.body, "hello metal\n");
	ck_assert_uint_eq(post(next, "progress?text=half", ""), 200);
	ck_assert_str_eq(base_told(&rooms.base, "metal", "progress"), "half");
	ck_assert_uint_eq(post(next, "done", ""), 200);
	ck_assert_str_eq(ask.body, "thank you\n");
	ck_assert_int_eq(metal->state, LIFE_INSTALLED);
	ck_assert_uint_eq(post(metal->attempt.up_token, "up", ""), 200);
	ck_assert_int_eq(metal->state, LIFE_UP);
	ck_assert(store_is_clean(rooms.base.store));
}
END_TEST

/* At every boot, each with a token of its own; one that reports nothing is up when its last file was loaded. */
START_TEST(a_live_system)
{
	char last[TOKEN_TEXT] = "", up[TOKEN_TEXT] = "";

	ck_assert_int_eq(machine_go_live(metal, boot_make_snapshot(), 3, 3600 * 1000), 0);
	for (unsigned n = 1; n <= 5; n++) {
		ck_assert_uint_eq(get(metal->attempt.next_token, "boot.ipxe"), 200);
		ck_has(ask.body, "vmlinuz");
		ck_assert_uint_eq(get(metal->attempt.token, "answers"), 200);
		ck_assert_int_eq(metal->state, LIFE_LIVE);
		ck_assert_uint_eq(metal->attempt.boots, n);
		if (*last) {
			ck_assert_uint_eq(get(last, "answers"), 403);
			ck_assert_uint_eq(post(up, "up", ""), 403);
		}
		strcpy(last, metal->attempt.token);
		strcpy(up, metal->attempt.up_token);
		ck_assert_int_eq(metal->attempt.live.up_at, 0);
		boot_loaded(&rooms.boot, metal, "/boot/small/vmlinuz.old");
		ck_assert_int_eq(metal->attempt.live.up_at, 0);
	}
	boot_loaded(&rooms.boot, metal, "/boot/small/vmlinuz");
	ck_assert_str_eq(
		base_told(&rooms.base, "metal", "up"), "loaded; its profile has it report nothing");
	ck_assert_int_ne(metal->attempt.live.up_at, 0);
	ck_assert_uint_eq(post(last, "done", ""), 409);
	ck_assert_uint_eq(post(up, "up", "here"), 200);
	ck_assert_str_eq(base_told(&rooms.base, "metal", "up"), "here");
	ck_assert_int_eq(machine_event(metal, LIFE_DISARM, NULL), 0);
	ck_assert_uint_eq(get(metal->attempt.next_token, "boot.ipxe"), 200);
	ck_has(ask.body, "metal is known");
	ck_assert_uint_eq(get(last, "answers"), 403);
}
END_TEST

static void loaded_by_http(void)
{
	transfer_http_ended(&rooms.boot,
		&(struct http_report){.segment = wire,
			.peer = base_ip(METAL),
			.path = "/boot/small/vmlinuz",
			.status = 200,
			.completed = true});
}

static void loaded_by_tftp(void)
{
	transfer_tftp_ended(&rooms.boot,
		&(struct tftp_report){.segment = wire,
			.peer = base_ip(METAL),
			.name = "small/vmlinuz",
			.why = "",
			.outcome = TFTP_DONE});
}

/* Who has taken the machine's address loads nothing in its name. */
START_TEST(loaded_by_another)
{
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	const struct mac another = {{2, 0, 0, 0, 0, 99}};
	const struct ip ip = base_ip(METAL);
	int64_t now = clock_steady_ms();

	ck_assert_int_eq(machine_go_live(metal, boot_make_snapshot(), 3, 3600 * 1000), 0);
	ck_assert_uint_eq(get(metal->attempt.next_token, "boot.ipxe"), 200);
	ck_assert_int_eq(lease_bind(ls, far, &ip, &another, now + 3600 * 1000, "", 0, now), 0);
	loaded_by_http();
	loaded_by_tftp();
	ck_assert_int_eq(metal->attempt.live.up_at, 0);
	ck_assert_int_eq(lease_release(ls, far, &ip, &another, now), 0);
	_i ? loaded_by_http() : loaded_by_tftp();
	ck_assert_int_ne(metal->attempt.live.up_at, 0);
}
END_TEST

/* Firmware asks for the size first: that is no boot. */
START_TEST(heads)
{
	boot_arm();
	ck_assert_uint_eq(
		get_from(METAL, "HEAD", metal->attempt.next_token, "boot.ipxe", NULL), 200);
	ck_assert_int_eq(metal->state, LIFE_ARMED);
	ck_assert_uint_eq(metal->attempt.boots, 0);
}
END_TEST

START_TEST(too_many_boots)
{
	boot_arm();
	for (int i = 0; i < 3; i++)
		boots();
	ck_assert_uint_eq(get(metal->attempt.next_token, "boot.ipxe"), 200);
	ck_assert_int_eq(metal->state, LIFE_FAILED);
	ck_has(ask.body, "metal is failed: too many boots");
	ck_has(ask.body, "usher reinstall metal");
	ck_assert_ptr_null(strstr(ask.body, "vmlinuz"));
}
END_TEST

START_TEST(reports_of_failure)
{
	boot_arm();
	installs();
	ck_assert_uint_eq(post(metal->attempt.token, "failed", "no disk"), 200);
	ck_assert_int_eq(metal->state, LIFE_FAILED);
	ck_has(metal->attempt.reason, "no disk");
	boot_arm();
	installed();
	ck_assert_uint_eq(post(metal->attempt.up_token, "failed", "script"), 200);
	ck_assert_int_eq(metal->state, LIFE_FAILED);
}
END_TEST

START_TEST(reports_out_of_place)
{
	boot_arm();
	ck_assert_uint_eq(post(metal->attempt.up_token, "up", ""), 409);
	ck_has(ask.body, "metal is armed: this report is not accepted in that state");
	ck_assert_int_eq(metal->state, LIFE_ARMED);
}
END_TEST

/* --- tokens ------------------------------------------------------------------------------------------------------------------ */

START_TEST(nobodys_tokens)
{
	uint64_t newest;

	boot_arm();
	newest = timeline_newest(rooms.base.timeline);
	ck_assert_uint_eq(get("0123456789abcdef0123456789abcdef", "boot.ipxe"), 404);
	ck_has(ask.body, "this token is not valid for this request");
	ck_assert_uint_eq(get("0123", "boot.ipxe"), 404);
	ck_assert_uint_eq(get(metal->attempt.next_token, ""), 403);
	ck_assert_uint_eq(boot_ask(METAL, "GET", "/m/x", NULL), 404);
	ck_assert_uint_eq(get("self", "up"), 404);
	ck_assert_uint_eq(rooms.boot.guesses, 4);
	ck_assert_uint_eq(timeline_newest(rooms.base.timeline), newest + 1); /* that of 403 */
	ck_assert_int_eq(metal->state, LIFE_ARMED);
}
END_TEST

static void not_good(const char *token, const char *what, const char *told)
{
	ck_assert_uint_eq(post(token, what, ""), 403);
	ck_assert_str_eq(refused(), told);
}

START_TEST(tokens_for_something_else)
{
	char old[TOKEN_TEXT];

	boot_arm();
	not_good(metal->attempt.next_token, "done",
		"done for " METAL ": the request had the token of a boot that was not begun");
	boots();
	not_good(metal->attempt.token, "up",
		"up for " METAL ": the request had this boot's token, which is not valid for it");
	not_good(metal->attempt.token, "first-boot",
		"first-boot for " METAL
		": the request had this boot's token, which is not valid for it");
	not_good(metal->attempt.up_token, "done",
		"done for " METAL ": the request had the token of the first boot's report");
	not_good(metal->attempt.up_token, "answers",
		"answers for " METAL ": the request had the token of the first boot's report");
	not_good(metal->attempt.token, "no-such-answers",
		"no-such-answers for " METAL
		": the request had this boot's token, which is not valid for it");
	strcpy(old, metal->attempt.token);
	boots();
	not_good(old, "boot.ipxe", "boot.ipxe for " METAL ": the request had an old token");
	not_good(old, "answers", "answers for " METAL ": the request had an old token");
	ck_assert_int_eq(metal->state, LIFE_BOOTING);
}
END_TEST

/* The right token from a place where the machine is not. */
START_TEST(somebody_else)
{
	boot_arm();
	ck_assert_uint_eq(
		get_from("127.5.0.10", "GET", metal->attempt.next_token, "boot.ipxe", NULL), 403);
	ck_has(ask.body, "only metal may request this");
	ck_assert_int_eq(metal->state, LIFE_ARMED);
	ck_has(refused(), "127.5.0.10");
	boots();
	ck_assert_uint_eq(get_from("127.0.0.9", "GET", metal->attempt.token, "answers", NULL), 403);
	ck_assert_int_eq(metal->state, LIFE_BOOTING);
	ck_assert_uint_eq(get_from("127.5.0.10", "POST", metal->attempt.token, "done", ""), 403);
	ck_assert_int_eq(metal->state, LIFE_BOOTING);
}
END_TEST

/* No answers before the boot's script, nor after the installer was done with them. */
START_TEST(answers_out_of_time)
{
	boot_arm();
	ck_assert_uint_eq(get(metal->attempt.next_token, "answers"), 403);
	ck_has(ask.body, "these answers are not available to this client now");
	installs();
	ck_assert_uint_eq(post(metal->attempt.token, "done", ""), 200);
	ck_assert_uint_eq(get(metal->attempt.token, "answers"), 403);
}
END_TEST

/* --- sealed ------------------------------------------------------------------------------------------------------------------- */

START_TEST(sealed)
{
	metal->seal = SEAL_YES;
	boot_arm();
	ck_assert_uint_eq(get(metal->attempt.next_token, "boot.ipxe"), 200);
	ck_assert_int_eq(metal->state, LIFE_ARMED);
	ck_has(ask.body, metal->attempt.asking.code);
	ck_has(ask.body, metal->attempt.asking.token);
	ck_assert_ptr_null(strstr(ask.body, "vmlinuz"));
	ck_assert_uint_eq(get(metal->attempt.asking.token, "answers"), 403);
	ck_has(ask.body, "this boot waits to be confirmed by its user: usher confirm metal CODE");
	ck_assert_uint_eq(get(metal->attempt.asking.token, "boot.ipxe"), 200); /* asks again */
	ck_assert_int_eq(metal->state, LIFE_ARMED);
	ck_assert_int_eq(machine_confirm(metal, metal->attempt.asking.code), 0);
	ck_assert_uint_eq(get(metal->attempt.token, "boot.ipxe"), 200);
	ck_has(ask.body, "vmlinuz");
	ck_assert_int_eq(metal->state, LIFE_BOOTING);
}
END_TEST

/* --- the first boot ------------------------------------------------------------------------------------------------------------- */

START_TEST(first_boots)
{
	boot_arm();
	ck_assert_uint_eq(get(metal->attempt.up_token, "first-boot"), 409);
	ck_has(ask.body, "metal is armed: the first-boot script is served only at the first boot");
	installed();
	ck_assert_uint_eq(get(metal->attempt.up_token, "first-boot"), 200);
	ck_assert_str_eq(ask.body, ""); /* none is an empty one */
	metal->first_boot = strdup("#!/bin/sh\necho hello\n");
	ck_assert_uint_eq(get(metal->attempt.up_token, "first-boot"), 200);
	ck_assert_str_eq(ask.body, "#!/bin/sh\necho hello\n");
	ck_assert_int_eq(metal->state, LIFE_INSTALLED);
}
END_TEST

START_TEST(host_keys)
{
	boot_arm();
	ck_assert_uint_eq(post(metal->attempt.up_token, "host-keys", ED "\n"), 409);
	installed();
	ck_assert_uint_eq(post(metal->attempt.up_token, "host-keys", "nonsense"), 422);
	ck_assert_uint_eq(post(metal->attempt.up_token, "host-keys", ED "\n"), 200);
	ck_assert_uint_eq(json_array_size(metal->host_keys), 1);
	ck_assert_uint_eq(post(metal->attempt.up_token, "host-keys", ED "\n"), 200); /* the same */
	ck_assert_uint_eq(post(metal->attempt.up_token, "host-keys", ANOTHER "\n"), 409);
	ck_assert_str_ne(refused(), "");
	ck_assert_str_eq(json_string_value(json_array_get(metal->host_keys, 0)), ED);
}
END_TEST

/* A clone never had another token: who it is, its address says. */
START_TEST(clones)
{
	metal->guest = true;
	ck_assert_int_eq(machine_clone(metal, boot_make_snapshot(), 60000, "a clone"), 0);
	ck_assert_uint_eq(get_from("127.5.0.10", "POST", "self", "up", ""), 404);
	ck_assert_uint_eq(post("self", "done", ""), 403);
	ck_assert_uint_eq(get("self", "first-boot"), 200);
	ck_assert_int_eq(metal->state, LIFE_INSTALLED);
	ck_assert_uint_eq(post("self", "up", ""), 200);
	ck_assert_int_eq(metal->state, LIFE_UP);
	ck_assert_uint_eq(post("self", "up", ""), 404); /* it is up: no more of that */
}
END_TEST

START_TEST(installed_guests_have_tokens)
{
	metal->guest = true;
	boot_arm();
	installed();
	ck_assert_uint_eq(post("self", "up", ""), 404);
	ck_assert_int_eq(metal->state, LIFE_INSTALLED);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {from_script_to_up, a_live_system, heads, too_many_boots,
		reports_of_failure, reports_out_of_place, nobodys_tokens, tokens_for_something_else,
		somebody_else, answers_out_of_time, sealed, first_boots, host_keys, clones,
		installed_guests_have_tokens};
	Suite *s = suite_create("boot");
	TCase *t = tcase_create("boot");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	tcase_add_loop_test(t, loaded_by_another, 0, 2);
	suite_add_tcase(s, t);
	return base_run(s);
}
