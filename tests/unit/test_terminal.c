/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A terminal of our own, a program that takes it, and how it is when that ended. */
#include "usher/cli/terminal.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int outer, inner; /* what a terminal emulator holds, and what the program has */
static char shown[1024];

static void begin(void)
{
	outer = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(outer, 0);
	ck_assert(!grantpt(outer) && !unlockpt(outer));
	inner = open(ptsname(outer), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(inner, 0);
}

static void end(void)
{
	close(inner);
	close(outer);
}

static int waiting(void)
{
	int n = -1;

	ck_assert_int_eq(ioctl(inner, FIONREAD, &n), 0);
	return n;
}

/* Takes the terminal, says so, and waits: for `go` to close, or for a signal. */
static void program(int out, int go)
{
	char c;

	dup2(inner, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	if (terminal_raw(STDIN_FILENO) || write(inner, "taken", 5) != 5)
		_exit(1);
	read(go, &c, 1) < 0 ? _exit(2) : exit(0);
}

/* What it shows up to here. */
static void look(void)
{
	size_t used = strlen(shown);
	ssize_t n = read(outer, shown + used, sizeof shown - 1 - used);

	ck_assert_int_gt(n, 0);
	shown[used + (size_t)n] = '\0';
}

/* The program is ended by this signal, or ends (0), while an answer of the terminal waits. */
static void leave(int out, int signal_number)
{
	static const char answer[] = "\033[?62;c";
	int go[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(go), 0);
	*shown = '\0';
	pid = fork();
	if (!pid) {
		close(go[1]);
		program(out, go[0]);
	}
	close(go[0]);
	while (!strstr(shown, "taken"))
		look();
	ck_assert_int_eq(write(outer, answer, strlen(answer)), (int)strlen(answer));
	while (waiting() < (int)strlen(answer))
		usleep(1000);
	if (signal_number)
		kill(pid, signal_number);
	close(go[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WIFSIGNALED(status) ? WTERMSIG(status) : 0, signal_number);
	ck_assert_int_eq(write(inner, "after", 5), 5);
	while (!strstr(shown, "after"))
		look();
}

/* As it was, and no answer is there to be read. */
static void is_free(void)
{
	struct termios t;

	ck_assert_int_eq(tcgetattr(inner, &t), 0);
	ck_assert(t.c_lflag & ICANON && t.c_lflag & ECHO && t.c_oflag & OPOST);
	ck_assert_int_eq(waiting(), 0);
}

static bool has(const char *sequence)
{
	return strstr(shown, sequence);
}

START_TEST(left)
{
	static const int ways[] = {0, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		leave(inner, ways[i]);
		is_free();
		ck_assert(has("taken\033[!p") && has(";2004l") && has("\033[?1047l"));
		ck_assert(!has("1049")); /* moves the cursor of a terminal that shows no other */
	}
}
END_TEST

/* Its output goes elsewhere: nothing is shown. */
START_TEST(quiet)
{
	int null = open("/dev/null", O_WRONLY);

	leave(null, 0);
	is_free();
	ck_assert_str_eq(shown, "takenafter");
	close(null);
}
END_TEST

START_TEST(none)
{
	int null = open("/dev/null", O_RDWR);

	ck_assert_int_lt(terminal_raw(null), 0);
	terminal_restore();
	close(null);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("terminal");
	TCase *t = tcase_create("terminal");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, left);
	tcase_add_test(t, quiet);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
