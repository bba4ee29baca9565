/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose messages are kept, and when; how many; what is said of the others; a line as it is kept. */
#include "service/logs/logs.h"

#include "rooms_make.h"
#include "stepped_clock.h"

#include "core/clock.h"

static struct service rooms;
static struct logs *logs = &rooms.logs;
static struct machine *web01;
static uint32_t lan;

/* Whose address it is. */
static struct machine *speaks;
static const char *because;
static unsigned looks;

static struct machine *speaker(
	void *arg, uint32_t segment, const struct ip *from, char *why, size_t size)
{
	(void)arg;
	ck_assert_uint_eq(segment, lan);
	ck_assert_uint_eq(from->family, IP_V4);
	snprintf(why, size, "%s", because);
	looks++;
	return speaks;
}

static void setup(void)
{
	rooms_make(&rooms);
	lan = base_segment(&rooms.base, "lan")->id;
	web01 = speaks = base_machine(&rooms.base, "web01", false, "10.77.1.3");
	because = "";
	looks = 0;
	logs->speaker = speaker;
}

static void teardown(void)
{
	memset(&stepped, 0, sizeof stepped);
	rooms_unmake(&rooms);
}

static bool says(const char *message)
{
	const struct ip from = base_ip("10.77.1.3");

	return logs_took(logs, lan, &from, message, strlen(message));
}

/* All that is kept of web01, when it is written. */
static json_t *kept(void)
{
	static char bytes[KEPT_FILE_MAX];
	struct kept *k = kept_find(&logs->machines, "web01");
	uint64_t from, after = 0;
	json_t *all = json_array(), *some;
	size_t n, whole;

	base_wait(&rooms.base, !k || (!k->writing && !k->n_waiting));
	while (k && !kept_file_read(&k->file, after, bytes, sizeof bytes, &from, &n) && n) {
		some = logs_lines_json(bytes, n, &whole);
		ck_assert_uint_eq(whole, n);
		json_array_extend(all, some);
		json_decref(some);
		after = from + n;
	}
	return all;
}

static size_t count(void)
{
	json_t *all = kept();
	size_t n = json_array_size(all);

	json_decref(all);
	return n;
}

static const char *last_text(void)
{
	static char text[LOGS_TEXT];
	json_t *all = kept();

	snprintf(text, sizeof text, "%s",
		json_string_value(
			json_object_get(json_array_get(all, json_array_size(all) - 1), "text")));
	json_decref(all);
	return text;
}

START_TEST(when)
{
	static const bool yes[LIFE_STATES] = {[LIFE_ARMED] = true,
		[LIFE_BOOTING] = true,
		[LIFE_INSTALLING] = true,
		[LIFE_INSTALLED] = true,
		[LIFE_FAILED] = true,
		[LIFE_LIVE] = true};
	size_t n = 0;

	web01->attempt.ended_at = clock_wall_ms();
	for (int state = 0; state < LIFE_STATES; state++) {
		web01->state = (enum life_state)state;
		ck_assert_msg(says("<11>a: x") == yes[state], "%s",
			life_state_name((enum life_state)state));
		n += yes[state];
	}
	ck_assert_uint_eq(count(), n);
	ck_assert_uint_eq(logs->kept, n);
	ck_assert_uint_eq(logs->refused, LIFE_STATES - n);
	web01->state = LIFE_FAILED;
	stepped.wall += LOGS_LATE_MS + 1;
	ck_assert(!says("<11>a: too late"));
	web01->state = LIFE_ARMED;
	web01->deleting = true;
	ck_assert(!says("<11>a: it goes"));
	web01->deleting = false;
	ck_assert(logs_admits(logs, lan, (struct ip[]){base_ip("10.77.1.3")}));
}
END_TEST

static void on_line(void *arg, struct machine *m, const struct logs_line *l)
{
	char *to = arg;

	sprintf(to, "%s %s.%s %s[%s] %s, attempt %llu", m->name, l->facility, l->severity,
		l->program, l->pid, l->text, (unsigned long long)l->attempt);
}

START_TEST(a_line)
{
	char told[4096] = "";
	json_t *all, *line;

	base_arm(web01, "debian-12");
	logs->line = on_line;
	logs->line_arg = told;
	ck_assert(says("<139>Nov 29 22:43:24 web01 anaconda[9]: it\tfailed \033[1m "
		       "0123456789abcdef0123456789abcdef\n"));
	ck_assert_str_eq(told, "web01 local1.err anaconda[9] it failed \\u001b[1m *, attempt 1");
	ck_assert(says("<13>a:  \n")); /* it says nothing */
	all = kept();
	ck_assert_uint_eq(json_array_size(all), 1);
	line = json_array_get(all, 0);
	ck_assert_str_eq(json_string_value(json_object_get(line, "facility")), "local1");
	ck_assert_str_eq(json_string_value(json_object_get(line, "severity")), "err");
	ck_assert_str_eq(json_string_value(json_object_get(line, "program")), "anaconda");
	ck_assert_str_eq(json_string_value(json_object_get(line, "pid")), "9");
	ck_assert_str_eq(
		json_string_value(json_object_get(line, "text")), "it failed \\u001b[1m *");
	ck_assert_int_eq(json_integer_value(json_object_get(line, "attempt")), 1);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(line, "at")));
	json_decref(all);
	ck_assert(says("no tag"));
	all = kept();
	ck_assert(json_is_null(json_object_get(json_array_get(all, 1), "program")));
	json_decref(all);
}
END_TEST

