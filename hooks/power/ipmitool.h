/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How ipmitool is called: for commands (power_ipmi.c) and for a console (serial over LAN). */
#ifndef USHER_HOOKS_POWER_IPMITOOL_H
#define USHER_HOOKS_POWER_IPMITOOL_H

#include "hooks/power/power_target.h"

#define IPMITOOL "/usr/bin/ipmitool"

enum {
	IPMITOOL_ARGS = 20,
	IPMITOOL_NUMBER = 12, /* bytes of a number and its NUL */
};

/* Its first arguments, up to the command that the caller adds; it reads the password from `file`. Returns how
 * many they are, at most IPMITOOL_ARGS. `argv` points into `t` and the two buffers. */
size_t ipmitool_args(const struct power_target *t, const char *file, const char *argv[],
	char port[static IPMITOOL_NUMBER], char cipher[static IPMITOOL_NUMBER]);
/* What its complaint means; static, or NULL. For people only: nothing else depends on it. */
const char *ipmitool_means(const char *err);

#endif
