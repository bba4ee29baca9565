/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher enroll --list FILE: many bare machines, all or none. */
#ifndef USHER_USHER_CLI_ENROLL_LIST_H
#define USHER_USHER_CLI_ENROLL_LIST_H

#include "usher/cli/cli.h"

#include <jansson.h>

struct enroll_list {
	const char *path; /* usher-list(5) */
	const struct cli_common *common;
	const json_t *defaults;    /* the command line's request: what the list does not say */
	const char *password_file; /* of the controllers; NULL: none was named */
	bool wait;                 /* until each that is armed is up */
};

/* The exit status; it has said what is wrong. Blocking. */
int enroll_list(const struct enroll_list *what);

#endif
