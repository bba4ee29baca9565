/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"
#include "core/encrypt.h"
#include "machine/machine.h"

#include "stepped_clock.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct segments segments;
static struct timeline *timeline;
static struct machines *ms;
static const struct encrypt_key first_key = {{1, 2, 3}}, other_key = {{3, 2, 1}};
static const struct encrypt_key *used_key = &first_key;
static unsigned acted; /* all actions asked for since it was last cleared */

static void on_action(void *arg, struct machine *m, unsigned actions)
{
	(void)arg, (void)m;
	acted |= actions;
}

static void open_all(struct store *store)
{
	ck_assert_int_eq(timeline_new(store, &timeline), 0);
	ck_assert_int_eq(machines_new(store, timeline, &segments, &ms), 0);
	machines_use_key(ms, used_key);
	machines_on_action(ms, on_action, NULL);
	acted = 0;
}

static void close_all(void)
{
	machines_free(ms);
	timeline_free(timeline);
}

static void setup(void)
{
	struct segment s = {.name = "default"};

	ck_assert_int_eq(segments_add(&segments, &s, NULL), 0);
	strcpy(s.name, "lab");
	ck_assert_int_eq(segments_add(&segments, &s, NULL), 0);
	open_all(NULL);
}

static void teardown(void)
{
	close_all();
	segments_fini(&segments);
}

static struct ip ip(const char *text)
{
	struct ip r = {0};

	ck_assert_int_eq(ip_parse(text, &r), 0);
	return r;
}

static struct mac mac(const char *text)
{
	struct mac r = {0};

	ck_assert_int_eq(mac_parse(text, &r), 0);
	return r;
}

static struct machine *make(const char *name, const char *segment, const char *address)
{
	struct machine *m = machine_new();

	snprintf(m->name, sizeof m->name, "%s", name);
	strcpy(m->profile, "debian-12");
	strcpy(m->uuid, "6f4d4c6e-8d0c-4b53-9d0e-2f6a2b3c4d5e");
	m->guest = true;
	m->n_nics = 1;
	strcpy(m->nics[0].segment, segment);
	m->nics[0].addrs[0] = ip(address);
	m->nics[0].n_addrs = 1;
	ck_assert_int_eq(mac_from_ip(&m->nics[0].addrs[0], &m->nics[0].mac), 0);
	return m;
}

static struct machine *add(const char *name, const char *segment, const char *address)
{
	struct machine *m = make(name, segment, address);

	ck_assert_int_eq(machines_add(ms, m), 0);
	return m;
}

static void check_last(const struct machine *m, const char *kind, const char *part)
{
	const struct timeline_event *e = timeline_last(timeline, m->name, NULL);

	ck_assert_ptr_nonnull(e);
	ck_assert_str_eq(e->kind, kind);
	ck_assert_msg(strstr(e->text, part) != NULL, "\"%s\" has no \"%s\"", e->text, part);
}

START_TEST(test_names)
{
	char longest[65];

	ck_assert_ptr_null(machine_name_error("web01"));
	ck_assert_ptr_null(machine_name_error("a"));
	ck_assert_ptr_null(machine_name_error("3com"));
	ck_assert_ptr_null(machine_name_error("a-b"));
	ck_assert_ptr_nonnull(machine_name_error(""));
	ck_assert_ptr_nonnull(machine_name_error("-a"));
	ck_assert_ptr_nonnull(machine_name_error("a-"));
	ck_assert_ptr_nonnull(machine_name_error("Web"));
	ck_assert_ptr_nonnull(machine_name_error("a.b"));
	ck_assert_ptr_nonnull(machine_name_error("a b"));
	ck_assert_ptr_nonnull(machine_name_error("../x"));
	ck_assert_ptr_nonnull(machine_name_error("12"));
	memset(longest, 'a', sizeof longest);
	longest[64] = '\0';
	ck_assert_ptr_nonnull(machine_name_error(longest));
	longest[63] = '\0';
	ck_assert_ptr_null(machine_name_error(longest));
}
END_TEST

START_TEST(test_look_ups)
{
	struct machine *a = add("web01", "default", "10.0.0.2"),
		       *b = add("web01-lab", "lab", "10.0.0.2");
	struct ip address = ip("10.0.0.2"), other = ip("10.0.0.3");
	struct mac m = mac("52:54:0a:00:00:02"), unknown = mac("52:54:0a:00:00:03");
	struct nic *nic = NULL;

	ck_assert_uint_eq(a->nics[0].segment_id, 1);
	ck_assert_ptr_eq(machines_by_name(ms, "web01"), a);
	ck_assert_ptr_null(machines_by_name(ms, "web02"));
	/* Two segments may use the same ones. */
	ck_assert_ptr_eq(machines_by_ip(ms, 1, &address), a);
	ck_assert_ptr_eq(machines_by_ip(ms, 2, &address), b);
	ck_assert_ptr_null(machines_by_ip(ms, 3, &address));
	ck_assert_ptr_null(machines_by_ip(ms, 1, &other));
	ck_assert_ptr_eq(machines_by_mac(ms, 2, &m, &nic), b);
	ck_assert_ptr_eq(nic, &b->nics[0]);
	ck_assert_ptr_null(machines_by_mac(ms, 1, &unknown, NULL));
	machines_remove(ms, a);
	ck_assert_ptr_null(machines_by_ip(ms, 1, &address));
	ck_assert_ptr_null(machines_by_name(ms, "web01"));
	ck_assert_ptr_eq(machines_by_ip(ms, 2, &address), b);
	ck_assert_uint_eq(machines_count(ms), 1);
}
END_TEST

START_TEST(test_clashes)
{
	struct machine *a = add("a", "default", "10.0.0.2"), *m;
	struct ip free_one = ip("10.0.0.3");

	m = make("a", "default", "10.0.0.3");
	ck_assert_int_eq(machines_add(ms, m), -EEXIST);
	strcpy(m->name, "b");
	m->nics[0].mac = a->nics[0].mac;
	ck_assert_int_eq(machines_add(ms, m), -EEXIST);
	m->nics[0].mac.b[5] = 9;
	m->nics[0].addrs[0] = a->nics[0].addrs[0];
	ck_assert_int_eq(machines_add(ms, m), -EEXIST);
	/* Nothing of the refused ones stays. */
	ck_assert_ptr_null(machines_by_ip(ms, 1, &free_one));
	ck_assert_ptr_null(machines_by_mac(ms, 1, &m->nics[0].mac, NULL));
	ck_assert_uint_eq(machines_count(ms), 1);
	/* Nor may a machine have one address twice. */
	m->nics[0].addrs[0] = m->nics[0].addrs[1] = free_one;
	m->nics[0].n_addrs = 2;
	ck_assert_int_eq(machines_add(ms, m), -EEXIST);
	m->nics[0].n_addrs = 1;
	ck_assert_int_eq(machines_add(ms, m), 0);
	ck_assert_ptr_eq(machines_by_ip(ms, 1, &free_one), m);
}
END_TEST

START_TEST(test_a_saved_change_is_found)
{
	struct machine *a = add("a", "default", "10.0.0.2"), *b = add("b", "default", "10.0.0.3");
	struct ip was = ip("10.0.0.2"), now = ip("10.0.0.20");

	a->nics[0].addrs[0] = now;
	ck_assert_ptr_eq(machines_by_ip(ms, 1, &was), a);
	ck_assert_int_eq(machines_save(ms, a), 0);
	ck_assert_ptr_eq(machines_by_ip(ms, 1, &now), a);
	ck_assert_ptr_null(machines_by_ip(ms, 1, &was));
	b->nics[0].addrs[0] = now;
	ck_assert_int_eq(machines_save(ms, b), -EEXIST);
	ck_assert_ptr_eq(machines_by_ip(ms, 1, &now), a);
}
END_TEST

START_TEST(test_a_segment_not_served)
{
	struct machine *m = add("a", "gone", "10.0.0.2");

	ck_assert_uint_eq(m->nics[0].segment_id, 0);
	ck_assert_ptr_null(machines_by_ip(ms, 0, &m->nics[0].addrs[0]));
}
END_TEST

START_TEST(test_name_order)
{
	static const char *const in[] = {"node10", "web", "node2", "node02", "node1-b", "node1",
		"a", "node2b", "node100000000000000000000000", "node99999999999999999999999", "n"};
	static const char *const out[] = {"a", "n", "node1", "node1-b", "node02", "node2", "node2b",
		"node10", "node99999999999999999999999", "node100000000000000000000000", "web"};
	const size_t n = sizeof in / sizeof in[0];
	const struct machine *m = NULL;
	char address[IP_TEXT];

	for (size_t i = 0; i < n; i++) {
		snprintf(address, sizeof address, "10.0.0.%zu", i + 2);
		add(in[i], "default", address);
	}
	for (size_t i = 0; i < n; i++) {
		m = machines_next(ms, m);
		ck_assert_str_eq(m->name, out[i]);
	}
	ck_assert_ptr_null(machines_next(ms, m));
	machines_remove(ms, machines_by_name(ms, "node10"));
	ck_assert_str_eq(machines_next(ms, machines_by_name(ms, "node2b"))->name,
		"node99999999999999999999999");
}
END_TEST

/* Machines come and go while one is at hand. */
START_TEST(test_walk)
{
	struct machine *b = add("b", "default", "10.0.0.2"), *d = add("d", "default", "10.0.0.4");
	struct machine *f = add("f", "default", "10.0.0.6");

	ck_assert_ptr_eq(machines_next(ms, NULL), b);
	ck_assert_ptr_eq(machines_next(ms, b), d);
	ck_assert_ptr_eq(machines_next(ms, d), f);
	add("a", "default", "10.0.0.1");
	ck_assert_ptr_eq(machines_next(ms, b), d);
	ck_assert_ptr_eq(machines_next(ms, f), NULL);
	add("e", "default", "10.0.0.5");
	ck_assert_str_eq(machines_next(ms, d)->name, "e");
	machines_remove(ms, machines_by_name(ms, "a"));
	machines_remove(ms, b);
	ck_assert_ptr_eq(machines_next(ms, NULL), d);
	ck_assert_ptr_eq(machines_next(ms, machines_next(ms, d)), f);
	ck_assert_ptr_null(machines_next(ms, f));
}
END_TEST

