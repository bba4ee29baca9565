/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/user_name.h"

#include "core/plain.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool find(uid_t uid, char name[USER_NAME])
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd entry, *p = NULL;
	char lines[1024];

	while (f && !fgetpwent_r(f, &entry, lines, sizeof lines, &p) && p->pw_uid != uid)
		p = NULL;
	if (f)
		fclose(f);
	if (!p || p->pw_uid != uid)
		return false;
	plain_line(p->pw_name, name, USER_NAME);
	return true;
}

void user_name(struct user_names *n, uid_t uid, int64_t now, char ret[USER_NAME])
{
	if (!*n->name || n->uid != uid || now - n->at >= USER_NAME_MS) {
		if (!find(uid, n->name))
			snprintf(n->name, sizeof n->name, "uid %u", (unsigned)uid);
		n->uid = uid;
		n->at = now;
	}
	memcpy(ret, n->name, USER_NAME);
}
