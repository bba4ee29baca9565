/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recording a guest's serial console: what is in its log, what a storm costs, and in which state it is. */
#include "service/console/console_record.h"

#include "rooms_make.h"
#include "stepped_clock.h"
#include "console_stream.h"

#include "core/clock.h"

#include <errno.h>

static struct service rooms;
static struct consoles *consoles = &rooms.consoles;
static struct machine *web01;
static char text[(1 << 20) + 1];

static void setup(void)
{
	virConnectPtr v = virConnectOpen("test:///default");
	virDomainPtr d = virDomainLookupByName(v, "test");

	rooms_make(&rooms);
	rooms_deafen(&rooms);
	guests_connect(rooms.hosts.own);
	base_wait(&rooms.base, guests_connected(rooms.hosts.own));
	web01 = base_record("web01", true, "lan", "10.77.1.3");
	ck_assert_int_eq(virDomainGetUUIDString(d, web01->uuid), 0);
	base_add(&rooms.base, web01);
	virDomainFree(d);
	virConnectClose(v);
}

static void reset(void)
{
	memset(&stepped, 0, sizeof stepped); /* the test library measures, too */
}

static void teardown(void)
{
	reset();
	rooms_unmake(&rooms);
	free(console_stream.said);
}

static struct recording *recording(void)
{
	return record_of(consoles, web01);
}

static bool listens(void)
{
	bool yes;

	pthread_mutex_lock(&console_stream.lock);
	yes = console_stream.stream;
	pthread_mutex_unlock(&console_stream.lock);
	return yes && recording()->state == RECORD_ON;
}

static void connected(void)
{
	record_connected(consoles, rooms.hosts.own);
	base_wait(&rooms.base, listens());
}

static const char *log_called(const char *name)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/console/%s.log", base_dir, name);
	f = fopen(path, "r");
	text[f ? fread(text, 1, sizeof text - 1, f) : 0] = '\0';
	if (f)
		fclose(f);
	return text;
}

/* What its log has. */
static const char *log_now(void)
{
	return log_called("web01");
}

static unsigned times(const char *part)
{
	unsigned n = 0;

	for (const char *at = log_now(); (at = strstr(at, part)); at++)
		n++;
	return n;
}

/* Turns the loop until all of it is on disk. */
static void written(void)
{
	base_wait(&rooms.base, !recording()->kept.writing && !recording()->kept.n_waiting);
}

static void logged(const char *part)
{
	base_wait(&rooms.base, times(part));
}

static void say(const char *what)
{
	ck_assert(console_stream_say(what, strlen(what)));
}

static void say_much(size_t n)
{
	char *x = malloc(n);

	memset(x, 'x', n);
	ck_assert(console_stream_say(x, n));
	free(x);
}

static void state_is(enum record_state state, const char *why)
{
	ck_assert_str_eq(record_state_name(recording()->state), record_state_name(state));
	ck_assert_str_eq(recording()->why, why);
}

static int64_t next_try(void)
{
	ck_assert_uint_ne(recording()->again.slot, 0);
	return recording()->again.at - clock_mono_ms();
}

/* --- a run ------------------------------------------------------------------------------------------------------------------ */

START_TEST(a_run)
{
	record_started(consoles, web01);
	base_wait(&rooms.base, listens());
	state_is(RECORD_ON, "");
	say("login: ");
	say("root\r\n");
	logged("login: root\r\n");
	ck_assert_uint_eq(times("] web01 starts\r\n"), 1);
	ck_assert_uint_eq(times("is recorded from here on"), 0); /* from its start */
	ck_assert_int_lt(strstr(text, "] web01 starts") - text, strstr(text, "login:") - text);
	ck_assert_int_eq(record_send(recording(), "ls\n", 3), 0);
	base_wait(&rooms.base, !strcmp(console_stream.typed, "ls\n"));
}
END_TEST

/* It runs already, and libvirt is there again. */
START_TEST(from_here_on)
{
	connected();
	logged("] web01 is recorded from here on\r\n");
	record_connected(consoles, rooms.hosts.own); /* it is open: nothing changes */
	say("hello\r\n");
	logged("hello");
	ck_assert_uint_eq(times("is recorded from here on"), 1);
	ck_assert_uint_eq(console_stream.opens, 1);
}
END_TEST

