/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/ipmitool.h"

#include <stdio.h>
#include <string.h>

size_t ipmitool_args(const struct power_target *t, const char *file, const char *argv[],
	char port[static IPMITOOL_NUMBER], char cipher[static IPMITOOL_NUMBER])
{
	size_t n = 0;
	const char *const first[] = {"ipmitool", "-v", "-I", "lanplus", "-L",
		t->administrator ? "ADMINISTRATOR" : "OPERATOR", "-N", "2", "-R", "3", "-f", file,
		"-H", t->host, "-p", port};

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

/* What ipmitool says, and what it means. */
static const struct {
	const char *said, *means;
} sayings[] = {
	{"RAKP 2 HMAC is invalid", "it refuses the password"},
	{"unauthorized name", "it does not know this user"},
	{"nsufficient privilege",
		"its user may not do that as an operator: add ?level=administrator, or give it the right"},
	{"insufficient resources", "it has no session left: end others', or reset it"},
	{"no matching cipher suite", "it takes another cipher suite: add ?cipher=3 or 17"},
	{"Get Auth Capabilities error",
		"nothing answers there by IPMI (off, another address, or IPMI "
		"over LAN is disabled)"},
	{"Unable to establish", "it opens no session: user, password, or ?cipher=3"},
};

const char *ipmitool_means(const char *err)
{
	for (size_t i = 0; i < sizeof sayings / sizeof *sayings; i++)
		if (strstr(err, sayings[i].said))
			return sayings[i].means;
	return NULL;
}
