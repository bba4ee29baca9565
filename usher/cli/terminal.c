/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static volatile sig_atomic_t raw_fd = -1;

void terminal_restore(void)
{
	int fd = raw_fd;

	raw_fd = -1;
	if (fd >= 0)
		tcsetattr(fd, TCSANOW, &before);
}

/* tcsetattr() may be called here (signal-safety(7)). The default action comes when this returns. */
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
