/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users' names by their ids, from /etc/passwd alone: a name service behind it (LDAP, SSSD) may take its time, and would be asked
 * for each request. Whom that file does not have is "uid 1000".
 */
#ifndef USHER_CORE_USER_NAME_H
#define USHER_CORE_USER_NAME_H

#include <stdint.h>
#include <sys/types.h>

enum {
	USER_NAME = 33, /* bytes with the NUL: what useradd(8) takes */
	USER_NAME_MS = 60 * 1000,
};

/* The last that was looked up, believed for USER_NAME_MS. Zeroed is new; of one thread. */
struct user_names {
	uid_t uid;
	char name[USER_NAME];
	int64_t at; /* mono ms */
};

/* Reads a file. */
void user_name(struct user_names *n, uid_t uid, int64_t now, char ret[USER_NAME]);

#endif
