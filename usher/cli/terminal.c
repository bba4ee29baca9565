/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static volatile sig_atomic_t raw_fd = -1;
static volatile sig_atomic_t shows; /* stdout is a terminal that another machine writes to */

/* What a guest may have left on, off again. DECSTR is not known everywhere (tmux), so the rest is said one by one. Nothing of it
 * moves the cursor: 1049 would, also where it has nothing to leave. */
static const char modes[] =
	"\033[!p"                                   /* DECSTR: soft terminal reset */
	"\033[?1000;1002;1003;1004;1006;1015;2004l" /* the mouse, focus, bracketed paste */
	"\033[?1047l"                               /* the alternate screen */
	"\0337\033[r\0338"                          /* margins */
	"\033[?1l\033>"                             /* cursor keys and keypad */
	"\033[4l\033[?7;25h\033[m\033(B\017"; /* inserting, wrapping, the cursor, attributes, characters */

void terminal_restore(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
	int fd = raw_fd;

	raw_fd = -1;
	if (fd < 0)
		return;
	/* one that hangs must not hold us */
	if (shows && poll(&p, 1, 1000) == 1 && write(p.fd, modes, sizeof modes - 1) < 0)
		shows = 0; /* it is gone */
	/* answers to what the guest asked are not typed into a shell */
	tcsetattr(fd, TCSAFLUSH, &before);
}

/* tcsetattr(), poll() and write() may be called here (signal-safety(7)). The default action comes when this returns. */
static void on_signal(int number)
{
	terminal_restore();
	raise(number);
}

static void catch_signals(void)
{
	static const int ends[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGABRT, SIGSEGV, SIGBUS, SIGALRM};
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

	sigemptyset(&a.sa_mask);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		sigaction(ends[i], &a, NULL);
}

static int change(int fd, void (*how)(struct termios *))
{
	struct termios changed;

	if (tcgetattr(fd, &before))
		return -errno;
	changed = before;
	how(&changed);
	raw_fd = fd;
	atexit(terminal_restore);
	catch_signals();
	if (tcsetattr(fd, TCSANOW, &changed))
		return -errno;
	return 0;
}

int terminal_raw(int fd)
{
	shows = isatty(STDOUT_FILENO);
	return change(fd, cfmakeraw);
}

static void key_by_key(struct termios *t)
{
	t->c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t->c_cc[VMIN] = 1;
	t->c_cc[VTIME] = 0;
}

int terminal_keys(int fd)
{
	return tcgetpgrp(fd) == getpgrp() ? change(fd, key_by_key) : -ENOTTY;
}

int terminal_rows(int fd)
{
	struct winsize w;

	return ioctl(fd, TIOCGWINSZ, &w) || !w.ws_row ? 24 : w.ws_row;
}
