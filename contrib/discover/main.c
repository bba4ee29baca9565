/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * discover [--booted MAC] [--lldp SECONDS] [--root DIR]: prints what this machine is as one JSON (README has its schema).
 * Reads only; but for switching network cards on it changes nothing. --root is for tests: a folder with sys/ and proc/.
 */
#include "contrib/discover/collect.h"
#include "contrib/discover/kernel_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LLDP_SECONDS = 31, /* switches speak every 30 (802.1AB, 9.2.5.7) */
	LLDP_SECONDS_MAX = 600,
	BYTES_MAX = 256 * 1024,
};

static int usage(void)
{
	fputs("usage: discover [--booted MAC] [--lldp SECONDS] [--root DIR]\n", stderr);
	return 2;
}

static int print(struct say *s)
{
	char *text;
	int rc = text_take(&s->text, &text);

	if (rc) {
		fprintf(stderr, "discover: %s\n", strerror(-rc));
		return 1;
	}
	rc = puts(text) < 0 || fflush(stdout);
	free(text);
	return rc;
}

static int collect(const struct collect_interfaces *how)
{
	struct say s;

	say_init(&s, BYTES_MAX);
	say_open(&s, NULL, '{');
	say_number(&s, "schema", 1);
	collect_firmware(&s);
	collect_computer(&s);
	collect_controller(&s);
	collect_interfaces(&s, how);
	collect_disks(&s); /* last: drives that are slow to spin up are there by now */
	say_close(&s, '}');
	return print(&s);
}

int main(int argc, char **argv)
{
	struct collect_interfaces how = {.booted = "", .seconds = LLDP_SECONDS};

	for (int i = 1; i < argc; i += 2) {
		if (i + 1 == argc)
			return usage();
		if (!strcmp(argv[i], "--booted"))
			how.booted = argv[i + 1];
		else if (!strcmp(argv[i], "--lldp"))
			how.seconds = (unsigned)strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--root"))
			kernel_root = argv[i + 1];
		else
			return usage();
	}
	if (how.seconds > LLDP_SECONDS_MAX)
		how.seconds = LLDP_SECONDS_MAX;
	return collect(&how);
}
