/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lab file: what could be read has machines that the service would look at, each with a name and a place in the file. */
#include "usher/lab/lab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct lab *lab)
{
	if (!*lab->name || lab->n_machines > LAB_MACHINES_MAX || lab->n_networks > LAB_NETWORKS_MAX)
		abort();
	for (size_t i = 0; i < lab->n_machines; i++) {
		const struct lab_machine *m = &lab->machines[i];

		if (machine_name_error(m->name) || m->line < 1 ||
			!json_object_get(m->body, "profile") ==
				!json_object_get(m->body, "template") ||
			json_object_get(m->body, "disk_list") ||
			json_object_get(m->body, "nic_list"))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lab *lab = NULL;
	char why[LAB_WHY] = "";
	int rc;

	if (size > 16384)
		return 0;
	rc = lab_read((const char *)data, size, "l", &lab, why, sizeof why);
	if (rc ? !*why || lab || strlen(why) >= sizeof why : !lab)
		abort();
	if (lab)
		look(lab);
	lab_free(lab);
	return 0;
}