START_TEST(test_many)
{
	char name[MACHINE_NAME], address[IP_TEXT];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof name, "n%d", i * 7 % 3000);
		snprintf(address, sizeof address, "10.0.%d.%d", i / 256, i % 256);
		add(name, "lab", address);
	}
	for (int i = 0; i < 3000; i += 2) {
		snprintf(name, sizeof name, "n%d", i);
		machines_remove(ms, machines_by_name(ms, name));
	}
	ck_assert_uint_eq(machines_count(ms), 1500);
	ck_assert_str_eq(machines_next(ms, NULL)->name, "n1");
	ck_assert_str_eq(machines_next(ms, machines_by_name(ms, "n1"))->name, "n3");
}
END_TEST

static const struct segment *wide(void)
{
	struct segment s = {.name = "wide",
		.server = ip("10.9.0.1"),
		.router = ip("10.9.0.4"),
		.prefix_len = 24,
		.pool_first = 0x0a090006,
		.pool_last = 0x0a090009};
	const struct segment *ret;

	ck_assert_int_eq(segments_add(&segments, &s, &ret), 0);
	return ret;
}

#define ck_lowest(seg, last) ck_assert_uint_eq(machines_lowest(ms, seg), 0x0a090000 + (last))

START_TEST(test_lowest)
{
	const struct segment *seg = wide();
	struct segment *changed = segments.by_id[seg->id - 1];
	struct machine *m;

	ck_lowest(seg, 2); /* not the server's */
	m = add("a", "wide", "10.9.0.2");
	ck_lowest(seg, 3);
	add("b", "wide", "10.9.0.3");
	ck_lowest(seg, 5); /* nor the router's */
	add("c", "wide", "10.9.0.5");
	ck_lowest(seg, 10); /* nor the pool's */
	add("d", "wide", "10.9.0.12");
	add("e", "wide", "10.9.0.10");
	ck_lowest(seg, 11);
	/* a save takes keys out and puts them back */
	ck_assert_int_eq(machines_save(ms, m), 0);
	ck_lowest(seg, 11);
	m->nics[0].addrs[0] = ip("10.9.0.11");
	ck_assert_int_eq(mac_from_ip(&m->nics[0].addrs[0], &m->nics[0].mac), 0);
	ck_assert_int_eq(machines_save(ms, m), 0);
	ck_lowest(seg, 2);
	machines_remove(ms, machines_by_name(ms, "b"));
	ck_lowest(seg, 2);
	add("f", "wide", "10.9.0.2");
	ck_lowest(seg, 3);
	add("g", "wide", "10.9.0.3");
	ck_lowest(seg, 13);
	/* another router, another pool */
	changed->router = ip("10.9.0.14");
	ck_lowest(seg, 4);
	changed->pool_last = 0;
	changed->pool_first = 0;
	ck_lowest(seg, 4);
	add("h", "wide", "10.9.0.4");
	ck_lowest(seg, 6);
	/* one that is not served has no machines */
	changed->id = 0;
	ck_lowest(seg, 2);
	changed->id = SEGMENT_MAX + 1;
	ck_lowest(seg, 2);
	changed->id = 3;
	/* the same addresses elsewhere count there only */
	add("i", "lab", "10.9.0.6");
	ck_lowest(seg, 6);
}
END_TEST

START_TEST(test_lowest_of_a_full_segment)
{
	const struct segment *seg = wide();
	char name[MACHINE_NAME], address[IP_TEXT];

	for (int i = 2; i < 255; i++) {
		snprintf(name, sizeof name, "n%d", i);
		snprintf(address, sizeof address, "10.9.0.%d", i);
		if (i != 4 && (i < 6 || i > 9))
			add(name, "wide", address);
	}
	ck_assert(!segment_contains(seg, machines_lowest(ms, seg)));
	machines_remove(ms, machines_by_name(ms, "n200"));
	ck_lowest(seg, 200);
}
END_TEST

START_TEST(test_after_a_name)
{
	add("n1", "lab", "10.0.0.2");
	add("n10", "lab", "10.0.0.3");
	ck_assert_str_eq(machines_after(ms, "n1")->name, "n10");
	ck_assert_str_eq(machines_after(ms, "n2")->name, "n10");
	ck_assert_str_eq(machines_after(ms, "a")->name, "n1");
	ck_assert_ptr_null(machines_after(ms, "n10"));
	ck_assert_ptr_null(machines_after(ms, "n11"));
}
END_TEST

/* Life. */

static struct boot_client client, stranger;

static bool same_client(const struct boot_client *a, const struct boot_client *b)
{
	return ip_eq(&a->ip, &b->ip) && mac_eq(&a->mac, &b->mac) && !strcmp(a->segment, b->segment);
}

static struct boot_client by_card(const char *address, const struct nic *nic)
{
	struct boot_client c = {.ip = ip(address), .mac = nic->mac};

	strcpy(c.segment, nic->segment);
	return c;
}

static struct machine *armed(unsigned max_boots)
{
	struct machine *m = add("web01", "default", "10.0.0.2");

	client = (struct boot_client){.ip = ip("10.0.0.2")};
	stranger = (struct boot_client){.ip = ip("10.0.0.66")};
	ck_assert_int_eq(
		machine_arm(m, json_pack("{s:s}", "kernel", "vmlinuz"), max_boots, 60000), 0);
	return m;
}

static enum token_kind kind_of(const char *token)
{
	enum token_kind kind = TOKEN_NONE;

	return machines_by_token(ms, token, &kind) ? kind : TOKEN_NONE;
}

START_TEST(test_arm)
{
	struct machine *m = armed(3);
	struct attempt *a = &m->attempt;

	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert_uint_eq(acted, LIFE_DO_NETBOOT);
	ck_assert_uint_eq(a->number, 1);
	ck_assert_int_lt(llabs(a->deadline - clock_steady_ms() - 60000), 5000);
	ck_assert_int_lt(llabs(a->armed_at - clock_wall_ms()), 5000);
	ck_assert_str_eq(a->token, "");
	ck_assert_uint_eq(strlen(a->next_token), 32);
	ck_assert_uint_eq(strlen(a->up_token), 32);
	ck_assert_str_ne(a->next_token, a->up_token);
	check_last(m, "armed", "attempt 1");
	ck_assert_int_eq(machine_arm(m, json_object(), 3, 60000), -EBUSY);
	check_last(m, "refused", "disarm it first");
	ck_assert_uint_eq(a->number, 1);
	ck_assert_str_eq(json_string_value(json_object_get(a->snapshot, "kernel")), "vmlinuz");
}
END_TEST

START_TEST(test_tokens_are_found)
{
	struct machine *m = armed(3);
	char wrong[TOKEN_TEXT], next[TOKEN_TEXT], up[TOKEN_TEXT];
	enum token_kind kind;

	strcpy(next, m->attempt.next_token);
	ck_assert_int_eq(kind_of(next), TOKEN_NEXT);
	ck_assert_int_eq(kind_of(m->attempt.up_token), TOKEN_UP);
	ck_assert_ptr_null(machines_by_token(ms, "", &kind));
	strcpy(wrong, next);
	wrong[31] ^= 1;
	ck_assert_ptr_null(machines_by_token(ms, wrong, &kind));
	wrong[31] = '\0';
	ck_assert_ptr_null(machines_by_token(ms, wrong, &kind));
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(kind_of(next), TOKEN_BOOT);
	ck_assert_str_eq(m->attempt.token, next);
	ck_assert_int_eq(kind_of(m->attempt.next_token), TOKEN_NEXT);
	/* An older boot's token is still known, as such. */
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(kind_of(next), TOKEN_OLD);
	/* An ended attempt's is still good to ask with, until a new attempt. */
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, "no disk"), 0);
	strcpy(next, m->attempt.token);
	ck_assert_int_eq(kind_of(next), TOKEN_BOOT);
	strcpy(up, m->attempt.up_token);
	ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), 0);
	ck_assert_int_eq(kind_of(next), TOKEN_OLD);
	ck_assert_int_eq(kind_of(up), TOKEN_OLD);
	ck_assert_uint_eq(m->attempt.number, 2);
	/* They are good for nothing. */
	ck_assert_int_eq(machine_boot(m, TOKEN_OLD, &client), -EPERM);
	ck_assert_int_eq(machine_answers(m, TOKEN_OLD, &client), -EPERM);
	/* The oldest is forgotten: each attempt that nothing came of leaves two. */
	for (int i = 0; i < MACHINE_OLD_TOKENS / 2; i++) {
		ck_assert_int_eq(kind_of(next), TOKEN_OLD);
		ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
		ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), 0);
	}
	ck_assert_int_eq(kind_of(next), TOKEN_NONE);
}
END_TEST

START_TEST(test_whole_install)
{
	struct machine *m = armed(3);

	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(m->state, LIFE_BOOTING);
	check_last(m, "booting", "boot 1 of 3");
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(m->state, LIFE_INSTALLING);
	check_last(m, "installing", "10.0.0.2");
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "partitioning"), 0);
	check_last(m, "progress", "partitioning");
	acted = 0;
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(m->state, LIFE_INSTALLED);
	ck_assert_uint_eq(acted, LIFE_DO_END);
	ck_assert_int_ne(m->attempt.ended_at, 0);
	check_last(m, "installed", "");
	acted = 0;
	ck_assert_int_eq(machine_event(m, LIFE_STOPPED, NULL), 0);
	ck_assert_uint_eq(acted, LIFE_DO_DISK);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_int_eq(m->state, LIFE_UP);
	check_last(m, "up", "");
	/* Retries of both reports are no harm. */
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_int_eq(m->state, LIFE_UP);
	/* Nothing is served any more. */
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EPERM);
	ck_assert_int_eq(machine_boot(m, TOKEN_BOOT, &client), -EPERM);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), -EPERM);
}
END_TEST

START_TEST(test_boot_retry)
{
	struct machine *m = armed(3);

	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_BOOT, &client), 0);
	ck_assert_uint_eq(m->attempt.boots, 1);
	check_last(m, "boot", "again by 10.0.0.2");
	ck_assert_int_eq(machine_boot(m, TOKEN_BOOT, &stranger), -EPERM);
	check_last(m, "refused", "10.0.0.66");
	ck_assert_int_eq(machine_boot(m, TOKEN_UP, &client), -EPERM);
	ck_assert_int_eq(machine_boot(m, TOKEN_NONE, &client), -EPERM);
	ck_assert_uint_eq(m->attempt.boots, 1);
}
END_TEST

static struct machine *sealed(unsigned boots)
{
	struct machine *m = armed(boots);

	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	m->seal = SEAL_YES;
	ck_assert_int_eq(machine_arm(m, NULL, boots, 60000), 0);
	return m;
}

