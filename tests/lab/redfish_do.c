/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One call of the Redfish driver, as a worker makes it:
 *
 *	redfish_do TARGET PASSWORD-FILE on|off|cycle|status|netboot [bios|uefi|http [PIN [LIMIT-MS]]]
 *
 * Prints "ERRNO-NAME on|off PIN TEXT"; done is "0", no pin is "-".
 */
#include "hooks/power/power.h"
#include "hooks/power/redfish.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *read_password(const char *file)
{
	static char line[POWER_PASSWORD_MAX + 2];
	FILE *f = fopen(file, "re");

	if (!f || !fgets(line, sizeof line, f)) {
		perror(file);
		exit(2);
	}
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static enum power_boot boot_of(const char *name)
{
	if (!strcmp(name, "http"))
		return POWER_BOOT_HTTP;
	return !strcmp(name, "uefi") ? POWER_BOOT_UEFI : POWER_BOOT_BIOS;
}

int main(int argc, char **argv)
{
	struct power_target t;
	struct redfish_result r;
	struct redfish_call call = {.target = &t, .pin = "", .limit_ms = POWER_LIMIT_MS};
	char why[POWER_TEXT];

	if (argc < 4 || !power_verb_parse(argv[3], &call.verb)) {
		fprintf(stderr,
			"usage: redfish_do TARGET PASSWORD-FILE VERB [BOOT [PIN [LIMIT-MS]]]\n");
		return 2;
	}
	if (power_target_parse(argv[1], &t, why, sizeof why)) {
		fprintf(stderr, "redfish_do: %s\n", why);
		return 2;
	}
	call.password = read_password(argv[2]);
	call.boot = boot_of(argc > 4 ? argv[4] : "uefi");
	if (argc > 5 && strcmp(argv[5], "-") != 0)
		call.pin = argv[5];
	if (argc > 6)
		call.limit_ms = atoll(argv[6]);
	redfish_do(&call, &r);
	printf("%s %s %s %s\n", r.status ? strerrorname_np(-r.status) : "0", r.on ? "on" : "off",
		*r.pin ? r.pin : "-", r.text);
	return r.status != 0;
}
