/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/access/role.h"

#include <string.h>

static const char *const names[] = {"", "view", "operate", "admin"};

const char *role_name(enum role role)
{
	return names[role];
}

enum role role_parse(const char *name)
{
	for (enum role r = ROLE_VIEW; r <= ROLE_ADMIN; r++)
		if (!strcmp(name, names[r]))
			return r;
	return ROLE_NONE;
}