/* A code that is none of the machine's. */
static const char *other_code(const struct machine *m)
{
	return strcmp(m->attempt.asking.code, "000000") ? "000000" : "000001";
}

/* It may boot by any of its cards. */
START_TEST(test_sealed_by_a_segment)
{
	struct segment s = {.name = "open wire", .sealed = true};
	struct machine *m = armed(3);

	ck_assert(!m->attempt.sealed);
	ck_assert_int_eq(segments_add(&segments, &s, NULL), 0);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	m->nics[1] = (struct nic){.segment = "open wire", .mac = mac("52:54:00:11:22:33")};
	m->n_nics = 2;
	ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), 0);
	ck_assert(m->attempt.sealed);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	m->seal = SEAL_NO;
	ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), 0);
	ck_assert(!m->attempt.sealed);
}
END_TEST

START_TEST(test_sealed_asks)
{
	struct machine *m = sealed(3);
	char next[TOKEN_TEXT], token[TOKEN_TEXT], code[MACHINE_CODE_TEXT];

	check_last(m, "armed", "sealed");
	ck_assert(!machine_waits(m));
	ck_assert_int_eq(machine_confirm(m, "000000"), -ENOENT);
	ck_assert_int_eq(machine_confirm(m, ""), -ENOENT);
	strcpy(next, m->attempt.next_token);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	check_last(m, "waiting", "10.0.0.2, number 1 ");
	strcpy(token, m->attempt.asking.token);
	strcpy(code, m->attempt.asking.code);
	ck_assert_ptr_null(strstr(timeline_last(timeline, m->name, NULL)->text, code));
	ck_assert_uint_eq(strspn(code, "0123456789"), 6);
	ck_assert_int_eq(kind_of(token), TOKEN_ASKING);
	ck_assert(machine_waits(m));
	/* nothing began */
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert_uint_eq(m->attempt.boots, 0);
	ck_assert_str_eq(m->attempt.token, "");
	ck_assert_int_eq(machine_answers(m, TOKEN_ASKING, &client), -EPERM);
	check_last(m, "refused", "not confirmed");
	ck_assert_int_eq(machine_answers(m, TOKEN_NEXT, &client), -EPERM);
	/* asked again it is the same, for the same */
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(machine_boot(m, TOKEN_ASKING, &client), -EAGAIN);
	ck_assert_int_eq(machine_boot(m, TOKEN_ASKING, &stranger), -EPERM);
	ck_assert_str_eq(m->attempt.asking.code, code);
	ck_assert_str_eq(m->attempt.asking.token, token);
	/* the token that DHCP tells stays, but who comes with it is another boot, of another code */
	ck_assert_str_eq(m->attempt.next_token, next);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	check_last(m, "waiting", "number 2 ");
	ck_assert_int_eq(kind_of(token), TOKEN_OLD);
	ck_assert_int_eq(machine_boot(m, TOKEN_OLD, &client), -EPERM);
	ck_assert_str_ne(m->attempt.asking.token, token);
}
END_TEST

START_TEST(test_sealed_confirmed)
{
	struct machine *m = sealed(2);
	char next[TOKEN_TEXT], token[TOKEN_TEXT], code[MACHINE_CODE_TEXT];

	strcpy(next, m->attempt.next_token);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	strcpy(token, m->attempt.asking.token);
	strcpy(code, m->attempt.asking.code);
	ck_assert_int_eq(machine_confirm(m, code), 0);
	check_last(m, "booting", "boot 1 of 2, confirmed for 10.0.0.2");
	ck_assert_int_eq(kind_of(token), TOKEN_BOOT);
	ck_assert_int_eq(kind_of(next), TOKEN_OLD);
	ck_assert(!machine_waits(m));
	ck_assert_int_eq(machine_confirm(m, code), -ENOENT);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &stranger), -EPERM);
	ck_assert_int_eq(machine_boot(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	/* another boot that asks takes nothing from the one that is under way */
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &stranger), -EAGAIN);
	ck_assert_int_eq(m->state, LIFE_INSTALLING);
	ck_assert_int_eq(kind_of(token), TOKEN_BOOT);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &stranger), -EPERM);
	/* until it is confirmed, and counts */
	ck_assert_int_eq(machine_confirm(m, m->attempt.asking.code), 0);
	ck_assert_int_eq(kind_of(token), TOKEN_OLD);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &stranger), 0);
	/* one too many ends the attempt when it is confirmed, not by asking */
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	ck_assert_int_eq(m->state, LIFE_INSTALLING);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &stranger), 0);
	ck_assert_int_eq(machine_confirm(m, m->attempt.asking.code), -EPERM);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	check_last(m, "failed", "too many boots");
	/* every attempt is sealed, until somebody says otherwise */
	ck_assert_int_eq(machine_arm(m, NULL, 2, 60000), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	ck_assert_uint_eq(m->attempt.asks, 1);
	strcpy(token, m->attempt.asking.token);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	ck_assert(!machine_waits(m));
	ck_assert_int_eq(machine_confirm(m, m->attempt.asking.code), -ENOENT);
	ck_assert_int_eq(machine_boot(m, TOKEN_ASKING, &client), -EPERM);
	m->seal = SEAL_NO;
	ck_assert_int_eq(machine_arm(m, NULL, 2, 60000), 0);
	ck_assert_int_eq(kind_of(token), TOKEN_OLD);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
}
END_TEST

START_TEST(test_sealed_wrong_codes)
{
	struct machine *m = sealed(3);
	char code[MACHINE_CODE_TEXT], token[TOKEN_TEXT], longer[16];

	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	strcpy(code, m->attempt.asking.code);
	strcpy(token, m->attempt.asking.token);
	snprintf(longer, sizeof longer, "%s0", code);
	ck_assert_int_eq(machine_confirm(m, ""), -EACCES);
	ck_assert_int_eq(machine_confirm(m, longer), -EACCES);
	code[5] = '\0';
	ck_assert_int_eq(machine_confirm(m, code), -EACCES);
	ck_assert_int_eq(machine_confirm(m, other_code(m)), -EACCES);
	ck_assert(machine_waits(m));
	check_last(m, "refused", "4 of 5");
	strcpy(code, m->attempt.asking.code);
	ck_assert_int_eq(machine_confirm(m, other_code(m)), -EACCES);
	ck_assert(!machine_waits(m));
	ck_assert_int_eq(machine_confirm(m, code), -ENOENT);
	ck_assert_int_eq(kind_of(token), TOKEN_OLD);
	/* the next boot has tries of its own */
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	ck_assert_int_eq(machine_confirm(m, other_code(m)), -EACCES);
	ck_assert_int_eq(machine_confirm(m, m->attempt.asking.code), 0);
}
END_TEST

/* By name each ask is one of its own, told once a boot. */
START_TEST(test_sealed_by_name)
{
	struct machine *m = sealed(3);
	char code[MACHINE_CODE_TEXT], token[TOKEN_TEXT];

	ck_assert_int_eq(machine_boot_named(m, &client, 1000), -EAGAIN);
	strcpy(token, m->attempt.asking.token);
	ck_assert_int_eq(machine_boot_named(m, &client, 2000), -EAGAIN);
	ck_assert_uint_eq(m->attempt.asks, 1);
	ck_assert_int_eq(kind_of(token), TOKEN_OLD);
	ck_assert_int_eq(machine_boot_named(m, &stranger, 3000), -EAGAIN);
	ck_assert_uint_eq(m->attempt.asks, 2);
	strcpy(code, m->attempt.asking.code);
	strcpy(token, m->attempt.asking.token);
	ck_assert_int_eq(machine_confirm(m, code), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_BOOT, &stranger), 0);
	/* who has the address, but not the token, is not the boot that was confirmed */
	ck_assert_int_eq(machine_boot_named(m, &stranger, 3001), -EAGAIN);
	ck_assert_int_eq(kind_of(token), TOKEN_BOOT);
	ck_assert_uint_eq(m->attempt.boots, 1);
}
END_TEST

START_TEST(test_sealed_by_segment)
{
	struct segment s = {.name = "behind", .sealed = true};
	struct machine *m;

	ck_assert_int_eq(segments_add(&segments, &s, NULL), 0);
	m = add("web02", "behind", "10.0.0.3");
	ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	m->seal = SEAL_NO;
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
}
END_TEST

/* Without a token, what is the same boot? */
START_TEST(test_boot_by_name)
{
	struct machine *m = armed(9);
	char token[TOKEN_TEXT];

	ck_assert_int_eq(machine_boot_named(m, &client, 1000), 0);
	ck_assert_uint_eq(m->attempt.boots, 1);
	strcpy(token, m->attempt.token);
	ck_assert_int_eq(machine_boot_named(m, &client, 2000), 0);
	ck_assert_int_eq(machine_boot_named(m, &client, 1000 + MACHINE_SAME_BOOT_MS - 1), 0);
	ck_assert_uint_eq(m->attempt.boots, 1);
	ck_assert_str_eq(m->attempt.token, token);
	/* the time is over, whoever asked meanwhile */
	ck_assert_int_eq(machine_boot_named(m, &client, 1000 + MACHINE_SAME_BOOT_MS), 0);
	ck_assert_uint_eq(m->attempt.boots, 2);
	ck_assert_str_ne(m->attempt.token, token);
	/* it has loaded something: its kernel, or after a reset its boot program; not what asked */
	machine_loaded(m, 1000 + MACHINE_SAME_BOOT_MS + MACHINE_HEARD_LATE_MS);
	ck_assert_int_eq(machine_boot_named(m, &client, 1001 + MACHINE_SAME_BOOT_MS), 0);
	ck_assert_uint_eq(m->attempt.boots, 2);
	machine_loaded(m, 1001 + MACHINE_SAME_BOOT_MS + MACHINE_HEARD_LATE_MS);
	ck_assert_int_eq(machine_boot_named(m, &client, 1001 + MACHINE_SAME_BOOT_MS), 0);
	ck_assert_uint_eq(m->attempt.boots, 3);
	ck_assert_int_eq(machine_boot_named(m, &stranger, 1002 + MACHINE_SAME_BOOT_MS), 0);
	ck_assert_uint_eq(m->attempt.boots, 4);
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "it runs"), 0);
	ck_assert_int_eq(machine_boot_named(m, &stranger, 1003 + MACHINE_SAME_BOOT_MS), 0);
	ck_assert_uint_eq(m->attempt.boots, 5);
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, NULL), 0);
	ck_assert_int_eq(machine_boot_named(m, &stranger, 1004 + MACHINE_SAME_BOOT_MS), -EPERM);
}
END_TEST