/* The guest's reboot closes the stream, and it goes on; its end is told. */
START_TEST(closed_and_off)
{
	struct recording *r;

	connected();
	console_stream_close();
	base_wait(&rooms.base, recording()->state == RECORD_OPENING);
	ck_assert_int_le(next_try(), RECORD_ENDED_MS);
	ck_assert_int_gt(next_try(), RECORD_ENDED_MS - 500);
	stepped.mono += RECORD_ENDED_MS;
	base_wait(&rooms.base, listens());
	written();
	ck_assert_uint_eq(times("is recorded from here on"), 1);
	/* now it is off */
	r = recording();
	strcpy(r->uuid, "00000000-0000-0000-0000-000000000001");
	strcpy(web01->uuid, r->uuid);
	console_stream_close();
	stepped.mono += RECORD_ENDED_MS;
	base_wait(&rooms.base, recording()->state == RECORD_OFF);
	state_is(RECORD_OFF, "the guest is off");
	logged("] web01 is off\r\n");
	ck_assert_uint_eq(recording()->again.slot, 0);
	ck_assert_int_eq(record_send(recording(), "x", 1), -EPIPE);
	reset();
}
END_TEST

/* It was started while the stream of the run before was not over yet: no byte of it is waited for. */
START_TEST(started_again)
{
	connected();
	record_started(consoles, web01);
	ck_assert(recording()->run_again);
	console_stream_close();
	while (recording()->state == RECORD_ON)
		loop_once(rooms.base.loop, 0);
	ck_assert(recording()->stream || recording()->again.at <= clock_mono_ms());
	base_wait(&rooms.base, console_stream.opens == 2 && listens());
	logged("] web01 starts\r\n");
	ck_assert(!recording()->run_again);
}
END_TEST

START_TEST(never_on)
{
	strcpy(web01->uuid, "00000000-0000-0000-0000-000000000001");
	record_connected(consoles, rooms.hosts.own);
	base_wait(&rooms.base, recording()->state == RECORD_OFF);
	ck_assert_uint_eq(times("is off"), 0); /* nobody said that it runs */
}
END_TEST

/* --- a storm ---------------------------------------------------------------------------------------------------------------- */

static void printed(size_t n)
{
	for (size_t part; n; n -= part) {
		part = n < 32 << 10 ? n : 32 << 10;
		say_much(part);
		for (int i = 0; i < 3; i++)
			loop_once(rooms.base.loop, 0);
	}
}

/* What it may say at once, and for ever. */
START_TEST(what_it_may_say)
{
	struct recording *r;

	connected();
	r = recording();
	printed(RECORD_BURST);
	ck_assert_int_eq(r->state, RECORD_ON);
	ck_assert_int_le(r->budget, RECORD_RATE); /* a turn of the loop takes its time */
	for (int i = 0; i < 5; i++) {
		stepped.mono += 1000;
		printed(RECORD_RATE - 256);
		ck_assert_int_eq(r->state, RECORD_ON);
	}
	stepped.mono += 3600 * 1000; /* no more than that is saved up */
	printed(1);
	ck_assert_int_eq(r->budget, RECORD_BURST - 1);
	reset();
}
END_TEST

START_TEST(a_storm)
{
	connected();
	logged("is recorded from here on");
	say_much(RECORD_BURST + 64 * 1024);
	base_wait(&rooms.base, recording()->state == RECORD_PAUSED);
	state_is(RECORD_PAUSED, "it prints without end");
	ck_assert_int_le(next_try(), RECORD_PAUSE_MS);
	ck_assert_int_gt(next_try(), RECORD_PAUSE_MS - 1000);
	logged("] web01 prints without end: nothing is recorded for 5 s\r\n");
	base_wait(&rooms.base, !listens());
	ck_assert(!console_stream_say("x", 1)); /* QEMU throws it away by itself */
	stepped.mono += RECORD_PAUSE_MS;
	base_wait(&rooms.base, listens());
	written();
	ck_assert_uint_eq(times("is recorded from here on"), 2);
	say("quiet\r\n");
	logged("quiet");
	reset();
}
END_TEST

/* None is lost unsaid. */
START_TEST(what_is_missing)
{
	enum { SAID = 200 * 1000 };
	unsigned long long missing = 0, there = 0;

	connected();
	logged("is recorded from here on");
	say_much(SAID); /* more than waits for the main thread */
	logged("bytes are missing here");
	for (const char *x = log_now(); *x; x++)
		there +=
			x[0] == 'x' && x[1] != '\0' && (x == text || x[-1] == 'x' || x[-1] == '\n');
	ck_assert_int_eq(sscanf(strstr(strstr(text, "xxxx"), "] ") + 2, "%llu bytes", &missing), 1);
	ck_assert_uint_gt(there, 0);
	ck_assert_uint_eq(there + missing, SAID);
}
END_TEST

