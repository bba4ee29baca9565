/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of bare machines, CSV or XML: what could be read has machines that the service would look at, each once, in order. */
#include "usher/lab/list.h"

#include "core/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct lab *list)
{
	long line = 0;

	if (!list->n_machines || list->n_machines > LIST_MACHINES_MAX)
		abort();
	for (size_t i = 0; i < list->n_machines; i++) {
		const struct lab_machine *m = &list->machines[i];
		struct mac mac;

		if (machine_name_error(m->name) || m->line < line ||
			mac_parse(json_text(m->body, "mac"), &mac) ||
			strcmp(json_text(m->body, "name"), m->name))
			abort();
		line = m->line;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lab *list = NULL;
	char why[LAB_WHY] = "";
	int rc;

	if (size > 16384)
		return 0;
	rc = list_read((const char *)data, size, "l", &list, why, sizeof why);
	if (rc ? !*why || list || strlen(why) >= sizeof why : !list)
		abort();
	if (list)
		look(list);
	lab_free(list);
	return 0;
}