/* Cut anywhere, what is whole is told, and nothing that is none. */
START_TEST(pieces)
{
	struct logs_line l = {.at = 1764456204123,
		.attempt = 2,
		.facility = "kern",
		.severity = "info",
		.program = "kernel",
		.text = "x"};
	char stored[2 * LOGS_STORED];
	size_t n = logs_line_store(&l, stored), whole;
	json_t *all;

	n += logs_line_store(&l, stored + n);
	for (size_t cut = 0; cut <= n; cut++) {
		all = logs_lines_json(stored, cut, &whole);
		ck_assert_uint_eq(json_array_size(all), cut / (n / 2));
		ck_assert_uint_eq(whole, cut / (n / 2) * (n / 2));
		json_decref(all);
		all = logs_lines_json(stored + cut, n - cut, &whole);
		ck_assert_uint_eq(json_array_size(all), (n - cut) / (n / 2));
		ck_assert_uint_eq(whole, n - cut);
		json_decref(all);
	}
	ck_assert_ptr_null(logs_line_json("1\t1\ta\tb\tc\td\te\tf", 15));
}
END_TEST

/* Of what the wire shows, and of strangers, something is said now and then. */
START_TEST(refused)
{
	base_arm(web01, "debian-12");
	because = "the request came from MAC 02:00:00:00:00:09";
	ck_assert(!says("<13>a: x"));
	ck_assert_str_eq(base_told(&rooms.base, "web01", "refused"),
		"syslog for 10.77.1.3: the request came from MAC 02:00:00:00:00:09");
	ck_assert_str_eq(base_told(&rooms.base, "", "refused"), "");
	because = "";
	ck_assert(!says("<13>a: x")); /* for a second that is so */
	ck_assert_uint_eq(looks, 1);
	stepped.mono += LOGS_HEARD_MS;
	ck_assert(says("<13>a: x"));
	ck_assert(says("<13>a: x"));
	ck_assert_uint_eq(looks, 2);
	stepped.mono += LOGS_HEARD_MS;
	speaks = NULL;
	for (int i = 0; i < 5; i++)
		ck_assert(!says("<13>a: x"));
	ck_assert_str_eq(base_told(&rooms.base, "", "refused"),
		"syslog on lan: what 10.77.1.3 sends is not kept: no machine has that address");
	stepped.mono += LOGS_TOLD_MS;
	speaks = web01;
	web01->state = LIFE_UP;
	ck_assert(!says("<13>a: x"));
	ck_assert_str_eq(base_told(&rooms.base, "", "refused"),
		"syslog on lan: what 10.77.1.3 sends is not kept: web01 is not being installed; so "
		"were 4 more before");
	ck_assert_uint_eq(logs->refused, 8);
	ck_assert_uint_eq(count(), 2);
}
END_TEST

START_TEST(too_much)
{
	base_arm(web01, "debian-12");
	for (int i = 0; i < LOGS_LINES + 7; i++) {
		ck_assert(says("<13>a: x"));
		if (i % 100 == 0)
			(void)count(); /* the disk is as fast */
	}
	ck_assert_uint_eq(logs->kept, LOGS_LINES);
	ck_assert_uint_eq(logs->left_out, 7);
	ck_assert_uint_eq(count(), LOGS_LINES);
	stepped.mono += LOGS_WINDOW_MS;
	base_wait(&rooms.base, count() == LOGS_LINES + 1);
	ck_assert_str_eq(last_text(), "7 lines are left out here: it logs more than 5000 in 10 s");
	ck_assert(says("<13>a: again"));
	ck_assert_str_eq(last_text(), "again");
}
END_TEST

START_TEST(it_goes)
{
	char path[128];

	snprintf(path, sizeof path, "%s/log/web01.log", base_dir);
	base_arm(web01, "debian-12");
	ck_assert(says("<13>a: x"));
	ck_assert_uint_eq(count(), 1);
	ck_assert_int_eq(access(path, F_OK), 0);
	logs_forget(logs, web01);
	base_wait(&rooms.base, access(path, F_OK));
	ck_assert_ptr_null(kept_find(&logs->machines, "web01"));
	ck_assert(says("<13>a: anew"));
	ck_assert_uint_eq(count(), 1);
	ck_assert(says("<13>a: last words"));
	rooms_stop(&rooms); /* what waits is written */
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* The lines go with it. */
START_TEST(renamed)
{
	struct machine *other;

	base_arm(web01, "debian-12");
	ck_assert(says("<13>a: x"));
	ck_assert_int_eq(machines_rename(rooms.base.machines, web01, "web02"), 0);
	logs_renamed(logs, web01, "web01");
	other = speaks = base_machine(&rooms.base, "web01", false, "10.77.1.4");
	base_arm(other, "debian-12");
	ck_assert(says("<13>a: y"));
	ck_assert_uint_eq(count(), 1);
	ck_assert_str_eq(last_text(), "y");
	ck_assert_ptr_nonnull(kept_find(&logs->machines, "web02"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("logs");
	TCase *t = tcase_create("logs");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, when);
	tcase_add_test(t, a_line);
	tcase_add_test(t, pieces);
	tcase_add_test(t, refused);
	tcase_add_test(t, too_much);
	tcase_add_test(t, it_goes);
	tcase_add_test(t, renamed);
	suite_add_tcase(s, t);
	return base_run(s);
}
