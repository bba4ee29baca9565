/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame that calls itself LLDP, and what the collector tells of it: JSON, always. */
#include "contrib/discover/lldp.h"
#include "contrib/discover/say.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(const struct lldp *l)
{
	struct say s;
	json_t *j;
	char *text;

	say_init(&s, 1 << 16);
	say_open(&s, NULL, '{');
	say_text(&s, "chassis_id", l->chassis_id);
	say_text(&s, "system_name", l->system_name);
	say_text(&s, "port_id", l->port_id);
	say_text(&s, "port_description", l->port_description);
	say_number(&s, "vlan", l->vlan);
	say_close(&s, '}');
	if (text_take(&s.text, &text))
		abort();
	j = json_loads(text, 0, NULL);
	if (!j)
		abort();
	json_decref(j);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lldp l;

	if (lldp_parse(data, size, &l))
		return 0;
	if (l.vlan < -1 || l.vlan > 4094)
		abort();
	tell(&l);
	return 0;
}
