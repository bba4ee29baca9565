/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/clock.h"
#include "core/log.h"
#include "core/loop.h"
#include "hooks/hooks.h"
#include "hooks/power/power.h"
#include "hooks/run.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 10000,
};

static struct loop *loop;
static char dir[64];

static void setup(void)
{
	log_init(LOG_ERR);
	ck_assert_int_eq(loop_new(&loop), 0);
	snprintf(dir, sizeof dir, "/tmp/usher-hooks-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	char path[512];

	while ((e = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		unlink(path);
	}
	closedir(d);
	ck_assert_int_eq(rmdir(dir), 0);
	loop_free(loop);
}

static const char *in_dir(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static void write_file(const char *name, mode_t mode, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void write_file(const char *name, mode_t mode, const char *fmt, ...)
{
	FILE *f = fopen(in_dir(name), "we");
	va_list ap;

	ck_assert_ptr_nonnull(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
	ck_assert_int_eq(chmod(in_dir(name), mode), 0);
}

static char *read_whole(const char *name)
{
	static char text[65536];
	FILE *f = fopen(in_dir(name), "re");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = '\0';
	if (f)
		fclose(f);
	return text;
}

/* Turns the loop until `*flag`, or gives up. */
static void turn_until(const int *count, int at_least)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (*count < at_least && clock_mono_ms() < end)
		loop_once(loop, 50);
	ck_assert_int_ge(*count, at_least);
}

/* One child process. */

struct outcome {
	int told;
	int exit_status, signal;
	bool timed_out;
	char out[RUN_OUTPUT + 1], err[RUN_OUTPUT + 1];
};

static struct outcome outcome;

static void on_done(void *arg, const struct run_result *r)
{
	struct outcome *o = arg;

	o->told++;
	o->exit_status = r->exit_status;
	o->signal = r->signal;
	o->timed_out = r->timed_out;
	snprintf(o->out, sizeof o->out, "%s", r->out);
	snprintf(o->err, sizeof o->err, "%s", r->err);
}

static int start_shell(
	const char *script, const char *input, bool join, int64_t limit_ms, struct run **ret)
{
	char name[] = "sh", option[] = "-c",
	     *argv[] = {name, option, (char *)(uintptr_t)script, NULL};
	const char *env[] = {"USHER_EVENT=up", "HOME=/nowhere", NULL};
	struct run_spec spec = {
		.path = "/bin/sh",
		.argv = argv,
		.env = env,
		.input = input,
		.input_len = strlen(input),
		.limit_ms = limit_ms,
		.join = join,
	};

	outcome = (struct outcome){0};
	return run_start(loop, &spec, on_done, &outcome, ret);
}

static void shell(const char *script, const char *input, bool join, int64_t limit_ms)
{
	struct run *r;

	ck_assert_int_eq(start_shell(script, input, join, limit_ms, &r), 0);
	ck_assert_int_eq(outcome.told, 0);
	turn_until(&outcome.told, 1);
}

START_TEST(test_run)
{
	char buf[64];
	struct run_result r = {.exit_status = 3};

	shell("cat; echo oops >&2; exit 3", "hello", false, 5000);
	ck_assert_int_eq(outcome.exit_status, 3);
	ck_assert_int_eq(outcome.signal, 0);
	ck_assert_str_eq(outcome.out, "hello");
	ck_assert_str_eq(outcome.err, "oops\n");
	ck_assert_str_eq(run_result_text(&r, buf, sizeof buf), "exit 3");
	shell("echo one; echo two >&2; echo three", "", true, 5000);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_str_eq(outcome.err, "one\ntwo\nthree\n");
	loop_once(loop, 10);
	ck_assert_int_eq(outcome.told, 1);
}
END_TEST

START_TEST(test_run_signal)
{
	shell("kill -TERM $$", "", false, 5000);
	ck_assert_int_eq(outcome.exit_status, -1);
	ck_assert_int_eq(outcome.signal, SIGTERM);
	ck_assert(!outcome.timed_out);
}
END_TEST

START_TEST(test_run_surroundings)
{
	shell("pwd; echo $USHER_EVENT $HOME $NOTIFY_SOCKET $USHER_TEST_KEPT; ls /proc/self/fd | tr "
	      "'\\n' ' ';ps -o pgid= -p $$ >/dev/null 2>&1; cut -d' ' -f5,6 /proc/$$/stat; echo $$; trap",
		"", false, 5000);
	/* 3 is the folder that ls reads. */
	ck_assert_int_eq(strncmp(outcome.out, "/\nup /nowhere kept\n0 1 2 3 ", 26), 0);
}
END_TEST

/* Half a megabyte: more than any pipe takes without a reader. */
START_TEST(test_run_large_input)
{
	char *text = malloc(500001);

	memset(text, 'x', 500000);
	text[500000] = '\0';
	shell("wc -c", text, false, 5000);
	ck_assert_int_eq(atoi(outcome.out), 500000);
	/* It is never read, and nobody minds. */
	shell("exit 0", text, false, 5000);
	ck_assert_int_eq(outcome.exit_status, 0);
	free(text);
}
END_TEST

START_TEST(test_run_keeps_the_end)
{
	shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done", "", false, 9000);
	ck_assert_uint_eq(strlen(outcome.out), RUN_OUTPUT);
	ck_assert_str_eq(outcome.out + RUN_OUTPUT - 11, "line 19999\n");
	shell("printf 'a\\000b'", "", false, 5000);
	ck_assert_str_eq(outcome.out, "a?b");
}
END_TEST

static bool is_alive(const char *pid_file)
{
	pid_t pid = atoi(read_whole(pid_file));
	char path[64], *text = NULL;
	size_t size = 0;
	FILE *f;
	bool alive;

	ck_assert_int_gt(pid, 1);
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	/* A zombie that nobody has reaped yet is dead too. */
	alive = getline(&text, &size, f) > 0 && !strstr(text, ") Z");
	free(text);
	fclose(f);
	return alive;
}

static void wait_for_death(const char *pid_file)
{
	for (int i = 0; i < 100 && is_alive(pid_file); i++)
		usleep(20000);
	ck_assert(!is_alive(pid_file));
}

START_TEST(test_run_time_over)
{
	char script[512];
	int64_t began = clock_mono_ms();

	snprintf(script, sizeof script, "echo begun; trap '' TERM; sleep 60 & echo $! >%s; wait",
		in_dir("pid"));
	shell(script, "", false, 300);
	ck_assert(outcome.timed_out);
	ck_assert_int_eq(outcome.signal, SIGKILL);
	ck_assert_str_eq(outcome.out, "begun\n");
	ck_assert_int_lt(clock_mono_ms() - began, 5000);
	wait_for_death("pid");
}
END_TEST

/* A child that ends and leaves somebody who holds its pipes: told at once, the rest is killed. */
START_TEST(test_run_leftovers)
{
	char script[512];
	int64_t began = clock_mono_ms();

	snprintf(script, sizeof script, "sleep 60 & echo $! >%s; echo done", in_dir("pid"));
	shell(script, "", false, 30000);
	ck_assert_int_eq(outcome.exit_status, 0);
	ck_assert_str_eq(outcome.out, "done\n");
	ck_assert_int_lt(clock_mono_ms() - began, 5000);
	wait_for_death("pid");
}
END_TEST

START_TEST(test_run_cancel)
{
	struct run *r;
	char script[512];

	snprintf(script, sizeof script, "sleep 60 & echo $! >%s.new; mv %s.new %s; wait",
		in_dir("pid"), in_dir("pid"), in_dir("pid"));
	ck_assert_int_eq(start_shell(script, "", false, 30000, &r), 0);
	for (int i = 0; i < 200 && access(in_dir("pid"), F_OK) < 0; i++)
		usleep(20000);
	run_cancel(r);
	wait_for_death("pid");
	loop_once(loop, 10);
	ck_assert_int_eq(outcome.told, 0);
	run_cancel(NULL);
}
END_TEST

START_TEST(test_run_cannot_start)
{
	char name[] = "x", *argv[] = {name, NULL};
	struct run_spec spec = {.path = in_dir("none"), .argv = argv, .limit_ms = 1000};
	struct run *r = NULL;

	ck_assert_int_eq(run_start(loop, &spec, on_done, &outcome, &r), -ENOENT);
	write_file("plain", 0644, "#!/bin/sh\n");
	spec.path = in_dir("plain");
	ck_assert_int_eq(run_start(loop, &spec, on_done, &outcome, &r), -EACCES);
	spec.input_len = RUN_INPUT_MAX + 1;
	ck_assert_int_eq(run_start(loop, &spec, on_done, &outcome, &r), -EMSGSIZE);
	ck_assert_ptr_null(r);
}
END_TEST

START_TEST(test_file_error)
{
	write_file("good", 0755, "#!/bin/sh\n");
	ck_assert_ptr_null(run_file_error(in_dir("good")));
	write_file("group", 0775, "#!/bin/sh\n");
	ck_assert_ptr_nonnull(run_file_error(in_dir("group")));
	write_file("world", 0757, "#!/bin/sh\n");
	ck_assert_ptr_nonnull(run_file_error(in_dir("world")));
	write_file("plain", 0644, "#!/bin/sh\n");
	ck_assert_ptr_nonnull(run_file_error(in_dir("plain")));
	ck_assert_ptr_nonnull(run_file_error(in_dir("none")));
	ck_assert_ptr_nonnull(run_file_error(dir));
}
END_TEST

START_TEST(test_last_line)
{
	char buf[8];

	ck_assert_str_eq(run_last_line("", buf, sizeof buf), "");
	ck_assert_str_eq(run_last_line("\n\n", buf, sizeof buf), "");
	ck_assert_str_eq(run_last_line("one", buf, sizeof buf), "one");
	ck_assert_str_eq(run_last_line("one\ntwo\r\n \n", buf, sizeof buf), "two");
	ck_assert_str_eq(run_last_line("one\n1234567890", buf, sizeof buf), "1234567");
}
END_TEST

/* Hooks. */

static struct timeline *timeline;
static struct hooks *hooks;
static int told; /* events of kind "hook" */

static void count_hooks(void *arg, const struct timeline_event *e)
{
	(void)arg;
	if (strcmp(e->kind, "hook") == 0)
		told++;
}

static void hooks_open(const struct machines *machines)
{
	told = 0;
	ck_assert_int_eq(timeline_listen(timeline, count_hooks, NULL), 0);
	ck_assert_int_eq(hooks_new(loop, dir, timeline, machines, &hooks), 0);
}

static void setup_hooks(void)
{
	setup();
	ck_assert_int_eq(timeline_new(NULL, &timeline), 0);
}

static void teardown_hooks(void)
{
	hooks_free(hooks);
	timeline_free(timeline);
	teardown();
}

static void happen(const char *machine, const char *kind)
{
	timeline_add(timeline, machine, kind, "it happened");
}

static const char *hook_text(const char *machine)
{
	const struct timeline_event *e = timeline_last(timeline, machine, "hook");

	return e ? e->text : "(none)";
}

START_TEST(test_wants)
{
	ck_assert(hooks_wants("leased"));
	ck_assert(hooks_wants("deleted"));
	ck_assert(!hooks_wants("hook"));
	ck_assert(!hooks_wants("progress"));
	ck_assert(!hooks_wants("refused"));
	hooks_free(NULL);
	hooks = NULL;
}
END_TEST

START_TEST(test_hook_is_told)
{
	struct machines *ms;
	struct machine *m = machine_new();

	ck_assert_int_eq(machines_new(NULL, timeline, NULL, &ms), 0);
	strcpy(m->name, "web01");
	ck_assert_int_eq(machines_add(ms, m), 0);
	write_file("10-first", 0755,
		"#!/bin/sh\necho \"$USHER_EVENT $USHER_MACHINE $USHER_SEQ $USHER_TEXT\" >%s\ncat "
		">%s\n"
		"echo said; echo more >&2; exit 2\n",
		in_dir("env.txt"), in_dir("stdin.txt"));
	hooks_open(ms);
	timeline_add(timeline, "web01", "armed", "attempt 1");
	ck_assert_int_eq(told, 0);
	turn_until(&told, 1);
	ck_assert_str_eq(hook_text("web01"), "10-first exit 2: said more");
	ck_assert_str_eq(read_whole("env.txt"), "armed web01 1 attempt 1\n");
	ck_assert_ptr_nonnull(strstr(read_whole("stdin.txt"), "\"name\":\"web01\""));
	/* A stranger's lease has no machine. */
	timeline_add(timeline, "", "leased", "10.0.0.9");
	turn_until(&told, 2);
	ck_assert_str_eq(read_whole("stdin.txt"), "null");
	/* Not an event for hooks. */
	timeline_add(timeline, "web01", "progress", "10%%");
	for (int i = 0; i < 10; i++)
		loop_once(loop, 20);
	ck_assert_int_eq(told, 2);
	hooks_free(hooks);
	hooks = NULL;
	machines_free(ms);
}
END_TEST

START_TEST(test_hooks_in_name_order)
{
	static const char *const names[] = {"b", "a", "C", "10-x"};

	for (size_t i = 0; i < 4; i++)
		write_file(
			names[i], 0755, "#!/bin/sh\necho %s >>%s\n", names[i], in_dir("log.txt"));
	/* None of these is one. */
	write_file(".hidden", 0755, "#!/bin/sh\necho bad >>%s\n", in_dir("log.txt"));
	write_file("a~", 0755, "#!/bin/sh\necho bad >>%s\n", in_dir("log.txt"));
	write_file("plain", 0644, "#!/bin/sh\necho bad >>%s\n", in_dir("log.txt"));
	write_file("world", 0757, "#!/bin/sh\necho bad >>%s\n", in_dir("log.txt"));
	log_init(LOG_EMERG);
	hooks_open(NULL);
	happen("m", "up");
	turn_until(&told, 4);
	ck_assert_str_eq(read_whole("log.txt"), "10-x\nC\na\nb\n");
	ck_assert_str_eq(hook_text("m"), "b exit 0");
}
END_TEST

START_TEST(test_one_machines_events_keep_their_order)
{
	write_file("hook", 0755,
		"#!/bin/sh\ncase $USHER_EVENT in armed) sleep 0.3 ;; booting) sleep 0.1 ;; esac\n"
		"echo $USHER_MACHINE $USHER_EVENT >>%s\n",
		in_dir("log.txt"));
	hooks_open(NULL);
	happen("slow", "armed");
	happen("slow", "booting");
	happen("slow", "up");
	happen("quick", "up");
	turn_until(&told, 4);
	ck_assert_str_eq(read_whole("log.txt"), "quick up\nslow armed\nslow booting\nslow up\n");
}
END_TEST

START_TEST(test_four_at_once)
{
	char *text, name[16];
	int running = 0, most = 0;

	write_file("hook", 0755, "#!/bin/sh\necho + >>%s\nsleep 0.1\necho - >>%s\n",
		in_dir("log.txt"), in_dir("log.txt"));
	hooks_open(NULL);
	for (int i = 0; i < 12; i++) {
		snprintf(name, sizeof name, "m%d", i);
		happen(name, "up");
	}
	turn_until(&told, 12);
	text = read_whole("log.txt");
	for (; *text; text++) {
		running += *text == '+' ? 1 : *text == '-' ? -1 : 0;
		most = running > most ? running : most;
	}
	ck_assert_int_le(most, HOOKS_AT_ONCE);
	ck_assert_int_ge(most, 2);
}
END_TEST

START_TEST(test_too_many_events)
{
	write_file("hook", 0755, "#!/bin/sh\nsleep 60\n");
	hooks_open(NULL);
	for (int i = 0; i < HOOKS_QUEUE_MAX + 30; i++)
		timeline_add(timeline, "", "leased", "%d", i);
	turn_until(&told, 1);
	ck_assert_str_eq(
		hook_text(""), "30 events for the hooks were dropped: too many are waiting");
	/* Four have gone from the queue and run. */
	for (int i = 0; i < HOOKS_AT_ONCE + 1; i++)
		happen("m", "up");
	turn_until(&told, 2);
	ck_assert_str_eq(hook_text(""), "1 event for the hooks was dropped: too many are waiting");
	/* The teardown ends the four that sleep. */
}
END_TEST

START_TEST(test_no_folder_and_a_late_one)
{
	char name[80];

	snprintf(name, sizeof name, "%s/late", dir);
	told = 0;
	ck_assert_int_eq(timeline_listen(timeline, count_hooks, NULL), 0);
	ck_assert_int_eq(hooks_new(loop, name, timeline, NULL, &hooks), 0);
	happen("m", "up");
	loop_once(loop, 10);
	ck_assert_int_eq(mkdir(name, 0755), 0);
	write_file("late/hook", 0755, "#!/bin/sh\necho late\n");
	usleep((HOOKS_RESCAN_MS + 100) * 1000);
	loop_once(loop, 10);
	happen("m", "up");
	turn_until(&told, 1);
	ck_assert_str_eq(hook_text("m"), "hook exit 0: late");
	ck_assert_int_eq(unlink(in_dir("late/hook")), 0);
	ck_assert_int_eq(rmdir(name), 0);
}
END_TEST

START_TEST(test_a_folder_open_to_all_is_not_used)
{
	write_file("hook", 0755, "#!/bin/sh\n");
	ck_assert_int_eq(chmod(dir, 0777), 0);
	log_init(LOG_EMERG);
	hooks_open(NULL);
	happen("m", "up");
	for (int i = 0; i < 10; i++)
		loop_once(loop, 20);
	ck_assert_int_eq(told, 0);
}
END_TEST

START_TEST(test_hook_that_cannot_be_run)
{
	write_file("a-broken", 0755, "#!/nonexistent/interpreter\n");
	write_file("b-good", 0755, "#!/bin/sh\nexit 0\n");
	hooks_open(NULL);
	happen("m", "up");
	turn_until(&told, 2);
	ck_assert_str_eq(timeline_after(timeline, 1, "m")->text,
		"a-broken cannot be run: No such file or directory");
	ck_assert_str_eq(hook_text("m"), "b-good exit 0");
}
END_TEST

START_TEST(test_long_output_keeps_its_end)
{
	const char *text;

	write_file("hook", 0755,
		"#!/bin/sh\ni=0; while [ $i -lt 900 ]; do printf '\\303\\251'; i=$((i+1)); done; "
		"echo; echo last\n");
	hooks_open(NULL);
	happen("m", "up");
	turn_until(&told, 1);
	text = hook_text("m");
	ck_assert_int_eq(strncmp(text, "hook exit 0: \xc3\xa9", 15), 0);
	ck_assert_str_eq(text + strlen(text) - 7, "\xc3\xa9 last");
	ck_assert_uint_le(strlen(text), TIMELINE_TEXT);
	ck_assert_uint_ge(strlen(text), TIMELINE_TEXT - 2);
}
END_TEST

/* Power. */

static struct power *power;
static char said[1024]; /* "STATUS OUTPUT;" of each answer */
static int answers;

static void setup_power(void)
{
	setup();
	said[0] = '\0';
	answers = 0;
	ck_assert_int_eq(power_new(loop, NULL, dir, &power), 0);
}

static void teardown_power(void)
{
	power_free(power);
	teardown();
}

static void on_power(void *arg, const struct power_result *r)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof said - n, "%s%d %s;", arg ? (const char *)arg : "", r->status,
		r->text);
	answers++;
}

static int run_power(const char *target, const char *verb, const char *name, const json_t *j)
{
	struct power_request rq = {.power = target, .machine_name = name, .machine = j};

	if (!power_verb_parse(verb, &rq.verb))
		return -EINVAL;
	return power_run(power, &rq, on_power, NULL);
}

static const char *switch_it(const char *executable, const char *verb)
{
	said[0] = '\0';
	ck_assert_int_eq(run_power(executable, verb, "node1", NULL), 0);
	ck_assert_str_eq(said, "");
	turn_until(&answers, answers + 1);
	return said;
}

START_TEST(test_power)
{
	json_t *j = json_pack("{s:s}", "name", "node1");

	write_file("power", 0755,
		"#!/bin/sh\necho \"$# $1 $2\" >>%s; cat >%s\ncase $1 in status) echo off;;"
		" cycle) echo first >&2; echo no such chassis >&2; echo; exit 4;; esac\n",
		in_dir("log.txt"), in_dir("stdin.txt"));
	ck_assert_str_eq(switch_it(in_dir("power"), "on"), "0 ;");
	ck_assert_str_eq(switch_it(in_dir("power"), "status"), "0 off;");
	ck_assert_str_eq(switch_it(in_dir("power"), "cycle"), "4 no such chassis;");
	ck_assert_str_eq(read_whole("log.txt"), "2 on node1\n2 status node1\n2 cycle node1\n");
	ck_assert_str_eq(read_whole("stdin.txt"), "null");
	ck_assert_int_eq(run_power(in_dir("power"), "off", "node1", j), 0);
	json_decref(j);
	turn_until(&answers, 4);
	ck_assert_str_eq(read_whole("stdin.txt"), "{\"name\":\"node1\"}");
}
END_TEST

START_TEST(test_power_refusals)
{
	char want[1024];

	ck_assert_int_eq(run_power("relative", "on", "m", NULL), -EINVAL);
	ck_assert_int_eq(run_power("/bin/true", "explode", "m", NULL), -EINVAL);
	write_file("open", 0777, "#!/bin/sh\n");
	snprintf(want, sizeof want, "%d %s: users other than its owner may write to it;", -EACCES,
		in_dir("open"));
	ck_assert_str_eq(switch_it(in_dir("open"), "on"), want);
	write_file("silent", 0755, "#!/bin/sh\nexit 7\n");
	ck_assert_str_eq(switch_it(in_dir("silent"), "on"), "7 exit 7;");
	write_file("killed", 0755, "#!/bin/sh\nkill -KILL $$\n");
	snprintf(want, sizeof want, "%d killed by signal 9;", -EINTR);
	ck_assert_str_eq(switch_it(in_dir("killed"), "on"), want);
}
END_TEST

START_TEST(test_power_in_order)
{
	write_file("power", 0755,
		"#!/bin/sh\n[ $1 = off ] && [ $2 = slow ] && sleep 0.3\necho $2 $1 >>%s\n",
		in_dir("log.txt"));
	ck_assert_int_eq(run_power(in_dir("power"), "off", "slow", NULL), 0);
	ck_assert_int_eq(run_power(in_dir("power"), "on", "slow", NULL), 0);
	ck_assert_int_eq(run_power(in_dir("power"), "off", "quick", NULL), 0);
	turn_until(&answers, 3);
	ck_assert_str_eq(read_whole("log.txt"), "quick off\nslow off\nslow on\n");
}
END_TEST

START_TEST(test_power_free_while_it_runs)
{
	write_file("power", 0755, "#!/bin/sh\necho $$ >%s\nexec sleep 60\n", in_dir("pid"));
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(run_power(in_dir("power"), "on", "m", NULL), 0);
	for (int i = 0; i < 100 && !*read_whole("pid"); i++)
		loop_once(loop, 20);
	power_free(power);
	power = NULL;
	wait_for_death("pid");
	ck_assert_int_eq(answers, 0);
}
END_TEST

/* The example in contrib/, with a virsh that only remembers. */

static const char fake_virsh[] =
	"#!/bin/sh\n"
	"[ \"$1\" = -q ] && shift\n"
	"echo \"$*\" >>log.txt\n"
	"case $1 in\n"
	"domstate) [ \"$2\" != gone ] || { printf 'error: failed to get domain\\n\\n' >&2; exit 1; "
	"}\n"
	"	cat state ;;\n"
	"start) [ \"$(cat state)\" = 'shut off' ] || exit 1; echo running >state ;;\n"
	"destroy) [ \"$(cat state)\" = running ] || exit 1; echo 'shut off' >state ;;\n"
	"dumpxml) cat xml ;;\n"
	"esac\n";

static const char *libvirt(const char *verb, const char *domain)
{
	static char text[RUN_OUTPUT + 16];
	char *example = realpath("contrib/power-libvirt", NULL), script[1024];

	ck_assert_ptr_nonnull(example);
	snprintf(script, sizeof script, "cd %s && PATH=%s:$PATH && export PATH && exec %s %s %s",
		dir, dir, example, verb, domain);
	shell(script, "{}", true, 9000);
	snprintf(text, sizeof text, "%d %s", outcome.exit_status, outcome.err);
	free(example);
	return text;
}

START_TEST(test_power_libvirt)
{
	write_file("virsh", 0755, "%s", fake_virsh);
	write_file("state", 0644, "shut off\n");
	ck_assert_str_eq(libvirt("status", "node1"), "0 off\n");
	ck_assert_str_eq(libvirt("off", "node1"), "0 ");
	ck_assert_str_eq(libvirt("on", "node1"), "0 ");
	ck_assert_str_eq(libvirt("on", "node1"), "0 ");
	ck_assert_str_eq(libvirt("status", "node1"), "0 on\n");
	write_file("log.txt", 0644, "%s", "");
	ck_assert_str_eq(libvirt("cycle", "node1"), "0 ");
	ck_assert_str_eq(read_whole("log.txt"),
		"domstate node1\ndestroy node1\ndomstate node1\nstart node1\n");
	ck_assert_str_eq(libvirt("off", "node1"), "0 ");
	ck_assert_str_eq(libvirt("cycle", "node1"), "0 ");
	ck_assert_str_eq(libvirt("status", "gone"), "1 failed to get domain\n");
	ck_assert_int_eq(atoi(libvirt("explode", "node1")), 1);
	ck_assert_int_eq(atoi(libvirt("on", "")), 2);
	ck_assert_int_eq(atoi(libvirt("on", "--all")), 1);
}
END_TEST

START_TEST(test_power_libvirt_netboot)
{
	write_file("virsh", 0755, "%s", fake_virsh);
	write_file("xml", 0644,
		"<domain>\n<os>\n<boot dev='network'/>\n<boot dev='hd'/>\n</os>\n</domain>\n");
	ck_assert_str_eq(libvirt("netboot", "node1"), "0 ");
	write_file("xml", 0644,
		"<domain>\n<os>\n<boot dev='hd'/>\n<boot dev='network'/>\n</os>\n</domain>\n");
	ck_assert_int_eq(atoi(libvirt("netboot", "node1")), 1);
	write_file("xml", 0644,
		"<domain>\n<interface type='bridge'>\n<boot "
		"order='1'/>\n</interface>\n</domain>\n");
	ck_assert_str_eq(libvirt("netboot", "node1"), "0 ");
	write_file("xml", 0644,
		"<domain>\n<disk>\n<boot order='1'/>\n</disk>\n<interface type='bridge'>\n"
		"<boot order='2'/>\n</interface>\n</domain>\n");
	ck_assert_int_eq(atoi(libvirt("netboot", "node1")), 1);
}
END_TEST

static void add_run_tests(Suite *s)
{
	TCase *t = tcase_create("run");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_run);
	tcase_add_test(t, test_run_signal);
	tcase_add_test(t, test_run_surroundings);
	tcase_add_test(t, test_run_large_input);
	tcase_add_test(t, test_run_keeps_the_end);
	tcase_add_test(t, test_run_time_over);
	tcase_add_test(t, test_run_leftovers);
	tcase_add_test(t, test_run_cancel);
	tcase_add_test(t, test_run_cannot_start);
	tcase_add_test(t, test_file_error);
	tcase_add_test(t, test_last_line);
	tcase_add_test(t, test_power_libvirt);
	tcase_add_test(t, test_power_libvirt_netboot);
	suite_add_tcase(s, t);
}

static void add_hooks_tests(Suite *s)
{
	TCase *t = tcase_create("hooks");

	tcase_add_checked_fixture(t, setup_hooks, teardown_hooks);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_wants);
	tcase_add_test(t, test_hook_is_told);
	tcase_add_test(t, test_hooks_in_name_order);
	tcase_add_test(t, test_one_machines_events_keep_their_order);
	tcase_add_test(t, test_four_at_once);
	tcase_add_test(t, test_too_many_events);
	tcase_add_test(t, test_no_folder_and_a_late_one);
	tcase_add_test(t, test_a_folder_open_to_all_is_not_used);
	tcase_add_test(t, test_hook_that_cannot_be_run);
	tcase_add_test(t, test_long_output_keeps_its_end);
	suite_add_tcase(s, t);
}

static void add_power_tests(Suite *s)
{
	TCase *t = tcase_create("power");

	tcase_add_checked_fixture(t, setup_power, teardown_power);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_power);
	tcase_add_test(t, test_power_refusals);
	tcase_add_test(t, test_power_in_order);
	tcase_add_test(t, test_power_free_while_it_runs);
	suite_add_tcase(s, t);
}

int main(void)
{
	Suite *s = suite_create("hooks");
	SRunner *r;
	int failed;

	setenv("USHER_TEST_KEPT", "kept", 1);
	setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1);
	add_run_tests(s);
	add_hooks_tests(s);
	add_power_tests(s);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
