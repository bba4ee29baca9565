/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of answer files: how values in their templates are escaped, and by what they are checked. The names are those of
 * `format=` in profile.xml.
 */
#ifndef USHER_KICKSTART_ANSWERS_H
#define USHER_KICKSTART_ANSWERS_H

#include "kickstart/mustache.h"

enum answers {
	ANSWERS_NONE, /* text of which nothing is known: "none" */
	ANSWERS_KICKSTART,
	ANSWERS_PRESEED,
	ANSWERS_AUTOINSTALL, /* Ubuntu's, as YAML: user-data with "autoinstall:" */
	ANSWERS_CLOUD_CONFIG,
	ANSWERS_AUTOYAST,
	ANSWERS_IGNITION,
	ANSWERS_SCRIPT,
	/* Of these only the syntax is known. */
	ANSWERS_YAML,
	ANSWERS_XML,
	ANSWERS_JSON,
	ANSWERS_KINDS
};

const char *answers_name(enum answers a); /* "autoyast" */
/* -EINVAL: there is no such kind. "shell" is "script". */
int answers_parse(const char *name, enum answers *ret);
/* What {{name}} is escaped for in it. */
enum mustache_format answers_escaping(enum answers a);
const char *answers_type(enum answers a); /* for Content-Type */

/* By a file's name and what is in it; ANSWERS_NONE: nothing says. */
enum answers answers_guess(const char *name, const char *text);

#endif
