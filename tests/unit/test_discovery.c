/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger's token is good for, for whom, and how often. The stranger, 02:00:00:00:00:09, holds a lease behind a relay. */
#include "service/discovery/discovery.h"

#include "boot_make.h"

#include "core/json.h"

#define STRANGER "127.5.0.11"
#define OTHER "127.5.0.12"
#define UUID "4c4c4544-0035-4410-8057-b7c04f4e4432"

static const struct mac mac = {{2, 0, 0, 0, 0, 9}}, other_mac = {{2, 0, 0, 0, 0, 10}};
static unsigned came;

static void on_came(void *arg, struct discovered *d)
{
	(void)arg;
	ck_assert_ptr_nonnull(d);
	came++;
}

static void lease(const char *address, const struct mac *to)
{
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	struct ip ip = base_ip(address);
	int64_t now = clock_steady_ms();

	ck_assert_int_eq(lease_bind(ls, far, &ip, to, now + 60000, "", 0, now), 0);
}

static void setup(void)
{
	boot_make();
	lease(STRANGER, &mac);
	lease(OTHER, &other_mac);
	came = 0;
	rooms.discovery.came = on_came;
}

static void teardown(void)
{
	boot_unmake();
}

/* `said`: what its firmware says; NULL: no UUID. */
static const char *told_token(const struct mac *m, const uint8_t *said, char ret[TOKEN_TEXT])
{
	const struct segment *seg = segments_by_id(&rooms.base.segments, far);
	const char *token = discovery_token(&rooms.discovery, seg, m, said);

	ck_assert_ptr_nonnull(token);
	snprintf(ret, TOKEN_TEXT, "%s", token);
	return ret;
}

static const char *token_of(const struct mac *m, char ret[TOKEN_TEXT])
{
	return told_token(m, NULL, ret);
}

static unsigned does(
	const char *from, const char *method, const char *token, const char *what, const char *body)
{
	char target[128];

	snprintf(target, sizeof target, "/m/%s/%s", token, what);
	return boot_ask(from, method, target, body);
}

static const char *inventory(const char *uuid, const char *card)
{
	static char text[512];

	snprintf(text, sizeof text,
		"{\"schema\":1,\"system\":{\"vendor\":\"ACME\",\"product\":\"R1\",\"uuid\":\"%s\","
		"\"serial\":\"J5\"},\"interfaces\":[{\"mac\":\"%s\"}]}",
		uuid, card);
	return text;
}

static const char *own(void)
{
	return inventory(UUID, "02:00:00:00:00:09");
}

static size_t count(void)
{
	return discovereds_count(rooms.discovery.discovered);
}

/* Its boot script is fetched. */
static void boots(const char *from, const struct mac *m, char token[TOKEN_TEXT])
{
	token_of(m, token);
	ck_assert_uint_eq(does(from, "GET", token, "boot.ipxe", NULL), 200);
	ck_has(ask.body, token);
}

START_TEST(once)
{
	char token[TOKEN_TEXT], next[TOKEN_TEXT];

	boots(STRANGER, &mac, token);
	ck_has(ask.body, "http://127.0.0.1");
	ck_has(ask.body, "/boot/discover/initrd.img");
	ck_has(ask.body, "usher.mac=02:00:00:00:00:09 usher.wait=15");
	ck_assert_uint_eq(does(STRANGER, "GET", token, "boot.ipxe", NULL), 200); /* once more */
	ck_assert_uint_eq(does(STRANGER, "GET", token, "inventory", NULL), 200);
	ck_assert_str_eq(ask.body, "wait\n");
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 200);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 409);
	ck_has(ask.body, "it was told already, as d1");
	ck_assert_uint_eq(count(), 1);
	ck_assert_uint_eq(came, 1);
	ck_assert_str_eq(base_told(&rooms.base, "", "discovered"),
		"d1: ACME R1, serial J5, 02:00:00:00:00:09 on far at 127.5.0.11");
	ck_assert(store_is_clean(rooms.base.store));
	/* it boots again: the same machine, under another token */
	boots(STRANGER, &mac, next);
	ck_assert_str_ne(next, token);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 404);
	ck_assert_uint_eq(does(STRANGER, "POST", next, "inventory", own()), 200);
	ck_assert_uint_eq(count(), 1);
	ck_has(base_told(&rooms.base, "", "discovered"), "d1 again: ACME R1");
}
END_TEST

