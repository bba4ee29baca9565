/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/ipmitool.h"

#include <stdio.h>

size_t ipmitool_args(const struct power_target *t, const char *file, const char *argv[],
	char port[static IPMITOOL_NUMBER], char cipher[static IPMITOOL_NUMBER])
{
	size_t n = 0;
	const char *const first[] = {"ipmitool", "-v", "-I", "lanplus", "-L", "OPERATOR", "-N", "2",
		"-R", "3", "-f", file, "-H", t->host, "-p", port};

	snprintf(port, IPMITOOL_NUMBER, "%u", t->port);
	for (; n < sizeof first / sizeof *first; n++)
		argv[n] = first[n];
	if (*t->user) {
		argv[n++] = "-U";
		argv[n++] = t->user;
	}
	if (t->cipher >= 0) {
		snprintf(cipher, IPMITOOL_NUMBER, "%d", t->cipher);
		argv[n++] = "-C";
		argv[n++] = cipher;
	}
	return n;
}
