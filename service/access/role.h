/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody may do. Each role may do what those before it may. */
#ifndef USHER_SERVICE_ACCESS_ROLE_H
#define USHER_SERVICE_ACCESS_ROLE_H

enum role {
	ROLE_NONE,
	ROLE_VIEW,    /* look */
	ROLE_OPERATE, /* all about machines */
	ROLE_ADMIN,   /* networks, media, tokens too */
};

const char *role_name(enum role role); /* "" for ROLE_NONE */
/* ROLE_NONE: there is no such role. */
enum role role_parse(const char *name);

#endif