START_TEST(not_before_it_boots)
{
	char token[TOKEN_TEXT];

	token_of(&mac, token);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 404);
	ck_assert_uint_eq(does(STRANGER, "HEAD", token, "boot.ipxe", NULL), 200);
	ck_assert_uint_eq(
		does(STRANGER, "POST", token, "inventory", own()), 404); /* that is no boot */
	ck_assert_uint_eq(does(STRANGER, "GET", token, "answers", NULL), 404);
	ck_assert_uint_eq(does(STRANGER, "GET", token, "", NULL), 404);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "boot.ipxe", ""), 405);
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(somebody_else)
{
	char token[TOKEN_TEXT];

	token_of(&mac, token);
	ck_assert_uint_eq(does(OTHER, "GET", token, "boot.ipxe", NULL), 403);
	ck_has(base_told(&rooms.base, "", "refused"),
		"boot.ipxe of 02:00:00:00:00:09, which is not known here, for 127.5.0.12: that address "
		"belongs to another client");
	ck_assert_uint_eq(does("127.5.0.13", "GET", token, "boot.ipxe", NULL), 403);
	ck_has(base_told(&rooms.base, "", "refused"), "does not hold that address");
	ck_assert_uint_eq(
		does("127.0.0.1", "GET", token, "boot.ipxe", NULL), 403); /* another segment */
	boots(STRANGER, &mac, token);
	ck_assert_uint_eq(does(OTHER, "POST", token, "inventory", own()), 403);
	ck_assert_uint_eq(does(METAL, "POST", token, "inventory", own()), 403);
	ck_assert_uint_eq(count(), 0);
	/* the address has a record by now: it is that machine's */
	base_add(&rooms.base, base_record("db", false, "far", STRANGER));
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 403);
}
END_TEST

START_TEST(refused)
{
	char token[TOKEN_TEXT], *large = calloc(1, INVENTORY_BYTES + 2);

	boots(STRANGER, &mac, token);
	memset(large, ' ', INVENTORY_BYTES + 1);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", large), 413);
	free(large);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", "{\"schema\":1"), 422);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", "{\"schema\":7}"), 422);
	ck_has(ask.body, "schema is not 1");
	ck_has(base_told(&rooms.base, "", "refused"),
		"the inventory of 02:00:00:00:00:09 on far: schema is not 1");
	ck_assert_uint_eq(
		does(STRANGER, "POST", token, "inventory", inventory(UUID, "02:00:00:00:00:0a")),
		422);
	ck_has(ask.body, "the card that it booted by is not in it");
	ck_assert_uint_eq(count(), 0);
	ck_assert_uint_eq(came, 0);
	/* a mistake does not use it up */
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 200);
}
END_TEST

START_TEST(duplicates)
{
	char token[TOKEN_TEXT];

	boots(STRANGER, &mac, token);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 200);
	boots(OTHER, &other_mac, token);
	ck_assert_uint_eq(
		does(OTHER, "POST", token, "inventory", inventory(UUID, "02:00:00:00:00:0a")), 200);
	ck_has(base_told(&rooms.base, "", "discovered"), "; a duplicate of d1 (UUID)");
	boots(OTHER, &other_mac, token);
	ck_assert_uint_eq(
		does(OTHER, "POST", token, "inventory",
			inventory("00000000-0000-0000-0000-000000000000", "02:00:00:00:00:0a")),
		200);
	ck_has(base_told(&rooms.base, "", "discovered"), "d2 again: ");
	ck_has(base_told(&rooms.base, "", "discovered"),
		"; a duplicate of d1 (serial); UUID is all zero");
}
END_TEST

static const char *told_to(const char *token)
{
	ck_assert_uint_eq(does(STRANGER, "GET", token, "inventory", NULL), 200);
	return ask.body;
}

