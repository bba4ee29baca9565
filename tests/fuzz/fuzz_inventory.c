/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger posts: either refused with a word, or uniform, which a second time changes nothing. */
#include "machine/inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const json_t *inventory)
{
	struct mac macs[INVENTORY_INTERFACES];
	struct inventory_identity id;

	inventory_identity(inventory, &id);
	if (inventory_macs(inventory, macs, INVENTORY_INTERFACES) > INVENTORY_INTERFACES)
		abort();
	if ((*id.uuid && inventory_worthless_uuid(id.uuid)) ||
		(*id.serial && inventory_worthless(id.serial)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *first = NULL, *second = NULL;
	char why[256] = "", *text;
	int rc = inventory_parse((const char *)data, size, &first, why, sizeof why);

	if (rc && !*why && rc != -ENOMEM)
		abort();
	if (rc)
		return 0;
	look(first);
	text = json_dumps(first, JSON_COMPACT);
	if (!text || inventory_parse(text, strlen(text), &second, why, sizeof why) ||
		!json_equal(first, second))
		abort();
	free(text);
	json_decref(first);
	json_decref(second);
	return 0;
}