START_TEST(test_too_many_boots)
{
	struct machine *m = armed(2);
	char next[TOKEN_TEXT];

	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	strcpy(next, m->attempt.next_token);
	acted = 0;
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EPERM);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_uint_eq(acted, LIFE_DO_OFF | LIFE_DO_END);
	check_last(m, "failed", "too many boots");
	ck_assert_ptr_nonnull(strstr(m->attempt.reason, "too many boots"));
	ck_assert_uint_eq(m->attempt.boots, 2);
	ck_assert_str_eq(m->attempt.next_token, next);
}
END_TEST

START_TEST(test_answers_for_whom)
{
	struct machine *m = armed(3);

	ck_assert_int_eq(machine_answers(m, TOKEN_NEXT, &client), -EPERM);
	check_last(m, "refused", "answers for 10.0.0.2");
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_NEXT, &client), -EPERM);
	ck_assert_int_eq(machine_answers(m, TOKEN_UP, &client), -EPERM);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &stranger), -EPERM);
	ck_assert_int_eq(m->state, LIFE_BOOTING);
	check_last(m, "refused", "10.0.0.66");
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &stranger, "f"), -EPERM);
	check_last(m, "refused", "f for 10.0.0.66");
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &client, "f"), 0);
	check_last(m, "answers", "f fetched by 10.0.0.2");
	ck_assert_int_eq(m->state, LIFE_BOOTING);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	check_last(m, "answers", "again");
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "partitioning"), 0);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &client, "f"), -EPERM);
}
END_TEST

/* Two cards on one segment, and one on another with the first one's MAC: the boot's card is the one that it came by, and its
 * answers may be asked for by each of them. */
START_TEST(test_cards)
{
	struct machine *m = armed(3);
	struct boot_client first, second, other;
	struct boot_client moved;

	m->nics[1] = (struct nic){.segment = "default", .mac = mac("52:54:00:11:22:33")};
	m->nics[2] = (struct nic){.segment = "lab", .mac = m->nics[0].mac};
	m->n_nics = 3;
	ck_assert_int_eq(machines_save(ms, m), 0);
	first = by_card("10.0.0.2", &m->nics[0]);
	second = by_card("10.0.0.22", &m->nics[1]);
	other = by_card("10.1.0.2", &m->nics[2]);
	moved = by_card("10.0.0.23", &m->nics[1]);
	ck_assert_ptr_null(machine_nic_booting(m));
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &second), 0);
	ck_assert_ptr_eq(machine_nic_booting(m), &m->nics[1]);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &second, "f"), 0);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &first, "f"), 0);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &other, "f"), 0);
	/* the card that boots has one address; of whom nothing is known is nobody's card */
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &moved, "f"), -EPERM);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &stranger, "f"), -EPERM);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &first), 0);
	ck_assert_ptr_eq(machine_nic_booting(m), &m->nics[1]);
	/* the script is that card's alone, and another boot's card is its own */
	ck_assert_int_eq(machine_boot(m, TOKEN_BOOT, &first), -EPERM);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &other), 0);
	ck_assert_ptr_eq(machine_nic_booting(m), &m->nics[2]);
	m->n_nics = 2;
	ck_assert_ptr_null(machine_nic_booting(m));
}
END_TEST

/* A card has an address of each family, and of IPv6 several at a time. */
START_TEST(test_families)
{
	struct machine *m = armed(3);
	const struct boot_client four = by_card("10.0.0.2", &m->nics[0]),
				 six = by_card("fd00::a00:2", &m->nics[0]),
				 link = by_card("fe80::2", &m->nics[0]);
	struct boot_client nobody = {.ip = six.ip};

	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &six), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_BOOT, &link), 0);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &link, "f"), 0);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &four, "f"), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &six), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &four), 0);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &six, "f"), 0);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &nobody, "f"), -EPERM);
	ck_assert_int_eq(machine_answers_file(m, TOKEN_BOOT, &stranger, "f"), -EPERM);
}
END_TEST

/* Records of before say nothing of cards: its address alone. */
START_TEST(test_card_not_known)
{
	struct machine *m = armed(3);
	struct boot_client first = by_card("10.0.0.2", &m->nics[0]);
	struct boot_client other = by_card("10.0.0.3", &m->nics[0]);

	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_ptr_null(machine_nic_booting(m));
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &other), -EPERM);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &first), 0);
}
END_TEST

START_TEST(test_progress_closes_answers)
{
	struct machine *m = armed(3);

	/* An installer that says "I begin" before it asks has them still to get. */
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "begin"), 0);
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "network"), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "partitioning"), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), -EPERM);
	check_last(m, "refused", "gone on");
	/* A new boot begins anew. */
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
}
END_TEST

START_TEST(test_failure_keeps_the_reason)
{
	struct machine *m = armed(3);
	char reason[600];

	memset(reason, 'r', sizeof reason);
	reason[sizeof reason - 1] = '\0';
	memcpy(reason, "no disk\n\xff", 9);
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, reason), 0);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_int_eq(strncmp(m->attempt.reason, "no disk \\xffr", 13), 0);
	ck_assert_uint_eq(strlen(m->attempt.reason), sizeof m->attempt.reason - 1);
	ck_assert_int_eq(machine_arm(m, NULL, 3, 0), 0);
	ck_assert_str_eq(m->attempt.reason, "");
	ck_assert_int_eq(machine_event(m, LIFE_DEADLINE, NULL), 0);
	ck_assert_ptr_nonnull(strstr(m->attempt.reason, "timed out"));
}
END_TEST

START_TEST(test_repetitions_are_left_out)
{
	struct machine *m = armed(3);
	uint64_t newest;

	ck_assert_int_eq(machine_answers(m, TOKEN_UP, &stranger), -EPERM);
	newest = timeline_newest(timeline);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(machine_answers(m, TOKEN_UP, &stranger), -EPERM);
	ck_assert_uint_eq(timeline_newest(timeline), newest);
}
END_TEST

START_TEST(test_disarm)
{
	struct machine *m = armed(3);

	acted = 0;
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, "by root"), 0);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
	ck_assert_uint_eq(acted, LIFE_DO_OFF | LIFE_DO_END);
	check_last(m, "known", "by root");
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EPERM);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), -EPERM);
	check_last(m, "refused", "not armed");
}
END_TEST

static void remove_it(void *arg, struct machine *m, unsigned actions)
{
	(void)arg, (void)actions;
	machines_remove(ms, m);
}

START_TEST(test_an_action_may_remove_the_machine)
{
	struct machine *m = armed(1);

	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	machines_on_action(ms, remove_it, NULL);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EPERM);
	ck_assert_uint_eq(machines_count(ms), 0);
}
END_TEST

START_TEST(test_deadlines)
{
	char name[MACHINE_NAME], address[IP_TEXT];
	struct machine *m;
	int64_t last = 0;

	ck_assert_ptr_null(machines_next_deadline(ms));
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "n%d", i);
		snprintf(address, sizeof address, "10.0.1.%d", i + 1);
		m = add(name, "default", address);
		ck_assert_int_eq(machine_arm(m, NULL, 1, 1000000 + i * 7919 % 200 * 1000), 0);
	}
	/* Some end by other ways. */
	for (int i = 0; i < 200; i += 3) {
		snprintf(name, sizeof name, "n%d", i);
		m = machines_by_name(ms, name);
		if (i % 2)
			ck_assert_int_eq(machine_event(m, LIFE_FAIL, NULL), 0);
		else
			machines_remove(ms, m);
	}
	for (int i = 0; i < 133; i++) {
		m = machines_next_deadline(ms);
		ck_assert_ptr_nonnull(m);
		ck_assert_int_ge(m->attempt.deadline, last);
		last = m->attempt.deadline;
		ck_assert_int_eq(machine_event(m, LIFE_DEADLINE, NULL), 0);
		ck_assert_int_eq(m->state, LIFE_FAILED);
	}
	ck_assert_ptr_null(machines_next_deadline(ms));
}
END_TEST

/* Seconds of an ISO time. */
static int64_t time_of(const json_t *text)
{
	struct tm tm = {0};

	ck_assert_ptr_nonnull(strptime(json_string_value(text), "%Y-%m-%dT%H:%M:%S", &tm));
	return timegm(&tm);
}

/* Somebody sets the host's clock: nobody has more time, or less; and people read when it is over as their clock says it. */
START_TEST(test_deadlines_and_steps)
{
	static const int64_t steps[] = {2 * 3600 * 1000, -24 * 3600 * 1000};
	struct machine *m = armed(3), *later;
	char address[] = "10.0.0.10";
	json_t *j;

	clock_begin(clock_wall_ms());
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), 0);
	for (int i = 0; i < 2; i++) {
		stepped.wall = steps[i];
		ck_assert_int_gt(m->attempt.deadline, clock_steady_ms() + 50000);
		ck_assert_int_le(m->attempt.deadline, clock_steady_ms() + 60000);
		address[8]++;
		later = add(i ? "c" : "b", "default", address);
		ck_assert_int_eq(machine_arm(later, NULL, 3, 70000), 0);
		ck_assert_ptr_eq(machines_next_deadline(ms), m);
	}
	stepped.wall = 365ll * 24 * 3600 * 1000;
	j = machine_to_json(m, false);
	ck_assert_int_lt(llabs(time_of(json_object_get(json_object_get(j, "attempt"), "deadline")) -
				 (clock_wall_ms() + 60000) / 1000),
		5);
	json_decref(j);
	stepped.wall = 0;
}
END_TEST

START_TEST(test_deadline_of_first_boot)
{
	struct machine *m = armed(3);

	ck_assert_ptr_eq(machines_next_deadline(ms), m);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_ptr_eq(machines_next_deadline(ms), m);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_ptr_null(machines_next_deadline(ms));
	/* Armed without a limit. */
	ck_assert_int_eq(machine_arm(m, NULL, 3, 0), 0);
	ck_assert_ptr_null(machines_next_deadline(ms));
}
END_TEST

/* Installed already: nothing to boot, a first boot to come within its time. */
START_TEST(test_clone)
{
	struct machine *m = add("web01", "default", "192.168.122.3");
	struct attempt *a = &m->attempt;

	ck_assert_int_eq(machine_clone(m, json_object(), 60000, "a clone of gold"), 0);
	ck_assert_int_eq(m->state, LIFE_INSTALLED);
	ck_assert_uint_eq(acted, LIFE_DO_DISK | LIFE_DO_END);
	check_last(m, "installed", "a clone of gold");
	ck_assert_str_eq(a->token, "");
	ck_assert_str_eq(a->next_token, "");
	ck_assert_int_eq(kind_of(a->up_token), TOKEN_UP);
	ck_assert_ptr_eq(machines_next_deadline(ms), m);
	ck_assert_int_eq(machine_clone(m, json_object(), 60000, "again"), -EBUSY);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT_FAILED, "first-boot script: no"), 0);
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_str_eq(a->reason, "first-boot script: no");
	ck_assert_ptr_null(machines_next_deadline(ms));
}
END_TEST