/* It waits, and gets a record meanwhile. */
START_TEST(wanted)
{
	struct machine *m = base_record("new", false, "far", STRANGER);
	char token[TOKEN_TEXT];

	boots(STRANGER, &mac, token);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 200);
	m->nics[0].mac = mac;
	m = base_add(&rooms.base, m);
	ck_assert_str_eq(told_to(token), "wait\n");
	ck_assert_int_eq(machine_arm(m, boot_make_snapshot(), 3, 3600 * 1000), 0);
	ck_assert_str_eq(told_to(token), "restart\n");
	strcpy(m->power, "ipmi://admin@10.0.0.5"); /* which does it */
	ck_assert_str_eq(told_to(token), "wait\n");
	strcpy(m->power, "wol:"); /* which wakes only */
	ck_assert_str_eq(told_to(token), "restart\n");
}
END_TEST

START_TEST(json)
{
	char token[TOKEN_TEXT];
	json_t *j;

	boots(STRANGER, &mac, token);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 200);
	j = discovery_json(
		&rooms.discovery, discovereds_after(rooms.discovery.discovered, 0), true);
	ck_assert_str_eq(json_text(j, "id"), "d1");
	ck_assert_str_eq(json_text(j, "uuid"), UUID);
	ck_assert_str_eq(json_text(j, "vendor"), "ACME");
	ck_assert_str_eq(json_text(j, "address"), STRANGER);
	ck_assert(json_is_null(json_object_get(j, "asset_tag")));
	ck_assert(json_is_null(json_object_get(j, "machine")));
	ck_assert_str_eq(
		json_text(json_object_get(json_object_get(j, "inventory"), "system"), "serial"),
		"J5");
	json_decref(j);
}
END_TEST

/* UUID, as iPXE sends it, and as SMBIOS stores it. */
static const uint8_t straight[] = {0x4c, 0x4c, 0x45, 0x44, 0x00, 0x35, 0x44, 0x10, 0x80, 0x57, 0xb7,
	0xc0, 0x4f, 0x4e, 0x44, 0x32},
		     turned[] = {0x44, 0x45, 0x4c, 0x4c, 0x35, 0x00, 0x10, 0x44, 0x80, 0x57, 0xb7,
			     0xc0, 0x4f, 0x4e, 0x44, 0x32};

static struct discovered *first(void)
{
	return discovereds_after(rooms.discovery.discovered, 0);
}

static void is_discovered(void)
{
	char token[TOKEN_TEXT];

	boots(STRANGER, &mac, token);
	ck_assert_uint_eq(does(STRANGER, "POST", token, "inventory", own()), 200);
}

/* Its record, with the card of the first that was discovered. */
static struct machine *recorded(void)
{
	struct machine *m = base_record("rack7", false, "far", STRANGER);

	m->nics[0].mac = mac;
	return base_add(&rooms.base, m);
}

static bool has_twin(char *who, size_t size)
{
	*who = '\0';
	return discovery_has_twin(&rooms.discovery, first(), who, size);
}

/* Another boots that has not said yet what it is, but its firmware has. */
START_TEST(seen)
{
	char token[TOKEN_TEXT], who[160];
	json_t *j;

	told_token(&mac, straight, token); /* itself */
	is_discovered();
	ck_assert(!has_twin(who, sizeof who));
	told_token(&other_mac, turned, token);
	ck_assert(has_twin(who, sizeof who));
	ck_assert_str_eq(who, "02:00:00:00:00:0a, which boots there too, has the same UUID");
	j = discovery_json(&rooms.discovery, first(), false);
	ck_assert_str_eq(json_text(json_array_get(json_object_get(j, "duplicates"), 0), "mac"),
		"02:00:00:00:00:0a");
	ck_assert(json_is_null(json_object_get(j, "resembles")));
	json_decref(j);
	strangers_forget(rooms.discovery.strangers, "far", &other_mac);
	ck_assert(!has_twin(who, sizeof who));
	told_token(&other_mac, NULL, token);
	ck_assert(!has_twin(who, sizeof who));
}
END_TEST