/* --- it cannot be had ------------------------------------------------------------------------------------------------------- */

START_TEST(taken)
{
	console_stream.error = VIR_ERR_OPERATION_FAILED;
	record_connected(consoles, rooms.hosts.own);
	base_wait(&rooms.base, recording()->state == RECORD_TAKEN);
	state_is(RECORD_TAKEN, "another client has the console open");
	logged("another client has the console of web01 open (virsh console?): nothing is recorded");
	stepped.mono += RECORD_TAKEN_MS;
	base_wait(&rooms.base, console_stream.opens == 2 && recording()->again.slot);
	state_is(RECORD_TAKEN, "another client has the console open");
	written();
	ck_assert_uint_eq(times("another client has"), 1); /* once */
	console_stream.error = 0;
	stepped.mono += RECORD_TAKEN_MS;
	base_wait(&rooms.base, listens());
	logged("is recorded from here on");
	reset();
}
END_TEST

/* Twice as long each time, six times. */
START_TEST(for_other_reasons)
{
	static const int seconds[] = {5, 10, 20, 40, 80, 160, 320, 320};

	console_stream.error = VIR_ERR_INTERNAL_ERROR;
	record_connected(consoles, rooms.hosts.own);
	for (unsigned i = 0; i < 8; i++) {
		base_wait(&rooms.base, console_stream.opens == i + 1 && recording()->again.slot);
		ck_assert_int_eq(recording()->state, RECORD_NONE);
		ck_assert_int_le(next_try(), seconds[i] * 1000);
		ck_assert_int_gt(next_try(), seconds[i] * 1000 - 1000);
		stepped.mono += next_try();
	}
	console_stream.error = 0;
	stepped.mono += 400 * 1000;
	base_wait(&rooms.base, listens());
	ck_assert_uint_eq(recording()->odd, 0);
	reset();
}
END_TEST

START_TEST(no_console)
{
	console_stream.error = VIR_ERR_NO_SUPPORT;
	record_connected(consoles, rooms.hosts.own);
	base_wait(&rooms.base, recording()->state == RECORD_NONE);
	ck_assert_uint_eq(recording()->again.slot, 0); /* this hypervisor has none */
	console_stream.error = 0;
	rooms.base.config.consoles = false;
	record_connected(consoles, rooms.hosts.own);
	state_is(RECORD_NONE, "usher.xml has consoles='no'");
	rooms.base.config.consoles = true;
	web01->guest_transient = true;
	record_connected(consoles, rooms.hosts.own);
	state_is(RECORD_NONE, "its domain is being removed");
	web01->guest_transient = false;
	web01->deleting = true;
	record_started(consoles, web01);
	state_is(RECORD_NONE, "its domain is being removed");
	ck_assert_uint_eq(console_stream.opens, 1);
	web01->deleting = false;
	connected();
	record_leave(consoles, web01);
	state_is(RECORD_NONE, "its domain is being removed");
	base_wait(&rooms.base, console_stream.aborts == 1);
}
END_TEST

START_TEST(libvirt_goes)
{
	struct machine *far = base_machine(&rooms.base, "far", true, "10.77.1.4");
	struct guests *away = NULL;
	char why[256];

	/* Before the own one connects: it would open far's console, too. */
	base_spec_put(far, json_pack("{s:o}", "connect", json_string("test:///no/such/file")));
	ck_assert_int_eq(
		hosts_find(&rooms.hosts, "test:///no/such/file", &away, why, sizeof why), 0);
	connected();
	record_started(consoles, far);
	ck_assert_int_eq(record_of(consoles, far)->state, RECORD_AWAY);
	record_disconnected(consoles, away); /* another */
	ck_assert_int_eq(recording()->state, RECORD_ON);
	record_disconnected(consoles, rooms.hosts.own);
	state_is(RECORD_AWAY, "libvirt does not answer");
	logged("] libvirt does not answer: nothing of web01 is recorded meanwhile\r\n");
	record_disconnected(consoles, rooms.hosts.own);
	connected();
	written();
	ck_assert_uint_eq(times("libvirt does not answer"), 1);
	ck_assert_uint_eq(times("is recorded from here on"), 2);
}
END_TEST

/* --- the end ---------------------------------------------------------------------------------------------------------------- */

static bool has_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/console/%s", base_dir, name);
	return !access(path, F_OK);
}