/* It stays what it is, and its time is never over. */
START_TEST(test_template)
{
	struct machine *m = add("web01", "default", "192.168.122.3");

	ck_assert_int_eq(machine_clone(m, json_object(), 60000, ""), 0);
	m->template = true;
	ck_assert_int_eq(machines_save(ms, m), 0);
	ck_assert_ptr_null(machines_next_deadline(ms));
	acted = 0;
	ck_assert_int_eq(machine_event(m, LIFE_STOPPED, NULL), 0);
	ck_assert_int_eq(machine_arm(m, NULL, 3, 60000), -EBUSY);
	check_last(m, "refused", "usher clone");
	ck_assert_int_eq(m->state, LIFE_INSTALLED);
	ck_assert_uint_eq(acted, 0);
}
END_TEST

START_TEST(test_json)
{
	struct machine *m = armed(3);
	json_t *j, *nic;
	char *text;

	json_object_set_new(m->settings, "disk", json_string("vda"));
	json_object_set_new(m->settings, "pw", json_pack("{s:s}", "secret", "geheim"));
	m->state_at = 1000000000042;
	m->spec.memory = 512;
	m->spec.filters = 2;
	strcpy(m->request_id, "abc");
	j = machine_to_json(m, false);
	ck_assert_str_eq(json_string_value(json_object_get(j, "name")), "web01");
	ck_assert_str_eq(json_string_value(json_object_get(j, "kind")), "guest");
	ck_assert_str_eq(json_string_value(json_object_get(j, "state")), "armed");
	ck_assert_str_eq(
		json_string_value(json_object_get(j, "since")), "2001-09-09T01:46:40.042Z");
	ck_assert_ptr_null(json_object_get(j, "since_ms"));
	ck_assert(json_is_null(json_object_get(j, "guest_state")));
	ck_assert(json_is_null(json_object_get(j, "lab")));
	ck_assert(json_is_null(json_object_get(json_object_get(j, "attempt"), "reason")));
	ck_assert(json_is_null(json_object_get(json_object_get(j, "attempt"), "waiting")));
	nic = json_array_get(json_object_get(j, "nics"), 0);
	ck_assert_str_eq(json_string_value(json_object_get(nic, "mac")), "52:54:0a:00:00:02");
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(nic, "addresses"), 0)),
		"10.0.0.2");
	ck_assert_ptr_null(json_object_get(j, "settings"));
	ck_assert_int_eq(
		json_integer_value(json_object_get(json_object_get(j, "attempt"), "number")), 1);
	json_decref(j);
	j = machine_to_json(m, true);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(j, "settings"), "disk")), "vda");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(j, "guest"), "memory")),
		512 << 20);
	ck_assert_ptr_null(json_object_get(json_object_get(j, "guest"), "filters"));
	ck_assert_ptr_null(json_object_get(j, "request_id"));
	ck_assert(json_is_null(json_object_get(j, "power")));
	text = json_dumps(j, 0);
	ck_assert_ptr_null(strstr(text, m->attempt.next_token));
	ck_assert_ptr_null(strstr(text, m->attempt.up_token));
	ck_assert_ptr_null(strstr(text, "vmlinuz"));
	ck_assert_ptr_nonnull(strstr(text, "\"pw\": \"(secret)\""));
	ck_assert_ptr_null(strstr(text, "geheim"));
	free(text);
	json_decref(j);
}
END_TEST

/* The store. */

static char dir[64], path[96];
static struct store *store;

static void open_store(void)
{
	char why[256] = "";

	ck_assert_msg(store_open(path, &store, why, sizeof why) == 0, "%s", why);
	open_all(store);
}

static void close_store(void)
{
	ck_assert_int_eq(store_commit(store, NULL, NULL), 0);
	close_all();
	store_close(store);
}

static void setup_store(void)
{
	struct segment s = {.name = "default"};

	ck_assert_int_eq(segments_add(&segments, &s, NULL), 0);
	snprintf(dir, sizeof dir, "/tmp/usher-machine-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/store.db", dir);
	open_store();
}

static void teardown_store(void)
{
	static const char *const suffixes[] = {"", ".lock", "-wal", "-shm", "-journal"};
	char name[128];

	close_store();
	segments_fini(&segments);
	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static void load(void)
{
	char why[256] = "";

	ck_assert_msg(machines_load(ms, why, sizeof why) == 0, "%s", why);
}

static void check_same(const struct machine *m, const struct machine *was)
{
	const struct attempt *a = &m->attempt, *b = &was->attempt;

	ck_assert_str_eq(m->name, was->name);
	ck_assert_str_eq(m->uuid, was->uuid);
	ck_assert_int_eq(m->guest, was->guest);
	ck_assert_int_eq(m->state, was->state);
	ck_assert_int_eq(m->created_at, was->created_at);
	ck_assert_int_eq(m->state_at, was->state_at);
	ck_assert_str_eq(m->profile, was->profile);
	ck_assert_str_eq(m->power, was->power);
	ck_assert_str_eq(m->request_id, was->request_id);
	ck_assert_uint_eq(m->n_nics, was->n_nics);
	ck_assert_mem_eq(m->nics, was->nics, sizeof m->nics);
	ck_assert(json_equal(m->settings, was->settings));
	ck_assert(json_equal(m->ssh_keys, was->ssh_keys));
	ck_assert_str_eq(m->lab, was->lab);
	ck_assert_uint_eq(m->spec.memory, was->spec.memory);
	ck_assert_uint_eq(a->number, b->number);
	ck_assert_int_eq(a->armed_at, b->armed_at);
	ck_assert_int_eq(a->deadline, b->deadline);
	ck_assert_int_eq(a->ended_at, b->ended_at);
	ck_assert_uint_eq(a->boots, b->boots);
	ck_assert_uint_eq(a->max_boots, b->max_boots);
	ck_assert_str_eq(a->token, b->token);
	ck_assert_str_eq(a->next_token, b->next_token);
	ck_assert_str_eq(a->up_token, b->up_token);
	ck_assert(same_client(&a->client, &b->client));
	ck_assert_int_eq(a->answers_fetched, b->answers_fetched);
	ck_assert_int_eq(a->answers_closed, b->answers_closed);
	ck_assert_str_eq(a->reason, b->reason);
	ck_assert(json_equal(a->snapshot, b->snapshot));
}

START_TEST(test_round_trip)
{
	struct machine *m = armed(3), copy;

	m->created_at = 123456789012;
	strcpy(m->power, "/usr/local/libexec/power");
	strcpy(m->request_id, "abc");
	strcpy(m->lab, "web");
	m->nics[1] = (struct nic){.segment = "gone",
		.mac = mac("52:54:00:11:22:33"),
		.n_addrs = 2,
		.addrs = {ip("10.9.9.9"), ip("fd00::9")}};
	m->n_nics = 2;
	json_object_set_new(m->settings, "who", json_string("J\xc3\xb6rg \"x\"\n"));
	json_array_append_new(m->ssh_keys, json_string("ssh-ed25519 AAAA root@x"));
	m->spec.memory = 2048;
	client = by_card("10.0.0.2", &m->nics[0]);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "x"), 0);
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, "no disk"), 0);
	m->template = true;
	m->first_boot = strdup("#!/bin/sh\necho \"x\"\n");
	ck_assert_int_eq(machines_save(ms, m), 0);
	/* The copy outlives the registry with references of its own. */
	copy = *m;
	json_incref(copy.settings), json_incref(copy.ssh_keys);
	json_incref(copy.attempt.snapshot);
	close_store();
	open_store();
	load();
	ck_assert_uint_eq(machines_count(ms), 1);
	m = machines_by_name(ms, "web01");
	check_same(m, &copy);
	ck_assert(m->template);
	ck_assert_str_eq(m->first_boot, "#!/bin/sh\necho \"x\"\n");
	ck_assert_int_eq(kind_of(copy.attempt.token), TOKEN_BOOT);
	check_last(m, "failed", "no disk");
	json_decref(copy.settings), json_decref(copy.ssh_keys);
	json_decref(copy.attempt.snapshot);
}
END_TEST

/* An installer may report without end: what changes nothing is stored once a second. */
START_TEST(progress_is_stored_once_a_second)
{
	struct machine *m = armed(3);

	client = by_card("10.0.0.2", &m->nics[0]);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "1"), 0); /* closes the answers */
	m->spec.memory = 1000;
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "2"), 0);
	close_store();
	open_store();
	load();
	m = machines_by_name(ms, "web01");
	ck_assert_int_eq(m->state, LIFE_INSTALLING);
	ck_assert(m->attempt.answers_closed);
	ck_assert_uint_eq(m->spec.memory, 0);
	stepped.mono += 1000;
	m->spec.memory = 2000;
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "3"), 0);
	m->spec.memory = 3000;
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "4"), 0);
	close_store();
	open_store();
	load();
	ck_assert_uint_eq(machines_by_name(ms, "web01")->spec.memory, 2000);
}
END_TEST

struct stored {
	char text[4096];
};

static int take_row(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	struct stored *s = arg;

	(void)key, (void)key_len;
	ck_assert_uint_lt(len, sizeof s->text);
	memcpy(s->text, value, len);
	s->text[len] = '\0';
	return 0;
}

