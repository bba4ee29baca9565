/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/operation.h"

#include <stdio.h>
#include <string.h>

void operation_begin(struct operation *o, struct operation **list, struct machine *m, bool holds)
{
	o->machines = m->home;
	snprintf(o->name, sizeof o->name, "%s", m->name);
	snprintf(o->uuid, sizeof o->uuid, "%s", m->uuid);
	o->list = list;
	o->next = *list;
	*list = o;
	o->holds = holds;
	m->holds += holds;
}

struct machine *operation_machine(const struct operation *o)
{
	return machines_same(o->machines, o->name, o->uuid);
}

bool operation_is_of(const struct operation *list, const struct machine *m)
{
	while (list && strcmp(list->uuid, m->uuid))
		list = list->next;
	return list;
}

void operation_end(struct operation *o)
{
	struct machine *m = o->holds ? operation_machine(o) : NULL;
	struct operation **at = o->list;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	if (m)
		m->holds--;
}