/* The name may be used again at once, and that is another's log. */
START_TEST(forgotten)
{
	struct recording *was;

	connected();
	say("secret\r\n");
	logged("secret");
	was = recording();
	record_forget(consoles, web01);
	ck_assert_ptr_ne(recording(), was);
	connected();
	say("new\r\n");
	logged("new");
	ck_assert_uint_eq(times("secret"), 0);
}
END_TEST

/* What it said goes with it, and the old name is another's at once. */
START_TEST(renamed)
{
	struct recording *was;
	struct machine *new;

	connected();
	say("secret\r\n");
	logged("secret");
	was = recording();
	say("last words\r\n"); /* under way */
	ck_assert_int_eq(machines_rename(rooms.base.machines, web01, "web02"), 0);
	record_renamed(consoles, web01, "web01");
	ck_assert_ptr_eq(recording(), was);
	new = base_machine(&rooms.base, "web01", true, "10.77.1.4");
	ck_assert_ptr_ne(record_of(consoles, new), was);
	record_started(consoles, new);
	base_wait(&rooms.base, times("web01 starts"));
	ck_assert_uint_eq(times("secret"), 0);
	base_wait(&rooms.base, strstr(log_called("web02"), "last words"));
	ck_assert_ptr_nonnull(strstr(text, "secret"));
	record_forget(consoles, web01); /* it goes by its new name */
	base_wait(&rooms.base, !has_file("web02.log"));
	ck_assert(has_file("web01.log"));
}
END_TEST

/* Since the start nobody looked at it. */
START_TEST(renamed_unseen)
{
	char path[128];

	snprintf(path, sizeof path, "%s/console/web01.log.1", base_dir);
	fclose(fopen(path, "w"));
	ck_assert_int_eq(machines_rename(rooms.base.machines, web01, "web02"), 0);
	record_renamed(consoles, web01, "web01");
	base_wait(&rooms.base, has_file("web02.log.1"));
	ck_assert(!has_file("web01.log.1"));
}
END_TEST

/* One that stayed behind is not the console of the machine that has its name now. */
START_TEST(of_another)
{
	connected();
	say("secret\r\n");
	logged("secret");
	strcpy(recording()->uuid, "00000000-0000-0000-0000-000000000001");
	ck_assert_str_eq(recording()->uuid, web01->uuid);
	ck_assert_uint_eq(consoles->recordings.all.count, 1);
	base_wait(&rooms.base, console_stream.aborts == 1 && !times("secret"));
}
END_TEST

/* Its power was switched by IPMI, and is not now. */
START_TEST(no_longer_possible)
{
	struct machine *bare = base_machine(&rooms.base, "metal", false, "10.77.1.5");

	ck_assert_ptr_nonnull(record_of(consoles, bare));
	ck_assert(!record_possible(bare));
	record_forget(consoles, bare);
	ck_assert_uint_eq(consoles->recordings.all.count, 0);
}
END_TEST

/* Files of machines that are gone: we were killed before these were. */
START_TEST(swept)
{
	static const char *const names[] = {
		"web01.log", "web01.log.1", "gone.log", "gone.log.1", "x"};
	char path[128];

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "%s/console/%s", base_dir, names[i]);
		fclose(fopen(path, "w"));
	}
	ck_assert_int_eq(record_begin(consoles), 0);
	ck_assert(has_file("web01.log") && has_file("web01.log.1") && has_file("x"));
	ck_assert(!has_file("gone.log") && !has_file("gone.log.1"));
}
END_TEST

/* What was said last is there. */
START_TEST(stopped)
{
	connected();
	written();
	say("last words\r\n");
	for (int i = 0; i < 10 && !recording()->kept.n_waiting; i++)
		loop_once(rooms.base.loop, 1);
	rooms_stop(&rooms);
	ck_assert_uint_eq(times("last words"), 1);
}
END_TEST

START_TEST(names)
{
	static const char *const all[] = {
		"opening", "on", "off", "taken", "paused", "away", "none"};
	struct machine *bare = base_machine(&rooms.base, "metal", false, "10.77.1.5");

	for (int i = 0; i < 7; i++)
		ck_assert_str_eq(record_state_name((enum record_state)i), all[i]);
	record_started(consoles, bare); /* it has no console of libvirt's */
	record_forget(consoles, bare);
	ck_assert_uint_eq(consoles->recordings.all.count, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {a_run, from_here_on, closed_and_off, started_again, never_on,
		what_it_may_say, a_storm, what_is_missing, taken, for_other_reasons, no_console,
		libvirt_goes, forgotten, renamed, renamed_unseen, of_another, no_longer_possible,
		swept, stopped, names};
	Suite *s = suite_create("console_record");
	TCase *t = tcase_create("console_record");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