/* It comes and goes, and what is installed stays as it was; also over a restart. */
START_TEST(test_a_tool)
{
	struct machine *m = armed(3);
	char up_token[TOKEN_TEXT];

	ck_assert_int_eq(machine_run(m, "memtest86", json_object(), 1, 60000), -EBUSY);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_PROGRESS, "x"), 0);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(machine_run(m, "memtest86", json_object(), 1, 60000), -EBUSY);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	memcpy(up_token, m->attempt.up_token, sizeof up_token);
	m->host_keys = json_array();
	acted = 0;
	ck_assert_int_eq(machine_run(m, "memtest86", json_object(), 1, 60000), 0);
	ck_assert_int_eq(m->state, LIFE_ARMED);
	ck_assert_uint_eq(acted, LIFE_DO_NETBOOT);
	check_last(m, "armed", "attempt 2, to run memtest86");
	ck_assert_str_eq(m->attempt.up_token, up_token);
	ck_assert_ptr_nonnull(m->host_keys);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	close_store();
	open_store();
	load();
	m = machines_by_name(ms, "web01");
	ck_assert_str_eq(m->attempt.tool, "memtest86");
	ck_assert_int_eq(machine_event(m, LIFE_DONE, "loaded"), 0);
	ck_assert_int_eq(m->state, LIFE_UP);
	check_last(m, "done", "memtest86: loaded");
	ck_assert_str_eq(m->attempt.reason, "");
	/* ended once, it does not end again */
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_int_eq(machine_run(m, "erase", json_object(), 1, 60000), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, "sda: frozen"), 0);
	ck_assert_int_eq(m->state, LIFE_UP);
	check_last(m, "failed", "erase: sda: frozen");
	ck_assert_str_eq(m->attempt.reason, "sda: frozen");
	/* and an install is one as before */
	ck_assert_int_eq(machine_arm(m, json_object(), 1, 60000), 0);
	ck_assert_str_eq(m->attempt.tool, "");
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	ck_assert_int_eq(m->state, LIFE_KNOWN);
}
END_TEST

static const struct timeline_event *last_of(const struct machine *m, const char *kind)
{
	return timeline_last(timeline, m->name, kind);
}

/* A boot of a live system, which is another than the last. */
static void boots_live(struct machine *m, unsigned number)
{
	char token[TOKEN_TEXT], up_token[TOKEN_TEXT];

	memcpy(token, m->attempt.token, sizeof token);
	memcpy(up_token, m->attempt.up_token, sizeof up_token);
	acted = 0;
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(m->state, LIFE_LIVE);
	ck_assert_uint_eq(m->attempt.boots, number);
	ck_assert_str_ne(m->attempt.token, token);
	ck_assert_str_ne(m->attempt.up_token, up_token);
	ck_assert_int_eq(kind_of(m->attempt.up_token), TOKEN_UP);
	ck_assert(!*token || kind_of(token) == TOKEN_OLD);
	ck_assert_int_eq(kind_of(up_token), TOKEN_OLD);
	ck_assert(m->attempt.live.booted_at && !m->attempt.live.up_at);
	ck_assert_int_lt(llabs(m->attempt.deadline - clock_steady_ms() - 60000), 5000);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), 0);
	ck_assert_int_eq(m->state, LIFE_LIVE);
	ck_assert_int_eq(machine_answers(m, TOKEN_OLD, &client), -EPERM);
}

static struct machine *live_since_up(void)
{
	struct machine *m = armed(3);

	ck_assert_int_eq(machine_go_live(m, json_object(), 3, 60000), -EBUSY);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(machine_go_live(m, json_object(), 3, 60000), -EBUSY);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	acted = 0;
	ck_assert_int_eq(machine_go_live(m, json_object(), 3, 60000), 0);
	ck_assert_uint_eq(acted, LIFE_DO_NETBOOT);
	check_last(m, "live", "boots debian-12 at every boot");
	return m;
}

static struct machine *started_anew(void)
{
	close_store();
	open_store();
	load();
	return machines_by_name(ms, "web01");
}

/* It boots at each boot, each is another, and only the user ends it; also over a restart. */
START_TEST(test_a_live_system)
{
	struct machine *m = live_since_up();
	int64_t up_at;

	for (unsigned n = 1; n <= 3; n++)
		boots_live(m, n);
	ck_assert(!machine_loops(m));
	m = started_anew();
	ck_assert_int_eq(m->state, LIFE_LIVE);
	ck_assert(m->attempt.live.on && m->attempt.live.timeout == 60000);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, "here"), 0);
	ck_assert_str_eq(last_of(m, "up")->text, "here");
	up_at = m->attempt.live.up_at;
	ck_assert_int_ne(up_at, 0);
	ck_assert_int_eq(m->attempt.deadline, 0); /* nothing more is waited for */
	ck_assert_ptr_null(machines_next_deadline(ms));
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, "again"), 0);
	ck_assert_int_eq(m->attempt.live.up_at, up_at);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), -EPERM);
	ck_assert_int_eq(machine_run(m, "memtest86", json_object(), 1, 60000), -EBUSY);
	boots_live(m, 4);
	acted = 0;
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, "disarmed by the user"), 0);
	ck_assert_uint_eq(acted, LIFE_DO_OFF | LIFE_DO_END);
	ck_assert_int_eq(m->state, LIFE_UP);
	check_last(m, "live", "no longer: disarmed by the user");
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EPERM);
	ck_assert_int_eq(machine_answers(m, TOKEN_BOOT, &client), -EPERM);
	check_last(m, "refused", "the attempt has ended");
}
END_TEST

/* What goes wrong with a boot is told, and is forgotten with the next; it ends nothing. */
START_TEST(test_a_live_system_that_fails)
{
	struct machine *m = live_since_up();
	uint64_t before;
	json_t *j;

	boots_live(m, 1);
	ck_assert_int_eq(machine_event(m, LIFE_FAIL, "no squashfs"), 0);
	check_last(m, "failed", "no squashfs");
	ck_assert_str_eq(m->attempt.reason, "no squashfs");
	boots_live(m, 2);
	ck_assert_str_eq(m->attempt.reason, "");
	ck_assert_ptr_eq(machines_next_deadline(ms), m);
	ck_assert_int_eq(machine_event(m, LIFE_DEADLINE, NULL), 0);
	check_last(m, "failed", "did not report in time that it is up");
	ck_assert_ptr_null(machines_next_deadline(ms));
	ck_assert_int_eq(m->state, LIFE_LIVE);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, "late"), 0);
	ck_assert_str_eq(m->attempt.reason, "");
	/* the same words are news in another boot, which does not begin in the same ms */
	usleep(5000);
	boots_live(m, 3);
	before = last_of(m, "up")->seq;
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, "late"), 0);
	ck_assert_uint_gt(last_of(m, "up")->seq, before);
	j = machine_to_json(m, false);
	ck_assert(json_is_string(
		json_object_get(json_object_get(json_object_get(j, "attempt"), "live"), "up_at")));
	json_decref(j);
}
END_TEST

/* Told once each time, and it goes on being served. */
START_TEST(test_a_live_system_that_loops)
{
	struct machine *m = live_since_up();

	for (unsigned n = 1; n <= 3; n++)
		boots_live(m, n);
	ck_assert_ptr_null(last_of(m, "looping"));
	boots_live(m, 4);
	ck_assert(machine_loops(m));
	ck_assert_ptr_nonnull(strstr(last_of(m, "looping")->text, "4 boots within 0 s"));
	boots_live(m, 5);
	ck_assert_ptr_nonnull(strstr(last_of(m, "looping")->text, "4 boots within"));
	m = started_anew();
	ck_assert(machine_loops(m));
	/* ten minutes later */
	m->attempt.live.counted_at -= MACHINE_LOOP_MS;
	ck_assert(!machine_loops(m));
	boots_live(m, 6);
	ck_assert_uint_eq(m->attempt.live.counted, 1);
	ck_assert(!machine_loops(m));
}
END_TEST

/* By the fixed name that GRUB asks for: twice in one boot. */
START_TEST(test_a_live_system_by_name)
{
	struct machine *m = live_since_up();

	ck_assert_int_eq(machine_boot_named(m, &client, 1000), 0);
	ck_assert_int_eq(machine_boot_named(m, &client, 2000), 0);
	ck_assert_uint_eq(m->attempt.boots, 1);
	machine_loaded(m, 5000);
	ck_assert_int_eq(machine_boot_named(m, &client, 9000), 0);
	ck_assert_uint_eq(m->attempt.boots, 2);
}
END_TEST

/* It comes back to what it was before the first of them; and an install is one as before. */
START_TEST(test_live_again)
{
	struct machine *m = live_since_up();

	boots_live(m, 1);
	ck_assert_int_eq(machine_go_live(m, json_object(), 3, 60000), 0);
	ck_assert_uint_eq(m->attempt.boots, 0);
	ck_assert_int_eq(m->attempt.before, LIFE_UP);
	ck_assert_int_eq(m->attempt.live.booted_at, 0);
	boots_live(m, 1);
	ck_assert_int_eq(machine_arm(m, json_object(), 1, 60000), 0);
	ck_assert(!m->attempt.live.on);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(m->state, LIFE_BOOTING);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EPERM); /* once */
	ck_assert_int_eq(m->state, LIFE_FAILED);
	ck_assert_int_eq(machine_go_live(m, json_object(), 3, 60000), 0);
	ck_assert_int_eq(machine_event(m, LIFE_DISARM, NULL), 0);
	ck_assert_int_eq(m->state, LIFE_FAILED);
}
END_TEST

/* What a controller takes and showed: in the store, and nowhere else. */
START_TEST(test_a_controller_survives)
{
	struct machine *m = armed(3);
	json_t *shown;
	char *text;

	strcpy(m->power, "redfish://root@h");
	m->power_password = strdup("vErysEcret");
	memset(m->power_pin, 'a', sizeof m->power_pin - 1);
	m->uefi = true;
	ck_assert_int_eq(machines_save(ms, m), 0);
	close_store();
	open_store();
	load();
	m = machines_by_name(ms, "web01");
	ck_assert_str_eq(m->power_password, "vErysEcret");
	ck_assert_uint_eq(strlen(m->power_pin), 64);
	ck_assert(m->uefi);
	shown = machine_to_json(m, true);
	text = json_dumps(shown, 0);
	ck_assert_ptr_null(strstr(text, "vErysEcret"));
	ck_assert_ptr_nonnull(strstr(text, "\"power\": \"redfish://root@h\""));
	ck_assert_ptr_nonnull(strstr(text, "\"power_fingerprint\": \"aaaa"));
	free(text);
	json_decref(shown);
}
END_TEST

START_TEST(test_seals_survive)
{
	struct machine *m = sealed(3);
	struct sealed_boot was;

	client = by_card("10.0.0.2", &m->nics[0]);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), -EAGAIN);
	ck_assert_int_eq(machine_confirm(m, other_code(m)), -EACCES);
	was = m->attempt.asking;
	close_store();
	open_store();
	load();
	m = machines_by_name(ms, "web01");
	ck_assert_int_eq(m->seal, SEAL_YES);
	ck_assert(m->attempt.sealed && machine_waits(m));
	ck_assert_uint_eq(m->attempt.asks, 1);
	ck_assert_str_eq(m->attempt.asking.token, was.token);
	ck_assert_str_eq(m->attempt.asking.code, was.code);
	ck_assert(same_client(&m->attempt.asking.client, &was.client));
	ck_assert(m->attempt.asking.at == was.at && m->attempt.asking.wrong == 1);
	ck_assert_int_eq(kind_of(was.token), TOKEN_ASKING);
	ck_assert_int_eq(machine_confirm(m, was.code), 0);
	ck_assert_int_eq(kind_of(was.token), TOKEN_BOOT);
	/* "not sealed" is remembered as well */
	m->seal = SEAL_NO;
	ck_assert_int_eq(machines_save(ms, m), 0);
	close_store();
	open_store();
	load();
	ck_assert_int_eq(machines_by_name(ms, "web01")->seal, SEAL_NO);
}
END_TEST

