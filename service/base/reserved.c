/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/base/reserved.h"

#include <string.h>

void reserve(struct reservation **all, struct reservation *r)
{
	r->next = *all;
	*all = r;
}

void unreserve(struct reservation **all, struct reservation *r)
{
	while (*all && *all != r)
		all = &(*all)->next;
	if (*all)
		*all = r->next;
}

static bool has_address(const struct machine *m, uint32_t segment, const struct ip *ip)
{
	for (size_t i = 0; i < m->n_nics; i++) {
		const struct nic *nic = &m->nics[i];

		if (nic->segment_id == segment && nic_has(nic, ip))
			return true;
	}
	return false;
}

bool reserved(
	const struct reservation *all, const char *name, uint32_t segment, const struct ip *ip)
{
	for (; all; all = all->next)
		if ((name && !strcmp(all->machine->name, name)) ||
			(ip && has_address(all->machine, segment, ip)))
			return true;
	return false;
}

const struct machine *reserved_on(const struct reservation *all, const char *segment)
{
	for (; all; all = all->next)
		for (size_t i = 0; i < all->machine->n_nics; i++)
			if (!strcmp(all->machine->nics[i].segment, segment))
				return all->machine;
	return NULL;
}