/* What rules armed is taken back as long as it has not begun; and only that. */
START_TEST(taken_back)
{
	char token[TOKEN_TEXT];
	struct machine *m;

	is_discovered();
	m = recorded();
	ck_assert_int_eq(machine_arm(m, boot_make_snapshot(), 3, 3600 * 1000), 0);
	ck_assert_int_eq(machine_armed_by_rules(m), 0);
	told_token(&other_mac, straight, token);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
	ck_has(base_told(&rooms.base, "", "duplicate"),
		"02:00:00:00:00:0a on far boots with the UUID of rack7, which has no such card. If "
		"a card of rack7 was replaced: usher adopt rack7 --mac 02:00:00:00:00:0a");
	ck_has(base_told(&rooms.base, "rack7", "known"),
		"02:00:00:00:00:0a on far has the same UUID, and is refused; nobody knows which of "
		"them was meant. If this one: usher reinstall rack7");
	/* the user says so: another claim changes nothing */
	ck_assert_int_eq(machine_arm(m, boot_make_snapshot(), 3, 3600 * 1000), 0);
	boots(OTHER, &other_mac, token);
	ck_has(ask.body,
		"echo usher: it has the UUID of rack7, which has no card 02:00:00:00:00:0a.\n");
	ck_has(ask.body, "usher adopt rack7 --mac 02:00:00:00:00:0a\n");
	ck_assert_uint_eq(
		does(OTHER, "POST", token, "inventory", inventory(UUID, "02:00:00:00:00:0a")), 200);
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_has(base_told(&rooms.base, "rack7", "duplicate"),
		"d2 (02:00:00:00:00:0a) has the same UUID, and is refused. If it is rack7 with "
		"another card: usher adopt rack7 --mac 02:00:00:00:00:0a");
}
END_TEST

/* The same by what it says of itself, and what has begun goes on. */
START_TEST(taken_back_by_serial)
{
	static const char *const another = "4c4c4544-0035-4410-8057-b7c04f4e4433";
	char token[TOKEN_TEXT];
	struct boot_client by = {.ip = base_ip(STRANGER), .mac = mac, .segment = "far"};
	struct machine *m;
	json_t *j;

	is_discovered();
	m = recorded();
	ck_assert_int_eq(machine_arm(m, boot_make_snapshot(), 3, 3600 * 1000), 0);
	ck_assert_int_eq(machine_armed_by_rules(m), 0);
	boots(OTHER, &other_mac, token);
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert_uint_eq(
		does(OTHER, "POST", token, "inventory", inventory(another, "02:00:00:00:00:0a")),
		200);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
	ck_has(base_told(&rooms.base, "rack7", "known"),
		"d2 (02:00:00:00:00:0a) has the same serial, and is refused; nobody knows");
	j = discovery_json(
		&rooms.discovery, discovereds_after(rooms.discovery.discovered, 1), false);
	ck_assert_str_eq(json_text(j, "resembles"), "rack7");
	ck_assert(json_is_null(json_object_get(j, "machine")));
	json_decref(j);
	ck_assert_int_eq(machine_arm(m, boot_make_snapshot(), 3, 3600 * 1000), 0);
	ck_assert_int_eq(machine_armed_by_rules(m), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &by), 0);
	boots(OTHER, &other_mac, token);
	ck_assert_uint_eq(
		does(OTHER, "POST", token, "inventory", inventory(another, "02:00:00:00:00:0a")),
		200);
	ck_assert_int_eq(m->state, LIFE_BOOTING);
	ck_has(base_told(&rooms.base, "rack7", "duplicate"), "the same serial, and is refused. If");
}
END_TEST

/* A record has it by any of its cards, on any segment. */
START_TEST(record)
{
	struct machine *m = base_record("rack7", false, "far", STRANGER);
	struct mac found;

	is_discovered();
	ck_assert_ptr_null(discovery_record(&rooms.discovery, first(), NULL));
	ck_assert_ptr_null(discovery_of(&rooms.discovery, m));
	m->nics[0].mac = mac;
	m = base_add(&rooms.base, m);
	ck_assert_ptr_eq(discovery_record(&rooms.discovery, first(), &found), m);
	ck_assert(mac_eq(&found, &mac));
	strcpy(first()->segment, "elsewhere");
	ck_assert_ptr_eq(discovery_record(&rooms.discovery, first(), &found), m);
	ck_assert_ptr_eq(discovery_of(&rooms.discovery, m), first());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {once, not_before_it_boots, somebody_else, refused, duplicates,
		wanted, json, seen, taken_back, taken_back_by_serial, record};
	Suite *s = suite_create("discovery");
	TCase *t = tcase_create("discovery");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