/* An usher before seals reads records of version 1 only, and so refuses these. */
START_TEST(test_sealed_records_are_of_another_version)
{
	struct stored s;
	char why[256];
	struct machine *m = armed(3);

	for (int seal = SEAL_BY_SEGMENT; seal <= SEAL_NO; seal++) {
		m = machines_by_name(ms, "web01");
		m->seal = (enum machine_seal)seal;
		ck_assert_int_eq(machines_save(ms, m), 0);
		close_store();
		ck_assert_int_eq(store_open(path, &store, why, sizeof why), 0);
		ck_assert_int_eq(store_load(store, STORE_MACHINE, take_row, &s), 0);
		open_all(store);
		ck_assert_msg(strstr(s.text, seal == SEAL_BY_SEGMENT ? "\"v\":1," : "\"v\":2,"),
			"%s", s.text);
		load();
	}
}
END_TEST

START_TEST(test_load_order_and_removal)
{
	add("node10", "default", "10.0.0.10");
	add("node2", "default", "10.0.0.2");
	add("node1", "default", "10.0.0.1");
	for (struct machine *m = NULL; (m = machines_next(ms, m));)
		ck_assert_int_eq(machines_save(ms, m), 0);
	machines_remove(ms, machines_by_name(ms, "node1"));
	close_store();
	open_store();
	load();
	ck_assert_uint_eq(machines_count(ms), 2);
	ck_assert_str_eq(machines_next(ms, NULL)->name, "node2");
	ck_assert_str_eq(machines_next(ms, machines_next(ms, NULL))->name, "node10");
}
END_TEST

START_TEST(test_rename)
{
	struct machine *m = add("node10", "default", "10.0.0.10");

	add("node2", "default", "10.0.0.2");
	for (struct machine *each = NULL; (each = machines_next(ms, each));)
		ck_assert_int_eq(machines_save(ms, each), 0);
	ck_assert_int_eq(machines_rename(ms, m, "node2"), -EEXIST);
	ck_assert_int_eq(machines_rename(ms, m, "no name"), -EINVAL);
	ck_assert_str_eq(m->name, "node10");
	ck_assert_int_eq(machines_rename(ms, m, "node1"), 0);
	ck_assert_ptr_null(machines_by_name(ms, "node10"));
	ck_assert_ptr_eq(machines_by_name(ms, "node1"), m);
	ck_assert_ptr_eq(machines_by_uuid(ms, m->uuid), m);
	close_store();
	open_store();
	load();
	ck_assert_uint_eq(machines_count(ms), 2);
	ck_assert_str_eq(machines_next(ms, NULL)->name, "node1");
	ck_assert_str_eq(machines_next(ms, machines_next(ms, NULL))->name, "node2");
}
END_TEST
/* Secrets: all that are, of a machine that is armed. The snapshot is as kickstart/profile_snapshot.c makes it. */

static const char *const clear[] = {"vErysEcret", "lIcence", "hAsh", "lIsted"};

static struct machine *with_secrets(void)
{
	struct machine *m = add("web01", "default", "192.168.122.3");
	json_t *snapshot = json_pack("{s:{s:[{s:s,s:b},{s:s,s:b},{s:s,s:b},{s:s,s:b},{s:s,s:b}]},"
				     "s:{s:s,s:s,s:[s],s:s,s:s}}",
		"profile", "settings", "name", "key", "secret", 1, "name", "pw", "secret", 1,
		"name", "list", "secret", 1, "name", "none", "secret", 1, "name", "size", "secret",
		0, "settings", "key", "lIcence", "pw", "hAsh", "list", "lIsted", "none", "", "size",
		"5G");

	ck_assert_ptr_nonnull(snapshot);
	strcpy(m->uuid, "11111111-2222-4333-8444-555555555555");
	strcpy(m->power, "redfish://root@h");
	m->power_password = strdup("vErysEcret");
	json_object_set_new(m->settings, "key", json_pack("{s:s}", "secret", "lIcence"));
	json_object_set_new(m->settings, "pw", json_pack("{s:s}", "secret", "hAsh"));
	json_object_set_new(m->settings, "size", json_string("5G"));
	ck_assert_int_eq(machine_arm(m, snapshot, 3, 60000), 0);
	ck_assert_int_eq(machines_save(ms, m), 0);
	return m;
}

static json_t *read_record(void)
{
	struct stored s;
	json_t *j;
	char why[256];

	close_store();
	ck_assert_int_eq(store_open(path, &store, why, sizeof why), 0);
	ck_assert_int_eq(store_load(store, STORE_MACHINE, take_row, &s), 0);
	open_all(store);
	j = json_loads(s.text, 0, NULL);
	ck_assert_ptr_nonnull(j);
	return j;
}

static void write_record(json_t *j)
{
	const char *name = json_string_value(json_object_get(j, "name"));
	char *text = json_dumps(j, 0);

	ck_assert_int_eq(
		store_put(store, STORE_MACHINE, name, strlen(name), text, strlen(text)), 0);
	free(text);
	close_store();
	open_store();
}

/* Whole: it has bytes of any kind. */
static bool file_has(const char *text)
{
	static const char *const suffixes[] = {"", "-wal"};
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		char name[128], *bytes;
		struct stat st;
		size_t n;
		FILE *f;

		snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		f = fopen(name, "r");
		if (!f)
			continue;
		ck_assert_int_eq(fstat(fileno(f), &st), 0);
		bytes = malloc((size_t)st.st_size + 1);
		ck_assert_ptr_nonnull(bytes);
		n = fread(bytes, 1, (size_t)st.st_size, f);
		ck_assert_uint_eq(n, (size_t)st.st_size);
		found |= memmem(bytes, n, text, strlen(text)) != NULL;
		free(bytes);
		fclose(f);
	}
	return found;
}

static void check_secrets(void)
{
	const struct machine *m = machines_by_name(ms, "web01");
	const json_t *s = json_object_get(m->attempt.snapshot, "settings");
	json_t *names = machine_unreadable(m);

	ck_assert_uint_eq(json_array_size(names), 0);
	json_decref(names);
	ck_assert_str_eq(m->power_password, "vErysEcret");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(m->settings, "key"), "secret")),
		"lIcence");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(m->settings, "pw"), "secret")),
		"hAsh");
	ck_assert_str_eq(json_string_value(json_object_get(m->settings, "size")), "5G");
	ck_assert_str_eq(json_string_value(json_object_get(s, "key")), "lIcence");
	ck_assert_str_eq(json_string_value(json_object_get(s, "pw")), "hAsh");
	ck_assert_str_eq(
		json_string_value(json_array_get(json_object_get(s, "list"), 0)), "lIsted");
	ck_assert_str_eq(json_string_value(json_object_get(s, "none")), "");
	ck_assert_str_eq(json_string_value(json_object_get(s, "size")), "5G");
}

START_TEST(test_secrets_are_encrypted)
{
	json_t *j;

	with_secrets();
	j = read_record();
	for (size_t i = 0; i < sizeof clear / sizeof *clear; i++)
		ck_assert_msg(!file_has(clear[i]), "%s", clear[i]);
	ck_assert(file_has("5G"));
	/* an usher of before refuses it, and so misses nothing */
	ck_assert_int_eq(json_integer_value(json_object_get(j, "v")), 3);
	json_decref(j);
	load();
	check_secrets();
	ck_assert_int_eq(machines_encrypt(ms), 0); /* nothing is to be done */
	/* under another name, too */
	ck_assert_int_eq(machines_rename(ms, machines_by_name(ms, "web01"), "other"), 0);
	close_store();
	open_store();
	load();
	ck_assert_int_eq(machines_rename(ms, machines_by_name(ms, "other"), "web01"), 0);
	check_secrets();
}
END_TEST

/* Each writes another text: what is the same in two records is not seen to be. */
START_TEST(test_the_same_secret_looks_different)
{
	json_t *first, *second;

	with_secrets();
	first = read_record();
	load();
	ck_assert_int_eq(machines_save(ms, machines_by_name(ms, "web01")), 0);
	second = read_record();
	ck_assert(!json_equal(json_object_get(first, "power_password"),
		json_object_get(second, "power_password")));
	json_decref(first);
	json_decref(second);
}
END_TEST

START_TEST(test_secrets_in_clear_are_encrypted)
{
	json_t *j, *attempt;
	char why[256];

	with_secrets();
	j = read_record();
	json_object_set_new(j, "v", json_integer(1));
	json_object_set_new(j, "power_password", json_string("vErysEcret"));
	json_object_set_new(j, "settings",
		json_pack("{s:{s:s},s:{s:s},s:s}", "key", "secret", "lIcence", "pw", "secret",
			"hAsh", "size", "5G"));
	attempt = json_object_get(json_object_get(j, "attempt"), "snapshot");
	json_object_set_new(attempt, "settings",
		json_pack("{s:s,s:s,s:[s],s:s,s:s}", "key", "lIcence", "pw", "hAsh", "list",
			"lIsted", "none", "", "size", "5G"));
	write_record(j);
	json_decref(j);
	for (size_t i = 0; i < sizeof clear / sizeof *clear; i++)
		ck_assert_msg(file_has(clear[i]), "%s", clear[i]);
	load();
	check_secrets();
	ck_assert_int_eq(machines_encrypt(ms), 1);
	ck_assert_int_eq(machines_encrypt(ms), 0);
	ck_assert_int_eq(store_commit(store, NULL, NULL), 0);
	ck_assert_int_eq(store_erase(store), 0);
	for (size_t i = 0; i < sizeof clear / sizeof *clear; i++)
		ck_assert_msg(!file_has(clear[i]), "%s", clear[i]);
	close_all();
	store_close(store);
	ck_assert_int_eq(store_open(path, &store, why, sizeof why), 0);
	open_all(store);
	load();
	check_secrets();
}
END_TEST

