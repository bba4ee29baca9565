/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that a peer asks for: no overrun, and folders before one change nothing. */
#include "kickstart/script_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *name = strndup((const char *)data, len), *below;
	struct script_name a, b;
	int rc;

	if (!name || asprintf(&below, "x%%5c\\//%s", name) < 0)
		abort();
	rc = script_name_parse(name, &a);
	if (rc != script_name_parse(below, &b))
		abort();
	if (rc == 0 && (a.kind != b.kind || !mac_eq(&a.mac, &b.mac) || a.last != b.last))
		abort();
	if (rc == 0 && script_name_is_program(name))
		abort();
	script_name_is_program(below);
	free(below);
	free(name);
	return 0;
}
