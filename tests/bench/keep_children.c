/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into a server that forks and lets the kernel forget its children (tftpd-hpa): they stay in /proc as zombies
 * until it ends, and with them the time that they took.
 */
#include <dlfcn.h>
#include <signal.h>

int sigaction(int sig, const struct sigaction *new, struct sigaction *old)
{
	int (*real)(int, const struct sigaction *, struct sigaction *) = (int (*)(
		int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");

	return sig == SIGCHLD ? 0 : real(sig, new, old);
}