static void check_locked(const char *want)
{
	const struct machine *m = machines_by_name(ms, "web01");
	json_t *names = machine_unreadable(m), *shown = machine_to_json(m, true);
	char *text = json_dumps(names, JSON_COMPACT);

	ck_assert_str_eq(text, want);
	ck_assert(json_equal(json_object_get(shown, "unreadable"), names));
	free(text);
	text = json_dumps(shown, 0);
	ck_assert_ptr_null(strstr(text, "encrypted"));
	free(text);
	json_decref(names);
	json_decref(shown);
}

/* With another key the machine is there, and says what it misses; the old one reads it again, even from a record that was
 * written meanwhile. */
START_TEST(test_another_key)
{
	struct machine *m;

	with_secrets();
	close_store();
	used_key = &other_key;
	open_store();
	load();
	m = machines_by_name(ms, "web01");
	ck_assert_ptr_null(m->power_password);
	check_locked("[\"power_password\",\"settings/key\",\"settings/pw\",\"settings/list\"]");
	ck_assert_int_eq(machines_save(ms, m), 0);
	close_store();
	used_key = &first_key;
	open_store();
	load();
	check_secrets();
}
END_TEST

/* What is moved to another machine's record, or another place in it, is not read. */
START_TEST(test_secrets_stay_in_their_place)
{
	json_t *j, *settings;

	with_secrets();
	j = read_record();
	json_object_set_new(j, "uuid", json_string("11111111-2222-4333-8444-555555555556"));
	write_record(j);
	load();
	check_locked("[\"power_password\",\"settings/key\",\"settings/pw\",\"settings/list\"]");
	json_object_set_new(j, "uuid", json_string("11111111-2222-4333-8444-555555555555"));
	settings = json_object_get(j, "settings");
	json_object_set(settings, "key", json_object_get(settings, "pw"));
	json_object_set(json_object_get(json_object_get(json_object_get(j, "attempt"), "snapshot"),
				"settings"),
		"pw", json_object_get(settings, "pw"));
	write_record(j);
	load();
	check_locked("[\"settings/key\",\"settings/pw\"]");
	json_decref(j);
}
END_TEST

START_TEST(test_without_a_key)
{
	char why[256] = "";

	with_secrets();
	close_store();
	used_key = NULL;
	open_store();
	ck_assert_int_eq(machines_load(ms, why, sizeof why), -ENOKEY);
	ck_assert_ptr_nonnull(strstr(why, "web01"));
	add("plain", "default", "192.168.122.4");
	ck_assert_int_eq(machines_save(ms, machines_by_name(ms, "plain")), 0);
	machines_by_name(ms, "plain")->power_password = strdup("vErysEcret");
	ck_assert_int_eq(machines_save(ms, machines_by_name(ms, "plain")), -ENOKEY);
	ck_assert(!file_has("vErysEcret"));
}
END_TEST

START_TEST(test_deadlines_survive)
{
	armed(3);
	close_store();
	open_store();
	load();
	ck_assert_str_eq(machines_next_deadline(ms)->name, "web01");
}
END_TEST

static const char *const bad_records[] = {
	"",
	"nonsense",
	"[]",
	"{}",
	"{\"v\":1,\"name\":\"x\"}",
	"{\"v\":1,\"name\":7}",
	"{\"v\":99,\"name\":\"bad\"}",
};

START_TEST(test_bad_records)
{
	const char *text = bad_records[_i];
	char why[256] = "";

	ck_assert_int_eq(store_put(store, STORE_MACHINE, "bad", 3, text, strlen(text)), 0);
	close_store();
	open_store();
	ck_assert_int_eq(machines_load(ms, why, sizeof why), -EPROTO);
	ck_assert_msg(strstr(why, "machine bad") != NULL, "%s", why);
	ck_assert_uint_eq(machines_count(ms), 0);
}
END_TEST

/* A good record with any one member taken out or of another type is refused, and never read half.
 */
START_TEST(test_each_member_is_wanted)
{
	struct stored s;
	char why[256];
	json_t *good, *bad, *attempt;
	const char *key;
	json_t *value;

	armed(3);
	close_store();
	ck_assert_int_eq(store_open(path, &store, why, sizeof why), 0);
	ck_assert_int_eq(store_load(store, STORE_MACHINE, take_row, &s), 0);
	open_all(store);
	good = json_loads(s.text, 0, NULL);
	attempt = json_object_get(good, "attempt");
	for (int inner = 0; inner < 2; inner++) {
		json_object_foreach(inner ? attempt : good, key, value)
		{
			char *text;

			if (strcmp(key, "snapshot") == 0)
				continue;
			bad = json_deep_copy(good);
			json_object_set_new(
				inner ? json_object_get(bad, "attempt") : bad, key, json_real(0.5));
			text = json_dumps(bad, 0);
			ck_assert_int_eq(
				store_put(store, STORE_MACHINE, "web01", 5, text, strlen(text)), 0);
			free(text);
			json_decref(bad);
			close_store();
			open_store();
			ck_assert_msg(machines_load(ms, why, sizeof why) == -EPROTO, "%s", key);
			ck_assert_msg(
				strstr(why, key) || strstr(why, "not a state"), "%s: %s", key, why);
		}
	}
	json_decref(good);
}
END_TEST

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVz"
#define OTHER_KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqbNHXJVQnBaoTXOuVOpXcdZe13SKSpNFm8nNIkGYVA"

/* Of the system that boots for the first time, once; a new attempt forgets them. */
START_TEST(test_host_keys)
{
	struct machine *m = add("web01", "lab", "10.0.0.5");
	char why[256];
	json_t *shown, *keys;

	ck_assert_int_eq(machine_host_keys(m, KEY, why, sizeof why), -EPERM);
	ck_assert_int_eq(machine_arm(m, NULL, 3, 0), 0);
	ck_assert_int_eq(machine_boot(m, TOKEN_NEXT, &client), 0);
	ck_assert_int_eq(machine_host_keys(m, KEY, why, sizeof why), -EPERM);
	ck_assert_int_eq(machine_event(m, LIFE_DONE, NULL), 0);
	ck_assert_int_eq(machine_host_keys(m, "x", why, sizeof why), -EINVAL);
	ck_assert_int_eq(machine_host_keys(m, KEY " root@web01\n", why, sizeof why), 0);
	ck_assert_int_eq(machine_host_keys(m, KEY, why, sizeof why), 0);
	ck_assert_int_eq(machine_host_keys(m, OTHER_KEY, why, sizeof why), -EEXIST);
	shown = machine_to_json(m, true);
	keys = json_object_get(shown, "host_keys");
	ck_assert_uint_eq(json_array_size(keys), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(keys, 0), "key")), KEY);
	json_decref(shown);
	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert_int_eq(machine_host_keys(m, OTHER_KEY, why, sizeof why), -EPERM);
	ck_assert_int_eq(machine_arm(m, NULL, 3, 0), 0);
	ck_assert_ptr_null(m->host_keys);
}
END_TEST

static void add_memory_tests(Suite *s)
{
	TCase *t = tcase_create("machine");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_look_ups);
	tcase_add_test(t, test_clashes);
	tcase_add_test(t, test_a_saved_change_is_found);
	tcase_add_test(t, test_a_segment_not_served);
	tcase_add_test(t, test_name_order);
	tcase_add_test(t, test_walk);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_lowest);
	tcase_add_test(t, test_lowest_of_a_full_segment);
	tcase_add_test(t, test_after_a_name);
	tcase_add_test(t, test_arm);
	tcase_add_test(t, test_tokens_are_found);
	tcase_add_test(t, test_whole_install);
	tcase_add_test(t, test_boot_retry);
	tcase_add_test(t, test_sealed_by_a_segment);
	tcase_add_test(t, test_sealed_asks);
	tcase_add_test(t, test_sealed_confirmed);
	tcase_add_test(t, test_sealed_wrong_codes);
	tcase_add_test(t, test_sealed_by_name);
	tcase_add_test(t, test_sealed_by_segment);
	tcase_add_test(t, test_boot_by_name);
	tcase_add_test(t, test_too_many_boots);
	tcase_add_test(t, test_answers_for_whom);
	tcase_add_test(t, test_cards);
	tcase_add_test(t, test_families);
	tcase_add_test(t, test_card_not_known);
	tcase_add_test(t, test_progress_closes_answers);
	tcase_add_test(t, test_failure_keeps_the_reason);
	tcase_add_test(t, test_repetitions_are_left_out);
	tcase_add_test(t, test_disarm);
	tcase_add_test(t, test_an_action_may_remove_the_machine);
	tcase_add_test(t, test_deadlines);
	tcase_add_test(t, test_deadlines_and_steps);
	tcase_add_test(t, test_deadline_of_first_boot);
	tcase_add_test(t, test_clone);
	tcase_add_test(t, test_template);
	tcase_add_test(t, test_host_keys);
	tcase_add_test(t, test_json);
	suite_add_tcase(s, t);
}

static void add_store_tests(Suite *s)
{
	TCase *t = tcase_create("stored");

	tcase_add_checked_fixture(t, setup_store, teardown_store);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_round_trip);
	tcase_add_test(t, progress_is_stored_once_a_second);
	tcase_add_test(t, test_a_tool);
	tcase_add_test(t, test_a_live_system);
	tcase_add_test(t, test_a_live_system_that_fails);
	tcase_add_test(t, test_a_live_system_that_loops);
	tcase_add_test(t, test_a_live_system_by_name);
	tcase_add_test(t, test_live_again);
	tcase_add_test(t, test_a_controller_survives);
	tcase_add_test(t, test_secrets_are_encrypted);
	tcase_add_test(t, test_the_same_secret_looks_different);
	tcase_add_test(t, test_secrets_in_clear_are_encrypted);
	tcase_add_test(t, test_another_key);
	tcase_add_test(t, test_secrets_stay_in_their_place);
	tcase_add_test(t, test_without_a_key);
	tcase_add_test(t, test_seals_survive);
	tcase_add_test(t, test_sealed_records_are_of_another_version);
	tcase_add_test(t, test_load_order_and_removal);
	tcase_add_test(t, test_rename);
	tcase_add_test(t, test_deadlines_survive);
	tcase_add_loop_test(t, test_bad_records, 0, sizeof bad_records / sizeof bad_records[0]);
	tcase_add_test(t, test_each_member_is_wanted);
	suite_add_tcase(s, t);
}

int main(void)
{
	Suite *s = suite_create("machine");
	SRunner *r;
	int failed;

	add_memory_tests(s);
	add_store_tests(s);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
